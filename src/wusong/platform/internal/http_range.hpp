// SPDX-License-Identifier: Apache-2.0
// Which part of a body a request asks for. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace wusong::platform::internal {

struct ByteRange {
  enum class Verdict : std::uint8_t { whole, part, unsatisfiable };
  Verdict verdict{Verdict::whole};
  std::uint64_t offset{0};
  std::uint64_t size{0};
};

/// One range of bytes; several, or what is malformed, means the whole, as the standard allows.
/// @source RFC 9110, section 14
ByteRange parse_range(std::string_view range_header, std::uint64_t size) noexcept;

/// Whether If-None-Match names this entity tag. @source RFC 9110, section 13.1.2
bool names_entity_tag(std::string_view if_none_match, std::string_view entity_tag) noexcept;

/// Whether the entity tag lets If-Range keep its range: a strong tag, equal.
/// @source RFC 9110, section 13.1.5
bool keeps_range(std::string_view if_range, std::string_view entity_tag) noexcept;

/// No line breaks or NUL, which would let a value write headers of its own.
bool is_header_text(std::string_view value) noexcept;

}  // namespace wusong::platform::internal
