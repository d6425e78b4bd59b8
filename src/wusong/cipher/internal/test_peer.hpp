// SPDX-License-Identifier: Apache-2.0
// OpenSSL as the peer of tests, fuzz target and benchmark. OpenSSL 3.0 has no SM4-GCM, SM4-CCM and
// SM4-XTS: here they are its own GCM and CCM around its own SM4, and XTS spelled out over its ECB.
#pragma once

#include <openssl/evp.h>
#include <openssl/modes.h>

#include <memory>

#include "wusong/cipher/cipher.hpp"

namespace wusong::cipher::internal {

struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using PeerContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

enum class PeerMode : std::uint8_t { ecb, ctr, gcm, ccm, xts };

inline const EVP_CIPHER* peer_cipher(Cipher cipher, PeerMode mode) {
  const bool is_128 = cipher == Cipher::aes128;
  if (cipher == Cipher::sm4) return mode == PeerMode::ecb ? EVP_sm4_ecb() : EVP_sm4_ctr();
  switch (mode) {
    case PeerMode::ecb:
      return is_128 ? EVP_aes_128_ecb() : EVP_aes_256_ecb();
    case PeerMode::ctr:
      return is_128 ? EVP_aes_128_ctr() : EVP_aes_256_ctr();
    case PeerMode::gcm:
      return is_128 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    case PeerMode::ccm:
      return is_128 ? EVP_aes_128_ccm() : EVP_aes_256_ccm();
    case PeerMode::xts:
      return is_128 ? EVP_aes_128_xts() : EVP_aes_256_xts();
  }
  return nullptr;
}

inline PeerContext peer_context(Cipher cipher, PeerMode mode, BytesView key, const std::uint8_t* iv,
                                bool is_encrypting = true) {
  PeerContext context{EVP_CIPHER_CTX_new()};
  WUSONG_ASSERT(EVP_CipherInit_ex(context.get(), peer_cipher(cipher, mode), nullptr, key.data(), iv,
                                  is_encrypting ? 1 : 0) == 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  return context;
}

inline Bytes peer_run(EVP_CIPHER_CTX* context, BytesView in) {
  Bytes out(in.size() + 16);
  int count = 0;
  WUSONG_ASSERT(
      EVP_CipherUpdate(context, out.data(), &count, in.data(), static_cast<int>(in.size())) == 1);
  out.resize(in.size());
  return out;
}

inline Bytes peer_ecb(Cipher cipher, BytesView key, BytesView in, bool is_encrypting = true) {
  return peer_run(peer_context(cipher, PeerMode::ecb, key, nullptr, is_encrypting).get(), in);
}
inline Bytes peer_ctr(Cipher cipher, BytesView key, const CounterBlock& start, BytesView in) {
  return peer_run(peer_context(cipher, PeerMode::ctr, key, start.data()).get(), in);
}

/// For OpenSSL's modes over a block function: `key` is an ECB context.
inline void peer_block(const unsigned char* in, unsigned char* out, const void* key) {
  int count = 0;
  WUSONG_ASSERT(EVP_CipherUpdate(static_cast<EVP_CIPHER_CTX*>(const_cast<void*>(key)), out, &count,
                                 in, 16) == 1);
}
/// The same over a stream: `key` is a CTR context, whose counter this sets.
inline void peer_stream(const unsigned char* in, unsigned char* out, std::size_t blocks,
                        const void* key, const unsigned char* counter) {
  auto* const context = static_cast<EVP_CIPHER_CTX*>(const_cast<void*>(key));
  int count = 0;
  WUSONG_ASSERT(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, counter, 1) == 1);
  WUSONG_ASSERT(EVP_CipherUpdate(context, out, &count, in, static_cast<int>(16 * blocks)) == 1);
}

struct FreeGcm {
  void operator()(GCM128_CONTEXT* context) const noexcept { CRYPTO_gcm128_release(context); }
};

/// OpenSSL's GCM around its SM4. A key's contexts live here, so that benchmarks pay for them once.
class PeerSm4Gcm {
 public:
  explicit PeerSm4Gcm(BytesView key)
      : block_{peer_context(Cipher::sm4, PeerMode::ecb, key, nullptr)},
        stream_{peer_context(Cipher::sm4, PeerMode::ctr, key, kZeros)},
        gcm_{CRYPTO_gcm128_new(block_.get(), peer_block)} {}

