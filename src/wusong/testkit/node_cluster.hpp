// SPDX-License-Identifier: Apache-2.0
// Whole nodes in one thread: memory for disks, a queue for the network, a counter for the clock.
#pragma once

#include <deque>
#include <set>

#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/node/account_keys.hpp"
#include "wusong/node/node.hpp"
#include "wusong/node/opening.hpp"
#include "wusong/node/validation.hpp"
#include "wusong/state/memory_state.hpp"
#include "wusong/storage/memory_store.hpp"

namespace wusong::testkit {

class NodeCluster {
 public:
  struct Member {
    storage::MemoryStore store;
    io::MemorySegmentStore segments;
    std::unique_ptr<state::StateDb> state;
    std::unique_ptr<storage::Ledger> ledger;
    std::unique_ptr<node::BlockExecutor> executor;
    std::unique_ptr<node::HeldKeys> keys;
    std::unique_ptr<node::Node> node;
    std::vector<node::BlockPtr> executed;  // since the last start
    std::optional<Error> halted;
    std::uint64_t refusals{0};
    bool up() const noexcept { return node != nullptr; }
  };

  /// `spare`: machines that the genesis does not name. With some, the chain has a registry.
  explicit NodeCluster(std::size_t count, node::Genesis genesis = {}, std::size_t spare = 0,
                       crypto::Scheme votes = crypto::Scheme::ed25519)
      : genesis_{std::move(genesis)} {
    if (genesis_.chain_id == 0) genesis_.chain_id = 5'918;
    genesis_.timestamp = UnixMillis{1'700'000'000'000};
    members_.resize(count + spare);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      members_[i] = std::make_unique<Member>();
      node::HeldKeys::Keys keys;
      keys.push_back(make_key('v', i, votes));
      keys.push_back(make_key('w', i));  // the next ones
      keys.push_back(make_key('x', i, crypto::Scheme::ed25519_ml_dsa_44));
      keys.push_back(make_key('y', i, crypto::Scheme::ml_dsa_44));
      members_[i]->keys = std::make_unique<node::HeldKeys>(std::move(keys));
      if (i < count) genesis_.validators.push_back(validator(i, votes));
      node_keys_.push_back(validator(i).node_key);
    }
    if (spare > 0) {
      std::vector<Address> governors;
      for (std::size_t i = 0; i < count; ++i) governors.push_back(governor(i));
      node::add_registry(genesis_, governors, 4);
      node::add_account_keys(genesis_);
    }
    state::MemoryState first;
    first.apply(node::genesis_state(genesis_));
    header_ = node::genesis_header(genesis_, first.root());
    hash_ = types::hash_of(header_);
    for (std::size_t i = 0; i < members_.size(); ++i) start(i);
  }

  static std::unique_ptr<crypto::Signer> make_key(char kind, std::size_t i,
                                                  crypto::Scheme scheme = crypto::Scheme::ed25519) {
    Bytes secret = to_bytes(
        hash::keccak256(Bytes{static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(i)}));
    const std::size_t size =
        crypto::find_scheme(static_cast<std::uint8_t>(scheme))->secret_key_size;
    while (secret.size() < size) append(secret, hash::keccak256(secret));
    return *crypto::make_signer(scheme, secret);
  }
  static types::Validator validator(std::size_t i, crypto::Scheme votes = crypto::Scheme::ed25519) {
    const Bytes vote_key = to_bytes(make_key('v', i, votes)->public_key());
    return {.name = "node" + std::to_string(i),
            .scheme = votes,
            .vote_key = vote_key,
            .node_key = to_bytes(make_key('n', i)->public_key()),
            .beneficiary = Address::from(BytesView{vote_key}.first(20))};
  }
  static Address governor(std::size_t i) {
    return crypto::address_of(crypto::Scheme::secp256k1,
                              make_key('g', i, crypto::Scheme::secp256k1)->public_key());
  }

  Member& operator[](std::size_t i) { return *members_[i]; }
  std::size_t size() const noexcept { return members_.size(); }
  const node::Genesis& genesis() const noexcept { return genesis_; }
  const Hash& genesis_hash() const noexcept { return hash_; }
  /// Frames for which it returns true are lost.
  std::function<bool(std::size_t from, std::size_t to, const node::Frame&)> lose;
  std::int64_t clock_skew_ms{0};  // of node 0's wall clock

