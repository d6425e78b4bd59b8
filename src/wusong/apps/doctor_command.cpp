// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/doctor_command.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "wusong/apps/config.hpp"
#include "wusong/apps/keys.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/node_command.hpp"
#include "wusong/apps/node_tls.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/apps/version.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/node/network_info.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/operate/machine.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/data_format.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/node_host.hpp"
#include "wusong/platform/transport.hpp"

namespace wusong::apps {
namespace {

using namespace std::chrono_literals;
using operate::fault;
using operate::Finding;
using operate::Grade;
using operate::warning;
using operate::well;

constexpr std::uint64_t kBlocksCompared = 100;

/// One node: its files, then its machine, then what it answers while it runs.
class Examination {
 public:
  explicit Examination(std::filesystem::path config_file) : file_{std::move(config_file)} {}

  void run() {
    auto config = load_config(file_);
    if (!config) {
      name_ = file_.parent_path().filename().string();
      add(fault("configuration", config.error().detail,
                "correct it; docs/operators/configuration.md lists every key"));
      return;
    }
    config_ = *std::move(config);
    name_ = config_.name;
    add(well("configuration", file_.string()));
    check_genesis();
    check_keys();
    check_data();
    add(operate::check_disk_space(config_.data));
    add(operate::check_disk_speed(config_.data));
    add(operate::check_memory());
    add(operate::check_open_files(std::nullopt));
    add(operate::check_clock_source());
    check_exposure();
    check_link_rule();
    if (running_) {
      check_running();
    } else {
      check_stopped();
    }
  }

  const std::string& name() const noexcept { return name_; }
  const std::vector<Finding>& findings() const noexcept { return findings_; }
  const Bytes& vote_key() const noexcept { return vote_public_; }
  void add(Finding finding) { findings_.push_back(std::move(finding)); }

 private:
  void check_genesis() {
    const auto genesis = load_genesis(config_.genesis);
    if (!genesis) {
      add(fault(
          "genesis", genesis.error().detail,
          "copy genesis.json from another member of the chain; it is the same on every node"));
      return;
    }
    genesis_ = *genesis;
    add(well("genesis", fmt::format("chain {}, {}", genesis_->chain_id,
                                    counted(genesis_->validators.size(), "validator"))));
  }

  /// Others who can write a folder can put their own files in place of those in it.
  void check_folder(const std::filesystem::path& folder) {
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return;
    add(fault("permissions", fmt::format("{} can be written by others", folder.string()),
              fmt::format("chmod go-w {}", shell_quoted(folder.string()))));
  }

  std::optional<LoadedKey> open_key(const std::string& check, const std::filesystem::path& file,
                                    const std::string& password) {
    if (const auto closed = check_private(file); !closed) {
      add(fault(check, closed.error().detail,
                fmt::format("chmod 600 {}", shell_quoted(file.string()))));
    }
    auto key = read_key(file, password);
    if (!key) {
      add(fault(
          check, key.error().detail,
          "put back the key file and the password that were made together, from their backups"));
      return std::nullopt;
    }
    return *std::move(key);
  }

  void check_keys() {
    check_folder(config_.node_key.parent_path());
    if (config_.password_file.string().starts_with("/run/credentials/") &&
        !platform::file_exists(config_.password_file.string())) {
      add(warning("password", "systemd shows it to the node's service alone: keys are not opened",
                  "see that the node starts: journalctl -u wusong-node"));
      return;
    }
    const auto password = read_password(config_.password_file);
    if (!password) {
      add(fault(
          "password", password.error().detail,
          fmt::format(
              "let {} hold the password that opens the keys, mode 0600, owned by the node's user",
              config_.password_file.string())));
      return;
    }
    if (auto key = open_key("node key", config_.node_key, *password)) judge_node_key(*key);
    if (config_.role != "validator") return;
    if (auto key = open_key("vote key", config_.vote_key, *password)) judge_vote_key(*key);
  }

