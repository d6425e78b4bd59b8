// SPDX-License-Identifier: Apache-2.0
// DCAT 3 and DCAT-AP 3.0.1, as JSON-LD and Turtle; ODRL policies.
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/portal/calendar.hpp"
#include "wusong/portal/describe.hpp"
#include "wusong/portal/internal/graph.hpp"

namespace wusong::portal {
namespace {

using internal::Node;

std::string iri_of(const Dataset& dataset, const SiteInfo& site) {
  return site.base + "/dataset/" + codec::to_hex(dataset.id);
}

/// One segment of a path: only letters and digits stay.
std::string segment(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (plain) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

/// @source EU Publications Office, authority tables "frequency" and "access-right"
std::string frequency_iri(std::string_view frequency) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"realtime", "CONT"},   {"daily", "DAILY"},         {"weekly", "WEEKLY"},
      {"monthly", "MONTHLY"}, {"quarterly", "QUARTERLY"}, {"half_yearly", "ANNUAL_2"},
      {"yearly", "ANNUAL"},   {"irregular", "IRREG"},     {"once", "NEVER"}};
  for (const auto& [name, code] : kNames)
    if (name == frequency)
      return "http://publications.europa.eu/resource/authority/frequency/" + std::string{code};
  return "http://publications.europa.eu/resource/authority/frequency/UNKNOWN";
}

std::string access_iri(OpeningType type) {
  const std::string_view name = type == OpeningType::unconditional ? "PUBLIC"
                                : type == OpeningType::conditional ? "RESTRICTED"
                                                                   : "NON_PUBLIC";
  return "http://publications.europa.eu/resource/authority/access-right/" + std::string{name};
}

bool is_iri(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

std::string licence_iri(const Dataset& dataset, const SiteInfo& site) {
  if (is_iri(dataset.licence)) return dataset.licence;
  return site.base + "/licence/" + (dataset.licence.empty() ? "default" : segment(dataset.licence));
}

Text or_else(const Text& text, const Text& other) {
  return text.empty() ? other : text;
}

Node agent(std::string id, const Text& name) {
  Node out{std::move(id), {}};
  out.type("foaf:Agent").text("foaf:name", name);
  return out;
}

Node publisher_of(const Dataset& dataset, const SiteInfo& site) {
  const std::string number = std::to_string(dataset.organisation);
  return agent(site.base + "/organisation/" + number,
               or_else(dataset.organisation_title, {"单位 " + number, "Organisation " + number}));
}

Node policy_of(const Dataset& dataset, const SiteInfo& site) {
  Node permission;
  permission.type("odrl:Permission").iri("odrl:target", iri_of(dataset, site));
  permission.iri("odrl:action", "odrl:use");
  Node duty;
  duty.type("odrl:Duty")
      .iri("odrl:action",
           dataset.opening == OpeningType::conditional ? "odrl:obtainConsent" : "odrl:attribute");
  permission.node("odrl:duty", std::move(duty));
  for (const Text& scenario : dataset.scenarios) {
    Node constraint;
    constraint.type("odrl:Constraint").iri("odrl:leftOperand", "odrl:purpose");
    constraint.iri("odrl:operator", "odrl:isA").text("odrl:rightOperand", scenario.in(true));
    permission.node("odrl:constraint", std::move(constraint));
  }
  Node out{iri_of(dataset, site) + "#policy", {}};
  out.type("odrl:Offer").node("odrl:permission", std::move(permission));
  if (dataset.opening == OpeningType::conditional) {
    Node prohibition;
    prohibition.type("odrl:Prohibition").iri("odrl:target", iri_of(dataset, site));
    prohibition.iri("odrl:action", "odrl:distribute");
    out.node("odrl:prohibition", std::move(prohibition));
  }
  out.text("dct:description", dataset.conditions);
  return out;
}

Node distribution_of(const Resource& resource, const Dataset& dataset, const SiteInfo& site) {
  Node out{iri_of(dataset, site) + "/resource/" + codec::to_hex(resource.id), {}};
  out.type("dcat:Distribution");
  out.text("dct:title", or_else(resource.name, {resource.format, resource.format}));
  out.iri("dcat:accessURL", iri_of(dataset, site));
  if (!resource.digest.is_zero()) {
    out.iri("dcat:downloadURL", site.base + "/api/v1/files/" + codec::to_hex(resource.digest));
    Node checksum;
    checksum.type("spdx:Checksum").iri("spdx:algorithm", "spdx:checksumAlgorithm_sha256");
    checksum.typed("spdx:checksumValue", codec::to_hex(resource.digest), "xsd:hexBinary");
    out.node("spdx:checksum", std::move(checksum));
  }
  if (!resource.media_type.empty())
    out.iri("dcat:mediaType",
            "https://www.iana.org/assignments/media-types/" + resource.media_type);
  if (!resource.format.empty())
    out.iri("dct:format", "http://publications.europa.eu/resource/authority/file-type/" +
                              segment(resource.format));
  out.typed("dcat:byteSize", std::to_string(resource.size), "xsd:nonNegativeInteger");
  out.typed("dct:modified", iso_time(resource.updated), "xsd:dateTime");
  out.iri("dct:license", licence_iri(dataset, site));
  out.iri("dcatap:availability",
          "http://publications.europa.eu/resource/authority/planned-availability/AVAILABLE");
  return out;
}

Node node_of(const Dataset& dataset, const SiteInfo& site) {
  Node out{iri_of(dataset, site), {}};
  out.type("dcat:Dataset").text("dct:title", dataset.title);
  out.text("dct:description", or_else(dataset.abstract, dataset.title));
  out.text("dct:identifier", codec::to_hex(dataset.id));
  out.iri("dcat:landingPage", iri_of(dataset, site));
  out.node("dct:publisher", publisher_of(dataset, site));
  out.typed("dct:issued", iso_time(dataset.published), "xsd:dateTime");
  out.typed("dct:modified", iso_time(dataset.updated), "xsd:dateTime");
  out.iri("dct:accrualPeriodicity", frequency_iri(dataset.frequency));
  out.iri("dct:accessRights", access_iri(dataset.opening));
  out.text("dcat:version", std::to_string(dataset.version));
  for (const std::string& tag : dataset.tags) out.text("dcat:keyword", tag);
  for (const std::string& topic : dataset.topics) {
    Node concept_node{site.base + "/topic/" + segment(topic), {}};
    concept_node.type("skos:Concept").text("skos:prefLabel", topic);
    out.node("dcat:theme", std::move(concept_node));
  }
  const std::string contact = dataset.contact.empty() ? site.contact : dataset.contact;
  Node card;
  card.type("vcard:Organization");
  card.text("vcard:fn", or_else(dataset.organisation_title, site.publisher));
  if (contact.find('@') != std::string::npos) card.iri("vcard:hasEmail", "mailto:" + contact);
  if (contact.find('@') == std::string::npos && !contact.empty()) card.text("vcard:note", contact);
  card.iri("vcard:hasURL", iri_of(dataset, site));
  out.node("dcat:contactPoint", std::move(card));
  out.node("odrl:hasPolicy", policy_of(dataset, site));
  for (const Resource& resource : dataset.resources)
    out.node("dcat:distribution", distribution_of(resource, dataset, site));
  return out;
}

Node node_of(const CatalogPage& page, const SiteInfo& site) {
  Node out{site.base + "/catalog", {}};
  out.type("dcat:Catalog").text("dct:title", site.title);
  out.text("dct:description", or_else(site.description, site.title));
  out.node("dct:publisher", agent(site.base + "/publisher", site.publisher));
  out.iri("foaf:homepage", site.base + "/");
  out.iri("dct:language", "http://publications.europa.eu/resource/authority/language/ZHO");
  out.iri("dct:language", "http://publications.europa.eu/resource/authority/language/ENG");
  for (const Dataset& dataset : page.datasets) out.node("dcat:dataset", node_of(dataset, site));
  const std::uint64_t size = page.page_size == 0 ? 1 : page.page_size;
  const std::uint64_t last = page.total == 0 ? 1 : (page.total + size - 1) / size;
  const auto place = [&](std::uint64_t number) {
    return site.base + "/catalog?page=" + std::to_string(number);
  };
  Node view{place(page.page), {}};
  view.type("hydra:PartialCollectionView");
  view.iri("hydra:first", place(1)).iri("hydra:last", place(last));
  if (page.page > 1) view.iri("hydra:previous", place(page.page - 1));
  if (page.page < last) view.iri("hydra:next", place(page.page + 1));
  view.typed("hydra:totalItems", std::to_string(page.total), "xsd:integer");
  view.typed("hydra:itemsPerPage", std::to_string(size), "xsd:integer");
  out.node("hydra:view", std::move(view));
  return out;
}

}  // namespace

