// SPDX-License-Identifier: Apache-2.0
// Whole protocols on one core, without a network: all parties' work together.
#include <benchmark/benchmark.h>

#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/ecdsa_quorum.hpp"
#include "wusong/threshold/frost.hpp"
#include "wusong/threshold/sm2_pair.hpp"
#include "wusong/threshold/sm2_quorum.hpp"

namespace wusong::threshold {
namespace {

void frost_sign(benchmark::State& state) {
  const auto needed = static_cast<std::uint8_t>(state.range(0));
  const auto total = static_cast<std::uint8_t>(state.range(1));
  testkit::SeededEntropy entropy;
  const Group& group = ed25519_group();
  const auto keys = *deal_key(group, {needed, total}, group.random_nonzero(entropy), entropy);
  const Bytes message(120, 1);
  for (auto _ : state) {
    auto coordinator = *FrostCoordinator::create({.shares = keys[0].shares,
                                                  .session = {},
                                                  .message = message,
                                                  .signers = all_parties(needed)});
    std::vector<FrostSigner> signers;
    Letters packages;
    for (const Party party : all_parties(needed)) {
      signers.push_back(*FrostSigner::create(keys[party.number - 1u], {}, entropy));
      packages = *coordinator.receive(party, signers.back().start());
    }
    for (std::size_t i = 0; i < signers.size(); ++i) {
      const Bytes share = *signers[i].sign(packages[i].message);
      if (!coordinator.receive(*packages[i].to, share)) state.SkipWithError("refused");
    }
    benchmark::DoNotOptimize(coordinator.signature());
  }
}
BENCHMARK(frost_sign)->Name("crypto/frost_sign_2_of_3")->Args({2, 3});
BENCHMARK(frost_sign)->Name("crypto/frost_sign_11_of_16")->Args({11, 16});

template <typename Machine>
void run(std::vector<Machine>& machines) {
  struct Sent {
    Party from;
    Letter letter;
  };
  std::vector<Sent> queue;
  for (std::size_t i = 0; i < machines.size(); ++i)
    for (Letter& letter : machines[i].start())
      queue.push_back({Party{static_cast<std::uint8_t>(i + 1)}, std::move(letter)});
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const Sent sent = queue[next];
    for (std::size_t i = 0; i < machines.size(); ++i) {
      const Party to{static_cast<std::uint8_t>(i + 1)};
      if (to == sent.from || (sent.letter.to && *sent.letter.to != to)) continue;
      auto answer = machines[i].receive(sent.from, sent.letter.message);
      WUSONG_ASSERT(answer.has_value());
      for (Letter& letter : *answer) queue.push_back({to, std::move(letter)});
    }
  }
}

void key_generation(benchmark::State& state, const Group& group) {
  const Threshold threshold{.needed = static_cast<std::uint8_t>(state.range(0)),
                            .total = static_cast<std::uint8_t>(state.range(1))};
  testkit::SeededEntropy entropy;
  for (auto _ : state) {
    std::vector<KeyGeneration> machines;
    for (const Party party : all_parties(threshold.total))
      machines.push_back(*KeyGeneration::create(
          {.group = &group, .threshold = threshold, .self = party, .session = {}}, entropy));
    run(machines);
    benchmark::DoNotOptimize(machines[0].result());
  }
}
BENCHMARK_CAPTURE(key_generation, ed25519, ed25519_group())
    ->Name("crypto/threshold_keys_2_of_3/group:ed25519")
    ->Args({2, 3});
BENCHMARK_CAPTURE(key_generation, secp256k1, secp256k1_group())
    ->Name("crypto/threshold_keys_2_of_3/group:secp256k1")
    ->Args({2, 3});

void sm2_sign_by_two(benchmark::State& state) {
  testkit::SeededEntropy entropy;
  std::vector<Sm2PairKeys> makers;
  for (const Party party : {kReceiver, kHelper})
    makers.push_back(*Sm2PairKeys::create(party, {}, entropy));
  run(makers);
  const Bytes message(120, 1);
  for (auto _ : state) {
    std::vector<Sm2PairSigning> machines;
    for (const Sm2PairKeys& maker : makers)
      machines.push_back(Sm2PairSigning::create(*maker.result(), message, {}, entropy));
    run(machines);
    if (!machines[0].signature()) state.SkipWithError("refused");
  }
}
BENCHMARK(sm2_sign_by_two)->Name("crypto/sm2_sign_by_two");

/// Of a quorum of 2 t - 1, all of whose members sign.
void sm2_sign_by_quorum(benchmark::State& state) {
  const auto total = static_cast<std::uint8_t>(state.range(0));
  const Threshold threshold{.needed = static_cast<std::uint8_t>((total + 1) / 2), .total = total};
  testkit::SeededEntropy entropy;
  std::vector<Sm2QuorumKeys> makers;
  for (const Party party : all_parties(total))
    makers.push_back(
        *Sm2QuorumKeys::create({.threshold = threshold, .self = party, .session = {}}, entropy));
  run(makers);
  const Bytes message(120, 1);
  for (auto _ : state) {
    std::vector<Sm2QuorumSigning> machines;
    for (const Sm2QuorumKeys& maker : makers)
      machines.push_back(*Sm2QuorumSigning::create(
          *maker.result(), {.signers = all_parties(total), .message = message, .session = {}},
          entropy));
    run(machines);
    if (!machines[0].signature()) state.SkipWithError("refused");
  }
}
BENCHMARK(sm2_sign_by_quorum)->Name("crypto/sm2_sign_by_quorum")->ArgName("of")->Arg(3)->Arg(5);

void ecdsa_sign_by_quorum(benchmark::State& state, const Group& group) {
  const auto total = static_cast<std::uint8_t>(state.range(0));
  const Threshold threshold{.needed = static_cast<std::uint8_t>((total + 1) / 2), .total = total};
  testkit::SeededEntropy entropy;
  const auto keys = *deal_key(group, threshold, group.random_nonzero(entropy), entropy);
  for (auto _ : state) {
    std::vector<EcdsaQuorumSigning> machines;
    for (const KeyShare& share : keys)
      machines.push_back(*EcdsaQuorumSigning::create(
          share, {.signers = all_parties(total), .digest = {}, .session = {}}, entropy));
    run(machines);
    if (!machines[0].signature()) state.SkipWithError("refused");
  }
}
BENCHMARK_CAPTURE(ecdsa_sign_by_quorum, secp256k1, secp256k1_group())
    ->Name("crypto/secp256k1_sign_by_quorum")
    ->ArgName("of")
    ->Arg(3)
    ->Arg(5);
BENCHMARK_CAPTURE(ecdsa_sign_by_quorum, p256, p256_group())
    ->Name("crypto/p256_sign_by_quorum")
    ->ArgName("of")
    ->Arg(3);

}  // namespace
}  // namespace wusong::threshold
