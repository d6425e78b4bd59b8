// SPDX-License-Identifier: Apache-2.0
// A small RDF graph that is written as JSON-LD and as Turtle alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/portal/text.hpp"

namespace wusong::portal::internal {

struct Node;

/// An IRI, a literal with a language or a type, or another node.
struct Term {
  enum class Kind : std::uint8_t { iri, literal, node };
  Kind kind{Kind::literal};
  std::string text;
  std::string language;
  std::string datatype;     // "xsd:date"
  std::vector<Node> nodes;  // one, for Kind::node
};

/// A subject with its statements; an empty id is a blank node.
struct Node {
  std::string id;
  std::vector<std::pair<std::string, Term>> statements;

  Node& type(std::string_view name);
  Node& iri(std::string_view predicate, std::string_view iri);
  Node& text(std::string_view predicate, std::string_view text);
  /// One literal for each language there is.
  Node& text(std::string_view predicate, const Text& text);
  Node& typed(std::string_view predicate, std::string_view text, std::string_view datatype);
  Node& node(std::string_view predicate, Node node);
};

/// The prefixes that both forms declare.
std::string to_jsonld(const Node& root);
std::string to_turtle(const Node& root);
/// An IRI with everything escaped that Turtle and JSON-LD do not allow in one.
std::string safe_iri(std::string_view text);

}  // namespace wusong::portal::internal
