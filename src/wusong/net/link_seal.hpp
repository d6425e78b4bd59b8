// SPDX-License-Identifier: Apache-2.0
// What goes over a link once its keys are agreed on: bytes sealed into records, one direction each.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/secret_bytes.hpp"
#include "wusong/cipher/cipher.hpp"
#include "wusong/crypto/hybrid_kem.hpp"
#include "wusong/hash/hmac.hpp"

namespace wusong::net {

/// The algorithms of a link, all of one kind. Numbers are permanent.
enum class LinkSuite : std::uint8_t {
  standard = 1,  // X25519 with ML-KEM-768, SHA-256, AES-256-GCM
  guomi = 2,     // SM2 with ML-KEM-768, SM3, SM4-GCM
};

struct LinkSuiteTraits {
  std::string_view name;      // for people and metrics: exchange/cipher
  std::string_view protocol;  // as TLS negotiates it (RFC 7301); a new version takes a new name
  crypto::HybridKem kem;
  cipher::Cipher cipher;
  hash::Digest digest;
};
const LinkSuiteTraits& traits_of(LinkSuite suite) noexcept;

/// A record: u32 length of what follows, big-endian and itself authenticated; ciphertext; tag.
inline constexpr std::size_t kLinkHeaderSize = 4;
/// In one record, and at least a byte. Records fill four of TLS's to the last byte.
inline constexpr std::size_t kLinkPlainMax = (64u << 10) - kLinkHeaderSize - cipher::kGcmTagBytes;
inline constexpr std::uint32_t kLinkRecordsPerKey = 1u << 16;

/// One direction's key with its counter. Each record has the next nonce; after kLinkRecordsPerKey
/// records the key gives way to one derived from it, and is cleared: whoever takes a node's memory
/// cannot open what went before.
/// @thread one owner
class LinkKey {
 public:
  /// @shape `secret` is 32 uniform bytes, of this direction only
  LinkKey(LinkSuite suite, SecretBytes secret);

 protected:
  using Nonce = std::array<std::uint8_t, cipher::kGcmNonceBytes>;
  const cipher::Gcm& gcm() const noexcept { return gcm_; }
  /// That of the next record.
  Nonce nonce() const noexcept;
  void count();

 private:
  static cipher::Gcm cipher_of(LinkSuite suite, const SecretBytes& secret);
  void derive();

  LinkSuite suite_;
  SecretBytes secret_;
  cipher::Gcm gcm_;
  Nonce mask_{};
  std::uint32_t count_{0};
};

class LinkSealer : public LinkKey {
 public:
  using LinkKey::LinkKey;
  /// Appends `plain` to `out`, in as many records as it needs.
  void seal(BytesView plain, Bytes& out);
};

class LinkOpener : public LinkKey {
 public:
  using LinkKey::LinkKey;
  /// The length of what follows a header. @errors err::bad_link_record
  [[nodiscard]] static Result<std::size_t> sealed_size(
      std::span<const std::uint8_t, kLinkHeaderSize> header) noexcept;
  /// Opens the next record, without its header, in its own memory; the plaintext.
  /// @errors err::bad_link_record: changed, repeated, out of order, or of another link. Then
  ///         nothing of it is left, and the link has to end.
  [[nodiscard]] Result<BytesView> open(std::span<std::uint8_t> sealed);
};

}  // namespace wusong::net
