// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/config.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cstdlib>
#include <functional>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>
#include <variant>

#include "wusong/apps/config.hpp"
#include "wusong/apps/toml.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/platform/files.hpp"

namespace wusong::portal_app {
namespace {

constexpr std::string_view kChainFile = "chain.json";
constexpr std::string_view kHeader = "x-forwarded-for";
constexpr std::string_view kMapped = "::ffff:";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Takes keys out of the table; what is left over is unknown.
class Keys {
 public:
  Keys(toml::table& table, std::filesystem::path folder)
      : table_{&table}, folder_{std::move(folder)} {}

  void read(std::string_view key, std::string& out) { take(key, out, "a string"); }
  void read(std::string_view key, std::filesystem::path& out) {
    std::string value;
    take(key, value, "a string");
    if (!value.empty()) out = (folder_ / value).lexically_normal();
  }
  void read(std::string_view key, bool& out) { take(key, out, "true or false"); }
  void read(std::string_view key, double& out) { take(key, out, "a number with a point"); }
  void read(std::string_view key, std::vector<std::string>& out) {
    known_.emplace_back(key);
    const toml::node* node = table_->get(key);
    if (node == nullptr) return;
    const auto* list = node->as_array();
    if (list == nullptr) return fault(key, "a list of strings");
    for (const auto& one : *list) {
      const auto text = one.value_exact<std::string>();
      if (!text) return fault(key, "a list of strings");
      out.push_back(*text);
    }
    table_->erase(key);
  }
  void tables(std::string_view key, const std::function<void(toml::table&)>& each) {
    known_.emplace_back(key);
    toml::node* node = table_->get(key);
    if (node == nullptr) return;
    auto* list = node->as_array();
    if (list == nullptr || !list->is_array_of_tables())
      return fault(key, "a list of tables: [[…]]");
    for (auto& one : *list) each(*one.as_table());
    table_->erase(key);
  }
  void count(std::string_view key, std::size_t& out, std::int64_t least = 1,
             std::int64_t most = 1024) {
    std::int64_t value = static_cast<std::int64_t>(out);
    take(key, value, "a whole number");
    if (value < least || value > most) {
      return fault(key, fmt::format("from {} to {}", least, most));
    }
    out = static_cast<std::size_t>(value);
  }
  /// "host:port", "[::1]:port".
  void listen(std::string_view key, std::string& host, std::uint16_t& port) {
    std::string at;
    read(key, at);
    if (at.empty()) return;
    const auto colon = at.rfind(':');
    const auto digits = colon == std::string::npos ? std::string{} : at.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
      return fault(key, "host:port, such as \"127.0.0.1:8080\"");
    }
    host = at.substr(0, colon);
  }
  void fault(std::string_view key, std::string_view what) {
    if (!fault_) fault_ = Failure{err::bad_config, fmt::format("{} must be {}", key, what)};
  }
  /// What was wrong first, with the line where there is one.
  std::optional<Failure> end() const {
    if (fault_) return fault_;
    if (table_->empty()) return {};
    const auto& [key, node] = *table_->begin();
    return Failure{
        err::unknown_key,
        fmt::format("line {}: unknown key \"{}\"; did you mean \"{}\"?", key.source().begin.line,
                    key.str(), apps::nearest(std::string{key.str()}, known_))};
  }

