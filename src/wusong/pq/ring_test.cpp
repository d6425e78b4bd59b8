// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "wusong/base/processor.hpp"
#include "wusong/pq/internal/ml_dsa_parts.hpp"
#include "wusong/pq/internal/ml_kem_parts.hpp"
#include "wusong/pq/internal/ring_lanes.hpp"

namespace wusong::pq::internal {
namespace {

/// Numbers that repeat from run to run, spread over 64 bits.
class Numbers {
 public:
  std::uint64_t next() noexcept {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ ^ (state_ >> 29);
  }
  template <typename Word>
  Polynomial<Word> below(std::int64_t modulus) noexcept {
    Polynomial<Word> f;
    for (Word& word : f.at)
      word = static_cast<Word>(
          static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(2 * modulus - 1)) -
          (modulus - 1));
    return f;
  }

 private:
  std::uint64_t state_ = 1;
};

template <typename Ring>
const RingKernels<typename Ring::Word>& kernels_of(const Provider& provider) {
  if constexpr (std::is_same_v<Ring, MlDsaRing>) {
    return provider.ml_dsa;
  } else {
    return provider.ml_kem;
  }
}
template <typename Word>
bool equal(const Polynomial<Word>& a, const Polynomial<Word>& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

template <typename Ring>
class RingOf : public testing::Test {};
using Rings = testing::Types<MlDsaRing, MlKemRing>;
TYPED_TEST_SUITE(RingOf, Rings);

TYPED_TEST(RingOf, ProductsAreThoseOfTheSchoolMethod) {
  using Ring = TypeParam;
  using Word = typename Ring::Word;
  Numbers numbers;
  for (const auto& provider : providers()) {
    const auto& ring = kernels_of<Ring>(provider);
    auto a = numbers.below<Word>(Ring::kModulus);
    auto b = numbers.below<Word>(Ring::kModulus);
    std::int64_t expected[kDegree]{};
    for (std::size_t i = 0; i < kDegree; ++i)
      for (std::size_t j = 0; j < kDegree; ++j) {
        const std::int64_t product = std::int64_t{a.at[i]} * b.at[j] % Ring::kModulus;
        expected[(i + j) % kDegree] += i + j < kDegree ? product : -product;
      }
    ring.ntt(a);
    ring.ntt(b);
    for (Word& word : a.at) word = static_cast<Word>(centred(word, Ring::kModulus));
    Polynomial<Word> product;
    ring.dot(product, &a, &b, 1);
    ring.inverse_ntt(product);
    for (std::size_t i = 0; i < kDegree; ++i)
      ASSERT_EQ(centred(product.at[i], Ring::kModulus), centred(expected[i], Ring::kModulus))
          << provider.name << " coefficient " << i;
  }
}

TYPED_TEST(RingOf, EveryProviderGivesTheSameWordsAlsoAtTheBounds) {
  using Ring = TypeParam;
  using Word = typename Ring::Word;
  constexpr Word kTop = Ring::kModulus - 1;
  constexpr std::size_t kCountMax = std::is_same_v<Ring, MlDsaRing> ? 7 : 4;
  Numbers numbers;
  for (int round = 0; round < 60; ++round) {
    std::array<Polynomial<Word>, kCountMax> a;
    std::array<Polynomial<Word>, kCountMax> b;
    for (std::size_t k = 0; k < kCountMax; ++k) {
      a[k] = numbers.below<Word>(Ring::kModulus);
      b[k] = numbers.below<Word>(Ring::kModulus);
      if (round < 2)
        for (std::size_t i = 0; i < kDegree; ++i)
          a[k].at[i] = b[k].at[i] = static_cast<Word>(round == 0 ? kTop : -kTop);
    }
    const auto& plain = kernels_of<Ring>(providers().back());
    auto transformed = b;
    for (auto& f : transformed) plain.ntt(f);
    Polynomial<Word> product;
    plain.dot(product, a.data(), transformed.data(), kCountMax);
    Polynomial<Word> back = product;
    plain.inverse_ntt(back);
    Polynomial<Word> extreme = a[0];
    plain.inverse_ntt(extreme);
    for (const auto& provider : providers()) {
      const auto& ring = kernels_of<Ring>(provider);
      for (std::size_t k = 0; k < kCountMax; ++k) {
        Polynomial<Word> f = b[k];
        ring.ntt(f);
        ASSERT_TRUE(equal(f, transformed[k])) << provider.name;
      }
      Polynomial<Word> f;
      ring.dot(f, a.data(), transformed.data(), kCountMax);
      ASSERT_TRUE(equal(f, product)) << provider.name;
      ring.inverse_ntt(f);
      ASSERT_TRUE(equal(f, back)) << provider.name;
      f = a[0];
      ring.inverse_ntt(f);
      ASSERT_TRUE(equal(f, extreme)) << provider.name;
    }
  }
}

TYPED_TEST(RingOf, EveryProviderSamplesTheSame) {
  using Ring = TypeParam;
  using Word = typename Ring::Word;
  Numbers numbers;
  for (int round = 0; round < 200; ++round) {
    std::uint8_t bytes[840 + 32];
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(numbers.next());
    // Every eighth time nearly all is rejected, so that the polynomial is not full.
    if (round % 8 == 7)
      for (std::size_t i = 0; i < sizeof(bytes); ++i)
        if (bytes[i] % 5 != 0) bytes[i] = 0xff;
    const std::size_t size = round % 2 == 0 ? 840 : 168;
    const std::size_t start = static_cast<std::size_t>(round * 7 % 250);
    Polynomial<Word> expected{};
    const std::size_t have =
        kernels_of<Ring>(providers().back()).sample(expected, start, bytes, size);
    for (const auto& provider : providers()) {
      Polynomial<Word> f{};
      ASSERT_EQ(kernels_of<Ring>(provider).sample(f, start, bytes, size), have) << provider.name;
      ASSERT_TRUE(std::equal(f.at, f.at + have, expected.at)) << provider.name;
    }
  }
}

TEST(MlDsaSampling, EveryProviderTakesTheSameSmallNumbers) {
  Numbers numbers;
  for (int round = 0; round < 200; ++round) {
    std::uint8_t bytes[272 + 32];
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(numbers.next());
    if (round % 8 == 7)
      for (std::size_t i = 0; i < sizeof(bytes); ++i)
        if (bytes[i] % 5 != 0) bytes[i] = 0xff;
    const std::size_t size = round % 2 == 0 ? 272 : 136;
    const std::size_t start = static_cast<std::size_t>(round * 7 % 257);
    for (const std::int32_t eta : {2, 4}) {
      // As the standard has it: CoeffFromHalfByte of each half, the lower first.
      std::vector<std::int32_t> expected;
      for (std::size_t i = 0; i < 2 * size && start + expected.size() < kDegree; ++i) {
        const int half = i % 2 == 0 ? bytes[i / 2] % 16 : bytes[i / 2] / 16;
        if (eta == 2 && half < 15) expected.push_back(2 - half % 5);
        if (eta == 4 && half < 9) expected.push_back(4 - half);
      }
      for (const auto& provider : providers()) {
        Poly32 f{};
        const std::size_t have = provider.sample_bounded(f, eta, start, bytes, size);
        ASSERT_EQ(have, start + expected.size()) << provider.name;
        ASSERT_TRUE(std::equal(expected.begin(), expected.end(), f.at + start)) << provider.name;
      }
    }
  }
}

TEST(MlDsaRounding, DecompositionIsTheStandardsForEveryNumber) {
  for (const std::int32_t gamma2 : {(kQ - 1) / 88, (kQ - 1) / 32}) {
    for (std::int32_t r = 0; r < kQ; ++r) {
      std::int32_t low = r % (2 * gamma2);
      if (low > gamma2) low -= 2 * gamma2;
      std::int32_t high = (r - low) / (2 * gamma2);
      if (r - low == kQ - 1) {
        high = 0;
        --low;
      }
      const auto [ours_high, ours_low] = decompose(r, gamma2);
      ASSERT_TRUE(ours_high == high && ours_low == low) << r;
    }
  }
}

TEST(MlDsaRounding, HintsLeadToTheNextHighPart) {
  for (const std::int32_t gamma2 : {(kQ - 1) / 88, (kQ - 1) / 32}) {
    const std::int32_t count = (kQ - 1) / (2 * gamma2);
    for (std::int32_t start = 0; start < kQ; start += 4999 * static_cast<std::int32_t>(kDegree)) {
      Poly32 r;
      Poly32 hints;
      for (std::size_t j = 0; j < kDegree; ++j) {
        r.at[j] = (start + 4999 * static_cast<std::int32_t>(j)) % kQ;
        hints.at[j] = j % 3 == 0 ? 1 : 0;
      }
      Poly32 high = r;
      use_hints(high, hints, gamma2);
      for (std::size_t j = 0; j < kDegree; ++j) {
        const Split split = decompose(r.at[j], gamma2);
        const std::int32_t step = split.low > 0 ? 1 : count - 1;
        ASSERT_EQ(high.at[j], (split.high + hints.at[j] * step) % count) << r.at[j];
      }
    }
  }
}

TEST(MlDsaRounding, Power2RoundIsTheStandardsForEveryNumber) {
  for (std::int32_t r = 0; r < kQ; ++r) {
    const auto [high, low] = power2_round(r);
    ASSERT_TRUE(high * (1 << kDroppedBits) + low == r && low > -(1 << 12) && low <= 1 << 12) << r;
  }
}

TEST(MlKemRounding, CompressionIsTheStandardsForEveryNumber) {
  for (const unsigned bits : {1u, 4u, 5u, 10u, 11u}) {
    for (std::uint32_t x = 0; x < 3329; ++x) {
      ASSERT_EQ(compress(x, bits), ((2 * (x << bits) + 3329) / (2 * 3329)) % (1u << bits)) << x;
    }
    for (std::uint32_t y = 0; y < 1u << bits; ++y) {
      ASSERT_EQ(decompress(y, bits), (2 * 3329 * y + (1u << bits)) / (2u << bits)) << y;
      ASSERT_EQ(compress(decompress(y, bits), bits), y);
    }
  }
}

TEST(MlKemRounding, EveryWordHasItsRemainder) {
  for (int a = -32768; a < 32768; ++a)
    ASSERT_EQ(canonical(static_cast<std::int16_t>(a)), ((a % 3329) + 3329) % 3329) << a;
}

TEST(Providers, WithoutExtensionsThePortableOneIsTheFastest) {
  EXPECT_TRUE(may_use_extensions() || std::string_view{fastest_provider().name} == "portable");
}

}  // namespace
}  // namespace wusong::pq::internal
