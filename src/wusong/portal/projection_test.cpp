// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/projection.hpp"

#include <gtest/gtest.h>

#include "wusong/portal/access.hpp"
#include "wusong/portal/dataset.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/test_world.hpp"
#include "wusong/testkit/test_database.hpp"

namespace wusong::portal {
namespace {

using internal::hash_of_number;
using internal::TestWorld;
using testkit::TestDatabase;

class ProjectionOf : public testing::TestWithParam<io::SqlDialect> {
 protected:
  void SetUp() override {
    if (!sql_.missing().empty()) GTEST_SKIP() << sql_.missing();
    auto pack = internal::published_pack();
    if (!pack) GTEST_SKIP() << "no rule pack";
    world_.emplace(std::move(*pack));
    projection_.emplace(sql_, world_->book, world_->documents);
    ASSERT_TRUE(projection_->open()) << sql_.last_message();
  }
  /// Applies what has happened since the last call.
  void follow() {
    const std::span<const BlockEvents> all{world_->blocks};
    const auto done = projection_->apply(all.subspan(applied_));
    ASSERT_TRUE(done) << done.error().name() << ": " << sql_.last_message();
    applied_ = all.size();
  }
  Hash rebuilt(std::size_t at_once) {
    TestDatabase fresh{GetParam()};
    Projection again{fresh, world_->book, world_->documents};
    EXPECT_TRUE(again.open());
    const std::span<const BlockEvents> all{world_->blocks};
    for (std::size_t i = 0; i < all.size(); i += at_once)
      EXPECT_TRUE(again.apply(all.subspan(i, std::min(at_once, all.size() - i))));
    return again.projection_digest().value_or(Hash{});
  }
  Hash digest() { return projection_->projection_digest().value_or(Hash{}); }
  Decision may_read(const Viewer& viewer, const ItemId& entry, const Hash& bytes,
                    std::uint64_t now) {
    ProjectionReader reader{sql_};
    const auto rules = AccessRules::of(world_->pack);
    BytesRequest request;
    request.entry.workflow = "entry";
    request.entry.item = reader.item(entry)->value().item;
    request.entry.opening = dataset(sql_, entry)->value().opening;
    request.resource = bytes;
    request.published = *publishes(sql_, entry, bytes);
    request.rights = *reader.rights(entry, viewer.address, viewer.organisation);
    request.now = now;
    return may_read_bytes(viewer, request, *rules);
  }

