// SPDX-License-Identifier: Apache-2.0
#include "wusong/harvest/record.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace wusong::harvest {
namespace {

constexpr std::size_t kExtrasMax = 50;
constexpr std::size_t kExtraSizeMax = 2'000;

using Extras = std::map<std::string, std::string>;

Extras extras_of(const codec::JsonValue& package) {
  Extras out;
  const auto list = package.find("extras");
  if (!list) return out;
  for (const auto& one : list->items()) {
    const auto key = member(one, "key");
    const auto value = member(one, "value");
    if (key.empty() || value.empty() || value.size() > kExtraSizeMax || out.size() == kExtrasMax) {
      continue;
    }
    out.emplace(key, value);
  }
  return out;
}

void write_extras(codec::JsonWriter& out, const Extras& extras) {
  out.key("extras").open_array();
  for (const auto& [key, value] : extras) {
    out.open_object().key("key").string(key).key("value").string(value).close_object();
  }
  out.close_array();
}

std::vector<codec::JsonValue> list_of(const codec::JsonValue& object, std::string_view name) {
  const auto found = object.find(name);
  return found ? found->items() : std::vector<codec::JsonValue>{};
}

template <std::size_t N>
void only(Extras& extras, const std::string& key, const std::array<std::string_view, N>& words,
          const std::string& otherwise) {
  auto& value = extras[key];
  if (std::ranges::find(words, value) == words.end()) value = otherwise;
}

/// A comma separates items: inside one it becomes another.
std::string without_commas(std::string text) {
  std::ranges::replace(text, ',', ';');
  return text;
}

std::string joined_members(const codec::JsonValue& package, std::string_view name, bool lower) {
  std::set<std::string> all;
  for (const auto& resource : list_of(package, "resources")) {
    auto text = without_commas(member(resource, name));
    if (lower) {
      std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      });
    }
    if (!text.empty()) all.insert(std::move(text));
  }
  std::string out;
  for (const auto& one : all) out += (out.empty() ? "" : ",") + one;
  return out;
}

/// CKAN's tags hold letters, digits, blanks and "-_.", 2 to 100 of them.
std::string clean_tag(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9') || c == ' ' || c == '-' || c == '_' || c == '.';
    if (plain) out.push_back(c);
  }
  return out.size() < 2 || out.size() > 100 ? std::string{} : out;
}

void write_tags(codec::JsonWriter& out, const codec::JsonValue& package) {
  std::set<std::string> tags;
  for (const auto& tag : list_of(package, "tags")) tags.insert(clean_tag(member(tag, "name")));
  out.key("tags").open_array();
  for (const auto& tag : tags) {
    if (!tag.empty()) out.open_object().key("name").string(tag).close_object();
  }
  out.close_array();
}

void write_resources(codec::JsonWriter& out, const codec::JsonValue& package) {
  out.key("resources").open_array();
  for (const auto& resource : list_of(package, "resources")) {
    if (member(resource, "url").empty()) continue;
    out.open_object();
    for (const std::string_view name :
         {"name", "format", "mimetype", "url", "hash", "size", "description"}) {
      const auto text = member(resource, name);
      if (!text.empty()) out.key(name).string(text);
    }
    out.close_object();
  }
  out.close_array();
}

}  // namespace

std::string member(const codec::JsonValue& object, std::string_view name) {
  const auto found = object.find(name);
  if (!found || found->is_null()) return {};
  return found->is_string() ? std::string{found->string().value_or("")} : found->to_json();
}

std::string own_package(const codec::JsonValue& package, const std::string& from) {
  constexpr std::array<std::string_view, 3> kKinds{"unconditional", "conditional", "closed"};
  constexpr std::array<std::string_view, 9> kFrequencies{"realtime", "daily",     "weekly",
                                                         "monthly",  "quarterly", "half_yearly",
                                                         "yearly",   "irregular", "once"};
  const auto name = member(package, "name");
  auto title = member(package, "title");
  if (title.empty()) title = name;
  auto notes = member(package, "notes");
  if (notes.empty()) notes = title;
  auto extras = extras_of(package);
  // Who opens what stays the reviewers' decision: this is what the owner proposes.
  only(extras, "opening_type", kKinds,
       member(package, "isopen") == "true" ? "unconditional" : "conditional");
  only(extras, "sharing", kKinds, extras["opening_type"]);
  only(extras, "frequency", kFrequencies, "irregular");
  if (extras["items"].empty()) extras["items"] = joined_members(package, "name", false);
  if (extras["items"].empty()) extras["items"] = without_commas(title);
  if (extras["format"].empty()) extras["format"] = joined_members(package, "format", true);
  if (extras["format"].empty()) extras["format"] = "other";
  if (extras["system"].empty()) extras["system"] = from;
  extras.erase("document_sha256");
  extras["harvest_source"] = from;
  extras["harvest_id"] = member(package, "id");
  extras["harvest_modified"] = member(package, "metadata_modified");
  extras["harvest_url"] = from + "/dataset/" + name;
  codec::JsonWriter out;
  out.open_object().key("title").string(title).key("notes").string(notes);
  for (const std::string_view same : {"license_id", "maintainer", "maintainer_email"}) {
    const auto text = member(package, same);
    if (!text.empty()) out.key(same).string(text);
  }
  write_tags(out, package);
  write_extras(out, extras);
  write_resources(out, package);
  return out.close_object().take();
}

std::string foreign_package(const codec::JsonValue& package, const HarvestSource& into,
                            const OwnSite& own) {
  const auto id = member(package, "id");
  auto extras = extras_of(package);
  extras["harvest_source"] = own.base;
  extras["harvest_id"] = id;
  extras["harvest_modified"] = member(package, "metadata_modified");
  codec::JsonWriter out;
  out.open_object().key("name").string(foreign_name(id)).key("private").boolean(false);
  out.key("state").string("active");
  for (const std::string_view same : {"title", "notes", "license_id", "url", "author", "version"}) {
    const auto text = member(package, same);
    if (!text.empty()) out.key(same).string(text);
  }
  if (!into.organisation.empty()) out.key("owner_org").string(into.organisation);
  write_tags(out, package);
  write_extras(out, extras);
  write_resources(out, package);
  return out.close_object().take();
}

std::string foreign_name(std::string_view id) {
  return "wusong-" + std::string{id.substr(0, 40)};
}

bool is_copy_of(const codec::JsonValue& package, const OwnSite& own, std::string_view id) {
  auto extras = extras_of(package);
  return extras["harvest_source"] == own.base && extras["harvest_id"] == id;
}

std::string with_id(std::string_view object, std::string_view id) {
  codec::JsonWriter out;
  out.open_object().key("id").string(id).close_object();
  auto text = out.take();
  text.back() = ',';
  return text + std::string{object.substr(1)};
}

}  // namespace wusong::harvest
