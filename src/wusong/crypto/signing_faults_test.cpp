// SPDX-License-Identifier: Apache-2.0
// A number that changes between two uses of it is seen before a signature leaves: a kernel that
// disturbs stands in for the disturbed machine.
#include <functional>
#include <vector>

#include "wusong/crypto/ed25519.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/sm2.hpp"

namespace wusong::crypto {
namespace {

using internal::CurveKernels;
using internal::CurveProvider;
using internal::Number;
using internal::PlainPoint;
using internal::SignatureParts;
using internal::SigningEquation;

constexpr std::size_t kCount = 11;
constexpr std::size_t kAt = 9;  // the one that is disturbed

/// What happens when, and what else the kernel is asked. Kernels are plain functions.
struct Disturbance {
  std::function<void(std::span<PlainPoint>)> after_multiply = [](auto) {};
  std::function<void(std::span<SigningEquation>)> before_sign = [](auto) {};
  std::function<void(std::span<SignatureParts>)> after_sign = [](auto) {};
};
Disturbance disturbance;
const CurveProvider* honest = nullptr;

template <CurveKernels CurveProvider::* kKernels>
CurveKernels disturbed(CurveKernels kernels) {
  kernels.multiply_base = [](std::span<const Number> k, std::span<PlainPoint> out) noexcept {
    const bool is_right = (honest->*kKernels).multiply_base(k, out);
    disturbance.after_multiply(out);
    return is_right;
  };
  kernels.sign = [](std::span<const SigningEquation> equations,
                    std::span<SignatureParts> out) noexcept {
    std::vector<SigningEquation> changed(equations.begin(), equations.end());
    disturbance.before_sign(changed);
    (honest->*kKernels).sign(changed, out);
    disturbance.after_sign(out);
  };
  return kernels;
}

/// Disturbs what `sign` does; whether it was seen, and nothing left.
bool is_seen(Disturbance by, const std::function<Result<void>()>& sign) {
  static CurveProvider provider;
  honest = &internal::curve_provider();
  provider = *honest;
  provider.sm2 = disturbed<&CurveProvider::sm2>(honest->sm2);
  provider.p256 = disturbed<&CurveProvider::p256>(honest->p256);
  provider.ed25519.multiply_base = [](std::span<const Number> k,
                                      std::span<PlainPoint> out) noexcept {
    const bool is_right = honest->ed25519.multiply_base(k, out);
    disturbance.after_multiply(out);
    return is_right;
  };
  disturbance = std::move(by);
  const CurveProvider* const before = honest;
  internal::force_curve_provider(&provider);
  const auto done = sign();
  internal::force_curve_provider(before);
  disturbance = {};
  return done == fail(err::miscalculation);
}

template <typename Secret, typename Request>
struct Batch {
  std::vector<Secret> secrets;
  std::vector<Request> requests;
  std::vector<std::array<std::uint8_t, 64>> signatures;

