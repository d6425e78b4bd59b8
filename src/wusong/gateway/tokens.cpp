// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/tokens.hpp"

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/hash.hpp"

namespace wusong::gateway {
namespace {

constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::optional<Bytes> decode(std::string_view text, char plus, char slash) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  Bytes out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (char c : text) {
    if (c == plus) {
      c = '-';
    } else if (c == slash) {
      c = '_';
    } else if (c == '-' || c == '_') {
      return {};
    }
    const auto value = kUrlAlphabet.find(c);
    if (value == std::string_view::npos) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> count));
    }
  }
  if (count == 6) return {};
  return out;
}

}  // namespace

std::string random_hex(io::Entropy& entropy, std::size_t count) {
  Bytes bytes(count);
  entropy.fill(bytes);
  return codec::to_hex(bytes);
}

std::string digest_hex(std::string_view text) {
  return codec::to_hex(crypto::sha256(as_bytes(text)));
}

Hash hmac_sha256(BytesView key, std::string_view message) {
  constexpr std::size_t kBlock = 64;
  Bytes padded(kBlock);
  if (key.size() > kBlock) {
    const Hash digest = crypto::sha256(key);
    std::ranges::copy(digest.bytes, padded.begin());
  } else {
    std::ranges::copy(key, padded.begin());
  }
  Bytes inner;
  Bytes outer;
  for (const auto byte : padded) {
    inner.push_back(static_cast<std::uint8_t>(byte ^ 0x36));
    outer.push_back(static_cast<std::uint8_t>(byte ^ 0x5c));
  }
  append(inner, as_bytes(message));
  append(outer, crypto::sha256(inner));
  const Hash out = crypto::sha256(outer);
  const crypto::SecretBytes wiped[]{crypto::SecretBytes{std::move(padded)},
                                    crypto::SecretBytes{std::move(inner)},
                                    crypto::SecretBytes{std::move(outer)}};
  return out;
}

std::string base64url(BytesView bytes) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const auto byte : bytes) {
    bits = bits << 8 | byte;
    count += 8;
    while (count >= 6) {
      count -= 6;
      out.push_back(kUrlAlphabet[bits >> count & 63]);
    }
  }
  if (count > 0) out.push_back(kUrlAlphabet[bits << (6 - count) & 63]);
  return out;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  return decode(text, '-', '_');
}
std::optional<Bytes> from_base64(std::string_view text) {
  return decode(text, '+', '/');
}

bool is_hex(std::string_view text, std::size_t digits) noexcept {
  return text.size() == digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

ServerKeys::ServerKeys(crypto::SecretBytes master) : master_{std::move(master)} {
  WUSONG_ASSERT(master_.view().size() == kMasterSize);
  csrf_ = derive("wusong portal: forms", 32);
  identity_ = derive("wusong portal: identity numbers", 32);
  sealing_ = derive("wusong portal: sealed records", crypto::kSm4KeySize);
}

crypto::SecretBytes ServerKeys::derive(std::string_view use, std::size_t size) const {
  const Hash full = hmac_sha256(master_.view(), use);
  return crypto::SecretBytes{to_bytes(full.view().first(size))};
}

crypto::SecretBytes ServerKeys::token_key(const Hash& entry) const {
  return derive("wusong portal: tokens of " + codec::to_hex(entry), 32);
}

Bytes ServerKeys::seal(std::string_view use, BytesView plaintext, io::Entropy& entropy) const {
  return crypto::seal(sealing_.view(), plaintext, as_bytes(use), entropy);
}
Result<crypto::SecretBytes> ServerKeys::open(std::string_view use, BytesView sealed) const {
  return crypto::open_sealed(sealing_.view(), sealed, as_bytes(use));
}

}  // namespace wusong::gateway
