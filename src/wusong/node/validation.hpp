// SPDX-License-Identifier: Apache-2.0
// What makes a header a valid child of its parent, apart from execution.
#pragma once

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/node/genesis.hpp"
#include "wusong/node/prepared.hpp"
#include "wusong/types/block.hpp"

namespace wusong::node {

/// A proposal may be this far ahead of a validator's own clock.
inline constexpr std::uint64_t kClockDriftMsMax = 10'000;

/// The validator that may propose in `view`.
std::uint32_t proposer_of(View view, std::size_t validators) noexcept;

/// Links, fixed fields, proposer, executed range. Pure.
/// @param epoch  the one that the header's height belongs to
/// @errors err::wrong_header
[[nodiscard]] Result<void> check_header(const types::Header& header, const types::Header& parent,
                                        const Hash& parent_hash, const types::Epoch& epoch);
/// Not before the parent, and not too far ahead of this node's clock. Only for proposals: a block
/// with a certificate was judged by a quorum's clocks.
/// @errors err::timestamp_out_of_range
[[nodiscard]] Result<void> check_timestamp(const types::Header& header, const types::Header& parent,
                                           UnixMillis now);
/// Every transaction may be on this chain, and their gas limits fit the block.
/// @errors err::block_over_gas_limit, err::wrong_chain_id, err::unsupported_transaction, exec's
/// rows
[[nodiscard]] Result<void> check_transactions(const PreparedBlock& block,
                                              const exec::ChainRules& rules);

/// Highest height whose roots a child of `parent` should carry, given what has been executed here.
Height roots_target(const types::Header& parent, Height executed,
                    std::uint64_t root_delay) noexcept;

/// Gas and fork rules of this chain as execution wants them.
exec::ChainRules chain_rules(const Genesis& genesis);

}  // namespace wusong::node
