// SPDX-License-Identifier: Apache-2.0
// Slices on their way to this replica, and what it passes on. The leader's part is in
// dissemination_leader.cpp.
#include "wusong/consensus/internal/dissemination.hpp"

#include <algorithm>
#include <utility>

#include "wusong/base/defect.hpp"
#include "wusong/consensus/errors.hpp"

namespace wusong::consensus::internal {
namespace {

constexpr std::uint64_t kViewsKept = 4;    // certified ones, for those who still assemble them
constexpr std::uint32_t kStallsBorne = 3;  // before the block is asked for instead

bool same_block(const SliceHeader& a, const SliceHeader& b) noexcept {
  return a.block == b.block && a.parent_view == b.parent_view && a.parent_id == b.parent_id &&
         a.payload_bytes == b.payload_bytes && a.slice_bytes == b.slice_bytes;
}

/// A signed header alone, as evidence.
Bytes signed_header(const SliceHeader& header, const Bytes& signature) {
  return encode(FragmentMessage{header, signature, {}});
}

}  // namespace

Dissemination::Dissemination(const Config& config, Ports ports)
    : config_{config},
      ports_{ports},
      validators_{static_cast<std::uint32_t>(ports.verifier->count())},
      needed_{coding::Shape::for_validators(validators_).needed} {
  auto disperser =
      coding::Disperser::create(coding::Shape::for_validators(validators_), config.dispersal.hash);
  WUSONG_ASSERT(disperser);  // up to kValidatorsMax any number has a code
  disperser_ = std::make_shared<const coding::Disperser>(*std::move(disperser));
  if (ports.signer != nullptr) self_ = ports.signer->index();
}

void Dissemination::disconnected(PeerId peer) {
  peers_.erase(peer);
  for (auto& [view, assembly] : assemblies_) assembly.peers.erase(peer);
}

ValidatorIndex Dissemination::leader(View view) const noexcept {
  return static_cast<ValidatorIndex>(view.value % validators_);
}

Assembly* Dissemination::find(View view, const Hash& block_id) {
  const auto found = assemblies_.find(view);
  return found != assemblies_.end() && found->second.header.block.id == block_id ? &found->second
                                                                                 : nullptr;
}

Result<std::uint16_t> Dissemination::check_carrier(PeerId from,
                                                   const FragmentMessage& message) const {
  if (message.fragment.size() < 2) return fail(err::bad_fragment);
  const auto index = static_cast<std::uint16_t>(message.fragment[0] << 8 | message.fragment[1]);
  const bool is_ours = from == leader(message.slice.block.view) && self_ == index;
  if (from != index && !is_ours) return fail(err::foreign_fragment);
  return index;
}

/// Whether the fragment could be of use at all.
Result<void> Dissemination::check_place(const Assembly* known, const SliceHeader& header,
                                        std::uint16_t index) const {
  const std::uint32_t next = known != nullptr ? known->next : 0;
  if (header.index >= next + 2 * config_.dispersal.window) return fail(err::slice_out_of_window);
  if (known == nullptr) return {};
  const auto slice = known->slices.find(header.index);
  if (slice == known->slices.end() || slice->second.header != header) return {};
  const bool is_held =
      slice->second.fragments.contains(index) || (self_ == index && slice->second.own != nullptr);
  if (is_held) return fail(err::repeated_fragment);
  return {};
}

/// The view's leader has signed this header and no other of the block or the slice.
Result<void> Dissemination::check_header(Assembly* known, const FragmentMessage& message,
                                         Actions& out) const {
  const SliceHeader& header = message.slice;
  const SliceHeader* other = nullptr;
  const Bytes* other_signature = nullptr;
  if (known != nullptr) {
    const auto slice = known->slices.find(header.index);
    if (slice != known->slices.end() && slice->second.header == header &&
        slice->second.signature == message.signature)
      return {};
    if (!same_block(known->header, header)) {
      other = &known->header;
      other_signature = &known->signature;
    } else if (slice != known->slices.end() && slice->second.header != header) {
      other = &slice->second.header;
      other_signature = &slice->second.signature;
    }
    if (other != nullptr && known->reported) return fail(err::equivocation);
  }
  const ValidatorIndex by = leader(header.block.view);
  if (!ports_.verifier->verify(by, slice_sign_bytes(config_.genesis, header), message.signature))
    return fail(err::bad_signature);
  if (other == nullptr) return {};
  known->reported = true;
  out.misbehaviour.push_back({.validator = by,
                              .kind = MisbehaviourKind::two_dispersals,
                              .first = signed_header(*other, *other_signature),
                              .second = signed_header(header, message.signature)});
  return fail(err::equivocation);
}

/// A slice that has enough already wants no more than our own fragment, to pass it on.
bool Dissemination::is_useful(const Assembly& assembly, std::uint32_t slice,
                              std::uint16_t index) const {
  const auto found = assembly.slices.find(slice);
  if (found == assembly.slices.end() || found->second.state == Slice::State::collecting)
    return true;
  return self_ == index && found->second.own == nullptr;
}

/// What comes too early may take no more than one block.
Result<void> Dissemination::check_room(View view, View current, std::size_t bytes) const {
  if (view <= current) return {};
  std::size_t held = bytes;
  for (auto it = assemblies_.upper_bound(current); it != assemblies_.end(); ++it)
    held += it->second.held_bytes;
  if (held > config_.payload_bytes_max) return fail(err::dispersal_full);
  return {};
}

auto Dissemination::receive(PeerId from, FragmentMessage message, View current, Instant now,
                            Actions& out) -> Result<Arrival> {
  const View view = message.slice.block.view;
  const std::uint32_t at = message.slice.index;
  const auto found = assemblies_.find(view);
  Assembly* known = found == assemblies_.end() ? nullptr : &found->second;
  if (known != nullptr && !known->under_way() && same_block(known->header, message.slice))
    return Arrival{};
  WUSONG_TRY(const std::uint16_t index, check_carrier(from, message));
  if (known != nullptr && at < known->next && same_block(known->header, message.slice))
    return Arrival{};
  WUSONG_CHECK(check_place(known, message.slice, index));
  WUSONG_CHECK(check_room(view, current, message.fragment.size()));
  WUSONG_CHECK(check_header(known, message, out));
  if (known != nullptr && !is_useful(*known, at, index)) return Arrival{};
  auto held = std::make_shared<const FragmentMessage>(std::move(message));
  const auto opened = disperser_->open(held->slice.commitment, held->fragment);
  const bool is_believed = self_ == index && has_defect(Defect::fragment_unverified);
  if (!opened && !is_believed) return fail(err::bad_fragment);
  if (opened && opened->payload_bytes != slice_size(held->slice)) return fail(err::bad_slice);

  Assembly& assembly = known != nullptr ? *known : assemblies_[view];
  if (known == nullptr) {
    assembly.header = held->slice;
    assembly.signature = held->signature;
    assembly.repeat_interval = config_.retransmit_min;
    assembly.repeat_at = now + assembly.repeat_interval;
  }
  Slice& slice = assembly.slices[at];
  if (slice.signature.empty()) {
    slice.header = held->slice;
    slice.signature = held->signature;
  }
  if (self_ == index) adopt_own(assembly, slice, std::make_shared<const Bytes>(encode(*held)), out);
  if (!opened || slice.state != Slice::State::collecting) return Arrival{};
  assembly.held_bytes += held->fragment.size();
  slice.fragments.emplace(index, HeldFragment{std::move(held), *opened});
  if (slice.fragments.size() < needed_) return Arrival{};
  slice.state = Slice::State::decoding;
  SliceJob job{.view = view,
               .block_id = assembly.header.block.id,
               .slice = at,
               .disperser = disperser_,
               .block = nullptr,
               .slice_bytes = assembly.header.slice_bytes,
               .fragments = {}};
  for (const auto& [number, fragment] : slice.fragments) job.fragments.push_back(fragment);
  out.slice_jobs.push_back(std::move(job));
  return Arrival{};
}

void Dissemination::adopt_own(Assembly& assembly, Slice& slice, SharedBytes message,
                              Actions& out) const {
  assembly.held_bytes += message->size();
  slice.own = std::move(message);
  pass_on(assembly, slice, out);
}

/// Our fragment to everybody who has room for it. The leader has the block.
void Dissemination::pass_on(Assembly& assembly, const Slice& slice, Actions& out) const {
  for (const PeerId peer : peers_) {
    if (peer == leader(assembly.header.block.view)) continue;
    const std::uint32_t next = assembly.peers[peer].next;
    if (slice.header.index < next || slice.header.index >= next + config_.dispersal.window)
      continue;
    out.sends.push_back({.to = peer, .bytes = slice.own, .bulk = true});
  }
}

void Dissemination::send_own(const Assembly& assembly, PeerId to, std::uint32_t begin,
                             std::uint32_t end, Actions& out) const {
  for (auto it = assembly.slices.lower_bound(begin); it != assembly.slices.end() && it->first < end;
       ++it)
    if (it->second.own != nullptr)
      out.sends.push_back({.to = to, .bytes = it->second.own, .bulk = true});
}

void Dissemination::receive(PeerId from, const SliceStatus& status, Instant now, Actions& out) {
  Assembly* assembly = find(status.view, status.block_id);
  if (assembly == nullptr || assembly->bad || from == leader(status.view)) return;
  Assembly::Peer& peer = assembly->peers[from];
  const std::uint32_t window = config_.dispersal.window;
  std::uint32_t begin = peer.next + window;
  if (status.next <= peer.next) {
    if (now < peer.answer_after) return;
    peer.answer_after = now + config_.retransmit_min / 2;
    begin = status.next;
  }
  peer.next = status.next;
  const std::uint32_t end = status.next + window;
  if (assembly->block == nullptr) return send_own(*assembly, from, begin, end, out);
  if (from >= validators_) return;
  for (std::uint32_t slice = begin; slice < std::min(end, assembly->encoded); ++slice)
    assembly->again[slice].insert(from);
  encode_more(*assembly, out);
}

auto Dissemination::coded(const SliceCoded& result, Instant now, Actions& out) -> Arrival {
  Assembly* assembly = find(result.view, result.block_id);
  if (assembly == nullptr) return {};
  if (assembly->block != nullptr) {
    WUSONG_ASSERT(result.coded);  // a slice of a block has a code word
    send_encoded(*assembly, result.slice, **result.coded, out);
    encode_more(*assembly, out);
    return {};
  }
  const auto found = assembly->slices.find(result.slice);
  if (!assembly->under_way() || found == assembly->slices.end() ||
      found->second.state != Slice::State::decoding)
    return {};
  Slice& slice = found->second;
  if (!result.coded) {
    std::vector<HeldFragment> proof;
    for (const auto& [index, fragment] : slice.fragments) proof.push_back(fragment);
    out.misbehaviour.push_back({.validator = leader(result.view),
                                .kind = MisbehaviourKind::inconsistent_encoding,
                                .first = encode_encoding_proof(proof),
                                .second = {}});
    refuse(result.view);
    return {.block = std::nullopt, .leader_is_faulty = true, .bytes = 0};
  }
  decoded(*assembly, slice, **result.coded, out);
  return advance(*assembly, now, out);
}

void Dissemination::decoded(Assembly& assembly, Slice& slice, const coding::Dispersal& dispersal,
                            Actions& out) {
  slice.state = Slice::State::decoded;
  slice.bytes = to_bytes(dispersal.payload());
  assembly.held_bytes += slice.bytes.size();
  for (const auto& [index, fragment] : slice.fragments)
    assembly.held_bytes -= fragment.message->fragment.size();
  slice.fragments.clear();
  if (!self_ || slice.own != nullptr) return;
  // Whoever the leader left out has its fragment now, and the others may need it.
  const FragmentMessage own{slice.header, slice.signature, dispersal.message(*self_)};
  adopt_own(assembly, slice, std::make_shared<const Bytes>(encode(own)), out);
}

/// Joins what has arrived without a gap.
auto Dissemination::advance(Assembly& assembly, Instant now, Actions& out) -> Arrival {
  Arrival arrival;
  const SliceHeader& header = assembly.header;
  const std::uint32_t before = assembly.next;
  if (before == 0) assembly.payload.reserve(header.payload_bytes);  // address space, not memory
  for (auto it = assembly.slices.find(assembly.next);
       it != assembly.slices.end() && it->second.state == Slice::State::decoded;
       it = assembly.slices.find(assembly.next)) {
    append(assembly.payload, it->second.bytes);
    arrival.bytes += it->second.bytes.size();
    it->second.bytes = {};
    ++assembly.next;
  }
  if (assembly.next == before) return arrival;
  assembly.stalls = 0;
  assembly.repeat_interval = config_.retransmit_min;
  assembly.repeat_at = now + assembly.repeat_interval;
  const std::uint32_t window = config_.dispersal.window;
  const std::uint32_t step = std::max(window / 2, 1u);
  const bool is_report_due =
      before / step != assembly.next / step || assembly.next == assembly.count();
  if (assembly.count() > window && is_report_due) {
    const auto status = std::make_shared<const Bytes>(
        encode(SliceStatus{header.block.view, header.block.id, assembly.next}));
    out.sends.push_back({.to = std::nullopt, .bytes = status, .bulk = false});
  }
  if (assembly.next < assembly.count()) return arrival;
  assembly.complete = true;
  assembly.held_bytes -= assembly.payload.size();
  arrival.block = Block{.ref = header.block,
                        .parent_view = header.parent_view,
                        .parent_id = header.parent_id,
                        .payload = std::exchange(assembly.payload, {})};
  return arrival;
}

void Dissemination::repeat(Instant now, Actions& out) {
  for (auto& [view, assembly] : assemblies_) {
    if (!assembly.under_way() || now < assembly.repeat_at) continue;
    ++assembly.stalls;
    assembly.repeat_interval = std::min(assembly.repeat_interval * 2, config_.retransmit_max);
    assembly.repeat_at = now + assembly.repeat_interval;
    const SliceStatus status{view, assembly.header.block.id, assembly.next};
    out.sends.push_back({.to = std::nullopt,
                         .bytes = std::make_shared<const Bytes>(encode(status)),
                         .bulk = false});
  }
}

std::optional<Instant> Dissemination::wake_at() const {
  std::optional<Instant> wake;
  for (const auto& [view, assembly] : assemblies_)
    if (assembly.under_way()) wake = std::min(wake.value_or(Instant::max()), assembly.repeat_at);
  return wake;
}

void Dissemination::arrived(View view, const Hash& block_id) {
  Assembly* assembly = find(view, block_id);
  if (assembly == nullptr || !assembly->under_way()) return;
  assembly->complete = true;
  assembly->held_bytes = 0;
  assembly->payload = {};
  for (auto& [index, slice] : assembly->slices) {
    slice.fragments.clear();
    slice.bytes = {};
    if (slice.own != nullptr) assembly->held_bytes += slice.own->size();
  }
}

void Dissemination::refuse(View view) {
  const auto found = assemblies_.find(view);
  if (found == assemblies_.end()) return;
  Assembly& assembly = found->second;
  assembly.bad = true;
  assembly.held_bytes = 0;
  assembly.payload = {};
  assembly.slices.clear();
}

bool Dissemination::under_way(View view, const Hash& block_id) const {
  const auto found = assemblies_.find(view);
  return found != assemblies_.end() && found->second.header.block.id == block_id &&
         found->second.under_way() && found->second.stalls < kStallsBorne;
}

bool Dissemination::refused(View view, const Hash& block_id) const {
  const auto found = assemblies_.find(view);
  return found != assemblies_.end() && found->second.header.block.id == block_id &&
         found->second.bad;
}

void Dissemination::forget(View through) {
  assemblies_.erase(assemblies_.begin(), assemblies_.upper_bound(through));
}

void Dissemination::prune(View current,
                          const std::function<bool(View, const Hash&)>& is_certified) {
  std::erase_if(assemblies_, [&](const auto& entry) {
    const auto& [view, assembly] = entry;
    if (view >= current) return false;
    const bool is_old = !assembly.under_way() && view.value + kViewsKept < current.value;
    return is_old || !is_certified(view, assembly.header.block.id);
  });
}

std::size_t Dissemination::held_bytes() const {
  std::size_t total = 0;
  for (const auto& [view, assembly] : assemblies_) total += assembly.held_bytes;
  return total;
}

}  // namespace wusong::consensus::internal
