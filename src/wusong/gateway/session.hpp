// SPDX-License-Identifier: Apache-2.0
// Sessions of browsers and tokens of programs. Only digests of either are stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/gateway/accounts.hpp"

namespace wusong::gateway {

inline constexpr std::string_view kSessionCookie = "wusong_session";
inline constexpr std::uint64_t kSessionIdleMs = 2 * 3'600'000;
inline constexpr std::uint64_t kSessionMostMs = 12 * 3'600'000;
inline constexpr std::size_t kApiTokensMax = 20;  // of one account

struct Session {
  Account account;
  std::string csrf;  // what X-CSRF-Token must hold; empty: a token of a program, which needs none
  std::uint64_t since{0};
  std::string provider{};  // through which it was opened; empty: a password or a key
};

/// @thread as its connection
class Sessions {
 public:
  Sessions(io::SqlConnection& db, const ServerKeys& keys, io::Entropy& entropy)
      : db_{&db}, keys_{&keys}, entropy_{&entropy} {}

  /// A new secret for the cookie: 256 random bits.
  [[nodiscard]] Result<std::string> open(const Account& account, std::string_view remote,
                                         UnixMillis now, std::string_view provider = {});
  /// Nothing where it is unknown, idle too long, too old, or the account is disabled.
  [[nodiscard]] Result<std::optional<Session>> find(std::string_view token, UnixMillis now);
  [[nodiscard]] Result<void> close(std::string_view token);

  struct ApiToken {
    std::string id;
    std::string name;
    std::uint64_t created{0};
    std::uint64_t expires{0};  // 0: never
  };
  /// The token itself, shown once. @errors err::quota
  [[nodiscard]] Result<std::string> add_token(const Account& account, std::string_view name,
                                              std::uint64_t expires, UnixMillis now);
  [[nodiscard]] Result<std::vector<ApiToken>> tokens(std::string_view account);
  [[nodiscard]] Result<bool> remove_token(std::string_view account, std::string_view id);
  [[nodiscard]] Result<std::optional<Session>> by_token(std::string_view token, UnixMillis now);

  std::string csrf_of(std::string_view token) const;

 private:
  [[nodiscard]] Result<std::optional<Account>> account(std::string_view id);
  io::SqlConnection* db_;
  const ServerKeys* keys_;
  io::Entropy* entropy_;
};

/// The Set-Cookie value. An empty token removes it.
std::string session_cookie(std::string_view token, bool secure);

}  // namespace wusong::gateway
