// SPDX-License-Identifier: Apache-2.0
// Rows: the first ones, those that a structured question asks for, and all of them in another
// format.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "wusong/codec/hex.hpp"
#include "wusong/platform/sha256_stream.hpp"
#include "wusong/tables/operations.hpp"

namespace wusong::tables {
namespace {

constexpr std::int64_t kPreviewMax = 1'000;
constexpr std::int64_t kExactInJsonMax = 9'007'199'254'740'991;  // 2^53 - 1

bool is_simple(std::string_view type) {
  constexpr std::array kSimple{"BOOLEAN",   "TINYINT",  "SMALLINT", "INTEGER", "BIGINT", "UTINYINT",
                               "USMALLINT", "UINTEGER", "FLOAT",    "DOUBLE",  "VARCHAR"};
  return std::ranges::find(kSimple, type) != kSimple.end();
}

bool is_integer(std::string_view type) {
  return type.find("INT") != std::string_view::npos && type != "INTERVAL";
}

/// What the engine may hand out as it is.
std::string shown(const Column& column) {
  return is_simple(column.type) ? column.typed()
                                : fmt::format("CAST({} AS VARCHAR)", column.typed());
}

std::string member(const codec::JsonValue& from, std::string_view key) {
  const auto text = from.string_at(key);
  if (!text) throw Failed{"bad_request", fmt::format("{} is missing", key)};
  return std::string{*text};
}

std::vector<codec::JsonValue> list_at(const codec::JsonValue& request, std::string_view key) {
  const auto found = request.find(key);
  return found ? found->items() : std::vector<codec::JsonValue>{};
}

/// Strings as they are, anything else as JSON writes it.
std::string plain_value(const codec::JsonValue& value) {
  const auto text = value.string();
  return text ? std::string{*text} : value.to_json();
}

/// SQL from a question whose every name is a column's and whose every value is a parameter.
class Question {
 public:
  Question(const Source& source, const codec::JsonValue& request)
      : source_{source}, request_{request} {
    for (const auto& filter : list_at(request, "filters")) add_filter(filter);
    add_search();
    add_columns();
  }

  std::string rows_sql() const {
    std::string sql = "SELECT " + select_ + " FROM " + source_.relation + where_;
    if (!groups_.empty()) sql += " GROUP BY " + groups_;
    std::string order;
    for (const auto& one : list_at(request_, "order")) {
      const auto descending = one.find("descending");
      const bool down = descending && descending->boolean().value_or(false);
      order += (order.empty() ? "" : ", ") + ordered_by(member(one, "column"));
      order += down ? " DESC NULLS LAST" : " ASC NULLS LAST";
    }
    // Groups come back in one order, or pages of them would overlap.
    if (!groups_.empty()) order += (order.empty() ? "" : ", ") + groups_;
    if (!order.empty()) sql += " ORDER BY " + order;
    return sql + fmt::format(" LIMIT {} OFFSET {}", number_at(request_, "limit", 100, kRowsMax),
                             number_at(request_, "offset", 0, std::int64_t{1} << 40));
  }
  std::string total_sql() const {
    if (groups_.empty() && grouped_) return "SELECT CAST(1 AS BIGINT)" + unused();
    const std::string inner = groups_.empty() ? source_.relation + where_
                                              : "(SELECT 1 FROM " + source_.relation + where_ +
                                                    " GROUP BY " + groups_ + ")";
    return "SELECT count(*) FROM " + inner;
  }
  const std::vector<std::string>& parameters() const noexcept { return parameters_; }
  const std::string& name(std::size_t shown_column) const { return names_.at(shown_column); }
  const std::string& type(std::size_t shown_column) const { return types_.at(shown_column); }
  bool parameters_in_total() const noexcept { return !(groups_.empty() && grouped_); }

 private:
  static std::string unused() { return {}; }

