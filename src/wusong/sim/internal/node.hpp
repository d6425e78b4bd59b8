// SPDX-License-Identifier: Apache-2.0
// Drives one node::Node as platform's host does: one thread for the machine, one for execution,
// jobs on others, a disk. All of it in virtual time, and all but the disk is lost in a crash.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "wusong/consensus/messages.hpp"
#include "wusong/node/joining.hpp"
#include "wusong/node/node.hpp"
#include "wusong/node/opening.hpp"
#include "wusong/node/vote_guard.hpp"
#include "wusong/sim/disk.hpp"
#include "wusong/sim/internal/links.hpp"
#include "wusong/sim/scenario.hpp"
#include "wusong/sim/vote_scheme.hpp"

namespace wusong::sim::internal {

class World;

class Node {
 public:
  /// `identity`: its place in the validator set, or a higher number for an observer.
  Node(World& world, std::size_t slot, consensus::PeerId identity, Rng rng);
  ~Node();

  /// @errors what opening the disk finds
  [[nodiscard]] Result<void> start();
  /// The power goes. @return false when it was down already.
  bool crash();
  /// Powers off at one of its next writes, in the middle of whatever it does.
  void crash_at_write(std::uint64_t writes) noexcept { disk.store.die_after(writes); }
  bool up() const noexcept { return ledger_ != nullptr; }
  /// Up, and not fetching a state.
  bool takes_part() const noexcept { return node_ != nullptr; }
  Height final_height() const noexcept {
    return node_ ? node_->final_height() : *ledger_->final_head();
  }
  void receive(std::size_t from, const Packet& packet);
  void connect(std::size_t other);
  void disconnect(std::size_t other);
  /// As JSON-RPC would. Answers one outcome each, or never where the node is down or goes down.
  using Answer = std::function<void(const std::vector<Result<void>>&)>;
  void submit(std::vector<types::Transaction> transactions, Answer answer);
  void behave(Behaviour behaviour) noexcept { behaviour_ = behaviour; }
  /// Its operator gives it another vote key.
  void hold(Bytes vote_key) { keys_.hold(std::move(vote_key)); }
  /// Whether its epoch names the other, so that it would take a connection.
  bool admits(std::size_t other) const;
  /// As it knew it last: also while it fetches a state.
  const types::Epoch& epoch() const noexcept { return *epoch_; }
  bool connected_to(std::size_t other) const { return peers_.contains(other); }

  std::size_t slot() const noexcept { return slot_; }
  consensus::PeerId identity() const noexcept { return identity_; }
  Behaviour behaviour() const noexcept { return behaviour_; }
  const node::Node& machine() const noexcept { return *node_; }
  const storage::Ledger& ledger() const noexcept { return *ledger_; }
  const state::StateDb& state() const noexcept { return *state_; }
  bool idle() const;

  Disk disk;
  bool slow_disk{false};
  std::int64_t wall_skew_ms{0};
  std::int32_t drift_permille{0};
  std::uint64_t wipes{0};
  bool votes_lost{false};  // its disk was lost: it follows until it may vote

 private:
  using Task = std::function<void(node::Node&)>;
  using JoinTask = std::function<void(node::Joining&)>;
  /// For the node of one life, or for whatever stands in for it.
  struct Entry {
    std::uint64_t life{0};  // 0: any
    Task task;
    JoinTask join_task;  // none: not for a node that joins
  };

  // node_join.cpp
  void leave_to_join(sync::Checkpoint checkpoint);
  void begin_joining();
  node::JoinOptions join_options() const;
  void act_joining();
  Result<void> return_from_joining();

  // node_open.cpp
  Result<void> open();
  Result<void> open_node();

  // node.cpp
  void post(Task task);
  void post_to_either(Task task, JoinTask join_task);
  void enqueue(Entry entry);
  void pump();
  void write(node::Actions actions);
  void release(node::Actions actions);
  void run_jobs(node::Actions& actions);
  void execute_next();
  void prune();
  void watch(const node::Actions& actions);
  bool may_vote_again(const node::Actions& actions);
  void code_slice(const consensus::SliceJob& job);
  void set_timer();
  void count_wake();
  void fail_with(Error error);
  /// Runs `task` unless the node crashes before.
  void later(Duration delay, std::function<void()> task);
  Instant local_now() const noexcept;
  bool linked_to(consensus::PeerId identity) const;
  UnixMillis wall() const noexcept;

