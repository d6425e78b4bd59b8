// SPDX-License-Identifier: Apache-2.0
// What a running node offers to those who ask it: JSON-RPC, the command line's status, tests.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/base/time.hpp"
#include "wusong/exec/context.hpp"
#include "wusong/node/network_info.hpp"
#include "wusong/types/account.hpp"
#include "wusong/types/block.hpp"
#include "wusong/types/epoch.hpp"
#include "wusong/types/receipt.hpp"
#include "wusong/vm/fork.hpp"

namespace wusong::node {

namespace err {
inline constexpr ErrorInfo unknown_block{2600, Disposition::reject, "node.unknown_block"};
inline constexpr ErrorInfo state_pruned{2601, Disposition::reject, "node.state_pruned"};
inline constexpr ErrorInfo not_permitted{2602, Disposition::reject, "node.not_permitted"};
inline constexpr ErrorInfo stopping{2603, Disposition::retry, "node.stopping"};
inline constexpr ErrorInfo overloaded{2604, Disposition::retry, "node.overloaded"};
inline constexpr ErrorInfo no_proof_yet{2605, Disposition::retry, "node.no_proof_yet"};
inline constexpr ErrorInfo block_pruned{2606, Disposition::reject, "node.block_pruned"};
inline constexpr ErrorInfo receipts_pruned{2607, Disposition::reject, "node.receipts_pruned"};
inline constexpr ErrorInfo light_node{2608, Disposition::reject, "node.light_node"};
}  // namespace err

/// A finalised and executed block with everything clients ask about it. Immutable, shared by
/// readers.
struct ExecutedBlock {
  types::Block block;
  Hash hash;
  std::size_t size_bytes{0};  // of the encoded block
  std::vector<Hash> transaction_hashes;
  std::vector<Address> senders;
  std::vector<types::Receipt> receipts;  // as many as transactions, or none where they are pruned
  std::vector<std::uint16_t> skipped;    // error number per transaction, 0 where it was executed
  types::ExecutionRoots roots;           // after executing this block
  types::Bloom logs_bloom;               // same as roots.logs_bloom
  bool receipts_pruned() const noexcept { return receipts.empty() && !transaction_hashes.empty(); }
  /// Height whose header carries `roots`, once it is final: the one thing learnt later.
  std::optional<Height> covered_at() const noexcept {
    const std::uint64_t height = covered_at_height.load(std::memory_order_acquire);
    return height == 0 ? std::nullopt : std::optional{Height{height}};
  }
  mutable std::atomic<std::uint64_t> covered_at_height{0};
};
using BlockPtr = std::shared_ptr<const ExecutedBlock>;

struct TransactionLocation {
  Height height;
  std::uint32_t index{0};
};

/// Heights a client can name. Execution follows finality, so a readable block is a final block.
struct Heads {
  Height executed;        // "latest", "safe", "finalized": the newest block with state and receipts
  Height final;           // newest block agreed on; executed <= final
  Height oldest_state;    // oldest height whose state is kept
  Height oldest_block{};  // besides the genesis: lower ones are headers alone
  Height oldest_receipts{};  // not below oldest_block
};

struct ValidatorInfo {
  std::uint32_t index{0};
  std::string name;
  std::string scheme;  // "ed25519", "sm2"
  Bytes public_key;
  Bytes node_key;  // Ed25519 key its TLS certificate is pinned to
  Address beneficiary;
  bool is_self{false};
  bool connected{false};
  Height last_known_final;
};

struct PeerInfo {
  Bytes node_key;
  std::string name;
  std::string address;  // host:port
  std::string version;
  std::string role;  // "validator", "observer"
  Height final;
  std::uint64_t rtt_us{0};
  bool inbound{false};
};

struct Health {
  bool healthy{false};
  std::string reason;  // empty when healthy
  std::string role;    // "validator" or "observer"
  std::uint64_t uptime_ms{0};
  View view;
  std::uint64_t finality_ms_p50{0};  // proposal to finality, over the last blocks
  std::uint64_t finality_ms_p99{0};
  bool syncing{false};
  Height sync_target;
  /// A state that is being fetched: how much of it is here.
  struct Snapshot {
    std::uint64_t permille{0};
    std::uint64_t accounts{0};
    std::uint64_t bytes{0};
  };
  std::optional<Snapshot> snapshot;
};

/// One transaction in the pool, as txpool_* and eth_getTransactionByHash show it.
struct PooledTransaction {
  std::shared_ptr<const types::Transaction> transaction;
  Hash hash;
  Address sender;
  bool pending{false};  // executable now; otherwise queued behind a nonce gap
};

/// Environment of a block for eth_call and tracing.
struct BlockEnvironment {
  Height number;
  Hash hash;                   // of this block; zero for "pending"
  std::uint64_t timestamp{0};  // seconds
  Address beneficiary;
  std::uint64_t gas_limit{0};
  U256 base_fee;
  Hash prev_randao;
};

struct FinalityProof {
  Height height;
  Hash block_hash;
  Bytes header;              // encoded header of `height`
  std::vector<Bytes> chain;  // encoded headers height+1 .. attested height
  Height attested_height;
  Bytes attestations;  // encoded consensus::FinalityProof for attested_height
};

using EpochPtr = std::shared_ptr<const types::Epoch>;

/// What shows that an epoch follows the one before: the header of that one's last block, which
/// names the validators to come, and the proof of its finality by the validators that were.
struct EpochProof {
  std::uint64_t epoch{0};  // that begins
  Bytes header;
  Bytes proof;  // encoded consensus::FinalityProof
};

/// Told on an internal thread, in height order; must return quickly.
struct Listener {
  std::function<void(const BlockPtr&)> on_block;
  std::function<void(const std::vector<Hash>&)> on_pending;
};

/// @thread every member may be called from any thread.
class Service {
 public:
  virtual ~Service() = default;