 private:
  template <typename T>
  void take(std::string_view key, T& out, std::string_view what) {
    known_.emplace_back(key);
    const toml::node* node = table_->get(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<T>();
    if (!value) return fault(key, std::string{what});
    out = *value;
    table_->erase(key);
  }
  toml::table* table_;
  std::filesystem::path folder_;
  std::vector<std::string> known_;
  std::optional<Failure> fault_;
};

/// A key, and where its value goes.
template <typename T>
struct Key {
  std::string_view name;
  std::variant<std::string T::*, std::filesystem::path T::*, bool T::*, double T::*,
               std::vector<std::string> T::*>
      member;
};
template <typename T, std::size_t N>
void read_all(Keys& from, T& out, const std::array<Key<T>, N>& keys) {
  for (const auto& key : keys) {
    std::visit([&](auto member) { from.read(key.name, out.*member); }, key.member);
  }
}

/// The tables [[name]], each read by itself; what is wrong names the list.
template <typename T>
Outcome<std::vector<T>> read_list(Keys& keys, std::string_view name,
                                  const std::function<Outcome<T>(toml::table&)>& read) {
  std::vector<T> out;
  std::optional<Failure> wrong;
  keys.tables(name, [&](toml::table& table) {
    auto one = read(table);
    if (one) {
      out.push_back(std::move(*one));
    } else if (!wrong) {
      wrong = one.error();
      wrong->detail = fmt::format("[[{}]] {}", name, wrong->detail);
    }
  });
  if (wrong) return std::unexpected{*std::move(wrong)};
  return out;
}

Outcome<harvest::HarvestSource> read_harvest(toml::table& table,
                                             const std::filesystem::path& home) {
  using harvest::HarvestSource;
  Keys keys{table, home};
  HarvestSource out;
  std::string direction;
  keys.read("direction", direction);
  read_all(keys, out,
           std::array{Key<HarvestSource>{"url", &HarvestSource::url},
                      Key<HarvestSource>{"token_file", &HarvestSource::token_file},
                      Key<HarvestSource>{"organisation", &HarvestSource::organisation}});
  keys.count("every_minutes", out.every_minutes, 0, 525'600);
  if (auto wrong = keys.end()) return std::unexpected{*std::move(wrong)};
  out.into = direction == "into";
  if ((direction != "from" && direction != "into") || out.url.empty() || out.token_file.empty()) {
    return failure(err::bad_config, "needs a direction (from or into), a url and a token_file");
  }
  return out;
}

/// A file that its owner alone can read, or a credential, which systemd guards: it is readable by
/// the service alone whatever its mode says.
Outcome<std::string> read_secret(const std::filesystem::path& file, const std::string& credential) {
  std::filesystem::path from = file;
  if (!credential.empty()) {
    const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || credential.find('/') != std::string::npos) {
      return failure(err::bad_config,
                     fmt::format("there is no credential \"{}\": name it in the unit with "
                                 "LoadCredential={}:/path",
                                 credential, credential));
    }
    from = std::filesystem::path{folder} / credential;
  } else {
    std::error_code wrong;
    using std::filesystem::perms;
    const auto permissions = std::filesystem::status(from, wrong).permissions();
    if (!wrong && (permissions & (perms::group_all | perms::others_all)) != perms::none) {
      return failure(err::bad_key_file, fmt::format("{} can be read by others; run chmod 600 {}",
                                                    from.string(), from.string()));
    }
  }
  auto text = platform::read_text(from.string());
  if (!text) return failure(text.error(), fmt::format("{} cannot be read", from.string()));
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) return failure(err::bad_config, fmt::format("{} is empty", from.string()));
  return std::move(*text);
}

Outcome<openid::IdentityProvider> read_provider(toml::table& table,
                                                const std::filesystem::path& home) {
  using openid::IdentityProvider;
  using One = Key<IdentityProvider>;
  Keys keys{table, home};
  IdentityProvider out;
  std::filesystem::path secret_file;
  std::string credential;
  read_all(
      keys, out,
      std::array{One{"id", &IdentityProvider::id}, One{"issuer", &IdentityProvider::issuer},
                 One{"client_id", &IdentityProvider::client_id},
                 One{"label_zh", &IdentityProvider::label_zh},
                 One{"label_en", &IdentityProvider::label_en},
                 One{"scope", &IdentityProvider::scope}, One{"origins", &IdentityProvider::origins},
                 One{"real_name", &IdentityProvider::real_name},
                 One{"name_claim", &IdentityProvider::name_claim},
                 One{"number_claim", &IdentityProvider::number_claim}});
  keys.read("client_secret_file", secret_file);
  keys.read("client_secret_credential", credential);
  if (auto wrong = keys.end()) {
    wrong->detail = fmt::format("{}: {}", out.id, wrong->detail);
    return std::unexpected{*std::move(wrong)};
  }
  if (!openid::check_provider(out)) {
    return failure(err::bad_config,
                   fmt::format("\"{}\" needs an id of a-z, 0-9 and \"-\", an issuer and origins "
                               "with https:// (http:// for this machine alone), a client_id, a "
                               "label_zh or label_en, and \"openid\" in its scope",
                               out.id));
  }
  if (!secret_file.empty() || !credential.empty()) {
    auto secret = read_secret(secret_file, credential);
    if (!secret) return std::unexpected{secret.error()};
    out.client_secret = std::move(*secret);
  }
  return out;
}

/// [rados] pool, config, user.
std::optional<Failure> read_rados(toml::table& table, const std::filesystem::path& home,
                                  PortalConfig& out) {
  toml::node* node = table.get("rados");
  if (node == nullptr) return {};
  toml::table* inner = node->as_table();
  if (inner == nullptr) return Failure{err::bad_config, "rados must be a table: [rados]"};
  RadosConfig rados;
  Keys keys{*inner, home};
  keys.read("pool", rados.pool);
  keys.read("config", rados.configuration);
  keys.read("user", rados.user);
  if (rados.pool.empty()) keys.fault("pool", "the name of a pool that exists");
  if (rados.user.empty()) keys.fault("user", "a Ceph user's name, such as \"admin\"");
  if (auto wrong = keys.end()) {
    wrong->detail = "[rados] " + wrong->detail;
    return wrong;
  }
  table.erase("rados");
  out.rados = std::move(rados);
  return {};
}

constexpr std::array kKeys{
    Key<PortalConfig>{"base", &PortalConfig::base},
    Key<PortalConfig>{"hosts", &PortalConfig::hosts},
    Key<PortalConfig>{"proxies", &PortalConfig::proxies},
    Key<PortalConfig>{"secure", &PortalConfig::secure},
    Key<PortalConfig>{"registration", &PortalConfig::registration},
    Key<PortalConfig>{"conditional_metadata_public", &PortalConfig::conditional_metadata_public},
    Key<PortalConfig>{"node", &PortalConfig::node},
    Key<PortalConfig>{"websocket", &PortalConfig::websocket},
    Key<PortalConfig>{"server_key", &PortalConfig::server_key},
    Key<PortalConfig>{"blobs", &PortalConfig::blobs},
    Key<PortalConfig>{"web", &PortalConfig::web},
    Key<PortalConfig>{"rules", &PortalConfig::rules},
    Key<PortalConfig>{"contracts", &PortalConfig::contracts},
    Key<PortalConfig>{"genesis", &PortalConfig::genesis},
    Key<PortalConfig>{"contact", &PortalConfig::contact},
    Key<PortalConfig>{"rate_factor", &PortalConfig::rate_factor},
    Key<PortalConfig>{"tables_memory_gib", &PortalConfig::tables_memory_gib},
    Key<PortalConfig>{"quick_passwords", &PortalConfig::quick_passwords},
    Key<PortalConfig>{"ca_file", &PortalConfig::ca_file}};

std::optional<Failure> read_proxies(PortalConfig& out) {
  for (auto& proxy : out.proxies) {
    auto address = canonical_address(proxy);
    if (address.empty()) {
      return Failure{err::bad_config,
                     fmt::format("proxies: \"{}\" is no IP address; name each proxy by the address "
                                 "it connects from",
                                 proxy)};
    }
    proxy = std::move(address);
  }
  return {};
}

/// Everything but what spans keys. @return what is wrong, without the file's name
std::optional<Failure> read_keys(toml::table& table, const std::filesystem::path& home,
                                 PortalConfig& out) {
  if (auto wrong = read_rados(table, home, out)) return wrong;
  if (out.rados && table.contains("blobs")) {
    return Failure{err::bad_config, "blobs and [rados] exclude each other: keep one of them"};
  }
  Keys keys{table, home};
  std::string database = "sqlite";
  keys.read("folder", out.folder);
  out.blobs = out.folder / "blobs";
  read_all(keys, out, kKeys);
  keys.read("database", database);
  keys.listen("listen", out.listen_host, out.listen_port);
  keys.listen("metrics", out.metrics_host, out.metrics_port);
  keys.count("workers", out.workers);
  keys.count("tables_at_once", out.tables_at_once);
  keys.count("calls_per_day", out.calls_per_day, 1, 1'000'000'000);
  const std::array<std::pair<std::string, portal::Text*>, 3> texts{
      {{"title", &out.title}, {"description", &out.description}, {"publisher", &out.publisher}}};
  for (const auto& [key, text] : texts) {
    keys.read(key + "_zh", text->zh);
    keys.read(key + "_en", text->en);
  }
  auto harvests = read_list<harvest::HarvestSource>(
      keys, "harvest", [&](toml::table& one) { return read_harvest(one, home); });
  auto providers = read_list<openid::IdentityProvider>(
      keys, "providers", [&](toml::table& one) { return read_provider(one, home); });
  if (auto wrong = keys.end()) return wrong;
  if (!harvests) return harvests.error();
  if (!providers) return providers.error();
  out.harvests = std::move(*harvests);
  out.providers = std::move(*providers);
  for (const auto& one : out.providers) {
    if (std::ranges::count(out.providers, one.id, &openid::IdentityProvider::id) > 1) {
      return Failure{err::bad_config, fmt::format("two [[providers]] have the id \"{}\"", one.id)};
    }
  }
  if (database != "sqlite") out.postgres = database;
  if (out.base.empty()) out.base = fmt::format("http://{}:{}", out.listen_host, out.listen_port);
  if (out.server_key.empty()) out.server_key = out.folder / "server.key";
  if (out.rules.empty() || out.contracts.empty()) {
    return Failure{err::bad_config, "rules and contracts must be named"};
  }
  return read_proxies(out);
}

}  // namespace

Outcome<PortalConfig> load_portal_config(const std::filesystem::path& file) {
  const auto text = platform::read_text(file.string());
  if (!text) {
    return failure(text.error(),
                   fmt::format("{} cannot be read; `wusong-portal example` prints one, --config "
                               "names another place",
                               file.string()));
  }
  return parse_portal_config(*text, file);
}

Outcome<PortalConfig> parse_portal_config(const std::string& text,
                                          const std::filesystem::path& file) {
  auto parsed = apps::parse_toml(text);
  if (!parsed) {
    return failure(err::bad_config, fmt::format("{}: {}", file.string(), parsed.error().detail));
  }
  toml::table table = *std::move(parsed);
  const auto home = std::filesystem::absolute(file).parent_path();
  PortalConfig out;
  out.file = file;
  out.folder = home;
  if (auto wrong = read_keys(table, home, out)) {
    wrong->detail = file.string() + ": " + wrong->detail;
    return std::unexpected{*std::move(wrong)};
  }
  return out;
}

std::string portal_config_example() {
  return R"(# The portal's settings. Relative paths count from this file's folder.
folder = "portal"                    # keys, databases, chain.json
listen = "127.0.0.1:8080"            # behind a proxy that speaks https
workers = 8                          # requests answered at once
base = "http://127.0.0.1:8080"       # the address people use
hosts = []                           # names in Host besides localhost
proxies = []                         # addresses of proxies whose X-Forwarded-For counts
secure = false                       # true behind https
metrics = ""                         # "127.0.0.1:9180": Prometheus reads /metrics there
registration = true                  # people may make accounts
conditional_metadata_public = true   # false: only who has signed in finds what is open on conditions
node = "http://127.0.0.1:8545"       # JSON-RPC of a node
websocket = ""                       # of the node, for the explorer
database = "sqlite"                  # or "host=… dbname=… user=…" for PostgreSQL
server_key = "portal/server.key"     # opens everything; made where it is missing
blobs = "portal/blobs"               # files and documents, by digest; or [rados], below
web = "build/web"                    # the built web application
rules = "contracts/rules"            # rule packs and calendars
contracts = "build/contracts"        # compiled contracts
genesis = ""                         # the chain's genesis.json, handed out with proofs
title_zh = "城市公共数据开放平台"
title_en = "City open data"
description_zh = "依法开放、全程可查的公共数据"
description_en = "Public data, opened by law, every step on record"
publisher_zh = "市公共数据主管部门"
publisher_en = "City data authority"
contact = "data@example.cn"

# Files in Ceph instead of in the folder `blobs`, by a program built where librados-dev was:
# [rados]
# pool = "wusong"                    # exists already
# config = "/etc/ceph/ceph.conf"
# user = "wusong"                    # client.wusong, its keyring where ceph.conf says
tables_at_once = 2                   # questions about files' content worked at once
tables_memory_gib = 1.0              # of each
calls_per_day = 10000                # of rows and aggregates, by one account
ca_file = ""                         # authorities (PEM) for identity providers, besides the system's

# Other sites that sign people in here: docs/portal-sign-in.md. May be repeated.
# [[providers]]
# id = "gov"                           # register https://BASE/oidc/gov/callback there
# issuer = "https://sso.example.gov.cn"
# client_id = "data-portal"
# client_secret_file = "gov.secret"    # mode 0600; or client_secret_credential, from systemd
# label_zh = "政务服务统一身份认证"
# label_en = "Government sign-in"
# scope = "openid profile email"
# origins = []                         # its other hosts, where it has some: ["https://keys.example.gov.cn"]
# real_name = false                    # true: it checks real names, and the two claims count as checked
# name_claim = "name"
# number_claim = "id_number"
# Catalogues that ours is copied from or into. What comes is a draft of the token's organisation and
# goes through the same reviews as any other. A loopback or private address must stand here itself.
# [[harvest]]
# direction = "from"                 # or "into"
# url = "https://ckan.example.org"
# token_file = "harvest.token"       # mode 0600; from: a token of an account here, into: one of there
# organisation = ""                  # into: owner_org there
# every_minutes = 60                 # 0: only by `wusong-portal harvest`
)";
}

