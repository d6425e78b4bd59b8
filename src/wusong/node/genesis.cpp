// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/genesis.hpp"

#include <algorithm>
#include <set>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/registry.hpp"

namespace wusong::node {
namespace {

using codec::JsonKind;
using codec::JsonValue;
using codec::JsonWriter;

void write_role(JsonWriter& out, std::string_view name, const Role& role) {
  out.key(name).open_object();
  out.key("open").boolean(role.open);
  out.key("members").open_array();
  for (const Address& member : role.members) out.data(member);
  out.close_array().close_object();
}

void write_account(JsonWriter& out, const Address& address, const GenesisAccount& account) {
  out.key(codec::to_hex_data(address)).open_object();
  out.key("balance").quantity(to_hash(account.balance));
  if (account.nonce != 0) out.key("nonce").quantity(account.nonce);
  if (!account.code.empty()) out.key("code").data(account.code);
  if (!account.storage.empty()) {
    out.key("storage").open_object();
    for (const auto& [slot, value] : account.storage) {
      out.key(codec::to_hex_data(slot)).data(to_hash(value));
    }
    out.close_object();
  }
  out.close_object();
}

/// Reads members one after another, remembering where the first fault was.
class Reader {
 public:
  explicit Reader(JsonValue object, std::string where)
      : object_{object}, where_{std::move(where)} {}

  template <typename Parse>
  void member(std::string_view key, bool required, Parse parse) {
    known_.insert(key);
    if (fault_) return;
    const auto value = object_.find(key);
    if (!value) {
      if (required) complain(key);
      return;
    }
    if (!parse(*value)) complain(key);
  }
  void number(std::string_view key, std::uint64_t& out, bool required = false) {
    member(key, required, [&](const JsonValue& value) { return read_number(value, out); });
  }
  void word(std::string_view key, U256& out) {
    member(key, false, [&](const JsonValue& value) {
      const auto text = value.string();
      if (!text) return false;
      const auto parsed = codec::word_from_hex_quantity(*text, false);
      if (parsed) out = to_u256(*parsed);
      return parsed.has_value();
    });
  }
  void bytes(std::string_view key, Bytes& out, bool required = true) {
    member(key, required, [&](const JsonValue& value) {
      const auto text = value.string();
      if (!text) return false;
      auto parsed = codec::from_hex(*text);
      if (!parsed) return false;
      out = *std::move(parsed);
      return true;
    });
  }
  void text(std::string_view key, std::string& out) {
    member(key, true, [&](const JsonValue& value) {
      const auto parsed = value.string();
      if (parsed) out = *parsed;
      return parsed.has_value();
    });
  }
  void complain(std::string_view key) {
    if (!fault_) {
      std::string at = where_;
      if (!at.empty() && !key.empty()) at += '.';
      fault_ = GenesisFault{err::bad_genesis, at.append(key)};
    }
  }
  void adopt(const std::optional<GenesisFault>& inner) {
    if (!fault_) fault_ = inner;
  }
  /// Members nobody asked for are faults: a misspelt rule must not be silently the default.
  std::optional<GenesisFault> finish() {
    if (object_.kind() != JsonKind::object) complain("");
    for (const auto& [key, value] : object_.members()) {
      if (!known_.contains(key)) complain(key);
    }
    return fault_;
  }

  static bool read_number(const JsonValue& value, std::uint64_t& out) {
    if (const auto plain = value.u64()) {
      out = *plain;
      return true;
    }
    const auto text = value.string();
    if (!text) return false;
    const auto parsed = codec::u64_from_hex_quantity(*text, false);
    if (parsed) out = *parsed;
    return parsed.has_value();
  }

