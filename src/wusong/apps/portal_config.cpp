// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/portal_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "wusong/apps/internal/toml.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/platform/files.hpp"

namespace wusong::apps {
namespace {

constexpr std::string_view kChainFile = "chain.json";

/// Takes keys out of the table; what is left over is unknown.
class Keys {
 public:
  Keys(toml::table& table, std::filesystem::path folder)
      : table_{&table}, folder_{std::move(folder)} {}

  void text(std::string_view key, std::string& out) { take(key, out, "a string"); }
  void path(std::string_view key, std::filesystem::path& out) {
    std::string value;
    take(key, value, "a string");
    if (!value.empty()) out = (folder_ / value).lexically_normal();
  }
  void flag(std::string_view key, bool& out) { take(key, out, "true or false"); }
  void real(std::string_view key, double& out) { take(key, out, "a number with a point"); }
  void count(std::string_view key, std::size_t& out) {
    std::int64_t value = static_cast<std::int64_t>(out);
    take(key, value, "a whole number");
    if (value < 1 || value > 1024) return fault(key, "from 1 to 1024");
    out = static_cast<std::size_t>(value);
  }
  void texts(std::string_view key, std::vector<std::string>& out) {
    const toml::node* node = table_->get(key);
    if (node == nullptr) return;
    const auto* list = node->as_array();
    if (list == nullptr) return fault(key, "a list of strings");
    for (const auto& one : *list) out.push_back(one.value_or(std::string{}));
    table_->erase(key);
  }
  std::optional<Failure> end() const {
    if (fault_) return fault_;
    if (table_->empty()) return {};
    return Failure{err::unknown_key,
                   fmt::format("unknown key \"{}\"", table_->begin()->first.str())};
  }

 private:
  template <typename T>
  void take(std::string_view key, T& out, std::string_view what) {
    const toml::node* node = table_->get(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<T>();
    if (!value) return fault(key, what);
    out = *value;
    table_->erase(key);
  }
  void fault(std::string_view key, std::string_view what) {
    if (!fault_) fault_ = Failure{err::bad_config, fmt::format("{} must be {}", key, what)};
  }
  toml::table* table_;
  std::filesystem::path folder_;
  std::optional<Failure> fault_;
};

}  // namespace

Outcome<PortalConfig> load_portal_config(const std::filesystem::path& file) {
  const auto text = platform::read_text(file.string());
  if (!text) return failure(text.error(), fmt::format("{} cannot be read", file.string()));
  auto parsed = internal::parse_toml(*text);
  if (!parsed) {
    return failure(err::bad_config, fmt::format("{}: {}", file.string(), parsed.error().detail));
  }
  toml::table table = *std::move(parsed);
  const auto home = std::filesystem::absolute(file).parent_path();
  Keys keys{table, home};
  PortalConfig out;
  out.folder = home;
  std::string listen = "127.0.0.1:8080";
  std::string database = "sqlite";
  keys.path("folder", out.folder);
  out.blobs = out.folder / "blobs";
  keys.text("listen", listen);
  keys.count("workers", out.workers);
  keys.text("base", out.base);
  keys.texts("hosts", out.hosts);
  keys.flag("secure", out.secure);
  keys.flag("registration", out.registration);
  keys.text("node", out.node);
  keys.text("websocket", out.websocket);
  keys.text("database", database);
  keys.path("blobs", out.blobs);
  keys.path("web", out.web);
  keys.path("rules", out.rules);
  keys.path("contracts", out.contracts);
  keys.path("genesis", out.genesis);
  keys.text("title_zh", out.title.zh);
  keys.text("title_en", out.title.en);
  keys.text("description_zh", out.description.zh);
  keys.text("description_en", out.description.en);
  keys.text("publisher_zh", out.publisher.zh);
  keys.text("publisher_en", out.publisher.en);
  keys.text("contact", out.contact);
  keys.real("rate_factor", out.rate_factor);
  keys.flag("quick_passwords", out.quick_passwords);
  if (auto wrong = keys.end()) {
    wrong->detail = file.string() + ": " + wrong->detail;
    return std::unexpected{*std::move(wrong)};
  }
  const auto colon = listen.rfind(':');
  const auto port = colon == std::string::npos ? std::string{} : listen.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), out.listen_port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size()) {
    return failure(err::bad_config, "listen must be host:port");
  }
  out.listen_host = listen.substr(0, colon);
  if (database != "sqlite") out.postgres = database;
  if (out.base.empty()) out.base = "http://" + listen;
  if (out.rules.empty() || out.contracts.empty()) {
    return failure(err::bad_config, "rules and contracts must be named");
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
secure = false                       # true behind https
registration = true                  # people may make accounts
node = "http://127.0.0.1:8545"       # JSON-RPC of a node
websocket = ""                       # of the node, for the explorer
database = "sqlite"                  # or "host=… dbname=… user=…" for PostgreSQL
blobs = "portal/blobs"               # files and documents, by digest
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
)";
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

}  // namespace wusong::apps
