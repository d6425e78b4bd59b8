// SPDX-License-Identifier: Apache-2.0
// One node: consensus, pool, sync and block building composed into a single machine without I/O.
// The driver owns threads, sockets and disks; this decides what they should do.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <variant>
#include <vector>

#include "wusong/base/hash_map.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/base/time.hpp"
#include "wusong/consensus/closing.hpp"
#include "wusong/consensus/machine.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/node/genesis.hpp"
#include "wusong/node/joining.hpp"
#include "wusong/node/ledger_blocks.hpp"
#include "wusong/node/prepared.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/node/service.hpp"
#include "wusong/node/vote_keys.hpp"
#include "wusong/storage/ledger.hpp"
#include "wusong/sync/fetcher.hpp"
#include "wusong/sync/range_turns.hpp"
#include "wusong/txpool/persistence.hpp"
#include "wusong/txpool/pool.hpp"

namespace wusong::node {

/// In a block; and hashes of included ones that are kept, in each of two generations.
inline constexpr std::size_t kTransactionsPerBlockMax = 20'000;
inline constexpr std::size_t kIncludedKept = 100'000;

/// Work for another thread; each answers with the node's member of the same name.
struct SplitJob {  // split(), then Node::on_split
  consensus::BlockPtr block;
};
struct PrepareJob {  // prepare(), then Node::on_prepared
  std::shared_ptr<const SplitBlock> split;
  KnownTransactions known;
};
struct CandidatesJob {  // prepare_candidates(), then Node::on_candidates
  consensus::PeerId from;
  std::shared_ptr<const Bytes> batch;   // an encoded transaction batch
  std::vector<BytesView> transactions;  // those of it that are new here
};
struct SyncedBlocks {  // split() and prepare() each, then Node::on_synced
  std::vector<Bytes> blocks;
  Bytes certificate;
};

struct StateJob {  // answer_about_state(), then Node::on_served
  consensus::PeerId to;
  std::variant<net::SnapshotRequest, net::ProofRequest> request;
};
[[nodiscard]] Result<Bytes> answer_about_state(
    const state::StateDb& state, const StateJob& job,
    std::size_t part_bytes_max = net::kSnapshotPartBytesMax);
/// "Ask again": where there is no room for the job.
Bytes refuse_state_job(const StateJob& job);

/// Everything a turn asks for. The driver makes `batch` durable first, and only then does the rest.
struct Actions {
  io::WriteBatch batch;
  bool sync{false};  // on stable storage before anything leaves
  std::vector<Frame> frames;
  std::vector<SplitJob> splits;
  std::vector<PrepareJob> prepares;
  std::vector<CandidatesJob> candidates;
  std::vector<SyncedBlocks> synced;
  std::vector<consensus::SliceJob> slices;  // run() each, then Node::on_slice_coded
  std::vector<StateJob> states;
  /// The chain is far ahead, and this is proven: the driver ends this node, lets Joining fetch the
  /// state, and creates a node again.
  std::optional<sync::Checkpoint> join;
  std::vector<PreparedPtr> execute;  // in order; each answers with Node::on_executed
  bool fetched{false};  // some of `execute` were fetched from a peer long after they were final
  std::vector<Hash> pending;  // transactions that became pending, for subscribers
  std::vector<consensus::Rejection> rejections;
  struct Refusal {
    Hash block;
    Error error;
  };
  std::vector<Refusal> refusals;  // proposals this node judged wrong
  struct Accusation {
    consensus::PeerId peer;
    consensus::Misbehaviour
        evidence;  // its validator index is of the epoch that the evidence is of
  };
  std::vector<Accusation> misbehaviour;
  std::optional<Error> halt;
  std::optional<Height> final;                // newest height agreed on, when it changed
  std::shared_ptr<const types::Epoch> epoch;  // the one that begins, when one does: whom to admit
};

struct NodeCounters {
  std::uint64_t blocks_proposed{0};
  std::uint64_t proposals_refused{0};
  std::uint64_t transactions_finalised{0};
  std::uint64_t synced_blocks{0};
  std::uint64_t state_bytes_served{0};
  std::uint64_t state_requests_delayed{0};
  std::uint64_t range_bytes_served{0};
  std::uint64_t range_requests_dropped{0};
};

struct NodeOptions {
  Genesis genesis;
  Hash genesis_hash;
  types::Header genesis_header;
  const VoteKeys* keys{nullptr};  // outlives the node
  /// The driver's number for the node with this key: always the same one.
  std::function<consensus::PeerId(BytesView node_key)> peer_of;
  txpool::Limits pool_limits;
  std::uint64_t pool_record_next{0};  // txpool::Loaded::next
  consensus::PacemakerConfig pacemaker;
  consensus::DispersalConfig dispersal;
  JoinOptions join;
  /// To other nodes, at most: parts of states, and as much again of blocks.
  std::uint64_t serve_bytes_per_second{std::uint64_t{32} << 20};
  sync::RangeCut range_cut;
  std::size_t included_kept{kIncludedKept};
};

/// State of the newest executed height, for the pool. Replaced by the driver after each block.
using StateOpener = std::function<Result<std::unique_ptr<types::StateView>>(Height)>;

/// @thread one owner
class Node {
 public:
  /// `ledger` and what `options` points to outlive the node. `executed` is the newest height with
  /// state and receipts, `records` what Column::vote holds.
  [[nodiscard]] static Result<std::unique_ptr<Node>> create(
      NodeOptions options, storage::Ledger& ledger, StateOpener open_state, Height executed,
      std::span<const consensus::Record> records);
  ~Node();

