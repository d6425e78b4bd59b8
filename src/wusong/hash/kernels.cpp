// SPDX-License-Identifier: Apache-2.0
// The kernels of each hash function.
#include "wusong/hash/internal/kernels.hpp"

#include <array>

#include "wusong/hash/internal/functions.hpp"

namespace wusong::hash {
namespace internal {
namespace {

/// The same member of each row.
template <typename Word, Kernel<Word> Kernels::* kMember>
std::span<const Kernel<Word>> all_of() noexcept {
  static const std::array kAll{
#if defined(__x86_64__)
      kAvx512Kernels.*kMember, kAvx2Kernels.*kMember,
#endif
      kPlainKernels.*kMember};
  return kAll;
}

}  // namespace

template <>
std::span<const Kernel<std::uint32_t>> kernels_of<Sm3>() noexcept {
  return all_of<std::uint32_t, &Kernels::sm3>();
}
template <>
std::span<const Kernel<std::uint32_t>> kernels_of<Sha256>() noexcept {
  // Two messages by the instructions made for it are no slower than eight lanes.
  static const std::array kAll{
#if defined(__x86_64__)
      kAvx512Kernels.sha256, kShaNiTwo, kAvx2Kernels.sha256, kShaNiOne,
#endif
      kPlainKernels.sha256};
  return kAll;
}
template <>
std::span<const Kernel<std::uint32_t>> kernels_of<Ripemd160>() noexcept {
  return all_of<std::uint32_t, &Kernels::ripemd160>();
}
template <>
std::span<const Kernel<std::uint64_t>> kernels_of<Sha512>() noexcept {
  return all_of<std::uint64_t, &Kernels::sha512>();
}
template <>
std::span<const Kernel<std::uint64_t>> kernels_of<Blake2b>() noexcept {
  return all_of<std::uint64_t, &Kernels::blake2b>();
}
template <>
std::span<const Kernel<std::uint64_t>> kernels_of<Keccak256>() noexcept {
  return all_of<std::uint64_t, &Kernels::keccak256>();
}

}  // namespace internal

std::span<const KeccakProvider> keccak_providers() noexcept {
  static const std::array kAll{
#if defined(__x86_64__)
      internal::kAvx512Kernels.permutation, internal::kAvx2Kernels.permutation,
#endif
      internal::kPlainKernels.permutation};
  return kAll;
}

}  // namespace wusong::hash
