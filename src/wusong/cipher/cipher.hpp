// SPDX-License-Identifier: Apache-2.0
// Block ciphers and their modes, by the widest instructions that the machine has. Keys are spread
// out once and overwritten when their owner goes; const calls are safe from any thread.
//
// `out` is either the memory of the input, from its first byte on, or does not overlap with it.
#pragma once

#include <cstdint>
#include <span>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/cipher/internal/provider.hpp"

namespace wusong::cipher {

enum class Cipher : std::uint8_t {
  sm4,     // GB/T 32907-2016, keys of 16 bytes
  aes128,  // FIPS 197, 16
  aes256,  // FIPS 197, 32
};

/// Bytes of a key.
std::size_t key_bytes(Cipher cipher) noexcept;

/// Sixteen bytes that never repeat under a key, nor within one message's length of each other.
using CounterBlock = FixedBytes<16, struct CounterBlockTag>;
/// The number of a sector or page, as sixteen bytes: IEEE 1619 puts the lowest byte first.
using DataUnit = FixedBytes<16, struct DataUnitTag>;

/// What a tag covers besides the message. A nonce never repeats under a key.
struct Header {
  BytesView nonce;
  BytesView associated;
};

/// A key spread out for one provider.
class ExpandedKey {
 public:
  /// `key` has the cipher's length.
  ExpandedKey(Cipher cipher, BytesView key) noexcept;
  const internal::Provider& provider() const noexcept { return *provider_; }
  const internal::Kernels& kernels() const noexcept { return *kernels_; }
  const internal::Schedule& schedule() const noexcept { return schedule_; }

 private:
  const internal::Provider* provider_;
  const internal::Kernels* kernels_;
  internal::Schedule schedule_;
};

/// Counter mode: secrecy alone. Whoever can change the ciphertext changes the plaintext bit by bit;
/// prefer Gcm.
/// @source NIST SP 800-38A, section 6.5, counting modulo 2^128; GB/T 17964-2021
class Ctr {
 public:
  /// @errors err::bad_key_length
  [[nodiscard]] static Result<Ctr> create(Cipher cipher, BytesView key) noexcept;
  /// Encrypts, and decrypts, what lies `position` bytes after the start of a message, so that long
  /// ones can go in pieces of any length, in any order.
  /// @errors err::bad_output_length, err::overlapping_buffers
  [[nodiscard]] Result<void> apply(const CounterBlock& start, std::uint64_t position, BytesView in,
                                   std::span<std::uint8_t> out) const noexcept;

 private:
  Ctr(Cipher cipher, BytesView key) noexcept : key_{cipher, key} {}
  ExpandedKey key_;
};

inline constexpr std::size_t kGcmTagBytes = 16;
inline constexpr std::size_t kGcmNonceBytes = 12;  // the length to use; others cost a hash
/// @unit bytes
inline constexpr std::uint64_t kGcmMessageMax = (std::uint64_t{1} << 36) - 32;
inline constexpr std::uint64_t kGcmAssociatedMax = (std::uint64_t{1} << 61) - 1;

/// Galois/Counter mode: secrecy and integrity, the mode to choose. Two messages with one nonce give
/// away their difference and the means to forge: count, or take at most 2^32 random nonces a key.
/// @source NIST SP 800-38D; RFC 8998 for SM4; GB/T 36624-2018
class Gcm {
 public:
  /// @errors err::bad_key_length
  [[nodiscard]] static Result<Gcm> create(Cipher cipher, BytesView key) noexcept;
  /// @shape out: ciphertext || tag, kGcmTagBytes longer than the plaintext
  /// @errors err::bad_nonce_length (empty), err::message_too_long, err::bad_output_length,
  ///         err::overlapping_buffers
  [[nodiscard]] Result<void> seal(const Header& header, BytesView plaintext,
                                  std::span<std::uint8_t> out) const noexcept;
  /// On a wrong tag `out` is zeros: in place, the ciphertext is gone too.
  /// @shape sealed: ciphertext || tag; out: kGcmTagBytes shorter
  /// @errors err::message_too_short (than a tag), err::wrong_tag, and those of seal
  [[nodiscard]] Result<void> open(const Header& header, BytesView sealed,
                                  std::span<std::uint8_t> out) const noexcept;

