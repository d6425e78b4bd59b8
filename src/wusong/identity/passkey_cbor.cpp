// SPDX-License-Identifier: Apache-2.0
#include "wusong/identity/passkey_cbor.hpp"

#include "wusong/codec/utf8.hpp"
#include "wusong/identity/errors.hpp"

namespace wusong::identity {
namespace {

// Major types of CBOR.
constexpr unsigned kUnsigned = 0;
constexpr unsigned kNegative = 1;
constexpr unsigned kBytes = 2;
constexpr unsigned kText = 3;
constexpr unsigned kArray = 4;
constexpr unsigned kMap = 5;
constexpr unsigned kSimple = 7;

}  // namespace

Result<CborReader::Head> CborReader::head() noexcept {
  if (rest_.empty()) return fail(err::malformed);
  const unsigned type = rest_[0] >> 5;
  const unsigned more = rest_[0] & 31;
  rest_ = rest_.subspan(1);
  if (type == kSimple) {
    // false, true, null; floats and anything longer have no place here.
    if (more < 20 || more > 22) return fail(err::malformed);
    return Head{type, more};
  }
  if (type == 6 || more > 27) return fail(err::malformed);  // tags; indefinite lengths
  if (more < 24) return Head{type, more};
  const std::size_t size = std::size_t{1} << (more - 24);
  if (rest_.size() < size) return fail(err::malformed);
  std::uint64_t value = 0;
  for (const auto byte : rest_.first(size)) value = value << 8 | byte;
  rest_ = rest_.subspan(size);
  const std::uint64_t least = size == 1 ? 24 : std::uint64_t{1} << (size * 4);
  if (value < least) return fail(err::malformed);  // it has a shorter form
  return Head{type, value};
}

Result<std::uint64_t> CborReader::of(unsigned type) noexcept {
  WUSONG_TRY(const auto found, head());
  if (found.type != type) return fail(err::malformed);
  return found.value;
}

Result<BytesView> CborReader::string(unsigned type) noexcept {
  WUSONG_TRY(const auto size, of(type));
  if (size > rest_.size()) return fail(err::malformed);
  const BytesView out = rest_.first(static_cast<std::size_t>(size));
  rest_ = rest_.subspan(static_cast<std::size_t>(size));
  return out;
}

Result<std::int64_t> CborReader::integer() noexcept {
  WUSONG_TRY(const auto found, head());
  if (found.type > kNegative || found.value > std::uint64_t{INT64_MAX}) {
    return fail(err::malformed);
  }
  const auto value = static_cast<std::int64_t>(found.value);
  return found.type == kUnsigned ? value : -1 - value;
}

Result<BytesView> CborReader::bytes() noexcept {
  return string(kBytes);
}

Result<std::string_view> CborReader::text() noexcept {
  WUSONG_TRY(const auto out, string(kText));
  if (!codec::is_utf8(as_text(out))) return fail(err::malformed);
  return as_text(out);
}

Result<std::uint64_t> CborReader::array() noexcept {
  return of(kArray);
}
Result<std::uint64_t> CborReader::map() noexcept {
  return of(kMap);
}

Result<void> CborReader::skip(unsigned depth) noexcept {
  if (depth > kDepthMax) return fail(err::malformed);
  const CborReader before{*this};
  WUSONG_TRY(const auto found, head());
  switch (found.type) {
    case kBytes:
    case kText: {
      *this = before;
      if (found.type == kText) {
        WUSONG_CHECK(text());
      } else {
        WUSONG_CHECK(bytes());
      }
      return {};
    }
    case kArray:
    case kMap: {
      // Every element takes a byte at least, so a length beyond the bytes ends soon.
      if (found.value > rest_.size()) return fail(err::malformed);
      const std::uint64_t items = found.type == kMap ? found.value * 2 : found.value;
      for (std::uint64_t i = 0; i < items; ++i) WUSONG_CHECK(skip(depth + 1));
      return {};
    }
    default:
      return {};
  }
}

}  // namespace wusong::identity
