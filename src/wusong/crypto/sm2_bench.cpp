// SPDX-License-Identifier: Apache-2.0
// SM2 with OpenSSL's as the peer: `crypto/X` and `crypto/X_openssl` compare. The peer's key objects
// are made once; both sign and verify digests.
#include <benchmark/benchmark.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include <string>

#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/crypto/internal/openssl.hpp"
#include "wusong/crypto/sm2.hpp"

namespace wusong::crypto {
namespace {

constexpr std::size_t kKeys = 16;

Hash digest_of(std::size_t i) {
  Hash out;
  for (std::size_t k = 0; k < Hash::kSize; ++k)
    out.bytes[k] = static_cast<std::uint8_t>(131 * i + 7 * k + (i >> 8));
  return out;
}

struct Signed {
  std::vector<Sm2Secret> secrets;
  std::vector<Sm2SignRequest> requests;
  std::vector<Sm2Signature> signatures;
  std::vector<Sm2VerifyRequest> checks;

  explicit Signed(std::size_t count) : signatures(count) {
    for (std::size_t i = 0; i < kKeys; ++i)
      secrets.push_back(*Sm2Secret::from(Bytes(32, static_cast<std::uint8_t>(i + 1))));
    for (std::size_t i = 0; i < count; ++i) requests.push_back({&secrets[i % kKeys], digest_of(i)});
    WUSONG_ASSERT(sm2_sign(requests, signatures).has_value());
    for (std::size_t i = 0; i < count; ++i)
      checks.push_back({secrets[i % kKeys].public_key(), digest_of(i), signatures[i]});
  }
};

void sign(benchmark::State& state, const internal::CurveProvider* provider) {
  internal::force_curve_provider(provider);
  Signed made{static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) {
    if (!sm2_sign(made.requests, made.signatures)) state.SkipWithError("does not sign");
    benchmark::DoNotOptimize(made.signatures.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  internal::force_curve_provider(nullptr);
}

void verify(benchmark::State& state, const internal::CurveProvider* provider) {
  internal::force_curve_provider(provider);
  const Signed made{static_cast<std::size_t>(state.range(0))};
  std::vector<Result<void>> results(made.checks.size());
  for (auto _ : state) {
    sm2_verify(made.checks, results);
    if (!results.back()) state.SkipWithError("does not verify");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  internal::force_curve_provider(nullptr);
}

using PKeyPtr = std::unique_ptr<EVP_PKEY, internal::Release<EVP_PKEY_free>>;
using PKeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, internal::Release<EVP_PKEY_CTX_free>>;

PKeyPtr peer_key() {
  PKeyCtxPtr context{EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr)};
  EVP_PKEY* key = nullptr;
  WUSONG_ASSERT(EVP_PKEY_keygen_init(context.get()) == 1 &&
                EVP_PKEY_generate(context.get(), &key) == 1);
  return PKeyPtr{key};
}

/// Digests alone, as EVP_PKEY_sign has it for SM2.
void sign_openssl(benchmark::State& state) {
  const PKeyPtr key = peer_key();
  const PKeyCtxPtr context{EVP_PKEY_CTX_new(key.get(), nullptr)};
  WUSONG_ASSERT(EVP_PKEY_sign_init(context.get()) == 1);
  const Hash digest = digest_of(1);
  std::uint8_t signature[80];
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      std::size_t size = sizeof(signature);
      if (EVP_PKEY_sign(context.get(), signature, &size, digest.data(), Hash::kSize) != 1)
        state.SkipWithError("does not sign");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
void verify_openssl(benchmark::State& state) {
  const PKeyPtr key = peer_key();
  const PKeyCtxPtr context{EVP_PKEY_CTX_new(key.get(), nullptr)};
  WUSONG_ASSERT(EVP_PKEY_sign_init(context.get()) == 1);
  const Hash digest = digest_of(1);
  std::uint8_t signature[80];
  std::size_t size = sizeof(signature);
  WUSONG_ASSERT(EVP_PKEY_sign(context.get(), signature, &size, digest.data(), Hash::kSize) == 1 &&
                EVP_PKEY_verify_init(context.get()) == 1);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      if (EVP_PKEY_verify(context.get(), signature, size, digest.data(), Hash::kSize) != 1)
        state.SkipWithError("does not verify");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("size")->Arg(1)->Arg(8)->Arg(255);
}
BENCHMARK_CAPTURE(sign, , nullptr)->Name("crypto/sm2_sign")->Apply(sizes);
BENCHMARK(sign_openssl)->Name("crypto/sm2_sign_openssl")->Apply(sizes);
BENCHMARK_CAPTURE(verify, , nullptr)->Name("crypto/sm2_verify")->Apply(sizes);
BENCHMARK(verify_openssl)->Name("crypto/sm2_verify_openssl")->Apply(sizes);
BENCHMARK_CAPTURE(sign, , &internal::kCurvesPlain)
    ->Name("crypto/sm2_sign_plain")
    ->ArgName("size")
    ->Arg(255);
BENCHMARK_CAPTURE(verify, , &internal::kCurvesPlain)
    ->Name("crypto/sm2_verify_plain")
    ->ArgName("size")
    ->Arg(255);

}  // namespace
}  // namespace wusong::crypto
