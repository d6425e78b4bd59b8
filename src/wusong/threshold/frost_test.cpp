// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/frost.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/test_world.hpp"

namespace wusong::threshold {
namespace {

const Group& group() {
  return ed25519_group();
}
Bytes bytes_of(std::string_view text) {
  return *codec::from_hex("0x" + std::string{text});
}
Scalar scalar_of(std::string_view text) {
  return *group().decode_scalar(bytes_of(text));
}
bool openssl_verifies(BytesView key, BytesView message, BytesView signature) {
  EVP_PKEY* const parsed =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size());
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const bool out = EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, parsed) == 1 &&
                   EVP_DigestVerify(context, signature.data(), signature.size(), message.data(),
                                    message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(parsed);
  return out;
}

/// One signature: a coordinator and its signers.
struct Signing {
  Signing(const std::vector<KeyShare>& keys, const std::vector<Party>& parties, Bytes message,
          io::Entropy& entropy)
      : coordinator{*FrostCoordinator::create({.shares = keys[0].shares,
                                               .session = session_of("sign"),
                                               .message = std::move(message),
                                               .signers = parties})} {
    for (const Party party : parties)
      signers.emplace(party,
                      *FrostSigner::create(keys[party.number - 1u], session_of("sign"), entropy));
  }
  /// Round one; gives the packages.
  Letters commit() {
    Letters packages;
    for (auto& [party, signer] : signers) {
      auto out = coordinator.receive(party, signer.start());
      EXPECT_TRUE(out);
      if (out && !out->empty()) packages = *out;
    }
    return packages;
  }
  /// Round two; the coordinator's last word.
  Outcome<Letters> answer(
      const Letters& packages,
      const std::function<void(Party, Bytes&)>& tamper = [](Party, Bytes&) {}) {
    Outcome<Letters> last;
    for (const Letter& letter : packages) {
      auto share = signers.at(*letter.to).sign(letter.message);
      EXPECT_TRUE(share);
      tamper(*letter.to, *share);
      last = coordinator.receive(*letter.to, *share);
    }
    return last;
  }
  FrostCoordinator coordinator;
  std::map<Party, FrostSigner> signers;
};

/// RFC 9591, appendix E.1
TEST(Frost, GivesTheStandardsExample) {
  const Polynomial polynomial{
      group(),
      {scalar_of("7b1c33d3f5291d85de664833beb1ad469f7fb6025a0ec78b3a790c6e13a98304"),
       scalar_of("178199860edd8c62f5212ee91eff1295d0d670ab4ed4506866bae57e7030b204")}};
  const auto keys = *deal_key(group(), {2, 3}, polynomial);
  EXPECT_EQ(to_bytes(group().encoded(keys[0].shares.key())),
            bytes_of("15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673"));
  const char* const shares[] = {"929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509",
                                "a91e66e012e4364ac9aaa405fcafd370402d9859f7b6685c07eed76bf409e80d",
                                "d3cb090a075eb154e82fdb4b3cb507f110040905468bb9c46da8bdea643a9a02"};
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(keys[i].secret, scalar_of(shares[i]));

  struct Participant {
    std::uint8_t number;
    const char *randomness, *commitment, *share;
  };
  const Participant participants[] = {
      {1,
       "0fd2e39e111cdc266f6c0f4d0fd45c947761f1f5d3cb583dfcb9bbaf8d4c9fec"
       "69cd85f631d5f7f2721ed5e40519b1366f340a87c2f6856363dbdcda348a7501",
       "b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3"
       "67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932",
       "001719ab5a53ee1a12095cd088fd149702c0720ce5fd2f29dbecf24b7281b603"},
      {3,
       "86d64a260059e495d0fb4fcc17ea3da7452391baa494d4b00321098ed2a0062f"
       "13e6b25afb2eba51716a9a7d44130c0dbae0004a9ef8d7b5550c8a0e07c61775",
       "cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91"
       "7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552",
       "bd86125de990acc5e1f13781d8e32c03a9bbd4c53539bbc106058bfd14326007"}};
  auto coordinator = *FrostCoordinator::create({.shares = keys[0].shares,
                                                .session = session_of("E.1"),
                                                .message = bytes_of("74657374"),
                                                .signers = {Party{1}, Party{3}}});
  std::vector<FrostSigner> signers;
  Letters packages;
  for (const Participant& participant : participants) {
    const Bytes randomness = bytes_of(participant.randomness);
    signers.push_back(
        *FrostSigner::create(keys[participant.number - 1u], session_of("E.1"),
                             std::span<const std::uint8_t, 64>{randomness.data(), 64}));
    const Bytes commitment = signers.back().start();
    EXPECT_EQ(to_bytes(BytesView{commitment}.subspan(kEnvelopeSize)),
              bytes_of(participant.commitment));
    packages = *coordinator.receive(Party{participant.number}, commitment);
  }
  ASSERT_EQ(packages.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto share = signers[i].sign(packages[i].message);
    ASSERT_TRUE(share);
    EXPECT_EQ(to_bytes(BytesView{*share}.subspan(kEnvelopeSize)), bytes_of(participants[i].share));
    ASSERT_TRUE(coordinator.receive(Party{participants[i].number}, *share));
  }
  ASSERT_TRUE(coordinator.signature());
  EXPECT_EQ(to_bytes(*coordinator.signature()),
            bytes_of("36282629c383bb820a88b71cae937d41f2f2adfcc3d02e55507e2fb9e2dd3cbe"
                     "bd9d2b0844e49ae0f3fa935161e1419aab7b47d21a37ebeae1f17d4987b3160b"));
}

TEST(Frost, AnySignersWhoAreEnoughMakeAnOrdinarySignature) {
  testkit::SeededEntropy entropy;
  for (std::uint8_t total = 1; total <= 4; ++total)
    for (std::uint8_t needed = 1; needed <= total; ++needed) {
      const auto keys =
          *deal_key(group(), {needed, total}, group().random_nonzero(entropy), entropy);
      for (unsigned subset = 1; subset < 1u << total; ++subset) {
        std::vector<Party> parties;
        for (std::uint8_t i = 0; i < total; ++i)
          if ((subset >> i & 1) != 0) parties.push_back(Party{static_cast<std::uint8_t>(i + 1)});
        if (parties.size() < needed) {
          EXPECT_EQ(
              FrostCoordinator::create(
                  {.shares = keys[0].shares, .session = {}, .message = {}, .signers = parties})
                  .error(),
              err::too_few_shares);
          continue;
        }
        const Bytes message(subset, std::uint8_t{total});
        Signing signing{keys, parties, message, entropy};
        ASSERT_TRUE(signing.answer(signing.commit()));
        const auto& signature = signing.coordinator.signature();
        ASSERT_TRUE(signature);
        const BytesView key = group().encoded(keys[0].shares.key());
        EXPECT_TRUE(openssl_verifies(key, message, *signature));
        EXPECT_TRUE(crypto::verify(crypto::Scheme::ed25519, key, message, *signature));
      }
    }
}

class FrostCheats : public ::testing::Test {
 protected:
  testkit::SeededEntropy entropy;
  std::vector<KeyShare> keys = *deal_key(group(), {2, 4}, group().random_nonzero(entropy), entropy);
  std::vector<Party> parties{Party{1}, Party{2}, Party{4}};
  Bytes message = to_bytes(as_bytes("pay"));
};

TEST_F(FrostCheats, EverySetOfWrongSharesIsNamedWhole) {
  for (unsigned subset = 1; subset < 1u << 3; ++subset) {
    Signing signing{keys, parties, message, entropy};
    std::vector<Party> cheaters;
    for (std::size_t i = 0; i < 3; ++i)
      if ((subset >> i & 1) != 0) cheaters.push_back(parties[i]);
    const auto out = signing.answer(signing.commit(), [&](Party party, Bytes& share) {
      if (std::ranges::count(cheaters, party) == 0) return;
      const auto value = *group().decode_scalar(BytesView{share}.subspan(kEnvelopeSize));
      const Scalar wrong = group().add(value, group().scalar(party.number));
      std::ranges::copy(wrong.bytes, share.begin() + kEnvelopeSize);
    });
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error(), (Fault{err::bad_signature_share, cheaters}));
    EXPECT_FALSE(signing.coordinator.signature());
    EXPECT_EQ(signing.coordinator.receive(Party{1}, {}).error(), (Fault{err::session_over, {}}));
  }
  // Without the cheat two others sign.
  Signing again{keys, {Party{2}, Party{3}}, message, entropy};
  ASSERT_TRUE(again.answer(again.commit()));
  EXPECT_TRUE(again.coordinator.signature());
}

