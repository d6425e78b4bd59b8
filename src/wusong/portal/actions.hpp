// SPDX-License-Identifier: Apache-2.0
// What an actor may do next with an item, and for everything else why not and what would help.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wusong/portal/item.hpp"
#include "wusong/portal/rules.hpp"

namespace wusong::portal {

struct PermittedAction {
  std::uint8_t workflow{0};
  std::uint8_t action{0};
  std::uint8_t to{0};
  std::string name;
  Text title;
  bool allowed{false};
  std::optional<Refusal> refusal;  // where it is not allowed
  std::string article;
  Text why;   // allowed: what this step is; refused: why not
  Text next;  // what to do next
  // What the act must carry:
  bool needs_document{false};
  bool needs_basis{false};
  std::string document;  // the kind that is asked for: the workflow's
  std::string choice;    // vocabulary, or empty
  std::string marks;
  bool marks_any{false};
  bool names_organisation{false};
  std::string subject_workflow;  // what a new item's subject must be, or empty
  std::vector<std::string> subject_states;
  std::string reference_workflow;  // what the act must refer to, or empty
  std::vector<std::string> reference_states;
};

/// Every action that leads out of the item's state (for a new item: out of "none" of `workflow`),
/// in the pack's order. What an act would carry (document, choice, marks, basis, reference) is
/// taken as given, since it is what a form asks for; a subject that a new item needs is judged
/// where `facts.named` holds one.
std::vector<PermittedAction> permitted(const RulePack& pack, std::uint8_t workflow,
                                       const Facts& facts, const Calendar& calendar,
                                       std::uint64_t now);

/// Reasons in full for one refusal of one transition: who could do it, in which states, until when.
Text explain(Refusal refusal, const RulePack& pack, const Transition* transition);
Text next_step(Refusal refusal, const RulePack& pack, const Transition* transition);

}  // namespace wusong::portal
