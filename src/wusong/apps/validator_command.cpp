// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/validator_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "wusong/apps/address.hpp"
#include "wusong/apps/config.hpp"
#include "wusong/apps/keys.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/node_tls.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/apps/units.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/node/registry_calls.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/os_entropy.hpp"

namespace wusong::apps {
namespace {

struct OpenKey {
  crypto::Scheme scheme{crypto::Scheme::ed25519};
  Bytes public_key;
  Bytes proof;
};

/// The key's own signature over itself, for the node of `node_key` (or for the key itself).
Outcome<OpenKey> prove(const std::filesystem::path& file, std::string_view password,
                       std::uint64_t chain_id, const Bytes& node_key) {
  const auto key = read_key(file, password);
  if (!key) return std::unexpected{key.error()};
  const auto signer = crypto::make_signer(key->scheme, key->secret.view());
  if (!signer) return failure(signer.error(), fmt::format("{}: unusable key", file.string()));
  OpenKey out{.scheme = key->scheme, .public_key = to_bytes((*signer)->public_key()), .proof = {}};
  const Bytes& node = node_key.empty() ? out.public_key : node_key;
  out.proof = (*signer)->sign(node::possession_message(chain_id, node, out.scheme, out.public_key));
  return out;
}

bool proven(std::uint64_t chain_id, const Bytes& node_key, crypto::Scheme scheme, const Bytes& key,
            const Bytes& proof) {
  return crypto::verify(scheme, key, node::possession_message(chain_id, node_key, scheme, key),
                        proof)
      .has_value();
}

Outcome<void> add_vote_key(JoinRequest& out, const std::filesystem::path& file,
                           std::string_view password) {
  auto vote = prove(file, password, out.chain_id, out.node_key);
  if (!vote) return std::unexpected{vote.error()};
  out.scheme = vote->scheme;
  out.beneficiary = crypto::address_of(vote->scheme, vote->public_key);
  out.vote_key = std::move(vote->public_key);
  out.vote_proof = std::move(vote->proof);
  return {};
}

/// Those that were made: one of them, or both.
Outcome<void> add_next_keys(JoinRequest& out, const NodeConfig& config, std::string_view password) {
  const auto vote_file = next_key_file(config.vote_key);
  const auto node_file = next_key_file(config.node_key);
  const bool votes = config.role != "observer" && platform::file_exists(vote_file.string());
  const bool node = platform::file_exists(node_file.string());
  if (!votes && !node) {
    return failure(err::not_found, fmt::format("neither {} nor {} is there; make one with `wusong "
                                               "validator next-key` or `wusong node next-key`",
                                               vote_file.string(), node_file.string()));
  }
  if (votes) {
    if (const auto done = add_vote_key(out, vote_file, password); !done) return done;
  }
  if (!node) return {};
  auto next = prove(node_file, password, out.chain_id, {});
  if (!next) return std::unexpected{next.error()};
  out.next_node_key = std::move(next->public_key);
  out.next_node_proof = std::move(next->proof);
  return {};
}

std::unexpected<Failure> wrong(const std::filesystem::path& file, std::string_view member) {
  return failure(err::bad_request,
                 fmt::format("{}: \"{}\" is missing or wrong; make the request again with "
                             "`wusong validator request`",
                             file.string(), member));
}

}  // namespace

Outcome<JoinRequest> make_request(const std::filesystem::path& config_file, const Address& governor,
                                  bool next) {
  const auto config = load_config(config_file);
  if (!config) return std::unexpected{config.error()};
  const auto genesis = load_genesis(config->genesis);
  if (!genesis) return std::unexpected{genesis.error()};
  const auto password = read_password(config->password_file);
  if (!password) return std::unexpected{password.error()};
  auto node = prove(config->node_key, *password, genesis->chain_id, {});
  if (!node) return std::unexpected{node.error()};
  JoinRequest out{.chain_id = genesis->chain_id,
                  .name = config->name,
                  .node_key = std::move(node->public_key),
                  .node_proof = std::move(node->proof),
                  .governor = governor};
  const auto done = next                         ? add_next_keys(out, *config, *password)
                    : config->role == "observer" ? Outcome<void>{}
                                                 : add_vote_key(out, config->vote_key, *password);
  if (!done) return std::unexpected{done.error()};
  return out;
}

std::string to_json(const JoinRequest& request) {
  codec::JsonWriter out;
  out.open_object().key("chainId").number(request.chain_id).key("name").string(request.name);
  out.key("nodeKey").data(request.node_key).key("nodeProof").data(request.node_proof);
  if (!request.vote_key.empty()) {
    out.key("scheme").string(crypto::find_scheme(static_cast<std::uint8_t>(request.scheme))->name);
    out.key("voteKey").data(request.vote_key).key("voteProof").data(request.vote_proof);
    out.key("beneficiary").data(request.beneficiary).key("governor").data(request.governor);
  }
  if (!request.next_node_key.empty()) {
    out.key("nextNodeKey").data(request.next_node_key);
    out.key("nextNodeProof").data(request.next_node_proof);
  }
  return out.close_object().take();
}

Outcome<JoinRequest> read_request(const std::filesystem::path& file) {
  const auto text = platform::read_text(file.string());
  if (!text) return failure(text.error(), fmt::format("{}: cannot be read", file.string()));
  const auto document = codec::JsonDocument::parse(*text);
  if (!document) return failure(err::bad_request, file.string() + " is not JSON");
  const codec::JsonValue root = document->root();
  const auto bytes = [&](std::string_view key) {
    const auto member = codec::from_hex(root.string_at(key).value_or(""));
    return member ? *member : Bytes{};
  };
  JoinRequest out;
  const auto chain = root.find("chainId");
  if (!chain || !chain->u64()) return wrong(file, "chainId");
  out.chain_id = *chain->u64();
  out.name = root.string_at("name").value_or("");
  if (out.name.empty() || out.name.size() > types::kMemberNameMax) return wrong(file, "name");
  out.node_key = bytes("nodeKey");
  out.node_proof = bytes("nodeProof");
  if (!proven(out.chain_id, out.node_key, crypto::Scheme::ed25519, out.node_key, out.node_proof))
    return wrong(file, "nodeProof");
  if (root.find("nextNodeKey")) {
    out.next_node_key = bytes("nextNodeKey");
    out.next_node_proof = bytes("nextNodeProof");
    if (!proven(out.chain_id, out.next_node_key, crypto::Scheme::ed25519, out.next_node_key,
                out.next_node_proof))
      return wrong(file, "nextNodeProof");
  }
  if (!root.find("voteKey")) return out;
  const auto* scheme = crypto::find_scheme(root.string_at("scheme").value_or(""));
  if (scheme == nullptr) return wrong(file, "scheme");
  out.scheme = scheme->scheme;
  out.vote_key = bytes("voteKey");
  out.vote_proof = bytes("voteProof");
  if (out.vote_key.size() != scheme->public_key_size ||
      !proven(out.chain_id, out.node_key, out.scheme, out.vote_key, out.vote_proof))
    return wrong(file, "voteProof");
  const auto beneficiary =
      codec::fixed_from_hex<Address>(root.string_at("beneficiary").value_or(""));
  if (!beneficiary) return wrong(file, "beneficiary");
  const auto governor = codec::fixed_from_hex<Address>(root.string_at("governor").value_or(""));
  if (!governor) return wrong(file, "governor");
  out.beneficiary = *beneficiary;
  out.governor = *governor;
  return out;
}

namespace {

/// Of the present key's scheme, or of another.
Outcome<std::filesystem::path> make_follower(const NodeConfig& config,
                                             const std::filesystem::path& present,
                                             const crypto::SchemeInfo* chosen) {
  const auto password = read_password(config.password_file);
  if (!password) return std::unexpected{password.error()};
  const auto key = read_key(present, *password);
  if (!key) return std::unexpected{key.error()};
  const crypto::Scheme scheme = chosen != nullptr ? chosen->scheme : key->scheme;
  platform::OsEntropy entropy;
  const Secret secret{crypto::generate_secret_key(scheme, entropy)};
  auto file = next_key_file(present);
  const auto written = write_key(file, scheme, secret.view(), *password, kGeneratedCost);
  if (!written) return std::unexpected{written.error()};
  return file;
}

}  // namespace

Outcome<std::filesystem::path> make_next_node_key(const NodeConfig& config) {
  return make_follower(config, config.node_key, nullptr);
}

Outcome<std::filesystem::path> make_next_vote_key(const std::filesystem::path& config_file,
                                                  const std::string& scheme_name) {
  const auto config = load_config(config_file);
  if (!config) return std::unexpected{config.error()};
  if (config->role == "observer")
    return failure(err::bad_config,
                   fmt::format("{} is an observer's: it has no vote key", config_file.string()));
  const auto* scheme = crypto::find_scheme(std::string_view{scheme_name});
  if (scheme == nullptr && !scheme_name.empty())
    return failure(err::bad_argument, fmt::format("unknown --scheme \"{}\"; use one of {}",
                                                  scheme_name, scheme_names()));
  return make_follower(*config, config->vote_key, scheme);
}

namespace {

using codec::JsonValue;

// What the contract answers to a proposal that it refuses, and what to do about it.
constexpr auto kRefusals = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"NotGovernor()",
     "this account governs for no validator; `wusong validator registry` lists "
     "those that do"},
    {"UnknownProposal()",
     "there is no such proposal, or it was withdrawn or carried out; `wusong "
     "validator registry` lists the open ones"},
    {"Outdated()", "the registry has changed since it was proposed; propose it again"},
    {"AlreadyApproved()", "this governor has approved it already"},
    {"DuplicateKey()", "a key of the request is in use in the registry; make a new one"},
    {"DuplicateGovernor()", "that account governs for another validator; name another"},
    {"NoPossession()",
     "a signature of the request does not show that its key is held on this "
     "chain; make the request again"},
    {"UnknownMember()", "no validator or observer has that node key"},
    {"NobodyVotes()", "one validator at least must remain"},
    {"TooMany()", "there would be more than 1000 validators or observers"},
    {"TooManyProposals()",
     "this governor has made 16 proposals since the registry last changed, those withdrawn "
     "included; let one of them be approved, or let another governor propose"},
    {"TooLong()", "a proposal holds at most 1000 changes of 8192 bytes each; make several of it"},
    {"BadParameter()", "a parameter is out of range: docs/operators has the ranges"},
});

