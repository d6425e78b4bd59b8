// SPDX-License-Identifier: Apache-2.0
// Datasets as CKAN, schema.org and Data Package have them.
#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/portal/calendar.hpp"
#include "wusong/portal/describe.hpp"
#include "wusong/portal/licences.hpp"

namespace wusong::portal {
namespace {

std::string page_of(const Dataset& dataset, const SiteInfo& site) {
  return site.base + "/dataset/" + codec::to_hex(dataset.id);
}
/// CKAN writes times without a zone, in UTC.
std::string ckan_time(std::uint64_t seconds) {
  std::string out = iso_time(seconds);
  out.pop_back();
  return out;
}

/// Chinese, then English below it, where both are there.
std::string both(const Text& text, std::string_view between) {
  if (text.zh.empty() || text.en.empty() || text.zh == text.en) return text.in(true);
  return text.zh + std::string{between} + text.en;
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += (out.empty() ? "" : ",") + one;
  return out;
}
std::string joined(const std::vector<Text>& list) {
  std::vector<std::string> texts;
  for (const Text& one : list) texts.push_back(one.in(true));
  return joined(texts);
}

void extra(codec::JsonWriter& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out.open_object().key("key").string(key).key("value").string(value).close_object();
}

/// The entry's fields that CKAN has no member for.
void write_extras(codec::JsonWriter& out, const Dataset& dataset) {
  extra(out, "title_en", dataset.title.en);
  extra(out, "notes_en", dataset.abstract.en);
  extra(out, "items", joined(dataset.items));
  extra(out, "format", joined(dataset.formats));
  extra(out, "grade", dataset.grade);
  extra(out, "opening_type", name_of(dataset.opening));
  extra(out, "frequency", dataset.frequency);
  extra(out, "sharing", dataset.sharing);
  extra(out, "system", dataset.system.in(true));
  extra(out, "conditions", both(dataset.conditions, "\n"));
  extra(out, "document_sha256", dataset.document.is_zero() ? "" : codec::to_hex(dataset.document));
  for (const auto& [key, value] : dataset.extras) extra(out, key, value);
}

void write_resource(codec::JsonWriter& out, const Resource& resource, const Dataset& dataset,
                    const SiteInfo& site) {
  out.open_object().key("id").string(codec::to_hex(resource.id));
  out.key("package_id").string(codec::to_hex(dataset.id));
  out.key("name").string(resource.name.in(true));
  out.key("description").string(resource.name.en);
  out.key("format").string(resource.format).key("mimetype").string(resource.media_type);
  out.key("url").string(file_address(resource, site)).key("url_type").string("upload");
  out.key("size").number(resource.size);
  out.key("hash").string("sha256:" + codec::to_hex(resource.digest));
  out.key("created").string(ckan_time(resource.updated));
  out.key("last_modified").string(ckan_time(resource.updated));
  out.key("state")
      .string("active")
      .key("position")
      .number(static_cast<std::uint64_t>(
          std::ranges::find(dataset.resources, resource.id, &Resource::id) -
          dataset.resources.begin()));
  out.key("version").string(std::to_string(resource.version));
  out.key("datastore_active").boolean(!resource.columns.empty());
  out.close_object();
}

void write_link(codec::JsonWriter& out, const Link& link, const Dataset& dataset) {
  const std::string package = codec::to_hex(dataset.id);
  out.open_object().key("id").string(codec::to_hex(link_id(dataset.id, link.url)));
  out.key("package_id").string(package).key("name").string(link.name);
  out.key("format").string(link.format).key("url").string(link.url).key("url_type").null();
  out.key("state").string("active").key("datastore_active").boolean(false).close_object();
}

void write_organisation(codec::JsonWriter& out, const Dataset& dataset) {
  const std::string id = std::to_string(dataset.organisation);
  out.open_object().key("id").string(id).key("name").string(id);
  out.key("title").string(dataset.organisation_title.in(true));
  out.key("type").string("organization").key("state").string("active");
  out.key("is_organization").boolean(true).key("approval_status").string("approved");
  out.close_object();
}

/// @source Data Package, "Table Schema": types
std::string_view table_schema_type(std::string_view type) {
  for (const std::string_view known : {"integer", "number", "boolean", "date", "datetime"})
    if (known == type) return known;
  return "string";
}

/// "name" of the Data Package: lower-case letters, digits, ".", "_", "-".
std::string package_name(const Hash& id) {
  return codec::to_hex(id);
}

}  // namespace

std::string file_address(const Resource& resource, const SiteInfo& site) {
  std::string out = site.base + "/api/v1/files/" + codec::to_hex(resource.digest);
  // A draft's files are of no dataset yet.
  if (!resource.entry.is_zero()) out += "?dataset=" + codec::to_hex(resource.entry);
  return out;
}

Hash link_id(const ItemId& entry, std::string_view url) {
  return hash::sha256(as_bytes(codec::to_hex(entry) + " " + std::string{url}));
}

std::string ckan_resource(const Resource& resource, const Dataset& dataset, const SiteInfo& site) {
  codec::JsonWriter out;
  write_resource(out, resource, dataset, site);
  return out.take();
}

std::string ckan_package(const Dataset& dataset, const SiteInfo& site, std::string_view state) {
  const std::string id = codec::to_hex(dataset.id);
  codec::JsonWriter out;
  out.open_object().key("id").string(id).key("name").string(id);
  out.key("title").string(dataset.title.in(true));
  out.key("notes").string(both(dataset.abstract, "\n\n"));
  out.key("type").string("dataset").key("state").string(state);
  out.key("private").boolean(state != "active");
  out.key("isopen").boolean(dataset.opening == OpeningType::unconditional);
  out.key("url").string(page_of(dataset, site));
  out.key("version").string(std::to_string(dataset.version));
  out.key("author").string(dataset.organisation_title.in(true)).key("author_email").null();
  out.key("maintainer").string(dataset.contact).key("maintainer_email").null();
  const Licence* licence = find_licence(dataset.licence);
  out.key("license_id").string(dataset.licence);
  out.key("license_title").string(licence == nullptr ? dataset.licence : licence->title.text().en);
  if (const auto address = licence_url(dataset); !address.empty())
    out.key("license_url").string(address);
  out.key("metadata_created").string(ckan_time(dataset.published));
  out.key("metadata_modified").string(ckan_time(dataset.updated));
  out.key("owner_org").string(std::to_string(dataset.organisation));
  out.key("organization");
  write_organisation(out, dataset);
  out.key("num_resources")
      .number(static_cast<std::uint64_t>(dataset.resources.size() + dataset.links.size()));
  out.key("num_tags").number(static_cast<std::uint64_t>(dataset.tags.size()));
  out.key("resources").open_array();
  for (const Resource& resource : dataset.resources) write_resource(out, resource, dataset, site);
  for (const Link& link : dataset.links) write_link(out, link, dataset);
  out.close_array().key("tags").open_array();
  for (const std::string& tag : dataset.tags)
    out.open_object()
        .key("id")
        .string(tag)
        .key("name")
        .string(tag)
        .key("display_name")
        .string(tag)
        .key("state")
        .string("active")
        .key("vocabulary_id")
        .null()
        .close_object();
  out.close_array().key("groups").open_array();
  for (const std::string& topic : dataset.topics)
    out.open_object()
        .key("id")
        .string(topic)
        .key("name")
        .string(topic)
        .key("title")
        .string(topic)
        .key("display_name")
        .string(topic)
        .key("description")
        .string("")
        .close_object();
  out.close_array().key("extras").open_array();
  write_extras(out, dataset);
  out.close_array();
  out.key("relationships_as_subject").open_array().close_array();
  out.key("relationships_as_object").open_array().close_array();
  out.close_object();
  return out.take();
}

std::string licence_url(const Dataset& dataset) {
  if (const auto* licence = find_licence(dataset.licence)) return std::string{licence->url};
  const bool address =
      dataset.licence.starts_with("http://") || dataset.licence.starts_with("https://");
  return address ? dataset.licence : std::string{};
}

std::string schema_org_jsonld(const Dataset& dataset, const SiteInfo& site) {
  codec::JsonWriter out;
  out.open_object().key("@context").string("https://schema.org/").key("@type").string("Dataset");
  out.key("@id").string(page_of(dataset, site)).key("url").string(page_of(dataset, site));
  out.key("identifier").string(codec::to_hex(dataset.id));
  out.key("name").string(dataset.title.in(true));
  if (!dataset.title.en.empty()) out.key("alternateName").string(dataset.title.en);
  out.key("description")
      .string(both(dataset.abstract.empty() ? dataset.title : dataset.abstract, "\n"));
  out.key("inLanguage").open_array().string("zh").string("en").close_array();
  out.key("keywords").open_array();
  for (const std::string& tag : dataset.tags) out.string(tag);
  out.close_array();
  out.key("creator").open_object().key("@type").string("GovernmentOrganization");
  out.key("name").string(dataset.organisation_title.in(true)).close_object();
  out.key("publisher").open_object().key("@type").string("Organization");
  out.key("name").string(site.publisher.in(true)).close_object();
  out.key("datePublished").string(iso_time(dataset.published));
  out.key("dateModified").string(iso_time(dataset.updated));
  out.key("version").string(std::to_string(dataset.version));
  out.key("isAccessibleForFree").boolean(true);
  if (const auto address = licence_url(dataset); !address.empty()) {
    out.key("license").string(address);
  } else if (!dataset.licence.empty()) {
    out.key("license").open_object().key("@type").string("CreativeWork");
    out.key("name").string(dataset.licence);
    out.key("url").string(page_of(dataset, site)).close_object();
  }
  if (!dataset.conditions.empty())
    out.key("conditionsOfAccess").string(dataset.conditions.in(true));
  out.key("includedInDataCatalog").open_object().key("@type").string("DataCatalog");
  out.key("name").string(site.title.in(true)).key("url").string(site.base + "/").close_object();
  out.key("distribution").open_array();
  for (const Resource& resource : dataset.resources) {
    out.open_object().key("@type").string("DataDownload");
    out.key("name").string(resource.name.in(true));
    out.key("encodingFormat").string(resource.media_type);
    out.key("contentSize").string(std::to_string(resource.size) + " B");
    out.key("sha256").string(codec::to_hex(resource.digest));
    out.key("contentUrl").string(file_address(resource, site)).close_object();
  }
  for (const Link& link : dataset.links) {
    out.open_object().key("@type").string("DataDownload").key("name").string(link.name);
    out.key("encodingFormat").string(link.format);
    out.key("contentUrl").string(link.url).close_object();
  }
  out.close_array().close_object();
  return out.take();
}

std::string data_package(const Dataset& dataset, const SiteInfo& site) {
  codec::JsonWriter out;
  out.open_object().key("profile").string("data-package");
  out.key("name").string(package_name(dataset.id)).key("id").string(page_of(dataset, site));
  out.key("title").string(dataset.title.in(true));
  out.key("description").string(both(dataset.abstract, "\n\n"));
  out.key("homepage").string(page_of(dataset, site));
  out.key("version").string(std::to_string(dataset.version));
  out.key("created").string(iso_time(dataset.published));
  out.key("keywords").open_array();
  for (const std::string& tag : dataset.tags) out.string(tag);
  out.close_array().key("contributors").open_array().open_object();
  out.key("title").string(dataset.organisation_title.in(true)).key("role").string("publisher");
  out.close_object().close_array();
  if (!dataset.licence.empty()) {
    const auto address = licence_url(dataset);
    out.key("licenses").open_array().open_object();
    if (find_licence(dataset.licence) != nullptr) out.key("name").string(dataset.licence);
    out.key("path").string(address.empty() ? page_of(dataset, site) : address);
    out.key("title").string(dataset.licence).close_object().close_array();
  }
  out.key("resources").open_array();
  for (const Resource& resource : dataset.resources) {
    out.open_object().key("name").string(package_name(resource.id));
    out.key("title")
        .string(resource.name.in(true))
        .key("path")
        .string(file_address(resource, site));
    std::string format = resource.format;
    std::ranges::transform(format, format.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    out.key("format").string(format).key("mediatype").string(resource.media_type);
    out.key("bytes").number(resource.size);
    out.key("hash").string("sha256:" + codec::to_hex(resource.digest));
    if (!resource.columns.empty()) {
      out.key("profile").string("tabular-data-resource").key("encoding").string("utf-8");
      out.key("schema").open_object().key("fields").open_array();
      for (const Column& column : resource.columns) {
        out.open_object().key("name").string(column.name);
        out.key("type").string(table_schema_type(column.type));
        if (!column.title.empty()) out.key("title").string(column.title.in(true));
        if (!column.description.empty())
          out.key("description").string(both(column.description, " / "));
        out.close_object();
      }
      out.close_array().close_object();
    }
    out.close_object();
  }
  out.close_array().close_object();
  return out.take();
}

Text citation(const Dataset& dataset, const SiteInfo& site) {
  const std::string year = std::to_string(date_of(local_day(dataset.updated)).year);
  const std::string version = std::to_string(dataset.version);
  const std::string digest = "sha256:" + codec::to_hex(dataset.document);
  const std::string page = page_of(dataset, site);
  return {dataset.organisation_title.in(true) + "（" + year + "）：" + dataset.title.in(true) +
              "，第 " + version + " 版，" + page + "，" + digest,
          dataset.organisation_title.in(false) + " (" + year + "). " + dataset.title.in(false) +
              ". Version " + version + ". " + page + ". " + digest};
}

std::string for_script(std::string_view json) {
  std::string out;
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace wusong::portal
