// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <set>

#include "wusong/apps/toml.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/platform/files.hpp"

namespace wusong::apps {
namespace {

/// Reads one table; remembers which keys it was asked for, and the first fault.
class Section {
 public:
  Section(const toml::table& root, std::string name, std::optional<Failure>& fault)
      : name_{std::move(name)}, fault_{fault} {
    if (const toml::node* node = root.get(name_)) {
      table_ = node->as_table();
      if (table_ == nullptr) complain(*node, name_, "must be a table");
    }
  }

  void text(std::string_view key, std::string& out, const std::vector<std::string>& allowed = {}) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::string>();
    if (!value) return complain(*node, key, "must be a string");
    if (!allowed.empty() && std::ranges::find(allowed, *value) == allowed.end()) {
      return complain(
          *node, key,
          fmt::format("is \"{}\"; did you mean \"{}\"?", *value, nearest(*value, allowed)));
    }
    out = *value;
  }
  void path(std::string_view key, const std::filesystem::path& folder, std::filesystem::path& out) {
    std::string value;
    text(key, value);
    if (!value.empty()) out = (folder / value).lexically_normal();
  }
  void number(std::string_view key, std::uint64_t& out, std::uint64_t least, std::uint64_t most) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < least ||
        static_cast<std::uint64_t>(*value) > most) {
      return complain(*node, key, fmt::format("must be a whole number from {} to {}", least, most));
    }
    out = static_cast<std::uint64_t>(*value);
  }
  void flag(std::string_view key, bool& out) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<bool>();
    if (!value) return complain(*node, key, "must be true or false");
    out = *value;
  }
  void texts(std::string_view key, std::vector<std::string>& out) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr) return complain(*node, key, "must be a list of strings");
    out.clear();
    for (const toml::node& item : *list) {
      const auto value = item.value_exact<std::string>();
      if (!value) return complain(item, key, "must be a list of strings");
      out.push_back(*value);
    }
  }
  void peers(std::string_view key, std::vector<PeerAddress>& out) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    const std::string_view shape =
        "must be a list of { name = \"…\", node_key = \"0x…\", address = \"host:port\" }";
    if (list == nullptr) return complain(*node, key, shape);
    for (const toml::node& item : *list) {
      const toml::table* table = item.as_table();
      if (table == nullptr || table->size() != 3) return complain(item, key, shape);
      PeerAddress peer;
      peer.name = (*table)["name"].value_or(std::string{});
      peer.address = (*table)["address"].value_or(std::string{});
      const auto bytes = codec::from_hex((*table)["node_key"].value_or(std::string{}));
      if (!bytes || bytes->size() != 32) return complain(item, key, "needs node_key with 32 bytes");
      peer.node_key = *bytes;
      if (!parse_host_port(peer.address)) return complain(item, key, "needs address as host:port");
      out.push_back(std::move(peer));
    }
  }
  /// Keys that nobody asked for.
  void finish() {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) {
      const std::string name{key.str()};
      if (std::ranges::find(known_, name) != known_.end() || fault_) continue;
      fault_ = Failure{err::unknown_key,
                       fmt::format("line {}: unknown key \"{}\" in [{}]; did you mean \"{}\"?",
                                   node.source().begin.line, name, name_, nearest(name, known_))};
    }
  }

 private:
  const toml::node* find(std::string_view key) {
    known_.emplace_back(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }
  void complain(const toml::node& node, std::string_view key, std::string_view what) {
    if (fault_) return;
    fault_ = Failure{err::bad_config,
                     fmt::format("line {}: {}.{} {}", node.source().begin.line, name_, key, what)};
  }

  std::string name_;
  const toml::table* table_{nullptr};
  std::vector<std::string> known_;
  std::optional<Failure>& fault_;
};

constexpr std::uint64_t kPruneMin = 300;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substitute});
    }
  }
  return row.back();
}

void read_network(const toml::table& root, const std::filesystem::path& folder, NodeConfig& out,
                  std::optional<Failure>& fault) {
  Section network{root, "network", fault};
  network.text("listen", out.network_listen);
  network.peers("peers", out.peers);
  network.texts("advertise", out.advertise);
  network.texts("relays", out.relays);
  network.flag("direct", out.direct);
  network.flag("relay", out.relay);
  network.text("hybrid", out.network_hybrid, {"required", "allowed"});
  network.text("tls", out.network_tls, {"pinned", "ca"});
  network.path("certificate", folder, out.tls_certificate);
  network.text("key", out.tls_key);
  if (!out.tls_key.empty() && !out.tls_key.starts_with("pkcs11:"))
    out.tls_key = (folder / out.tls_key).lexically_normal().string();
  network.path("key_password_file", folder, out.tls_key_password_file);
  network.path("ca", folder, out.tls_ca);
  network.path("crl", folder, out.tls_crl);
  network.path("pkcs11_module", folder, out.pkcs11_module);
  network.finish();
}

