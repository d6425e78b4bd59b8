// SPDX-License-Identifier: Apache-2.0
// Looking into files without downloading them: first rows, columns, a simple query.
#include <algorithm>
#include <charconv>
#include <set>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/csv.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/rows.hpp"
#include "wusong/gateway/internal/view.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::uint64_t kPiece = 1 << 20;
constexpr std::size_t kDistinctMax = 10'000;

bool same_letters(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

const portal::Column* described(const portal::Resource& resource, std::string_view name) {
  for (const auto& column : resource.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

void write_column(codec::JsonWriter& out, const portal::Resource& resource, std::string_view name) {
  const auto* column = described(resource, name);
  out.key("name").string(name).key("type").string(column ? column->type : "string");
  if (column != nullptr && !column->title.empty()) write_text(out, "title", column->title);
}

Response rows_answer(const OpenResource& open, const RowsFound& found) {
  codec::JsonWriter out;
  out.open_object().key("resource").string(hex(open.resource.id));
  out.key("digest").string(hex(open.resource.digest)).key("columns").open_array();
  for (const auto& name : found.columns) {
    out.open_object();
    write_column(out, open.resource, name);
    out.close_object();
  }
  out.close_array().key("rows").open_array();
  for (const auto& row : found.rows) {
    out.open_array();
    for (const auto& cell : row) {
      if (cell.empty()) {
        out.null();
      } else {
        out.string(is_utf8(cell) ? cell : "\xef\xbf\xbd");
      }
    }
    out.close_array();
  }
  out.close_array().key("total").number(found.matched);
  if (!found.exact) out.key("total_is_exact").boolean(false);
  return json_response(out.close_object().take());
}

Result<Response> answer_rows(Exchange& exchange, std::string_view action, const RowQuery& query) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto open, open_resource(exchange, id, exchange.query.get("resource")));
  if (!open) return open.error();
  WUSONG_TRY(const auto found, read_rows(exchange, open->resource, query));
  Response out = rows_answer(*open, found);
  WUSONG_CHECK(
      audit_read(exchange, action, id, open->resource.digest, open->right, out.body.size()));
  return out;
}

/// Reads the file piece by piece until it ends, the limit is reached, or the reader has enough.
Result<bool> scan(Exchange& exchange, const portal::Resource& resource,
                  const CsvReader::OnRow& on_row) {
  CsvReader reader;
  for (std::uint64_t at = 0; at < resource.size; at += kPiece) {
    if (at >= kRowBytesMax) return false;
    WUSONG_TRY(const auto piece, exchange.shared.blobs.read(resource.digest, at, kPiece));
    WUSONG_TRY(const bool go_on, reader.feed(as_text(piece), on_row));
    if (!go_on) return true;
    if (piece.empty()) break;
  }
  WUSONG_CHECK(reader.finish(on_row));
  return true;
}

struct ColumnProfile {
  std::uint64_t missing{0};
  std::uint64_t numbers{0};
  double sum{0};
  double least{0};
  double most{0};
  std::map<std::string, std::uint64_t> values;
  bool many{false};  // more different ones than are kept
};

void look_at(ColumnProfile& column, const std::string& cell) {
  if (cell.empty()) {
    ++column.missing;
    return;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error == std::errc{} && end == cell.data() + cell.size()) {
    column.least = column.numbers == 0 ? number : std::min(column.least, number);
    column.most = column.numbers == 0 ? number : std::max(column.most, number);
    column.sum += number;
    ++column.numbers;
  }
  if (column.values.size() < kDistinctMax || column.values.contains(cell)) {
    ++column.values[cell];
  } else {
    column.many = true;
  }
}

void write_profile(codec::JsonWriter& out, const ColumnProfile& column, std::uint64_t rows) {
  out.key("count").number(rows).key("missing").number(column.missing);
  out.key("distinct").number(std::uint64_t{column.values.size()});
  if (column.many) out.key("distinct_is_exact").boolean(false);
  if (column.numbers > 0 && column.numbers == rows - column.missing) {
    out.key("min").number(column.least).key("max").number(column.most);
    out.key("mean").number(column.sum / static_cast<double>(column.numbers));
  }
  std::vector<std::pair<std::uint64_t, std::string>> top;
  for (const auto& [value, count] : column.values) top.emplace_back(count, value);
  std::ranges::sort(top, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  if (top.size() > 5) top.resize(5);
  out.key("top").open_array();
  for (const auto& [count, value] : top) {
    out.open_object().key("value").string(is_utf8(value) ? utf8_prefix(value, 200) : "");
    out.key("count").number(count).close_object();
  }
  out.close_array();
}

}  // namespace

bool is_table(const portal::Resource& resource) {
  return resource.media_type.starts_with("text/csv") || same_letters(resource.format, "csv");
}

Result<std::expected<OpenResource, Response>> open_resource(Exchange& exchange, const Hash& dataset,
                                                            std::string_view resource_id) {
  WUSONG_TRY(auto whole, visible_dataset(exchange, dataset));
  const portal::Resource* chosen = nullptr;
  for (const auto& resource : whole.resources) {
    const bool named = resource_id.empty() ? is_table(resource) && resource.current
                                           : codec::to_hex(resource.id) == resource_id ||
                                                 hex(resource.id) == resource_id;
    if (named && chosen == nullptr) chosen = &resource;
  }
  if (chosen == nullptr) return fail(err::not_found);
  WUSONG_TRY(const auto permission, bytes_permission(exchange, dataset, chosen->digest));
  if (!permission.decision.allowed) {
    return std::expected<OpenResource, Response>{std::unexpect,
                                                 to_response(problem_of(permission.decision))};
  }
  const portal::Resource resource = *chosen;
  return std::expected<OpenResource, Response>{
      OpenResource{std::move(whole), resource, permission.right}};
}

Result<RowsFound> read_rows(Exchange& exchange, const portal::Resource& resource,
                            const RowQuery& query) {
  if (!is_table(resource)) return fail(err::bad_request);
  RowsFound out;
  std::vector<std::string> header;
  std::vector<std::size_t> shown;
  std::vector<std::pair<std::size_t, std::string>> wanted;
  bool unknown = false;
  const auto position = [&](std::string_view name) {
    const auto found = std::ranges::find(header, name);
    unknown = unknown || found == header.end();
    return static_cast<std::size_t>(found - header.begin());
  };
  const auto on_header = [&] {
    for (const auto& name : query.columns.empty() ? header : query.columns) {
      shown.push_back(position(name));
      out.columns.push_back(name);
    }
    for (const auto& [name, value] : query.equal) wanted.emplace_back(position(name), value);
  };
  const auto on_row = [&](std::vector<std::string>&& row) {
    if (header.empty()) {
      header = std::move(row);
      on_header();
      return !unknown;
    }
    for (const auto& [at, value] : wanted) {
      if (at >= row.size() || row[at] != value) return true;
    }
    if (!query.contains.empty() && std::ranges::none_of(row, [&](const auto& cell) {
          return cell.find(query.contains) != std::string::npos;
        })) {
      return true;
    }
    if (out.matched++ >= query.offset && out.rows.size() < query.limit) {
      std::vector<std::string> line;
      for (const auto at : shown) line.push_back(at < row.size() ? row[at] : "");
      out.rows.push_back(std::move(line));
    }
    return true;
  };
  WUSONG_TRY(out.exact, scan(exchange, resource, on_row));
  if (unknown) return fail(err::bad_request);
  return out;
}

Result<Response> dataset_preview(Exchange& exchange) {
  RowQuery query;
  query.limit = 20;
  return answer_rows(exchange, "preview", query);
}

Result<Response> dataset_rows(Exchange& exchange) {
  RowQuery query;
  WUSONG_TRY(query.limit, exchange.number("limit", 100, 1'000));
  WUSONG_TRY(query.offset, exchange.number("offset", 0, std::uint64_t{1} << 40));
  query.contains = exchange.query.get("q");
  for (auto rest = exchange.query.get("columns"); !rest.empty();) {
    const auto end = rest.find(',');
    query.columns.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  for (const auto& condition : exchange.query.all("where")) {
    const auto colon = condition.find(':');
    if (colon == std::string::npos) return fail(err::bad_request);
    query.equal.emplace_back(condition.substr(0, colon), condition.substr(colon + 1));
  }
  return answer_rows(exchange, "rows", query);
}

Result<Response> dataset_profile(Exchange& exchange) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto open, open_resource(exchange, id, exchange.query.get("resource")));
  if (!open) return open.error();
  std::vector<std::string> header;
  std::vector<ColumnProfile> columns;
  std::uint64_t rows = 0;
  const auto on_row = [&](std::vector<std::string>&& row) {
    if (header.empty()) {
      header = std::move(row);
      columns.resize(header.size());
      return true;
    }
    ++rows;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      look_at(columns[i], i < row.size() ? row[i] : std::string{});
    }
    return true;
  };
  WUSONG_TRY(const bool exact, scan(exchange, open->resource, on_row));
  codec::JsonWriter out;
  out.open_object().key("resource").string(hex(open->resource.id));
  out.key("rows").number(rows).key("complete").boolean(exact).key("columns").open_array();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out.open_object();
    write_column(out, open->resource, header[i]);
    write_profile(out, columns[i], rows);
    out.close_object();
  }
  Response response = json_response(out.close_array().close_object().take());
  WUSONG_CHECK(audit_read(exchange, "profile", id, open->resource.digest, open->right,
                          response.body.size()));
  return response;
}

}  // namespace wusong::gateway::internal
