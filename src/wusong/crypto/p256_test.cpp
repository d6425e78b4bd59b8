// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/p256.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_parameters.hpp"
#include "wusong/crypto/internal/rfc6979.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

Bytes hex(std::string_view text) {
  return codec::from_hex(text).value_or(Bytes{});
}

/// Counts up, so that a test gives the same keys each time.
class Counter final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_{1};
};

/// @source RFC 6979, A.2.5: P-256 with SHA-256
constexpr std::string_view kSecret =
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

TEST(P256, KeyAndSignaturesAreThoseOfRfc6979) {
  const auto key = p256_public_key(hex(kSecret));
  ASSERT_TRUE(key);
  EXPECT_EQ(codec::to_hex(*key),
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const auto sample = p256_sign(hash::sha256(as_bytes("sample")), hex(kSecret));
  ASSERT_TRUE(sample);
  EXPECT_EQ(codec::to_hex(*sample),
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  const auto test = p256_sign(hash::sha256(as_bytes("test")), hex(kSecret));
  ASSERT_TRUE(test);
  EXPECT_EQ(codec::to_hex(*test),
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083");
}

TEST(P256, ASignatureHoldsForItsMessageAndKeyOnly) {
  Counter entropy;
  const auto secret = p256_generate(entropy);
  const auto other = p256_generate(entropy);
  const auto key = p256_public_key(secret.view()).value_or(PointBytes{});
  const auto digest = hash::sha256(as_bytes("message"));
  auto signature = p256_sign(digest, secret.view()).value_or(PointBytes{});
  EXPECT_TRUE(p256_verify(digest, key, signature));
  EXPECT_FALSE(p256_verify(hash::sha256(as_bytes("messagf")), key, signature));
  EXPECT_FALSE(
      p256_verify(digest, p256_public_key(other.view()).value_or(PointBytes{}), signature));
  EXPECT_FALSE(p256_verify(digest, BytesView{key}.first(63), signature));
  signature[40] = static_cast<std::uint8_t>(signature[40] ^ 1);
  EXPECT_FALSE(p256_verify(digest, key, signature));
}

TEST(P256, ScalarsOutsideTheOrderAreRefused) {
  const Bytes zero(32);
  const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  EXPECT_FALSE(p256_public_key(zero));
  EXPECT_FALSE(p256_public_key(order));
  EXPECT_FALSE(p256_sign(Hash{}, order));
  EXPECT_FALSE(p256_public_key(Bytes(31, 1)));
}

// ---- Many at once

struct Case {
  std::vector<P256Secret> secrets;
  std::vector<P256SignRequest> requests;
  std::vector<PointBytes> signatures;

  explicit Case(std::size_t count) : signatures(count) {
    for (std::uint8_t i = 1; i <= 5; ++i) secrets.push_back(*P256Secret::from(Bytes(32, i)));
    for (std::size_t i = 0; i < count; ++i)
      requests.push_back({&secrets[i % 5], hash::sha256(Bytes(i / 2, 1))});
    requests[0].digest.bytes.fill(0xff);  // above the order
    EXPECT_TRUE(p256_sign(requests, signatures));
  }
  P256VerifyRequest check(std::size_t i) const {
    return {requests[i].secret->public_key(), requests[i].digest, signatures[i]};
  }
};

using PKeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using PKeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;

/// The verdict of libcrypto's own ECDSA.
bool peer_verifies(const P256VerifyRequest& request) {
  Bytes point{4};
  append(point, request.public_key);
  char group[] = "P-256";
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  const PKeyCtxPtr maker{EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)};
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params)) !=
          1)
    return false;
  const PKeyPtr key{made};
  const std::unique_ptr<ECDSA_SIG, Release<ECDSA_SIG_free>> signature{ECDSA_SIG_new()};
  ECDSA_SIG_set0(signature.get(), internal::make_bn(request.signature.first(32)).release(),
                 internal::make_bn(request.signature.last(32)).release());
  std::array<std::uint8_t, 80> der;
  std::uint8_t* end = der.data();
  const int size = i2d_ECDSA_SIG(signature.get(), &end);
  const PKeyCtxPtr verifier{EVP_PKEY_CTX_new(key.get(), nullptr)};
  return EVP_PKEY_verify_init(verifier.get()) == 1 &&
         EVP_PKEY_verify(verifier.get(), der.data(), static_cast<std::size_t>(size),
                         request.digest.data(), Hash::kSize) == 1;
}

