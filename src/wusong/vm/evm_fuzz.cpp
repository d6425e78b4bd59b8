// SPDX-License-Identifier: Apache-2.0
// Property: the plain, threaded, switching and traced engines end alike.
#include "wusong/vm/internal/test_programs.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  using namespace wusong::vm;
  using namespace wusong::vm::internal;
  if (size < 4) return 0;
  const auto fork = static_cast<Fork>(data[0] % kForkCount);
  const bool raw = (data[1] & 1) != 0;
  const bool is_static = (data[1] & 6) == 6;
  const std::int64_t gas = 100 + (data[2] << ((data[1] >> 4) % 12));
  const BytesView rest{data + 3, size - 3};
  const Bytes code = raw ? to_bytes(rest) : ProgramMaker{rest}.make();
  const auto expected = run_program(kEngines[0], fork, code, rest.first(size / 4), gas, is_static);
  for (std::size_t i = 1; i < std::size(kEngines); ++i)
    WUSONG_ASSERT(same_outcome(
        expected, run_program(kEngines[i], fork, code, rest.first(size / 4), gas, is_static)));
  return 0;
}
