// SPDX-License-Identifier: Apache-2.0
// Everything of one run: clock, links, nodes, clients, checkers.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wusong/coding/dispersal.hpp"
#include "wusong/io/stage_timer.hpp"
#include "wusong/node/genesis.hpp"
#include "wusong/sim/event_loop.hpp"
#include "wusong/sim/internal/chain_checker.hpp"
#include "wusong/sim/internal/checkers.hpp"
#include "wusong/sim/internal/clients.hpp"
#include "wusong/sim/internal/governors.hpp"
#include "wusong/sim/internal/links.hpp"
#include "wusong/sim/internal/node.hpp"
#include "wusong/sim/scenario.hpp"
#include "wusong/sim/vote_scheme.hpp"

namespace wusong::sim::internal {

class World {
 public:
  World(const Scenario& scenario, std::uint64_t seed, OnProgress progress);
  ~World();
  Outcome run();

  std::size_t validators() const noexcept { return scenario.validators; }
  /// Machines: validators, observers, then second machines of twins.
  std::size_t size() const noexcept { return nodes.size(); }
  bool honest(std::size_t slot) const noexcept { return !ever_faulty[slot]; }
  void mark(const std::string& what) { ++outcome.marks[what]; }
  void tell(const std::string& line);
  std::string name_of(std::size_t slot) const { return "node " + std::to_string(slot); }
  consensus::PacemakerConfig pacemaker() const;
  /// The vote key of a machine; its operator may make another `generation` of it.
  static Bytes vote_key(consensus::PeerId identity, std::uint64_t generation);
  static Bytes node_key(consensus::PeerId identity);
  consensus::PeerId peer_of(BytesView node_key) const;
  void epoch_entered(std::size_t slot, const types::Epoch& epoch);
  consensus::DispersalConfig dispersal() const;
  sync::RangeCut range_cut() const;
  const coding::Disperser& disperser(std::size_t voters);
  /// What a clock that is right shows.
  UnixMillis true_wall() const noexcept;
  /// The power goes, and comes back after a while.
  void power_off(std::size_t slot);
  /// An honest node has just learnt that a block is final.
  void on_final(const types::Header& header);
  /// A node that had to stop is brought back in time, with the disk it has or without.
  void node_stopped(std::size_t slot, Error reason);

  Scenario scenario;
  Rng rng;
  EventLoop loop;
  Clients clients;
  Governors governors;
  node::Genesis genesis;
  types::Header genesis_header;
  Hash genesis_hash;
  io::NoStageTimer timer;
  io::InlineExecutor inline_executor;
  Checkers checkers;
  ChainChecker chain;
  Links links;
  std::map<Bytes, consensus::PeerId> identities;  // by node key
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<bool> ever_faulty;
  Outcome outcome;
  bool faults_on{true};

 private:
  void add_node(consensus::PeerId identity);
  void start_node(std::size_t slot);
  /// Does `work` now and then while faults last.
  void every(Duration pace, std::function<void()> work);
  void partition();
  void reconnect_one();
  void crash_some();
  void damage_one();
  void fill_one();
  void slow_one();
  void jump_one();
  void replace_one();
  /// One more validator may turn faulty for a while, or for good, and all stays recoverable.
  bool take_from_budget(std::size_t slot);
  void heal();
  void check_liveness();
  void check_rest();
  void check_ledgers();
  /// Views that ended so far, and how many of them were waited for in vain; of the node with the
  /// most of each.
  std::pair<std::uint64_t, std::uint64_t> views() const;
  void check_wasted_views(std::pair<std::uint64_t, std::uint64_t> before);
  void every_second();
  /// What nodes hold, against its bounds, and for Outcome::memory.
  void look_at_memory();
  void check_memory();
  /// Honest, and not left dead on purpose.
  bool watched(std::size_t slot) const;
  Height lowest() const;
  bool settled() const;
  std::string unsettled() const;

  OnProgress progress_;
  std::map<std::size_t, coding::Disperser> dispersers_;  // by the number of voters
  std::size_t budget_{0};            // faulty validators that may still be added
  std::vector<bool> out_of_budget_;  // counted already
  std::set<std::size_t> damaged_;    // a disk that is not what was written
  std::set<std::size_t> full_;
  std::set<std::size_t> dead_;  // for good
};

}  // namespace wusong::sim::internal