std::string selector_of(std::string_view signature) {
  return codec::to_hex_data(hash::keccak256(as_bytes(signature)).view().first(4));
}

Failure in_words(Failure failure) {
  for (const auto& [signature, words] : kRefusals) {
    if (failure.detail.find(selector_of(signature)) == std::string::npos) continue;
    return {err::reverted, fmt::format("refused by the registry: {}", words)};
  }
  return failure;
}

std::string text_of(const JsonValue& object, std::string_view key) {
  return std::string{object.string_at(key).value_or("")};
}
std::uint64_t number_of(const JsonValue& object, std::string_view key) {
  return codec::u64_from_hex_quantity(object.string_at(key).value_or("0x0"), false).value_or(0);
}
Bytes bytes_of(const JsonValue& object, std::string_view key) {
  const auto bytes = codec::from_hex(object.string_at(key).value_or(""));
  return bytes ? *bytes : Bytes{};
}

/// The registry as a node shows it.
Outcome<RpcReply> registry_of(const std::string& url) {
  auto client = RpcClient::open(url);
  if (!client) return std::unexpected{client.error()};
  auto reply = client->call("wusong_registry");
  if (!reply) return reply;
  if (reply->result().is_null()) {
    return failure(
        err::unsupported_here,
        "this chain keeps no registry: its validators are those of its genesis for ever");
  }
  return reply;
}