std::string dcat_catalog_jsonld(const CatalogPage& page, const SiteInfo& site) {
  return internal::to_jsonld(node_of(page, site));
}
std::string dcat_catalog_turtle(const CatalogPage& page, const SiteInfo& site) {
  return internal::to_turtle(node_of(page, site));
}
std::string dcat_dataset_jsonld(const Dataset& dataset, const SiteInfo& site) {
  return internal::to_jsonld(node_of(dataset, site));
}
std::string dcat_dataset_turtle(const Dataset& dataset, const SiteInfo& site) {
  return internal::to_turtle(node_of(dataset, site));
}

std::string odrl_policy_jsonld(const Dataset& dataset, const SiteInfo& site) {
  const bool conditional = dataset.opening == OpeningType::conditional;
  const std::string target = iri_of(dataset, site);
  codec::JsonWriter out;
  out.open_object().key("@context").string("http://www.w3.org/ns/odrl.jsonld");
  out.key("@type").string("Offer").key("uid").string(target + "#policy");
  out.key("profile").string("http://www.w3.org/ns/odrl/2/core");
  out.key("permission").open_array().open_object();
  out.key("target").string(target).key("action").string("use");
  out.key("assigner").string(site.base + "/organisation/" + std::to_string(dataset.organisation));
  if (!dataset.scenarios.empty()) {
    out.key("constraint").open_array();
    for (const Text& scenario : dataset.scenarios)
      out.open_object()
          .key("leftOperand")
          .string("purpose")
          .key("operator")
          .string("isA")
          .key("rightOperand")
          .string(scenario.in(true))
          .close_object();
    out.close_array();
  }
  out.key("duty").open_array().open_object().key("action").string(conditional ? "obtainConsent"
                                                                              : "attribute");
  out.close_object().close_array();
  out.close_object().close_array();
  if (conditional) {
    out.key("prohibition").open_array().open_object();
    out.key("target").string(target).key("action").string("distribute");
    out.close_object().close_array();
  }
  out.close_object();
  return out.take();
}

std::string turtle_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out{'"'};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

}  // namespace wusong::portal
