// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/act.hpp"

#include <gtest/gtest.h>

#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/test_chain.hpp"

namespace wusong::portal {
namespace {

using internal::address_of;
using internal::hash_of_number;

Act some_act() {
  Act act;
  act.item = hash_of_number(1);
  act.sequence = 0xfffffffe;
  act.workflow = 255;
  act.action = 254;
  act.choice = 253;
  act.marks = 0xffffffff;
  act.organisation = 0x80000000;
  act.subject = hash_of_number(2);
  act.refers_to = hash_of_number(3);
  act.document = hash_of_number(4);
  act.basis = hash_of_number(5);
  return act;
}

std::vector<Event> some_events() {
  Acted acted;
  acted.item = hash_of_number(1);
  acted.actor = address_of(2);
  acted.workflow = 22;
  acted.action = 3;
  acted.from = 0;
  acted.to = 7;
  acted.sequence = 9;
  acted.pack = 1;
  acted.organisation = 4;
  acted.party = address_of(5);
  acted.deadline = 1'700'000'000;
  acted.subject = hash_of_number(6);
  acted.actor_organisation = 8;
  acted.content = true;
  acted.choice = 2;
  acted.marks = 127;
  acted.document = hash_of_number(7);
  RulesPublished published;
  published.pack = 1;
  published.keys = {row_key(1, 2, 3), row_key(4, 5, 6)};
  published.rows = {U256{7}, U256{1, 2, 3, 4}};
  WorkingDaysSet days;
  days.year = 2024;
  days.days.bits[0] = U256{1, 2, 3, 4};
  days.days.bits[1] = U256{5};
  return {acted,
          OrganisationSet{3, {1, 2, true, hash_of_number(9)}, address_of(1)},
          ActorSet{address_of(3), {3, 0x804, false}, address_of(1)},
          DistrictRolesSet{12, address_of(1)},
          published,
          RulesSealed{{1, 1'696'089'600, -3600, 2, hash_of_number(10)}},
          days};
}

Contracts some_contracts() {
  return {address_of(101), address_of(102), address_of(103)};
}

TEST(Call, ActsGoIntoCallDataAndBack) {
  const Act act = some_act();
  const Bytes one = encode_act_call(act);
  EXPECT_EQ(one.size(), 4u + 11 * 32);
  EXPECT_EQ(decode_act_call(one).value(), std::vector<Act>{act});
  const std::vector<Act> three{act, Act{}, act};
  EXPECT_EQ(decode_act_call(encode_act_many_call(three)).value(), three);
  EXPECT_TRUE(decode_act_call(encode_act_many_call({}))->empty());
  EXPECT_FALSE(decode_act_call(encode_act_many_call(std::vector<Act>(kActsMax + 1))));
}

TEST(Call, OtherCallDataIsRefused) {
  const Bytes one = encode_act_call(some_act());
  for (std::size_t size = 0; size < one.size(); ++size)
    EXPECT_EQ(decode_act_call(BytesView{one}.first(size)).error(), Error{err::bad_call});
  Bytes longer = one;
  longer.push_back(0);
  EXPECT_FALSE(decode_act_call(longer));
  Bytes dirty = one;
  dirty[4 + 2 * 32] = 1;  // above a uint8
  EXPECT_FALSE(decode_act_call(dirty));
}

TEST(Events, EachIsReadFromItsOwnLog) {
  const Contracts contracts = some_contracts();
  for (const Event& event : some_events()) {
    const types::Log log = encode_event(event, contracts);
    const auto read = decode_event(log, contracts);
    ASSERT_TRUE(read && *read);
    EXPECT_EQ(**read, event);
    types::Log other = log;
    other.address = address_of(104);
    EXPECT_FALSE(decode_event(other, contracts)->has_value());
    other = log;
    other.topics[0].bytes[0] ^= 1;
    EXPECT_FALSE(decode_event(other, contracts)->has_value());
    other = log;
    other.data.push_back(0);
    EXPECT_EQ(decode_event(other, contracts).error(), Error{err::bad_event});
    other = log;
    other.topics.push_back(Hash{});
    EXPECT_EQ(decode_event(other, contracts).error(), Error{err::bad_event});
  }
  EXPECT_FALSE(decode_event(types::Log{}, contracts)->has_value());
}

TEST(Events, AChangedByteGivesAnotherEventOrNone) {
  const Contracts contracts = some_contracts();
  for (const Event& event : some_events()) {
    const types::Log log = encode_event(event, contracts);
    for (std::size_t at = 0; at < log.data.size(); ++at)
      for (const std::uint8_t change : {std::uint8_t{1}, std::uint8_t{0x80}}) {
        types::Log other = log;
        other.data[at] ^= change;
        const auto read = decode_event(other, contracts);
        if (read && *read) {
          EXPECT_NE(**read, event);
          EXPECT_EQ(encode_event(**read, contracts), other);
        }
      }
  }
}

TEST(Refusals, AreTheContractsCustomErrors) {
  for (std::size_t i = 0; i < kRefusalCount; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    const RefusalInfo& info = info_of(refusal);
    const std::uint32_t selector = selector_of(std::string{info.solidity} + "()");
    Bytes data;
    for (int shift = 24; shift >= 0; shift -= 8)
      data.push_back(static_cast<std::uint8_t>(selector >> shift));
    EXPECT_EQ(refusal_of(data), refusal);
    data.push_back(0);
    EXPECT_FALSE(refusal_of(data));
    EXPECT_FALSE(info.why.zh.empty() || info.why.en.empty() || info.next.zh.empty() ||
                 info.next.en.empty());
  }
  EXPECT_FALSE(refusal_of({}));
  EXPECT_EQ(selector_of("transfer(address,uint256)"), 0xa9059cbbu);
}

TEST(LedgerOf, ManyActsAreAllOrNone) {
  Ledger ledger;
  Row begin;
  begin.to = 1;
  begin.roles = 1;
  begin.content = true;
  begin.organisation = OrganisationFrom::actor;
  Row go_on = begin;
  go_on.to = 2;
  go_on.organisation = OrganisationFrom::none;
  ledger.publish(1, {{row_key(1, 1, 0), begin}, {row_key(1, 2, 1), go_on}});
  ledger.seal(1, 0, 0);
  ledger.set_actor(address_of(1), {0, 1, true});
  Act first;
  first.item = hash_of_number(1);
  first.workflow = 1;
  first.action = 1;
  Act second = first;
  second.sequence = 1;
  second.action = 2;
  Act third = second;
  third.sequence = 9;
  const std::vector<Act> bad{first, second, third};
  EXPECT_EQ(ledger.act_many(bad, address_of(1), 100).error(), Refusal::wrong_sequence);
  EXPECT_FALSE(ledger.item(first.item).exists());
  const std::vector<Act> good{first, second};
  const auto done = ledger.act_many(good, address_of(1), 100);
  ASSERT_TRUE(done);
  EXPECT_EQ(ledger.item(first.item).state, 2);
  EXPECT_EQ(ledger.item(first.item).sequence, 2u);
  Item item;
  for (const Acted& one : *done) item = apply(item, one);
  EXPECT_EQ(item, ledger.item(first.item));
}

}  // namespace
}  // namespace wusong::portal
