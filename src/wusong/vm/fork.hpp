// SPDX-License-Identifier: Apache-2.0
// Fork rules as data: a new fork is a new row, not new code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wusong::vm {

/// In order of time. prague_2024_04 is no fork of any network but what "Prague" meant in April
/// 2024: Cancun and the draft of EIP-2537. Tests filled then need it; no chain may have it.
enum class Fork : std::uint8_t {
  berlin,
  london,
  paris,
  shanghai,
  cancun,
  prague_2024_04,
  prague,
  osaka
};
inline constexpr std::size_t kForkCount = 8;

/// "Cancun" and so on, as the published tests name them. Nothing for an unknown name or a draft's.
std::optional<Fork> find_fork(std::string_view name) noexcept;
std::string_view name_of(Fork fork) noexcept;

}  // namespace wusong::vm
