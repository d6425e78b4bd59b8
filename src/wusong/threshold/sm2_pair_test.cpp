// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/sm2_pair.hpp"

#include <gtest/gtest.h>

#include "wusong/crypto/signature.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/test_world.hpp"

namespace wusong::threshold {
namespace {

const Group& group() {
  return sm2_group();
}

class Sm2Pair : public ::testing::Test {
 protected:
  testkit::SeededEntropy entropy;
  Bytes message = to_bytes(as_bytes("pay"));

  Network<Sm2PairKeys> key_network() {
    Network<Sm2PairKeys> out;
    for (const Party party : {kReceiver, kHelper})
      out.machines.emplace(party, *Sm2PairKeys::create(party, session_of("keys"), entropy));
    return out;
  }
  std::map<Party, Sm2PairShare> keys() {
    auto network = key_network();
    network.start();
    network.run(1);
    std::map<Party, Sm2PairShare> out;
    for (const auto& [party, machine] : network.machines) out.emplace(party, *machine.result());
    return out;
  }
  Network<Sm2PairSigning> signing(const std::map<Party, Sm2PairShare>& shares) {
    Network<Sm2PairSigning> out;
    for (const auto& [party, share] : shares)
      out.machines.emplace(party,
                           Sm2PairSigning::create(share, message, session_of("sign"), entropy));
    return out;
  }
};

TEST_F(Sm2Pair, TwoMakeAKeyAndOrdinarySignatures) {
  const auto shares = keys();
  const Point& key = shares.at(kReceiver).public_key;
  EXPECT_EQ(shares.at(kHelper).public_key, key);
  // Only for the test: the key that nobody holds.
  const Scalar secret = group().subtract(
      group().multiply(shares.at(kReceiver).factor, shares.at(kHelper).factor), group().scalar(1));
  const auto alone = crypto::make_signer(crypto::Scheme::sm2, secret.view());
  ASSERT_TRUE(alone);
  EXPECT_TRUE(std::ranges::equal((*alone)->public_key(), group().encoded(key)));
  std::vector<Sm2Signature> all;
  for (int i = 0; i < 5; ++i) {
    auto network = signing(shares);
    network.start();
    network.run(static_cast<std::uint32_t>(i));
    EXPECT_TRUE(network.faults.empty());
    const auto& signature = network.machines.at(kReceiver).signature();
    ASSERT_TRUE(signature);
    EXPECT_TRUE(crypto::verify(crypto::Scheme::sm2, group().encoded(key), message, *signature));
    EXPECT_FALSE(network.machines.at(kHelper).signature());
    EXPECT_TRUE(network.machines.at(kHelper).is_over());
    EXPECT_EQ(std::ranges::count(all, *signature), 0);
    all.push_back(*signature);
  }
}

TEST_F(Sm2Pair, SharesAreReadBackAsTheyWereWritten) {
  for (const auto& [party, share] : keys()) {
    const auto encoded = encode(share);
    const auto again = decode_sm2_pair_share(encoded.view());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->factor, share.factor);
    EXPECT_EQ(again->public_key, share.public_key);
    for (std::size_t cut = 0; cut < encoded.view().size(); ++cut)
      EXPECT_EQ(decode_sm2_pair_share(encoded.view().first(cut)).error(), err::bad_length);
    Bytes other = to_bytes(encoded.view());
    other[1] = 3;
    EXPECT_EQ(decode_sm2_pair_share(other).error(), err::unknown_party);
    other = to_bytes(encoded.view());
    std::fill_n(other.begin() + 2, 32, std::uint8_t{0});
    EXPECT_EQ(decode_sm2_pair_share(other).error(), err::bad_scalar);
    // The inverse of the other's factor would make the key zero.
  }
  Bytes zero_key;
  const Scalar factor = group().random_nonzero(entropy);
  zero_key.insert(zero_key.end(), {1, 1});
  append(zero_key, factor.view());
  append(zero_key, group().encoded(group().base_times(group().invert(factor))));
  EXPECT_EQ(decode_sm2_pair_share(zero_key).error(), err::degenerate);
}

/// Each place of each message, changed: the other names who did it and gives no result.
TEST_F(Sm2Pair, AnyChangeOfAnyMessageOfKeysIsNamed) {
  for (std::uint8_t round = 0; round < 3; ++round)
    for (std::size_t at = kEnvelopeSize;; at += 11) {
      auto network = key_network();
      std::size_t size = 0;
      network.tamper = [&](InFlight& sent) {
        if (sent.message[1] != round) return;
        size = sent.message.size();
        if (at < size) sent.message[at] ^= 1;
      };
      network.start();
      network.run(1);
      if (at >= size) break;
      const Party cheater = round == 1 ? kHelper : kReceiver;
      const Party victim = round == 1 ? kReceiver : kHelper;
      ASSERT_EQ(network.faults[victim].size(), 1u) << int{round} << ' ' << at;
      EXPECT_EQ(network.faults[victim][0].parties, std::vector{cheater});
      EXPECT_FALSE(network.machines.at(victim).result());
    }
}

TEST_F(Sm2Pair, AnyChangeOfAnyMessageOfSigningIsNamed) {
  const auto shares = keys();
  for (std::uint8_t round = 0; round < 3; ++round)
    for (std::size_t at = kEnvelopeSize;; at += 11) {
      auto network = signing(shares);
      std::size_t size = 0;
      network.tamper = [&](InFlight& sent) {
        if (sent.message[1] != round) return;
        size = sent.message.size();
        if (at < size) sent.message[at] ^= 1;
      };
      network.start();
      network.run(1);
      if (at >= size) break;
      const Party cheater = round == 1 ? kReceiver : kHelper;
      const Party victim = round == 1 ? kHelper : kReceiver;
      ASSERT_EQ(network.faults[victim].size(), 1u) << int{round} << ' ' << at;
      EXPECT_EQ(network.faults[victim][0].parties, std::vector{cheater});
      EXPECT_FALSE(network.machines.at(kReceiver).signature());
      EXPECT_TRUE(network.machines.at(victim).is_over());
    }
  // Another session succeeds.
  auto again = signing(shares);
  again.start();
  again.run(2);
  EXPECT_TRUE(again.machines.at(kReceiver).signature());
}

TEST_F(Sm2Pair, NumbersOffByOneAreNamedAsSuch) {
  const auto shares = keys();
  for (const std::size_t from_end : {std::size_t{1}, std::size_t{33}}) {
    auto network = signing(shares);
    network.tamper = [&](InFlight& sent) {
      if (sent.message[1] == 2) sent.message[sent.message.size() - from_end] ^= 1;
    };
    network.start();
    network.run(1);
    EXPECT_EQ(network.faults[kReceiver], (std::vector{Fault{err::bad_signature_share, {kHelper}}}));
  }
}

TEST_F(Sm2Pair, TwoWhoWereGivenDifferentMessagesDoNotSign) {
  const auto shares = keys();
  auto network = signing(shares);
  network.machines.erase(kHelper);
  network.machines.emplace(kHelper, Sm2PairSigning::create(shares.at(kHelper), as_bytes("pay more"),
                                                           session_of("sign"), entropy));
  network.start();
  network.run(1);
  EXPECT_EQ(network.faults[kHelper], (std::vector{Fault{err::bad_proof, {kReceiver}}}));
  EXPECT_FALSE(network.machines.at(kReceiver).signature());
}

TEST_F(Sm2Pair, MessagesOutOfPlaceAreRefusedAndNoncesAnswerOnce) {
  const auto shares = keys();
  auto network = signing(shares);
  Sm2PairSigning& receiver = network.machines.at(kReceiver);
  Sm2PairSigning& helper = network.machines.at(kHelper);
  const Bytes hash = helper.start()[0].message;
  EXPECT_TRUE(receiver.start().empty());
  EXPECT_EQ(receiver.receive(Party{3}, hash).error(), (Fault{err::unknown_party, {Party{3}}}));
  EXPECT_EQ(receiver.receive(kReceiver, hash).error(), (Fault{err::unknown_party, {kReceiver}}));
  Bytes other = hash;
  other[1] = 1;
  EXPECT_EQ(receiver.receive(kHelper, other).error(), (Fault{err::unknown_round, {kHelper}}));
  other = hash;
  other[5] ^= 1;
  EXPECT_EQ(receiver.receive(kHelper, other).error(), (Fault{err::wrong_session, {kHelper}}));
  const auto element = receiver.receive(kHelper, hash);
  ASSERT_TRUE(element);
  EXPECT_EQ(receiver.receive(kHelper, hash).error(), (Fault{err::duplicate, {kHelper}}));
  const auto opening = helper.receive(kReceiver, (*element)[0].message);
  ASSERT_TRUE(opening);
  // A second element would get the same k2 and k3 and give the factor away.
  EXPECT_EQ(helper.receive(kReceiver, (*element)[0].message).error(),
            (Fault{err::session_over, {}}));
  ASSERT_TRUE(receiver.receive(kHelper, (*opening)[0].message));
  EXPECT_TRUE(receiver.signature());
  auto fresh = signing(shares);
  Sm2PairSigning moved = std::move(fresh.machines.at(kHelper));
  EXPECT_TRUE(fresh.machines.at(kHelper).is_over());  // NOLINT(bugprone-use-after-move)
  EXPECT_FALSE(moved.is_over());
}

TEST_F(Sm2Pair, OnlyPartiesOneAndTwoMakeKeys) {
  EXPECT_EQ(Sm2PairKeys::create(Party{0}, {}, entropy).error(), err::unknown_party);
  EXPECT_EQ(Sm2PairKeys::create(Party{3}, {}, entropy).error(), err::unknown_party);
}

}  // namespace
}  // namespace wusong::threshold
