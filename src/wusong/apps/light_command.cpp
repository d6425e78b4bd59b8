// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/light_command.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wusong/apps/address.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/apps/units.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/rlp.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/light/errors.hpp"
#include "wusong/light/follower.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/state/memory_state.hpp"
#include "wusong/state/proof.hpp"

namespace wusong::apps {
namespace {

using codec::JsonValue;

constexpr std::uint64_t kNewestTries =
    64;  // blocks back from the newest to one whose roots are final

Bytes bytes_of(const JsonValue& object, std::string_view key) {
  const auto bytes = codec::from_hex(object.string_at(key).value_or(""));
  return bytes ? *bytes : Bytes{};
}
std::vector<Bytes> list_of(const JsonValue& list) {
  std::vector<Bytes> out;
  for (const JsonValue& item : list.items()) {
    const auto bytes = codec::from_hex(item.string().value_or(""));
    out.push_back(bytes ? *bytes : Bytes{});
  }
  return out;
}
std::optional<std::uint64_t> number_of(const JsonValue& object, std::string_view key) {
  const auto number = codec::u64_from_hex_quantity(object.string_at(key).value_or(""), false);
  return number ? std::optional{*number} : std::nullopt;
}

std::unexpected<Failure> unproved(Error error, std::string_view what) {
  return failure(error, fmt::format("{} is not proved by what the node shows", what));
}

/// A node that is asked, and what is believed of it.
struct Light {
  RpcClient client;
  light::Follower follower;
};

/// The epoch to begin from: the one kept from an earlier run, else the genesis' own.
Outcome<light::Follower> trusted(const LightOptions& options) {
  const auto genesis = load_genesis(options.genesis);
  if (!genesis) return std::unexpected{genesis.error()};
  state::MemoryState first;
  first.apply(node::genesis_state(*genesis));
  const Hash hash = types::hash_of(node::genesis_header(*genesis, first.root()));
  if (options.state.empty() || !platform::file_exists(options.state.string()))
    return light::Follower{hash, node::first_epoch(*genesis)};
  const auto text = platform::read_text(options.state.string());
  if (!text) return failure(text.error(), options.state.string() + ": cannot be read");
  const auto document = codec::JsonDocument::parse(*text);
  const auto epoch = document ? types::decode_epoch(bytes_of(document->root(), "epoch"))
                              : Result<types::Epoch>{fail(document.error())};
  if (!epoch || bytes_of(document->root(), "genesis") != to_bytes(hash)) {
    return failure(err::bad_argument,
                   fmt::format("{} is no state of this chain; remove it to begin from the genesis",
                               options.state.string()));
  }
  return light::Follower{hash, *epoch};
}

Outcome<void> keep(const LightOptions& options, const light::Follower& follower) {
  if (options.state.empty()) return {};
  codec::JsonWriter out;
  out.open_object().key("genesis").data(follower.genesis());
  out.key("epoch").data(types::encode(follower.newest())).close_object();
  const auto written = platform::write_file(options.state.string(), as_bytes(out.text() + "\n"),
                                            platform::FileMode::ordinary);
  if (!written) return failure(written.error(), options.state.string() + ": cannot be written");
  return {};
}

Outcome<Light> follow(const LightOptions& options) {
  auto follower = trusted(options);
  if (!follower) return std::unexpected{follower.error()};
  auto client = RpcClient::open(options.url);
  if (!client) return std::unexpected{client.error()};
  while (true) {
    const auto reply = client->call(
        "wusong_epochProofs",
        fmt::format(R"(["{}"])", codec::to_hex_quantity(follower->newest().number + 1)));
    if (!reply) return std::unexpected{reply.error()};
    const auto steps = reply->result().items();
    if (steps.empty()) break;
    for (const JsonValue& step : steps) {
      const auto moved = follower->advance({bytes_of(step, "header"), bytes_of(step, "proof")});
      if (!moved)
        return unproved(moved.error(), fmt::format("epoch {}", follower->newest().number + 1));
    }
  }
  if (const auto kept = keep(options, *follower); !kept) return std::unexpected{kept.error()};
  return Light{*std::move(client), *std::move(follower)};
}

Outcome<light::ProvenHeaders> prove(Light& light, std::uint64_t height) {
  const auto reply = light.client.call("wusong_finalityProof",
                                       fmt::format(R"(["{}"])", codec::to_hex_quantity(height)));
  if (!reply) return std::unexpected{reply.error()};
  const JsonValue proof = reply->result();
  auto proven = light.follower.prove({.header = bytes_of(proof, "header"),
                                      .chain = list_of(proof.find("chain").value_or(JsonValue{})),
                                      .proof = bytes_of(proof, "attestations")});
  if (!proven) return unproved(proven.error(), fmt::format("block {}", height));
  if (proven->headers.front().number.value != height)
    return unproved(light::err::other_block, fmt::format("block {}", height));
  return *std::move(proven);
}

struct ProvenRoots {
  std::uint64_t height{0};
  types::ExecutionRoots roots;
  std::uint64_t epoch{0};
  std::size_t signers{0};
};

/// The roots after a height, from the header that carries them.
Outcome<ProvenRoots> roots_after(Light& light, std::uint64_t height) {
  const auto reply = light.client.call(
      "eth_getBlockByNumber", fmt::format(R"(["{}",false])", codec::to_hex_quantity(height)));
  if (!reply) return std::unexpected{reply.error()};
  const auto carrier = number_of(reply->result(), "wusong_rootsCoveredAt");
  const auto covered = reply->result().find("wusong_rootsCovered");
  if (!carrier || !covered || !covered->boolean().value_or(false)) {
    return failure(err::not_found,
                   fmt::format("the roots after block {} are in no final header yet", height));
  }
  const auto proven = prove(light, *carrier);
  if (!proven) return std::unexpected{proven.error()};
  const auto roots = proven->roots_of(Height{height});
  if (!roots) return unproved(roots.error(), fmt::format("the state after block {}", height));
  return ProvenRoots{height, *roots, proven->epoch, proven->signers};
}

Outcome<ProvenRoots> newest_roots(Light& light) {
  const auto reply = light.client.call("eth_blockNumber");
  if (!reply) return std::unexpected{reply.error()};
  const auto newest = codec::u64_from_hex_quantity(reply->result().string().value_or(""), false);
  if (!newest) return failure(err::rpc_failed, "eth_blockNumber answered with no number");
  Outcome<ProvenRoots> last = failure(err::not_found, "no block's roots are final yet");
  for (std::uint64_t back = 0; back < kNewestTries && back <= *newest; ++back) {
    last = roots_after(light, *newest - back);
    if (last || last.error().error != Error{err::not_found}) return last;
  }
  return last;
}

void write_epoch(codec::JsonWriter& out, std::uint64_t epoch, std::size_t signers) {
  out.key("epoch").number(epoch).key("signers").number(std::uint64_t{signers});
}

}  // namespace

int light_follow(const LightOptions& options) {
  const auto light = follow(options);
  if (!light) return complain(light.error());
  const types::Epoch& epoch = light->follower.newest();
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("epoch").number(epoch.number).key("first").number(epoch.first.value);
    out.key("validators").open_array();
    for (const auto& validator : epoch.validators) {
      out.open_object().key("name").string(validator.name);
      out.key("publicKey").data(validator.vote_key).close_object();
    }
    out.close_array().key("encoded").data(types::encode(epoch)).close_object();
    say(out.text());
    return 0;
  }
  Sheet sheet;
  sheet.row("epoch", fmt::format("{}, from block {}", epoch.number, epoch.first.value));
  for (const auto& validator : epoch.validators)
    sheet.row("validators",
              fmt::format("{} {}", validator.name, codec::to_hex_data(validator.vote_key)));
  say(sheet.text());
  return 0;
}

