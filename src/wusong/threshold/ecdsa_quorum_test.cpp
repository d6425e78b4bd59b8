// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/ecdsa_quorum.hpp"

#include <gtest/gtest.h>

#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/test_world.hpp"

namespace wusong::threshold {
namespace {

using Shares = std::map<Party, KeyShare>;

/// What a machine's generator gives after its memory was restored: the same again.
class FrozenEntropy final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    std::ranges::fill(out, std::uint8_t{7});
  }
};

/// Nobody signs, and each side that noticed blames the other.
void expect_apart(Network<EcdsaQuorumSigning>& network, Party alone) {
  int found = 0;
  for (const auto& [party, machine] : network.machines) {
    EXPECT_FALSE(machine.signature());
    for (const Fault& fault : network.faults[party]) {
      if (fault.error == err::session_over) continue;
      EXPECT_EQ(fault.error, err::wrong_opening);
      EXPECT_TRUE(party == alone || fault.parties == std::vector{alone});
      ++found;
    }
  }
  EXPECT_GE(found, 1);
}

class EcdsaQuorumOf : public ::testing::TestWithParam<const Group*> {
 protected:
  const Group& group = *GetParam();
  testkit::SeededEntropy entropy;
  Hash digest = session_of("pay");

  Shares keys(Threshold threshold) {
    Shares out;
    for (KeyShare& share : *deal_key(group, threshold, group.random_nonzero(entropy), entropy))
      out.emplace(share.self, share);
    return out;
  }
  Network<EcdsaQuorumSigning> signing(const Shares& shares, const std::vector<Party>& signers) {
    Network<EcdsaQuorumSigning> out;
    for (const Party party : signers)
      out.machines.emplace(
          party,
          *EcdsaQuorumSigning::create(
              shares.at(party),
              {.signers = signers, .digest = digest, .session = session_of("sign")}, entropy));
    return out;
  }
  std::optional<crypto::EcdsaSignature> signature(const Shares& shares,
                                                  const std::vector<Party>& signers,
                                                  std::uint32_t seed) {
    auto network = signing(shares, signers);
    network.start();
    network.run(seed);
    EXPECT_TRUE(network.faults.empty());
    const auto out = network.machines.at(signers[0]).signature();
    for (const auto& [party, machine] : network.machines) {
      EXPECT_TRUE(machine.signature());
      EXPECT_EQ(machine.signature()->s, out->s);
      EXPECT_EQ(machine.signature()->y_parity, out->y_parity);
    }
    return out;
  }
  bool verifies(const Point& key, const crypto::EcdsaSignature& signature) const {
    if (&group == &secp256k1_group()) {
      const auto recovered = crypto::ecdsa_recover_key(digest, signature);
      return crypto::is_low_s(signature.s) && recovered && *recovered == key.bytes;
    }
    const BytesView point{key.bytes};
    return crypto::p256_verify(digest, signature.r, signature.s, from_be_bytes(point.first(32)),
                               from_be_bytes(point.subspan(32)));
  }
};
INSTANTIATE_TEST_SUITE_P(, EcdsaQuorumOf, ::testing::Values(&secp256k1_group(), &p256_group()),
                         [](const auto& tested) { return std::string{tested.param->name()}; });

TEST_P(EcdsaQuorumOf, AQuorumOfAnyKindMakesOrdinarySignatures) {
  for (const Threshold threshold : {Threshold{2, 3}, Threshold{2, 4}, Threshold{3, 5}}) {
    const Shares shares = keys(threshold);
    const Point key = shares.at(Party{1}).shares.key();
    for (unsigned subset = 1; subset < 1u << threshold.total; ++subset) {
      std::vector<Party> signers;
      for (std::uint8_t i = 0; i < threshold.total; ++i)
        if ((subset >> i & 1) != 0) signers.push_back(Party{static_cast<std::uint8_t>(i + 1)});
      if (signers.size() < quorum_of(threshold)) {
        EXPECT_EQ(
            EcdsaQuorumSigning::create(shares.at(signers[0]),
                                       {.signers = signers, .digest = {}, .session = {}}, entropy)
                .error(),
            err::too_few_shares);
        continue;
      }
      const auto made = signature(shares, signers, subset);
      ASSERT_TRUE(made);
      EXPECT_TRUE(verifies(key, *made));
    }
  }
}