void read_sync_and_prune(const toml::table& root, NodeConfig& out, std::optional<Failure>& fault) {
  Section sync{root, "sync", fault};
  sync.text("mode", out.sync_mode, {"auto", "full", "snapshot"});
  sync.number("gap", out.sync_gap, 64, std::uint64_t{1} << 40);
  sync.number("serve_bytes_per_second", out.sync_serve_bytes_per_second, 1u << 16,
              std::uint64_t{1} << 40);
  sync.finish();

  // What files of the first release call prune.states.
  Section state{root, "state", fault};
  state.number("history", out.prune_states, 1, std::uint64_t{1} << 30);
  state.finish();

  Section prune{root, "prune", fault};
  prune.number("states", out.prune_states, 0, std::uint64_t{1} << 30);
  prune.number("receipts", out.prune_receipts, 0, std::uint64_t{1} << 40);
  prune.number("bodies", out.prune_bodies, 0, std::uint64_t{1} << 40);
  prune.finish();
}

void read_sections(const toml::table& root, const std::filesystem::path& folder, NodeConfig& out,
                   std::optional<Failure>& fault) {
  Section node{root, "node", fault};
  node.text("name", out.name);
  node.text("role", out.role, {"validator", "observer", "light"});
  node.path("genesis", folder, out.genesis);
  node.path("data", folder, out.data);
  node.path("node_key", folder, out.node_key);
  node.path("vote_key", folder, out.vote_key);
  node.path("password_file", folder, out.password_file);
  node.flag("joined_later", out.joined_later);
  node.number("workers", out.workers, 1, 256);
  node.finish();

  read_network(root, folder, out, fault);

  Section rpc{root, "rpc", fault};
  rpc.text("listen", out.rpc_listen);
  rpc.number("workers", out.rpc_workers, 1, 256);
  rpc.texts("allowed_origins", out.rpc_allowed_origins);
  rpc.texts("allowed_hosts", out.rpc_allowed_hosts);
  rpc.number("body_bytes_max", out.rpc_body_bytes_max, 1'024, std::uint64_t{1} << 30);
  rpc.number("batch_items_max", out.rpc_batch_items_max, 1, 100'000);
  rpc.number("call_gas_cap", out.rpc_call_gas_cap, 21'000, std::uint64_t{1} << 40);
  rpc.number("log_range_max", out.rpc_log_range_max, 1, 10'000'000);
  rpc.finish();

  read_sync_and_prune(root, out, fault);

  Section pool{root, "pool", fault};
  pool.number("transactions_max", out.pool_transactions_max, 16, 10'000'000);
  pool.number("per_sender_max", out.pool_per_sender_max, 1, 1'000'000);
  pool.finish();

  Section log{root, "log", fault};
  log.text("level", out.log_level, {"debug", "info", "warn", "error", "off"});
  log.text("format", out.log_format, {"text", "json"});
  log.path("file", folder, out.log_file);
  log.flag("stderr", out.log_stderr);
  log.finish();

  const std::vector<std::string> sections{"node",  "network", "rpc",  "sync",
                                          "state", "prune",   "pool", "log"};
  for (const auto& [key, value] : root) {
    const std::string name{key.str()};
    if (std::ranges::find(sections, name) != sections.end() || fault) continue;
    fault = Failure{err::unknown_key,
                    fmt::format("line {}: unknown section [{}]; did you mean [{}]?",
                                value.source().begin.line, name, nearest(name, sections))};
  }
}

std::optional<Failure> check(const NodeConfig& config) {
  const auto missing = [](std::string_view key) {
    return Failure{err::bad_config, fmt::format("{} is missing", key)};
  };
  if (config.name.empty()) return missing("node.name");
  if (config.genesis.empty()) return missing("node.genesis");
  if (config.data.empty()) return missing("node.data");
  if (config.node_key.empty()) return missing("node.node_key");
  if (config.password_file.empty()) return missing("node.password_file");
  if (config.role == "validator" && config.vote_key.empty()) return missing("node.vote_key");
  for (const std::string& address : config.advertise) {
    if (const auto parsed = parse_host_port(address); !parsed)
      return Failure{err::bad_config, fmt::format("network.advertise: {}", parsed.error().detail)};
  }
  if (!config.direct && config.relays.empty()) {
    return Failure{err::bad_config,
                   "network.direct = false needs network.relays: names of members that relay"};
  }
  if (config.network_tls == "ca") {
    if (config.tls_certificate.empty()) return missing("network.certificate");
    if (config.tls_key.empty()) return missing("network.key");
    if (config.tls_ca.empty()) return missing("network.ca");
  } else if (!config.tls_certificate.empty() || !config.tls_ca.empty()) {
    return Failure{err::bad_config, "network.certificate and network.ca need network.tls = \"ca\""};
  }
  for (const auto& [key, address] : {std::pair{"network.listen", config.network_listen},
                                     std::pair{"rpc.listen", config.rpc_listen}}) {
    if (const auto parsed = parse_host_port(address); !parsed) {
      return Failure{err::bad_config, fmt::format("{}: {}", key, parsed.error().detail)};
    }
  }
  // A power cut takes the newest states, and executing their blocks again needs them whole.
  for (const auto& [key, kept] : {std::pair{"prune.receipts", config.prune_receipts},
                                  std::pair{"prune.bodies", config.prune_bodies}}) {
    if (kept != 0 && kept < kPruneMin) {
      return Failure{err::bad_config, fmt::format("{} is {}; keep at least {} blocks, or 0 for all",
                                                  key, kept, kPruneMin)};
    }
  }
  const bool receipts_outlive_bodies =
      config.prune_bodies != 0 &&
      (config.prune_receipts == 0 || config.prune_receipts > config.prune_bodies);
  if (receipts_outlive_bodies) {
    return Failure{err::bad_config,
                   fmt::format("prune.receipts keeps more than prune.bodies ({}); receipts are "
                               "nothing without their block: write at most that",
                               config.prune_bodies)};
  }
  return std::nullopt;
}

std::string quoted_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items)
    out += fmt::format("{}\"{}\"", out.size() > 1 ? ", " : "", item);
  return out + "]";
}

/// How others reach this node, and how it proves itself.
std::string network_keys(const NodeConfig& c) {
  std::string out = fmt::format(
      "advertise = {}               # host:port that others should dial; empty: listen\n"
      "relays = {}                  # names of members through which this node is reached\n"
      "direct = {}                # false: dial only peers, reach the rest through relays\n"
      "relay = {}                # true: pass frames on between others\n",
      quoted_list(c.advertise), quoted_list(c.relays), c.direct, c.relay);
  if (c.network_hybrid != "required")
    out += fmt::format("hybrid = \"{}\"           # required once no peer is of a release before\n",
                       c.network_hybrid);
  out += fmt::format(
      "tls = \"{}\"                 # pinned: by node_key itself; ca: by a certificate, files "
      "below\n",
      c.network_tls);
  if (c.network_tls != "ca") return out;
  const auto line = [&](std::string_view key, const std::string& value, std::string_view what) {
    if (!value.empty()) out += fmt::format("{} = \"{}\"      # {}\n", key, value, what);
  };
  line("certificate", c.tls_certificate.string(), "PEM: names node_key; then intermediates");
  line("key", c.tls_key, "PEM, or pkcs11:… in a token");
  line("key_password_file", c.tls_key_password_file.string(), "its password or PIN");
  line("ca", c.tls_ca.string(), "PEM: roots, and intermediates");
  line("crl", c.tls_crl.string(), "PEM: lists of revoked certificates");
  line("pkcs11_module", c.pkcs11_module.string(), "the token's library");
  return out;
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const auto best = std::ranges::min_element(
      candidates, {}, [&](const std::string& candidate) { return edit_distance(word, candidate); });
  return best == candidates.end() ? std::string{} : *best;
}

Outcome<HostPort> parse_host_port(const std::string& text) {
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon != std::string::npos && colon > 0) {
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
    if (error == std::errc{} && rest == end) return HostPort{text.substr(0, colon), port};
  }
  return failure(
      err::bad_argument,
      fmt::format("\"{}\" is not an address; write host:port, as in 127.0.0.1:8545", text));
}

