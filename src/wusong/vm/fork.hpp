// SPDX-License-Identifier: Apache-2.0
// Fork rules as data: a new fork is a new row, not new code.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wusong::vm {

enum class Fork : std::uint8_t { berlin, london, paris, shanghai, cancun, prague, osaka };

/// "Cancun" and so on, as the published tests name them. Nothing for an unknown name.
std::optional<Fork> find_fork(std::string_view name) noexcept;
std::string_view name_of(Fork fork) noexcept;

}  // namespace wusong::vm
