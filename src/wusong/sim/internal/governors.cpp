// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/internal/governors.hpp"

#include <algorithm>

#include "wusong/exec/account_keys.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/node/account_keys.hpp"
#include "wusong/node/registry_calls.hpp"
#include "wusong/sim/internal/world.hpp"

namespace wusong::sim::internal {

using namespace std::chrono_literals;

namespace {

Bytes secret(char kind, std::uint64_t identity, std::uint64_t generation = 0) {
  return to_bytes(
      hash::keccak256(Bytes{static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(identity),
                            static_cast<std::uint8_t>(generation)}));
}

Bytes possession(std::uint64_t chain_id, BytesView node_key, const crypto::Signer& key) {
  return key.sign(node::possession_message(chain_id, node_key, key.scheme(), key.public_key()));
}

}  // namespace

Address Governors::address(consensus::PeerId identity) {
  const auto signer = crypto::make_signer(crypto::Scheme::secp256k1, secret('g', identity));
  return crypto::address_of(crypto::Scheme::secp256k1, (*signer)->public_key());
}
std::unique_ptr<crypto::Signer> Governors::vote_secret(consensus::PeerId identity,
                                                       std::uint64_t generation) {
  return *crypto::make_signer(crypto::Scheme::ed25519, secret('v', identity, generation));
}
std::unique_ptr<crypto::Signer> Governors::node_secret(consensus::PeerId identity) {
  return *crypto::make_signer(crypto::Scheme::ed25519, secret('n', identity));
}

Address Governors::robbed() {
  static const Address kRobbed = [] {
    const auto signer = crypto::make_signer(crypto::Scheme::secp256k1, secret('r', 0));
    return crypto::address_of(crypto::Scheme::secp256k1, (*signer)->public_key());
  }();
  return kRobbed;
}

void Governors::add_robbed(node::Genesis& genesis) {
  node::add_account_keys(genesis);
  genesis.accounts[robbed()].balance = U256{1'000};
  const auto present = *crypto::make_signer(crypto::Scheme::ed25519, secret('r', 1));
  const Hash slot = exec::account_key_slot(robbed());
  auto& words = genesis.accounts[exec::kKeysAddress].storage;
  words[slot] = to_u256(hash::keccak256(present->public_key()));
  words[to_hash(to_u256(slot) + U256{1})] =
      U256{1 << 8 | static_cast<std::uint64_t>(present->scheme())};
}

void Governors::steal() {
  types::Transaction out;
  out.type = types::TransactionType::dynamic_fee;
  out.chain_id = world_.genesis.chain_id;
  out.to = address(0);
  out.gas_limit = 21'000;
  out.value = U256{1};
  WUSONG_ASSERT(types::sign(out, secret('r', 0)));
  world_.nodes[thefts_++ % world_.size()]->submit({out}, [](const std::vector<Result<void>>&) {});
}

/// The honest node that has executed most; null while all are down.
const Node* Governors::newest() const {
  const Node* best = nullptr;
  for (const auto& node : world_.nodes) {
    if (!node->takes_part() || !world_.honest(node->slot())) continue;
    if (best == nullptr || node->machine().executed_height() > best->machine().executed_height())
      best = node.get();
  }
  return best;
}

void Governors::act() {
  const Node* const best = newest();
  if (best == nullptr) return;
  const auto state = best->state().view(best->state().head()->height);
  if (!state) return;
  const auto registry = node::read_registry(**state);
  const auto open = node::open_proposals(**state);
  if (!registry || !open) return;  // its disk is damaged
  if (open->empty()) {
    const std::vector<Bytes> changes = change(*registry);
    world_.mark("change_proposed");
    return send(**state, registry->governors[rng_.below(registry->governors.size())],
                node::call_propose(changes));
  }
  for (const Address& governor : registry->governors) {
    if (std::ranges::find(open->front().approvals, governor) != open->front().approvals.end())
      continue;
    send(**state, governor, node::call_approve(open->front().id));
    if (!rng_.chance(400)) return;  // several at once, now and then
  }
}

Bytes Governors::join(consensus::PeerId identity) {
  const auto vote = vote_secret(identity, generations_[identity]);
  const auto node = node_secret(identity);
  const Bytes node_key = to_bytes(node->public_key());
  const std::uint64_t chain = world_.genesis.chain_id;
  return node::change_add_validator({.validator = {.name = "node" + std::to_string(identity),
                                                   .scheme = vote->scheme(),
                                                   .vote_key = to_bytes(vote->public_key()),
                                                   .node_key = node_key,
                                                   .beneficiary = address(identity)},
                                     .governor = address(identity),
                                     .vote_proof = possession(chain, node_key, *vote),
                                     .node_proof = possession(chain, node_key, *node)});
}

Bytes Governors::admit(consensus::PeerId identity) const {
  const auto key = node_secret(identity);
  const Bytes node_key = to_bytes(key->public_key());
  return node::change_add_observer(
      {.name = "node" + std::to_string(identity), .node_key = node_key},
      possession(world_.genesis.chain_id, node_key, *key));
}

/// A machine that nobody admits.
std::optional<consensus::PeerId> Governors::absent_from(const node::Registry& registry) const {
  for (const auto& [key, identity] : world_.identities) {
    const auto is_it = [&](const auto& member) { return member.node_key == key; };
    if (std::ranges::none_of(registry.validators, is_it) &&
        std::ranges::none_of(registry.observers, is_it))
      return identity;
  }
  return std::nullopt;
}

Bytes Governors::replace_key(const types::Validator& validator) {
  const consensus::PeerId identity = world_.peer_of(validator.node_key);
  const auto next = vote_secret(identity, ++generations_[identity]);
  for (const auto& node : world_.nodes)
    if (node->identity() == identity) node->hold(to_bytes(next->public_key()));
  return node::change_replace_vote_key(
      {.node_key = validator.node_key,
       .scheme = next->scheme(),
       .vote_key = to_bytes(next->public_key()),
       .proof = possession(world_.genesis.chain_id, validator.node_key, *next)});
}

/// Something that is allowed, of every kind in its turn.
std::vector<Bytes> Governors::change(const node::Registry& registry) {
  std::vector<Bytes> out;
  const std::uint64_t kind = rng_.below(10);
  if (kind < 4 && !registry.observers.empty()) {
    const std::uint64_t count = 1 + rng_.below(registry.observers.size());
    for (std::uint64_t i = 0; i < count; ++i) {
      out.push_back(node::change_remove_observer(registry.observers[i].node_key));
      out.push_back(join(world_.peer_of(registry.observers[i].node_key)));
    }
    world_.mark("validators_added");
  } else if (kind < 7 && registry.validators.size() > kVotersMin) {
    const std::uint64_t count = 1 + rng_.below(registry.validators.size() - kVotersMin);
    const std::uint64_t first = rng_.below(registry.validators.size());
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto& gone = registry.validators[(first + i) % registry.validators.size()];
      out.push_back(node::change_remove_validator(gone.node_key));
      if (rng_.chance(700)) out.push_back(admit(world_.peer_of(gone.node_key)));
    }
    world_.mark("validators_removed");
  } else if (const auto absent = absent_from(registry); kind < 8 && absent) {
    out.push_back(admit(*absent));
    world_.mark("stranger_admitted");
  } else if (kind < 9) {
    out.push_back(replace_key(registry.validators[rng_.below(registry.validators.size())]));
    world_.mark("vote_key_replaced");
  } else {
    types::ChainParameters parameters = registry.parameters;
    parameters.block_interval_ms = 20 + rng_.below(60);
    parameters.gas_limit = 500'000'000 + rng_.below(500'000'000);
    out.push_back(node::change_set_parameters(parameters, kEpochBlocks));
    world_.mark("parameters_changed");
  }
  return out;
}

/// To a random node, and to another one while the transaction has not been executed.
void Governors::insist(const types::Transaction& transaction, const Address& governor) {
  Node& node = *world_.nodes[rng_.below(world_.size())];
  node.submit({transaction}, [](const std::vector<Result<void>>&) {});
  world_.loop.after(rng_.between(2s, 4s), [this, transaction, governor] {
    const Node* const best = newest();
    if (best != nullptr) {
      const auto state = best->state().view(best->state().head()->height);
      const auto account = state ? (*state)->account(governor) : std::nullopt;
      if (account && account->nonce > transaction.nonce) {
        --waiting_for_;
        return;
      }
    }
    insist(transaction, governor);
  });
}

void Governors::send(types::StateView& state, const Address& governor, Bytes call) {
  types::Transaction out;
  out.type = types::TransactionType::dynamic_fee;
  out.chain_id = world_.genesis.chain_id;
  const auto account = state.account(governor);
  out.nonce = account ? account->nonce : 0;
  out.to = node::kRegistryAddress;
  out.gas_limit = 8'000'000;
  out.data = std::move(call);
  const std::size_t machines = world_.scenario.validators + world_.scenario.observers;
  for (std::size_t identity = 0; identity < machines; ++identity) {
    if (address(static_cast<consensus::PeerId>(identity)) != governor) continue;
    WUSONG_ASSERT(types::sign(out, secret('g', identity)));
    ++waiting_for_;
    return insist(out, governor);
  }
}

}  // namespace wusong::sim::internal
