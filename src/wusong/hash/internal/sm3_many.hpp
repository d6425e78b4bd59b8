// SPDX-License-Identifier: Apache-2.0
// Who can hash many messages with SM3 at once.
#pragma once

#include <span>

#include "wusong/base/bytes.hpp"

namespace wusong::hash::internal {

struct Sm3Provider {
  const char* name;
  std::size_t fewest;  // messages from which it is worth while
  bool (*is_supported)() noexcept;
  void (*hash)(std::span<const BytesView> messages, std::span<Hash> out) noexcept;
};
/// The fastest first; the last, one message after the other, is always there.
std::span<const Sm3Provider> sm3_providers() noexcept;

#if defined(__x86_64__)
extern const Sm3Provider kSm3Avx512;  // sixteen at a time
extern const Sm3Provider kSm3Avx2;    // eight
#endif

}  // namespace wusong::hash::internal
