// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "wusong/portal/dataset.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/test_world.hpp"
#include "wusong/portal/projection.hpp"
#include "wusong/testkit/test_database.hpp"

namespace wusong::portal {
namespace {

using internal::hash_of_number;
using internal::TestWorld;
using testkit::TestDatabase;

class Search : public testing::TestWithParam<io::SqlDialect> {
 protected:
  void SetUp() override {
    if (!sql_.missing().empty()) GTEST_SKIP() << sql_.missing();
    auto pack = internal::published_pack();
    if (!pack) GTEST_SKIP() << "no rule pack";
    world_.emplace(std::move(*pack));
    projection_.emplace(sql_, world_->book, world_->documents);
    ASSERT_TRUE(projection_->open()) << sql_.last_message();
  }
  void follow() {
    const std::span<const BlockEvents> all{world_->blocks};
    ASSERT_TRUE(projection_->apply(all.subspan(applied_))) << sql_.last_message();
    applied_ = all.size();
  }
  std::vector<std::string> titles(const DatasetQuery& query) {
    std::vector<std::string> out;
    const auto found = search(sql_, query);
    EXPECT_TRUE(found) << sql_.last_message();
    if (found)
      for (const Dataset& one : found->items) out.push_back(one.title.zh);
    return out;
  }
  using Titles = std::vector<std::string>;

  /// Entries without the acts before, for many of them.
  void publish_many(std::uint64_t count, const std::string& zh) {
    const Workflow* entry = world_->pack.workflow("entry");
    const Workflow* opening = world_->pack.workflow("opening");
    for (std::uint64_t i = 1; i <= count; ++i) {
      Acted act;
      act.pack = 1;
      act.organisation = 3;
      act.sequence = 1;
      act.item = single_id(hash_of_number(1000 + i), opening->number);
      act.subject = hash_of_number(1000 + i);
      act.workflow = opening->number;
      act.to = opening->state("unconditional")->number;
      world_->add(act);
      act.item = hash_of_number(1000 + i);
      act.subject = {};
      act.workflow = entry->number;
      act.action = entry->action("publish")->number;
      act.to = entry->state("published")->number;
      act.content = true;
      act.document = world_->document(
          "entry", world_->entry_json(zh + (i % 5 == 0 ? "统计" : ""), "n" + std::to_string(i)));
      world_->add(act);
    }
    follow();
  }

