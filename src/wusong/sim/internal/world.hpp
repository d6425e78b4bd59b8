// SPDX-License-Identifier: Apache-2.0
// Everything of one run: clock, network, nodes, checkers.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wusong/consensus/machine.hpp"
#include "wusong/sim/event_loop.hpp"
#include "wusong/sim/internal/checkers.hpp"
#include "wusong/sim/internal/sim_app.hpp"
#include "wusong/sim/scenario.hpp"
#include "wusong/sim/virtual_disk.hpp"
#include "wusong/sim/vote_scheme.hpp"

namespace wusong::sim::internal {

class World;
using Packet = std::shared_ptr<const Bytes>;  // one message on many links

/// The driver of one machine: disk, application, timer. It loses everything but the disk in a
/// crash.
class Node {
 public:
  Node(World& world, std::size_t index, Rng rng);

  void start();
  /// @return false when it was down already.
  bool crash();
  bool up() const noexcept { return machine_.has_value(); }
  void receive(std::size_t from, const Packet& packet);
  void submit(std::uint64_t number);
  void behave(Behaviour behaviour) noexcept { behaviour_ = behaviour; }

  Behaviour behaviour() const noexcept { return behaviour_; }
  const SimApp& app() const noexcept { return app_; }
  SimApp& app() noexcept { return app_; }
  consensus::Status status() const { return machine_->status(); }
  bool idle() const;

 private:
  struct Output {
    consensus::Actions actions;
    bool durable;
  };
  void step(const consensus::Event& event);
  void take(consensus::Actions actions);
  void release();
  void perform(consensus::Actions& actions);
  void keep_final(const consensus::Finalized& finalized);
  void write_ledger(const consensus::Block& block);
  void sync_ledger();
  void serve(const consensus::ServeBlock& request);
  void catch_up(const consensus::Behind& behind);
  void build(const consensus::BuildPayload& request);
  void set_timer(Instant when);
  void update_work();
  /// Runs `task` unless the node crashes before.
  void later(Duration delay, std::function<void()> task);

  // byzantine.cpp
  void transmit(const consensus::Send& send);
  void transmit_faulty(const consensus::Send& send);
  void equivocate(const consensus::Proposal& proposal, bool forge);
  void fork_chain(const consensus::Proposal& proposal);
  void propose_badly(const consensus::Proposal& proposal);
  void send_garbage(const consensus::Send& send);
  void vote_twice(const consensus::Vote& vote);
  void say_yes(std::size_t from, BytesView bytes);
  void replay(const Packet& packet);
  consensus::Certificate forged(const consensus::VoteSubject& subject) const;
  consensus::Vote signed_vote(const consensus::VoteSubject& subject) const;
  void send_to(std::size_t to, const consensus::Message& message);

  World& world_;
  std::size_t index_;
  Rng rng_;
  SimSigner signer_;
  VirtualDisk disk_;
  Behaviour behaviour_{Behaviour::honest};
  std::uint64_t incarnation_{0};

  SimApp app_;
  std::optional<consensus::Machine> machine_;
  std::deque<Output> outputs_;
  std::optional<Instant> timer_;
  bool work_{false};
  std::vector<Packet> heard_;  // for replay
};

class World {
 public:
  World(const Scenario& scenario, std::uint64_t seed);
  Outcome run();

  std::size_t validators() const noexcept { return scenario.validators; }
  std::size_t size() const noexcept { return nodes.size(); }
  bool honest(std::size_t node) const noexcept {
    return nodes[node]->behaviour() == Behaviour::honest && !ever_faulty[node];
  }
  void mark(const std::string& what) { ++outcome.marks[what]; }
  void tell(const std::string& line);
  void deliver(std::size_t from, std::size_t to, Packet packet);
  bool linked(std::size_t from, std::size_t to) const noexcept { return !cut[from * size() + to]; }
  consensus::Config machine_config() const;

  Scenario scenario;
  Rng rng;
  EventLoop loop;
  SimScheme scheme;       // what nodes use
  SimScheme true_scheme;  // what checkers use
  SimIdentity identity;
  Checkers checkers;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<bool> ever_faulty;
  std::vector<bool> cut;  // by from * size + to
  Outcome outcome;
  bool faults_on{true};
  std::uint64_t sent{0};

 private:
  void schedule_partitions();
  void schedule_crashes();
  void schedule_transactions();
  void partition();
  void crash_one();
  void heal();
  void check_liveness();
  void check_rest();
  Height lowest() const;
  bool settled() const;
  std::string unsettled() const;

  std::uint64_t next_number_{1};
  bool transactions_on_{true};
};

}  // namespace wusong::sim::internal