  void judge_node_key(const LoadedKey& key) {
    platform::NodeSecretKey secret{};
    if (key.scheme != crypto::Scheme::ed25519 || key.secret.view().size() != secret.size()) {
      add(fault("node key", config_.node_key.string() + " is no ed25519 key",
                "name the node key of this node"));
      return;
    }
    std::ranges::copy(key.secret.view(), secret.begin());
    check_certificate(secret);
    const auto own = platform::public_key_of(secret);
    if (!own || !genesis_) return;
    const auto is_own = [&](const auto& member) {
      return std::ranges::equal(member.node_key, own->view());
    };
    if (std::ranges::any_of(genesis_->validators, is_own) ||
        std::ranges::any_of(genesis_->observers, is_own)) {
      add(well("node key", "a member of the chain"));
    } else if (node::has_registry(*genesis_) && config_.joined_later) {
      add(well("node key", "the registry's to admit: node.joined_later is true"));
    } else {
      add(fault("node key", config_.node_key.string() + " is of no member in genesis.json",
                "use the key that was made with the network, or have the members admit this one"));
    }
  }

  /// What its peers would say of it when they meet it now.
  void check_certificate(const platform::NodeSecretKey& secret) {
    if (config_.network_tls != "ca") {
      add(well("certificate", "none: node keys are pinned, nothing can expire"));
      return;
    }
    const auto files = tls_files(config_);
    if (!files) {
      add(fault("certificate", files.error().detail,
                "let the key and its password belong to the node's user alone, mode 0600"));
      return;
    }
    const std::string replace = fmt::format(
        "mend the file, then: wusong node reload --config {} "
        "(docs/operators/certificates.md)",
        shell_quoted(file_.string()));
    const auto status = platform::examine_tls(secret, *files);
    if (!status) {
      const std::string words = tls_mend(status.error(), config_);
      add(fault("certificate", words.empty() ? std::string{status.error().name()} : words,
                replace));
      return;
    }
    serial_ = status->serial;
    add(well("certificate", fmt::format("{} of {}, chain, key and revocations hold",
                                        status->subject, status->issuer)));
    for (const std::string& renewal : node::renewal_warnings(*status, platform::wall_now())) {
      const std::size_t end = renewal.find("; ");
      add(warning("certificate", renewal.substr(0, end), renewal.substr(end + 2)));
    }
    if (config_.tls_crl.empty()) {
      add(warning("revocation", "network.crl is not set: a stolen certificate holds until it ends",
                  "fetch the lists of all authorities and set network.crl"));
    }
  }

  void judge_vote_key(const LoadedKey& key) {
    const auto signer = crypto::make_signer(key.scheme, key.secret.view());
    if (!signer) {
      add(fault("vote key", config_.vote_key.string() + " is unusable",
                "put back the key from its backup"));
      return;
    }
    vote_public_ = to_bytes((*signer)->public_key());
    if (!genesis_) return;
    const bool known = std::ranges::any_of(genesis_->validators, [&](const auto& validator) {
      return validator.scheme == key.scheme && validator.vote_key == vote_public_;
    });
    if (known) {
      add(well("vote key", "a validator's of the chain"));
    } else if (node::has_registry(*genesis_)) {
      asks_registry_ = true;
    } else {
      add(fault("vote key", config_.vote_key.string() + " is of no validator in genesis.json",
                "use the key that was made with the network, or set node.role = \"observer\""));
    }
  }

  void check_data() {
    const auto format = platform::read_data_format(config_.data);
    if (format && *format == 0) {
      add(well("data format",
               config_.data.string() + " is empty: the node begins with it, or fetches the chain"));
    } else if (const auto checked = platform::check_data_format(config_.data); !checked) {
      add(fault(
          "data format", explain_data(checked.error(), config_.data, file_),
          "docs/operators/upgrade.md says how a node is brought from one release to the next"));
    } else {
      add(well("data format", fmt::format("{}, this release's", *format)));
    }
    if (platform::file_exists((config_.data / platform::kVotesLostFile).string())) {
      add(warning("votes", "restored: the node follows without voting until it is safe",
                  "wait; it takes the next blocks of a minute (docs/operators/backup.md)"));
    }
    const bool light = config_.role == "light";
    const std::string lock =
        (light ? config_.data / platform::kLightLockFile : config_.data / "state" / "LOCK")
            .string();
    if (!platform::file_exists(lock)) return;
    const auto held = platform::FileLock::acquire(lock);
    running_ = !held && held.error() == Error{platform::err::already_locked};
  }

