// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/actions.hpp"

namespace wusong::portal {
namespace {

/// "A、B" and "A, B" of the roles in a mask.
Text roles_text(const RulePack& pack, std::uint32_t mask) {
  Text out;
  for (const NamedNumber& role : pack.roles) {
    if ((mask >> role.number & 1) == 0) continue;
    out.zh += (out.zh.empty() ? "" : "、") + role.title.zh;
    out.en += (out.en.empty() ? "" : ", ") + role.title.en;
  }
  return out;
}

Text states_text(const RulePack& pack, std::uint8_t workflow, std::uint32_t mask) {
  Text out;
  const Workflow* flow = pack.workflow(workflow);
  if (flow == nullptr) return out;
  for (const State& state : flow->states) {
    if ((mask >> state.number & 1) == 0) continue;
    out.zh += (out.zh.empty() ? "" : "、") + state.title.zh;
    out.en += (out.en.empty() ? "" : ", ") + state.title.en;
  }
  out.zh = flow->title.zh + "（" + out.zh + "）";
  out.en = flow->title.en + " (" + out.en + ")";
  return out;
}

std::vector<std::string> state_names(const RulePack& pack, std::uint8_t workflow,
                                     std::uint32_t mask) {
  std::vector<std::string> out;
  if (const Workflow* flow = pack.workflow(workflow))
    for (const State& state : flow->states)
      if ((mask >> state.number & 1) != 0) out.push_back(state.name);
  return out;
}

std::string workflow_name(const RulePack& pack, std::uint8_t number) {
  const Workflow* flow = pack.workflow(number);
  return flow == nullptr ? std::string{} : flow->name;
}

/// An act for a row that carries all that the row asks for.
Act willing_act(const Row& row, const Facts& facts, std::uint8_t workflow, std::uint8_t action) {
  Hash given;
  given.bytes[0] = 1;
  Act act;
  act.item = given;
  act.sequence = facts.item.sequence;
  act.workflow = workflow;
  act.action = action;
  act.choice = row.choice_count == 0 ? 0 : 1;
  act.marks = row.marks;
  act.document = given;
  act.basis = given;
  if (!facts.item.exists()) {
    if (row.organisation == OrganisationFrom::named) act.organisation = 1;
    if (facts.subject) act.subject = given;
  }
  return act;
}

/// What an act will name and the form has not asked yet is taken to fit.
Facts willing_facts(Facts facts, const Row& row, const Act& act) {
  if (!facts.item.exists()) {
    facts.named_active = true;
    // Who it is for is chosen in the form: only the actor's own standing can be judged.
    if (row.organisation == OrganisationFrom::named && row.relation == Relation::parent &&
        facts.actor && facts.actor->organisation != 0)
      facts.parent_of_organisation = facts.actor->organisation;
  }
  if (row.reference_workflow != 0 && !facts.reference) {
    Item reference;
    reference.workflow = row.reference_workflow;
    for (std::uint8_t state = 1; state < 32; ++state)
      if ((row.reference_states >> state & 1) != 0) reference.state = state;
    if (row.tie == Tie::this_item) reference.subject = act.item;
    if (row.tie == Tie::same_subject)
      reference.subject = facts.item.exists() ? facts.item.subject : act.subject;
    facts.reference = reference;
  }
  return facts;
}

/// Whether the subject is a question of the form, not yet of the facts.
bool asks_subject(const Row& row, const Facts& facts) {
  return !facts.item.exists() && !facts.subject &&
         (row.subject_workflow != 0 || row.relation == Relation::subject_own ||
          row.relation == Relation::subject_creator || row.relation == Relation::subject_party);
}

std::optional<Refusal> judge(const Row& row, const Facts& facts, const PermittedAction& what,
                             const RulePack& pack, const Calendar& calendar, std::uint64_t now) {
  Act act = willing_act(row, facts, what.workflow, what.action);
  Row judged = row;
  if (asks_subject(row, facts)) {
    judged.subject_workflow = 0;
    judged.relation = Relation::any;
    judged.reference_workflow = 0;
  }
  if (judged.organisation == OrganisationFrom::named && facts.actor && !facts.item.exists() &&
      facts.actor->organisation != 0)
    act.organisation = facts.actor->organisation;
  if (judged.single && !facts.item.exists()) act.item = single_id(act.subject, act.workflow);
  const Facts willing = willing_facts(facts, judged, act);
  if (judged.reference_workflow != 0) act.refers_to = act.document;
  const RowTable rows{{row_key(act.workflow, act.action, facts.item.state), judged}};
  const auto after = decide(act, willing, {pack.number, pack.utc_offset, &rows, &calendar}, now);
  if (after) return std::nullopt;
  return after.error();
}

}  // namespace

std::vector<PermittedAction> permitted(const RulePack& pack, std::uint8_t workflow,
                                       const Facts& facts, const Calendar& calendar,
                                       std::uint64_t now) {
  std::vector<PermittedAction> out;
  const Workflow* flow = pack.workflow(workflow);
  if (flow == nullptr) return out;
  for (const NamedNumber& action : flow->actions) {
    const Transition* found = flow->transition(action.number, facts.item.state);
    if (found == nullptr) continue;
    const Row& row = found->row;
    PermittedAction one;
    one.workflow = workflow;
    one.action = action.number;
    one.to = row.to;
    one.name = action.name;
    one.title = action.title;
    one.article = found->article;
    one.needs_document = (row.needs & kNeedsDocument) != 0;
    one.needs_basis = (row.needs & kNeedsBasis) != 0;
    one.document = row.content ? flow->document : "opinion";
    one.choice = found->choice;
    one.marks = found->marks;
    one.marks_any = row.marks_any;
    one.names_organisation = row.organisation == OrganisationFrom::named;
    if (!facts.item.exists() && row.subject_workflow != 0) {
      one.subject_workflow = workflow_name(pack, row.subject_workflow);
      one.subject_states = state_names(pack, row.subject_workflow, row.subject_states);
    }
    if (row.reference_workflow != 0) {
      one.reference_workflow = workflow_name(pack, row.reference_workflow);
      one.reference_states = state_names(pack, row.reference_workflow, row.reference_states);
    }
    one.refusal = judge(row, facts, one, pack, calendar, now);
    one.allowed = !one.refusal;
    one.why = one.allowed ? found->why : explain(*one.refusal, pack, found);
    one.next = one.allowed
                   ? Text{"可以办理：" + one.title.zh, "You can do this now: " + one.title.en}
                   : next_step(*one.refusal, pack, found);
    out.push_back(std::move(one));
  }
  return out;
}

Text explain(Refusal refusal, const RulePack& pack, const Transition* transition) {
  Text out = info_of(refusal).why.text();
  if (transition == nullptr) return out;
  if (refusal == Refusal::subject_invalid && transition->row.subject_workflow != 0) {
    const Text states =
        states_text(pack, transition->row.subject_workflow, transition->row.subject_states);
    out.zh += "：应为" + states.zh;
    out.en += ": it must be " + states.en;
  }
  if (refusal == Refusal::reference_invalid && transition->row.reference_workflow != 0) {
    const Text states =
        states_text(pack, transition->row.reference_workflow, transition->row.reference_states);
    out.zh += "：应为" + states.zh;
    out.en += ": it must be " + states.en;
  }
  return out;
}

Text next_step(Refusal refusal, const RulePack& pack, const Transition* transition) {
  Text out = info_of(refusal).next.text();
  if (transition == nullptr || refusal != Refusal::wrong_role) return out;
  const Text roles = roles_text(pack, transition->row.roles);
  return {"应由以下角色办理：" + roles.zh, "This step is taken by: " + roles.en};
}

}  // namespace wusong::portal
