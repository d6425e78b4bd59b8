// SPDX-License-Identifier: Apache-2.0
// Property: every request gets a JSON object, no path leaves its limits, and nothing crashes.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wusong/base/assert.hpp"
#include "wusong/emulator/internal/desk.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  constexpr std::array<std::size_t, 2> kPlaces{0, 1};
  const auto regions =
      wan::Regions::parse(R"({"regions": ["e", "w"], "rtt_ms_p50": [[2, 100], [100, 2]]})");
  emulator::Switchboard board{wan::Network{*regions, kPlaces, 1}};
  emulator::internal::Desk desk{{{"a", "e", 0}, {"b", "w", 0}}, board};
  const auto reply = desk.answer({reinterpret_cast<const char*>(data), size});
  const auto answer = codec::JsonDocument::parse(reply.text);
  WUSONG_ASSERT(answer && answer->root().is_object());
  WUSONG_ASSERT(!reply.attach || *reply.attach < kPlaces.size());
  const wan::Path& path = board.network().path(0, 1);
  WUSONG_ASSERT(path.delay_p90 >= path.delay_p50 && path.delay_p50 >= Duration{0});
  WUSONG_ASSERT(path.loss_ppm <= 1'000'000);
  return 0;
}
