// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/sharing.hpp"

#include <gtest/gtest.h>

#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/test_world.hpp"

namespace wusong::threshold {
namespace {

const ToyGroup& toy() {
  return ToyGroup::shared();
}

/// Every polynomial over eleven numbers with this many coefficients.
std::vector<Polynomial> every_polynomial(std::size_t needed) {
  std::vector<Polynomial> out;
  unsigned count = 1;
  for (std::size_t i = 0; i < needed; ++i) count *= ToyGroup::kOrder;
  for (unsigned number = 0; number < count; ++number) {
    std::vector<Scalar> coefficients;
    for (unsigned rest = number; coefficients.size() < needed; rest /= ToyGroup::kOrder)
      coefficients.push_back(toy().scalar(rest % ToyGroup::kOrder));
    out.emplace_back(toy(), std::move(coefficients));
  }
  return out;
}
std::vector<Party> parties_of(unsigned subset) {
  std::vector<Party> out;
  for (std::uint8_t i = 1; subset != 0; ++i, subset >>= 1)
    if ((subset & 1) != 0) out.push_back(Party{i});
  return out;
}
std::vector<Share> shares_of(const Polynomial& polynomial, unsigned subset) {
  std::vector<Share> out;
  for (const Party party : parties_of(subset)) out.push_back({party, polynomial.at(party)});
  return out;
}

TEST(Sharing, AnySubsetThatIsLargeEnoughGivesEachSecretOfASmallField) {
  for (const std::size_t needed : {1u, 2u, 3u})
    for (const Polynomial& polynomial : every_polynomial(needed))
      for (unsigned subset = 1; subset < 1u << 5; ++subset) {
        const auto secret = interpolate(toy(), needed, shares_of(polynomial, subset));
        if (std::popcount(subset) < static_cast<int>(needed)) {
          EXPECT_EQ(secret.error(), err::too_few_shares);
          continue;
        }
        ASSERT_TRUE(secret);
        ASSERT_EQ(*secret, polynomial.coefficients()[0]);
      }
}

TEST(Sharing, OneFewerSaysNothingAboutTheSecretOfASmallField) {
  for (const std::size_t needed : {2u, 3u})
    for (unsigned subset = 1; subset < 1u << 4; ++subset) {
      if (std::popcount(subset) != static_cast<int>(needed) - 1) continue;
      // How often each secret goes with each view of these parties: always equally often.
      std::map<std::vector<std::uint8_t>, std::map<std::uint8_t, int>> seen;
      for (const Polynomial& polynomial : every_polynomial(needed)) {
        std::vector<std::uint8_t> view;
        for (const Share& share : shares_of(polynomial, subset))
          view.push_back(share.value.bytes[0]);
        ++seen[view][polynomial.coefficients()[0].bytes[0]];
      }
      for (const auto& [view, secrets] : seen) {
        EXPECT_EQ(secrets.size(), ToyGroup::kOrder);
        for (const auto& [secret, times] : secrets) EXPECT_EQ(times, 1);
      }
    }
}

TEST(Sharing, CommitmentsAcceptTheShareAndNoOtherNumberOfASmallField) {
  for (const Polynomial& polynomial : every_polynomial(2)) {
    const auto commitments = polynomial.commitments();
    for (const Party party : all_parties(4))
      for (unsigned value = 0; value < ToyGroup::kOrder; ++value) {
        const Share share{party, toy().scalar(value)};
        EXPECT_EQ(check_share(toy(), commitments, share).has_value(),
                  share.value == polynomial.at(party));
      }
  }
}

TEST(Sharing, SharesOfOtherPlacesFollow) {
  for (const Polynomial& polynomial : every_polynomial(3)) {
    const auto at = interpolate(toy(), 3, shares_of(polynomial, 0b111), Party{7});
    ASSERT_TRUE(at);
    EXPECT_EQ(*at, polynomial.at(Party{7}));
  }
}

TEST(Sharing, SharesOutOfOrderOrTwiceAreRefused) {
  testkit::SeededEntropy entropy;
  const Group& group = ed25519_group();
  const Polynomial polynomial{group, 2, group.random(entropy), entropy};
  const Share one{Party{1}, polynomial.at(Party{1})};
  const Share two{Party{2}, polynomial.at(Party{2})};
  EXPECT_EQ(interpolate(group, 2, std::vector{two, one}).error(), err::bad_parties);
  EXPECT_EQ(interpolate(group, 2, std::vector{one, one}).error(), err::bad_parties);
  EXPECT_EQ(interpolate(group, 2, std::vector{Share{Party{0}, one.value}, one}).error(),
            err::bad_parties);
}

class HashSharing : public ::testing::TestWithParam<const Group*> {
 protected:
  const Group& group = *GetParam();
  testkit::SeededEntropy entropy;
  static constexpr Threshold kThreshold{.needed = 3, .total = 5};
};
INSTANTIATE_TEST_SUITE_P(, HashSharing, ::testing::Values(&ed25519_group(), &sm2_group()),
                         [](const auto& tested) { return std::string{tested.param->name()}; });

TEST_P(HashSharing, EachShareIsAcceptedAndThreeGiveTheSecret) {
  const Scalar secret = group.random(entropy);
  const auto dealt = *deal_by_hashes(group, as_bytes("test"), kThreshold, secret, entropy);
  std::vector<Share> shares;
  for (const SaltedShare& share : dealt.shares) {
    EXPECT_TRUE(check_share(group, as_bytes("test"), dealt.dealing, share));
    shares.push_back(share.share);
  }
  for (unsigned subset = 1; subset < 1u << 5; ++subset) {
    std::vector<Share> some;
    for (const Party party : parties_of(subset)) some.push_back(shares[party.number - 1u]);
    const auto again = interpolate(group, 3, some);
    ASSERT_EQ(again.has_value(), some.size() >= 3);
    if (again) {
      EXPECT_EQ(*again, secret);
    }
  }
}

TEST_P(HashSharing, AnyChangeIsRefused) {
  const auto dealt =
      *deal_by_hashes(group, as_bytes("test"), kThreshold, group.random(entropy), entropy);
  const SaltedShare& share = dealt.shares[1];
  const auto refused = [&](const HashDealing& dealing, const SaltedShare& of,
                           std::string_view context = "test") {
    return check_share(group, as_bytes(context), dealing, of).error();
  };
  SaltedShare other = share;
  other.share.value = group.add(other.share.value, group.scalar(1));
  EXPECT_EQ(refused(dealt.dealing, other), err::bad_share);
  other = share;
  other.salt.bytes[0] ^= 1;
  EXPECT_EQ(refused(dealt.dealing, other), err::bad_share);
  other = share;
  other.share.party = Party{3};
  EXPECT_EQ(refused(dealt.dealing, other), err::bad_share);
  other.share.party = Party{6};
  EXPECT_EQ(refused(dealt.dealing, other), err::unknown_party);
  other.share.party = Party{0};
  EXPECT_EQ(refused(dealt.dealing, other), err::unknown_party);
  EXPECT_EQ(refused(dealt.dealing, share, "another"), err::bad_share);
  for (std::size_t i = 0; i < 3; ++i) {
    HashDealing dealing = dealt.dealing;
    dealing.response[i] = group.add(dealing.response[i], group.scalar(1));
    EXPECT_EQ(refused(dealing, share), err::bad_share);
  }
  for (std::size_t i = 0; i < 5; ++i) {
    HashDealing dealing = dealt.dealing;
    dealing.commitments[i].bytes[0] ^= 1;
    EXPECT_EQ(refused(dealing, share), err::bad_share);
  }
  HashDealing dealing = dealt.dealing;
  dealing.response.pop_back();
  EXPECT_EQ(refused(dealing, share), err::bad_length);
}

/// A dealer whose values lie on a polynomial of higher degree: no response of the right length
/// satisfies more parties than determine it.
TEST_P(HashSharing, ADealerOfHigherDegreeIsFoundByTheParties) {
  constexpr Threshold kClaimed{.needed = 2, .total = 5};
  const auto honest =
      *deal_by_hashes(group, as_bytes("test"), kThreshold, group.random(entropy), entropy);
  HashDealing claimed = honest.dealing;
  claimed.threshold = kClaimed;
  claimed.response.pop_back();
  int accepted = 0;
  for (const SaltedShare& share : honest.shares)
    accepted += check_share(group, as_bytes("test"), claimed, share).has_value() ? 1 : 0;
  EXPECT_LE(accepted, 2);
}

TEST_P(HashSharing, ThresholdsThatMakeNoSenseAreRefused) {
  for (const Threshold threshold : {Threshold{0, 0}, Threshold{0, 3}, Threshold{4, 3}})
    EXPECT_EQ(deal_by_hashes(group, {}, threshold, group.scalar(1), entropy).error(),
              err::bad_threshold);
}

}  // namespace
}  // namespace wusong::threshold