  Batch() : signatures(kCount) {
    secrets.reserve(kCount);
    for (std::uint8_t i = 1; i <= kCount; ++i) {
      secrets.push_back(*Secret::from(Bytes(32, i)));
      requests.push_back({&secrets.back(), {}});
      requests.back().digest.bytes[5] = i;
    }
  }
};

template <typename Secret, typename Request, typename Sign>
void every_change_is_seen(Sign sign) {
  internal::for_each_curve_provider([&](const CurveProvider&) {
    Batch<Secret, Request> batch;
    const auto run = [&] { return sign(batch.requests, batch.signatures); };
    EXPECT_FALSE(is_seen({}, run));
    EXPECT_TRUE(is_seen({.after_multiply = [](auto points) { points[kAt].x[1] ^= 8; }}, run));
    EXPECT_TRUE(is_seen({.after_multiply = [](auto points) { points[kAt].y[1] ^= 8; }}, run));
    // Another message, once the nonce is drawn: two signatures by one nonce would tell the secret.
    EXPECT_TRUE(
        is_seen({.after_multiply = [&](auto) { batch.requests[kAt].digest.bytes[7] ^= 1; }}, run));
    EXPECT_TRUE(
        is_seen({.after_sign = [&](auto) { batch.requests[kAt].digest.bytes[7] ^= 1; }}, run));
    for (Number SigningEquation::* const number :
         {&SigningEquation::nonce, &SigningEquation::digest, &SigningEquation::x,
          &SigningEquation::secret}) {
      EXPECT_TRUE(
          is_seen({.before_sign = [&](auto equations) { (equations[kAt].*number)[0] ^= 2; }}, run));
    }
    EXPECT_TRUE(is_seen({.after_sign = [](auto parts) { parts[kAt].r[2] ^= 4; }}, run));
    EXPECT_TRUE(is_seen({.after_sign = [](auto parts) { parts[kAt].s[2] ^= 4; }}, run));
    for (const auto& each : batch.signatures) EXPECT_EQ(each, (std::array<std::uint8_t, 64>{}));
    EXPECT_TRUE(run());
  });
}
TEST(SigningFaults, OfSm2AreSeen) {
  every_change_is_seen<Sm2Secret, Sm2SignRequest>(
      [](const auto& requests, auto& out) { return sm2_sign(requests, out); });
}
TEST(SigningFaults, OfP256AreSeen) {
  every_change_is_seen<P256Secret, P256SignRequest>(
      [](const auto& requests, auto& out) { return p256_sign(requests, out); });
}

/// Flips a bit of each byte that a secret holds: it is seen, or has no say in the signature, which
/// then verifies.
template <typename Secret, typename Sign, typename Verify>
void a_damaged_secret_signs_nothing_wrong(Sign sign, Verify verify) {
  Secret secret = *Secret::from(Bytes(32, 3));
  const auto key = secret.public_key();
  auto* const memory = reinterpret_cast<std::uint8_t*>(&secret);
  std::size_t seen = 0;
  for (std::size_t at = 0; at < sizeof(Secret); ++at) {
    memory[at] ^= 16;
    std::array<std::uint8_t, 64> signature;
    const auto done = sign(secret, signature);
    memory[at] ^= 16;
    seen += done ? 0 : 1;
    EXPECT_TRUE(done == fail(err::miscalculation) || verify(key, signature)) << at;
  }
  EXPECT_GE(seen, 64u);
}
TEST(SigningFaults, OfASecretForGoodAreSeenWhereTheyMatter) {
  const Hash digest{};
  const Bytes message(50, 1);
  a_damaged_secret_signs_nothing_wrong<Sm2Secret>(
      [&](const Sm2Secret& secret, Sm2Signature& out) {
        const Sm2SignRequest request{&secret, digest};
        return sm2_sign({&request, 1}, {&out, 1});
      },
      [&](const Sm2PublicKey& key, const Sm2Signature& signature) {
        return sm2_verify({key, digest, signature}).has_value();
      });
  a_damaged_secret_signs_nothing_wrong<P256Secret>(
      [&](const P256Secret& secret, PointBytes& out) {
        const P256SignRequest request{&secret, digest};
        return p256_sign({&request, 1}, {&out, 1});
      },
      [&](const PointBytes& key, const PointBytes& signature) {
        return p256_verify(digest, key, signature).has_value();
      });
  a_damaged_secret_signs_nothing_wrong<Ed25519Secret>(
      [&](const Ed25519Secret& secret, Ed25519Signature& out) {
        const Ed25519SignRequest request{&secret, message};
        return ed25519_sign({&request, 1}, {&out, 1});
      },
      [&](const Ed25519PublicKey& key, const Ed25519Signature& signature) {
        const Ed25519VerifyRequest request{key, message, signature};
        Result<void> verdict;
        ed25519_verify({&request, 1}, {&verdict, 1});
        return verdict.has_value();
      });
}

TEST(SigningFaults, OfEd25519AreSeen) {
  internal::for_each_curve_provider([](const CurveProvider&) {
    std::vector<Ed25519Secret> secrets;
    std::vector<Bytes> messages(kCount, Bytes(40, 7));
    std::vector<Ed25519SignRequest> requests;
    secrets.reserve(kCount);
    for (std::uint8_t i = 0; i < kCount; ++i) {
      secrets.push_back(*Ed25519Secret::from(Bytes(32, i)));
      requests.push_back({&secrets.back(), messages[i]});
    }
    std::vector<Ed25519Signature> signatures(kCount);
    const auto run = [&] { return ed25519_sign(requests, signatures); };
    EXPECT_FALSE(is_seen({}, run));
    EXPECT_TRUE(is_seen({.after_multiply = [](auto points) { points[kAt].x[0] ^= 1; }}, run));
    EXPECT_TRUE(is_seen({.after_multiply = [](auto points) { points[kAt].y[1] ^= 8; }}, run));
    EXPECT_TRUE(is_seen({.after_multiply = [&](auto) { messages[kAt][3] ^= 1; }}, run));
    for (const auto& each : signatures) EXPECT_EQ(each, Ed25519Signature{});
    EXPECT_TRUE(run());
  });
}

}  // namespace
}  // namespace wusong::crypto
