// SPDX-License-Identifier: Apache-2.0
// What a process does when it starts: it opens the disk, executes again what a crash took, and asks
// consensus to go on where it was.
#include "wusong/node/validation.hpp"
#include "wusong/sim/internal/world.hpp"
#include "wusong/txpool/persistence.hpp"

namespace wusong::sim::internal {

namespace {

// Where memory must be steady: few enough to be there soon.
constexpr std::size_t kFewHashes = 500;

}  // namespace

Result<void> Node::open() {
  node::OpeningOptions options;
  options.state = {.history = world_.scenario.state_history,
                   .segment_bytes = 1u << 20,
                   .cached_accounts = 256,
                   .cached_slots = 256};
  options.on_replay = [this](Height, Height) { world_.mark("executed_again"); };
  options.on_executed = [this](const node::BlockPtr& block) {
    if (!world_.honest(slot_)) return;
    world_.chain.on_executed(slot_, *block, world_.true_wall());
    world_.clients.on_executed(*block);
  };
  WUSONG_TRY(auto opened, node::open_chain(world_.genesis, disk.store, disk.segments, world_.timer,
                                           world_.inline_executor, options));
  state_ = std::move(opened.state);
  ledger_ = std::move(opened.ledger);
  executor_ = std::move(opened.executor);
  return open_node();
}

Result<void> Node::open_node() {
  std::vector<consensus::Record> records;
  WUSONG_CHECK(
      disk.store.scan(io::Column::vote, {}, {}, false, [&](BytesView key, BytesView value) {
        records.push_back({to_bytes(key), to_bytes(value)});
        return true;
      }));
  WUSONG_TRY(const txpool::Loaded loaded, txpool::load(disk.store));
  guard_.reset();
  if (votes_lost) guard_.emplace(wall());
  WUSONG_TRY(
      node_,
      node::Node::create(
          {.genesis = world_.genesis,
           .genesis_hash = world_.genesis_hash,
           .genesis_header = world_.genesis_header,
           .keys = guard_ ? &no_keys_ : &keys_,
           .peer_of = [this](BytesView key) { return world_.peer_of(key); },
           .pool_limits = {},
           .pool_record_next = loaded.next,
           .pacemaker = world_.pacemaker(),
           .dispersal = world_.dispersal(),
           .join = join_options(),
           .range_cut = world_.range_cut(),
           .included_kept = world_.scenario.steady_after ? kFewHashes : node::kIncludedKept},
          *ledger_, [this](Height h) { return state_->view(h); }, state_->head()->height, records));
  epoch_ = std::make_shared<const types::Epoch>(node_->epoch());
  std::vector<Bytes> encoded;
  for (const auto& transaction : loaded.transactions) encoded.push_back(types::encode(transaction));
  std::vector<node::RawTransaction> raw;
  for (const Bytes& bytes : encoded) raw.push_back({.encoded = bytes, .local = true});
  std::vector<txpool::Candidate> candidates;
  for (auto& candidate :
       node::prepare_candidates(raw, node::chain_rules(world_.genesis), world_.inline_executor)) {
    if (candidate) candidates.push_back(*std::move(candidate));
  }
  if (!candidates.empty()) world_.mark("pool_restored");
  post([candidates = std::move(candidates), keys = loaded.keys](node::Node& node) {
    // Those that were included meanwhile are refused, as they should be.
    static_cast<void>(node.on_candidates(candidates, std::nullopt));
    node.erase_pool_records(keys);
    node.start();
  });
  return {};
}

}  // namespace wusong::sim::internal
