// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/contract_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "wusong/apps/abi.hpp"
#include "wusong/apps/address.hpp"
#include "wusong/apps/artifact.hpp"
#include "wusong/apps/query_command.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/apps/units.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/exec/call.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::apps {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kTransactionGasMax = 1 << 24;  // EIP-7825

Outcome<U256> amount(const std::string& text, std::string_view option) {
  const auto value = parse_amount(text);
  if (!value) {
    return failure(
        err::bad_argument,
        fmt::format("{} \"{}\" is no amount; write wei, or 20gwei, or 1.5ether", option, text));
  }
  return *value;
}

Outcome<Bytes> call_data(const CallContent& content) {
  if (content.signature.empty() == content.data.empty()) {
    if (content.signature.empty() && content.arguments.empty()) return Bytes{};
    return failure(err::bad_argument,
                   "say what to call: --sig \"name(types)\" with its arguments, or --data HEX");
  }
  if (!content.signature.empty()) {
    return encode_call(split_signature(content.signature).call, content.arguments);
  }
  auto bytes = codec::from_hex(content.data);
  if (!bytes) return failure(err::bad_argument, "--data is not hexadecimal");
  return *std::move(bytes);
}

/// A quantity that a method without further parameters answers.
Outcome<U256> ask_number(RpcClient& client, std::string_view method,
                         std::string_view params = "[]") {
  const auto reply = client.call(method, params);
  if (!reply) return std::unexpected{reply.error()};
  const auto text = reply->result().string();
  const auto word = text ? codec::word_from_hex_quantity(*text, false) : Result<Hash>{Hash{}};
  if (!text || !word) {
    return failure(err::rpc_failed, fmt::format("{} answered with no number", method));
  }
  return to_u256(*word);
}

Outcome<Account> open_account(const SignerChoice& choice) {
  auto key = open_signer(choice);
  if (!key) return std::unexpected{key.error()};
  auto account = account_of(*std::move(key));
  if (!account) return account;
  if (!choice.from.empty() && !choice.dev_account) {
    const auto asked = parse_address(choice.from, "--from ");
    if (!asked) return std::unexpected{asked.error()};
    if (*asked != account->address) {
      return failure(err::bad_key_file, fmt::format("the key file named {} is of {}", choice.from,
                                                    checksummed(account->address)));
    }
  }
  return account;
}

std::string call_object(const Address& from, const std::optional<Address>& to, const U256& value,
                        BytesView data) {
  codec::JsonWriter out;
  out.open_object().key("from").data(from);
  if (to) out.key("to").data(*to);
  out.key("value").quantity(to_hash(value).view()).key("input").data(data);
  return out.close_object().take();
}

/// A refusal with the numbers behind it, as far as the node tells them.
Failure with_numbers(RpcClient& client, const types::Transaction& transaction,
                     const Address& sender, Failure failure) {
  const std::string address = codec::to_hex_data(sender);
  const std::string_view detail = failure.detail;
  const auto says = [&](std::string_view words) { return detail.find(words) != detail.npos; };
  if (says("nonce too low")) {
    const auto next =
        ask_number(client, "eth_getTransactionCount", fmt::format(R"(["{}","latest"])", address));
    if (next) {
      failure.detail +=
          fmt::format(": this transaction's nonce is {}, the account's next one is {}",
                      transaction.nonce, to_decimal(*next));
    }
  } else if (says("insufficient funds")) {
    const auto have =
        ask_number(client, "eth_getBalance", fmt::format(R"(["{}","latest"])", address));
    const U256 fee = U256{transaction.gas_limit} * transaction.max_fee;
    if (have) {
      failure.detail +=
          fmt::format(": {} has {}, and {} plus a fee of up to {} are needed", checksummed(sender),
                      amount_text(*have), amount_text(transaction.value), amount_text(fee));
    }
  } else if (says("block gas limit") || says("gas limit too high") || says("gas limit reached")) {
    failure.detail += fmt::format(": {} asked for; one transaction may have {} (EIP-7825)",
                                  transaction.gas_limit, kTransactionGasMax);
    if (const auto block = client.call("eth_getBlockByNumber", R"(["latest",false])")) {
      const auto limit =
          codec::u64_from_hex_quantity(block->result().string_at("gasLimit").value_or(""), false);
      if (limit) failure.detail += fmt::format(", a block has {}", *limit);
    }
  } else if (says("chain id")) {
    if (const auto expected = ask_number(client, "eth_chainId")) {
      failure.detail += fmt::format(": the chain's id is {}, not {}", to_decimal(*expected),
                                    transaction.chain_id.value_or(0));
    }
  }
  return failure;
}

