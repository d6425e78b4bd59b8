// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/dataset.hpp"

#include <algorithm>
#include <map>

#include "wusong/codec/hex.hpp"
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

bool is_address(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

/// `extra` is free: only what has the shape of a link or a plain text is taken.
void fill_from_extra(Dataset& out, const codec::JsonValue& extra) {
  if (const auto links = extra.find("links"))
    for (const codec::JsonValue& one : links->items())
      if (Link link{string_at(one, "name"), string_at(one, "format"), string_at(one, "url")};
          is_address(link.url))
        out.links.push_back(std::move(link));
  if (const auto ckan = extra.find("ckan"))
    for (const auto& [key, value] : ckan->members())
      if (value.is_string()) out.extras.emplace_back(key, value.string().value_or(""));
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
  out.grade = string_at(entry, "grade");
  if (const auto extra = entry.find("extra")) fill_from_extra(out, *extra);
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

Result<std::vector<Dataset>> datasets_numbered(io::SqlConnection& sql,
                                               const std::vector<std::uint64_t>& numbers) {
  std::vector<Dataset> out;
  if (numbers.empty()) return out;
  WUSONG_TRY(const auto rows,
             sql.query(dataset_select() + "WHERE " + io::in_list(sql.dialect(), "e.number"),
                       Parameters{io::number_list(sql.dialect(), numbers)}));
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

Result<std::vector<std::pair<ItemId, OpeningType>>> openings(io::SqlConnection& sql,
                                                             std::span<const ItemId> ids) {
  std::vector<std::string> texts;
  for (const ItemId& id : ids) texts.push_back(codec::to_hex(id));
  WUSONG_TRY(const auto rows, sql.query("SELECT id, opening FROM entries WHERE " +
                                            io::in_list(sql.dialect(), "id", "text"),
                                        Parameters{io::hex_list(sql.dialect(), texts)}));
  std::vector<std::pair<ItemId, OpeningType>> out;
  for (const auto& row : rows.rows) {
    RowReader in{row};
    const auto id = in.fixed<ItemId>();
    out.emplace_back(id, static_cast<OpeningType>(in.number() & 3));
    if (!in.good()) return fail(err::projection_damaged);
  }
  return out;
}

Result<std::vector<ItemId>> listed_ids(io::SqlConnection& sql, std::uint64_t offset,
                                       std::uint64_t max) {
  WUSONG_TRY(
      const auto rows,
      sql.query("SELECT id FROM entries WHERE listed = 1 ORDER BY id LIMIT $1 OFFSET $2",
                Parameters{number(max), number(std::min<std::uint64_t>(offset, INT64_MAX))}));
  std::vector<ItemId> out;
  for (const auto& row : rows.rows) out.push_back(RowReader{row}.fixed<ItemId>());
  return out;
}

Dataset dataset_of_entry(std::string_view document) {
  Dataset out;
  const auto json = codec::JsonDocument::parse(document);
  if (!json) return out;
  fill_from_entry(out, json->root());
  if (const auto type = opening_type(string_at(json->root(), "opening_type"))) out.opening = *type;
  const auto extra = json->root().find("extra");
  const auto files = extra ? extra->find("files") : std::nullopt;
  if (!files) return out;
  for (const codec::JsonValue& one : files->items()) {
    const auto digest = codec::fixed_from_hex<Hash>(string_at(one, "digest"));
    const auto size = one.find("size");
    if (!digest || !size) continue;
    Resource file;
    file.id = *digest;
    file.digest = *digest;
    file.name.zh = string_at(one, "name");
    file.format = string_at(one, "format");
    file.media_type = string_at(one, "media_type");
    file.size = size->u64().value_or(0);
    out.resources.push_back(std::move(file));
  }
  return out;
}

Result<std::vector<FacetValue>> facet_values(io::SqlConnection& sql, std::string_view facet,
                                             std::uint64_t offset, std::uint32_t max) {
  WUSONG_TRY(const auto rows,
             sql.query("SELECT value, count FROM facet_counts WHERE facet = $1 "
                       "ORDER BY value LIMIT $2 OFFSET $3",
                       Parameters{std::string{facet}, number(max),
                                  number(std::min<std::uint64_t>(offset, INT64_MAX))}));
  std::vector<FacetValue> out;
  for (const auto& row : rows.rows) {
    RowReader in{row};
    std::string value = in.text();
    out.push_back({std::move(value), in.number()});
  }
  return out;
}

Result<ResourcesFound> find_resources(io::SqlConnection& sql, const ResourceQuery& query) {
  const bool lite = sql.dialect() == io::SqlDialect::sqlite;
  Parameters parameters;
  std::string where =
      " FROM resources r JOIN entries e ON e.id = r.entry WHERE r.listed = 1 AND e.listed = 1";
  const auto given = [&](io::SqlValue value) {
    parameters.push_back(std::move(value));
    return "$" + std::to_string(parameters.size());
  };
  if (!query.format.empty()) where += " AND upper(r.format) = upper(" + given(query.format) + ")";
  if (!query.digest.is_zero()) where += " AND r.digest = " + given(hex(query.digest));
  if (!query.name.empty()) {
    const std::string name = lite ? "coalesce(json_extract(r.body, '$.name.zh'), '') || ' ' || "
                                    "coalesce(json_extract(r.body, '$.name.en'), '')"
                                  : "coalesce(CAST(r.body AS json) #>> '{name,zh}', '') || ' ' || "
                                    "coalesce(CAST(r.body AS json) #>> '{name,en}', '')";
    where += " AND r.body <> '' AND 0 < " + std::string{lite ? "instr" : "strpos"} + "(lower(" +
             name + "), lower(" + given(query.name) + "))";
  }
  ResourcesFound out;
  WUSONG_TRY(const auto count, sql.query("SELECT count(*)" + where, parameters));
  if (count.rows.size() != 1) return fail(err::projection_damaged);
  out.total = RowReader{count.rows[0]}.number();
  parameters.push_back(number(std::min(query.limit, kPageMax)));
  parameters.push_back(number(std::min<std::uint64_t>(query.offset, INT64_MAX)));
  WUSONG_TRY(
      const auto rows,
      sql.query("SELECT r.id, r.entry, r.listed, r.version, r.updated, r.digest, r.format, "
                "r.media_type, r.size, r.row_count, r.body" +
                    where + " ORDER BY r.id LIMIT $" + std::to_string(parameters.size() - 1) +
                    " OFFSET $" + std::to_string(parameters.size()),
                parameters));
  for (const auto& row : rows.rows) {
    WUSONG_TRY(auto one, read_resource(row));
    out.items.push_back(std::move(one));
  }
  return out;
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

Result<std::vector<Resource>> resources_by_digest(io::SqlConnection& sql, const Hash& digest) {
  if (digest.is_zero()) return std::vector<Resource>{};
  WUSONG_TRY(const auto rows,
             sql.query("SELECT r.id, r.entry, r.listed, v.version, r.updated, v.digest, r.format, "
                       "r.media_type, r.size, r.row_count, r.body, r.version FROM versions v "
                       "JOIN resources r ON r.id = v.item WHERE v.digest = $1 "
                       "AND v.digest <> '' ORDER BY r.listed DESC, v.time DESC, v.item, v.version "
                       "DESC LIMIT $2",
                       Parameters{hex(digest), number(kPageMax)}));
  std::vector<Resource> out;
  for (const auto& row : rows.rows) {
    WUSONG_TRY(Resource one, read_resource(row));
    const auto* newest = std::get_if<std::int64_t>(&row.back());
    one.current = one.current && newest != nullptr && *newest == one.version;
    if (std::ranges::find(out, one.id, &Resource::id) == out.end()) out.push_back(std::move(one));
  }
  return out;
}

Result<bool> publishes(io::SqlConnection& sql, const ItemId& entry, const Hash& digest) {
  WUSONG_TRY(const auto rows,
             sql.query("SELECT 1 FROM versions v JOIN resources r ON r.id = v.item WHERE "
                       "v.digest = $1 AND v.digest <> '' AND r.entry = $2 AND r.listed = 1 LIMIT 1",
                       Parameters{hex(digest), hex(entry)}));
  return !rows.rows.empty();
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