std::string canonical_address(std::string_view text) {
  std::string word{text};
  std::array<char, INET6_ADDRSTRLEN> out{};
  in_addr four{};
  if (::inet_pton(AF_INET, word.c_str(), &four) == 1) return word;
  in6_addr six{};
  if (::inet_pton(AF_INET6, word.c_str(), &six) != 1) return {};
  std::string written{::inet_ntop(AF_INET6, &six, out.data(), out.size())};
  const bool mapped = written.starts_with(kMapped) && written.find('.') != std::string::npos;
  return mapped ? written.substr(kMapped.size()) : written;
}

std::string client_address(std::string_view connection,
                           std::span<const std::pair<std::string, std::string>> headers,
                           std::span<const std::string> proxies) {
  const auto trusted = [&](const std::string& address) {
    return std::ranges::find(proxies, address) != proxies.end();
  };
  std::string at = canonical_address(connection);
  if (at.empty()) return std::string{connection};
  for (const auto& [name, value] : std::views::reverse(headers)) {
    if (name != kHeader) continue;
    for (std::string_view rest = value; !rest.empty();) {
      if (!trusted(at)) return at;
      const auto comma = rest.rfind(',');
      const auto last = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
      auto before = canonical_address(trimmed(last));
      if (before.empty()) return at;
      at = std::move(before);
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(0, comma);
    }
  }
  return at;
}

