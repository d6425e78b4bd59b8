// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/internal/sim_app.hpp"

#include "wusong/hash/hash.hpp"

namespace wusong::sim::internal {
namespace {

constexpr std::size_t kNumbersMax = 8;

void put(Bytes& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint64_t get(BytesView bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes.subspan(at, 8)) value = value << 8 | byte;
  return value;
}

}  // namespace

Hash sim_genesis() {
  return hash::keccak256(as_bytes("wusong/sim/genesis"));
}

Bytes encode_payload(const SimPayload& payload) {
  Bytes out;
  put(out, payload.view.value);
  put(out, payload.height.value);
  append(out, payload.parent_id);
  for (const std::uint64_t number : payload.numbers) put(out, number);
  return out;
}

std::optional<SimPayload> decode_payload(BytesView bytes) {
  if (bytes.size() < 48 || bytes.size() % 8 != 0) return std::nullopt;
  SimPayload out{View{get(bytes, 0)}, Height{get(bytes, 8)}, Hash::from(bytes.subspan(16, 32)), {}};
  for (std::size_t at = 48; at < bytes.size(); at += 8) out.numbers.push_back(get(bytes, at));
  return out;
}

Hash payload_id(BytesView bytes) {
  return hash::keccak256(bytes);
}

bool SimIdentity::matches(const consensus::Block& block) const {
  const auto payload = decode_payload(block.payload);
  return payload && payload->view == block.ref.view && payload->height == block.ref.height &&
         payload->parent_id == block.parent_id && payload_id(block.payload) == block.ref.id;
}

void SimApp::restore(std::vector<consensus::BlockPtr> ledger) {
  *this = {};
  for (const auto& block : ledger) append(block);
}

void SimApp::submit(std::uint64_t number) {
  if (!final_numbers_.contains(number)) pool_.insert(number);
}

consensus::BlockRef SimApp::head() const {
  return ledger_.empty() ? consensus::BlockRef{View{}, Height{}, sim_genesis()}
                         : ledger_.back()->ref;
}

std::optional<std::set<std::uint64_t>> SimApp::open_numbers(Hash tip) const {
  std::set<std::uint64_t> numbers;
  for (const Hash last = head().id; tip != last;) {
    const auto found = open_.find(tip);
    if (found == open_.end()) return std::nullopt;
    const auto payload = decode_payload(found->second->payload);
    numbers.insert(payload->numbers.begin(), payload->numbers.end());
    tip = found->second->parent_id;
  }
  return numbers;
}

std::optional<Bytes> SimApp::build(const consensus::BuildPayload& request) const {
  const auto taken = open_numbers(request.parent.id);
  if (!taken) return std::nullopt;
  SimPayload payload{request.view, request.parent.height.next(), request.parent.id, {}};
  for (const std::uint64_t number : pool_) {
    if (payload.numbers.size() == kNumbersMax) break;
    if (!taken->contains(number)) payload.numbers.push_back(number);
  }
  if (payload.numbers.empty() && !request.for_finality) return std::nullopt;
  return encode_payload(payload);
}

consensus::Verdict SimApp::check(const consensus::BlockPtr& block) {
  const auto payload = decode_payload(block->payload);
  if (!payload) return consensus::Verdict::mismatch;
  const auto taken = open_numbers(block->parent_id);
  if (!taken) return consensus::Verdict::bad;
  std::set<std::uint64_t> seen;
  for (const std::uint64_t number : payload->numbers) {
    if (number == 0 || taken->contains(number) || final_numbers_.contains(number) ||
        !seen.insert(number).second)
      return consensus::Verdict::bad;
  }
  open_[block->ref.id] = block;
  return consensus::Verdict::ok;
}

void SimApp::built(const consensus::BlockPtr& block) {
  open_[block->ref.id] = block;
}

bool SimApp::append(const consensus::BlockPtr& block) {
  const consensus::BlockRef last = head();
  if (block->ref.height != last.height.next() || block->parent_id != last.id) return false;
  const auto payload = decode_payload(block->payload);
  if (!payload) return false;
  for (const std::uint64_t number : payload->numbers) {
    if (number == 0 || !final_numbers_.insert(number).second) return false;
    pool_.erase(number);
  }
  ledger_.push_back(block);
  std::erase_if(open_,
                [&](const auto& entry) { return entry.second->ref.view <= block->ref.view; });
  return true;
}

}  // namespace wusong::sim::internal
