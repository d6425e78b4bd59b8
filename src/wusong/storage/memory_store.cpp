// SPDX-License-Identifier: Apache-2.0
#include "wusong/storage/memory_store.hpp"

#include <iterator>

namespace wusong::storage {

Result<std::optional<Bytes>> MemoryStore::get(io::Column column, BytesView key) const {
  const auto found = map(column).find(to_bytes(key));
  if (found == map(column).end()) return std::optional<Bytes>{};
  return std::optional<Bytes>{found->second};
}

Result<void> MemoryStore::write(const io::WriteBatch& batch, io::Durability durability) {
  if (faults_.writes_left) {
    if (*faults_.writes_left == 0) return fail(faults_.failure);
    --*faults_.writes_left;
  }
  ++writes_;
  for (const io::WriteBatch::Operation& operation : batch.operations) {
    Map& values = map(operation.column);
    const auto found = values.find(operation.key);
    std::optional<Bytes> before;
    if (found != values.end()) before = std::move(found->second);
    unsynced_.push_back({operation.column, operation.key, std::move(before)});
    if (!operation.erase)
      values[operation.key] = operation.value;
    else if (found != values.end())
      values.erase(found);
  }
  if (durability == io::Durability::synced) unsynced_.clear();
  return {};
}

Result<void> MemoryStore::scan(
    io::Column column, BytesView from, BytesView to, bool reverse,
    const std::function<bool(BytesView key, BytesView value)>& visit) const {
  const Map& values = map(column);
  const auto first = values.lower_bound(to_bytes(from));
  const auto last = to.empty() ? values.end() : values.lower_bound(to_bytes(to));
  if (!to.empty() && !std::ranges::lexicographical_compare(from, to)) return {};
  if (!reverse) {
    for (auto at = first; at != last; ++at)
      if (!visit(at->first, at->second)) break;
    return {};
  }
  for (auto at = last; at != first;) {
    --at;
    if (!visit(at->first, at->second)) break;
  }
  return {};
}

void MemoryStore::lose_unsynced() {
  for (auto undo = unsynced_.rbegin(); undo != unsynced_.rend(); ++undo) {
    if (undo->value)
      map(undo->column)[undo->key] = std::move(*undo->value);
    else
      map(undo->column).erase(undo->key);
  }
  unsynced_.clear();
}

std::uint64_t MemoryStore::size_bytes() const noexcept {
  std::uint64_t total = 0;
  for (const Map& values : maps_)
    for (const auto& [key, value] : values) total += key.size() + value.size();
  return total;
}

}  // namespace wusong::storage
