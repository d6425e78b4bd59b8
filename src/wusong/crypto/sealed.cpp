// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/sealed.hpp"

#include "wusong/base/assert.hpp"
#include "wusong/cipher/cipher.hpp"
#include "wusong/crypto/errors.hpp"

namespace wusong::crypto {
namespace {

constexpr std::size_t kNonce = cipher::kGcmNonceBytes;
constexpr std::size_t kTag = cipher::kGcmTagBytes;

cipher::Gcm gcm_with(BytesView key) noexcept {
  auto gcm = cipher::Gcm::create(cipher::Cipher::sm4, key);
  WUSONG_ASSERT(gcm.has_value());
  return *gcm;
}

}  // namespace

Bytes seal(BytesView key, BytesView plaintext, BytesView associated, io::Entropy& entropy) {
  Bytes out(kNonce + plaintext.size() + kTag);
  const std::span<std::uint8_t> nonce{out.data(), kNonce};
  entropy.fill(nonce);
  const auto sealed = gcm_with(key).seal({.nonce = nonce, .associated = associated}, plaintext,
                                         std::span{out}.subspan(kNonce));
  WUSONG_ASSERT(sealed.has_value());
  return out;
}

Result<SecretBytes> open_sealed(BytesView key, BytesView sealed, BytesView associated) {
  if (sealed.size() < kNonce + kTag) return fail(err::bad_length);
  Bytes plaintext(sealed.size() - kNonce - kTag);
  const auto opened = gcm_with(key).open({.nonce = sealed.first(kNonce), .associated = associated},
                                         sealed.subspan(kNonce), plaintext);
  if (!opened) return fail(err::bad_seal);
  return SecretBytes{std::move(plaintext)};
}

}  // namespace wusong::crypto
