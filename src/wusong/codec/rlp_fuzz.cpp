// SPDX-License-Identifier: Apache-2.0
// Property: what rlp_validate accepts, the writer writes again byte for byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/codec/rlp.hpp"

namespace {

using namespace wusong;

constexpr int kDepthMax = 200;  // the copy below recurses; rlp_validate does not

bool copy(codec::RlpReader in, codec::RlpWriter& out, int depth) {
  if (depth > kDepthMax) return false;
  while (!in.empty()) {
    if (!in.next_is_list()) {
      const auto text = in.string();
      WUSONG_ASSERT(text);
      out.string(*text);
      continue;
    }
    const auto list = in.list();
    WUSONG_ASSERT(list);
    out.open_list();
    if (!copy(*list, out, depth + 1)) return false;
    out.close_list();
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input{data, size};
  if (!codec::rlp_validate(input)) return 0;
  codec::RlpWriter out;
  if (copy(codec::RlpReader{input}, out, 0)) {
    WUSONG_ASSERT(std::ranges::equal(out.take(), input));
  }
  return 0;
}
