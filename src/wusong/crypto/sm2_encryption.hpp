// SPDX-License-Identifier: Apache-2.0
// SM2's public-key encryption: for keys and short records. Whoever has the public key can encrypt,
// so nobody's name is on a ciphertext: sign as well.
#pragma once

#include "wusong/base/secret_bytes.hpp"
#include "wusong/crypto/sm2.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::crypto {

/// @unit bytes of a text
inline constexpr std::size_t kSm2TextMost = std::size_t{1} << 20;
/// How much longer a ciphertext is.
inline constexpr std::size_t kSm2CiphertextAdds = 1 + 64 + Hash::kSize;

/// @shape  C1 || C3 || C2: 04 || x || y, a digest, the masked text
/// @errors err::bad_length (a key that is not 64 bytes; a text that is empty or longer than
///         kSm2TextMost), err::bad_public_key (no point of the curve), err::miscalculation
/// @cost   two products, constant time
/// @source GB/T 32918.4-2016, section 6.1
[[nodiscard]] Result<Bytes> sm2_encrypt(BytesView public_key, BytesView text,
                                        io::Entropy& entropy) noexcept;

/// The text, once its digest proves it: before, nothing of it is given out.
/// @errors err::bad_length, err::bad_point (C1 is not 04 || x || y of the curve),
///         err::bad_ciphertext (made for another key, or changed), err::miscalculation
/// @cost   a product, constant time as to the secret and the text
/// @source GB/T 32918.4-2016, section 7.1
[[nodiscard]] Result<SecretBytes> sm2_decrypt(const Sm2Secret& secret,
                                              BytesView ciphertext) noexcept;

namespace internal {
/// The text behind the mask of a shared point, x || y, and whether it is what the digest is of:
/// without a branch on any of them. @shape `text` is as long as `masked`
bool sm2_unmask(BytesView shared, BytesView digest, BytesView masked,
                std::span<std::uint8_t> text) noexcept;
}  // namespace internal

}  // namespace wusong::crypto
