// SPDX-License-Identifier: Apache-2.0
// Governors who change the set, keys and parameters through the registry, as people would: they
// look at the chain now and then, and do the next thing that is missing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "wusong/consensus/types.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/sim/rng.hpp"
#include "wusong/types/account.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::sim::internal {

class Node;
class World;

class Governors {
 public:
  static constexpr std::uint64_t kEpochBlocks = 6;
  static constexpr std::uint64_t kHeartbeatMs = 600'000;
  static constexpr std::size_t kVotersMin = 4;  // so that one faulty validator is always tolerated

  Governors(World& world, Rng rng) : world_{world}, rng_{rng} {}
  /// One step: a proposal, or an approval of the one that waits.
  void act();
  /// Somebody has the key that an account replaced, and sends by it. In vain.
  void steal();
  static Address robbed();
  static void add_robbed(node::Genesis& genesis);
  /// For a transaction to be executed.
  bool waiting() const noexcept { return waiting_for_ > 0; }

  static Address address(consensus::PeerId identity);
  static std::unique_ptr<crypto::Signer> vote_secret(consensus::PeerId identity,
                                                     std::uint64_t generation);
  static std::unique_ptr<crypto::Signer> node_secret(consensus::PeerId identity);

 private:
  std::vector<Bytes> change(const node::Registry& registry);
  Bytes join(consensus::PeerId identity);
  Bytes replace_key(const types::Validator& validator);
  Bytes admit(consensus::PeerId identity) const;
  std::optional<consensus::PeerId> absent_from(const node::Registry& registry) const;
  const Node* newest() const;
  void insist(const types::Transaction& transaction, const Address& governor);
  void send(types::StateView& state, const Address& governor, Bytes call);

  World& world_;
  Rng rng_;
  std::map<consensus::PeerId, std::uint64_t> generations_;  // of vote keys
  std::size_t waiting_for_{0};
  std::size_t thefts_{0};
};

}  // namespace wusong::sim::internal
