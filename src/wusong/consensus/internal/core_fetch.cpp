// SPDX-License-Identifier: Apache-2.0
// Blocks that did not come by themselves: asked for by id, of one peer at a time, in parts where
// they are large. Whoever sent all of them answers for them.
#include <algorithm>
#include <utility>

#include "wusong/consensus/internal/core.hpp"

namespace wusong::consensus::internal {
namespace {

constexpr std::uint32_t kAskedBytes = kPartsPerRequest * kPartBytes;

std::uint32_t size_of(const Fetch& fetch) noexcept {
  return static_cast<std::uint32_t>(fetch.block.payload.size());
}

}  // namespace

void Core::want(const Hash& id, View view, bool certified, std::optional<PeerId> source,
                Duration delay) {
  if (view <= final_.view) return;
  auto [found, added] = wants_.try_emplace(id, Want{.view = view,
                                                    .certified = certified,
                                                    .source = source,
                                                    .attempts = 0,
                                                    .next_try = now_ + delay,
                                                    .asked = std::nullopt,
                                                    .fetch = std::nullopt});
  if (added || !certified || found->second.certified) return;
  found->second.certified = true;
  found->second.next_try = std::min(found->second.next_try, now_ + delay);
}

void Core::pump_wants() {
  for (auto& [id, wanted] : wants_) {
    if (now_ < wanted.next_try) continue;
    if (dissemination_.under_way(wanted.view, id)) {
      wanted.next_try = now_ + config_.retransmit_min;
    } else {
      ask(id, wanted);
    }
  }
}

/// Goes on where the last answer ended, or begins with another peer.
void Core::ask(const Hash& id, Want& wanted) {
  if (wanted.fetch && std::exchange(wanted.fetch->progressed, false)) {
    wanted.next_try = now_ + 2 * config_.retransmit_min;
    wanted.fetch->asked_until = size_of(*wanted.fetch) + kAskedBytes;
    return send(wanted.asked, BlockRequest{wanted.view, id, size_of(*wanted.fetch)});
  }
  wanted.fetch.reset();
  std::optional<PeerId> target = wanted.source;
  if ((wanted.attempts > 0 || !target) && !peers_.empty()) {
    const auto skip = (wanted.attempts + id.bytes[0]) % peers_.size();
    target = std::next(peers_.begin(), static_cast<std::ptrdiff_t>(skip))->first;
  }
  ++wanted.attempts;
  wanted.next_try = now_ + config_.retransmit_min * std::min(wanted.attempts, 8u);
  wanted.asked = target;
  send(target, BlockRequest{wanted.view, id, 0});
}

Result<void> Core::receive(PeerId from, BlockMessage message) {
  const auto wanted = wants_.find(message.block.ref.id);
  if (wanted == wants_.end()) return fail(err::unrequested_block);
  if (message.offset == 0 && message.rest == 0) return take_fetched(from, std::move(message.block));
  return take_part(from, wanted->second, std::move(message));
}

Result<void> Core::take_fetched(PeerId from, Block block) {
  if (!ports_.identity->matches(block)) return fail(err::block_mismatch);
  if (block.ref.view >= current_) last_proposal_at_ = now_;
  hold(std::move(block), from, false);
  return {};
}

Result<void> Core::take_part(PeerId from, Want& wanted, BlockMessage message) {
  if (wanted.asked != from) return fail(err::unrequested_block);
  const Hash id = message.block.ref.id;
  const auto other = fetching_ && *fetching_ != id ? wants_.find(*fetching_) : wants_.end();
  if (other != wants_.end() && other->second.fetch) {
    // One at a time; a certified one goes first.
    if (other->second.certified || !wanted.certified) return {};
    other->second.fetch.reset();
  }
  fetching_ = id;
  const auto size = static_cast<std::uint32_t>(message.block.payload.size());
  const std::uint32_t total = message.offset + size + message.rest;
  if (!wanted.fetch) {
    wanted.fetch.emplace(Fetch{.block = message.block,
                               .payload_bytes = total,
                               .ahead = {},
                               .asked_until = kAskedBytes,
                               .progressed = false});
    wanted.fetch->block.payload = {};
  }
  Fetch& fetch = *wanted.fetch;
  Bytes part = std::exchange(message.block.payload, {});
  const Block& known = fetch.block;
  if (total != fetch.payload_bytes || message.block.ref != known.ref ||
      message.block.parent_view != known.parent_view ||
      message.block.parent_id != known.parent_id) {
    wanted.fetch.reset();
    return fail(err::block_mismatch);
  }
  if (message.offset >= fetch.asked_until) return fail(err::unrequested_block);
  if (message.offset < size_of(fetch)) return {};
  fetch.ahead.emplace(message.offset, std::move(part));
  for (auto next = fetch.ahead.find(size_of(fetch)); next != fetch.ahead.end();
       next = fetch.ahead.find(size_of(fetch))) {
    append(fetch.block.payload, next->second);
    fetch.ahead.erase(next);
    fetch.progressed = true;
  }
  if (size_of(fetch) == fetch.payload_bytes) {
    Block block = std::move(fetch.block);
    wanted.fetch.reset();
    return take_fetched(from, std::move(block));
  }
  wanted.next_try = now_ + 2 * config_.retransmit_min;
  const bool is_half_here = size_of(fetch) + kAskedBytes / 2 >= fetch.asked_until;
  if (is_half_here && fetch.asked_until < fetch.payload_bytes) {
    send(from, BlockRequest{wanted.view, id, fetch.asked_until});
    fetch.asked_until += kAskedBytes;
  }
  return {};
}

Result<void> Core::receive(PeerId from, BlockRequest message) {
  PeerState& state = *peer(from);
  if (now_ >= state.block_window_end) {
    state.block_window_end = now_ + config_.retransmit_min;
    state.parts_in_window = 0;
  }
  if (++state.parts_in_window > kPartsPerWindow) return fail(err::too_many_requests);
  if (const auto held = blocks_.find(message.block_id);
      held != blocks_.end() && held->second.state != HeldBlock::State::bad) {
    send_parts(from, *held->second.block, message.offset);
    return {};
  }
  for (const BlockPtr& block : retained_) {
    if (block->ref.id != message.block_id) continue;
    send_parts(from, *block, message.offset);
    return {};
  }
  if (message.view <= final_.view)
    actions_.serve.push_back(ServeBlock{from, message.view, message.block_id, message.offset});
  return {};
}

void Core::send_parts(PeerId to, const Block& block, std::uint32_t offset) {
  PeerState& state = *peer(to);
  for (std::uint32_t i = 0; i < kPartsPerRequest; ++i, offset += kPartBytes) {
    if (offset != 0 && offset >= block.payload.size()) return;
    if (i > 0 && ++state.parts_in_window > kPartsPerWindow) return;
    send(to, part_of(block, offset), true);
  }
}

}  // namespace wusong::consensus::internal
