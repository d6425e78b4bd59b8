// SPDX-License-Identifier: Apache-2.0
// The gateway's chain, over a node's JSON-RPC; and the follower that applies its blocks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "wusong/apps/rpc_client.hpp"
#include "wusong/gateway/chain.hpp"
#include "wusong/platform/log.hpp"
#include "wusong/portal/projection.hpp"
#include "wusong/portal_app/errors.hpp"

namespace wusong::portal_app {

/// @thread safe
class NodeChain final : public gateway::ChainClient {
 public:
  explicit NodeChain(std::string url) : url_{std::move(url)} {}

  /// Asks the node for chain id and price; until it answered once, every member fails.
  [[nodiscard]] Outcome<void> connect();
  std::string genesis();
  /// Waits until everything that this account has sent is in a block: a program that died may have
  /// left something on its way. @errors err::rpc_failed, err::not_included
  [[nodiscard]] Outcome<void> settle(const Address& account);

  std::uint64_t chain_id() const noexcept override { return chain_id_; }
  U256 gas_price() const noexcept override { return U256{gas_price_.load()}; }
  Result<std::uint64_t> nonce(const Address& account) override;
  Result<gateway::SendOutcome> send(BytesView transaction) override;
  Result<std::optional<gateway::FinalTransaction>> find(const Hash& transaction) override;
  Result<std::optional<gateway::FinalTransaction>> wait(const Hash& transaction,
                                                        std::uint64_t milliseconds) override;
  Result<std::string> rpc(std::string_view body) override;
  bool reachable() const noexcept override { return reachable_; }
  std::uint64_t applied_block() const noexcept override { return applied_; }
  std::uint64_t chain_time() const noexcept override { return time_; }
  /// The newest final block that the node has named.
  std::uint64_t head_block() const noexcept { return head_; }

  void saw_head(std::uint64_t block) noexcept { head_ = block; }
  /// The follower has come to this block.
  void applied(std::uint64_t block, std::uint64_t time);
  /// A call with its own connection from a small pool. The detail is the node's own.
  [[nodiscard]] Outcome<apps::RpcReply> call(std::string_view method, std::string_view params);

 private:
  [[nodiscard]] std::unique_ptr<apps::RpcClient> lease();
  void give_back(std::unique_ptr<apps::RpcClient> client);
  [[nodiscard]] Result<Bytes> revert_of(const codec::JsonValue& receipt);

  std::string url_;
  std::atomic<std::uint64_t> chain_id_{0};
  std::atomic<std::uint64_t> gas_price_{0};
  std::atomic<bool> reachable_{false};
  std::atomic<std::uint64_t> head_{0};
  std::atomic<std::uint64_t> applied_{0};
  std::atomic<std::uint64_t> time_{0};
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::unique_ptr<apps::RpcClient>> idle_;
};

/// The events of finalised blocks from `first` to `last`, in order.
/// @errors err::rpc_failed
[[nodiscard]] Outcome<std::vector<portal::BlockEvents>> read_events(
    NodeChain& chain, const portal::Contracts& contracts, std::uint64_t first, std::uint64_t last);
/// The newest block's number and time in seconds.
struct Head {
  std::uint64_t number{0};
  std::uint64_t time{0};
};
[[nodiscard]] Outcome<Head> read_head(NodeChain& chain);

/// Told after each part of a long way: blocks applied, blocks in all.
using FollowProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;
/// Applies what has come up to the chain's head, some hundred blocks at once.
/// @return how many blocks lay between
[[nodiscard]] Outcome<std::uint64_t> follow_once(NodeChain& chain, portal::Projection& projection,
                                                 const portal::Contracts& contracts,
                                                 std::uint64_t from_block,
                                                 const FollowProgress& progress = {});

}  // namespace wusong::portal_app
