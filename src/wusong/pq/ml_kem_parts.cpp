// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/internal/ml_kem_parts.hpp"

#include "wusong/pq/internal/bits.hpp"
#include "wusong/pq/internal/ring_lanes.hpp"
#include "wusong/pq/internal/streams.hpp"

namespace wusong::pq {

const MlKemShape& shape_of(MlKem set) noexcept {
  return internal::parameters_of(set).shape;
}

namespace internal {
namespace {

constexpr MlKemParameters kParameters[] = {
    {MlKem::ml_kem_512, {"ML-KEM-512", 800, 1632, 768}, 2, 3, 10, 4},
    {MlKem::ml_kem_768, {"ML-KEM-768", 1184, 2400, 1088}, 3, 2, 10, 4},
    {MlKem::ml_kem_1024, {"ML-KEM-1024", 1568, 3168, 1568}, 4, 2, 11, 5}};

/// Differences of two sums of eta bits each.
template <unsigned kEta>
void binomial(Poly16& f, const std::uint8_t* from) noexcept {
  static_assert(kEta == 2 || kEta == 3);
  constexpr std::size_t kStep = kEta == 2 ? 4 : 3;  // bytes, a whole number of coefficients
  constexpr std::uint32_t kOnes = kEta == 2 ? 0x55555555 : 0x00249249;
  constexpr std::size_t kCount = 4 * kStep / kEta;
  for (std::size_t i = 0; i < kDegree; i += kCount, from += kStep) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, from, kStep);
    std::uint32_t sums = 0;
    for (unsigned shift = 0; shift < kEta; ++shift) sums += (bits >> shift) & kOnes;
    WUSONG_UNROLL
    for (std::size_t k = 0; k < kCount; ++k) {
      constexpr std::uint32_t kMask = (1u << kEta) - 1;
      const auto plus = static_cast<int>((sums >> (2 * kEta * k)) & kMask);
      const auto minus = static_cast<int>((sums >> (2 * kEta * k + kEta)) & kMask);
      f.at[i + k] = static_cast<std::int16_t>(plus - minus);
    }
  }
}

}  // namespace

const MlKemParameters& parameters_of(MlKem set) noexcept {
  return kParameters[static_cast<std::size_t>(set)];
}

std::int16_t canonical(std::int16_t a) noexcept {
  const auto reduced = static_cast<std::int16_t>(barrett(a) - MlKemRing::kModulus);
  return static_cast<std::int16_t>(reduced + ((reduced >> 15) & MlKemRing::kModulus));
}

void pack_compressed(std::uint8_t* out, const Poly16& f, unsigned bits) noexcept {
  Wiped<std::array<std::uint32_t[kDegree], 1>> words;
  for (std::size_t i = 0; i < kDegree; ++i)
    (*words)[0][i] = compress(static_cast<std::uint32_t>(f.at[i]), bits);
  pack_bits(out, (*words)[0], bits);
}
void unpack_compressed(Poly16& out, const std::uint8_t* from, unsigned bits) noexcept {
  Wiped<std::array<std::uint32_t[kDegree], 1>> words;
  unpack_bits((*words)[0], from, bits);
  for (std::size_t i = 0; i < kDegree; ++i)
    out.at[i] = static_cast<std::int16_t>(decompress((*words)[0][i], bits));
}
void pack_12(std::uint8_t* out, const Poly16& f) noexcept {
  Wiped<std::array<std::uint32_t[kDegree], 1>> words;
  for (std::size_t i = 0; i < kDegree; ++i) (*words)[0][i] = static_cast<std::uint32_t>(f.at[i]);
  pack_bits<12>(out, (*words)[0]);
}
bool unpack_12(Poly16& out, const std::uint8_t* from) noexcept {
  Wiped<std::array<std::uint32_t[kDegree], 1>> words;
  unpack_bits<12>((*words)[0], from);
  std::int32_t beyond = 0;
  for (std::size_t i = 0; i < kDegree; ++i) {
    out.at[i] = static_cast<std::int16_t>((*words)[0][i]);
    beyond |= MlKemRing::kModulus - 1 - out.at[i];
  }
  return beyond >= 0;
}

void expand_matrix(std::vector<Poly16>& matrix, std::size_t k, BytesView rho,
                   const Provider& provider) noexcept {
  matrix.resize(k * k);
  // Of 336 numbers three in sixteen are rejected: a fourth block is seldom needed.
  fill_from_streams<Shake128::kRate, 34, 3>(
      matrix.size(), provider,
      [&](std::size_t index, std::array<std::uint8_t, 34>& seed) {
        std::memcpy(seed.data(), rho.data(), 32);
        seed[32] = static_cast<std::uint8_t>(index % k);
        seed[33] = static_cast<std::uint8_t>(index / k);
      },
      [&](std::size_t index, std::size_t have, const std::uint8_t* from, std::size_t size) {
        return provider.ml_kem.sample(matrix[index], have, from, size);
      });
}

void sample_noise(Poly16* out, std::size_t count, std::size_t wide, unsigned eta1, BytesView seed,
                  const Provider& provider) noexcept {
  const auto seed_of = [&](std::size_t index, std::array<std::uint8_t, 33>& bytes) {
    std::memcpy(bytes.data(), seed.data(), 32);
    bytes[32] = static_cast<std::uint8_t>(index);
  };
  const auto take = [&](std::size_t index, std::size_t, const std::uint8_t* from, std::size_t) {
    if (index < wide && eta1 == 3) {
      binomial<3>(out[index], from);
    } else {
      binomial<2>(out[index], from);
    }
    return kDegree;
  };
  // 64 eta bytes: two blocks for three, one for two.
  if (eta1 == 3) {
    fill_from_streams<Shake256::kRate, 33, 2>(count, provider, seed_of, take);
  } else {
    fill_from_streams<Shake256::kRate, 33, 1>(count, provider, seed_of, take);
  }
}

}  // namespace internal
}  // namespace wusong::pq
