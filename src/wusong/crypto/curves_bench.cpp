// SPDX-License-Identifier: Apache-2.0
// SM2 and P-256 with OpenSSL's as the peers: `crypto/X` and `crypto/X_openssl` compare. The peers'
// key objects are made once; all sign and verify digests.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <string>

#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/crypto/internal/openssl.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/sm2_encryption.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::crypto {
namespace {

constexpr std::size_t kKeys = 16;

Hash digest_of(std::size_t i) {
  Hash out;
  for (std::size_t k = 0; k < Hash::kSize; ++k)
    out.bytes[k] = static_cast<std::uint8_t>(131 * i + 7 * k + (i >> 8));
  return out;
}

struct Sm2 {
  using Secret = Sm2Secret;
  using SignRequest = Sm2SignRequest;
  using VerifyRequest = Sm2VerifyRequest;
  static bool sign(std::span<const SignRequest> requests, std::span<Sm2Signature> out) {
    return sm2_sign(requests, out).has_value();
  }
  static void verify(std::span<const VerifyRequest> requests, std::span<Result<void>> out) {
    sm2_verify(requests, out);
  }
  static EVP_PKEY* peer_key() { return EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2"); }
};
struct P256 {
  using Secret = P256Secret;
  using SignRequest = P256SignRequest;
  using VerifyRequest = P256VerifyRequest;
  static bool sign(std::span<const SignRequest> requests, std::span<PointBytes> out) {
    return p256_sign(requests, out).has_value();
  }
  static void verify(std::span<const VerifyRequest> requests, std::span<Result<void>> out) {
    p256_verify(requests, out);
  }
  static EVP_PKEY* peer_key() { return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"); }
};

template <typename S>
struct Signed {
  std::vector<typename S::Secret> secrets;
  std::vector<typename S::SignRequest> requests;
  std::vector<std::array<std::uint8_t, 64>> signatures;
  std::vector<typename S::VerifyRequest> checks;

