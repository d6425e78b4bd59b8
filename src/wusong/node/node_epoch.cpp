// SPDX-License-Identifier: Apache-2.0
// From one epoch to the next: who votes, what the registry asks for, how the last block of an epoch
// becomes final. Why this is safe: ADR 0014.
#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/finality_proof.hpp"
#include "wusong/node/epoch_frame.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/internal/accounts.hpp"
#include "wusong/node/node.hpp"

namespace wusong::node {
namespace {

constexpr std::uint8_t kEpochRecord = 'e';

}  // namespace

// ---- who is who

consensus::PeerId Node::Voting::to_machine(consensus::PeerId peer) const {
  const auto seat = seats.find(peer);
  if (seat != seats.end()) return seat->second;
  return static_cast<consensus::PeerId>(consensus::kValidatorsMax) + peer;
}

consensus::PeerId Node::Voting::to_driver(consensus::PeerId machine) const {
  if (machine < peers.size()) return peers[machine];
  return machine - static_cast<consensus::PeerId>(consensus::kValidatorsMax);
}

void Node::sit(types::Epoch epoch) {
  Voting next;
  next.domain = types::vote_domain(options_.genesis_hash, epoch);
  next.verifier = options_.keys->verifier(epoch);
  next.signer = options_.keys->signer(epoch);
  for (const types::Validator& validator : epoch.validators) {
    const consensus::PeerId peer = options_.peer_of(validator.node_key);
    next.seats[peer] = static_cast<consensus::ValidatorIndex>(next.peers.size());
    next.peers.push_back(peer);
  }
  next.epoch = std::make_shared<const types::Epoch>(std::move(epoch));
  voting_ = std::move(next);
}

Result<void> Node::restore_epoch() {
  WUSONG_TRY(const std::vector<Height> epochs, ledger_.epochs());
  if (epochs.size() == 1) {
    sit(first_epoch(options_.genesis));
    return {};
  }
  WUSONG_TRY(const auto last, ledger_.block(epochs.back().minus(1)));
  if (!last) return fail(err::ledger_gap);
  WUSONG_TRY(const types::Header header, types::header_of(last->bytes));
  WUSONG_TRY(types::Epoch epoch, types::decode_epoch(header.next_epoch));
  sit(std::move(epoch));
  return {};
}

Result<consensus::Machine> Node::make_machine(std::span<const consensus::Record> records) const {
  const types::ChainParameters& parameters = epoch().parameters;
  // A header that begins an epoch comes on top of a full block; slices bound it all the same.
  const std::uint64_t most = std::min<std::uint64_t>(
      consensus::kPayloadBytesMax,
      std::uint64_t{consensus::kSlicesMax} *
          std::min(options_.dispersal.slice_bytes_max, consensus::kPartBytes));
  const std::uint64_t full = parameters.block_bytes_max + types::kEpochBytesMax + kBlockOverheadMax;
  const consensus::Config config{
      .genesis = voting_.domain,
      .pacemaker = options_.pacemaker,
      .min_block_interval = std::chrono::milliseconds{parameters.block_interval_ms},
      .payload_bytes_max = std::min(most, full),
      .dispersal = options_.dispersal};
  const consensus::BlockRef head{
      .view = final_.header.view, .height = final_.header.number, .id = final_.hash};
  return consensus::Machine::create(config,
                                    {.signer = voting_.signer.get(),
                                     .verifier = voting_.verifier.get(),
                                     .identity = identity_.get()},
                                    head, records);
}

/// The last final block ended its epoch. Its machine goes with all that it remembers: nothing of it
/// counts any more, and whoever is behind fetches the block with its proof.
void Node::enter_epoch(types::Epoch epoch) {
  if (!has_defect(Defect::epoch_records_kept)) {
    for (const Bytes& key : record_keys_) out_.batch.erase(io::Column::vote, key);
  }
  record_keys_.clear();
  events_.clear();
  checks_.clear();
  candidates_.clear();
  closing_.clear();
  storage::Ledger::stage_epoch(out_.batch, epoch.number, epoch.first);
  machine_.reset();  // before the keys it borrows
  sit(std::move(epoch));
  out_.epoch = voting_.epoch;
  fetcher_->enter({voting_.verifier.get(), voting_.domain});
  apply_changes(pool_->on_block({.included = {},
                                 .nonces = {},
                                 .gas_limit = this->epoch().parameters.gas_limit,
                                 .base_fee = this->epoch().parameters.base_fee},
                                now_),
                std::nullopt);
  auto machine = make_machine({});
  if (!machine) {
    out_.halt = machine.error();
    return;
  }
  machine_ = *std::move(machine);
  work_ = declined_ = false;
  const bool nested = std::exchange(feeding_, true);
  absorb(machine_->start(now_));
  feeding_ = nested;
  for (const consensus::PeerId peer : peers_)
    events_.push_back(consensus::PeerConnected{.peer = voting_.to_machine(peer)});
}

// ---- messages and records belong to an epoch

/// The message, where it is of this epoch. One of an earlier epoch is from a node that will hear of
/// the later one; one of a later epoch says that this node has missed the end of its own.
std::optional<BytesView> Node::untagged(consensus::PeerId peer, BytesView payload) {
  const auto frame = untag_frame(payload);
  if (!frame) {
    out_.rejections.push_back({.peer = peer, .error = consensus::err::bad_message});
    return std::nullopt;
  }
  if (frame->epoch > epoch().number)
    feed_sync(sync::FarBehind{.peer = peer, .finalised = final_.header.number.next()});
  if (frame->epoch != epoch().number) return std::nullopt;
  return frame->message;
}

/// Bytes for several peers, one after the other, are copied once.
void Node::send_tagged(std::span<const consensus::Send> sends) {
  const Bytes* last = nullptr;
  for (const consensus::Send& send : sends) {
    auto payload = send.bytes.get() == last
                       ? out_.frames.back().payload
                       : std::make_shared<const Bytes>(tag_frame(epoch().number, *send.bytes));
    last = send.bytes.get();
    std::optional<consensus::PeerId> to;
    if (send.to) to = voting_.to_driver(*send.to);
    out_.frames.push_back({.to = to,
                           .channel = send.bulk ? net::Channel::block : net::Channel::consensus,
                           .payload = std::move(payload)});
  }
}

/// Those of the first epoch have no prefix: all there is on a chain without a registry.
Bytes Node::record_key(BytesView key) const {
  if (epoch().number == 0) return to_bytes(key);
  Bytes out{kEpochRecord};
  append(out, tag_frame(epoch().number, key));
  return out;
}

/// The machine's own records; what an earlier epoch left behind is erased.
Result<std::vector<consensus::Record>> Node::restore_records(
    std::span<const consensus::Record> records) {
  const Bytes prefix = record_key({});
  std::vector<consensus::Record> own;
  for (const consensus::Record& record : records) {
    const bool first_epoch = record.key.empty() || record.key.front() != kEpochRecord;
    const bool ours = epoch().number == 0
                          ? first_epoch
                          : record.key.size() > prefix.size() &&
                                std::equal(prefix.begin(), prefix.end(), record.key.begin());
    if (!ours && has_defect(Defect::epoch_records_kept)) {
      const std::size_t own_key = first_epoch ? 0 : prefix.size();
      own.push_back(
          {.key = to_bytes(BytesView{record.key}.subspan(own_key)), .value = record.value});
      continue;
    }
    if (!ours) {
      out_.batch.erase(io::Column::vote, record.key);
      continue;
    }
    record_keys_.insert(record.key);
    own.push_back(
        {.key = to_bytes(BytesView{record.key}.subspan(prefix.size())), .value = record.value});
  }
  return own;
}

// ---- what the registry asks for

Result<void> Node::note_registry(types::StateView& state, Height height) {
  if (!has_registry(options_.genesis)) return {};
  WUSONG_TRY(const std::uint64_t version, registry_version(state));
  if (!registries_.empty() && registries_.rbegin()->second.version == version) return {};
  WUSONG_TRY(registries_[height], read_registry(state));
  return {};
}

/// Headers to come have agreed on the final one's executed height at least.
void Node::forget_registries() {
  const auto needed = registries_.upper_bound(final_.header.executed);
  if (needed != registries_.begin()) registries_.erase(registries_.begin(), std::prev(needed));
}

/// The epoch that must follow a block with this header; nothing where its own goes on.
std::optional<types::Epoch> Node::epoch_after(const types::Header& header) const {
  const auto later = has_defect(Defect::epoch_too_early) ? registries_.end()
                                                         : registries_.upper_bound(header.executed);
  if (later == registries_.begin()) return std::nullopt;
  return following_epoch(epoch(), std::prev(later)->second, header.number);
}

/// A node that began at a state of others does not know what the registry said before, unless
/// nothing changed since this epoch was read from it.
bool Node::knows_registry_of(Height height) const noexcept {
  return registries_.empty() || registries_.begin()->first <= height ||
         registries_.begin()->second.version == epoch().version;
}

bool Node::change_pending() const noexcept {
  return !registries_.empty() && registries_.rbegin()->second.version != epoch().version;
}

// ---- the end of an epoch

/// The block on which the present epoch began ended another one.
bool Node::ends_this_epoch(const types::Header& header) const noexcept {
  return !header.next_epoch.empty() && header.number >= epoch().first &&
         !has_defect(Defect::epoch_not_closed);
}

std::optional<consensus::ClosingBlock> Node::closing_on(const consensus::BlockRef& parent,
                                                        View view) const {
  consensus::ClosingBlock out{.view = view,
                              .height = parent.height.next(),
                              .parent_id = parent.id,
                              .last_height = parent.height,
                              .last_id = parent.id};
  if (const auto found = closing_.find(parent.id); found != closing_.end()) {
    out.last_height = found->second.last_height;
    out.last_id = found->second.last_id;
    return out;
  }
  const auto tip = tip_of(parent.id);
  return tip && ends_this_epoch(tip->header) ? std::optional{out} : std::nullopt;
}

/// After an epoch's last block there is nothing to propose but its end, and that only when its
/// votes are overdue. @return whether the parent is such a block
bool Node::build_closing(const consensus::BuildPayload& request) {
  const auto closing = closing_on(request.parent, request.view);
  if (!closing) return false;
  if (!request.for_finality) {
    declined_ = true;
    feed(consensus::PayloadDeclined{.view = request.view});
    return true;
  }
  const Hash id = consensus::closing_id(*closing);
  closing_[id] = *closing;
  feed(consensus::PayloadBuilt{
      .view = request.view, .block_id = id, .payload = consensus::encode(*closing)});
  return true;
}

void Node::check_closing(const consensus::VerifyPayload& request) {
  const consensus::Block& block = *request.block;
  const auto expected = closing_on(
      {.view = block.parent_view, .height = block.ref.height.minus(1), .id = block.parent_id},
      block.ref.view);
  const bool good = expected && block.payload == consensus::encode(*expected);
  if (good) {
    closing_[block.ref.id] = *expected;
  } else {
    ++counters_.proposals_refused;
    out_.refusals.push_back({.block = block.ref.id, .error = err::wrong_epoch});
  }
  feed(consensus::PayloadVerified{
      .block_id = block.ref.id,
      .verdict = good ? consensus::Verdict::ok : consensus::Verdict::bad});
}

/// What proves the last of the finalised blocks that is of the chain.
Bytes Node::proof_of(const consensus::Finalized& finalized) const {
  const auto closing = closing_.find(finalized.blocks.back()->ref.id);
  if (closing == closing_.end())
    return consensus::encode(consensus::make_finality_proof(finalized.certificate));
  return consensus::encode(consensus::make_finality_proof(closing->second, finalized.certificate));
}

}  // namespace wusong::node
