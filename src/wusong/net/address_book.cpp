// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/address_book.hpp"

#include <algorithm>

namespace wusong::net {
namespace {

bool is_current(const AddressRecord& record, UnixMillis now) noexcept {
  const auto lifetime = static_cast<std::uint64_t>(kRecordLifetime.count());
  const auto ahead = static_cast<std::uint64_t>(kRecordAheadMax.count());
  return record.issued.value <= now.value + ahead &&
         (now.value < lifetime || record.issued.value > now.value - lifetime);
}

}  // namespace

void AddressBook::admit(std::vector<PeerKey> nodes) {
  std::ranges::sort(nodes);
  admitted_ = std::move(nodes);
  std::erase_if(records_, [&](const auto& entry) {
    return !std::ranges::binary_search(admitted_, entry.first);
  });
}

Result<bool> AddressBook::offer(const AddressRecord& record, UnixMillis now) {
  if (!std::ranges::binary_search(admitted_, record.node) || !is_current(record, now)) return false;
  const auto known = records_.find(record.node);
  if (known != records_.end() && known->second.issued >= record.issued) return false;
  WUSONG_CHECK(verify(record, genesis_));
  records_[record.node] = record;
  return true;
}

void AddressBook::expire(UnixMillis now) {
  std::erase_if(records_, [&](const auto& entry) { return !is_current(entry.second, now); });
}

const AddressRecord* AddressBook::find(const PeerKey& node) const {
  const auto found = records_.find(node);
  return found == records_.end() ? nullptr : &found->second;
}

std::vector<AddressRecord> AddressBook::all() const {
  std::vector<AddressRecord> out;
  for (const auto& [key, record] : records_) out.push_back(record);
  return out;
}

}  // namespace wusong::net
