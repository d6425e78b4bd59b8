// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/state_db.hpp"

#include "wusong/state/internal/engine.hpp"

namespace wusong::state {

StateDb::StateDb(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}
StateDb::~StateDb() = default;

Result<std::unique_ptr<StateDb>> StateDb::open(io::SegmentStore& store, const StateOptions& options,
                                               OpenReport* report) {
  OpenReport unread;
  auto impl = std::make_unique<Impl>(store, options);
  WUSONG_CHECK(impl->open(report != nullptr ? *report : unread));
  return std::unique_ptr<StateDb>{new StateDb{std::move(impl)}};
}

std::optional<StateHead> StateDb::head() const noexcept {
  const History& history = impl_->history();
  // The window can move on between the two looks, but only forward.
  while (!history.empty()) {
    const Height newest = history.newest();
    if (const auto found = history.find(newest))
      return StateHead{.height = newest, .root = found->root};
  }
  return std::nullopt;
}

std::optional<Height> StateDb::oldest() const noexcept {
  if (impl_->history().empty()) return std::nullopt;
  return impl_->history().oldest();
}

Result<Hash> StateDb::commit(Height height, const types::StateDiff& diff) {
  return impl_->commit(height, diff);
}
Result<void> StateDb::sync() {
  return impl_->sync();
}
Result<void> StateDb::reset_head(Height height) {
  return impl_->reset_head(height);
}
Result<std::unique_ptr<TrieReader>> StateDb::tries(Height height) const {
  return open_tries(*impl_, height);
}
Result<std::unique_ptr<StateImport>> StateDb::import_state() {
  return impl_->import_state();
}
StateStats StateDb::stats() const {
  return impl_->stats();
}

Result<Hash> StateDb::root_at(Height height) const {
  WUSONG_TRY(const Snapshot snapshot, impl_->history().find(height));
  return snapshot.root;
}

Result<std::unique_ptr<types::StateView>> StateDb::view(Height height) const {
  WUSONG_TRY(auto view, open_view(*impl_, height));
  return std::unique_ptr<types::StateView>{std::move(view)};
}

Result<AccountProof> StateDb::proof(Height height, const Address& address,
                                    std::span<const Hash> slots) const {
  WUSONG_TRY(const auto view, open_view(*impl_, height));
  return view->prove_account(address, slots);
}

}  // namespace wusong::state
