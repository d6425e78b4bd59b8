// SPDX-License-Identifier: Apache-2.0
// Numbers, amounts and times as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/base/time.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::apps {

/// Decimal digits, or 0x and hexadecimal ones; nothing for anything else or above 2^256 - 1.
std::optional<U256> parse_number(std::string_view text);
/// Wei, or with a unit: "20gwei", "1.5ether". Nothing for a fraction of a wei.
std::optional<U256> parse_amount(std::string_view text);

std::string to_decimal(const U256& value);
/// In the unit that keeps it short: "0", "7 wei", "1.5 gwei", "9999.5 ether". Exact.
std::string amount_text(const U256& wei);
/// "2026-11-23T15:28:39.123Z"
std::string iso_time(UnixMillis time);

}  // namespace wusong::apps
