// SPDX-License-Identifier: Apache-2.0
// A new file without what must not leave, and the record of how it was made.
#include <fmt/format.h>

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/tables/operations.hpp"

namespace wusong::tables {
namespace {

constexpr std::size_t kKeyBytesMin = 16;

struct Step {
  Column column;
  std::string method{"keep"};
  std::string expression;  // "": dropped
  std::string rule;        // as it was asked for, without any key
};

std::int64_t whole(const codec::JsonValue& rule, std::string_view key, std::int64_t otherwise) {
  const auto found = rule.find(key);
  if (!found) return otherwise;
  const auto number = found->i64();
  if (!number || *number < 0 || *number > 1'000'000'000'000)
    throw Failed{"bad_request", fmt::format("{} is no number", key)};
  return *number;
}

std::string generalised(const Column& column, const codec::JsonValue& rule) {
  if (const auto unit = rule.string_at("unit")) {
    if (column.type != "DATE" && !column.type.starts_with("TIMESTAMP"))
      throw Failed{"bad_value", fmt::format("{} is no date", column.name)};
    if (*unit == "month") return fmt::format("strftime({}, '%Y-%m')", column.typed());
    if (*unit == "year") return fmt::format("strftime({}, '%Y')", column.typed());
    throw Failed{"bad_request", "dates are generalised to a month or a year"};
  }
  if (const auto length = rule.find("length"))
    return fmt::format("left({}, {})", column.text(), whole(rule, "length", 0));
  const std::int64_t step = whole(rule, "step", 0);
  if (step == 0) throw Failed{"bad_request", "generalise takes a step, a unit or a length"};
  if (column.type == "VARCHAR")
    throw Failed{"bad_value", fmt::format("{} is no number", column.name)};
  const std::string low = fmt::format("CAST(floor(CAST({} AS DOUBLE) / {}) * {} AS BIGINT)",
                                      column.typed(), step, step);
  return fmt::format("CAST({0} AS VARCHAR) || '-' || CAST({0} + {1} AS VARCHAR)", low, step - 1);
}

std::string masked(const Column& column, const codec::JsonValue& rule) {
  const std::int64_t first = whole(rule, "keep_first", 0);
  const std::int64_t last = whole(rule, "keep_last", 0);
  // What is too short to hide anything is hidden as a whole.
  return fmt::format(
      "CASE WHEN length({0}) <= {1} THEN repeat('*', length({0})) "
      "ELSE left({0}, {2}) || repeat('*', length({0}) - {1}) || right({0}, {3}) END",
      column.text(), first + last, first, last);
}

class Desensitisation {
 public:
  Desensitisation(Engine& engine, Source& source, const codec::JsonValue& request)
      : engine_{engine}, source_{source}, request_{request} {}

  void run(codec::JsonWriter& out) {
    const auto [path, format] = output_of(request_);
    if (format == "parquet" || needs_types()) {
      std::vector<std::int64_t> exceptions;
      settle_types(engine_, source_, exceptions);
    }
    plan();
    add_key();
    std::string list;
    for (const auto& step : steps_) {
      if (step.expression.empty()) continue;
      if (!list.empty()) list += ", ";
      list += fmt::format("{} AS {}", step.expression, quoted_name(step.column.name));
    }
    if (list.empty()) throw Failed{"bad_request", "no column is left"};
    engine_.run("CREATE TEMP VIEW masked AS SELECT " + list + " FROM " + source_.relation);
    const std::string condition = check_classes();
    write_file(engine_, "SELECT * FROM masked" + condition, path, format, out);
    write_record(out);
  }

 private:
  bool needs_types() const {
    const auto rules = request_.find("columns");
    if (!rules) return false;
    return std::ranges::any_of(rules->items(), [](const codec::JsonValue& rule) {
      return rule.string_at("method").value_or("") == "generalise";
    });
  }

  void plan() {
    const auto others = request_.string_at("others").value_or("keep");
    if (others != "keep" && others != "drop")
      throw Failed{"bad_request", "others are kept or dropped"};
    for (const auto& column : source_.columns) {
      // Text stays as it stands in the file, unless types were settled for all.
      steps_.push_back({column, std::string{others}, others == "keep" ? column.typed() : "", "{}"});
    }
    const auto rules = request_.find("columns");
    for (const auto& rule : rules ? rules->items() : std::vector<codec::JsonValue>{}) {
      const auto name = rule.string_at("column").value_or("");
      const auto found =
          std::ranges::find_if(steps_, [&](const Step& step) { return step.column.name == name; });
      if (found == steps_.end()) throw Failed{"no_such_column", std::string{name}};
      apply(*found, rule);
    }
  }

  void apply(Step& step, const codec::JsonValue& rule) {
    step.method = rule.string_at("method").value_or("");
    step.rule = rule.to_json();
    if (step.method == "keep")
      step.expression = step.column.typed();
    else if (step.method == "drop")
      step.expression.clear();
    else if (step.method == "suppress")
      step.expression = fmt::format("CASE WHEN {} IS NULL THEN NULL ELSE '***' END",
                                    quoted_name(step.column.name));
    else if (step.method == "mask")
      step.expression = masked(step.column, rule);
    else if (step.method == "generalise")
      step.expression = generalised(step.column, rule);
    else if (step.method == "token")
      step.expression = fmt::format("token({})", step.column.text());
    else
      throw Failed{"bad_request", fmt::format("no such method: {}", step.method)};
    tokens_ |= step.method == "token";
  }