  virtual std::uint64_t chain_id() const = 0;
  virtual Hash genesis_hash() const = 0;
  virtual std::string client_version() const = 0;  // "Wusong/v0.1.0/linux-x86_64/clang19"
  virtual vm::Fork fork() const = 0;
  /// Rules for calls and traces: as the chain's blocks are executed, permissions included.
  virtual exec::ChainRules rules() const { return {chain_id(), fork(), {}}; }
  virtual std::uint64_t gas_limit() const = 0;  // of the next block
  virtual U256 gas_price() const = 0;           // lowest accepted; 0 by default
  virtual std::size_t root_delay() const = 0;   // k: header N usually carries the roots of N-k

  /// A light node: of blocks it has headers alone.
  virtual bool headers_only() const { return false; }
  virtual Heads heads() const = 0;
  /// @errors err::unknown_block (not executed yet, or never), err::block_pruned
  [[nodiscard]] virtual Result<BlockPtr> block(Height height) const = 0;
  [[nodiscard]] virtual Result<BlockPtr> block(const Hash& hash) const = 0;
  /// A header's encoding: also where the rest of the block is not kept. @errors err::unknown_block
  [[nodiscard]] virtual Result<Bytes> raw_header(Height height) const {
    WUSONG_TRY(const BlockPtr found, block(height));
    return types::encode(found->block.header);
  }
  virtual std::optional<TransactionLocation> find_transaction(const Hash& hash) const = 0;
  /// Bloom of a height without loading the block, for log filters. @errors err::unknown_block
  [[nodiscard]] virtual Result<types::Bloom> bloom(Height height) const = 0;

  /// State after executing `height`. Each call opens a view of its own for one thread.
  /// @errors err::unknown_block, err::state_pruned (heads().oldest_state says what is kept)
  [[nodiscard]] virtual Result<std::unique_ptr<types::StateView>> state(Height height) const = 0;
  struct AccountProof {
    types::Account account;            // zero account where there is none
    std::vector<Bytes> account_proof;  // RLP nodes from the root down
    struct Slot {
      Hash key;
      U256 value;
      std::vector<Bytes> proof;
    };
    std::vector<Slot> slots;
  };
  [[nodiscard]] virtual Result<AccountProof> proof(Height height, const Address& address,
                                                   const std::vector<Hash>& slots) const = 0;
  [[nodiscard]] virtual Result<BlockEnvironment> environment(Height height) const = 0;
  /// What the next block would look like, for the tag "pending".
  virtual BlockEnvironment pending_environment() const = 0;
  /// Hash of a block by number, for BLOCKHASH; zero where unknown.
  virtual Hash block_hash(Height height) const = 0;

  /// Admits raw transactions to the pool: decodes, recovers senders as a batch, checks permissions.
  /// One answer each: the transaction's hash, or why it was refused.
  virtual std::vector<Result<Hash>> submit(const std::vector<Bytes>& raw) = 0;
  virtual std::uint64_t pending_nonce(const Address& address) const = 0;
  virtual std::optional<PooledTransaction> pooled(const Hash& hash) const = 0;
  struct PoolCounts {
    std::size_t pending{0};
    std::size_t queued{0};
  };
  virtual PoolCounts pool_counts() const = 0;
  /// Everything, or one sender's, ordered by sender and nonce; at most `limit`.
  virtual std::vector<PooledTransaction> pool_content(const std::optional<Address>& sender,
                                                      std::size_t limit) const = 0;

  virtual std::vector<ValidatorInfo> validators() const = 0;
  virtual std::vector<PeerInfo> peers() const = 0;
  virtual NetworkInfo network() const { return {}; }
  virtual Health health() const = 0;
  /// @errors err::unknown_block, err::no_proof_yet
  [[nodiscard]] virtual Result<FinalityProof> finality_proof(Height height) const = 0;
  /// The epoch of the next height.
  virtual EpochPtr epoch() const = 0;
  /// The epoch that a final height belongs to. @errors err::unknown_block
  [[nodiscard]] virtual Result<EpochPtr> epoch_of(Height height) const = 0;
  /// Of epoch `from` and those after it, at most `limit`. None on a chain that stays in its first.
  [[nodiscard]] virtual Result<std::vector<EpochProof>> epoch_proofs(std::uint64_t from,
                                                                     std::size_t limit) const = 0;
  /// Prometheus text.
  virtual std::string metrics() const = 0;

  /// Called until the returned token is dropped.
  virtual std::shared_ptr<void> subscribe(Listener listener) = 0;
};

}  // namespace wusong::node