/// The first nonce that is missing before this transaction, which cannot run until it is there.
std::optional<std::uint64_t> nonce_gap(RpcClient& client, const types::Transaction& transaction,
                                       const Address& sender) {
  const auto next = ask_number(client, "eth_getTransactionCount",
                               fmt::format(R"(["{}","pending"])", codec::to_hex_data(sender)));
  return next && next->limb[0] < transaction.nonce ? std::optional{next->limb[0]} : std::nullopt;
}

/// True where an address has code at a block. Where the node does not say, so it is assumed.
bool has_code(RpcClient& client, const Address& address, const std::string& block) {
  const auto reply =
      client.call("eth_getCode", fmt::format(R"(["{}","{}"])", codec::to_hex_data(address), block));
  return !reply || reply->result().string().value_or("") != "0x";
}

/// Precompiled contracts have no code: 1 to 0x11, and 0x100 (EIP-7951).
bool is_precompile(const Address& address) {
  const unsigned last = address.bytes[18] * 256u + address.bytes[19];
  const bool small = std::ranges::all_of(address.bytes.begin(), address.bytes.end() - 2,
                                         [](std::uint8_t byte) { return byte == 0; });
  return small && ((last >= 1 && last <= 0x11) || last == 0x100);
}

/// Fills in what the node knows and signs.
Outcome<types::Transaction> make_transaction(RpcClient& client, const Account& account,
                                             const SendOptions& options, std::optional<Address> to,
                                             Bytes data) {
  const auto value = amount(options.value, "--value");
  if (!value) return std::unexpected{value.error()};
  types::Transaction out;
  // Ethereum's transactions act for the address of the key that signed, and for no other.
  if (account.address != account.key_address) out.account = account.address;
  const bool native = out.account || account.key.scheme != crypto::Scheme::secp256k1;
  out.type = native ? types::TransactionType::native : types::TransactionType::dynamic_fee;
  out.to = to;
  out.value = *value;
  out.data = std::move(data);
  const std::string address = codec::to_hex_data(account.address);

  const auto chain_id = ask_number(client, "eth_chainId");
  if (!chain_id) return std::unexpected{chain_id.error()};
  out.chain_id = options.chain_id == 0 ? chain_id->limb[0] : options.chain_id;
  if (options.nonce < 0) {
    const auto nonce =
        ask_number(client, "eth_getTransactionCount", fmt::format(R"(["{}","pending"])", address));
    if (!nonce) return std::unexpected{nonce.error()};
    out.nonce = nonce->limb[0];
  } else {
    out.nonce = static_cast<std::uint64_t>(options.nonce);
  }
  const auto price = options.gas_price.empty() ? ask_number(client, "eth_gasPrice")
                                               : amount(options.gas_price, "--gas-price");
  if (!price) return std::unexpected{price.error()};
  out.max_fee = *price;
  const auto tip = ask_number(client, "eth_maxPriorityFeePerGas");
  if (!tip) return std::unexpected{tip.error()};
  out.max_priority_fee = std::min(*tip, *price);
  out.gas_limit = options.gas;
  if (options.gas == 0) {
    const auto gas =
        ask_number(client, "eth_estimateGas",
                   fmt::format("[{}]", call_object(account.address, to, *value, out.data)));
    if (!gas) return std::unexpected{with_numbers(client, out, account.address, gas.error())};
    out.gas_limit = gas->limb[0];
  }
  if (native) {
    types::sign_native(out, *account.signer);
  } else if (const auto done = types::sign(out, account.key.secret.view()); !done) {
    return failure(done.error(), "the key cannot sign");
  }
  return out;
}

/// Waits until a block holds the transaction. An empty reply: not within the time.
Outcome<std::optional<RpcReply>> wait_for_receipt(RpcClient& client, const std::string& hash,
                                                  std::uint64_t seconds) {
  const Instant deadline = platform::monotonic_now() + std::chrono::seconds{seconds};
  while (true) {
    auto reply = client.call("eth_getTransactionReceipt", fmt::format(R"(["{}"])", hash));
    if (!reply) return std::unexpected{reply.error()};
    if (!reply->result().is_null()) return std::optional{*std::move(reply)};
    if (platform::monotonic_now() >= deadline) return std::optional<RpcReply>{};
    std::this_thread::sleep_for(50ms);
  }
}

