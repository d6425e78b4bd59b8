// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/keys.hpp"

#include <gtest/gtest.h>

#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/test_world.hpp"

namespace wusong::threshold {
namespace {

using KeyNetwork = Network<KeyGeneration>;

struct Case {
  const Group* group;
  Threshold threshold;
};
void PrintTo(const Case& c, std::ostream* out) {  // NOLINT: GoogleTest looks for this name
  *out << c.group->name() << ' ' << int{c.threshold.needed} << " of " << int{c.threshold.total};
}

KeyNetwork network_of(const Case& c, io::Entropy& entropy, std::string_view session = "keys") {
  KeyNetwork out;
  for (const Party party : all_parties(c.threshold.total))
    out.machines.emplace(party, *KeyGeneration::create({.group = c.group,
                                                        .threshold = c.threshold,
                                                        .self = party,
                                                        .session = session_of(session)},
                                                       entropy));
  return out;
}
std::vector<KeyShare> results_of(const KeyNetwork& network) {
  std::vector<KeyShare> out;
  for (const auto& [party, machine] : network.machines)
    if (machine.result()) out.push_back(*machine.result());
  return out;
}
std::vector<KeyShare> keys_of(const Case& c, io::Entropy& entropy) {
  KeyNetwork network = network_of(c, entropy);
  network.start();
  network.run(1);
  return results_of(network);
}
/// The secret by any `needed` of these, which all agree.
Scalar secret_of(const std::vector<KeyShare>& keys) {
  const PublicShares& shares = keys[0].shares;
  std::optional<Scalar> out;
  for (unsigned subset = 1; subset < 1u << keys.size(); ++subset) {
    if (std::popcount(subset) != shares.threshold.needed) continue;
    std::vector<Share> some;
    for (std::size_t i = 0; i < keys.size(); ++i)
      if ((subset >> i & 1) != 0) some.push_back({keys[i].self, keys[i].secret});
    const auto secret = reconstruct(shares, some);
    EXPECT_TRUE(secret);
    EXPECT_TRUE(!out || *out == *secret);
    out = *secret;
  }
  EXPECT_EQ(shares.group->base_times(*out), shares.key());
  return *out;
}

class KeysOf : public ::testing::TestWithParam<Case> {
 protected:
  const Case& c = GetParam();
  testkit::SeededEntropy entropy;
};
std::vector<Case> cases() {
  std::vector<Case> out;
  for (std::uint8_t total = 2; total <= 4; ++total)
    for (std::uint8_t needed = 1; needed <= total; ++needed)
      out.push_back({&ed25519_group(), {needed, total}});
  for (const Threshold threshold : {Threshold{2, 2}, Threshold{2, 3}, Threshold{3, 4}})
    out.push_back({&sm2_group(), threshold});
  return out;
}
INSTANTIATE_TEST_SUITE_P(, KeysOf, ::testing::ValuesIn(cases()), [](const auto& tested) {
  return std::string{tested.param.group->name()} + "_" +
         std::to_string(tested.param.threshold.needed) + "_of_" +
         std::to_string(tested.param.threshold.total);
});

TEST_P(KeysOf, AllAgreeOnAKeyWhateverTheOrderOfMessages) {
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    KeyNetwork network = network_of(c, entropy);
    network.start();
    network.run(seed);
    EXPECT_TRUE(network.faults.empty());
    const auto keys = results_of(network);
    ASSERT_EQ(keys.size(), c.threshold.total);
    for (const KeyShare& key : keys) {
      EXPECT_EQ(key.shares.commitments, keys[0].shares.commitments);
      EXPECT_EQ(c.group->base_times(key.secret), keys[0].shares.of(key.self));
    }
    secret_of(keys);
  }
}

TEST_P(KeysOf, ARefreshKeepsTheKeyAndChangesEveryShare) {
  if (c.threshold.needed < 2) return;
  const auto before = keys_of(c, entropy);
  KeyNetwork network;
  for (const KeyShare& key : before)
    network.machines.emplace(key.self,
                             *KeyGeneration::refresh(key, session_of("refresh"), entropy));
  network.start();
  network.run(7);
  EXPECT_TRUE(network.faults.empty());
  const auto after = results_of(network);
  ASSERT_EQ(after.size(), before.size());
  EXPECT_EQ(secret_of(after), secret_of(before));
  EXPECT_EQ(after[0].shares.key(), before[0].shares.key());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_NE(after[i].secret, before[i].secret);
  // Shares of before and after do not go together.
  std::vector<Share> mixed{{before[0].self, before[0].secret}};
  for (std::size_t i = 1; i < after.size(); ++i) mixed.push_back({after[i].self, after[i].secret});
  const auto secret = reconstruct(after[0].shares, mixed);
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error(), (Fault{err::bad_share, {before[0].self}}));
}

