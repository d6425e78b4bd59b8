// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/rules.hpp"

#include <algorithm>

#include "wusong/portal/errors.hpp"

namespace wusong::portal {
namespace {

constexpr std::uint16_t kClockStop = 0xffff;

void put(U256& word, std::uint64_t value, unsigned at, unsigned bits) noexcept {
  word.limb[at / 64] |= value << (at % 64);
  if (at % 64 + bits > 64) word.limb[at / 64 + 1] |= value >> (64 - at % 64);
}

std::uint64_t get(const U256& word, unsigned at, unsigned bits) noexcept {
  std::uint64_t out = word.limb[at / 64] >> (at % 64);
  if (at % 64 + bits > 64) out |= word.limb[at / 64 + 1] << (64 - at % 64);
  return out & (bits == 64 ? ~0ull : (1ull << bits) - 1);
}

template <typename List, typename Wanted, typename Member>
auto find(const List& list, const Wanted& wanted, Member member) noexcept {
  const auto found =
      std::ranges::find_if(list, [&](const auto& one) { return one.*member == wanted; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

U256 encode(const Row& row) noexcept {
  U256 out;
  put(out, row.to, 0, 8);
  put(out, row.roles, 8, 32);
  put(out, static_cast<std::uint64_t>(row.relation), 40, 8);
  put(out, static_cast<std::uint64_t>(row.organisation), 48, 2);
  put(out, static_cast<std::uint64_t>(row.party), 50, 2);
  put(out, row.needs, 52, 8);
  put(out, row.subject_workflow, 60, 8);
  put(out, row.subject_states, 68, 32);
  put(out, row.choice_count, 100, 8);
  put(out, row.marks, 108, 32);
  if (row.clock_effect == ClockEffect::stop) put(out, kClockStop, 140, 16);
  if (row.clock_effect == ClockEffect::start) {
    put(out, row.clock.amount, 140, 16);
    put(out, static_cast<std::uint64_t>(row.clock.unit), 156, 4);
  }
  put(out, 1, 160, 1);
  put(out, row.content ? 1 : 0, 161, 1);
  put(out, row.marks_any ? 1 : 0, 162, 1);
  put(out, static_cast<std::uint64_t>(row.tie), 163, 2);
  put(out, row.single ? 1 : 0, 165, 1);
  put(out, row.reference_workflow, 168, 8);
  put(out, row.reference_states, 176, 32);
  return out;
}

Result<Row> decode_row(const U256& word) {
  Row out;
  out.to = static_cast<std::uint8_t>(get(word, 0, 8));
  out.roles = static_cast<std::uint32_t>(get(word, 8, 32));
  const std::uint64_t relation = get(word, 40, 8);
  out.organisation = static_cast<OrganisationFrom>(get(word, 48, 2));
  out.party = static_cast<PartyFrom>(get(word, 50, 2));
  out.needs = static_cast<std::uint8_t>(get(word, 52, 8));
  out.subject_workflow = static_cast<std::uint8_t>(get(word, 60, 8));
  out.subject_states = static_cast<std::uint32_t>(get(word, 68, 32));
  out.choice_count = static_cast<std::uint8_t>(get(word, 100, 8));
  out.marks = static_cast<std::uint32_t>(get(word, 108, 32));
  const auto amount = static_cast<std::uint16_t>(get(word, 140, 16));
  const std::uint64_t unit = get(word, 156, 4);
  out.content = get(word, 161, 1) != 0;
  out.marks_any = get(word, 162, 1) != 0;
  const std::uint64_t tie = get(word, 163, 2);
  out.single = get(word, 165, 1) != 0;
  out.reference_workflow = static_cast<std::uint8_t>(get(word, 168, 8));
  out.reference_states = static_cast<std::uint32_t>(get(word, 176, 32));
  if (relation > static_cast<std::uint64_t>(Relation::subject_party) || tie > 2)
    return fail(err::bad_row);
  out.relation = static_cast<Relation>(relation);
  out.tie = static_cast<Tie>(tie);
  const bool runs = amount != 0 && amount != kClockStop;
  if (runs ? unit < 1 || unit > 4 : unit != 0) return fail(err::bad_row);
  if (amount == kClockStop) out.clock_effect = ClockEffect::stop;
  if (runs) {
    out.clock_effect = ClockEffect::start;
    out.clock = {amount, static_cast<ClockUnit>(unit)};
  }
  // What the contract refuses: no way out, nobody who may, a bit that has no meaning.
  if (out.to == 0 || out.to > 31 || out.roles == 0 || encode(out) != word)
    return fail(err::bad_row);
  return out;
}

const State* Workflow::state(std::uint8_t wanted) const noexcept {
  return find(states, wanted, &State::number);
}
const State* Workflow::state(std::string_view wanted) const noexcept {
  return find(states, wanted, &State::name);
}
const NamedNumber* Workflow::action(std::uint8_t wanted) const noexcept {
  return find(actions, wanted, &NamedNumber::number);
}
const NamedNumber* Workflow::action(std::string_view wanted) const noexcept {
  return find(actions, wanted, &NamedNumber::name);
}
const Transition* Workflow::transition(std::uint8_t action, std::uint8_t from) const noexcept {
  const auto found = std::ranges::find_if(
      transitions, [&](const Transition& one) { return one.action == action && one.from == from; });
  return found == transitions.end() ? nullptr : &*found;
}

const Workflow* RulePack::workflow(std::uint8_t wanted) const noexcept {
  return find(workflows, wanted, &Workflow::number);
}
const Workflow* RulePack::workflow(std::string_view wanted) const noexcept {
  return find(workflows, wanted, &Workflow::name);
}
const Vocabulary* RulePack::vocabulary(std::string_view wanted) const noexcept {
  return find(vocabularies, wanted, &Vocabulary::name);
}
const LegalNumber* RulePack::legal_number(std::string_view wanted) const noexcept {
  return find(numbers, wanted, &LegalNumber::name);
}
const NamedNumber* RulePack::role(std::uint8_t wanted) const noexcept {
  return find(roles, wanted, &NamedNumber::number);
}
const NamedNumber* RulePack::role(std::string_view wanted) const noexcept {
  return find(roles, wanted, &NamedNumber::name);
}
const Transition* RulePack::transition(std::uint8_t workflow_number, std::uint8_t action,
                                       std::uint8_t from) const noexcept {
  const Workflow* found = workflow(workflow_number);
  return found == nullptr ? nullptr : found->transition(action, from);
}

RowTable RulePack::rows() const {
  RowTable out;
  for (const Workflow& flow : workflows)
    for (const Transition& one : flow.transitions)
      out[row_key(flow.number, one.action, one.from)] = one.row;
  return out;
}

std::uint64_t RulePack::effective_seconds() const noexcept {
  return start_of(days_of(effective_from), utc_offset);
}

const RulePack* RuleBook::pack(std::uint16_t number) const noexcept {
  const auto found = packs_.find(number);
  return found == packs_.end() ? nullptr : &found->second;
}

const RulePack* RuleBook::in_force(std::uint64_t now) const noexcept {
  const RulePack* best = nullptr;
  for (const auto& [number, pack] : packs_)
    if (pack.effective_seconds() <= now &&
        (best == nullptr || pack.effective_seconds() >= best->effective_seconds()))
      best = &pack;
  return best;
}

}  // namespace wusong::portal
