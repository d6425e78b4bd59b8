// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/access.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "wusong/portal/errors.hpp"

namespace wusong::portal {
namespace {

using Names = std::initializer_list<std::string_view>;

/// Who sees the items of a workflow besides creator, party, own organisation and authorities.
struct Visibility {
  std::string_view workflow;
  Names public_states;
  Names settled_states;
  Names reviewers;
  bool for_operator;
  bool for_watchers;
  bool for_officials;
};

const std::array<Visibility, 22>& table() {
  static const std::array<Visibility, 22> kTable{{
      {"entry",
       {"published", "updating", "update_review", "update_security_review", "retirement_review"},
       {"published", "retirement_review"},
       {},
       true,
       false,
       false},
      {"opening",
       {"conditional", "unconditional", "widening_review"},
       {"conditional", "unconditional"},
       {},
       true,
       false,
       false},
      {"desensitisation", {}, {}, {}, true, true, false},
      {"resource", {"published"}, {"published"}, {}, true, false, false},
      {"commitment", {}, {}, {}, true, true, false},
      {"application", {}, {}, {}, true, false, false},
      {"agreement", {}, {}, {}, true, true, false},
      {"grant", {}, {}, {}, true, true, false},
      {"plan",
       {"published", "supplementary", "closed"},
       {"published", "supplementary", "closed"},
       {"level_committee"},
       false,
       false,
       false},
      {"demand", {"accepted", "planned", "met"}, {}, {}, true, false, false},
      {"scenario",
       {"accepted", "listed", "closed"},
       {"accepted", "listed", "closed"},
       {"industry_authority"},
       true,
       false,
       false},
      {"complaint", {}, {}, {}, true, false, false},
      {"rating", {"rated"}, {"rated"}, {}, true, false, false},
      {"product",
       {"published", "list_applied", "listed"},
       {"published", "list_applied", "listed"},
       {"expert"},
       true,
       false,
       false},
      {"assessment", {"assessed", "closed"}, {}, {"assessor"}, false, false, true},
      {"dispute", {}, {}, {"level_committee", "government"}, false, false, false},
      {"alert", {}, {}, {}, true, true, false},
      {"inspection", {}, {}, {"government"}, false, true, false},
      {"evidence", {}, {}, {}, true, true, false},
      {"objection", {}, {}, {}, true, false, false},
      {"support", {}, {}, {"expert", "finance"}, false, false, false},
      {"survey",
       {"announced", "closed", "gate_passed", "gate_failed"},
       {},
       {"pricing", "finance"},
       false,
       false,
       true},
  }};
  return kTable;
}

constexpr std::string_view kWatchers[] = {"regulator_cyber",    "regulator_police",
                                          "regulator_security", "regulator_secrecy",
                                          "regulator_cipher",   "regulator_telecom"};
constexpr std::string_view kOfficials[] = {
    "city_authority", "district_authority", "owner_org", "org_committee",      "level_committee",
    "government",     "platform_operator",  "cdo",       "industry_authority", "assessor"};

struct Denial {
  std::string_view name;
  std::string_view article;
  StaticText why;
  StaticText next;
};
constexpr Denial kDenials[] = {
    {"none", "", {"可以访问", "Access is given"}, {"", ""}},
    {"sign_in",
     "SZ 30",
     {"此内容仅向实名用户提供", "This is for users whose identity is verified"},
     {"请登录并完成实名认证", "Sign in and verify your identity"}},
    {"not_published",
     "SZ 21",
     {"此内容尚未发布", "This is not published"},
     {"请等待发布，或查看开放目录", "Wait until it is published, or look at the open catalogue"}},
    {"not_a_party",
     "SZ 30",
     {"此事项与您或您的单位无关", "This case concerns neither you nor your organisation"},
     {"如有需要，请联系责任单位", "Contact the unit responsible if you need it"}},
    {"closed_by_law",
     "SZ 12",
     {"此数据依法不予开放", "These data are not opened, by law"},
     {"可提出开放需求，由责任单位评估",
      "You may file a demand, which the unit responsible answers"}},
    {"commitment_missing",
     "SZ 40",
     {"使用前须签署使用承诺书", "A commitment must be signed before use"},
     {"请签署使用承诺书后下载", "Sign the commitment, then download"}},
    {"grant_missing",
     "SZ 41, 42",
     {"此数据须经申请并签署协议后开通权限",
      "These data need an application, an agreement and a grant"},
     {"请按开放条件提交用数申请", "Apply under the conditions listed"}},
    {"grant_suspended",
     "SZ 63",
     {"使用权限已暂停或终止", "The right to use is suspended or ended"},
     {"请按整改意见整改并提交报告", "Rectify what was found and report it"}},
    {"grant_not_yet",
     "SZ 42",
     {"使用期限尚未开始", "The period of use has not begun"},
     {"请在起始日之后再访问", "Come back after the first day"}},
    {"grant_ended",
     "SZ 42",
     {"使用期限已届满", "The period of use is over"},
     {"如需继续使用，请重新申请", "Apply again to go on"}},
    {"outside_grant",
     "SZ 42, 43",
     {"此资源不在约定范围内", "This resource is outside what was agreed"},
     {"请申请扩大范围", "Apply for a wider scope"}},
    {"not_in_review",
     "SZ 20",
     {"此内容正在审核", "This is under review"},
     {"请等待审核完成", "Wait until the review is done"}},
    {"case_under_way",
     "SZ 41, 42",
     {"您的申请正在办理", "Your application is under way"},
     {"请在事项中查看进度", "See in your case how far it has come"}},
};

std::uint32_t bit(std::uint8_t number) noexcept {
  return 1u << number;
}

bool in_states(std::uint32_t mask, const Item& item) noexcept {
  return item.state < 32 && (mask >> item.state & 1) != 0;
}

/// Creator, party, or somebody who acts for the same organisation.
bool is_concerned(const Viewer& viewer, const ItemView& view) noexcept {
  if (viewer.kind == ViewerKind::anonymous || viewer.address.is_zero()) return false;
  if (viewer.address == view.item.creator || viewer.address == view.item.party) return true;
  const std::uint32_t own = viewer.organisation;
  return own != 0 && (own == view.item.organisation || own == view.creator_organisation ||
                      own == view.party_organisation);
}

bool is_authority(const Viewer& viewer, const ItemView& view, const AccessRules& rules) noexcept {
  if (viewer.kind != ViewerKind::organisation) return false;
  if ((viewer.roles & rules.city_roles) != 0) return true;
  return (viewer.roles & rules.district_roles) != 0 && viewer.organisation != 0 &&
         view.parent_of_organisation == viewer.organisation;
}

/// Those who see an item whatever its state.
bool sees_always(const Viewer& viewer, const ItemView& view, const AccessRules& rules,
                 const AccessRules::OfWorkflow& flow) noexcept {
  if (is_concerned(viewer, view) || is_authority(viewer, view, rules)) return true;
  if (viewer.kind != ViewerKind::organisation) return false;
  if ((viewer.roles & flow.reviewer_roles) != 0) return true;
  if (flow.for_operator && (viewer.roles & rules.operator_roles) != 0) return true;
  if (flow.for_watchers && (viewer.roles & rules.watch_roles) != 0) return true;
  // A dispute concerns the organisation whose item it is about, too.
  return flow.name == "dispute" && viewer.organisation != 0 && view.subject &&
         viewer.organisation == view.subject->organisation;
}

bool is_official(const Viewer& viewer, const AccessRules& rules) noexcept {
  return viewer.kind == ViewerKind::organisation && (viewer.roles & rules.official_roles) != 0;
}

/// The opening type rule of a public entry.
Decision by_opening(const Viewer& viewer, OpeningType opening, const AccessRules& rules,
                    const AccessSettings& settings) noexcept {
  switch (opening) {
    case OpeningType::unconditional:
      return allow();
    case OpeningType::conditional:
      if (settings.conditional_metadata_public || viewer.kind != ViewerKind::anonymous)
        return allow();
      return deny(DenialReason::sign_in);
    case OpeningType::closed:
    case OpeningType::unknown:
      break;
  }
  // The base catalogue is published among public bodies, the open one to everybody.
  return is_official(viewer, rules) ? allow() : deny(DenialReason::closed_by_law);
}

Decision not_visible(const Viewer& viewer, const AccessRules::OfWorkflow& flow) noexcept {
  if (viewer.kind == ViewerKind::anonymous) return deny(DenialReason::sign_in);
  return deny(flow.public_states != 0 ? DenialReason::not_published : DenialReason::not_a_party);
}

/// The right that comes nearest to allowing: an open one that covers, else the best reason why not.
Decision by_rights(const BytesRequest& request, std::uint8_t commitment, DenialReason missing) {
  DenialReason best = missing;
  const bool conditional = request.entry.opening == OpeningType::conditional;
  for (const Right& right : request.rights) {
    // A commitment opens unconditional data only; a grant is more than a commitment.
    if (conditional && right.workflow == commitment) continue;
    DenialReason reason = DenialReason::none;
    if (!right.open) {
      reason = DenialReason::grant_suspended;
    } else if (request.now < right.from) {
      reason = DenialReason::grant_not_yet;
    } else if (right.until != 0 && request.now >= right.until) {
      reason = DenialReason::grant_ended;
    } else if (!right.resources.empty() && !request.resource.is_zero() &&
               std::ranges::find(right.resources, request.resource) == right.resources.end()) {
      reason = DenialReason::outside_grant;
    }
    if (reason == DenialReason::none) return allow();
    best = std::max(best, reason);
  }
  return deny(best);
}

}  // namespace

Checked<AccessRules> AccessRules::of(const RulePack& pack) {
  AccessRules out;
  std::optional<Fault> missing;
  const auto need = [&](std::string place) {
    if (!missing)
      missing = Fault{err::bad_rule_pack,
                      std::move(place),
                      {"访问控制需要此名称", "access control relies on this name"}};
  };
  const auto role = [&](std::string_view name) -> std::uint32_t {
    const NamedNumber* found = pack.role(name);
    if (found == nullptr) need("roles." + std::string{name});
    return found == nullptr ? 0 : bit(found->number);
  };
  out.city_roles = role("city_authority");
  out.district_roles = role("district_authority");
  out.operator_roles = role("platform_operator");
  for (const std::string_view name : kWatchers) out.watch_roles |= role(name);
  for (const std::string_view name : kOfficials) out.official_roles |= role(name);
  for (const Visibility& row : table()) {
    const Workflow* flow = pack.workflow(row.workflow);
    if (flow == nullptr) {
      need("workflows." + std::string{row.workflow});
      continue;
    }
    const auto states = [&](Names names) {
      std::uint32_t mask = 0;
      for (const std::string_view name : names) {
        const State* state = flow->state(name);
        if (state == nullptr) need("workflows." + flow->name + ".states." + std::string{name});
        if (state != nullptr) mask |= bit(state->number);
      }
      return mask;
    };
    OfWorkflow one;
    one.number = flow->number;
    one.name = flow->name;
    one.public_states = states(row.public_states);
    one.settled_states = states(row.settled_states);
    for (const std::string_view name : row.reviewers) one.reviewer_roles |= role(name);
    one.for_operator = row.for_operator;
    one.for_watchers = row.for_watchers;
    one.for_officials = row.for_officials;
    out.workflows.push_back(std::move(one));
  }
  if (missing) return std::unexpected{std::move(*missing)};
  return out;
}

const AccessRules::OfWorkflow* AccessRules::workflow(std::string_view name) const noexcept {
  const auto found = std::ranges::find(workflows, name, &OfWorkflow::name);
  return found == workflows.end() ? nullptr : &*found;
}

Decision allow() noexcept {
  return {true, DenialReason::none, "", kDenials[0].why, kDenials[0].next};
}

Decision deny(DenialReason reason) noexcept {
  const Denial& row = kDenials[static_cast<std::size_t>(reason)];
  return {false, reason, row.article, row.why, row.next};
}

std::string_view name_of(DenialReason reason) noexcept {
  return kDenials[static_cast<std::size_t>(reason)].name;
}

Decision may_see_item(const Viewer& viewer, const ItemView& view, const AccessRules& rules,
                      const AccessSettings& settings) noexcept {
  const AccessRules::OfWorkflow* flow = rules.workflow(view.workflow);
  if (flow == nullptr) return deny(DenialReason::not_a_party);
  if (sees_always(viewer, view, rules, *flow)) return allow();
  if (!in_states(flow->public_states, view.item)) return not_visible(viewer, *flow);
  if (flow->for_officials)
    return is_official(viewer, rules) ? allow() : deny(DenialReason::not_a_party);
  if (flow->name == "entry") return by_opening(viewer, view.opening, rules, settings);
  if (flow->name == "opening" || flow->name == "resource") {
    // They are as public as the entry that they belong to.
    const AccessRules::OfWorkflow* entry = rules.workflow("entry");
    if (entry == nullptr || !view.subject || !in_states(entry->public_states, *view.subject))
      return deny(DenialReason::not_published);
    if (view.opening != OpeningType::unknown)
      return by_opening(viewer, view.opening, rules, settings);
  }
  return allow();
}

Decision may_read_document(const Viewer& viewer, const ItemView& view, bool document_is_public,
                           const AccessRules& rules, const AccessSettings& settings) noexcept {
  const AccessRules::OfWorkflow* flow = rules.workflow(view.workflow);
  if (flow == nullptr) return deny(DenialReason::not_a_party);
  if (sees_always(viewer, view, rules, *flow)) return allow();
  Decision item = may_see_item(viewer, view, rules, settings);
  if (!item.allowed) return item;
  if (!document_is_public) return deny(DenialReason::not_a_party);
  if (flow->for_officials) return item;
  // A public item may hold a draft of its next version.
  if (!in_states(flow->settled_states, view.item)) return deny(DenialReason::not_in_review);
  return item;
}

Decision may_see_metadata(const Viewer& viewer, const ItemView& entry, const AccessRules& rules,
                          const AccessSettings& settings) noexcept {
  return may_see_item(viewer, entry, rules, settings);
}

Decision may_read_bytes(const Viewer& viewer, const BytesRequest& request,
                        const AccessRules& rules) noexcept {
  const ItemView& entry = request.entry;
  const AccessRules::OfWorkflow* flow = rules.workflow("entry");
  const AccessRules::OfWorkflow* commitment = rules.workflow("commitment");
  if (flow == nullptr || commitment == nullptr) return deny(DenialReason::not_a_party);
  // Whoever answers for the data, reviews them or keeps them for the city.
  const bool is_owner = viewer.kind == ViewerKind::organisation && viewer.organisation != 0 &&
                        viewer.organisation == entry.item.organisation;
  const bool keeps =
      viewer.kind == ViewerKind::organisation && (viewer.roles & rules.operator_roles) != 0;
  if (is_owner || keeps || is_authority(viewer, entry, rules)) return allow();
  if (!in_states(flow->public_states, entry.item)) return deny(DenialReason::not_published);
  if (entry.opening != OpeningType::unconditional && entry.opening != OpeningType::conditional)
    return deny(DenialReason::closed_by_law);
  if (viewer.kind == ViewerKind::anonymous) return deny(DenialReason::sign_in);
  // A right covers what the entry shows: not what is still checked, suspended or withdrawn.
  if (!request.resource.is_zero() && !request.published) return deny(DenialReason::not_published);
  return by_rights(request, commitment->number,
                   entry.opening == OpeningType::unconditional ? DenialReason::commitment_missing
                                                               : DenialReason::grant_missing);
}

}  // namespace wusong::portal
