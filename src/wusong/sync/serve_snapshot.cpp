// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/snapshot.hpp"

namespace wusong::sync {
namespace {

using Kind = net::SnapshotItem::Kind;

/// Leaves looked at in vain, because they were too many for a part, cost as much as those sent.
constexpr std::size_t kWorkBytesMax = 4 * net::kSnapshotBytesMax;

struct Cut {
  net::SnapshotPart part;
  std::size_t bytes{0};
  std::size_t work{0};
};

Cut cut(std::vector<state::TrieLeaf> leaves) {
  net::SnapshotLeaves out;
  out.reserve(leaves.size());
  std::size_t bytes = 0;
  for (state::TrieLeaf& leaf : leaves) {
    bytes += Hash::kSize + leaf.value.size();
    out.push_back({.key = leaf.key, .value = std::move(leaf.value)});
  }
  return {.part = std::move(out), .bytes = bytes, .work = bytes};
}

Cut cut(const state::TrieBranch& branch) {
  net::SnapshotBranch out{.prefix = branch.prefix, .depth = branch.depth, .children = {}};
  for (std::size_t i = 0; i < 16; ++i) out.children[i] = to_bytes(branch.children[i].view());
  return {.part = std::move(out), .bytes = 16 * 33, .work = net::kSnapshotPartBytesMax};
}

Result<std::optional<Cut>> read(state::TrieReader& tries, const net::SnapshotItem& item,
                                std::size_t part_bytes_max) {
  if (item.kind == Kind::code) {
    WUSONG_TRY(auto code, tries.code(item.key));
    if (!code) return std::optional<Cut>{};
    const std::size_t size = code->size();
    return std::optional{Cut{.part = *std::move(code), .bytes = size, .work = size}};
  }
  const auto account = item.kind == Kind::storage ? std::optional{item.key} : std::nullopt;
  WUSONG_TRY(auto subtree, tries.subtree(account, {.nibbles = item.nibbles, .depth = item.depth},
                                         part_bytes_max));
  if (!subtree) return std::optional<Cut>{};
  if (auto* leaves = std::get_if<std::vector<state::TrieLeaf>>(&*subtree))
    return std::optional{cut(std::move(*leaves))};
  return std::optional{cut(std::get<state::TrieBranch>(*subtree))};
}

}  // namespace

Result<net::SnapshotResponse> serve_snapshot(state::TrieReader* tries,
                                             const net::SnapshotRequest& request,
                                             std::size_t part_bytes_max) {
  net::SnapshotResponse out{
      .id = request.id, .status = net::SnapshotResponse::Status::gone, .parts = {}};
  if (tries == nullptr || tries->root() != request.root) return out;
  std::size_t bytes = 0;
  std::size_t work = 0;
  for (const net::SnapshotItem& item : request.items) {
    WUSONG_TRY(auto part, read(*tries, item, part_bytes_max));
    // What the state does not have under this root nobody can have asked for in good faith.
    if (!part) break;
    if (!out.parts.empty() && bytes + part->bytes > net::kSnapshotBytesMax) break;
    bytes += part->bytes;
    work += part->work;
    out.parts.push_back(std::move(part->part));
    if (bytes >= net::kSnapshotBytesMax || work >= kWorkBytesMax) break;
  }
  if (!out.parts.empty()) out.status = net::SnapshotResponse::Status::ok;
  return out;
}

}  // namespace wusong::sync
