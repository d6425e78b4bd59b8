// SPDX-License-Identifier: Apache-2.0
#include "wusong/identity/did.hpp"

#include <array>
#include <charconv>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/identity/errors.hpp"

namespace wusong::identity {
namespace {

constexpr std::string_view kKeyMethod = "did:key:z";
constexpr std::string_view kNativeMethod = "did:wusong:";
constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

struct KeyInfo {
  KeyKind kind;
  std::string_view name;
  std::array<std::uint8_t, 2> codec;  // unsigned varint
  std::optional<crypto::Curve> curve;
  std::optional<crypto::Scheme> scheme;
};
/// In the order of KeyKind.
constexpr std::array kKeys{
    KeyInfo{KeyKind::ed25519, "Ed25519", {0xed, 0x01}, {}, crypto::Scheme::ed25519},
    KeyInfo{KeyKind::secp256k1,
            "secp256k1",
            {0xe7, 0x01},
            crypto::Curve::secp256k1,
            crypto::Scheme::secp256k1},
    KeyInfo{KeyKind::p256, "P-256", {0x80, 0x24}, crypto::Curve::p256, {}},
    KeyInfo{KeyKind::sm2, "SM2", {0x86, 0x24}, crypto::Curve::sm2, crypto::Scheme::sm2}};

const KeyInfo& info_of(KeyKind kind) noexcept {
  return kKeys[static_cast<std::size_t>(kind)];
}

/// Long division by 58, most significant digit first. Quadratic, so callers limit the length.
std::string to_base58(BytesView bytes) {
  std::vector<std::uint8_t> digits;  // least significant first
  for (const auto byte : bytes) {
    std::uint32_t carry = byte;
    for (auto& digit : digits) {
      carry += std::uint32_t{digit} << 8;
      digit = static_cast<std::uint8_t>(carry % 58);
      carry /= 58;
    }
    for (; carry > 0; carry /= 58) digits.push_back(static_cast<std::uint8_t>(carry % 58));
  }
  std::string out;
  for (const auto byte : bytes) {
    if (byte != 0) break;
    out.push_back('1');
  }
  for (auto it = digits.rbegin(); it != digits.rend(); ++it) out.push_back(kBase58[*it]);
  return out;
}

std::optional<Bytes> from_base58(std::string_view text) {
  Bytes reversed;
  for (const char c : text) {
    const auto value = kBase58.find(c);
    if (value == std::string_view::npos) return {};
    auto carry = static_cast<std::uint32_t>(value);
    for (auto& byte : reversed) {
      carry += std::uint32_t{byte} * 58;
      byte = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) reversed.push_back(static_cast<std::uint8_t>(carry));
  }
  for (const char c : text) {
    if (c != '1') break;
    reversed.push_back(0);
  }
  return Bytes{reversed.rbegin(), reversed.rend()};
}

Result<PublicKey> parse_multikey(std::string_view text) {
  const auto bytes = from_base58(text);
  if (!bytes || bytes->size() < 2) return fail(err::malformed);
  for (const auto& info : kKeys) {
    if ((*bytes)[0] != info.codec[0] || (*bytes)[1] != info.codec[1]) continue;
    const BytesView key = BytesView{*bytes}.subspan(2);
    if (!info.curve) {
      if (key.size() != 32) return fail(err::malformed);
      return PublicKey{info.kind, to_bytes(key)};
    }
    const auto point = crypto::decompress_point(*info.curve, key);
    if (!point) return fail(err::malformed);
    return PublicKey{info.kind, to_bytes(*point)};
  }
  return fail(err::malformed);
}

Result<Did> parse_native(std::string_view text) {
  const auto rest = text.substr(kNativeMethod.size());
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos || colon == 0) return fail(err::malformed);
  Did out;
  const auto number = rest.substr(0, colon);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), out.chain_id);
  if (error != std::errc{} || end != number.data() + number.size()) return fail(err::malformed);
  const auto address = codec::fixed_from_hex<Address>(rest.substr(colon + 1));
  if (!address) return fail(err::malformed);
  out.address = *address;
  return out;
}

Result<void> verify_with(const PublicKey& key, const DidProof& proof) noexcept {
  const BytesView text = as_bytes(proof.statement);
  const auto& info = info_of(key.kind);
  if (info.scheme) return crypto::verify(*info.scheme, key.bytes, text, proof.signature);
  return crypto::p256_verify(hash::sha256(text), key.bytes, proof.signature);
}

