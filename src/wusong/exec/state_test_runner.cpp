// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/state_test_runner.hpp"

#include <charconv>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/exec/internal/prepared_call.hpp"
#include "wusong/exec/journal.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/state/memory_state.hpp"

namespace wusong::exec {
namespace {

using codec::JsonValue;
using types::Transaction;
using types::TransactionType;

/// The files' BLOCKHASH: keccak256 of the number in decimal.
class NumberHashes final : public BlockHashSource {
 public:
  Hash hash_at(std::uint64_t number) const override {
    char text[20];
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    return hash::keccak256(as_bytes({text, static_cast<std::size_t>(end - text)}));
  }
};

constexpr std::unexpected<Error> malformed() noexcept {
  return fail(err::bad_state_test);
}

// Fields are hexadecimal with any number of leading zeros, "0x" or nothing for zero. A transaction
// may carry a number too large for its field ("0x:bigint 0x1…"): such a transaction is refused.
Result<U256> read_word(std::string_view text) {
  constexpr std::string_view kBig = "0x:bigint ";
  if (text.starts_with(kBig)) text.remove_prefix(kBig.size());
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
  if (text.size() > 64) return fail(err::field_overflow);
  const std::string even = (text.size() % 2 == 1 ? "0" : "") + std::string{text};
  const auto bytes = codec::from_hex(even);
  if (!bytes) return malformed();
  return from_be_bytes(*bytes);
}

Result<U256> read_word(const std::optional<JsonValue>& value) {
  if (!value || value->is_null()) return U256{};
  const auto text = value->string();
  if (text) return read_word(*text);
  const auto number = value->u64();
  if (!number) return malformed();
  return U256{*number};
}

Result<std::uint64_t> read_u64(const std::optional<JsonValue>& value) {
  WUSONG_TRY(const U256 word, read_word(value));
  if (!word.fits_u64()) return fail(err::field_overflow);
  return word.low();
}

Result<Hash> read_hash(const std::optional<JsonValue>& value) {
  WUSONG_TRY(const U256 word, read_word(value));
  return to_hash(word);
}

Result<Bytes> read_bytes(const JsonValue& value) {
  const auto text = value.string();
  if (!text) return malformed();
  auto bytes = codec::from_hex(*text);
  if (!bytes) return malformed();
  return bytes;
}

Result<Address> read_address(std::string_view text) {
  auto address = codec::fixed_from_hex<Address>(text);
  if (!address) return malformed();
  return address;
}

Result<Address> read_address(const std::optional<JsonValue>& value) {
  if (!value) return malformed();
  const auto text = value->string();
  if (!text) return malformed();
  return read_address(*text);
}

Result<state::MemoryState> read_state(const JsonValue& pre) {
  state::MemoryState out;
  if (!pre.is_object()) return malformed();
  for (const auto& [name, value] : pre.members()) {
    WUSONG_TRY(const Address address, read_address(name));
    types::Account account;
    WUSONG_TRY(account.nonce, read_u64(value.find("nonce")));
    WUSONG_TRY(account.balance, read_word(value.find("balance")));
    out.set_account(address, account);
    if (const auto code = value.find("code")) {
      WUSONG_TRY(const Bytes bytes, read_bytes(*code));
      out.set_code(address, bytes);
    }
    const auto storage = value.find("storage");
    if (!storage) continue;
    for (const auto& [slot, content] : storage->members()) {
      WUSONG_TRY(const U256 key, read_word(slot));
      WUSONG_TRY(const U256 word, read_word(std::optional{content}));
      out.set_storage(address, to_hash(key), word);
    }
  }
  return out;
}

/// The fork's row of execution-spec-tests' `config.blobSchedule`, where there is one.
struct BlobRules {
  std::uint64_t target;
  std::uint64_t max;
  std::uint64_t fraction;
};
Result<BlobRules> read_blob_rules(const JsonValue& test, vm::Fork fork) {
  BlobRules out{.target = fork >= vm::Fork::prague ? 6u : 3u,
                .max = blobs_max(fork),
                .fraction = blob_update_fraction(fork)};
  const auto config = test.find("config");
  const auto schedule = config ? config->find("blobSchedule") : std::nullopt;
  const auto row = schedule ? schedule->find(vm::name_of(fork)) : std::nullopt;
  if (!row) return out;
  WUSONG_TRY(out.target, read_u64(row->find("target")));
  WUSONG_TRY(out.max, read_u64(row->find("max")));
  WUSONG_TRY(out.fraction, read_u64(row->find("baseFeeUpdateFraction")));
  if (out.fraction == 0) return malformed();
  return out;
}

Result<std::uint64_t> read_excess_blob_gas(const JsonValue& env, const BlobRules& rules) {
  if (const auto excess = env.find("currentExcessBlobGas")) return read_u64(excess);
  const auto parent = env.find("parentExcessBlobGas");
  if (!parent) return std::uint64_t{0};
  WUSONG_TRY(std::uint64_t excess, read_u64(parent));
  WUSONG_TRY(const std::uint64_t used, read_u64(env.find("parentBlobGasUsed")));
  const std::uint64_t target = rules.target * 131072;
  return excess + used < target ? 0 : excess + used - target;
}

Result<BlockContext> read_block(const JsonValue& test, vm::Fork fork) {
  const auto env = test.find("env");
  if (!env) return malformed();
  BlockContext out;
  WUSONG_TRY(out.coinbase, read_address(env->find("currentCoinbase")));
  WUSONG_TRY(out.number, read_u64(env->find("currentNumber")));
  WUSONG_TRY(out.timestamp, read_u64(env->find("currentTimestamp")));
  WUSONG_TRY(const U256 gas_limit, read_word(env->find("currentGasLimit")));
  out.gas_limit = gas_limit.saturated();
  const bool merged = fork >= vm::Fork::paris;
  WUSONG_TRY(out.prev_randao, read_hash(env->find(merged ? "currentRandom" : "currentDifficulty")));
  if (fork >= vm::Fork::london) {
    // What the tests' own tool fills in where a file says nothing.
    const auto base_fee = env->find("currentBaseFee");
    out.base_fee = U256{10};
    if (base_fee) {
      WUSONG_TRY(out.base_fee, read_word(base_fee));
    }
  }
  if (fork >= vm::Fork::cancun) {
    WUSONG_TRY(const BlobRules blobs, read_blob_rules(test, fork));
    WUSONG_TRY(const std::uint64_t excess, read_excess_blob_gas(*env, blobs));
    out.blob_base_fee = blob_base_fee(excess, blobs.fraction);
    out.max_blobs = blobs.max;
  }
  return out;
}

Result<types::AccessList> read_access_list(const JsonValue& list) {
  types::AccessList out;
  for (const JsonValue& item : list.items()) {
    types::AccessListEntry& entry = out.emplace_back();
    WUSONG_TRY(entry.address, read_address(item.find("address")));
    const auto keys = item.find("storageKeys");
    if (!keys) continue;
    for (const JsonValue& key : keys->items()) {
      WUSONG_TRY(const Hash slot, read_hash(std::optional{key}));
      entry.storage_keys.push_back(slot);
    }
  }
  return out;
}

Result<std::vector<types::Authorization>> read_authorizations(const JsonValue& list) {
  std::vector<types::Authorization> out;
  for (const JsonValue& item : list.items()) {
    types::Authorization& entry = out.emplace_back();
    WUSONG_TRY(entry.chain_id, read_word(item.find("chainId")));
    WUSONG_TRY(entry.address, read_address(item.find("address")));
    WUSONG_TRY(entry.nonce, read_u64(item.find("nonce")));
    const auto parity = item.find("yParity");
    WUSONG_TRY(entry.y_parity, read_word(parity ? parity : item.find("v")));
    WUSONG_TRY(entry.r, read_word(item.find("r")));
    WUSONG_TRY(entry.s, read_word(item.find("s")));
  }
  return out;
}

Result<Address> read_sender(const JsonValue& transaction) {
  if (const auto sender = transaction.find("sender")) return read_address(sender);
  const auto key = transaction.find("secretKey");
  if (!key) return malformed();
  WUSONG_TRY(const Bytes secret, read_bytes(*key));
  const auto signer = crypto::make_signer(crypto::Scheme::secp256k1, secret);
  if (!signer) return malformed();
  return crypto::address_of(crypto::Scheme::secp256k1, (*signer)->public_key());
}

/// The element of an array member that an entry's `indexes` picks.
Result<JsonValue> pick(const JsonValue& transaction, std::string_view member,
                       const JsonValue& indexes, std::string_view index_name) {
  const auto list = transaction.find(member);
  if (!list) return malformed();
  WUSONG_TRY(const std::uint64_t index, read_u64(indexes.find(index_name)));
  const auto items = list->items();
  if (index >= items.size()) return malformed();
  return items[index];
}

Result<void> read_fees(const JsonValue& json, Transaction& out) {
  if (const auto price = json.find("gasPrice")) {
    WUSONG_TRY(out.max_fee, read_word(price));
    out.max_priority_fee = out.max_fee;
  }
  if (const auto fee = json.find("maxFeePerGas")) {
    out.type = TransactionType::dynamic_fee;
    WUSONG_TRY(out.max_fee, read_word(fee));
    WUSONG_TRY(out.max_priority_fee, read_word(json.find("maxPriorityFeePerGas")));
  }
  return {};
}

/// @errors err::bad_state_test; err::field_overflow for a transaction no encoding can carry
Result<Transaction> read_transaction(const JsonValue& json, const JsonValue& indexes) {
  Transaction out;
  WUSONG_TRY(const JsonValue data, pick(json, "data", indexes, "data"));
  WUSONG_TRY(const JsonValue gas, pick(json, "gasLimit", indexes, "gas"));
  WUSONG_TRY(const JsonValue value, pick(json, "value", indexes, "value"));
  WUSONG_TRY(out.data, read_bytes(data));
  WUSONG_TRY(out.gas_limit, read_u64(std::optional{gas}));
  WUSONG_TRY(out.value, read_word(std::optional{value}));
  WUSONG_TRY(out.nonce, read_u64(json.find("nonce")));
  const auto to = json.find("to");
  if (to && to->is_string() && !to->string()->empty() && *to->string() != "0x") {
    WUSONG_TRY(out.to, read_address(to));
  }
  if (const auto lists = json.find("accessLists")) {
    WUSONG_TRY(const JsonValue list, pick(json, "accessLists", indexes, "data"));
    if (list.is_array()) out.type = TransactionType::access_list;
    WUSONG_TRY(out.access_list, read_access_list(list));
  }
  WUSONG_CHECK(read_fees(json, out));
  if (const auto hashes = json.find("blobVersionedHashes")) {
    out.type = TransactionType::blob;
    for (const JsonValue& item : hashes->items()) {
      WUSONG_TRY(const Hash hash, read_hash(std::optional{item}));
      out.blob_hashes.push_back(hash);
    }
  }
  if (const auto fee = json.find("maxFeePerBlobGas")) {
    out.type = TransactionType::blob;
    WUSONG_TRY(out.max_fee_per_blob_gas, read_word(fee));
  }
  if (const auto list = json.find("authorizationList")) {
    out.type = TransactionType::set_code;
    WUSONG_TRY(out.authorizations, read_authorizations(*list));
  }
  if (const auto chain_id = json.find("chainId")) {
    WUSONG_TRY(out.chain_id, read_u64(chain_id));
  }
  return out;
}

/// The encoding a file gives beside the fields must decode and name a sender: some transactions
/// are wrong in their signature only.
Result<void> check_encoding(const JsonValue& entry, Transaction& transaction) {
  const auto encoding = entry.find("txbytes");
  if (!encoding || !encoding->is_string()) return {};
  const auto bytes = codec::from_hex(*encoding->string());
  if (!bytes || bytes->empty()) return {};
  WUSONG_TRY(const Transaction decoded, types::decode_transaction(*bytes));
  WUSONG_CHECK(types::recover_sender(decoded));
  transaction.chain_id = decoded.chain_id;
  return {};
}

// A fork's name means its rules on the day a test was filled: tests were published for forks still
// being drafted. "Prague" is one: Geth, by which retesteth fills, had it mean Cancun and a draft of
// EIP-2537 until its pull request 30978 of January 2025 took up the final text.
struct EarlierRules {
  std::string_view name;
  std::uint32_t until;  // a day as YYYYMMDD, the first without these rules
  vm::Fork fork;
};
constexpr EarlierRules kEarlierRules[]{{"Prague", 20250101, vm::Fork::prague_2024_04}};

/// The day a test was filled by retesteth, or nothing: other fillers follow adopted rules.
///
/// @shape _info.filling-tool-version "retesteth-0.3.2-…", _info.filling-rpc-server
///        "evm version 1.14.0-unstable-a208e725-20240416"
std::optional<std::uint32_t> day_of_filling(const JsonValue& test) {
  const auto info = test.find("_info");
  const auto tool = info ? info->find("filling-tool-version") : std::nullopt;
  const auto server = info ? info->find("filling-rpc-server") : std::nullopt;
  if (!tool || !server || !tool->is_string() || !server->is_string()) return std::nullopt;
  if (!tool->string()->starts_with("retesteth")) return std::nullopt;
  const std::string_view version = *server->string();
  const std::size_t dash = version.rfind('-');
  if (dash == std::string_view::npos || version.size() - dash != 9) return std::nullopt;
  std::uint32_t day = 0;
  const auto [end, error] =
      std::from_chars(version.data() + dash + 1, version.data() + version.size(), day);
  if (error != std::errc{} || end != version.data() + version.size()) return std::nullopt;
  return day;
}

std::optional<vm::Fork> find_rules(std::string_view name, const JsonValue& test) {
  if (const auto day = day_of_filling(test)) {
    for (const EarlierRules& row : kEarlierRules)
      if (row.name == name && *day < row.until) return row.fork;
  }
  return vm::find_fork(name);
}

class TestRunner {
 public:
  TestRunner(const JsonValue& test, const StateTestOptions& options, vm::Interpreter& machine)
      : test_{test}, options_{options}, machine_{machine} {}

