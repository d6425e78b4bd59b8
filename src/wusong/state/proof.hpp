// SPDX-License-Identifier: Apache-2.0
// Merkle Patricia proofs as eth_getProof gives them, and their checking.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "wusong/types/account.hpp"

namespace wusong::state {

/// RLP of the nodes from the root down; nodes short enough to lie inside their parent are not
/// repeated. Ends where the key is, or where it is shown to be missing.
using ProofNodes = std::vector<Bytes>;

struct StorageProof {
  Hash slot;
  U256 value;
  ProofNodes nodes;
};

/// @source EIP-1186
struct AccountProof {
  Address address;
  std::optional<types::Account> account;  // nothing: proved to be missing
  ProofNodes nodes;
  std::vector<StorageProof> storage;
};

/// The value at a 32-byte key, or nothing where the nodes prove that there is none. Shares no code
/// with the trie. Extra nodes are refused, so a proof has one form.
/// @errors err::bad_proof
[[nodiscard]] Result<std::optional<Bytes>> verify_proof(const Hash& root, const Hash& key,
                                                        std::span<const Bytes> nodes);
/// @errors err::bad_proof, also for a value that is no account
[[nodiscard]] Result<std::optional<types::Account>> verify_account_proof(
    const Hash& state_root, const Address& address, std::span<const Bytes> nodes);
/// The slot's value; zero where it is proved to be missing.
/// @errors err::bad_proof
[[nodiscard]] Result<U256> verify_storage_proof(const Hash& storage_root, const Hash& slot,
                                                std::span<const Bytes> nodes);

}  // namespace wusong::state
