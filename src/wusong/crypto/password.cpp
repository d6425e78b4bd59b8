// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/password.hpp"

#include <sodium.h>

#include <array>

#include "wusong/base/assert.hpp"
#include "wusong/crypto/errors.hpp"

namespace wusong::crypto {

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
  WUSONG_ASSERT(sodium_init() >= 0);
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), cost.operations,
                            cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(err::out_of_memory);
  }
  return std::string{out.data()};
}

bool password_matches(std::string_view hash, std::string_view password) noexcept {
  if (sodium_init() < 0) return false;
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (hash.size() >= text.size()) return false;
  hash.copy(text.data(), hash.size());
  return crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

bool password_outdated(const std::string& hash, const PasswordCost& cost) noexcept {
  return crypto_pwhash_str_needs_rehash(hash.c_str(), cost.operations, cost.memory_bytes) != 0;
}

bool equal_secrets(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace wusong::crypto
