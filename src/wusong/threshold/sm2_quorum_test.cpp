// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/sm2_quorum.hpp"

#include <gtest/gtest.h>

#include "wusong/crypto/signature.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/test_world.hpp"

namespace wusong::threshold {
namespace {

const Group& group() {
  return sm2_group();
}
using Shares = std::map<Party, Sm2QuorumShare>;

class Sm2Quorum : public ::testing::Test {
 protected:
  testkit::SeededEntropy entropy;
  Bytes message = to_bytes(as_bytes("pay"));

  Network<Sm2QuorumKeys> key_network(Threshold threshold) {
    Network<Sm2QuorumKeys> out;
    for (const Party party : all_parties(threshold.total))
      out.machines.emplace(
          party,
          *Sm2QuorumKeys::create(
              {.threshold = threshold, .self = party, .session = session_of("keys")}, entropy));
    return out;
  }
  Shares keys(Threshold threshold) {
    auto network = key_network(threshold);
    network.start();
    network.run(1);
    EXPECT_TRUE(network.faults.empty());
    Shares out;
    for (const auto& [party, machine] : network.machines) out.emplace(party, *machine.result());
    return out;
  }
  Network<Sm2QuorumSigning> signing(const Shares& shares, const std::vector<Party>& signers) {
    Network<Sm2QuorumSigning> out;
    for (const Party party : signers)
      out.machines.emplace(
          party,
          *Sm2QuorumSigning::create(
              shares.at(party),
              {.signers = signers, .message = message, .session = session_of("sign")}, entropy));
    return out;
  }
};

TEST_F(Sm2Quorum, AMajorityOfAnyKindMakesOrdinarySignatures) {
  for (const Threshold threshold : {Threshold{2, 3}, Threshold{2, 4}, Threshold{3, 5}}) {
    const Shares shares = keys(threshold);
    const Point key = shares.at(Party{1}).public_key;
    // Only for the test: the key that nobody holds, from any who are enough.
    std::vector<Share> values;
    for (const auto& [party, share] : shares) {
      EXPECT_EQ(share.public_key, key);
      EXPECT_EQ(share.factor.commitments, shares.at(Party{1}).factor.commitments);
      values.push_back({party, share.factor.value});
    }
    values.resize(threshold.needed);
    const Scalar secret = group().subtract(
        group().invert(*interpolate(group(), threshold.needed, values)), group().scalar(1));
    EXPECT_EQ(group().base_times(secret), key);

    for (unsigned subset = 1; subset < 1u << threshold.total; ++subset) {
      std::vector<Party> signers;
      for (std::uint8_t i = 0; i < threshold.total; ++i)
        if ((subset >> i & 1) != 0) signers.push_back(Party{static_cast<std::uint8_t>(i + 1)});
      if (signers.size() < quorum_of(threshold)) {
        EXPECT_EQ(
            Sm2QuorumSigning::create(shares.at(signers[0]),
                                     {.signers = signers, .message = {}, .session = {}}, entropy)
                .error(),
            err::too_few_shares);
        continue;
      }
      auto network = signing(shares, signers);
      network.start();
      network.run(subset);
      EXPECT_TRUE(network.faults.empty());
      const auto& signature = network.machines.at(signers[0]).signature();
      ASSERT_TRUE(signature);
      EXPECT_TRUE(crypto::verify(crypto::Scheme::sm2, group().encoded(key), message, *signature));
      for (const auto& [party, machine] : network.machines)
        EXPECT_EQ(machine.signature(), signature);
    }
  }
}

TEST_F(Sm2Quorum, SharesAreReadBackAsTheyWereWritten) {
  for (const auto& [party, share] : keys({2, 3})) {
    const auto encoded = encode(share);
    const auto again = decode_sm2_quorum_share(encoded.view());
    ASSERT_TRUE(again);
    EXPECT_TRUE(std::ranges::equal(encode(*again).view(), encoded.view()));
    for (std::size_t cut = 0; cut < encoded.view().size(); ++cut)
      EXPECT_EQ(decode_sm2_quorum_share(encoded.view().first(cut)).error(), err::bad_length);
    Bytes other = to_bytes(encoded.view());
    other[1] = static_cast<std::uint8_t>(party.number % 3 + 1);
    EXPECT_EQ(decode_sm2_quorum_share(other).error(), err::wrong_share);
    other[1] = 4;
    EXPECT_EQ(decode_sm2_quorum_share(other).error(), err::unknown_party);
    other[3] = 2;
    EXPECT_EQ(decode_sm2_quorum_share(other).error(), err::bad_threshold);
  }
}

TEST_F(Sm2Quorum, AnyChangeOfAnyMessageOfKeysIsNamed) {
  for (std::uint8_t round = 0; round < 4; ++round)
    expect_named([&] { return key_network({2, 3}); }, Party{2}, round, 97);
}

TEST_F(Sm2Quorum, AnyChangeOfAnyMessageOfSigningIsNamed) {
  const Shares shares = keys({2, 3});
  for (std::uint8_t round = 0; round < 4; ++round)
    expect_named([&] { return signing(shares, all_parties(3)); }, Party{3}, round, 61);
  auto again = signing(shares, all_parties(3));
  again.start();
  again.run(1);
  EXPECT_TRUE(again.machines.at(Party{1}).signature());
}

TEST_F(Sm2Quorum, ASignerWithAnotherShareIsNamedByItsProof) {
  Shares shares = keys({2, 4});
  shares.at(Party{2}).factor.value =
      group().add(shares.at(Party{2}).factor.value, group().scalar(1));
  auto network = signing(shares, {Party{1}, Party{2}, Party{4}});
  network.start();
  network.run(1);
  for (const Party party : {Party{1}, Party{4}}) {
    EXPECT_FALSE(network.machines.at(party).signature());
    EXPECT_EQ(network.faults[party], (std::vector{Fault{err::bad_signature_share, {Party{2}}}}));
  }
  // The rest sign without it.
  auto again = signing(shares, {Party{1}, Party{3}, Party{4}});
  again.start();
  again.run(2);
  EXPECT_TRUE(again.machines.at(Party{3}).signature());
}

TEST_F(Sm2Quorum, SignersWithDifferentMessagesDoNotSign) {
  const Shares shares = keys({2, 3});
  auto network = signing(shares, all_parties(3));
  network.machines.erase(Party{2});
  network.machines.emplace(Party{2},
                           *Sm2QuorumSigning::create(shares.at(Party{2}),
                                                     {.signers = all_parties(3),
                                                      .message = to_bytes(as_bytes("pay more")),
                                                      .session = session_of("sign")},
                                                     entropy));
  network.start();
  network.run(1);
  for (const auto& [party, machine] : network.machines) EXPECT_FALSE(machine.signature());
  // Each sees that the other side's hash is of something else, and the first to see it stops.
  int found = 0;
  for (const auto& [party, faults] : network.faults)
    for (const Fault& fault : faults) {
      if (fault.error == err::session_over) continue;
      EXPECT_EQ(fault.error, err::wrong_opening);
      EXPECT_TRUE(party == Party{2} || fault.parties == std::vector{Party{2}});
      ++found;
    }
  EXPECT_GE(found, 1);
}

TEST_F(Sm2Quorum, MessagesOutOfPlaceAreRefusedAndChangeNothing) {
  const Shares shares = keys({2, 3});
  auto network = signing(shares, all_parties(3));
  Sm2QuorumSigning& machine = network.machines.at(Party{1});
  const Bytes hash = network.machines.at(Party{2}).start()[0].message;
  EXPECT_EQ(machine.receive(Party{4}, hash).error(), (Fault{err::unknown_party, {Party{4}}}));
  Bytes other = hash;
  other[0] = std::to_underlying(Protocol::sm2_keys);
  EXPECT_EQ(machine.receive(Party{2}, other).error(), (Fault{err::wrong_protocol, {Party{2}}}));
  other = hash;
  other[2] ^= 1;
  EXPECT_EQ(machine.receive(Party{2}, other).error(), (Fault{err::wrong_session, {Party{2}}}));
  other = hash;
  other[1] = 4;
  EXPECT_EQ(machine.receive(Party{2}, other).error(), (Fault{err::unknown_round, {Party{2}}}));
  ASSERT_TRUE(machine.receive(Party{2}, hash));
  EXPECT_EQ(machine.receive(Party{2}, hash).error(), (Fault{err::duplicate, {Party{2}}}));
  network.start();
  network.run(3);
  EXPECT_TRUE(machine.signature());
  EXPECT_EQ(machine.receive(Party{2}, hash).error(), (Fault{err::session_over, {}}));
}

TEST_F(Sm2Quorum, WithoutAnHonestMajorityThereIsNoKey) {
  for (const Threshold threshold : {Threshold{1, 3}, Threshold{2, 2}, Threshold{3, 4}})
    EXPECT_EQ(
        Sm2QuorumKeys::create({.threshold = threshold, .self = Party{1}, .session = {}}, entropy)
            .error(),
        err::bad_threshold);
  EXPECT_EQ(Sm2QuorumKeys::create({.threshold = {2, 3}, .self = Party{4}, .session = {}}, entropy)
                .error(),
            err::unknown_party);
  const Shares shares = keys({2, 3});
  EXPECT_EQ(Sm2QuorumSigning::create(
                shares.at(Party{1}),
                {.signers = {Party{2}, Party{3}, Party{4}}, .message = {}, .session = {}}, entropy)
                .error(),
            err::unknown_party);
}

}  // namespace
}  // namespace wusong::threshold
