// SPDX-License-Identifier: Apache-2.0
// Reading parameters: each refusal names the argument and what is expected there.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/rpc/internal/fault.hpp"

namespace wusong::rpc {

/// A place in the parameters, for messages.
struct Place {
  std::size_t index{0};
  std::string_view name;  // "address", "filter.topics"
};

/// -32602 "invalid argument 0 (address): expected ..."
Fault bad_argument(Place place, std::string_view expected);

Answer<std::string_view> read_text(codec::JsonValue value, Place place);
Answer<bool> read_boolean(codec::JsonValue value, Place place);
/// "0x" and an even number of digits.
Answer<Bytes> read_data(codec::JsonValue value, Place place);
Answer<Address> read_address(codec::JsonValue value, Place place);
Answer<Hash> read_hash(codec::JsonValue value, Place place);
/// "0x" and 1 to 64 digits, as storage keys come from clients: any length, leading zeros allowed.
Answer<Hash> read_word(codec::JsonValue value, Place place);
Answer<std::uint64_t> read_u64(codec::JsonValue value, Place place);
/// The same, or a JSON number.
Answer<std::uint64_t> read_count(codec::JsonValue value, Place place);
Answer<U256> read_u256(codec::JsonValue value, Place place);

/// A block as clients name it: a tag, a number, a hash, or EIP-1898's object.
struct BlockRef {
  enum class Kind : std::uint8_t { latest, pending, number, hash };
  Kind kind{Kind::latest};  // safe and finalized are latest: a readable block is a final one
  Height height;            // earliest is number 0
  Hash hash;
};
Answer<BlockRef> read_block(codec::JsonValue value, Place place);

/// The positional arguments of one call. Borrows from the document.
class Params {
 public:
  Params() = default;
  /// @errors rpc.invalid_params where it is neither an array nor absent
  static Answer<Params> of(const std::optional<codec::JsonValue>& value);

  std::size_t size() const noexcept { return items_.size(); }
  /// The argument, or nothing where it is absent or null.
  std::optional<codec::JsonValue> find(std::size_t index) const;
  Answer<codec::JsonValue> at(Place place) const;

  Answer<std::string_view> text(Place place) const;
  Answer<Bytes> data(Place place) const;
  Answer<Address> address(Place place) const;
  Answer<Hash> hash(Place place) const;
  Answer<Hash> word(Place place) const;
  Answer<std::uint64_t> u64(Place place) const;
  Answer<std::uint64_t> count(Place place) const;
  Answer<bool> boolean_or(Place place, bool otherwise) const;
  /// Absent means latest.
  Answer<BlockRef> block(Place place) const;

 private:
  std::vector<codec::JsonValue> items_;
};

}  // namespace wusong::rpc
