// SPDX-License-Identifier: Apache-2.0
// Calls of the chain's own contracts.
#pragma once

#include <span>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::node::internal {

inline constexpr std::size_t kAbiWord = 32;

/// A call: arguments as Solidity's ABI has them: fixed words first, then what they point to.
class Call {
 public:
  Call(std::string_view signature, std::size_t words)
      : words_{words}, out_{to_bytes(hash::keccak256(as_bytes(signature)).view().first(4))} {}
  Call& word(const Hash& value) {
    append(out_, value);
    return *this;
  }
  Call& number(const U256& value) { return word(to_hash(value)); }
  Call& address(const Address& value) {
    out_.resize(out_.size() + kAbiWord - value.bytes.size());
    append(out_, value);
    return *this;
  }
  /// Left-aligned, zeros after it.
  Call& left(BytesView value) {
    append(out_, value);
    out_.resize(out_.size() + kAbiWord - value.size());
    return *this;
  }
  Call& words(BytesView value) {
    append(out_, value);
    return *this;
  }
  Call& bytes(BytesView value) {
    number(U256{words_ * kAbiWord + tail_.size()});
    append_bytes(tail_, value);
    return *this;
  }
  Call& list(std::span<const Bytes> items) {
    number(U256{words_ * kAbiWord + tail_.size()});
    append(tail_, to_hash(U256{items.size()}));
    Bytes contents;
    for (const Bytes& item : items) {
      append(tail_, to_hash(U256{items.size() * kAbiWord + contents.size()}));
      append_bytes(contents, item);
    }
    append(tail_, contents);
    return *this;
  }
  Bytes take() {
    append(out_, tail_);
    return std::move(out_);
  }

 private:
  static void append_bytes(Bytes& out, BytesView value) {
    append(out, to_hash(U256{value.size()}));
    append(out, value);
    out.resize(out.size() + (kAbiWord - value.size() % kAbiWord) % kAbiWord);
  }

  std::size_t words_;  // of the head
  Bytes out_;
  Bytes tail_;
};

}  // namespace wusong::node::internal
