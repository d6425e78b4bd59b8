// SPDX-License-Identifier: Apache-2.0
// Rules that a file is held to: one scan counts what breaks them, another shows a few that did.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wusong/tables/operations.hpp"

namespace wusong::tables {
namespace {

constexpr std::size_t kRulesMax = 200;
constexpr std::size_t kReferencesMax = 100'000;
constexpr int kExamples = 5;
constexpr std::array kTypes{"BOOLEAN", "BIGINT", "DOUBLE", "DATE", "TIME", "TIMESTAMP"};

struct Rule {
  std::string name;
  std::string text;     // as asked
  std::string checked;  // counts the values or rows it is about
  std::string failed;   // counts those that break it
  std::string broken;   // a condition on a row, for examples
  std::string example;  // what to show of a row
};

std::string number_text(const codec::JsonValue& value) {
  const auto text = value.string();
  return text ? std::string{*text} : value.to_json();
}

class Rules {
 public:
  explicit Rules(const Source& source) : source_{source} {}

  Rule read(const codec::JsonValue& from) {
    Rule out;
    out.name = from.string_at("rule").value_or("");
    out.text = from.to_json();
    if (out.name == "row_count") return row_count(from, out);
    if (out.name == "unique") return unique(from, out);
    if (out.name == "sum_equals") return sum_equals(from, out);
    const Column& column = source_.column(from.string_at("column").value_or(""));
    const std::string name = quoted_name(column.name);
    out.example = column.text();
    if (out.name == "not_null") {
      out.broken = name + " IS NULL";
      out.checked = "count(*)";
    } else if (out.name == "type") {
      const auto type = from.string_at("type").value_or("");
      if (std::ranges::find(kTypes, type) == kTypes.end())
        throw Failed{"bad_request", fmt::format("no such type: {}", type)};
      out.broken = fmt::format("{0} IS NOT NULL AND TRY_CAST({0} AS {1}) IS NULL", name, type);
    } else if (out.name == "range") {
      out.broken = range(from, column);
    } else if (out.name == "regex") {
      out.broken = fmt::format("NOT regexp_full_match({}, {})", column.text(),
                               quoted_text(from.string_at("pattern").value_or("")));
    } else if (out.name == "length") {
      out.broken = fmt::format("length({0}) NOT BETWEEN {1} AND {2}", column.text(),
                               bound(from, "min", "0"), bound(from, "max", "1000000000"));
    } else if (out.name == "in") {
      out.broken = reference(from, column);
    } else {
      throw Failed{"bad_request", fmt::format("no such rule: {}", out.name)};
    }
    if (out.checked.empty()) out.checked = fmt::format("count({})", name);
    out.failed = fmt::format("CAST(count_if({}) AS BIGINT)", out.broken);
    return out;
  }

 private:
  static std::string bound(const codec::JsonValue& from, std::string_view key,
                           const std::string& otherwise) {
    const auto found = from.find(key);
    if (!found) return otherwise;
    const auto number = found->i64();
    if (!number) throw Failed{"bad_request", fmt::format("{} is no number", key)};
    return fmt::format("{}", *number);
  }

  /// Values that are of another type break a range as well.
  static std::string range(const codec::JsonValue& from, const Column& column) {
    std::string out;
    const auto low = from.find("min");
    const auto high = from.find("max");
    if (!low && !high) throw Failed{"bad_request", "a range has a min or a max"};
    const std::string value = column.typed();
    const auto add = [&](const std::string& condition) {
      out += (out.empty() ? "" : " OR ") + condition;
    };
    const auto limit = [&](const codec::JsonValue& bound_value) {
      return fmt::format("CAST({} AS {})", quoted_text(number_text(bound_value)), column.type);
    };
    if (low) add(fmt::format("{} < {}", value, limit(*low)));
    if (high) add(fmt::format("{} > {}", value, limit(*high)));
    if (column.raw && column.type != "VARCHAR") add(value + " IS NULL");
    return fmt::format("{} IS NOT NULL AND ({})", quoted_name(column.name), out);
  }

  static std::string reference(const codec::JsonValue& from, const Column& column) {
    const auto values = from.find("values");
    if (!values || values->size() == 0 || values->size() > kReferencesMax)
      throw Failed{"bad_request", "a reference set has 1 to 100,000 values"};
    std::string list;
    for (const auto& value : values->items())
      list += (list.empty() ? "" : ", ") + quoted_text(number_text(value));
    return fmt::format("{} NOT IN ({})", column.text(), list);
  }

