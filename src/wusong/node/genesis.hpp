// SPDX-License-Identifier: Apache-2.0
// Where a chain begins: its rules, validators, permissions and first accounts, in one JSON file
// that every node holds. Its digest is in the genesis header, so nodes of different chains never
// mix.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/types/account.hpp"
#include "wusong/types/block.hpp"
#include "wusong/types/epoch.hpp"
#include "wusong/vm/fork.hpp"

namespace wusong::node {

struct GenesisAccount {
  std::uint64_t nonce{0};
  U256 balance;
  Bytes code;
  std::map<Hash, U256> storage;
};

/// Who may act. `open` admits everybody.
struct Role {
  bool open{true};
  std::vector<Address> members;
};

/// What a header, and a block around its transactions, may take.
inline constexpr std::uint64_t kBlockOverheadMax = std::uint64_t{64} << 10;
inline constexpr std::uint64_t kBlockBytesMax = (std::uint64_t{1} << 30) - kBlockOverheadMax;

struct Genesis {
  std::uint64_t chain_id{0};
  hash::Profile profile{hash::Profile::standard};
  vm::Fork fork{vm::Fork::osaka};
  UnixMillis timestamp;
  std::uint64_t gas_limit{1'000'000'000};  // of a block: the sum of its transactions' limits
  U256 gas_price;                          // base fee of every block
  std::uint64_t root_delay{4};             // k: header N carries the roots of N-k
  std::uint64_t heartbeat_ms{30'000};      // an idle chain still adds a block this often
  std::uint64_t block_interval_ms{50};     // shortest time between proposals
  std::uint64_t block_bytes_max{std::uint64_t{4} << 20};  // of transactions; at most kBlockBytesMax
  std::vector<types::Validator> validators;
  std::vector<types::Observer> observers;
  Role transact;
  Role deploy;
  std::map<Address, GenesisAccount> accounts;
};

/// The canonical text: what write, hash and compare use.
std::string to_json(const Genesis& genesis);

/// What is wrong with a genesis file: the row, and the member it is about.
struct GenesisFault {
  Error error;
  std::string where;
};
[[nodiscard]] std::expected<Genesis, GenesisFault> parse_genesis(std::string_view json);

/// The first state as a change to an empty one.
types::StateDiff genesis_state(const Genesis& genesis);
/// Header 0: its parent hash is the chain's of the canonical text, its roots are those of the first
/// state.
types::Header genesis_header(const Genesis& genesis, const Hash& state_root);

}  // namespace wusong::node
