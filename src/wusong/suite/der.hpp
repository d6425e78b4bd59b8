// SPDX-License-Identifier: Apache-2.0
// As much of DER as key files and signatures need, strictly: lengths definite and shortest,
// integers positive and shortest, nothing after the end.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/secret_bytes.hpp"

namespace wusong::suite {

namespace tag {
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kSequence = 0x30;
/// [0], [1]: of one value, or of others.
inline constexpr std::uint8_t kContext = 0x80;
inline constexpr std::uint8_t kContextConstructed = 0xa0;
}  // namespace tag

/// Takes elements from the front. The bytes outlive it.
class DerReader {
 public:
  explicit DerReader(BytesView bytes) noexcept : rest_{bytes} {}

  bool at_end() const noexcept { return rest_.empty(); }
  bool is_next(std::uint8_t tag) const noexcept { return !rest_.empty() && rest_[0] == tag; }
  /// What an element of this tag holds. @errors err::bad_der
  [[nodiscard]] Result<BytesView> take(std::uint8_t tag) noexcept;
  /// The same as a reader of its own. @errors err::bad_der
  [[nodiscard]] Result<DerReader> enter(std::uint8_t tag) noexcept;
  /// A positive integer without leading zeros, big-endian. @errors err::bad_der
  [[nodiscard]] Result<BytesView> take_integer() noexcept;
  /// A bit string of whole bytes. @errors err::bad_der
  [[nodiscard]] Result<BytesView> take_bits() noexcept;
  /// @errors err::bad_der where something is left
  [[nodiscard]] Result<void> finish() const noexcept;

 private:
  BytesView rest_;
};

/// An element of these parts, one after the other. Cleared when it goes: private keys pass here.
SecretBytes der(std::uint8_t tag, std::initializer_list<BytesView> parts);
/// Of a big-endian number, zeros before it or not.
SecretBytes der_integer(BytesView big_endian);
/// "1.3.101.112" as an element. Numbers may have 128 bits.
SecretBytes der_oid(std::string_view dotted);
/// The dotted form of an identifier's content, empty if it has none; for people to read.
std::string dotted_oid(BytesView content);

struct RsaNumbers {
  BytesView modulus;
  BytesView exponent;
};
/// @errors err::bad_der
/// @source RFC 8017, appendix A.1.1
[[nodiscard]] Result<RsaNumbers> read_rsa_public_key(BytesView encoded) noexcept;

/// r || s of 32 bytes each, as the sequence of two integers that files hold.
/// @source RFC 3279, section 2.2.3
Bytes pair_to_der(BytesView signature);
/// @errors err::bad_signature_encoding
[[nodiscard]] Result<Bytes> pair_from_der(BytesView encoded);

/// SM2's C1 || C3 || C2 as the sequence that files hold: x, y, the digest, the masked text.
/// @shape at least 98 bytes, the first of which is 4
/// @source GB/T 35276-2017, section 7.2 (SM2Cipher)
Bytes sm2_cipher_to_der(BytesView ciphertext);
/// @errors err::bad_ciphertext_encoding
[[nodiscard]] Result<Bytes> sm2_cipher_from_der(BytesView encoded);

}  // namespace wusong::suite
