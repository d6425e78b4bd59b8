// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/rules.hpp"

#include <gtest/gtest.h>

#include "wusong/portal/actions.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/test_world.hpp"

namespace wusong::portal {
namespace {

constexpr std::string_view kPack = R"({
 "name": "test", "number": 1, "title": {"zh": "测试", "en": "test"},
 "sources": [{"code": "SZ", "title": {"zh": "办法", "en": "measures"}, "status": "draft"}],
 "effective_from": "2023-10-01", "zone": "Asia/Shanghai",
 "roles": [{"number": 0, "name": "boss", "title": {"zh": "主管", "en": "authority"}, "article": "SZ 6"},
           {"number": 2, "name": "owner", "title": {"zh": "单位", "en": "owner"}, "article": "SZ 3"}],
 "numbers": [{"name": "answer", "value": 10, "unit": "working_day", "article": "SZ 42"}],
 "vocabularies": [{"name": "ground", "article": "SZ 12",
   "values": [{"number": 1, "name": "a", "title": {"zh": "甲", "en": "a"}},
              {"number": 2, "name": "b", "title": {"zh": "乙", "en": "b"}}]}],
 "workflows": [{"number": 1, "name": "case", "title": {"zh": "事项", "en": "case"}, "document": "entry",
   "states": [{"number": 1, "name": "open", "title": {"zh": "办理", "en": "open"}, "final": false},
              {"number": 2, "name": "done", "title": {"zh": "办结", "en": "done"}, "final": true}],
   "actions": [{"number": 1, "name": "file", "title": {"zh": "提交", "en": "file"}},
               {"number": 2, "name": "answer", "title": {"zh": "答复", "en": "answer"}}],
   "transitions": [
    {"action": "file", "from": ["none"], "to": "open", "roles": ["owner"], "relation": "any",
     "organisation": "actor", "party": "none", "subject": null, "refers_to": null,
     "needs": ["document"], "content": true, "choice": "ground", "marks": "ground",
     "marks_any": false, "clock": "answer", "single": false, "article": "SZ 41",
     "why": {"zh": "提交申请", "en": "files a case"}},
    {"action": "answer", "from": ["open"], "to": "done", "roles": ["boss"], "relation": "any",
     "organisation": "none", "party": "none", "subject": null, "refers_to": null,
     "needs": ["in_time"], "content": false, "choice": null, "marks": null,
     "marks_any": false, "clock": "stop", "single": false, "article": "SZ 42",
     "why": {"zh": "答复申请人", "en": "answers"}}]}]})";

std::string with(std::string_view from, std::string_view to) {
  std::string out{kPack};
  const std::size_t at = out.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) out.replace(at, from.size(), to);
  return out;
}

TEST(RulePack, IsReadWithEveryNameResolved) {
  const auto pack = parse_rule_pack(kPack);
  ASSERT_TRUE(pack) << pack.error().place << ": " << pack.error().mend.en;
  EXPECT_EQ(pack->effective_seconds(), 1'696'089'600u);  // 2023-10-01 00:00 in Shanghai
  const Transition* file = pack->transition(1, 1, 0);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->row.roles, 4u);
  EXPECT_EQ(file->row.choice_count, 2);
  EXPECT_EQ(file->row.marks, 3u);
  EXPECT_EQ(file->row.clock, (Clock{10, ClockUnit::working_day}));
  EXPECT_EQ(pack->transition(1, 2, 1)->row.clock_effect, ClockEffect::stop);
  EXPECT_EQ(pack->transition(1, 2, 0), nullptr);
  EXPECT_EQ(pack->rows().size(), 2u);
}