/// What became of a proposal, once the transaction is in a block.
int report(const SendOptions& send, const std::string& hash, const JsonValue& before,
           const std::function<bool(const JsonValue&)>& is_it) {
  const auto reply = registry_of(send.url);
  if (!reply) return complain(reply.error());
  const JsonValue registry = reply->result();
  const bool done = number_of(registry, "version") != number_of(before, "version");
  const std::uint64_t threshold = number_of(before, "threshold");
  std::uint64_t id = 0;
  std::size_t approvals = 0;
  for (const JsonValue& proposal : registry.find("proposals").value_or(JsonValue{}).items()) {
    if (!is_it(proposal)) continue;
    id = number_of(proposal, "id");
    approvals = proposal.find("approvals").value_or(JsonValue{}).size();
  }
  if (send.json) {
    codec::JsonWriter out;
    out.open_object().key("hash").string(hash).key("carriedOut").boolean(done);
    if (id != 0) out.key("proposal").number(id).key("approvals").number(std::uint64_t{approvals});
    out.key("threshold").number(threshold);
    out.key("version").number(number_of(registry, "version"));
    say(out.close_object().text());
    return 0;
  }
  if (done) {
    say(fmt::format("carried out: version {} of the registry holds once the epoch ends",
                    number_of(registry, "version")));
  } else if (id != 0) {
    say(
        fmt::format("proposal {0} has {1} of {2} approvals; the next governor runs\n  wusong "
                    "validator approve {0} --from ADDRESS --rpc {3}",
                    id, approvals, threshold, send.url));
  } else {
    say("withdrawn");
  }
  return 0;
}

