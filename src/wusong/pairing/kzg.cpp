// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/hash.hpp"
#include "wusong/pairing/internal/bls12_381.hpp"
#include "wusong/pairing/pairing.hpp"

namespace wusong::pairing {
namespace {

using namespace bls12_381;  // NOLINT: its names are this file's subject

// [tau]_2 of Ethereum's KZG ceremony. @source consensus-specs, trusted_setup_4096.json,
// g2_monomial[1]
constexpr G2Affine kTauG2{{Fp::from_hex("185cbfee53492714734429b7b38608e23926c911cceceac9a36851477b"
                                        "a4c60b087041de621000edc98edada20c1def2"),
                           Fp::from_hex("15bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce61"
                                        "5ac53d2914e5870cb452d2afaaab24f3499f72")},
                          {Fp::from_hex("14353bdb96b626dd7d5ee8599d1fca2131569490e28de18e82451a496a"
                                        "9c9794ce26d105941f383ee689bfbbb832a99"),
                           Fp::from_hex("1666c54b0a32529503432fcae0181b4bef79de09fc63671fda5ed1ba9b"
                                        "fa07899495346f3d7ac9cd23048ef30d0a154f")},
                          false};

constexpr std::uint8_t kVersionKzg = 1;

}  // namespace

Result<void> kzg_point_evaluation(BytesView input) noexcept {
  if (input.size() != 192) return fail(err::bad_length);
  const auto commitment_bytes = input.subspan(96, 48);
  Hash expected = hash::sha256(commitment_bytes);
  expected.bytes[0] = kVersionKzg;
  if (Hash::from(input.first(32)) != expected) return fail(err::bad_proof);
  const U256 z = load_be(input.data() + 32);
  const U256 y = load_be(input.data() + 64);
  if (z >= kOrder || y >= kOrder) return fail(err::bad_scalar);
  WUSONG_TRY(const auto commitment, decompress_g1(commitment_bytes.data()));
  WUSONG_TRY(const auto proof, decompress_g1(input.data() + 144));

  // e(C - [y], G2) = e(proof, [tau - z]) is e(C - [y] + z proof, G2) = e(proof, [tau]).
  const std::array<Scaled<G1Affine>, 2> terms{{{-kG1Generator, y}, {proof, z}}};
  const G1Affine left = (multiply_sum(terms) + commitment).to_affine();
  const std::array<PairingTerm, 2> pairing{{{left, kG2Generator}, {-proof, kTauG2}}};
  if (!pairing_product_is_one(pairing)) return fail(err::bad_proof);
  return {};
}

}  // namespace wusong::pairing