TEST(P256Signatures, AreTheSameOneByOneAndTogetherAndOpensslTakesThem) {
  std::vector<PointBytes> expected;
  internal::for_each_curve_provider([&](const internal::CurveProvider&) {
    const Case made{40};
    if (expected.empty()) expected = made.signatures;
    EXPECT_EQ(made.signatures, expected);
    for (std::size_t i = 0; i < 6; ++i) {
      PointBytes alone;
      ASSERT_TRUE(p256_sign(std::span{made.requests}.subspan(i, 1), {&alone, 1}));
      EXPECT_EQ(alone, made.signatures[i]);
    }
    for (std::size_t i = 0; i < 40; ++i) EXPECT_TRUE(peer_verifies(made.check(i)));
  });
}

TEST(P256Signatures, VerifyTogetherExactlyWhatOpensslTakes) {
  internal::for_each_way_to_verify([] {
    Case made{37};
    for (std::size_t i = 3; i < 37; i += 3)
      made.signatures[i][i % 64] ^= static_cast<std::uint8_t>(1 << (i % 8));
    std::vector<P256VerifyRequest> checks;
    for (std::size_t i = 0; i < 37; ++i) checks.push_back(made.check(i));
    std::vector<Result<void>> out(checks.size());
    p256_verify(checks, out);
    for (std::size_t i = 0; i < 37; ++i) {
      EXPECT_EQ(out[i].has_value(), peer_verifies(checks[i])) << i;
      EXPECT_EQ(p256_verify(checks[i].digest, checks[i].public_key, checks[i].signature), out[i]);
    }
  });
}

/// e + r d = 0, so that the sum of the points is neutral, and e = r d, so that it is a doubling.
TEST(P256Signatures, PointsThatCancelOrAreEqualAreNoSignature) {
  constexpr std::uint64_t kR = 5;
  Bytes seven(32);
  seven.back() = 7;
  const auto secret = P256Secret::from(seven);
  ASSERT_TRUE(secret);
  PointBytes signature{};
  signature[31] = kR;
  signature[63] = 3;
  Hash doubling{};
  doubling.bytes[31] = 7 * kR;
  Hash neutral;
  math::store_be_limbs(internal::less_than(internal::P256Curve::Order::kModulus, 7 * kR),
                       neutral.bytes.data());
  internal::for_each_way_to_verify([&] {
    for (const Hash& digest : {doubling, neutral})
      EXPECT_EQ(p256_verify(digest, secret->public_key(), signature), fail(err::bad_signature));
  });
}

TEST(P256Signatures, VerdictsLeaveNothingInLibcryptosQueueOfErrors) {
  ERR_clear_error();  // of other tests
  EXPECT_EQ(p256_verify(Hash{}, Bytes(64, 1), Bytes(64, 1)), fail(err::bad_public_key));
  EXPECT_FALSE(point_on_curve(Curve::p256, Bytes(64, 1)));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(P256Signatures, AHedgeChangesThemAndTheyVerify) {
  const Case made{3};
  std::vector<PointBytes> hedged(3);
  ASSERT_TRUE(p256_sign(made.requests, hedged, hash::sha256({})));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NE(hedged[i], made.signatures[i]);
    auto check = made.check(i);
    check.signature = hedged[i];
    EXPECT_TRUE(peer_verifies(check));
  }
}

TEST(P256Signatures, WhatIsNoKeyOrNoSignatureHasANamedError) {
  internal::for_each_way_to_verify([] {
    const Case made{1};
    const auto verdict = [&](BytesView key, BytesView signature) {
      return p256_verify(made.requests[0].digest, key, signature);
    };
    const Bytes key = to_bytes(made.secrets[0].public_key());
    const PointBytes& good = made.signatures[0];
    EXPECT_TRUE(verdict(key, good));
    EXPECT_EQ(verdict(key, BytesView{good}.first(63)), fail(err::bad_length));
    EXPECT_EQ(verdict(Bytes(65, 4), good), fail(err::bad_length));
    EXPECT_EQ(verdict(Bytes(64), good), fail(err::bad_public_key));
    EXPECT_EQ(verdict(Bytes(64, 0xff), good), fail(err::bad_public_key));
    const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    for (const std::size_t half : {0u, 32u}) {
      for (const Bytes& number : {Bytes(32), order, Bytes(32, 0xff)}) {
        PointBytes bad = good;
        std::ranges::copy(number, bad.begin() + static_cast<std::ptrdiff_t>(half));
        EXPECT_EQ(verdict(key, bad), fail(err::bad_signature));
      }
    }
  });
}