using Changes = std::vector<Bytes>;

int propose(const SendOptions& send,
            const std::function<Outcome<Changes>(const JsonValue&)>& make) {
  const auto before = registry_of(send.url);
  if (!before) return complain(before.error());
  const auto changes = make(before->result());
  if (!changes) return complain(changes.error());
  const auto hash = transact(send, node::kRegistryAddress, node::call_propose(*changes));
  if (!hash) return complain(in_words(hash.error()));
  return report(send, *hash, before->result(), [&](const JsonValue& it) {
    const auto shown = it.find("changes").value_or(JsonValue{}).items();
    return std::ranges::equal(shown, *changes, [](const JsonValue& text, const Bytes& change) {
      return text.string().value_or("") == codec::to_hex_data(change);
    });
  });
}

/// The members of a list of the registry with this name or node key.
std::optional<JsonValue> member_of(const JsonValue& registry, std::string_view list,
                                   std::string_view name) {
  for (const JsonValue& member : registry.find(list).value_or(JsonValue{}).items()) {
    if (text_of(member, "name") == name || text_of(member, "nodeKey") == name) return member;
  }
  return std::nullopt;
}

Outcome<std::vector<JoinRequest>> read_requests(const AdmitOptions& options) {
  std::vector<JoinRequest> out;
  for (const auto& file : options.requests) {
    auto request = read_request(file);
    if (!request) return std::unexpected{request.error()};
    out.push_back(*std::move(request));
  }
  return out;
}

std::unexpected<Failure> no_vote_key(const JoinRequest& request) {
  return failure(
      err::bad_request,
      fmt::format("the request of {} is an observer's: it holds no vote key", request.name));
}