  void seal(const Header& header, BytesView plaintext, std::span<std::uint8_t> out) {
    CRYPTO_gcm128_setiv(gcm_.get(), header.nonce.data(), header.nonce.size());
    WUSONG_ASSERT(
        CRYPTO_gcm128_aad(gcm_.get(), header.associated.data(), header.associated.size()) == 0);
    // The block function of GCM's own needs is ECB; the stream's key is another context.
    stream_of_this_thread = stream_.get();
    WUSONG_ASSERT(CRYPTO_gcm128_encrypt_ctr32(
                      gcm_.get(), plaintext.data(), out.data(), plaintext.size(),
                      [](const unsigned char* in, unsigned char* to, std::size_t blocks,
                         const void*, const unsigned char* counter) {
                        peer_stream(in, to, blocks, stream_of_this_thread, counter);
                      }) == 0);
    CRYPTO_gcm128_tag(gcm_.get(), out.data() + plaintext.size(), 16);
  }

 private:
  static constexpr std::uint8_t kZeros[16] = {};
  static inline thread_local EVP_CIPHER_CTX* stream_of_this_thread = nullptr;
  PeerContext block_;
  PeerContext stream_;
  std::unique_ptr<GCM128_CONTEXT, FreeGcm> gcm_;
};

inline void peer_aes_gcm(EVP_CIPHER_CTX* context, const Header& header, BytesView plaintext,
                         std::span<std::uint8_t> out) {
  int count = 0;
  WUSONG_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN,
                                    static_cast<int>(header.nonce.size()), nullptr) == 1);
  WUSONG_ASSERT(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, header.nonce.data()) == 1);
  if (!header.associated.empty()) {
    WUSONG_ASSERT(EVP_EncryptUpdate(context, nullptr, &count, header.associated.data(),
                                    static_cast<int>(header.associated.size())) == 1);
  }
  if (!plaintext.empty()) {
    WUSONG_ASSERT(EVP_EncryptUpdate(context, out.data(), &count, plaintext.data(),
                                    static_cast<int>(plaintext.size())) == 1);
  }
  WUSONG_ASSERT(EVP_EncryptFinal_ex(context, out.data() + plaintext.size(), &count) == 1);
  WUSONG_ASSERT(
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out.data() + plaintext.size()) == 1);
}

inline Bytes peer_gcm(Cipher cipher, BytesView key, const Header& header, BytesView plaintext) {
  Bytes out(plaintext.size() + 16);
  if (cipher == Cipher::sm4) {
    PeerSm4Gcm{key}.seal(header, plaintext, out);
  } else {
    peer_aes_gcm(peer_context(cipher, PeerMode::gcm, key, nullptr).get(), header, plaintext, out);
  }
  return out;
}

inline Bytes peer_aes_ccm(Cipher cipher, BytesView key, std::size_t tag_bytes, const Header& header,
                          BytesView plaintext) {
  PeerContext context{EVP_CIPHER_CTX_new()};
  Bytes out(plaintext.size() + tag_bytes);
  int count = 0;
  WUSONG_ASSERT(EVP_EncryptInit_ex(context.get(), peer_cipher(cipher, PeerMode::ccm), nullptr,
                                   nullptr, nullptr) == 1);
  WUSONG_ASSERT(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN,
                                    static_cast<int>(header.nonce.size()), nullptr) == 1);
  WUSONG_ASSERT(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG,
                                    static_cast<int>(tag_bytes), nullptr) == 1);
  WUSONG_ASSERT(
      EVP_EncryptInit_ex(context.get(), nullptr, nullptr, key.data(), header.nonce.data()) == 1);
  WUSONG_ASSERT(EVP_EncryptUpdate(context.get(), nullptr, &count, nullptr,
                                  static_cast<int>(plaintext.size())) == 1);
  if (!header.associated.empty()) {
    WUSONG_ASSERT(EVP_EncryptUpdate(context.get(), nullptr, &count, header.associated.data(),
                                    static_cast<int>(header.associated.size())) == 1);
  }
  // A null input would mean the end.
  const std::uint8_t nothing = 0;
  WUSONG_ASSERT(EVP_EncryptUpdate(context.get(), out.data(), &count,
                                  plaintext.empty() ? &nothing : plaintext.data(),
                                  static_cast<int>(plaintext.size())) == 1);
  WUSONG_ASSERT(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG,
                                    static_cast<int>(tag_bytes),
                                    out.data() + plaintext.size()) == 1);
  return out;
}