TEST(P256Scalars, AWrongNumberOfEitherFormOfTheSecretIsSeen) {
  using internal::SigningEquation;
  internal::for_each_curve_provider([&](const internal::CurveProvider& provider) {
    const internal::Number order = internal::P256Curve::Order::kModulus;
    const internal::Number zero_sum = internal::less_than(order, 7 * 1234);  // e + r d = 0
    std::vector<SigningEquation> equations(
        11, {{5}, {6}, {7}, {1234}, internal::less_than(order, 1234)});
    equations[3].x = order;          // r = 0
    equations[4].digest = zero_sum;  // s = 0
    std::vector<internal::SignatureParts> parts(equations.size());
    const auto are_signed = [&] { return provider.p256.are_signed(equations, parts); };
    provider.p256.sign(equations, parts);
    EXPECT_TRUE(are_signed());
    for (std::size_t i = 0; i < parts.size(); ++i)
      EXPECT_EQ(parts[i].is_usable, i != 3 && i != 4) << i;
    for (internal::Number SigningEquation::* const number :
         {&SigningEquation::nonce, &SigningEquation::digest, &SigningEquation::x,
          &SigningEquation::check}) {
      (equations[9].*number)[0] ^= 2;
      EXPECT_FALSE(are_signed());
      (equations[9].*number)[0] ^= 2;
    }
    equations[9].secret[2] ^= 1 << 20;
    provider.p256.sign(equations, parts);
    EXPECT_FALSE(are_signed());
  });
}

/// @source RFC 6979, A.2.5; the second candidate by the loop of section 3.2, h
TEST(P256Signatures, ALaterRoundHasAnotherNonce) {
  const Hash digest = hash::sha256(as_bytes("sample"));
  const auto candidate = [&](std::uint8_t round) {
    const internal::Rfc6979::Seed seed{Hash::from(hex(kSecret)), digest};
    return internal::Rfc6979{{&seed, 1}, {}}.candidates(round).front();
  };
  EXPECT_EQ(codec::to_hex(candidate(0)),
            "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60");
  EXPECT_NE(candidate(1), candidate(0));
  EXPECT_NE(candidate(2), candidate(1));
}

TEST(P256Signatures, NoncesOfManyAreThoseOfEach) {
  using internal::Rfc6979;
  std::vector<Rfc6979::Seed> seeds(40);
  for (std::uint8_t i = 0; i < seeds.size(); ++i) {
    seeds[i].secret.bytes[31] = static_cast<std::uint8_t>(i / 2 + 1);
    seeds[i].digest.bytes[0] = i;
  }
  Hash hedge;
  for (const std::uint8_t round : {std::uint8_t{0}, std::uint8_t{2}}) {
    Rfc6979 all{seeds, hedge};
    const auto candidates = all.candidates(round);
    for (std::size_t i = 0; i < seeds.size(); ++i)
      EXPECT_EQ(candidates[i], (Rfc6979{{&seeds[i], 1}, hedge}.candidates(round).front())) << i;
    hedge.bytes[5] = 1;
  }
}

TEST(P256Secrets, AreOverwrittenWhenTheirOwnerGoes) {
  alignas(P256Secret) std::array<std::uint8_t, sizeof(P256Secret)> memory{};
  auto made = P256Secret::from(Bytes(32, 3));
  ASSERT_TRUE(made);
  auto* const secret = new (memory.data()) P256Secret{std::move(*made)};
  const auto count = [&memory] {
    return std::ranges::count_if(memory, [](std::uint8_t byte) { return byte != 0; });
  };
  EXPECT_GT(count(), 100);
  secret->~P256Secret();
  EXPECT_LE(count(), 64);  // only the public key is left
}

TEST(Points, TheShortFormGivesThePointBackOnEveryCurve) {
  Counter entropy;
  for (const auto& [curve, scheme] :
       {std::pair{Curve::secp256k1, Scheme::secp256k1}, std::pair{Curve::sm2, Scheme::sm2}}) {
    for (int i = 0; i < 8; ++i) {
      const auto signer = make_signer(scheme, generate_secret_key(scheme, entropy));
      ASSERT_TRUE(signer);
      const auto point = decompress_point(curve, compress_point((*signer)->public_key()));
      ASSERT_TRUE(point);
      EXPECT_TRUE(std::ranges::equal(*point, (*signer)->public_key()));
      EXPECT_TRUE(point_on_curve(curve, *point));
      EXPECT_FALSE(point_on_curve(Curve::p256, *point));
    }
  }
}

TEST(Points, WhatIsNoPointIsRefused) {
  const Bytes above(33, 0xff);
  EXPECT_FALSE(decompress_point(Curve::p256, above));
  Bytes tagged(33, 0);
  tagged[0] = 4;
  EXPECT_FALSE(decompress_point(Curve::p256, tagged));
  EXPECT_FALSE(decompress_point(Curve::p256, Bytes(32)));
  // x = 5 has no y on secp256k1.
  Bytes five(33, 0);
  five[0] = 2;
  five[32] = 5;
  EXPECT_FALSE(decompress_point(Curve::secp256k1, five));
}

}  // namespace
}  // namespace wusong::crypto