TEST(RulePack, EveryFaultNamesItsPlace) {
  const struct {
    std::string_view from, to, place;
  } kCases[] = {
      {"\"name\": \"test\"", "\"nom\": \"test\"", "nom"},
      {"\"zone\": \"Asia/Shanghai\"", "\"zone\": \"Europe/Berlin\"", "zone"},
      {"2023-10-01", "2023-02-29", "effective_from"},
      {"\"number\": 2, \"name\": \"owner\"", "\"number\": 0, \"name\": \"owner\"", "roles[1]"},
      {"\"number\": 2, \"name\": \"owner\"", "\"number\": 2, \"name\": \"boss\"", "roles[1]"},
      {"\"number\": 2, \"name\": \"owner\"", "\"number\": 32, \"name\": \"owner\"",
       "roles[1].number"},
      {"\"value\": 10", "\"value\": 0", "numbers[0].value"},
      {"working_day", "work", "numbers[0].unit"},
      {"\"number\": 2, \"name\": \"b\"", "\"number\": 3, \"name\": \"b\"",
       "vocabularies[0].values[1]"},
      {"{\"zh\": \"乙\", \"en\": \"b\"}", "{\"zh\": \"乙\"}", "vocabularies[0].values[1].title.en"},
      {"\"roles\": [\"owner\"]", "\"roles\": [\"nobody\"]", "workflows[0].transitions[0].roles[0]"},
      {"\"roles\": [\"owner\"]", "\"roles\": []", "workflows[0].transitions[0]"},
      {"\"relation\": \"any\"", "\"relation\": \"friend\"", "workflows[0].transitions[0].relation"},
      {"\"relation\": \"any\"", "\"relation\": \"creator\"", "workflows[0].transitions[0].from[0]"},
      {"\"to\": \"open\"", "\"to\": \"shut\"", "workflows[0].transitions[0].to"},
      {"\"choice\": \"ground\"", "\"choice\": \"grounds\"", "workflows[0].transitions[0].choice"},
      {"\"clock\": \"answer\"", "\"clock\": \"answers\"", "workflows[0].transitions[0].clock"},
      {"\"subject\": null", "\"subject\": {\"workflow\": \"x\", \"states\": [\"open\"]}",
       "workflows[0].transitions[0].subject.workflow"},
      {"\"subject\": null", "\"subject\": {\"workflow\": \"case\", \"states\": [\"none\"]}",
       "workflows[0].transitions[0].subject.states[0]"},
      {"\"needs\": [\"document\"]", "\"needs\": [\"document\", \"document\"]",
       "workflows[0].transitions[0].needs[1]"},
      {"\"needs\": [\"document\"]", "\"needs\": [\"overdue\"]",
       "workflows[0].transitions[0].from[0]"},
      {"\"article\": \"SZ 41\"", "\"article\": \"XX 41\"", "workflows[0].transitions[0].article"},
      {"\"from\": [\"open\"]", "\"from\": [\"none\"]", "workflows[0].transitions[1].from[0]"},
      {"\"final\": true", "\"final\": false", "workflows[0].states.done"},
      {"\"single\": false, ", "", "workflows[0].transitions[0].single"},
      {"\"marks\": null,\n     \"marks_any\": false", "\"marks\": null,\n     \"marks_any\": true",
       "workflows[0].transitions[1]"},
  };
  for (const auto& one : kCases) {
    const auto pack = parse_rule_pack(with(one.from, one.to));
    ASSERT_FALSE(pack) << one.to;
    EXPECT_EQ(pack.error().error, Error{err::bad_rule_pack});
    EXPECT_EQ(pack.error().place, one.place) << one.to;
    EXPECT_FALSE(pack.error().mend.zh.empty() || pack.error().mend.en.empty());
  }
  EXPECT_FALSE(parse_rule_pack("[1]"));
  EXPECT_FALSE(parse_rule_pack("{"));
}

TEST(Row, EveryFieldHasItsBitsAndNoOther) {
  Row row;
  row.to = 31;
  row.roles = 0x80000001;
  row.relation = Relation::subject_party;
  row.organisation = OrganisationFrom::named;
  row.party = PartyFrom::actor;
  row.needs = 15;
  row.subject_workflow = 255;
  row.subject_states = 0xffffffff;
  row.choice_count = 255;
  row.marks = 0xffffffff;
  row.clock_effect = ClockEffect::start;
  row.clock = {0xfffe, ClockUnit::year};
  row.content = row.marks_any = row.single = true;
  row.tie = Tie::this_item;
  row.reference_workflow = 255;
  row.reference_states = 0xffffffff;
  const auto decoded = decode_row(encode(row));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, row);
  for (unsigned bit = 0; bit < 256; ++bit) {
    const U256 changed = encode(row) ^ (U256{1} << bit);
    const auto other = decode_row(changed);
    if (other) {
      EXPECT_EQ(encode(*other), changed) << bit;
    }
  }
  EXPECT_EQ(decode_row(U256{}).error(), Error{err::bad_row});
}

