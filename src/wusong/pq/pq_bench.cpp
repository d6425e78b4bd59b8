// SPDX-License-Identifier: Apache-2.0
// "whole" starts from encoded keys, as liboqs' functions do; "kept" from expanded ones. The
// provider's number is its place among this machine's: 0 is what everyone gets, the last is
// portable.
#include <benchmark/benchmark.h>

#include "wusong/pq/internal/provider.hpp"
#include "wusong/pq/ml_dsa.hpp"
#include "wusong/pq/ml_kem.hpp"
#include "wusong/pq/slh_dsa.hpp"

namespace wusong::pq {
namespace {

const Bytes kSeed(32, 7);
const Bytes kKemSeed(64, 7);
const Bytes kMessage(120, 1);

const internal::Provider& provider_of(benchmark::State& state) {
  const auto all = internal::providers();
  const auto index = std::min(static_cast<std::size_t>(state.range(1)), all.size() - 1);
  state.SetLabel(all[index].name);
  return all[index];
}
MlDsa signature_set(const benchmark::State& state) {
  return state.range(0) == 44   ? MlDsa::ml_dsa_44
         : state.range(0) == 65 ? MlDsa::ml_dsa_65
                                : MlDsa::ml_dsa_87;
}
MlKem kem_set(const benchmark::State& state) {
  return state.range(0) == 512   ? MlKem::ml_kem_512
         : state.range(0) == 768 ? MlKem::ml_kem_768
                                 : MlKem::ml_kem_1024;
}
void for_signatures(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"set", "provider"});
  for (const int set : {44, 65, 87}) bench->Args({set, 0});
  bench->Args({44, 1})->Args({44, 2});
}
void for_kems(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"set", "provider"});
  for (const int set : {512, 768, 1024}) bench->Args({set, 0});
  bench->Args({768, 1})->Args({768, 2});
}

void ml_dsa_keygen(benchmark::State& state) {
  const auto& provider = provider_of(state);
  for (auto _ : state) {
    auto key = MlDsaSecretKey::from_seed(signature_set(state), MlDsaSeed{kSeed}, provider);
    benchmark::DoNotOptimize(key);
  }
}
BENCHMARK(ml_dsa_keygen)->Name("pq/ml_dsa_keygen")->Apply(for_signatures);

/// A message of its own for each signature, as the number of attempts differs.
void ml_dsa_sign(benchmark::State& state) {
  const auto key =
      MlDsaSecretKey::from_seed(signature_set(state), MlDsaSeed{kSeed}, provider_of(state));
  Bytes message = kMessage;
  std::uint32_t count = 0;
  for (auto _ : state) {
    ++count;
    std::memcpy(message.data(), &count, 4);
    auto signature = key.sign_deterministic(message, {});
    benchmark::DoNotOptimize(signature);
  }
}
BENCHMARK(ml_dsa_sign)->Name("pq/ml_dsa_sign/key:kept")->Apply(for_signatures);

void ml_dsa_sign_whole(benchmark::State& state) {
  const auto& provider = provider_of(state);
  const auto encoded =
      MlDsaSecretKey::from_seed(signature_set(state), MlDsaSeed{kSeed}, provider).encode();
  Bytes message = kMessage;
  std::uint32_t count = 0;
  for (auto _ : state) {
    ++count;
    std::memcpy(message.data(), &count, 4);
    auto signature = MlDsaSecretKey::decode(signature_set(state), encoded.view(), provider)
                         ->sign_deterministic(message, {});
    benchmark::DoNotOptimize(signature);
  }
}
BENCHMARK(ml_dsa_sign_whole)->Name("pq/ml_dsa_sign/key:whole")->Apply(for_signatures);

void ml_dsa_verify(benchmark::State& state) {
  const auto key =
      MlDsaSecretKey::from_seed(signature_set(state), MlDsaSeed{kSeed}, provider_of(state));
  const Bytes signature = *key.sign_deterministic(kMessage, {});
  for (auto _ : state) {
    if (!key.public_key().verify(kMessage, {}, signature)) state.SkipWithError("refused");
  }
}
BENCHMARK(ml_dsa_verify)->Name("pq/ml_dsa_verify/key:kept")->Apply(for_signatures);

void ml_dsa_verify_whole(benchmark::State& state) {
  const auto& provider = provider_of(state);
  const auto key = MlDsaSecretKey::from_seed(signature_set(state), MlDsaSeed{kSeed}, provider);
  const Bytes encoded = to_bytes(key.public_key().encoded());
  const Bytes signature = *key.sign_deterministic(kMessage, {});
  for (auto _ : state) {
    const auto decoded = MlDsaPublicKey::decode(signature_set(state), encoded, provider);
    if (!decoded->verify(kMessage, {}, signature)) state.SkipWithError("refused");
  }
}
BENCHMARK(ml_dsa_verify_whole)->Name("pq/ml_dsa_verify/key:whole")->Apply(for_signatures);

void ml_kem_keygen(benchmark::State& state) {
  const auto& provider = provider_of(state);
  for (auto _ : state) {
    auto key = MlKemDecapsulationKey::from_seed(kem_set(state), MlKemSeed{kKemSeed}, provider);
    benchmark::DoNotOptimize(key);
  }
}
BENCHMARK(ml_kem_keygen)->Name("pq/ml_kem_keygen")->Apply(for_kems);

void ml_kem_encapsulate(benchmark::State& state) {
  const auto& provider = provider_of(state);
  const auto owner =
      MlKemDecapsulationKey::from_seed(kem_set(state), MlKemSeed{kKemSeed}, provider);
  const Bytes encoded = to_bytes(owner.encapsulation_key().encoded());
  for (auto _ : state) {
    const auto key = MlKemEncapsulationKey::decode(kem_set(state), encoded, provider);
    auto sent = key->encapsulate_internal(MlKemMessage{kSeed});
    benchmark::DoNotOptimize(sent);
  }
}
BENCHMARK(ml_kem_encapsulate)->Name("pq/ml_kem_encapsulate/key:whole")->Apply(for_kems);

