// SPDX-License-Identifier: Apache-2.0
// Transforms by recursion, four parts at a time: whatever fits a cache is finished there.
#include "wusong/coding/internal/transform.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace wusong::coding::internal {
namespace {

bool is_power_of_four(std::size_t count) noexcept {
  return std::countr_zero(count) % 2 == 0;
}

}  // namespace

Transform::Transform(const Kernels& kernels, std::size_t points)
    : kernels_{kernels}, steps_{kernels, std::max<std::size_t>(points / 2, 1)} {
  for (std::size_t i = 0; i < points / 2; ++i) steps_.set(i, static_cast<Symbol>(2 * i));
}

void Transform::evaluate(const Rows& rows, const std::uint8_t* from, Range wanted) const noexcept {
  if (rows.count == 1) {
    if (from != rows.data) std::memcpy(rows.data, from, rows.row_bytes);
    return;
  }
  const Rows halves[2] = {rows.part(0, 2), rows.part(1, 2)};
  const std::size_t half_bytes = halves[0].count * rows.row_bytes;
  if (!is_power_of_four(rows.count)) {
    kernels_.forward(rows.data, from, half_bytes, step(rows));
    return evaluate_parts(rows, 2, wanted);
  }
  const std::uint8_t* const steps[3] = {step(rows), step(halves[0]), step(halves[1])};
  kernels_.forward4(rows.data, from, half_bytes / 2, steps);
  evaluate_parts(rows, 4, wanted);
}

void Transform::evaluate_parts(const Rows& rows, std::size_t parts, Range wanted) const noexcept {
  if (rows.count == parts) return;
  for (std::size_t i = 0; i < parts; ++i) {
    const Rows part = rows.part(i, parts);
    if (part.offset < wanted.last && part.offset + part.count > wanted.first)
      evaluate(part, part.data, wanted);
  }
}

void Transform::interpolate(const Rows& rows, std::size_t zero_from) const noexcept {
  if (rows.count == 1) return;
  const Rows halves[2] = {rows.part(0, 2), rows.part(1, 2)};
  const std::size_t half_bytes = halves[0].count * rows.row_bytes;
  const std::size_t parts = is_power_of_four(rows.count) ? 4 : 2;
  for (std::size_t i = 0; i < parts && rows.count > parts; ++i) {
    const Rows part = rows.part(i, parts);
    if (part.offset < zero_from) interpolate(part, zero_from);
  }
  if (parts == 2) return kernels_.inverse(rows.data, half_bytes, step(rows));
  const std::uint8_t* const steps[3] = {step(rows), step(halves[0]), step(halves[1])};
  kernels_.inverse4(rows.data, half_bytes / 2, steps);
}

void Transform::complete(const Rows& rows, std::size_t known) const noexcept {
  if (known == 0) return;
  if (known == rows.count) return interpolate(rows, rows.offset + rows.count);
  const Rows low = rows.part(0, 2);
  const Rows high = rows.part(1, 2);
  const std::size_t half = low.count;
  const auto bytes = [&rows](std::size_t count) { return count * rows.row_bytes; };
  // With f = low + s high, the values of the lower half are those of g = low + t high, where s is t
  // throughout, and the values of the upper half are those of g + high.
  if (known >= half) {
    interpolate(low, low.offset + half);
    const std::size_t rest = known - half;
    kernels_.add(high.at(rest), low.at(rest), bytes(half - rest));
    complete(high, rest);
    kernels_.inverse(rows.data, bytes(half), step(rows));
  } else {
    kernels_.multiply_add(low.at(known), high.at(known), bytes(half - known), step(rows));
    complete(low, known);
    kernels_.multiply_add(low.data, high.data, bytes(half), step(rows));
  }
}

void Transform::add_derivative(const Rows& rows) const noexcept {
  // X_i' is the sum of X_j over the j that lack one bit of i. Row j takes rows j + 2^k while they
  // are still as they were: those with the lowest two bits alone first, four rows at a time.
  for (std::size_t i = 0; i < rows.count; i += 4) {
    const std::size_t width = i & (~i + 1);
    if (i != 0) kernels_.add(rows.at(i - width), rows.at(i), width * rows.row_bytes);
    kernels_.derive4(rows.at(i), rows.row_bytes);
  }
}

}  // namespace wusong::coding::internal
