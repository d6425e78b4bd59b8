// SPDX-License-Identifier: Apache-2.0
// Two versions of a table: which columns came, went or changed their type, and, where columns name
// a row, which rows did.
#include <fmt/format.h>

#include <algorithm>

#include "wusong/tables/operations.hpp"

namespace wusong::tables {
namespace {

constexpr std::int64_t kExamplesMax = 1'000;
constexpr std::size_t kKeyColumnsMax = 16;

const Column* find(const Source& source, std::string_view name) {
  const auto found = std::ranges::find(source.columns, name, &Column::name);
  return found == source.columns.end() ? nullptr : &*found;
}

std::int64_t count_rows(Engine& engine, const Source& source) {
  return number_of(engine.query("SELECT count(*) FROM " + source.relation).rows.at(0).at(0));
}

void write_columns(codec::JsonWriter& out, std::string_view key, const Source& of,
                   const Source& without) {
  out.key(key).open_array();
  for (const auto& column : of.columns) {
    if (find(without, column.name) != nullptr) continue;
    out.open_object().key("name").string(column.name);
    out.key("type").string(column.type).close_object();
  }
  out.close_array();
}

void write_retyped(codec::JsonWriter& out, const Source& before, const Source& after) {
  out.key("retyped").open_array();
  for (const auto& column : before.columns) {
    const Column* later = find(after, column.name);
    if (later == nullptr || later->type == column.type) continue;
    out.open_object().key("name").string(column.name);
    out.key("before").string(column.type).key("after").string(later->type).close_object();
  }
  out.close_array();
}

/// Rows of both versions by their key, values as text: what is written the same is the same.
class Changes {
 public:
  Changes(Engine& engine, const Source& before, const Source& after,
          const std::vector<codec::JsonValue>& key)
      : engine_{engine} {
    if (key.size() > kKeyColumnsMax) throw Failed{"bad_request", "a key has at most 16 columns"};
    for (const auto& one : key) {
      const std::string name{one.string().value_or("")};
      static_cast<void>(before.column(name));
      static_cast<void>(after.column(name));
      if (std::ranges::find(key_, name) == key_.end()) key_.push_back(name);
    }
    for (const auto& column : before.columns) {
      const bool is_key = std::ranges::find(key_, column.name) != key_.end();
      if (!is_key && find(after, column.name) != nullptr) common_.push_back(column.name);
    }
    lay_out("before", before);
    lay_out("after", after);
  }

  void write(codec::JsonWriter& out, std::int64_t limit) {
    const auto counted = engine_.query(
        fmt::format("SELECT count(*) FILTER (b.here IS NULL), count(*) FILTER (a.here IS NULL), "
                    "count(*) FILTER (a.here AND b.here AND ({})) FROM {}",
                    differs(), joined()));
    out.key("changes").open_object();
    out.key("key").open_array();
    for (const auto& name : key_) out.string(name);
    out.close_array();
    out.key("added").number(number_of(counted.rows.at(0).at(0)));
    out.key("removed").number(number_of(counted.rows[0].at(1)));
    out.key("changed").number(number_of(counted.rows[0].at(2)));
    out.key("examples").open_array();
    for (const auto& row : examples(limit).rows) write_example(out, row);
    out.close_array().close_object();
  }

 private:
  /// A view of texts k0…, c0…, and `here`. A key that names two rows is no key.
  void lay_out(const std::string& view, const Source& source) {
    std::string list = "true AS here";
    std::string keys;
    const auto add = [&](char prefix, std::size_t i, const std::string& name) {
      list += fmt::format(", {} AS {}{}", source.column(name).text(), prefix, i);
    };
    for (std::size_t i = 0; i < key_.size(); ++i) {
      add('k', i, key_[i]);
      keys += fmt::format("{}k{}", i == 0 ? "" : ", ", i);
    }
    for (std::size_t i = 0; i < common_.size(); ++i) add('c', i, common_[i]);
    engine_.run(fmt::format("CREATE TEMP VIEW version_{} AS SELECT {} FROM {}", view, list,
                            source.relation));
    const auto twice =
        engine_.query(fmt::format("SELECT count(*) FROM (SELECT 1 FROM version_{} GROUP BY {} "
                                  "HAVING count(*) > 1)",
                                  view, keys));
    if (number_of(twice.rows.at(0).at(0)) > 0)
      throw Failed{"not_a_key", fmt::format("{} keys name several rows {} the change",
                                            number_of(twice.rows[0][0]), view)};
  }

