// SPDX-License-Identifier: Apache-2.0
// `wusong node run`: one node with its JSON-RPC server; `wusong node reload` while it runs.
#include "wusong/apps/node_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "wusong/apps/config.hpp"
#include "wusong/apps/keys.hpp"
#include "wusong/apps/network_command.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/node_tls.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/apps/version.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/emulator/emulator.hpp"
#include "wusong/net/address_record.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/cpu_stages.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/http_server.hpp"
#include "wusong/platform/io_mutex.hpp"
#include "wusong/platform/node_host.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/platform/signals.hpp"
#include "wusong/platform/transport.hpp"
#include "wusong/rpc/server.hpp"

namespace wusong::apps {
namespace {

/// Carries HTTP to the JSON-RPC server and back.
class RpcBridge final : public platform::HttpHandler {
 public:
  /// `stopped_by` is set once the node must not be believed any more.
  RpcBridge(node::Service& node, rpc::Config config, platform::MetricsRegistry& metrics,
            const std::atomic<const ErrorInfo*>& stopped_by)
      : stages_{metrics}, stopped_by_{stopped_by} {
    platform::OsEntropy entropy;
    std::array<std::uint8_t, 8> seed{};
    entropy.fill(seed);
    std::memcpy(&config.id_seed, seed.data(), seed.size());
    server_ = std::make_unique<rpc::Server>(
        node, config,
        rpc::Ports{.now = platform::monotonic_now,
                   .send =
                       [this](rpc::SessionId session, std::shared_ptr<const std::string> text) {
                         if (auto* http = http_.load()) http->send_text(session, std::move(text));
                       },
                   .mutex = std::make_unique<platform::IoMutex>()});
  }
  void attach(platform::HttpServer* http) { http_ = http; }

  void on_request(platform::HttpRequest request, platform::HttpRespond respond) override {
    const io::StageScope scope{stages_, io::Stage::rpc};
    if (request.method == "POST") {
      std::string reply = server_->handle_http(request.body);
      if (const ErrorInfo* row = stopped_by_.load()) {
        reply = fmt::format("the node stops: {}\n", row->name);
        respond({.status = 503, .content_type = "text/plain", .body = std::move(reply)});
        return;
      }
      respond({.status = 200, .body = std::move(reply)});
      return;
    }
    if (request.method == "GET" || request.method == "HEAD") {
      rpc::GetReply reply = server_->handle_get(request.path());
      respond({.status = reply.status,
               .content_type = std::string{reply.content_type},
               .body = std::move(reply.body)});
      return;
    }
    respond({.status = 405, .content_type = "text/plain", .body = "use POST for JSON-RPC\n"});
  }
  bool accept_websocket(std::string_view path) override { return path == "/" || path == "/ws"; }
  void on_open(platform::WebSocketId /*id*/, std::string_view /*remote*/) override {}
  void on_text(platform::WebSocketId id, std::string text) override { server_->on_text(id, text); }
  void on_close(platform::WebSocketId id) override { server_->on_close(id); }