/// A change in words: "add validator node4", "remove validator 0x…".
std::string describe(const JsonValue& registry, const Bytes& change) {
  constexpr auto kChanges = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"addValidator((bytes32,bytes32,address,uint8,address,bytes32[2]),bytes,bytes)",
       "add validator"},
      {"addObserver((bytes32,bytes32),bytes)", "admit observer"},
      {"removeValidator(bytes32)", "remove validator"},
      {"removeObserver(bytes32)", "remove observer"},
      {"replaceVoteKey(bytes32,uint8,bytes32[2],bytes)", "replace the vote key of"},
      {"replaceNodeKey(bytes32,bytes32,bytes)", "replace the node key of"},
      {"setAccounts(bytes32,address,address)", "set the accounts of"},
  });
  std::string text = codec::to_hex_data(change);
  if (text.starts_with(selector_of("setParameters((uint64,uint64,uint64,uint64),uint256,uint64)")))
    return "set parameters";
  if (text.starts_with(selector_of("layDownKey(bytes)")))
    return "lay down the vote key that follows";
  for (const auto& [signature, words] : kChanges) {
    if (!text.starts_with(selector_of(signature)) || change.size() < 36) continue;
    const BytesView word = BytesView{change}.subspan(4, 32);
    if (words.starts_with("add") || words.starts_with("admit"))
      return fmt::format("{} {}", words, as_text(word).substr(0, as_text(word).find('\0')));
    const std::string key = codec::to_hex_data(word);
    auto found = member_of(registry, "validators", key);
    if (!found) found = member_of(registry, "observers", key);
    return fmt::format("{} {}", words, found ? text_of(*found, "name") : key);
  }
  return text;
}

std::string registry_text(const JsonValue& registry) {
  std::vector<std::vector<std::string>> rows{{"member", "name", "governor", "node key"}};
  for (const JsonValue& it : registry.find("validators").value_or(JsonValue{}).items())
    rows.push_back({"validator", text_of(it, "name"), checksummed(text_of(it, "governor")),
                    text_of(it, "nodeKey")});
  for (const JsonValue& it : registry.find("observers").value_or(JsonValue{}).items())
    rows.push_back({"observer", text_of(it, "name"), "", text_of(it, "nodeKey")});
  const JsonValue parameters = registry.find("parameters").value_or(JsonValue{});
  Sheet sheet;
  sheet.row("version", std::to_string(number_of(registry, "version")));
  sheet.row("approvals needed", std::to_string(number_of(registry, "threshold")));
  sheet.row("epoch", fmt::format("{} blocks at least", number_of(registry, "epochBlocks")));
  sheet.row("gas limit", std::to_string(number_of(parameters, "gasLimit")));
  sheet.row("base fee", text_of(parameters, "baseFee"));
  sheet.row("heartbeat", fmt::format("{} ms", number_of(parameters, "heartbeatMs")));
  sheet.row("block interval", fmt::format("{} ms", number_of(parameters, "blockIntervalMs")));
  sheet.row("block bytes", std::to_string(number_of(parameters, "blockBytesMax")));
  for (const JsonValue& proposal : registry.find("proposals").value_or(JsonValue{}).items()) {
    sheet.row(fmt::format("proposal {}", number_of(proposal, "id")),
              fmt::format("by {}, {} approvals", checksummed(text_of(proposal, "by")),
                          proposal.find("approvals").value_or(JsonValue{}).size()));
    for (const JsonValue& change : proposal.find("changes").value_or(JsonValue{}).items()) {
      const auto bytes = codec::from_hex(change.string().value_or(""));
      sheet.row("", bytes ? describe(registry, *bytes) : std::string{});
    }
  }
  return table(rows) + "\n" + sheet.text();
}

/// The number in `text`, or the registry's own where it is empty.
Outcome<U256> parameter(const std::string& text, std::string_view option, const JsonValue& object,
                        std::string_view key) {
  if (text.empty()) {
    const auto word = codec::word_from_hex_quantity(object.string_at(key).value_or(""), false);
    return word ? to_u256(*word) : U256{};
  }
  const auto number = parse_number(text);
  if (!number)
    return failure(err::bad_argument, fmt::format("{} \"{}\" is no number", option, text));
  return *number;
}

}  // namespace

