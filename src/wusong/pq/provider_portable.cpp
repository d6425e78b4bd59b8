// SPDX-License-Identifier: Apache-2.0
// The transforms as the standards write them, and the choice among the providers.
#include <vector>

#include "wusong/pq/internal/provider.hpp"
#include "wusong/pq/internal/ring.hpp"
#include "wusong/pq/internal/ring_lanes.hpp"

namespace wusong::pq::internal {

#if defined(__x86_64__)
extern const Provider kAvx2;
extern const Provider kAvx512;
#endif

namespace {

bool always() noexcept {
  return true;
}

template <typename Ring, typename Word = typename Ring::Word>
void ntt(Polynomial<Word>& f) noexcept {
  using Wide = typename Ring::Wide;
  for (int distance = 128; distance >= kLastDistance<Ring>; distance /= 2) {
    for (int start = 0; start < 256; start += 2 * distance) {
      const Word zeta =
          kZetas<Ring>.forward[Zetas<Ring>::forward_index(distance, start / (2 * distance))].value;
      for (int i = start; i < start + distance; ++i) {
        const Word turned = montgomery<Ring>(static_cast<Wide>(zeta) * f.at[i + distance]);
        f.at[i + distance] = static_cast<Word>(f.at[i] - turned);
        f.at[i] = static_cast<Word>(f.at[i] + turned);
      }
    }
  }
  if constexpr (kIsNarrow<Ring>)
    for (Word& word : f.at) word = barrett(word);
}

template <typename Ring, typename Word = typename Ring::Word>
void inverse_ntt(Polynomial<Word>& f) noexcept {
  using Wide = typename Ring::Wide;
  for (int distance = kLastDistance<Ring>; distance <= 128; distance *= 2) {
    for (int start = 0; start < 256; start += 2 * distance) {
      const Word zeta =
          kZetas<Ring>.inverse[Zetas<Ring>::inverse_index(distance, start / (2 * distance))].value;
      for (int i = start; i < start + distance; ++i) {
        const auto difference = static_cast<Word>(f.at[i] - f.at[i + distance]);
        f.at[i] = static_cast<Word>(f.at[i] + f.at[i + distance]);
        f.at[i + distance] = montgomery<Ring>(static_cast<Wide>(zeta) * difference);
      }
    }
    if constexpr (kIsNarrow<Ring>)
      if (is_reduced_after(distance))
        for (Word& word : f.at) word = barrett(word);
  }
  for (Word& word : f.at)
    word = montgomery<Ring>(static_cast<Wide>(kInverseScale<Ring>.value) * word);
}

void dot_ml_dsa(Poly32& out, const Poly32* a, const Poly32* b, std::size_t count) noexcept {
  for (std::size_t i = 0; i < kDegree; ++i) {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += std::int64_t{a[k].at[i]} * b[k].at[i];
    out.at[i] = montgomery<MlDsaRing>(sum);
  }
}

/// Products modulo X^2 - gamma, two coefficients each.
/// @source FIPS 203, algorithms 11 and 12
void dot_ml_kem(Poly16& out, const Poly16* a, const Poly16* b, std::size_t count) noexcept {
  for (std::size_t i = 0; i < kDegree; i += 2) {
    std::int32_t low = 0;
    std::int32_t high = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const std::int32_t a0 = a[k].at[i];
      const std::int32_t a1 = a[k].at[i + 1];
      const std::int32_t b0 = b[k].at[i];
      const std::int32_t b1 = b[k].at[i + 1];
      low += a0 * montgomery<MlKemRing>(b0 * kPairFactors.value[i]) +
             a1 * montgomery<MlKemRing>(b1 * kPairFactors.value[i + 1]);
      high += a0 * b1 + a1 * b0;
    }
    out.at[i] = montgomery<MlKemRing>(low);
    out.at[i + 1] = montgomery<MlKemRing>(high);
  }
}

/// The one of this name that is supported, else the last.
template <typename Hashes>
const Hashes* named(std::span<const Hashes> all, std::string_view name) noexcept {
  for (const Hashes& each : all)
    if (name == each.name && each.is_supported()) return &each;
  return &all.back();
}

constinit const Provider kPortable{
    "portable",
    always,
    nullptr,
    {ntt<MlDsaRing>, inverse_ntt<MlDsaRing>, dot_ml_dsa, sample_ml_dsa},
    sample_bounded_ml_dsa,
    {ntt<MlKemRing>, inverse_ntt<MlKemRing>, dot_ml_kem, sample_ml_kem},
    nullptr};

}  // namespace

std::span<const Provider> providers() noexcept {
  static const std::vector<Provider> kSupported = [] {
    std::vector<Provider> out;
    for (const Provider* provider : {
#if defined(__x86_64__)
             &kAvx512, &kAvx2,
#endif
             &kPortable}) {
      if (!provider->is_supported()) continue;
      out.push_back(*provider);
      // Hashes' lanes are found by the name of the vectors they need.
      out.back().keccak = named(hash::keccak_providers(), provider->name);
      out.back().sha2 = named(hash::sha2_providers(), provider->name);
    }
    return out;
  }();
  return kSupported;
}

const Provider& fastest_provider() noexcept {
  return providers().front();
}

}  // namespace wusong::pq::internal
