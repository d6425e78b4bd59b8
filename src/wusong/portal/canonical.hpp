// SPDX-License-Identifier: Apache-2.0
// Canonical JSON: one text for one value, so that a digest names it.
#pragma once

#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::portal {

inline constexpr std::size_t kDocumentBytesMax = 1 << 20;
inline constexpr std::size_t kDocumentDepthMax = 32;

/// Any JSON text as its canonical one: members sorted by code point, no white space, integers only
/// (what int64 holds), the short escapes of ECMA-404 and \u00xx for other control characters.
/// @errors err::bad_document (no JSON, a fraction or exponent, an integer too large, a member
///         twice, too deep), err::document_too_large; the fault names the member
[[nodiscard]] Checked<std::string> canonicalise(std::string_view json);
/// Whether a text is canonical already. @errors err::not_canonical and canonicalise()'s
[[nodiscard]] Checked<void> check_canonical(std::string_view json);

/// `text` as a canonical JSON string with its quotes.
void append_canonical_string(std::string& out, std::string_view text);

/// SHA-256 of the text: the document's name.
Hash digest_of(std::string_view canonical) noexcept;

}  // namespace wusong::portal
