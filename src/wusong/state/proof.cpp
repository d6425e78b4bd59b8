// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/proof.hpp"

#include "wusong/codec/rlp.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/state/errors.hpp"

namespace wusong::state {
namespace {

constexpr std::size_t kKeyNibbles = 64;
constexpr std::size_t kItemsMax = 17;

unsigned key_nibble(const Hash& key, std::size_t index) noexcept {
  const unsigned byte = key.bytes[index / 2];
  return index % 2 == 0 ? byte >> 4 : byte & 15;
}

/// A hex-prefix path.
struct Path {
  bool leaf{false};
  BytesView bytes;
  bool odd{false};

  static Result<Path> parse(BytesView bytes) noexcept {
    if (bytes.empty() || bytes[0] >> 4 > 3) return fail(err::bad_proof);
    const Path path{.leaf = (bytes[0] & 0x20) != 0, .bytes = bytes, .odd = (bytes[0] & 0x10) != 0};
    if (!path.odd && (bytes[0] & 0x0f) != 0) return fail(err::bad_proof);
    return path;
  }
  std::size_t size() const noexcept { return 2 * bytes.size() - (odd ? 1 : 2); }
  unsigned nibble(std::size_t index) const noexcept {
    const std::size_t at = index + (odd ? 1 : 2);
    return at % 2 == 0 ? bytes[at / 2] >> 4 : bytes[at / 2] & 15u;
  }
};

/// Walks one proof.
class Walk {
 public:
  Walk(const Hash& key, std::span<const Bytes> nodes) noexcept : key_{key}, nodes_{nodes} {}

  Result<std::optional<Bytes>> run(const Hash& root) {
    WUSONG_TRY(BytesView node, next_node(root));
    for (;;) {
      WUSONG_TRY(const std::size_t count, split(node));
      BytesView child;  // RLP of the reference to follow
      if (count == kItemsMax) {
        WUSONG_TRY(child, through_branch());
      } else if (count == 2) {
        codec::RlpReader reader{items_[0]};
        const auto text = reader.string();
        if (!text) return fail(err::bad_proof);
        WUSONG_TRY(const Path path, Path::parse(*text));
        if (path.size() > kKeyNibbles - depth_) return fail(err::bad_proof);
        const bool fits = matches(path);
        if (path.leaf) return at_leaf(path, fits);
        if (path.size() == 0) return fail(err::bad_proof);
        if (!fits) return missing();
        depth_ += path.size();
        child = items_[1];
        if (child[0] == 0x80) return fail(err::bad_proof);
      } else {
        return fail(err::bad_proof);
      }
      if (child[0] == 0x80) return missing();
      WUSONG_TRY(node, follow(child));
    }
  }

 private:
  Result<BytesView> next_node(const Hash& hash) {
    if (used_ == nodes_.size()) return fail(err::bad_proof);
    const BytesView node = nodes_[used_++];
    if (hash::chain_hash(node) != hash) return fail(err::bad_proof);
    return node;
  }

  /// Cuts a node into the RLP of its items.
  Result<std::size_t> split(BytesView node) {
    codec::RlpReader reader{node};
    auto list = reader.list();
    if (!list || !reader.empty()) return fail(err::bad_proof);
    std::size_t count = 0;
    while (!list->empty()) {
      const auto item = list->raw_item();
      if (!item || count == kItemsMax) return fail(err::bad_proof);
      items_[count++] = *item;
    }
    return count;
  }

  /// Keys of one length: no branch holds a value, and none comes after the last nibble.
  Result<BytesView> through_branch() {
    if (depth_ == kKeyNibbles || items_[kItemsMax - 1][0] != 0x80) return fail(err::bad_proof);
    return items_[key_nibble(key_, depth_++)];
  }

  bool matches(const Path& path) const noexcept {
    for (std::size_t i = 0; i < path.size(); ++i)
      if (path.nibble(i) != key_nibble(key_, depth_ + i)) return false;
    return true;
  }

  Result<std::optional<Bytes>> at_leaf(const Path& path, bool fits) {
    if (depth_ + path.size() != kKeyNibbles) return fail(err::bad_proof);
    if (!fits) return missing();
    codec::RlpReader reader{items_[1]};
    const auto value = reader.string();
    if (!value || value->empty() || used_ != nodes_.size()) return fail(err::bad_proof);
    return std::optional{to_bytes(*value)};
  }

  Result<std::optional<Bytes>> missing() const {
    if (used_ != nodes_.size()) return fail(err::bad_proof);
    return std::optional<Bytes>{};
  }

  Result<BytesView> follow(BytesView child) {
    if (child[0] >= 0xc0) {
      if (child.size() >= Hash::kSize) return fail(err::bad_proof);
      return child;
    }
    if (child.size() != 1 + Hash::kSize) return fail(err::bad_proof);
    return next_node(Hash::from(child.subspan(1)));
  }

  const Hash& key_;
  std::span<const Bytes> nodes_;
  std::size_t used_{0};
  std::size_t depth_{0};
  std::array<BytesView, kItemsMax> items_;
};

}  // namespace

Result<std::optional<Bytes>> verify_proof(const Hash& root, const Hash& key,
                                          std::span<const Bytes> nodes) {
  if (root == types::kEmptyTrieRoot) {
    if (!nodes.empty()) return fail(err::bad_proof);
    return std::optional<Bytes>{};
  }
  return Walk{key, nodes}.run(root);
}

Result<std::optional<types::Account>> verify_account_proof(const Hash& state_root,
                                                           const Address& address,
                                                           std::span<const Bytes> nodes) {
  WUSONG_TRY(const auto value, verify_proof(state_root, hash::chain_hash(address), nodes));
  if (!value) return std::optional<types::Account>{};
  const auto account = types::decode_account(*value);
  if (!account) return fail(err::bad_proof);
  return std::optional{*account};
}

Result<U256> verify_storage_proof(const Hash& storage_root, const Hash& slot,
                                  std::span<const Bytes> nodes) {
  WUSONG_TRY(const auto value, verify_proof(storage_root, hash::chain_hash(slot), nodes));
  if (!value) return U256{};
  codec::RlpReader reader{*value};
  const auto word = reader.word();
  if (!word || !reader.empty() || to_u256(*word).is_zero()) return fail(err::bad_proof);
  return to_u256(*word);
}

}  // namespace wusong::state
