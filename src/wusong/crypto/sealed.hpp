// SPDX-License-Identifier: Apache-2.0
// Secrets at rest: authenticated encryption with SM4 in Galois/Counter mode.
#pragma once

#include <cstdint>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::crypto {

/// Bytes that are overwritten when they go.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(Bytes bytes) noexcept : bytes_{std::move(bytes)} {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_{std::move(other.bytes_)} {
    other.bytes_.clear();
  }
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(); }
  BytesView view() const noexcept { return bytes_; }

 private:
  void wipe() noexcept;
  Bytes bytes_;
};

inline constexpr std::size_t kSm4KeySize = 16;
inline constexpr std::size_t kGcmNonceSize = 12;
inline constexpr std::size_t kGcmTagSize = 16;

/// @shape nonce (12, random) || ciphertext || tag (16)
/// @cost  GHASH bit by bit without tables, so without secret-dependent addresses: for keys and
///        small records, about 10 MB/s
/// @source GB/T 32907-2016 (SM4), NIST SP 800-38D (GCM), RFC 8998 for both together
Bytes seal(BytesView key, BytesView plaintext, BytesView associated, io::Entropy& entropy);
/// @errors err::bad_length (shorter than nonce and tag), err::bad_seal (another key, associated
///         data, or changed bytes); nothing of the plaintext is given out then
[[nodiscard]] Result<SecretBytes> open_sealed(BytesView key, BytesView sealed,
                                              BytesView associated);
/// The same with a chosen nonce, which must never be used twice under a key: for test vectors.
/// @shape ciphertext || tag
Bytes sm4_gcm_encrypt(BytesView key, BytesView nonce, BytesView plaintext, BytesView associated);

}  // namespace wusong::crypto
