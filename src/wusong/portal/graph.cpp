// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/internal/graph.hpp"

#include <set>

#include "wusong/codec/json.hpp"
#include "wusong/portal/describe.hpp"

namespace wusong::portal::internal {
namespace {

struct Prefix {
  std::string_view name;
  std::string_view iri;
};
constexpr Prefix kPrefixes[] = {
    {"dcat", "http://www.w3.org/ns/dcat#"},
    {"dct", "http://purl.org/dc/terms/"},
    {"dcatap", "http://data.europa.eu/r5r/"},
    {"foaf", "http://xmlns.com/foaf/0.1/"},
    {"hydra", "http://www.w3.org/ns/hydra/core#"},
    {"odrl", "http://www.w3.org/ns/odrl/2/"},
    {"rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
    {"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
    {"skos", "http://www.w3.org/2004/02/skos/core#"},
    {"spdx", "http://spdx.org/rdf/terms#"},
    {"vcard", "http://www.w3.org/2006/vcard/ns#"},
    {"xsd", "http://www.w3.org/2001/XMLSchema#"},
};

Term literal(std::string_view text, std::string_view language, std::string_view datatype) {
  Term out;
  out.text = text;
  out.language = language;
  out.datatype = datatype;
  return out;
}

/// A name with one of the prefixes stays; anything else is an IRI.
bool is_prefixed(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.substr(colon).starts_with("://")) return false;
  for (const Prefix& prefix : kPrefixes)
    if (prefix.name == text.substr(0, colon)) return true;
  return false;
}

void write_jsonld(codec::JsonWriter& out, const Node& node);

void write_jsonld(codec::JsonWriter& out, std::string_view predicate, const Term& term) {
  if (predicate == "rdf:type") {
    out.string(term.text);
    return;
  }
  switch (term.kind) {
    case Term::Kind::node:
      return write_jsonld(out, term.nodes.front());
    case Term::Kind::iri:
      out.open_object().key("@id").string(term.text).close_object();
      return;
    case Term::Kind::literal:
      out.open_object();
      if (!term.language.empty()) out.key("@language").string(term.language);
      if (!term.datatype.empty()) out.key("@type").string(term.datatype);
      out.key("@value").string(term.text).close_object();
      return;
  }
}

void write_members(codec::JsonWriter& out, const Node& node) {
  if (!node.id.empty()) out.key("@id").string(node.id);
  std::vector<std::string_view> done;
  for (const auto& [predicate, first] : node.statements) {
    bool seen = false;
    for (const std::string_view one : done) seen = seen || one == predicate;
    if (seen) continue;
    done.push_back(predicate);
    out.key(predicate == "rdf:type" ? "@type" : predicate).open_array();
    for (const auto& [other, term] : node.statements)
      if (other == predicate) write_jsonld(out, predicate, term);
    out.close_array();
  }
}

void write_jsonld(codec::JsonWriter& out, const Node& node) {
  out.open_object();
  write_members(out, node);
  out.close_object();
}

std::string turtle_iri(std::string_view iri) {
  return is_prefixed(iri) ? std::string{iri} : "<" + safe_iri(iri) + ">";
}

void write_statements(std::string& out, const Node& node, std::vector<const Node*>& later) {
  bool first = true;
  for (const auto& [predicate, term] : node.statements) {
    if (!first) out += " ;\n  ";
    first = false;
    out += predicate == "rdf:type" ? "a" : predicate;
    out += ' ';
    if (term.kind == Term::Kind::iri) {
      out += turtle_iri(term.text);
    } else if (term.kind == Term::Kind::literal) {
      out += turtle_string(term.text);
      if (!term.language.empty()) out += "@" + term.language;
      if (!term.datatype.empty()) out += "^^" + term.datatype;
    } else if (const Node& inner = term.nodes.front(); !inner.id.empty()) {
      out += turtle_iri(inner.id);
      later.push_back(&inner);
    } else {
      out += "[ ";
      write_statements(out, inner, later);
      out += " ]";
    }
  }
}

}  // namespace

Node& Node::type(std::string_view name) {
  return iri("rdf:type", name);
}
Node& Node::iri(std::string_view predicate, std::string_view target) {
  Term term;
  term.kind = Term::Kind::iri;
  term.text = is_prefixed(target) ? std::string{target} : safe_iri(target);
  statements.emplace_back(predicate, std::move(term));
  return *this;
}
Node& Node::text(std::string_view predicate, std::string_view value) {
  statements.emplace_back(predicate, literal(value, "", ""));
  return *this;
}
Node& Node::text(std::string_view predicate, const Text& value) {
  if (!value.zh.empty()) statements.emplace_back(predicate, literal(value.zh, "zh", ""));
  if (!value.en.empty()) statements.emplace_back(predicate, literal(value.en, "en", ""));
  return *this;
}
Node& Node::typed(std::string_view predicate, std::string_view value, std::string_view datatype) {
  statements.emplace_back(predicate, literal(value, "", datatype));
  return *this;
}
Node& Node::node(std::string_view predicate, Node value) {
  Term term;
  term.kind = Term::Kind::node;
  term.nodes.push_back(std::move(value));
  statements.emplace_back(predicate, std::move(term));
  return *this;
}

std::string to_jsonld(const Node& root) {
  codec::JsonWriter out;
  out.open_object().key("@context").open_object();
  for (const Prefix& prefix : kPrefixes) out.key(prefix.name).string(prefix.iri);
  out.close_object();
  write_members(out, root);
  out.close_object();
  return out.take();
}

std::string to_turtle(const Node& root) {
  std::string out;
  for (const Prefix& prefix : kPrefixes)
    out += "@prefix " + std::string{prefix.name} + ": <" + std::string{prefix.iri} + "> .\n";
  std::vector<const Node*> left{&root};
  std::set<std::string> said;  // a publisher of many datasets is described once
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::string block = "\n" + turtle_iri(left[i]->id) + " ";
    std::vector<const Node*> later;
    write_statements(block, *left[i], later);
    block += " .\n";
    if (const auto [at, fresh] = said.insert(std::move(block)); fresh) out += *at;
    left.insert(left.end(), later.begin(), later.end());
  }
  return out;
}

std::string safe_iri(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kBad = "<>\"{}|^`\\ ";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || kBad.find(c) != std::string_view::npos) {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace wusong::portal::internal
