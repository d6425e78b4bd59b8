// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/key_cache.hpp"

#include <sodium.h>

#include <algorithm>
#include <bit>

#include "wusong/crypto/internal/scheme.hpp"

namespace wusong::crypto {
namespace {

constexpr std::uint8_t kUsesMost = 3;

}  // namespace

KeyCache::KeyCache(std::unique_ptr<io::Mutex> mutex, io::Entropy& entropy, const Limits& limits)
    : mutex_{std::move(mutex)}, limits_{limits}, strangers_(limits.strangers_max) {
  static_assert(crypto_shorthash_KEYBYTES == std::tuple_size_v<decltype(secret_)>);
  entropy.fill(secret_);
  WUSONG_ASSERT(std::has_single_bit(limits.strangers_max));
}
KeyCache::~KeyCache() = default;

KeyCache::Counts KeyCache::counts() const {
  const io::MutexGuard guard{*mutex_};
  return {entries_.size(), bytes_};
}

bool KeyCache::has(const SchemeKey& key) const {
  const io::MutexGuard guard{*mutex_};
  return index_.contains(name_of(key.scheme, key.public_key));
}

std::uint64_t KeyCache::name_of(Scheme scheme, BytesView public_key) const noexcept {
  std::uint64_t out = 0;
  static_assert(crypto_shorthash_BYTES == sizeof(out));
  crypto_shorthash(reinterpret_cast<unsigned char*>(&out), public_key.data(), public_key.size(),
                   secret_.data());
  return out + std::to_underlying(scheme);
}

KeyCache::ExpandedPtr KeyCache::find(std::uint64_t name, const VerifyRequest& request) {
  const auto found = index_.find(name);
  if (found == index_.end()) return nullptr;
  Entry& entry = entries_[found->second];
  if (entry.scheme != request.scheme || !std::ranges::equal(entry.public_key, request.public_key))
    return nullptr;
  entry.uses = std::min<std::uint8_t>(entry.uses + 1, kUsesMost);
  return entry.expanded;
}

/// A key that has is forgotten here, so that of several threads one expands it.
bool KeyCache::has_come_before(std::uint64_t name) {
  std::uint64_t& place = strangers_[name & (strangers_.size() - 1)];
  const bool is_here = place == name;
  place = is_here ? 0 : name;
  return is_here;
}

void KeyCache::remove_one() {
  for (;; ++hand_) {
    if (hand_ >= entries_.size()) hand_ = 0;
    Entry& entry = entries_[hand_];
    if (entry.uses == 0) break;
    --entry.uses;
  }
  Entry& gone = entries_[hand_];
  bytes_ -= gone.bytes;
  index_.erase(gone.name);
  if (hand_ + 1 != entries_.size()) {
    gone = std::move(entries_.back());
    index_[gone.name] = hand_;
  }
  entries_.pop_back();
  ++hand_;  // past whoever has come into this place
}

void KeyCache::keep(Entry entry) {
  if (entry.bytes > limits_.bytes_max || index_.contains(entry.name)) return;
  while (bytes_ + entry.bytes > limits_.bytes_max) remove_one();
  bytes_ += entry.bytes;
  index_[entry.name] = entries_.size();
  entries_.push_back(std::move(entry));
}

/// Of signatures that have verified.
void KeyCache::expand(std::span<const VerifyRequest* const> requests) {
  for (const SchemeInfo& info : scheme_table()) {
    std::vector<BytesView> keys;
    for (const VerifyRequest* const each : requests)
      if (each->scheme == info.scheme) keys.push_back(each->public_key);
    if (keys.empty()) continue;
    const internal::Operations& operations = internal::operations_of(info.scheme);
    std::vector<internal::ExpandedKey> expanded(keys.size());
    operations.expand(keys, expanded);
    const io::MutexGuard guard{*mutex_};
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keep({.name = name_of(info.scheme, keys[i]),
            .scheme = info.scheme,
            .public_key = to_bytes(keys[i]),
            .expanded = std::make_shared<const internal::ExpandedKey>(std::move(expanded[i])),
            .bytes = operations.expanded_bytes + keys[i].size() + sizeof(Entry),
            .uses = 0});
    }
  }
}

std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests, KeyCache& cache) {
  std::vector<VerifyRequest> asked{requests.begin(), requests.end()};
  // What has something to keep, and its name; zero is nobody's.
  std::vector<std::uint64_t> names(requests.size());
  std::vector<KeyCache::ExpandedPtr> kept(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const SchemeInfo* const info = find_scheme(std::to_underlying(asked[i].scheme));
    if (info == nullptr || asked[i].public_key.size() != info->public_key_size) continue;
    if (internal::operations_of(info->scheme).expanded_bytes == 0) continue;
    names[i] = cache.name_of(info->scheme, asked[i].public_key);
  }
  {
    const io::MutexGuard guard{*cache.mutex_};
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (names[i] == 0) continue;
      kept[i] = cache.find(names[i], asked[i]);
      asked[i].expanded = kept[i].get();
    }
  }
  auto verdicts = verify_batch(asked);
  std::vector<const VerifyRequest*> fresh;
  HashSet<std::uint64_t, std::hash<std::uint64_t>> fresh_names;
  {
    const io::MutexGuard guard{*cache.mutex_};
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (names[i] == 0 || kept[i] != nullptr || !verdicts[i]) continue;
      if (cache.has_come_before(names[i]) && fresh_names.insert(names[i]).second)
        fresh.push_back(&requests[i]);
    }
  }
  if (!fresh.empty()) cache.expand(fresh);
  return verdicts;
}

}  // namespace wusong::crypto
