// SPDX-License-Identifier: Apache-2.0
// Cutting a height's tries into parts for others.
#include "wusong/state/errors.hpp"
#include "wusong/state/internal/engine.hpp"

namespace wusong::state {
namespace {

/// What a leaf costs a reader besides its value.
constexpr std::size_t kLeafOverhead = 40;

class Tries final : public TrieReader {
 public:
  Tries(StateDb::Impl& db, std::size_t pin, const Snapshot& snapshot) noexcept
      : db_{db}, pin_{pin}, snapshot_{snapshot} {}
  ~Tries() override { db_.history().unpin(pin_); }
  Tries(const Tries&) = delete;
  Tries& operator=(const Tries&) = delete;

  const Hash& root() const noexcept override { return snapshot_.root; }

  Result<std::optional<Subtree>> subtree(const std::optional<Hash>& account, const TriePath& path,
                                         std::size_t bytes_max) override {
    Position trie = snapshot_.accounts;
    if (account) {
      WUSONG_TRY(const auto leaf, find_leaf(db_.log(), snapshot_.accounts, *account));
      trie = leaf ? leaf->storage : 0;
    }
    WUSONG_TRY(const Position top, find_subtree(db_.log(), trie, path));
    if (top == 0) return std::optional<Subtree>{};
    std::vector<TrieLeaf> leaves;
    std::size_t bytes = 0;
    WUSONG_TRY(const bool fits, gather(top, path.depth, bytes_max, leaves, bytes));
    if (fits) return std::optional<Subtree>{std::move(leaves)};
    WUSONG_TRY(const BytesView record, db_.log().load(top));
    const auto branch = decode_branch(record);
    WUSONG_ASSERT(branch);  // a single leaf always fits
    TrieBranch out{.prefix = branch->prefix, .depth = branch->depth, .children = {}};
    for (std::size_t i = 0; i < 16; ++i) out.children[i] = branch->children[i].ref;
    return std::optional<Subtree>{out};
  }

  Result<std::optional<Bytes>> code(const Hash& code_hash) override {
    WUSONG_TRY(const auto leaf, find_leaf(db_.log(), snapshot_.code, code_hash));
    if (!leaf) return std::optional<Bytes>{};
    return std::optional{to_bytes(leaf->value)};
  }

 private:
  /// Appends the leaves below a node, in order. False as soon as they are too many.
  Result<bool> gather(Position at, std::size_t from, std::size_t bytes_max,
                      std::vector<TrieLeaf>& out, std::size_t& bytes) const {
    WUSONG_TRY(const BytesView record, db_.log().load(at));
    if (const auto leaf = decode_leaf(record)) {
      bytes += leaf->value.size() + kLeafOverhead;
      if (bytes > bytes_max && !out.empty()) return false;
      out.push_back({.key = leaf->key, .value = to_bytes(leaf->value)});
      return true;
    }
    const auto branch = decode_branch(record);
    if (!branch || branch->depth < from) return fail(err::corrupt);
    for (const Link& child : branch->children) {
      if (child.empty()) continue;
      WUSONG_TRY(const bool fits, gather(child.at, branch->depth + 1u, bytes_max, out, bytes));
      if (!fits) return false;
    }
    return true;
  }

  StateDb::Impl& db_;
  std::size_t pin_;
  Snapshot snapshot_;
};

}  // namespace

Result<std::unique_ptr<TrieReader>> open_tries(StateDb::Impl& db, Height height) {
  WUSONG_TRY(const std::size_t pin, db.history().pin(height));
  const auto snapshot = db.history().find(height);
  if (!snapshot) {
    db.history().unpin(pin);
    return fail(snapshot.error());
  }
  return std::unique_ptr<TrieReader>{std::make_unique<Tries>(db, pin, *snapshot)};
}

}  // namespace wusong::state
