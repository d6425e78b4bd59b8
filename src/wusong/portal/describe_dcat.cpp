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

/// A node that another vocabulary describes: its type stands here, so that checks of a property's
/// range need no other document.
Node known(std::string iri, std::string_view type) {
  Node out{std::move(iri), {}};
  out.type(type);
  return out;
}

/// An address that others know, or the licence's own words.
Node licence_node(const Dataset& dataset) {
  if (const auto url = licence_url(dataset); !url.empty()) return known(url, "dct:LicenseDocument");
  Node out;
  out.type("dct:LicenseDocument").text("dct:title", dataset.licence);
  return out;
}

/// The page for people, in one language: it is not the dataset itself.
Node landing_page(const Dataset& dataset, const SiteInfo& site, std::string_view language) {
  return known(iri_of(dataset, site) + "?lang=" + std::string{language}, "foaf:Document");
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
  permission.iri("odrl:assigner",
                 site.base + "/organisation/" + std::to_string(dataset.organisation));
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
    out.iri("dcat:downloadURL", file_address(resource, site));
    Node checksum;
    checksum.type("spdx:Checksum");
    checksum.node("spdx:algorithm",
                  known("spdx:checksumAlgorithm_sha256", "spdx:ChecksumAlgorithm"));
    checksum.typed("spdx:checksumValue", codec::to_hex(resource.digest), "xsd:hexBinary");
    out.node("spdx:checksum", std::move(checksum));
  }
  if (!resource.media_type.empty())
    out.node("dcat:mediaType",
             known("https://www.iana.org/assignments/media-types/" + resource.media_type,
                   "dct:MediaType"));
  if (!resource.format.empty())
    out.node("dct:format", known("http://publications.europa.eu/resource/authority/file-type/" +
                                     segment(resource.format),
                                 "dct:MediaTypeOrExtent"));
  out.typed("dcat:byteSize", std::to_string(resource.size), "xsd:nonNegativeInteger");
  out.typed("dct:modified", iso_time(resource.updated), "xsd:dateTime");
  if (!dataset.licence.empty()) out.node("dct:license", licence_node(dataset));
  Node available =
      known("http://publications.europa.eu/resource/authority/planned-availability/AVAILABLE",
            "skos:Concept");
  available.text("skos:prefLabel", Text{"可用", "available"});
  out.node("dcatap:availability", std::move(available));
  return out;
}

Node distribution_of(const Link& link, const Dataset& dataset) {
  Node out;
  out.type("dcat:Distribution").iri("dcat:accessURL", link.url);
  if (!link.name.empty()) out.text("dct:title", link.name);
  if (!dataset.licence.empty()) out.node("dct:license", licence_node(dataset));
  return out;
}

Node node_of(const Dataset& dataset, const SiteInfo& site) {
  Node out{iri_of(dataset, site), {}};
  out.type("dcat:Dataset").text("dct:title", dataset.title);
  out.text("dct:description", or_else(dataset.abstract, dataset.title));
  out.text("dct:identifier", codec::to_hex(dataset.id));
  for (const std::string_view language : {"zh", "en"})
    out.node("dcat:landingPage", landing_page(dataset, site, language));
  out.node("dct:publisher", publisher_of(dataset, site));
  out.typed("dct:issued", iso_time(dataset.published), "xsd:dateTime");
  out.typed("dct:modified", iso_time(dataset.updated), "xsd:dateTime");
  out.node("dct:accrualPeriodicity", known(frequency_iri(dataset.frequency), "dct:Frequency"));
  out.node("dct:accessRights", known(access_iri(dataset.opening), "dct:RightsStatement"));
  out.text("dcat:version", std::to_string(dataset.version));
  for (const std::string& tag : dataset.tags) out.text("dcat:keyword", tag);
  for (const std::string& topic : dataset.topics) {
    Node concept_node{site.base + "/topic/" + segment(topic), {}};
    concept_node.type("skos:Concept").text("skos:prefLabel", topic);
    out.node("dcat:theme", std::move(concept_node));
  }
  const std::string contact = dataset.contact.empty() ? site.contact : dataset.contact;
  Node card;
  card.type("vcard:Kind").type("vcard:Organization");
  card.text("vcard:fn", or_else(dataset.organisation_title, site.publisher));
  if (contact.find('@') != std::string::npos) card.iri("vcard:hasEmail", "mailto:" + contact);
  if (contact.find('@') == std::string::npos && !contact.empty()) card.text("vcard:note", contact);
  card.iri("vcard:hasURL", iri_of(dataset, site));
  out.node("dcat:contactPoint", std::move(card));
  out.node("odrl:hasPolicy", policy_of(dataset, site));
  for (const Resource& resource : dataset.resources)
    out.node("dcat:distribution", distribution_of(resource, dataset, site));
  for (const Link& link : dataset.links)
    out.node("dcat:distribution", distribution_of(link, dataset));
  return out;
}

/// `form`: "jsonld" or "ttl", so that the links lead to pages of the same form.
Node node_of(const CatalogPage& page, const SiteInfo& site, std::string_view form) {
  Node out{site.base + "/catalog", {}};
  out.type("dcat:Catalog").text("dct:title", site.title);
  out.text("dct:description", or_else(site.description, site.title));
  out.node("dct:publisher", agent(site.base + "/publisher", or_else(site.publisher, site.title)));
  out.node("foaf:homepage", known(site.base + "/", "foaf:Document"));
  for (const std::string language : {"ZHO", "ENG"})
    out.node("dct:language",
             known("http://publications.europa.eu/resource/authority/language/" + language,
                   "dct:LinguisticSystem"));
  for (const Dataset& dataset : page.datasets) out.node("dcat:dataset", node_of(dataset, site));
  const std::uint64_t size = page.page_size == 0 ? 1 : page.page_size;
  const std::uint64_t last = page.total == 0 ? 1 : (page.total + size - 1) / size;
  const auto place = [&](std::uint64_t number) {
    return site.base + "/catalog." + std::string{form} + "?page=" + std::to_string(number) +
           "&page_size=" + std::to_string(size);
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
  return internal::to_jsonld(node_of(page, site, "jsonld"));
}
std::string dcat_catalog_turtle(const CatalogPage& page, const SiteInfo& site) {
  return internal::to_turtle(node_of(page, site, "ttl"));
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