TEST_P(KeysOf, WhoMissedARefreshCannotJoinTheNext) {
  if (c.threshold.needed < 2) return;
  const auto before = keys_of(c, entropy);
  const auto refreshed = [&](const std::vector<KeyShare>& from, std::string_view session) {
    KeyNetwork network;
    for (const KeyShare& key : from)
      network.machines.emplace(key.self,
                               *KeyGeneration::refresh(key, session_of(session), entropy));
    network.start();
    network.run(7);
    return network;
  };
  KeyNetwork first = refreshed(before, "refresh");
  std::vector<KeyShare> mixed = results_of(first);
  mixed.back() = before.back();  // it went down before it had kept its new share
  KeyNetwork second = refreshed(mixed, "another refresh");
  EXPECT_TRUE(results_of(second).empty());
  EXPECT_FALSE(second.faults.empty());
}

TEST_P(KeysOf, SharesAreReadBackAsTheyWereWritten) {
  const auto keys = keys_of(c, entropy);
  for (const KeyShare& key : keys) {
    const auto encoded = encode(key);
    const auto again = decode_key_share(*c.group, encoded.view());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->secret, key.secret);
    EXPECT_EQ(again->self, key.self);
    EXPECT_EQ(again->shares.commitments, key.shares.commitments);
    for (std::size_t cut = 0; cut < encoded.view().size(); ++cut)
      EXPECT_FALSE(decode_key_share(*c.group, encoded.view().first(cut)));
    Bytes other = to_bytes(encoded.view());
    other[1] = static_cast<std::uint8_t>(key.self.number % c.threshold.total + 1);
    if (c.threshold.needed > 1) {
      EXPECT_EQ(decode_key_share(*c.group, other).error(), err::wrong_share);
    }
  }
}

/// What a cheat does to its messages, and what all others say about it.
struct Cheat {
  const char* what;
  std::uint8_t round;
  void (*change)(Bytes& message, const Group& group);
  Error error;
  bool is_for_one;  // only party 1 gets the changed message
};
void add_one(Bytes& message, std::size_t at, const Group& group) {
  const auto scalar = group.decode_scalar(BytesView{message}.subspan(at, kScalarSize));
  const Scalar other = group.add(*scalar, group.scalar(1));
  std::ranges::copy(other.bytes, message.begin() + static_cast<std::ptrdiff_t>(at));
}
const Cheat kCheats[] = {
    {"a hash of something else", 0, [](Bytes& m, const Group&) { m[kEnvelopeSize] ^= 1; },
     err::wrong_opening, false},
    {"another opening than hashed", 1, [](Bytes& m, const Group&) { m.back() ^= 1; },
     err::wrong_opening, false},
    {"an opening that is too short", 1, [](Bytes& m, const Group&) { m.pop_back(); },
     err::bad_length, false},
    {"a share that is off by one", 2,
     [](Bytes& m, const Group& g) { add_one(m, kEnvelopeSize, g); }, err::bad_share, true},
    {"a share above the order", 2,
     [](Bytes& m, const Group&) {
       std::fill_n(m.begin() + kEnvelopeSize, kScalarSize, std::uint8_t{0xff});
     },
     err::bad_scalar, true},
    {"another view", 2, [](Bytes& m, const Group&) { m.back() ^= 1; }, err::split_view, true},
};