  TestDatabase sql_{GetParam()};
  std::optional<TestWorld> world_;
  std::optional<Projection> projection_;
  std::size_t applied_{0};
};

// @row 5 6 7 15
TEST_P(ProjectionOf, AnEntryIsListedWithItsFieldsOnceItIsPublished) {
  const ItemId id = hash_of_number(1);
  world_->act(world_->owner, id, "entry", "compile",
              {{}, {}, world_->document("entry", world_->entry_json("公交线路", "Bus lines"))});
  follow();
  EXPECT_EQ(*dataset_count(sql_), 0u);
  const ItemId published = world_->publish(2, world_->entry_json("公交站点", "Bus stops"));
  follow();
  EXPECT_EQ(*dataset_count(sql_), 1u);
  const auto found = dataset(sql_, published);
  ASSERT_TRUE(found && *found);
  const Dataset& one = **found;
  EXPECT_EQ(one.title, (Text{"公交站点", "Bus stops"}));
  EXPECT_EQ(one.opening, OpeningType::unconditional);
  EXPECT_EQ(one.organisation, TestWorld::kOwner);
  EXPECT_EQ(one.organisation_title.en, "District Transport Bureau");
  EXPECT_EQ(one.frequency, "daily");
  EXPECT_EQ(one.formats, std::vector<std::string>{"csv"});
  EXPECT_EQ(one.items.size(), 1u);
  EXPECT_EQ(one.system.zh, "业务系统");
  EXPECT_EQ(one.version, 1u);
}

// @row 16
TEST_P(ProjectionOf, EveryActIsInAnItemsHistoryWithActorAndTime) {
  const ItemId id = world_->publish(1, world_->entry_json("公交", "Buses"));
  follow();
  ProjectionReader reader{sql_};
  const auto history = reader.history(id);
  ASSERT_TRUE(history);
  ASSERT_EQ(history->size(), 5u);
  EXPECT_EQ((*history)[0].act.actor, world_->owner);
  EXPECT_EQ((*history)[2].act.actor, world_->district);
  EXPECT_EQ((*history)[4].sequence, 5u);
  EXPECT_LT((*history)[0].time, (*history)[4].time);
  const auto item = reader.item(id);
  ASSERT_TRUE(item && *item);
  EXPECT_EQ((*item)->item, world_->ledger.item(id));
  EXPECT_EQ((*item)->title.zh, "公交");
}

TEST_P(ProjectionOf, EveryItemIsAsTheLedgerKeepsIt) {
  const ItemId entry = world_->publish(1, world_->entry_json("公交", "Buses"), true);
  const auto granted = world_->grant(100, entry, world_->company);
  follow();
  ProjectionReader reader{sql_};
  for (const ItemId& id : {entry, granted.application, granted.agreement, granted.grant})
    EXPECT_EQ(reader.item(id)->value().item, world_->ledger.item(id));
  Act act;
  act.item = granted.grant;
  const auto facts = reader.facts(act, world_->company);
  ASSERT_TRUE(facts);
  const Facts known = world_->ledger.facts(act, world_->company);
  EXPECT_EQ(facts->item, known.item);
  EXPECT_EQ(facts->actor, known.actor);
  EXPECT_EQ(facts->subject, known.subject);
  EXPECT_EQ(facts->party_organisation, known.party_organisation);
  EXPECT_EQ(facts->parent_of_organisation, known.parent_of_organisation);
}

TEST_P(ProjectionOf, ARebuildGivesTheSameTablesWhateverIsAppliedAtOnce) {
  const ItemId entry = world_->publish(1, world_->entry_json("公交", "Buses"));
  follow();
  world_->publish_resource(2, entry, hash_of_number(77));
  world_->publish(3, world_->entry_json("地铁", "Metro"), true);
  follow();
  world_->commit(4, entry, world_->person);
  world_->act(world_->owner, entry, "entry", "begin_update", {});
  follow();
  const Hash one = digest();
  EXPECT_FALSE(one.is_zero());
  EXPECT_EQ(rebuilt(1), one);
  EXPECT_EQ(rebuilt(3), one);
  EXPECT_EQ(rebuilt(10'000), one);
}

TEST_P(ProjectionOf, AMissingDocumentIsNotedAndFilledInWithTheSameResult) {
  const ItemId entry = world_->publish(1, world_->entry_json("公交", "Buses"));
  const ItemId conditional = world_->publish(2, world_->entry_json("地铁", "Metro"), true);
  world_->publish_resource(3, entry, hash_of_number(77));
  world_->grant(100, conditional, world_->company);
  const Hash whole = rebuilt(1000);
  world_->documents.hide_all();
  follow();
  EXPECT_EQ(*dataset_count(sql_), 0u);
  const auto missing = projection_->missing_documents(1000);
  ASSERT_TRUE(missing);
  EXPECT_GT(missing->size(), 10u);
  ProjectionReader reader{sql_};
  EXPECT_FALSE(reader.rights(conditional)->front().open);
  // The last first, to show that the order does not matter.
  for (auto at = missing->rbegin(); at != missing->rend(); ++at) {
    world_->documents.show(*at);
    ASSERT_TRUE(projection_->document_arrived(*at)) << sql_.last_message();
  }
  EXPECT_TRUE(projection_->missing_documents(10)->empty());
  EXPECT_EQ(*dataset_count(sql_), 2u);
  EXPECT_EQ(digest(), whole);
}

TEST_P(ProjectionOf, AFailureAtAnyStatementLosesAndDoublesNothing) {
  const ItemId entry = world_->publish(1, world_->entry_json("公交", "Buses"));
  world_->publish_resource(2, entry, hash_of_number(77));
  const Hash whole = rebuilt(5);
  const std::span<const BlockEvents> all{world_->blocks};
  std::uint64_t failures = 0;
  for (std::uint64_t after = 1; after < 100'000; ++after) {
    const auto at = projection_->cursor();
    ASSERT_TRUE(at);
    std::size_t first = 0;
    while (first < all.size() && all[first].number < at->next_block) ++first;
    if (first == all.size()) break;
    sql_.fail_after(after);
    const auto done =
        projection_->apply(all.subspan(first, std::min<std::size_t>(5, all.size() - first)));
    sql_.fail_after(0);
    if (done) {
      after = 0;
    } else {
      ++failures;
    }
  }
  EXPECT_GT(failures, 30u);
  EXPECT_EQ(digest(), whole);
}

TEST_P(ProjectionOf, BlocksComeInOrderAndOnce) {
  world_->publish(1, world_->entry_json("公交", "Buses"));
  follow();
  const auto again = projection_->apply({world_->blocks.data(), 1});
  EXPECT_EQ(again.error(), Error{err::block_out_of_order});
  ASSERT_TRUE(projection_->apply({}, 5000));
  EXPECT_EQ(projection_->cursor()->next_block, 5001u);
}

TEST_P(ProjectionOf, AnActUnderAnUnknownPackAppliesNothing) {
  Acted act;
  act.item = hash_of_number(5);
  act.pack = 999;
  act.to = 1;
  act.sequence = 1;
  world_->add(act);
  const auto done = projection_->apply(world_->blocks);
  EXPECT_EQ(done.error(), Error{err::unknown_pack});
  EXPECT_EQ(projection_->cursor()->next_block, 0u);
}

TEST_P(ProjectionOf, TablesOfAnotherVersionAreRefused) {
  ASSERT_TRUE(sql_.script("UPDATE meta SET value = 99 WHERE key = 'schema'"));
  EXPECT_EQ(projection_->open().error(), Error{err::wrong_schema});
}

// @row 7
TEST_P(ProjectionOf, ADraftOfTheNextVersionStaysHiddenUntilItIsPublished) {
  const ItemId id = world_->publish(1, world_->entry_json("公交", "Buses"));
  world_->act(world_->owner, id, "entry", "begin_update", {});
  world_->act(world_->owner, id, "entry", "revise",
              {{}, {}, world_->document("entry", world_->entry_json("公交新版", "New buses"))});
  follow();
  EXPECT_EQ(dataset(sql_, id)->value().title.zh, "公交");
  EXPECT_EQ(*dataset_count(sql_), 1u);
  const ItemId opening = single_id(id, world_->pack.workflow("opening")->number);
  world_->act(world_->owner, id, "entry", "submit_update", {{}, opening, {}});
  world_->act(world_->district, id, "entry", "pass_update", {});
  world_->act(world_->city, id, "entry", "publish", {{}, {}, world_->opinion()});
  follow();
  EXPECT_EQ(dataset(sql_, id)->value().title.zh, "公交新版");
  EXPECT_EQ(dataset(sql_, id)->value().version, 2u);
  EXPECT_EQ(versions(sql_, id)->size(), 2u);
}

// @row 6 9
TEST_P(ProjectionOf, AnEntryThatIsClosedLeavesTheOpenCatalogue) {
  const ItemId id = world_->publish(1, world_->entry_json("公交", "Buses"));
  follow();
  EXPECT_EQ(search(sql_, {.text = "公交"})->total, 1u);
  const ItemId opening = single_id(id, world_->pack.workflow("opening")->number);
  const Workflow* flow = world_->pack.workflow("opening");
  Act act;
  act.item = opening;
  act.sequence = 1;
  act.workflow = flow->number;
  act.action = flow->action("restrict_to_closed")->number;
  act.choice = 1;
  act.document = world_->document("opening", R"({"reasons":{"zh":"涉密"}})");
  EXPECT_EQ(world_->ledger.act(act, world_->owner, world_->now).error(), Refusal::basis_missing);
  act.basis = world_->document("basis", R"({"citation":"保密法","text":{"zh":"条文"}})");
  const auto done = world_->ledger.act(act, world_->owner, world_->now);
  ASSERT_TRUE(done);
  world_->add(*done);
  follow();
  EXPECT_EQ(*dataset_count(sql_), 0u);
  EXPECT_EQ(search(sql_, {.text = "公交"})->total, 0u);
  EXPECT_TRUE(search(sql_, {})->facets.front().values.empty());
  EXPECT_EQ(rebuilt(7), digest());
}

// @row 18
TEST_P(ProjectionOf, UnconditionalBytesOpenWithASignedCommitmentAndCloseWithABreach) {
  const ItemId entry = world_->publish(1, world_->entry_json("公交", "Buses"));
  const Hash bytes = hash_of_number(77);
  world_->publish_resource(2, entry, bytes);
  follow();
  const Viewer person{ViewerKind::real_name, world_->person, 0, 0};
  EXPECT_EQ(may_read({}, entry, bytes, world_->now).reason, DenialReason::sign_in);
  EXPECT_EQ(may_read(person, entry, bytes, world_->now).reason, DenialReason::commitment_missing);
  const ItemId commitment = world_->commit(3, entry, world_->person);
  follow();
  EXPECT_TRUE(may_read(person, entry, bytes, world_->now).allowed);
  const Viewer other{ViewerKind::real_name, world_->stranger, 0, 0};
  EXPECT_EQ(may_read(other, entry, bytes, world_->now).reason, DenialReason::commitment_missing);
  world_->act(world_->owner, commitment, "commitment", "suspend", {{}, {}, world_->opinion(), 1});
  follow();
  EXPECT_EQ(may_read(person, entry, bytes, world_->now).reason, DenialReason::grant_suspended);
}

// @row 23 25
TEST_P(ProjectionOf, ConditionalBytesNeedAnOpenGrantUnderAnAgreementInForce) {
  const ItemId entry = world_->publish(1, world_->entry_json("地铁", "Metro"), true);
  const Hash bytes = hash_of_number(77);
  const Hash other = hash_of_number(78);
  const ItemId covered = world_->publish_resource(2, entry, bytes);
  world_->publish_resource(3, entry, other);
  follow();
  const Viewer company{ViewerKind::organisation, world_->company, TestWorld::kCompany, 0};
  EXPECT_EQ(may_read(company, entry, bytes, world_->now).reason, DenialReason::grant_missing);
  const auto granted =
      world_->grant(100, entry, world_->company, '"' + codec::to_hex(covered) + '"');
  follow();
  EXPECT_TRUE(may_read(company, entry, bytes, world_->now).allowed);
  EXPECT_EQ(may_read(company, entry, other, world_->now).reason, DenialReason::outside_grant);
  EXPECT_EQ(may_read(company, entry, bytes, 1'700'000'000).reason, DenialReason::grant_not_yet);
  EXPECT_EQ(may_read(company, entry, bytes, 1'740'000'000).reason, DenialReason::grant_ended);
  // A colleague acts for the same organisation.
  Viewer colleague = company;
  colleague.address = internal::address_of(99);
  EXPECT_TRUE(may_read(colleague, entry, bytes, world_->now).allowed);
  world_->act(world_->company, granted.agreement, "agreement", "leave",
              {{}, {}, world_->opinion()});
  follow();
  EXPECT_EQ(may_read(company, entry, bytes, world_->now).reason, DenialReason::grant_suspended);
  EXPECT_EQ(rebuilt(4), digest());
}

// @row 21 24
TEST_P(ProjectionOf, AnAgreementWithoutAllSevenClausesIsRefused) {
  const ItemId entry = world_->publish(1, world_->entry_json("地铁", "Metro"), true);
  const auto granted = world_->grant(100, entry, world_->company);
  const Workflow* flow = world_->pack.workflow("agreement");
  Act act;
  act.item = hash_of_number(500);
  act.workflow = flow->number;
  act.action = flow->action("offer")->number;
  act.subject = granted.application;
  act.document = world_->opinion();
  for (std::uint32_t clause = 0; clause < 7; ++clause) {
    act.marks = 127u & ~(1u << clause);
    EXPECT_EQ(world_->ledger.act(act, world_->owner, world_->now).error(), Refusal::marks_missing);
  }
  act.marks = 127;
  EXPECT_TRUE(world_->ledger.act(act, world_->owner, world_->now));
}

// @row 15 17
TEST_P(ProjectionOf, AResourceKeepsItsVersionsAndIsFoundByItsBytes) {
  const ItemId entry = world_->publish(1, world_->entry_json("公交", "Buses"));
  const ItemId id = world_->publish_resource(2, entry, hash_of_number(77));
  world_->act(
      world_->owner, id, "resource", "update",
      {{}, {}, world_->document("resource", TestWorld::resource_json(entry, hash_of_number(78)))});
  follow();
  const auto found = dataset(sql_, entry)->value();
  ASSERT_EQ(found.resources.size(), 1u);
  EXPECT_EQ(found.resources[0].digest, hash_of_number(78));
  EXPECT_EQ(found.resources[0].format, "CSV");
  EXPECT_EQ(found.resources[0].version, 2u);
  EXPECT_EQ(found.resources[0].columns.at(0).title.zh, "时间");
  EXPECT_TRUE(resources_by_digest(sql_, hash_of_number(78))->at(0).current);
  EXPECT_FALSE(resources_by_digest(sql_, hash_of_number(77))->at(0).current);
  EXPECT_TRUE(resources_by_digest(sql_, hash_of_number(79))->empty());
  EXPECT_TRUE(*publishes(sql_, entry, hash_of_number(77))) << "an earlier version is public, too";
  EXPECT_FALSE(*publishes(sql_, entry, hash_of_number(79)));
  EXPECT_EQ(versions(sql_, entry)->size(), 3u);
}

// @row 22 40
TEST_P(ProjectionOf, WhatIsDueIsFoundBySoonestDeadline) {
  const ItemId entry = world_->publish(1, world_->entry_json("地铁", "Metro"), true);
  const ItemId id = hash_of_number(50);
  world_->act(
      world_->person, id, "application", "submit",
      {entry, single_id(entry, world_->pack.workflow("opening")->number),
       world_->document("application", R"({"purpose":{"zh":"研究"},"capability":{"zh":"有"},)"
                                       R"("security":{"zh":"有制度"},"mode":"download"})")});
  follow();
  ProjectionReader reader{sql_};
  const std::uint64_t deadline = world_->ledger.item(id).deadline;
  ASSERT_GT(deadline, 0u);
  EXPECT_TRUE(reader.due(deadline - 1, 10)->empty());
  ASSERT_EQ(reader.due(deadline, 10)->size(), 1u);
  EXPECT_EQ(reader.due(deadline, 10)->front().id, id);
  const auto mine = reader.items({.creator = world_->person});
  EXPECT_EQ(mine->total, 1u);
  EXPECT_EQ(reader.items({.workflow = 99})->total, 0u);
  EXPECT_EQ(reader.items({.overdue_at = deadline})->total, 1u);
  EXPECT_EQ(reader.items({.limit = kPageMax + 1}).error(), Error{err::bad_query});
}

INSTANTIATE_TEST_SUITE_P(Both, ProjectionOf, testkit::both_databases(), testkit::database_name);

}  // namespace
}  // namespace wusong::portal
