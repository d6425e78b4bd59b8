// SPDX-License-Identifier: Apache-2.0
// Decentralised identifiers: names that are keys. Reading them, their documents, and proofs of
// possession.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::identity {

enum class KeyKind : std::uint8_t { ed25519, secp256k1, p256, sm2 };
/// "Ed25519", "secp256k1", "P-256", "SM2".
std::string_view name_of(KeyKind kind) noexcept;

struct PublicKey {
  KeyKind kind{KeyKind::ed25519};
  Bytes bytes;  // Ed25519: 32; others: x || y, 64
};

/// `did:key:z…` holds its key. `did:wusong:<chain id>:0x<address>` is an account of a chain; who
/// signs for one brings the key along, and the key gives the address.
struct Did {
  std::string text;
  std::optional<PublicKey> key;  // of did:key
  std::uint64_t chain_id{0};     // of did:wusong
  Address address;
};
inline constexpr std::size_t kDidMost = 128;  // characters

/// Only the canonical text of each is taken.
/// @errors err::malformed: another method, another key type, a point that is none, a second way
/// to
///         write one
/// @source W3C did:key method 0.7; multicodec table: ed25519-pub 0xed, secp256k1-pub 0xe7, p256-pub
///         0x1200, sm2-pub 0x1206
[[nodiscard]] Result<Did> parse_did(std::string_view text);
/// The caller knows that the key's size is right.
std::string did_key(const PublicKey& key);
std::string did_wusong(std::uint64_t chain_id, const Address& address);
/// application/did+json. @source W3C DID Core 1.0, section 5; Controlled Identifiers 1.0 (Multikey)
std::string did_document(const Did& did);

struct DidProof {
  std::string statement;
  Bytes signature;  // r || s, or Ed25519's 64 bytes; 65 bytes r || s || v: personal_sign
  std::optional<PublicKey> key;  // for did:wusong, unless personal_sign gives it
};
/// secp256k1 signs keccak256, P-256 SHA-256, SM2 SM3 with the default user id, Ed25519 the text.
/// For did:wusong on secp256k1 also EIP-191's personal_sign, which is what wallets do.
/// @errors err::not_proved
[[nodiscard]] Result<void> verify_did(const Did& did, const DidProof& proof) noexcept;

}  // namespace wusong::identity
