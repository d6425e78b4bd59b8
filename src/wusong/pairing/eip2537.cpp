// SPDX-License-Identifier: Apache-2.0
// The entry points of EIP-2537's sums and pairing.
#include "wusong/pairing/internal/bls12_381.hpp"
#include "wusong/pairing/pairing.hpp"

namespace wusong::pairing {
namespace {

using namespace bls12_381;  // NOLINT: its names are this file's subject

constexpr std::size_t kG1Bytes = 128;
constexpr std::size_t kG2Bytes = 256;
constexpr std::size_t kScalarBytes = 32;

enum class Check : std::uint8_t { curve, subgroup };

Result<G1Affine> decode_g1(const std::uint8_t* in, Check check) noexcept {
  WUSONG_TRY(const auto x, decode_fp(in));
  WUSONG_TRY(const auto y, decode_fp(in + 64));
  const G1Affine p{x, y, x.is_zero() && y.is_zero()};
  if (!p.is_on_curve(bls12_381::kB)) return fail(err::bad_point);
  if (check == Check::subgroup && !is_in_subgroup(p)) return fail(err::bad_point);
  return p;
}

Result<G2Affine> decode_g2(const std::uint8_t* in, Check check) noexcept {
  WUSONG_TRY(const auto x, decode_fp2(in));
  WUSONG_TRY(const auto y, decode_fp2(in + 128));
  const G2Affine q{x, y, x.is_zero() && y.is_zero()};
  if (!q.is_on_curve(TowerParams::kTwistB)) return fail(err::bad_point);
  if (check == Check::subgroup && !is_in_subgroup(q)) return fail(err::bad_point);
  return q;
}

}  // namespace

Result<std::array<std::uint8_t, 128>> bls12_381_g1_add(BytesView input) noexcept {
  if (input.size() != 2 * kG1Bytes) return fail(err::bad_length);
  WUSONG_TRY(const auto p, decode_g1(input.data(), Check::curve));
  WUSONG_TRY(const auto q, decode_g1(input.data() + kG1Bytes, Check::curve));
  return encode(G1{p} + q);
}

Result<std::array<std::uint8_t, 256>> bls12_381_g2_add(BytesView input) noexcept {
  if (input.size() != 2 * kG2Bytes) return fail(err::bad_length);
  WUSONG_TRY(const auto p, decode_g2(input.data(), Check::curve));
  WUSONG_TRY(const auto q, decode_g2(input.data() + kG2Bytes, Check::curve));
  return encode(G2{p} + q);
}

Result<std::array<std::uint8_t, 128>> bls12_381_g1_msm(BytesView input) noexcept {
  constexpr std::size_t kTermBytes = kG1Bytes + kScalarBytes;
  if (input.empty() || input.size() % kTermBytes != 0) return fail(err::bad_length);
  std::vector<Scaled<G1Affine>> terms;
  terms.reserve(input.size() / kTermBytes);
  for (std::size_t at = 0; at < input.size(); at += kTermBytes) {
    WUSONG_TRY(const auto p, decode_g1(input.data() + at, Check::subgroup));
    if (!p.infinity) terms.push_back({p, load_be(input.data() + at + kG1Bytes)});
  }
  return encode(multiply_sum(terms));
}

Result<std::array<std::uint8_t, 256>> bls12_381_g2_msm(BytesView input) noexcept {
  constexpr std::size_t kTermBytes = kG2Bytes + kScalarBytes;
  if (input.empty() || input.size() % kTermBytes != 0) return fail(err::bad_length);
  std::vector<Scaled<G2Affine>> terms;
  terms.reserve(input.size() / kTermBytes);
  for (std::size_t at = 0; at < input.size(); at += kTermBytes) {
    WUSONG_TRY(const auto q, decode_g2(input.data() + at, Check::subgroup));
    if (!q.infinity) terms.push_back({q, load_be(input.data() + at + kG2Bytes)});
  }
  return encode(multiply_sum(terms));
}

Result<bool> bls12_381_pairing(BytesView input) noexcept {
  constexpr std::size_t kPairBytes = kG1Bytes + kG2Bytes;
  if (input.empty() || input.size() % kPairBytes != 0) return fail(err::bad_length);
  std::vector<PairingTerm> terms;
  terms.reserve(input.size() / kPairBytes);
  for (std::size_t at = 0; at < input.size(); at += kPairBytes) {
    WUSONG_TRY(const auto p, decode_g1(input.data() + at, Check::subgroup));
    WUSONG_TRY(const auto q, decode_g2(input.data() + at + kG1Bytes, Check::subgroup));
    terms.push_back({p, q});
  }
  return pairing_product_is_one(terms);
}

}  // namespace wusong::pairing
