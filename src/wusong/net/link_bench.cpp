// SPDX-License-Identifier: Apache-2.0
// What a link's exchange costs its two ends together, once a connection, and its records a byte.
#include <benchmark/benchmark.h>

#include "wusong/base/assert.hpp"
#include "wusong/net/link_handshake.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::net {
namespace {

LinkSuite suite_of(benchmark::State& state) {
  const auto suite = static_cast<LinkSuite>(state.range(0));
  state.SetLabel(std::string{traits_of(suite).name});
  return suite;
}

std::pair<LinkSeals, LinkSeals> agree(LinkSuite suite, io::Entropy& entropy) {
  const Hash binding;
  auto dialler = *LinkHandshake::start(suite, LinkSide::dialler, binding, entropy);
  auto acceptor = *LinkHandshake::start(suite, LinkSide::acceptor, binding, entropy);
  const bool agreed = acceptor.receive(dialler.take_output(), entropy) &&
                      dialler.receive(acceptor.take_output(), entropy) &&
                      acceptor.receive(dialler.take_output(), entropy);
  WUSONG_ASSERT(agreed);
  return {dialler.take_seals(), acceptor.take_seals()};
}

void handshake(benchmark::State& state) {
  const LinkSuite suite = suite_of(state);
  testkit::SeededEntropy entropy;
  for (auto _ : state) {
    auto seals = agree(suite, entropy);
    benchmark::DoNotOptimize(seals);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(handshake)->Name("net/link_handshake")->ArgName("suite")->Arg(1)->Arg(2);

/// Sealing and opening, on one core.
void records(benchmark::State& state) {
  testkit::SeededEntropy entropy;
  auto [from, to] = agree(suite_of(state), entropy);
  const Bytes plain(static_cast<std::size_t>(state.range(1)), 7);
  Bytes record;
  for (auto _ : state) {
    record.clear();
    from.sealer.seal(plain, record);
    const auto opened = to.opener.open(std::span{record}.subspan(kLinkHeaderSize));
    WUSONG_ASSERT(opened.has_value());
    benchmark::DoNotOptimize(opened->data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(1));
}
BENCHMARK(records)
    ->Name("net/link_records")
    ->ArgNames({"suite", "size"})
    ->Args({1, 200})
    ->Args({1, kLinkPlainMax})
    ->Args({2, 200})
    ->Args({2, kLinkPlainMax});

}  // namespace
}  // namespace wusong::net
