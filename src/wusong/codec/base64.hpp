// SPDX-License-Identifier: Apache-2.0
// Bytes as letters, and text as it stands in addresses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"

namespace wusong::codec {

/// Without padding. @source RFC 4648, section 5
std::string base64url(BytesView bytes);
/// With or without padding; stray bits at the end are passed over.
std::optional<Bytes> from_base64url(std::string_view text);
/// Exactly one form: no padding, no stray bits. Nothing where it is not.
std::optional<Bytes> strict_base64url(std::string_view text);

/// With padding, ordinary alphabet: HTTP Basic. @source RFC 4648, section 4
std::string base64(BytesView bytes);
/// The same, with or without padding.
std::optional<Bytes> from_base64(std::string_view text);

/// Everything but letters, digits and "-._~" escaped. @source RFC 3986, section 2.1
std::string percent_encode(std::string_view text);

}  // namespace wusong::codec
