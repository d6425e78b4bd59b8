// SPDX-License-Identifier: Apache-2.0
// The driver: it keeps the rule that records are durable before anything that depends on them.
#include <algorithm>

#include "wusong/sim/internal/world.hpp"

namespace wusong::sim::internal {
namespace {

using namespace std::chrono_literals;

Bytes ledger_key(Height height) {
  Bytes key{'L'};
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<std::uint8_t>(height.value >> shift));
  return key;
}

}  // namespace

Node::Node(World& world, std::size_t index, Rng rng)
    : world_{world},
      index_{index},
      rng_{rng},
      signer_{world.scheme, static_cast<consensus::ValidatorIndex>(index)} {}

void Node::start() {
  WUSONG_ASSERT(!up());
  std::vector<consensus::BlockPtr> ledger;
  std::vector<consensus::Record> records;
  for (const auto& [key, value] : disk_.contents()) {
    if (key.front() == 'L') {
      auto message = consensus::decode_message(value, consensus::kPayloadBytesMax);
      ledger.push_back(std::make_shared<const consensus::Block>(
          std::get<consensus::BlockMessage>(*message).block));
    } else {
      records.push_back({Bytes{key.begin() + 1, key.end()}, value});
    }
  }
  if (world_.scenario.sabotage.lose_ledger && incarnation_ > 0) ledger.clear();
  if (world_.honest(index_)) world_.checkers.on_restart(index_, ledger);
  app_.restore(std::move(ledger));
  const bool validator = index_ < world_.validators();
  auto machine = consensus::Machine::create(
      world_.machine_config(), {validator ? &signer_ : nullptr, &world_.scheme, &world_.identity},
      app_.head(), records);
  WUSONG_ASSERT(machine.has_value());
  machine_.emplace(std::move(*machine));
  work_ = false;
  take(machine_->start(world_.loop.now()));
  for (std::size_t other = 0; other < world_.size(); ++other) {
    if (other == index_ || !world_.nodes[other]->up()) continue;
    step(consensus::PeerConnected{static_cast<consensus::PeerId>(other)});
    world_.nodes[other]->step(consensus::PeerConnected{static_cast<consensus::PeerId>(index_)});
  }
  update_work();
}

bool Node::crash() {
  if (!up()) return false;
  ++incarnation_;
  if (std::ranges::any_of(outputs_, [](const Output& o) { return !o.actions.sends.empty(); }))
    world_.mark("crash_before_send");
  if (disk_.crash(rng_) > 0) world_.mark("crash_lost_unsynced");
  machine_.reset();
  outputs_.clear();
  timer_.reset();
  app_ = {};
  world_.mark("crash");
  for (const auto& other : world_.nodes)
    if (other->up())
      other->step(consensus::PeerDisconnected{static_cast<consensus::PeerId>(index_)});
  return true;
}

void Node::later(Duration delay, std::function<void()> task) {
  world_.loop.after(delay, [this, life = incarnation_, task = std::move(task)] {
    if (life == incarnation_ && up()) task();
  });
}

void Node::receive(std::size_t from, const Packet& packet) {
  world_.loop.note(index_ << 16 | from);
  world_.loop.note(*packet);
  if (!up()) return;
  if (behaviour_ == Behaviour::yes_man) say_yes(from, *packet);
  if (behaviour_ == Behaviour::replay) replay(packet);
  step(consensus::MessageReceived{static_cast<consensus::PeerId>(from), *packet});
}

void Node::submit(std::uint64_t number) {
  if (!up()) return;
  app_.submit(number);
  update_work();
}

void Node::update_work() {
  const bool work = app_.has_work() || world_.scenario.sabotage.always_work;
  if (!work && !work_) return;
  work_ = work;
  step(consensus::WorkPending{work});
}

bool Node::idle() const {
  return up() && outputs_.empty() && machine_->status().resting && !app_.has_work();
}

void Node::step(const consensus::Event& event) {
  if (up()) take(machine_->step(event, world_.loop.now()));
}

void Node::take(consensus::Actions actions) {
  if (actions.wake_at) set_timer(*actions.wake_at);
  VirtualDisk::Batch batch;
  for (auto& record : actions.persist) {
    Bytes key{'V'};
    append(key, record.key);
    batch.push_back({std::move(key), std::move(record.value)});
  }
  if (world_.scenario.sabotage.forget_votes) batch.clear();
  const std::uint64_t position = disk_.write(std::move(batch));
  const bool wait = actions.sync && !world_.scenario.sabotage.send_before_persist;
  outputs_.push_back({std::move(actions), !wait});
  if (wait) {
    const std::uint64_t life = incarnation_;
    Output* output = &outputs_.back();  // deque: stable until it is popped, which needs `durable`
    world_.loop.after(rng_.between(200us, 4ms), [this, life, position, output] {
      if (life != incarnation_) return;
      disk_.sync(position);
      output->durable = true;
      release();
    });
  }
  release();
}

void Node::release() {
  while (!outputs_.empty() && outputs_.front().durable) {
    consensus::Actions actions = std::move(outputs_.front().actions);
    outputs_.pop_front();
    perform(actions);
    if (!up()) return;
  }
}

