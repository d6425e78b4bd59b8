// SPDX-License-Identifier: Apache-2.0
// Solidity's ABI for static words and arrays of them. Reading is strict: no bit beyond a type.
// @source Solidity documentation, "Contract ABI Specification"
#pragma once

#include <cstdint>

#include "wusong/base/bytes.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::portal::internal {

inline constexpr std::size_t kWord = 32;

class AbiWriter {
 public:
  AbiWriter() = default;
  explicit AbiWriter(std::uint32_t selector) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out_.push_back(static_cast<std::uint8_t>(selector >> shift));
  }
  AbiWriter& number(std::uint64_t value) {
    std::uint8_t word[kWord] = {};
    for (std::size_t i = 0; i < 8; ++i)
      word[kWord - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    append(out_, word);
    return *this;
  }
  AbiWriter& signed_number(std::int64_t value) {
    number(static_cast<std::uint64_t>(value));
    if (value < 0)
      std::fill_n(out_.end() - static_cast<std::ptrdiff_t>(kWord), 24, std::uint8_t{0xff});
    return *this;
  }
  AbiWriter& boolean(bool value) { return number(value ? 1 : 0); }
  AbiWriter& word(const Hash& value) {
    append(out_, value);
    return *this;
  }
  AbiWriter& word(const U256& value) {
    std::uint8_t bytes[kWord];
    store_be(value, bytes);
    append(out_, bytes);
    return *this;
  }
  AbiWriter& address(const Address& value) {
    out_.insert(out_.end(), kWord - Address::kSize, 0);
    append(out_, value);
    return *this;
  }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

/// Reads words in order; the first that does not fit its type spoils the whole.
class AbiReader {
 public:
  explicit AbiReader(BytesView data) : data_{data} {}

  std::uint64_t number(unsigned bits) {
    const std::uint8_t* at = take();
    if (at == nullptr) return 0;
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < kWord; ++i) {
      if (i < kWord - 8 && at[i] != 0) good_ = false;
      if (i >= kWord - 8) out = out << 8 | at[i];
    }
    if (bits < 64 && out >> bits != 0) good_ = false;
    return out;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(8)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(16)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(32)); }
  std::uint64_t u64() { return number(64); }
  bool boolean() { return number(1) != 0; }
  std::int32_t i32() {
    const std::uint8_t* at = take();
    if (at == nullptr) return 0;
    std::uint32_t out = 0;
    for (std::size_t i = kWord - 4; i < kWord; ++i) out = out << 8 | at[i];
    const std::uint8_t sign = (out >> 31) != 0 ? 0xff : 0;
    for (std::size_t i = 0; i < kWord - 4; ++i)
      if (at[i] != sign) good_ = false;
    return static_cast<std::int32_t>(out);
  }
  Hash word() {
    const std::uint8_t* at = take();
    return at == nullptr ? Hash{} : Hash::from({at, kWord});
  }
  U256 u256() {
    const std::uint8_t* at = take();
    return at == nullptr ? U256{} : load_be(at);
  }
  Address address() {
    const std::uint8_t* at = take();
    if (at == nullptr) return {};
    for (std::size_t i = 0; i < kWord - Address::kSize; ++i)
      if (at[i] != 0) good_ = false;
    return Address::from({at + kWord - Address::kSize, Address::kSize});
  }
  /// The words left.
  std::size_t left() const noexcept { return (data_.size() - at_) / kWord; }
  void expect(std::uint64_t value) {
    if (number(64) != value) good_ = false;
  }
  /// Everything was read and fitted.
  bool finished() const noexcept { return good_ && at_ == data_.size(); }
  bool good() const noexcept { return good_; }
  void spoil() noexcept { good_ = false; }

 private:
  const std::uint8_t* take() noexcept {
    if (data_.size() - at_ < kWord) {
      good_ = false;
      return nullptr;
    }
    const std::uint8_t* out = data_.data() + at_;
    at_ += kWord;
    return out;
  }
  BytesView data_;
  std::size_t at_{0};
  bool good_{true};
};

}  // namespace wusong::portal::internal
