// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/hash.hpp"

#include <openssl/evp.h>
#include <bit>
#include <memory>

#include "wusong/base/assert.hpp"
#include "wusong/base/release.hpp"

namespace wusong::hash {
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

constexpr std::uint64_t kBlake2bIv[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                         0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                         0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

constexpr std::uint8_t kBlake2bSigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

[[gnu::always_inline]] inline void blake2b_mix(std::uint64_t& a, std::uint64_t& b, std::uint64_t& c,
                                               std::uint64_t& d, std::uint64_t x,
                                               std::uint64_t y) noexcept {
  a += b + x;
  d = std::rotr(d ^ a, 32);
  c += d;
  b = std::rotr(b ^ c, 24);
  a += b + y;
  d = std::rotr(d ^ a, 16);
  c += d;
  b = std::rotr(b ^ c, 63);
}

}  // namespace

Hash sha256(BytesView data) noexcept {
  static const MdPtr kAlgorithm = fetch("SHA256");
  thread_local Context context{kAlgorithm.get()};
  Hash out;
  context.digest(data, out.data());
  return out;
}

std::array<std::uint8_t, 64> sha512(BytesView data) noexcept {
  static const MdPtr kAlgorithm = fetch("SHA512");
  thread_local Context context{kAlgorithm.get()};
  std::array<std::uint8_t, 64> out{};
  context.digest(data, out.data());
  return out;
}

Address ripemd160(BytesView data) noexcept {
  static const MdPtr kAlgorithm = fetch("RIPEMD160");  // in the default provider from 3.0.7 on
  thread_local Context context{kAlgorithm.get()};
  Address out;
  context.digest(data, out.data());
  return out;
}

void blake2b_compress(std::uint32_t rounds, std::array<std::uint64_t, 8>& h,
                      const std::array<std::uint64_t, 16>& m, const std::array<std::uint64_t, 2>& t,
                      bool final_block) noexcept {
  std::uint64_t v[16];
  for (std::size_t i = 0; i < 8; ++i) {
    v[i] = h[i];
    v[i + 8] = kBlake2bIv[i];
  }
  v[12] ^= t[0];
  v[13] ^= t[1];
  if (final_block) v[14] = ~v[14];
  std::uint32_t row = 0;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    const auto& s = kBlake2bSigma[row];
    row = row == 9 ? 0 : row + 1;
    blake2b_mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    blake2b_mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    blake2b_mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    blake2b_mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    blake2b_mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    blake2b_mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    blake2b_mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    blake2b_mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }
  for (std::size_t i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[i + 8];
}

}  // namespace wusong::hash
