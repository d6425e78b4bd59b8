// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/internal/trie.hpp"

#include <algorithm>

#include "wusong/state/errors.hpp"

namespace wusong::state {
namespace {

constexpr std::size_t kKeyNibbles = 64;

BranchRefs refs_of(const std::array<Link, 16>& children) noexcept {
  BranchRefs refs;
  for (std::size_t i = 0; i < 16; ++i) refs[i] = children[i].ref;
  return refs;
}

bool has_prefix(const Hash& key, const Hash& prefix, std::size_t nibbles) noexcept {
  return common_nibbles(key, prefix, nibbles) == nibbles;
}

/// One update. Recursion is at most 64 deep.
class Updater {
 public:
  explicit Updater(NodeLog& log) noexcept : log_{log} {}

  /// The subtree `link` with the changes, seen from nibble `from`.
  Result<Link> update(const Link& link, std::size_t from, std::span<const Change> changes) {
    if (link.empty()) {
      std::vector<Item> items;
      add_inserts(items, changes);
      return build(items, from);
    }
    WUSONG_TRY(const BytesView record, log_.load(link.at));
    if (kind_of(record) == RecordKind::leaf) return update_leaf(link, record, from, changes);
    const auto branch = decode_branch(record);
    if (!branch || branch->depth < from) return fail(err::corrupt);
    return update_branch(link, *branch, from, changes);
  }

  /// A subtree of new leaves, seen from nibble `from`.
  Result<Link> plant(std::span<const Change> leaves, std::size_t from) {
    std::vector<Item> items;
    add_inserts(items, leaves);
    return build(items, from);
  }

  /// What `parts` hold (nodes in the log, in order, below `path`), as one subtree.
  Result<Link> join(std::span<const Position> parts, std::size_t from) {
    std::vector<Item> items;
    for (const Position at : parts) {
      WUSONG_TRY(const Hash key, key_of(at));
      items.push_back({.key = key, .change = nullptr, .at = at});
    }
    return build(items, from);
  }

  /// The trie at `link` with `part` (0 for nothing) in the place of all that is below `path`.
  Result<Link> graft(const Link& link, std::size_t from, const TriePath& path, Position part) {
    if (link.empty()) return part == 0 ? Result<Link>{Link{}} : relink(part, from);
    WUSONG_TRY(const BytesView record, log_.load(link.at));
    if (const auto leaf = decode_leaf(record)) {
      if (path.covers(leaf->key)) return part == 0 ? Result<Link>{Link{}} : relink(part, from);
      return beside(link, leaf->key, from, part);
    }
    const auto branch = decode_branch(record);
    if (!branch || branch->depth < from) return fail(err::corrupt);
    if (branch->depth >= path.depth && path.covers(branch->prefix))
      return part == 0 ? Result<Link>{Link{}} : relink(part, from);
    if (branch->depth >= path.depth || !has_prefix(path.nibbles, branch->prefix, branch->depth))
      return beside(link, branch->prefix, from, part);
    const std::uint8_t nibble = nibble_at(path.nibbles, branch->depth);
    BranchRecord out = *branch;
    WUSONG_TRY(out.children[nibble],
               graft(branch->children[nibble], branch->depth + 1u, path, part));
    if (out.children[nibble].at == branch->children[nibble].at) return link;
    return rebuild(out, from);
  }

 private:
  /// Something to hang into the trie: a new leaf, or a subtree that is in the log already.
  struct Item {
    Hash key;  // of a branch: its prefix
    const Change* change{nullptr};
    Position at{0};
  };

  static void add_inserts(std::vector<Item>& items, std::span<const Change> changes) {
    for (const Change& change : changes)
      if (!change.value.empty()) items.push_back({.key = change.key, .change = &change, .at = 0});
  }

