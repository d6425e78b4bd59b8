// SPDX-License-Identifier: Apache-2.0
// Far behind: ranges of final blocks come from peers, proven, and are stored like those agreed
// here.
#include <algorithm>

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/node.hpp"
#include "wusong/sync/range.hpp"

namespace wusong::node {
namespace {

// Peers hear of a new final height at most this often: it only steers whom they ask.
constexpr Duration kAnnouncementInterval = std::chrono::milliseconds{500};

// Final blocks that may wait for execution while more are fetched.
constexpr std::uint64_t kUnexecutedSyncMax = 512;

}  // namespace

class Node::Blocks final : public sync::BlockSource {
 public:
  explicit Blocks(const storage::Ledger& ledger) : ledger_{ledger} {}
  Result<std::optional<Bytes>> block(Height height) const override {
    WUSONG_TRY(auto stored, ledger_.block(height));
    if (!stored) return std::optional<Bytes>{};
    return std::optional{std::move(stored->bytes)};
  }
  Result<std::optional<Certificate>> first_certificate(Height height) const override {
    WUSONG_TRY(auto found, ledger_.first_certificate(storage::CertificateKind::finality, height));
    if (!found) return std::optional<Certificate>{};
    return std::optional{Certificate{.height = found->height, .bytes = std::move(found->bytes)}};
  }

 private:
  const storage::Ledger& ledger_;
};

void Node::feed_sync(sync::Event event) {
  sync::Actions actions = fetcher_->step(std::move(event), now_);
  for (const sync::Request& request : actions.requests) {
    out_.frames.push_back(
        {.to = request.to,
         .channel = net::Channel::sync,
         .payload = std::make_shared<const Bytes>(net::encode(net::SyncMessage{request.range}))});
  }
  if (actions.delivery) {
    delivery_ = SyncedBlocks{.blocks = std::move(actions.delivery->blocks),
                             .certificate = std::move(actions.delivery->certificate)};
    release_delivery();
  }
  for (const sync::Misbehaviour& liar : actions.misbehaviour) {
    out_.rejections.push_back({.peer = liar.peer, .error = liar.reason});
  }
  if (actions.wake_at) sync_wake_ = actions.wake_at;
}

// Fetching is faster than executing: blocks in between are held as bytes, one delivery at most.
void Node::release_delivery() {
  if (!delivery_ || final_.header.number.value - executed_.value > kUnexecutedSyncMax) return;
  out_.synced.push_back(*std::move(delivery_));
  delivery_.reset();
}

void Node::on_behind(const consensus::Behind& behind) {
  feed_sync(sync::FarBehind{.peer = voting_.to_driver(behind.peer),
                            .finalised = behind.certificate.subject.height});
}

void Node::greet_sync(consensus::PeerId peer, Height finalised) {
  feed_sync(sync::PeerStatus{.peer = peer, .finalised = finalised});
}

void Node::drop_from_sync(consensus::PeerId peer) {
  feed_sync(sync::PeerGone{.peer = peer});
}

void Node::on_sync_message(consensus::PeerId peer, BytesView payload) {
  auto message = net::decode_sync(payload);
  if (!message) {
    out_.rejections.push_back({.peer = peer, .error = message.error()});
    return;
  }
  if (const auto* status = std::get_if<net::StatusAnnouncement>(&*message)) {
    feed_sync(sync::PeerStatus{.peer = peer, .finalised = status->finalised});
  } else if (const auto* request = std::get_if<net::RangeRequest>(&*message)) {
    auto range = sync::serve_range(Blocks{ledger_}, *request);
    if (!range) {
      out_.halt = range.error();  // our own store does not read
      return;
    }
    out_.frames.push_back({.to = peer,
                           .channel = net::Channel::sync,
                           .payload = std::make_shared<const Bytes>(
                               net::encode(net::SyncMessage{*std::move(range)}))});
  } else if (auto* range = std::get_if<net::RangeResponse>(&*message)) {
    feed_sync(sync::RangeReceived{.peer = peer, .range = std::move(*range)});
  }
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
  const net::StatusAnnouncement status{.finalised = final_.header.number,
                                       .view = final_.header.view};
  out_.frames.push_back(
      {.to = std::nullopt,
       .channel = net::Channel::sync,
       .payload = std::make_shared<const Bytes>(net::encode(net::SyncMessage{status}))});
}

bool Node::syncing() const noexcept {
  return fetcher_->active();
}
Height Node::sync_target() const noexcept {
  return fetcher_->target();
}

}  // namespace wusong::node
