// SPDX-License-Identifier: Apache-2.0
// An epoch: who votes, who may connect and which parameters hold from one height on. The header of
// the block before names all of it, so certificates chain from genesis on (ADR 0014).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::types {

inline constexpr std::size_t kEpochMembersMax = 1'000;  // of each kind
inline constexpr std::size_t kMemberNameMax = 32;
/// No encoded epoch is longer: most members of each kind, with the longest of keys.
inline constexpr std::size_t kEpochBytesMax =
    kEpochMembersMax * (crypto::kPublicKeySizeMax + 2 * (kMemberNameMax + 40) + 48);

struct Validator {
  std::string name;
  crypto::Scheme scheme{crypto::Scheme::ed25519};
  Bytes vote_key;  // public, of `scheme`
  Bytes node_key;  // Ed25519 public key its TLS certificate is pinned to
  Address beneficiary;
  friend bool operator==(const Validator&, const Validator&) = default;
};

/// A node that may connect and follow, without voting.
struct Observer {
  std::string name;
  Bytes node_key;
  friend bool operator==(const Observer&, const Observer&) = default;
};

/// What every node must hold equal, and governors may change.
struct ChainParameters {
  std::uint64_t gas_limit{1'000'000'000};  // of a block: the sum of its transactions' limits
  U256 base_fee;                           // of every block
  std::uint64_t heartbeat_ms{30'000};      // an idle chain still adds a block this often
  std::uint64_t block_interval_ms{50};     // shortest time between proposals
  std::uint64_t block_bytes_max{std::uint64_t{4} << 20};
  friend bool operator==(const ChainParameters&, const ChainParameters&) = default;
};

struct Epoch {
  std::uint64_t number{0};
  Height first;              // of its blocks
  std::uint64_t version{0};  // the registry's, which this was read from
  std::vector<Validator> validators;
  std::vector<Observer> observers;
  ChainParameters parameters;
  friend bool operator==(const Epoch&, const Epoch&) = default;
};

/// @shape rlp([number, first, version, [[name, scheme, vote key, node key, beneficiary], …],
///        [[name, node key], …], [gas limit, base fee, heartbeat, interval, block bytes]])
Bytes encode(const Epoch& epoch);
/// @errors codec's rows, err::bad_epoch (nobody votes, too many, or a key of a wrong size)
[[nodiscard]] Result<Epoch> decode_epoch(BytesView encoded);

/// What votes and attestations of an epoch sign instead of the genesis hash, so that none counts in
/// another epoch or for another set. That of epoch 0 is the genesis hash.
Hash vote_domain(const Hash& genesis, const Epoch& epoch);

}  // namespace wusong::types
