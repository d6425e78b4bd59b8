// SPDX-License-Identifier: Apache-2.0
// The scalar part of recovery in groups: Q = (s / r) R - (z / r) G. Inversions are shared by a
// whole block of requests; the curve is left to the lanes.
#include "wusong/crypto/internal/secp256k1_batch.hpp"

#include <algorithm>
#include <vector>

#include "wusong/crypto/errors.hpp"
#include "wusong/math/curve.hpp"
#include "wusong/math/prime_field.hpp"

namespace wusong::crypto {
namespace internal {
namespace {

using math::Limb;
using math::Limbs;
using math::limbs_from_hex;
using math::WideLimb;

// A limb more than the numbers need: PrimeField wants spare bits.
/// @source SEC 2, section 2.4.1
struct FieldParameters {
  static constexpr Limbs<5> kModulus =
      limbs_from_hex<5>("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
};
struct OrderParameters {
  static constexpr Limbs<5> kModulus =
      limbs_from_hex<5>("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
};
using Fp = math::PrimeField<FieldParameters>;
using Fn = math::PrimeField<OrderParameters>;

constexpr U256 kOrder{OrderParameters::kModulus[0], OrderParameters::kModulus[1],
                      OrderParameters::kModulus[2], OrderParameters::kModulus[3]};

constexpr Limbs<5> widened(const U256& a) noexcept {
  return {a.limb[0], a.limb[1], a.limb[2], a.limb[3], 0};
}
constexpr Limbs<4> narrowed(const Limbs<5>& a) noexcept {
  return {a[0], a[1], a[2], a[3]};
}

/// The odd multiples of the generator, made at first use: about a millisecond.
std::span<const PointRow> generator_table() noexcept {
  static const std::vector<PointRow> table = [] {
    using Affine = math::AffinePoint<Fp>;
    using Jacobian = math::JacobianPoint<Fp>;
    const Affine generator{
        Fp::from_hex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
        Fp::from_hex("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"), false};
    const Jacobian twice = Jacobian{generator}.doubled();
    std::vector<Jacobian> multiples{Jacobian{generator}};
    constexpr std::size_t kSize = std::size_t{1} << (kGeneratorWindow - 1);
    multiples.reserve(kSize);
    while (multiples.size() < kSize) multiples.push_back(multiples.back() + twice);
    std::vector<Affine> affine(kSize);
    math::to_affine<Fp>(multiples, affine);
    std::vector<PointRow> rows(kSize);
    for (std::size_t i = 0; i < kSize; ++i) {
      std::copy_n(affine[i].x.to_raw().data(), 4, rows[i].word);
      std::copy_n(affine[i].y.to_raw().data(), 4, rows[i].word + 4);
    }
    return rows;
  }();
  return table;
}

/// Replaces each by its inverse; none is zero. @source Montgomery's trick
template <typename F>
void invert_all(std::span<F> values) noexcept {
  F product = F::one();
  std::array<F, kBlockSize> before;
  for (std::size_t i = 0; i < values.size(); ++i) {
    before[i] = product;
    product = product * values[i];
  }
  F inverse = product.inverse();
  for (std::size_t i = values.size(); i-- > 0;) {
    const F next = inverse * values[i];
    values[i] = inverse * before[i];
    inverse = next;
  }
}

bool is_well_formed(const EcdsaSignature& signature) noexcept {
  return signature.y_parity <= 1 && !signature.r.is_zero() && signature.r < kOrder &&
         !signature.s.is_zero() && signature.s < kOrder;
}

/// (k + 2^bits - 1) / 2, see LaneTask.
void place(LaneWords<4>& to, std::size_t lane, const Limbs<3>& k, unsigned bits) noexcept {
  Limbs<3> sum = k;
  Limbs<3> offset{~Limb{0}, ~Limb{0}, (Limb{1} << (bits - 128)) - 1};
  math::add_in_place(sum, offset);
  to.word[0][lane] = sum[0] >> 1 | sum[1] << 63;
  to.word[1][lane] = sum[1] >> 1 | sum[2] << 63;
  to.word[2][lane] = sum[2] >> 1;
  to.word[3][lane] = 0;
}
void place(LaneWords<4> (&to)[2], std::size_t lane, const Fn& scalar, unsigned window) noexcept {
  const SplitScalar split = split_scalar(narrowed(scalar.to_raw()));
  place(to[0], lane, split.a, digit_bits(window));
  place(to[1], lane, split.b, digit_bits(window));
}

/// Requests whose inversions are shared.
struct Block {
  std::span<const RecoveryRequest> requests;
  std::span<Result<Address>> answers;
};

/// A lane without a well formed request computes the key of r = s = z = 1, for nobody.
void fill_tasks(const Block& block, std::span<LaneTask> tasks) noexcept {
  std::array<Fn, kBlockSize> inverse;
  const std::size_t lanes = tasks.size() * kLaneCount;
  for (std::size_t i = 0; i < lanes; ++i) {
    const bool used = i < block.requests.size() && is_well_formed(block.requests[i].signature);
    inverse[i] = used ? Fn::from_raw(widened(block.requests[i].signature.r)) : Fn::one();
  }
  invert_all(std::span{inverse}.first(lanes));
  for (std::size_t i = 0; i < lanes; ++i) {
    const bool used = i < block.requests.size() && is_well_formed(block.requests[i].signature);
    U256 r{1};
    U256 s{1};
    U256 z{1};
    LaneTask& task = tasks[i / kLaneCount];
    const std::size_t lane = i % kLaneCount;
    if (used) {
      const RecoveryRequest& request = block.requests[i];
      r = request.signature.r;
      s = request.signature.s;
      z = to_u256(request.digest);
      if (z >= kOrder) z -= kOrder;
      task.odd = static_cast<std::uint8_t>(task.odd | request.signature.y_parity << lane);
    }
    for (std::size_t word = 0; word < 4; ++word) task.x.word[word][lane] = r.limb[word];
    place(task.generator, lane, -(Fn::from_raw(widened(z)) * inverse[i]), kGeneratorWindow);
    place(task.point, lane, Fn::from_raw(widened(s)) * inverse[i], kPointWindow);
  }
}

void finish(const Block& block, std::span<const LaneKeys> keys) noexcept {
  const std::size_t lanes = keys.size() * kLaneCount;
  std::array<Fp, kBlockSize> inverse;
  for (std::size_t i = 0; i < lanes; ++i) {
    const LaneKeys& group = keys[i / kLaneCount];
    const std::size_t lane = i % kLaneCount;
    const auto& z = group.z.word;
    const bool usable = (group.exceptional >> lane & 1) == 0;
    inverse[i] =
        usable ? Fp::from_raw({z[0][lane], z[1][lane], z[2][lane], z[3][lane], 0}) : Fp::one();
  }
  invert_all(std::span{inverse}.first(lanes));
  for (std::size_t group = 0; group < keys.size(); ++group) {
    LaneWords<4> z_inverse;
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
      const Limbs<5> raw = inverse[group * kLaneCount + lane].to_raw();
      for (std::size_t word = 0; word < 4; ++word) z_inverse.word[word][lane] = raw[word];
    }
    std::array<Address, kLaneCount> addresses;
    ifma_addresses(keys[group], z_inverse, addresses);
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
      const std::size_t i = group * kLaneCount + lane;
      if (i >= block.requests.size()) return;
      const RecoveryRequest& request = block.requests[i];
      if (!is_well_formed(request.signature) || (keys[group].on_curve >> lane & 1) == 0) {
        block.answers[i] = fail(err::bad_signature);
      } else if ((keys[group].exceptional >> lane & 1) != 0) {
        block.answers[i] = ecdsa_recover(request.digest, request.signature);
      } else {
        block.answers[i] = addresses[lane];
      }
    }
  }
}

void recover_portable(std::span<const RecoveryRequest> requests,
                      std::span<Result<Address>> answers) noexcept {
  for (std::size_t i = 0; i < requests.size(); ++i)
    answers[i] = ecdsa_recover(requests[i].digest, requests[i].signature);
}

void recover_ifma(std::span<const RecoveryRequest> requests,
                  std::span<Result<Address>> answers) noexcept {
  const std::span<const PointRow> generator = generator_table();
  while (requests.size() >= kFewestLanes) {
    const std::size_t size = std::min(requests.size(), kBlockSize);
    const Block block{requests.first(size), answers.first(size)};
    const std::size_t groups = (size + kLaneCount - 1) / kLaneCount;
    std::array<LaneTask, kBlockSize / kLaneCount> tasks;
    std::array<LaneKeys, kBlockSize / kLaneCount> keys;
    for (LaneTask& task : tasks) task.odd = 0;
    fill_tasks(block, std::span{tasks}.first(groups));
    for (std::size_t i = 0; i < groups; i += 2) {
      const std::size_t count = std::min<std::size_t>(2, groups - i);
      ifma_multiply(std::span{tasks}.subspan(i, count), std::span{keys}.subspan(i, count),
                    generator);
    }
    finish(block, std::span{keys}.first(groups));
    requests = requests.subspan(size);
    answers = answers.subspan(size);
  }
  recover_portable(requests, answers);
}

bool always() noexcept {
  return true;
}
constexpr RecoveryProvider kProviders[] = {
    {"avx512ifma", ifma_is_supported, recover_ifma},
    {"libsecp256k1", always, recover_portable},
};

/// round(k * g / 2^384)
Limbs<2> scaled(const Limbs<4>& k, const Limbs<4>& g) noexcept {
  const Limbs<8> product = math::multiply_wide(k, g);
  Limbs<2> out{product[6], product[7]};
  math::add_in_place(out, Limbs<2>{product[5] >> 63});
  return out;
}
/// a * b mod 2^192
Limbs<3> low_product(const Limbs<2>& a, const Limbs<3>& b) noexcept {
  const Limbs<5> product = math::multiply_wide(a, b);
  return {product[0], product[1], product[2]};
}

}  // namespace

std::span<const RecoveryProvider> recovery_providers() noexcept {
  return kProviders;
}

SplitScalar split_scalar(const Limbs<4>& scalar) noexcept {
  // (kA1, -kMinusB1) and (kA2, kA1) span the pairs (x, y) with x + y lambda = 0 modulo the order.
  constexpr Limbs<3> kA1 = limbs_from_hex<3>("3086d221a7d46bcde86c90e49284eb15");
  constexpr Limbs<3> kA2 = limbs_from_hex<3>("114ca50f7a8e2f3f657c1108d9d44cfd8");
  constexpr Limbs<3> kMinusB1 = limbs_from_hex<3>("e4437ed6010e88286f547fa90abfe4c3");
  // 2^384 kA1 / n and 2^384 kMinusB1 / n, rounded.
  constexpr Limbs<4> kG1 =
      limbs_from_hex<4>("3086d221a7d46bcde86c90e49284eb153daa8a1471e8ca7fe893209a45dbb031");
  constexpr Limbs<4> kG2 =
      limbs_from_hex<4>("e4437ed6010e88286f547fa90abfe4c4221208ac9df506c61571b4ae8ac47f71");
  const Limbs<2> c1 = scaled(scalar, kG1);
  const Limbs<2> c2 = scaled(scalar, kG2);
  // Below 2^192 in magnitude all along, so the arithmetic may wrap.
  SplitScalar out{{scalar[0], scalar[1], scalar[2]}, low_product(c1, kMinusB1)};
  math::subtract_in_place(out.a, low_product(c1, kA1));
  math::subtract_in_place(out.a, low_product(c2, kA2));
  math::subtract_in_place(out.b, low_product(c2, kA1));
  // Now |a| < 0.64 * 2^128 and |b| < 0.55 * 2^128. The first vector is odd in both coordinates, the
  // second in y only, so the two make any pair odd.
  if ((out.a[0] & 1) == 0) {
    math::add_in_place(out.a, kA1);
    math::subtract_in_place(out.b, kMinusB1);
  }
  if ((out.b[0] & 1) == 0) {
    math::add_in_place(out.a, kA2);
    math::add_in_place(out.b, kA1);
  }
  return out;
}

}  // namespace internal

std::vector<Result<Address>> ecdsa_recover_batch(std::span<const RecoveryRequest> requests) {
  static const internal::RecoverBatch recover = [] {
    const auto providers = internal::recovery_providers();
    return std::ranges::find_if(providers,
                                [](const auto& provider) { return provider.is_supported(); })
        ->recover;
  }();
  std::vector<Result<Address>> answers(requests.size(), fail(err::bad_signature));
  recover(requests, answers);
  return answers;
}

}  // namespace wusong::crypto
