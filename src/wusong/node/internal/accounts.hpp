// SPDX-License-Identifier: Apache-2.0
// What the pool sees of accounts: the executed state, and nonces that final blocks have used since.
#pragma once

#include <memory>

#include "wusong/base/hash_map.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/exec/account_keys.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/node/node.hpp"

namespace wusong::node {

class Node::Accounts final : public txpool::AccountSource {
 public:
  std::uint64_t nonce(const Address& address) const override {
    const auto account = view_->account(address);
    const std::uint64_t executed = account ? account->nonce : 0;
    const auto ahead = ahead_.find(address);
    return ahead == ahead_.end() ? executed : std::max(executed, ahead->second.nonce);
  }
  U256 balance(const Address& address) const override {
    const auto account = view_->account(address);
    return account ? account->balance : U256{};
  }

  /// Whether the transaction's key is the account's, as far as this node has executed.
  Result<void> check(const types::Transaction& transaction, const Address& sender) const override {
    if (!keys_replaced_ && !transaction.account) return {};
    const auto present = exec::replaced_key(*view_, sender);
    if (!exec::is_present_key(present, transaction, sender))
      return fail(exec::err::key_not_current);
    return {};
  }

  /// A final block, not executed yet, uses nonces up to `nonce`.
  void advance(const Address& address, std::uint64_t nonce, Height height) {
    Ahead& entry = ahead_[address];
    entry = {.nonce = std::max(entry.nonce, nonce), .height = height};
  }

  /// In a final block, not executed yet, the account may replace its key.
  void expect_replacement(const Address& address, Height height) { replacing_[address] = height; }
  const HashMap<Address, Height>& replacing() const noexcept { return replacing_; }

  /// State of a newer height; what was assumed up to it is known now.
  void replace(std::unique_ptr<types::StateView> view, Height height) {
    view_ = std::move(view);
    // Until somebody does, there is nothing to look up for each transaction.
    const auto keys = view_->account(exec::kKeysAddress);
    keys_replaced_ = keys && keys->storage_root != types::kEmptyTrieRoot;
    boost::unordered::erase_if(ahead_,
                               [&](const auto& entry) { return entry.second.height <= height; });
    boost::unordered::erase_if(replacing_,
                               [&](const auto& entry) { return entry.second <= height; });
  }
  std::optional<Error> error() const { return view_->error(); }

 private:
  struct Ahead {
    std::uint64_t nonce{0};
    Height height;
  };
  std::unique_ptr<types::StateView> view_;
  HashMap<Address, Ahead> ahead_;
  HashMap<Address, Height> replacing_;
  bool keys_replaced_{false};  // some account's
};

}  // namespace wusong::node
