// SPDX-License-Identifier: Apache-2.0
// What waits for somebody: states in which their roles have a step to take, and whether an item in
// one of them asks for it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wusong/portal/actions.hpp"
#include "wusong/portal/rules.hpp"

namespace wusong::portal {

/// A state that roles have a step out of.
struct Duty {
  std::uint8_t workflow{0};
  std::uint8_t state{0};
  /// Nothing need happen here (published, in force): only a deadline that has passed asks for work.
  bool rests{false};
  /// Every step is for the item's own organisation.
  bool own{false};
};

/// In the pack's order.
std::vector<Duty> duties(const RulePack& pack, std::uint32_t roles);

/// What of a list of permitted actions the item asks its actor for.
struct Asked {
  bool moves{false};  // a step that leads on
  /// Steps that leave the state as it is, such as an opinion: whoever took one is not asked again,
  /// which the item's history tells.
  std::vector<std::uint8_t> remarks;
};
/// Taking back what one filed is a right and no duty.
Asked asked_for(std::span<const PermittedAction> actions, std::uint8_t state);

}  // namespace wusong::portal