TEST_P(KeysOf, EverySingleCheatIsNamedByThoseItCheats) {
  for (const Cheat& cheat : kCheats)
    for (const Party cheater : {Party{1}, Party{c.threshold.total}}) {
      SCOPED_TRACE(std::string{cheat.what} + " by " + std::to_string(cheater.number));
      KeyNetwork network = network_of(c, entropy);
      const Party victim{static_cast<std::uint8_t>(cheater.number == 1 ? 2 : 1)};
      network.tamper = [&](InFlight& sent) {
        if (sent.from == cheater && sent.message[1] == cheat.round &&
            (!cheat.is_for_one || sent.to == victim))
          cheat.change(sent.message, *c.group);
      };
      network.start();
      network.run(3);
      // Who finds out stops at once, so others may wait for it; nobody else is blamed.
      int found = 0;
      for (const auto& [party, machine] : network.machines) {
        if (party == cheater) continue;
        if (!cheat.is_for_one || party == victim) {
          EXPECT_FALSE(machine.result());
        }
        for (const Fault& fault : network.faults[party]) {
          if (fault.error == err::session_over) continue;
          EXPECT_EQ(fault, (Fault{cheat.error, {cheater}}));
          ++found;
        }
      }
      EXPECT_GE(found, 1);
      if (cheater != Party{1}) continue;
      // Without the cheat another session succeeds.
      KeyNetwork again = network_of(c, entropy, "again");
      again.start();
      again.run(4);
      EXPECT_EQ(results_of(again).size(), c.threshold.total);
    }
}

TEST_P(KeysOf, WhoTellsDifferentPartiesDifferentThingsEndsTheSession) {
  if (c.threshold.total < 3) return;
  // Party 1 opens one polynomial to party 2 and another to the rest, both properly hashed.
  KeyNetwork network = network_of(c, entropy);
  KeyNetwork other = network_of(c, entropy);
  network.tamper = [&](InFlight& sent) {
    if (sent.from != Party{1} || sent.to != Party{2} || sent.message[1] != 0) return;
    sent.message = other.machines.at(Party{1}).start()[0].message;
  };
  network.start();
  network.run(5);
  EXPECT_EQ(network.faults[Party{2}][0], (Fault{err::wrong_opening, {Party{1}}}));
  for (const auto& [party, machine] : network.machines)
    EXPECT_FALSE(party == Party{2} && machine.result());
}

TEST(Keys, MessagesOutOfPlaceAreRefusedAndChangeNothing) {
  testkit::SeededEntropy entropy;
  const Case c{&ed25519_group(), {2, 3}};
  KeyNetwork network = network_of(c, entropy);
  KeyNetwork elsewhere = network_of(c, entropy, "elsewhere");
  KeyGeneration& machine = network.machines.at(Party{1});
  const Bytes hello = network.machines.at(Party{2}).start()[0].message;
  const auto refused = [&](Party from, const Bytes& message) {
    const auto out = machine.receive(from, message);
    EXPECT_FALSE(out);
    return out ? Fault{err::degenerate, {}} : out.error();
  };
  EXPECT_EQ(refused(Party{4}, hello), (Fault{err::unknown_party, {Party{4}}}));
  EXPECT_EQ(refused(Party{0}, hello), (Fault{err::unknown_party, {Party{0}}}));
  EXPECT_EQ(refused(Party{1}, hello), (Fault{err::unknown_party, {Party{1}}}));
  EXPECT_EQ(refused(Party{2}, elsewhere.machines.at(Party{2}).start()[0].message),
            (Fault{err::wrong_session, {Party{2}}}));
  Bytes other = hello;
  other[0] = std::to_underlying(Protocol::refresh);
  EXPECT_EQ(refused(Party{2}, other), (Fault{err::wrong_protocol, {Party{2}}}));
  other = hello;
  other[1] = 3;
  EXPECT_EQ(refused(Party{2}, other), (Fault{err::unknown_round, {Party{2}}}));
  ASSERT_TRUE(machine.receive(Party{2}, hello));
  EXPECT_EQ(refused(Party{2}, hello), (Fault{err::duplicate, {Party{2}}}));
  // All the same the session goes on to its end.
  network.start();
  network.run(6);
  EXPECT_EQ(results_of(network).size(), 3u);
  EXPECT_EQ(network.faults[Party{1}], (std::vector{Fault{err::duplicate, {Party{2}}}}));
  EXPECT_EQ(refused(Party{2}, hello), (Fault{err::session_over, {}}));
}

