// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/disk.hpp"

#include <algorithm>
#include <iterator>

#include "wusong/base/assert.hpp"

namespace wusong::sim {

Result<void> DiskStore::check(io::Column column, const Bytes& key) const {
  if (!rotten_.contains({column, key})) return {};
  if (on_damage) on_damage(io::err::store_corrupt);
  return fail(io::err::store_corrupt);
}

Result<std::optional<Bytes>> DiskStore::get(io::Column column, BytesView key) const {
  const auto found = map(column).find(to_bytes(key));
  if (found == map(column).end()) return std::optional<Bytes>{};
  WUSONG_CHECK(check(column, found->first));
  return std::optional<Bytes>{found->second};
}

Result<void> DiskStore::write(const io::WriteBatch& batch, io::Durability durability) {
  if (full_) return fail(io::err::disk_full);
  if (writes_left_) {
    if (*writes_left_ == 0) {
      died_ = true;
      return fail(io::err::store_failed);
    }
    --*writes_left_;
  }
  std::vector<Undo> undo;
  for (const io::WriteBatch::Operation& operation : batch.operations) {
    Map& values = map(operation.column);
    const auto found = values.find(operation.key);
    std::optional<Bytes> before;
    if (found != values.end()) before = std::move(found->second);
    undo.push_back({operation.column, operation.key, std::move(before)});
    rotten_.erase({operation.column, operation.key});
    if (!operation.erase) {
      values[operation.key] = operation.value;
    } else if (found != values.end()) {
      values.erase(found);
    }
  }
  unsynced_.push_back(std::move(undo));
  ++position_;
  if (durability == io::Durability::synced) sync(position_);
  return {};
}

Result<void> DiskStore::scan(
    io::Column column, BytesView from, BytesView to, bool reverse,
    const std::function<bool(BytesView key, BytesView value)>& visit) const {
  const Map& values = map(column);
  if (!to.empty() && !std::ranges::lexicographical_compare(from, to)) return {};
  const auto first = values.lower_bound(to_bytes(from));
  const auto last = to.empty() ? values.end() : values.lower_bound(to_bytes(to));
  for (auto at = reverse ? last : first; at != (reverse ? first : last);) {
    if (reverse) --at;
    WUSONG_CHECK(check(column, at->first));
    if (!visit(at->first, at->second)) return {};
    if (!reverse) ++at;
  }
  return {};
}

void DiskStore::sync(std::uint64_t position) {
  if (lies_) return;
  while (!unsynced_.empty() && position_ - unsynced_.size() < position) unsynced_.pop_front();
}

std::size_t DiskStore::crash(Rng& rng) {
  const std::size_t lost = rng.below(unsynced_.size() + 1);
  for (std::size_t i = 0; i < lost; ++i) {
    for (auto undo = unsynced_.back().rbegin(); undo != unsynced_.back().rend(); ++undo) {
      if (undo->value) {
        map(undo->column)[undo->key] = std::move(*undo->value);
      } else {
        map(undo->column).erase(undo->key);
      }
    }
    unsynced_.pop_back();
  }
  unsynced_.clear();
  writes_left_.reset();
  died_ = false;
  return lost;
}

void DiskStore::wipe() {
  for (Map& values : maps_) values.clear();
  unsynced_.clear();
  rotten_.clear();
}

std::size_t DiskStore::rot(Rng& rng, std::size_t records) {
  std::vector<std::size_t> filled;
  for (std::size_t i = 0; i < maps_.size(); ++i)
    if (!maps_[i].empty()) filled.push_back(i);
  if (filled.empty()) return 0;
  const std::size_t column = filled[rng.below(filled.size())];
  auto at = std::next(maps_[column].begin(),
                      static_cast<std::ptrdiff_t>(rng.below(maps_[column].size())));
  std::size_t done = 0;
  for (; done < records && at != maps_[column].end(); ++at, ++done)
    rotten_.insert({static_cast<io::Column>(column), at->first});
  return done;
}

std::uint64_t DiskStore::bytes() const noexcept {
  std::uint64_t total = 0;
  for (const Map& values : maps_)
    for (const auto& [key, value] : values) total += key.size() + value.size();
  return total;
}

Disk::Loss Disk::crash(Rng& rng) {
  constexpr std::uint64_t kSector = 512;
  Loss out{.batches = store.crash(rng), .torn = false};
  std::map<std::uint32_t, std::uint64_t> kept;
  segments.lose_unsynced(
      [&](std::uint32_t id, std::uint64_t unsynced) { return kept[id] = rng.below(unsynced + 1); });
  // The last sector was being written: half the time it holds rubbish.
  for (const auto& [id, bytes] : kept) {
    if (bytes == 0 || !rng.chance(500)) continue;
    const std::uint64_t torn = 1 + rng.below(std::min(bytes, kSector));
    for (auto& byte : segments.bytes(id).last(torn)) byte = static_cast<std::uint8_t>(rng.next());
    out.torn = true;
  }
  return out;
}

void Disk::wipe() {
  store.wipe();
  for (const std::uint32_t id : *segments.list()) WUSONG_ASSERT(segments.remove(id));
}

Disk::Damage Disk::damage(Rng& rng) {
  const auto ids = *segments.list();
  const std::uint64_t kind = rng.below(3);
  if (kind == 0 || ids.empty())
    return store.rot(rng, 1 + rng.below(16)) > 0 ? Damage::record : Damage::none;
  const auto bytes = segments.bytes(ids[rng.below(ids.size())]);
  if (bytes.empty()) return Damage::none;
  if (kind == 1) {
    bytes[rng.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << rng.below(8));
    return Damage::bit;
  }
  // What was meant for another place lies here now.
  const std::uint64_t size = 1 + rng.below(std::min<std::uint64_t>(bytes.size(), 512));
  const std::uint64_t from = rng.below(bytes.size() - size + 1);
  const std::uint64_t to = rng.below(bytes.size() - size + 1);
  const Bytes moved{bytes.begin() + static_cast<std::ptrdiff_t>(from),
                    bytes.begin() + static_cast<std::ptrdiff_t>(from + size)};
  std::ranges::copy(moved, bytes.begin() + static_cast<std::ptrdiff_t>(to));
  return Damage::misdirected_write;
}

}  // namespace wusong::sim
