// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/chain_hash.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "wusong/hash/hash.hpp"

namespace wusong::hash {
namespace {

constexpr std::array<std::string_view, 3> kNames{"standard", "guomi", "hybrid-pq"};
std::atomic<Profile> current{Profile::standard};

}  // namespace

std::string_view name_of(Profile profile) noexcept {
  return kNames[std::to_underlying(profile)];
}

std::optional<Profile> find_profile(std::string_view name) noexcept {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return Profile{static_cast<std::uint8_t>(found - kNames.begin())};
}

Profile chain_profile() noexcept {
  return current.load(std::memory_order_relaxed);
}

void set_chain_profile(Profile profile) noexcept {
  current.store(profile, std::memory_order_relaxed);
}

Hash chain_hash(BytesView data) noexcept {
  return chain_profile() == Profile::guomi ? sm3(data) : keccak256(data);
}

Hash chain_hash(BytesView first, BytesView second) noexcept {
  return chain_profile() == Profile::guomi ? sm3(first, second) : keccak256(first, second);
}

void chain_hash_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept {
  chain_profile() == Profile::guomi ? sm3_batch(messages, out) : keccak256_batch(messages, out);
}

}  // namespace wusong::hash
