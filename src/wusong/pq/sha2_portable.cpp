// SPDX-License-Identifier: Apache-2.0
// SHA-2's constants, and its lanes where they are one machine word.
#include "wusong/pq/internal/sha2_lanes.hpp"

namespace wusong::pq::internal {
namespace {

/// The first 64 bits of the fraction of the cube root of p: the cube root of p 2^192, bit by bit.
/// @source FIPS 180-4, sections 4.2.2 and 4.2.3
std::uint64_t root_fraction(std::uint64_t p) noexcept {
  const math::Limbs<6> target{0, 0, 0, p, 0, 0};
  math::Limbs<2> root{};
  for (int bit = 67; bit-- > 0;) {
    math::Limbs<2> candidate = root;
    candidate[static_cast<std::size_t>(bit / 64)] |= std::uint64_t{1} << (bit % 64);
    const auto cube = math::multiply_wide(math::multiply_wide(candidate, candidate), candidate);
    if (!math::less(target, cube)) root = candidate;
  }
  return root[0];
}

std::array<std::uint64_t, 80> first_constants() noexcept {
  std::array<std::uint64_t, 80> out{};
  std::size_t have = 0;
  for (std::uint64_t p = 2; have < out.size(); ++p) {
    bool is_prime = true;
    for (std::uint64_t factor = 2; factor * factor <= p; ++factor)
      is_prime = is_prime && p % factor != 0;
    if (is_prime) out[have++] = root_fraction(p);
  }
  return out;
}

template <typename WordType>
struct OneLane {
  using Vector = WordType;
  static constexpr std::size_t kCount = 1;

  static Vector set(WordType word) noexcept { return word; }
  static void store(WordType* to, Vector v) noexcept { *to = v; }
  static Vector add(Vector a, Vector b) noexcept { return a + b; }
  static Vector xor3(Vector a, Vector b, Vector c) noexcept { return a ^ b ^ c; }
  static Vector choose(Vector a, Vector b, Vector c) noexcept { return c ^ (a & (b ^ c)); }
  static Vector majority(Vector a, Vector b, Vector c) noexcept { return (a & b) | (c & (a | b)); }
  template <int kBits>
  static Vector rotate(Vector a) noexcept {
    return std::rotr(a, kBits);
  }
  template <int kBits>
  static Vector shift(Vector a) noexcept {
    return a >> kBits;
  }
  static void load_words(const std::uint8_t* const (&from)[1], Vector (&w)[16]) noexcept {
    for (std::size_t i = 0; i < 16; ++i) {
      std::memcpy(&w[i], from[0] + i * sizeof(WordType), sizeof(WordType));
      w[i] = std::byteswap(w[i]);
    }
  }
};

}  // namespace

template <>
const std::uint64_t* sha2_constants<std::uint64_t>() noexcept {
  static const std::array<std::uint64_t, 80> kAll = first_constants();
  return kAll.data();
}
template <>
const std::uint32_t* sha2_constants<std::uint32_t>() noexcept {
  static const std::array<std::uint32_t, 64> kAll = [] {
    std::array<std::uint32_t, 64> out;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::uint32_t>(sha2_constants<std::uint64_t>()[i] >> 32);
    return out;
  }();
  return kAll.data();
}

constinit const Sha2Kernels kSha2Portable{sha2_many<Sha256, OneLane<std::uint32_t>>,
                                          sha2_many<Sha512, OneLane<std::uint64_t>>};

}  // namespace wusong::pq::internal
