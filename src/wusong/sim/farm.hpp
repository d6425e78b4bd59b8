// SPDX-License-Identifier: Apache-2.0
// Hunting with many seeds: what fails is made as small as it still fails, and the checkers are
// hunted with deliberate defects.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wusong/sim/scenario.hpp"

namespace wusong::sim {

/// Leaves out kinds of fault, validators' misbehaviour, observers, clients and time as long as some
/// checker that failed still fails. @return the scenario, which fails with the same seed
Scenario minimise(const Scenario& scenario, std::uint64_t seed);
/// What a scenario holds, as a line for people.
std::string describe(const Scenario& scenario);

struct DefectFound {
  std::string_view name;
  std::string_view scenario;
  std::uint64_t seeds_max{0};
  std::optional<std::uint64_t> seed;  // the first that finds it, where one does
  std::string checker;
  std::string detail;
  std::string describe() const;
};
/// Whether this program was built with WUSONG_DEFECTS.
bool defects_are_built_in() noexcept;
/// Plants each defect of base/defect.hpp in turn and looks for it. Only with WUSONG_DEFECTS: else
/// nothing is found. Leaves none planted.
std::vector<DefectFound> hunt_defects(const std::function<void(const DefectFound&)>& on_row = {});

}  // namespace wusong::sim