  TestDatabase sql_{GetParam()};
  std::optional<TestWorld> world_;
  std::optional<Projection> projection_;
  std::size_t applied_{0};
};

// @row 15
TEST_P(Search, FindsWordsOfBothLanguagesAndPhrasesFromTheMiddle) {
  world_->publish(1, world_->entry_json("公共交通线路", "Public transport lines"));
  world_->publish(2, world_->entry_json("学校名录", "List of schools"));
  follow();
  EXPECT_EQ(titles({.text = "交通"}), Titles{"公共交通线路"});
  EXPECT_EQ(titles({.text = "SCHOOLS"}), Titles{"学校名录"});
  EXPECT_EQ(titles({.text = "公交"}).size(), 2u);  // a keyword of both
  EXPECT_EQ(titles({.text = "名录 schools"}), Titles{"学校名录"});
  EXPECT_TRUE(titles({.text = "医院"}).empty());
  EXPECT_TRUE(titles({.text = "\"' OR 1=1 --*:"}).empty());
  EXPECT_TRUE(titles({.text = "！？"}).empty());
  EXPECT_EQ(titles({}).size(), 2u);
}

TEST_P(Search, RanksTitlesFirstAndElseTheNewest) {
  world_->publish(1,
                  world_->entry_json("地铁客流", "Metro", R"(,"conditions":{"zh":"含公园信息"})"));
  world_->publish(2, world_->entry_json("公园", "Parks"));
  world_->publish(
      3, world_->entry_json("停车场", "Car parks", R"(,"conditions":{"zh":"含公园信息"})"));
  follow();
  EXPECT_EQ(titles({.text = "公园"}), (Titles{"公园", "停车场", "地铁客流"}));
  EXPECT_EQ(titles({.text = "公园", .sort = SortBy::updated}),
            (Titles{"停车场", "公园", "地铁客流"}));
  ASSERT_TRUE(count_download(sql_, hash_of_number(1), 5));
  ASSERT_TRUE(count_download(sql_, hash_of_number(1)));
  EXPECT_EQ(titles({.text = "公园", .sort = SortBy::downloads}).front(), "地铁客流");
  EXPECT_EQ(titles({.sort = SortBy::downloads}).front(), "地铁客流");
  EXPECT_EQ(dataset(sql_, hash_of_number(1))->value().downloads, 6u);
}

TEST_P(Search, FiltersNarrowAndFacetsCountWhatIsLeft) {
  world_->publish(1, world_->entry_json("甲", "A"));
  world_->publish(2, world_->entry_json("乙", "B"), true);
  follow();
  const auto all = search(sql_, {});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->facets.size(), 6u);
  EXPECT_EQ(all->facets[0].name, "topic");
  EXPECT_EQ(all->facets[0].values.at(0).value, "transport");
  EXPECT_EQ(all->facets[0].values.at(0).count, 2u);
  EXPECT_EQ(all->facets[2].values.size(), 2u);
  EXPECT_EQ(all->facets[3].values.at(0).value, "CSV");
  DatasetQuery query;
  query.openings = {OpeningType::conditional};
  EXPECT_EQ(titles(query), Titles{"乙"});
  query.openings = {OpeningType::conditional, OpeningType::unconditional};
  EXPECT_EQ(titles(query).size(), 2u);
  query.formats = {"csv"};
  query.tags = {"公交"};
  query.topics = {"transport"};
  query.frequencies = {"daily"};
  query.organisations = {3};
  const auto filtered = search(sql_, query);
  EXPECT_EQ(filtered->total, 2u);
  EXPECT_EQ(filtered->facets[2].values.size(), 2u);
  query.organisations = {4};
  EXPECT_EQ(search(sql_, query)->total, 0u);
}

TEST_P(Search, PagesMeetWithoutGapOrOverlap) {
  publish_many(25, "道路");
  for (const std::string text : {"", "道路", "统计"}) {
    std::set<ItemId> seen;
    std::uint64_t total = 0;
    for (std::uint64_t offset = 0;; offset += 4) {
      const auto page = search(sql_, {.text = text, .offset = offset, .limit = 4});
      ASSERT_TRUE(page);
      total = page->total;
      if (page->items.empty()) break;
      for (const Dataset& one : page->items) EXPECT_TRUE(seen.insert(one.id).second);
    }
    EXPECT_EQ(seen.size(), total) << text;
  }
  const auto last = datasets_after(sql_, 0, 1000);
  ASSERT_EQ(last->size(), 25u);
  EXPECT_EQ(datasets_after(sql_, last->at(9).number, 1000)->size(), 15u);
}

TEST_P(Search, BeyondTheExactLimitPagesStillMeetAndTitlesStayFirst) {
  publish_many(kExactMax + 500, "道路");
  for (std::uint64_t i = 1; i < 700; i += 3)
    ASSERT_TRUE(count_download(sql_, hash_of_number(1000 + i), i % 7 + 1));
  const auto first = search(sql_, {.text = "道路", .limit = 10});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->total, kExactMax + 500);
  EXPECT_FALSE(first->facets_are_exact);
  std::set<ItemId> seen;
  for (const SortBy sort : {SortBy::relevance, SortBy::updated, SortBy::downloads}) {
    seen.clear();
    for (std::uint64_t offset = 0; offset < kExactMax + 500; offset += 500) {
      const auto page = search(
          sql_, {.text = "道路", .sort = sort, .offset = offset, .limit = 500, .facets = false});
      ASSERT_TRUE(page);
      for (const Dataset& one : page->items) seen.insert(one.id);
    }
    EXPECT_EQ(seen.size(), kExactMax + 500);
  }
  for (const std::string text : {"", "道路"}) {
    seen.clear();
    std::uint64_t last = ~0ull;
    for (std::uint64_t offset = 0; offset < kExactMax + 500; offset += 230) {
      const auto page = search(sql_, {.text = text,
                                      .sort = SortBy::downloads,
                                      .offset = offset,
                                      .limit = 230,
                                      .facets = false});
      ASSERT_TRUE(page) << sql_.last_message();
      for (const Dataset& one : page->items) {
        EXPECT_TRUE(seen.insert(one.id).second);
        EXPECT_LE(one.downloads, last);
        last = one.downloads;
      }
    }
    EXPECT_EQ(seen.size(), kExactMax + 500);
  }
  DatasetQuery one_filter;
  one_filter.topics = {"transport"};
  EXPECT_EQ(search(sql_, one_filter)->total, kExactMax + 500);
}

TEST_P(Search, RefusesWhatIsTooMuch) {
  EXPECT_EQ(search(sql_, {.limit = kPageMax + 1}).error(), Error{err::bad_query});
  DatasetQuery query;
  query.tags.assign(65, "x");
  EXPECT_EQ(search(sql_, query).error(), Error{err::bad_query});
  EXPECT_EQ(search(sql_, {.limit = 0})->items.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Both, Search, testkit::both_databases(), testkit::database_name);

}  // namespace
}  // namespace wusong::portal