void Node::perform(consensus::Actions& actions) {
  if (actions.halt) {
    world_.mark("halt");
    if (world_.honest(index_)) world_.checkers.on_halt(index_, *actions.halt);
    return;
  }
  if (actions.rejection) {
    world_.mark("rejected");
    world_.mark("rejected:" + std::string{actions.rejection->error.name()});
  }
  for (const auto& found : actions.misbehaviour) {
    world_.mark("misbehaviour_seen");
    if (world_.honest(found.validator))
      world_.checkers.violate("halt", "an honest validator was accused");
  }
  // The records are safe and nothing has left: the worst moment to lose power.
  if (actions.sync && world_.faults_on && world_.scenario.crash_every > 0ns && rng_.chance(2)) {
    world_.mark("crash_between_persist_and_send");
    world_.loop.after(0ns, [this, life = incarnation_] {
      if (life != incarnation_ || !crash()) return;
      world_.loop.after(rng_.between(50ms, 1s), [this] {
        if (!up()) start();
      });
    });
    return;
  }
  for (const auto& send : actions.sends) transmit(send);
  for (const auto& request : actions.serve) serve(request);
  if (actions.finalized) keep_final(*actions.finalized);
  for (const auto& attested : actions.attested) {
    world_.mark("attested");
    if (world_.honest(index_)) world_.checkers.on_attested(index_, attested);
  }
  for (const auto& request : actions.verify) {
    const Duration takes = rng_.chance(world_.scenario.slow_verify_permille)
                               ? rng_.between(50ms, 300ms)
                               : rng_.between(0ms, 4ms);
    later(takes, [this, block = request.block] {
      step(consensus::PayloadVerified{block->ref.id, app_.check(block)});
    });
  }
  if (actions.build) build(*actions.build);
  if (actions.behind) catch_up(*actions.behind);
}

void Node::build(const consensus::BuildPayload& request) {
  later(rng_.between(0ms, 3ms), [this, request] {
    auto payload = app_.build(request);
    if (!payload) {
      world_.mark("declined");
      return step(consensus::PayloadDeclined{request.view});
    }
    const Hash id = payload_id(*payload);
    app_.built(std::make_shared<const consensus::Block>(
        consensus::Block{{request.view, request.parent.height.next(), id},
                         request.parent.view,
                         request.parent.id,
                         *payload}));
    step(consensus::PayloadBuilt{request.view, id, std::move(*payload)});
  });
}

void Node::write_ledger(const consensus::Block& block) {
  disk_.write({{ledger_key(block.ref.height), encode(consensus::BlockMessage{block})}});
}

void Node::keep_final(const consensus::Finalized& finalized) {
  const bool honest = world_.honest(index_);
  for (const auto& block : finalized.blocks) {
    const bool appended = app_.append(block);
    if (honest) world_.checkers.on_final(index_, *block, appended);
    write_ledger(*block);
  }
  if (honest) world_.checkers.on_certificate(index_, finalized.certificate);
  world_.loop.note(finalized.blocks.back()->ref.id.view());
  sync_ledger();
  later(0ns, [this] { update_work(); });
}

void Node::sync_ledger() {
  const Height height = app_.height();
  const std::uint64_t position = disk_.write({});
  later(rng_.between(1ms, 60ms), [this, height, position] {
    disk_.sync(position);
    if (world_.honest(index_)) world_.checkers.on_ledger_synced(index_, height);
    step(consensus::FinalizedStored{height});
  });
}

void Node::serve(const consensus::ServeBlock& request) {
  world_.mark("served_from_ledger");
  for (const auto& block : app_.ledger()) {
    if (block->ref.id != request.block_id) continue;
    const Bytes bytes = encode(consensus::BlockMessage{*block});
    return transmit({request.peer, bytes});
  }
}

/// Stands in for the sync module: copies another honest node's ledger, as of when the answer comes.
void Node::catch_up(const consensus::Behind& behind) {
  later(rng_.between(10ms, 80ms), [this, target = behind.certificate.subject] {
    for (std::size_t other = 0; other < world_.size(); ++other) {
      const Node& source = *world_.nodes[other];
      if (other == index_ || !source.up() || !world_.honest(other)) continue;
      if (!world_.linked(other, index_) || source.app_.height() <= app_.height()) continue;
      const auto& ledger = source.app_.ledger();
      while (app_.height() < source.app_.height() && app_.height() < target.height) {
        const auto& block = ledger[app_.height().value];
        const bool appended = app_.append(block);
        if (world_.honest(index_)) world_.checkers.on_final(index_, *block, appended);
        write_ledger(*block);
      }
      world_.mark("synced");
      step(consensus::SyncedTo{app_.head(), std::nullopt});
      sync_ledger();
      return update_work();
    }
  });
}

void Node::set_timer(Instant when) {
  if (timer_ && *timer_ <= when) return;
  timer_ = when;
  world_.loop.at(when, [this, when, life = incarnation_] {
    if (life != incarnation_ || !timer_ || *timer_ != when) return;
    timer_.reset();
    step(consensus::Tick{});
  });
}

}  // namespace wusong::sim::internal