void ml_kem_decapsulate(benchmark::State& state) {
  const auto& provider = provider_of(state);
  const auto owner =
      MlKemDecapsulationKey::from_seed(kem_set(state), MlKemSeed{kKemSeed}, provider);
  const auto sent = owner.encapsulation_key().encapsulate_internal(MlKemMessage{kSeed});
  for (auto _ : state) {
    auto secret = owner.decapsulate(sent.ciphertext);
    benchmark::DoNotOptimize(secret);
  }
}
BENCHMARK(ml_kem_decapsulate)->Name("pq/ml_kem_decapsulate/key:kept")->Apply(for_kems);

void ml_kem_decapsulate_whole(benchmark::State& state) {
  const auto& provider = provider_of(state);
  const auto owner =
      MlKemDecapsulationKey::from_seed(kem_set(state), MlKemSeed{kKemSeed}, provider);
  const auto encoded = owner.encode();
  const auto sent = owner.encapsulation_key().encapsulate_internal(MlKemMessage{kSeed});
  for (auto _ : state) {
    const auto key = MlKemDecapsulationKey::decode(kem_set(state), encoded.view(), provider);
    auto secret = key->decapsulate(sent.ciphertext);
    benchmark::DoNotOptimize(secret);
  }
}
BENCHMARK(ml_kem_decapsulate_whole)->Name("pq/ml_kem_decapsulate/key:whole")->Apply(for_kems);

SlhDsaSecretKey slh_key(benchmark::State& state) {
  const auto set = static_cast<SlhDsa>(state.range(0));
  const auto& provider = provider_of(state);
  state.SetLabel(std::string{shape_of(set).name} + " " + provider.name);
  return *SlhDsaSecretKey::from_seed(set, Bytes(3 * shape_of(set).n, 7), provider);
}
/// By their place in SlhDsa.
void for_hash_sets(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"set", "provider"})->Unit(benchmark::kMillisecond);
  for (std::size_t set = 0; set < kSlhDsaSets; ++set)
    bench->Args({static_cast<std::int64_t>(set), 0});
  for (const auto set : {SlhDsa::sha2_128s, SlhDsa::shake_128s})
    for (const int provider : {1, 2}) bench->Args({static_cast<std::int64_t>(set), provider});
}

void slh_dsa_keygen(benchmark::State& state) {
  for (auto _ : state) {
    auto key = slh_key(state);
    benchmark::DoNotOptimize(key);
  }
}
BENCHMARK(slh_dsa_keygen)->Name("pq/slh_dsa_keygen")->Apply(for_hash_sets);

void slh_dsa_sign(benchmark::State& state) {
  const auto key = slh_key(state);
  for (auto _ : state) {
    auto signature = key.sign_deterministic(kMessage, {});
    benchmark::DoNotOptimize(signature);
  }
}
BENCHMARK(slh_dsa_sign)->Name("pq/slh_dsa_sign")->Apply(for_hash_sets);

void slh_dsa_verify(benchmark::State& state) {
  const auto key = slh_key(state);
  const Bytes signature = *key.sign_deterministic(kMessage, {});
  for (auto _ : state) {
    if (!key.public_key().verify(kMessage, {}, signature)) state.SkipWithError("refused");
  }
}
BENCHMARK(slh_dsa_verify)->Name("pq/slh_dsa_verify")->Apply(for_hash_sets);

/// The compact set of a family, or the standard one that it is compared with.
SlhDsaSecretKey family_key(benchmark::State& state, bool is_compact) {
  constexpr SlhDsa kCompact[] = {SlhDsa::compact_sha2, SlhDsa::compact_shake, SlhDsa::compact_sm3};
  constexpr SlhDsa kStandard[] = {SlhDsa::sha2_128s, SlhDsa::shake_128s, SlhDsa::sm3_128s};
  const auto family = static_cast<std::size_t>(state.range(0));
  const SlhDsa set = is_compact ? kCompact[family] : kStandard[family];
  state.SetLabel(std::string{shape_of(set).name});
  return *SlhDsaSecretKey::from_seed(set, Bytes(48, 7));
}
/// A message of its own for each, as the counters' number differs.
void sign_each(benchmark::State& state, bool is_compact) {
  const auto key = family_key(state, is_compact);
  Bytes message = kMessage;
  for (auto _ : state) {
    ++message[0];
    auto signature = key.sign_deterministic(message, {});
    benchmark::DoNotOptimize(signature);
  }
}
void verify_one(benchmark::State& state, bool is_compact) {
  const auto key = family_key(state, is_compact);
  const Bytes signature = *key.sign_deterministic(kMessage, {});
  for (auto _ : state) {
    if (!key.public_key().verify(kMessage, {}, signature)) state.SkipWithError("refused");
  }
}
void for_families(benchmark::internal::Benchmark* bench) {
  bench->ArgName("family")->DenseRange(0, 2)->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(sign_each, ours, true)->Name("pq/slh_compact_sign")->Apply(for_families);
BENCHMARK_CAPTURE(sign_each, peer, false)->Name("pq/slh_compact_sign_slh_dsa")->Apply(for_families);
BENCHMARK_CAPTURE(verify_one, ours, true)->Name("pq/slh_compact_verify")->Apply(for_families);
BENCHMARK_CAPTURE(verify_one, peer, false)
    ->Name("pq/slh_compact_verify_slh_dsa")
    ->Apply(for_families);

}  // namespace
}  // namespace wusong::pq
