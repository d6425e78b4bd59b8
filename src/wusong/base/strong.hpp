// SPDX-License-Identifier: Apache-2.0
// Integers that do not mix: a height is not a view.
#pragma once

#include <compare>
#include <cstdint>

namespace wusong {

template <typename Tag>
struct Strong {
  std::uint64_t value{0};

  constexpr Strong() noexcept = default;
  constexpr explicit Strong(std::uint64_t from) noexcept : value{from} {}

  constexpr Strong next() const noexcept { return Strong{value + 1}; }
  /// Stops at zero.
  constexpr Strong minus(std::uint64_t count) const noexcept {
    return Strong{value > count ? value - count : 0};
  }
  constexpr Strong plus(std::uint64_t count) const noexcept { return Strong{value + count}; }

  friend constexpr bool operator==(Strong, Strong) noexcept = default;
  friend constexpr auto operator<=>(Strong, Strong) noexcept = default;
};

using Height = Strong<struct HeightTag>;  // a block's number; genesis is 0
using View = Strong<struct ViewTag>;      // a round of consensus; the first is 1

}  // namespace wusong