inline Bytes peer_sm4_ccm(BytesView key, std::size_t tag_bytes, const Header& header,
                          BytesView plaintext) {
  const PeerContext block = peer_context(Cipher::sm4, PeerMode::ecb, key, nullptr);
  Bytes out(plaintext.size() + tag_bytes);
  // The context's type is not public; its size is well below this.
  alignas(16) std::uint8_t memory[512] = {};
  auto* const ccm = reinterpret_cast<CCM128_CONTEXT*>(memory);
  CRYPTO_ccm128_init(ccm, static_cast<unsigned>(tag_bytes),
                     static_cast<unsigned>(15 - header.nonce.size()), block.get(), peer_block);
  WUSONG_ASSERT(
      CRYPTO_ccm128_setiv(ccm, header.nonce.data(), header.nonce.size(), plaintext.size()) == 0);
  CRYPTO_ccm128_aad(ccm, header.associated.data(), header.associated.size());
  WUSONG_ASSERT(CRYPTO_ccm128_encrypt(ccm, plaintext.data(), out.data(), plaintext.size()) == 0);
  WUSONG_ASSERT(CRYPTO_ccm128_tag(ccm, out.data() + plaintext.size(), tag_bytes) == tag_bytes);
  return out;
}

inline Bytes peer_ccm(Cipher cipher, BytesView key, std::size_t tag_bytes, const Header& header,
                      BytesView plaintext) {
  return cipher == Cipher::sm4 ? peer_sm4_ccm(key, tag_bytes, header, plaintext)
                               : peer_aes_ccm(cipher, key, tag_bytes, header, plaintext);
}

/// OpenSSL's own AES-XTS.
inline Bytes peer_aes_xts(Cipher cipher, BytesView key, const DataUnit& unit, BytesView in) {
  return peer_run(peer_context(cipher, PeerMode::xts, key, unit.data()).get(), in);
}

/// XTS as the standards write it, a bit at a time, over OpenSSL's blocks.
inline Bytes model_xts(Cipher cipher, BytesView key, TweakOrder order, const DataUnit& unit,
                       BytesView in) {
  const std::size_t half = key.size() / 2;
  const bool is_ieee = order == TweakOrder::ieee1619;
  // Coefficient i of the tweak as a polynomial.
  const auto bit = [is_ieee](const Bytes& t, std::size_t i) {
    return t[i / 8] >> (is_ieee ? i % 8 : 7 - i % 8) & 1;
  };
  const auto doubled = [&](const Bytes& t) {
    Bytes out(16);
    for (std::size_t i = 0; i < 128; ++i) {
      int value = i == 0 ? 0 : bit(t, i - 1);
      if (i == 0 || i == 1 || i == 2 || i == 7) value ^= bit(t, 127);
      out[i / 8] = static_cast<std::uint8_t>(out[i / 8] | value << (is_ieee ? i % 8 : 7 - i % 8));
    }
    return out;
  };
  const auto encrypt = [&](BytesView block, const Bytes& tweak) {
    Bytes x = to_bytes(block);
    for (std::size_t i = 0; i < 16; ++i) x[i] ^= tweak[i];
    x = peer_ecb(cipher, key.first(half), x);
    for (std::size_t i = 0; i < 16; ++i) x[i] ^= tweak[i];
    return x;
  };
  Bytes tweak = peer_ecb(cipher, key.subspan(half), unit);
  Bytes out;
  for (std::size_t at = 0; at + 16 <= in.size(); at += 16) {
    append(out, encrypt(in.subspan(at, 16), tweak));
    tweak = doubled(tweak);
  }
  if (const std::size_t rest = in.size() % 16; rest != 0) {
    const Bytes stolen{out.end() - 16, out.end()};
    out.resize(out.size() - 16);
    Bytes last = to_bytes(in.last(rest));
    append(last, BytesView{stolen}.subspan(rest));
    append(out, encrypt(last, tweak));
    append(out, BytesView{stolen}.first(rest));
  }
  return out;
}

}  // namespace wusong::cipher::internal
