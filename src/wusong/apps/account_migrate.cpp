// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/account_command.hpp"

#include <fmt/format.h>

#include "wusong/apps/address.hpp"
#include "wusong/apps/contract_command.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/apps/units.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/exec/account_keys.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/node/account_keys.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/os_entropy.hpp"

namespace wusong::apps {
namespace {

using codec::JsonValue;

/// What the chain has for an account: its first key, or the one that replaced it.
struct PresentKey {
  std::string scheme;  // empty: the first one, which the address says
  Hash hash;
  std::uint64_t sequence{0};

  bool is(const Account& account) const {
    if (sequence == 0) return account.key_address == account.address;
    const auto* named = crypto::find_scheme(std::string_view{scheme});
    return named != nullptr && named->scheme == account.key.scheme &&
           hash == hash::keccak256(account.signer->public_key());
  }
};

std::string_view name_of(crypto::Scheme scheme) {
  return crypto::find_scheme(static_cast<std::uint8_t>(scheme))->name;
}

Outcome<PresentKey> present_key(RpcClient& client, const Address& address,
                                const std::string& block) {
  const auto reply = client.call("wusong_accountKey",
                                 fmt::format(R"(["{}","{}"])", codec::to_hex_data(address), block));
  if (!reply) return std::unexpected{reply.error()};
  const JsonValue it = reply->result();
  if (it.is_null()) {
    return failure(err::unsupported_here,
                   "accounts of this chain keep their first keys for ever: its genesis holds no "
                   "contract that replaces them");
  }
  const auto sequence = codec::u64_from_hex_quantity(it.string_at("sequence").value_or(""), false);
  if (!sequence) return failure(err::rpc_failed, "wusong_accountKey answered with no sequence");
  PresentKey out{.scheme = std::string{it.string_at("scheme").value_or("")},
                 .hash = {},
                 .sequence = *sequence};
  if (const auto hash = codec::fixed_from_hex<Hash>(it.string_at("keyHash").value_or("")))
    out.hash = *hash;
  return out;
}

/// "0x1a" of a method whose parameters are an address and a block.
Outcome<U256> ask(RpcClient& client, std::string_view method, const Address& address,
                  const std::string& block) {
  const auto reply =
      client.call(method, fmt::format(R"(["{}","{}"])", codec::to_hex_data(address), block));
  if (!reply) return std::unexpected{reply.error()};
  const auto word = codec::word_from_hex_quantity(reply->result().string().value_or(""), false);
  if (!word) return failure(err::rpc_failed, fmt::format("{} answered with no number", method));
  return to_u256(*word);
}

/// The files of one account's keys, and the password of them all.
struct Files {
  std::filesystem::path present;
  std::filesystem::path next;
  std::string password;

