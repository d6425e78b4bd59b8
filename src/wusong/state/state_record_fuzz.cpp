// SPDX-License-Identifier: Apache-2.0
// Property: what a decoder takes from a record of the log is what writing it again gives back, and
// the short way through a branch finds the same children as the long one.
#include <algorithm>

#include "wusong/state/internal/record.hpp"

using namespace wusong;         // NOLINT
using namespace wusong::state;  // NOLINT

namespace {

void check_leaf(BytesView input) {
  const auto leaf = decode_leaf(input);
  if (!leaf) return;
  Bytes out;
  write_leaf(*leaf, out);
  const auto again = decode_leaf(*whole_record(out));
  WUSONG_ASSERT(again && again->key == leaf->key && again->storage == leaf->storage);
  WUSONG_ASSERT(std::ranges::equal(again->value, leaf->value));
}

void check_branch(BytesView input) {
  const auto branch = decode_branch(input);
  if (!branch) return;
  Hash key = branch->prefix;
  for (std::uint8_t nibble = 0; nibble < 16; ++nibble) {
    std::uint8_t& byte = key.bytes[branch->depth / 2];
    byte = branch->depth % 2 == 0 ? static_cast<std::uint8_t>(nibble << 4)
                                  : static_cast<std::uint8_t>((byte & 0xf0) | nibble);
    const BranchStep step = step_branch(input, key);
    WUSONG_ASSERT(step.depth == branch->depth && step.child == branch->children[nibble].at);
  }
  std::array<std::uint8_t, kBranchRecordMax> out;
  const std::size_t size = write_branch(*branch, out);
  WUSONG_ASSERT(size == input.size());
  const auto again = decode_branch(*whole_record({out.data(), size}));
  WUSONG_ASSERT(again && again->depth == branch->depth);
  for (std::size_t i = 0; i < 16; ++i) {
    WUSONG_ASSERT(again->children[i].at == branch->children[i].at);
    WUSONG_ASSERT(again->children[i].ref == branch->children[i].ref);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input{data, size};
  if (const auto record = whole_record(input)) WUSONG_ASSERT(record->size() <= size);
  check_leaf(input);
  check_branch(input);
  if (const auto commit = decode_commit(input)) {
    std::array<std::uint8_t, kCommitBytes> out;
    write_commit(*commit, out);
    WUSONG_ASSERT(std::ranges::equal(input.subspan(8), BytesView{out}.subspan(8)));
  }
  if (const auto staged = decode_staged(input)) {
    std::array<std::uint8_t, kStagedBytes> out;
    write_staged(*staged, out);
    WUSONG_ASSERT(std::ranges::equal(input.subspan(8), BytesView{out}.subspan(8)));
  }
  if (const auto owner = decode_owner(input)) {
    std::array<std::uint8_t, kOwnerBytes> out;
    write_owner(*owner, out);
    WUSONG_ASSERT(std::ranges::equal(input.subspan(8), BytesView{out}.subspan(8)));
  }
  return 0;
}