  /// What a recording of this node's links would be worth.
  void check_link_rule() {
    if (config_.network_hybrid == "required") {
      add(well("links", "a hybrid key exchange inside TLS, required of every peer"));
    } else {
      add(warning("links", "peers without a hybrid key exchange are spoken to under TLS alone",
                  "take network.hybrid = \"allowed\" away once all of them run this release"));
    }
  }

  void check_exposure() {
    const auto listen = parse_host_port(config_.rpc_listen);
    const bool loopback = listen->host == "127.0.0.1" || listen->host == "localhost" ||
                          listen->host == "::1" || listen->host == "[::1]";
    if (!loopback) {
      add(warning("exposure",
                  fmt::format("JSON-RPC listens on {} and has no login", config_.rpc_listen),
                  "set rpc.listen to 127.0.0.1 and put a proxy with a login in front"));
    }
    if (std::ranges::find(config_.rpc_allowed_origins, "*") != config_.rpc_allowed_origins.end()) {
      add(warning("exposure", "any web page may call this node (rpc.allowed_origins has \"*\")",
                  "list the pages that may, or none"));
    }
  }

  void check_stopped() {
    add(warning(
        "process", "the node does not run",
        fmt::format("start it: wusong node run --config {}", shell_quoted(file_.string()))));
    const auto network = parse_host_port(config_.network_listen);
    const auto rpc = parse_host_port(config_.rpc_listen);
    add(operate::check_port_free("network port", network->host, network->port));
    add(operate::check_port_free("rpc port", rpc->host, rpc->port));
    for (const PeerAddress& peer : config_.peers) check_dial(peer);
    if (asks_registry_)
      add(warning("vote key", "not of the genesis: whether the registry names it, a node tells",
                  "start the node, then run this again"));
  }

  void check_dial(const PeerAddress& peer) {
    const auto address = parse_host_port(peer.address);
    const std::string why = operate::why_unreachable(address->host, address->port, 2s);
    const std::string check = "peer " + peer.name;
    if (why.empty()) {
      add(well(check, peer.address + " accepts connections"));
    } else {
      add(warning(check, fmt::format("{}: {}", peer.address, why),
                  "see that it runs, that its address in network.peers is right, and that "
                  "firewalls let it through"));
    }
  }

  void check_running() {
    auto client = RpcClient::open("http://" + config_.rpc_listen, 3s);
    const auto health =
        client ? client->call("wusong_nodeHealth") : std::unexpected{client.error()};
    if (!health) {
      add(fault(
          "process", "the node runs but does not answer: " + health.error().detail,
          fmt::format("look at the end of its log; if it stays so, stop it and start it again")));
      return;
    }
    const auto healthy = health->result().find("healthy");
    const auto reason = health->result().string_at("reason");
    if (healthy && healthy->boolean().value_or(false)) {
      add(well("process", "runs and is well"));
    } else {
      add(warning("process", fmt::format("runs, but: {}", reason ? std::string{*reason} : "unwell"),
                  "docs/operators/troubleshooting.md says what this means and what to do"));
    }
    check_version(*client);
    check_reload(*client);
    check_registry(*client);
    check_peers(*client);
    check_links(*client);
    check_kept(*client);
    if (config_.role != "light") check_times(*client);  // of blocks it has headers alone
  }

  /// What clients can ask this node for.
  void check_kept(RpcClient& client) {
    const auto reply = client.call("wusong_chainInfo");
    if (!reply) return add(fault("kept", reply.error().detail, "look at the node's log"));
    const auto from = [&](std::string_view key) {
      const auto text = reply->result().string_at(key);
      return codec::u64_from_hex_quantity(text.value_or("0x0"), false).value_or(0);
    };
    if (config_.role == "light") return add(well("kept", "headers and certificates: a light node"));
    const std::uint64_t blocks = from("oldestBlock");
    const std::uint64_t receipts = from("oldestReceipts");
    const std::string what = blocks + receipts == 0
                                 ? std::string{"all blocks and receipts"}
                                 : fmt::format(
                                       "blocks from {} and receipts from {} on, below them "
                                       "headers and roots",
                                       blocks, receipts);
    add(well("kept", fmt::format("{}; states from {} on", what, from("oldestState"))));
  }

