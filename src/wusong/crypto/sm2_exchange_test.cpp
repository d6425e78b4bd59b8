// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/sm2_exchange.hpp"

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_numbers.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::crypto {
namespace {

using internal::for_each_curve_provider;

Bytes hex(std::string_view text) {
  return codec::from_hex(text).value_or(Bytes{});
}
Sm2Secret secret_of(BytesView bytes) {
  auto out = Sm2Secret::from(bytes);
  EXPECT_TRUE(out);
  return std::move(*out);
}
/// Gives the same bytes whenever asked.
class Fixed final : public io::Entropy {
 public:
  explicit Fixed(Bytes bytes) : bytes_{std::move(bytes)} {}
  void fill(std::span<std::uint8_t> out) noexcept override {
    std::ranges::copy(bytes_, out.begin());
  }

 private:
  Bytes bytes_;
};

/// @source GB/T 32918.5-2017, annex B
TEST(Sm2Exchange, TheStandardsExampleIsOurs) {
  for_each_curve_provider([](const internal::CurveProvider&) {
    const Sm2Secret a =
        secret_of(hex("81eb26e941bb5af16df116495f90695272ae2cd63d6c4ae1678418be48230029"));
    const Sm2Secret b =
        secret_of(hex("785129917d45a9ea5437a59356b82338eaadda6ceb199088f14ae10defa229b5"));
    EXPECT_EQ(codec::to_hex(a.public_key()),
              "160e12897df4edb61dd812feb96748fbd3ccf4ffe26aa6f6db9540af49c94232"
              "4a7dad08bb9a459531694beb20aa489d6649975e1bfcf8c4741b78b4b223007f");
    EXPECT_EQ(codec::to_hex(b.public_key()),
              "6ae848c57c53c7b1b5fa99eb2286af078ba64c64591b8b566f7357d576f16dfb"
              "ee489d771621a27b36c5c7992062e9cd09a9264386f3fbea54dff69305621c4d");
    EXPECT_EQ(codec::to_hex(sm2_identity(a.public_key())),
              "3b85a57179e11e7e513aa622991f2ca74d1807a0bd4d4b38f90987a17ac245b1");
    EXPECT_EQ(codec::to_hex(sm2_identity(b.public_key())),
              "79c988d63229d97ef19fe02ca1056e01e6a7411ed24694aa8f834f4a4ab022f7");
    Fixed of_a{hex("d4de15474db74d06491c440d305e012400990f3e390c7e87153c12db2ea60bb3")};
    Fixed of_b{hex("7e07124814b309489125eaed101113164ebf0f3458c5bd88335c1f9d596243d6")};

    const auto initiator =
        Sm2Initiator::start({.own = &a, .peer = b.public_key(), .key_size = 16}, of_a);
    ASSERT_TRUE(initiator);
    EXPECT_EQ(codec::to_hex(initiator->offer()),
              "64ced1bdbc99d590049b434d0fd73428cf608a5db8fe5ce07f15026940bae40e"
              "376629c7ab21e7db260922499ddb118f07ce8eaae3e7720afef6a5cc062070c0");
    const auto responder = Sm2Responder::start({.own = &b, .peer = a.public_key(), .key_size = 16},
                                               initiator->offer(), of_b);
    ASSERT_TRUE(responder);
    EXPECT_EQ(codec::to_hex(responder->answer()),
              "acc27688a6f7b706098bc91ff3ad1bff7dc2802cdb14ccccdb0a90471f9bd707"
              "2fedac0494b2ffc4d6853876c79b8f301c6573ad0aa50f39fc87181e1a1b46fe"
              "d3a0fe15dee185ceae907a6b595cc32a266ed7b3367e9983a896dc32fa20f8eb");
    EXPECT_EQ(codec::to_hex(responder->key()), "6c89347354de2484c60b4ab1fde4c6e5");
    const auto done = initiator->finish(responder->answer());
    ASSERT_TRUE(done);
    EXPECT_EQ(codec::to_hex(done->key.view()), "6c89347354de2484c60b4ab1fde4c6e5");
    EXPECT_EQ(codec::to_hex(done->confirmation),
              "18c7894b3816df16cf07b05c5ec0bef5d655d58f779cc1b400a4f3884644db88");
    EXPECT_TRUE(responder->confirm(done->confirmation));
  });
}

struct Pair {
  Sm2Secret a = secret_of(Bytes(32, 1));
  Sm2Secret b = secret_of(Bytes(32, 2));
  testkit::SeededEntropy entropy;

  Sm2ExchangeTerms of_a() const { return {.own = &a, .peer = b.public_key()}; }
  Sm2ExchangeTerms of_b() const { return {.own = &b, .peer = a.public_key()}; }
  Sm2Initiator initiator() {
    auto out = Sm2Initiator::start(of_a(), entropy);
    EXPECT_TRUE(out);
    return std::move(*out);
  }
  Sm2Responder responder(const Sm2ExchangeTerms& terms, BytesView offer) {
    auto out = Sm2Responder::start(terms, offer, entropy);
    EXPECT_TRUE(out);
    return std::move(*out);
  }
};

TEST(Sm2Exchange, EachRunHasAnotherKey) {
  Pair pair;
  const Sm2Initiator first = pair.initiator();
  const Sm2Initiator second = pair.initiator();
  const auto one = pair.responder(pair.of_b(), first.offer());
  const auto two = pair.responder(pair.of_b(), second.offer());
  EXPECT_FALSE(std::ranges::equal(one.key(), two.key()));
  EXPECT_EQ(one.key().size(), 32u);
  // An answer to another offer does not serve.
  EXPECT_EQ(first.finish(two.answer()).error(), err::bad_confirmation);
  const auto done = first.finish(one.answer());
  ASSERT_TRUE(done);
  EXPECT_EQ(two.confirm(done->confirmation), fail(err::bad_confirmation));
  EXPECT_EQ(one.confirm(BytesView{done->confirmation}.first(31)), fail(err::bad_length));
}

TEST(Sm2Exchange, OtherTermsAreSeen) {
  Pair pair;
  const Sm2Initiator initiator = pair.initiator();
  const Sm2Secret other = secret_of(Bytes(32, 9));
  std::vector<Sm2ExchangeTerms> wrong(4, pair.of_b());
  wrong[0].own_id = "b";
  wrong[1].peer_id = "a";
  wrong[2].peer = other.public_key();
  wrong[3].own = &other;
  for (const auto& terms : wrong) {
    const auto responder = pair.responder(terms, initiator.offer());
    EXPECT_EQ(initiator.finish(responder.answer()).error(), err::bad_confirmation);
  }
  // The key's size alone is the caller's affair: the shorter is the longer one's beginning.
  auto shorter = pair.of_b();
  shorter.key_size = 7;
  const auto responder = pair.responder(shorter, initiator.offer());
  const auto done = initiator.finish(responder.answer());
  ASSERT_TRUE(done);
  EXPECT_TRUE(std::ranges::equal(done->key.view().first(7), responder.key()));
}

TEST(Sm2Exchange, AnyChangeOnTheWayIsSeen) {
  Pair pair;
  const Sm2Initiator initiator = pair.initiator();
  const auto responder = pair.responder(pair.of_b(), initiator.offer());
  const auto done = initiator.finish(responder.answer());
  ASSERT_TRUE(done);
  for (std::size_t i = 0; i < 96; i += 5) {
    Sm2Answer changed = responder.answer();
    changed[i] ^= 4;
    EXPECT_EQ(initiator.finish(changed).error(),
              i < 64 ? err::bad_public_key : err::bad_confirmation);
  }
  for (std::size_t i = 0; i < 32; i += 5) {
    Hash changed = done->confirmation;
    changed.bytes[i] ^= 4;
    EXPECT_EQ(responder.confirm(changed), fail(err::bad_confirmation));
  }
  EXPECT_EQ(initiator.finish(BytesView{responder.answer()}.first(95)).error(), err::bad_length);
}

TEST(Sm2Exchange, BadPointsAndLengthsHaveNamedErrors) {
  Pair pair;
  const Sm2Initiator initiator = pair.initiator();
  const auto answered = [&](const Sm2ExchangeTerms& terms, BytesView offer) {
    return Sm2Responder::start(terms, offer, pair.entropy).error();
  };
  Sm2Offer off = initiator.offer();
  off[0] ^= 1;
  EXPECT_EQ(answered(pair.of_b(), off), err::bad_public_key);
  EXPECT_EQ(answered(pair.of_b(), Bytes(64)), err::bad_public_key);
  EXPECT_EQ(answered(pair.of_b(), Bytes(64, 0xff)), err::bad_public_key);
  EXPECT_EQ(answered(pair.of_b(), Bytes(65, 4)), err::bad_length);
  auto terms = pair.of_b();
  terms.peer = off;
  EXPECT_EQ(answered(terms, initiator.offer()), err::bad_public_key);
  const std::string long_id(kSm2UserIdMost + 1, 'a');
  std::vector<Sm2ExchangeTerms> wrong(5, pair.of_a());
  wrong[0].peer = BytesView{off}.first(63);
  wrong[1].own_id = long_id;
  wrong[2].peer_id = long_id;
  wrong[3].key_size = 0;
  wrong[4].key_size = kSm2ExchangedKeyMost + 1;
  for (const auto& each : wrong)
    EXPECT_EQ(Sm2Initiator::start(each, pair.entropy).error(), err::bad_length);
}

TEST(Sm2Exchange, PointsThatCancelAreRefused) {
  // R = -P / x with x made of R's abscissa cannot be found; but a peer's key can be made of an
  // offer: P = -x R.
  Pair pair;
  const Sm2Initiator initiator = pair.initiator();
  const auto x = math::load_be_limbs<4>(initiator.offer().data());
  const internal::Number shortened{x[0], x[1] | std::uint64_t{1} << 63, 0, 0};
  internal::Number negative = internal::Sm2Curve::Order::kModulus;
  math::subtract_in_place(negative, shortened);
  const internal::PeerCurve peer{NID_sm2};
  const auto key =
      peer.sum({}, negative, {x, math::load_be_limbs<4>(initiator.offer().data() + 32)});
  ASSERT_TRUE(key);
  const auto bytes = internal::store_point(*key);
  auto terms = pair.of_b();
  terms.peer = bytes;
  for_each_curve_provider([&](const internal::CurveProvider&) {
    EXPECT_EQ(Sm2Responder::start(terms, initiator.offer(), pair.entropy).error(),
              err::no_agreement);
  });
}

TEST(Sm2Exchange, DerivedKeysAreBeginningsOfLongerOnes) {
  const Bytes secret(70, 3);
  const SecretBytes longest = sm2_derive(secret, 100);
  for (const std::size_t size : {1u, 31u, 32u, 33u, 64u, 99u}) {
    const SecretBytes key = sm2_derive(secret, size);
    EXPECT_TRUE(std::ranges::equal(key.view(), longest.view().first(size)));
  }
}

}  // namespace
}  // namespace wusong::crypto
