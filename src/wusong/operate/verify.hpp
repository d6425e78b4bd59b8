// SPDX-License-Identifier: Apache-2.0
// Whether a data folder holds one chain, whole and consistent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/node/genesis.hpp"

namespace wusong::operate {

struct VerifiedChain {
  Height height;
  Hash block_hash;
  Hash state_root;
  Hash genesis_hash;
};

struct VerifyOptions {
  node::Genesis genesis;
  std::uint64_t state_history{10'000};
  Height from;  // blocks below were verified before
  std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};

/// Opens it as a start of the node does, which executes again what the state lacks, and reads every
/// block: each is what its hash says, follows the one before it, and holds the transactions of its
/// header; what executing it gave is what later headers say. Blocks below the first that is kept
/// were pruned.
/// @errors err::unproven, err::other_chain, and those of opening
[[nodiscard]] Result<VerifiedChain> verify_chain(const std::filesystem::path& folder,
                                                 const VerifyOptions& options);

}  // namespace wusong::operate