  /// A vote key that the genesis does not know: the present epoch may.
  void check_registry(RpcClient& client) {
    const auto reply = client.call("wusong_validators");
    if (!reply || !asks_registry_) return;
    const std::string own = codec::to_hex_data(vote_public_);
    for (const auto& validator : reply->result().items()) {
      if (validator.string_at("publicKey").value_or("") == own)
        return add(well("vote key", "a validator's of this epoch"));
    }
    add(warning("vote key", config_.vote_key.string() + " is of no validator of this epoch",
                "let the governors add it (docs/operators/membership.md), or put back the key that "
                "`wusong validator registry` shows"));
  }

  void check_version(RpcClient& client) {
    const auto reply = client.call("web3_clientVersion");
    const auto text =
        reply ? reply->result().string() : Result<std::string_view>{std::string_view{}};
    const std::string running = text ? std::string{*text} : std::string{};
    if (running.find(std::string{"/v"} + kVersion + "/") != std::string::npos) {
      add(well("version", running));
    } else {
      add(warning("version", fmt::format("{} runs, this program is {}", running, kVersion),
                  "restart the node with this program, if it was upgraded"));
    }
  }

  /// Whether the process uses the files that were looked at.
  void check_reload(RpcClient& client) {
    const auto reply = client.call("wusong_networkStatus");
    if (!reply) return;  // of another release, which check_version() has said
    const std::string reload = "wusong node reload --config " + shell_quoted(file_.string());
    const auto fault_text = reply->result().string_at("reloadFault");
    if (fault_text && !fault_text->empty())
      add(warning("reload", "the last one was refused: " + std::string{*fault_text}, reload));
    const auto tls = reply->result().find("tls");
    const std::string serial{tls ? tls->string_at("serial").value_or("") : ""};
    if (!serial.empty() && !serial_.empty() && serial != serial_)
      add(warning("reload", "the process goes by an older certificate than its file", reload));
  }

  /// By which exchange the links that stand got their keys.
  void check_links(RpcClient& client) {
    const auto reply = client.call("wusong_networkStatus");
    const auto peers = reply ? reply->result().find("peers") : std::nullopt;
    if (!peers) return;
    std::map<std::string, std::size_t> links;
    for (const auto& peer : peers->items()) {
      const std::string exchange{peer.string_at("exchange").value_or("")};
      if (!exchange.empty()) ++links[exchange];
    }
    for (const auto& [exchange, count] : links)
      add(well("links", fmt::format("{} by {}", count, exchange)));
  }

  void check_peers(RpcClient& client) {
    const auto reply = client.call("wusong_peers");
    if (!reply) return add(fault("peers", reply.error().detail, "look at the node's log"));
    std::set<std::string> connected;
    for (const auto& peer : reply->result().items()) {
      const auto name = peer.string_at("name");
      const auto version = peer.string_at("version");
      connected.insert(name ? std::string{*name} : std::string{});
      if (version && *version != kVersion) {
        add(warning("peer " + std::string{name.value_or("")},
                    fmt::format("runs version {}, this is {}", *version, kVersion),
                    "go on with the upgrade, one node after the other"));
      }
    }
    for (const PeerAddress& peer : config_.peers)
      if (!connected.contains(peer.name)) check_dial(peer);
    add(well("peers", fmt::format("{} of {} connected", connected.size(), config_.peers.size())));
  }

  /// Names of validators by the account that their blocks name.
  std::map<std::string, std::string> proposers(RpcClient& client) {
    std::map<std::string, std::string> out;
    const auto reply = client.call("wusong_validators");
    if (!reply) return out;
    for (const auto& validator : reply->result().items()) {
      const auto account = validator.string_at("beneficiary");
      const auto name = validator.string_at("name");
      if (account && name) out[std::string{*account}] = std::string{*name};
    }
    return out;
  }