 private:
  JsonValue object_;
  std::string where_;
  std::set<std::string_view, std::less<>> known_;
  std::optional<GenesisFault> fault_;
};

bool read_address(const JsonValue& value, Address& out) {
  const auto text = value.string();
  if (!text) return false;
  const auto parsed = codec::fixed_from_hex<Address>(*text);
  if (parsed) out = *parsed;
  return parsed.has_value();
}

std::optional<GenesisFault> read_validator(const JsonValue& value, const std::string& where,
                                           types::Validator& out) {
  Reader reader{value, where};
  reader.text("name", out.name);
  std::string scheme;
  reader.text("scheme", scheme);
  const crypto::SchemeInfo* info = crypto::find_scheme(std::string_view{scheme});
  if (info == nullptr) {
    reader.complain("scheme");
  } else {
    out.scheme = info->scheme;
  }
  reader.bytes("voteKey", out.vote_key);
  if (info != nullptr && out.vote_key.size() != info->public_key_size) reader.complain("voteKey");
  reader.bytes("nodeKey", out.node_key);
  if (out.node_key.size() != 32) reader.complain("nodeKey");
  reader.member("beneficiary", true,
                [&](const JsonValue& member) { return read_address(member, out.beneficiary); });
  return reader.finish();
}

std::optional<GenesisFault> read_role(const JsonValue& value, const std::string& where, Role& out) {
  Reader reader{value, where};
  reader.member("open", true, [&](const JsonValue& member) {
    const auto open = member.boolean();
    if (open) out.open = *open;
    return open.has_value();
  });
  reader.member("members", false, [&](const JsonValue& members) {
    for (const JsonValue& member : members.items()) {
      Address address;
      if (!read_address(member, address)) return false;
      out.members.push_back(address);
    }
    std::ranges::sort(out.members);
    return true;
  });
  return reader.finish();
}

bool read_storage(const JsonValue& value, std::map<Hash, U256>& out) {
  for (const auto& [slot_text, value_json] : value.members()) {
    const auto slot = codec::word_from_hex_quantity(slot_text, false);
    const auto text = value_json.string();
    if (!slot || !text) return false;
    const auto word = codec::word_from_hex_quantity(*text, false);
    if (!word) return false;
    if (!word->is_zero()) out[*slot] = to_u256(*word);
  }
  return true;
}

std::optional<GenesisFault> read_account(const JsonValue& value, const std::string& where,
                                         GenesisAccount& out) {
  Reader reader{value, where};
  reader.word("balance", out.balance);
  reader.number("nonce", out.nonce);
  reader.bytes("code", out.code, false);
  reader.member("storage", false,
                [&](const JsonValue& storage) { return read_storage(storage, out.storage); });
  return reader.finish();
}

std::optional<GenesisFault> read_observer(const JsonValue& value, const std::string& where,
                                          types::Observer& out) {
  Reader reader{value, where};
  reader.text("name", out.name);
  reader.bytes("nodeKey", out.node_key);
  if (out.node_key.size() != 32) reader.complain("nodeKey");
  return reader.finish();
}

void read_members(Reader& reader, Genesis& out) {
  reader.member("validators", true, [&](const JsonValue& list) {
    for (const JsonValue& item : list.items()) {
      const std::string where = "validators[" + std::to_string(out.validators.size()) + "]";
      reader.adopt(read_validator(item, where, out.validators.emplace_back()));
    }
    return !out.validators.empty();
  });
  reader.member("observers", false, [&](const JsonValue& list) {
    for (const JsonValue& item : list.items()) {
      const std::string where = "observers[" + std::to_string(out.observers.size()) + "]";
      reader.adopt(read_observer(item, where, out.observers.emplace_back()));
    }
    return list.is_array();
  });
  reader.member("permissions", false, [&](const JsonValue& value) {
    Reader roles{value, "permissions"};
    roles.member("transact", true, [&](const JsonValue& role) {
      roles.adopt(read_role(role, "permissions.transact", out.transact));
      return true;
    });
    roles.member("deploy", true, [&](const JsonValue& role) {
      roles.adopt(read_role(role, "permissions.deploy", out.deploy));
      return true;
    });
    reader.adopt(roles.finish());
    return true;
  });
  reader.member("accounts", false, [&](const JsonValue& accounts) {
    for (const auto& [text, value] : accounts.members()) {
      const auto address = codec::fixed_from_hex<Address>(text);
      if (!address) return false;
      reader.adopt(read_account(value, "accounts." + std::string{text}, out.accounts[*address]));
    }
    return accounts.is_object();
  });
}

std::optional<GenesisFault> check(const Genesis& genesis) {
  std::set<Bytes> keys;
  for (std::size_t i = 0; i < genesis.validators.size(); ++i) {
    const types::Validator& validator = genesis.validators[i];
    if (!keys.insert(validator.vote_key).second || !keys.insert(validator.node_key).second) {
      return GenesisFault{err::duplicate_validator, "validators[" + std::to_string(i) + "]"};
    }
  }
  if (genesis.chain_id == 0) return GenesisFault{err::bad_genesis, "chainId"};
  if (genesis.gas_limit < 21'000) return GenesisFault{err::bad_genesis, "gasLimit"};
  if (genesis.root_delay < 1 || genesis.root_delay > types::kRootsPerHeaderMax) {
    return GenesisFault{err::bad_genesis, "rootDelay"};
  }
  if (genesis.block_bytes_max == 0 || genesis.block_bytes_max > kBlockBytesMax)
    return GenesisFault{err::bad_genesis, "blockBytesMax"};
  if (has_registry(genesis) && !registry_agrees(genesis)) {
    return GenesisFault{err::bad_genesis,
                        "accounts." + codec::to_hex_data(kRegistryAddress) + ".storage"};
  }
  return std::nullopt;
}

}  // namespace

std::string to_json(const Genesis& genesis) {
  JsonWriter out;
  out.open_object();
  out.key("chainId").number(genesis.chain_id);
  if (genesis.profile != hash::Profile::standard)  // chains older than profiles name none
    out.key("profile").string(hash::name_of(genesis.profile));
  out.key("fork").string(vm::name_of(genesis.fork));
  out.key("timestampMs").number(genesis.timestamp.value);
  out.key("gasLimit").number(genesis.gas_limit);
  out.key("gasPrice").quantity(to_hash(genesis.gas_price));
  out.key("rootDelay").number(genesis.root_delay);
  out.key("heartbeatMs").number(genesis.heartbeat_ms);
  out.key("blockIntervalMs").number(genesis.block_interval_ms);
  out.key("blockBytesMax").number(genesis.block_bytes_max);
  out.key("validators").open_array();
  for (const types::Validator& validator : genesis.validators) {
    out.open_object();
    out.key("name").string(validator.name);
    const auto* info = crypto::find_scheme(static_cast<std::uint8_t>(validator.scheme));
    out.key("scheme").string(info == nullptr ? std::string_view{} : info->name);
    out.key("voteKey").data(validator.vote_key);
    out.key("nodeKey").data(validator.node_key);
    out.key("beneficiary").data(validator.beneficiary);
    out.close_object();
  }
  out.close_array();
  out.key("observers").open_array();
  for (const types::Observer& observer : genesis.observers) {
    out.open_object().key("name").string(observer.name).key("nodeKey").data(observer.node_key);
    out.close_object();
  }
  out.close_array();
  out.key("permissions").open_object();
  write_role(out, "transact", genesis.transact);
  write_role(out, "deploy", genesis.deploy);
  out.close_object();
  out.key("accounts").open_object();
  for (const auto& [address, account] : genesis.accounts) write_account(out, address, account);
  out.close_object();
  out.close_object();
  return out.take();
}

std::expected<Genesis, GenesisFault> parse_genesis(std::string_view json) {
  const auto document = codec::JsonDocument::parse(json);
  if (!document) return std::unexpected{GenesisFault{document.error(), "the file is not JSON"}};
  Genesis out;
  Reader reader{document->root(), ""};
  reader.number("chainId", out.chain_id, true);
  reader.member("profile", false, [&](const JsonValue& value) {
    const auto text = value.string();
    const auto profile = text ? hash::find_profile(*text) : std::nullopt;
    if (profile) out.profile = *profile;
    return profile.has_value();
  });
  reader.member("fork", true, [&](const JsonValue& value) {
    const auto text = value.string();
    const auto fork = text ? vm::find_fork(*text) : std::nullopt;
    if (fork) out.fork = *fork;
    return fork.has_value();
  });
  reader.number("timestampMs", out.timestamp.value, true);
  reader.number("gasLimit", out.gas_limit);
  reader.word("gasPrice", out.gas_price);
  reader.number("rootDelay", out.root_delay);
  reader.number("heartbeatMs", out.heartbeat_ms);
  reader.number("blockIntervalMs", out.block_interval_ms);
  reader.number("blockBytesMax", out.block_bytes_max);
  read_members(reader, out);
  if (auto fault = reader.finish()) return std::unexpected{*std::move(fault)};
  if (auto fault = check(out)) return std::unexpected{*std::move(fault)};
  return out;
}

types::StateDiff genesis_state(const Genesis& genesis) {
  types::StateDiff diff;
  for (const auto& [address, account] : genesis.accounts) {
    types::AccountChange change;
    change.after = types::Account{.nonce = account.nonce, .balance = account.balance};
    if (!account.code.empty()) {
      change.after->code_hash = types::code_hash_of(account.code);
      diff.codes[change.after->code_hash] = account.code;
    }
    change.slots = account.storage;
    diff.accounts[address] = std::move(change);
  }
  return diff;
}

types::Header genesis_header(const Genesis& genesis, const Hash& state_root) {
  types::Header header;
  header.parent_hash = hash::chain_hash(as_bytes(to_json(genesis)));
  header.timestamp = genesis.timestamp;
  header.gas_limit = genesis.gas_limit;
  header.base_fee = genesis.gas_price;
  header.transactions_root = types::kEmptyTrieRoot;
  header.roots.push_back({.state_root = state_root,
                          .receipts_root = types::kEmptyTrieRoot,
                          .logs_bloom = {},
                          .gas_used = 0});
  return header;
}

}  // namespace wusong::node
