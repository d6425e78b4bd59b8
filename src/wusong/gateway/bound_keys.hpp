// SPDX-License-Identifier: Apache-2.0
// Which account a key signs in: DIDs and passkeys that their owners have bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/identity/did.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::gateway {

/// Which account a DID signs in.
/// @thread as its connection
class DidBindings {
 public:
  static constexpr std::size_t kMost = 10;  // of one account
  explicit DidBindings(io::SqlConnection& db) : db_{&db} {}
  struct Binding {
    std::string did;
    std::string account;
    std::uint64_t created{0};
    std::uint64_t used{0};
  };
  /// @errors err::name_taken where it is another account's, err::quota
  [[nodiscard]] Result<void> bind(const identity::Did& did, std::string_view account,
                                  UnixMillis now);
  [[nodiscard]] Result<std::optional<Binding>> find(std::string_view did);
  [[nodiscard]] Result<std::vector<Binding>> list(std::string_view account);
  [[nodiscard]] Result<bool> remove(std::string_view did, std::string_view account);
  [[nodiscard]] Result<void> mark_used(std::string_view did, UnixMillis now);

 private:
  io::SqlConnection* db_;
};

struct Passkey {
  std::string id;  // base64url
  std::string account;
  std::string name;
  identity::PublicKey key;
  std::uint32_t sign_count{0};
  std::uint64_t created{0};
  std::uint64_t used{0};
  bool backed_up{false};
};
/// @thread as its connection
class Passkeys {
 public:
  static constexpr std::size_t kMost = 10;  // of one account
  explicit Passkeys(io::SqlConnection& db) : db_{&db} {}
  /// @errors err::name_taken where the credential is known, err::quota
  [[nodiscard]] Result<void> add(const Passkey& passkey);
  [[nodiscard]] Result<std::optional<Passkey>> find(std::string_view id);
  [[nodiscard]] Result<std::vector<Passkey>> list(std::string_view account);
  /// False where another assertion has moved the counter on in the meantime.
  [[nodiscard]] Result<bool> mark_used(const Passkey& passkey, std::uint32_t sign_count,
                                       UnixMillis now);
  [[nodiscard]] Result<bool> remove(std::string_view id, std::string_view account);

 private:
  io::SqlConnection* db_;
};

}  // namespace wusong::gateway
