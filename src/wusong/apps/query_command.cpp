// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/query_command.hpp"

#include <fmt/format.h>

#include "wusong/apps/address.hpp"
#include "wusong/apps/contract_command.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/apps/units.hpp"
#include "wusong/codec/hex.hpp"

namespace wusong::apps {
namespace {

using codec::JsonValue;

constexpr std::size_t kHashesShown = 20;
constexpr std::size_t kDataDigitsShown = 74;

std::string text_of(const JsonValue& object, std::string_view key) {
  return std::string{object.string_at(key).value_or("")};
}

/// An address as people compare it.
std::string address_of(const JsonValue& object, std::string_view key) {
  return checksummed(text_of(object, key));
}

U256 number_of(const JsonValue& object, std::string_view key) {
  const auto word = codec::word_from_hex_quantity(text_of(object, key), false);
  return word ? to_u256(*word) : U256{};
}

std::string decimal_of(const JsonValue& object, std::string_view key) {
  return text_of(object, key).empty() ? std::string{} : to_decimal(number_of(object, key));
}

std::string shortened(const std::string& data) {
  if (data.size() <= kDataDigitsShown) return data;
  return fmt::format("{}… ({} bytes)", data.substr(0, kDataDigitsShown), data.size() / 2 - 1);
}

std::string percent(const U256& part, const U256& whole) {
  if (whole == U256{}) return "0";
  return to_decimal(part * U256{100} / whole);
}

Outcome<std::string> hash_argument(const std::string& text) {
  const auto hash = codec::fixed_from_hex<Hash>(text);
  if (!hash) {
    return failure(err::bad_argument,
                   fmt::format("\"{}\" is no hash: 0x and 64 hexadecimal digits", text));
  }
  return codec::to_hex_data(*hash);
}

/// Asks; null is err::not_found with `missing`.
Outcome<RpcReply> ask(const std::string& url, std::string_view method, const std::string& params,
                      const std::string& missing) {
  auto client = RpcClient::open(url);
  if (!client) return std::unexpected{client.error()};
  auto reply = client->call(method, params);
  if (reply && reply->result().is_null()) {
    return failure(err::not_found, fmt::format("{} at {}", missing, url));
  }
  return reply;
}

std::string block_text(const JsonValue& block) {
  const auto millis = block.find("wusong_timestampMs")
                          ? number_of(block, "wusong_timestampMs").limb[0]
                          : number_of(block, "timestamp").limb[0] * 1'000;
  const U256 used = number_of(block, "gasUsed");
  const U256 limit = number_of(block, "gasLimit");
  const auto covered = block.find("wusong_rootsCovered");
  const bool is_covered = covered && covered->boolean().value_or(false);
  const auto transactions = block.find("transactions").value_or(JsonValue{});
  Sheet sheet;
  sheet.row("block", decimal_of(block, "number")).row_if("hash", text_of(block, "hash"));
  sheet.row("parent", text_of(block, "parentHash"));
  sheet.row("time", iso_time({millis}));
  sheet.row_if("proposer", decimal_of(block, "wusong_proposer"));
  sheet.row_if("view", decimal_of(block, "wusong_view"));
  sheet.row("gas used", fmt::format("{} of {} ({} %)", to_decimal(used), to_decimal(limit),
                                    percent(used, limit)));
  sheet.row("base fee", amount_text(number_of(block, "baseFeePerGas")));
  sheet.row("state root", text_of(block, "stateRoot"));
  sheet.row("receipts root", text_of(block, "receiptsRoot"));
  if (block.find("wusong_rootsCoveredAt")) {
    sheet.row("roots final", fmt::format("{} at block {}", is_covered ? "yes," : "not yet; will be",
                                         decimal_of(block, "wusong_rootsCoveredAt")));
  }
  sheet.row("transactions", std::to_string(transactions.size()));
  std::size_t shown = 0;
  for (const JsonValue& item : transactions.items()) {
    if (shown++ == kHashesShown) {
      sheet.row("",
                fmt::format("… and {} more; --json shows all", transactions.size() - kHashesShown));
      break;
    }
    sheet.row("", std::string{item.string().value_or("")});
  }
  return sheet.text();
}

std::string type_name(const std::string& type) {
  if (type == "0x0") return "legacy";
  if (type == "0x1") return "EIP-2930 (access list)";
  if (type == "0x2") return "EIP-1559 (dynamic fee)";
  if (type == "0x4") return "EIP-7702 (set code)";
  if (type == "0x57") return "native";
  return type;
}

std::string transaction_text(const JsonValue& tx, const std::string& status) {
  const std::string to = address_of(tx, "to");
  Sheet sheet;
  sheet.row("transaction", text_of(tx, "hash")).row_if("status", status);
  const std::string block = decimal_of(tx, "blockNumber");
  sheet.row("block", block.empty()
                         ? "none yet"
                         : fmt::format("{}, index {}", block, decimal_of(tx, "transactionIndex")));
  sheet.row("from", address_of(tx, "from")).row("to", to.empty() ? "(creates a contract)" : to);
  sheet.row("value", amount_text(number_of(tx, "value"))).row("nonce", decimal_of(tx, "nonce"));
  sheet.row("gas limit", decimal_of(tx, "gas"));
  sheet.row("gas price", amount_text(number_of(tx, "gasPrice")));
  if (tx.find("maxFeePerGas")) {
    sheet.row("most per gas", amount_text(number_of(tx, "maxFeePerGas")));
    sheet.row("tip per gas", amount_text(number_of(tx, "maxPriorityFeePerGas")));
  }
  sheet.row("type", type_name(text_of(tx, "type")));
  const std::string scheme = text_of(tx, "wusong_scheme");
  sheet.row("scheme", scheme.empty() ? "secp256k1" : scheme);  // Ethereum's types know no other
  sheet.row_if("chain id", decimal_of(tx, "chainId"));
  sheet.row("input", shortened(text_of(tx, "input")));
  return sheet.text();
}

std::string status_of(RpcClient& client, const std::string& params) {
  const auto reply = client.call("wusong_transactionStatus", params);
  if (!reply) return {};  // another kind of node
  const JsonValue result = reply->result();
  if (const auto plain = result.string()) return std::string{*plain};
  const std::string reason = text_of(result, "reason");
  return text_of(result, "status") + (reason.empty() ? "" : ": " + reason);
}

}  // namespace

std::string receipt_text(const JsonValue& receipt, const std::string& reason) {
  const bool success = text_of(receipt, "status") == "0x1";
  const std::string skipped = text_of(receipt, "wusong_skipped");
  const U256 used = number_of(receipt, "gasUsed");
  const U256 price = number_of(receipt, "effectiveGasPrice");
  Sheet sheet;
  sheet.row("transaction", text_of(receipt, "transactionHash"));
  sheet.row("status", success ? "success" : skipped.empty() ? "failed" : "skipped");
  sheet.row_if("reason", reason.empty() ? skipped : reason);
  sheet.row("block", fmt::format("{}, index {}", decimal_of(receipt, "blockNumber"),
                                 decimal_of(receipt, "transactionIndex")));
  sheet.row("block hash", text_of(receipt, "blockHash"));
  sheet.row("from", address_of(receipt, "from")).row_if("to", address_of(receipt, "to"));
  sheet.row_if("contract", address_of(receipt, "contractAddress"));
  sheet.row("gas used", to_decimal(used)).row("gas price", amount_text(price));
  sheet.row("fee", amount_text(used * price));
  const auto logs = receipt.find("logs").value_or(JsonValue{});
  sheet.row("logs", std::to_string(logs.size()));
  for (const JsonValue& log : logs.items()) {
    sheet.row("", address_of(log, "address"));
    for (const JsonValue& topic : log.find("topics").value_or(JsonValue{}).items()) {
      sheet.row("", fmt::format("  topic {}", topic.string().value_or("")));
    }
    if (text_of(log, "data") != "0x") sheet.row("", "  data  " + shortened(text_of(log, "data")));
  }
  return sheet.text();
}

int block_show(const std::string& url, const std::string& which, bool json) {
  const bool by_hash = which.starts_with("0x") && which.size() == 66;
  const auto key = by_hash ? hash_argument(which) : block_tag(which);
  if (!key) return complain(key.error());
  const auto reply = ask(url, by_hash ? "eth_getBlockByHash" : "eth_getBlockByNumber",
                         fmt::format(R"(["{}",false])", *key), fmt::format("no block {}", which));
  if (!reply) return complain(reply.error());
  say(json ? reply->result().to_json() : block_text(reply->result()));
  return 0;
}

int transaction_show(const std::string& url, const std::string& hash, bool json) {
  const auto key = hash_argument(hash);
  if (!key) return complain(key.error());
  const std::string params = fmt::format(R"(["{}"])", *key);
  const auto reply = ask(url, "eth_getTransactionByHash", params, "no transaction " + *key);
  if (!reply) return complain(reply.error());
  if (json) {
    say(reply->result().to_json());
    return 0;
  }
  auto client = RpcClient::open(url);
  if (!client) return complain(client.error());
  say(transaction_text(reply->result(), status_of(*client, params)));
  return 0;
}

int receipt_show(const std::string& url, const std::string& hash, bool json) {
  const auto key = hash_argument(hash);
  if (!key) return complain(key.error());
  const auto reply =
      ask(url, "eth_getTransactionReceipt", fmt::format(R"(["{}"])", *key),
          fmt::format("no receipt of {0}: not in a block yet, or unknown; try `wusong tx show {0}`",
                      *key));
  if (!reply) return complain(reply.error());
  say(json ? reply->result().to_json() : receipt_text(reply->result(), {}));
  return 0;
}

int validator_list(const std::string& url, bool json) {
  const auto reply = ask(url, "wusong_validators", "[]", "no validators");
  if (!reply) return complain(reply.error());
  const JsonValue result = reply->result();
  if (json) {
    say(result.to_json());
    return 0;
  }
  std::vector<std::vector<std::string>> rows{
      {"index", "name", "scheme", "connected", "beneficiary", "public key"}};
  const auto flag = [](const JsonValue& object, std::string_view key) {
    const auto member = object.find(key);
    return member && member->boolean().value_or(false);
  };
  for (const JsonValue& validator : result.items()) {
    const bool self = flag(validator, "isSelf");
    rows.push_back(
        {decimal_of(validator, "index"), text_of(validator, "name"), text_of(validator, "scheme"),
         self                           ? "(this)"
         : flag(validator, "connected") ? "yes"
                                        : "no",
         address_of(validator, "beneficiary"), shortened(text_of(validator, "publicKey"))});
  }
  say(table(rows));
  return 0;
}

}  // namespace wusong::apps
