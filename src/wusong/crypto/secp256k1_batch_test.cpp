// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/internal/secp256k1_batch.hpp"

#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/secp256k1.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

U256 number(std::string_view text) {
  const auto bytes = codec::from_hex(text);
  EXPECT_TRUE(bytes.has_value()) << text;
  return from_be_bytes(*bytes);
}

const U256 kOrder = number("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
const U256 kPrime = number("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
const U256 kLambda = number("5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72");

/// Numbers modulo the group's order, for tests alone.
struct Scalar {
  U256 value;

  friend Scalar operator+(const Scalar& a, const Scalar& b) {
    return {add_mod(a.value, b.value, kOrder)};
  }
  friend Scalar operator-(const Scalar& a) {
    return {a.value.is_zero() ? U256{} : kOrder - a.value};
  }
  friend Scalar operator-(const Scalar& a, const Scalar& b) { return a + -b; }
  friend Scalar operator*(const Scalar& a, const Scalar& b) {
    return {mul_mod(a.value, b.value, kOrder)};
  }
  Scalar inverse() const {
    Scalar out{U256{1}};
    const U256 exponent = kOrder - U256{2};
    for (unsigned i = 256; i-- > 0;) {
      out = out * out;
      if (((exponent >> i) & U256{1}).is_zero()) continue;
      out = out * *this;
    }
    return out;
  }
};

class Source {
 public:
  explicit Source(std::uint64_t seed) : generator_{seed} {}
  std::uint64_t word() { return generator_(); }
  U256 any() { return {word(), word(), word(), word()}; }
  Scalar scalar() { return {any() % kOrder}; }

 private:
  std::mt19937_64 generator_;
};

/// Every provider of this machine answers as ecdsa_recover does, whose answers are returned.
std::vector<Result<Address>> check(std::span<const RecoveryRequest> requests) {
  std::vector<Result<Address>> expected;
  for (const auto& request : requests)
    expected.push_back(ecdsa_recover(request.digest, request.signature));
  for (const auto& provider : internal::recovery_providers()) {
    if (!provider.is_supported()) continue;
    std::vector<Result<Address>> answers(requests.size(), Address{});
    provider.recover(requests, answers);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const auto& [digest, signature] = requests[i];
      EXPECT_EQ(answers[i], expected[i])
          << provider.name << " " << i << " z " << codec::to_hex(digest) << " r "
          << codec::to_hex(to_hash(signature.r)) << " s " << codec::to_hex(to_hash(signature.s))
          << " parity " << int{signature.y_parity};
    }
  }
  EXPECT_EQ(ecdsa_recover_batch(requests), expected);
  return expected;
}

/// The request whose key is g G + p R with R = t G; p and t are not zero.
RecoveryRequest request_for(const Scalar& g, const Scalar& p, const Scalar& t) {
  const auto point = internal::secp256k1_public_key(to_hash(t.value));
  EXPECT_TRUE(point.has_value());
  const Scalar r{load_be(point->data())};
  EXPECT_LT(r.value, kOrder);
  return {to_hash((-(g * r)).value),
          {r.value, (p * r).value, static_cast<std::uint8_t>((*point)[63] & 1)}};
}

U256 widened(const math::Limbs<3>& a) {
  return {a[0], a[1], a[2], a[2] >> 63 != 0 ? ~std::uint64_t{0} : 0};
}
Scalar to_scalar(const U256& a) {
  return is_negative(a) ? -Scalar{negate(a)} : Scalar{a};
}

TEST(RecoverBatch, AnswersEachRequestOfAnyNumberInItsPlace) {
  Source source{1};
  std::vector<RecoveryRequest> all;
  for (int i = 0; i < 150; ++i) {
    const Hash digest = to_hash(source.any());
    all.push_back({digest, *ecdsa_sign(digest, to_hash(source.scalar().value))});
    if (i % 7 == 3) all.back().signature.s = U256{};
  }
  for (std::size_t size = 0; size <= 40; ++size) check(std::span{all}.first(size));
  for (const std::size_t size : {63u, 64u, 65u, 66u, 127u, 129u, 150u})
    check(std::span{all}.last(size));
}

TEST(RecoverBatch, ProvidersAgreeOnRandomSignatures) {
  Source source{2};
  std::vector<RecoveryRequest> requests(20'000);
  for (auto& [digest, signature] : requests) {
    digest = to_hash(source.any());
    signature = {source.any(), source.any(), static_cast<std::uint8_t>(source.word() & 1)};
  }
  const auto answers = check(requests);
  const auto found = std::ranges::count_if(answers, [](const auto& a) { return a.has_value(); });
  EXPECT_GT(found, 9'500) << "half of all x are on the curve";
  EXPECT_LT(found, 10'500);
}

TEST(RecoverBatch, ProvidersAgreeAtTheEdgesOfEveryRange) {
  const U256 generator_x =
      number("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
  const U256 limbs = number("00000fffffffffffff0000000000000fffffffffffff00000000000000000001");
  const U256 one{1};
  std::vector<U256> xs{0,
                       generator_x,
                       kOrder - one,
                       kOrder,
                       kOrder + one,
                       kPrime - kOrder - one,  // r + n is an x too, which y_parity 2 would mean
                       kPrime - kOrder,
                       kPrime - one,
                       kPrime,
                       ~U256{},
                       limbs,
                       kOrder >> 1,
                       (one << 208) - one,
                       one << 255};
  for (std::uint64_t i = 1; i < 12; ++i) xs.emplace_back(i);
  const std::vector<U256> ss{
      0,           1,     2,           kOrder - one, kOrder,      kLambda, kOrder - kLambda,
      kOrder >> 1, limbs, generator_x, ~U256{},      kOrder + one};
  const std::vector<U256> zs{0,           1,       kOrder - one, kOrder, kOrder + one,
                             generator_x, ~U256{}, kLambda,      limbs};
  std::vector<RecoveryRequest> requests;
  for (const U256& r : xs) {
    for (const U256& s : ss) {
      for (const U256& z : zs) {
        for (const std::uint8_t parity : {std::uint8_t{0}, std::uint8_t{1}})
          requests.push_back({to_hash(z), {r, s, parity}});
      }
      requests.push_back({to_hash(one), {r, s, 2}});
      requests.push_back({to_hash(one), {r, s, 255}});
    }
  }
  check(requests);
}

TEST(RecoverBatch, ProvidersAgreeWhereRAndTheKeyAreSmallMultiplesOfTheGenerator) {
  std::vector<Scalar> smalls;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    for (const Scalar& unit :
         {Scalar{U256{1}}, Scalar{kLambda}, Scalar{kLambda} * Scalar{kLambda}}) {
      smalls.push_back(Scalar{U256{i}} * unit);
      smalls.push_back(-smalls.back());
    }
  }
  std::vector<RecoveryRequest> requests;
  std::size_t infinite = 0;
  for (const Scalar& t : smalls) {
    for (const Scalar& p : smalls) {
      requests.push_back(request_for({}, p, t));
      for (const Scalar& g : smalls) {
        requests.push_back(request_for(g, p, t));
        if ((g + p * t).value.is_zero()) ++infinite;
      }
    }
  }
  const auto answers = check(requests);
  const auto refused = std::ranges::count_if(answers, [](const auto& a) { return !a.has_value(); });
  EXPECT_EQ(static_cast<std::size_t>(refused), infinite) << "the key is infinity";
  EXPECT_GT(infinite, 0u);
}

TEST(SplitScalar, IsThePairItStandsFor) {
  Source source{3};
  std::vector<Scalar> scalars{{U256{}}, {U256{1}}, {kOrder - U256{1}}, {kLambda}, -Scalar{kLambda}};
  for (int i = 0; i < 10'000; ++i) scalars.push_back(source.scalar());
  const U256 limit = U256{1} << 130;
  for (const Scalar& k : scalars) {
    const auto& l = k.value.limb;
    const auto split = internal::split_scalar({l[0], l[1], l[2], l[3]});
    for (const auto& half : {split.a, split.b}) {
      const U256 wide = widened(half);
      ASSERT_EQ(wide.low() & 1, 1u);
      ASSERT_LT(is_negative(wide) ? negate(wide) : wide, limit);
    }
    const Scalar sum = to_scalar(widened(split.a)) + to_scalar(widened(split.b)) * Scalar{kLambda};
    ASSERT_EQ(sum.value, k.value);
  }
}

/// What the lanes add, in their order: a multiple of G plus one of R.
struct Linear {
  Scalar g;
  Scalar p;
};
struct Addition {
  Linear sum;  // before it
  Linear addend;
};
/// Every addition of g G + p R. It repeats the schedule of secp256k1_ifma.cpp; where that changes,
/// collisions built from here would no longer meet its additions.
std::vector<Addition> schedule(const Scalar& g, const Scalar& p) {
  const auto split = [](const Scalar& k) {
    const auto& l = k.value.limb;
    return internal::split_scalar({l[0], l[1], l[2], l[3]});
  };
  const auto digit = [](const math::Limbs<3>& half, unsigned bit, unsigned window) {
    const U256 one{1};
    const unsigned bits = internal::digit_bits(window);
    const U256 recoded = shift_right_signed(widened(half) + (one << bits) - one, 1);
    const U256 chunk = (recoded >> bit) & ((one << window) - one);
    return to_scalar((chunk << 1) - (one << window) + one);
  };
  const auto of_g = split(g);
  const auto of_p = split(p);
  const Scalar lambda{kLambda};
  std::vector<Addition> out;
  Linear sum;
  const auto add = [&](const Linear& addend) {
    out.push_back({sum, addend});
    sum = {sum.g + addend.g, sum.p + addend.p};
  };
  for (unsigned bit = internal::digit_bits(internal::kPointWindow); bit-- > 0;) {
    sum = {sum.g + sum.g, sum.p + sum.p};
    if (bit % internal::kPointWindow == 0) {
      add({{}, digit(of_p.a, bit, internal::kPointWindow)});
      add({{}, digit(of_p.b, bit, internal::kPointWindow) * lambda});
    }
    if (bit % internal::kGeneratorWindow == 0) {
      add({digit(of_g.a, bit, internal::kGeneratorWindow), {}});
      add({digit(of_g.b, bit, internal::kGeneratorWindow) * lambda, {}});
    }
  }
  EXPECT_EQ(sum.g.value, g.value);
  EXPECT_EQ(sum.p.value, p.value);
  return out;
}

TEST(RecoverBatch, ProvidersAgreeWhereAnyOneAdditionMeetsItsExceptions) {
  // For chosen g and p the digits are known, so R = t G can be chosen to make one addition meet two
  // equal points, two opposite ones, or infinity and another.
  Source source{4};
  std::vector<RecoveryRequest> requests;
  for (int round = 0; round < 2; ++round) {
    const Scalar g = source.scalar();
    const Scalar p = source.scalar();
    for (const auto& [sum, addend] : schedule(g, p)) {
      for (const Linear& target : {addend, Linear{-addend.g, -addend.p}, Linear{}}) {
        const Scalar factor = sum.p - target.p;
        const Scalar t = (target.g - sum.g) * factor.inverse();
        if (factor.value.is_zero() || t.value.is_zero()) continue;  // before any multiple of G
        EXPECT_EQ((sum.g + sum.p * t).value, (target.g + target.p * t).value);
        requests.push_back(request_for(g, p, t));
      }
    }
  }
  EXPECT_GT(requests.size(), 400u);
  check(requests);
}

}  // namespace
}  // namespace wusong::crypto