/// Why a transaction of a block failed: the skip reason, or what running it again shows.
std::string failure_reason(RpcClient& client, const std::string& hash,
                           const codec::JsonValue& receipt) {
  if (const auto skipped = receipt.string_at("wusong_skipped")) return std::string{*skipped};
  const auto trace = client.call(
      "debug_traceTransaction",
      fmt::format(R"(["{}",{{"tracer":"callTracer","tracerConfig":{{"onlyTopCall":true}}}}])",
                  hash));
  if (!trace) return "unknown: " + trace.error().detail;
  const codec::JsonValue result = trace->result();
  if (const auto reason = result.string_at("revertReason")) return std::string{*reason};
  const auto output = result.string_at("output");
  if (const auto bytes = codec::from_hex(output.value_or("")); bytes && !bytes->empty()) {
    if (auto reason = exec::revert_reason(*bytes)) return *std::move(reason);
    return "revert data " + codec::to_hex_data(*bytes);
  }
  return std::string{result.string_at("error").value_or("unknown")};
}

/// Prints what became of it. @return 0 for success
int report(RpcClient& client, const std::string& hash, const RpcReply& reply, bool json) {
  const codec::JsonValue receipt = reply.result();
  const bool success = receipt.string_at("status").value_or("") == "0x1";
  const std::string reason = success ? "" : failure_reason(client, hash, receipt);
  if (json) {
    codec::JsonWriter out;
    out.open_object().key("hash").string(hash).key("success").boolean(success);
    if (!success) out.key("reason").string(reason);
    out.key("receipt").raw(receipt.to_json());
    say(out.close_object().text());
  } else {
    say(receipt_text(receipt, reason));
  }
  if (success) return 0;
  return complain({err::reverted, fmt::format("transaction {} failed: {}", hash, reason)});
}

int send(const SendOptions& options, std::optional<Address> to, Bytes data) {
  auto client = RpcClient::open(options.url);
  if (!client) return complain(client.error());
  const auto account = open_account(options.signer);
  if (!account) return complain(account.error());
  const auto transaction = make_transaction(*client, *account, options, to, std::move(data));
  if (!transaction) return complain(transaction.error());
  const auto sent =
      client->call("eth_sendRawTransaction",
                   fmt::format(R"(["{}"])", codec::to_hex_data(types::encode(*transaction))));
  if (!sent) return complain(with_numbers(*client, *transaction, account->address, sent.error()));
  const std::string hash{sent->result().string().value_or("")};  // the chain's profile decides it
  const auto missing =
      options.nonce < 0 ? std::nullopt : nonce_gap(*client, *transaction, account->address);
  const std::string gap =
      missing ? fmt::format("queued: nonce {} is missing before it", *missing) : std::string{};
  if (missing) fmt::print(stderr, "wusong: {}\n", gap);
  if (options.wait_seconds == 0) {
    codec::JsonWriter out;
    out.open_object().key("hash").string(hash).close_object();
    say(options.json ? out.text() : hash);
    return 0;
  }
  const auto receipt = wait_for_receipt(*client, hash, options.wait_seconds);
  if (!receipt) return complain(receipt.error());
  if (!*receipt) {
    return complain(
        {err::not_included,
         fmt::format("transaction {0} was accepted but is in no block after {1} s{2}; look again "
                     "with `wusong receipt show {0}`",
                     hash, options.wait_seconds, missing ? " (" + gap + ")" : "")});
  }
  return report(*client, hash, **receipt, options.json);
}

Outcome<Bytes> deployment_data(const DeployOptions& options) {
  auto artifact = load_artifact(options.code_file, options.contract);
  if (!artifact) return std::unexpected{artifact.error()};
  const std::string types =
      options.types.empty() ? artifact->constructor_types.value_or("()") : options.types;
  if (options.types.empty() && !artifact->constructor_types && !options.arguments.empty()) {
    return failure(err::bad_argument,
                   "say the arguments' types, as in --types \"(address,uint256)\"; this code file "
                   "has no ABI that names them");
  }
  const auto arguments = encode_arguments(types, options.arguments);
  if (!arguments) return arguments;
  append(artifact->code, *arguments);
  return std::move(artifact->code);
}

}  // namespace

Outcome<std::string> transact(const SendOptions& options, const Address& to, Bytes data) {
  const auto account = open_account(options.signer);
  if (!account) return std::unexpected{account.error()};
  return transact(options, *account, to, std::move(data));
}

