// SPDX-License-Identifier: Apache-2.0
// The compiled contracts in our EVM against the twin: every act must end alike, event for event and
// refusal for refusal.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "wusong/portal/act.hpp"
#include "wusong/portal/internal/test_chain.hpp"
#include "wusong/portal/item.hpp"
#include "wusong/portal/rules.hpp"

namespace wusong::portal {
namespace {

using internal::address_of;
using internal::hash_of_number;
using internal::TestChain;

constexpr std::uint16_t kPack = 7;

/// Chain and twin side by side; every fact goes to both.
class Twins {
 public:
  explicit Twins(std::unique_ptr<TestChain> chain) : owned_{std::move(chain)} {}

  void publish(std::uint16_t pack, const RowTable& rows, std::uint64_t from, std::int32_t offset) {
    ASSERT_TRUE(chain_.send(chain_.contracts.rule_book, encode_publish_call(pack, rows)));
    const Seal seal{pack, from, offset, static_cast<std::uint32_t>(rows.size()), {}};
    ASSERT_TRUE(chain_.send(chain_.contracts.rule_book, encode_seal_call(seal)));
    ledger_.publish(pack, rows);
    ledger_.seal(pack, from, offset);
  }
  void working_days(std::uint16_t year, const WorkingYear& days) {
    ASSERT_TRUE(chain_.send(chain_.contracts.rule_book, encode_set_working_days_call(year, days)));
    ledger_.set_working_days(year, days);
  }
  void put(const Address& who, const Actor& actor) {
    chain_.put_actor(who, actor);
    ledger_.set_actor(who, actor);
  }
  void put(std::uint32_t id, const Organisation& organisation) {
    chain_.put_organisation(id, organisation);
    ledger_.set_organisation(id, organisation);
  }
  void put(const ItemId& id, const Item& item) {
    chain_.put_item(id, item);
    ledger_.put(id, item);
  }

  /// Whether both say the same of an act. Neither side keeps it.
  ::testing::AssertionResult agree(const Act& act, const Address& sender, std::uint64_t now) {
    chain_.block.timestamp = now;
    const auto outcome = chain_.call(sender, chain_.contracts.workflows, encode_act_call(act));
    const Item before = ledger_.item(act.item);
    const auto twin = ledger_.act(act, sender, now);
    ledger_.put(act.item, before);
    ++count_;
    if (!twin) {
      ++refused_[static_cast<std::size_t>(twin.error())];
      const auto refusal = refusal_of(outcome.output);
      if (outcome.success() || refusal != twin.error())
        return ::testing::AssertionFailure()
               << "twin: " << info_of(twin.error()).name << ", contract: "
               << (outcome.success() ? "accepts"
                   : refusal         ? info_of(*refusal).name
                                     : "other");
      return ::testing::AssertionSuccess();
    }
    ++accepted_;
    if (!outcome.success()) {
      const auto refusal = refusal_of(outcome.output);
      return ::testing::AssertionFailure()
             << "twin accepts, contract: " << (refusal ? info_of(*refusal).name : "other");
    }
    if (outcome.logs.size() != 1) return ::testing::AssertionFailure() << "not one event";
    const auto event = decode_event(outcome.logs[0], chain_.contracts);
    if (!event || !*event || !std::holds_alternative<Acted>(**event) ||
        std::get<Acted>(**event) != *twin)
      return ::testing::AssertionFailure() << "the events differ";
    return ::testing::AssertionSuccess();
  }

  TestChain& chain() { return chain_; }
  Ledger& ledger() { return ledger_; }
  std::uint64_t count() const { return count_; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t refused(Refusal refusal) const {
    return refused_[static_cast<std::size_t>(refusal)];
  }

 private:
  std::unique_ptr<TestChain> owned_;
  TestChain& chain_{*owned_};
  Ledger ledger_;
  std::uint64_t count_{0};
  std::uint64_t accepted_{0};
  std::array<std::uint64_t, kRefusalCount> refused_{};
};

WorkingYear weekdays(std::uint16_t year, std::uint32_t free_day) {
  WorkingYear out;
  const std::int64_t first = days_of({year, 1, 1});
  for (std::uint32_t day = 0; day < (is_leap(year) ? 366u : 365u); ++day)
    if (((first + day) + 3) % 7 < 5 && day != free_day)
      out.bits[day / 256].limb[day % 256 / 64] |= 1ull << (day % 64);
  return out;
}

/// Facts that are drawn at random around one row, mostly so that its guards hold.
class Scene {
 public:
  Scene(Twins& twins, std::uint64_t seed) : twins_{twins}, random_{seed} {
    for (std::uint32_t id = 1; id <= 4; ++id) twins_.put(id, organisation(id, true));
  }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool often() { return below(8) != 0; }
  bool rarely() { return below(12) == 0; }

