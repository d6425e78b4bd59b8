// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/internal/head_cache.hpp"

namespace wusong::state {
namespace {

constexpr std::uint64_t kExists = 1;
constexpr std::uint64_t kStorageKnown = 2;
constexpr std::size_t kSince = 3;

void put(std::uint64_t* words, BytesView bytes) noexcept {
  std::memcpy(words, bytes.data(), bytes.size());
}
template <typename Fixed>
Fixed get(const std::uint64_t* words) noexcept {
  Fixed out;
  std::memcpy(out.data(), words, Fixed::kSize);
  return out;
}
void put(std::uint64_t* words, const U256& value) noexcept {
  std::memcpy(words, value.limb, 32);
}

bool same(const std::uint64_t* words, const Address& address) noexcept {
  return std::memcmp(words, address.data(), Address::kSize) == 0;
}

std::array<std::uint64_t, 19> encode(const Address& address, const CachedAccount& value,
                                     Height at) noexcept {
  std::array<std::uint64_t, 19> words{};
  put(words.data(), address.view());
  words[kSince] = at.value + 1;
  words[5] = value.storage_known ? kStorageKnown : 0;
  words[18] = value.storage;
  if (!value.account) return words;
  words[4] = value.account->nonce;
  words[5] |= kExists;
  put(words.data() + 6, value.account->balance);
  put(words.data() + 10, value.account->storage_root.view());
  put(words.data() + 14, value.account->code_hash.view());
  return words;
}

std::array<std::uint64_t, 12> encode(const Address& address, const Hash& slot, const U256& value,
                                     Height at) noexcept {
  std::array<std::uint64_t, 12> words{};
  put(words.data(), address.view());
  words[kSince] = at.value + 1;
  put(words.data() + 4, slot.view());
  put(words.data() + 8, value);
  return words;
}

}  // namespace

bool HeadCache::holds(std::uint64_t since_plus_one, Height at) const noexcept {
  return since_plus_one != 0 && since_plus_one <= at.value + 1 &&
         since_plus_one >= valid_from_.load(std::memory_order_acquire);
}

bool HeadCache::may_fill(Height at, const Ticket& ticket) const noexcept {
  return at.value + 1 >= ticket.since &&
         at.value + 1 >= valid_from_.load(std::memory_order_acquire);
}

HeadCache::AccountEntry& HeadCache::entry_of(const Address& address) const noexcept {
  return accounts_[FixedBytesHash{}(address) & (accounts_.size() - 1)];
}

HeadCache::SlotEntry& HeadCache::entry_of(const Address& address, const Hash& slot) const noexcept {
  const std::size_t hash = FixedBytesHash{}(address) * 0x9e3779b97f4a7c15ull;
  return slots_[(hash ^ FixedBytesHash{}(slot)) & (slots_.size() - 1)];
}

std::optional<CachedAccount> HeadCache::account(const Address& address, Height at,
                                                Ticket& ticket) const noexcept {
  if (accounts_.empty()) return std::nullopt;
  AccountEntry::Words words;
  ticket.sequence = entry_of(address).read(words);
  ticket.since = words[kSince];
  if (AccountEntry::torn(ticket.sequence) || !holds(words[kSince], at) ||
      !same(words.data(), address))
    return std::nullopt;
  CachedAccount out;
  out.storage = words[18];
  out.storage_known = (words[5] & kStorageKnown) != 0 &&
                      words[kSince] >= positions_from_.load(std::memory_order_acquire);
  if ((words[5] & kExists) != 0) {
    out.account = types::Account{.nonce = words[4],
                                 .balance = U256{words[6], words[7], words[8], words[9]},
                                 .storage_root = get<Hash>(words.data() + 10),
                                 .code_hash = get<Hash>(words.data() + 14)};
  }
  return out;
}

std::optional<U256> HeadCache::slot(const Address& address, const Hash& slot, Height at,
                                    Ticket& ticket) const noexcept {
  if (slots_.empty()) return std::nullopt;
  SlotEntry::Words words;
  ticket.sequence = entry_of(address, slot).read(words);
  ticket.since = words[kSince];
  if (SlotEntry::torn(ticket.sequence) || !holds(words[kSince], at) ||
      !same(words.data(), address) || get<Hash>(words.data() + 4) != slot)
    return std::nullopt;
  return U256{words[8], words[9], words[10], words[11]};
}

void HeadCache::fill_account(const Address& address, const CachedAccount& value, Height at,
                             const Ticket& ticket) noexcept {
  if (accounts_.empty() || !may_fill(at, ticket)) return;
  entry_of(address).replace_if(ticket.sequence, encode(address, value, at));
}

void HeadCache::fill_slot(const Address& address, const Hash& slot, const U256& value, Height at,
                          const Ticket& ticket) noexcept {
  if (slots_.empty() || !may_fill(at, ticket)) return;
  entry_of(address, slot).replace_if(ticket.sequence, encode(address, slot, value, at));
}

void HeadCache::commit_account(const Address& address, const CachedAccount& value,
                               Height at) noexcept {
  if (accounts_.empty()) return;
  // A reader is filling this entry, perhaps with what has just become old: disown all instead of
  // waiting for it.
  if (!entry_of(address).replace(encode(address, value, at))) forget_all(at);
}

void HeadCache::commit_slot(const Address& address, const Hash& slot, const U256& value,
                            Height at) noexcept {
  if (slots_.empty()) return;
  if (!entry_of(address, slot).replace(encode(address, slot, value, at))) forget_all(at);
}

void HeadCache::forget_all(Height at) noexcept {
  valid_from_.store(at.value + 1, std::memory_order_release);
}

void HeadCache::start_at(Height newest) noexcept {
  for (AccountEntry& entry : accounts_) entry.replace({});
  for (SlotEntry& entry : slots_) entry.replace({});
  forget_all(newest);
  positions_from_.store(0, std::memory_order_release);
}

void HeadCache::forget_positions(Height at) noexcept {
  positions_from_.store(at.value + 1, std::memory_order_release);
}

}  // namespace wusong::state
