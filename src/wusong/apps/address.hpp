// SPDX-License-Identifier: Apache-2.0
// Addresses as people write and read them: hexadecimal, with the checksum of EIP-55 in its case.
#pragma once

#include <string>
#include <string_view>

#include "wusong/apps/errors.hpp"
#include "wusong/base/bytes.hpp"

namespace wusong::apps {

/// "0x…" with EIP-55's checksum. @source https://eips.ethereum.org/EIPS/eip-55
std::string checksummed(const Address& address);
/// The same of an address in hexadecimal; any other text as it is.
std::string checksummed(std::string_view text);

/// Digits of one case are accepted as they are, mixed ones where the checksum holds. `what` stands
/// before the text in the error, as in "--to ".
/// @errors err::bad_argument
[[nodiscard]] Outcome<Address> parse_address(const std::string& text, std::string_view what = {});

}  // namespace wusong::apps