Outcome<std::string> transact(const SendOptions& options, const Account& account, const Address& to,
                              Bytes data) {
  auto client = RpcClient::open(options.url);
  if (!client) return std::unexpected{client.error()};
  const auto transaction = make_transaction(*client, account, options, to, std::move(data));
  if (!transaction) return std::unexpected{transaction.error()};
  const auto sent =
      client->call("eth_sendRawTransaction",
                   fmt::format(R"(["{}"])", codec::to_hex_data(types::encode(*transaction))));
  if (!sent)
    return std::unexpected{with_numbers(*client, *transaction, account.address, sent.error())};
  std::string hash{sent->result().string().value_or("")};
  const auto receipt = wait_for_receipt(*client, hash, options.wait_seconds);
  if (!receipt) return std::unexpected{receipt.error()};
  if (!*receipt)
    return failure(err::not_included, fmt::format("transaction {} is in no block after {} s", hash,
                                                  options.wait_seconds));
  const codec::JsonValue result = (*receipt)->result();
  if (result.string_at("status").value_or("") != "0x1")
    return failure(err::reverted, failure_reason(*client, hash, result));
  return hash;
}

Outcome<std::string> block_tag(const std::string& text) {
  const std::vector<std::string> tags{"latest", "finalized", "safe", "earliest", "pending"};
  if (std::ranges::find(tags, text) != tags.end()) return text;
  const auto number = parse_number(text);
  if (!number || number->bit_width() > 64) {
    return failure(err::bad_argument,
                   fmt::format("\"{}\" is no block: latest, finalized, safe, earliest, pending, or "
                               "a number",
                               text));
  }
  return codec::to_hex_quantity(number->limb[0]);
}

int contract_deploy(const DeployOptions& options) {
  auto data = deployment_data(options);
  if (!data) return complain(data.error());
  return send(options.send, std::nullopt, *std::move(data));
}

int contract_send(const ContractSendOptions& options) {
  const auto to = parse_address(options.content.to, "--to ");
  if (!to) return complain(to.error());
  auto data = call_data(options.content);
  if (!data) return complain(data.error());
  if (!options.content.signature.empty() && !is_precompile(*to)) {
    auto client = RpcClient::open(options.send.url);
    if (client && !has_code(*client, *to, "latest")) {
      return complain(
          {err::not_found, fmt::format("there is no contract at {}; what --sig says would be lost",
                                       checksummed(*to))});
    }
  }
  return send(options.send, *to, *std::move(data));
}

int contract_call(const CallOptions& options) {
  const auto to = parse_address(options.content.to, "--to ");
  if (!to) return complain(to.error());
  const auto from =
      options.from.empty() ? Outcome<Address>{Address{}} : parse_address(options.from, "--from ");
  if (!from) return complain(from.error());
  const auto data = call_data(options.content);
  if (!data) return complain(data.error());
  const auto block = block_tag(options.block);
  if (!block) return complain(block.error());
  auto client = RpcClient::open(options.url);
  if (!client) return complain(client.error());
  const auto reply = client->call(
      "eth_call", fmt::format(R"([{},"{}"])", call_object(*from, *to, U256{}, *data), *block));
  if (!reply) return complain(reply.error());
  const std::string output{reply->result().string().value_or("")};
  if (output == "0x" && !is_precompile(*to) && !has_code(*client, *to, *block)) {
    return complain({err::not_found,
                     fmt::format("there is no contract at {}{}", checksummed(*to),
                                 options.block == "latest" ? "" : " in block " + options.block)});
  }
  std::vector<std::string> values;
  const std::string returns = split_signature(options.content.signature).returns;
  if (!returns.empty()) {
    const auto bytes = codec::from_hex(output);
    if (!bytes) return complain({err::rpc_failed, "the node answered with no data"});
    auto decoded = decode_values(returns, *bytes);
    if (!decoded) return complain(decoded.error());
    values = *std::move(decoded);
  }
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("data").string(output).key("values").open_array();
    for (const std::string& value : values) out.string(value);
    say(out.close_array().close_object().text());
    return 0;
  }
  if (returns.empty()) values.push_back(output);
  // Twenty bytes are shown as an address only where nothing says they are something else.
  const bool addresses = returns.find("bytes20") == std::string::npos;
  for (const std::string& value : values) say(addresses ? checksummed(value) : value);
  return 0;
}

}  // namespace wusong::apps
