// SPDX-License-Identifier: Apache-2.0
// The curves on ordinary words, one signature at a time.
#include "wusong/crypto/internal/curve_lanes.hpp"

namespace wusong::crypto::internal {
namespace {

bool always() noexcept {
  return true;
}

}  // namespace

constinit const CurveProvider kCurvesPlain = provider_of<math::PlainLane>("plain", always);

}  // namespace wusong::crypto::internal
