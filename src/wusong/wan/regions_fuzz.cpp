// SPDX-License-Identifier: Apache-2.0
// Property: what is accepted has a path between any two regions, with a tail no shorter than its
// median, and a place for every node; nothing crashes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wusong/base/assert.hpp"
#include "wusong/wan/regions.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto regions = wusong::wan::Regions::parse({reinterpret_cast<const char*>(data), size});
  if (!regions) return 0;
  const std::size_t count = regions->names().size();
  for (std::size_t from = 0; from < count; ++from) {
    for (std::size_t to = 0; to < count; ++to) {
      const auto& path = regions->path(from, to);
      WUSONG_ASSERT(path.delay_p50 >= wusong::Duration{0} && path.delay_p90 >= path.delay_p50);
      WUSONG_ASSERT(path.loss_ppm <= 1'000'000);
    }
  }
  for (const std::size_t place : regions->place(7, 3)) WUSONG_ASSERT(place < count);
  return 0;
}
