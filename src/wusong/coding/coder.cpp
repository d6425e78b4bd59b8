// SPDX-License-Identifier: Apache-2.0
#include "wusong/coding/internal/coder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "wusong/base/assert.hpp"

namespace wusong::coding::internal {
namespace {

/// The working rows of a strip together stay near this, but a row is not cut shorter than that.
constexpr std::size_t kWorkBytes = 128 * 1024;
constexpr std::size_t kStripBytesMin = 256;

/// In place, exact modulo 2^64; twice is multiplication by the size.
void walsh_transform(std::vector<std::uint64_t>& values) noexcept {
  for (std::size_t half = 1; half < values.size(); half *= 2) {
    for (std::size_t block = 0; block < values.size(); block += 2 * half) {
      for (std::size_t i = block; i < block + half; ++i) {
        const std::uint64_t a = values[i];
        const std::uint64_t b = values[i + half];
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
}

constexpr std::uint32_t negated(std::uint32_t log) noexcept {
  return (kGroupOrder - log) % kGroupOrder;
}

/// How many bytes of each fragment are worked on at a time.
std::size_t strip_bytes(std::size_t rows, std::size_t fragment_bytes) noexcept {
  const std::size_t fits = kWorkBytes / rows / kBlockBytes * kBlockBytes;
  return std::min(std::max(fits, kStripBytesMin), fragment_bytes);
}

}  // namespace

struct Coder::Fragments {
  std::uint8_t* data;
  std::size_t bytes;  // of each

  std::uint8_t* at(std::size_t i) const noexcept { return data + i * bytes; }
};

const Kernels& kernels_for(Shape shape) noexcept {
  return best_of(shape.total > kByteFragmentsMax ? word_kernels() : byte_kernels());
}

Coder::Coder(Shape shape, const Kernels& kernels)
    : shape_{shape},
      kernels_{kernels},
      points_{std::max<std::size_t>(std::bit_ceil(shape.total), 4)},
      walsh_logs_(points_),
      transform_{kernels, points_} {
  WUSONG_ASSERT(kernels.symbol_bytes == 2 || shape.total <= kByteFragmentsMax);
  for (std::size_t i = 0; i < points_; ++i)
    walsh_logs_[i] = Field::get().log(static_cast<Symbol>(i));
  walsh_transform(walsh_logs_);
}

void Coder::complete(std::uint8_t* fragments, std::size_t fragment_bytes,
                     std::span<const std::uint16_t> known) const {
  const Fragments all{fragments, fragment_bytes};
  std::vector<bool> is_known(points_);
  for (const std::uint16_t index : known) is_known[index] = true;
  const bool is_encoding = known.back() + 1u == known.size();
  const std::uint32_t matrix_max =
      is_encoding ? kernels_.matrix_encodes_max : kernels_.matrix_completes_max;
  if (shape_.total <= matrix_max) return complete_by_matrix(all, is_known);
  return is_encoding ? encode_by_transform(all) : complete_by_transform(all, is_known);
}

std::vector<std::uint32_t> Coder::distance_logs(const std::vector<bool>& set) const {
  // The distance of two points is the exclusive or of their numbers, so this is a convolution.
  std::vector<std::uint64_t> sums(set.begin(), set.end());
  walsh_transform(sums);
  for (std::size_t i = 0; i < points_; ++i) sums[i] *= walsh_logs_[i];
  walsh_transform(sums);
  std::vector<std::uint32_t> logs(points_);
  for (std::size_t i = 0; i < points_; ++i)
    logs[i] = static_cast<std::uint32_t>(sums[i] / points_ % kGroupOrder);
  return logs;
}

void Coder::complete_by_matrix(const Fragments& fragments, const std::vector<bool>& known) const {
  std::vector<const std::uint8_t*> in;
  std::vector<std::uint8_t*> out;
  for (std::size_t i = 0; i < shape_.total; ++i) {
    if (known[i]) {
      in.push_back(fragments.at(i));
    } else {
      out.push_back(fragments.at(i));
    }
  }
  // Lagrange: f(x) is the sum of f(i) P(x) / ((x - i) P'(i)), where P is zero at the known points.
  const Field& field = Field::get();
  const std::vector<std::uint32_t> logs = distance_logs(known);
  Multipliers multipliers{kernels_, in.size() * out.size()};
  std::size_t at = 0;
  for (std::size_t x = 0; x < shape_.total; ++x) {
    for (std::size_t i = 0; i < shape_.total && !known[x]; ++i) {
      if (!known[i]) continue;
      const std::uint32_t divisor = logs[i] + field.log(static_cast<Symbol>(x ^ i));
      multipliers.set(at++, field.exp(logs[x] + negated(divisor % kGroupOrder)));
    }
  }
  kernels_.combine({in, out, multipliers[0]}, fragments.bytes);
}

void Coder::encode_by_transform(const Fragments& fragments) const {
  const std::size_t needed = shape_.needed;
  const std::size_t total = shape_.total;
  const std::size_t block = std::bit_ceil(needed);
  const std::size_t strip = strip_bytes(2 * block, fragments.bytes);
  std::vector<Block> work(2 * block * strip / kBlockBytes);
  std::uint8_t* const coefficients = work.data()->bytes;
  for (std::size_t from = 0; from < fragments.bytes; from += strip) {
    const std::size_t bytes = std::min(strip, fragments.bytes - from);
    for (std::size_t i = 0; i < needed; ++i)
      std::memcpy(coefficients + i * bytes, fragments.at(i) + from, bytes);
    std::memset(coefficients + needed * bytes, 0, (block - needed) * bytes);
    transform_.complete({coefficients, bytes, block, 0}, needed);
    for (std::size_t first = needed / block * block; first < total; first += block) {
      const Transform::Rows values{coefficients + block * bytes, bytes, block, first};
      const Range wanted{std::max(first, needed), std::min(first + block, total)};
      transform_.evaluate(values, coefficients, wanted);
      for (std::size_t i = wanted.first; i < wanted.last; ++i)
        std::memcpy(fragments.at(i) + from, values.at(i - first), bytes);
    }
  }
}

void Coder::complete_by_transform(const Fragments& fragments,
                                  const std::vector<bool>& known) const {
  // With e zero at the points that are not known, f e has degree below their number, and its values
  // are at hand. Where e is zero its derivative is f e'.
  std::vector<bool> unknown = known;
  unknown.flip();
  const std::vector<std::uint32_t> logs = distance_logs(unknown);
  Multipliers multipliers{kernels_, shape_.total};
  for (std::size_t i = 0; i < shape_.total; ++i)
    multipliers.set(i, Field::get().exp(known[i] ? logs[i] : negated(logs[i])));

  const std::size_t strip = strip_bytes(points_, fragments.bytes);
  std::vector<Block> work(points_ * strip / kBlockBytes);
  for (std::size_t from = 0; from < fragments.bytes; from += strip) {
    const std::size_t bytes = std::min(strip, fragments.bytes - from);
    const Transform::Rows rows{work.data()->bytes, bytes, points_, 0};
    for (std::size_t i = 0; i < points_; ++i) {
      if (known[i]) {
        kernels_.multiply(rows.at(i), fragments.at(i) + from, bytes, multipliers[i]);
      } else {
        std::memset(rows.at(i), 0, bytes);
      }
    }
    transform_.interpolate(rows, shape_.total);
    transform_.add_derivative(rows);
    transform_.evaluate(rows, rows.data, {0, shape_.total});
    for (std::size_t i = 0; i < shape_.total; ++i)
      if (!known[i]) kernels_.multiply(fragments.at(i) + from, rows.at(i), bytes, multipliers[i]);
  }
}

}  // namespace wusong::coding::internal
