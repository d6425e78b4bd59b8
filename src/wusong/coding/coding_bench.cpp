// SPDX-License-Identifier: Apache-2.0
// Coding of slices of one mebibyte among n = 3f+1 validators, any f+1 of whom suffice, beside ISA-L
// in the same run. Bytes are the payload's.
#include <benchmark/benchmark.h>
#include <isa-l/erasure_code.h>

#include <numeric>
#include <string>
#include <vector>

#include "wusong/coding/dispersal.hpp"
#include "wusong/coding/internal/coder.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::coding {
namespace {

constexpr std::size_t kPayloadBytes = std::size_t{1} << 20;

void size_arguments(benchmark::internal::Benchmark* bench) {
  bench->ArgName("n")->Arg(4)->Arg(10)->Arg(31)->Arg(100)->Arg(250)->Arg(1000);
}
void isal_arguments(benchmark::internal::Benchmark* bench) {
  bench->ArgName("n")->Arg(4)->Arg(10)->Arg(31)->Arg(100)->Arg(250);
}

/// Fragments with the data in place.
struct Slice {
  Shape shape;
  std::size_t fragment_bytes;
  Bytes fragments;
  std::vector<std::uint16_t> last;  // known when decoding: no data among them

  explicit Slice(const benchmark::State& state)
      : shape{Shape::for_validators(static_cast<std::uint32_t>(state.range(0)))},
        fragment_bytes{(kPayloadBytes / shape.needed + kFragmentBlockBytes - 1) /
                       kFragmentBlockBytes * kFragmentBlockBytes},
        fragments(fragment_bytes * shape.total),
        last(shape.needed) {
    for (std::size_t i = 0; i < fragment_bytes * shape.needed; ++i)
      fragments[i] = static_cast<std::uint8_t>(i * i >> 7);
    std::iota(last.begin(), last.end(), static_cast<std::uint16_t>(shape.total - shape.needed));
  }
  void count(benchmark::State& state) const {
    state.SetBytesProcessed(state.iterations() *
                            static_cast<std::int64_t>(fragment_bytes * shape.needed));
  }
};

void run_encode(benchmark::State& state, const ReedSolomon& code, Slice& slice) {
  for (auto _ : state) {
    if (!code.encode(slice.fragments)) state.SkipWithError("refused");
  }
  slice.count(state);
}
/// From the last fragments, so that no data is known. All others are computed, parity too.
void run_decode(benchmark::State& state, const ReedSolomon& code, Slice& slice) {
  for (auto _ : state) {
    if (!code.complete(slice.fragments, slice.last)) state.SkipWithError("refused");
  }
  slice.count(state);
}

void encode(benchmark::State& state) {
  Slice slice{state};
  run_encode(state, *ReedSolomon::create(slice.shape), slice);
}
void decode(benchmark::State& state) {
  Slice slice{state};
  run_decode(state, *ReedSolomon::create(slice.shape), slice);
}
BENCHMARK(encode)->Name("coding/rs_encode")->Apply(size_arguments);
BENCHMARK(decode)->Name("coding/rs_decode")->Apply(size_arguments);

/// ISA-L multiplies by a matrix over its own field; what the coefficients are makes no difference.
/// Its decoding computes the data alone, as its users do.
template <bool kIsEncoding>
void isal(benchmark::State& state) {
  Slice slice{state};
  const auto needed = static_cast<int>(slice.shape.needed);
  const auto total = static_cast<int>(slice.shape.total);
  const int rows = kIsEncoding ? total - needed : needed;
  const auto cells = static_cast<std::size_t>(total) * slice.shape.needed;
  Bytes matrix(cells);
  Bytes tables(32 * cells);
  gf_gen_cauchy1_matrix(matrix.data(), total, needed);
  ec_init_tables(needed, rows, matrix.data() + slice.shape.needed * slice.shape.needed,
                 tables.data());
  std::vector<std::uint8_t*> at(slice.shape.total);
  for (std::size_t i = 0; i < at.size(); ++i)
    at[i] = slice.fragments.data() + i * slice.fragment_bytes;
  for (auto _ : state) {
    ec_encode_data(static_cast<int>(slice.fragment_bytes), needed, rows, tables.data(), at.data(),
                   at.data() + needed);
    benchmark::ClobberMemory();
  }
  slice.count(state);
}
BENCHMARK(isal<true>)->Name("coding/isal_encode")->Apply(isal_arguments);
BENCHMARK(isal<false>)->Name("coding/isal_decode")->Apply(isal_arguments);

/// Every way of computing the code, for the thresholds between them: kernels, then transform (0) or
/// matrix (1).
template <auto run>
void by_method(benchmark::State& state) {
  Slice slice{state};
  const auto all =
      slice.shape.total > kByteFragmentsMax ? internal::word_kernels() : internal::byte_kernels();
  const auto index = static_cast<std::size_t>(state.range(1));
  if (index >= all.size() || !all[index].is_supported())
    return state.SkipWithError("not on this machine");
  internal::Kernels kernels = all[index];
  kernels.matrix_encodes_max = kernels.matrix_completes_max =
      static_cast<std::uint32_t>(state.range(2) * kByteFragmentsMax);
  state.SetLabel(std::string{kernels.name});
  run(state, *ReedSolomon::create(slice.shape, kernels), slice);
}
void method_arguments(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"n", "kernels", "matrix"})->ArgsProduct({{4, 31, 64, 100, 250}, {0, 1}, {0, 1}});
  bench->Args({4, 2, 1})->Args({100, 2, 0});
  for (const int kernels : {0, 1, 2}) bench->Args({1000, kernels, 0});
}
BENCHMARK(by_method<run_encode>)->Name("coding/encode_by")->Apply(method_arguments);
BENCHMARK(by_method<run_decode>)->Name("coding/decode_by")->Apply(method_arguments);

