// SPDX-License-Identifier: Apache-2.0
// Ed25519 with OpenSSL's as the peer: `crypto/X` and `crypto/X_openssl` compare. The peer's key
// objects are made once. Messages of 120 bytes.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include "wusong/crypto/ed25519.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/crypto/internal/openssl.hpp"

namespace wusong::crypto {
namespace {

constexpr std::size_t kKeys = 16;
constexpr std::size_t kMessage = 120;

struct Signed {
  std::vector<Ed25519Secret> secrets;
  std::vector<Bytes> messages;
  std::vector<Ed25519SignRequest> requests;
  std::vector<Ed25519Signature> signatures;
  std::vector<Ed25519VerifyRequest> checks;

  Signed(std::size_t count, std::size_t keys) : signatures(count) {
    for (std::size_t i = 0; i < keys; ++i) {
      Bytes seed(32, static_cast<std::uint8_t>(i));
      seed[0] = static_cast<std::uint8_t>(i >> 8);
      secrets.push_back(*Ed25519Secret::from(seed));
    }
    for (std::size_t i = 0; i < count; ++i)
      messages.emplace_back(kMessage, static_cast<std::uint8_t>(i));
    for (std::size_t i = 0; i < count; ++i) requests.push_back({&secrets[i % keys], messages[i]});
    WUSONG_ASSERT(ed25519_sign(requests, signatures).has_value());
    for (std::size_t i = 0; i < count; ++i)
      checks.push_back({secrets[i % keys].public_key(), messages[i], signatures[i]});
  }
};

void sign(benchmark::State& state, const internal::CurveProvider* provider) {
  internal::force_curve_provider(provider);
  Signed made{static_cast<std::size_t>(state.range(0)), kKeys};
  for (auto _ : state) {
    if (!ed25519_sign(made.requests, made.signatures)) state.SkipWithError("does not sign");
    benchmark::DoNotOptimize(made.signatures.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  internal::force_curve_provider(nullptr);
}

/// Every key is new.
void verify(benchmark::State& state, const internal::CurveProvider* provider) {
  internal::force_curve_provider(provider);
  const auto count = static_cast<std::size_t>(state.range(0));
  const Signed made{count, count};
  std::vector<Result<void>> results(count);
  for (auto _ : state) {
    ed25519_verify(made.checks, results);
    if (!results.back()) state.SkipWithError("does not verify");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  internal::force_curve_provider(nullptr);
}
/// Signers that have been seen before.
void verify_known(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Signed made{count, std::min(count, kKeys)};
  std::vector<Result<void>> results(count);
  std::vector<BytesView> keys;
  for (const auto& check : made.checks) keys.push_back(check.public_key);
  const auto tables = ed25519_tables(keys);
  for (std::size_t i = 0; i < count; ++i) made.checks[i].table = tables[i].get();
  for (auto _ : state) {
    ed25519_verify(made.checks, results);
    if (!results.back()) state.SkipWithError("does not verify");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void make_tables(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const Signed made{count, count};
  std::vector<BytesView> keys;
  for (const auto& check : made.checks) keys.push_back(check.public_key);
  for (auto _ : state) benchmark::DoNotOptimize(ed25519_tables(keys).data());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

using PKeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;

PKeyPtr peer_key() {
  const Bytes seed(32, 7);
  return PKeyPtr{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), 32)};
}
void sign_openssl(benchmark::State& state) {
  const PKeyPtr key = peer_key();
  const internal::MdCtxPtr context{EVP_MD_CTX_new()};
  WUSONG_ASSERT(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  const Bytes message(kMessage, 1);
  Ed25519Signature signature;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      std::size_t size = signature.size();
      if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), kMessage) != 1)
        state.SkipWithError("does not sign");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
void verify_openssl(benchmark::State& state) {
  const PKeyPtr key = peer_key();
  const internal::MdCtxPtr context{EVP_MD_CTX_new()};
  WUSONG_ASSERT(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  const Bytes message(kMessage, 1);
  Ed25519Signature signature;
  std::size_t size = signature.size();
  WUSONG_ASSERT(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), kMessage) ==
                    1 &&
                EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      if (EVP_DigestVerify(context.get(), signature.data(), size, message.data(), kMessage) != 1)
        state.SkipWithError("does not verify");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("size")->Arg(1)->Arg(8)->Arg(255);
}
void large(benchmark::internal::Benchmark* bench) {
  bench->ArgName("size")->Arg(255);
}
BENCHMARK_CAPTURE(sign, , nullptr)->Name("crypto/ed25519_sign")->Apply(sizes);
BENCHMARK(sign_openssl)->Name("crypto/ed25519_sign_openssl")->Apply(sizes);
BENCHMARK_CAPTURE(verify, , nullptr)->Name("crypto/ed25519_verify_batch")->Apply(sizes);
BENCHMARK(verify_openssl)->Name("crypto/ed25519_verify_batch_openssl")->Apply(sizes);
BENCHMARK(verify_known)->Name("crypto/ed25519_verify_known")->Apply(sizes);
BENCHMARK(verify_openssl)->Name("crypto/ed25519_verify_known_openssl")->Apply(sizes);
BENCHMARK(make_tables)->Name("crypto/ed25519_tables")->Apply(sizes);
BENCHMARK_CAPTURE(sign, , &internal::kCurvesPlain)->Name("crypto/ed25519_sign_plain")->Apply(large);
BENCHMARK_CAPTURE(verify, , &internal::kCurvesPlain)
    ->Name("crypto/ed25519_verify_plain")
    ->Apply(large);

}  // namespace
}  // namespace wusong::crypto
