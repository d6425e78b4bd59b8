// SPDX-License-Identifier: Apache-2.0
// Encrypted key files: Web3 Secret Storage version 3 (scrypt or PBKDF2, AES-128-CTR, keccak256
// MAC).
#pragma once

#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::crypto {

struct KeystoreCost {
  std::uint32_t scrypt_n{262144};
  std::uint32_t scrypt_r{8};
  std::uint32_t scrypt_p{1};
};

/// The file's JSON. `address` (40 hex digits) is of the account that the key signs for, which need
/// not be the key's own; it and `scheme` may be empty; a scheme other than secp256k1 is written as
/// an extra member "wusong_scheme". `cost.scrypt_n` is a power of two above 1.
std::string encrypt_keystore(BytesView secret_key, std::string_view password,
                             std::string_view address, std::string_view scheme, KeystoreCost cost,
                             io::Entropy& entropy);

struct KeystoreSecret {
  Bytes secret_key;    // the caller zeroises it
  std::string scheme;  // "secp256k1" where the file names none
  /// Of the account, as the file says: nothing but words, for the MAC does not cover it. Empty
  /// where it says none.
  std::string address;
};

/// What a file may ask of us: a hostile one must not exhaust memory or time.
struct KeystoreLimits {
  std::uint64_t scrypt_work{1 << 23};  // n * r * p; memory is 128 * n * r bytes
  std::uint64_t pbkdf2_iterations{1 << 24};
  std::size_t secret_size{1024};
};

/// @errors err::bad_keystore          not JSON, or a member missing or malformed
///         err::unsupported_keystore  another version, cipher or KDF, or a cost above `limits`
///         err::wrong_password        the MAC does not match
/// @cost   as the file says, within `limits`: about a second for the usual scrypt
[[nodiscard]] Result<KeystoreSecret> decrypt_keystore(std::string_view json,
                                                      std::string_view password,
                                                      const KeystoreLimits& limits = {});

}  // namespace wusong::crypto
