// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/guardians.hpp"

#include <gtest/gtest.h>

#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/test_world.hpp"

namespace wusong::threshold {
namespace {

class GuardiansOf : public ::testing::TestWithParam<const Group*> {
 protected:
  const Group& group = *GetParam();
  testkit::SeededEntropy entropy;
  Bytes secret = to_bytes(as_bytes("a seed of any length, of any scheme"));
  Entrusted entrusted = *entrust(group, {3, 5}, secret, entropy);
  GuardedBox box = *GuardedBox::open(group, entrusted.box, entrusted.id);
};
INSTANTIATE_TEST_SUITE_P(, GuardiansOf, ::testing::Values(&ed25519_group(), &sm2_group()),
                         [](const auto& tested) { return std::string{tested.param->name()}; });

TEST_P(GuardiansOf, AnyThreeOfFiveGiveTheSecretBackAndTwoDoNot) {
  for (unsigned subset = 0; subset < 1u << 5; ++subset) {
    Recovery recovery{box};
    for (std::uint8_t i = 5; i-- > 0;)
      if ((subset >> i & 1) != 0) {
        EXPECT_TRUE(
            recovery.add(Party{static_cast<std::uint8_t>(i + 1)}, entrusted.shares[i].view()));
      }
    const auto out = recovery.secret();
    EXPECT_EQ(recovery.is_complete(), std::popcount(subset) >= 3);
    ASSERT_EQ(out.has_value(), recovery.is_complete());
    if (out) {
      EXPECT_TRUE(std::ranges::equal(out->view(), secret));
    } else {
      EXPECT_EQ(out.error(), err::too_few_shares);
    }
  }
}

TEST_P(GuardiansOf, AWrongShareNamesItsGuardianAndTheOthersGoOn) {
  Recovery recovery{box};
  for (std::uint8_t number = 1; number <= 2; ++number) {
    Bytes wrong = to_bytes(entrusted.shares[number - 1u].view());
    wrong[number] ^= 1;
    EXPECT_EQ(recovery.add(Party{number}, wrong).error(), (Fault{err::bad_share, {Party{number}}}));
    wrong = to_bytes(entrusted.shares[number - 1u].view());
    wrong.back() ^= 1;
    EXPECT_EQ(recovery.add(Party{number}, wrong).error(), (Fault{err::bad_share, {Party{number}}}));
  }
  const BytesView third = entrusted.shares[2].view();
  EXPECT_EQ(recovery.add(Party{1}, third).error(), (Fault{err::bad_share, {Party{1}}}));
  EXPECT_EQ(recovery.add(Party{6}, third).error(), (Fault{err::unknown_party, {Party{6}}}));
  EXPECT_EQ(recovery.add(Party{3}, third.first(63)).error(), (Fault{err::bad_length, {Party{3}}}));
  EXPECT_EQ(recovery.add(Party{3}, Bytes(64, 0xff)).error(), (Fault{err::bad_scalar, {Party{3}}}));
  ASSERT_TRUE(recovery.add(Party{3}, third));
  EXPECT_EQ(recovery.add(Party{3}, third).error(), (Fault{err::duplicate, {Party{3}}}));
  ASSERT_TRUE(recovery.add(Party{5}, entrusted.shares[4].view()));
  EXPECT_EQ(recovery.secret().error(), err::too_few_shares);
  ASSERT_TRUE(recovery.add(Party{4}, entrusted.shares[3].view()));
  EXPECT_TRUE(std::ranges::equal(recovery.secret()->view(), secret));
}

TEST_P(GuardiansOf, AnotherBoxIsRefused) {
  for (std::size_t at = 0; at < entrusted.box.size(); at += 3) {
    Bytes other = entrusted.box;
    other[at] ^= 1;
    EXPECT_FALSE(GuardedBox::open(group, other, entrusted.id));
  }
  for (std::size_t cut = 0; cut < entrusted.box.size(); cut += 5)
    EXPECT_FALSE(GuardedBox::open(group, BytesView{entrusted.box}.first(cut), entrusted.id));
}

TEST_P(GuardiansOf, SecretsHaveALimitAndMayBeEmpty) {
  EXPECT_EQ(entrust(group, {2, 3}, Bytes(kGuardedSecretMax + 1), entropy).error(),
            err::message_too_long);
  EXPECT_EQ(entrust(group, {4, 3}, secret, entropy).error(), err::bad_threshold);
  for (const std::size_t size : {std::size_t{0}, kGuardedSecretMax}) {
    const Bytes other(size, 7);
    const auto out = *entrust(group, {1, 1}, other, entropy);
    Recovery recovery{*GuardedBox::open(group, out.box, out.id)};
    ASSERT_TRUE(recovery.add(Party{1}, out.shares[0].view()));
    EXPECT_TRUE(std::ranges::equal(recovery.secret()->view(), other));
  }
}

}  // namespace
}  // namespace wusong::threshold
