// SPDX-License-Identifier: Apache-2.0
// Encrypted key files: Web3 Secret Storage version 3 (scrypt or PBKDF2, AES-128-CTR, keccak256 MAC).
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

/// The file's JSON. `address` (40 hex digits) and `scheme` may be empty; a scheme other than
/// secp256k1 is written as an extra member "wusong_scheme".
std::string encrypt_keystore(BytesView secret_key, std::string_view password, std::string_view address,
                             std::string_view scheme, KeystoreCost cost, io::Entropy& entropy);

struct KeystoreSecret {
  Bytes secret_key;    // the caller zeroises it
  std::string scheme;  // "secp256k1" where the file names none
};
/// @errors err::bad_keystore, err::unsupported_keystore, err::wrong_password
[[nodiscard]] Result<KeystoreSecret> decrypt_keystore(std::string_view json, std::string_view password);

}  // namespace wusong::crypto
