// SPDX-License-Identifier: Apache-2.0
// The curves by AVX-512 IFMA, eight signatures at a time.
#if defined(__x86_64__)
#define WUSONG_LANE_AVX512
#include "wusong/base/processor.hpp"
#include "wusong/crypto/internal/curve_lanes.hpp"

namespace wusong::crypto::internal {
namespace {

bool has_ifma() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512ifma");
}

}  // namespace

constinit const CurveProvider kCurvesAvx512 = provider_of<math::Avx512Lanes>("avx512", has_ifma);

}  // namespace wusong::crypto::internal
#endif
