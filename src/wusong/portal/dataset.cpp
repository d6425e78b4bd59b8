// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/dataset.hpp"

#include <algorithm>
#include <map>

#include "wusong/codec/json.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/dataset_rows.hpp"
#include "wusong/portal/internal/sql_row.hpp"
#include "wusong/portal/projection.hpp"

namespace wusong::portal {
namespace {

using internal::hex;
using internal::number;
using internal::Parameters;
using internal::RowReader;

std::vector<Text> texts_at(const codec::JsonValue& object, std::string_view member) {
  std::vector<Text> out;
  if (const auto list = object.find(member))
    for (const codec::JsonValue& one : list->items())
      out.push_back({std::string{one.string_at("zh").value_or("")},
                     std::string{one.string_at("en").value_or("")}});
  return out;
}

std::vector<std::string> strings_at(const codec::JsonValue& object, std::string_view member) {
  std::vector<std::string> out;
  if (const auto list = object.find(member))
    for (const codec::JsonValue& one : list->items()) out.emplace_back(one.string().value_or(""));
  return out;
}

std::string string_at(const codec::JsonValue& object, std::string_view member) {
  return std::string{object.string_at(member).value_or("")};
}

void fill_from_entry(Dataset& out, const codec::JsonValue& entry) {
  out.title = text_at(entry, "title");
  out.abstract = text_at(entry, "abstract");
  out.sharing = string_at(entry, "sharing");
  out.items = texts_at(entry, "items");
  out.formats = strings_at(entry, "format");
  out.frequency = string_at(entry, "frequency");
  out.system = text_at(entry, "system");
  out.topics = strings_at(entry, "topics");
  out.tags = strings_at(entry, "keywords");
  out.conditions = text_at(entry, "conditions");
  out.subjects = texts_at(entry, "subjects");
  out.scenarios = texts_at(entry, "scenarios");
  out.modes = texts_at(entry, "modes");
  out.materials = texts_at(entry, "materials");
  out.licence = string_at(entry, "licence");
  out.contact = string_at(entry, "contact");
}

/// What the decision on the opening type says of conditions goes before the entry.
void fill_from_opening(Dataset& out, const codec::JsonValue& opening) {
  if (const Text text = text_at(opening, "conditions"); !text.empty()) out.conditions = text;
  const auto take = [&](std::vector<Text>& into, std::string_view member) {
    if (auto list = texts_at(opening, member); !list.empty()) into = std::move(list);
  };
  take(out.subjects, "subjects");
  take(out.scenarios, "scenarios");
  take(out.modes, "modes");
  take(out.materials, "materials");
}

constexpr std::string_view kResourceColumns =
    "id, entry, listed, version, updated, digest, format, media_type, size, row_count, body";

Result<Resource> read_resource(const internal::Row& row) {
  RowReader in{row};
  Resource out;
  out.id = in.fixed<ItemId>();
  out.entry = in.fixed<ItemId>();
  out.current = in.flag();
  out.version = in.number_as<std::uint32_t>();
  out.updated = in.number();
  out.digest = in.fixed<Hash>();
  out.format = in.text();
  out.media_type = in.text();
  out.size = in.number();
  out.rows = in.number();
  const std::string body = in.text();
  if (!in.good()) return fail(err::projection_damaged);
  const auto json = codec::JsonDocument::parse(body);
  if (!json) return out;  // its document has not arrived
  out.name = text_at(json->root(), "name");
  if (const auto columns = json->root().find("columns"))
    for (const codec::JsonValue& one : columns->items())
      out.columns.push_back({string_at(one, "name"), text_at(one, "title"), string_at(one, "type"),
                             text_at(one, "description")});
  return out;
}

}  // namespace

namespace internal {

std::string dataset_select() {
  return "SELECT e.id, e.number, e.opening, e.organisation, e.version, e.published, e.updated, "
         "e.document, e.body, e.opening_body, coalesce(o.title_zh, ''), coalesce(o.title_en, ''), "
         "coalesce(p.downloads, 0) FROM entries e "
         "LEFT JOIN organisations o ON o.id = e.organisation "
         "LEFT JOIN popularity p ON p.entry = e.id ";
}

Result<Dataset> read_dataset(const std::vector<io::SqlValue>& row) {
  RowReader in{row};
  Dataset out;
  out.id = in.fixed<ItemId>();
  out.number = in.number();
  out.opening = static_cast<OpeningType>(in.number() & 3);
  out.organisation = in.number_as<std::uint32_t>();
  out.version = in.number_as<std::uint32_t>();
  out.published = in.number();
  out.updated = in.number();
  out.document = in.fixed<Hash>();
  const std::string body = in.text();
  const std::string opening = in.text();
  out.organisation_title.zh = in.text();
  out.organisation_title.en = in.text();
  out.downloads = in.number();
  if (!in.good()) return fail(err::projection_damaged);
  if (const auto json = codec::JsonDocument::parse(body)) fill_from_entry(out, json->root());
  if (const auto json = codec::JsonDocument::parse(opening)) fill_from_opening(out, json->root());
  return out;
}

std::string number_list(io::SqlDialect dialect, const std::vector<std::uint64_t>& numbers) {
  const bool lite = dialect == io::SqlDialect::sqlite;
  std::string out{lite ? "[" : "{"};
  for (const std::uint64_t one : numbers) {
    if (out.size() > 1) out.push_back(',');
    out += std::to_string(one);
  }
  return out + (lite ? "]" : "}");
}

std::string hex_list(io::SqlDialect dialect, std::span<const std::string> texts) {
  const bool lite = dialect == io::SqlDialect::sqlite;
  std::string out{lite ? "[" : "{"};
  for (const std::string& one : texts) out += (out.size() > 1 ? ",\"" : "\"") + one + "\"";
  return out + (lite ? "]" : "}");
}

std::string in_list(io::SqlDialect dialect, std::string_view column, std::string_view type) {
  return std::string{column} + (dialect == io::SqlDialect::sqlite
                                    ? " IN (SELECT value FROM json_each($1))"
                                    : " = ANY (CAST($1 AS " + std::string{type} + "[]))");
}

Result<std::vector<Dataset>> datasets_numbered(io::SqlConnection& sql,
                                               const std::vector<std::uint64_t>& numbers) {
  std::vector<Dataset> out;
  if (numbers.empty()) return out;
  WUSONG_TRY(const auto rows,
             sql.query(dataset_select() + "WHERE " + in_list(sql.dialect(), "e.number"),
                       Parameters{number_list(sql.dialect(), numbers)}));
  std::map<std::uint64_t, Dataset> found;
  for (const auto& row : rows.rows) {
    WUSONG_TRY(auto one, read_dataset(row));
    const std::uint64_t key = one.number;
    found.emplace(key, std::move(one));
  }
  for (const std::uint64_t one : numbers)
    if (const auto at = found.find(one); at != found.end()) out.push_back(std::move(at->second));
  return out;
}

}  // namespace internal

Result<std::optional<Dataset>> dataset(io::SqlConnection& sql, const ItemId& id) {
  WUSONG_TRY(const auto rows,
             sql.query(internal::dataset_select() + "WHERE e.id = $1", Parameters{hex(id)}));
  if (rows.rows.empty()) return std::optional<Dataset>{};
  WUSONG_TRY(Dataset out, internal::read_dataset(rows.rows[0]));
  WUSONG_TRY(const auto resources,
             sql.query("SELECT " + std::string{kResourceColumns} +
                           " FROM resources WHERE entry = $1 AND listed = 1 ORDER BY id",
                       Parameters{hex(id)}));
  for (const auto& row : resources.rows) {
    WUSONG_TRY(auto one, read_resource(row));
    out.resources.push_back(std::move(one));
  }
  return std::optional{std::move(out)};
}

Result<std::vector<Dataset>> datasets_after(io::SqlConnection& sql, std::uint64_t after,
                                            std::uint32_t max) {
  WUSONG_TRY(const auto rows,
             sql.query(internal::dataset_select() +
                           "WHERE e.listed = 1 AND e.number > $1 ORDER BY e.number LIMIT $2",
                       Parameters{number(after), number(std::min(max, kPageMax))}));
  std::vector<Dataset> out;
  for (const auto& row : rows.rows) {
    WUSONG_TRY(auto one, internal::read_dataset(row));
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::uint64_t> dataset_count(io::SqlConnection& sql) {
  WUSONG_TRY(const auto rows,
             sql.query("SELECT count FROM facet_counts WHERE facet = 'all' AND value = ''"));
  return rows.rows.empty() ? 0 : RowReader{rows.rows[0]}.number();
}

Result<std::vector<VersionRow>> versions(io::SqlConnection& sql, const ItemId& entry) {
  WUSONG_TRY(const auto rows,
             sql.query("SELECT version, time, item, document, digest FROM versions "
                       "WHERE entry = $1 ORDER BY time DESC, item, version DESC",
                       Parameters{hex(entry)}));
  std::vector<VersionRow> out;
  for (const auto& row : rows.rows) {
    RowReader in{row};
    VersionRow one;
    one.version = in.number_as<std::uint32_t>();
    one.time = in.number();
    one.item = in.fixed<ItemId>();
    one.document = in.fixed<Hash>();
    one.digest = in.fixed<Hash>();
    if (!in.good()) return fail(err::projection_damaged);
    out.push_back(one);
  }
  return out;
}

Result<std::optional<Resource>> resource_by_digest(io::SqlConnection& sql, const Hash& digest) {
  WUSONG_TRY(const auto rows,
             sql.query("SELECT r.id, r.entry, r.listed, v.version, r.updated, v.digest, r.format, "
                       "r.media_type, r.size, r.row_count, r.body, r.version FROM versions v "
                       "JOIN resources r ON r.id = v.item WHERE v.digest = $1 "
                       "AND v.digest <> '' ORDER BY r.listed DESC, v.time DESC, v.item LIMIT 1",
                       Parameters{hex(digest)}));
  if (rows.rows.empty()) return std::optional<Resource>{};
  WUSONG_TRY(Resource out, read_resource(rows.rows[0]));
  const auto* newest = std::get_if<std::int64_t>(&rows.rows[0].back());
  out.current = out.current && newest != nullptr && *newest == out.version;
  return std::optional{std::move(out)};
}

Result<void> count_download(io::SqlConnection& sql, const ItemId& entry, std::uint64_t by) {
  const auto changed = sql.run(
      "INSERT INTO popularity (entry, downloads) VALUES ($1, $2) ON CONFLICT (entry) "
      "DO UPDATE SET downloads = popularity.downloads + excluded.downloads",
      Parameters{hex(entry), number(by)});
  if (!changed) return fail(changed.error());
  return {};
}

std::string_view name_of(OpeningType type) noexcept {
  switch (type) {
    case OpeningType::unconditional:
      return "unconditional";
    case OpeningType::conditional:
      return "conditional";
    case OpeningType::closed:
      return "closed";
    case OpeningType::unknown:
      break;
  }
  return "unknown";
}

std::optional<OpeningType> opening_type(std::string_view name) noexcept {
  for (const OpeningType type :
       {OpeningType::unconditional, OpeningType::conditional, OpeningType::closed})
    if (name_of(type) == name) return type;
  return std::nullopt;
}

}  // namespace wusong::portal