 private:
  Gcm(Cipher cipher, BytesView key) noexcept;
  struct Run;
  struct Short;
  ExpandedKey key_;
  internal::HashKey hash_key_;
};

/// Counter with CBC-MAC: as Gcm, for standards that ask for it.
/// @cost the MAC goes block after block, so no provider is fast: 0.2 GB/s with SM4
/// @source NIST SP 800-38C; RFC 8998 for SM4
class Ccm {
 public:
  /// @errors err::bad_key_length, err::bad_tag_length (not 4, 6, … 16)
  [[nodiscard]] static Result<Ccm> create(Cipher cipher, BytesView key,
                                          std::size_t tag_bytes = 16) noexcept;
  /// The nonce has 7 to 13 bytes; one of n allows messages of less than 2^(8 (15 - n)) bytes.
  /// @shape out: ciphertext || tag
  /// @errors err::bad_nonce_length, err::message_too_long, err::bad_output_length,
  ///         err::overlapping_buffers
  [[nodiscard]] Result<void> seal(const Header& header, BytesView plaintext,
                                  std::span<std::uint8_t> out) const noexcept;
  /// On a wrong tag `out` is zeros: in place, the ciphertext is gone too.
  /// @errors err::message_too_short (than a tag), err::wrong_tag, and those of seal
  [[nodiscard]] Result<void> open(const Header& header, BytesView sealed,
                                  std::span<std::uint8_t> out) const noexcept;

 private:
  Ccm(Cipher cipher, BytesView key, std::size_t tag_bytes) noexcept
      : key_{cipher, key}, tag_bytes_{tag_bytes} {}
  Result<void> check(const Header& header, std::size_t message_bytes) const noexcept;
  void authenticate(const Header& header, BytesView plaintext, std::uint8_t* tag) const noexcept;
  void count(const Header& header, BytesView in, std::uint8_t* out,
             std::uint8_t* tag) const noexcept;
  ExpandedKey key_;
  std::size_t tag_bytes_;
};

/// @unit bytes
inline constexpr std::size_t kXtsDataUnitMax = std::size_t{1} << 24;  // 2^20 blocks
inline constexpr std::size_t kXtsDataUnitMin = 16;

/// Which end of a tweak doubling starts from. The two give different ciphertexts from the second
/// block on.
enum class TweakOrder : std::uint8_t {
  ieee1619,  // IEEE 1619-2018, SP 800-38E: what AES-XTS is
  gbt17964,  // GB/T 17964-2021: what SM4-XTS is
};

/// For storage whose blocks cannot grow: equal length, no integrity. A change garbles 16 bytes, and
/// writing the same data to the same unit shows.
class Xts {
 public:
  /// @shape key: that of the data, then another of the same length for tweaks
  /// @errors err::bad_key_length, err::equal_keys
  [[nodiscard]] static Result<Xts> create(Cipher cipher, BytesView key, TweakOrder order) noexcept;
  /// @errors err::message_too_short, err::message_too_long, err::bad_output_length,
  ///         err::overlapping_buffers
  [[nodiscard]] Result<void> encrypt(const DataUnit& unit, BytesView in,
                                     std::span<std::uint8_t> out) const noexcept;
  [[nodiscard]] Result<void> decrypt(const DataUnit& unit, BytesView in,
                                     std::span<std::uint8_t> out) const noexcept;

 private:
  Xts(Cipher cipher, BytesView data_key, BytesView tweak_key, TweakOrder order) noexcept
      : data_{cipher, data_key}, tweak_{cipher, tweak_key}, order_{order} {}
  Result<void> run(const DataUnit& unit, BytesView in, std::span<std::uint8_t> out,
                   bool is_decrypting) const noexcept;
  ExpandedKey data_;
  ExpandedKey tweak_;
  TweakOrder order_;
};

}  // namespace wusong::cipher
