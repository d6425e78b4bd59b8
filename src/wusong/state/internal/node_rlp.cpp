// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/internal/node_rlp.hpp"

#include "wusong/codec/rlp.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/types/block.hpp"

namespace wusong::state {
namespace {

constexpr std::uint8_t kString = 0x80;
constexpr std::uint8_t kList = 0xc0;

/// Prefix of a list of less than 64 KiB.
std::size_t put_list_prefix(std::uint8_t* out, std::size_t payload) noexcept {
  if (payload < 56) {
    out[0] = static_cast<std::uint8_t>(kList + payload);
    return 1;
  }
  if (payload < 256) {
    out[0] = 0xf8;
    out[1] = static_cast<std::uint8_t>(payload);
    return 2;
  }
  out[0] = 0xf9;
  out[1] = static_cast<std::uint8_t>(payload >> 8);
  out[2] = static_cast<std::uint8_t>(payload);
  return 3;
}

std::size_t ref_size(const NodeRef& ref) noexcept {
  if (ref.empty()) return 1;
  return ref.is_hash() ? 33u : ref.size;
}

std::size_t put_ref(std::uint8_t* out, const NodeRef& ref) noexcept {
  if (ref.empty()) {
    out[0] = kString;
    return 1;
  }
  if (ref.is_hash()) {
    out[0] = kString + 32;
    std::memcpy(out + 1, ref.bytes.data(), 32);
    return 33;
  }
  std::memcpy(out, ref.bytes.data(), ref.size);
  return ref.size;
}

/// Hex-prefix of nibbles [from, to); returns the bytes written, at most 33.
std::size_t put_path(std::uint8_t* out, BytesView key, std::size_t from, std::size_t to,
                     bool leaf) noexcept {
  const std::size_t count = to - from;
  const std::uint8_t flag = leaf ? 0x20 : 0x00;
  std::size_t at = from;
  if (count % 2 == 1)
    out[0] = static_cast<std::uint8_t>(flag | 0x10 | nibble_at(key, at++));
  else
    out[0] = flag;
  std::size_t written = 1;
  if (at % 2 == 0 && at < to) {
    std::memcpy(out + 1, key.data() + at / 2, (to - at) / 2);
    return 1 + (to - at) / 2;
  }
  for (; at < to; at += 2)
    out[written++] = static_cast<std::uint8_t>(nibble_at(key, at) << 4 | nibble_at(key, at + 1));
  return written;
}

}  // namespace

std::size_t common_nibbles(BytesView a, BytesView b, std::size_t limit) noexcept {
  std::size_t i = 0;
  while (i + 1 < limit && a[i / 2] == b[i / 2]) i += 2;
  if (i < limit && nibble_at(a, i) == nibble_at(b, i)) ++i;
  return i < limit ? i : limit;
}

Hash NodeRef::root_hash() const noexcept {
  if (empty()) return types::kEmptyTrieRoot;
  return is_hash() ? Hash{bytes} : hash::chain_hash(view());
}

NodeRef NodeRef::of_hash(const Hash& hash) noexcept {
  return {.bytes = hash.bytes, .size = 32};
}

NodeRef NodeRef::of_rlp(BytesView rlp) noexcept {
  if (rlp.size() >= 32) return of_hash(hash::chain_hash(rlp));
  NodeRef ref;
  std::memcpy(ref.bytes.data(), rlp.data(), rlp.size());
  ref.size = static_cast<std::uint8_t>(rlp.size());
  return ref;
}

std::size_t write_branch_rlp(const BranchRefs& children,
                             std::array<std::uint8_t, kBranchRlpMax>& out) noexcept {
  std::size_t payload = 1;
  for (const NodeRef& child : children) payload += ref_size(child);
  std::size_t at = put_list_prefix(out.data(), payload);
  for (const NodeRef& child : children) at += put_ref(out.data() + at, child);
  out[at++] = kString;
  return at;
}

std::size_t write_extension_rlp(BytesView key, std::size_t from, std::size_t to,
                                const NodeRef& child,
                                std::array<std::uint8_t, kExtensionRlpMax>& out) noexcept {
  std::uint8_t path[33];
  const std::size_t path_size = put_path(path, key, from, to, false);
  const bool bare = path_size == 1;  // at most 0x1f, so it is its own encoding
  const std::size_t payload = (bare ? 1 : 1 + path_size) + ref_size(child);
  std::size_t at = put_list_prefix(out.data(), payload);
  if (!bare) out[at++] = static_cast<std::uint8_t>(kString + path_size);
  std::memcpy(out.data() + at, path, path_size);
  at += path_size;
  return at + put_ref(out.data() + at, child);
}

void write_leaf_rlp(BytesView key, std::size_t from, BytesView value, Bytes& out) {
  Bytes path(1 + key.size());
  path.resize(put_path(path.data(), key, from, 2 * key.size(), true));
  const auto string_size = [](BytesView s) {
    return s.size() == 1 && s[0] < kString ? 1 : codec::rlp_prefix_size(s.size()) + s.size();
  };
  const auto put_string = [&out](BytesView s) {
    if (s.size() != 1 || s[0] >= kString) codec::rlp_append_prefix(out, kString, s.size());
    append(out, s);
  };
  out.clear();
  codec::rlp_append_prefix(out, kList, string_size(path) + string_size(value));
  put_string(path);
  put_string(value);
}

void write_value_branch_rlp(const BranchRefs& children, BytesView value, Bytes& out) {
  codec::RlpWriter writer;
  writer.open_list();
  std::uint8_t encoded[33];
  for (const NodeRef& child : children) writer.raw({encoded, put_ref(encoded, child)});
  writer.string(value);
  writer.close_list();
  out = writer.take();
}

NodeRef leaf_ref(BytesView key, std::size_t from, BytesView value) {
  Bytes rlp;
  write_leaf_rlp(key, from, value, rlp);
  return NodeRef::of_rlp(rlp);
}

NodeRef branch_ref(const BranchRefs& children, BytesView prefix, std::size_t from,
                   std::size_t depth) noexcept {
  std::array<std::uint8_t, kBranchRlpMax> branch;
  const NodeRef ref = NodeRef::of_rlp({branch.data(), write_branch_rlp(children, branch)});
  if (from == depth) return ref;
  std::array<std::uint8_t, kExtensionRlpMax> extension;
  return NodeRef::of_rlp(
      {extension.data(), write_extension_rlp(prefix, from, depth, ref, extension)});
}

}  // namespace wusong::state