bool PortalChain::has(const std::string& step) const {
  return std::ranges::find(done, step) != done.end();
}

Outcome<std::optional<PortalChain>> load_portal_chain(const std::filesystem::path& folder) {
  const auto file = folder / kChainFile;
  if (!platform::file_exists(file.string())) return std::optional<PortalChain>{};
  const auto text = platform::read_text(file.string());
  if (!text) return failure(text.error(), fmt::format("{} cannot be read", file.string()));
  const auto document = codec::JsonDocument::parse(*text);
  if (!document) return failure(document.error(), fmt::format("{} is damaged", file.string()));
  const auto root = document->root();
  PortalChain out;
  const auto number = [&](std::string_view name) {
    const auto value = root.find(name);
    return value ? value->u64().value_or(0) : 0;
  };
  const auto address = [&](std::string_view name) {
    const auto value = root.string_at(name);
    return value ? codec::fixed_from_hex<Address>(*value).value_or(Address{}) : Address{};
  };
  out.chain_id = number("chain_id");
  out.from_block = number("from_block");
  out.genesis = std::string{root.string_at("genesis").value_or("")};
  out.contracts = {address("directory"), address("rule_book"), address("workflows")};
  if (const auto done = root.find("done")) {
    for (const auto& step : done->items()) out.done.emplace_back(step.string().value_or(""));
  }
  return std::optional{std::move(out)};
}

Outcome<void> save_portal_chain(const std::filesystem::path& folder, const PortalChain& chain) {
  codec::JsonWriter out;
  out.open_object().key("chain_id").number(chain.chain_id).key("genesis").string(chain.genesis);
  out.key("from_block").number(chain.from_block);
  out.key("directory").data(chain.contracts.directory);
  out.key("rule_book").data(chain.contracts.rule_book);
  out.key("workflows").data(chain.contracts.workflows).key("done").open_array();
  for (const auto& step : chain.done) out.string(step);
  out.close_array().close_object();
  const auto file = (folder / kChainFile).string();
  if (auto done = platform::write_file(file, as_bytes(out.text()), platform::FileMode::ordinary);
      !done) {
    return failure(done.error(), fmt::format("{} cannot be written", file));
  }
  return {};
}

}  // namespace wusong::portal_app
