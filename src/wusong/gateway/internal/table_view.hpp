// SPDX-License-Identifier: Apache-2.0
// Tables that files hold: which file a caller may look into, and what the engine says of it.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/gateway/gateway.hpp"
#include "wusong/gateway/reply.hpp"
#include "wusong/gateway/table_engine.hpp"
#include "wusong/portal/dataset.hpp"

namespace wusong::gateway::internal {

template <typename T>
using OrProblem = std::expected<T, Problem>;

/// Cut at `separator`; a backslash takes the next character as it is, so that any name of a column
/// can be said. The last of `most` parts holds the rest.
std::vector<std::string> cut(std::string_view text, char separator, std::size_t most = 200);
/// "a,b" cut at commas; nothing for nothing.
std::vector<std::string> list_of(std::string_view text);
/// What an open object holds, without braces.
std::string members_of(codec::JsonWriter& out);

/// What the engine reads: its name for a format, or "" for what is no table.
std::string table_format(std::string_view format, std::string_view media_type);

struct TableFile {
  Hash digest;
  std::string format;
  std::uint64_t size{0};
};
/// A file that the caller may look into.
struct OpenFile {
  TableFile file;
  portal::Resource resource;  // without id where the file is of no dataset
  Hash right;                 // the item that allows it, where one does
};
/// The dataset's resource that the query names, or its first table. @errors err::not_found, io's
Result<OrProblem<OpenFile>> open_table(Exchange& exchange, const Hash& dataset,
                                       std::string_view resource_id);
/// By its digest: a dataset's file, or one that they uploaded. @errors err::not_found, io's
Result<OrProblem<OpenFile>> open_file(Exchange& exchange, const Hash& digest);

/// Refusals of the engine in people's words; 202 where it is still at work.
Problem engine_problem(const TableAnswer& answer);
Response table_response(const Problem& problem);

using Asked = OrProblem<codec::JsonDocument>;
/// @errors io's SQL rows
Result<Asked> ask_engine(Exchange& exchange, const TableQuestion& question, std::uint64_t wait_ms);
/// What a file holds never changes: asked once, then out of the private database.
Result<Asked> ask_once(Exchange& exchange, std::string_view kind, const TableQuestion& question,
                       std::uint64_t wait_ms);
inline constexpr std::uint64_t kPreviewRows = 100;
TableQuestion preview_question(const TableFile& file);
TableQuestion profile_question(const TableFile& file);
/// A question about rows of a file, with the types that its profile settled, where there is one.
Result<TableQuestion> rows_question(Exchange& exchange, const TableFile& file, std::string members);

inline constexpr std::uint64_t kRowsWaitMs = 30'000;
inline constexpr std::uint64_t kFactWaitMs = 3'000;

/// Whether the caller answers for the file: their own, their organisation's, or one they keep.
bool manages(const Exchange& exchange, const OpenFile& open, std::uint32_t organisation);

/// A call of the interface, against the account's quota of the day; `left` is what remains.
/// @errors err::quota_of_the_day
Result<void> count_call(Exchange& exchange, std::uint64_t& left);

/// "BIGINT" → "integer": the words of data dictionaries.
std::string_view type_word(std::string_view engine_type) noexcept;
/// {name, type, title?}
void write_column(codec::JsonWriter& out, const portal::Resource& resource, std::string_view name,
                  std::string_view engine_type);
/// A column of a profile, in the words of data dictionaries.
void write_profile_column(codec::JsonWriter& out, const portal::Resource& resource,
                          const codec::JsonValue& column, std::uint64_t rows);
/// columns, rows, and total where the answer has one.
void write_rows(codec::JsonWriter& out, const portal::Resource& resource,
                const codec::JsonValue& answer);

}  // namespace wusong::gateway::internal
