// SPDX-License-Identifier: Apache-2.0
// ML-DSA's parameters, rounding, encodings and sampling.
#pragma once

#include <vector>

#include "wusong/pq/internal/ring.hpp"
#include "wusong/pq/internal/secret.hpp"
#include "wusong/pq/internal/shake_lanes.hpp"
#include "wusong/pq/ml_dsa.hpp"

namespace wusong::pq::internal {

inline constexpr std::int32_t kQ = MlDsaRing::kModulus;
inline constexpr unsigned kDroppedBits = 13;
inline constexpr unsigned kT1Bits = 10;
inline constexpr std::size_t kMuSize = 64;

/// @source FIPS 204, table 1, with its letters
struct MlDsaParameters {
  MlDsa set;
  MlDsaShape shape;
  std::size_t k;
  std::size_t l;
  std::int32_t eta;
  unsigned tau;
  std::size_t challenge_size;  // lambda / 4
  unsigned gamma1_bits;
  std::int32_t gamma2;
  std::size_t omega;

  constexpr std::int32_t gamma1() const noexcept { return 1 << gamma1_bits; }
  constexpr std::int32_t beta() const noexcept { return static_cast<std::int32_t>(tau) * eta; }
  constexpr unsigned eta_bits() const noexcept { return eta == 2 ? 3 : 4; }
  constexpr unsigned z_bits() const noexcept { return gamma1_bits + 1; }
  constexpr unsigned w1_bits() const noexcept { return gamma2 == (kQ - 1) / 88 ? 6 : 4; }
};
const MlDsaParameters& parameters_of(MlDsa set) noexcept;

constexpr std::size_t packed_size(unsigned bits) noexcept {
  return kDegree / 8 * bits;
}

/// From (-q, q) into [0, q).
[[gnu::always_inline]] inline constexpr std::int32_t canonical(std::int32_t a) noexcept {
  return a + ((a >> 31) & kQ);
}

struct Split {
  std::int32_t high;
  std::int32_t low;
};
/// @shape r in [0, q); low in (-2^12, 2^12]
/// @source FIPS 204, algorithm 35
[[gnu::always_inline]] inline constexpr Split power2_round(std::int32_t r) noexcept {
  const std::int32_t high = (r + (1 << (kDroppedBits - 1)) - 1) >> kDroppedBits;
  return {high, r - (high << kDroppedBits)};
}
/// Division by 2 gamma2 is a multiplication: no divider, whose time would tell its operand.
/// @shape r in [0, q); low in (-gamma2, gamma2], but -gamma2 too where high wraps to zero
/// @source FIPS 204, algorithm 36
[[gnu::always_inline]] inline constexpr Split decompose(std::int32_t r,
                                                        std::int32_t gamma2) noexcept {
  std::int32_t high = (r + 127) >> 7;  // gamma2 is a multiple of 64
  if (gamma2 == (kQ - 1) / 32) {
    high = ((high * 1025 + (1 << 21)) >> 22) & 15;
  } else {
    high = (high * 11275 + (1 << 23)) >> 24;
    high &= ~((43 - high) >> 31);
  }
  std::int32_t low = r - high * 2 * gamma2;
  low -= (((kQ - 1) / 2 - low) >> 31) & kQ;
  return {high, low};
}
/// decompose of every coefficient in place: `r`, in [0, q), becomes the high part.
void decompose(Poly32& r, Poly32& low, std::int32_t gamma2) noexcept;
/// One where the high part of low + moved is not that of low, or lies at the wrapping edge; returns
/// how many.
/// @source FIPS 204, algorithm 39
std::int32_t make_hints(Poly32& hints, const Poly32& low, const Poly32& moved, const Poly32& high,
                        std::int32_t gamma2) noexcept;
/// In place: the high parts that the hints lead to.
/// @shape r in (-q, q)
/// @source FIPS 204, algorithm 40
void use_hints(Poly32& r, const Poly32& hints, std::int32_t gamma2) noexcept;
void make_canonical(Poly32& f) noexcept;
void add(Poly32& out, const Poly32& a, const Poly32& b) noexcept;
void subtract_from(Poly32& a, const Poly32& b) noexcept;

/// Whether all coefficients are below `bound` in absolute value; the time tells no more than that.
bool is_within(const Poly32& f, std::int32_t bound) noexcept;

/// Coefficients in [0, 2^bits).
void pack_plain(std::uint8_t* out, const Poly32& f, unsigned bits) noexcept;
void unpack_plain(Poly32& out, const std::uint8_t* from, unsigned bits) noexcept;
/// `top` less each coefficient.
void pack_below(std::uint8_t* out, const Poly32& f, std::int32_t top, unsigned bits) noexcept;
void unpack_below(Poly32& out, const std::uint8_t* from, std::int32_t top, unsigned bits) noexcept;

/// @source FIPS 204, algorithms 20 and 21
void pack_hints(std::uint8_t* out, const MlDsaParameters& p, const std::vector<Poly32>& hints);
[[nodiscard]] Result<void> unpack_hints(std::vector<Poly32>& hints, const MlDsaParameters& p,
                                        const std::uint8_t* from);

/// @source FIPS 204, algorithms 32 and 30
void expand_matrix(std::vector<Poly32>& matrix, const MlDsaParameters& p, BytesView rho,
                   const Provider& provider) noexcept;
/// @shape l polynomials of s1, then k of s2
/// @source FIPS 204, algorithms 33 and 31
void expand_secret(WipedVector<Poly32>& out, const MlDsaParameters& p, BytesView rho_prime,
                   const Provider& provider) noexcept;
/// @source FIPS 204, algorithm 29
void sample_in_ball(Poly32& c, const MlDsaParameters& p, BytesView seed) noexcept;

/// The masks y of one attempt after another, eight polynomials at a time.
/// @source FIPS 204, algorithm 34
class MaskStream {
 public:
  MaskStream(const MlDsaParameters& p, BytesView rho, const Provider& provider) noexcept;
  ~MaskStream() { sodium_memzero(this, sizeof(*this)); }
  MaskStream(const MaskStream&) = delete;
  MaskStream& operator=(const MaskStream&) = delete;
  void next(Poly32& out) noexcept;

 private:
  void refill() noexcept;
  Poly32 ready_[kLanesMax];
  std::uint8_t seed_[kMuSize];
  const MlDsaParameters* parameters_;
  const Provider* provider_;
  std::size_t at_ = kLanesMax;
  unsigned counter_ = 0;
};

struct MlDsaPublicParts {
  const MlDsaParameters* parameters;
  const Provider* provider;
  Bytes encoded;
  std::array<std::uint8_t, kMuSize> digest;  // tr
  std::vector<Poly32> matrix;                // A, row by row, in the NTT's domain
  std::vector<Poly32> t1;                    // times 2^13, in the NTT's domain
};
struct MlDsaSecretParts {
  explicit MlDsaSecretParts(const MlDsaParameters& p)
      : s(p.l + p.k), s_ntt(p.l + p.k), t0(p.k), t0_ntt(p.k) {}
  Wiped<std::array<std::uint8_t, 32>> key;  // K
  WipedVector<Poly32> s;                    // s1, then s2
  WipedVector<Poly32> s_ntt;
  WipedVector<Poly32> t0;
  WipedVector<Poly32> t0_ntt;
};

}  // namespace wusong::pq::internal
