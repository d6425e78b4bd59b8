// SPDX-License-Identifier: Apache-2.0
// Real-name accounts with their keys, and logging in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/crypto/password.hpp"
#include "wusong/crypto/sealed.hpp"
#include "wusong/gateway/tokens.hpp"
#include "wusong/identity/real_name.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::gateway {

struct Account {
  std::string id;       // 32 hex digits
  std::string name;     // to log in with
  std::string display;  // shown to others
  std::string email;
  identity::PersonKind kind{identity::PersonKind::person};
  std::string verified_by;  // "" until verified
  std::uint64_t verified_at{0};
  Address address;
  bool custodial{true};  // false: the key stays in the browser
  bool disabled{false};
  bool admin{false};  // may manage accounts of this portal; gives no right on the chain
  std::uint64_t created{0};
};

struct Registration {
  std::string name;
  std::string password;
  std::string display;  // empty: the name
  std::string email;
  identity::Identity identity;
  std::optional<Address> own_address;  // a key of the browser's; nothing: a custodial one is made
  bool admin{false};
};

/// How many wrong passwords within `window_ms`, and how long it then rests.
struct LoginLimits {
  std::uint64_t failures_per_account{5};
  std::uint64_t failures_per_remote{20};
  std::uint64_t window_ms{15 * 60'000};
  std::uint64_t rest_ms{15 * 60'000};
};

inline constexpr std::size_t kPasswordLeast = 10;  // characters
inline constexpr std::size_t kPasswordMost = 256;  // bytes
/// At least ten characters, not the name, not one of the commonest, not one character repeated.
bool password_acceptable(std::string_view password, std::string_view name) noexcept;
/// Lower-case letters, digits, ".", "-", "_", "@", 3 to 64 of them.
bool account_name_valid(std::string_view name) noexcept;

/// @thread as its connection
class Accounts {
 public:
  /// All are borrowed and outlive it.
  Accounts(io::SqlConnection& db, const ServerKeys& keys, io::Entropy& entropy,
           const crypto::PasswordCost& cost)
      : db_{&db}, keys_{&keys}, entropy_{&entropy}, cost_{cost} {}

  /// Checks the real name, makes a key, stores all of it.
  /// @errors err::bad_request (name), err::weak_password, identity::err::bad_identity,
  /// err::name_taken (name
  ///         or real name has an account), and the check's own
  [[nodiscard]] Result<Account> add(const Registration& from, identity::IdentityCheck& check,
                                    UnixMillis now);
  /// One message for every cause: nobody learns which names exist, nor from the time it takes.
  /// @errors err::wrong_login, err::login_throttled
  [[nodiscard]] Result<Account> login(std::string_view name, std::string_view password,
                                      std::string_view remote, UnixMillis now,
                                      const LoginLimits& limits = {});
  [[nodiscard]] Result<std::optional<Account>> by_id(std::string_view id);
  [[nodiscard]] Result<std::optional<Account>> by_name(std::string_view name);
  [[nodiscard]] Result<std::vector<Account>> list(std::size_t limit, std::string_view after);
  [[nodiscard]] Result<void> set_password(std::string_view id, std::string_view name,
                                          std::string_view password);
  [[nodiscard]] Result<void> set_disabled(std::string_view id, bool disabled);
  /// The custodial key. @errors err::forbidden where the account keeps its own
  [[nodiscard]] Result<SecretBytes> key_of(const Account& account);

 private:
  [[nodiscard]] Result<bool> resting(std::string_view subject, UnixMillis now);
  [[nodiscard]] Result<void> failed(std::string_view subject, std::uint64_t most, UnixMillis now,
                                    const LoginLimits& limits);
  [[nodiscard]] Result<std::optional<Account>> find(std::string_view text, std::string_view value);

  io::SqlConnection* db_;
  const ServerKeys* keys_;
  io::Entropy* entropy_;
  crypto::PasswordCost cost_;
};

}  // namespace wusong::gateway
