// SPDX-License-Identifier: Apache-2.0
// As much CBOR as authenticators speak: integers, byte and text strings, arrays, maps, simple
// values; definite lengths in their shortest form.
#pragma once

#include <cstdint>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::identity {

/// A cursor over one or more items. Strings point into the bytes.
/// @errors err::malformed in every member: another type, an end too early, a length that is not
/// in
///         its shortest form or beyond the bytes, text that is not UTF-8
/// @source RFC 8949; CTAP 2.1, section 8 (canonical form)
class CborReader {
 public:
  static constexpr unsigned kDepthMax = 8;
  explicit CborReader(BytesView bytes) noexcept : rest_{bytes} {}

  [[nodiscard]] Result<std::int64_t> integer() noexcept;
  [[nodiscard]] Result<BytesView> bytes() noexcept;
  [[nodiscard]] Result<std::string_view> text() noexcept;
  /// How many elements, or pairs, follow.
  [[nodiscard]] Result<std::uint64_t> array() noexcept;
  [[nodiscard]] Result<std::uint64_t> map() noexcept;
  /// One whole item, whatever it is.
  [[nodiscard]] Result<void> skip() noexcept { return skip(0); }
  BytesView rest() const noexcept { return rest_; }

 private:
  struct Head {
    unsigned type;  // major type
    std::uint64_t value;
  };
  [[nodiscard]] Result<Head> head() noexcept;
  [[nodiscard]] Result<std::uint64_t> of(unsigned type) noexcept;
  [[nodiscard]] Result<BytesView> string(unsigned type) noexcept;
  [[nodiscard]] Result<void> skip(unsigned depth) noexcept;
  BytesView rest_;
};

}  // namespace wusong::identity
