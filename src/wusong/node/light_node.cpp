// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/light_node.hpp"

#include <algorithm>
#include <span>

#include "wusong/net/errors.hpp"
#include "wusong/node/epoch_ends.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/ledger_blocks.hpp"
#include "wusong/node/service.hpp"

namespace wusong::node {
namespace {

constexpr Duration kProofTimeout = std::chrono::seconds{3};

sync::Config fetcher_config() {
  sync::Config out;
  out.gap_min = 1;  // nobody else brings it blocks
  out.headers_only = true;
  return out;
}

sync::EpochVoters voters_of_newest(const light::Follower& epochs) {
  const light::Follower::Known& known = *epochs.known_at(epochs.newest().first);
  return {known.voters.get(), known.domain};
}

}  // namespace

LightNode::LightNode(storage::Ledger& ledger, light::Follower epochs, Height head, const Hash& hash,
                     Instant now)
    : ledger_{ledger},
      epochs_{std::move(epochs)},
      fetcher_{fetcher_config(), voters_of_newest(epochs_), head, hash, now},
      now_{now} {}

Result<std::unique_ptr<LightNode>> LightNode::create(const Options& options,
                                                     storage::Ledger& ledger, Instant now) {
  const types::Header& genesis = options.genesis_header;
  if (!ledger.final_head()) {
    WUSONG_CHECK(
        ledger.append_block(Height{0}, options.genesis_hash, types::encode_block(genesis, {}), {}));
  }
  if (!ledger.executed_head()) {
    WUSONG_CHECK(ledger.put_execution(
        Height{0}, {}, {.roots = genesis.roots.front(), .receipts = {}, .skipped = {}}));
  }
  const Height head = *ledger.final_head();
  WUSONG_TRY(const auto hash, ledger.block_hash(head));
  if (!hash) return fail(err::ledger_gap);
  WUSONG_TRY(auto epochs,
             follow_ledger(ledger, options.genesis_hash, options.first_epoch, options.voters_of));
  std::unique_ptr<LightNode> out{new LightNode{ledger, std::move(epochs), head, *hash, now}};
  // A crash may have come between headers and the roots they carry.
  WUSONG_CHECK(out->learn_roots(ledger.executed_head()->next(), head));
  return out;
}

Instant LightNode::wake_at() const noexcept {
  Instant wake = fetcher_wake_.value_or(Instant::max());
  for (const auto& [id, question] : questions_) wake = std::min(wake, question.deadline);
  return std::min(wake, range_turns_.wake_at().value_or(wake));
}

void LightNode::tick() {
  if (fetcher_wake_ && now_ >= *fetcher_wake_) {
    fetcher_wake_.reset();
    feed(sync::Tick{});
  }
  std::vector<Question> late;
  for (auto at = questions_.begin(); at != questions_.end();) {
    const auto next = std::next(at);
    if (at->second.deadline <= now_) {
      late.push_back(std::move(at->second));
      questions_.erase(at);
    }
    at = next;
  }
  for (Question& question : late) ask_next(std::move(question));
  serve_turn();
}

void LightNode::on_connected(consensus::PeerId peer, Height finalised) {
  peers_[peer] = finalised;
  // It has no whole block, and says so.
  send(peer, net::StatusAnnouncement{
                 .finalised = *ledger_.final_head(), .view = {}, .oldest = Height{UINT64_MAX}});
  feed(sync::PeerStatus{.peer = peer, .finalised = finalised});
}

void LightNode::on_disconnected(consensus::PeerId peer) {
  peers_.erase(peer);
  range_turns_.gone(peer);
  feed(sync::PeerGone{peer});
}

void LightNode::on_frame(consensus::PeerId peer, net::Channel channel, BytesView payload) {
  if (channel != net::Channel::sync) return;  // votes, blocks and gossip are for others
  auto message = net::decode_sync(payload);
  if (!message) {
    out_.rejections.push_back({.peer = peer, .error = message.error()});
  } else if (const auto* status = std::get_if<net::StatusAnnouncement>(&*message)) {
    peers_[peer] = status->finalised;
    // Headers are kept by everybody, whatever became of the blocks.
    feed(sync::PeerStatus{.peer = peer, .finalised = status->finalised});
  } else if (auto* range = std::get_if<net::RangeResponse>(&*message)) {
    feed(sync::RangeReceived{.peer = peer, .range = std::move(*range)});
  } else if (const auto* proof = std::get_if<net::ProofResponse>(&*message)) {
    on_proof(peer, *proof);
  } else if (const auto* request = std::get_if<net::RangeRequest>(&*message)) {
    range_turns_.ask(peer, *request);
  } else if (const auto* epochs = std::get_if<net::EpochsRequest>(&*message)) {
    range_turns_.ask(peer, *epochs);
  } else if (const auto* part = std::get_if<net::SnapshotRequest>(&*message)) {
    send(peer, net::SnapshotResponse{
                   .id = part->id, .status = net::SnapshotResponse::Status::gone, .parts = {}});
  } else if (const auto* question = std::get_if<net::ProofRequest>(&*message)) {
    send(peer, net::ProofResponse{.id = question->id, .account = {}, .slots = {}});
  }
}

void LightNode::serve_turn() {
  const auto turn = range_turns_.next(now_);
  if (!turn) return;
  const std::size_t before = out_.frames.size();
  if (const auto* range = std::get_if<net::RangeRequest>(&turn->request))
    answer(turn->peer, *range);
  else if (const auto* epochs = std::get_if<net::EpochsRequest>(&turn->request))
    answer(turn->peer, *epochs);
  std::uint64_t sent = 0;
  for (const Frame& frame : std::span{out_.frames}.subspan(before)) sent += frame.payload->size();
  // Blocks here are headers: no more is read than is sent.
  range_turns_.charge(turn->peer, {.sent_bytes = sent, .read_bytes = sent}, now_);
}

void LightNode::answer(consensus::PeerId peer, const net::RangeRequest& request) {
  net::RangeResponse nothing{
      .id = request.id, .from = request.from, .blocks = {}, .certificate = {}};
  if (!request.headers_only) return send(peer, nothing);
  auto range = sync::serve_range(LedgerBlocks{ledger_}, request);
  if (!range) {
    out_.halt = range.error();
    return;
  }
  send(peer, *std::move(range));
}

void LightNode::answer(consensus::PeerId peer, const net::EpochsRequest& request) {
  auto ends = serve_epochs(ledger_, request);
  if (!ends) {
    out_.halt = ends.error();
    return;
  }
  send(peer, *std::move(ends));
}

void LightNode::send(consensus::PeerId peer, const net::SyncMessage& message) {
  out_.frames.push_back({.to = peer,
                         .channel = net::Channel::sync,
                         .payload = std::make_shared<const Bytes>(net::encode(message))});
}

// ---- headers

void LightNode::feed(sync::Event event) {
  sync::Actions actions = fetcher_.step(std::move(event), now_);
  while (true) {
    for (const sync::Request& request : actions.requests) send(request.to, request.range);
    for (const sync::Misbehaviour& liar : actions.misbehaviour)
      out_.rejections.push_back({.peer = liar.peer, .error = liar.reason});
    fetcher_wake_ = actions.wake_at;
    if (!actions.delivery || out_.halt) return;
    store(*actions.delivery);
    if (out_.halt) return;
    const Height head = *ledger_.final_head();
    const auto hash = ledger_.block_hash(head);
    if (!hash || !*hash) {
      out_.halt = err::ledger_gap;
      return;
    }
    actions = fetcher_.step(sync::FinalAdvanced{.height = head, .hash = **hash}, now_);
  }
}

void LightNode::store(const sync::Delivery& delivery) {
  if (const auto appended = append(delivery); !appended) {
    out_.halt = appended.error();
    return;
  }
  out_.final = *ledger_.final_head();
}

Result<void> LightNode::append(const sync::Delivery& delivery) {
  Height height = delivery.first;
  for (const Bytes& block : delivery.blocks) {
    // The range was verified: its headers decode. A peer may have sent more than was asked for.
    WUSONG_TRY(const types::EncodedBlock parts, types::split_block(block));
    const bool last = &block == &delivery.blocks.back();
    if (last) WUSONG_CHECK(follow(parts.header));
    WUSONG_CHECK(ledger_.append_block(
        height, types::hash_of(parts.header), types::encode_block(parts.header, {}),
        last ? BytesView{delivery.certificate} : BytesView{}, io::Durability::buffered,
        epochs_.newest().first == height.next() ? epochs_.newest().number : 0));
    height = height.next();
  }
  WUSONG_CHECK(learn_roots(delivery.first, *ledger_.final_head()));
  return ledger_.sync();
}

/// A range that was proven ends one epoch at most, with its last block.
Result<void> LightNode::follow(const types::Header& last) {
  if (last.next_epoch.empty()) return {};
  if (!epochs_.extend(last)) return fail(err::bad_registry);  // a quorum has agreed on no epoch
  fetcher_.enter(voters_of_newest(epochs_));
  out_.epoch = std::make_shared<const types::Epoch>(epochs_.newest());
  return {};
}

Result<void> LightNode::learn_roots(Height first, Height last) {
  for (Height at = std::max(first, Height{1}); at <= last; at = at.next()) {
    WUSONG_TRY(const auto stored, ledger_.block(at));
    if (!stored) return fail(err::ledger_gap);
    WUSONG_TRY(const types::EncodedBlock parts, types::split_block(stored->bytes));
    Height height = parts.header.executed.minus(parts.header.roots.size());
    for (const types::ExecutionRoots& roots : parts.header.roots) {
      height = height.next();
      if (height <= *ledger_.executed_head()) continue;
      WUSONG_CHECK(
          ledger_.put_execution(height, {}, {.roots = roots, .receipts = {}, .skipped = {}}));
    }
  }
  return {};
}

// ---- proofs

void LightNode::prove(std::uint64_t token, Height height, const Address& address,
                      std::vector<Hash> slots) {
  const auto refuse = [&](Error error) {
    out_.proofs.push_back({.token = token, .proof = fail(error)});
  };
  if (questions_.size() >= kProofsMax) return refuse(err::overloaded);
  if (slots.size() > net::kProofSlotsMax) return refuse(err::too_many_slots);
  const auto roots = ledger_.roots(height);
  if (!roots) return refuse(roots.error());
  if (!*roots) return refuse(err::unknown_block);
  ask_next({.token = token,
            .request = {.id = 0, .height = height, .address = address, .slots = std::move(slots)},
            .root = (*roots)->state_root,
            .asked = 0,
            .tried = {},
            .deadline = {}});
}

void LightNode::ask_next(Question question) {
  for (const auto& [peer, finalised] : peers_) {
    if (finalised < question.request.height ||
        std::ranges::find(question.tried, peer) != question.tried.end())
      continue;
    const std::uint64_t id = next_question_++;
    question.request.id = id;
    question.asked = peer;
    question.tried.push_back(peer);
    question.deadline = now_ + kProofTimeout;
    send(peer, question.request);
    questions_.emplace(id, std::move(question));
    return;
  }
  out_.proofs.push_back({.token = question.token, .proof = fail(err::no_proof_peer)});
}

void LightNode::on_proof(consensus::PeerId peer, const net::ProofResponse& response) {
  const auto found = questions_.find(response.id);
  if (found == questions_.end() || found->second.asked != peer) return;  // too late
  Question question = std::move(found->second);
  questions_.erase(found);
  if (response.account.empty()) return ask_next(std::move(question));  // not kept there
  auto proof = check(question, response);
  if (!proof) {
    out_.rejections.push_back({.peer = peer, .error = proof.error()});
    return ask_next(std::move(question));
  }
  out_.proofs.push_back({.token = question.token, .proof = std::move(proof)});
}

Result<state::AccountProof> LightNode::check(const Question& question,
                                             const net::ProofResponse& response) const {
  const std::vector<Hash>& slots = question.request.slots;
  if (response.slots.size() != slots.size()) return fail(net::err::bad_message);
  state::AccountProof out;
  out.address = question.request.address;
  out.nodes = response.account;
  WUSONG_TRY(out.account, state::verify_account_proof(question.root, out.address, out.nodes));
  const Hash storage = out.account ? out.account->storage_root : types::kEmptyTrieRoot;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    WUSONG_TRY(const U256 value, state::verify_storage_proof(storage, slots[i], response.slots[i]));
    out.storage.push_back({.slot = slots[i], .value = value, .nodes = response.slots[i]});
  }
  return out;
}

}  // namespace wusong::node
