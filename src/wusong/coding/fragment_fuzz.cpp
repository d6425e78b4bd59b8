// SPDX-License-Identifier: Apache-2.0
// Properties: a message opens only if it is, byte for byte, what was dispersed; and whatever
// fragments a leader commits to, every choice of them gives the same payload or the same refusal.
// Input: a byte for the number of fragments, one for the payload's size, then a message, which is
// also taken for the leader's fragments.
#include <bit>
#include <optional>

#include "wusong/base/assert.hpp"
#include "wusong/coding/internal/test_leader.hpp"

namespace {

using namespace wusong;
using namespace wusong::coding;

/// Fast, and collides only where the fuzzer looks for it in vain.
void mix_batch(std::span<const BytesView> messages, std::span<Hash> digests) noexcept {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    std::uint64_t lanes[4] = {1, 2, 3, messages[i].size()};
    for (const std::uint8_t byte : messages[i]) {
      for (std::uint64_t& lane : lanes) {
        lane = (std::rotl(lane, 23) ^ byte) * 0x9e3779b97f4a7c15;
        lane ^= lane >> 29;
      }
    }
    std::memcpy(digests[i].data(), lanes, sizeof(lanes));
  }
}

void check_message(const Disperser& disperser, std::uint32_t total, BytesView payload,
                   BytesView message) {
  const auto dispersal = disperser.disperse(payload);
  WUSONG_ASSERT(dispersal.has_value());
  const auto opened = disperser.open(dispersal->commitment(), message);
  bool is_one = false;
  for (std::uint32_t i = 0; i < total; ++i) {
    const Bytes made = dispersal->message(static_cast<std::uint16_t>(i));
    WUSONG_ASSERT(disperser.open(dispersal->commitment(), made).has_value());
    is_one = is_one || std::ranges::equal(made, message);
  }
  WUSONG_ASSERT(opened.has_value() == is_one);
}

void check_leader(const Disperser& disperser, Shape shape, std::uint32_t payload_bytes,
                  BytesView data) {
  std::vector<Bytes> fragments(shape.total, Bytes(kFragmentBlockBytes));
  for (std::size_t i = 0; i < data.size(); ++i)
    fragments[i / kFragmentBlockBytes % shape.total][i % kFragmentBlockBytes] ^= data[i];
  const auto forgery = internal::TestLeader{shape, mix_batch}.commit(payload_bytes, fragments);
  std::vector<Fragment> opened;
  for (const Bytes& message : forgery.messages) {
    const auto fragment = disperser.open(forgery.commitment, message);
    WUSONG_ASSERT(fragment.has_value());
    opened.push_back(*fragment);
  }
  std::optional<Result<Bytes>> first;
  for (std::uint32_t pattern = 0; pattern < (1u << shape.total); ++pattern) {
    if (static_cast<std::uint32_t>(std::popcount(pattern)) != shape.needed) continue;
    std::vector<Fragment> chosen;
    for (std::size_t i = 0; i < shape.total; ++i)
      if ((pattern >> i) & 1) chosen.push_back(opened[i]);
    const auto dispersal = disperser.reconstruct(chosen);
    const Result<Bytes> verdict = dispersal ? Result<Bytes>{to_bytes(dispersal->payload())}
                                            : Result<Bytes>{fail(dispersal.error())};
    if (!first) first = verdict;
    WUSONG_ASSERT(verdict == *first);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  const Shape shape = Shape::for_validators(data[0] % 8 + 1u);
  const auto disperser = Disperser::create(shape, mix_batch);
  const BytesView rest{data + 2, size - 2};
  check_message(*disperser, shape.total, Bytes(data[1], 0x5a), rest);
  check_leader(*disperser, shape, data[1] % (128 * shape.needed + 1), rest);
  return 0;
}
