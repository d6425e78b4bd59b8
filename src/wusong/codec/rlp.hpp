// SPDX-License-Identifier: Apache-2.0
// Recursive Length Prefix, strict: each value has exactly one accepted encoding.
#pragma once

#include <cstdint>
#include <optional>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::codec {

/// Builds one RLP value; lists are opened and closed, and may nest.
/// @source Ethereum yellow paper, appendix B
class RlpWriter {
 public:
  void string(BytesView bytes);
  /// Big-endian without leading zeros; zero is the empty string.
  void number(std::uint64_t value);
  /// The same for 32 bytes.
  void number(const Hash& word);
  /// Already encoded.
  void raw(BytesView encoded) { append(out_, encoded); }
  void open_list();
  void close_list();
  /// Every list is closed.
  Bytes take();

 private:
  Bytes out_;
  std::vector<std::size_t> open_;
};

/// Bytes the prefix of a string or list with `payload` bytes takes.
std::size_t rlp_prefix_size(std::size_t payload) noexcept;
/// Appends a prefix: base 0x80 for strings, 0xc0 for lists.
void rlp_append_prefix(Bytes& out, std::uint8_t base, std::size_t payload);

/// Reads the items of one list or a sequence in order; borrows the bytes, which must outlive it.
/// @errors of every reader: err::rlp_truncated, err::rlp_non_canonical, err::rlp_expected_list,
///         err::rlp_expected_string, err::rlp_leading_zero, err::rlp_wrong_size
class RlpReader {
 public:
  explicit RlpReader(BytesView bytes) noexcept : rest_{bytes} {}

  bool empty() const noexcept { return rest_.empty(); }
  bool next_is_list() const noexcept { return !rest_.empty() && rest_[0] >= 0xc0; }
  [[nodiscard]] Result<BytesView> string() noexcept;
  [[nodiscard]] Result<RlpReader> list() noexcept;
  /// The next item with its prefix, whatever it is. Only its own prefix is checked, not what is
  /// inside.
  [[nodiscard]] Result<BytesView> raw_item() noexcept;
  [[nodiscard]] Result<std::uint64_t> u64() noexcept;
  /// A number of at most 32 bytes, padded to 32.
  [[nodiscard]] Result<Hash> word() noexcept;
  template <typename Fixed>
  [[nodiscard]] Result<Fixed> fixed() noexcept {
    WUSONG_TRY(const BytesView bytes, fixed_size(Fixed::kSize));
    return Fixed::from(bytes);
  }
  /// The empty string or exactly N bytes.
  template <typename Fixed>
  [[nodiscard]] Result<std::optional<Fixed>> optional_fixed() noexcept {
    WUSONG_TRY(const BytesView bytes, string());
    if (bytes.empty()) return std::optional<Fixed>{};
    if (bytes.size() != Fixed::kSize) return wrong_size();
    return std::optional<Fixed>{Fixed::from(bytes)};
  }
  /// Nothing may be left. @errors err::rlp_trailing_bytes
  [[nodiscard]] Result<void> finish() const noexcept;

 private:
  struct Item {
    bool is_list;
    BytesView payload;
    std::size_t size;
  };
  [[nodiscard]] Result<Item> peek() const noexcept;
  [[nodiscard]] Result<BytesView> fixed_size(std::size_t size) noexcept;
  static std::unexpected<Error> wrong_size() noexcept;

  BytesView rest_;
};

/// Checks the whole value, nested lists included, and that nothing follows it.
[[nodiscard]] Result<void> rlp_validate(BytesView encoded) noexcept;

}  // namespace wusong::codec
