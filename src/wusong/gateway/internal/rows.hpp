// SPDX-License-Identifier: Apache-2.0
// Rows of a dataset's file, for the interface and for CKAN's datastore.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "wusong/gateway/gateway.hpp"
#include "wusong/portal/dataset.hpp"

namespace wusong::gateway::internal {

struct RowQuery {
  std::vector<std::string> columns;                        // empty: all
  std::vector<std::pair<std::string, std::string>> equal;  // column, value
  std::string contains;                                    // in any cell
  std::uint64_t offset{0};
  std::uint64_t limit{100};
};
struct RowsFound {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::uint64_t matched{0};  // in all, or as far as it was read
  bool exact{true};          // false: the file is longer than one request reads
};
inline constexpr std::uint64_t kRowBytesMax = 64 << 20;  // read for one request

/// @errors err::bad_request (unknown column, no table), io's
Result<RowsFound> read_rows(Exchange& exchange, const portal::Resource& resource,
                            const RowQuery& query);

/// The dataset's resource that the query names, or its first table, once the caller may read it.
/// A refusal is a response.
struct OpenResource {
  portal::Dataset dataset;
  portal::Resource resource;
  Hash right;
};
Result<std::expected<OpenResource, Response>> open_resource(Exchange& exchange, const Hash& dataset,
                                                            std::string_view resource_id);
/// Whether rows can be read from it: comma-separated values.
bool is_table(const portal::Resource& resource);

}  // namespace wusong::gateway::internal