Outcome<NodeConfig> parse_config(const std::string& text, const std::filesystem::path& folder) {
  const auto parsed = parse_toml(text);
  if (!parsed) return std::unexpected{parsed.error()};
  NodeConfig out;
  std::optional<Failure> fault;
  read_sections(*parsed, folder, out, fault);
  if (!fault) fault = check(out);
  if (fault) return std::unexpected{*std::move(fault)};
  return out;
}

Outcome<NodeConfig> load_config(const std::filesystem::path& file) {
  const auto text = platform::read_text(file.string());
  if (!text) {
    return failure(
        text.error(),
        fmt::format("{}: cannot be read; `wusong network create` writes one", file.string()));
  }
  auto config = parse_config(*text, std::filesystem::absolute(file).parent_path());
  if (!config) {
    return failure(config.error().error,
                   fmt::format("{}: {}", file.string(), config.error().detail));
  }
  return config;
}

namespace {

std::string sync_and_prune(const NodeConfig& c) {
  std::string out = fmt::format(
      "\n[sync]\nmode = \"{}\"                   # how to catch up: full executes every block, "
      "snapshot fetches a state, auto chooses\n",
      c.sync_mode);
  out += fmt::format(
      "gap = {}                    # auto: a snapshot where so many blocks are missing\n",
      c.sync_gap);
  out += fmt::format("serve_bytes_per_second = {} # of states, and as much of blocks, to others\n",
                     c.sync_serve_bytes_per_second);
  out += fmt::format(
      "\n[prune]                        # how many blocks back is kept; 0: all (an archive)\n"
      "states = {}\nreceipts = {}\nbodies = {}                     # transactions; headers always "
      "stay\n",
      c.prune_states, c.prune_receipts, c.prune_bodies);
  return out;
}

}  // namespace