  /// What is shown, where it is shown as it is; else the column.
  std::string ordered_by(const std::string& name) const {
    const auto place = std::ranges::find(names_, name);
    const bool is_shown = place != names_.end();
    const bool as_text = is_shown && texts_[static_cast<std::size_t>(place - names_.begin())];
    const bool is_column =
        std::ranges::find(source_.columns, name, &Column::name) != source_.columns.end();
    if (is_shown && (!as_text || !is_column)) return fmt::format("{}", place - names_.begin() + 1);
    if (grouped_ && !is_shown)
      throw Failed{"bad_request", fmt::format("{} is neither a group nor an aggregate", name)};
    return source_.column(name).typed();
  }

  std::string parameter(const codec::JsonValue& value) {
    parameters_.push_back(plain_value(value));
    return fmt::format("${}", parameters_.size());
  }

  std::string compared(const Column& column, const codec::JsonValue& value) {
    const std::string place = parameter(value);
    return column.type == "VARCHAR" ? place : fmt::format("CAST({} AS {})", place, column.type);
  }

  void add_filter(const codec::JsonValue& filter) {
    const Column& column = source_.column(member(filter, "column"));
    const std::string op = member(filter, "op");
    constexpr std::array kCompare{"=", "!=", "<", "<=", ">", ">="};
    std::string condition;
    if (op == "null" || op == "not_null") {
      condition = fmt::format("{} IS {}NULL", quoted_name(column.name), op == "null" ? "" : "NOT ");
    } else {
      const auto value = filter.find("value");
      if (!value) throw Failed{"bad_request", "a filter has no value"};
      if (std::ranges::find(kCompare, op) != kCompare.end()) {
        condition = fmt::format("{} {} {}", column.typed(), op, compared(column, *value));
      } else if (op == "in") {
        std::string list;
        for (const auto& one : value->items())
          list += (list.empty() ? "" : ", ") + compared(column, one);
        condition = list.empty() ? "false" : fmt::format("{} IN ({})", column.typed(), list);
      } else if (op == "contains") {
        condition = fmt::format("contains(lower({}), lower({}))", column.text(), parameter(*value));
      } else if (op == "starts") {
        condition = fmt::format("starts_with({}, {})", column.text(), parameter(*value));
      } else {
        throw Failed{"bad_request", fmt::format("no such comparison: {}", op)};
      }
    }
    add_condition(condition);
  }

  /// A text that stands in any of the columns.
  void add_search() {
    const auto text = request_.find("search");
    if (!text || plain_value(*text).empty()) return;
    const std::string place = parameter(*text);
    std::string any;
    for (const auto& column : source_.columns) {
      any += any.empty() ? "(" : " OR ";
      any += fmt::format("contains(lower({}), lower({}))", column.text(), place);
    }
    add_condition(any + ")");
  }

  void add_condition(const std::string& condition) {
    where_ += (where_.empty() ? " WHERE " : " AND ") + condition;
  }

  void show(const std::string& expression, const std::string& name, std::string type,
            bool as_text = false) {
    if (!select_.empty()) select_ += ", ";
    select_ += fmt::format("{} AS {}", expression, quoted_name(name));
    names_.push_back(name);
    types_.push_back(std::move(type));
    texts_.push_back(as_text);
  }
  void show(const Column& column) {
    show(shown(column), column.name, column.type, !is_simple(column.type));
  }

  void add_columns() {
    const auto groups = list_at(request_, "group_by");
    const auto aggregates = list_at(request_, "aggregates");
    grouped_ = !groups.empty() || !aggregates.empty();
    for (const auto& name : groups) {
      const Column& column = source_.column(name.string().value_or(""));
      show(column);
      groups_ += (groups_.empty() ? "" : ", ") + column.typed();
    }
    for (const auto& aggregate : aggregates) add_aggregate(aggregate);
    if (grouped_) return;
    const auto wanted = list_at(request_, "select");
    for (const auto& name : wanted) show(source_.column(name.string().value_or("")));
    if (!wanted.empty()) return;
    for (const auto& column : source_.columns) show(column);
  }

