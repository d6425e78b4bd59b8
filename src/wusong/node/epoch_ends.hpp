// SPDX-License-Identifier: Apache-2.0
// How epochs ended, as a ledger keeps it: for those who follow a chain by certificates.
#pragma once

#include "wusong/light/follower.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/node/service.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::node {

/// Ends of the epochs from number `from` on, as many as a response holds.
/// @errors storage's rows, err::ledger_gap
[[nodiscard]] Result<net::EpochsResponse> serve_epochs(const storage::Ledger& ledger,
                                                       const net::EpochsRequest& request);

/// As JSON-RPC shows them: a proof that an epoch begins is how the one before it ended.
[[nodiscard]] Result<std::vector<EpochProof>> epoch_proofs(const storage::Ledger& ledger,
                                                           std::uint64_t from, std::size_t limit);
/// The epoch that a height belongs to; the newest for heights to come.
[[nodiscard]] Result<EpochPtr> epoch_of(const storage::Ledger& ledger, types::Epoch first,
                                        Height height);

/// All epochs that the ledger knows, from the first on.
/// @errors storage's rows, err::ledger_gap, err::bad_registry (they are not a chain's)
[[nodiscard]] Result<light::Follower> follow_ledger(const storage::Ledger& ledger,
                                                    const Hash& genesis, const types::Epoch& first,
                                                    light::VotersOf voters_of);

}  // namespace wusong::node
