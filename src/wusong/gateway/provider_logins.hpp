// SPDX-License-Identifier: Apache-2.0
// Signing in through another site, as it is remembered here: questions on their way, answers that
// wait for an account, and which outside identity opens which account.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/gateway/tokens.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/openid/providers.hpp"

namespace wusong::gateway {

inline constexpr std::uint64_t kProviderFlowMs = 10 * 60'000;
inline constexpr std::uint64_t kProviderClaimMs = 30 * 60'000;  // to register in
inline constexpr std::size_t kProviderFlowsMax = 100'000;       // open at once, of everybody

/// A question on its way.
struct ProviderFlow {
  std::string provider;
  std::string account;  // who binds; empty: somebody signs in
  std::string target;   // path of ours to go to afterwards
};
/// Somebody has shown that this identity is theirs, and has no account with it yet.
struct ProviderClaim {
  std::string provider;
  std::string issuer;
  openid::OutsideIdentity identity;
};

/// A question comes back once, within its time, to the browser that asked. The browser's secret is
/// in a cookie; only digests are stored, and what must not be guessed is derived from the state.
/// @thread as its connection
class ProviderLogins {
 public:
  ProviderLogins(io::SqlConnection& db, const ServerKeys& keys, io::Entropy& entropy)
      : db_{&db}, keys_{&keys}, entropy_{&entropy} {}

  struct Opened {
    std::string state;    // 64 hex digits
    std::string browser;  // the same
  };
  /// @errors err::unavailable where too many are open
  [[nodiscard]] Result<Opened> open(const ProviderFlow& flow, UnixMillis now);
  /// Takes it out. Nothing where it is unknown, used or too old, or where another browser comes.
  [[nodiscard]] Result<std::optional<ProviderFlow>> take(std::string_view state,
                                                         std::string_view browser, UnixMillis now);
  std::string nonce_of(std::string_view state) const;
  /// 43 characters: RFC 7636, section 4.1
  std::string verifier_of(std::string_view state) const;

  /// The browser's new secret.
  [[nodiscard]] Result<std::string> hold(const ProviderClaim& claim, UnixMillis now);
  [[nodiscard]] Result<std::optional<ProviderClaim>> claim(std::string_view browser,
                                                           UnixMillis now);
  /// The same, and it is gone. Of two callers at once one gets it.
  [[nodiscard]] Result<std::optional<ProviderClaim>> take_claim(std::string_view browser,
                                                                UnixMillis now);

 private:
  std::string derived(std::string_view use, std::string_view state) const;
  io::SqlConnection* db_;
  const ServerKeys* keys_;
  io::Entropy* entropy_;
};

/// Which account an outside identity opens.
/// @thread as its connection
class ProviderBindings {
 public:
  static constexpr std::size_t kMost = 10;  // of one account
  explicit ProviderBindings(io::SqlConnection& db) : db_{&db} {}
  struct Binding {
    std::string id;  // 32 hex digits
    std::string provider;
    std::string account;
    std::string name;  // shown to its owner
    std::uint64_t created{0};
    std::uint64_t used{0};
  };
  /// @errors err::identity_bound where it is another account's, err::quota
  [[nodiscard]] Result<void> bind(const ProviderClaim& claim, std::string_view account,
                                  io::Entropy& entropy, UnixMillis now);
  [[nodiscard]] Result<std::optional<Binding>> find(std::string_view issuer,
                                                    std::string_view subject);
  [[nodiscard]] Result<std::vector<Binding>> list(std::string_view account);
  /// With the sessions that the account has through this provider, but for the one that asks.
  [[nodiscard]] Result<bool> remove(std::string_view id, std::string_view account,
                                    std::string_view session_token);
  [[nodiscard]] Result<void> mark_used(std::string_view id, UnixMillis now);

 private:
  io::SqlConnection* db_;
};

}  // namespace wusong::gateway
