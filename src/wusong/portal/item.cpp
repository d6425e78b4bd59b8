// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/item.hpp"

#include <array>

#include "wusong/hash/hash.hpp"

namespace wusong::portal {
namespace {

constexpr std::array<RefusalInfo, kRefusalCount> kRefusals{{
    {"not_an_actor",
     "NotAnActor",
     {"您的账户目前不能在平台上办理事项", "Your account cannot act on the platform at present"},
     {"请完成实名认证，或请本单位管理员开通角色",
      "Complete real-name verification, or ask your organisation to grant you a role"}},
    {"wrong_sequence",
     "WrongSequence",
     {"事项已被他人更新", "Somebody else has changed this item in the meantime"},
     {"请刷新后再办理", "Reload the page and try again"}},
    {"no_pack_in_force",
     "NoPackInForce",
     {"尚无生效的规则", "No rules are in force yet"},
     {"请等待主管部门发布规则", "Wait until the authority has published the rules"}},
    {"no_such_transition",
     "NoSuchTransition",
     {"当前状态下不能进行此操作", "This step is not possible from the present state"},
     {"请查看可办理的操作", "See which steps are possible now"}},
    {"wrong_role",
     "WrongRole",
     {"您的角色不能进行此操作", "Your role does not permit this step"},
     {"请由有相应角色的人员办理", "Ask somebody who has the role"}},
    {"subject_invalid",
     "SubjectInvalid",
     {"关联的事项不存在或状态不符", "The item that this is about is missing or in the wrong state"},
     {"请先完成关联事项的办理", "Finish the item that this is about first"}},
    {"organisation_invalid",
     "OrganisationInvalid",
     {"指定的单位不存在或已停用", "The organisation named is unknown or not active"},
     {"请选择有效的单位", "Choose an active organisation"}},
    {"wrong_relation",
     "WrongRelation",
     {"该事项不归您或您的单位办理", "This item is not yours or your organisation's"},
     {"请由事项所属单位、申请人或上级单位办理",
      "The organisation, applicant or superior concerned must take this step"}},
    {"reference_invalid",
     "ReferenceInvalid",
     {"引用的事项不存在、状态不符或与本事项无关",
      "The item referred to is missing, in the wrong state, or not tied to this one"},
     {"请选择符合要求的事项", "Choose an item that fits"}},
    {"choice_invalid",
     "ChoiceInvalid",
     {"未选择规定的选项", "None of the prescribed options is chosen"},
     {"请从列表中选择一项", "Choose one from the list"}},
    {"marks_missing",
     "MarksMissing",
     {"规定的条款未全部确认", "Not every prescribed clause is confirmed"},
     {"请逐条确认规定的条款", "Confirm each prescribed clause"}},
    {"document_missing",
     "DocumentMissing",
     {"缺少材料", "A document is missing"},
     {"请填写并提交材料", "Fill in and submit the document"}},
    {"basis_missing",
     "BasisMissing",
     {"缺少法律法规依据", "The legal basis is missing"},
     {"请提供法律法规依据", "Cite the legal basis"}},
    {"not_overdue",
     "NotOverdue",
     {"期限尚未届满", "The deadline has not passed"},
     {"请在期限届满后再办理", "Wait until the deadline has passed"}},
    {"overdue",
     "Overdue",
     {"期限已过", "The deadline has passed"},
     {"请联系主管部门", "Contact the authority"}},
}};

bool is_in(const std::optional<Item>& item, std::uint8_t workflow, std::uint32_t states) noexcept {
  return item && item->workflow == workflow && (states >> item->state & 1) != 0;
}

/// The roles that count now: none for the unknown, the inactive and those of inactive
/// organisations.
std::uint32_t roles_of(const Facts& facts) noexcept {
  if (!facts.actor || !facts.actor->active) return 0;
  if (facts.actor->organisation != 0 && !facts.organisation_active) return 0;
  return facts.actor->roles;
}

/// Somebody acts for themselves and for the colleagues of their organisation.
bool acts_for(const Facts& facts, const Address& who, std::uint32_t their_organisation) noexcept {
  if (who.is_zero()) return false;
  if (facts.sender == who) return true;
  const std::uint32_t own = facts.actor ? facts.actor->organisation : 0;
  return own != 0 && own == their_organisation;
}

bool subject_holds(const Act& act, const Facts& facts, const Row& row) noexcept {
  if (!act.subject.is_zero() && (facts.item.exists() || !facts.subject)) return false;
  if (row.subject_workflow != 0 && !is_in(facts.subject, row.subject_workflow, row.subject_states))
    return false;
  return facts.item.exists() || !row.single || act.item == single_id(act.subject, act.workflow);
}

bool organisation_holds(const Act& act, const Facts& facts, const Row& row) noexcept {
  const bool named = !facts.item.exists() && row.organisation == OrganisationFrom::named;
  return named ? facts.named_active : act.organisation == 0;
}

bool reference_holds(const Act& act, const Facts& facts, const Row& row) noexcept {
  if (row.reference_workflow == 0) return act.refers_to.is_zero();
  if (!is_in(facts.reference, row.reference_workflow, row.reference_states)) return false;
  const ItemId& subject = facts.item.exists() ? facts.item.subject : act.subject;
  switch (row.tie) {
    case Tie::any:
      return true;
    case Tie::same_subject:
      return !subject.is_zero() && facts.reference->subject == subject;
    case Tie::this_item:
      return facts.reference->subject == act.item;
  }
  return false;
}

std::optional<Refusal> check_values(const Act& act, const Row& row, std::uint64_t deadline,
                                    std::uint64_t now) noexcept {
  if (act.choice > row.choice_count || (row.choice_count != 0 && act.choice == 0))
    return Refusal::choice_invalid;
  if (row.marks_any ? act.marks == 0 || (act.marks & ~row.marks) != 0 : act.marks != row.marks)
    return Refusal::marks_missing;
  if ((row.needs & kNeedsDocument) != 0 && act.document.is_zero()) return Refusal::document_missing;
  if ((row.needs & kNeedsBasis) != 0 && act.basis.is_zero()) return Refusal::basis_missing;
  const bool passed = deadline != 0 && now >= deadline;
  if ((row.needs & kNeedsOverdue) != 0 && !passed) return Refusal::not_overdue;
  if ((row.needs & kNeedsInTime) != 0 && passed) return Refusal::overdue;
  return std::nullopt;
}

std::uint32_t organisation_of_new(const Act& act, const Facts& facts, const Row& row) noexcept {
  switch (row.organisation) {
    case OrganisationFrom::none:
      return 0;
    case OrganisationFrom::actor:
      return facts.actor->organisation;
    case OrganisationFrom::subject:
      return facts.subject ? facts.subject->organisation : 0;
    case OrganisationFrom::named:
      return act.organisation;
  }
  return 0;
}

Item after(const Act& act, const Facts& facts, const Row& row, const Rules& rules,
           std::uint64_t now) {
  Item out = facts.item;
  if (!out.exists()) {
    out.workflow = act.workflow;
    out.pack = rules.pack;
    out.creator = facts.sender;
    out.subject = act.subject;
    out.organisation = organisation_of_new(act, facts, row);
  }
  out.state = row.to;
  ++out.sequence;
  if (row.party == PartyFrom::subject_creator)
    out.party = facts.subject ? facts.subject->creator : Address{};
  if (row.party == PartyFrom::subject_party)
    out.party = facts.subject ? facts.subject->party : Address{};
  if (row.party == PartyFrom::actor) out.party = facts.sender;
  if (act.choice != 0) out.choice = act.choice;
  if (act.marks != 0) out.marks = act.marks;
  if (row.content && !act.document.is_zero()) out.document = act.document;
  if (row.clock_effect == ClockEffect::stop) out.deadline = 0;
  if (row.clock_effect == ClockEffect::start)
    out.deadline = rules.calendar->deadline(row.clock, now, rules.utc_offset);
  return out;
}

}  // namespace

const RefusalInfo& info_of(Refusal refusal) noexcept {
  return kRefusals[static_cast<std::size_t>(refusal)];
}

ItemId single_id(const ItemId& subject, std::uint8_t workflow) noexcept {
  Hash word;
  word.bytes[31] = workflow;
  return hash::keccak256(subject, word);
}

bool related(Relation relation, const Facts& facts, std::uint32_t organisation) noexcept {
  const std::uint32_t own = facts.actor ? facts.actor->organisation : 0;
  switch (relation) {
    case Relation::any:
      return true;
    case Relation::own:
      return own != 0 && own == organisation;
    case Relation::creator:
      return acts_for(facts, facts.item.creator, facts.creator_organisation);
    case Relation::party:
      return acts_for(facts, facts.item.party, facts.party_organisation);
    case Relation::parent:
      return own != 0 && organisation != 0 && facts.parent_of_organisation == own;
    case Relation::subject_own:
      return facts.subject && own != 0 && own == facts.subject->organisation;
    case Relation::subject_creator:
      return facts.subject &&
             acts_for(facts, facts.subject->creator, facts.subject_creator_organisation);
    case Relation::subject_party:
      return facts.subject &&
             acts_for(facts, facts.subject->party, facts.subject_party_organisation);
  }
  return false;
}

std::expected<Item, Refusal> decide(const Act& act, const Facts& facts, const Rules& rules,
                                    std::uint64_t now) {
  const auto refuse = [](Refusal refusal) { return std::unexpected{refusal}; };
  const std::uint32_t roles = roles_of(facts);
  if (roles == 0) return refuse(Refusal::not_an_actor);
  if (act.item.is_zero() || act.sequence != facts.item.sequence)
    return refuse(Refusal::wrong_sequence);
  if (rules.rows == nullptr) return refuse(Refusal::no_pack_in_force);
  if (facts.item.exists() && facts.item.workflow != act.workflow)
    return refuse(Refusal::no_such_transition);
  const auto found = rules.rows->find(row_key(act.workflow, act.action, facts.item.state));
  if (found == rules.rows->end()) return refuse(Refusal::no_such_transition);
  const Row& row = found->second;
  if ((roles & row.roles) == 0) return refuse(Refusal::wrong_role);
  if (!subject_holds(act, facts, row)) return refuse(Refusal::subject_invalid);
  if (!organisation_holds(act, facts, row)) return refuse(Refusal::organisation_invalid);
  const std::uint32_t organisation =
      facts.item.exists() ? facts.item.organisation : act.organisation;
  if (!related(row.relation, facts, organisation)) return refuse(Refusal::wrong_relation);
  if (!reference_holds(act, facts, row)) return refuse(Refusal::reference_invalid);
  if (const auto refusal = check_values(act, row, facts.item.deadline, now))
    return refuse(*refusal);
  return after(act, facts, row, rules, now);
}

Acted acted(const Act& act, const Facts& facts, const Row& row, const Item& after) noexcept {
  Acted out;
  out.item = act.item;
  out.actor = facts.sender;
  out.workflow = after.workflow;
  out.action = act.action;
  out.from = facts.item.state;
  out.to = after.state;
  out.sequence = after.sequence;
  out.pack = after.pack;
  out.organisation = after.organisation;
  out.party = after.party;
  out.deadline = after.deadline;
  out.subject = after.subject;
  out.actor_organisation = facts.actor ? facts.actor->organisation : 0;
  out.content = row.content && !act.document.is_zero();
  out.choice = act.choice;
  out.marks = act.marks;
  out.refers_to = act.refers_to;
  out.document = act.document;
  out.basis = act.basis;
  return out;
}

Item apply(const Item& before, const Acted& event) noexcept {
  Item out = before;
  if (!before.exists()) out.creator = event.actor;
  out.workflow = event.workflow;
  out.state = event.to;
  out.pack = event.pack;
  out.sequence = event.sequence;
  out.organisation = event.organisation;
  out.party = event.party;
  out.deadline = event.deadline;
  out.subject = event.subject;
  if (event.choice != 0) out.choice = event.choice;
  if (event.marks != 0) out.marks = event.marks;
  if (event.content) out.document = event.document;
  return out;
}

void Ledger::set_organisation(std::uint32_t id, const Organisation& organisation) {
  organisations_[id] = organisation;
}

void Ledger::publish(std::uint16_t pack, const RowTable& rows) {
  for (const auto& [key, row] : rows) packs_[pack].rows[key] = row;
}

void Ledger::seal(std::uint16_t pack, std::uint64_t effective_from, std::int32_t utc_offset) {
  Published& target = packs_[pack];
  target.effective_from = effective_from;
  target.utc_offset = utc_offset;
  target.sealed = true;
}

Item Ledger::item(const ItemId& id) const {
  const auto found = items_.find(id);
  return found == items_.end() ? Item{} : found->second;
}

Facts Ledger::facts(const Act& act, const Address& sender) const {
  Facts out;
  out.sender = sender;
  const auto is_active = [&](std::uint32_t id) {
    const auto found = organisations_.find(id);
    return found != organisations_.end() && found->second.active;
  };
  if (const auto found = actors_.find(sender); found != actors_.end()) {
    out.actor = found->second;
    out.organisation_active = is_active(found->second.organisation);
  }
  const auto existing = [&](const ItemId& id) -> std::optional<Item> {
    const auto found = items_.find(id);
    if (found == items_.end()) return std::nullopt;
    return found->second;
  };
  out.item = item(act.item);
  out.named_active = is_active(act.organisation);
  const std::uint32_t of = out.item.exists() ? out.item.organisation : act.organisation;
  if (const auto found = organisations_.find(of); found != organisations_.end())
    out.parent_of_organisation = found->second.parent;
  out.subject = existing(out.item.exists() ? out.item.subject : act.subject);
  out.reference = existing(act.refers_to);
  const auto organisation_of = [&](const Address& who) {
    const auto found = actors_.find(who);
    return found == actors_.end() ? 0 : found->second.organisation;
  };
  out.creator_organisation = organisation_of(out.item.creator);
  out.party_organisation = organisation_of(out.item.party);
  if (out.subject) {
    out.subject_creator_organisation = organisation_of(out.subject->creator);
    out.subject_party_organisation = organisation_of(out.subject->party);
  }
  return out;
}

Rules Ledger::rules_for(const Item& item, std::uint64_t now) const {
  const Published* best = nullptr;
  std::uint16_t best_number = 0;
  for (const auto& [number, pack] : packs_) {
    const bool fits = item.exists()
                          ? number == item.pack
                          : pack.sealed && pack.effective_from <= now &&
                                (best == nullptr || pack.effective_from > best->effective_from);
    if (!fits) continue;
    best = &pack;
    best_number = number;
  }
  if (best == nullptr) return {0, 0, nullptr, &calendar_};
  return {best_number, best->utc_offset, &best->rows, &calendar_};
}

std::expected<Acted, Refusal> Ledger::act(const Act& act, const Address& sender,
                                          std::uint64_t now) {
  const Facts given = facts(act, sender);
  const Rules rules = rules_for(given.item, now);
  const auto after = decide(act, given, rules, now);
  if (!after) return std::unexpected{after.error()};
  items_[act.item] = *after;
  return acted(act, given, rules.rows->at(row_key(act.workflow, act.action, given.item.state)),
               *after);
}

std::expected<std::vector<Acted>, Refusal> Ledger::act_many(std::span<const Act> acts,
                                                            const Address& sender,
                                                            std::uint64_t now) {
  std::map<ItemId, Item> before = items_;
  std::vector<Acted> out;
  for (const Act& one : acts) {
    auto done = act(one, sender, now);
    if (!done) {
      items_ = std::move(before);
      return std::unexpected{done.error()};
    }
    out.push_back(*done);
  }
  return out;
}

}  // namespace wusong::portal
