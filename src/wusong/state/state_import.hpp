// SPDX-License-Identifier: Apache-2.0
// Putting a state together from parts of its tries, beside the one that is read (ADR 0015).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "wusong/base/strong.hpp"
#include "wusong/state/subtree.hpp"

namespace wusong::state {

/// Begins with the newest state's tries, or with what an interrupted import left, and changes them
/// part by part until they are the wanted one. An account goes in only after its storage and its
/// code, so a subtree whose name is right is complete: there is no other record of what is done.
/// What was put survives a kill up to the last account part or megabyte, and a power cut up to the
/// last segment. A commit, or finish(), ends it.
/// @thread the writer's
/// @errors of every member: as StateDb has them
class StateImport {
 public:
  virtual ~StateImport() = default;

  /// Whether the part at `path` already is the one that `ref` names. `account` as in TrieReader.
  [[nodiscard]] virtual Result<bool> has(const std::optional<Hash>& account, const TriePath& path,
                                         const NodeRef& ref) = 0;
  [[nodiscard]] virtual Result<bool> has_code(const Hash& code_hash) = 0;
  /// Everything below `path` becomes these leaves. The caller has checked them: ref_of().
  /// @errors err::import_incomplete  an account whose storage or code is not here
  ///         err::bad_subtree        a value that is no account
  [[nodiscard]] virtual Result<void> put(const std::optional<Hash>& account, const TriePath& path,
                                         const std::vector<TrieLeaf>& leaves) = 0;
  /// Of what is below `path` only that stays which lies below a child of `branch`.
  [[nodiscard]] virtual Result<void> keep(const std::optional<Hash>& account, const TriePath& path,
                                          const TrieBranch& branch) = 0;
  [[nodiscard]] virtual Result<void> put_code(const Hash& code_hash, BytesView code) = 0;

  /// What was put so far is on stable storage when it returns.
  [[nodiscard]] virtual Result<void> sync() = 0;
  /// The state is complete and becomes the newest, the only readable one; synced.
  /// @errors err::import_incomplete  its root is not `root`
  ///         err::wrong_height       not above the newest
  [[nodiscard]] virtual Result<void> finish(Height height, const Hash& root) = 0;
};

}  // namespace wusong::state
