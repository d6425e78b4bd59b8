// SPDX-License-Identifier: Apache-2.0
// A pool with accounts made of maps, and transactions made of three numbers. Evidence only.
#pragma once

#include <map>

#include "wusong/txpool/errors.hpp"
#include "wusong/txpool/pool.hpp"

namespace wusong::txpool::testing_pool {

inline constexpr std::uint64_t kGas = 21'000;
inline constexpr Rules kRules{.chain_id = 7,
                              .block_gas_limit = 1'000'000,
                              .base_fee = {},
                              .gas_price_min = {},
                              .allow_unprotected = false};

class Accounts final : public AccountSource {
 public:
  std::map<Address, std::uint64_t> nonces;
  std::map<Address, U256> balances;
  U256 balance_default{1ull << 60};
  std::optional<Address> refused;

  std::uint64_t nonce(const Address& address) const override {
    const auto found = nonces.find(address);
    return found == nonces.end() ? 0 : found->second;
  }
  U256 balance(const Address& address) const override {
    const auto found = balances.find(address);
    return found == balances.end() ? balance_default : found->second;
  }
  Result<void> check(const types::Transaction&, const Address& sender) const override {
    if (refused == sender) return fail(err::type_not_supported);
    return {};
  }
};

inline Address address(std::uint32_t who) {
  Address out;
  for (std::size_t i = 0; i < 4; ++i) out.bytes[i] = static_cast<std::uint8_t>(who >> (24 - 8 * i));
  out.bytes[19] = 1;
  return out;
}

struct Options {
  std::uint64_t fee{0};
  std::uint64_t value{0};
  std::size_t size{100};
  bool local{false};
  std::uint32_t salt{0};
};

/// The hash stands for all that was given, as a real one does.
inline Candidate make(std::uint32_t who, std::uint64_t nonce, const Options& options = {}) {
  Candidate out;
  out.transaction.type = types::TransactionType::dynamic_fee;
  out.transaction.chain_id = kRules.chain_id;
  out.transaction.nonce = nonce;
  out.transaction.gas_limit = kGas;
  out.transaction.max_fee = options.fee;
  out.transaction.max_priority_fee = options.fee;
  out.transaction.value = options.value;
  out.transaction.to = Address{};
  out.sender = address(who);
  const std::uint64_t parts[4] = {(std::uint64_t{who} << 32) | options.salt, nonce, options.fee,
                                  options.value};
  std::memcpy(out.hash.data(), parts, sizeof(parts));
  out.encoded_size = options.size;
  out.local = options.local;
  return out;
}

inline std::vector<Hash> hashes(const std::vector<PooledPtr>& list) {
  std::vector<Hash> out;
  for (const PooledPtr& pooled : list) out.push_back(pooled->hash);
  return out;
}

/// Keeps the changes of the last call, and the accounts in step with the blocks.
struct TestPool {
  Accounts accounts;
  Pool pool;
  Instant now{};
  Changes changes;

  explicit TestPool(const Limits& limits = {}, const Rules& rules = kRules)
      : pool{limits, rules, accounts} {}
  Pool* operator->() { return &pool; }

  Result<void> add(Candidate candidate) {
    std::vector<Candidate> batch;
    batch.push_back(std::move(candidate));
    AddResult result = pool.add(std::move(batch), now);
    changes = std::move(result.changes);
    return result.outcomes.front();
  }
  std::vector<PooledPtr> build(const BuildRequest& request = {
                                   .gas = 1ull << 40, .bytes = 1 << 30, .count = 1 << 20}) {
    return pool.build(request);
  }
  Changes on_block(const std::vector<Hash>& included, const std::vector<NonceUpdate>& nonces,
                   std::uint64_t base_fee = 0) {
    for (const NonceUpdate& update : nonces) accounts.nonces[update.address] = update.nonce;
    return pool.on_block({included, nonces, kRules.block_gas_limit, base_fee}, now);
  }
};

}  // namespace wusong::txpool::testing_pool