TEST_F(FrostCheats, CommitmentsThatAreNoPointsAreNamed) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{32}}) {
    Signing signing{keys, parties, message, entropy};
    Bytes commitment = signing.signers.at(Party{2}).start();
    std::fill_n(commitment.begin() + static_cast<std::ptrdiff_t>(kEnvelopeSize + at), 32,
                std::uint8_t{0});
    ASSERT_TRUE(signing.coordinator.receive(Party{2}, commitment));
    ASSERT_TRUE(signing.coordinator.receive(Party{1}, signing.signers.at(Party{1}).start()));
    EXPECT_EQ(signing.coordinator.receive(Party{4}, signing.signers.at(Party{4}).start()).error(),
              (Fault{err::bad_point, {Party{2}}}));
  }
}

TEST_F(FrostCheats, ASharesNumberAboveTheOrderIsNamed) {
  Signing signing{keys, parties, message, entropy};
  const auto out = signing.answer(signing.commit(), [&](Party party, Bytes& share) {
    if (party == Party{4})
      std::fill(share.begin() + kEnvelopeSize, share.end(), std::uint8_t{0xff});
  });
  EXPECT_EQ(out.error(), (Fault{err::bad_scalar, {Party{4}}}));
}

TEST_F(FrostCheats, MessagesOutOfPlaceAreRefusedAndChangeNothing) {
  Signing signing{keys, parties, message, entropy};
  FrostCoordinator& coordinator = signing.coordinator;
  const Bytes commitment = signing.signers.at(Party{1}).start();
  Bytes early = envelope(Protocol::frost, 2, session_of("sign"), Bytes(32));
  EXPECT_EQ(coordinator.receive(Party{1}, early).error(), (Fault{err::unknown_round, {Party{1}}}));
  EXPECT_EQ(coordinator.receive(Party{3}, commitment).error(),
            (Fault{err::unknown_party, {Party{3}}}));
  EXPECT_EQ(
      coordinator.receive(Party{1}, envelope(Protocol::frost, 0, session_of("other"), Bytes(64)))
          .error(),
      (Fault{err::wrong_session, {Party{1}}}));
  ASSERT_TRUE(coordinator.receive(Party{1}, commitment));
  EXPECT_EQ(coordinator.receive(Party{1}, commitment).error(), (Fault{err::duplicate, {Party{1}}}));
  ASSERT_TRUE(coordinator.receive(Party{2}, signing.signers.at(Party{2}).start()));
  const auto packages = coordinator.receive(Party{4}, signing.signers.at(Party{4}).start());
  ASSERT_TRUE(packages);
  ASSERT_TRUE(signing.answer(*packages));
  EXPECT_TRUE(coordinator.signature());
}

