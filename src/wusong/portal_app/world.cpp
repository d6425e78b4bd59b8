// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "wusong/apps/keys.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/node/genesis.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/portal/canonical.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/stores/blob_files.hpp"
#include "wusong/stores/blob_rados.hpp"
#include "wusong/stores/postgres.hpp"
#include "wusong/stores/sqlite.hpp"

namespace wusong::portal_app {
namespace {

constexpr std::string_view kProjectionFile = "projection.sqlite";
constexpr std::size_t kIdleMax = 64;

Outcome<std::unique_ptr<gateway::ServerKeys>> open_keys(const std::string& file) {
  if (!platform::file_exists(file)) {
    Bytes fresh(gateway::ServerKeys::kMasterSize);
    platform::OsEntropy entropy;
    entropy.fill(fresh);
    const SecretBytes text{to_bytes(as_bytes(codec::to_hex(fresh)))};
    const SecretBytes wiped{std::move(fresh)};
    if (auto done = platform::write_file(file, text.view(), platform::FileMode::secret); !done) {
      return failure(done.error(), fmt::format("{} cannot be written", file));
    }
  }
  if (auto closed = apps::check_private(file); !closed) return std::unexpected{closed.error()};
  auto text = platform::read_file(file, 1024);
  if (!text) return failure(text.error(), fmt::format("{} cannot be read", file));
  const SecretBytes held{std::move(*text)};
  auto master = codec::from_hex(as_text(held.view().first(
      std::min<std::size_t>(held.view().size(), gateway::ServerKeys::kMasterSize * 2))));
  if (!master || master->size() != gateway::ServerKeys::kMasterSize) {
    return failure(err::bad_key_file, fmt::format("{} holds no key", file));
  }
  return std::make_unique<gateway::ServerKeys>(SecretBytes{std::move(*master)});
}

Outcome<std::unique_ptr<io::SqlDatabase>> open_sqlite_file(const std::filesystem::path& file,
                                                           bool durable) {
  auto out = stores::open_sqlite({.path = file.string(), .durable = durable});
  if (!out) return failure(out.error(), fmt::format("{} cannot be opened", file.string()));
  return std::move(*out);
}

/// In PostgreSQL both live in one database, each in a schema of its own.
Outcome<std::unique_ptr<io::SqlDatabase>> open_schema(const std::string& connection,
                                                      const std::string& schema, bool durable) {
  auto plain = stores::open_postgres({.connection = connection});
  if (!plain) return failure(plain.error(), "the PostgreSQL server cannot be reached");
  auto first = (*plain)->connect();
  if (!first) return failure(first.error(), "the PostgreSQL server cannot be reached");
  if (const auto made = (*first)->script("CREATE SCHEMA IF NOT EXISTS " + schema); !made) {
    return failure(made.error(), std::string{(*first)->last_message()});
  }
  auto out = stores::open_postgres(
      {.connection = connection + " options='-csearch_path=" + schema + "'", .durable = durable});
  if (!out) return failure(out.error(), "the PostgreSQL server cannot be reached");
  return std::move(*out);
}

/// What an older program says to a database that a newer one has upgraded.
std::string database_newer_detail(io::SqlConnection& db, bool lite) {
  const auto version = gateway::private_version(db);
  return fmt::format(
      "the private database ({}) has version {}, this program knows {}: a later release has "
      "upgraded it; run that release, or put back the copy from before the upgrade",
      lite ? "portal.sqlite" : "PostgreSQL, schema wusong_portal", version.value_or(0),
      gateway::private_steps().size());
}

/// On a server nothing else keeps two portals, or a portal and a rebuild, from one database: the
/// lock goes with the connection. A folder of files has a lock of its own.
Outcome<std::unique_ptr<io::SqlConnection>> claim(io::SqlDatabase& database) {
  auto connection = database.connect();
  if (!connection) return failure(connection.error(), "the PostgreSQL server cannot be reached");
  const auto row = gateway::one_row(
      **connection,
      "SELECT CASE WHEN pg_try_advisory_lock(hashtext('wusong_portal')) THEN 1 ELSE 0 END", {});
  if (!row) return failure(row.error(), std::string{(*connection)->last_message()});
  if (!*row || gateway::number_of((**row)[0]) != 1) {
    return failure(err::already_exists, "a portal runs on this database already; stop it first");
  }
  return std::move(*connection);
}

Outcome<PortalDatabases> open_databases(const PortalConfig& config, bool alone) {
  PortalDatabases out;
  const bool lite = config.postgres.empty();
  auto own = lite ? open_sqlite_file(config.folder / "portal.sqlite", true)
                  : open_schema(config.postgres, "wusong_portal", true);
  if (!own) return std::unexpected{own.error()};
  auto projection = lite ? open_sqlite_file(config.folder / kProjectionFile, false)
                         : open_schema(config.postgres, "wusong_projection", false);
  if (!projection) return std::unexpected{projection.error()};
  out.own = std::move(*own);
  out.projection = std::move(*projection);
  if (alone && !lite) {
    auto claimed = claim(*out.own);
    if (!claimed) return std::unexpected{claimed.error()};
    out.claim = std::move(*claimed);
  }
  const auto connection = out.own->connect();
  if (!connection) return failure(connection.error(), "the private database cannot be opened");
  if (const auto ready = gateway::upgrade_private_tables(**connection); !ready) {
    if (ready.error() == Error{gateway::err::database_newer}) {
      return failure(ready.error(), database_newer_detail(**connection, lite));
    }
    return failure(ready.error(), std::string{(*connection)->last_message()});
  }
  return out;
}

Outcome<std::unique_ptr<io::BlobStore>> open_rados(const RadosConfig& rados) {
  if (!stores::has_rados()) {
    return failure(err::bad_config,
                   "[rados]: this program was built without Ceph; install librados-dev and build "
                   "it again, or keep files in a folder (blobs)");
  }
  auto out = stores::open_blob_rados(
      {.configuration = rados.configuration.string(), .user = rados.user, .pool = rados.pool});
  if (!out) {
    return failure(
        out.error(),
        fmt::format(
            "the pool \"{}\" cannot be opened as client.{} with {}; try: rados -c {} --id {} "
            "-p {} ls",
            rados.pool, rados.user, rados.configuration.string(), rados.configuration.string(),
            rados.user, rados.pool));
  }
  return std::move(*out);
}

Outcome<std::unique_ptr<io::BlobStore>> open_blobs(const PortalConfig& config) {
  if (config.rados) return open_rados(*config.rados);
  const auto folder = config.blobs.string();
  if (auto made = platform::make_directory(folder); !made) {
    return failure(made.error(), fmt::format("{} cannot be made", folder));
  }
  auto out = stores::open_blob_files({.folder = config.blobs});
  if (!out) {
    const bool locked = out.error() == Error{io::err::store_locked};
    return failure(out.error(),
                   locked ? fmt::format("{} is in use: a portal runs on it already", folder)
                          : fmt::format("{} cannot be opened; is it this user's, and is there room "
                                        "on the disk?",
                                        folder));
  }
  return std::move(*out);
}

/// The program stands beside this one.
PortalTablesOptions table_options(const PortalConfig& config) {
  std::error_code unknown;
  const auto folder =
      std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path().string();
  PortalTablesOptions out;
  out.runner.program = folder + "/wusong_duck";
  out.runner.library = tables::Runner::find_library(folder);
  out.runner.timeout = std::chrono::seconds{30};
  out.runner.memory_bytes = static_cast<std::uint64_t>(config.tables_memory_gib * (1u << 30));
  out.runner.temporary_parent = std::filesystem::temp_directory_path().string();
  out.children = config.tables_at_once;
  // Half of those who answer requests, and the one who reads ahead.
  out.askers_max = std::max<std::size_t>(1, config.workers / 2) + 1;
  return out;
}

std::string type_of(const std::filesystem::path& file) {
  const auto suffix = file.extension().string();
  if (suffix == ".js" || suffix == ".mjs") return "text/javascript; charset=utf-8";
  if (suffix == ".css") return "text/css; charset=utf-8";
  if (suffix == ".svg") return "image/svg+xml";
  if (suffix == ".png") return "image/png";
  if (suffix == ".json") return "application/json; charset=utf-8";
  if (suffix == ".woff2") return "font/woff2";
  if (suffix == ".wasm") return "application/wasm";
  return "text/plain; charset=utf-8";
}

/// What the settings file, the genesis file and the sample's topics say.
Outcome<void> read_settings(const PortalConfig& config, gateway::Settings& settings) {
  settings.site = {.base = config.base,
                   .title = config.title,
                   .description = config.description,
                   .publisher = config.publisher,
                   .contact = config.contact};
  settings.hosts = config.hosts;
  settings.secure = config.secure;
  settings.registration = config.registration;
  settings.access.conditional_metadata_public = config.conditional_metadata_public;
  settings.calls_per_day = config.calls_per_day;
  settings.operator_account = "portal-operator";
  settings.websocket = config.websocket;
  if (config.quick_passwords) settings.password_cost = crypto::kPasswordCostLeast;
  if (!config.genesis.empty()) {
    const auto text = platform::read_text(config.genesis.string());
    const auto genesis = text ? node::parse_genesis(*text)
                              : std::expected<node::Genesis, node::GenesisFault>{
                                    std::unexpect, node::GenesisFault{text.error(), {}}};
    if (!genesis) {
      return failure(genesis.error().error,
                     fmt::format("{}: {}", config.genesis.string(), genesis.error().where));
    }
    hash::set_chain_profile(genesis->profile);
    settings.genesis_text = node::to_json(*genesis);
  }
  if (const auto topics = platform::read_text((config.folder / "topics.json").string())) {
    if (const auto parsed = codec::JsonDocument::parse(*topics)) {
      for (const auto& topic : parsed->root().items()) {
        settings.topics.emplace(topic.string_at("name").value_or(""),
                                portal::text_at(topic, "title"));
      }
    }
  }
  return {};
}

/// Vite's manifest: the entry's script, and every style that it and its imports name.
void read_manifest(const codec::JsonValue& root, gateway::WebApplication& out) {
  std::set<std::string> seen;
  const std::function<void(std::string_view)> visit = [&](std::string_view key) {
    if (!seen.insert(std::string{key}).second) return;
    const auto chunk = root.find(key);
    if (!chunk) return;
    if (const auto styles = chunk->find("css")) {
      for (const auto& style : styles->items()) {
        out.styles.push_back("/" + std::string{style.string().value_or("")});
      }
    }
    if (const auto imports = chunk->find("imports")) {
      for (const auto& one : imports->items()) visit(one.string().value_or(""));
    }
  };
  for (const auto& [name, chunk] : root.members()) {
    const auto entry = chunk.find("isEntry");
    if (!entry || !entry->boolean().value_or(false)) continue;
    const auto file = chunk.string_at("file");
    if (file && file->ends_with(".js")) out.scripts.push_back("/" + std::string{*file});
    visit(name);
  }
}

}  // namespace

Result<std::optional<std::string>> BlobDocuments::document(const Hash& digest) {
  const auto bytes = blobs_->read(digest, 0, portal::kDocumentBytesMax);
  if (bytes) return std::optional{std::string{as_text(*bytes)}};
  if (bytes.error() == Error{io::err::blob_missing}) return std::optional<std::string>{};
  return fail(bytes.error());
}

Outcome<RuleFiles> load_rules(const std::filesystem::path& folder) {
  RuleFiles out;
  std::error_code wrong;
  std::vector<std::filesystem::path> packs;
  std::vector<std::filesystem::path> years;
  for (const auto& entry : std::filesystem::directory_iterator{folder, wrong}) {
    const bool json = entry.path().extension() == ".json";
    if (json && entry.path().filename() != "schema.json") packs.push_back(entry.path());
  }
  for (const auto& entry : std::filesystem::directory_iterator{folder / "calendar", wrong}) {
    if (entry.path().extension() == ".json") years.push_back(entry.path());
  }
  std::ranges::sort(packs);
  std::ranges::sort(years);
  for (const auto& file : packs) {
    const auto text = platform::read_text(file.string());
    if (!text) return failure(text.error(), fmt::format("{} cannot be read", file.string()));
    auto pack = portal::parse_rule_pack(*text);
    if (!pack) {
      return failure(pack.error().error, fmt::format("{}: {}: {}", file.string(),
                                                     pack.error().place, pack.error().mend.en));
    }
    auto canonical = portal::canonicalise(*text);
    if (!canonical) return failure(canonical.error().error, file.string());
    out.canonical.emplace(pack->number, std::move(*canonical));
    out.book.add(std::move(*pack));
  }
  for (const auto& file : years) {
    const auto text = platform::read_text(file.string());
    if (!text) return failure(text.error(), fmt::format("{} cannot be read", file.string()));
    auto year = portal::parse_calendar(*text);
    if (!year) {
      return failure(year.error().error, fmt::format("{}: {}: {}", file.string(),
                                                     year.error().place, year.error().mend.en));
    }
    out.years.push_back(std::move(*year));
  }
  if (out.book.packs().empty()) {
    return failure(err::bad_config, fmt::format("{} holds no rule pack", folder.string()));
  }
  return out;
}

gateway::WebApplication load_web(const std::filesystem::path& folder) {
  gateway::WebApplication out;
  std::error_code wrong;
  if (folder.empty() || !std::filesystem::is_directory(folder, wrong)) return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder, wrong}) {
    if (!entry.is_regular_file(wrong)) continue;
    const auto name = "/" + std::filesystem::relative(entry.path(), folder, wrong).generic_string();
    auto body = platform::read_text(entry.path().string());
    if (!body) continue;
    if (name == "/.vite/manifest.json") {
      if (const auto manifest = codec::JsonDocument::parse(*body)) {
        read_manifest(manifest->root(), out);
      }
      continue;
    }
    // The page itself is the server's.
    if (name == "/index.html" || name.starts_with("/.")) continue;
    gateway::Asset asset{type_of(entry.path()), std::move(*body), {}};
    asset.etag = "\"" + gateway::digest_hex(asset.body).substr(0, 32) + "\"";
    out.files.emplace(name, std::move(asset));
  }
  return out;
}

