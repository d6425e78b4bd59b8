// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/internal/hedged_entropy.hpp"

#include <sodium.h>

#include <algorithm>

namespace wusong::threshold::internal {
namespace {

constexpr std::string_view kLabel = "wusong.threshold hedged entropy";

}  // namespace

HedgedEntropy::HedgedEntropy(const Group& group, const Scalar& secret, const Hash& context,
                             io::Entropy& entropy)
    : group_{group} {
  std::array<std::uint8_t, 64 + kScalarSize + Hash::kSize + kLabel.size()> seed;
  entropy.fill(std::span{seed}.first(64));
  auto rest = std::ranges::copy(secret.bytes, seed.begin() + 64).out;
  rest = std::ranges::copy(context.bytes, rest).out;
  std::ranges::copy(kLabel, rest);
  auto hashed = group.hash(seed);
  std::ranges::copy(hashed, state_.begin());
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(hashed.data(), hashed.size());
}

HedgedEntropy::~HedgedEntropy() {
  sodium_memzero(state_.data(), state_.size());
}

void HedgedEntropy::fill(std::span<std::uint8_t> out) noexcept {
  while (!out.empty()) {
    auto block = group_.hash(state_);
    sodium_increment(state_.data() + 64, 8);
    const std::size_t size = std::min(out.size(), block.size());
    std::copy_n(block.begin(), size, out.begin());
    out = out.subspan(size);
    sodium_memzero(block.data(), block.size());
  }
}

}  // namespace wusong::threshold::internal
