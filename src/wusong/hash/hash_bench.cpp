// SPDX-License-Identifier: Apache-2.0
// Hashing bounds the trie and the EVM.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <vector>

#include "wusong/hash/hash.hpp"
#include "wusong/hash/merkle.hpp"

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
BENCHMARK(hash_bytes<blake2b>)->Name("hash/blake2b/size")->Arg(32)->Arg(532)->Arg(1 << 16);

/// Many messages of one size: twice as many as the widest vectors have lanes.
constexpr std::size_t kMany = 32;
template <auto hash, typename Digest>
void hash_many(benchmark::State& state) {
  const Bytes data(static_cast<std::size_t>(state.range(0)), 0x61);
  const std::vector<BytesView> messages(kMany, BytesView{data});
  std::vector<Digest> digests(kMany);
  for (auto _ : state) {
    hash(messages, digests);
    benchmark::DoNotOptimize(digests.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0) * std::int64_t{kMany});
}

/// One message after the other by libcrypto, as the peer of those.
void libcrypto_many(benchmark::State& state, const char* name) {
  EVP_MD* const kind = EVP_MD_fetch(nullptr, name, nullptr);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const Bytes data(static_cast<std::size_t>(state.range(0)), 0x61);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kMany; ++i) {
      EVP_DigestInit_ex2(context, kind, nullptr);
      EVP_DigestUpdate(context, data.data(), data.size());
      EVP_DigestFinal_ex(context, digest.data(), nullptr);
      benchmark::DoNotOptimize(digest);
    }
  }
  EVP_MD_CTX_free(context);
  EVP_MD_free(kind);
  state.SetBytesProcessed(state.iterations() * state.range(0) * std::int64_t{kMany});
}

void many_sizes(benchmark::internal::Benchmark* bench) {
  for (const int size : {32, 64, 136, 532, 4096}) bench->Arg(size);
}
#define WUSONG_MANY(NAME, DIGEST, PEER)                                                            \
  BENCHMARK(hash_many<NAME##_batch, DIGEST>)->Name("hash/" #NAME "_many/size")->Apply(many_sizes); \
  BENCHMARK_CAPTURE(libcrypto_many, NAME, PEER)                                                    \
      ->Name("hash/" #NAME "_many_openssl/size")                                                   \
      ->Apply(many_sizes)
WUSONG_MANY(sm3, Hash, "SM3");
WUSONG_MANY(sha256, Hash, "SHA256");
WUSONG_MANY(sha512, Digest512, "SHA512");
WUSONG_MANY(blake2b, Digest512, "BLAKE2B-512");
WUSONG_MANY(ripemd160, Address, "RIPEMD160");
WUSONG_MANY(keccak256, Hash, "SHA3-256");  // Keccak-256 but for a bit of padding
#undef WUSONG_MANY

/// A tree over as many leaves of 32 bytes, by RFC 6962's rule; an item is a leaf.
void merkle_root(benchmark::State& state) {
  const std::vector<Bytes> data(static_cast<std::size_t>(state.range(0)), Bytes(32, 0x61));
  const std::vector<BytesView> leaves(data.begin(), data.end());
  for (auto _ : state) {
    auto tree = MerkleTree::of(rfc6962_rule(sha256_batch), leaves);
    benchmark::DoNotOptimize(tree.root());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(merkle_root)->Name("hash/merkle_root/leaves")->Arg(64)->Arg(4096);

/// The same tree, a node after the other by libcrypto.
void merkle_root_of_libcrypto(benchmark::State& state) {
  EVP_MD* const kind = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const auto node = [&](std::uint8_t prefix, BytesView from, Hash& out) {
    EVP_DigestInit_ex2(context, kind, nullptr);
    EVP_DigestUpdate(context, &prefix, 1);
    EVP_DigestUpdate(context, from.data(), from.size());
    EVP_DigestFinal_ex(context, out.data(), nullptr);
  };
  const auto count = static_cast<std::size_t>(state.range(0));
  const Bytes leaf(32, 0x61);
  std::vector<Hash> level(count);
  for (auto _ : state) {
    for (Hash& each : level) node(0, leaf, each);
    for (std::size_t size = count; size > 1; size /= 2)
      for (std::size_t i = 0; i < size / 2; ++i) node(1, {level[2 * i].data(), 64}, level[i]);
    benchmark::DoNotOptimize(level[0]);
  }
  EVP_MD_CTX_free(context);
  EVP_MD_free(kind);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(merkle_root_of_libcrypto)->Name("hash/merkle_root_openssl/leaves")->Arg(64)->Arg(4096);

}  // namespace
}  // namespace wusong::hash
