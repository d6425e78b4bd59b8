// SPDX-License-Identifier: Apache-2.0
#include "wusong/tables/source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <iconv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>

#include "wusong/tables/xlsx.hpp"

namespace wusong::tables {
namespace {

constexpr std::size_t kHeadBytes = kLineBytesMax + 1;
constexpr int kSampleRows = 20'480;
/// What a request may call a type.
constexpr std::array kTypes{"BOOLEAN", "BIGINT", "DOUBLE", "DATE", "TIME", "TIMESTAMP", "VARCHAR"};

std::string read_head(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw Failed{"unreadable", "the file can not be opened"};
  std::string head(kHeadBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  return head;
}

class Converter {
 public:
  Converter(const char* to, const char* from) : handle_{::iconv_open(to, from)} {
    if (handle_ == reinterpret_cast<iconv_t>(-1)) throw Failed{"internal", "iconv_open"};
  }
  ~Converter() { ::iconv_close(handle_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  /// Appends what `in` says to `out`; false where it is not of this encoding. What is left in `in`
  /// is the beginning of a character whose end has not come.
  bool convert(std::string_view& in, std::string& out) {
    std::array<char, 64u << 10> buffer;
    while (!in.empty()) {
      char* from = const_cast<char*>(in.data());
      std::size_t from_left = in.size();
      char* to = buffer.data();
      std::size_t to_left = buffer.size();
      const std::size_t done = ::iconv(handle_, &from, &from_left, &to, &to_left);
      out.append(buffer.data(), buffer.size() - to_left);
      in = {from, from_left};
      if (done != static_cast<std::size_t>(-1)) continue;
      if (errno == EINVAL) return true;
      if (errno != E2BIG) return false;
    }
    return true;
  }

 private:
  iconv_t handle_;
};

bool is_encoded(std::string_view head, const char* encoding) {
  Converter converter{"UTF-8", encoding};
  std::string out;
  return converter.convert(head, out);
}

/// The whole file in UTF-8, in `to`.
void rewrite(const std::string& from, const std::string& to, const char* encoding) {
  std::ifstream in{from, std::ios::binary};
  std::ofstream out{to, std::ios::binary};
  Converter converter{"UTF-8", encoding};
  std::string buffer(1u << 20, '\0');
  std::string rest;
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    rest.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    std::string_view view = rest;
    std::string text;
    if (!converter.convert(view, text))
      throw Failed{"not_utf8", fmt::format("not {} either, near byte {}", encoding,
                                           static_cast<std::int64_t>(in.tellg()))};
    out << text;
    rest = std::string{view};
  }
  if (!out.flush()) throw Failed{"disk_full", "the file could not be written anew in UTF-8"};
}

/// A table of one million columns, or of one line without end, is nobody's table.
void check_first_line(std::string_view head) {
  const auto end = head.find_first_of("\r\n");
  if (end == std::string_view::npos && head.size() == kHeadBytes)
    throw Failed{"line_too_long", fmt::format("no end of line in {} bytes", kLineBytesMax)};
  const std::string_view line = head.substr(0, end);
  for (const char delimiter : {',', ';', '\t', '|'}) {
    const auto count = static_cast<std::size_t>(std::ranges::count(line, delimiter));
    if (count >= kColumnsMax * 2)
      throw Failed{"too_many_columns",
                   fmt::format("about {} columns; at most {} are read", count + 1, kColumnsMax)};
  }
}

bool looks_like_geojson(std::string_view head) {
  return head.substr(0, 4'096).find("\"FeatureCollection\"") != std::string_view::npos;
}

}  // namespace

std::string Column::typed() const {
  const std::string quoted = quoted_name(name);
  // DuckDB would round the text "0.5" to a whole number.
  if (raw && type == "BIGINT")
    return fmt::format("(CASE WHEN NOT contains({0}, '.') THEN TRY_CAST({0} AS BIGINT) END)",
                       quoted);
  return raw && type != "VARCHAR" ? fmt::format("TRY_CAST({} AS {})", quoted, type) : quoted;
}

std::string Column::text() const {
  return raw || type == "VARCHAR" ? quoted_name(name)
                                  : fmt::format("CAST({} AS VARCHAR)", quoted_name(name));
}

const Column& Source::column(std::string_view name) const {
  for (const auto& one : columns)
    if (one.name == name) return one;
  throw Failed{"no_such_column", std::string{name}};
}

std::string guess_format(const std::string& path) {
  const std::string head = read_head(path);
  if (head.starts_with("PAR1")) return "parquet";
  if (head.starts_with("PK\x03\x04")) return "xlsx";
  const auto first = head.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first != std::string::npos && (head[first] == '{' || head[first] == '['))
    return looks_like_geojson(head) ? "geojson" : "json";
  return "csv";
}

Input::Input(const codec::JsonValue& request, const std::string& temporary_folder, std::string name)
    : name_{std::move(name)} {
  const auto path = request.string_at("path");
  if (!path) throw Failed{"bad_request", "input.path is missing"};
  path_ = *path;
  struct stat about{};
  if (::stat(path_.c_str(), &about) != 0 || !S_ISREG(about.st_mode))
    throw Failed{"unreadable", "the input is no file"};
  size_ = static_cast<std::uint64_t>(about.st_size);
  if (size_ == 0) throw Failed{"empty", "the file holds nothing"};
  const auto format = request.string_at("format");
  format_ = format && !format->empty() ? std::string{*format} : guess_format(path_);
  if (const auto types = request.find("types")) {
    for (const auto& [column, type] : types->members()) {
      const auto text = type.string();
      if (!text || std::ranges::find(kTypes, *text) == kTypes.end())
        throw Failed{"bad_request", fmt::format("no such type for column {}", column)};
      types_.emplace_back(column, *text);
    }
  }
  if (format_ == "xlsx") {
    const std::string rewritten = fmt::format("{}/{}.sheet.csv", temporary_folder, name_);
    xlsx_to_csv(path_, rewritten);
    path_ = rewritten;
  } else if (format_ == "csv") {
    const std::string head = read_head(path_);
    const char* other = nullptr;
    if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff"))
      other = "UTF-16";
    else if (!is_encoded(head, "UTF-8") && is_encoded(head, "GB18030"))
      other = "GB18030";
    if (other != nullptr) {
      const std::string rewritten = fmt::format("{}/{}.utf8.csv", temporary_folder, name_);
      rewrite(path_, rewritten, other);
      path_ = rewritten;
      encoding_ = std::string_view{other} == "UTF-16" ? "utf-16" : "gb18030";
    }
    check_first_line(read_head(path_));
  } else if (format_ != "parquet" && format_ != "json" && format_ != "geojson") {
    throw Failed{"bad_request", fmt::format("no such format: {}", format_)};
  }
  paths_.push_back(path_);
}

Source Input::open(Engine& engine) const {
  Source source = [&] {
    if (format_ == "csv" || format_ == "xlsx") return open_csv(engine);
    if (format_ == "geojson") return open_geojson(engine);
    if (format_ == "parquet")
      return open_described(engine, fmt::format("read_parquet({})", quoted_text(path_)));
    // Every object is looked at for its types; one may be as large as the file, up to a limit.
    constexpr std::uint64_t kObjectMax = 256u << 20;
    engine.run(
        fmt::format("CREATE TEMP TABLE {} AS SELECT * FROM read_json({}, sample_size=-1, "
                    "maximum_object_size={}, compression='uncompressed')",
                    name_, quoted_text(path_), std::min(size_ + 1'024, kObjectMax)));
    return open_described(engine, name_);
  }();
  source.format = format_;
  source.encoding = encoding_;
  if (source.columns.size() > kColumnsMax)
    throw Failed{"too_many_columns", fmt::format("{} columns; at most {} are read",
                                                 source.columns.size(), kColumnsMax)};
  apply_types(source);
  return source;
}

void Input::apply_types(Source& source) const {
  for (const auto& [name, type] : types_) {
    for (auto& column : source.columns) {
      if (column.name != name) continue;
      if (!column.raw && column.type != "VARCHAR" && column.type != type)
        throw Failed{"bad_request", fmt::format("column {} is {} in the file", name, column.type)};
      if (column.type == "VARCHAR") column.raw = true;
      column.type = type;
      column.settled = true;
    }
  }
}

Source Input::open_csv(Engine& engine) const {
  const std::string path = quoted_text(path_);
  const auto sniffed = engine.query(fmt::format(
      "SELECT CAST(Delimiter AS VARCHAR), CAST(Quote AS VARCHAR), CAST(SkipRows AS BIGINT), "
      "HasHeader FROM sniff_csv({}, sample_size={}, compression='none', ignore_errors=true, "
      "max_line_size={})",
      path, kSampleRows, kLineBytesMax));
  if (sniffed.rows.empty()) throw Failed{"unreadable", "this is no table"};
  const auto& found = sniffed.rows[0];
  const bool header = std::get_if<bool>(&found[3]) == nullptr || std::get<bool>(found[3]);
  const auto columns = engine.query(fmt::format(
      "SELECT c.name, c.type FROM (SELECT unnest(Columns) AS c FROM sniff_csv({}, sample_size={}, "
      "compression='none', ignore_errors=true, max_line_size={}))",
      path, kSampleRows, kLineBytesMax));
  Source out;
  std::string list;
  for (const auto& row : columns.rows) {
    Column column{text_of(row[0]), text_of(row[1]), true};
    if (std::ranges::find(kTypes, column.type) == kTypes.end()) column.type = "VARCHAR";
    if (!list.empty()) list += ", ";
    list += quoted_text(column.name) + ": 'VARCHAR'";
    out.columns.push_back(std::move(column));
  }
  out.delimiter = text_of(found[0]) == "(empty)" ? "," : text_of(found[0]);
  // A quote that the sample did not show may still come.
  std::string quote = text_of(found[1]);
  if (quote == "(empty)" || quote.empty()) quote = "\"";
  out.rejects = true;
  out.relation = fmt::format(
      "read_csv({}, auto_detect=false, delim={}, quote={}, escape={}, skip={}, header={}, "
      "columns={{{}}}, compression='none', max_line_size={}, ignore_errors=true, "
      "store_rejects=true, rejects_limit=100000)",
      path, quoted_text(out.delimiter), quoted_text(quote), quoted_text(quote), number_of(found[2]),
      header, list, kLineBytesMax);
  return out;
}

Source Input::open_described(Engine& engine, std::string relation) const {
  Source out;
  out.relation = std::move(relation);
  const auto described = engine.query("DESCRIBE SELECT * FROM " + out.relation);
  for (const auto& row : described.rows)
    out.columns.push_back({text_of(row[0]), text_of(row[1]), false});
  return out;
}

/// Each feature is a row: its properties, and its geometry as text.
Source Input::open_geojson(Engine& engine) const {
  constexpr std::uint64_t kFileMax = 512u << 20;
  if (size_ > kFileMax) throw Failed{"too_large", "GeoJSON is read up to 512 MiB"};
  engine.run(fmt::format(
      "CREATE TEMP TABLE {0}_feature AS SELECT unnest(features) AS f FROM read_json({1}, "
      "columns={{'features': 'STRUCT(geometry JSON, properties JSON)[]'}}, "
      "maximum_object_size={2}, compression='uncompressed', format='unstructured')",
      name_, quoted_text(path_), size_ + 1'024));
  const auto keys = engine.query(fmt::format(
      "SELECT DISTINCT key FROM (SELECT unnest(json_keys(f.properties)) AS key FROM {}_feature) "
      "ORDER BY key LIMIT {}",
      name_, kColumnsMax + 1));
  Source out;
  std::string list =
      "f.geometry->>'$.type' AS geometry_type, CAST(f.geometry AS VARCHAR) AS geometry";
  out.columns.push_back({"geometry_type", "VARCHAR", false});
  out.columns.push_back({"geometry", "VARCHAR", false});
  for (const auto& row : keys.rows) {
    const std::string key = text_of(row[0]);
    if (key == "geometry" || key == "geometry_type") continue;
    // A JSON pointer escapes two characters and takes all others as they are.
    std::string pointer = "/";
    for (const char c : key) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    list += fmt::format(", f.properties->>{} AS {}", quoted_text(pointer), quoted_name(key));
    out.columns.push_back({key, "VARCHAR", true});
  }
  engine.run(fmt::format("CREATE TEMP TABLE {0} AS SELECT {1} FROM {0}_feature", name_, list));
  engine.run(fmt::format("DROP TABLE {}_feature", name_));
  out.relation = name_;
  // The types that all values suit; there is no sampling to guess from.
  for (auto& column : out.columns) {
    if (!column.raw) continue;
    column.type = "BIGINT";
    for (const char* type : {"BIGINT", "BOOLEAN", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"}) {
      column.type = type;
      const auto misfits =
          engine.query(fmt::format("SELECT count(*) FROM {} WHERE {} IS NOT NULL AND {} IS NULL",
                                   name_, quoted_name(column.name), column.typed()));
      if (number_of(misfits.rows[0][0]) == 0) break;
    }
    column.settled = true;
  }
  return out;
}

namespace {

std::string wider(std::string_view type) {
  if (type == "BIGINT") return "DOUBLE";
  if (type == "DATE") return "TIMESTAMP";
  return "VARCHAR";
}

}  // namespace

void settle_types(Engine& engine, Source& source, std::vector<std::int64_t>& exceptions) {
  exceptions.assign(source.columns.size(), 0);
  std::vector<bool> open(source.columns.size(), false);
  for (std::size_t i = 0; i < open.size(); ++i)
    open[i] =
        source.columns[i].raw && !source.columns[i].settled && source.columns[i].type != "VARCHAR";
  for (int round = 0; round < 3; ++round) {
    std::string list;
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (!open[i]) continue;
      const auto& column = source.columns[i];
      const std::string name = quoted_name(column.name);
      if (!list.empty()) list += ", ";
      list += fmt::format("count({}) - count({})", name, column.typed());
      // Numbers with leading zeros are codes: as numbers they would lose them.
      list += column.type == "BIGINT"
                  ? fmt::format(", CAST(count_if({0} >= '00' AND {0} < '0:') AS BIGINT)", name)
                  : std::string{", CAST(0 AS BIGINT)"};
      asked.push_back(i);
    }
    if (asked.empty()) return;
    const auto counted = engine.query("SELECT " + list + " FROM " + source.relation);
    for (std::size_t k = 0; k < asked.size(); ++k) {
      const std::size_t i = asked[k];
      const std::int64_t misfits = number_of(counted.rows[0][2 * k]);
      const std::int64_t leading = number_of(counted.rows[0][2 * k + 1]);
      if (misfits == 0 && leading == 0) {
        open[i] = false;
        continue;
      }
      if (round == 0) exceptions[i] = misfits;
      source.columns[i].type = leading > 0 ? "VARCHAR" : wider(source.columns[i].type);
      if (source.columns[i].type == "VARCHAR") open[i] = false;
    }
  }
}

}  // namespace wusong::tables
