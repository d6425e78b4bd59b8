// SPDX-License-Identifier: Apache-2.0
// What a virtual machine asks of its surroundings. EVM and WebAssembly share it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/vm/fork.hpp"

namespace wusong::vm {

/// How a frame ended. Everything but success and revert consumes all gas.
enum class Status : std::uint8_t {
  success,
  revert,
  out_of_gas,
  invalid_instruction,
  undefined_instruction,
  stack_overflow,
  stack_underflow,
  bad_jump_destination,
  invalid_memory_access,  // return data out of bounds
  static_mode_violation,
  call_depth_exceeded,
  insufficient_balance,
  precompile_failure,
  contract_validation_failure,  // EIP-3541, EIP-170, code deposit
  address_collision,
  nonce_overflow,
};
/// "out of gas" and so on: the words Ethereum's tools show.
std::string_view text_of(Status status) noexcept;

enum class CallKind : std::uint8_t { call, static_call, delegate_call, call_code, create, create2 };

/// One frame to run.
struct Message {
  CallKind kind{CallKind::call};
  bool is_static{false};
  int depth{0};  // 0 for the transaction itself
  std::int64_t gas{0};
  Address recipient;     // whose storage and balance (ADDRESS)
  Address code_address;  // whose code
  Address sender;        // CALLER
  U256 value;            // CALLVALUE; for delegate_call the parent's, not transferred
  BytesView input;       // call data, or init code for creates
  U256 salt;             // create2
};

struct CallResult {
  Status status{Status::success};
  std::int64_t gas_left{0};
  std::int64_t gas_refund{0};  // of this frame and those below; zero unless success
  Bytes output;
  Address created;  // creates only
};

enum class StorageStatus : std::uint8_t {  // EIP-2200's cases of (original, current, new), for gas
                                           // and refunds
  unchanged,                               // current == new
  added,                                   // 0 -> 0 -> Z
  deleted,                                 // X -> X -> 0
  modified,                                // X -> X -> Z
  deleted_added,                           // X -> 0 -> Z
  modified_deleted,                        // X -> Y -> 0
  deleted_restored,                        // X -> 0 -> X
  added_deleted,                           // 0 -> Y -> 0
  modified_restored,                       // X -> Y -> X
  assigned,                                // any other dirty slot: 0 -> Y -> Z, X -> Y -> Z
};

/// Block and transaction values that opcodes read.
struct TxContext {
  U256 gas_price;
  Address origin;
  Address coinbase;
  std::uint64_t block_number{0};
  std::uint64_t timestamp{0};  // seconds
  std::uint64_t gas_limit{0};
  Hash prev_randao;
  std::uint64_t chain_id{0};
  U256 base_fee;
  U256 blob_base_fee;
  const std::vector<Hash>* blob_hashes{nullptr};
};

/// The state and the caller's services, as one frame of code sees them. All revertible changes are
/// the host's business: call() takes and drops its own checkpoints.
class Host {
 public:
  virtual ~Host() = default;
  virtual const TxContext& tx_context() const noexcept = 0;

  virtual U256 get_storage(const Address& address, const U256& key) = 0;
  virtual StorageStatus set_storage(const Address& address, const U256& key, const U256& value) = 0;
  virtual U256 get_transient_storage(const Address& address, const U256& key) = 0;
  virtual void set_transient_storage(const Address& address, const U256& key,
                                     const U256& value) = 0;

  virtual U256 balance(const Address& address) = 0;
  /// Length of the code, delegation designators (EIP-7702) included as they stand (23 bytes).
  virtual std::size_t code_size(const Address& address) = 0;
  /// EXTCODEHASH: zero for an empty or missing account.
  virtual Hash code_hash(const Address& address) = 0;
  /// Valid until the next call of the host.
  virtual BytesView code(const Address& address) = 0;
  virtual bool account_is_empty(const Address& address) = 0;  // or missing, EIP-161
  virtual Hash block_hash(std::uint64_t number) = 0;          // zero outside the last 256

  /// EIP-2929: true where it was warm already; warm from now on.
  virtual bool access_account(const Address& address) = 0;
  virtual bool access_storage(const Address& address, const U256& key) = 0;
  /// EIP-7702: the address `address` delegates to, if its code is a delegation designator.
  virtual std::optional<Address> delegation_of(const Address& address) = 0;

  /// Moves the balance and registers the account for destruction as the fork rules have it
  /// (EIP-6780 from Cancun on). True where pre-London rules would refund: the first destruction.
  virtual bool self_destruct(const Address& address, const Address& beneficiary) = 0;
  virtual void emit_log(const Address& address, BytesView data, const Hash* topics,
                        std::size_t topic_count) = 0;

  /// Runs a call or create to its end: depth, balance, value transfer, nonce, precompiles,
  /// delegation and checkpoints included. The interpreter has already charged for it and capped the
  /// gas (EIP-150).
  virtual CallResult call(const Message& message) = 0;
};

/// Watches execution, for debug_trace* and --trace. Every hook is optional; a null tracer costs one
/// predictable branch per frame, not per instruction.
class Tracer {
 public:
  struct Step {
    std::uint32_t pc;
    std::uint8_t opcode;
    std::int64_t gas;       // before the instruction
    std::int64_t gas_cost;  // the static part, known before it runs; on_cost tells the rest
    int depth;              // 0 for the outermost frame
    const U256* stack_top;  // stack_top[0] is the top, [-1] the next, stack_size of them
    std::size_t stack_size;
    BytesView memory;
    BytesView return_data;
    std::int64_t refund;
    const Message* message;
  };
  virtual ~Tracer() = default;
  virtual bool wants_steps() const noexcept { return false; }
  virtual void on_step(const Step& /*step*/) {}
  /// The full cost of the latest step of the frame, once it is known: before the inner frame of a
  /// call or create is entered, else after the instruction. A call's includes the gas it forwards.
  virtual void on_cost(std::int64_t /*gas_cost*/) {}
  /// After on_step of an instruction that failed.
  virtual void on_fault(const Step& /*step*/, Status /*status*/) {}
  virtual void on_enter(const Message& /*message*/) {}
  virtual void on_exit(const Message& /*message*/, const CallResult& /*result*/) {}
  /// Called by the interpreter; on_enter and on_exit are the host's to call.
  virtual void on_self_destruct(const Address& /*from*/, const Address& /*to*/,
                                const U256& /*value*/, int /*depth*/) {}
};

}  // namespace wusong::vm