  Result<Link> update_leaf(const Link& link, BytesView record, std::size_t from,
                           std::span<const Change> changes) {
    const auto leaf = decode_leaf(record);
    if (!leaf) return fail(err::corrupt);
    const auto place = std::ranges::lower_bound(changes, leaf->key, {}, &Change::key);
    const bool named = place != changes.end() && place->key == leaf->key;
    const bool same = named && !place->rewrite && place->storage == leaf->storage &&
                      std::ranges::equal(place->value, leaf->value);
    std::vector<Item> items;
    add_inserts(items, {changes.begin(), place});
    if (!named || same) items.push_back({.key = leaf->key, .change = nullptr, .at = link.at});
    add_inserts(items, {same ? place + 1 : place, changes.end()});
    if (items.size() == 1 && items[0].at == link.at) return link;
    return build(items, from);
  }

  Result<Link> update_branch(const Link& link, const BranchRecord& branch, std::size_t from,
                             std::span<const Change> changes) {
    // Changes below this branch are neighbours, because they share its prefix.
    const auto below = [&](const Change& change) {
      return has_prefix(change.key, branch.prefix, branch.depth);
    };
    const auto first = std::ranges::find_if(changes, below);
    const auto last = std::find_if_not(first, changes.end(), below);
    WUSONG_TRY(const Link inside, update_inside(link, branch, from, {first, last}));
    if (last - first == static_cast<std::ptrdiff_t>(changes.size())) return inside;

    std::vector<Item> items;
    add_inserts(items, {changes.begin(), first});
    std::size_t before = items.size();
    if (first == last) {
      // None below: the branch goes where its prefix sorts.
      items.clear();
      add_inserts(items, changes);
      before = static_cast<std::size_t>(
          std::ranges::lower_bound(items, branch.prefix, {}, &Item::key) - items.begin());
    } else {
      add_inserts(items, {last, changes.end()});
    }
    if (items.empty()) return inside;
    if (!inside.empty())
      items.insert(items.begin() + static_cast<std::ptrdiff_t>(before),
                   {.key = branch.prefix, .change = nullptr, .at = inside.at});
    return build(items, from);
  }

  Result<Link> update_inside(const Link& link, const BranchRecord& branch, std::size_t from,
                             std::span<const Change> changes) {
    if (changes.empty()) return link;
    BranchRecord out = branch;
    bool moved = false;
    bool changed = false;
    for (std::size_t i = 0; i < changes.size();) {
      const std::uint8_t nibble = nibble_at(changes[i].key, branch.depth);
      std::size_t end = i + 1;
      while (end < changes.size() && nibble_at(changes[end].key, branch.depth) == nibble) ++end;
      const Link& child = branch.children[nibble];
      WUSONG_TRY(out.children[nibble],
                 update(child, branch.depth + 1u, changes.subspan(i, end - i)));
      moved |= out.children[nibble].at != child.at;
      changed |= !(out.children[nibble].ref == child.ref);
      i = end;
    }
    if (!moved) return link;
    if (changed) return rebuild(out, from);
    WUSONG_TRY(const Position at, append_branch(out));
    return Link{.at = at, .ref = link.ref};
  }

  /// A branch whose children have changed: it may have lost so many that it is none any more.
  Result<Link> rebuild(const BranchRecord& branch, std::size_t from) {
    const auto present = [](const Link& child) { return !child.empty(); };
    const auto count = std::ranges::count_if(branch.children, present);
    if (count == 0) return Link{};
    if (count == 1) return relink(std::ranges::find_if(branch.children, present)->at, from);
    WUSONG_TRY(const Position at, append_branch(branch));
    return Link{.at = at,
                .ref = branch_ref(refs_of(branch.children), branch.prefix, from, branch.depth)};
  }

  /// A node and `part`, which lies elsewhere.
  Result<Link> beside(const Link& link, const Hash& key, std::size_t from, Position part) {
    if (part == 0) return link;
    WUSONG_TRY(const Hash other, key_of(part));
    std::array<Item, 2> items{Item{.key = key, .change = nullptr, .at = link.at},
                              Item{.key = other, .change = nullptr, .at = part}};
    if (other < key) std::swap(items[0], items[1]);
    return build(items, from);
  }

