// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/sealed.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/openssl.hpp"

namespace wusong::crypto {
namespace {

constexpr std::size_t kBlock = 16;

/// An element of GF(2^128), most significant coefficient first as GCM writes it.
struct Element {
  std::uint64_t high{0};
  std::uint64_t low{0};
};

std::uint64_t load_be(const std::uint8_t* from) noexcept {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | from[i];
  return out;
}
void store_be(std::uint64_t value, std::uint8_t* to) noexcept {
  for (std::size_t i = 8; i-- > 0; value >>= 8) to[i] = static_cast<std::uint8_t>(value);
}

/// Masks instead of branches: which bits are set never decides what is read or executed.
/// @source NIST SP 800-38D, algorithm 1
Element multiply(Element x, Element y) noexcept {
  Element z;
  for (unsigned i = 0; i < 128; ++i) {
    const std::uint64_t word = i < 64 ? x.high : x.low;
    const std::uint64_t take = 0 - (word >> (63 - i % 64) & 1);
    z.high ^= y.high & take;
    z.low ^= y.low & take;
    const std::uint64_t carry = 0 - (y.low & 1);
    y.low = y.low >> 1 | y.high << 63;
    y.high = y.high >> 1 ^ (carry & 0xe100000000000000ull);
  }
  return z;
}

void absorb(Element& state, Element key, BytesView data) noexcept {
  for (std::size_t at = 0; at < data.size(); at += kBlock) {
    std::array<std::uint8_t, kBlock> block{};
    std::memcpy(block.data(), data.data() + at, std::min(kBlock, data.size() - at));
    state.high ^= load_be(block.data());
    state.low ^= load_be(block.data() + 8);
    state = multiply(state, key);
    sodium_memzero(block.data(), block.size());
  }
}

/// Counter mode from a 16-byte counter. With a 12-byte nonce in front the 32-bit counter of GCM
/// cannot overflow into it below 2^32 blocks, so OpenSSL's 128-bit counter is the same.
void sm4_ctr(BytesView key, const std::array<std::uint8_t, kBlock>& counter, BytesView input,
             std::uint8_t* out) {
  if (input.empty()) return;
  WUSONG_ASSERT(key.size() == kSm4KeySize && input.size() < (std::size_t{1} << 31));
  const internal::CipherCtxPtr context{EVP_CIPHER_CTX_new()};
  int written = 0;
  WUSONG_ASSERT(
      EVP_EncryptInit_ex2(context.get(), EVP_sm4_ctr(), key.data(), counter.data(), nullptr) == 1 &&
      EVP_EncryptUpdate(context.get(), out, &written, input.data(),
                        static_cast<int>(input.size())) == 1 &&
      static_cast<std::size_t>(written) == input.size());
}

std::array<std::uint8_t, kBlock> counter_block(BytesView nonce, std::uint8_t number) noexcept {
  std::array<std::uint8_t, kBlock> out{};
  WUSONG_ASSERT(nonce.size() == kGcmNonceSize);
  std::memcpy(out.data(), nonce.data(), nonce.size());
  out[kBlock - 1] = number;
  return out;
}

std::array<std::uint8_t, kGcmTagSize> tag_of(BytesView key, BytesView nonce, BytesView ciphertext,
                                             BytesView associated) {
  constexpr std::array<std::uint8_t, kBlock> kZero{};
  std::array<std::uint8_t, kBlock> hash_key{};
  sm4_ctr(key, kZero, kZero, hash_key.data());  // the encryption of zero
  const Element h{load_be(hash_key.data()), load_be(hash_key.data() + 8)};
  Element state;
  absorb(state, h, associated);
  absorb(state, h, ciphertext);
  std::array<std::uint8_t, kBlock> lengths{};
  store_be(associated.size() * 8, lengths.data());
  store_be(ciphertext.size() * 8, lengths.data() + 8);
  absorb(state, h, lengths);
  std::array<std::uint8_t, kBlock> digest{};
  store_be(state.high, digest.data());
  store_be(state.low, digest.data() + 8);
  std::array<std::uint8_t, kGcmTagSize> tag{};
  sm4_ctr(key, counter_block(nonce, 1), digest, tag.data());
  sodium_memzero(hash_key.data(), hash_key.size());
  return tag;
}

}  // namespace

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

void SecretBytes::wipe() noexcept {
  if (!bytes_.empty()) sodium_memzero(bytes_.data(), bytes_.size());
}

Bytes sm4_gcm_encrypt(BytesView key, BytesView nonce, BytesView plaintext, BytesView associated) {
  Bytes out(plaintext.size() + kGcmTagSize);
  sm4_ctr(key, counter_block(nonce, 2), plaintext, out.data());
  const auto tag = tag_of(key, nonce, BytesView{out}.first(plaintext.size()), associated);
  std::memcpy(out.data() + plaintext.size(), tag.data(), tag.size());
  return out;
}

Bytes seal(BytesView key, BytesView plaintext, BytesView associated, io::Entropy& entropy) {
  Bytes out(kGcmNonceSize);
  entropy.fill(out);
  append(out, sm4_gcm_encrypt(key, BytesView{out}, plaintext, associated));
  return out;
}

Result<SecretBytes> open_sealed(BytesView key, BytesView sealed, BytesView associated) {
  if (sealed.size() < kGcmNonceSize + kGcmTagSize) return fail(err::bad_length);
  const BytesView nonce = sealed.first(kGcmNonceSize);
  const BytesView tag = sealed.last(kGcmTagSize);
  const BytesView ciphertext =
      sealed.subspan(kGcmNonceSize, sealed.size() - kGcmNonceSize - kGcmTagSize);
  const auto expected = tag_of(key, nonce, ciphertext, associated);
  if (sodium_memcmp(expected.data(), tag.data(), tag.size()) != 0) return fail(err::bad_seal);
  Bytes plaintext(ciphertext.size());
  sm4_ctr(key, counter_block(nonce, 2), ciphertext, plaintext.data());
  return SecretBytes{std::move(plaintext)};
}

}  // namespace wusong::crypto
