// SPDX-License-Identifier: Apache-2.0
// Hashing bounds the trie and the EVM.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <vector>

#include "wusong/hash/hash.hpp"

namespace wusong::hash {
namespace {

template <auto digest_of>
void hash_bytes(benchmark::State& state) {
  const Bytes data(static_cast<std::size_t>(state.range(0)), 0x61);
  for (auto _ : state) {
    auto digest = digest_of(BytesView{data});
    benchmark::DoNotOptimize(digest);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
Hash keccak_one(BytesView data) {
  return keccak256(data);
}
BENCHMARK(hash_bytes<keccak_one>)
    ->Name("hash/keccak256/size")
    ->Arg(32)
    ->Arg(64)
    ->Arg(136)
    ->Arg(532)
    ->Arg(1 << 16);
BENCHMARK(hash_bytes<sha256>)->Name("hash/sha256/size")->Arg(32)->Arg(532)->Arg(1 << 16);
Hash sm3_one(BytesView data) {
  return sm3(data);
}
BENCHMARK(hash_bytes<sm3_one>)->Name("hash/sm3/size")->Arg(32)->Arg(64)->Arg(532)->Arg(1 << 16);
Hash sm3_of_libcrypto(BytesView data) {
  static EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SM3", nullptr);
  static EVP_MD_CTX* const kContext = EVP_MD_CTX_new();
  Hash out;
  EVP_DigestInit_ex2(kContext, kAlgorithm, nullptr);
  EVP_DigestUpdate(kContext, data.data(), data.size());
  EVP_DigestFinal_ex(kContext, out.data(), nullptr);
  return out;
}
BENCHMARK(hash_bytes<sm3_of_libcrypto>)
    ->Name("hash/sm3_libcrypto/size")
    ->Arg(32)
    ->Arg(64)
    ->Arg(532)
    ->Arg(1 << 16);
BENCHMARK(hash_bytes<ripemd160>)->Name("hash/ripemd160/size")->Arg(32)->Arg(532);

/// Beside hash/keccak256/size: eight messages of that size.
void hash_eight(benchmark::State& state) {
  const Bytes data(static_cast<std::size_t>(state.range(0)), 0x61);
  const std::vector<BytesView> messages(8, BytesView{data});
  std::vector<Hash> digests(8);
  for (auto _ : state) {
    keccak256_batch(messages, digests);
    benchmark::DoNotOptimize(digests.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0) * 8);
}
BENCHMARK(hash_eight)->Name("hash/keccak256_batch_of_8/size")->Arg(32)->Arg(136)->Arg(532);

/// Beside hash/sm3/size: sixteen messages of that size.
void sm3_sixteen(benchmark::State& state) {
  const Bytes data(static_cast<std::size_t>(state.range(0)), 0x61);
  const std::vector<BytesView> messages(16, BytesView{data});
  std::vector<Hash> digests(16);
  for (auto _ : state) {
    sm3_batch(messages, digests);
    benchmark::DoNotOptimize(digests.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0) * 16);
}
BENCHMARK(sm3_sixteen)
    ->Name("hash/sm3_batch_of_16/size")
    ->Arg(32)
    ->Arg(532)
    ->Arg(4096)
    ->Arg(1 << 16);

/// One message after the other by libcrypto, as the peer of the two above. Its SHA3-256 is
/// Keccak-256 but for a bit of padding.
void libcrypto_many(benchmark::State& state, const char* name, int count) {
  EVP_MD* const kind = EVP_MD_fetch(nullptr, name, nullptr);
  const Bytes data(static_cast<std::size_t>(state.range(0)), 0x61);
  Hash digest;
  for (auto _ : state) {
    for (int i = 0; i < count; ++i) {
      unsigned size = 0;
      EVP_Digest(data.data(), data.size(), digest.data(), &size, kind, nullptr);
      benchmark::DoNotOptimize(digest);
    }
  }
  EVP_MD_free(kind);
  state.SetBytesProcessed(state.iterations() * state.range(0) * count);
}
BENCHMARK_CAPTURE(libcrypto_many, , "SHA3-256", 8)
    ->Name("hash/keccak256_batch_of_8_openssl/size")
    ->Arg(532);
BENCHMARK_CAPTURE(libcrypto_many, , "SM3", 16)
    ->Name("hash/sm3_batch_of_16_openssl/size")
    ->Arg(4096);

}  // namespace
}  // namespace wusong::hash