  void add_aggregate(const codec::JsonValue& aggregate) {
    const std::string function = member(aggregate, "function");
    if (function == "count" && !aggregate.find("column"))
      return show("count(*)", "count", "BIGINT");
    const Column& column = source_.column(member(aggregate, "column"));
    const std::string name = fmt::format("{}({})", function, column.name);
    const std::string typed = column.typed();
    if (function == "count") return show(fmt::format("count({})", typed), name, "BIGINT");
    if (function == "distinct")
      return show(fmt::format("count(DISTINCT {})", typed), name, "BIGINT");
    if (function == "min" || function == "max") {
      const std::string value = fmt::format("{}({})", function, typed);
      return is_simple(column.type)
                 ? show(value, name, column.type)
                 : show(fmt::format("CAST({} AS VARCHAR)", value), name, column.type, true);
    }
    if (function != "sum" && function != "avg" && function != "median")
      throw Failed{"bad_request", fmt::format("no such aggregate: {}", function)};
    if (!is_integer(column.type) && column.type != "DOUBLE" && column.type != "FLOAT" &&
        !column.type.starts_with("DECIMAL"))
      throw Failed{"bad_value",
                   fmt::format("{} of {}, which is {}", function, column.name, column.type)};
    const bool whole = function == "sum" && is_integer(column.type);
    const char* type = whole ? "BIGINT" : "DOUBLE";
    show(fmt::format("{}({}({}) AS {})", whole ? "TRY_CAST" : "CAST", function, typed, type), name,
         type);
  }

  const Source& source_;
  const codec::JsonValue& request_;
  std::string select_;
  std::string where_;
  std::string groups_;
  bool grouped_{false};
  std::vector<std::string> names_;
  std::vector<std::string> types_;
  std::vector<bool> texts_;  // shown as text, though it is of another type
  std::vector<std::string> parameters_;
};

}  // namespace

std::int64_t number_at(const codec::JsonValue& request, std::string_view key,
                       std::int64_t otherwise, std::int64_t most) {
  const auto found = request.find(key);
  if (!found) return otherwise;
  const auto number = found->i64();
  if (!number || *number < 0) throw Failed{"bad_request", fmt::format("{} is no number", key)};
  return std::min(*number, most);
}

void write_cell(codec::JsonWriter& out, const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) {
    std::size_t size = std::min(text->size(), kCellBytesMax);
    // Not in the middle of a character.
    while (size < text->size() && size > 0 &&
           (static_cast<std::uint8_t>((*text)[size]) & 0xc0) == 0x80)
      --size;
    out.string(std::string_view{*text}.substr(0, size));
  } else if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    if (*number > kExactInJsonMax || *number < -kExactInJsonMax)
      out.string(fmt::format("{}", *number));
    else
      out.number(*number);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    if (std::isfinite(*real))
      out.number(*real);
    else
      out.string(fmt::format("{}", *real));
  } else if (const auto* yes = std::get_if<bool>(&cell)) {
    out.boolean(*yes);
  } else {
    out.null();
  }
}

void write_table(codec::JsonWriter& out, const Table& table) {
  out.key("rows").open_array();
  for (const auto& row : table.rows) {
    out.open_array();
    for (const auto& cell : row) write_cell(out, cell);
    out.close_array();
  }
  out.close_array();
}

std::int64_t rejected_lines(Engine& engine, const Source& source) {
  if (!source.rejects) return 0;
  try {
    return number_of(
        engine.query("SELECT count(DISTINCT line) FROM reject_errors").rows.at(0).at(0));
  } catch (const Failed&) {
    return 0;  // the table is made when a first scan ends
  }
}

void preview(Engine& engine, const Source& source, const codec::JsonValue& request,
             codec::JsonWriter& out) {
  std::string list;
  for (const auto& column : source.columns) {
    if (!list.empty()) list += ", ";
    // Text as it stands in the file: a preview hides nothing that does not suit the guessed type.
    list += column.raw ? quoted_name(column.name)
                       : fmt::format("{} AS {}", shown(column), quoted_name(column.name));
  }
  const auto table = engine.query(fmt::format("SELECT {} FROM {} LIMIT {}", list, source.relation,
                                              number_at(request, "limit", 50, kPreviewMax)));
  out.key("columns").open_array();
  for (const auto& column : source.columns) {
    out.open_object().key("name").string(column.name);
    out.key("type").string(column.type).close_object();
  }
  out.close_array();
  write_table(out, table);
}