TEST(RuleBook, NewItemsFollowTheLatestPackInForce) {
  auto first = *parse_rule_pack(kPack);
  auto second = first;
  second.number = 2;
  second.effective_from = {2024, 1, 1};
  RuleBook book;
  EXPECT_EQ(book.in_force(1'800'000'000), nullptr);
  book.add(first);
  book.add(second);
  EXPECT_EQ(book.in_force(first.effective_seconds() - 1), nullptr);
  EXPECT_EQ(book.in_force(first.effective_seconds())->number, 1);
  EXPECT_EQ(book.in_force(second.effective_seconds())->number, 2);
  EXPECT_EQ(book.pack(3), nullptr);
}

// @row 22
TEST(Deadline, TenWorkingDaysSkipWeekendsAndHolidaysAndCountMakeUpDays) {
  const auto text = internal::read_text("contracts/rules/calendar/2023.json");
  if (!text) GTEST_SKIP() << "no calendar";
  const auto year = parse_calendar(*text);
  ASSERT_TRUE(year) << year.error().place;
  Calendar calendar;
  calendar.set(year->year, year->days);
  // Thursday 28 September 2023 at noon: the holidays run to 6 October, 7 and 8 October are worked.
  const std::uint64_t noon = start_of(days_of({2023, 9, 28})) + 43'200;
  const Clock clock{10, ClockUnit::working_day};
  EXPECT_EQ(calendar.deadline(clock, noon), start_of(days_of({2023, 10, 19})));
  // The last second of the same day gives the same deadline, the next second another one.
  const std::uint64_t midnight = start_of(days_of({2023, 9, 29}));
  EXPECT_EQ(calendar.deadline(clock, midnight - 1), start_of(days_of({2023, 10, 19})));
  EXPECT_EQ(calendar.deadline(clock, midnight), start_of(days_of({2023, 10, 19})));
  EXPECT_EQ(calendar.deadline(clock, start_of(days_of({2023, 10, 7}))),
            start_of(days_of({2023, 10, 20})));
}

TEST(Deadline, MonthsEndOnTheSameDayOrTheMonthsLast) {
  const Calendar none;
  const auto after = [&](Date from, Clock clock) {
    return date_of(local_day(none.deadline(clock, start_of(days_of(from))) - 1));
  };
  EXPECT_EQ(after({2024, 1, 31}, {1, ClockUnit::month}), (Date{2024, 2, 29}));
  EXPECT_EQ(after({2023, 1, 31}, {1, ClockUnit::month}), (Date{2023, 2, 28}));
  EXPECT_EQ(after({2024, 2, 29}, {1, ClockUnit::year}), (Date{2025, 2, 28}));
  EXPECT_EQ(after({2023, 12, 15}, {1, ClockUnit::month}), (Date{2024, 1, 15}));
  EXPECT_EQ(after({2023, 12, 29}, {1, ClockUnit::working_day}), (Date{2024, 1, 1}));
  EXPECT_EQ(after({2023, 12, 30}, {3, ClockUnit::day}), (Date{2024, 1, 2}));
}

TEST(Dates, EveryDayOfFourCenturiesGoesThereAndBack) {
  for (std::int64_t day = -100'000; day < 200'000; ++day) {
    const Date date = date_of(day);
    ASSERT_EQ(days_of(date), day);
    if (day >= 0) {
      ASSERT_EQ(parse_date(to_text(date)).value(), date);
    }
  }
  for (const char* bad : {"2023-13-01", "2023-00-01", "2023-04-31", "2023-4-1", "2023/04/01", ""})
    EXPECT_FALSE(parse_date(bad)) << bad;
  EXPECT_EQ(iso_time(1'696'118'399), "2023-09-30T23:59:59Z");
}

TEST(CalendarFile, RefusesDaysOfOtherYearsAndDaysThatAreWorkedAnyway) {
  EXPECT_EQ(
      parse_calendar(R"({"year":2023,"holidays":["2024-01-01"],"make_up_days":[]})").error().place,
      "holidays[0]");
  EXPECT_EQ(
      parse_calendar(R"({"year":2023,"holidays":[],"make_up_days":["2023-03-01"]})").error().place,
      "make_up_days[0]");
  EXPECT_EQ(
      parse_calendar(R"({"year":2023,"holidays":[],"extra":1,"make_up_days":[]})").error().place,
      "extra");
}

// @row 9 10 13
TEST(PublishedPack, SetsTheLawsNumbersAndVocabularies) {
  const auto pack = internal::published_pack();
  if (!pack) GTEST_SKIP() << "no rule pack";
  EXPECT_EQ(pack->workflows.size(), 22u);
  EXPECT_EQ(pack->legal_number("application_answer")->clock, (Clock{10, ClockUnit::working_day}));
  EXPECT_EQ(pack->vocabulary("closed_ground")->values.size(), 4u);
  EXPECT_EQ(pack->vocabulary("conditional_ground")->values.size(), 4u);
  EXPECT_EQ(pack->vocabulary("agreement_clause")->values.size(), 7u);
  EXPECT_EQ(pack->vocabulary("condition_subject")->values.size(), 4u);
  EXPECT_EQ(pack->vocabulary("condition_scenario")->values.size(), 3u);
  EXPECT_EQ(pack->vocabulary("condition_mode")->values.size(), 4u);
  for (const Workflow& flow : pack->workflows)
    EXPECT_NE(document_kind(flow.document), nullptr) << flow.name;
}

// @row 16
TEST(Permitted, EveryActionIsAllowedOrRefusedWithReasonArticleAndNextStep) {
  const auto pack = internal::published_pack();
  if (!pack) GTEST_SKIP() << "no rule pack";
  internal::TestWorld world{*pack};
  const ItemId id = internal::hash_of_number(7);
  world.act(world.owner, id, "entry", "compile",
            {{}, {}, world.document("entry", world.entry_json("公交", "Buses"))});
  Act act;
  act.item = id;
  const auto list = [&](const Address& who) {
    return permitted(*pack, 1, world.ledger.facts(act, who), world.ledger.calendar(), world.now);
  };
  bool may_revise = false;
  for (const PermittedAction& one : list(world.owner))
    if (one.name == "revise") {
      may_revise = one.allowed;
      EXPECT_TRUE(one.needs_document);
      EXPECT_EQ(one.document, "entry");
    }
  EXPECT_TRUE(may_revise);
  for (const PermittedAction& one : list(world.person)) {
    EXPECT_FALSE(one.allowed) << one.name;
    EXPECT_EQ(one.refusal, Refusal::wrong_role);
    EXPECT_FALSE(one.article.empty());
    EXPECT_FALSE(one.why.zh.empty() || one.why.en.empty());
    EXPECT_FALSE(one.next.zh.empty() || one.next.en.empty());
    EXPECT_NE(one.next.en.find("Public body"), std::string::npos);
  }
  Act none;
  const auto begin = permitted(*pack, 1, world.ledger.facts(none, world.owner),
                               world.ledger.calendar(), world.now);
  ASSERT_EQ(begin.size(), 1u);
  EXPECT_EQ(begin[0].name, "compile");
  EXPECT_TRUE(begin[0].allowed);
}

TEST(Permitted, WhatItAllowsTheLedgerAccepts) {
  const auto pack = internal::published_pack();
  if (!pack) GTEST_SKIP() << "no rule pack";
  internal::TestWorld world{*pack};
  const ItemId entry = world.publish(1, world.entry_json("地铁", "Metro"), true);
  const auto granted = world.grant(100, entry, world.company);
  for (const ItemId& id : {entry, granted.application, granted.agreement, granted.grant}) {
    Act act;
    act.item = id;
    act.sequence = world.ledger.item(id).sequence;
    act.workflow = world.ledger.item(id).workflow;
    act.document = internal::hash_of_number(8);
    act.basis = act.document;
    for (const Address& who : {world.owner, world.company, world.city, world.person}) {
      const Facts facts = world.ledger.facts(act, who);
      for (const PermittedAction& one :
           permitted(*pack, act.workflow, facts, world.ledger.calendar(), world.now)) {
        if (!one.reference_workflow.empty()) continue;
        const Row& row = pack->transition(act.workflow, one.action, facts.item.state)->row;
        act.action = one.action;
        act.choice = row.choice_count == 0 ? 0 : 1;
        act.marks = row.marks;
        const Rules rules = world.ledger.rules_for(facts.item, world.now);
        const auto done = decide(act, facts, rules, world.now);
        EXPECT_EQ(one.allowed, done.has_value()) << one.name;
        if (!done) {
          EXPECT_EQ(*one.refusal, done.error()) << one.name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace wusong::portal
