// SPDX-License-Identifier: Apache-2.0
// The generator of random bytes that NIST's known-answer files are made with, and their
// text.
#pragma once

#include <openssl/evp.h>

#include <cstring>
#include <string>

#include "wusong/base/bytes.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::testkit {

/// CTR_DRBG with AES-256, no derivation function and no personalisation.
/// @source NIST SP 800-90A, section 10.2.1
class KnownAnswerEntropy final : public io::Entropy {
 public:
  explicit KnownAnswerEntropy(std::span<const std::uint8_t, 48> seed) { update(seed); }

  void fill(std::span<std::uint8_t> out) noexcept override {
    for (std::size_t done = 0; done < out.size(); done += 16) {
      const auto block = next_block();
      std::memcpy(out.data() + done, block.data(), std::min<std::size_t>(16, out.size() - done));
    }
    update(std::array<std::uint8_t, 48>{});
  }
  Bytes take(std::size_t size) {
    Bytes out(size);
    fill(out);
    return out;
  }

 private:
  std::array<std::uint8_t, 16> next_block() noexcept {
    for (std::size_t i = 16; i-- > 0;)
      if (++counter_[i] != 0) break;
    std::array<std::uint8_t, 32> out{};
    int size = 0;
    EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
    const bool done =
        context != nullptr &&
        EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), nullptr, key_.data(), nullptr) == 1 &&
        EVP_EncryptUpdate(context, out.data(), &size, counter_.data(), 16) == 1 && size == 16;
    EVP_CIPHER_CTX_free(context);
    WUSONG_ASSERT(done);
    std::array<std::uint8_t, 16> block;
    std::memcpy(block.data(), out.data(), 16);
    return block;
  }
  void update(std::span<const std::uint8_t, 48> given) noexcept {
    std::array<std::uint8_t, 48> state;
    for (std::size_t i = 0; i < 48; i += 16) {
      const auto block = next_block();
      std::memcpy(state.data() + i, block.data(), 16);
    }
    for (std::size_t i = 0; i < 48; ++i) state[i] ^= given[i];
    std::memcpy(key_.data(), state.data(), 32);
    std::memcpy(counter_.data(), state.data() + 32, 16);
  }

  std::array<std::uint8_t, 32> key_{};
  std::array<std::uint8_t, 16> counter_{};
};

/// The generator that the files' seeds come from.
inline KnownAnswerEntropy known_answer_seeds() {
  std::array<std::uint8_t, 48> seed;
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i);
  return KnownAnswerEntropy{seed};
}

inline void append_field(std::string& text, std::string_view name, BytesView value) {
  std::string hex = codec::to_hex(value);
  if (hex.starts_with("0x")) hex.erase(0, 2);
  for (char& c : hex)
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  text.append(name).append(" = ").append(hex).append("\n");
}

}  // namespace wusong::testkit
