// SPDX-License-Identifier: Apache-2.0
// The RLP of Merkle Patricia nodes, built on the stack.
// @source Ethereum yellow paper, appendices C (hex-prefix) and D (trie)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wusong/base/bytes.hpp"
#include "wusong/state/node_ref.hpp"

namespace wusong::state {

/// The nibble at `index` of a key, high half first.
inline std::uint8_t nibble_at(BytesView key, std::size_t index) noexcept {
  const std::uint8_t byte = key[index / 2];
  return index % 2 == 0 ? byte >> 4 : byte & 0x0f;
}
/// Nibbles two keys share from the start, at most `limit`.
std::size_t common_nibbles(BytesView a, BytesView b, std::size_t limit) noexcept;

/// Longest RLP of a branch without value: list prefix, 16 hashes, one empty string.
inline constexpr std::size_t kBranchRlpMax = 3 + 16 * 33 + 1;
/// Longest RLP of an extension: list prefix, path of 33 bytes, hash.
inline constexpr std::size_t kExtensionRlpMax = 2 + 34 + 33;

/// Both return the bytes written to `out`.
std::size_t write_branch_rlp(const BranchRefs& children,
                             std::array<std::uint8_t, kBranchRlpMax>& out) noexcept;
/// Path: nibbles [from, to) of `key`.
std::size_t write_extension_rlp(BytesView key, std::size_t from, std::size_t to,
                                const NodeRef& child,
                                std::array<std::uint8_t, kExtensionRlpMax>& out) noexcept;
/// A leaf with the nibbles of `key` from `from` on. Clears `out` first.
void write_leaf_rlp(BytesView key, std::size_t from, BytesView value, Bytes& out);
/// A branch that holds a value too, as only keys of several lengths have. Clears `out` first.
void write_value_branch_rlp(const BranchRefs& children, BytesView value, Bytes& out);

NodeRef leaf_ref(BytesView key, std::size_t from, BytesView value);
/// The branch at nibble `depth` of `prefix`, behind an extension where `from` is smaller.
NodeRef branch_ref(const BranchRefs& children, BytesView prefix, std::size_t from,
                   std::size_t depth) noexcept;

}  // namespace wusong::state