Outcome<std::unique_ptr<PortalWorld>> PortalWorld::open(const PortalConfig& config,
                                                        bool with_blobs) {
  std::unique_ptr<PortalWorld> out{new PortalWorld};
  out->config = config;
  if (auto made = platform::make_directory(config.folder.string()); !made) {
    return failure(made.error(), fmt::format("{} cannot be made", config.folder.string()));
  }
  auto log = platform::Logger::open({});
  if (!log) return failure(log.error(), "the log cannot be opened");
  out->log = std::move(*log);
  auto keys = open_keys(config.server_key.string());
  if (!keys) return std::unexpected{keys.error()};
  out->keys = std::move(*keys);
  auto rules = load_rules(config.rules);
  if (!rules) return std::unexpected{rules.error()};
  out->rules = std::move(*rules);
  const auto access = portal::AccessRules::of(out->rules.book.packs().rbegin()->second);
  if (!access) return failure(access.error().error, access.error().place);
  out->access = std::make_unique<portal::AccessRules>(*access);
  auto databases = open_databases(config, with_blobs);
  if (!databases) return std::unexpected{databases.error()};
  out->databases = std::move(*databases);
  if (with_blobs) {
    auto blobs = open_blobs(config);
    if (!blobs) return std::unexpected{blobs.error()};
    out->blobs = std::move(*blobs);
    out->tables = std::make_unique<PortalTables>(*out->blobs, table_options(config));
  }
  out->web = load_web(config.web);
  out->node = std::make_unique<NodeChain>(config.node);
  out->limiter = std::make_unique<gateway::Limiter>(out->limiter_mutex, config.rate_factor);
  auto elsewhere = PortalWeb::open(config.ca_file.string());
  if (!elsewhere) return std::unexpected{elsewhere.error()};
  out->elsewhere = std::make_unique<PortalWeb>(std::move(*elsewhere));
  out->providers = std::make_unique<openid::Providers>(out->config.providers, *out->elsewhere,
                                                       out->providers_mutex);
  auto& settings = out->settings;
  if (auto read = read_settings(config, settings); !read) return std::unexpected{read.error()};
  auto known = out->load_chain();
  if (!known) return std::unexpected{known.error()};
  return out;
}

