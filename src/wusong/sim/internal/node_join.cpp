// SPDX-License-Identifier: Apache-2.0
// A node that fetches a state before it goes on, as the host has it.
#include "wusong/node/opening.hpp"
#include "wusong/sim/internal/world.hpp"

namespace wusong::sim::internal {

void Node::leave_to_join(sync::Checkpoint checkpoint) {
  world_.mark("snapshot_begun");
  world_.tell(world_.name_of(slot_) + " fetches the state of height " +
              std::to_string(checkpoint.height.value));
  node_.reset();
  ++life_;
  checkpoint_ = std::move(checkpoint);
  if (to_execute_.empty() && !executing_) begin_joining();
}

void Node::begin_joining() {
  auto created = node::Joining::create(
      {.genesis_hash = world_.genesis_hash,
       .first_epoch = node::first_epoch(world_.genesis),
       .voters_of = [this](const types::Epoch& epoch) { return keys_.verifier(epoch); },
       .join = join_options()},
      *state_, *ledger_, *std::exchange(checkpoint_, {}), local_now());
  if (!created) return fail_with(created.error());
  joining_ = *std::move(created);
  for (const std::size_t slot : peers_) {
    const consensus::PeerId peer = world_.nodes[slot]->identity();
    const Height height = world_.nodes[slot]->final_height();
    post_to_either(nullptr,
                   [peer, height](node::Joining& node) { node.on_connected(peer, height); });
  }
}

void Node::act_joining() {
  const node::JoinActions actions = joining_->take();
  for (const node::Frame& frame : actions.frames) transmit(frame);
  for (const auto& rejection : actions.rejections)
    world_.mark("rejected:" + std::string{rejection.error.name()});
  if (failed_) return fail_with(*failed_);
  if (actions.halt) return fail_with(*actions.halt);
  if (!actions.done) return;
  if (const auto back = return_from_joining(); !back) fail_with(back.error());
}

Result<void> Node::return_from_joining() {
  world_.mark("snapshot_done");
  const Height height = joining_->target();
  joining_.reset();
  executor_ =
      std::make_unique<node::BlockExecutor>(world_.genesis, *state_, *ledger_, world_.timer);
  WUSONG_CHECK(node::remember_hashes(*ledger_, height.next(), *executor_));
  if (world_.honest(slot_)) {
    world_.checkers.on_joined(slot_, *ledger_);
    world_.chain.on_joined(slot_, height, state_->head()->root);
  }
  const std::uint64_t before = epoch_->number;
  WUSONG_CHECK(open_node());
  if (epoch_->number != before) {
    world_.mark("joined_in_another_epoch");
    world_.epoch_entered(slot_, *epoch_);
  }
  for (const std::size_t slot : peers_) {
    const consensus::PeerId peer = world_.nodes[slot]->identity();
    const Height final = world_.nodes[slot]->final_height();
    post([peer, final](node::Node& node) { node.on_connected(peer, final); });
  }
  return {};
}

node::JoinOptions Node::join_options() const {
  using Mode = node::JoinOptions::Mode;
  const std::uint64_t gap = world_.scenario.join_gap;
  return {.mode = gap == 0 ? Mode::full : Mode::automatic,
          .gap = gap,
          .finder = {.patience = std::chrono::seconds{5}}};
}

}  // namespace wusong::sim::internal
