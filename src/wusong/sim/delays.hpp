// SPDX-License-Identifier: Apache-2.0
// Finality by message delays alone, on the paths that a simulated network has: what a protocol
// costs when processors, disks and signatures are free.
#pragma once

#include <cstdint>

#include "wusong/sim/scenario.hpp"
#include "wusong/sim/timing.hpp"

namespace wusong::sim {

struct DelayModels {
  Timing three;  // proposal, votes of all to all, votes of all to all: Simplex
  /// Proposal, votes to the next leader, its certificate, votes to the one after, its certificate:
  /// HotStuff-2 and Jolteon. @source ePrint 2023/397
  Timing five;
};

/// Every validator proposes `rounds` times; each message draws its own delay. What is measured is
/// the time until each validator knows the block to be final.
/// @cost rounds times the cube of `validators`
DelayModels delay_models(const Wide& wide, std::size_t validators, std::uint64_t rounds,
                         std::uint64_t seed);

}  // namespace wusong::sim