  /// Where the present key stays when another follows: a file of its own, or one with just it.
  /// There may be others of this number, from another chain.
  std::filesystem::path replaced(const Address& address, std::uint64_t sequence,
                                 std::string_view present_text) const {
    const std::string name = fmt::format("{}.replaced-{}", codec::to_hex_data(address), sequence);
    std::filesystem::path out = present.parent_path() / (name + ".json");
    for (int other = 2; platform::file_exists(out.string()); ++other) {
      if (const auto text = platform::read_text(out.string()); text && *text == present_text) break;
      out = present.parent_path() / fmt::format("{}-{}.json", name, other);
    }
    return out;
  }
};

Outcome<Files> files_of(const SignerChoice& choice, const Address& address) {
  auto present = key_file_of(choice.keystore, address);
  if (!present) return std::unexpected{present.error()};
  auto password =
      password_for(choice.password_file, fmt::format("Password of {}", present->string()), false);
  if (!password) return std::unexpected{password.error()};
  auto next = present->parent_path() / (codec::to_hex_data(address) + ".next.json");
  return Files{*std::move(present), std::move(next), *std::move(password)};
}

Outcome<Account> open(const std::filesystem::path& file, const std::string& password) {
  auto key = read_key(file, password);
  if (!key) return std::unexpected{key.error()};
  return account_of(*std::move(key));
}

/// The key that is to follow: the one that an earlier run left, or a new one.
Outcome<Account> next_key(const Files& files, const Address& address, crypto::Scheme scheme) {
  if (platform::file_exists(files.next.string())) {
    auto left = open(files.next, files.password);
    if (!left || left->key.scheme == scheme) return left;
    return failure(
        err::already_exists,
        fmt::format("{} holds a key of {} from a run that did not end, and the account may have it "
                    "any moment: keep it, go on with --scheme {}, and migrate again from there",
                    files.next.string(), name_of(left->key.scheme), name_of(left->key.scheme)));
  }
  platform::OsEntropy entropy;
  const Secret secret{crypto::generate_secret_key(scheme, entropy)};
  const auto written =
      write_key(files.next, scheme, secret.view(), files.password, kPersonCost, address);
  if (!written) return std::unexpected{written.error()};
  return open(files.next, files.password);
}

/// The new key takes the old one's file; the old one is kept beside it, in the file that is
/// returned.
Outcome<std::filesystem::path> adopt(const Files& files, const Address& address,
                                     std::uint64_t sequence) {
  const auto text = platform::read_text(files.present.string());
  if (!text)
    return failure(text.error(), fmt::format("{}: cannot be read", files.present.string()));
  auto replaced = files.replaced(address, sequence, *text);
  if (!platform::file_exists(replaced.string())) {
    const auto kept =
        platform::write_file(replaced.string(), as_bytes(*text), platform::FileMode::secret);
    if (!kept)
      return failure(kept.error(), fmt::format("{}: cannot be written", replaced.string()));
  }
  std::error_code failed;
  std::filesystem::rename(files.next, files.present, failed);
  if (failed)
    return failure(err::not_written,
                   fmt::format("{} cannot take the place of {} ({}): rename it yourself",
                               files.next.string(), files.present.string(), failed.message()));
  return replaced;
}

/// What the chain has is the new key: the file follows, and the reader is told.
int finish(const AccountMigrateOptions& options, const Files& files, const Account& next,
           const PresentKey& present, const std::string& hash) {
  const auto adopted = adopt(files, next.address, present.sequence - 1);
  if (!adopted) return complain(adopted.error());
  const std::filesystem::path& replaced = *adopted;
  if (options.send.json) {
    codec::JsonWriter out;
    out.open_object().key("address").data(next.address).key("scheme").string(present.scheme);
    out.key("keyHash").data(present.hash).key("sequence").number(present.sequence);
    if (!hash.empty()) out.key("hash").string(hash);
    out.key("file").string(files.present.string()).key("replaced").string(replaced.string());
    say(out.close_object().text());
    return 0;
  }
  fmt::print("{} now signs with {}\n  key file {}\n  the key before it {}\n",
             checksummed(next.address), present.scheme, files.present.string(), replaced.string());
  return 0;
}

std::string in_words(const PresentKey& present) {
  if (present.sequence == 0) return "its first one, of which the address is made";
  return fmt::format("number {} of {}, whose keccak256 is {}", present.sequence, present.scheme,
                     codec::to_hex_data(present.hash));
}

}  // namespace

int account_show(const AccountShowOptions& options) {
  const auto address = parse_address(options.address);
  if (!address) return complain(address.error());
  const auto block = block_tag(options.block);
  if (!block) return complain(block.error());
  auto client = RpcClient::open(options.url);
  if (!client) return complain(client.error());
  const auto present = present_key(*client, *address, *block);
  if (!present && present.error().error != Error{err::unsupported_here})
    return complain(present.error());
  const PresentKey key = present.value_or(PresentKey{});
  const auto nonce = ask(*client, "eth_getTransactionCount", *address, *block);
  if (!nonce) return complain(nonce.error());
  const auto balance = ask(*client, "eth_getBalance", *address, *block);
  if (!balance) return complain(balance.error());
  const auto file = key_file_of(options.keystore, *address);
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("address").data(*address).key("scheme");
    key.sequence == 0 ? out.null() : out.string(key.scheme);
    out.key("keyHash");
    key.sequence == 0 ? out.null() : out.data(key.hash);
    out.key("sequence").number(key.sequence).key("replaceable").boolean(present.has_value());
    out.key("nonce").number(nonce->low()).key("balance").string(to_decimal(*balance));
    if (file) out.key("file").string(file->string());
    say(out.close_object().text());
    return 0;
  }
  Sheet sheet;
  sheet.row("account", checksummed(*address)).row("key", in_words(key));
  if (!present) sheet.row("", "it cannot be replaced on this chain");
  sheet.row("nonce", to_decimal(*nonce)).row("balance", amount_text(*balance));
  sheet.row("key file", file ? file->string() : "none here");
  say(sheet.text());
  return 0;
}

