// SPDX-License-Identifier: Apache-2.0
// What the curve precompiles cost, since their gas is fixed.
#include <benchmark/benchmark.h>

#include "wusong/pairing/internal/bls12_381.hpp"
#include "wusong/pairing/internal/bn254.hpp"
#include "wusong/pairing/pairing.hpp"

namespace wusong::pairing {
namespace {

Bytes word(std::uint64_t value) {
  Bytes out(32);
  store_be(U256{value}, out.data());
  return out;
}
Bytes scalar(std::uint64_t seed) {
  Bytes out(32);
  for (auto& byte : out)
    byte = static_cast<std::uint8_t>((seed = seed * 6364136223846793005u + 1442695040888963407u) >>
                                     56);
  return out;
}

Bytes bn254_point() {
  Bytes out = word(1);
  append(out, word(2));
  return out;
}

void run_bn254_add(benchmark::State& state) {
  Bytes input = bn254_point();
  append(input, bn254_point());
  for (auto _ : state) {
    auto out = bn254_add(BytesView{input}.first<128>());
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(run_bn254_add)->Name("pairing/bn254_add");

void run_bn254_mul(benchmark::State& state) {
  Bytes input = bn254_point();
  append(input, scalar(1));
  for (auto _ : state) {
    auto out = bn254_mul(BytesView{input}.first<96>());
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(run_bn254_mul)->Name("pairing/bn254_mul");

void run_bn254_pairing(benchmark::State& state) {
  Bytes pair = bn254_point();
  for (const char* hex : {"198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2",
                          "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed",
                          "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b",
                          "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"}) {
    for (int i = 0; i < 64; i += 2) {
      const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
      pair.push_back(static_cast<std::uint8_t>(16 * digit(hex[i]) + digit(hex[i + 1])));
    }
  }
  Bytes input;
  for (std::int64_t i = 0; i < state.range(0); ++i) append(input, pair);
  for (auto _ : state) {
    auto out = bn254_pairing(input);
    if (!out) state.SkipWithError("refused");
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(run_bn254_pairing)->Name("pairing/bn254_pairing/pairs")->Arg(1)->Arg(2)->Arg(4);

Bytes bls_g1() {
  return to_bytes(bls12_381::encode(bls12_381::G1{bls12_381::kG1Generator}));
}
Bytes bls_g2() {
  return to_bytes(bls12_381::encode(bls12_381::G2{bls12_381::kG2Generator}));
}

template <auto operation, auto point>
void run_bls_add(benchmark::State& state) {
  Bytes input = point();
  append(input, point());
  for (auto _ : state) {
    auto out = operation(input);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(run_bls_add<bls12_381_g1_add, bls_g1>)->Name("pairing/bls12_381_g1_add");
BENCHMARK(run_bls_add<bls12_381_g2_add, bls_g2>)->Name("pairing/bls12_381_g2_add");

template <auto operation, auto point>
void run_bls_msm(benchmark::State& state) {
  Bytes input;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    Bytes term = point();
    append(term, scalar(static_cast<std::uint64_t>(i)));
    // Different points, as equal ones would meet in a bucket and double.
    auto scaled = operation(term);
    append(input, *scaled);
    append(input, scalar(static_cast<std::uint64_t>(i) + 1000));
  }
  for (auto _ : state) {
    auto out = operation(input);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(run_bls_msm<bls12_381_g1_msm, bls_g1>)
    ->Name("pairing/bls12_381_g1_msm/terms")
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->Arg(128)
    ->Arg(512);
BENCHMARK(run_bls_msm<bls12_381_g2_msm, bls_g2>)
    ->Name("pairing/bls12_381_g2_msm/terms")
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->Arg(128)
    ->Arg(512);

void run_bls_pairing(benchmark::State& state) {
  Bytes input;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    append(input, bls_g1());
    append(input, bls_g2());
  }
  for (auto _ : state) {
    auto out = bls12_381_pairing(input);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(run_bls_pairing)->Name("pairing/bls12_381_pairing/pairs")->Arg(1)->Arg(2)->Arg(4);

template <auto operation, std::size_t size>
void run_map(benchmark::State& state) {
  Bytes input(size);
  for (std::size_t at = 0; at < size; at += 64)
    std::ranges::copy(scalar(at), input.begin() + static_cast<std::ptrdiff_t>(at) + 32);
  for (auto _ : state) {
    auto out = operation(input);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(run_map<bls12_381_map_fp_to_g1, 64>)->Name("pairing/bls12_381_map_fp_to_g1");
BENCHMARK(run_map<bls12_381_map_fp2_to_g2, 128>)->Name("pairing/bls12_381_map_fp2_to_g2");

// The inner check alone, with a proof that holds: the pairing of a constant polynomial.
void run_kzg_pairing(benchmark::State& state) {
  using namespace bls12_381;  // NOLINT: one function
  const std::array<PairingTerm, 2> terms{
      {{kG1Generator, kG2Generator}, {-kG1Generator, kG2Generator}}};
  for (auto _ : state) {
    bool out = pairing_product_is_one(terms);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(run_kzg_pairing)->Name("pairing/bls12_381_pairing_without_checks/pairs:2");

void run_modexp(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Bytes modulus;
  Bytes base;
  for (std::uint64_t i = 0; modulus.size() < size; ++i) {
    append(modulus, scalar(i));
    append(base, scalar(i + 500));
  }
  modulus.back() = static_cast<std::uint8_t>(state.range(2) != 0 ? modulus.back() | 1 : 0);
  modulus[0] |= 0x80;
  const Bytes exponent(static_cast<std::size_t>(state.range(1)), 0xff);
  for (auto _ : state) {
    auto out = modexp(base, exponent, modulus);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(run_modexp)
    ->Name("pairing/modexp")
    ->ArgNames({"bytes", "exponent", "odd"})
    ->Args({32, 1, 1})
    ->Args({32, 32, 1})
    ->Args({64, 64, 1})
    ->Args({128, 128, 1})
    ->Args({256, 3, 1})
    ->Args({256, 256, 1})
    ->Args({256, 256, 0})
    ->Args({1024, 32, 1});

}  // namespace
}  // namespace wusong::pairing
