// SPDX-License-Identifier: Apache-2.0
// Passwords that people choose, kept as Argon2id hashes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wusong/base/error.hpp"

namespace wusong::crypto {

/// The default is libsodium's "moderate": 256 MiB and about a second.
struct PasswordCost {
  std::uint64_t operations{3};
  std::size_t memory_bytes{256u << 20};
};
/// The least that Argon2id takes: for tests.
inline constexpr PasswordCost kPasswordCostLeast{.operations = 1, .memory_bytes = 8192};

/// The text form "$argon2id$v=19$m=…", with its own random salt.
/// @errors err::out_of_memory
/// @source RFC 9106
[[nodiscard]] Result<std::string> hash_password(std::string_view password,
                                                const PasswordCost& cost = {});
/// Compares in constant time. False also for text that is no hash.
bool password_matches(std::string_view hash, std::string_view password) noexcept;
/// Whether the hash was made at another cost, so that the next login should replace it.
bool password_outdated(const std::string& hash, const PasswordCost& cost = {}) noexcept;

/// Whether both hold the same bytes, in a time that depends on the length alone.
bool equal_secrets(std::string_view a, std::string_view b) noexcept;

}  // namespace wusong::crypto