int account_migrate(const AccountMigrateOptions& options) {
  const auto address = parse_address(options.send.signer.from);
  if (!address) return complain(address.error());
  const auto* scheme = crypto::find_scheme(std::string_view{options.scheme});
  if (scheme == nullptr) {
    return complain({err::bad_argument, fmt::format("unknown --scheme \"{}\"; use one of {}",
                                                    options.scheme, scheme_names())});
  }
  if (options.send.wait_seconds == 0)
    return complain({err::bad_argument, "--wait: the key file follows once a block has it"});
  auto client = RpcClient::open(options.send.url);
  if (!client) return complain(client.error());
  const auto before = present_key(*client, *address, "latest");
  if (!before) return complain(before.error());
  const auto files = files_of(options.send.signer, *address);
  if (!files) return complain(files.error());
  const auto account = open(files->present, files->password);
  if (!account) return complain(account.error());
  if (account->address != *address || !before->is(*account)) {
    if (platform::file_exists(files->next.string())) {
      const auto left = open(files->next, files->password);
      if (!left) return complain(left.error());
      if (left->address == *address && before->is(*left))
        return finish(options, *files, *left, *before, {});
    }
    return complain(
        {err::foreign_account,
         fmt::format("{} does not hold the key that {} signs with now: that is {}; "
                     "import that one's key file",
                     files->present.string(), checksummed(*address), in_words(*before))});
  }
  const auto next = next_key(*files, *address, scheme->scheme);
  if (!next) return complain(next.error());
  const auto chain = client->call("eth_chainId");
  if (!chain) return complain(chain.error());
  const auto chain_id = codec::u64_from_hex_quantity(chain->result().string().value_or(""), false);
  if (!chain_id) return complain({err::rpc_failed, "eth_chainId answered with no number"});
  const node::NewAccountKey told{.account = *address,
                                 .sequence = before->sequence + 1,
                                 .scheme = next->key.scheme,
                                 .public_key = to_bytes(next->signer->public_key())};
  const Bytes proof = next->signer->sign(node::possession_message(*chain_id, told));
  const auto hash = transact(options.send, *account, exec::kKeysAddress,
                             node::call_replace_account_key(told, proof));
  if (!hash) {
    Failure failed = hash.error();
    if (failed.error == Error{err::not_included}) {
      failed.detail += fmt::format("; {} holds the key to come: keep it, and run this again",
                                   files->next.string());
    }
    return complain(failed);
  }
  const auto after = present_key(*client, *address, "latest");
  if (!after) return complain(after.error());
  if (!after->is(*next)) {
    return complain({err::foreign_account,
                     fmt::format("transaction {} is in a block, and yet {} has another key: {}",
                                 *hash, checksummed(*address), in_words(*after))});
  }
  return finish(options, *files, *next, *after, *hash);
}

}  // namespace wusong::apps