TEST_P(EcdsaQuorumOf, AKeyThatNobodyEverHeldSignsBeforeAndAfterARefresh) {
  const auto run = [&](auto make) {
    Network<KeyGeneration> network;
    for (const Party party : all_parties(3)) network.machines.emplace(party, make(party));
    network.start();
    network.run(1);
    Shares out;
    for (const auto& [party, machine] : network.machines) out.emplace(party, *machine.result());
    return out;
  };
  const Shares first = run([&](Party party) {
    return *KeyGeneration::create(
        {.group = &group, .threshold = {2, 3}, .self = party, .session = session_of("keys")},
        entropy);
  });
  const Shares second = run([&](Party party) {
    return *KeyGeneration::refresh(first.at(party), session_of("refresh"), entropy);
  });
  const Point key = first.at(Party{1}).shares.key();
  EXPECT_TRUE(verifies(key, *signature(first, all_parties(3), 1)));
  EXPECT_TRUE(verifies(key, *signature(second, all_parties(3), 1)));
  // Who missed the refresh differs before anything of its share is used.
  Shares mixed = second;
  mixed.at(Party{2}) = first.at(Party{2});
  auto network = signing(mixed, all_parties(3));
  network.start();
  network.run(1);
  expect_apart(network, Party{2});
}

TEST_P(EcdsaQuorumOf, AnyChangeOfAnyMessageIsNamed) {
  const Shares shares = keys({2, 3});
  for (std::uint8_t round = 0; round < 4; ++round)
    expect_named([&] { return signing(shares, all_parties(3)); }, Party{3}, round, 59);
  EXPECT_TRUE(signature(shares, all_parties(3), 1));
}

TEST_P(EcdsaQuorumOf, ASignerWithAnotherShareIsNamedAndTheRestSignWithoutIt) {
  Shares shares = keys({2, 4});
  Scalar& secret = shares.at(Party{2}).secret;
  secret = group.add(secret, group.scalar(1));
  auto network = signing(shares, {Party{1}, Party{2}, Party{4}});
  network.start();
  network.run(1);
  for (const Party party : {Party{1}, Party{4}}) {
    EXPECT_FALSE(network.machines.at(party).signature());
    EXPECT_EQ(network.faults[party], (std::vector{Fault{err::bad_signature_share, {Party{2}}}}));
  }
  EXPECT_TRUE(signature(shares, {Party{1}, Party{3}, Party{4}}, 2));
}

TEST_P(EcdsaQuorumOf, TwoCheatsInTheLastRoundAreBothNamed) {
  Shares shares = keys({3, 5});
  for (const Party party : {Party{2}, Party{5}}) {
    Scalar& secret = shares.at(party).secret;
    secret = group.add(secret, group.scalar(1));
  }
  auto network = signing(shares, all_parties(5));
  network.start();
  network.run(3);
  EXPECT_EQ(network.faults[Party{1}],
            (std::vector{Fault{err::bad_signature_share, {Party{2}, Party{5}}}}));
}

TEST_P(EcdsaQuorumOf, SignersWithDifferentDigestsDoNotSign) {
  const Shares shares = keys({2, 3});
  auto network = signing(shares, all_parties(3));
  network.machines.erase(Party{2});
  network.machines.emplace(Party{2}, *EcdsaQuorumSigning::create(shares.at(Party{2}),
                                                                 {.signers = all_parties(3),
                                                                  .digest = session_of("more"),
                                                                  .session = session_of("sign")},
                                                                 entropy));
  network.start();
  network.run(1);
  expect_apart(network, Party{2});
}

