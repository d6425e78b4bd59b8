// SPDX-License-Identifier: Apache-2.0
// No branch and no address of signing depends on a secret: the kernels under memcheck. Valgrind
// knows no AVX-512, but the kernels are one source for all lanes, whose operations are single
// instructions there.
#include "wusong/crypto/internal/curve_parameters.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/crypto/sm2_encryption.hpp"
#include "wusong/testkit/memcheck.hpp"

namespace wusong::crypto {
namespace {

using internal::Number;

using internal::PlainPoint;

constexpr PlainPoint kSm2Base{internal::Sm2Curve::kX, internal::Sm2Curve::kY};
constexpr PlainPoint kP256Base{internal::P256Curve::kX, internal::P256Curve::kY};

Number secret(std::uint64_t seed) {
  Number out{seed * 0x9e3779b97f4a7c15, seed + 1, ~seed, seed << 40};
  VALGRIND_MAKE_MEM_UNDEFINED(&out, sizeof(out));
  return out;
}
template <typename T>
T published(T value) {
  VALGRIND_MAKE_MEM_DEFINED(&value, sizeof(value));
  return value;
}

TEST(MemcheckSubject, SigningRunsOnSecrets) {
  internal::for_each_curve_provider([](const internal::CurveProvider& provider) {
    for (const auto* const kernels : {&provider.sm2, &provider.p256}) {
      const PlainPoint base = kernels == &provider.sm2 ? kSm2Base : kP256Base;
      const Number nonces[] = {secret(1), secret(2), secret(3)};
      PlainPoint points[3];
      EXPECT_TRUE(published(kernels->multiply_base(nonces, points)));
      EXPECT_TRUE(published(kernels->are_on_curve(points)));
      const Number other = secret(4);
      const Number inverse = kernels->invert_scalar(other);
      std::vector<internal::SigningEquation> equations;
      for (std::size_t i = 0; i < 3; ++i)
        equations.push_back({nonces[i], Number{5}, points[i].x, inverse, other});
      internal::SignatureParts parts[3];
      kernels->sign(equations, parts);
      EXPECT_TRUE(published(parts[2]).is_usable);
      // By this secret P-256 is not signed: its other form is the opposite.
      EXPECT_EQ(published(kernels->are_signed(equations, parts)), kernels == &provider.sm2);

      PlainPoint product;
      EXPECT_EQ(published(kernels->multiply(secret(7), base, &base, product)),
                internal::Product::done);
      EXPECT_NE(published(kernels->multiply_scalars(secret(8), product.x)), Number{});
    }

    const Number scalars[] = {secret(5), secret(6)};
    PlainPoint points[2];
    EXPECT_TRUE(published(provider.ed25519.multiply_base(scalars, points)));
    EXPECT_TRUE(published(provider.ed25519.are_on_curve(points)));
  });
}

/// The product of the secret and the ciphertext's point is SigningRunsOnSecrets' part.
TEST(MemcheckSubject, DecryptionRunsOnASecretPoint) {
  const Bytes shared(64, 1);
  VALGRIND_MAKE_MEM_UNDEFINED(shared.data(), shared.size());
  const Bytes masked(700, 3);
  Bytes text(masked.size());
  EXPECT_FALSE(published(internal::sm2_unmask(shared, Hash{}.view(), masked, text)));
  VALGRIND_MAKE_MEM_DEFINED(text.data(), text.size());
  EXPECT_NE(text, masked);
}

/// What ought to be seen: verification is not meant for secrets.
TEST(MemcheckSubject, VerificationRunsOnASecret) {
  const internal::PeerCurve peer{NID_sm2};
  const internal::PointEquation equation{*peer.multiple(Number{7}), secret(1), Number{2},
                                         Number{3}};
  internal::Holds holds = internal::Holds::no;
  internal::kCurvesPlain.sm2.check({&equation, 1}, {&holds, 1});
  EXPECT_NE(published(holds), internal::Holds::bad_key);
}

TEST(ConstantTime, SigningDecidesNothingBySecrets) {
  if (!testkit::memcheck_can_run()) GTEST_SKIP() << "valgrind not found, or sanitizers are on";
  EXPECT_EQ(testkit::run_under_memcheck("SigningRunsOnSecrets"), 0);
}
TEST(ConstantTime, DecryptionDecidesNothingByTheSharedPointOrTheText) {
  if (!testkit::memcheck_can_run()) GTEST_SKIP() << "valgrind not found, or sanitizers are on";
  EXPECT_EQ(testkit::run_under_memcheck("DecryptionRunsOnASecretPoint"), 0);
}
TEST(ConstantTime, VerificationWithASecretWouldBeSeen) {
  if (!testkit::memcheck_can_run()) GTEST_SKIP() << "valgrind not found, or sanitizers are on";
  EXPECT_EQ(testkit::run_under_memcheck("VerificationRunsOnASecret"), testkit::kMemcheckSaw);
}

}  // namespace
}  // namespace wusong::crypto
