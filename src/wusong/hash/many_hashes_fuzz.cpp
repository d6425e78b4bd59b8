// SPDX-License-Identifier: Apache-2.0
// Property: many messages hash as each does by OpenSSL, on every provider: SM3, SHA3-256 by
// Keccak's states, and BLAKE2b by its compression function; Keccak-256 of many is that of each.
// Input: a count, then a length and a start for each message within the rest.
#include <openssl/evp.h>

#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/hash/internal/sm3_many.hpp"
#include "wusong/hash/keccak_states.hpp"

namespace {

using namespace wusong;

Bytes peer(const EVP_MD* which, BytesView message) {
  Bytes out(64);
  unsigned size = 0;
  WUSONG_ASSERT(EVP_Digest(message.data(), message.size(), out.data(), &size, which, nullptr) == 1);
  out.resize(size);
  return out;
}

std::uint64_t load_le(BytesView bytes) noexcept {
  std::uint64_t out = 0;
  for (std::size_t i = 8; i-- > 0;) out = out << 8 | bytes[i];
  return out;
}

void check_sm3(std::span<const BytesView> messages) {
  std::vector<Hash> expected;
  for (const BytesView message : messages) expected.push_back(Hash::from(peer(EVP_sm3(), message)));
  std::vector<Hash> out(messages.size());
  for (const auto& provider : hash::internal::sm3_providers()) {
    if (!provider.is_supported()) continue;
    provider.hash(messages, out);
    WUSONG_ASSERT(out == expected);
  }
  hash::sm3_batch(messages, out);
  WUSONG_ASSERT(out == expected);
}

/// Up to eight messages side by side, each in as many blocks as the longest: the shorter ones are
/// read off when they are done.
void check_sha3(std::span<const BytesView> messages, const hash::KeccakProvider& provider) {
  constexpr std::size_t kRate = 136;
  std::vector<Bytes> padded;
  std::size_t blocks = 0;
  for (const BytesView message : messages) {
    Bytes& text = padded.emplace_back(to_bytes(message));
    text.push_back(6);
    text.resize((text.size() + kRate - 1) / kRate * kRate);
    text.back() |= 0x80;
    blocks = std::max(blocks, text.size() / kRate);
  }
  hash::KeccakStates states{};
  for (std::size_t block = 0; block < blocks; ++block) {
    for (std::size_t k = 0; k < padded.size(); ++k)
      for (std::size_t i = 0; i < kRate / 8 && (block + 1) * kRate <= padded[k].size(); ++i)
        states.word[i][k] ^= load_le(BytesView{padded[k]}.subspan(block * kRate + 8 * i, 8));
    provider.permute(states, padded.size());
    for (std::size_t k = 0; k < padded.size(); ++k) {
      if ((block + 1) * kRate != padded[k].size()) continue;
      const Bytes expected = peer(EVP_sha3_256(), messages[k]);
      for (std::size_t i = 0; i < 4; ++i)
        WUSONG_ASSERT(states.word[i][k] == load_le(BytesView{expected}.subspan(8 * i, 8)));
    }
  }
}

void check_blake2b(BytesView message) {
  constexpr std::size_t kBlock = 128;
  std::array<std::uint64_t, 8> h{0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                 0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
  h[0] ^= 0x01010040;  // 64 bytes, no key
  for (std::size_t at = 0;; at += kBlock) {
    const BytesView rest = message.subspan(at);
    Bytes block = to_bytes(rest.first(std::min(rest.size(), kBlock)));
    block.resize(kBlock);
    std::array<std::uint64_t, 16> m;
    for (std::size_t i = 0; i < m.size(); ++i) m[i] = load_le(BytesView{block}.subspan(8 * i, 8));
    const bool is_last = rest.size() <= kBlock;
    hash::blake2b_compress(12, h, m, {is_last ? message.size() : at + kBlock, 0}, is_last);
    if (is_last) break;
  }
  const Bytes expected = peer(EVP_blake2b512(), message);
  for (std::size_t i = 0; i < h.size(); ++i)
    WUSONG_ASSERT(h[i] == load_le(BytesView{expected}.subspan(8 * i, 8)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t count = 1 + data[0] % 40u;
  if (size < 1 + 3 * count) return 0;
  const BytesView text{data + 1 + 3 * count, size - 1 - 3 * count};
  std::vector<BytesView> messages;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* const at = data + 1 + 3 * i;
    const BytesView from = text.subspan(std::min<std::size_t>(at[2], text.size()));
    messages.push_back(from.first(std::min<std::size_t>(at[0] << 8 | at[1], from.size())));
  }
  check_sm3(messages);
  const std::size_t few = std::min(count, hash::kKeccakStates);
  for (const hash::KeccakProvider& provider : hash::keccak_providers())
    if (provider.is_supported()) check_sha3(std::span{messages}.first(few), provider);
  std::vector<Hash> out(count);
  hash::keccak256_batch(messages, out);
  for (std::size_t i = 0; i < count; ++i) WUSONG_ASSERT(out[i] == hash::keccak256(messages[i]));
  check_blake2b(messages[0]);
  return 0;
}