int validator_request(const RequestOptions& options) {
  const auto governor = options.governor.empty() ? Outcome<Address>{Address{}}
                                                 : parse_address(options.governor, "--governor ");
  if (!governor) return complain(governor.error());
  const auto request = make_request(options.config, *governor, options.next);
  if (!request) return complain(request.error());
  const bool joins = !request->vote_key.empty() && !options.next;
  if (joins && options.governor.empty())
    return complain({err::bad_argument,
                     "--governor ADDRESS is missing: the account that votes on changes for it"});
  say(to_json(*request));
  return 0;
}

namespace {

int say_next_key(const Outcome<std::filesystem::path>& file, const NextKeyOptions& options) {
  if (!file) return complain(file.error());
  if (options.json) {
    say(codec::JsonWriter{}.open_object().key("file").string(file->string()).close_object().text());
    return 0;
  }
  say(fmt::format("{} written; now\n  wusong validator request --next --config {}", file->string(),
                  shell_quoted(options.config.string())));
  return 0;
}

}  // namespace

int validator_next_key(const NextKeyOptions& options) {
  return say_next_key(make_next_vote_key(options.config, options.scheme), options);
}

int node_next_key(const NextKeyOptions& options) {
  const auto config = load_config(options.config);
  if (!config) return complain(config.error());
  if (config->network_tls != "ca") return say_next_key(make_next_node_key(*config), options);
  const auto made = make_next_tls_key(*config);
  if (!made) return complain(made.error());
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("file").string(made->key.string());
    say(out.key("request").string(made->request.string()).close_object().text());
    return 0;
  }
  say(fmt::format(
      "{} written; have the authority sign {}, then\n  wusong node reload --config {} "
      "--certificate FILE",
      made->key.string(), made->request.string(), shell_quoted(options.config.string())));
  return 0;
}

int validator_registry(const std::string& url, bool json) {
  const auto reply = registry_of(url);
  if (!reply) return complain(reply.error());
  say(json ? reply->result().to_json() : registry_text(reply->result()));
  return 0;
}

int validator_add(const AdmitOptions& options) {
  return propose(options.send, [&](const JsonValue& registry) -> Outcome<Changes> {
    const auto requests = read_requests(options);
    if (!requests) return std::unexpected{requests.error()};
    Changes out;
    for (const JoinRequest& request : *requests) {
      if (request.vote_key.empty()) return no_vote_key(request);
      if (member_of(registry, "observers", codec::to_hex_data(request.node_key)))
        out.push_back(node::change_remove_observer(request.node_key));
      if (node::is_laid_down(request.vote_key))
        out.push_back(node::change_lay_down_key(request.vote_key));
      out.push_back(node::change_add_validator({.validator = {.name = request.name,
                                                              .scheme = request.scheme,
                                                              .vote_key = request.vote_key,
                                                              .node_key = request.node_key,
                                                              .beneficiary = request.beneficiary},
                                                .governor = request.governor,
                                                .vote_proof = request.vote_proof,
                                                .node_proof = request.node_proof}));
    }
    return out;
  });
}

int validator_observe(const AdmitOptions& options) {
  return propose(options.send, [&](const JsonValue& registry) -> Outcome<Changes> {
    const auto requests = read_requests(options);
    if (!requests) return std::unexpected{requests.error()};
    Changes out;
    for (const JoinRequest& request : *requests) {
      // A validator that goes on as an observer leaves its place in the same step.
      if (member_of(registry, "validators", codec::to_hex_data(request.node_key)))
        out.push_back(node::change_remove_validator(request.node_key));
      out.push_back(node::change_add_observer({.name = request.name, .node_key = request.node_key},
                                              request.node_proof));
    }
    return out;
  });
}