  void start(std::size_t i) {
    Member& m = *members_[i];
    m.executed.clear();
    node::OpeningOptions options;
    options.on_executed = [&m](const node::BlockPtr& block) { m.executed.push_back(block); };
    auto opened = *node::open_chain(genesis_, m.store, m.segments, timer_, inline_, options);
    m.state = std::move(opened.state);
    m.ledger = std::move(opened.ledger);
    m.executor = std::move(opened.executor);
    std::vector<consensus::Record> records;
    WUSONG_ASSERT(
        m.store.scan(io::Column::vote, {}, {}, false, [&](BytesView key, BytesView value) {
          records.push_back({to_bytes(key), to_bytes(value)});
          return true;
        }));
    m.node = *node::Node::create(
        {.genesis = genesis_,
         .genesis_hash = hash_,
         .genesis_header = header_,
         .keys = m.keys.get(),
         .peer_of =
             [this](BytesView key) {
               const auto found = std::ranges::find(node_keys_, to_bytes(key));
               return static_cast<consensus::PeerId>(found - node_keys_.begin());
             }},
        *m.ledger, [&m](Height h) { return m.state->view(h); }, m.state->head()->height, records);
    turn(i, [](node::Node& node) { node.start(); });
    for (std::size_t j = 0; j < size(); ++j) {
      if (j != i && members_[j] != nullptr && members_[j]->up()) connect(i, j);
    }
  }

  /// The process ends at once; what it wrote stays.
  void kill(std::size_t i) {
    Member& m = *members_[i];
    m.node.reset();
    m.executor.reset();
    m.state.reset();
    m.ledger.reset();
    std::erase_if(queue_, [&](const Packet& packet) { return packet.to == i || packet.from == i; });
    for (std::size_t j = 0; j < size(); ++j) {
      if (j != i && members_[j]->up()) {
        turn(j, [&](node::Node& node) { node.on_disconnected(static_cast<consensus::PeerId>(i)); });
      }
    }
  }

  /// As JSON-RPC would. @return one outcome each
  std::vector<Result<void>> submit(std::size_t i,
                                   const std::vector<types::Transaction>& transactions) {
    std::vector<Bytes> encoded;
    std::vector<node::RawTransaction> raw;
    for (const types::Transaction& transaction : transactions)
      encoded.push_back(types::encode(transaction));
    for (const Bytes& bytes : encoded) raw.push_back({.encoded = bytes, .local = true});
    std::vector<txpool::Candidate> candidates;
    std::vector<Result<void>> out;
    for (auto& candidate : node::prepare_candidates(raw, node::chain_rules(genesis_), inline_)) {
      if (candidate) {
        candidates.push_back(*std::move(candidate));
      } else {
        out.push_back(fail(candidate.error()));
      }
    }
    turn(i, [&](node::Node& node) {
      for (const auto& outcome : node.on_candidates(std::move(candidates), std::nullopt))
        out.push_back(outcome);
    });
    return out;
  }

  /// Runs until `done` or for at most `limit` of virtual time. @return whether it was done
  bool run(Duration limit, const std::function<bool()>& done) {
    const Instant end = now_ + limit;
    while (!done()) {
      if (now_ >= end) return false;
      if (!queue_.empty() && queue_.front().at <= now_) {
        const Packet packet = std::move(queue_.front());
        queue_.pop_front();
        if (!members_[packet.to]->up()) continue;
        turn(packet.to, [&](node::Node& node) {
          node.on_frame(static_cast<consensus::PeerId>(packet.from), packet.channel,
                        *packet.payload);
        });
        continue;
      }
      now_ += std::chrono::milliseconds{1};
      for (std::size_t i = 0; i < size(); ++i) {
        if (members_[i]->up() && members_[i]->node->wake_at() <= now_) turn(i, [](node::Node&) {});
      }
    }
    return true;
  }
  bool all_executed(Height height) const {
    return std::ranges::all_of(
        members_, [&](const auto& m) { return !m->up() || m->node->executed_height() >= height; });
  }

 private:
  struct Packet {
    Instant at;
    std::size_t from;
    std::size_t to;
    net::Channel channel;
    std::shared_ptr<const Bytes> payload;
  };

  struct Turn {
    std::size_t member;
    std::function<void(node::Node&)> work;
  };

