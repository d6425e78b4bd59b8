// SPDX-License-Identifier: Apache-2.0
// SM3 of many messages: by the widest vectors that the machine has.
#include <algorithm>
#include <array>

#include "wusong/hash/hash.hpp"
#include "wusong/hash/internal/sm3_many.hpp"

namespace wusong::hash {
namespace internal {
namespace {

bool always() noexcept {
  return true;
}
void one_by_one(std::span<const BytesView> messages, std::span<Hash> out) noexcept {
  for (std::size_t i = 0; i < messages.size(); ++i) out[i] = sm3(messages[i]);
}

}  // namespace

std::span<const Sm3Provider> sm3_providers() noexcept {
  static const std::array kAll{
#if defined(__x86_64__)
      kSm3Avx512, kSm3Avx2,
#endif
      Sm3Provider{"one by one", 1, always, one_by_one}};
  return kAll;
}

}  // namespace internal

void sm3_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept {
  WUSONG_ASSERT(messages.size() == out.size());
  static const internal::Sm3Provider kWidest = *std::ranges::find_if(
      internal::sm3_providers(), [](const auto& p) { return p.is_supported(); });
  if (messages.size() >= kWidest.fewest) {
    kWidest.hash(messages, out);
  } else {
    internal::sm3_providers().back().hash(messages, out);
  }
}

}  // namespace wusong::hash
