// SPDX-License-Identifier: Apache-2.0
// Ciphers in their modes, by name.
#pragma once

#include <variant>

#include "wusong/cipher/cipher.hpp"
#include "wusong/suite/scheme.hpp"

namespace wusong::suite {

/// @thread const functions are safe from any thread
class SymmetricKey {
 public:
  /// @errors err::unknown_scheme (another kind), cipher::err::bad_key_length, equal_keys
  [[nodiscard]] static Result<SymmetricKey> create(const Scheme& scheme, BytesView key);

  /// Nonces have the scheme's length (public_key in its row) and never repeat under a key. XTS
  /// takes none: the text is cut into units of 4,096 bytes, numbered from 0, as disks are; the last
  /// one takes up to 15 bytes more.
  /// @shape  out: as long as the text and the tag (result in the scheme's row)
  /// @errors err::bad_length (nonce; associated data where no tag can cover them), and the mode's
  [[nodiscard]] Result<void> encrypt(const cipher::Header& header, BytesView text,
                                     std::span<std::uint8_t> out) const;
  /// On a wrong tag `out` is zeros. @errors as encrypt, cipher::err::wrong_tag
  [[nodiscard]] Result<void> decrypt(const cipher::Header& header, BytesView sealed,
                                     std::span<std::uint8_t> out) const;

 private:
  using Mode = std::variant<cipher::Gcm, cipher::Ccm, cipher::Ctr, cipher::Xts>;
  SymmetricKey(const Scheme& scheme, Mode mode) : scheme_{&scheme}, mode_{std::move(mode)} {}
  Result<void> check(const cipher::Header& header) const noexcept;
  const Scheme* scheme_;
  Mode mode_;
};

}  // namespace wusong::suite
