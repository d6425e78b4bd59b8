// SPDX-License-Identifier: Apache-2.0
// Each mode, with OpenSSL's as the peer: `cipher/X` and `cipher/X_openssl` of one size compare.
// OpenSSL 3.0 has no SM4-GCM: the peer is its own GCM around its own SM4-CTR.
#include <benchmark/benchmark.h>

#include <string>

#include "wusong/cipher/internal/test_peer.hpp"

namespace wusong::cipher {
namespace {

const Bytes kKey = [] {
  Bytes key(64);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(7 * i + 1);
  return key;
}();
BytesView key_of(Cipher cipher) {
  return BytesView{kKey}.first(key_bytes(cipher));
}

/// A message, and room for a tag.
struct Buffers {
  Bytes in;
  Bytes out;

  explicit Buffers(const benchmark::State& state)
      : in(static_cast<std::size_t>(state.range(0)), 0x61), out(in.size() + 16) {}
  std::span<std::uint8_t> text() { return std::span{out}.first(in.size()); }
};

template <typename Step>
void measure(benchmark::State& state, Buffers& buffers, Step step) {
  for (auto _ : state) {
    step();
    benchmark::DoNotOptimize(buffers.out.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void check(benchmark::State& state, const Result<void>& result) {
  if (!result) state.SkipWithError("refused");
}

void ctr(benchmark::State& state, Cipher cipher) {
  Buffers buffers{state};
  const auto mode = Ctr::create(cipher, key_of(cipher));
  measure(state, buffers, [&] { check(state, mode->apply({}, 0, buffers.in, buffers.text())); });
}
void ctr_openssl(benchmark::State& state, Cipher cipher) {
  Buffers buffers{state};
  const CounterBlock start;
  const auto context =
      internal::peer_context(cipher, internal::PeerMode::ctr, key_of(cipher), start.data());
  measure(state, buffers, [&] {
    int count = 0;
    EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, start.data(), 1);
    EVP_CipherUpdate(context.get(), buffers.out.data(), &count, buffers.in.data(),
                     static_cast<int>(buffers.in.size()));
  });
}

void gcm_seal(benchmark::State& state, Cipher cipher) {
  Buffers buffers{state};
  const auto mode = Gcm::create(cipher, key_of(cipher));
  const Bytes nonce(12, 1);
  measure(state, buffers, [&] {
    check(state, mode->seal({.nonce = nonce, .associated = {}}, buffers.in, buffers.out));
  });
}
void gcm_open(benchmark::State& state, Cipher cipher) {
  Buffers buffers{state};
  const auto mode = Gcm::create(cipher, key_of(cipher));
  const Bytes nonce(12, 1);
  const Header header{.nonce = nonce, .associated = {}};
  check(state, mode->seal(header, buffers.in, buffers.out));
  measure(state, buffers, [&] { check(state, mode->open(header, buffers.out, buffers.in)); });
}
void gcm_seal_openssl(benchmark::State& state, Cipher cipher) {
  Buffers buffers{state};
  const Bytes nonce(12, 1);
  const Header header{.nonce = nonce, .associated = {}};
  if (cipher == Cipher::sm4) {
    internal::PeerSm4Gcm peer{key_of(cipher)};
    measure(state, buffers, [&] { peer.seal(header, buffers.in, buffers.out); });
  } else {
    const auto context =
        internal::peer_context(cipher, internal::PeerMode::gcm, key_of(cipher), nullptr);
    measure(state, buffers,
            [&] { internal::peer_aes_gcm(context.get(), header, buffers.in, buffers.out); });
  }
}

void ccm_seal(benchmark::State& state, Cipher cipher) {
  Buffers buffers{state};
  const auto mode = Ccm::create(cipher, key_of(cipher));
  const Bytes nonce(12, 1);
  measure(state, buffers, [&] {
    check(state, mode->seal({.nonce = nonce, .associated = {}}, buffers.in, buffers.out));
  });
}
void ccm_seal_openssl(benchmark::State& state, Cipher cipher) {
  Buffers buffers{state};
  const Bytes nonce(12, 1);
  measure(state, buffers, [&] {
    buffers.out = internal::peer_ccm(cipher, key_of(cipher), 16, {.nonce = nonce, .associated = {}},
                                     buffers.in);
  });
}

void xts(benchmark::State& state, Cipher cipher, TweakOrder order) {
  Buffers buffers{state};
  const auto mode = Xts::create(cipher, BytesView{kKey}.first(2 * key_bytes(cipher)), order);
  measure(state, buffers, [&] { check(state, mode->encrypt({}, buffers.in, buffers.text())); });
}
void xts_openssl(benchmark::State& state, Cipher cipher) {
  Buffers buffers{state};
  const DataUnit unit;
  const auto context = internal::peer_context(cipher, internal::PeerMode::xts, kKey, unit.data());
  measure(state, buffers, [&] {
    int count = 0;
    EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, unit.data(), 1);
    EVP_CipherUpdate(context.get(), buffers.out.data(), &count, buffers.in.data(),
                     static_cast<int>(buffers.in.size()));
  });
}

/// What a key costs before its first byte.
void gcm_key(benchmark::State& state, Cipher cipher) {
  for (auto _ : state) {
    auto mode = Gcm::create(cipher, key_of(cipher));
    benchmark::DoNotOptimize(mode);
  }
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("size")->Arg(64)->Arg(1024)->Arg(16384)->Arg(1 << 20);
}
BENCHMARK_CAPTURE(ctr, , Cipher::sm4)->Name("cipher/sm4_ctr")->Apply(sizes);
BENCHMARK_CAPTURE(ctr_openssl, , Cipher::sm4)->Name("cipher/sm4_ctr_openssl")->Apply(sizes);
BENCHMARK_CAPTURE(gcm_seal, , Cipher::sm4)->Name("cipher/sm4_gcm")->Apply(sizes);
BENCHMARK_CAPTURE(gcm_seal_openssl, , Cipher::sm4)->Name("cipher/sm4_gcm_openssl")->Apply(sizes);
BENCHMARK_CAPTURE(gcm_open, , Cipher::sm4)->Name("cipher/sm4_gcm_open")->Apply(sizes);
BENCHMARK_CAPTURE(ctr, , Cipher::aes128)->Name("cipher/aes128_ctr")->Apply(sizes);
BENCHMARK_CAPTURE(ctr_openssl, , Cipher::aes128)->Name("cipher/aes128_ctr_openssl")->Apply(sizes);
BENCHMARK_CAPTURE(gcm_seal, , Cipher::aes128)->Name("cipher/aes128_gcm")->Apply(sizes);
BENCHMARK_CAPTURE(gcm_seal_openssl, , Cipher::aes128)
    ->Name("cipher/aes128_gcm_openssl")
    ->Apply(sizes);
BENCHMARK_CAPTURE(gcm_open, , Cipher::aes128)->Name("cipher/aes128_gcm_open")->Apply(sizes);

void one_size(benchmark::internal::Benchmark* bench) {
  bench->ArgName("size")->Arg(16384);
}
BENCHMARK_CAPTURE(ctr, , Cipher::aes256)->Name("cipher/aes256_ctr")->Apply(one_size);
BENCHMARK_CAPTURE(ctr_openssl, , Cipher::aes256)
    ->Name("cipher/aes256_ctr_openssl")
    ->Apply(one_size);
BENCHMARK_CAPTURE(gcm_seal, , Cipher::aes256)->Name("cipher/aes256_gcm")->Apply(one_size);
BENCHMARK_CAPTURE(gcm_seal_openssl, , Cipher::aes256)
    ->Name("cipher/aes256_gcm_openssl")
    ->Apply(one_size);
BENCHMARK_CAPTURE(ccm_seal, , Cipher::sm4)->Name("cipher/sm4_ccm")->Apply(one_size);
BENCHMARK_CAPTURE(ccm_seal_openssl, , Cipher::sm4)->Name("cipher/sm4_ccm_openssl")->Apply(one_size);
BENCHMARK_CAPTURE(ccm_seal, , Cipher::aes128)->Name("cipher/aes128_ccm")->Apply(one_size);
BENCHMARK_CAPTURE(ccm_seal_openssl, , Cipher::aes128)
    ->Name("cipher/aes128_ccm_openssl")
    ->Apply(one_size);
BENCHMARK_CAPTURE(xts, , Cipher::sm4, TweakOrder::gbt17964)
    ->Name("cipher/sm4_xts")
    ->Apply(one_size);
BENCHMARK_CAPTURE(xts, , Cipher::aes128, TweakOrder::ieee1619)
    ->Name("cipher/aes128_xts")
    ->Apply(one_size);
BENCHMARK_CAPTURE(xts_openssl, , Cipher::aes128)
    ->Name("cipher/aes128_xts_openssl")
    ->Apply(one_size);
BENCHMARK_CAPTURE(gcm_key, , Cipher::sm4)->Name("cipher/sm4_gcm_key");
BENCHMARK_CAPTURE(gcm_key, , Cipher::aes128)->Name("cipher/aes128_gcm_key");

}  // namespace
}  // namespace wusong::cipher
