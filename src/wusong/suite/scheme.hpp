// SPDX-License-Identifier: Apache-2.0
// Everything that the crypto engine can do, by name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::suite {

enum class Kind : std::uint8_t { signature, encapsulation, agreement, cipher, digest };
std::string_view name_of(Kind kind) noexcept;

namespace internal {
enum class Family : std::uint8_t {
  chain,  // crypto's table of what accounts sign with
  secp256k1,
  p256,
  rsa,
  ml_dsa,
  slh_dsa,
  ml_kem,
  x25519,
  ctr,
  gcm,
  ccm,
  xts,
  keccak,
  libcrypto,  // digests
};
}  // namespace internal

/// One scheme. Sizes are bytes; 0 where there is no such thing, or where keys choose it (RSA).
struct Scheme {
  std::string_view name;  // "ml-dsa-44"
  Kind kind;
  std::string_view standard;  // "FIPS 204"; "none" for what is ours alone
  std::string_view security;  // "128 bits", "category 2" of NIST's
  std::size_t secret_key;     // of ciphers: the key
  std::size_t public_key;     // of ciphers: the nonce
  std::size_t result;  // signature, ciphertext of a shared secret, shared secret, tag, digest
  internal::Family family;
  std::uint8_t set;  // the family's own number

  bool is_standard() const noexcept { return standard != "none"; }
};

std::span<const Scheme> schemes() noexcept;
/// Null where there is none.
const Scheme* find_scheme(std::string_view name) noexcept;
/// @errors err::unknown_scheme (also: of another kind)
[[nodiscard]] Result<const Scheme*> scheme_named(Kind kind, std::string_view name) noexcept;

}  // namespace wusong::suite
