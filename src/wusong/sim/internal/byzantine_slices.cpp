// SPDX-License-Identifier: Apache-2.0
// Slices and fragments as a faulty validator sends them, and a look at what honest ones pass on.
#include <algorithm>

#include "wusong/consensus/closing.hpp"
#include "wusong/sim/internal/byzantine.hpp"
#include "wusong/sim/internal/world.hpp"

namespace wusong::sim::internal {

using consensus::FragmentMessage;
using consensus::SliceCoded;
using consensus::SliceJob;

/// Whatever an honest validator sends on belongs to what the view's leader has signed.
void Node::check_fragment(const node::Frame& frame) {
  const auto message = consensus_message(*frame.payload);
  const auto* fragment = message ? std::get_if<FragmentMessage>(&*message) : nullptr;
  if (fragment == nullptr) return;
  world_.mark("fragment_sent");
  const auto leader =
      static_cast<consensus::ValidatorIndex>(fragment->slice.block.view.value % voters());
  const bool is_signed = SimVerifier{epoch()}.verify(
      leader, consensus::slice_sign_bytes(domain(), fragment->slice), fragment->signature);
  const coding::Disperser& disperser = world_.disperser(voters());
  if (!is_signed || !disperser.open(fragment->slice.commitment, fragment->fragment))
    world_.checkers.violate("echo", world_.name_of(slot_) + " passed on a fragment that is none");
}

/// Says when ranges of sync really travel in parts.
void Node::note_range_part(const node::Frame& frame) {
  const auto message = net::decode_sync(*frame.payload);
  if (message && std::holds_alternative<net::RangePart>(*message)) world_.mark("range_part_sent");
}

/// What proves a wrong encoding convinces everybody who knows the epoch that it is of.
void Node::check_evidence(const consensus::Misbehaviour& evidence, bool epoch_is_over) {
  if (evidence.kind == consensus::MisbehaviourKind::two_dispersals)
    world_.mark("two_dispersals_seen");
  if (evidence.kind != consensus::MisbehaviourKind::inconsistent_encoding) return;
  world_.mark("inconsistent_encoding_seen");
  if (epoch_is_over) return;
  const auto fault =
      consensus::verify_encoding_proof(evidence.first, SimVerifier{epoch()}, domain());
  if (!fault || fault->leader != evidence.validator)
    world_.checkers.violate("proof", "a proof of wrong encoding does not hold");
}

/// @return whether all that should leave has left.
bool Node::transmit_block(const node::Frame& frame) {
  const auto message = consensus_message(*frame.payload);
  if (!message || !seat()) return false;
  if (const auto* fragment = std::get_if<FragmentMessage>(&*message))
    return transmit_fragment(frame, *fragment);
  const auto* part = std::get_if<consensus::BlockMessage>(&*message);
  // Who has encoded it wrongly hides the block itself.
  return part != nullptr && behaviour_ == Behaviour::bad_encoding && leads(part->block.ref);
}

bool Node::transmit_fragment(const node::Frame& frame, const FragmentMessage& message) {
  const bool own_lead = leads(message.slice.block);
  const auto to = frame.to ? seat_of(*frame.to) : std::nullopt;
  switch (behaviour_) {
    case Behaviour::silent_leader:
    case Behaviour::fork:
      return own_lead;
    case Behaviour::partial_proposal:
      if (!own_lead || to == (*seat() + 1u) % voters()) return false;
      world_.mark("partial_proposal");
      return true;
    case Behaviour::withhold_fragments:
      if (rng_.chance(500)) return false;
      world_.mark("fragment_withheld");
      return true;
    case Behaviour::some_fragments: {
      if (!own_lead || !to) return false;
      // Fewer than can reconstruct in one view, just as many in the next.
      const std::size_t needed = consensus::honest_witness_size(voters());
      const std::size_t place = (*to + voters() - *seat() - 1) % voters();
      if (place < needed - message.slice.block.height.value % 2) return false;
      world_.mark("fragments_to_some");
      return true;
    }
    case Behaviour::garbage_fragments:
      for (std::size_t other = 0; other < world_.size(); ++other)
        if (!frame.to || *frame.to == world_.nodes[other]->identity()) garble(other, message);
      return rng_.chance(500);
    default:
      return false;
  }
}

void Node::garble(std::size_t to, FragmentMessage message) {
  world_.mark("fragment_garbage");
  switch (rng_.below(6)) {
    case 0:
      message.fragment[rng_.below(message.fragment.size())] ^= 1;
      break;
    case 1:  // of somebody else
      message.fragment[1] = static_cast<std::uint8_t>(rng_.below(voters()));
      break;
    case 2:
      message.fragment.resize(rng_.below(message.fragment.size()));
      break;
    case 3:
      message.slice.commitment.bytes[0] ^= 1;
      break;
    case 4:
      message.slice.index =
          static_cast<std::uint32_t>(rng_.below(consensus::slice_count(message.slice)));
      break;
    default:  // the same again
      break;
  }
  send_to(to, message);
}

/// What the leader's own machine takes for the code of its slice.
SliceCoded Node::cheat(const SliceJob& job, SliceCoded honest) {
  if (!seat()) return honest;  // its epoch has ended meanwhile
  if (behaviour_ == Behaviour::equivocate || behaviour_ == Behaviour::forge ||
      behaviour_ == Behaviour::bad_block || behaviour_ == Behaviour::fork)
    lead_otherwise(job);
  if (behaviour_ != Behaviour::bad_encoding) return honest;
  const coding::Dispersal& dispersal = **honest.coded;
  const auto payload_bytes = static_cast<std::uint32_t>(dispersal.payload().size());
  Bytes fragments;
  std::size_t fragment_bytes = 0;
  const coding::Disperser& disperser = *job.disperser;
  for (std::size_t i = 0; i < disperser.shape().total; ++i) {
    const Bytes message = dispersal.message(static_cast<std::uint16_t>(i));
    fragment_bytes = disperser.open(dispersal.commitment(), message)->bytes.size();
    append(fragments, BytesView{message}.last(fragment_bytes));
  }
  fragments[rng_.below(fragments.size())] ^= static_cast<std::uint8_t>(1 + rng_.below(255));
  world_.mark("bad_encoding");
  world_.checkers.on_bad_encoding(job.block_id);
  honest.coded =
      std::make_shared<const coding::Dispersal>(disperser.forge(payload_bytes, fragments));
  return honest;
}

/// Another block, beside the one that the leader's machine has built or in its place.
void Node::lead_otherwise(const SliceJob& job) {
  // What ends an epoch has no header that could be changed.
  if (job.slice != 0 || consensus::decode_closing(job.block->payload)) return;
  if (behaviour_ == Behaviour::fork) {
    if (const auto fork = forked(*job.block)) disperse(*fork, job.slice_bytes, 1000);
    return;
  }
  const bool is_refusable = behaviour_ == Behaviour::bad_block;
  consensus::Block other = *job.block;
  change_header(other, [&](types::Header& header) {
    if (is_refusable) return spoil(header);
    header.timestamp.value += 1;
  });
  world_.mark(is_refusable ? "bad_block" : "equivocation");
  disperse(other, job.slice_bytes, 500);
}

/// All fragments of a block at once, to so many of the others.
void Node::disperse(const consensus::Block& block, std::uint32_t slice_bytes,
                    std::uint32_t permille) {
  FragmentMessage message{
      .slice = {.block = block.ref,
                .parent_view = block.parent_view,
                .parent_id = block.parent_id,
                .payload_bytes = static_cast<std::uint32_t>(block.payload.size()),
                .slice_bytes = slice_bytes,
                .index = 0,
                .commitment = {}},
      .signature = {},
      .fragment = {}};
  for (; message.slice.index < consensus::slice_count(message.slice); ++message.slice.index) {
    const auto slice = BytesView{block.payload}.subspan(
        std::size_t{message.slice.index} * slice_bytes, consensus::slice_size(message.slice));
    const auto dispersal = world_.disperser(voters()).disperse(slice);
    message.slice.commitment = dispersal->commitment();
    message.signature = sign(consensus::slice_sign_bytes(domain(), message.slice));
    for (std::size_t to = 0; to < world_.size(); ++to) {
      const auto who = seat_of(world_.nodes[to]->identity());
      if (!who || !rng_.chance(permille)) continue;
      message.fragment = dispersal->message(*who);
      send_to(to, message);
    }
  }
}

}  // namespace wusong::sim::internal
