// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/scheme.hpp"

#include "wusong/suite/errors.hpp"

namespace wusong::suite {
namespace {

using enum Kind;
using enum internal::Family;

// clang-format off
constexpr Scheme kSchemes[] = {
    {"ed25519", signature, "RFC 8032", "128 bits", 32, 32, 64, chain, 2},
    {"sm2", signature, "GB/T 32918.2, 32918.4", "128 bits", 32, 64, 64, chain, 3},
    {"secp256k1", signature, "SEC 1, SEC 2, SHA-256", "128 bits", 32, 64, 64, secp256k1, 0},
    {"secp256k1-keccak256", signature, "Ethereum", "128 bits", 32, 64, 64, chain, 1},
    {"p256", signature, "FIPS 186-5, SHA-256", "128 bits", 32, 64, 64, p256, 0},
    {"rsa", signature, "RFC 8017, PKCS1-v1_5, SHA-256", "112 bits or more", 0, 0, 0, rsa, 0},
    {"ml-dsa-44", signature, "FIPS 204", "category 2", 32, 1312, 2420, ml_dsa, 0},
    {"ml-dsa-65", signature, "FIPS 204", "category 3", 32, 1952, 3309, ml_dsa, 1},
    {"ml-dsa-87", signature, "FIPS 204", "category 5", 32, 2592, 4627, ml_dsa, 2},
    {"slh-dsa-sha2-128s", signature, "FIPS 205", "category 1", 64, 32, 7856, slh_dsa, 0},
    {"slh-dsa-sha2-128f", signature, "FIPS 205", "category 1", 64, 32, 17088, slh_dsa, 1},
    {"slh-dsa-sha2-192s", signature, "FIPS 205", "category 3", 96, 48, 16224, slh_dsa, 2},
    {"slh-dsa-sha2-192f", signature, "FIPS 205", "category 3", 96, 48, 35664, slh_dsa, 3},
    {"slh-dsa-sha2-256s", signature, "FIPS 205", "category 5", 128, 64, 29792, slh_dsa, 4},
    {"slh-dsa-sha2-256f", signature, "FIPS 205", "category 5", 128, 64, 49856, slh_dsa, 5},
    {"slh-dsa-shake-128s", signature, "FIPS 205", "category 1", 64, 32, 7856, slh_dsa, 6},
    {"slh-dsa-shake-128f", signature, "FIPS 205", "category 1", 64, 32, 17088, slh_dsa, 7},
    {"slh-dsa-shake-192s", signature, "FIPS 205", "category 3", 96, 48, 16224, slh_dsa, 8},
    {"slh-dsa-shake-192f", signature, "FIPS 205", "category 3", 96, 48, 35664, slh_dsa, 9},
    {"slh-dsa-shake-256s", signature, "FIPS 205", "category 5", 128, 64, 29792, slh_dsa, 10},
    {"slh-dsa-shake-256f", signature, "FIPS 205", "category 5", 128, 64, 49856, slh_dsa, 11},
    {"wusong-slh-sm3-128s", signature, "none", "as category 1", 64, 32, 7856, slh_dsa, 12},
    {"wusong-slh-sm3-128f", signature, "none", "as category 1", 64, 32, 17088, slh_dsa, 13},
    {"wusong-slh-compact-sha2-128s", signature, "none", "as category 1", 64, 32, 6763, slh_dsa, 14},
    {"wusong-slh-compact-shake-128s", signature, "none", "as category 1", 64, 32, 6763, slh_dsa, 15},
    {"wusong-slh-compact-sm3-128s", signature, "none", "as category 1", 64, 32, 6763, slh_dsa, 16},
    {"ed25519+ml-dsa-44", signature, "draft-ietf-lamps-pq-composite-sigs", "category 2 and 128 bits", 64, 1344, 2484, chain, 6},
    {"sm2+ml-dsa-44", signature, "none", "category 2 and 128 bits", 64, 1376, 2484, chain, 7},
    {"ml-kem-512", encapsulation, "FIPS 203", "category 1", 64, 800, 768, ml_kem, 0},
    {"ml-kem-768", encapsulation, "FIPS 203", "category 3", 64, 1184, 1088, ml_kem, 1},
    {"ml-kem-1024", encapsulation, "FIPS 203", "category 5", 64, 1568, 1568, ml_kem, 2},
    {"x25519", agreement, "RFC 7748", "128 bits", 32, 32, 32, x25519, 0},
    {"sm4-gcm", cipher, "GB/T 32907, SP 800-38D", "128 bits", 16, 12, 16, gcm, 0},
    {"sm4-ccm", cipher, "GB/T 32907, SP 800-38C", "128 bits", 16, 12, 16, ccm, 0},
    {"sm4-ctr", cipher, "GB/T 32907, GB/T 17964", "128 bits", 16, 16, 0, ctr, 0},
    {"sm4-xts", cipher, "GB/T 32907, GB/T 17964", "128 bits", 32, 0, 0, xts, 0},
    {"aes-128-gcm", cipher, "FIPS 197, SP 800-38D", "128 bits", 16, 12, 16, gcm, 1},
    {"aes-128-ccm", cipher, "FIPS 197, SP 800-38C", "128 bits", 16, 12, 16, ccm, 1},
    {"aes-128-ctr", cipher, "FIPS 197, SP 800-38A", "128 bits", 16, 16, 0, ctr, 1},
    {"aes-128-xts", cipher, "FIPS 197, IEEE 1619", "128 bits", 32, 0, 0, xts, 1},
    {"aes-256-gcm", cipher, "FIPS 197, SP 800-38D", "256 bits", 32, 12, 16, gcm, 2},
    {"aes-256-ccm", cipher, "FIPS 197, SP 800-38C", "256 bits", 32, 12, 16, ccm, 2},
    {"aes-256-ctr", cipher, "FIPS 197, SP 800-38A", "256 bits", 32, 16, 0, ctr, 2},
    {"aes-256-xts", cipher, "FIPS 197, IEEE 1619", "256 bits", 64, 0, 0, xts, 2},
    {"sha256", digest, "FIPS 180-4", "128 bits", 0, 0, 32, libcrypto, 0},
    {"sha512", digest, "FIPS 180-4", "256 bits", 0, 0, 64, libcrypto, 1},
    {"sha3-256", digest, "FIPS 202", "128 bits", 0, 0, 32, libcrypto, 2},
    {"sha3-512", digest, "FIPS 202", "256 bits", 0, 0, 64, libcrypto, 3},
    {"sm3", digest, "GB/T 32905", "128 bits", 0, 0, 32, libcrypto, 4},
    {"keccak256", digest, "Ethereum", "128 bits", 0, 0, 32, keccak, 0},
    {"blake2b-512", digest, "RFC 7693", "256 bits", 0, 0, 64, libcrypto, 5},
    {"ripemd160", digest, "ISO/IEC 10118-3", "80 bits", 0, 0, 20, libcrypto, 6},
};
// clang-format on

}  // namespace

std::string_view name_of(Kind kind) noexcept {
  constexpr std::string_view kNames[] = {"signature", "encapsulation", "agreement", "cipher",
                                         "digest"};
  return kNames[std::to_underlying(kind)];
}

std::span<const Scheme> schemes() noexcept {
  return kSchemes;
}

const Scheme* find_scheme(std::string_view name) noexcept {
  for (const Scheme& each : kSchemes)
    if (each.name == name) return &each;
  return nullptr;
}

Result<const Scheme*> scheme_named(Kind kind, std::string_view name) noexcept {
  const Scheme* const found = find_scheme(name);
  if (found == nullptr || found->kind != kind) return fail(err::unknown_scheme);
  return found;
}

}  // namespace wusong::suite
