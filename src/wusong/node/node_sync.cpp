// SPDX-License-Identifier: Apache-2.0
// Far behind: ranges of final blocks come from peers, proven, and are stored like those agreed
// here.
#include <algorithm>

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/node/epoch_ends.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/node.hpp"
#include "wusong/sync/range.hpp"

namespace wusong::node {
namespace {

// Peers hear of a new final height at most this often: it only steers whom they ask.
constexpr Duration kAnnouncementInterval = std::chrono::milliseconds{500};

// Final blocks that may wait for execution while more are fetched.
constexpr std::uint64_t kUnexecutedSyncMax = 512;

// Requests for parts of a state that are answered at once. Others are told to ask again.
constexpr std::size_t kStateJobsMax = 2;

// No peer has the next block for so long: then none will come.
constexpr Duration kOutOfReachMin = std::chrono::seconds{5};

// After a search for a checkpoint that led nowhere, blocks are fetched for this long.
constexpr Duration kFinderRest = std::chrono::seconds{60};

}  // namespace

void Node::feed_sync(sync::Event event) {
  sync::Actions actions = fetcher_->step(std::move(event), now_);
  for (const sync::Request& request : actions.requests) answer_sync(request.to, request.range);
  for (const sync::PartRequest& request : actions.part_requests)
    answer_sync(request.to, request.part);
  if (actions.delivery) {
    delivery_ = SyncedBlocks{.blocks = std::move(actions.delivery->blocks),
                             .certificate = std::move(actions.delivery->certificate)};
    release_delivery();
  }
  for (const sync::Misbehaviour& liar : actions.misbehaviour) {
    out_.rejections.push_back({.peer = liar.peer, .error = liar.reason});
  }
  if (actions.wake_at) sync_wake_ = actions.wake_at;
  consider_joining();
}

/// Blocks from the first on are not worth fetching where a state can be had.
void Node::consider_joining() {
  using Mode = JoinOptions::Mode;
  // A peer that has everything may only be on its way.
  if (!fetcher_->out_of_reach())
    unreachable_since_.reset();
  else if (!unreachable_since_)
    unreachable_since_ = now_;
  if (finder_ || options_.join.mode == Mode::full || now_ < finder_rests_until_) return;
  const std::uint64_t here = final_.header.number.value;
  const std::uint64_t gap = fetcher_->target().value - here;
  std::uint64_t least =
      options_.join.mode == Mode::snapshot ? sync::Config{}.gap_min : options_.join.gap;
  if (out_of_reach()) least = 1;
  if (gap < least) return;
  auto epochs = follow_ledger(
      ledger_, options_.genesis_hash, first_epoch(options_.genesis),
      [keys = options_.keys](const types::Epoch& epoch) { return keys->verifier(epoch); });
  if (!epochs) {
    out_.halt = epochs.error();
    return;
  }
  // What peers claim is not proven; what comes of it must be worth leaving consensus for.
  finder_.emplace(options_.join.finder, *std::move(epochs), Height{here + (least + 1) / 2}, now_);
  for (const auto& [peer, status] : statuses_) feed_finder(status);
}

void Node::feed_finder(sync::CheckpointFinder::Event event) {
  if (!finder_) return;
  auto actions = finder_->step(std::move(event), now_);
  for (auto& request : actions.requests) answer_sync(request.to, std::move(request.message));
  for (const sync::Misbehaviour& liar : actions.misbehaviour)
    out_.rejections.push_back({.peer = liar.peer, .error = liar.reason});
  finder_wake_ = actions.wake_at;
  if (actions.found) {
    out_.join = std::move(actions.found);
  } else if (actions.gave_up) {
    finder_rests_until_ = now_ + kFinderRest;
  } else {
    return;
  }
  finder_.reset();
  finder_wake_.reset();
  release_delivery();
}

// Fetching is faster than executing: blocks in between are held as bytes, one delivery at most.
void Node::release_delivery() {
  // A block executed now would undo what an interrupted snapshot left.
  if (finder_ || out_.join) return;
  if (!delivery_ || final_.header.number.value - executed_.value > kUnexecutedSyncMax) return;
  out_.synced.push_back(*std::move(delivery_));
  delivery_.reset();
}

void Node::on_behind(const consensus::Behind& behind) {
  feed_sync(sync::FarBehind{.peer = voting_.to_driver(behind.peer),
                            .finalised = behind.certificate.subject.height});
}

void Node::greet_sync(consensus::PeerId peer, Height finalised) {
  statuses_[peer] = {.peer = peer, .finalised = finalised};
  feed_finder(statuses_[peer]);
  feed_sync(statuses_[peer]);
  // Its hello said how far it is; what it still has whole only a status says.
  if (ledger_.kept().blocks > Height{0}) answer_sync(peer, status());
}

void Node::drop_from_sync(consensus::PeerId peer) {
  statuses_.erase(peer);
  range_turns_.gone(peer);
  feed_finder(sync::PeerGone{.peer = peer});
  feed_sync(sync::PeerGone{.peer = peer});
}

void Node::answer_sync(consensus::PeerId peer, net::SyncMessage message) {
  out_.frames.push_back({.to = peer,
                         .channel = net::Channel::sync,
                         .payload = std::make_shared<const Bytes>(net::encode(message))});
}

void Node::on_sync_message(consensus::PeerId peer, BytesView payload) {
  auto message = net::decode_sync(payload);
  if (!message) {
    out_.rejections.push_back({.peer = peer, .error = message.error()});
    return;
  }
  if (const auto* status = std::get_if<net::StatusAnnouncement>(&*message)) {
    statuses_[peer] = {.peer = peer, .finalised = status->finalised, .oldest = status->oldest};
    feed_finder(statuses_[peer]);
    feed_sync(statuses_[peer]);
  } else if (const auto* request = std::get_if<net::RangeRequest>(&*message)) {
    range_turns_.ask(peer, *request);
  } else if (const auto* epochs = std::get_if<net::EpochsRequest>(&*message)) {
    range_turns_.ask(peer, *epochs);
  } else if (auto* ends = std::get_if<net::EpochsResponse>(&*message)) {
    feed_finder(sync::EpochsReceived{.peer = peer, .response = std::move(*ends)});
  } else if (auto* part = std::get_if<net::SnapshotRequest>(&*message)) {
    serve({.to = peer, .request = std::move(*part)});
  } else if (auto* proof = std::get_if<net::ProofRequest>(&*message)) {
    serve({.to = peer, .request = std::move(*proof)});
  } else if (const auto* pieces = std::get_if<net::RangePartRequest>(&*message)) {
    range_turns_.ask(peer, *pieces);
  } else if (auto* piece = std::get_if<net::RangePart>(&*message)) {
    feed_sync(sync::RangePartReceived{.peer = peer, .part = std::move(*piece)});
  } else if (auto* range = std::get_if<net::RangeResponse>(&*message)) {
    if (finder_ && finder_->asked(peer, range->id)) {
      feed_finder(sync::RangeReceived{.peer = peer, .range = std::move(*range)});
    } else {
      feed_sync(sync::RangeReceived{.peer = peer, .range = std::move(*range)});
    }
  }
}

void Node::answer_epochs(consensus::PeerId peer, const net::EpochsRequest& request) {
  auto ends = serve_epochs(ledger_, request);
  if (!ends) {
    out_.halt = ends.error();
    return;
  }
  answer_sync(peer, *std::move(ends));
}

/// One answer a turn: votes that came meanwhile wait no longer than it takes.
void Node::serve_turn() {
  const auto turn = range_turns_.next(now_);
  counters_.range_requests_dropped = range_turns_.dropped();
  if (!turn) return;
  const LedgerBlocks blocks{ledger_};
  const std::size_t before = out_.frames.size();
  if (const auto* range = std::get_if<net::RangeRequest>(&turn->request))
    serve_range(turn->peer, *range, blocks);
  else if (const auto* part = std::get_if<net::RangePartRequest>(&turn->request))
    serve_range_parts(turn->peer, *part, blocks);
  else
    answer_epochs(turn->peer, std::get<net::EpochsRequest>(turn->request));
  std::uint64_t sent = 0;
  for (const Frame& frame : std::span{out_.frames}.subspan(before)) sent += frame.payload->size();
  counters_.range_bytes_served += sent;
  range_turns_.charge(turn->peer, {.sent_bytes = sent, .read_bytes = blocks.bytes_read()}, now_);
}

void Node::serve_range(consensus::PeerId peer, const net::RangeRequest& request,
                       const LedgerBlocks& blocks) {
  const net::RangePartRequest parts{.id = request.id, .from = request.from, .index = 0};
  const bool is_held = served_range_ && served_range_->from == request.from;
  if (is_held && !request.headers_only) return serve_range_parts(peer, parts, blocks);
  // Headers never go in parts: what fits a message is enough of them.
  auto range = sync::serve_range(
      blocks, request,
      request.headers_only ? sync::RangeCut{}.whole_bytes_max : options_.range_cut.whole_bytes_max);
  if (!range) {
    out_.halt = range.error();  // our own store does not read
    return;
  }
  if (request.headers_only || !hold_range(*range)) return answer_sync(peer, *std::move(range));
  serve_range_parts(peer, parts, blocks);
}

/// Keeps a range that goes in parts. @return whether it does
bool Node::hold_range(net::RangeResponse& range) {
  const std::size_t blocks = sync::size_of(range) - range.certificate.size();
  if (blocks <= options_.range_cut.whole_bytes_max) return false;
  range.id = 0;
  const Height from = range.from;
  served_range_ =
      ServedRange{.from = from, .encoded = net::encode(net::SyncMessage{std::move(range)})};
  return true;
}

void Node::serve_range_parts(consensus::PeerId peer, const net::RangePartRequest& request,
                             const LedgerBlocks& blocks) {
  if (!served_range_ || served_range_->from != request.from) {
    auto range = sync::serve_range(blocks, {.id = 0, .from = request.from, .count_max = 1},
                                   options_.range_cut.whole_bytes_max);
    if (!range) {
      out_.halt = range.error();
      return;
    }
    if (!hold_range(*range)) return;
  }
  served_at_ = now_;
  for (net::RangePart& part :
       sync::cut_parts(served_range_->encoded, request.id, request.index, options_.range_cut))
    answer_sync(peer, std::move(part));
}

Result<Bytes> answer_about_state(const state::StateDb& state, const StateJob& job,
                                 std::size_t part_bytes_max) {
  if (const auto* part = std::get_if<net::SnapshotRequest>(&job.request))
    return serve_state(state, *part, part_bytes_max);
  return serve_proof(state, std::get<net::ProofRequest>(job.request));
}

Bytes refuse_state_job(const StateJob& job) {
  if (const auto* part = std::get_if<net::SnapshotRequest>(&job.request)) {
    return net::encode(net::SyncMessage{net::SnapshotResponse{
        .id = part->id, .status = net::SnapshotResponse::Status::busy, .parts = {}}});
  }
  return net::encode(net::SyncMessage{net::ProofResponse{
      .id = std::get<net::ProofRequest>(job.request).id, .account = {}, .slots = {}}});
}

/// Others' questions must not slow this node: few at a time, and so many bytes a second at most.
bool Node::may_serve() noexcept {
  if (serving_ < kStateJobsMax && serving_paid_at_ <= now_) {
    ++serving_;
    return true;
  }
  ++counters_.state_requests_delayed;
  return false;
}

void Node::serve(StateJob job) {
  if (may_serve()) {
    out_.states.push_back(std::move(job));
    return;
  }
  out_.frames.push_back({.to = job.to,
                         .channel = net::Channel::sync,
                         .payload = std::make_shared<const Bytes>(refuse_state_job(job))});
}

void Node::on_served(consensus::PeerId peer, Result<Bytes> response) {
  WUSONG_ASSERT(serving_ > 0);
  --serving_;
  if (!response) {
    out_.halt = response.error();
    return;
  }
  counters_.state_bytes_served += response->size();
  const std::uint64_t ns = response->size() * 1'000'000'000 / options_.serve_bytes_per_second;
  serving_paid_at_ =
      std::max(serving_paid_at_, now_) + std::chrono::nanoseconds{static_cast<std::int64_t>(ns)};
  out_.frames.push_back({.to = peer,
                         .channel = net::Channel::sync,
                         .payload = std::make_shared<const Bytes>(*std::move(response))});
}

void Node::on_synced(Result<std::vector<PreparedPtr>> blocks, const Bytes& certificate) {
  if (!blocks) {
    feed_sync(sync::DeliveryRefused{});
    return;
  }
  // Consensus may have finalised some of them meanwhile.
  const auto fresh = std::ranges::find_if(*blocks, [&](const PreparedPtr& block) {
    return block->block.header.number > final_.header.number;
  });
  const std::span<const PreparedPtr> rest{fresh, blocks->end()};
  const auto proof = consensus::decode_finality_proof(certificate);
  if (!proof) {
    feed_sync(sync::DeliveryRefused{});
    return;
  }
  if (rest.empty()) {
    feed_sync(sync::FinalAdvanced{.height = final_.header.number, .hash = final_.hash});
    return;
  }
  if (rest.front()->block.header.parent_hash != final_.hash) {
    out_.halt = err::state_diverged;  // two certified chains: more than a third is faulty
    return;
  }
  const std::uint64_t before = epoch().number;
  finalise(rest, certificate);
  out_.fetched = true;
  counters_.synced_blocks += rest.size();
  if (epoch().number != before) return drain();  // the new machine begins there
  consensus::SyncedTo event{
      .block = {.view = final_.header.view, .height = final_.header.number, .id = final_.hash},
      .certificate = std::nullopt};
  if (proof->kind == consensus::FinalityProof::Kind::certificate) {
    event.certificate = consensus::Certificate{.subject = {.kind = consensus::VoteKind::finalize,
                                                           .view = proof->view,
                                                           .height = proof->height,
                                                           .block_id = proof->block_id,
                                                           .parent_view = {}},
                                               .signatures = proof->signatures};
  }
  feed(std::move(event));
}

void Node::announce_final() {
  feed_sync(sync::FinalAdvanced{.height = final_.header.number, .hash = final_.hash});
  if (now_ - announced_at_ < kAnnouncementInterval) {
    // The last height of a burst must be heard of too: an idle chain brings no later one.
    announce_at_ = announced_at_ + kAnnouncementInterval;
    return;
  }
  send_status();
}

void Node::send_status() {
  announced_at_ = now_;
  announce_at_.reset();
  out_.frames.push_back(
      {.to = std::nullopt,
       .channel = net::Channel::sync,
       .payload = std::make_shared<const Bytes>(net::encode(net::SyncMessage{status()}))});
}

net::StatusAnnouncement Node::status() const {
  return {.finalised = final_.header.number,
          .view = final_.header.view,
          .oldest = ledger_.kept().blocks};
}

bool Node::syncing() const noexcept {
  return fetcher_->active();
}
bool Node::out_of_reach() const noexcept {
  return unreachable_since_ && now_ - *unreachable_since_ >= kOutOfReachMin;
}
Height Node::sync_target() const noexcept {
  return fetcher_->target();
}

}  // namespace wusong::node