  // byzantine.cpp
  void transmit(const node::Frame& frame);
  bool transmit_consensus(const node::Frame& frame);
  void equivocate(const consensus::Proposal& proposal, bool forge);
  std::optional<consensus::Block> forked(const consensus::Block& block);
  bool fork_chain(const consensus::Proposal& proposal);
  void spoil(types::Header& header);
  void propose_badly(const consensus::Proposal& proposal);
  void send_garbage(const node::Frame& frame);
  bool serve_falsely(const node::Frame& frame);
  bool serve_false_parts(const node::Frame& frame, net::SnapshotResponse response);
  void dawdle(const node::Frame& frame);
  void vote_twice(const consensus::Vote& vote);
  void say_yes(std::size_t from, const Packet& packet);
  void replay(const Packet& packet);
  consensus::Certificate forged(const consensus::VoteSubject& subject) const;
  Bytes sign(BytesView message) const;
  consensus::Vote signed_vote(const consensus::VoteSubject& subject) const;
  void send_to(std::size_t to, const consensus::Message& message);
  /// The place of a machine among those who vote now; none for others.
  std::optional<consensus::ValidatorIndex> seat_of(consensus::PeerId identity) const;
  std::optional<consensus::ValidatorIndex> seat() const { return seat_of(identity_); }
  std::size_t voters() const { return epoch_->validators.size(); }
  Hash domain() const;
  /// Whether it leads the view that this block was made for.
  bool leads(const consensus::BlockRef& block) const;
  std::optional<consensus::Message> consensus_message(BytesView frame) const;

  // byzantine_slices.cpp
  void check_fragment(const node::Frame& frame);
  void note_range_part(const node::Frame& frame);
  void check_evidence(const consensus::Misbehaviour& evidence, bool epoch_is_over);
  bool transmit_block(const node::Frame& frame);
  bool transmit_fragment(const node::Frame& frame, const consensus::FragmentMessage& message);
  void garble(std::size_t to, consensus::FragmentMessage message);
  consensus::SliceCoded cheat(const consensus::SliceJob& job, consensus::SliceCoded honest);
  void lead_otherwise(const consensus::SliceJob& job);
  void disperse(const consensus::Block& block, std::uint32_t slice_bytes, std::uint32_t permille);

  World& world_;
  const std::size_t slot_;
  const consensus::PeerId identity_;
  Rng rng_;
  SimKeys keys_;
  SimKeys no_keys_;  // in place of the others while votes are lost
  Behaviour behaviour_{Behaviour::honest};
  std::uint64_t incarnation_{0};
  std::vector<Packet> heard_;    // for replay
  std::set<std::size_t> peers_;  // slots it is connected to
  std::optional<Error> failed_;  // a read met damage: the process ends after this turn

  std::unique_ptr<state::StateDb> state_;
  std::unique_ptr<storage::Ledger> ledger_;
  std::unique_ptr<node::BlockExecutor> executor_;
  std::unique_ptr<node::Node> node_;
  std::optional<node::VoteGuard> guard_;  // while votes_lost
  std::shared_ptr<const types::Epoch> epoch_;
  std::unique_ptr<node::Joining> joining_;
  std::optional<sync::Checkpoint> checkpoint_;  // to join at, once nothing is being executed
  std::uint64_t life_{1};                       // of node_
  std::deque<Entry> inbox_;
  bool busy_{false};     // the machine's thread waits for the disk
  bool pumping_{false};  // a turn is under way
  std::optional<Instant> timer_;
  Instant wakes_since_{};
  std::uint64_t wakes_{0};
  std::deque<node::PreparedPtr> to_execute_;
  bool executing_{false};
  std::uint64_t commits_unsynced_{0};
};

}  // namespace wusong::sim::internal