  Result<void> prepare() {
    const auto pre = test_.find("pre");
    const auto transaction = test_.find("transaction");
    if (!pre || !transaction) return malformed();
    transaction_ = *transaction;
    WUSONG_TRY(state_, read_state(*pre));
    WUSONG_TRY(sender_, read_sender(transaction_));
    if (const auto config = test_.find("config")) {
      if (const auto chain_id = config->find("chainid")) {
        WUSONG_TRY(rules_.chain_id, read_u64(chain_id));
      }
    }
    return {};
  }

  Result<void> run(const JsonValue& entry, StateTestCase& out) {
    const auto indexes = entry.find("indexes");
    if (!indexes) return malformed();
    WUSONG_TRY(out.expected_state_root, read_hash(entry.find("hash")));
    WUSONG_TRY(out.expected_logs_hash, read_hash(entry.find("logs")));
    const auto exception = entry.find("expectException");
    out.expects_refusal = exception && !exception->is_null();
    const auto fork = find_rules(out.fork, test_);
    if (!fork) {
      out.unsupported = err::unsupported_fork;
      return {};
    }
    rules_.fork = *fork;
    WUSONG_TRY(BlockContext block, read_block(test_, *fork));
    const NumberHashes hashes;
    block.hashes = &hashes;
    auto transaction = read_transaction(transaction_, *indexes);
    if (!transaction && transaction.error() != Error{err::field_overflow}) {
      return fail(transaction.error());
    }
    if (transaction) {
      if (const auto valid = check_encoding(entry, *transaction); !valid) {
        transaction = fail(valid.error());
      }
    }
    Journal journal{state_};
    std::vector<types::Log> logs;
    Result<TransactionOutcome> outcome =
        transaction ? apply_transaction(machine_, journal, block, rules_, *transaction, sender_,
                                        block.gas_limit, {.tracer = options_.tracer})
                    : fail(transaction.error());
    if (outcome) {
      logs = std::move(outcome->logs);
      out.gas_used = outcome->gas_used;
    } else {
      out.refusal = outcome.error();
      journal.begin_transaction();
    }
    // The reward of a block, here zero, touches its coinbase even where nothing was executed.
    journal.touch(journal.entry(block.coinbase));
    journal.finish_transaction();
    state::MemoryState after = state_;
    after.apply(journal.diff());
    out.state_root = after.root();
    out.logs_hash = types::logs_hash(logs);
    return {};
  }