  static Organisation organisation(std::uint32_t id, bool active) {
    return {id == 2 || id == 3 ? 1u : 0u, 2, active, {}};
  }

  Address person() { return address_of(100 + below(5)); }
  std::uint32_t some_organisation() { return static_cast<std::uint32_t>(below(4)); }
  std::uint32_t mask_state(std::uint32_t mask) {
    if (mask == 0 || rarely()) return 1 + static_cast<std::uint32_t>(below(6));
    for (;;)
      if (const auto state = static_cast<std::uint32_t>(below(32)); (mask >> state & 1) != 0)
        return state;
  }
  Item some_item(std::uint8_t workflow, std::uint32_t states) {
    Item out;
    out.workflow = rarely() ? static_cast<std::uint8_t>(workflow + 1) : workflow;
    out.state = static_cast<std::uint8_t>(mask_state(states));
    out.pack = kPack;
    out.sequence = 1 + static_cast<std::uint32_t>(below(9));
    out.organisation = some_organisation();
    out.creator = person();
    if (below(3) != 0) out.party = person();
    if (below(2) == 0) out.deadline = 1'600'000'000 + below(300'000'000);
    out.choice = static_cast<std::uint8_t>(below(4));
    out.marks = static_cast<std::uint32_t>(below(8));
    out.document = hash_of_number(900 + below(3));
    return out;
  }

