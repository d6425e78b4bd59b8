// SPDX-License-Identifier: Apache-2.0
// The host of every frame of one transaction: the journal behind vm::Host.
#pragma once

#include "wusong/exec/context.hpp"
#include "wusong/exec/journal.hpp"
#include "wusong/vm/evm.hpp"

namespace wusong::exec::internal {

class EvmHost final : public vm::Host {
 public:
  /// All of it outlives the host. `tracer` may be null.
  EvmHost(vm::Interpreter& machine, Journal& journal, const BlockContext& block,
          const ChainRules& rules, const vm::TxContext& context, bool may_deploy,
          vm::Tracer* tracer) noexcept
      : machine_{&machine},
        journal_{&journal},
        block_{&block},
        rules_{&rules},
        context_{context},
        may_deploy_{may_deploy},
        tracer_{tracer} {}

  const vm::TxContext& tx_context() const noexcept override { return context_; }
  U256 get_storage(const Address& address, const U256& key) override;
  vm::StorageStatus set_storage(const Address& address, const U256& key,
                                const U256& value) override;
  U256 get_transient_storage(const Address& address, const U256& key) override;
  void set_transient_storage(const Address& address, const U256& key, const U256& value) override;
  U256 balance(const Address& address) override;
  std::size_t code_size(const Address& address) override;
  Hash code_hash(const Address& address) override;
  BytesView code(const Address& address) override;
  bool account_is_empty(const Address& address) override;
  Hash block_hash(std::uint64_t number) override;
  bool access_account(const Address& address) override;
  bool access_storage(const Address& address, const U256& key) override;
  std::optional<Address> delegation_of(const Address& address) override;
  bool self_destruct(const Address& address, const Address& beneficiary) override;
  void emit_log(const Address& address, BytesView data, const Hash* topics,
                std::size_t topic_count) override;
  vm::CallResult call(const vm::Message& message) override;

 private:
  vm::CallResult run_call(const vm::Message& message);
  vm::CallResult run_create(const vm::Message& message);
  vm::CallResult run_code(const vm::Message& message, BytesView code, const Hash* hash);
  /// The code that runs for an address: its own, or its delegate's.
  const Code& resolve(const Address& address);
  void transfer(const Address& from, const Address& to, const U256& value);
  Address address_of_create(const vm::Message& message);

  vm::Interpreter* machine_;
  Journal* journal_;
  const BlockContext* block_;
  const ChainRules* rules_;
  vm::TxContext context_;
  bool may_deploy_;
  vm::Tracer* tracer_;
};

}  // namespace wusong::exec::internal