 private:
  platform::CpuStages stages_;
  const std::atomic<const ErrorInfo*>& stopped_by_;
  std::atomic<platform::HttpServer*> http_{nullptr};
  std::unique_ptr<rpc::Server> server_;
};

/// Peers accept and expect exactly the keys of the genesis: anything else would only be refused.
/// Where the chain keeps a registry, members of later epochs are as good: of others nobody can tell
/// here, and of this node its configuration says so.
Outcome<void> check_members(const NodeConfig& config, const node::Genesis& genesis,
                            const platform::NodeSecretKey& secret) {
  const bool changes = node::has_registry(genesis);
  std::vector<BytesView> members;
  for (const auto& validator : genesis.validators) members.push_back(validator.node_key);
  for (const auto& observer : genesis.observers) members.push_back(observer.node_key);
  const auto is_member = [&](BytesView key) {
    return std::ranges::any_of(members,
                               [&](BytesView member) { return std::ranges::equal(member, key); });
  };
  const auto own = platform::public_key_of(secret);
  if (!own) return failure(own.error(), config.node_key.string() + ": unusable key");
  if (!is_member(*own) && !(changes && config.joined_later)) {
    return failure(
        err::bad_key_file,
        fmt::format(
            "{} is not the node key of any member of {}; use the one made with the network{}",
            config.node_key.string(), config.genesis.string(),
            changes ? ", or say node.joined_later = true where governors admit it"
                    : ", or add it there before the chain starts"));
  }
  for (const PeerAddress& peer : config.peers) {
    if (changes || is_member(peer.node_key)) continue;
    return failure(err::bad_config, fmt::format("network.peers: the node_key of {} is not in {}",
                                                peer.name, config.genesis.string()));
  }
  return {};
}

Outcome<std::unique_ptr<crypto::Signer>> vote_signer(const std::filesystem::path& file,
                                                     std::string_view password) {
  auto key = read_key(file, password);
  if (!key) return std::unexpected{key.error()};
  auto signer = crypto::make_signer(key->scheme, key->secret.view());
  if (!signer) return failure(signer.error(), fmt::format("{}: unusable key", file.string()));
  return *std::move(signer);
}

/// The next vote key, where `wusong validator next-key` has made one. Looked for at the start and
/// where an epoch names no key that the node holds, so that a rotation needs no restart.
node::HeldKeys::Keys next_vote_key(const NodeConfig& config) {
  node::HeldKeys::Keys out;
  const auto file = next_key_file(config.vote_key);
  if (!platform::file_exists(file.string())) return out;
  const auto password = read_password(config.password_file);
  if (!password) return out;
  auto signer = vote_signer(file, *password);
  if (signer) out.push_back(*std::move(signer));
  return out;
}

std::vector<platform::TransportPeer> peers_to_dial(const NodeConfig& config) {
  std::vector<platform::TransportPeer> out;
  for (const PeerAddress& peer : config.peers) {
    const auto address = parse_host_port(peer.address);
    out.push_back(
        {.key = net::PeerKey::from(peer.node_key), .host = address->host, .port = address->port});
  }
  return out;
}

/// Where the chain keeps a registry, a relay may be a member that came later.
Outcome<void> check_reach(const NodeConfig& config, const node::Genesis& genesis) {
  const auto is_member = [&](const std::string& name) {
    const auto named = [&](const auto& member) { return member.name == name; };
    return std::ranges::any_of(genesis.validators, named) ||
           std::ranges::any_of(genesis.observers, named);
  };
  for (const std::string& name : config.relays) {
    if (node::has_registry(genesis) || is_member(name)) continue;
    return failure(err::bad_config, fmt::format("network.relays: {} names nobody in {}", name,
                                                config.genesis.string()));
  }
  if (config.advertise.size() > net::kRecordAddressesMax ||
      config.relays.size() > net::kRecordRelaysMax) {
    return failure(err::bad_config,
                   fmt::format("network.advertise may hold {} addresses, network.relays {} names",
                               net::kRecordAddressesMax, net::kRecordRelaysMax));
  }
  return {};
}

/// The next node key, where `wusong node next-key` has made one.
std::optional<platform::NodeSecretKey> next_node_key(const NodeConfig& config) {
  const auto file = next_key_file(config.node_key);
  if (!platform::file_exists(file.string())) return std::nullopt;
  const auto password = read_password(config.password_file);
  const auto key = password ? read_node_key(file, *password) : std::unexpected{password.error()};
  return key ? std::optional{*key} : std::nullopt;
}

Outcome<platform::HostOptions> host_options(const NodeConfig& config) {
  auto genesis = load_genesis(config.genesis);
  if (!genesis) return std::unexpected{genesis.error()};
  auto password = read_password(config.password_file);
  if (!password) return std::unexpected{password.error()};
  const auto node_key = read_node_key(config.node_key, *password);
  if (!node_key) return std::unexpected{node_key.error()};
  platform::HostOptions out;
  out.folder = config.data;
  out.genesis = *std::move(genesis);
  out.node_key = *node_key;
  // With a CA the node key is only a name: what proves the node is exchanged by a reload.
  if (node::has_registry(out.genesis) && config.network_tls != "ca")
    out.look_for_node_key = [config] { return next_node_key(config); };
  if (const auto known = check_members(config, out.genesis, out.node_key); !known) {
    return std::unexpected{known.error()};
  }
  if (config.role == "validator") {
    auto signer = vote_signer(config.vote_key, *password);
    if (!signer) return std::unexpected{signer.error()};
    out.vote_keys.push_back(*std::move(signer));
    for (auto& next : next_vote_key(config)) out.vote_keys.push_back(std::move(next));
    out.look_for_vote_keys = [config] { return next_vote_key(config); };
  }
  const auto listen = parse_host_port(config.network_listen);
  out.listen_host = listen->host;
  out.listen_port = listen->port;
  out.peers = peers_to_dial(config);
  if (const auto good = check_reach(config, out.genesis); !good)
    return std::unexpected{good.error()};
  out.reach = {.advertise = config.advertise, .direct = config.direct, .relay = config.relay};
  out.hybrid_required = config.network_hybrid == "required";
  out.relays = config.relays;
  auto tls = tls_files(config);
  if (!tls) return std::unexpected{tls.error()};
  out.tls = *std::move(tls);
  out.prune = {.states = config.prune_states,
               .receipts = config.prune_receipts,
               .blocks = config.prune_bodies};
  using Mode = node::JoinOptions::Mode;
  out.join.mode = config.sync_mode == "full"       ? Mode::full
                  : config.sync_mode == "snapshot" ? Mode::snapshot
                                                   : Mode::automatic;
  out.join.gap = config.sync_gap;
  out.serve_bytes_per_second = config.sync_serve_bytes_per_second;
  out.workers = config.workers;
  out.pool_limits.transactions = config.pool_transactions_max;
  out.pool_limits.per_sender = config.pool_per_sender_max;
  out.version = kVersion;
  return out;
}

platform::LogOptions log_options(const NodeConfig& config) {
  platform::LogOptions out;
  platform::parse_log_level(config.log_level, out.level);
  out.format = config.log_format == "json" ? platform::LogFormat::json : platform::LogFormat::text;
  out.to_stderr = config.log_stderr;
  out.file = config.log_file.string();
  return out;
}

platform::HttpOptions http_options(const NodeConfig& config) {
  const auto listen = parse_host_port(config.rpc_listen);
  platform::HttpOptions out;
  out.listen_host = listen->host;
  out.listen_port = listen->port;
  out.workers = config.rpc_workers;
  out.body_size_max = config.rpc_body_bytes_max;
  out.allowed_origins = config.rpc_allowed_origins;
  out.allowed_hosts = config.rpc_allowed_hosts;
  return out;
}

/// Says in the mend's words what a start-up error means.
Failure explain(Error error, const NodeConfig& config, std::string_view what,
                const std::filesystem::path& config_file) {
  std::string mend = explain_data(error, config.data, config_file);
  if (!mend.empty()) return {error, mend};
  if (error.name() == "platform.address_in_use") {
    mend = fmt::format(
        "{} is in use; stop the other program, change {} in the configuration, or create the "
        "network with another --port-base",
        what, what == config.rpc_listen ? "rpc.listen" : "network.listen");
  } else if (error.name() == "storage.genesis_mismatch") {
    mend = fmt::format("{} belongs to another chain than {}; point node.data to an empty folder",
                       config.data.string(), config.genesis.string());
  } else if (error.name() == "platform.not_a_validator") {
    mend = fmt::format("{} is not a vote key of {}", config.vote_key.string(),
                       config.genesis.string());
  } else {
    mend = tls_mend(error, config);
    if (mend.empty()) mend = fmt::format("cannot go on with {}", what);
  }
  return {error, mend};
}

/// What a node is told to be: its file, with the addresses of an emulated wide network where it
/// stands in one.
class Settings {
 public:
  explicit Settings(std::filesystem::path file) : file_{std::move(file)} {}
  const std::filesystem::path& file() const noexcept { return file_; }
  [[nodiscard]] Outcome<NodeConfig> read() const;
  platform::HttpOptions http(const NodeConfig& config) const {
    platform::HttpOptions out = http_options(config);
    out.reserved = rpc_;
    return out;
  }
  /// Leaves this machine's network for one of its own; JSON-RPC stays where it was. Before there is
  /// a second thread.
  [[nodiscard]] Outcome<void> join(const std::filesystem::path& wan);