// ---- What consensus calls: coding and hashing together.

struct Dispersed {
  Disperser disperser;
  Bytes payload = Bytes(kPayloadBytes, 0x61);

  Dispersed(const benchmark::State& state, HashBatch hash)
      : disperser{*Disperser::create(
            Shape::for_validators(static_cast<std::uint32_t>(state.range(0))), hash)} {}
};

template <HashBatch hash>
void disperse(benchmark::State& state) {
  const Dispersed it{state, hash};
  for (auto _ : state) {
    auto dispersal = it.disperser.disperse(it.payload);
    benchmark::DoNotOptimize(dispersal);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kPayloadBytes));
}

template <HashBatch hash>
void reconstruct(benchmark::State& state) {
  const Dispersed it{state, hash};
  const auto dispersal = it.disperser.disperse(it.payload);
  std::vector<Bytes> messages;
  const auto total = static_cast<std::uint16_t>(state.range(0));
  for (std::uint16_t i = total / 2; i < total; ++i) messages.push_back(dispersal->message(i));
  std::vector<Fragment> fragments;
  for (const Bytes& message : messages)
    fragments.push_back(*it.disperser.open(dispersal->commitment(), message));
  for (auto _ : state) {
    auto back = it.disperser.reconstruct(fragments);
    if (!back) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kPayloadBytes));
}

void open(benchmark::State& state) {
  const Dispersed it{state, hash::keccak256_batch};
  const auto dispersal = it.disperser.disperse(it.payload);
  const Bytes message = dispersal->message(1);
  for (auto _ : state) {
    auto fragment = it.disperser.open(dispersal->commitment(), message);
    benchmark::DoNotOptimize(fragment);
  }
}
BENCHMARK(disperse<hash::keccak256_batch>)->Name("coding/disperse")->Apply(size_arguments);
BENCHMARK(disperse<hash::sm3_batch>)->Name("coding/disperse_sm3")->Apply(size_arguments);
BENCHMARK(reconstruct<hash::keccak256_batch>)->Name("coding/reconstruct")->Apply(size_arguments);
BENCHMARK(open)->Name("coding/open")->Apply(size_arguments);

}  // namespace
}  // namespace wusong::coding
