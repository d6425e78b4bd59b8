// SPDX-License-Identifier: Apache-2.0
// One message sealed as a whole: under a key that both have, or for the owner of an ML-KEM key.
#pragma once

#include "wusong/suite/key.hpp"
#include "wusong/suite/symmetric.hpp"

namespace wusong::suite {

/// @shape nonce || ciphertext || tag, as far as the cipher has them; `out` is envelope_size longer
/// @errors as SymmetricKey
[[nodiscard]] Result<void> seal(const Scheme& cipher, BytesView key, BytesView text,
                                std::span<std::uint8_t> out, io::Entropy& entropy);
/// On a wrong tag `out` is zeros.
/// @errors as SymmetricKey, err::bad_length
[[nodiscard]] Result<void> open(const Scheme& cipher, BytesView key, BytesView sealed,
                                std::span<std::uint8_t> out);
/// What sealing adds.
std::size_t envelope_size(const Scheme& cipher) noexcept;

/// For whoever has the secret half of `to`: the ciphertext of a fresh secret, then as seal() under
/// a key made of it, which covers that ciphertext too. The sender is not authenticated: sign as
/// well.
/// @shape  key: SHAKE256("wusong crypto encrypt 1", 0, the cipher's name, 0, the shared secret)
/// @errors err::not_offered (`to` is no such key; the cipher has no tag), as SymmetricKey
[[nodiscard]] Result<void> seal_to(const PublicKey& to, const Scheme& cipher, BytesView text,
                                   std::span<std::uint8_t> out, io::Entropy& entropy);
/// @errors those of seal_to, err::bad_length, cipher::err::wrong_tag
[[nodiscard]] Result<void> open_with(const SecretKey& key, const Scheme& cipher, BytesView sealed,
                                     std::span<std::uint8_t> out);
std::size_t envelope_size(const Scheme& encapsulation, const Scheme& cipher) noexcept;

/// A key of `size` bytes that the owners of two keys both find, each with the other's public key.
/// Whoever is at the other end is whoever gave that key.
/// @shape  SHAKE256("wusong crypto agree 1", 0, the scheme's name, 0, the lesser public key, the
///         other, the shared secret)
/// @errors as SecretKey::agree
[[nodiscard]] Result<SecretBytes> agree_on_key(const SecretKey& mine, const PublicKey& theirs,
                                               std::size_t size);

}  // namespace wusong::suite
