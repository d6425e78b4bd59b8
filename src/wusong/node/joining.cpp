// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/joining.hpp"

#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/node/epoch_ends.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/state/errors.hpp"

namespace wusong::node {

Result<Bytes> serve_state(const state::StateDb& state, const net::SnapshotRequest& request,
                          std::size_t part_bytes_max) {
  const auto tries = state.tries(request.height);
  const bool no_such = !tries && tries.error().info().disposition == Disposition::reject;
  if (!tries && !no_such) {
    // Too many readers: whoever asks may ask again.
    if (tries.error().info().disposition != Disposition::retry) return fail(tries.error());
    const net::SnapshotResponse busy{
        .id = request.id, .status = net::SnapshotResponse::Status::busy, .parts = {}};
    return net::encode(net::SyncMessage{busy});
  }
  WUSONG_TRY(auto response,
             sync::serve_snapshot(no_such ? nullptr : tries->get(), request, part_bytes_max));
  return net::encode(net::SyncMessage{std::move(response)});
}

Result<Bytes> serve_proof(const state::StateDb& state, const net::ProofRequest& request) {
  net::ProofResponse response{.id = request.id, .account = {}, .slots = {}};
  auto proof = state.proof(request.height, request.address, request.slots);
  if (proof) {
    response.account = std::move(proof->nodes);
    for (state::StorageProof& slot : proof->storage)
      response.slots.push_back(std::move(slot.nodes));
  } else if (proof.error().info().disposition == Disposition::halt) {
    return fail(proof.error());
  }
  return net::encode(net::SyncMessage{std::move(response)});
}

Result<void> finish_join(state::StateDb& state, const storage::Ledger& ledger) {
  const auto base = ledger.base();
  if (!base || state.head()->height >= *base) return {};
  WUSONG_TRY(const auto roots, ledger.roots(*base));
  if (!roots) return fail(err::ledger_gap);
  WUSONG_TRY(const auto import, state.import_state());
  const auto done = import->finish(*base, roots->state_root);
  return done ? done : fail(err::ledger_gap);
}

namespace {

storage::Base::Header base_header(const types::Header& header) {
  return {.height = header.number,
          .hash = types::hash_of(header),
          .block = types::encode_block(header, {})};
}

}  // namespace

Joining::Joining(const Options& options, storage::Ledger& ledger, sync::Checkpoint checkpoint,
                 Instant now)
    : options_{options}, ledger_{ledger}, checkpoint_{std::move(checkpoint)}, now_{now} {}

Result<std::unique_ptr<Joining>> Joining::create(const Options& options, state::StateDb& state,
                                                 storage::Ledger& ledger,
                                                 sync::Checkpoint checkpoint, Instant now) {
  std::unique_ptr<Joining> out{new Joining{options, ledger, std::move(checkpoint), now}};
  WUSONG_TRY(out->import_, state.import_state());
  out->fetcher_.emplace(sync::SnapshotConfig{}, *out->import_, out->checkpoint_.height,
                        out->checkpoint_.state_root(), now);
  return out;
}

JoinActions Joining::take() {
  return std::exchange(out_, {});
}

Instant Joining::wake_at() const noexcept {
  Instant wake = Instant::max();
  if (fetcher_wake_) wake = std::min(wake, *fetcher_wake_);
  if (finder_wake_) wake = std::min(wake, *finder_wake_);
  return wake;
}

void Joining::tick() {
  if (fetcher_wake_ && now_ >= *fetcher_wake_) {
    fetcher_wake_.reset();
    feed(sync::Tick{});
  }
  if (finder_wake_ && now_ >= *finder_wake_) {
    finder_wake_.reset();
    feed_finder(sync::Tick{});
  }
}

void Joining::on_connected(consensus::PeerId peer, Height finalised) {
  const sync::PeerStatus status{.peer = peer, .finalised = finalised};
  statuses_[peer] = status;
  feed(status);
  feed_finder(status);
}

void Joining::on_disconnected(consensus::PeerId peer) {
  statuses_.erase(peer);
  feed(sync::PeerGone{peer});
  feed_finder(sync::PeerGone{peer});
}

void Joining::on_frame(consensus::PeerId peer, net::Channel channel, BytesView payload) {
  if (channel != net::Channel::sync) return;  // votes and blocks are for those who are there
  auto message = net::decode_sync(payload);
  if (!message) {
    out_.rejections.push_back({.peer = peer, .error = message.error()});
    return;
  }
  if (const auto* status = std::get_if<net::StatusAnnouncement>(&*message)) {
    const sync::PeerStatus told{
        .peer = peer, .finalised = status->finalised, .oldest = status->oldest};
    statuses_[peer] = told;
    feed(told);
    feed_finder(told);
  } else if (auto* range = std::get_if<net::RangeResponse>(&*message)) {
    feed_finder(sync::RangeReceived{.peer = peer, .range = std::move(*range)});
  } else if (auto* epochs = std::get_if<net::EpochsResponse>(&*message)) {
    feed_finder(sync::EpochsReceived{.peer = peer, .response = std::move(*epochs)});
  } else if (auto* response = std::get_if<net::SnapshotResponse>(&*message)) {
    feed(sync::SnapshotReceived{.peer = peer, .response = std::move(*response)});
  } else {
    answer_nothing(peer, *message);
  }
}

/// Others need not wait for a node that has nothing yet.
void Joining::answer_nothing(consensus::PeerId peer, const net::SyncMessage& request) {
  if (const auto* range = std::get_if<net::RangeRequest>(&request)) {
    send(peer,
         net::RangeResponse{.id = range->id, .from = range->from, .blocks = {}, .certificate = {}});
  } else if (const auto* part = std::get_if<net::SnapshotRequest>(&request)) {
    send(peer, net::SnapshotResponse{
                   .id = part->id, .status = net::SnapshotResponse::Status::gone, .parts = {}});
  } else if (const auto* proof = std::get_if<net::ProofRequest>(&request)) {
    send(peer, net::ProofResponse{.id = proof->id, .account = {}, .slots = {}});
  } else if (const auto* epochs = std::get_if<net::EpochsRequest>(&request)) {
    send(peer, net::EpochsResponse{.id = epochs->id, .ends = {}});
  }
}

void Joining::send(consensus::PeerId peer, const net::SyncMessage& message) {
  out_.frames.push_back({.to = peer,
                         .channel = net::Channel::sync,
                         .payload = std::make_shared<const Bytes>(net::encode(message))});
}

void Joining::feed(sync::SnapshotFetcher::Event event) {
  if (out_.done || out_.halt) return;
  sync::SnapshotFetcher::Actions actions = fetcher_->step(std::move(event), now_);
  for (auto& request : actions.requests) send(request.to, std::move(request.request));
  for (const sync::Misbehaviour& liar : actions.misbehaviour)
    out_.rejections.push_back({.peer = liar.peer, .error = liar.reason});
  fetcher_wake_ = actions.wake_at;
  if (actions.halt) out_.halt = actions.halt;
  if (actions.gone) look_for_newer();
  if (!actions.complete || out_.halt) return;
  const auto installed = install();
  if (installed) {
    out_.done = true;
  } else if (installed.error() == Error{state::err::import_incomplete}) {
    fetcher_->aim(checkpoint_.height, checkpoint_.state_root());
    fetcher_wake_ = now_ + std::chrono::seconds{1};
  } else {
    out_.halt = installed.error();
  }
}

/// The state that was being fetched is no longer kept by anybody.
void Joining::look_for_newer() {
  if (finder_) return;
  auto epochs =
      follow_ledger(ledger_, options_.genesis_hash, options_.first_epoch, options_.voters_of);
  if (!epochs) {
    out_.halt = epochs.error();
    return;
  }
  finder_.emplace(options_.join.finder, *std::move(epochs), checkpoint_.height.next(), now_);
  for (const auto& [peer, status] : statuses_) feed_finder(status);
}

void Joining::feed_finder(sync::CheckpointFinder::Event event) {
  if (!finder_) return;
  auto actions = finder_->step(std::move(event), now_);
  for (const auto& request : actions.requests) send(request.to, request.message);
  for (const sync::Misbehaviour& liar : actions.misbehaviour)
    out_.rejections.push_back({.peer = liar.peer, .error = liar.reason});
  finder_wake_ = actions.wake_at;
  if (actions.gave_up) {
    finder_.reset();
    look_for_newer();
    return;
  }
  if (!actions.found) return;
  finder_.reset();
  finder_wake_.reset();
  checkpoint_ = *std::move(actions.found);
  fetcher_->aim(checkpoint_.height, checkpoint_.state_root());
  feed(sync::Tick{});
}

/// The ledger first: finish_join() completes the state where a crash comes between them.
Result<void> Joining::install() {
  WUSONG_TRY(const bool complete,
             import_->has(std::nullopt, {}, state::NodeRef::of_hash(checkpoint_.state_root())));
  if (!complete && !has_defect(Defect::snapshot_unchecked))
    return fail(state::err::import_incomplete);
  WUSONG_CHECK(import_->sync());
  storage::Base base;
  for (const sync::Checkpoint::Block& block : checkpoint_.blocks)
    base.headers.push_back(base_header(block.header));
  base.roots = checkpoint_.roots;
  base.certificates = checkpoint_.certificates;
  WUSONG_TRY(const std::vector<Height> known, ledger_.epochs());
  for (const net::EpochEnd& end : checkpoint_.epochs) {
    WUSONG_TRY(const types::Header header, types::decode_header(end.header));
    base.epochs.push_back({.next = known.size() + base.epochs.size(),
                           .last = base_header(header),
                           .certificate = end.certificate});
  }
  WUSONG_CHECK(ledger_.rebase(base));
  return import_->finish(checkpoint_.height, checkpoint_.state_root());
}

}  // namespace wusong::node