  void add_key() {
    if (!tokens_) return;
    const auto text = request_.string_at("key");
    const auto key = text ? codec::from_hex(*text) : Result<Bytes>{Bytes{}};
    if (!key || key->size() < kKeyBytesMin)
      throw Failed{"bad_request", "tokens need a key of at least 16 bytes in hex"};
    engine_.add_token_function(*key);
    // Names the key to those who hold it, and tells others nothing.
    Bytes named = to_bytes(as_bytes("wusong desensitisation key"));
    append(named, *key);
    key_id_ = codec::to_hex(BytesView{hash::sha256(named)}.first(8));
  }

  /// What to add to the query so that only rows in large enough classes are written.
  std::string check_classes() {
    const auto asked = request_.find("k_anonymity");
    if (!asked) return {};
    k_ = std::max<std::int64_t>(2, whole(*asked, "k", 0));
    action_ = asked->string_at("action").value_or("refuse");
    if (action_ != "refuse" && action_ != "suppress" && action_ != "check")
      throw Failed{"bad_request", "k_anonymity's action is refuse, suppress or check"};
    const auto columns = asked->find("columns");
    std::string list;
    for (const auto& one : columns ? columns->items() : std::vector<codec::JsonValue>{}) {
      const std::string name{one.string().value_or("")};
      const auto step =
          std::ranges::find_if(steps_, [&](const Step& each) { return each.column.name == name; });
      if (step == steps_.end() || step->expression.empty()) throw Failed{"no_such_column", name};
      list += (list.empty() ? "" : ", ") + quoted_name(name);
      k_columns_.push_back(name);
    }
    if (list.empty()) throw Failed{"bad_request", "k_anonymity names no columns"};
    const auto counted = engine_.query(fmt::format(
        "SELECT count(*), min(n), CAST(coalesce(sum(n) FILTER (n < {0}), 0) AS BIGINT), "
        "count(*) FILTER (n < {0}), coalesce(min(n) FILTER (n >= {0}), 0) "
        "FROM (SELECT count(*) AS n FROM masked GROUP BY {1})",
        k_, list));
    classes_ = number_of(counted.rows.at(0)[0]);
    smallest_ = number_of(counted.rows[0][1]);
    rows_below_ = number_of(counted.rows[0][2]);
    classes_below_ = number_of(counted.rows[0][3]);
    reached_ = action_ == "suppress" ? number_of(counted.rows[0][4]) : smallest_;
    if (rows_below_ > 0 && action_ == "refuse")
      throw Failed{"not_anonymous",
                   fmt::format("{} rows stand in {} classes of fewer than {}; the smallest has {}",
                               rows_below_, classes_below_, k_, smallest_)};
    return action_ == "suppress"
               ? fmt::format(" QUALIFY count(*) OVER (PARTITION BY {}) >= {}", list, k_)
               : std::string{};
  }

  void write_record(codec::JsonWriter& out) {
    std::string list = "count(*)";
    for (const auto& step : steps_)
      list +=
          step.expression.empty()
              ? fmt::format(", count({})", quoted_name(step.column.name))
              : fmt::format(", CAST(count_if({} IS DISTINCT FROM CAST({} AS VARCHAR)) AS BIGINT)",
                            step.column.text(), step.expression);
    const auto changed = engine_.query("SELECT " + list + " FROM " + source_.relation);
    out.key("record").open_object();
    out.key("engine").string(engine_.version());
    out.key("rows_in").number(number_of(changed.rows.at(0)[0]));
    out.key("rejected").number(rejected_lines(engine_, source_));
    if (tokens_) out.key("key_id").string(key_id_);
    out.key("columns").open_array();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const auto& step = steps_[i];
      out.open_object().key("column").string(step.column.name);
      out.key("method").string(step.method);
      out.key("rule").raw(step.rule);
      out.key("values_changed").number(number_of(changed.rows[0][i + 1]));
      out.close_object();
    }
    out.close_array();
    if (k_ != 0) {
      out.key("k_anonymity").open_object();
      out.key("k").number(k_);
      out.key("action").string(action_);
      out.key("columns").open_array();
      for (const auto& name : k_columns_) out.string(name);
      out.close_array();
      out.key("classes").number(classes_);
      out.key("smallest").number(smallest_);
      out.key("reached").number(reached_);  // by what was written
      out.key("classes_below").number(classes_below_);
      out.key("rows_below").number(rows_below_);
      out.key("suppressed").number(action_ == "suppress" ? rows_below_ : std::int64_t{0});
      out.close_object();
    }
    out.close_object();
  }

  Engine& engine_;
  Source& source_;
  const codec::JsonValue& request_;
  std::vector<Step> steps_;
  bool tokens_{false};
  std::string key_id_;
  std::int64_t k_{0};
  std::string action_;
  std::vector<std::string> k_columns_;
  std::int64_t classes_{0};
  std::int64_t smallest_{0};
  std::int64_t reached_{0};
  std::int64_t rows_below_{0};
  std::int64_t classes_below_{0};
};

}  // namespace

void desensitise(Engine& engine, Source& source, const codec::JsonValue& request,
                 codec::JsonWriter& out) {
  Desensitisation{engine, source, request}.run(out);
}

}  // namespace wusong::tables
