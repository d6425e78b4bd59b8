// SPDX-License-Identifier: Apache-2.0
// What execution depends on besides the state: the block's environment and the chain's rules.
#pragma once

#include <cstdint>
#include <optional>

#include "wusong/base/hash_map.hpp"
#include "wusong/types/block.hpp"
#include "wusong/vm/fork.hpp"

namespace wusong::exec {

/// Hashes of earlier blocks, for BLOCKHASH.
class BlockHashSource {
 public:
  virtual ~BlockHashSource() = default;
  /// Zero where unknown. Asked only for the 256 heights before the block in hand.
  virtual Hash hash_at(std::uint64_t number) const = 0;
};

/// The block as the EVM sees it.
struct BlockContext {
  std::uint64_t number{0};
  std::uint64_t timestamp{0};  // seconds
  std::uint64_t gas_limit{0};
  Address coinbase;
  Hash prev_randao;  // before Paris: the difficulty
  U256 base_fee;
  U256 blob_base_fee{1};
  std::uint64_t max_blobs{0};  // in a block; no blob transaction is accepted at 0
  /// Outlives the context. May be null: then BLOCKHASH gives zero.
  const BlockHashSource* hashes{nullptr};
};
/// Of a block of this chain: seconds from milliseconds, no blobs.
BlockContext context_of(const types::Header& header, const BlockHashSource* hashes);

/// Everyone, or only the addresses listed.
struct AllowList {
  std::optional<HashSet<Address>> only;  // empty optional: open to all
  bool allows(const Address& address) const { return !only || only->contains(address); }
};

struct Permissions {
  AllowList transact;  // by sender
  AllowList deploy;    // by transaction origin, for CREATE and CREATE2 too
};

struct ChainRules {
  std::uint64_t chain_id{1};
  vm::Fork fork{vm::Fork::prague};
  Permissions permissions;
  /// Accounts may have replaced their keys: the genesis holds the contract (account_keys.hpp).
  bool account_keys{false};
};

/// EIP-4844's price of a unit of blob gas. @source EIP-4844; EIP-7691 for Prague's fraction
U256 blob_base_fee(std::uint64_t excess_blob_gas, std::uint64_t update_fraction);
/// Base fee update fraction of a fork: 3338477, from Prague 5007716.
std::uint64_t blob_update_fraction(vm::Fork fork) noexcept;
/// Blobs in a block: 6, from Prague 9; 0 before Cancun.
std::uint64_t blobs_max(vm::Fork fork) noexcept;

}  // namespace wusong::exec
