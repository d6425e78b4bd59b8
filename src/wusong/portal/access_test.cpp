// SPDX-License-Identifier: Apache-2.0
// Every state of every workflow against every class of viewer, each with its expectation.
#include "wusong/portal/access.hpp"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/test_world.hpp"

namespace wusong::portal {
namespace {

using internal::address_of;
using internal::hash_of_number;

/// Letters of those who see an item in a state, for documents that are not public as well:
/// P everybody, F officials, O platform operator, W regulators, R reviewers of the workflow.
/// Creator, party, own organisation, its parent authority and the city authority always do.
constexpr std::string_view kExpectations = R"(
entry: draft=O district_review=O city_review=O security_review=O published=PO returned=O
  updating=PO retired=O update_review=PO update_security_review=PO retirement_review=PO
  discarded=O
opening: closed=O conditional=PO unconditional=PO conditional_review=O unconditional_review=O
  widening_review=PO
desensitisation: recorded=OW audited=OW returned=OW
resource: gathered=O checked=O published=PO rejected=O suspended=O withdrawn=O
commitment: signed=OW suspended=OW rectified=OW terminated=OW ended=OW
application: submitted=O supplement_requested=O approved=O refused=O withdrawn=O opined=O
  lapsed=O
agreement: offered=OW user_signed=OW in_force=OW declined=OW withdrawn=OW terminated=OW ended=OW
grant: open=OW suspended=OW rectified=OW terminated=OW referred=OW closed=OW
plan: collecting=R priorities=R drafted=R committee_review=R approved=R published=PR closed=PR
  org_submitted=R org_returned=R org_accepted=R supplementary=PR
demand: submitted=O opined=O accepted=PO declined=O planned=PO met=PO withdrawn=O
scenario: proposed=OR accepted=POR listed=POR declined=OR closed=POR withdrawn=OR
complaint: filed=O answered=O escalated=O settled=O upheld=O dismissed=O rectified=O withdrawn=O
rating: rated=PO hidden=O withdrawn=O
product: registered=OR published=POR list_applied=POR listed=POR returned=OR withdrawn=OR
assessment: started=R assessed=FR plan_drafted=R plan_reviewed=R filed=R closed=FR
dispute: own_committee=R negotiation=R level_committee=R authority_opinion=R government=R
  settled=R decided=R withdrawn=R
alert: raised=OW confirmed=OW dismissed=OW referred=OW handled=OW
inspection: opened=WR findings=WR reported=WR closed=WR no_findings=WR escalated=WR referred=WR
  exemption_claimed=WR exempted=WR
evidence: filed=OW accepted=OW returned=OW withdrawn=OW
objection: filed=O corrected=O rejected=O escalated=O upheld=O dismissed=O withdrawn=O
support: applied=R granted=R refused=R reported=R closed=R withdrawn=R
survey: announced=FR closed=FR answered=R returned=R accepted=R gate_passed=FR gate_failed=FR
)";

std::map<std::string, std::map<std::string, std::string>> expectations() {
  std::map<std::string, std::map<std::string, std::string>> out;
  std::istringstream words{std::string{kExpectations}};
  std::string workflow;
  for (std::string word; words >> word;) {
    if (word.back() == ':') {
      workflow = word.substr(0, word.size() - 1);
    } else {
      const std::size_t equals = word.find('=');
      out[workflow][word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  return out;
}

/// A reviewer's role by workflow.
const std::map<std::string, std::string>& reviewers() {
  static const std::map<std::string, std::string> kRoles{
      {"plan", "level_committee"}, {"scenario", "industry_authority"},
      {"product", "expert"},       {"assessment", "assessor"},
      {"dispute", "government"},   {"inspection", "government"},
      {"support", "finance"},      {"survey", "pricing"}};
  return kRoles;
}

class Access : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kOwner = 3, kDistrict = 2, kParty = 8;

  void SetUp() override {
    auto pack = internal::published_pack();
    if (!pack) GTEST_SKIP() << "no rule pack";
    pack_ = std::move(*pack);
    auto rules = AccessRules::of(pack_);
    ASSERT_TRUE(rules) << rules.error().place;
    rules_ = std::move(*rules);
  }
  Viewer with_role(std::string_view role, std::uint32_t organisation = 50) const {
    return {ViewerKind::organisation, address_of(500), organisation,
            1u << pack_.role(role)->number};
  }
  ItemView view(const std::string& workflow, std::uint8_t state) const {
    ItemView out;
    out.workflow = pack_.workflow(std::string_view{workflow})->name;
    out.item.workflow = pack_.workflow(std::string_view{workflow})->number;
    out.item.state = state;
    out.item.organisation = kOwner;
    out.item.creator = address_of(1);
    out.item.party = address_of(2);
    out.party_organisation = kParty;
    out.parent_of_organisation = kDistrict;
    out.opening = OpeningType::unconditional;
    out.subject = Item{};
    out.subject->state = pack_.workflow("entry")->state("published")->number;
    out.subject->organisation = 60;
    return out;
  }
  bool sees(const Viewer& viewer, const ItemView& item) const {
    return may_see_item(viewer, item, rules_, {}).allowed;
  }

  RulePack pack_;
  AccessRules rules_;
};

// @row 1 12 16
TEST_F(Access, EveryStateAndViewerIsAsTheTableSays) {
  std::size_t cases = 0;
  const auto expected_of = expectations();
  for (const Workflow& flow : pack_.workflows) {
    const auto table = expected_of.find(flow.name);
    ASSERT_NE(table, expected_of.end()) << flow.name << " has no expectations";
    EXPECT_EQ(table->second.size(), flow.states.size()) << flow.name;
    for (const State& state : flow.states) {
      const auto expected = table->second.find(state.name);
      ASSERT_NE(expected, table->second.end()) << flow.name << "." << state.name;
      const std::string& who = expected->second;
      const auto has = [&](char c) { return who.find(c) != std::string::npos; };
      const ItemView item = view(flow.name, state.number);
      const std::string place = flow.name + "." + state.name;
      const Viewer creator{ViewerKind::real_name, address_of(1), 0, 0};
      const Viewer party{ViewerKind::real_name, address_of(2), 0, 0};
      const Viewer colleague{ViewerKind::organisation, address_of(3), kParty, 0};
      const Viewer own{ViewerKind::organisation, address_of(4), kOwner, 0};
      for (const Viewer& one :
           {creator, party, colleague, own, with_role("district_authority", kDistrict),
            with_role("city_authority", 1)}) {
        EXPECT_TRUE(sees(one, item)) << place;
        ++cases;
      }
      const Viewer person{ViewerKind::real_name, address_of(9), 0, 0};
      const Viewer firm{ViewerKind::organisation, address_of(9), 70, 0};
      for (const Viewer& one : {Viewer{}, person, firm}) {
        EXPECT_EQ(sees(one, item), has('P')) << place;
        ++cases;
      }
      EXPECT_EQ(sees(with_role("district_authority", 51), item), has('P') || has('F')) << place;
      EXPECT_EQ(sees(with_role("owner_org"), item), has('P') || has('F')) << place;
      EXPECT_EQ(sees(with_role("platform_operator"), item), has('P') || has('O') || has('F'))
          << place;
      EXPECT_EQ(sees(with_role("regulator_police"), item), has('P') || has('W')) << place;
      cases += 4;
      if (const auto reviewer = reviewers().find(flow.name); reviewer != reviewers().end()) {
        EXPECT_EQ(sees(with_role(reviewer->second), item), has('P') || has('R')) << place;
        ++cases;
      }
    }
  }
  EXPECT_GT(cases, 1500u);
}

TEST_F(Access, DocumentsThatAreNotPublicStayWithThoseConcerned) {
  const Viewer person{ViewerKind::real_name, address_of(9), 0, 0};
  const Viewer creator{ViewerKind::real_name, address_of(1), 0, 0};
  for (const Workflow& flow : pack_.workflows)
    for (const State& state : flow.states) {
      const ItemView item = view(flow.name, state.number);
      EXPECT_FALSE(may_read_document(person, item, false, rules_, {}).allowed) << flow.name;
      EXPECT_TRUE(may_read_document(creator, item, false, rules_, {}).allowed) << flow.name;
      const auto open = may_read_document(person, item, true, rules_, {});
      if (open.allowed) {
        EXPECT_TRUE(sees(person, item)) << flow.name;
      }
    }
  // What is being changed is not what was published.
  const auto state = [&](std::string_view name) {
    return pack_.workflow("entry")->state(name)->number;
  };
  EXPECT_TRUE(may_read_document({}, view("entry", state("published")), true, rules_, {}).allowed);
  EXPECT_EQ(may_read_document({}, view("entry", state("updating")), true, rules_, {}).reason,
            DenialReason::not_in_review);
}

// @row 6 12
TEST_F(Access, TheOpenCatalogueIsForEverybodyAndConditionalEntriesAsConfigured) {
  ItemView entry = view("entry", pack_.workflow("entry")->state("published")->number);
  const Viewer person{ViewerKind::real_name, address_of(9), 0, 0};
  entry.opening = OpeningType::conditional;
  EXPECT_TRUE(may_see_metadata({}, entry, rules_, {}).allowed);
  const AccessSettings narrow{.conditional_metadata_public = false};
  EXPECT_EQ(may_see_metadata({}, entry, rules_, narrow).reason, DenialReason::sign_in);
  EXPECT_TRUE(may_see_metadata(person, entry, rules_, narrow).allowed);
  entry.opening = OpeningType::closed;
  EXPECT_EQ(may_see_metadata(person, entry, rules_, {}).reason, DenialReason::closed_by_law);
  EXPECT_TRUE(may_see_metadata(with_role("owner_org"), entry, rules_, {}).allowed);
}

// @row 18 23
TEST_F(Access, BytesNeedTheRightThatTheirOpeningTypeAsksFor) {
  BytesRequest request;
  request.entry = view("entry", pack_.workflow("entry")->state("published")->number);
  request.resource = hash_of_number(5);
  request.published = true;
  request.now = 1000;
  const Viewer person{ViewerKind::real_name, address_of(9), 0, 0};
  const auto reason = [&](const Viewer& viewer) {
    return may_read_bytes(viewer, request, rules_).reason;
  };
  EXPECT_EQ(reason({}), DenialReason::sign_in);
  EXPECT_EQ(reason(person), DenialReason::commitment_missing);
  Right commitment;
  commitment.workflow = pack_.workflow("commitment")->number;
  commitment.open = true;
  request.rights = {commitment};
  EXPECT_EQ(reason(person), DenialReason::none);
  EXPECT_EQ(reason({}), DenialReason::sign_in);
  // A commitment opens nothing that has conditions.
  request.entry.opening = OpeningType::conditional;
  EXPECT_EQ(reason(person), DenialReason::grant_missing);
  Right grant;
  grant.workflow = pack_.workflow("grant")->number;
  grant.open = true;
  grant.from = 1000;
  grant.until = 2000;
  grant.resources = {hash_of_number(5)};
  request.rights.push_back(grant);
  EXPECT_EQ(reason(person), DenialReason::none);
  request.now = 999;
  EXPECT_EQ(reason(person), DenialReason::grant_not_yet);
  request.now = 1999;
  EXPECT_EQ(reason(person), DenialReason::none);
  request.now = 2000;
  EXPECT_EQ(reason(person), DenialReason::grant_ended);
  request.now = 1500;
  request.resource = hash_of_number(6);
  EXPECT_EQ(reason(person), DenialReason::outside_grant);
  // Not even a right that names it reaches what the entry does not show.
  request.resource = hash_of_number(5);
  request.published = false;
  EXPECT_EQ(reason(person), DenialReason::not_published);
  request.rights.back().resources.clear();
  EXPECT_EQ(reason(person), DenialReason::not_published);
  EXPECT_EQ(reason({ViewerKind::organisation, address_of(4), kOwner, 0}), DenialReason::none);
  request.published = true;
  EXPECT_EQ(reason(person), DenialReason::none);
  request.rights.back().open = false;
  EXPECT_EQ(reason(person), DenialReason::grant_suspended);
  request.entry.opening = OpeningType::closed;
  EXPECT_EQ(reason(person), DenialReason::closed_by_law);
  request.entry.item.state = pack_.workflow("entry")->state("retired")->number;
  EXPECT_EQ(reason(person), DenialReason::not_published);
  // Its own organisation, the authorities and the operator need none.
  EXPECT_EQ(reason({ViewerKind::organisation, address_of(4), kOwner, 0}), DenialReason::none);
  EXPECT_EQ(reason(with_role("city_authority")), DenialReason::none);
  EXPECT_EQ(reason(with_role("platform_operator")), DenialReason::none);
}

TEST_F(Access, EveryDenialHasAReasonAnArticleAndANextStepInBothLanguages) {
  for (int i = 1; i <= static_cast<int>(DenialReason::case_under_way); ++i) {
    const Decision one = deny(static_cast<DenialReason>(i));
    EXPECT_FALSE(one.allowed);
    EXPECT_FALSE(one.article.empty());
    EXPECT_FALSE(one.why.zh.empty() || one.why.en.empty());
    EXPECT_FALSE(one.next.zh.empty() || one.next.en.empty());
    EXPECT_FALSE(name_of(one.reason).empty());
  }
}

TEST_F(Access, APackWithoutANameItReliesOnIsRefused) {
  RulePack without = pack_;
  without.roles.erase(without.roles.begin());
  const auto rules = AccessRules::of(without);
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().place, "roles.city_authority");
}

}  // namespace
}  // namespace wusong::portal