  UnixMillis wall(std::size_t i) const {
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
    const std::int64_t skew = i == 0 ? clock_skew_ms : 0;
    return UnixMillis{1'700'000'000'000 + static_cast<std::uint64_t>(ms + skew)};
  }

  void connect(std::size_t a, std::size_t b) {
    turn(a, [&](node::Node& node) {
      node.on_connected(static_cast<consensus::PeerId>(b), members_[b]->node->final_height());
    });
    turn(b, [&](node::Node& node) {
      node.on_connected(static_cast<consensus::PeerId>(a), members_[a]->node->final_height());
    });
  }

  /// Turns asked for during a turn come after it, in order, as on a node's own thread.
  void turn(std::size_t i, std::function<void(node::Node&)> work) {
    turns_.push_back({i, std::move(work)});
    if (turning_) return;
    turning_ = true;
    while (!turns_.empty()) {
      const Turn next = std::move(turns_.front());
      turns_.pop_front();
      Member& m = *members_[next.member];
      if (m.halted || !m.up()) continue;
      m.node->begin(now_, wall(next.member));
      next.work(*m.node);
      m.node->tick();
      carry_out(next.member, m.node->take());
    }
    turning_ = false;
  }

  void carry_out(std::size_t i, node::Actions actions) {
    Member& m = *members_[i];
    WUSONG_ASSERT(m.store.write(actions.batch,
                                actions.sync ? io::Durability::synced : io::Durability::buffered));
    if (actions.halt) m.halted = *actions.halt;
    m.refusals += actions.refusals.size();
    for (const node::Frame& frame : actions.frames) {
      for (std::size_t to = 0; to < size(); ++to) {
        if (to == i || (frame.to && *frame.to != to) || !members_[to]->up()) continue;
        if (lose && lose(i, to, frame)) continue;
        queue_.push_back(
            {now_ + std::chrono::milliseconds{1}, i, to, frame.channel, frame.payload});
      }
    }
    // All of them before any turn: a turn may bring the next block.
    std::vector<node::BlockPtr> executed;
    for (const node::PreparedPtr& block : actions.execute) {
      const auto outcome = m.executor->execute(*block);
      WUSONG_ASSERT(outcome);
      executed.push_back(*outcome);
      m.executed.push_back(*outcome);
    }
    for (const node::BlockPtr& block : executed) {
      turn(i, [block](node::Node& node) { node.on_executed(block); });
    }
    run_jobs(i, actions);
  }

  void run_jobs(std::size_t i, node::Actions& actions) {
    for (node::SplitJob& job : actions.splits) {
      auto split = node::split(job.block->payload, inline_);
      turn(i, [block = job.block, split](node::Node& node) { node.on_split(block, split); });
    }
    for (node::PrepareJob& job : actions.prepares) {
      auto prepared = node::prepare(*job.split, job.known, inline_);
      turn(i,
           [id = job.split->hash, prepared](node::Node& node) { node.on_prepared(id, prepared); });
    }
    for (node::SyncedBlocks& job : actions.synced) {
      const auto blocks = node::prepare_range(std::move(job.blocks), inline_);
      turn(i, [blocks, certificate = job.certificate](node::Node& node) {
        node.on_synced(blocks, certificate);
      });
    }
    for (node::CandidatesJob& job : actions.candidates) {
      std::vector<node::RawTransaction> raw;
      for (const BytesView encoded : job.transactions)
        raw.push_back({.encoded = encoded, .local = false});
      std::vector<txpool::Candidate> candidates;
      for (auto& candidate : node::prepare_candidates(raw, node::chain_rules(genesis_), inline_)) {
        if (candidate) candidates.push_back(*std::move(candidate));
      }
      turn(i, [candidates, from = job.from](node::Node& node) {
        static_cast<void>(node.on_candidates(candidates, from));
      });
    }
  }

  node::Genesis genesis_;
  types::Header header_;
  Hash hash_;
  io::InlineExecutor inline_;
  io::NoStageTimer timer_;
  Instant now_{std::chrono::seconds{1}};
  std::vector<Bytes> node_keys_;
  std::vector<std::unique_ptr<Member>> members_;
  std::deque<Packet> queue_;
  std::deque<Turn> turns_;
  bool turning_{false};
};

}  // namespace wusong::testkit