  Rule row_count(const codec::JsonValue& from, Rule out) const {
    out.checked = "count(*)";
    out.failed =
        fmt::format("CAST(CASE WHEN count(*) BETWEEN {} AND {} THEN 0 ELSE 1 END AS BIGINT)",
                    bound(from, "min", "0"), bound(from, "max", "9223372036854775807"));
    return out;
  }

  Rule unique(const codec::JsonValue& from, Rule out) const {
    std::string list;
    std::string shown;
    std::string present;
    const auto columns = from.find("columns");
    for (const auto& one : columns ? columns->items() : std::vector<codec::JsonValue>{}) {
      const Column& column = source_.column(one.string().value_or(""));
      if (!list.empty()) list += ", ", shown += " || ', ' || ", present += " AND ";
      list += quoted_name(column.name);
      shown += fmt::format("coalesce({}, '')", column.text());
      present += quoted_name(column.name) + " IS NOT NULL";
    }
    if (list.empty()) throw Failed{"bad_request", "unique names no columns"};
    out.example = fmt::format("SELECT {} FROM {} WHERE {} GROUP BY {} HAVING count(*) > 1 LIMIT {}",
                              shown, source_.relation, present, list, kExamples);
    out.checked = fmt::format("count(*) FILTER ({})", present);
    // How many rows too many: counted by a statement of its own.
    out.failed = fmt::format(
        "(SELECT CAST(coalesce(sum(n - 1), 0) AS BIGINT) FROM (SELECT count(*) AS n FROM {} WHERE "
        "{} "
        "GROUP BY {} HAVING count(*) > 1))",
        source_.relation, present, list);
    return out;
  }

  /// In every row: the parts together are the total, within a tolerance.
  Rule sum_equals(const codec::JsonValue& from, Rule out) const {
    std::string sum;
    const auto columns = from.find("columns");
    for (const auto& one : columns ? columns->items() : std::vector<codec::JsonValue>{}) {
      const Column& column = source_.column(one.string().value_or(""));
      sum += (sum.empty() ? "" : " + ") +
             fmt::format("coalesce(TRY_CAST({} AS DOUBLE), 0)", quoted_name(column.name));
    }
    if (sum.empty()) throw Failed{"bad_request", "sum_equals names no columns"};
    const Column& total = source_.column(from.string_at("total").value_or(""));
    const auto tolerance = from.find("tolerance");
    const double within = tolerance ? tolerance->number().value_or(0) : 0;
    const std::string whole = fmt::format("TRY_CAST({} AS DOUBLE)", quoted_name(total.name));
    out.broken =
        fmt::format("{0} IS NOT NULL AND abs({1} - {0}) > {2}", whole, sum, std::max(within, 1e-9));
    out.example = fmt::format("CAST({} AS VARCHAR) || ' <> ' || CAST({} AS VARCHAR)", sum, whole);
    out.checked = fmt::format("count({})", whole);
    out.failed = fmt::format("CAST(count_if({}) AS BIGINT)", out.broken);
    return out;
  }

  const Source& source_;
};

}  // namespace

void quality(Engine& engine, const Source& source, const codec::JsonValue& request,
             codec::JsonWriter& out) {
  const auto asked = request.find("rules");
  if (!asked || asked->size() == 0 || asked->size() > kRulesMax)
    throw Failed{"bad_request", "between 1 and 200 rules are checked"};
  Rules reader{source};
  std::vector<Rule> rules;
  std::string list = "count(*)";
  for (const auto& one : asked->items()) {
    rules.push_back(reader.read(one));
    list += fmt::format(", {}, {}", rules.back().checked, rules.back().failed);
  }
  const auto counted = engine.query("SELECT " + list + " FROM " + source.relation);
  const auto& counts = counted.rows.at(0);
  bool all = true;
  out.key("rows").number(number_of(counts[0]));
  out.key("rejected").number(rejected_lines(engine, source));
  out.key("results").open_array();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    const std::int64_t failed = number_of(counts[2 * i + 2]);
    all &= failed == 0;
    out.open_object().key("rule").raw(rule.text);
    out.key("passed").boolean(failed == 0);
    out.key("checked").number(number_of(counts[2 * i + 1]));
    out.key("failed").number(failed);
    out.key("examples").open_array();
    if (failed > 0 && !rule.example.empty()) {
      const auto examples = engine.query(
          rule.name == "unique"
              ? rule.example
              : fmt::format(
                    "SELECT DISTINCT left({}, 256) FROM (SELECT * FROM {} WHERE {} LIMIT {})",
                    rule.example, source.relation, rule.broken, kExamples));
      for (const auto& row : examples.rows) write_cell(out, row.at(0));
    }
    out.close_array().close_object();
  }
  out.close_array();
  out.key("passed").boolean(all);
}

}  // namespace wusong::tables
