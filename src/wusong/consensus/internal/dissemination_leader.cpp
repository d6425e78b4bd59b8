// SPDX-License-Identifier: Apache-2.0
// The leader's part: slices are encoded as fast as enough validators take them, and again for those
// who were slower or lost some.
#include <algorithm>
#include <functional>

#include "wusong/consensus/internal/dissemination.hpp"

namespace wusong::consensus::internal {
namespace {

constexpr std::size_t kEncodingMax = 4;  // jobs at once

}  // namespace

bool Dissemination::goes_whole(std::size_t payload_bytes) const noexcept {
  const std::size_t copies = validators_ - 1;
  return payload_bytes == 0 || (payload_bytes <= kPartBytes &&
                                payload_bytes * copies <= config_.dispersal.whole_bytes_max);
}

void Dissemination::spread(const BlockPtr& block, Actions& out) {
  Assembly& assembly = assemblies_[block->ref.view];
  const std::size_t most =
      std::min<std::size_t>(config_.dispersal.slice_bytes_max, std::size_t{needed_} * kPartBytes);
  assembly.header = {.block = block->ref,
                     .parent_view = block->parent_view,
                     .parent_id = block->parent_id,
                     .payload_bytes = static_cast<std::uint32_t>(block->payload.size()),
                     .slice_bytes = static_cast<std::uint32_t>(most),
                     .index = 0,
                     .commitment = {}};
  assembly.block = block;
  if (validators_ > 1) encode_more(assembly, out);
}

/// One past the last slice that enough validators have room for: together with the leader a quorum.
std::uint32_t Dissemination::encode_limit(const Assembly& assembly) const {
  std::vector<std::uint32_t> reached;
  for (const auto& [peer, state] : assembly.peers)
    if (peer < validators_) reached.push_back(state.next);
  // Whoever has said nothing yet has nothing.
  reached.resize(validators_ - 1, 0);
  std::ranges::sort(reached, std::greater{});
  const std::size_t others = std::max<std::size_t>(quorum_size(validators_), 2) - 1;
  return std::min(assembly.count(), reached[others - 1] + config_.dispersal.window);
}

void Dissemination::encode_more(Assembly& assembly, Actions& out) {
  const auto encode_slice = [&](std::uint32_t index, bool is_first) {
    assembly.encoding.emplace(index, is_first);
    out.slice_jobs.push_back({.view = assembly.header.block.view,
                              .block_id = assembly.header.block.id,
                              .slice = index,
                              .disperser = disperser_,
                              .block = assembly.block,
                              .slice_bytes = assembly.header.slice_bytes,
                              .fragments = {}});
  };
  const std::uint32_t limit = encode_limit(assembly);
  for (; assembly.encoded < limit && assembly.encoding.size() < kEncodingMax; ++assembly.encoded)
    encode_slice(assembly.encoded, true);
  for (const auto& [index, who] : assembly.again) {
    if (assembly.encoding.size() >= kEncodingMax) break;
    if (!assembly.encoding.contains(index)) encode_slice(index, false);
  }
}

void Dissemination::send_encoded(Assembly& assembly, std::uint32_t index,
                                 const coding::Dispersal& dispersal, Actions& out) {
  FragmentMessage message{assembly.header, {}, {}};
  message.slice.index = index;
  message.slice.commitment = dispersal.commitment();
  message.signature = ports_.signer->sign(slice_sign_bytes(config_.genesis, message.slice));
  const auto job = assembly.encoding.extract(index);
  const auto asked = assembly.again.extract(index);
  const bool is_first = !job.empty() && job.mapped();
  for (std::uint32_t i = 0; i < validators_; ++i) {
    if (i == self_ || !peers_.contains(i)) continue;
    const auto& [next, answer_after] = assembly.peers[i];
    const bool has_room = index >= next && index < next + config_.dispersal.window;
    const bool has_asked = !asked.empty() && asked.mapped().contains(i);
    if (!has_asked && !(is_first && has_room)) continue;
    message.fragment = dispersal.message(static_cast<std::uint16_t>(i));
    out.sends.push_back(
        {.to = i, .bytes = std::make_shared<const Bytes>(encode(message)), .bulk = true});
  }
}

}  // namespace wusong::consensus::internal
