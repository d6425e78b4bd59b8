// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdlib>
#include <string_view>

#include "wusong/crypto/internal/curve_provider.hpp"

namespace wusong::crypto::internal {
namespace {

const CurveProvider* forced_provider = nullptr;

const CurveProvider& choose() noexcept {
  const char* const wanted = std::getenv("WUSONG_CURVES_PROVIDER");
  const CurveProvider* fastest = nullptr;
  for (const CurveProvider* const each : curve_providers()) {
    if (!each->is_supported()) continue;
    if (wanted != nullptr && std::string_view{wanted} == each->name) return *each;
    if (fastest == nullptr) fastest = each;
  }
  return *fastest;
}

}  // namespace

std::span<const CurveProvider* const> curve_providers() noexcept {
  static constexpr std::array kAll{
#if defined(__x86_64__)
      &kCurvesAvx512,
#endif
      &kCurvesPlain};
  return kAll;
}

const CurveProvider& curve_provider() noexcept {
  static const CurveProvider& chosen = choose();
  return forced_provider != nullptr ? *forced_provider : chosen;
}

void force_curve_provider(const CurveProvider* forced) noexcept {
  forced_provider = forced;
}

std::size_t fewest_for_p256() noexcept {
  return forced_provider != nullptr ? 1 : curve_provider().p256_fewest;
}
std::size_t fewest_for_ed25519() noexcept {
  return forced_provider != nullptr ? 1 : curve_provider().ed25519.fewest;
}

}  // namespace wusong::crypto::internal