  /// Times of the turn that the following members belong to. Call before them.
  void begin(Instant now, UnixMillis wall);
  /// What the turn asks for; empties it.
  Actions take();
  /// Call begin() and tick() no later than this.
  Instant wake_at() const noexcept;

  void start();
  void tick();
  void on_connected(consensus::PeerId peer, Height finalised);
  void on_disconnected(consensus::PeerId peer);
  void on_frame(consensus::PeerId peer, net::Channel channel, Bytes payload);
  void on_split(const consensus::BlockPtr& block, Result<std::shared_ptr<const SplitBlock>> split);
  void on_prepared(const Hash& block, Result<PreparedPtr> prepared);
  void on_slice_coded(consensus::SliceCoded slice);
  /// Gives candidates to the pool; `from` is empty for this node's own users.
  std::vector<Result<void>> on_candidates(std::vector<txpool::Candidate> candidates,
                                          std::optional<consensus::PeerId> from);
  void on_executed(const BlockPtr& block);
  /// Records of an earlier run, once their transactions were given to on_candidates().
  void erase_pool_records(const std::vector<Bytes>& keys);
  /// The answer to a StateJob.
  void on_served(consensus::PeerId peer, Result<Bytes> response);
  /// What became of SyncedBlocks: all of them, or why one is not what its header says.
  void on_synced(Result<std::vector<PreparedPtr>> blocks, const Bytes& certificate);

  const txpool::Pool& pool() const noexcept { return *pool_; }
  consensus::Status consensus_status() const { return machine_->status(); }
  Height final_height() const noexcept { return final_.header.number; }
  const types::Header& final_header() const noexcept { return final_.header; }
  Height executed_height() const noexcept { return executed_; }
  /// What this node keeps in memory, consensus included.
  std::vector<consensus::Gauge> gauges() const;
  const NodeCounters& counters() const noexcept { return counters_; }
  bool syncing() const noexcept;
  Height sync_target() const noexcept;
  /// The epoch of the next height.
  const types::Epoch& epoch() const noexcept { return *voting_.epoch; }
  bool votes() const noexcept { return voting_.signer != nullptr; }
  /// No peer has the next block any more, and this node may not join by a snapshot.
  bool out_of_reach() const noexcept;

 private:
  class Accounts;
  class Identity;

