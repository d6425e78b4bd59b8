// SPDX-License-Identifier: Apache-2.0
// A file that somebody uploaded, as a table: format, dialect, columns and their types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/codec/json.hpp"
#include "wusong/tables/engine.hpp"

namespace wusong::tables {

inline constexpr std::size_t kColumnsMax = 2'000;
inline constexpr std::size_t kLineBytesMax = 2u << 20;

struct Column {
  std::string name;
  std::string type;  // DuckDB's name
  /// The file gives text, and values that are not of the type are NULL in `typed`.
  bool raw{false};
  bool settled{false};  // the type suits every value: it was given, or all were looked at

  std::string typed() const;  // an expression
  std::string text() const;   // the same as VARCHAR
};

struct Source {
  std::string format;    // csv, json, parquet, geojson
  std::string encoding;  // utf-8, gb18030, utf-16
  std::string relation;  // what stands behind FROM
  std::string delimiter;
  std::vector<Column> columns;
  bool rejects{false};  // lines that can not be read are counted in reject_errors

  /// @errors Failed "no_such_column"
  const Column& column(std::string_view name) const;
};

/// Looks at the first bytes: "parquet", "json", "xlsx" or "csv".
std::string guess_format(const std::string& path);

/// What `input` of a request names: {"path", "format"?, "types"?: {column: type}}. Files in
/// another encoding, and formats that DuckDB alone does not read, are written anew in
/// `temporary_folder` first; `prepare` runs before the engine is locked, `open` after it.
class Input {
 public:
  /// `name` is that of its files and tables: two inputs of one request have two.
  Input(const codec::JsonValue& request, const std::string& temporary_folder, std::string name);
  /// The files that the engine must be able to open.
  const std::vector<std::string>& paths() const noexcept { return paths_; }
  Source open(Engine& engine) const;
  std::uint64_t size() const noexcept { return size_; }

 private:
  Source open_csv(Engine& engine) const;
  Source open_described(Engine& engine, std::string relation) const;
  Source open_geojson(Engine& engine) const;
  void apply_types(Source& source) const;

  std::string name_;
  std::string path_;
  std::string format_;
  std::string encoding_{"utf-8"};
  std::vector<std::string> paths_;
  std::vector<std::pair<std::string, std::string>> types_;
  std::uint64_t size_{0};
};

/// Types of a CSV's columns that suit every value, not only the first thousand: what the beginning
/// suggested is kept where all values agree, else the next wider type is tried.
/// Fills `exceptions` (one number a column) with how many values the suggested type did not suit.
void settle_types(Engine& engine, Source& source, std::vector<std::int64_t>& exceptions);

}  // namespace wusong::tables