  std::string joined() const {
    std::string on;
    for (std::size_t i = 0; i < key_.size(); ++i)
      on += fmt::format("{}b.k{} IS NOT DISTINCT FROM a.k{}", i == 0 ? "" : " AND ", i, i);
    return "version_before AS b FULL JOIN version_after AS a ON " + on;
  }

  std::string differs() const {
    std::string out;
    for (std::size_t i = 0; i < common_.size(); ++i)
      out += fmt::format("{}b.c{} IS DISTINCT FROM a.c{}", i == 0 ? "" : " OR ", i, i);
    return out.empty() ? "false" : out;
  }

  Table examples(std::int64_t limit) {
    std::string list = "b.here IS NULL, a.here IS NULL";
    std::string order;
    for (std::size_t i = 0; i < key_.size(); ++i) {
      list += fmt::format(", coalesce(b.k{0}, a.k{0}) AS o{0}", i);
      order += fmt::format("{}o{}", i == 0 ? "" : ", ", i);
    }
    for (std::size_t i = 0; i < common_.size(); ++i) list += fmt::format(", b.c{0}, a.c{0}", i);
    return engine_.query(fmt::format(
        "SELECT {} FROM {} WHERE b.here IS NULL OR a.here IS NULL OR {} ORDER BY {} LIMIT {}", list,
        joined(), differs(), order, limit));
  }

  void write_example(codec::JsonWriter& out, const std::vector<Cell>& row) const {
    const auto* added = std::get_if<bool>(&row.at(0));
    const auto* removed = std::get_if<bool>(&row.at(1));
    const bool is_new = added != nullptr && *added;
    const bool is_gone = removed != nullptr && *removed;
    out.open_object().key("change").string(is_new ? "added" : is_gone ? "removed" : "changed");
    out.key("key").open_array();
    for (std::size_t i = 0; i < key_.size(); ++i) write_cell(out, row.at(2 + i));
    out.close_array();
    out.key("values").open_array();
    for (std::size_t i = 0; i < common_.size(); ++i) {
      const Cell& before = row.at(2 + key_.size() + 2 * i);
      const Cell& after = row.at(3 + key_.size() + 2 * i);
      if (before == after) continue;
      out.open_object().key("column").string(common_[i]);
      if (!is_new) write_cell(out.key("before"), before);
      if (!is_gone) write_cell(out.key("after"), after);
      out.close_object();
    }
    out.close_array().close_object();
  }

  Engine& engine_;
  std::vector<std::string> key_;
  std::vector<std::string> common_;
};

}  // namespace

void diff(Engine& engine, Source& before, Source& after, const codec::JsonValue& request,
          codec::JsonWriter& out) {
  std::vector<std::int64_t> exceptions;
  settle_types(engine, before, exceptions);
  settle_types(engine, after, exceptions);
  out.key("rows").open_object();
  out.key("before").number(count_rows(engine, before));
  out.key("after").number(count_rows(engine, after)).close_object();
  out.key("columns").open_object();
  write_columns(out, "added", after, before);
  write_columns(out, "removed", before, after);
  write_retyped(out, before, after);
  out.close_object();
  const auto key = request.find("key");
  if (!key || key->size() == 0) return;
  Changes{engine, before, after, key->items()}.write(out,
                                                     number_at(request, "limit", 50, kExamplesMax));
}

}  // namespace wusong::tables