std::string write_config(const NodeConfig& c) {
  std::string peers;
  for (const PeerAddress& peer : c.peers) {
    peers += fmt::format("  {{ name = \"{}\", node_key = \"{}\", address = \"{}\" }},\n", peer.name,
                         codec::to_hex_data(peer.node_key), peer.address);
  }
  std::string out =
      "# A Wusong node. Paths start at this file's folder. Unknown keys are errors.\n\n[node]\n";
  out += fmt::format("name = \"{}\"\n", c.name);
  out += fmt::format(
      "role = \"{}\"                # validator; observer: follows without voting; light: headers "
      "and proofs alone\n",
      c.role);
  out += fmt::format("genesis = \"{}\"   # the same file on every node\n", c.genesis.string());
  out += fmt::format("data = \"{}\"                    # blocks and state\n", c.data.string());
  out +=
      fmt::format("node_key = \"{}\"       # keystore v3: proves this node's identity to peers\n",
                  c.node_key.string());
  if (!c.vote_key.empty()) {
    out += fmt::format(
        "vote_key = \"{}\"       # keystore v3: signs votes; never on two machines at once\n",
        c.vote_key.string());
  }
  out += fmt::format(
      "password_file = \"{}\"      # opens both key files; readable by this user only\n",
      c.password_file.string());
  if (c.joined_later) {
    out +=
        "joined_later = true              # its node key is in the registry, not in the genesis\n";
  }
  out += fmt::format(
      "workers = {}                     # threads that decode and recover signatures\n", c.workers);
  out += fmt::format(
      "\n[network]\nlisten = \"{}\"      # for other nodes, TLS 1.3\npeers = [    "
      "        # nodes to dial; only members' keys are accepted\n{}]\n",
      c.network_listen, peers);
  out += network_keys(c);
  out += fmt::format(
      "\n[rpc]\nlisten = \"{}\"       # JSON-RPC, WebSocket, /health, /metrics; loopback unless "
      "you mean it\nworkers = {}\n",
      c.rpc_listen, c.rpc_workers);
  out += fmt::format("allowed_origins = {}           # web pages that may call; \"*\" allows all\n",
                     quoted_list(c.rpc_allowed_origins));
  out += fmt::format(
      "allowed_hosts = {}             # names accepted in the Host header besides localhost\n",
      quoted_list(c.rpc_allowed_hosts));
  out += fmt::format(
      "body_bytes_max = {}      # larger requests are refused\nbatch_items_max = {}         # "
      "requests in one batch\ncall_gas_cap = {}        # of eth_call and "
      "eth_estimateGas\nlog_range_max = {}          # blocks of one eth_getLogs\n",
      c.rpc_body_bytes_max, c.rpc_batch_items_max, c.rpc_call_gas_cap, c.rpc_log_range_max);
  out += sync_and_prune(c);
  out += fmt::format("\n[pool]\ntransactions_max = {}\nper_sender_max = {}\n",
                     c.pool_transactions_max, c.pool_per_sender_max);
  out += fmt::format(
      "\n[log]\nlevel = \"{}\"                  # debug, info, warn, error, off\nformat = \"{}\"   "
      "              # text or json\nfile = \"{}\"\nstderr = {}\n",
      c.log_level, c.log_format, c.log_file.string(), c.log_stderr);
  return out;
}

}  // namespace wusong::apps
