// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/hash.hpp"

#include <openssl/evp.h>
#include <memory>

#include "wusong/base/assert.hpp"
#include "wusong/base/release.hpp"
#include "wusong/hash/internal/batch.hpp"
#include "wusong/hash/internal/blake2b_rounds.hpp"
#include "wusong/hash/internal/plain_lane.hpp"

namespace wusong::hash {

using namespace internal;

namespace {

using MdPtr = std::unique_ptr<EVP_MD, Release<EVP_MD_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;

/// Fetching an algorithm takes locks and walks tables, so each is fetched once for the process.
MdPtr fetch(const char* name) noexcept {
  MdPtr out{EVP_MD_fetch(nullptr, name, nullptr)};
  WUSONG_ASSERT(out != nullptr);
  return out;
}

/// One context for each thread and algorithm: creating one costs more than a short message.
struct Context {
  MdCtxPtr context{EVP_MD_CTX_new()};
  const EVP_MD* algorithm;

  explicit Context(const EVP_MD* from) noexcept : algorithm{from} {
    WUSONG_ASSERT(context != nullptr);
  }

  void digest(BytesView data, std::uint8_t* out) noexcept {
    const bool done = EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                      EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
                      EVP_DigestFinal_ex(context.get(), out, nullptr) == 1;
    WUSONG_ASSERT(done);
  }
};

}  // namespace

Hash keccak256(BytesView data) noexcept {
  return One<Keccak256>{*chosen<Keccak256>().one}.of(data);
}
Hash keccak256(BytesView first, BytesView second) noexcept {
  return One<Keccak256>{*chosen<Keccak256>().one}.of(first, second);
}
Hash sm3(BytesView data) noexcept {
  return One<Sm3>{*chosen<Sm3>().one}.of(data);
}
Hash sm3(BytesView first, BytesView second) noexcept {
  return One<Sm3>{*chosen<Sm3>().one}.of(first, second);
}
Address ripemd160(BytesView data) noexcept {
  return One<Ripemd160>{*chosen<Ripemd160>().one}.of(data);
}
Digest512 blake2b(BytesView data) noexcept {
  return One<Blake2b>{*chosen<Blake2b>().one}.of(data);
}

Hash sha256(BytesView data) noexcept {
  static const auto& kernel = *chosen<Sha256>().one;
  // libcrypto's assembly is faster than plain words.
  if (&kernel != &kernels_of<Sha256>().back()) return One<Sha256>{kernel}.of(data);
  static const MdPtr kAlgorithm = fetch("SHA256");
  thread_local Context context{kAlgorithm.get()};
  Hash out;
  context.digest(data, out.data());
  return out;
}

Digest512 sha512(BytesView data) noexcept {
  static const MdPtr kAlgorithm = fetch("SHA512");
  thread_local Context context{kAlgorithm.get()};
  Digest512 out;
  context.digest(data, out.data());
  return out;
}

void keccak256_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept {
  hash_many<Keccak256>(messages, out);
}
void sm3_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept {
  hash_many<Sm3>(messages, out);
}
void sha256_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept {
  hash_many<Sha256>(messages, out);
}
void sha512_batch(std::span<const BytesView> messages, std::span<Digest512> out) noexcept {
  hash_many<Sha512>(messages, out);
}
void blake2b_batch(std::span<const BytesView> messages, std::span<Digest512> out) noexcept {
  hash_many<Blake2b>(messages, out);
}
void ripemd160_batch(std::span<const BytesView> messages, std::span<Address> out) noexcept {
  hash_many<Ripemd160>(messages, out);
}

void blake2b_compress(std::uint32_t rounds, std::array<std::uint64_t, 8>& h,
                      const std::array<std::uint64_t, 16>& m, const std::array<std::uint64_t, 2>& t,
                      bool final_block) noexcept {
  std::uint64_t v[16];
  for (std::size_t i = 0; i < 8; ++i) {
    v[i] = h[i];
    v[i + 8] = Sha512::kStart[i];
  }
  v[12] ^= t[0];
  v[13] ^= t[1];
  if (final_block) v[14] = ~v[14];
  std::uint64_t words[16];
  std::ranges::copy(m, words);
  std::uint32_t row = 0;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    Blake2bRounds<PlainLane<std::uint64_t>>::round(v, words, kBlake2bSigma[row]);
    row = row == 9 ? 0 : row + 1;
  }
  for (std::size_t i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[i + 8];
}

}  // namespace wusong::hash
