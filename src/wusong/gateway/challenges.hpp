// SPDX-License-Identifier: Apache-2.0
// Random numbers to be signed: each for one purpose, one subject, one host, two minutes, once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::gateway {

inline constexpr std::uint64_t kChallengeMs = 2 * 60'000;
inline constexpr std::size_t kChallengesMax = 100'000;  // open at once, of everybody

struct Challenge {
  std::string purpose;  // "did login", "passkey register", …
  std::string subject;  // whom or what it is about: a DID; may be empty
  std::string account;  // who is signed in while it is made; may be empty
  std::string host;
  std::string text{};        // 64 hex digits
  std::uint64_t expires{0};  // milliseconds
};

/// What is signed: a text that means nothing elsewhere.
std::string did_statement(const Challenge& challenge, std::string_view account_name);

/// @thread as its connection
class Challenges {
 public:
  Challenges(io::SqlConnection& db, io::Entropy& entropy) : db_{&db}, entropy_{&entropy} {}
  /// Fills in text and expiry and remembers all of it.
  /// @errors err::unavailable where too many are open
  [[nodiscard]] Result<Challenge> open(Challenge challenge, UnixMillis now);
  /// Takes it out; nothing where it is unknown, used, expired, or for another purpose. Of two
  /// callers at once one gets it.
  [[nodiscard]] Result<std::optional<Challenge>> take(std::string_view text,
                                                      std::string_view purpose, UnixMillis now);

 private:
  io::SqlConnection* db_;
  io::Entropy* entropy_;
};

}  // namespace wusong::gateway