  /// The head of a chain of headers, and what its descendants need to know of it.
  struct Tip {
    types::Header header;
    Hash hash;
    Height last_nonempty;  // newest block with transactions up to here
  };
  /// A block that is not final yet.
  struct Candidate {
    PreparedPtr block;
    Height last_nonempty;
  };
  /// A block that consensus wants checked.
  struct Check {
    consensus::BlockPtr block;
    bool certified{false};
    PreparedPtr prepared;  // set once senders are known
  };
  /// Who agrees on the next height. The machine numbers voters by their seat in the epoch, the
  /// driver's peers by what they always have.
  struct Voting {
    std::shared_ptr<const types::Epoch> epoch;
    Hash domain;
    std::unique_ptr<consensus::VoteVerifier> verifier;
    std::unique_ptr<consensus::VoteSigner> signer;  // null: no vote in this epoch
    std::vector<consensus::PeerId> peers;           // by seat
    std::map<consensus::PeerId, consensus::ValidatorIndex> seats;

    consensus::PeerId to_machine(consensus::PeerId peer) const;
    consensus::PeerId to_driver(consensus::PeerId machine) const;
  };

  Node(NodeOptions options, storage::Ledger& ledger, StateOpener open_state, Height executed);
  Result<void> restore(std::span<const consensus::Record> records);
  Result<void> restore_head();
  Result<void> restore_roots();

  // node_epoch.cpp
  Result<void> restore_epoch();
  Result<std::vector<consensus::Record>> restore_records(
      std::span<const consensus::Record> records);
  void sit(types::Epoch epoch);
  Result<consensus::Machine> make_machine(std::span<const consensus::Record> records) const;
  void enter_epoch(types::Epoch epoch);
  Result<void> note_registry(types::StateView& state, Height height);
  void forget_registries();
  std::optional<types::Epoch> epoch_after(const types::Header& header) const;
  bool knows_registry_of(Height height) const noexcept;
  bool change_pending() const noexcept;
  bool ends_this_epoch(const types::Header& header) const noexcept;
  std::optional<consensus::ClosingBlock> closing_on(const consensus::BlockRef& parent,
                                                    View view) const;
  bool build_closing(const consensus::BuildPayload& request);
  void check_closing(const consensus::VerifyPayload& request);
  Bytes proof_of(const consensus::Finalized& finalized) const;
  std::optional<BytesView> untagged(consensus::PeerId peer, BytesView payload);
  void send_tagged(std::span<const consensus::Send> sends);
  Bytes record_key(BytesView key) const;

  void feed(consensus::Event event);
  void drain();
  void absorb(consensus::Actions actions);

  void build(const consensus::BuildPayload& request);
  std::vector<txpool::PooledPtr> choose_transactions(const Hash& parent);
  types::Header header_on(const Tip& parent, View view) const;
  void adopt(PreparedPtr block, const Tip& parent);

  void begin_check(const consensus::VerifyPayload& request);
  void decide(const Hash& block_id);
  void answer(const Hash& block_id, consensus::Verdict verdict);
  Result<void> check(const PreparedBlock& block, const Tip& parent, bool certified) const;

  void finalise(std::span<const PreparedPtr> blocks, const Bytes& certificate);
  void store_final(const PreparedPtr& block, BytesView certificate);
  /// The next nonces of a block's senders, as far as their keys are theirs.
  void note_nonces(const PreparedBlock& block, std::map<Address, std::uint64_t>& next) const;
  void refresh_nonces(const ExecutedBlock& block);
  static std::vector<Address> replacing(const PreparedBlock& block);
  void forget_old_keys(const ExecutedBlock& block);
  void serve_block(const consensus::ServeBlock& request);
  void serve_turn();
  void serve_range(consensus::PeerId peer, const net::RangeRequest& request,
                   const LedgerBlocks& blocks);
  void serve_range_parts(consensus::PeerId peer, const net::RangePartRequest& request,
                         const LedgerBlocks& blocks);
  bool hold_range(net::RangeResponse& range);
  consensus::BlockPtr stored_block(const Hash& id) const;
  void store_attestation(const consensus::Attested& attested);
  View parent_view_of(const types::Header& header) const;