Outcome<bool> PortalWorld::load_chain() {
  auto loaded = load_portal_chain(config.folder);
  if (!loaded) return std::unexpected{loaded.error()};
  if (!*loaded) return false;
  chain = std::move(**loaded);
  settings.contracts = chain.contracts;
  settings.genesis = chain.genesis;
  return true;
}

PortalWorld::Lease::Lease(PortalWorld& world, std::unique_ptr<io::SqlConnection> own,
                          std::unique_ptr<io::SqlConnection> projection)
    : world_{&world},
      own_{std::move(own)},
      projection_{std::move(projection)},
      connections_{std::make_unique<gateway::Connections>(*own_, *projection_)} {}

PortalWorld::Lease::~Lease() {
  const std::lock_guard guard{world_->mutex_};
  if (world_->idle_.size() < kIdleMax) {
    world_->idle_.emplace_back(std::move(own_), std::move(projection_));
  }
}

Result<std::unique_ptr<PortalWorld::Lease>> PortalWorld::lease() {
  {
    const std::lock_guard guard{mutex_};
    if (!idle_.empty()) {
      auto [own, projection] = std::move(idle_.back());
      idle_.pop_back();
      return std::make_unique<Lease>(*this, std::move(own), std::move(projection));
    }
  }
  WUSONG_TRY(auto own, databases.own->connect());
  WUSONG_TRY(auto projection, databases.projection->connect());
  return std::make_unique<Lease>(*this, std::move(own), std::move(projection));
}

gateway::Shared PortalWorld::shared() {
  return gateway::Shared{.settings = settings,
                         .keys = *keys,
                         .rules = rules.book,
                         .access = *access,
                         .web = web,
                         .chain = *node,
                         .blobs = *blobs,
                         .entropy = entropy,
                         .limiter = *limiter,
                         .identity = identity,
                         .tables = *tables,
                         .providers = *providers};
}

Outcome<void> drop_projection(const PortalConfig& config) {
  if (config.postgres.empty()) {
    std::error_code wrong;
    for (const std::string_view suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(config.folder / (std::string{kProjectionFile} + std::string{suffix}),
                              wrong);
    }
    return {};
  }
  auto database = stores::open_postgres({.connection = config.postgres});
  if (!database) return failure(database.error(), "the PostgreSQL server cannot be reached");
  auto connection = (*database)->connect();
  if (!connection) return failure(connection.error(), "the PostgreSQL server cannot be reached");
  if (const auto done = (*connection)->script("DROP SCHEMA IF EXISTS wusong_projection CASCADE");
      !done) {
    return failure(done.error(), std::string{(*connection)->last_message()});
  }
  return {};
}

}  // namespace wusong::portal_app
