// SPDX-License-Identifier: Apache-2.0
// Which logs a client wants, and finding them.
#pragma once

#include <optional>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/node/service.hpp"
#include "wusong/rpc/config.hpp"
#include "wusong/rpc/internal/params.hpp"

namespace wusong::rpc {

struct LogCriteria {
  std::vector<Address> addresses;         // empty: any
  std::vector<std::vector<Hash>> topics;  // by place; an empty place: any
  std::optional<Hash> block_hash;
  BlockRef from;  // latest where it was not given
  BlockRef to;

  bool matches(const types::Log& log) const;
  /// False where no log of a block with this bloom can match.
  bool may_match(const types::Bloom& bloom) const;
};

Answer<LogCriteria> read_criteria(codec::JsonValue value, Place place, const Config& config);

/// Writes the block's matching logs as elements of the open array; counts them into `found`.
/// @errors rpc.limit_exceeded
Answer<void> write_matching(codec::JsonWriter& out, const node::ExecutedBlock& block,
                            const LogCriteria& criteria, const Config& config, std::size_t& found);

/// Writes one array with the matching logs of heights [first, last], as far as they are executed.
/// @errors rpc.limit_exceeded, rpc.response_too_large, rpc.timed_out
Answer<void> write_logs(codec::JsonWriter& out, const node::Service& node, const Config& config,
                        const Ports& ports, const LogCriteria& criteria, Height first, Height last);

}  // namespace wusong::rpc
