// SPDX-License-Identifier: Apache-2.0
// What leaves a node: honestly, or as its behaviour wants it.
#include <algorithm>

#include "wusong/sim/internal/byzantine.hpp"

#include "wusong/consensus/closing.hpp"
#include "wusong/node/epoch_frame.hpp"
#include "wusong/sim/internal/world.hpp"

namespace wusong::sim::internal {

using namespace std::chrono_literals;
using consensus::Message;
using consensus::Vote;
using consensus::VoteKind;
using consensus::VoteSubject;

namespace {

VoteSubject notarize_subject(const consensus::Block& block) {
  return {.kind = VoteKind::notarize,
          .view = block.ref.view,
          .height = block.ref.height,
          .block_id = block.ref.id,
          .parent_view = block.parent_view};
}

}  // namespace

void change_header(consensus::Block& block, const std::function<void(types::Header&)>& change) {
  const auto parts = types::split_block(block.payload);
  WUSONG_ASSERT(parts);  // it was built here
  types::Header header = parts->header;
  change(header);
  std::vector<Bytes> transactions;
  for (const BytesView each : parts->transactions) transactions.push_back(to_bytes(each));
  block.ref.id = types::hash_of(header);
  block.payload = types::encode_block(header, transactions);
}

std::optional<consensus::ValidatorIndex> Node::seat_of(consensus::PeerId identity) const {
  const auto& validators = epoch().validators;
  for (std::size_t i = 0; i < validators.size(); ++i) {
    if (world_.peer_of(validators[i].node_key) == identity)
      return static_cast<consensus::ValidatorIndex>(i);
  }
  return std::nullopt;
}

Hash Node::domain() const {
  return types::vote_domain(world_.genesis_hash, epoch());
}

bool Node::leads(const consensus::BlockRef& block) const {
  return seat() == block.view.value % voters();
}

/// Of the epoch that this node is in; nothing of any other.
std::optional<Message> Node::consensus_message(BytesView frame) const {
  const auto tagged = node::untag_frame(frame);
  if (!tagged || tagged->epoch != epoch().number) return std::nullopt;
  auto message = consensus::decode_message(tagged->message, consensus::kPayloadBytesMax);
  if (!message) return std::nullopt;
  return *std::move(message);
}

void Node::transmit(const node::Frame& frame) {
  const Packet packet{frame.channel, frame.payload};
  if (behaviour_ == Behaviour::honest) {
    if (world_.honest(slot_) && frame.channel == net::Channel::consensus)
      world_.checkers.on_sent(slot_, *frame.payload);
    if (world_.honest(slot_) && frame.channel == net::Channel::block) check_fragment(frame);
    if (world_.scenario.coded && frame.channel == net::Channel::sync) note_range_part(frame);
    return world_.links.send(slot_, frame.to, packet);
  }
  if (behaviour_ == Behaviour::mute) return world_.mark("mute");
  const bool done = frame.channel == net::Channel::consensus ? transmit_consensus(frame)
                    : frame.channel == net::Channel::sync    ? serve_falsely(frame)
                    : frame.channel == net::Channel::block   ? transmit_block(frame)
                                                             : false;
  if (done) return;
  if (behaviour_ == Behaviour::garbage) send_garbage(frame);
  Duration extra{0};
  if (behaviour_ == Behaviour::slow_loris) {
    world_.mark("slow_loris");
    extra = rng_.between(500ms, 5s);
  }
  world_.links.send(slot_, frame.to, packet, extra);
}

/// @return whether all that should leave has left.
bool Node::transmit_consensus(const node::Frame& frame) {
  const auto message = consensus_message(*frame.payload);
  const auto own_seat = seat();
  if (!message || !own_seat) return false;  // sent just before its epoch ended
  const auto* proposal = std::get_if<consensus::Proposal>(&*message);
  const auto* vote = std::get_if<Vote>(&*message);
  const bool own_lead = vote && vote->subject.kind == VoteKind::notarize &&
                        vote->subject.view.value % voters() == *own_seat;
  // What ends an epoch has no header that could be changed.
  if (proposal && consensus::decode_closing(proposal->block.payload)) return false;
  switch (behaviour_) {
    case Behaviour::silent_leader:
      if (proposal) world_.mark("silent_leader");
      return proposal != nullptr || own_lead;
    case Behaviour::equivocate:
    case Behaviour::forge:
      if (!proposal) return false;
      equivocate(*proposal, behaviour_ == Behaviour::forge);
      return true;
    case Behaviour::fork:
      // In slices the fork is led otherwise: see there.
      return proposal ? fork_chain(*proposal) : own_lead && world_.scenario.coded;
    case Behaviour::partial_proposal:
      if (!proposal) return false;
      world_.mark("partial_proposal");
      send_to(rng_.below(world_.size()), *proposal);
      return true;
    case Behaviour::bad_block:
      if (!proposal) return false;
      propose_badly(*proposal);
      return true;
    case Behaviour::dawdle:
      if (proposal != nullptr || own_lead) dawdle(frame);
      return proposal != nullptr || own_lead;
    case Behaviour::two_votes:
      if (vote) vote_twice(*vote);
      return false;
    case Behaviour::withhold_votes:
      if (!vote) return false;
      for (std::size_t to = 0; to < world_.size(); ++to) {
        if (to == slot_ || (frame.to && *frame.to != world_.nodes[to]->identity())) continue;
        if (rng_.chance(500)) {
          world_.mark("vote_withheld");
        } else {
          world_.links.deliver(slot_, to, {frame.channel, frame.payload}, {});
        }
      }
      return true;
    default:
      return false;
  }
}

/// As late as it dares, by the timeout that it would give such a leader itself.
void Node::dawdle(const node::Frame& frame) {
  world_.mark("dawdled");
  const Duration patience = node_->consensus_status().timeout;
  world_.links.send(slot_, frame.to, {frame.channel, frame.payload},
                    rng_.between(patience / 4, patience * 3 / 4));
}

/// Answers of sync with one byte changed, or under another certificate.
bool Node::serve_falsely(const node::Frame& frame) {
  if (behaviour_ != Behaviour::false_sync) return false;
  auto message = net::decode_sync(*frame.payload);
  if (auto* parts = message ? std::get_if<net::SnapshotResponse>(&*message) : nullptr)
    return serve_false_parts(frame, *parts);
  if (auto* part = message ? std::get_if<net::RangePart>(&*message) : nullptr) {
    world_.mark("false_part");
    part->bytes[rng_.below(part->bytes.size())] ^= 1;
    world_.links.send(slot_, frame.to,
                      {frame.channel, std::make_shared<const Bytes>(net::encode(*message))});
    return true;
  }
  auto* response = message ? std::get_if<net::RangeResponse>(&*message) : nullptr;
  if (response == nullptr || response->blocks.empty()) return false;
  world_.mark("false_sync");
  Bytes& block = response->blocks[rng_.below(response->blocks.size())];
  switch (rng_.below(4)) {
    case 0:
      block[rng_.below(block.size())] ^= 1;
      break;
    case 1:
      response->certificate[rng_.below(response->certificate.size())] ^= 1;
      break;
    case 2:  // the true certificate of another block
      if (response->blocks.size() < 2) return false;
      response->blocks.pop_back();
      break;
    default: {  // a well-formed block that was never agreed on
      const auto parts = types::split_block(block);
      types::Header header = parts->header;
      ++header.timestamp.value;
      std::vector<Bytes> transactions;
      for (const BytesView each : parts->transactions) transactions.push_back(to_bytes(each));
      block = types::encode_block(header, transactions);
    }
  }
  world_.links.send(slot_, frame.to,
                    {frame.channel, std::make_shared<const Bytes>(net::encode(*message))});
  return true;
}

/// Parts of a state that are not the ones asked for.
bool Node::serve_false_parts(const node::Frame& frame, net::SnapshotResponse response) {
  if (response.parts.empty()) return false;
  world_.mark("false_parts");
  net::SnapshotPart& part = response.parts[rng_.below(response.parts.size())];
  if (rng_.chance(200)) {
    response.parts.resize(net::kSnapshotItemsMax, part);
  } else if (auto* leaves = std::get_if<net::SnapshotLeaves>(&part)) {
    Bytes& value = leaves->back().value;
    auto account = types::decode_account(value);
    if (leaves->size() > 1 && rng_.chance(300)) {
      leaves->pop_back();
    } else if (account && rng_.chance(700)) {
      account->balance = account->balance + U256{1'000'000};  // well formed, and worth a lie
      value = types::encode(*account);
    } else {
      value.back() ^= 1;
    }
  } else if (auto* branch = std::get_if<net::SnapshotBranch>(&part)) {
    branch->children[rng_.below(16)] = Bytes(Hash::kSize, 7);
  } else {
    std::get<Bytes>(part).push_back(0);
  }
  world_.links.send(slot_, frame.to,
                    {frame.channel, std::make_shared<const Bytes>(
                                        net::encode(net::SyncMessage{std::move(response)}))});
  return true;
}

void Node::send_to(std::size_t to, const Message& message) {
  if (to != slot_)
    world_.links.deliver(
        slot_, to,
        {net::Channel::consensus, std::make_shared<const Bytes>(
                                      node::tag_frame(epoch().number, consensus::encode(message)))},
        {});
}

Bytes Node::sign(BytesView message) const {
  return sim_signature(epoch().validators[*seat()].vote_key, message);
}

Vote Node::signed_vote(const VoteSubject& subject) const {
  return {subject, *seat(), sign(consensus::vote_sign_bytes(domain(), subject))};
}

/// Half of the others get another block. With `forge`, also certificates that nobody signed.
void Node::equivocate(const consensus::Proposal& proposal, bool forge) {
  world_.mark(forge ? "forged_certificates" : "equivocation");
  consensus::Proposal other = proposal;
  change_header(other.block, [&](types::Header& header) { header.timestamp.value += 1; });
  other.signature = signed_vote(notarize_subject(other.block)).signature;
  for (std::size_t to = 0; to < world_.size(); ++to) {
    const consensus::Proposal& shown = rng_.chance(500) ? proposal : other;
    send_to(to, shown);
    if (!forge) continue;
    VoteSubject subject = notarize_subject(shown.block);
    for (std::size_t who = 0; who < voters(); ++who)
      send_to(to, Vote{subject, static_cast<consensus::ValidatorIndex>(who), Bytes(8, 0x66)});
    send_to(to, forged(subject));
    subject.kind = VoteKind::finalize;
    subject.parent_view = View{};
    send_to(to, forged(subject));
  }
}

consensus::Certificate Node::forged(const VoteSubject& subject) const {
  consensus::Certificate out{.subject = subject, .signatures = {}};
  const std::size_t quorum = consensus::quorum_size(voters());
  for (std::size_t i = 0; i < quorum; ++i)
    out.signatures.entries.push_back({static_cast<consensus::ValidatorIndex>(i), Bytes(8, 0x66)});
  return out;
}

/// A well-formed block beside the ones that its parent has already, or is about to have.
std::optional<consensus::Block> Node::forked(const consensus::Block& block) {
  const Height head = *ledger_->final_head();
  const bool open = block.ref.height > head.next();  // its parent is not final yet
  const std::uint64_t back = open || rng_.chance(700) ? 0 : rng_.below(3);
  if (head.value <= back) return std::nullopt;
  const auto parent = ledger_->block(head.minus(back));
  if (!parent || !*parent) return std::nullopt;
  const auto parts = types::split_block((*parent)->bytes);
  world_.mark("fork");
  consensus::Block fork = block;
  change_header(fork, [&](types::Header& header) {
    header.parent_hash = (*parent)->hash;
    header.number = parts->header.number.next();
    header.executed = parts->header.executed;
    header.roots.clear();
  });
  fork.ref.height = parts->header.number.next();
  fork.parent_view = parts->header.view;
  fork.parent_id = (*parent)->hash;
  return fork;
}

/// Mostly where it could do harm: others pass over who fails at every turn. @return whether it did
bool Node::fork_chain(const consensus::Proposal& proposal) {
  const bool open = proposal.block.ref.height > ledger_->final_head()->next();
  if (!open && rng_.chance(750)) return false;
  const auto fork = forked(proposal.block);
  if (!fork) return false;
  const Bytes signature = signed_vote(notarize_subject(*fork)).signature;
  for (std::size_t to = 0; to < world_.size(); ++to)
    send_to(to, consensus::Proposal{*fork, signature});
  return true;
}

/// A header that others must refuse; half of the time for its roots, which take execution to judge.
void Node::spoil(types::Header& header) {
  const std::uint64_t kind = rng_.below(6);
  if (kind == 0) header.gas_limit += 1;
  if (kind == 1) header.timestamp.value += 3'600'000;
  if (kind == 2) header.transactions_root.bytes[0] ^= 1;
  if (kind > 2 && !header.roots.empty()) header.roots.back().state_root.bytes[0] ^= 1;
  if (kind > 2 && header.roots.empty()) header.executed = header.number;
}

void Node::propose_badly(const consensus::Proposal& proposal) {
  world_.mark("bad_block");
  consensus::Proposal bad = proposal;
  // Sometimes the id does not even fit the bytes.
  const bool fits = rng_.below(5) != 0;
  if (fits) change_header(bad.block, [&](types::Header& header) { spoil(header); });
  if (!fits) bad.block.ref.id.bytes[0] ^= 1;
  bad.signature = signed_vote(notarize_subject(bad.block)).signature;
  for (std::size_t to = 0; to < world_.size(); ++to) send_to(to, bad);
}

void Node::send_garbage(const node::Frame& frame) {
  if (frame.payload->empty() || !rng_.chance(200)) return;
  world_.mark("garbage");
  Bytes bytes = *frame.payload;
  switch (rng_.below(4)) {
    case 0:
      bytes.resize(rng_.below(bytes.size() + 1));
      break;
    case 1:
      bytes[rng_.below(bytes.size())] ^= static_cast<std::uint8_t>(1 + rng_.below(255));
      break;
    case 2:
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng_.next());
      break;
    default:
      bytes.resize(bytes.size() + 1 + rng_.below(40), 0xaa);
      break;
  }
  const std::size_t to = rng_.below(world_.size());
  if (to != slot_)
    world_.links.deliver(slot_, to, {frame.channel, std::make_shared<const Bytes>(bytes)}, {});
}