  Result<Hash> key_of(Position at) const {
    WUSONG_TRY(const BytesView record, log_.load_unpublished(at));
    if (const auto leaf = decode_leaf(record)) return leaf->key;
    if (const auto branch = decode_branch(record)) return branch->prefix;
    return fail(err::corrupt);
  }

  /// A subtree of the items, in order of their keys.
  Result<Link> build(std::span<const Item> items, std::size_t from) {
    if (items.empty()) return Link{};
    const Item& first = items.front();
    if (items.size() == 1)
      return first.change == nullptr ? relink(first.at, from) : append_leaf(*first.change, from);
    BranchRecord branch;
    const std::size_t depth = common_nibbles(first.key, items.back().key, kKeyNibbles);
    WUSONG_ASSERT(depth >= from && depth < kKeyNibbles);
    branch.depth = static_cast<std::uint8_t>(depth);
    std::memcpy(branch.prefix.data(), first.key.data(), (depth + 1) / 2);
    if (depth % 2 == 1) branch.prefix.bytes[depth / 2] &= 0xf0;
    while (!items.empty()) {
      const std::uint8_t nibble = nibble_at(items.front().key, depth);
      std::size_t count = 1;
      while (count < items.size() && nibble_at(items[count].key, depth) == nibble) ++count;
      WUSONG_TRY(branch.children[nibble], build(items.first(count), depth + 1));
      items = items.subspan(count);
    }
    WUSONG_TRY(const Position at, append_branch(branch));
    return Link{.at = at, .ref = branch_ref(refs_of(branch.children), branch.prefix, from, depth)};
  }

  /// The same record, seen from another depth.
  Result<Link> relink(Position at, std::size_t from) {
    WUSONG_TRY(const BytesView record, log_.load_unpublished(at));
    if (const auto leaf = decode_leaf(record))
      return Link{.at = at, .ref = leaf_ref(leaf->key, from, leaf->value)};
    const auto branch = decode_branch(record);
    if (!branch || branch->depth < from) return fail(err::corrupt);
    return Link{.at = at,
                .ref = branch_ref(refs_of(branch->children), branch->prefix, from, branch->depth)};
  }

  Result<Link> append_leaf(const Change& change, std::size_t from) {
    write_leaf({.key = change.key, .storage = change.storage, .value = change.value}, scratch_);
    WUSONG_TRY(const Position at, log_.append_node(scratch_));
    return Link{.at = at, .ref = leaf_ref(change.key, from, change.value)};
  }

  Result<Position> append_branch(const BranchRecord& branch) {
    std::array<std::uint8_t, kBranchRecordMax> record;
    return log_.append_node({record.data(), write_branch(branch, record)});
  }