  void apply_changes(const txpool::Changes& changes, std::optional<consensus::PeerId> from);
  void on_gossip(consensus::PeerId peer, Bytes payload);
  void note_included(const PreparedBlock& block);
  bool was_included(const Hash& hash) const;
  void send_transactions(const std::vector<txpool::PooledPtr>& transactions,
                         std::span<const consensus::PeerId> to);

  void on_behind(const consensus::Behind& behind);
  void greet_sync(consensus::PeerId peer, Height finalised);
  void drop_from_sync(consensus::PeerId peer);
  void on_sync_message(consensus::PeerId peer, BytesView payload);
  void announce_final();
  void send_status();
  void feed_sync(sync::Event event);
  void release_delivery();
  void serve(StateJob job);
  bool may_serve() noexcept;
  void answer_sync(consensus::PeerId peer, net::SyncMessage message);
  void answer_epochs(consensus::PeerId peer, const net::EpochsRequest& request);
  net::StatusAnnouncement status() const;
  void feed_finder(sync::CheckpointFinder::Event event);
  void consider_joining();

  void update_work();
  std::optional<Tip> tip_of(const Hash& hash) const;
  std::vector<PreparedPtr> ancestors_to_final(const Hash& from) const;
  std::vector<PreparedPtr> prepared_chain(const std::vector<consensus::BlockPtr>& blocks) const;
  std::vector<types::ExecutionRoots> roots_between(Height after, Height up_to) const;
  bool roots_need_block(const Tip& tip) const noexcept;
  bool heartbeat_due() const noexcept;

  NodeOptions options_;
  exec::ChainRules rules_;
  storage::Ledger& ledger_;
  StateOpener open_state_;
  std::unique_ptr<consensus::BlockIdentity> identity_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<txpool::Pool> pool_;
  txpool::LocalJournal journal_;
  Voting voting_;
  std::optional<consensus::Machine> machine_;  // one for each epoch
  std::set<Bytes> record_keys_;                // of the machine, as they are stored
  std::map<Height, Registry> registries_;  // what executing a height made of it, where it changed
  HashMap<Hash, consensus::ClosingBlock> closing_;  // judged good
  std::optional<sync::Fetcher> fetcher_;
  std::optional<sync::CheckpointFinder> finder_;  // while a checkpoint is looked for
  std::map<consensus::PeerId, sync::PeerStatus> statuses_;

  Instant now_;
  UnixMillis wall_;
  Actions out_;
  std::deque<consensus::Event> events_;  // for the machine; absorbed one by one
  bool feeding_{false};
  std::optional<Instant> machine_wake_;
  std::optional<Instant> sync_wake_;
  std::optional<Instant> finder_wake_;
  Instant finder_rests_until_;
  std::optional<Instant> unreachable_since_;  // peers are ahead, and none has the next block
  std::size_t serving_{0};                    // state jobs under way
  Instant serving_paid_at_;                   // what was served is within the rate from here on
  std::optional<SyncedBlocks> delivery_;      // waits for execution to come closer
  std::optional<Height> stored_;              // durable with the last take()

  Tip final_;
  Height executed_;
  Instant last_final_at_;
  Instant announced_at_;
  std::optional<Instant> announce_at_;  // a height that peers have not heard of yet
  std::map<Height, types::ExecutionRoots>
      roots_;  // executed here, not yet below the final tip's range
  std::map<Height, types::ExecutionRoots> claimed_;  // in final headers, not executed here yet
  HashMap<Hash, Candidate> candidates_;
  HashMap<Hash, Check> checks_;
  // What peers fetch part by part, as long as they go on.
  struct ServedRange {
    Height from;
    Bytes encoded;
  };
  sync::RangeTurns range_turns_;
  consensus::BlockPtr served_block_;
  std::optional<ServedRange> served_range_;
  Instant served_at_;
  // Transactions of recent blocks: gossip of them comes late and is not worth recovering. Two
  // generations, so that it is bounded.
  HashSet<Hash> included_;
  HashSet<Hash> included_before_;
  bool work_{false};
  bool declined_{false};
  bool changed_{false};  // something a declining leader may have waited for
  std::set<consensus::PeerId> peers_;
  NodeCounters counters_;
};

}  // namespace wusong::node
