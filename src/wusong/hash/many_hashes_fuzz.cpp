// SPDX-License-Identifier: Apache-2.0
// Property: many messages hash as each does by OpenSSL, on every kernel: SM3, SHA-2, BLAKE2b and
// RIPEMD-160, and SHA3-256 by Keccak's states; Keccak-256 of many is that of each.
// Input: a count, then a length and a start for each message within the rest.
#include <openssl/evp.h>

#include <cstring>
#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/hash/internal/batch.hpp"
#include "wusong/hash/keccak_states.hpp"

namespace {

using namespace wusong;
using namespace wusong::hash::internal;

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

/// Through every kernel, what it leaves through every narrow one.
template <typename H>
void check_many(const EVP_MD* which, std::span<const BytesView> messages) {
  using Digest = typename H::Digest;
  std::vector<Digest> expected(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i)
    std::memcpy(expected[i].data(), peer(which, messages[i]).data(), sizeof(Digest));
  for (const auto& wide : kernels_of<H>()) {
    for (const auto& rest : kernels_of<H>()) {
      if (!wide.is_supported() || !rest.is_supported() || rest.lanes > 2) continue;
      std::vector<Digest> out(messages.size());
      Batch<H>{messages, out}.hash(wide, rest);
      WUSONG_ASSERT(out == expected);
    }
  }
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
  check_many<Sm3>(EVP_sm3(), messages);
  check_many<Sha256>(EVP_sha256(), messages);
  check_many<Sha512>(EVP_sha512(), messages);
  check_many<Blake2b>(EVP_blake2b512(), messages);
  check_many<Ripemd160>(EVP_ripemd160(), messages);
  const std::size_t few = std::min(count, hash::kKeccakStates);
  for (const hash::KeccakProvider& provider : hash::keccak_providers())
    if (provider.is_supported()) check_sha3(std::span{messages}.first(few), provider);
  std::vector<Hash> out(count);
  hash::keccak256_batch(messages, out);
  for (std::size_t i = 0; i < count; ++i) WUSONG_ASSERT(out[i] == hash::keccak256(messages[i]));
  return 0;
}