 private:
  JsonValue test_;
  const StateTestOptions& options_;
  vm::Interpreter& machine_;
  JsonValue transaction_;
  state::MemoryState state_;
  Address sender_;
  ChainRules rules_;
};

}  // namespace

Result<std::vector<StateTestCase>> run_state_tests(std::string_view json,
                                                   const StateTestOptions& options) {
  WUSONG_TRY(const codec::JsonDocument document, codec::JsonDocument::parse(json));
  internal::Machine machine{options.machine};
  std::vector<StateTestCase> out;
  if (!document.root().is_object()) return malformed();
  for (const auto& [name, test] : document.root().members()) {
    if (!options.only_test.empty() && name != options.only_test) continue;
    const auto post = test.find("post");
    if (!post || !post->is_object()) return malformed();
    TestRunner runner{test, options, machine.get()};
    WUSONG_CHECK(runner.prepare());
    for (const auto& [fork, entries] : post->members()) {
      if (!options.only_fork.empty() && fork != options.only_fork) continue;
      std::size_t index = 0;
      for (const JsonValue& entry : entries.items()) {
        StateTestCase result;
        result.name = name;
        result.fork = fork;
        result.index = index++;
        WUSONG_CHECK(runner.run(entry, result));
        out.push_back(std::move(result));
      }
    }
  }
  return out;
}

}  // namespace wusong::exec