void query(Engine& engine, Source& source, const codec::JsonValue& request,
           codec::JsonWriter& out) {
  std::vector<std::int64_t> exceptions;
  settle_types(engine, source, exceptions);
  const Question question{source, request};
  const auto table = engine.query(question.rows_sql(), question.parameters());
  out.key("columns").open_array();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    out.open_object().key("name").string(question.name(i));
    out.key("type").string(question.type(i)).close_object();
  }
  out.close_array();
  write_table(out, table);
  const auto total = request.find("total");
  if (!total || !total->boolean().value_or(false)) return;
  const auto counted = engine.query(question.total_sql(), question.parameters_in_total()
                                                              ? question.parameters()
                                                              : std::vector<std::string>{});
  out.key("total").number(number_of(counted.rows.at(0).at(0)));
}

std::pair<std::string, std::string> output_of(const codec::JsonValue& request) {
  const auto output = request.find("output");
  if (!output) throw Failed{"bad_request", "output is missing"};
  std::pair<std::string, std::string> out{member(*output, "path"), member(*output, "format")};
  if (out.second != "csv" && out.second != "parquet" && out.second != "json")
    throw Failed{"bad_request", "files are written as csv, parquet or json"};
  if (std::filesystem::exists(out.first)) throw Failed{"bad_request", "the output exists already"};
  return out;
}

void write_file(Engine& engine, const std::string& select, const std::string& path,
                const std::string& format, codec::JsonWriter& out) {
  const char* options = format == "csv"    ? "FORMAT csv, HEADER"
                        : format == "json" ? "FORMAT json, ARRAY"
                                           : "FORMAT parquet, COMPRESSION zstd";
  const auto copied =
      engine.query(fmt::format("COPY ({}) TO {} ({})", select, quoted_text(path), options));
  platform::Sha256Stream hash;
  std::ifstream file{path, std::ios::binary};
  Bytes buffer(1u << 20);
  std::uint64_t size = 0;
  while (file) {
    file.read(reinterpret_cast<char*>(buffer.data()), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    hash.add(BytesView{buffer}.first(count));
    size += count;
  }
  out.key("output").open_object();
  out.key("path").string(path);
  out.key("format").string(format);
  out.key("size").number(size);
  out.key("sha256").string(codec::to_hex(hash.finish()));
  out.key("rows").number(copied.rows.empty() ? std::int64_t{0} : number_of(copied.rows[0][0]));
  out.close_object();
}

void convert(Engine& engine, Source& source, const codec::JsonValue& request,
             codec::JsonWriter& out) {
  const auto [path, format] = output_of(request);
  std::vector<std::int64_t> exceptions;
  settle_types(engine, source, exceptions);
  const auto asked = request.find("escape_formulas");
  const bool escape = format == "csv" && asked && asked->boolean().value_or(false);
  // What a spreadsheet would take for a formula is text, in cells and in the first line.
  constexpr std::string_view kFormula = "^[=+@\\-\\t\\r\\n＝＋－＠]";
  constexpr std::string_view kFormulaFirst = "=+-@\t\r\n";
  std::string list;
  for (const auto& column : source.columns) {
    if (!list.empty()) list += ", ";
    const std::string name = quoted_name(column.name);
    std::string value = format == "csv" && column.raw ? name : column.typed();
    std::string title = column.name;
    if (escape && column.type == "VARCHAR")
      value = fmt::format("CASE WHEN regexp_matches({0}, {1}) THEN '''' || {0} ELSE {0} END", value,
                          quoted_text(kFormula));
    if (escape && !title.empty() && kFormulaFirst.find(title.front()) != std::string_view::npos)
      title.insert(0, "'");
    list += fmt::format("{} AS {}", value, quoted_name(title));
  }
  write_file(engine, fmt::format("SELECT {} FROM {}", list, source.relation), path, format, out);
  out.key("rejected").number(rejected_lines(engine, source));
  out.key("columns").open_array();
  for (const auto& column : source.columns) {
    out.open_object().key("name").string(column.name);
    out.key("type").string(column.type).close_object();
  }
  out.close_array();
}

}  // namespace wusong::tables