 private:
  const std::filesystem::path file_;
  std::optional<emulator::Membership> place_;
  int rpc_{-1};
};

Outcome<NodeConfig> Settings::read() const {
  auto config = load_config(file_);
  if (!config || !place_) return config;
  const auto moved = [](const std::string& host, const std::string& address) {
    return fmt::format("{}:{}", host, parse_host_port(address)->port);
  };
  config->network_listen = moved(place_->address, config->network_listen);
  config->advertise.clear();
  for (PeerAddress& peer : config->peers) {
    for (const auto& [name, host] : place_->addresses)
      if (name == peer.name) peer.address = moved(host, peer.address);
  }
  return config;
}

Outcome<void> Settings::join(const std::filesystem::path& wan) {
  const auto config = read();
  if (!config) return std::unexpected{config.error()};
  const auto reserved = platform::HttpServer::reserve(http(*config));
  if (!reserved)
    return std::unexpected{explain(reserved.error(), *config, config->rpc_listen, file_)};
  rpc_ = *reserved;
  auto joined = emulator::join(wan.string(), config->name);
  if (!joined) return std::unexpected{explain_wan(joined.error(), wan)};
  place_ = *std::move(joined);
  return {};
}

/// RocksDB's and our threads would each keep an arena of freed memory.
void bound_memory() {
  mallopt(M_ARENA_MAX, 4);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

/// Reads the configuration again for a node that runs, on the signal's thread.
class Reloader {
 public:
  /// @param settings  outlives it
  explicit Reloader(const Settings& settings) : settings_{settings} {}
  /// Nulls: too early, or too late.
  void attach(platform::NodeHost* host, platform::Logger* logger) {
    const platform::MutexLock lock{mutex_};
    host_ = host;
    logger_ = logger;
  }
  void reload() {
    const platform::MutexLock lock{mutex_};
    if (host_ == nullptr) return;
    const auto done = apply();
    host_->note_reload(done ? "" : done.error().detail);
    if (done) {
      logger_->info("configuration_reloaded", {{"file", settings_.file().string()}});
    } else {
      logger_->error("reload_failed",
                     {{"error", done.error().name()}, {"detail", done.error().detail}});
    }
  }

 private:
  Outcome<void> apply() WUSONG_REQUIRES(mutex_) {
    const auto config = settings_.read();
    if (!config) return std::unexpected{config.error()};
    auto tls = tls_files(*config);
    if (!tls) return std::unexpected{tls.error()};
    if (const auto taken = host_->reload(*tls, peers_to_dial(*config), config->relays); !taken)
      return std::unexpected{explain(taken.error(), *config, "network", settings_.file())};
    return {};
  }

  const Settings& settings_;
  platform::Mutex mutex_;
  platform::Logger* logger_ WUSONG_GUARDED_BY(mutex_){nullptr};
  platform::NodeHost* host_ WUSONG_GUARDED_BY(mutex_){nullptr};
};

/// The process that holds the data folder of a node; none when no node runs on it.
std::optional<pid_t> process_of(const NodeConfig& config) {
  const std::string file = (config.data / "db" / "LOCK").string();  // RocksDB's
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool held = ::fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  ::close(descriptor);
  return held ? std::optional{lock.l_pid} : std::nullopt;
}

struct ReloadState {
  std::uint64_t count{0};
  std::string fault;
  std::vector<std::string> warnings;
};
Outcome<ReloadState> ask_reloads(RpcClient& client) {
  const auto reply = client.call("wusong_networkStatus");
  if (!reply) return std::unexpected{reply.error()};
  const codec::JsonValue result = reply->result();
  ReloadState out;
  if (const auto count = result.find("reloads")) out.count = count->u64().value_or(0);
  if (const auto fault = result.string_at("reloadFault")) out.fault = *fault;
  if (const auto warnings = result.find("warnings")) {
    for (const codec::JsonValue& warning : warnings->items())
      out.warnings.emplace_back(warning.string().value_or(""));
  }
  return out;
}

Outcome<ReloadState> reload_and_wait(const NodeConfig& config) {
  auto client = RpcClient::open("http://" + config.rpc_listen, std::chrono::seconds{5});
  if (!client) return std::unexpected{client.error()};
  const auto before = ask_reloads(*client);
  if (!before) return before;
  const auto pid = process_of(config);
  if (!pid || ::kill(*pid, SIGUSR1) != 0) {
    return failure(err::not_found, fmt::format("no node of this user runs on {}; start it instead",
                                               config.data.string()));
  }
  const Instant deadline = platform::monotonic_now() + std::chrono::seconds{30};
  for (;;) {
    const auto now = ask_reloads(*client);
    if (!now || now->count > before->count) return now;
    if (platform::monotonic_now() > deadline)
      return failure(err::rpc_failed, "the node did not answer within 30 s; see its log");
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
}

}  // namespace

int node_reload(const NodeReload& options) {
  const auto config = load_config(options.config);
  if (!config) return complain(config.error());
  if (!options.certificate.empty()) {
    const auto taken = take_certificate(*config, options.certificate);
    if (!taken) return complain(taken.error());
  }
  const auto state = reload_and_wait(*config);
  if (!state) return complain(state.error());
  if (!state->fault.empty()) {
    return complain(
        {err::reload_refused, fmt::format("everything stays as it was: {}", state->fault)});
  }
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("reloads").number(state->count).key("warnings").open_array();
    for (const std::string& warning : state->warnings) out.string(warning);
    say(out.close_array().close_object().text());
    return 0;
  }
  say(fmt::format("{} has read its network settings again.", config->name));
  for (const std::string& warning : state->warnings) say("warning: " + warning);
  return 0;
}

namespace {

/// Why a run of the node ends. The first to say so counts, but a signal also ends later runs.
class Ending {
 public:
  static constexpr int kReopen = -1;  // open it again
  static constexpr int kReopenByOtherKey = -3;