TEST_P(EcdsaQuorumOf, EntropyThatRepeatsItselfGivesAnotherNonceToEachDigestAndSession) {
  const Shares shares = keys({2, 3});
  const auto r_of = [&](std::string_view text, std::string_view session) {
    Network<EcdsaQuorumSigning> network;
    for (const Party party : all_parties(3)) {
      FrozenEntropy frozen;
      network.machines.emplace(party, *EcdsaQuorumSigning::create(shares.at(party),
                                                                  {.signers = all_parties(3),
                                                                   .digest = session_of(text),
                                                                   .session = session_of(session)},
                                                                  frozen));
    }
    network.start();
    network.run(1);
    return network.machines.at(Party{1}).signature()->r;
  };
  EXPECT_EQ(r_of("pay", "1"), r_of("pay", "1"));
  EXPECT_NE(r_of("pay", "1"), r_of("pay more", "1"));
  EXPECT_NE(r_of("pay", "1"), r_of("pay", "2"));
}

TEST_P(EcdsaQuorumOf, ASignerThatComesBackFromACrashCannotGoOnInItsOldSession) {
  const Shares shares = keys({2, 3});
  auto network = signing(shares, all_parties(3));
  network.start();
  // Party 2 loses what it had when everybody has its first message, and begins anew.
  auto before = std::exchange(network.queue(), {});
  for (const InFlight& sent : before) {
    auto answer = network.machines.at(sent.to).receive(sent.from, sent.message);
    if (sent.to != Party{2}) network.post(sent.to, *answer);
  }
  network.machines.erase(Party{2});
  network.machines.emplace(
      Party{2},
      *EcdsaQuorumSigning::create(
          shares.at(Party{2}),
          {.signers = all_parties(3), .digest = digest, .session = session_of("sign")}, entropy));
  network.post(Party{2}, network.machines.at(Party{2}).start());
  network.run(5);
  for (const Party party : {Party{1}, Party{3}}) {
    EXPECT_FALSE(network.machines.at(party).signature());
    EXPECT_EQ(network.faults[party].front(), (Fault{err::equivocation, {Party{2}}}));
  }
}

TEST_P(EcdsaQuorumOf, MessagesOutOfPlaceAreRefusedAndChangeNothing) {
  const Shares shares = keys({2, 3});
  auto network = signing(shares, all_parties(3));
  EcdsaQuorumSigning& machine = network.machines.at(Party{1});
  const Bytes hash = network.machines.at(Party{2}).start()[0].message;
  EXPECT_EQ(machine.receive(Party{4}, hash).error(), (Fault{err::unknown_party, {Party{4}}}));
  Bytes other = hash;
  other[0] = std::to_underlying(Protocol::sm2_signing);
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
  EXPECT_TRUE(machine.start().empty());
}

TEST_P(EcdsaQuorumOf, KeysAndSignersThatCannotSignAreRefused) {
  const auto refused = [&](const KeyShare& share, std::vector<Party> signers) {
    return EcdsaQuorumSigning::create(
               share, {.signers = std::move(signers), .digest = digest, .session = {}}, entropy)
        .error();
  };
  for (const Threshold threshold : {Threshold{1, 3}, Threshold{2, 2}, Threshold{3, 4}})
    EXPECT_EQ(refused(keys(threshold).at(Party{1}), all_parties(threshold.total)),
              err::bad_threshold);
  const KeyShare share = keys({2, 4}).at(Party{1});
  EXPECT_EQ(refused(share, {Party{2}, Party{3}, Party{4}}), err::bad_parties);
  EXPECT_EQ(refused(share, {Party{1}, Party{3}, Party{2}}), err::bad_parties);
  EXPECT_EQ(refused(share, {Party{1}, Party{3}, Party{5}}), err::unknown_party);
  for (const Group* const other : {&ed25519_group(), &sm2_group()})
    EXPECT_EQ(refused((*deal_key(*other, {2, 3}, other->scalar(5), entropy))[0], all_parties(3)),
              err::wrong_group);
}

}  // namespace
}  // namespace wusong::threshold
