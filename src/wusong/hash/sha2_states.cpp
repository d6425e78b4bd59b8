// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/sha2_states.hpp"

#include <array>

#include "wusong/hash/internal/batch.hpp"
#include "wusong/hash/internal/kernels.hpp"

namespace wusong::hash {
namespace internal {
namespace {

template <typename H>
void compress_from(const Kernel<typename H::Word>& kernel, const typename H::Word* start,
                   const std::uint8_t* messages, std::size_t blocks, std::size_t count,
                   std::uint8_t* out) noexcept {
  if (count == 0) return;
  using Word = typename H::Word;
  alignas(64) Word state[H::kRows * kLanesMax<H>];
  for (std::size_t done = 0; done < count; done += kernel.lanes) {
    const std::size_t some = std::min(kernel.lanes, count - done);
    for (std::size_t i = 0; i < H::kRows; ++i)
      std::fill_n(state + i * kernel.lanes, kernel.lanes, start[i]);
    const std::uint8_t* from[kLanesMax<H>];
    for (std::size_t k = 0; k < kernel.lanes; ++k)  // lanes without a message repeat the last
      from[k] = messages + (done + std::min(k, some - 1)) * blocks * H::kBlock;
    kernel.compress(state, from, blocks);
    for (std::size_t k = 0; k < some; ++k)
      write_digest<H>(state + k, kernel.lanes, out + (done + k) * H::kRows * sizeof(Word));
  }
  wipe(state, sizeof(state));
}

/// What does not pay for a row's lanes goes through those of one or two messages.
template <const Kernels& kRow>
void sha256_from(const std::uint32_t* start, const std::uint8_t* messages, std::size_t blocks,
                 std::size_t count, std::uint8_t* out) noexcept {
  static const Kernel<std::uint32_t>& rest =
      kRow.sha256.lanes > 1 ? *chosen<Sha256>().rest : kRow.sha256;
  static const std::size_t kFewest = fewest_for(kRow.sha256, rest);
  const std::size_t lanes = kRow.sha256.lanes;
  const std::size_t whole = kFewest <= lanes ? count / lanes * lanes : 0;
  const std::size_t wide = count - whole >= kFewest ? count : whole;
  compress_from<Sha256>(kRow.sha256, start, messages, blocks, wide, out);
  compress_from<Sha256>(rest, start, messages + wide * blocks * Sha256::kBlock, blocks,
                        count - wide, out + wide * sizeof(Hash));
}
template <const Kernels& kRow>
void sha512_from(const std::uint64_t* start, const std::uint8_t* messages, std::size_t blocks,
                 std::size_t count, std::uint8_t* out) noexcept {
  compress_from<Sha512>(kRow.sha512, start, messages, blocks, count, out);
}

template <const Kernels& kRow>
Sha2Provider provider() noexcept {
  return {kRow.sha512.name, kRow.sha512.is_supported, sha256_from<kRow>, sha512_from<kRow>};
}

}  // namespace
}  // namespace internal

std::span<const Sha2Provider> sha2_providers() noexcept {
  static const std::array kAll{
#if defined(__x86_64__)
      internal::provider<internal::kAvx512Kernels>(), internal::provider<internal::kAvx2Kernels>(),
#endif
      internal::provider<internal::kPlainKernels>()};
  return kAll;
}

}  // namespace wusong::hash