/// @source EIP-191, version 0x45
std::optional<Address> personal_signer(std::string_view text, BytesView signature) noexcept {
  const std::string message =
      "\x19"
      "Ethereum Signed Message:\n" +
      std::to_string(text.size()) + std::string{text};
  crypto::EcdsaSignature parts;
  parts.r = from_be_bytes(signature.first(32));
  parts.s = from_be_bytes(signature.subspan(32, 32));
  const std::uint8_t v = signature[64];
  if (v != 27 && v != 28 && v > 1) return {};
  parts.y_parity = static_cast<std::uint8_t>(v >= 27 ? v - 27 : v);
  if (!crypto::is_low_s(parts.s)) return {};
  const auto signer = crypto::ecdsa_recover(hash::keccak256(as_bytes(message)), parts);
  if (!signer) return {};
  return *signer;
}

}  // namespace

std::string_view name_of(KeyKind kind) noexcept {
  return info_of(kind).name;
}

std::string did_key(const PublicKey& key) {
  const auto& info = info_of(key.kind);
  Bytes bytes{info.codec.begin(), info.codec.end()};
  if (info.curve) {
    append(bytes, crypto::compress_point(key.bytes));
  } else {
    append(bytes, key.bytes);
  }
  return std::string{kKeyMethod} + to_base58(bytes);
}

std::string did_wusong(std::uint64_t chain_id, const Address& address) {
  return std::string{kNativeMethod} + std::to_string(chain_id) + ":" + codec::to_hex_data(address);
}

Result<Did> parse_did(std::string_view text) {
  if (text.size() > kDidMost) return fail(err::malformed);
  Did out;
  if (text.starts_with(kKeyMethod)) {
    WUSONG_TRY(out.key, parse_multikey(text.substr(kKeyMethod.size())));
    out.text = did_key(*out.key);
  } else if (text.starts_with(kNativeMethod)) {
    WUSONG_TRY(out, parse_native(text));
    out.text = did_wusong(out.chain_id, out.address);
  } else {
    return fail(err::malformed);
  }
  // One key has one name: bindings are looked up by it.
  if (out.text != text) return fail(err::malformed);
  return out;
}

std::string did_document(const Did& did) {
  codec::JsonWriter out;
  out.open_object().key("@context").open_array().string("https://www.w3.org/ns/did/v1");
  out.string(did.key ? "https://w3id.org/security/multikey/v1"
                     : "https://w3id.org/security/suites/secp256k1recovery-2020/v2");
  out.close_array().key("id").string(did.text);
  const std::string method =
      did.text + "#" + (did.key ? did.text.substr(kKeyMethod.size() - 1) : "account");
  out.key("verificationMethod").open_array().open_object().key("id").string(method);
  if (did.key) {
    out.key("type").string("Multikey").key("controller").string(did.text);
    out.key("publicKeyMultibase").string(did.text.substr(kKeyMethod.size() - 1));
  } else {
    out.key("type").string("EcdsaSecp256k1RecoveryMethod2020").key("controller").string(did.text);
    out.key("blockchainAccountId")
        .string("eip155:" + std::to_string(did.chain_id) + ":" + codec::to_hex_data(did.address));
  }
  out.close_object().close_array();
  for (const std::string_view use : {"authentication", "assertionMethod"}) {
    out.key(use).open_array().string(method).close_array();
  }
  return out.close_object().take();
}

Result<void> verify_did(const Did& did, const DidProof& proof) noexcept {
  if (did.key) {
    if (!verify_with(*did.key, proof)) return fail(err::not_proved);
    return {};
  }
  if (proof.signature.size() == 65) {
    const auto signer = personal_signer(proof.statement, proof.signature);
    if (!signer || *signer != did.address) return fail(err::not_proved);
    return {};
  }
  if (!proof.key) return fail(err::not_proved);
  const auto& info = info_of(proof.key->kind);
  // The chain has accounts of registered schemes only.
  if (!info.scheme || crypto::address_of(*info.scheme, proof.key->bytes) != did.address ||
      !verify_with(*proof.key, proof)) {
    return fail(err::not_proved);
  }
  return {};
}

}  // namespace wusong::identity