int light_header(const LightOptions& options, const std::string& block) {
  const auto height = parse_number(block);
  if (!height || !height->fits_u64())
    return complain({err::bad_argument, fmt::format("\"{}\" is no block number", block)});
  auto light = follow(options);
  if (!light) return complain(light.error());
  const auto proven = prove(*light, height->low());
  if (!proven) return complain(proven.error());
  const types::Header& header = proven->headers.front();
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("proved").boolean(true).key("number").number(header.number.value);
    out.key("hash").data(proven->hash).key("timestampMs").number(header.timestamp.value);
    out.key("attestedNumber").number(proven->headers.back().number.value);
    write_epoch(out, proven->epoch, proven->signers);
    say(out.close_object().text());
    return 0;
  }
  Sheet sheet;
  sheet.row("proved", fmt::format("block {} is final", header.number.value));
  sheet.row("hash", codec::to_hex_data(proven->hash)).row("time", iso_time(header.timestamp));
  sheet.row("by", fmt::format("{} validators of epoch {}, who signed block {}", proven->signers,
                              proven->epoch, proven->headers.back().number.value));
  say(sheet.text());
  return 0;
}

int light_account(const LightOptions& options, const std::string& address,
                  const std::vector<std::string>& slots) {
  const auto who = parse_address(address);
  if (!who) return complain(who.error());
  std::vector<Hash> keys;
  codec::JsonWriter asked;
  asked.open_array().data(*who).open_array();
  for (const std::string& text : slots) {
    const auto key = codec::word_from_hex_quantity(text, false);
    if (!key) return complain({err::bad_argument, fmt::format("\"{}\" is no slot: 0x…", text)});
    keys.push_back(*key);
    asked.data(*key);
  }
  auto light = follow(options);
  if (!light) return complain(light.error());
  const auto roots = newest_roots(*light);
  if (!roots) return complain(roots.error());
  asked.close_array().quantity(roots->height).close_array();
  const auto reply = light->client.call("eth_getProof", asked.text());
  if (!reply) return complain(reply.error());
  const JsonValue shown = reply->result();
  const auto account = state::verify_account_proof(
      roots->roots.state_root, *who, list_of(shown.find("accountProof").value_or(JsonValue{})));
  if (!account) return complain({account.error(), "the account is not proved by the state root"});
  const types::Account found = account->value_or(types::Account{});
  std::vector<U256> values;
  const auto storage = shown.find("storageProof").value_or(JsonValue{}).items();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto value =
        i < storage.size()
            ? state::verify_storage_proof(found.storage_root, keys[i],
                                          list_of(storage[i].find("proof").value_or(JsonValue{})))
            : Result<U256>{fail(err::rpc_failed)};
    if (!value) return complain({value.error(), fmt::format("slot {} is not proved", slots[i])});
    values.push_back(*value);
  }
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("proved").boolean(true).key("height").number(roots->height);
    out.key("nonce").number(found.nonce).key("balance").quantity(to_hash(found.balance));
    out.key("slots").open_array();
    for (const U256& value : values) out.quantity(to_hash(value));
    out.close_array();
    write_epoch(out, roots->epoch, roots->signers);
    say(out.close_object().text());
    return 0;
  }
  Sheet sheet;
  sheet.row("proved", fmt::format("{} after block {}", checksummed(*who), roots->height));
  sheet.row("balance", amount_text(found.balance)).row("nonce", std::to_string(found.nonce));
  for (std::size_t i = 0; i < values.size(); ++i)
    sheet.row("slot " + slots[i], codec::to_hex_data(to_hash(values[i])));
  sheet.row("by", fmt::format("{} validators of epoch {}", roots->signers, roots->epoch));
  say(sheet.text());
  return 0;
}