  explicit Signed(std::size_t count, std::size_t keys = kKeys) : signatures(count) {
    for (std::size_t i = 0; i < keys; ++i) secrets.push_back(*S::Secret::from(digest_of(i).view()));
    for (std::size_t i = 0; i < count; ++i) requests.push_back({&secrets[i % keys], digest_of(i)});
    WUSONG_ASSERT(S::sign(requests, signatures));
    for (std::size_t i = 0; i < count; ++i)
      checks.push_back({secrets[i % keys].public_key(), digest_of(i), signatures[i]});
  }
};

template <typename S>
void sign(benchmark::State& state, const internal::CurveProvider* provider) {
  internal::force_curve_provider(provider);
  Signed<S> made{static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) {
    if (!S::sign(made.requests, made.signatures)) state.SkipWithError("does not sign");
    benchmark::DoNotOptimize(made.signatures.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  internal::force_curve_provider(nullptr);
}

template <typename S>
void verify(benchmark::State& state, const internal::CurveProvider* provider) {
  internal::force_curve_provider(provider);
  const Signed<S> made{static_cast<std::size_t>(state.range(0))};
  std::vector<Result<void>> results(made.checks.size());
  for (auto _ : state) {
    S::verify(made.checks, results);
    if (!results.back()) state.SkipWithError("does not verify");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  internal::force_curve_provider(nullptr);
}

/// Signers that have been seen before, many enough to leave the first cache.
void verify_known(benchmark::State& state, const internal::CurveProvider* provider) {
  internal::force_curve_provider(provider);
  const auto count = static_cast<std::size_t>(state.range(0));
  Signed<Sm2> made{count, std::min<std::size_t>(count, 1'000)};
  std::vector<BytesView> keys;
  for (const auto& secret : made.secrets) keys.push_back(secret.public_key());
  const auto tables = sm2_tables(keys);
  for (std::size_t i = 0; i < count; ++i) made.checks[i].table = tables[i % tables.size()].get();
  std::vector<Result<void>> results(count);
  for (auto _ : state) {
    sm2_verify(made.checks, results);
    if (!results.back()) state.SkipWithError("does not verify");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  internal::force_curve_provider(nullptr);
}
void make_tables(benchmark::State& state) {
  const Signed<Sm2> made{static_cast<std::size_t>(state.range(0))};
  std::vector<BytesView> keys;
  for (const auto& check : made.checks) keys.push_back(check.public_key);
  for (auto _ : state) benchmark::DoNotOptimize(sm2_tables(keys).data());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

using PKeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using PKeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;

/// Digests alone, as EVP_PKEY_sign has it.
template <typename S>
void sign_openssl(benchmark::State& state) {
  const PKeyPtr key{S::peer_key()};
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
template <typename S>
void verify_openssl(benchmark::State& state) {
  const PKeyPtr key{S::peer_key()};
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

/// Texts of these many bytes.
void sm2_encryption(benchmark::State& state, bool decrypts) {
  testkit::SeededEntropy entropy;
  const auto secret = Sm2Secret::from(Bytes(32, 7));
  const Bytes text(static_cast<std::size_t>(state.range(0)), 1);
  const auto sealed = sm2_encrypt(secret->public_key(), text, entropy);
  for (auto _ : state) {
    if (decrypts ? !sm2_decrypt(*secret, *sealed).has_value()
                 : !sm2_encrypt(secret->public_key(), text, entropy).has_value())
      state.SkipWithError("refused");
  }
}
void sm2_encryption_openssl(benchmark::State& state, bool decrypts) {
  const PKeyPtr key{Sm2::peer_key()};
  const PKeyCtxPtr sealing{EVP_PKEY_CTX_new(key.get(), nullptr)};
  const PKeyCtxPtr opening{EVP_PKEY_CTX_new(key.get(), nullptr)};
  const Bytes text(static_cast<std::size_t>(state.range(0)), 1);
  Bytes sealed(text.size() + 200);
  Bytes opened(sealed.size());
  std::size_t size = sealed.size();
  WUSONG_ASSERT(
      EVP_PKEY_encrypt_init(sealing.get()) == 1 && EVP_PKEY_decrypt_init(opening.get()) == 1 &&
      EVP_PKEY_encrypt(sealing.get(), sealed.data(), &size, text.data(), text.size()) == 1);
  for (auto _ : state) {
    std::size_t room = opened.size();
    const int done =
        decrypts ? EVP_PKEY_decrypt(opening.get(), opened.data(), &room, sealed.data(), size)
                 : EVP_PKEY_encrypt(sealing.get(), opened.data(), &room, text.data(), text.size());
    if (done != 1) state.SkipWithError("refused");
  }
}
BENCHMARK_CAPTURE(sm2_encryption, , false)->Name("crypto/sm2_encrypt/bytes")->Arg(32)->Arg(1 << 20);
BENCHMARK_CAPTURE(sm2_encryption, , true)->Name("crypto/sm2_decrypt/bytes")->Arg(32)->Arg(1 << 20);
BENCHMARK_CAPTURE(sm2_encryption_openssl, , false)
    ->Name("crypto/sm2_encrypt_openssl/bytes")
    ->Arg(32)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(sm2_encryption_openssl, , true)
    ->Name("crypto/sm2_decrypt_openssl/bytes")
    ->Arg(32)
    ->Arg(1 << 20);

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("size")->Arg(1)->Arg(2)->Arg(8)->Arg(255);
}
template <typename S>
void measure(const std::string& name) {
  const auto add = [&name](const std::string& what, auto function) {
    return benchmark::RegisterBenchmark(("crypto/" + name + what).c_str(), function);
  };
  const internal::CurveProvider* const plain = &internal::kCurvesPlain;
  add("_sign", [](benchmark::State& state) { sign<S>(state, nullptr); })->Apply(sizes);
  add("_sign_openssl", sign_openssl<S>)->Apply(sizes);
  add("_verify", [](benchmark::State& state) { verify<S>(state, nullptr); })->Apply(sizes);
  add("_verify_openssl", verify_openssl<S>)->Apply(sizes);
  add("_sign_plain", [plain](benchmark::State& state) { sign<S>(state, plain); })
      ->ArgName("size")
      ->Arg(255);
  add("_verify_plain", [plain](benchmark::State& state) { verify<S>(state, plain); })
      ->ArgName("size")
      ->Arg(255);
}
[[maybe_unused]] const bool kAreRegistered = [] {
  measure<Sm2>("sm2");
  measure<P256>("p256");
  benchmark::RegisterBenchmark("crypto/sm2_verify_known", verify_known, nullptr)
      ->Apply(sizes)
      ->Arg(4'000);
  benchmark::RegisterBenchmark("crypto/sm2_verify_known_openssl", verify_openssl<Sm2>)
      ->Apply(sizes);
  benchmark::RegisterBenchmark("crypto/sm2_verify_known_plain", verify_known,
                               &internal::kCurvesPlain)
      ->ArgName("size")
      ->Arg(255);
  benchmark::RegisterBenchmark("crypto/sm2_tables", make_tables)->Apply(sizes);
  return true;
}();

}  // namespace
}  // namespace wusong::crypto
