// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/internal/ml_dsa_parts.hpp"

#include "wusong/pq/errors.hpp"
#include "wusong/pq/internal/bits.hpp"
#include "wusong/pq/internal/streams.hpp"

namespace wusong::pq {

const MlDsaShape& shape_of(MlDsa set) noexcept {
  return internal::parameters_of(set).shape;
}

namespace internal {
namespace {

constexpr MlDsaParameters kParameters[] = {
    {MlDsa::ml_dsa_44, {"ML-DSA-44", 1312, 2560, 2420}, 4, 4, 2, 39, 32, 17, (kQ - 1) / 88, 80},
    {MlDsa::ml_dsa_65, {"ML-DSA-65", 1952, 4032, 3309}, 6, 5, 4, 49, 48, 19, (kQ - 1) / 32, 55},
    {MlDsa::ml_dsa_87, {"ML-DSA-87", 2592, 4896, 4627}, 8, 7, 2, 60, 64, 19, (kQ - 1) / 32, 75}};

}  // namespace

const MlDsaParameters& parameters_of(MlDsa set) noexcept {
  return kParameters[static_cast<std::size_t>(set)];
}

namespace {

constexpr std::int32_t kGamma2Of44 = (kQ - 1) / 88;
constexpr std::int32_t kGamma2OfOthers = (kQ - 1) / 32;

// The loops below become vectors: gamma2 is a constant in each, and nothing in them branches.

template <std::int32_t kGamma2>
void decompose_all(Poly32& r, Poly32& low) noexcept {
  for (std::size_t j = 0; j < kDegree; ++j) {
    const Split split = decompose(r.at[j], kGamma2);
    r.at[j] = split.high;
    low.at[j] = split.low;
  }
}

template <std::int32_t kGamma2>
void use_hints_of(Poly32& r, const Poly32& hints) noexcept {
  constexpr std::int32_t kCount = (kQ - 1) / (2 * kGamma2);
  for (std::size_t j = 0; j < kDegree; ++j) {
    const auto [high, low] = decompose(canonical(r.at[j]), kGamma2);
    const std::int32_t step = (1 | ((low - 1) >> 31)) * hints.at[j];  // up where low > 0
    std::int32_t moved = high + step;
    moved += (moved >> 31) & kCount;
    moved -= ((kCount - 1 - moved) >> 31) & kCount;
    r.at[j] = moved;
  }
}

}  // namespace

void decompose(Poly32& r, Poly32& low, std::int32_t gamma2) noexcept {
  if (gamma2 == kGamma2Of44) {
    decompose_all<kGamma2Of44>(r, low);
  } else {
    decompose_all<kGamma2OfOthers>(r, low);
  }
}
void use_hints(Poly32& r, const Poly32& hints, std::int32_t gamma2) noexcept {
  if (gamma2 == kGamma2Of44) {
    use_hints_of<kGamma2Of44>(r, hints);
  } else {
    use_hints_of<kGamma2OfOthers>(r, hints);
  }
}
std::int32_t make_hints(Poly32& hints, const Poly32& low, const Poly32& moved, const Poly32& high,
                        std::int32_t gamma2) noexcept {
  std::int32_t count = 0;
  for (std::size_t j = 0; j < kDegree; ++j) {
    const std::int32_t sum = low.at[j] + moved.at[j];
    const std::int32_t outside = ((gamma2 - sum) | (gamma2 + sum)) >> 31;
    const std::int32_t edge = sum == -gamma2 && high.at[j] != 0 ? 1 : 0;
    hints.at[j] = (outside & 1) | edge;
    count += hints.at[j];
  }
  return count;
}
void make_canonical(Poly32& f) noexcept {
  for (std::int32_t& word : f.at) word = canonical(word);
}
void add(Poly32& out, const Poly32& a, const Poly32& b) noexcept {
  for (std::size_t j = 0; j < kDegree; ++j) out.at[j] = a.at[j] + b.at[j];
}
void subtract_from(Poly32& a, const Poly32& b) noexcept {
  for (std::size_t j = 0; j < kDegree; ++j) a.at[j] -= b.at[j];
}

bool is_within(const Poly32& f, std::int32_t bound) noexcept {
  std::int32_t beyond = 0;
  for (const std::int32_t a : f.at) {
    const std::int32_t sign = a >> 31;
    beyond |= (bound - 1) - ((a ^ sign) - sign);
  }
  return beyond >= 0;
}

void pack_plain(std::uint8_t* out, const Poly32& f, unsigned bits) noexcept {
  std::uint32_t words[kDegree];
  for (std::size_t i = 0; i < kDegree; ++i) words[i] = static_cast<std::uint32_t>(f.at[i]);
  pack_bits(out, words, bits);
}
void unpack_plain(Poly32& out, const std::uint8_t* from, unsigned bits) noexcept {
  std::uint32_t words[kDegree];
  unpack_bits(words, from, bits);
  for (std::size_t i = 0; i < kDegree; ++i) out.at[i] = static_cast<std::int32_t>(words[i]);
}
void pack_below(std::uint8_t* out, const Poly32& f, std::int32_t top, unsigned bits) noexcept {
  Wiped<std::array<Poly32, 1>> below;
  for (std::size_t i = 0; i < kDegree; ++i) (*below)[0].at[i] = top - f.at[i];
  pack_plain(out, (*below)[0], bits);
}
void unpack_below(Poly32& out, const std::uint8_t* from, std::int32_t top, unsigned bits) noexcept {
  unpack_plain(out, from, bits);
  for (std::int32_t& word : out.at) word = top - word;
}

void pack_hints(std::uint8_t* out, const MlDsaParameters& p, const std::vector<Poly32>& hints) {
  std::memset(out, 0, p.omega + p.k);
  std::size_t index = 0;
  for (std::size_t i = 0; i < p.k; ++i) {
    for (std::size_t j = 0; j < kDegree; ++j)
      if (hints[i].at[j] != 0) out[index++] = static_cast<std::uint8_t>(j);
    out[p.omega + i] = static_cast<std::uint8_t>(index);
  }
}

Result<void> unpack_hints(std::vector<Poly32>& hints, const MlDsaParameters& p,
                          const std::uint8_t* from) {
  std::size_t index = 0;
  for (std::size_t i = 0; i < p.k; ++i) {
    std::memset(&hints[i], 0, sizeof(hints[i]));
    const std::size_t end = from[p.omega + i];
    if (end < index || end > p.omega) return fail(err::hint_encoding);
    for (const std::size_t first = index; index < end; ++index) {
      if (index > first && from[index - 1] >= from[index]) return fail(err::hint_encoding);
      hints[i].at[from[index]] = 1;
    }
  }
  for (; index < p.omega; ++index)
    if (from[index] != 0) return fail(err::hint_encoding);
  return {};
}

void expand_matrix(std::vector<Poly32>& matrix, const MlDsaParameters& p, BytesView rho,
                   const Provider& provider) noexcept {
  matrix.resize(p.k * p.l);
  // Of 280 numbers one in a thousand is rejected.
  fill_from_streams<Shake128::kRate, 34, 5>(
      matrix.size(), provider,
      [&](std::size_t index, std::array<std::uint8_t, 34>& seed) {
        std::memcpy(seed.data(), rho.data(), 32);
        seed[32] = static_cast<std::uint8_t>(index % p.l);
        seed[33] = static_cast<std::uint8_t>(index / p.l);
      },
      [&](std::size_t index, std::size_t have, const std::uint8_t* from, std::size_t size) {
        return provider.ml_dsa.sample(matrix[index], have, from, size);
      });
}

void expand_secret(WipedVector<Poly32>& out, const MlDsaParameters& p, BytesView rho_prime,
                   const Provider& provider) noexcept {
  fill_from_streams<Shake256::kRate, 66, 2>(
      p.l + p.k, provider,
      [&](std::size_t index, std::array<std::uint8_t, 66>& seed) {
        std::memcpy(seed.data(), rho_prime.data(), 64);
        seed[64] = static_cast<std::uint8_t>(index);
        seed[65] = 0;
      },
      [&](std::size_t index, std::size_t have, const std::uint8_t* from, std::size_t size) {
        return provider.sample_bounded(out[index], p.eta, have, from, size);
      });
}

void sample_in_ball(Poly32& c, const MlDsaParameters& p, BytesView seed) noexcept {
  std::memset(&c, 0, sizeof(c));
  Shake256 stream{seed};
  std::uint8_t block[Shake256::kRate];
  stream.squeeze(block);
  std::uint64_t signs;
  std::memcpy(&signs, block, 8);
  std::size_t at = 8;
  for (std::size_t i = kDegree - p.tau; i < kDegree; ++i) {
    std::size_t j;
    do {
      if (at == sizeof(block)) {
        stream.squeeze(block);
        at = 0;
      }
      j = block[at++];
    } while (j > i);
    c.at[i] = c.at[j];
    c.at[j] = 1 - 2 * static_cast<std::int32_t>(signs & 1);
    signs >>= 1;
  }
}

MaskStream::MaskStream(const MlDsaParameters& p, BytesView rho, const Provider& provider) noexcept
    : parameters_{&p}, provider_{&provider} {
  std::memcpy(seed_, rho.data(), kMuSize);
}

void MaskStream::refill() noexcept {
  const std::size_t size = packed_size(parameters_->z_bits());
  fill_from_streams<Shake256::kRate, kMuSize + 2, 5>(
      kLanesMax, *provider_,
      [&](std::size_t index, std::array<std::uint8_t, kMuSize + 2>& seed) {
        std::memcpy(seed.data(), seed_, kMuSize);
        const std::size_t counter = counter_ + index;
        seed[kMuSize] = static_cast<std::uint8_t>(counter);
        seed[kMuSize + 1] = static_cast<std::uint8_t>(counter >> 8);
      },
      [&](std::size_t index, std::size_t, const std::uint8_t* from, std::size_t given) {
        WUSONG_ASSERT(given >= size);
        unpack_below(ready_[index], from, parameters_->gamma1(), parameters_->z_bits());
        return kDegree;
      });
  counter_ += kLanesMax;
  at_ = 0;
}

void MaskStream::next(Poly32& out) noexcept {
  if (at_ == kLanesMax) refill();
  out = ready_[at_++];
}

}  // namespace internal
}  // namespace wusong::pq