  NodeLog& log_;
  Bytes scratch_;
};

}  // namespace

Result<Link> update_trie(NodeLog& log, const Link& root, std::span<const Change> changes) {
  if (changes.empty()) return root;
  return Updater{log}.update(root, 0, changes);
}

Result<Link> replace_subtree(NodeLog& log, const Link& root, const TriePath& path,
                             std::span<const Change> leaves) {
  Updater updater{log};
  WUSONG_TRY(const Link part, updater.plant(leaves, path.depth));
  return updater.graft(root, 0, path, part.at);
}

Result<Link> keep_children(NodeLog& log, const Link& root, const TriePath& path,
                           const TrieBranch& branch) {
  WUSONG_TRY(const Position before, find_subtree(log, root.at, path));
  if (before == 0) return root;
  std::vector<Position> kept;
  for (std::uint8_t nibble = 0; nibble < 16; ++nibble) {
    if (branch.children[nibble].empty()) continue;
    WUSONG_TRY(const Position at,
               find_subtree(log, root.at, TriePath::child(branch.prefix, branch.depth, nibble)));
    if (at != 0) kept.push_back(at);
  }
  Updater updater{log};
  WUSONG_TRY(const Link part, updater.join(kept, path.depth));
  return updater.graft(root, 0, path, part.at);
}

Result<Position> find_subtree(const NodeLog& log, Position root, const TriePath& path) noexcept {
  Position at = root;
  for (std::size_t from = 0; at != 0;) {
    WUSONG_TRY(const BytesView record, log.load(at));
    if (const auto leaf = decode_leaf(record)) return path.covers(leaf->key) ? at : Position{0};
    const auto branch = decode_branch(record);
    if (!branch || branch->depth < from) return fail(err::corrupt);
    if (branch->depth >= path.depth) return path.covers(branch->prefix) ? at : Position{0};
    if (!has_prefix(path.nibbles, branch->prefix, branch->depth)) break;
    at = branch->children[nibble_at(path.nibbles, branch->depth)].at;
    from = branch->depth + 1u;
  }
  return Position{0};
}

Result<NodeRef> name_of(const NodeLog& log, Position at, std::size_t from) {
  WUSONG_TRY(const BytesView record, log.load(at));
  if (const auto leaf = decode_leaf(record)) return leaf_ref(leaf->key, from, leaf->value);
  const auto branch = decode_branch(record);
  if (!branch || branch->depth < from) return fail(err::corrupt);
  return branch_ref(refs_of(branch->children), branch->prefix, from, branch->depth);
}

Result<std::optional<FoundLeaf>> find_leaf(const NodeLog& log, Position root,
                                           const Hash& key) noexcept {
  Position at = root;
  // A child lies deeper than its parent, so a damaged log cannot make us run in circles.
  for (std::size_t depth = 0; at != 0;) {
    WUSONG_TRY(const BytesView record, log.load(at));
    if (kind_of(record) == RecordKind::leaf) {
      const auto leaf = decode_leaf(record);
      if (!leaf) return fail(err::corrupt);
      if (leaf->key != key) break;
      return std::optional{FoundLeaf{.at = at, .storage = leaf->storage, .value = leaf->value}};
    }
    if (kind_of(record) != RecordKind::branch) return fail(err::corrupt);
    // Prefixes are not compared on the way: the leaf holds its whole key.
    const BranchStep step = step_branch(record, key);
    if (step.depth < depth || step.depth >= kKeyNibbles) return fail(err::corrupt);
    depth = step.depth + 1u;
    at = step.child;
  }
  return std::optional<FoundLeaf>{};
}

Result<ProofNodes> prove(const NodeLog& log, Position root, const Hash& key) {
  ProofNodes nodes;
  // A node that is named by its RLP lies inside its parent already; the root is always given.
  const auto add = [&nodes](BytesView rlp) {
    if (nodes.empty() || rlp.size() >= 32) nodes.push_back(to_bytes(rlp));
  };
  Position at = root;
  for (std::size_t from = 0; at != 0;) {
    WUSONG_TRY(const BytesView record, log.load(at));
    if (const auto leaf = decode_leaf(record)) {
      Bytes rlp;
      write_leaf_rlp(leaf->key, from, leaf->value, rlp);
      add(rlp);
      break;
    }
    const auto branch = decode_branch(record);
    if (!branch || branch->depth < from) return fail(err::corrupt);
    std::array<std::uint8_t, kBranchRlpMax> rlp;
    const BytesView branch_rlp{rlp.data(), write_branch_rlp(refs_of(branch->children), rlp)};
    if (branch->depth > from) {
      std::array<std::uint8_t, kExtensionRlpMax> extension;
      const std::size_t size = write_extension_rlp(branch->prefix, from, branch->depth,
                                                   NodeRef::of_rlp(branch_rlp), extension);
      add({extension.data(), size});
      if (!has_prefix(key, branch->prefix, branch->depth)) break;
    }
    add(branch_rlp);
    at = branch->children[nibble_at(key, branch->depth)].at;
    from = branch->depth + 1u;
  }
  return nodes;
}

}  // namespace wusong::state
