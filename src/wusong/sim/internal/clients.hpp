// SPDX-License-Identifier: Apache-2.0
// People who send transactions, wait for the receipt, and insist when none comes.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "wusong/node/genesis.hpp"
#include "wusong/node/service.hpp"
#include "wusong/sim/event_loop.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::sim::internal {

class World;

class Clients {
 public:
  Clients(World& world, std::size_t count, Rng rng);
  /// Their accounts and the contract they call.
  void fund(node::Genesis& genesis) const;
  void start();
  /// Nobody begins anything new.
  void stop() noexcept { stopped_ = true; }
  /// An honest node has the block final and executed: a receipt is an acknowledgement.
  void on_executed(const node::ExecutedBlock& block);

  bool waiting() const noexcept;
  std::uint64_t acknowledged() const noexcept { return acknowledged_.size(); }
  /// Every acknowledged transaction is where it was said to be, on this node.
  void check(std::size_t slot);

 private:
  struct Client {
    Bytes secret;
    Address address;
    std::uint64_t nonce{0};
    std::optional<types::Transaction> pending;
    Hash hash;
    std::uint64_t attempt{0};
  };
  void next(std::size_t who);
  void send(std::size_t who);
  types::Transaction make(std::size_t who);

  World& world_;
  Rng rng_;
  std::vector<Client> clients_;
  std::map<Hash, std::size_t> waiting_for_;
  std::map<Hash, node::TransactionLocation> acknowledged_;
  bool stopped_{false};
};

}  // namespace wusong::sim::internal
