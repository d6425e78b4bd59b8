// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/internal/clients.hpp"

#include "wusong/hash/hash.hpp"
#include "wusong/sim/internal/world.hpp"

namespace wusong::sim::internal {

using namespace std::chrono_literals;

Clients::Clients(World& world, std::size_t count, Rng rng) : world_{world}, rng_{rng} {
  for (std::size_t i = 0; i < count; ++i) {
    Client client;
    client.secret = to_bytes(hash::keccak256(Bytes{'c', static_cast<std::uint8_t>(i)}));
    const auto signer = crypto::make_signer(crypto::Scheme::secp256k1, client.secret);
    client.address = crypto::address_of(crypto::Scheme::secp256k1, (*signer)->public_key());
    clients_.push_back(std::move(client));
  }
}

void Clients::fund(node::Genesis& genesis) const {
  for (const Client& client : clients_)
    genesis.accounts[client.address].balance = U256{1'000'000'000};
  genesis.accounts[counter_address()].code = kCounterCode;
}

void Clients::start() {
  for (std::size_t i = 0; i < clients_.size(); ++i)
    world_.loop.after(rng_.between(0ms, 500ms), [this, i] { next(i); });
}

bool Clients::waiting() const noexcept {
  return !waiting_for_.empty();
}

types::Transaction Clients::make(std::size_t who) {
  types::Transaction out;
  out.type = types::TransactionType::dynamic_fee;
  out.chain_id = world_.genesis.chain_id;
  out.nonce = clients_[who].nonce;
  if (rng_.chance(300)) {
    out.to = counter_address();
    out.gas_limit = 100'000;
    out.data = Bytes(32);
    out.data.back() = static_cast<std::uint8_t>(1 + rng_.below(9));
  } else {
    out.to = clients_[rng_.below(clients_.size())].address;
    out.gas_limit = 21'000;
    out.value = U256{rng_.below(100)};
  }
  WUSONG_ASSERT(types::sign(out, clients_[who].secret));
  return out;
}

void Clients::next(std::size_t who) {
  if (stopped_) return;
  Client& client = clients_[who];
  client.pending = make(who);
  client.hash = types::hash_of(*client.pending);
  waiting_for_[client.hash] = who;
  send(who);
}

/// To any node, and to another one if there is no receipt in time.
void Clients::send(std::size_t who) {
  Client& client = clients_[who];
  const std::uint64_t attempt = ++client.attempt;
  std::size_t slot = rng_.below(world_.size());
  while (world_.scenario.clients_know && !world_.honest(slot)) slot = rng_.below(world_.size());
  Node& node = *world_.nodes[slot];
  node.submit({*client.pending}, [](const std::vector<Result<void>>&) {});
  world_.loop.after(rng_.between(2s, 4s), [this, who, attempt] {
    if (clients_[who].attempt != attempt || !clients_[who].pending) return;
    world_.mark("client_insists");
    send(who);
  });
}

void Clients::on_executed(const node::ExecutedBlock& block) {
  const Height height = block.block.header.number;
  for (std::size_t i = 0; i < block.transaction_hashes.size(); ++i) {
    if (block.skipped[i] != 0) continue;
    const auto found = waiting_for_.find(block.transaction_hashes[i]);
    if (found == waiting_for_.end()) continue;
    const std::size_t who = found->second;
    waiting_for_.erase(found);
    acknowledged_[block.transaction_hashes[i]] = {height, static_cast<std::uint32_t>(i)};
    clients_[who].pending.reset();
    ++clients_[who].nonce;
    const Duration pause = world_.scenario.client_pause;
    world_.loop.after(rng_.between(pause / 2, pause * 3 / 2), [this, who] { next(who); });
  }
}

void Clients::check(std::size_t slot) {
  const storage::Ledger& ledger = world_.nodes[slot]->ledger();
  for (const auto& [hash, location] : acknowledged_) {
    if (location.height > *ledger.executed_head()) continue;  // liveness sees to the height
    if (location.height < ledger.kept().blocks) continue;     // pruned, as it was told to
    const auto found = ledger.locate(hash);
    if (!found || !*found || (**found).height != location.height ||
        (**found).index != location.index)
      world_.checkers.violate("acknowledged", world_.name_of(slot) +
                                                  " lost a transaction of height " +
                                                  std::to_string(location.height.value));
  }
}

}  // namespace wusong::sim::internal
