// SPDX-License-Identifier: Apache-2.0
// What wusong_duck can be asked. A request is one JSON object, an answer another.
//
//   {"op": …, "input": {"path", "format"?, "types"?}, …}
//   → {"ok": true, "engine", "format", "encoding", …}
//   or {"ok": false, "error": {"code", "message": {"zh", "en"}, "detail"}}
//
// profile      → rows, rejected, columns[{name, type, nulls, distinct, min, max, mean, deviation,
//                lengths, exceptions, formulas, top[{value, count}], histogram{from, to,
//                counts[]}}]
// preview      {limit} → columns[{name, type}], rows[[…]]
// query        {select[], filters[{column, op, value}], search, group_by[],
//                aggregates[{function, column}], order[{column, descending}], limit, offset, total}
//                → columns[{name, type}], rows, total?
// diff         {other (as input: the later version), key[], limit}
//                → rows{before, after}, columns{added[], removed[], retyped[]},
//                changes{key[], added, removed, changed, examples[]} where there is a key
// convert      {output {path, format}, escape_formulas} → output {path, size, sha256, rows}
// desensitise  {output, key, columns[{column, method, …}], others, k_anonymity} → output, record
// quality      {rules[{rule, …}]} → results[{rule, passed, checked, failed, examples[]}]
#pragma once

#include <string>

#include "wusong/codec/json.hpp"
#include "wusong/tables/source.hpp"

namespace wusong::tables {

inline constexpr std::int64_t kRowsMax = 10'000;     // of one answer
inline constexpr std::size_t kCellBytesMax = 4'096;  // of a value in an answer; then it is cut

/// Members go into the open object `out`.
void profile(Engine& engine, Source& source, codec::JsonWriter& out);
void preview(Engine& engine, const Source& source, const codec::JsonValue& request,
             codec::JsonWriter& out);
void query(Engine& engine, Source& source, const codec::JsonValue& request, codec::JsonWriter& out);
void diff(Engine& engine, Source& before, Source& after, const codec::JsonValue& request,
          codec::JsonWriter& out);
void convert(Engine& engine, Source& source, const codec::JsonValue& request,
             codec::JsonWriter& out);
void desensitise(Engine& engine, Source& source, const codec::JsonValue& request,
                 codec::JsonWriter& out);
void quality(Engine& engine, const Source& source, const codec::JsonValue& request,
             codec::JsonWriter& out);

/// Answers any request; never throws.
struct Settings {
  std::string library;
  std::string temporary_folder;
  std::uint64_t memory_bytes{1ull << 30};
  unsigned threads{2};
  int progress_descriptor{-1};  // of EngineOptions
};
std::string answer(const Settings& settings, std::string_view request, bool& ok);

/// An answer that says what went wrong, in Chinese and English; `detail` in the engine's words.
std::string error_json(std::string_view code, std::string detail);

// Shared by the operations.
void write_cell(codec::JsonWriter& out, const Cell& cell);
void write_table(codec::JsonWriter& out, const Table& table);
std::int64_t number_at(const codec::JsonValue& request, std::string_view key,
                       std::int64_t otherwise, std::int64_t most);
std::int64_t rejected_lines(Engine& engine, const Source& source);
/// {"path", "format"} of `output`, which must not exist.
std::pair<std::string, std::string> output_of(const codec::JsonValue& request);
/// COPY, then the member "output" with size and SHA-256.
void write_file(Engine& engine, const std::string& select, const std::string& path,
                const std::string& format, codec::JsonWriter& out);

}  // namespace wusong::tables