  std::optional<operate::TimedBlock> block_at(RpcClient& client, std::uint64_t height) {
    const auto reply = client.call("eth_getBlockByNumber",
                                   fmt::format("[\"{}\",false]", codec::to_hex_quantity(height)));
    if (!reply) return std::nullopt;
    const auto miner = reply->result().string_at("miner");
    const auto time = reply->result().string_at("wusong_timestampMs");
    if (!miner || !time) return std::nullopt;
    const auto ms = codec::u64_from_hex_quantity(*time, false);
    return operate::TimedBlock{.proposer = std::string{*miner}, .time_ms = ms.value_or(0)};
  }

  void check_times(RpcClient& client) {
    const auto names = proposers(client);
    const auto head = client.call("eth_blockNumber");
    const auto text =
        head ? head->result().string() : Result<std::string_view>{std::string_view{"0x0"}};
    const std::uint64_t newest =
        codec::u64_from_hex_quantity(text.value_or("0x0"), false).value_or(0);
    std::vector<operate::TimedBlock> blocks;
    std::uint64_t parent = 0;
    for (std::uint64_t height = newest > kBlocksCompared ? newest - kBlocksCompared : 0;
         height <= newest; ++height) {
      auto block = block_at(client, height);
      if (!block) continue;  // pruned
      if (const auto name = names.find(block->proposer); name != names.end())
        block->proposer = name->second;
      block->parent_time_ms = std::exchange(parent, block->time_ms);
      if (block->parent_time_ms != 0) blocks.push_back(*std::move(block));
    }
    add(operate::check_clocks(blocks, platform::wall_now().value));
  }

  std::filesystem::path file_;
  std::string name_;
  NodeConfig config_;
  std::optional<node::Genesis> genesis_;
  Bytes vote_public_;
  bool asks_registry_{false};
  std::string serial_;  // of the certificate in its file
  bool running_{false};
  std::vector<Finding> findings_;
};

/// Two folders with one vote key would vote against each other.
void compare_vote_keys(std::vector<Examination>& nodes) {
  std::map<Bytes, std::string> seen;
  for (Examination& node : nodes) {
    if (node.vote_key().empty()) continue;
    const auto [first, fresh] = seen.emplace(node.vote_key(), node.name());
    if (fresh) continue;
    node.add(fault("vote key", fmt::format("{} has the same one", first->second),
                   "remove it from one of the two at once: a vote key runs in one place"));
  }
}

void show_json(const std::vector<Examination>& nodes, std::size_t failed, std::size_t warned) {
  codec::JsonWriter out;
  out.open_object().key("findings").open_array();
  for (const Examination& node : nodes) {
    for (const Finding& finding : node.findings()) {
      out.open_object().key("node").string(node.name()).key("check").string(finding.check);
      out.key("grade").string(operate::name_of(finding.grade)).key("what").string(finding.what);
      out.key("mend").string(finding.mend).close_object();
    }
  }
  out.close_array()
      .key("failed")
      .number(std::uint64_t{failed})
      .key("warned")
      .number(std::uint64_t{warned});
  say(out.close_object().text());
}

void show(const std::vector<Examination>& nodes, std::size_t failed, std::size_t warned) {
  for (const Examination& node : nodes) {
    say(node.name());
    for (const Finding& finding : node.findings()) {
      say(fmt::format("  {:<5} {:<14} {}", operate::name_of(finding.grade), finding.check,
                      finding.what));
      if (!finding.mend.empty()) say(fmt::format("  {:<20} -> {}", "", finding.mend));
    }
  }
  say(fmt::format("{}, {}", counted(failed, "failure"), counted(warned, "warning")));
}

}  // namespace

int doctor(const Doctor& options) {
  const auto files = node_files(options.config, options.folder);
  if (!files) return complain(files.error());
  std::vector<Examination> nodes;
  for (const auto& file : *files) nodes.emplace_back(file).run();
  compare_vote_keys(nodes);
  std::size_t failed = 0;
  std::size_t warned = 0;
  for (const Examination& node : nodes) {
    for (const Finding& finding : node.findings()) {
      failed += finding.grade == Grade::fail;
      warned += finding.grade == Grade::warn;
    }
  }
  (options.json ? show_json : show)(nodes, failed, warned);
  return failed == 0 ? 0 : kFailed;
}

}  // namespace wusong::apps
