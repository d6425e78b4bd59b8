// SPDX-License-Identifier: Apache-2.0
// Fixed-layout big-endian fields. The reader refuses short input; callers refuse what is left over.
#pragma once

#include <optional>

#include "wusong/base/bytes.hpp"
#include "wusong/consensus/messages.hpp"

namespace wusong::consensus::internal {

class Writer {
 public:
  explicit Writer(std::size_t reserve = 0) { bytes_.reserve(reserve); }
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u16(std::uint16_t value) { number(value, 2); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void raw(BytesView value) { append(bytes_, value); }
  /// Length u16, then the bytes.
  void short_bytes(BytesView value) {
    u16(static_cast<std::uint16_t>(value.size()));
    raw(value);
  }
  Bytes take() { return std::move(bytes_); }

 private:
  void number(std::uint64_t value, int size) {
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
      bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  Bytes bytes_;
};

/// After a short read every further read gives zeros and ok() is false.
class Reader {
 public:
  explicit Reader(BytesView bytes) noexcept : rest_{bytes} {}
  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() noexcept { return number(8); }
  Hash hash() noexcept {
    const BytesView bytes = take(Hash::kSize);
    return bytes.size() == Hash::kSize ? Hash::from(bytes) : Hash{};
  }
  BytesView take(std::size_t size) noexcept {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const BytesView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  void refuse() noexcept { ok_ = false; }
  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return rest_.empty(); }
  /// True when everything was read and nothing was refused.
  bool complete() const noexcept { return ok_ && rest_.empty(); }

 private:
  std::uint64_t number(std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(size)) value = value << 8 | byte;
    return value;
  }
  BytesView rest_;
  bool ok_{true};
};

/// @shape bitmap length u16 || bitmap (bit i%8 of byte i/8 is validator i, last byte not zero)
///        || for each signer: length u16 (1..4096) || signature
void write_signatures(Writer& out, const SignatureSet& set);
/// Refuses an empty set.
SignatureSet read_signatures(Reader& in);

/// @shape kind u8 || view [|| height || id] [|| parent view]
void write_subject(Writer& out, const VoteSubject& subject);
VoteSubject read_subject(Reader& in);

}  // namespace wusong::consensus::internal
