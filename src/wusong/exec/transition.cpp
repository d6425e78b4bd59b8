// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/transition.hpp"

#include <algorithm>

#include "wusong/exec/account_keys.hpp"
#include "wusong/exec/addresses.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/exec/internal/evm_host.hpp"

namespace wusong::exec {
namespace {

using types::Transaction;
using types::TransactionType;
using vm::Fork;

constexpr std::uint64_t kTransactionGas = 21000;
constexpr std::uint64_t kCreateGas = 32000;
constexpr std::uint64_t kInitcodeSizeMax = 49152;      // EIP-3860
constexpr std::uint64_t kTransactionGasMax = 1 << 24;  // EIP-7825
constexpr std::uint64_t kBlobGas = 131072;             // EIP-4844, each
constexpr std::size_t kBlobsInTransactionMax = 6;      // EIP-7594, from Osaka
constexpr std::uint64_t kNewAuthorityGas = 25000;      // EIP-7702, PER_EMPTY_ACCOUNT_COST
constexpr std::uint64_t kAuthorizationGas = 12500;     // EIP-7702, PER_AUTH_BASE_COST
constexpr std::uint64_t kNonceMax = ~std::uint64_t{0};
constexpr std::uint64_t kGasMax = kNonceMax / 2;

/// a * b + c, or nothing past 256 bits.
std::optional<U256> multiply_add(const U256& a, std::uint64_t b, const U256& c) noexcept {
  U256 out;
  unsigned __int128 carry = 0;
  for (int i = 0; i < 4; ++i) {
    carry += static_cast<unsigned __int128>(a.limb[i]) * b;
    out.limb[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  const U256 sum = out + c;
  if (carry != 0 || sum < out) return std::nullopt;
  return sum;
}

Fork first_fork_of(TransactionType type) noexcept {
  switch (type) {
    case TransactionType::legacy:
    case TransactionType::access_list:
    case TransactionType::native:
      return Fork::berlin;
    case TransactionType::dynamic_fee:
      return Fork::london;
    case TransactionType::blob:
      return Fork::cancun;
    case TransactionType::set_code:
      return Fork::prague;
  }
  return Fork::osaka;
}

Result<void> check_type(const Transaction& transaction, const ChainRules& rules) {
  const Fork fork = rules.fork;
  if (transaction.account && !rules.account_keys) return fail(err::type_not_supported);
  if (fork < first_fork_of(transaction.type)) return fail(err::type_not_supported);
  if (transaction.type == TransactionType::blob) {
    if (transaction.is_create()) return fail(err::blob_create);
    if (transaction.blob_hashes.empty()) return fail(err::blob_missing);
    if (fork >= Fork::osaka && transaction.blob_hashes.size() > kBlobsInTransactionMax) {
      return fail(err::blob_too_many);
    }
    for (const Hash& hash : transaction.blob_hashes) {
      if (hash.bytes[0] != 1) return fail(err::blob_bad_version);  // VERSIONED_HASH_VERSION_KZG
    }
  }
  if (transaction.type == TransactionType::set_code) {
    if (transaction.is_create()) return fail(err::set_code_create);
    if (transaction.authorizations.empty()) return fail(err::set_code_empty);
  }
  if (transaction.max_fee < transaction.max_priority_fee) return fail(err::tip_above_fee_cap);
  return {};
}

Result<void> check_gas(const Transaction& transaction, Fork fork) {
  const IntrinsicGas intrinsic = intrinsic_gas(transaction, fork);
  if (transaction.gas_limit < intrinsic.gas) return fail(err::intrinsic_gas_too_low);
  if (transaction.gas_limit < intrinsic.floor) return fail(err::floor_data_gas_too_low);
  if (fork >= Fork::shanghai && transaction.is_create() &&
      transaction.data.size() > kInitcodeSizeMax) {
    return fail(err::initcode_too_large);
  }
  return {};
}

/// One transaction on its way: what the steps share.
class Transition {
 public:
  Transition(vm::Interpreter& machine, Journal& journal, const BlockContext& block,
             const ChainRules& rules, const Transaction& transaction, const Address& sender,
             const TransitionOptions& options)
      : machine_{machine},
        journal_{journal},
        block_{block},
        rules_{rules},
        transaction_{transaction},
        sender_address_{sender},
        options_{options} {}

  Result<TransactionOutcome> apply(std::uint64_t gas_left);

 private:
  Result<void> check(std::uint64_t gas_left);
  Result<void> check_sender(Journal::Entry& sender);
  std::optional<AccountKey> key_of(const Address& account);
  Result<void> check_fees(const Journal::Entry& sender, std::uint64_t gas_left);
  void buy_gas();
  void warm_up();
  std::uint64_t authorize();
  bool authorize_one(const types::Authorization& authorization);
  vm::CallResult run();
  TransactionOutcome settle(vm::CallResult result, std::uint64_t refund);
  std::uint64_t blob_gas() const noexcept { return transaction_.blob_hashes.size() * kBlobGas; }

  vm::Interpreter& machine_;
  Journal& journal_;
  const BlockContext& block_;
  const ChainRules& rules_;
  const Transaction& transaction_;
  Address sender_address_;
  const TransitionOptions& options_;
  IntrinsicGas intrinsic_;
  U256 price_;
};

Result<void> Transition::check_sender(Journal::Entry& sender) {
  if (options_.check_nonce) {
    if (transaction_.nonce < sender.nonce) return fail(err::nonce_too_low);
    if (transaction_.nonce > sender.nonce) return fail(err::nonce_too_high);
    if (transaction_.nonce == kNonceMax) return fail(err::nonce_max);
  }
  if (!options_.check_sender) return {};
  if (transaction_.chain_id && *transaction_.chain_id != rules_.chain_id) {
    return fail(err::wrong_chain_id);
  }
  if (rules_.fork >= Fork::osaka && transaction_.gas_limit > kTransactionGasMax) {
    return fail(err::gas_limit_too_high);
  }
  const Code& code = journal_.code_of(sender);
  const bool delegates = rules_.fork >= Fork::prague && code.delegate.has_value();
  if (!code.bytes.empty() && !delegates) return fail(err::sender_not_eoa);
  if (!rules_.permissions.transact.allows(sender_address_)) return fail(err::sender_not_permitted);
  if (rules_.account_keys &&
      !is_present_key(key_of(sender_address_), transaction_, sender_address_)) {
    return fail(err::key_not_current);
  }
  return {};
}

/// As this transaction finds it: what those before it in the block replaced is replaced.
std::optional<AccountKey> Transition::key_of(const Address& account) {
  if (!rules_.account_keys) return std::nullopt;
  Journal::Entry& contract = journal_.entry(kKeysAddress);
  // Nobody has replaced a key yet: nothing to hash for.
  if (!contract.storage_before_block && contract.slots.empty()) return std::nullopt;
  return replaced_key(account,
                      [&](const Hash& slot) { return journal_.storage(contract, to_u256(slot)); });
}

Result<void> Transition::check_fees(const Journal::Entry& sender, std::uint64_t gas_left) {
  if (rules_.fork >= Fork::london && transaction_.max_fee < block_.base_fee) {
    return fail(err::fee_below_base_fee);
  }
  std::optional<U256> cost =
      multiply_add(transaction_.max_fee, transaction_.gas_limit, transaction_.value);
  if (transaction_.type == TransactionType::blob) {
    if (transaction_.blob_hashes.size() > block_.max_blobs) return fail(err::blob_too_many);
    if (transaction_.max_fee_per_blob_gas < block_.blob_base_fee) {
      return fail(err::blob_fee_too_low);
    }
    if (cost) cost = multiply_add(transaction_.max_fee_per_blob_gas, blob_gas(), *cost);
  }
  if (!cost || sender.balance < *cost) return fail(err::insufficient_funds);
  // Gas is signed in the machine, so 2^63 and more cannot be bought whatever the block allows.
  if (transaction_.gas_limit > std::min(gas_left, kGasMax)) return fail(err::block_gas_exceeded);
  return {};
}

Result<void> Transition::check(std::uint64_t gas_left) {
  Journal::Entry& sender = journal_.entry(sender_address_);
  WUSONG_CHECK(check_sender(sender));
  WUSONG_CHECK(check_type(transaction_, rules_));
  WUSONG_CHECK(check_fees(sender, gas_left));
  WUSONG_CHECK(check_gas(transaction_, rules_.fork));
  if (options_.check_sender && transaction_.is_create() &&
      !rules_.permissions.deploy.allows(sender_address_)) {
    return fail(err::deployment_not_permitted);
  }
  return {};
}

void Transition::buy_gas() {
  price_ = transaction_.effective_gas_price(block_.base_fee);
  Journal::Entry& sender = journal_.entry(sender_address_);
  // Neither product overflows: check_fees did the same with the caps.
  U256 cost = price_ * U256{transaction_.gas_limit};
  if (transaction_.type == TransactionType::blob) {
    cost += block_.blob_base_fee * U256{blob_gas()};
  }
  journal_.set_balance(sender, sender.balance - cost);
}

void Transition::warm_up() {
  journal_.warm_account(journal_.entry(sender_address_));
  if (transaction_.to) journal_.warm_account(journal_.entry(*transaction_.to));
  if (rules_.fork >= Fork::shanghai) journal_.warm_account(journal_.entry(block_.coinbase));
  for (const types::AccessListEntry& item : transaction_.access_list) {
    Journal::Entry& entry = journal_.entry(item.address);
    journal_.warm_account(entry);
    for (const Hash& key : item.storage_keys) journal_.warm_slot(entry, to_u256(key));
  }
}

/// @source EIP-7702, behaviour
bool Transition::authorize_one(const types::Authorization& authorization) {
  if (!authorization.chain_id.is_zero() && authorization.chain_id != U256{rules_.chain_id}) {
    return false;
  }
  if (authorization.nonce == kNonceMax) return false;
  const auto authority = types::recover_authority(authorization);
  if (!authority || !is_present_key(key_of(*authority), *authority)) return false;
  Journal::Entry& entry = journal_.entry(*authority);
  journal_.warm_account(entry);
  const Code& code = journal_.code_of(entry);
  if (!code.bytes.empty() && !code.delegate) return false;
  if (entry.nonce != authorization.nonce) return false;
  const bool known = entry.exists;
  Bytes designator;
  if (!authorization.address.is_zero()) {
    designator = {0xef, 0x01, 0x00};
    append(designator, authorization.address);
  }
  journal_.set_code(entry, std::move(designator));
  journal_.set_nonce(entry, entry.nonce + 1);
  return known;
}

/// Gas to refund for authorities that were no new accounts.
std::uint64_t Transition::authorize() {
  std::uint64_t refund = 0;
  for (const types::Authorization& authorization : transaction_.authorizations) {
    if (authorize_one(authorization)) refund += kNewAuthorityGas - kAuthorizationGas;
  }
  return refund;
}

vm::CallResult Transition::run() {
  vm::TxContext context;
  context.gas_price = price_;
  context.origin = sender_address_;
  context.coinbase = block_.coinbase;
  context.block_number = block_.number;
  context.timestamp = block_.timestamp;
  context.gas_limit = block_.gas_limit;
  context.prev_randao = block_.prev_randao;
  context.chain_id = rules_.chain_id;
  context.base_fee = block_.base_fee;
  context.blob_base_fee = block_.blob_base_fee;
  context.blob_hashes = &transaction_.blob_hashes;
  internal::EvmHost host{machine_,       journal_,
                         block_,         rules_,
                         context,        rules_.permissions.deploy.allows(sender_address_),
                         options_.tracer};
  vm::Message message;
  message.kind = transaction_.is_create() ? vm::CallKind::create : vm::CallKind::call;
  message.gas = static_cast<std::int64_t>(transaction_.gas_limit - intrinsic_.gas);
  message.recipient = transaction_.to.value_or(Address{});
  message.code_address = message.recipient;
  message.sender = sender_address_;
  message.value = transaction_.value;
  message.input = transaction_.data;
  return host.call(message);
}

TransactionOutcome Transition::settle(vm::CallResult result, std::uint64_t refund) {
  TransactionOutcome out;
  out.status = result.status;
  out.effective_gas_price = price_;
  out.output = std::move(result.output);
  const std::uint64_t used = transaction_.gas_limit -
                             static_cast<std::uint64_t>(std::max<std::int64_t>(0, result.gas_left));
  if (result.gas_refund > 0) refund += static_cast<std::uint64_t>(result.gas_refund);
  const std::uint64_t quotient = rules_.fork >= Fork::london ? 5 : 2;  // EIP-3529
  out.gas_refunded = std::min(refund, used / quotient);
  out.gas_used = std::max(used - out.gas_refunded, intrinsic_.floor);

  Journal::Entry& sender = journal_.entry(sender_address_);
  journal_.set_balance(sender,
                       sender.balance + price_ * U256{transaction_.gas_limit - out.gas_used});
  // From London on the base fee is burnt: nobody receives it.
  const U256 tip = rules_.fork >= Fork::london ? price_ - block_.base_fee : price_;
  Journal::Entry& coinbase = journal_.entry(block_.coinbase);
  journal_.set_balance(coinbase, coinbase.balance + tip * U256{out.gas_used});
  return out;
}

Result<TransactionOutcome> Transition::apply(std::uint64_t gas_left) {
  journal_.begin_transaction();
  WUSONG_CHECK(check(gas_left));
  intrinsic_ = intrinsic_gas(transaction_, rules_.fork);
  buy_gas();
  warm_up();
  Journal::Entry& sender = journal_.entry(sender_address_);
  std::optional<Address> created;
  std::uint64_t refund = 0;
  if (transaction_.to) {
    journal_.set_nonce(sender, sender.nonce + 1);
    refund = authorize();
    // EIP-7702: the recipient's delegate is warm, as it is for a call that paid for it.
    const Code& code = journal_.code_of(journal_.entry(*transaction_.to));
    if (rules_.fork >= Fork::prague && code.delegate) {
      journal_.warm_account(journal_.entry(*code.delegate));
    }
  } else {
    created = create_address(sender_address_, sender.nonce);
  }
  TransactionOutcome out = settle(run(), refund);
  out.contract_address = created;
  out.logs = journal_.take_logs();
  return out;
}

}  // namespace

IntrinsicGas intrinsic_gas(const Transaction& transaction, Fork fork) noexcept {
  const auto zeros =
      static_cast<std::uint64_t>(std::ranges::count(transaction.data, std::uint8_t{0}));
  const std::uint64_t tokens = zeros + 4 * (transaction.data.size() - zeros);
  IntrinsicGas out{.gas = kTransactionGas + 4 * tokens, .floor = 0};
  if (transaction.is_create()) {
    out.gas += kCreateGas;
    if (fork >= Fork::shanghai) out.gas += 2 * ((transaction.data.size() + 31) / 32);
  }
  for (const types::AccessListEntry& item : transaction.access_list) {
    out.gas += 2400 + 1900 * item.storage_keys.size();
  }
  out.gas += kNewAuthorityGas * transaction.authorizations.size();
  if (fork >= Fork::prague) out.floor = kTransactionGas + 10 * tokens;
  return out;
}

Result<void> check_static(const Transaction& transaction, const ChainRules& rules) {
  if (transaction.chain_id && *transaction.chain_id != rules.chain_id) {
    return fail(err::wrong_chain_id);
  }
  if (transaction.nonce == kNonceMax) return fail(err::nonce_max);
  if (!multiply_add(transaction.max_fee, transaction.gas_limit, U256{})) {
    return fail(err::fee_overflow);
  }
  if (rules.fork >= Fork::osaka && transaction.gas_limit > kTransactionGasMax) {
    return fail(err::gas_limit_too_high);
  }
  WUSONG_CHECK(check_type(transaction, rules));
  return check_gas(transaction, rules.fork);
}

Result<TransactionOutcome> apply_transaction(vm::Interpreter& machine, Journal& journal,
                                             const BlockContext& block, const ChainRules& rules,
                                             const Transaction& transaction, const Address& sender,
                                             std::uint64_t gas_left,
                                             const TransitionOptions& options) {
  return Transition{machine, journal, block, rules, transaction, sender, options}.apply(gas_left);
}

}  // namespace wusong::exec
