// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/key_agreement.hpp"

#include <vector>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_numbers.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::crypto {
namespace {

using internal::for_each_curve_provider;
using internal::less_than;
using internal::Number;
using internal::PeerCurve;
using internal::PlainPoint;
using internal::Product;

Bytes hex(std::string_view text) {
  return codec::from_hex(text).value_or(Bytes{});
}
std::string agreed(KeyAgreement agreement, BytesView secret, BytesView peer) {
  const auto out = agree(agreement, secret, peer);
  return out ? codec::to_hex(out->view()) : std::string{out.error().name()};
}
Bytes bytes_of(const Number& number) {
  Bytes out(32);
  math::store_be_limbs(number, out.data());
  return out;
}

// ---- The kernel

template <typename C>
void products_are_those_of_openssl(int curve,
                                   internal::CurveKernels internal::CurveProvider::* of) {
  constexpr Number kOrder = C::Order::kModulus;
  const PeerCurve peer{curve};
  std::mt19937_64 random{7};
  std::vector<Number> scalars{Number{},
                              Number{1},
                              Number{2},
                              Number{15},
                              Number{16},
                              less_than(kOrder, 2),
                              less_than(kOrder, 1),
                              kOrder,
                              {~0ull, ~0ull, ~0ull, ~0ull}};
  for (int i = 0; i < 6; ++i) scalars.push_back(internal::random_number(random, kOrder));
  const PlainPoint generator{C::kX, C::kY};
  const PlainPoint some = *peer.multiple(internal::random_number(random, kOrder));
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    const internal::CurveKernels& kernels = provider.*of;
    for (const Number& k : scalars) {
      for (const PlainPoint& p : {generator, some}) {
        for (const PlainPoint* const q : {static_cast<const PlainPoint*>(nullptr), &generator}) {
          const auto expected = peer.sum(Number{q == nullptr ? 0u : 1u}, k, p);
          PlainPoint found;
          const Product product = kernels.multiply(k, p, q, found);
          ASSERT_EQ(product, expected ? Product::done : Product::neutral);
          if (!expected) continue;
          EXPECT_EQ(found.x, expected->x);
          EXPECT_EQ(found.y, expected->y);
        }
      }
      const Number below = peer.modulo_order(k);
      EXPECT_EQ(kernels.multiply_scalars(below, kernels.invert_scalar(below)),
                math::is_zero(below) ? Number{} : Number{1});
    }
    PlainPoint off = some;
    off.y[0] ^= 1;
    PlainPoint found;
    EXPECT_EQ(kernels.multiply(Number{3}, off, nullptr, found), Product::bad_point);
    EXPECT_EQ(kernels.multiply(Number{3}, some, &off, found), Product::bad_point);
  });
}
TEST(CurveMultiple, IsOpensslsForEveryScalarAndPoint) {
  products_are_those_of_openssl<internal::Sm2Curve>(NID_sm2, &internal::CurveProvider::sm2);
  products_are_those_of_openssl<internal::P256Curve>(NID_X9_62_prime256v1,
                                                     &internal::CurveProvider::p256);
}

// ---- X25519

