// SPDX-License-Identifier: Apache-2.0
// Who somebody is in law: SZ 30 and 40 ask for real names.
#pragma once

#include <string>
#include <string_view>

#include "wusong/base/error.hpp"

namespace wusong::identity {

enum class PersonKind : std::uint8_t { person, legal, unincorporated };
std::string_view name_of(PersonKind kind) noexcept;
/// "person", "legal", "unincorporated". @errors err::bad_identity
[[nodiscard]] Result<PersonKind> parse_person_kind(std::string_view text);

struct Identity {
  PersonKind kind{PersonKind::person};
  std::string name;    // as on the document
  std::string number;  // resident identity number, or unified social credit code
};

/// Checks a real name. A city connects its identity service here.
class IdentityCheck {
 public:
  virtual ~IdentityCheck() = default;
  /// Stands in the account: who vouches for it.
  virtual std::string_view name() const noexcept = 0;
  /// @errors err::bad_identity, err::unavailable
  [[nodiscard]] virtual Result<void> check(const Identity& identity) = 0;
};

/// "local": knows whether a number is well formed, its date exists and its check character is
/// right. It cannot know whether the person exists or is the one who types; accounts say so.
class LocalIdentityCheck final : public IdentityCheck {
 public:
  std::string_view name() const noexcept override { return "local"; }
  [[nodiscard]] Result<void> check(const Identity& identity) override;
};

/// 18 characters with ISO 7064 MOD 11-2. @source GB 11643-1999
bool resident_number_valid(std::string_view number) noexcept;
/// 18 characters modulo 31. @source GB 32100-2015
bool credit_code_valid(std::string_view code) noexcept;

}  // namespace wusong::identity
