// SPDX-License-Identifier: Apache-2.0
// What leaves a node: honestly, or as its behaviour wants it.
#include <algorithm>

#include "wusong/sim/internal/world.hpp"

namespace wusong::sim::internal {

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

void Node::transmit(const consensus::Send& send) {
  if (world_.honest(index_)) world_.checkers.on_sent(index_, send.bytes);
  if (behaviour_ != Behaviour::honest) return transmit_faulty(send);
  const auto packet = std::make_shared<const Bytes>(send.bytes);
  if (send.to) return world_.deliver(index_, *send.to, packet);
  for (std::size_t to = 0; to < world_.size(); ++to)
    if (to != index_) world_.deliver(index_, to, packet);
}

void Node::transmit_faulty(const consensus::Send& send) {
  const auto message = consensus::decode_message(send.bytes, consensus::kPayloadBytesMax);
  const auto* proposal = std::get_if<consensus::Proposal>(&*message);
  const auto* vote = std::get_if<Vote>(&*message);
  const bool own_lead = vote && vote->subject.kind == VoteKind::notarize &&
                        vote->subject.view.value % world_.validators() == index_;
  switch (behaviour_) {
    case Behaviour::silent_leader:
      if (proposal) world_.mark("silent_leader");
      if (proposal || own_lead) return;
      break;
    case Behaviour::equivocate:
      if (proposal) return equivocate(*proposal, false);
      break;
    case Behaviour::forge:
      if (proposal) return equivocate(*proposal, true);
      break;
    case Behaviour::fork:
      if (proposal) return fork_chain(*proposal);
      break;
    case Behaviour::partial_proposal:
      if (!proposal) break;
      world_.mark("partial_proposal");
      return send_to(rng_.below(world_.validators()), *proposal);
    case Behaviour::bad_block:
      if (proposal) return propose_badly(*proposal);
      break;
    case Behaviour::garbage:
      send_garbage(send);
      break;
    case Behaviour::two_votes:
      if (vote) vote_twice(*vote);
      break;
    default:
      break;
  }
  const auto packet = std::make_shared<const Bytes>(send.bytes);
  for (std::size_t to = 0; to < world_.size(); ++to) {
    if (to == index_ || (send.to && *send.to != to)) continue;
    if (behaviour_ == Behaviour::withhold_votes && vote && rng_.chance(500)) {
      world_.mark("vote_withheld");
      continue;
    }
    world_.deliver(index_, to, packet);
  }
}

void Node::send_to(std::size_t to, const Message& message) {
  if (to != index_)
    world_.deliver(index_, to, std::make_shared<const Bytes>(consensus::encode(message)));
}

Vote Node::signed_vote(const VoteSubject& subject) const {
  const auto self = static_cast<consensus::ValidatorIndex>(index_);
  return {subject, self,
          world_.true_scheme.sign(self, consensus::vote_sign_bytes(sim_genesis(), subject))};
}

/// Half of the others get another block. With `forge`, also certificates that nobody signed.
void Node::equivocate(const consensus::Proposal& proposal, bool forge) {
  world_.mark(forge ? "forged_certificates" : "equivocation");
  auto payload = decode_payload(proposal.block.payload);
  payload->numbers = {rng_.next() | 1};
  consensus::Proposal other = proposal;
  other.block.payload = encode_payload(*payload);
  other.block.ref.id = payload_id(other.block.payload);
  other.signature = signed_vote(notarize_subject(other.block)).signature;
  for (std::size_t to = 0; to < world_.size(); ++to) {
    const consensus::Proposal& shown = rng_.chance(500) ? proposal : other;
    send_to(to, shown);
    if (!forge) continue;
    VoteSubject subject = notarize_subject(shown.block);
    send_to(to, forged(subject));
    subject.kind = VoteKind::finalize;
    subject.parent_view = View{};
    send_to(to, forged(subject));
  }
}

consensus::Certificate Node::forged(const VoteSubject& subject) const {
  consensus::Certificate out{.subject = subject, .signatures = {}};
  const std::size_t quorum = consensus::quorum_size(world_.validators());
  for (std::size_t i = 0; i < quorum; ++i)
    out.signatures.entries.push_back({static_cast<consensus::ValidatorIndex>(i), Bytes(8, 0x66)});
  return out;
}

/// A well-formed block beside the ones that its true parent has already.
void Node::fork_chain(const consensus::Proposal& proposal) {
  const auto& ledger = app_.ledger();
  const std::size_t back = 1 + rng_.below(2);
  if (ledger.size() < back) return;
  const consensus::BlockRef& parent = ledger[ledger.size() - back]->ref;
  world_.mark("fork");
  consensus::Proposal fork = proposal;
  fork.block.ref.height = parent.height.next();
  fork.block.parent_view = parent.view;
  fork.block.parent_id = parent.id;
  fork.block.payload =
      encode_payload({fork.block.ref.view, fork.block.ref.height, parent.id, {rng_.next() | 1}});
  fork.block.ref.id = payload_id(fork.block.payload);
  fork.signature = signed_vote(notarize_subject(fork.block)).signature;
  for (std::size_t to = 0; to < world_.size(); ++to) send_to(to, fork);
}

void Node::propose_badly(const consensus::Proposal& proposal) {
  world_.mark("bad_block");
  auto payload = decode_payload(proposal.block.payload);
  payload->numbers.push_back(0);
  consensus::Proposal bad = proposal;
  bad.block.payload = encode_payload(*payload);
  // Every second time the id does not even fit the bytes.
  if (rng_.chance(500)) bad.block.ref.id = payload_id(bad.block.payload);
  bad.signature = signed_vote(notarize_subject(bad.block)).signature;
  for (std::size_t to = 0; to < world_.size(); ++to) send_to(to, bad);
}

void Node::send_garbage(const consensus::Send& send) {
  if (!rng_.chance(200)) return;
  world_.mark("garbage");
  Bytes bytes = send.bytes;
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
  world_.deliver(index_, rng_.below(world_.size()), std::make_shared<const Bytes>(bytes));
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

void Node::say_yes(std::size_t from, BytesView bytes) {
  if (world_.nodes[from]->behaviour() != Behaviour::honest) return;  // no echo without end
  const auto message = consensus::decode_message(bytes, consensus::kPayloadBytesMax);
  if (!message) return;
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
  world_.deliver(index_, rng_.below(world_.size()), heard_[rng_.below(heard_.size())]);
}

}  // namespace wusong::sim::internal