  /// Tries one act on the row of a key, or where there is none.
  ::testing::AssertionResult attempt(std::uint16_t pack, std::uint32_t key, const Row& row,
                                     std::uint32_t roles, std::uint64_t trial) {
    const auto workflow = static_cast<std::uint8_t>(key >> 16);
    const auto from = static_cast<std::uint8_t>(key);
    const ItemId id = hash_of_number(10'000 + trial);
    const ItemId subject_id = hash_of_number(5'000'000 + trial);
    const ItemId reference_id = hash_of_number(9'000'000 + trial);
    Item item;
    if (from != 0) {
      item = some_item(workflow, 1u << from);
      item.workflow = workflow;
      item.state = from;
      item.pack = pack;
    }
    Item subject =
        some_item(row.subject_workflow == 0 ? 3 : row.subject_workflow, row.subject_states);
    const bool has_subject = row.subject_workflow != 0 || below(2) == 0;
    if (often()) twins_.put(subject_id, subject);
    if (from != 0 && has_subject && !rarely()) item.subject = subject_id;

    Act act;
    act.item = rarely() && rarely() ? ItemId{} : id;
    act.sequence = item.sequence + (rarely() ? 1 : 0);
    act.workflow = rarely() ? static_cast<std::uint8_t>(workflow ^ 1) : workflow;
    act.action = static_cast<std::uint8_t>(key >> 8);
    if ((from == 0) == !rarely() && has_subject) act.subject = subject_id;
    if (row.single && from == 0 && often()) act.item = single_id(act.subject, act.workflow);
    if (from != 0) twins_.put(id, item);

    const Address sender = from == 0 || below(2) == 0 ? person()
                           : below(2) == 0            ? item.creator
                                                      : item.party;
    if (sender.is_zero()) return ::testing::AssertionSuccess();
    for (std::uint64_t i = 0; i < 5; ++i)
      twins_.put(address_of(100 + i), {some_organisation(), 1, below(6) != 0});
    std::uint32_t of = some_organisation();
    if (row.relation == Relation::own && often()) of = item.organisation;
    if (row.relation == Relation::parent && often()) of = 1;
    if (row.relation == Relation::subject_own && often()) of = subject.organisation;
    twins_.put(sender, {of, roles, !rarely()});
    for (std::uint32_t org = 1; org <= 3; ++org) twins_.put(org, organisation(org, !rarely()));

    if ((row.organisation == OrganisationFrom::named && from == 0) == !rarely())
      act.organisation = 1 + static_cast<std::uint32_t>(below(4));
    act.choice = row.choice_count == 0 ? 0 : static_cast<std::uint8_t>(1 + below(row.choice_count));
    if (rarely()) act.choice = static_cast<std::uint8_t>(below(256));
    act.marks = row.marks_any ? row.marks & static_cast<std::uint32_t>(random_()) : row.marks;
    if (rarely()) act.marks = static_cast<std::uint32_t>(random_());
    if (often()) act.document = hash_of_number(700 + below(3));
    if (often()) act.basis = hash_of_number(800);
    if ((row.reference_workflow != 0) == !rarely()) {
      Item reference = some_item(row.reference_workflow, row.reference_states);
      if (row.tie == Tie::same_subject && often())
        reference.subject = from == 0 ? act.subject : item.subject;
      if (row.tie == Tie::this_item && often()) reference.subject = act.item;
      act.refers_to = reference_id;
      if (often()) twins_.put(reference_id, reference);
    }
    std::uint64_t now = 1'650'000'000 + below(200'000'000);
    if (item.deadline != 0 && below(3) == 0) now = item.deadline - 1 + below(3);
    return twins_.agree(act, sender, now);
  }

 private:
  Twins& twins_;
  std::mt19937_64 random_;
};

Row random_row(Scene& scene) {
  Row out;
  const auto draw = [&](std::uint64_t bound) { return scene.below(bound); };
  out.to = static_cast<std::uint8_t>(1 + draw(6));
  out.roles = static_cast<std::uint32_t>(1 + draw(7));
  out.relation = static_cast<Relation>(draw(8));
  out.organisation = static_cast<OrganisationFrom>(draw(4));
  out.party = static_cast<PartyFrom>(draw(4));
  if (draw(2) == 0) out.needs = static_cast<std::uint8_t>(draw(16));
  if (draw(2) == 0) {
    out.subject_workflow = static_cast<std::uint8_t>(1 + draw(5));
    out.subject_states = static_cast<std::uint32_t>(2 + draw(62));
  }
  if (draw(3) == 0) out.choice_count = static_cast<std::uint8_t>(1 + draw(255));
  if (draw(3) == 0) out.marks = static_cast<std::uint32_t>(1 + draw(0xffffffff));
  out.marks_any = out.marks != 0 && draw(2) == 0;
  out.content = draw(2) == 0;
  if (draw(3) == 0) out.clock_effect = ClockEffect::stop;
  if (draw(2) == 0) {
    out.clock_effect = ClockEffect::start;
    out.clock = {static_cast<std::uint16_t>(1 + draw(draw(9) == 0 ? 4'000 : 40)),
                 static_cast<ClockUnit>(1 + draw(4))};
  }
  if (draw(3) == 0) {
    out.reference_workflow = static_cast<std::uint8_t>(1 + draw(5));
    out.reference_states = static_cast<std::uint32_t>(2 + draw(62));
    out.tie = static_cast<Tie>(draw(3));
  }
  out.single = draw(8) == 0;
  return out;
}

TEST(Twin, AgreesWithTheContractOverRandomRulesAndFacts) {
  auto chain = TestChain::deploy();
  if (!chain) GTEST_SKIP() << "contracts not built";
  Twins twins{std::move(chain)};
  Scene scene{twins, 20'231'001};
  RowTable rows;
  for (std::uint8_t workflow = 1; workflow <= 5; ++workflow)
    for (std::uint8_t action = 1; action <= 4; ++action)
      for (std::uint8_t from = 0; from <= 6; ++from)
        if (scene.below(4) != 0) rows[row_key(workflow, action, from)] = random_row(scene);
  for (const auto& [key, row] : rows) {
    const auto decoded = decode_row(encode(row));
    ASSERT_TRUE(decoded);
    ASSERT_EQ(*decoded, row);
  }
  twins.publish(kPack, rows, 1'660'000'000, kShanghaiOffset);
  twins.working_days(2023, weekdays(2023, 300));
  twins.working_days(2024, weekdays(2024, 365));
  std::uint64_t trial = 0;
  for (int round = 0; round < 300; ++round) {
    for (std::uint32_t workflow = 1; workflow <= 5; ++workflow)
      for (std::uint32_t action = 1; action <= 4; ++action)
        for (std::uint32_t from = 0; from <= 6; ++from) {
          const std::uint32_t key = workflow << 16 | action << 8 | from;
          const auto found = rows.find(key);
          const Row row = found == rows.end() ? Row{} : found->second;
          const auto roles = scene.rarely() ? 1u << scene.below(5) : row.roles;
          ASSERT_TRUE(scene.attempt(kPack, key, row, roles, ++trial)) << "trial " << trial;
        }
  }
  EXPECT_GT(twins.accepted(), 500u);
  for (std::size_t i = 0; i < kRefusalCount; ++i)
    EXPECT_GT(twins.refused(static_cast<Refusal>(i)), 0u)
        << info_of(static_cast<Refusal>(i)).name << " was never tried";
}

// @row 1
TEST(Twin, AgreesWithTheContractOverEveryRowRoleAndRelationOfThePublishedPacks) {
  auto chain = TestChain::deploy();
  if (!chain) GTEST_SKIP() << "contracts not built";
  std::vector<RulePack> packs;
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator{"contracts/rules", none}) {
    if (file.path().extension() != ".json" || file.path().stem() == "schema") continue;
    auto pack = parse_rule_pack(internal::read_text(file.path().string()).value_or(""));
    ASSERT_TRUE(pack) << file.path() << ": " << pack.error().place << ": " << pack.error().mend.en;
    packs.push_back(std::move(*pack));
  }
  if (packs.empty()) GTEST_SKIP() << "no rule packs";
  Twins twins{std::move(chain)};
  Scene scene{twins, 42};
  twins.working_days(2023, weekdays(2023, 275));
  std::uint64_t trial = 20'000'000;
  std::uint64_t from_time = 1'640'000'000;
  for (const RulePack& pack : packs) {
    const RowTable rows = pack.rows();
    twins.publish(pack.number, rows, from_time++, pack.utc_offset);
    for (const Workflow& flow : pack.workflows)
      for (const NamedNumber& action : flow.actions)
        for (std::uint8_t from = 0; from <= flow.states.size(); ++from) {
          const std::uint32_t key = row_key(flow.number, action.number, from);
          const auto found = rows.find(key);
          const Row row = found == rows.end() ? Row{} : found->second;
          for (const NamedNumber& role : pack.roles) {
            if (found == rows.end() && role.number != 0) continue;
            for (int variant = 0; variant < 3; ++variant)
              ASSERT_TRUE(scene.attempt(pack.number, key, row, 1u << role.number, ++trial))
                  << flow.name << "." << action.name << " from " << int{from} << " as "
                  << role.name;
          }
        }
  }
  EXPECT_GT(twins.accepted(), 100u);
}

TEST(Twin, ReadsTheItemThatTheContractKeeps) {
  auto chain = TestChain::deploy();
  if (!chain) GTEST_SKIP() << "contracts not built";
  Item item;
  item.workflow = 3;
  item.state = 2;
  item.pack = 9;
  item.sequence = 77;
  item.organisation = 4;
  item.creator = address_of(5);
  item.party = address_of(6);
  item.deadline = 1'700'000'123;
  item.marks = 0x80000001;
  item.choice = 255;
  item.subject = hash_of_number(8);
  item.document = hash_of_number(9);
  chain->put_item(hash_of_number(1), item);
  const auto out =
      chain->call(address_of(2), chain->contracts.workflows, encode_item_call(hash_of_number(1)));
  const auto read = decode_item(out.output);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, item);
}

TEST(Twin, TheDirectoryTakesOurCallsAndItsEventsAreRead) {
  auto chain = TestChain::deploy();
  if (!chain) GTEST_SKIP() << "contracts not built";
  const Organisation body{1, 2, true, hash_of_number(3)};
  auto out = chain->run(chain->authority, chain->contracts.directory,
                        encode_set_organisation_call(2, body));
  ASSERT_TRUE(out.success());
  auto event = decode_event(out.logs.at(0), chain->contracts);
  ASSERT_TRUE(event && *event);
  EXPECT_EQ(std::get<OrganisationSet>(**event), (OrganisationSet{2, body, chain->authority}));
  const Actor actor{2, 1u << 2, true};
  out = chain->run(chain->authority, chain->contracts.directory,
                   encode_set_actor_call(address_of(50), actor));
  ASSERT_TRUE(out.success());
  event = decode_event(out.logs.at(0), chain->contracts);
  ASSERT_TRUE(event && *event);
  EXPECT_EQ(std::get<ActorSet>(**event), (ActorSet{address_of(50), actor, chain->authority}));
}

TEST(Twin, TheRuleBookTakesOurCallsAndItsEventsAreRead) {
  auto chain = TestChain::deploy();
  if (!chain) GTEST_SKIP() << "contracts not built";
  Row row;
  row.to = 1;
  row.roles = 1;
  const RowTable rows{{row_key(1, 1, 0), row}, {row_key(1, 2, 1), row}};
  auto out = chain->run(chain->authority, chain->contracts.rule_book, encode_publish_call(3, rows));
  ASSERT_TRUE(out.success());
  auto event = decode_event(out.logs.at(0), chain->contracts);
  ASSERT_TRUE(event && *event);
  const auto& published = std::get<RulesPublished>(**event);
  EXPECT_EQ(published.pack, 3);
  EXPECT_EQ(published.keys, (std::vector<std::uint32_t>{row_key(1, 1, 0), row_key(1, 2, 1)}));
  EXPECT_EQ(published.rows.at(1), encode(row));
  const Seal seal{3, 1000, -3600, 2, hash_of_number(4)};
  out = chain->run(chain->authority, chain->contracts.rule_book, encode_seal_call(seal));
  ASSERT_TRUE(out.success());
  event = decode_event(out.logs.at(0), chain->contracts);
  ASSERT_TRUE(event && *event);
  EXPECT_EQ(std::get<RulesSealed>(**event).seal, seal);
}

}  // namespace
}  // namespace wusong::portal
