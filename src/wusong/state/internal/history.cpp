// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/internal/history.hpp"

#include <algorithm>

#include "wusong/state/errors.hpp"

namespace wusong::state {

History::Entry& History::entry_of(Height height) noexcept {
  const std::uint64_t place = height.value % (pages_.size() * kPageEntries);
  std::atomic<Page*>& page = pages_[place / kPageEntries].page;
  if (page.load(std::memory_order_relaxed) == nullptr)
    page.store(std::make_unique<Page>().release(), std::memory_order_release);
  return page.load(std::memory_order_relaxed)->entries[place % kPageEntries];
}

void History::store(const Snapshot& snapshot) noexcept {
  Entry::Words words{};
  words[0] = snapshot.height.value + 1;
  std::memcpy(words.data() + 1, snapshot.root.data(), 32);
  words[5] = snapshot.accounts;
  words[6] = snapshot.code;
  words[7] = snapshot.commit;
  const bool stored = entry_of(snapshot.height).replace(words);
  WUSONG_ASSERT(stored);  // nobody else writes here
}

void History::publish(const Snapshot& snapshot, Height oldest) noexcept {
  store(snapshot);
  oldest_.store(oldest.value, std::memory_order_seq_cst);
  newest_plus_one_.store(snapshot.height.value + 1, std::memory_order_seq_cst);
}

void History::add_older(const Snapshot& snapshot) noexcept {
  store(snapshot);
  oldest_.store(snapshot.height.value, std::memory_order_seq_cst);
}

void History::reset(Height newest) noexcept {
  newest_plus_one_.store(newest.value + 1, std::memory_order_seq_cst);
}

Result<Snapshot> History::find(Height height) const noexcept {
  if (empty() || height > newest()) return fail(err::height_unknown);
  if (height < oldest()) return fail(err::height_pruned);
  Entry::Words words;
  const std::uint64_t place = height.value % (pages_.size() * kPageEntries);
  const Page* const page = pages_[place / kPageEntries].page.load(std::memory_order_acquire);
  if (page == nullptr) return fail(err::height_pruned);
  const std::uint64_t sequence = page->entries[place % kPageEntries].read(words);
  // Gone since we looked: the window has moved on.
  if (Entry::torn(sequence) || words[0] != height.value + 1) return fail(err::height_pruned);
  Snapshot out{
      .height = height, .root = {}, .accounts = words[5], .code = words[6], .commit = words[7]};
  std::memcpy(out.root.data(), words.data() + 1, 32);
  return out;
}

Result<std::size_t> History::pin(Height height) noexcept {
  for (std::size_t i = 0; i < kPins; ++i) {
    std::uint64_t free = 0;
    if (!pins_[i].compare_exchange_strong(free, height.value + 1, std::memory_order_seq_cst))
      continue;
    if (const auto found = find(height); !found) {
      unpin(i);
      return fail(found.error());
    }
    return i;
  }
  return fail(err::too_many_views);
}

std::optional<Height> History::lowest_pinned() const noexcept {
  std::optional<Height> lowest;
  for (const auto& pin : pins_) {
    const std::uint64_t height = pin.load(std::memory_order_seq_cst);
    if (height != 0 && (!lowest || height - 1 < lowest->value)) lowest = Height{height - 1};
  }
  return lowest;
}

}  // namespace wusong::state