void Node::vote_twice(const Vote& vote) {
  world_.mark("two_votes");
  VoteSubject other = vote.subject;
  if (other.kind == VoteKind::notarize) {
    other.block_id.bytes[0] ^= 0xff;
  } else if (other.kind == VoteKind::finalize) {
    other = {.kind = VoteKind::nullify,
             .view = other.view,
             .height = Height{},
             .block_id = Hash{},
             .parent_view = View{}};
  } else {
    other.kind = VoteKind::finalize;
    other.height = Height{1 + rng_.below(100)};
    other.block_id.bytes[0] = static_cast<std::uint8_t>(rng_.next());
  }
  const Vote second = signed_vote(other);
  for (std::size_t to = 0; to < world_.size(); ++to)
    if (rng_.chance(700)) send_to(to, second);
}

void Node::say_yes(std::size_t from, const Packet& packet) {
  if (packet.channel != net::Channel::consensus) return;
  if (world_.nodes[from]->behaviour() != Behaviour::honest) return;  // no echo without end
  const auto message = consensus_message(*packet.payload);
  if (!message || !seat()) return;
  VoteSubject subject;
  if (const auto* vote = std::get_if<Vote>(&*message)) {
    subject = vote->subject;
  } else if (const auto* proposal = std::get_if<consensus::Proposal>(&*message)) {
    subject = notarize_subject(proposal->block);
  } else {
    return;
  }
  world_.mark("said_yes");
  send_to(from, signed_vote(subject));
}

void Node::replay(const Packet& packet) {
  if (heard_.size() < 128) {
    heard_.push_back(packet);
  } else {
    heard_[rng_.below(heard_.size())] = packet;
  }
  if (!rng_.chance(100)) return;
  world_.mark("replayed");
  const std::size_t to = rng_.below(world_.size());
  if (to != slot_) world_.links.deliver(slot_, to, heard_[rng_.below(heard_.size())], {});
}

}  // namespace wusong::sim::internal