/// @source RFC 7748, section 5.2
TEST(X25519, ProductsAreThoseOfTheRfc) {
  EXPECT_EQ(agreed(KeyAgreement::x25519,
                   hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                   hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  EXPECT_EQ(agreed(KeyAgreement::x25519,
                   hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                   hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
  Bytes k(32);
  k[0] = 9;
  Bytes u = k;
  for (int round = 1; round <= 1000; ++round) {
    const auto next = agree(KeyAgreement::x25519, k, u);
    ASSERT_TRUE(next);
    u = std::exchange(k, to_bytes(next->view()));
    if (round == 1)
      EXPECT_EQ(codec::to_hex(k),
                "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
  }
  EXPECT_EQ(codec::to_hex(k), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

/// @source RFC 7748, section 6.1
TEST(X25519, AliceAndBobAgree) {
  const Bytes alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const Bytes bob = hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const auto alice_key = agreement_public_key(KeyAgreement::x25519, alice);
  const auto bob_key = agreement_public_key(KeyAgreement::x25519, bob);
  ASSERT_TRUE(alice_key && bob_key);
  EXPECT_EQ(codec::to_hex(*alice_key),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(codec::to_hex(*bob_key),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(agreed(KeyAgreement::x25519, alice, *bob_key), shared);
  EXPECT_EQ(agreed(KeyAgreement::x25519, bob, *alice_key), shared);
}

TEST(X25519, PointsOfSmallOrderAreRefused) {
  for (const std::string_view point :
       {"0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    EXPECT_EQ(agree(KeyAgreement::x25519, Bytes(32, 7), hex(point)).error(), err::no_agreement);
  }
}

// ---- All

int peer_curve_of(KeyAgreement agreement) {
  return agreement == KeyAgreement::p256        ? NID_X9_62_prime256v1
         : agreement == KeyAgreement::secp256k1 ? NID_secp256k1
                                                : NID_sm2;
}

TEST(KeyAgreements, BothSidesFindTheSameAndOpensslToo) {
  for_each_curve_provider([](const internal::CurveProvider&) {
    testkit::SeededEntropy entropy;
    for (const KeyAgreementInfo& info : key_agreement_table()) {
      SCOPED_TRACE(info.name);
      EXPECT_EQ(find_key_agreement(info.name), &info);
      for (int i = 0; i < 5; ++i) {
        const SecretBytes mine = generate_agreement_key(info.agreement, entropy);
        const SecretBytes yours = generate_agreement_key(info.agreement, entropy);
        const auto my_key = agreement_public_key(info.agreement, mine.view());
        const auto your_key = agreement_public_key(info.agreement, yours.view());
        ASSERT_TRUE(my_key && your_key);
        EXPECT_EQ(my_key->size(), info.public_key_size);
        const std::string found = agreed(info.agreement, mine.view(), *your_key);
        EXPECT_EQ(agreed(info.agreement, yours.view(), *my_key), found);
        EXPECT_NE(agreed(info.agreement, mine.view(), *my_key), found);
        if (info.agreement == KeyAgreement::x25519) continue;
        const PeerCurve peer{peer_curve_of(info.agreement)};
        const PlainPoint point{internal::load_number(BytesView{*your_key}.first(32)),
                               internal::load_number(BytesView{*your_key}.last(32))};
        const auto common = peer.sum(Number{}, internal::load_number(mine.view()), point);
        ASSERT_TRUE(common);
        EXPECT_EQ(codec::to_hex(bytes_of(common->x)), found);
      }
    }
  });
  EXPECT_EQ(find_key_agreement("x448"), nullptr);
}

TEST(KeyAgreements, WhatIsNoSecretAndNoKeyHasANamedError) {
  for_each_curve_provider([](const internal::CurveProvider&) {
    for (const KeyAgreementInfo& info : key_agreement_table()) {
      SCOPED_TRACE(info.name);
      const Bytes secret(32, 5);
      const auto key = agreement_public_key(info.agreement, secret);
      ASSERT_TRUE(key);
      const auto refusal = [&](BytesView s, BytesView k) {
        return agree(info.agreement, s, k).error();
      };
      EXPECT_EQ(refusal(Bytes(31, 5), *key), err::bad_secret_key);
      EXPECT_EQ(refusal(secret, BytesView{*key}.first(key->size() - 1)), err::bad_length);
      EXPECT_EQ(agreement_public_key(info.agreement, Bytes(33, 5)).error(), err::bad_secret_key);
      if (info.agreement == KeyAgreement::x25519) continue;  // every number is a key there
      const Bytes order = bytes_of(PeerCurve{peer_curve_of(info.agreement)}.order());
      EXPECT_EQ(refusal(Bytes(32), *key), err::bad_secret_key);
      EXPECT_EQ(refusal(order, *key), err::bad_secret_key);
      EXPECT_EQ(agreement_public_key(info.agreement, order).error(), err::bad_secret_key);
      Bytes off = *key;
      off[63] ^= 1;
      EXPECT_EQ(refusal(secret, off), err::bad_public_key);
      EXPECT_EQ(refusal(secret, Bytes(64)), err::bad_public_key);
      EXPECT_EQ(refusal(secret, Bytes(64, 0xff)), err::bad_public_key);
      EXPECT_EQ(agree(info.agreement, secret,
                      *agreement_public_key(info.agreement == KeyAgreement::sm2 ? KeyAgreement::p256
                                                                                : KeyAgreement::sm2,
                                            secret))
                    .error(),
                err::bad_public_key);
    }
  });
}

TEST(KeyAgreements, EveryScalarBelowTheOrderHasItsKey) {
  for_each_curve_provider([](const internal::CurveProvider&) {
    for (const KeyAgreement agreement :
         {KeyAgreement::p256, KeyAgreement::secp256k1, KeyAgreement::sm2}) {
      const PeerCurve peer{peer_curve_of(agreement)};
      const Number order = peer.order();
      // The last one's digits make the last addition of the fixed tables a doubling.
      Number doubling{0, 0, 0, std::uint64_t{30} << 60};
      math::subtract_in_place(doubling, order);
      for (const Number& scalar :
           {Number{1}, Number{2}, less_than(order, 1), less_than(order, 2), doubling}) {
        const auto key = agreement_public_key(agreement, bytes_of(scalar));
        ASSERT_TRUE(key);
        EXPECT_EQ(*key, to_bytes(internal::store_point(*peer.multiple(scalar))));
      }
    }
  });
}

}  // namespace
}  // namespace wusong::crypto