namespace {

struct ProvenReceipt {
  bool success{false};
  std::size_t logs{0};
  std::uint64_t height{0};
  std::size_t index{0};
  ProvenRoots roots;
};

/// What a receipt as it is hashed says. @source EIP-2718, EIP-658
Result<std::pair<bool, std::size_t>> outcome_of(BytesView receipt) {
  const bool typed = !receipt.empty() && receipt[0] < 0xc0;
  codec::RlpReader top{typed ? receipt.subspan(1) : receipt};
  WUSONG_TRY(codec::RlpReader in, top.list());
  WUSONG_TRY(const std::uint64_t status, in.u64());
  WUSONG_TRY([[maybe_unused]] const std::uint64_t gas, in.u64());
  WUSONG_TRY([[maybe_unused]] const BytesView bloom, in.string());
  WUSONG_TRY(codec::RlpReader logs, in.list());
  std::size_t count = 0;
  for (; !logs.empty(); ++count) {
    WUSONG_TRY([[maybe_unused]] const BytesView log, logs.raw_item());
  }
  return std::pair{status == 1, count};
}

/// The block's transactions under its header, and all receipts under the root that a later one
/// carries.
Outcome<ProvenReceipt> prove_receipt(Light& light, const std::string& transaction) {
  const auto reply =
      light.client.call("eth_getTransactionReceipt", fmt::format(R"(["{}"])", transaction));
  if (!reply) return std::unexpected{reply.error()};
  const auto height = number_of(reply->result(), "blockNumber");
  if (!height) return failure(err::not_found, transaction + " is in no block");
  const auto header = prove(light, *height);
  if (!header) return std::unexpected{header.error()};
  auto roots = roots_after(light, *height);
  if (!roots) return std::unexpected{roots.error()};
  const std::string at = fmt::format(R"(["{}"])", codec::to_hex_quantity(*height));
  const auto raw_block = light.client.call("debug_getRawBlock", at);
  if (!raw_block) return std::unexpected{raw_block.error()};
  const auto raw_receipts = light.client.call("debug_getRawReceipts", at);
  if (!raw_receipts) return std::unexpected{raw_receipts.error()};
  const auto encoded = codec::from_hex(raw_block->result().string().value_or(""));
  const auto block = encoded ? types::decode_block(*encoded)  // checks the transactions' root
                             : Result<types::Block>{fail(encoded.error())};
  if (!block || types::hash_of(block->header) != header->hash)
    return failure(err::rpc_failed, "the block's transactions are not those of its header");
  const std::vector<Bytes> receipts = list_of(raw_receipts->result());
  if (types::ordered_trie_root(receipts) != roots->roots.receipts_root)
    return failure(err::rpc_failed, "the receipts are not those that the chain agreed on");
  for (std::size_t i = 0; i < block->transactions.size() && i < receipts.size(); ++i) {
    if (codec::to_hex_data(types::hash_of(block->transactions[i])) != transaction) continue;
    const auto outcome = outcome_of(receipts[i]);
    if (!outcome) return failure(outcome.error(), "the receipt does not decode");
    return ProvenReceipt{.success = outcome->first,
                         .logs = outcome->second,
                         .height = *height,
                         .index = i,
                         .roots = *std::move(roots)};
  }
  return failure(err::not_found, fmt::format("block {} does not hold {}", *height, transaction));
}

}  // namespace

int light_receipt(const LightOptions& options, const std::string& transaction) {
  const auto hash = codec::fixed_from_hex<Hash>(transaction);
  if (!hash)
    return complain(
        {err::bad_argument, fmt::format("\"{}\" is no hash: 0x and 64 digits", transaction)});
  auto light = follow(options);
  if (!light) return complain(light.error());
  const auto proven = prove_receipt(*light, codec::to_hex_data(*hash));
  if (!proven) return complain(proven.error());
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("proved").boolean(true).key("height").number(proven->height);
    out.key("index").number(std::uint64_t{proven->index});
    out.key("success").boolean(proven->success);
    out.key("logs").number(std::uint64_t{proven->logs});
    write_epoch(out, proven->roots.epoch, proven->roots.signers);
    say(out.close_object().text());
    return 0;
  }
  Sheet sheet;
  sheet.row("proved", fmt::format("transaction {} of block {}", proven->index, proven->height));
  sheet.row("outcome", proven->success ? "success" : "failed");
  sheet.row("logs", std::to_string(proven->logs));
  sheet.row("by",
            fmt::format("{} validators of epoch {}", proven->roots.signers, proven->roots.epoch));
  say(sheet.text());
  return 0;
}

}  // namespace wusong::apps
