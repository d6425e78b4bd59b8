// SPDX-License-Identifier: Apache-2.0
// Recovery bounds the pool; verification bounds consensus.
#include <benchmark/benchmark.h>

#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

void recover(benchmark::State& state) {
  const Hash digest = hash::keccak256(as_bytes("x"));
  const auto signature = ecdsa_sign(digest, Bytes(32, 7));
  for (auto _ : state) {
    auto address = ecdsa_recover(digest, *signature);
    benchmark::DoNotOptimize(address);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(recover)->Name("crypto/ecdsa_recover");

/// Beside crypto/ecdsa_recover: items, not calls, are what compares.
void recover_batch(benchmark::State& state) {
  std::vector<RecoveryRequest> requests(static_cast<std::size_t>(state.range(0)));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].digest = hash::keccak256(to_hash(U256{i}));
    requests[i].signature = *ecdsa_sign(requests[i].digest, Bytes(32, 7));
  }
  for (auto _ : state) {
    auto addresses = ecdsa_recover_batch(requests);
    benchmark::DoNotOptimize(addresses);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(recover_batch)->Name("crypto/ecdsa_recover_batch/size")->Arg(3)->Arg(8)->Arg(16)->Arg(64);

void verify_scheme(benchmark::State& state) {
  const Scheme scheme{static_cast<std::uint8_t>(state.range(0))};
  const auto signer = make_signer(scheme, Bytes(32, 7));
  const Bytes message(120, 1);
  const Bytes signature = (*signer)->sign(message);
  for (auto _ : state) {
    auto verdict = verify(scheme, (*signer)->public_key(), message, signature);
    benchmark::DoNotOptimize(verdict);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetLabel(std::string{find_scheme(static_cast<std::uint8_t>(state.range(0)))->name});
}
BENCHMARK(verify_scheme)->Name("crypto/verify/scheme")->Arg(1)->Arg(2)->Arg(3);

void sign_scheme(benchmark::State& state) {
  const Scheme scheme{static_cast<std::uint8_t>(state.range(0))};
  const auto signer = make_signer(scheme, Bytes(32, 7));
  const Bytes message(120, 1);
  for (auto _ : state) {
    auto signature = (*signer)->sign(message);
    benchmark::DoNotOptimize(signature);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetLabel(std::string{find_scheme(static_cast<std::uint8_t>(state.range(0)))->name});
}
BENCHMARK(sign_scheme)->Name("crypto/sign/scheme")->Arg(1)->Arg(2)->Arg(3);

}  // namespace
}  // namespace wusong::crypto