  void say(int code) {
    int running = kRunning;
    if (code_.compare_exchange_strong(running, code)) code_.notify_all();
  }
  void signalled() {
    signalled_ = true;
    say(0);
  }
  int wait() {
    code_.wait(kRunning);
    return code_;
  }
  /// False where it ended for good.
  bool again(int code) {
    code_ = kRunning;
    return (code == kReopen || code == kReopenByOtherKey) && !signalled_;
  }

 private:
  static constexpr int kRunning = -2;
  std::atomic<int> code_{kRunning};
  std::atomic<bool> signalled_{false};
};

int run_once(const Settings& settings, Ending& ending, Reloader& reloader, bool by_other_node_key) {
  std::atomic<const ErrorInfo*> stopped_by{nullptr};
  const std::filesystem::path& config_file = settings.file();
  const auto config = settings.read();
  if (!config) return complain(config.error());
  auto logger = platform::Logger::open(log_options(*config));
  if (!logger) return complain({logger.error(), "cannot open the log file"});
  auto options = host_options(*config);
  if (!options) return complain(options.error());
  options->by_other_node_key = by_other_node_key;
  options->on_reopen = [&](platform::Reopen why) {
    ending.say(why == platform::Reopen::to_vote ? Ending::kReopen : Ending::kReopenByOtherKey);
  };

  platform::MetricsRegistry metrics;
  const auto on_fatal = [&](Error error) {
    stopped_by.store(&error.info());
    ending.say(1);
  };
  auto host = config->role == "light"
                  ? platform::open_light_host(*std::move(options), **logger, metrics, on_fatal)
                  : platform::NodeHost::open(*std::move(options), **logger, metrics, on_fatal);
  if (!host) return complain(explain(host.error(), *config, config->data.string(), config_file));

  rpc::Config limits;
  limits.batch_items_max = config->rpc_batch_items_max;
  limits.call_gas_cap = config->rpc_call_gas_cap;
  limits.log_range_max = config->rpc_log_range_max;
  RpcBridge bridge{**host, limits, metrics, stopped_by};
  auto http = platform::HttpServer::start(settings.http(*config), bridge, **logger);
  if (!http) return complain(explain(http.error(), *config, config->rpc_listen, config_file));
  bridge.attach(http->get());
  if (const auto started = (*host)->start(); !started) {
    (*http)->stop(std::chrono::seconds{0});
    return complain(explain(started.error(), *config, config->network_listen, config_file));
  }
  (*logger)->info("node_started", {{"name", config->name},
                                   {"role", config->role},
                                   {"version", std::string_view{kVersion}},
                                   {"network", config->network_listen},
                                   {"rpc", config->rpc_listen},
                                   {"height", (*host)->heads().executed.value}});
  reloader.attach(host->get(), logger->get());
  const int code = ending.wait();
  reloader.attach(nullptr, nullptr);
  (*logger)->info("node_stopping", {{"code", code}});
  (*http)->stop(std::chrono::seconds{2});
  bridge.attach(nullptr);
  (*host)->stop();
  (*logger)->flush();
  if (const ErrorInfo* row = stopped_by.load()) {
    return complain(explain(Error{*row}, *config, config->data.string(), config_file));
  }
  return code;
}

}  // namespace

int node_run(const std::filesystem::path& config_file, const std::filesystem::path& wan) {
  bound_memory();
  Settings settings{config_file};
  if (!wan.empty()) {
    if (const auto joined = settings.join(wan); !joined) return complain(joined.error());
  }
  Ending ending;
  Reloader reloader{settings};
  platform::SignalWatcher signals{[&](int signal) {
                                    if (signal == SIGUSR1) return reloader.reload();
                                    ending.signalled();
                                  },
                                  platform::SignalWatcher::Reload::sigusr1};
  int code = Ending::kReopen;
  bool by_other_node_key = false;
  while (ending.again(code)) {
    code = run_once(settings, ending, reloader, by_other_node_key);
    if (code == Ending::kReopenByOtherKey) by_other_node_key = !by_other_node_key;
  }
  return std::max(code, 0);
}

}  // namespace wusong::apps