int validator_replace_key(const AdmitOptions& options) {
  return propose(options.send, [&](const JsonValue& /*registry*/) -> Outcome<Changes> {
    const auto requests = read_requests(options);
    if (!requests) return std::unexpected{requests.error()};
    Changes out;
    for (const JoinRequest& request : *requests) {
      if (request.vote_key.empty() && request.next_node_key.empty()) return no_vote_key(request);
      // The vote key's proof names the node key, so that follows last.
      if (!request.vote_key.empty()) {
        if (node::is_laid_down(request.vote_key))
          out.push_back(node::change_lay_down_key(request.vote_key));
        out.push_back(node::change_replace_vote_key({.node_key = request.node_key,
                                                     .scheme = request.scheme,
                                                     .vote_key = request.vote_key,
                                                     .proof = request.vote_proof}));
      }
      if (!request.next_node_key.empty()) {
        out.push_back(node::change_replace_node_key({.node_key = request.node_key,
                                                     .next_key = request.next_node_key,
                                                     .proof = request.next_node_proof}));
      }
    }
    return out;
  });
}

int validator_remove(const RemoveOptions& options) {
  return propose(options.send, [&](const JsonValue& registry) -> Outcome<Changes> {
    Changes out;
    for (const std::string& name : options.members) {
      if (const auto validator = member_of(registry, "validators", name)) {
        out.push_back(node::change_remove_validator(bytes_of(*validator, "nodeKey")));
      } else if (const auto observer = member_of(registry, "observers", name)) {
        out.push_back(node::change_remove_observer(bytes_of(*observer, "nodeKey")));
      } else {
        return failure(err::not_found,
                       fmt::format("\"{}\" is no validator's or observer's name or node key; "
                                   "`wusong validator registry` lists them",
                                   name));
      }
    }
    return out;
  });
}

int validator_parameters(const ParameterOptions& options) {
  return propose(options.send, [&](const JsonValue& registry) -> Outcome<Changes> {
    const JsonValue now = registry.find("parameters").value_or(JsonValue{});
    const auto gas = parameter(options.gas_limit, "--gas-limit", now, "gasLimit");
    if (!gas) return std::unexpected{gas.error()};
    const auto fee = parameter(options.base_fee, "--base-fee", now, "baseFee");
    if (!fee) return std::unexpected{fee.error()};
    const auto beat = parameter(options.heartbeat_ms, "--heartbeat-ms", now, "heartbeatMs");
    if (!beat) return std::unexpected{beat.error()};
    const auto interval =
        parameter(options.block_interval_ms, "--block-interval-ms", now, "blockIntervalMs");
    if (!interval) return std::unexpected{interval.error()};
    const auto bytes = parameter(options.block_bytes_max, "--block-bytes", now, "blockBytesMax");
    if (!bytes) return std::unexpected{bytes.error()};
    const auto blocks = parameter(options.epoch_blocks, "--epoch-blocks", registry, "epochBlocks");
    if (!blocks) return std::unexpected{blocks.error()};
    return Changes{node::change_set_parameters({.gas_limit = gas->saturated(),
                                                .base_fee = *fee,
                                                .heartbeat_ms = beat->saturated(),
                                                .block_interval_ms = interval->saturated(),
                                                .block_bytes_max = bytes->saturated()},
                                               blocks->saturated())};
  });
}

namespace {

int decide(const DecideOptions& options, Bytes call) {
  const auto before = registry_of(options.send.url);
  if (!before) return complain(before.error());
  const auto hash = transact(options.send, node::kRegistryAddress, std::move(call));
  if (!hash) return complain(in_words(hash.error()));
  return report(options.send, *hash, before->result(),
                [&](const JsonValue& it) { return number_of(it, "id") == options.proposal; });
}

}  // namespace

int validator_approve(const DecideOptions& options) {
  return decide(options, node::call_approve(options.proposal));
}

int validator_withdraw(const DecideOptions& options) {
  return decide(options, node::call_withdraw(options.proposal));
}

}  // namespace wusong::apps