TEST(Keys, WhoSaysTwoThingsInOneRoundEndsTheSession) {
  testkit::SeededEntropy entropy;
  KeyNetwork network = network_of({&ed25519_group(), {2, 3}}, entropy);
  KeyGeneration& machine = network.machines.at(Party{1});
  Bytes hello = network.machines.at(Party{2}).start()[0].message;
  ASSERT_TRUE(machine.receive(Party{2}, hello));
  hello.back() ^= 1;
  EXPECT_EQ(machine.receive(Party{2}, hello).error(), (Fault{err::equivocation, {Party{2}}}));
  EXPECT_EQ(machine.receive(Party{3}, hello).error(), (Fault{err::session_over, {}}));
}

TEST(Keys, AProofOfAnotherPartyIsRefused) {
  // Party 3 repeats party 2's polynomial, whose constant it does not know (a rogue key). Hashes
  // come first, so it can only do so by knowing the opening beforehand.
  testkit::SeededEntropy entropy;
  KeyNetwork network = network_of({&ed25519_group(), {2, 3}}, entropy);
  KeyNetwork puppet = network_of({&ed25519_group(), {2, 3}}, entropy);
  Letters opening;
  for (const Party party : {Party{1}, Party{3}}) {
    auto out =
        puppet.machines.at(Party{2}).receive(party, network.machines.at(party).start()[0].message);
    if (out && !out->empty()) opening = *out;
  }
  ASSERT_EQ(opening.size(), 1u);
  const Bytes body = to_bytes(BytesView{opening[0].message}.subspan(kEnvelopeSize));
  // The hash that party 3 would give for it.
  const Hash context = Transcript{ed25519_group(), "key generation"}
                           .add(session_of("keys"))
                           .add(std::uint8_t{2})
                           .add(std::uint8_t{3})
                           .add(std::uint8_t{0})
                           .add(std::uint8_t{3})
                           .digest();
  const Hash hash = Transcript{ed25519_group(), "opening"}.add(context).add(body).digest();
  KeyGeneration& machine = network.machines.at(Party{1});
  const auto from_two = network.machines.at(Party{2}).start()[0].message;
  ASSERT_TRUE(machine.receive(Party{2}, from_two));
  ASSERT_TRUE(
      machine.receive(Party{3}, envelope(Protocol::key_generation, 0, session_of("keys"), hash)));
  ASSERT_TRUE(
      machine.receive(Party{3}, envelope(Protocol::key_generation, 1, session_of("keys"), body)));
  KeyGeneration& two = network.machines.at(Party{2});
  ASSERT_TRUE(two.receive(Party{1}, machine.start()[0].message));
  const auto two_opens =
      two.receive(Party{3}, envelope(Protocol::key_generation, 0, session_of("keys"), hash));
  ASSERT_TRUE(two_opens);
  EXPECT_EQ(machine.receive(Party{2}, (*two_opens)[0].message).error(),
            (Fault{err::bad_proof, {Party{3}}}));
}

TEST(Keys, ADealersSharesAreThoseOfItsKey) {
  testkit::SeededEntropy entropy;
  for (const Group* group : {&ed25519_group(), &sm2_group()}) {
    const Scalar secret = group->random_nonzero(entropy);
    const auto keys = deal_key(*group, {3, 5}, secret, entropy);
    ASSERT_TRUE(keys);
    EXPECT_EQ(secret_of(*keys), secret);
    EXPECT_EQ(deal_key(*group, {3, 5}, Scalar{}, entropy).error(), err::bad_scalar);
    EXPECT_EQ(deal_key(*group, {6, 5}, secret, entropy).error(), err::bad_threshold);
  }
}

}  // namespace
}  // namespace wusong::threshold
