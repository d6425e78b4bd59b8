// SPDX-License-Identifier: Apache-2.0
// Consensus under faults in virtual time: a scenario and a seed in, what happened out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/time.hpp"

namespace wusong::sim {

/// How a faulty validator behaves; all else it does honestly.
enum class Behaviour : std::uint8_t {
  honest,
  silent_leader,     // never proposes
  equivocate,        // proposes two blocks, each to some of the others
  partial_proposal,  // proposes to one validator only
  bad_block,         // proposes what the application must refuse
  withhold_votes,    // half of its votes never leave
  garbage,           // random, truncated and altered messages
  two_votes,         // signs contradicting votes
  yes_man,           // signs whatever it is shown
  replay,            // repeats old messages of everyone
  fork,              // proposes on a parent that has successors
  forge,             // certificates with made-up signatures for two blocks at once
};

struct NetworkFaults {
  std::uint32_t loss_permille{0};
  std::uint32_t duplicate_permille{0};
  std::uint32_t spike_permille{0};  // messages held back by up to `spike`: reordered
  Duration delay_min{std::chrono::milliseconds{2}};
  Duration delay_max{std::chrono::milliseconds{10}};
  Duration spike{std::chrono::milliseconds{400}};
};

/// Deliberate defects of the driver, to prove that the checkers can fail.
struct Sabotage {
  bool forget_votes{false};         // records never reach the disk
  bool send_before_persist{false};  // votes leave while their record is being written
  bool accept_any_signature{false};
  bool lose_ledger{false};       // a restart forgets synced final blocks
  bool always_work{false};       // empty blocks for ever
  std::size_t never_restart{0};  // as many validators stay down
};

struct Scenario {
  std::size_t validators{4};
  std::size_t observers{0};
  Duration chaos{std::chrono::seconds{8}};  // faults happen in this time
  NetworkFaults network;
  Duration partition_every{0};  // 0: none
  Duration crash_every{0};      // 0: none
  bool crash_any_number{true};  // more than f at once
  Duration transaction_every{std::chrono::milliseconds{60}};
  std::uint32_t gossip_miss_permille{0};  // a transaction does not reach some node
  std::uint32_t slow_verify_permille{0};  // the application takes up to 300 ms over a block
  std::vector<std::pair<std::size_t, Behaviour>> faulty;  // validator, behaviour
  std::uint64_t catchup_blocks_max{24};
  Sabotage sabotage;

  // After the faults: so many blocks more, on every honest node, within the bound.
  std::uint64_t liveness_blocks{8};
  Duration liveness_bound{std::chrono::seconds{60}};
  Duration rest_window{std::chrono::seconds{20}};
};

/// Every kind of fault, chosen by the seed, within what the protocol tolerates.
Scenario random_scenario(std::uint64_t seed, std::size_t validators);

struct Violation {
  std::string checker;  // agreement, one_vote, prefix, proof, validity, halt, liveness, rest
  std::string detail;
};

struct Outcome {
  std::uint64_t event_hash{0};
  std::uint64_t events{0};
  std::uint64_t blocks{0};  // highest final height
  Duration virtual_time{};
  Duration recovery{};  // until liveness was shown
  std::vector<Violation> violations;
  std::map<std::string, std::uint64_t> marks;  // faults and paths that really happened
  std::vector<std::string> timeline;           // bounded

  bool violated(const std::string& checker) const;
  std::string describe() const;
};

Outcome run_scenario(const Scenario& scenario, std::uint64_t seed);

}  // namespace wusong::sim
