// SPDX-License-Identifier: Apache-2.0
// Properties: an accepted point survives the identity; doubling by addition is doubling by
// multiplication; a mapped point lies in its subgroup; modexp agrees with itself on a reduced base.
#include "wusong/base/assert.hpp"
#include "wusong/pairing/pairing.hpp"

namespace wusong::pairing {
namespace {

Bytes padded(BytesView input, std::size_t size) {
  Bytes out = to_bytes(input.first(std::min(input.size(), size)));
  out.resize(size);
  return out;
}
Bytes joined(BytesView first, BytesView second) {
  Bytes out = to_bytes(first);
  append(out, second);
  return out;
}
Bytes small(std::uint8_t value) {
  Bytes out(32);
  out.back() = value;
  return out;
}

void check_bn254(BytesView input) {
  const Bytes point = padded(input, 64);
  const Bytes twice = joined(point, point);
  const auto sum = bn254_add(BytesView{twice}.first<128>());
  const auto product = bn254_mul(BytesView{joined(point, small(2))}.first<96>());
  WUSONG_ASSERT(sum.has_value() == product.has_value());
  if (sum) WUSONG_ASSERT(*sum == *product);
  const auto paired = bn254_pairing(joined(point, Bytes(128)));
  WUSONG_ASSERT(paired.has_value() == sum.has_value());
  if (paired) WUSONG_ASSERT(*paired);
}

void check_bls12_381(BytesView input) {
  const Bytes point = padded(input, 128);
  const auto same = bls12_381_g1_add(joined(point, Bytes(128)));
  if (same) WUSONG_ASSERT(to_bytes(*same) == point);
  const auto scaled = bls12_381_g1_msm(joined(point, small(1)));
  if (scaled) WUSONG_ASSERT(to_bytes(*scaled) == point);
  const Bytes twist_point = padded(input, 256);
  const auto same2 = bls12_381_g2_add(joined(twist_point, Bytes(256)));
  if (same2) WUSONG_ASSERT(to_bytes(*same2) == twist_point);
}

void check_maps(BytesView input) {
  Bytes element = padded(input, 128);
  for (const std::size_t at : {0u, 64u})  // below p, so that the maps accept it
    std::fill_n(element.begin() + static_cast<std::ptrdiff_t>(at), 17, std::uint8_t{0});
  const auto p = bls12_381_map_fp_to_g1(BytesView{element}.first(64));
  const auto q = bls12_381_map_fp2_to_g2(element);
  WUSONG_ASSERT(p.has_value() && q.has_value());
  WUSONG_ASSERT(to_bytes(*bls12_381_g1_msm(joined(*p, small(1)))) == to_bytes(*p));
  WUSONG_ASSERT(to_bytes(*bls12_381_g2_msm(joined(*q, small(1)))) == to_bytes(*q));
}

void check_modexp(BytesView input) {
  if (input.size() < 3) return;
  const std::size_t base_size = std::min<std::size_t>(input[0], input.size() - 3);
  const std::size_t exponent_size =
      std::min<std::size_t>(input[1] % 8, input.size() - 3 - base_size);
  input = input.subspan(3);
  const BytesView base = input.first(base_size);
  const BytesView exponent = input.subspan(base_size, exponent_size);
  const BytesView modulus = input.subspan(base_size + exponent_size);
  const Bytes out = modexp(base, exponent, modulus);
  const Bytes reduced = modexp(base, small(1), modulus);
  WUSONG_ASSERT(out.size() == modulus.size());
  WUSONG_ASSERT(modexp(reduced, exponent, modulus) == out);
  if (std::ranges::any_of(modulus, [](std::uint8_t byte) { return byte != 0; }))
    WUSONG_ASSERT(std::ranges::lexicographical_compare(out, modulus));
}

}  // namespace
}  // namespace wusong::pairing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong::pairing;  // NOLINT: one function
  if (size == 0) return 0;
  const wusong::BytesView input{data + 1, size - 1};
  switch (data[0] % 5) {
    case 0:
      check_bn254(input);
      break;
    case 1:
      check_bls12_381(input);
      break;
    case 2:
      check_maps(input);
      break;
    case 3:
      check_modexp(input);
      break;
    default:
      (void)kzg_point_evaluation(input);
      break;
  }
  return 0;
}