TEST_F(FrostCheats, ASecondCommitmentOfOneSignerEndsTheSession) {
  Signing signing{keys, parties, message, entropy};
  ASSERT_TRUE(signing.coordinator.receive(Party{1}, signing.signers.at(Party{1}).start()));
  const auto another = *FrostSigner::create(keys[0], session_of("sign"), entropy);
  EXPECT_EQ(signing.coordinator.receive(Party{1}, another.start()).error(),
            (Fault{err::equivocation, {Party{1}}}));
}

TEST_F(FrostCheats, NoncesSignOnceAndBadPackagesLeaveThemUnused) {
  Signing signing{keys, parties, message, entropy};
  const Letters packages = signing.commit();
  FrostSigner& signer = signing.signers.at(Party{2});
  const Bytes& good = packages[1].message;
  const auto refused = [&](Bytes package) {
    const auto out = signer.sign(package);
    EXPECT_FALSE(out);
    return out ? Error{err::degenerate} : out.error().error;
  };
  for (std::size_t cut = 0; cut < kEnvelopeSize + 1 + 3 * 65; ++cut)
    EXPECT_EQ(refused(to_bytes(BytesView{good}.first(cut))), err::bad_length);
  Bytes package = good;
  package[0] = 9;
  EXPECT_EQ(refused(package), err::wrong_protocol);
  package = good;
  package[1] = 0;
  EXPECT_EQ(refused(package), err::unknown_round);
  package = good;
  package[2] ^= 1;
  EXPECT_EQ(refused(package), err::wrong_session);
  package = good;
  package[kEnvelopeSize + 1] = 2;  // party 2 twice
  EXPECT_EQ(refused(package), err::bad_parties);
  package = good;
  package[kEnvelopeSize + 1 + 2 * 65] = 9;  // nobody's number
  EXPECT_EQ(refused(package), err::unknown_party);
  package = good;
  std::fill_n(package.begin() + kEnvelopeSize + 2, 32, std::uint8_t{0});
  EXPECT_EQ(refused(package), err::bad_point);
  package = good;  // its own commitment exchanged for another's
  std::copy_n(good.begin() + kEnvelopeSize + 2, 64, package.begin() + kEnvelopeSize + 2 + 65);
  EXPECT_EQ(refused(package), err::own_commitment_missing);
  package = good;
  package[kEnvelopeSize] = 1;  // fewer than are needed
  EXPECT_EQ(refused(package), err::too_few_shares);
  EXPECT_EQ(to_bytes(*signer.asked_message(good)), message);
  ASSERT_TRUE(signer.sign(good));
  EXPECT_EQ(refused(good), err::nonce_used);
  FrostSigner moved = std::move(signing.signers.at(Party{1}));
  EXPECT_EQ(signing.signers.at(Party{1}).sign(good).error().error, err::nonce_used);  // NOLINT
  EXPECT_TRUE(moved.sign(good));
}

TEST_F(FrostCheats, KeysOfOtherGroupsAndListsThatMakeNoSenseAreRefused) {
  const auto others = *deal_key(sm2_group(), {2, 3}, sm2_group().scalar(7), entropy);
  EXPECT_EQ(FrostSigner::create(others[0], {}, entropy).error(), err::bad_scalar);
  const auto refused = [&](std::vector<Party> signers) {
    return FrostCoordinator::create(
               {.shares = keys[0].shares, .session = {}, .message = {}, .signers = signers})
        .error();
  };
  EXPECT_EQ(refused({Party{2}, Party{1}}), err::bad_parties);
  EXPECT_EQ(refused({Party{1}, Party{1}}), err::bad_parties);
  EXPECT_EQ(refused({Party{1}, Party{5}}), err::unknown_party);
  EXPECT_EQ(refused({Party{1}}), err::too_few_shares);
  EXPECT_EQ(FrostCoordinator::create({.shares = keys[0].shares,
                                      .session = {},
                                      .message = Bytes(kFrostMessageMax + 1),
                                      .signers = parties})
                .error(),
            err::message_too_long);
}

}  // namespace
}  // namespace wusong::threshold
