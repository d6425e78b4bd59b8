// SPDX-License-Identifier: Apache-2.0
// For tests: every provider that this machine supports in turn.
#pragma once

#include <gtest/gtest.h>

#include <random>

#include "wusong/cipher/cipher.hpp"

namespace wusong::cipher::internal {

/// Keys made while it lives use the provider.
class WithProvider {
 public:
  explicit WithProvider(const Provider& provider) { force_provider(&provider); }
  ~WithProvider() { force_provider(nullptr); }
  WithProvider(const WithProvider&) = delete;
  WithProvider& operator=(const WithProvider&) = delete;
};

template <typename Check>
void for_each_provider(Check check) {
  for (const Provider* const each : providers()) {
    if (!each->is_supported()) continue;
    SCOPED_TRACE(each->name);
    const WithProvider chosen{*each};
    check();
  }
}

inline constexpr Cipher kCiphers[] = {Cipher::sm4, Cipher::aes128, Cipher::aes256};

inline Bytes random_bytes(std::mt19937_64& random, std::size_t count) {
  Bytes out(count);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

inline Bytes seal(const auto& mode, const Header& header, BytesView plaintext,
                  std::size_t tag_bytes = 16) {
  Bytes out(plaintext.size() + tag_bytes);
  const auto done = mode.seal(header, plaintext, out);
  EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().name());
  return out;
}
inline Result<Bytes> open(const auto& mode, const Header& header, BytesView sealed,
                          std::size_t tag_bytes = 16) {
  Bytes out(sealed.size() < tag_bytes ? 0 : sealed.size() - tag_bytes);
  WUSONG_CHECK(mode.open(header, sealed, out));
  return out;
}

}  // namespace wusong::cipher::internal
