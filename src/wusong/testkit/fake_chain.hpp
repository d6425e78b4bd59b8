// SPDX-License-Identifier: Apache-2.0
// A chain in memory for tests of what stands above it: keeps nonces, includes when told, fails when
// told.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "wusong/gateway/chain.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::testkit {

class FakeChain final : public gateway::ChainClient {
 public:
  struct Included {
    Address from;
    types::Transaction transaction;
    gateway::FinalTransaction result;
  };
  bool away{false};
  bool include_at_once{true};
  /// Judges what is included; the revert data where it refuses.
  std::function<std::optional<Bytes>(const Address&, const types::Transaction&)> judge{};
  std::optional<std::string> refuse_all{};
  std::uint64_t time{1'700'000'000};
  std::uint64_t sends{0};
  std::vector<Included> included{};

  std::uint64_t chain_id() const noexcept override { return 5918; }
  U256 gas_price() const noexcept override { return U256{}; }
  Result<std::uint64_t> nonce(const Address& account) override {
    if (away) return fail(gateway::err::chain_unreachable);
    std::uint64_t out = nonces_[account];
    for (const auto& [hash, waiting] : pool_) {
      if (waiting.from == account && waiting.transaction.nonce == out) ++out;
    }
    return out;
  }
  Result<gateway::SendOutcome> send(BytesView raw) override {
    using Kind = gateway::SendOutcome::Kind;
    ++sends;
    if (away) return fail(gateway::err::chain_unreachable);
    if (refuse_all) return gateway::SendOutcome{Kind::refused, *refuse_all};
    const Hash hash = hash::keccak256(raw);
    if (pool_.contains(hash)) return gateway::SendOutcome{Kind::accepted, {}};
    const auto transaction = types::decode_transaction(raw);
    const auto from =
        transaction ? types::recover_sender(*transaction) : fail(gateway::err::refused);
    if (!from) return gateway::SendOutcome{Kind::refused, "malformed"};
    if (transaction->nonce < nonces_[*from]) return gateway::SendOutcome{Kind::nonce_used, {}};
    pool_.emplace(hash, Included{*from, *transaction, {}});
    if (include_at_once) include();
    return gateway::SendOutcome{Kind::accepted, {}};
  }
  /// Everything of the pool whose turn it is.
  void include() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto at = pool_.begin(); at != pool_.end(); ++at) {
        auto [hash, one] = *at;
        if (one.transaction.nonce != nonces_[one.from]) continue;
        ++nonces_[one.from];
        const auto refused = judge ? judge(one.from, one.transaction) : std::nullopt;
        one.result = {!refused.has_value(), ++block_, refused.value_or(Bytes{})};
        final_[hash] = one.result;
        included.push_back(one);
        pool_.erase(at);
        moved = true;
        break;
      }
    }
  }
  Result<std::optional<gateway::FinalTransaction>> find(const Hash& hash) override {
    if (away) return fail(gateway::err::chain_unreachable);
    const auto found = final_.find(hash);
    if (found == final_.end()) return std::optional<gateway::FinalTransaction>{};
    return std::optional{found->second};
  }
  Result<std::optional<gateway::FinalTransaction>> wait(const Hash& hash, std::uint64_t) override {
    return find(hash);
  }
  Result<std::string> rpc(std::string_view body) override {
    if (away) return fail(gateway::err::chain_unreachable);
    asked = body;
    return R"({"jsonrpc":"2.0","id":1,"result":")" + answer + "\"}";
  }
  bool reachable() const noexcept override { return !away; }
  std::uint64_t applied_block() const noexcept override { return block_; }
  std::uint64_t chain_time() const noexcept override { return time; }

  std::string asked{};
  std::string answer{"0x1"};  // of rpc()

 private:
  std::map<Address, std::uint64_t> nonces_;
  std::map<Hash, Included> pool_;
  std::map<Hash, gateway::FinalTransaction> final_;
  std::uint64_t block_{0};
};

}  // namespace wusong::testkit
