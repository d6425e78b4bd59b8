// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/inbox.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace wusong::portal {
namespace {

/// States where work has come to rest though more could be done. A state that is not here waits for
/// somebody, so that a pack's new state is shown rather than forgotten.
constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kResting{{
    {"entry", "published"},       {"opening", "closed"},     {"opening", "conditional"},
    {"opening", "unconditional"}, {"resource", "published"}, {"commitment", "signed"},
    {"agreement", "in_force"},    {"grant", "open"},         {"plan", "published"},
    {"plan", "supplementary"},    {"plan", "org_accepted"},  {"scenario", "listed"},
    {"rating", "rated"},          {"rating", "hidden"},      {"product", "published"},
    {"product", "listed"},        {"evidence", "accepted"},  {"objection", "rejected"},
    {"survey", "announced"},
}};

/// Steps back, open to whoever filed the item as long as nothing is decided.
constexpr std::array<std::string_view, 3> kRetreats{"withdraw", "discard", "give_back"};

bool is_retreat(std::string_view action) noexcept {
  return std::ranges::find(kRetreats, action) != kRetreats.end();
}

}  // namespace

std::vector<Duty> duties(const RulePack& pack, std::uint32_t roles) {
  std::vector<Duty> out;
  for (const auto& workflow : pack.workflows) {
    for (const auto& state : workflow.states) {
      Duty duty{.workflow = workflow.number, .state = state.number, .rests = false, .own = true};
      bool any = false;
      for (const auto& step : workflow.transitions) {
        const auto* action = workflow.action(step.action);
        if (step.from != state.number || (step.row.roles & roles) == 0 || action == nullptr ||
            is_retreat(action->name)) {
          continue;
        }
        any = true;
        duty.own = duty.own && step.row.relation == Relation::own;
      }
      if (!any) continue;
      duty.rests = std::ranges::find(kResting, std::pair<std::string_view, std::string_view>{
                                                   workflow.name, state.name}) != kResting.end();
      out.push_back(duty);
    }
  }
  return out;
}

Asked asked_for(std::span<const PermittedAction> actions, std::uint8_t state) {
  Asked out;
  for (const auto& action : actions) {
    if (!action.allowed || is_retreat(action.name)) continue;
    if (action.to == state) {
      out.remarks.push_back(action.action);
    } else {
      out.moves = true;
    }
  }
  return out;
}

}  // namespace wusong::portal
