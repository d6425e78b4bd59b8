// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/tokens.hpp"

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/hash/hmac.hpp"

namespace wusong::gateway {
std::string random_hex(io::Entropy& entropy, std::size_t count) {
  Bytes bytes(count);
  entropy.fill(bytes);
  return codec::to_hex(bytes);
}

std::string digest_hex(std::string_view text) {
  return codec::to_hex(hash::sha256(as_bytes(text)));
}

Hash hmac_sha256(BytesView key, std::string_view message) {
  return hash::hmac(hash::sha256, key, {as_bytes(message)});
}

bool is_hex(std::string_view text, std::size_t digits) noexcept {
  return text.size() == digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

ServerKeys::ServerKeys(SecretBytes master) : master_{std::move(master)} {
  WUSONG_ASSERT(master_.view().size() == kMasterSize);
  csrf_ = derive("wusong portal: forms", 32);
  identity_ = derive("wusong portal: identity numbers", 32);
  flows_ = derive("wusong portal: sign-ins through other sites", 32);
  sealing_ = derive("wusong portal: sealed records", crypto::kSealKeyBytes);
}

SecretBytes ServerKeys::derive(std::string_view use, std::size_t size) const {
  const Hash full = hmac_sha256(master_.view(), use);
  return SecretBytes{to_bytes(full.view().first(size))};
}

SecretBytes ServerKeys::token_key(const Hash& entry) const {
  return derive("wusong portal: tokens of " + codec::to_hex(entry), 32);
}

Bytes ServerKeys::seal(std::string_view use, BytesView plaintext, io::Entropy& entropy) const {
  return crypto::seal(sealing_.view(), plaintext, as_bytes(use), entropy);
}
Result<SecretBytes> ServerKeys::open(std::string_view use, BytesView sealed) const {
  return crypto::open_sealed(sealing_.view(), sealed, as_bytes(use));
}

}  // namespace wusong::gateway
