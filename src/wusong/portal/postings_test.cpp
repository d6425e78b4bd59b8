// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/internal/postings.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/projection_schema.hpp"
#include "wusong/testkit/test_database.hpp"

namespace wusong::portal::internal {
namespace {

using testkit::TestDatabase;

class PostingsOf : public testing::TestWithParam<io::SqlDialect> {
 protected:
  void SetUp() override {
    if (!sql_.missing().empty()) GTEST_SKIP() << sql_.missing();
    ASSERT_TRUE(sql_.script(schema_of(sql_.dialect())));
  }
  NumberSet read(const std::string& word) {
    auto sets = read_postings(sql_, {word});
    EXPECT_TRUE(sets) << sql_.last_message();
    return sets ? (*sets)[word] : NumberSet{};
  }
  static std::vector<std::uint64_t> all(const NumberSet& set) { return set.newest(0, 10'000'000); }
  TestDatabase sql_{GetParam()};
};

TEST_P(PostingsOf, HoldWhatWasAddedAndNotRemovedFewOrMany) {
  PostingsWriter writer{sql_};
  std::mt19937_64 random{11};
  std::set<std::uint64_t> known;
  for (int round = 0; round < 40; ++round) {
    // Dense enough that a chunk becomes a bitmap, and then a list again.
    for (int i = 0; i < 1'500; ++i) {
      const std::uint64_t number = random() % 150'000;
      const bool add = round < 25;
      if (add == known.contains(number)) continue;
      if (add) known.insert(number);
      if (!add) known.erase(number);
      ASSERT_TRUE(writer.change({"word"}, number, add));
    }
    ASSERT_TRUE(writer.flush()) << sql_.last_message();
    ASSERT_EQ(all(read("word")), (std::vector<std::uint64_t>{known.rbegin(), known.rend()}));
  }
  for (const std::uint64_t one : known) ASSERT_TRUE(writer.change({"word"}, one, false));
  ASSERT_TRUE(writer.flush());
  const auto rows = sql_.query("SELECT count(*) FROM postings", {});
  EXPECT_EQ(std::get<std::int64_t>(rows->rows[0][0]), 0);
}

TEST_P(PostingsOf, AnEntryThatIsListedAnewUnderItsNumberStays) {
  PostingsWriter writer{sql_};
  ASSERT_TRUE(writer.change({"a", "b"}, 70'000, true));
  ASSERT_TRUE(writer.flush());
  ASSERT_TRUE(writer.change({"a", "b"}, 70'000, false));
  ASSERT_TRUE(writer.change({"b", "c"}, 70'000, true));
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(read("a").size(), 0u);
  EXPECT_TRUE(read("b").contains(70'000));
  EXPECT_TRUE(read("c").contains(70'000));
}

TEST_P(PostingsOf, ManyWordsAreReadAtOnceAndAnyTextIsAWord) {
  PostingsWriter writer{sql_};
  std::vector<std::string> words{facet_word("tag", "it's \"quoted\" {a,b}"), title_word("x")};
  for (int i = 0; i < 300; ++i) words.push_back("w" + std::to_string(i));
  ASSERT_TRUE(writer.change(words, 5, true));
  ASSERT_TRUE(writer.flush());
  const auto sets = read_postings(sql_, words);
  ASSERT_TRUE(sets);
  EXPECT_EQ(sets->size(), words.size());
  for (const std::string& word : words) EXPECT_TRUE(sets->at(word).contains(5)) << word;
}

TEST_P(PostingsOf, DamagedBitsAreNoSet) {
  NumberSet set;
  EXPECT_EQ(set.add(0, Bytes(3)).error(), Error{err::projection_damaged});
  EXPECT_EQ(set.add(0, Bytes(8194)).error(), Error{err::projection_damaged});
}

TEST(NumberSetOf, PagesMeetAndSetsMeetAsSetsDo) {
  TestDatabase sql{io::SqlDialect::sqlite};
  ASSERT_TRUE(sql.script(schema_of(sql.dialect())));
  PostingsWriter writer{sql};
  for (std::uint64_t i = 1; i < 200'000; i += 7) {
    ASSERT_TRUE(writer.change({"seven"}, i, true));
    if (i % 2 == 0) ASSERT_TRUE(writer.change({"even"}, i, true));
  }
  ASSERT_TRUE(writer.flush());
  auto sets = *read_postings(sql, {"seven", "even"});
  const NumberSet& seven = sets["seven"];
  const auto whole = seven.newest(0, 1'000'000);
  std::vector<std::uint64_t> pages;
  for (std::uint64_t offset = 0; offset < whole.size(); offset += 997)
    for (const std::uint64_t one : seven.newest(offset, 997)) pages.push_back(one);
  EXPECT_EQ(pages, whole);
  NumberSet both = seven;
  both.intersect(sets["even"]);
  EXPECT_EQ(both.size(), sets["even"].size());
  NumberSet odd = seven;
  odd.subtract(sets["even"]);
  EXPECT_EQ(odd.size() + both.size(), seven.size());
  odd.unite(both);
  EXPECT_EQ(odd.newest(0, 1'000'000), whole);
  odd.erase(whole.front());
  EXPECT_FALSE(odd.contains(whole.front()));
  both.intersect(NumberSet{});
  EXPECT_EQ(both.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Both, PostingsOf, testkit::both_databases(), testkit::database_name);

}  // namespace
}  // namespace wusong::portal::internal
