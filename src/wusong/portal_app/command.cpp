// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "wusong/apps/command_line.hpp"
#include "wusong/apps/config.hpp"
#include "wusong/apps/keys.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/gateway/oidc.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/harvest/harvest.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/portal/act.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal_app/config.hpp"
#include "wusong/portal_app/init.hpp"
#include "wusong/portal_app/sample.hpp"
#include "wusong/portal_app/server.hpp"

namespace wusong::portal_app {
namespace {

struct Options {
  std::filesystem::path config{"portal.toml"};
  InitOptions init;
  SampleOptions sample;
  std::string name;
  std::string roles;
  std::uint64_t organisation{0};
  std::filesystem::path password_file;
  std::vector<std::string> redirect_uris;
  bool public_client{false};
  bool keep{false};  // rebuild: go on
  harvest::HarvestOptions harvest;
  std::string direction;
  std::string url;
  bool json{false};
};

Outcome<std::unique_ptr<PortalWorld>> open_world(const Options& options) {
  const auto config = load_portal_config(options.config);
  if (!config) return std::unexpected{config.error()};
  return PortalWorld::open(*config, true);
}

int init_command(const Options& options) {
  auto world = open_world(options);
  if (!world) return apps::complain(world.error());
  if (const auto done = init_portal(**world, options.init); !done)
    return apps::complain(done.error());
  apps::say("The portal is ready; start it with `wusong-portal run`.\n");
  return 0;
}

/// Tables of another version are worth nothing to this one and cost nothing: the chain has it all.
Outcome<bool> tables_are_of_another_version(PortalWorld& world) {
  auto connection = world.databases.projection->connect();
  if (!connection) return failure(connection.error(), "the projection cannot be opened");
  BlobDocuments documents{*world.blobs};
  portal::Projection projection{**connection, world.rules.book, documents};
  const auto opened = projection.open();
  return !opened && opened.error() == Error{portal::err::wrong_schema};
}

int run_command(const Options& options) {
  auto world = open_world(options);
  if (!world) return apps::complain(world.error());
  const auto other = tables_are_of_another_version(**world);
  if (!other) return apps::complain(other.error());
  if (!*other) return run_portal(**world);
  const auto config = (*world)->config;
  if (!(*world)->node->connect()) {
    return apps::complain(
        {portal::err::wrong_schema,
         fmt::format("the tables are of another version and {} does not answer; start "
                     "the node, then they are made anew from the chain",
                     config.node)});
  }
  world->reset();
  apps::say("The tables are of another version: they are made anew from the chain.\n");
  if (const auto dropped = drop_projection(config); !dropped)
    return apps::complain(dropped.error());
  world = open_world(options);
  if (!world) return apps::complain(world.error());
  return run_portal(**world);
}

/// Cursor and digests of the tables, for rebuild and status.
Outcome<std::string> describe_tables(PortalWorld& world, std::chrono::duration<double> took,
                                     bool json) {
  auto connection = world.databases.projection->connect();
  if (!connection) return failure(connection.error(), "the projection cannot be opened");
  BlobDocuments documents{*world.blobs};
  portal::Projection projection{**connection, world.rules.book, documents};
  const auto cursor = projection.cursor();
  const auto digests = projection.table_digests();
  const auto whole = projection.projection_digest();
  if (!cursor || !digests || !whole) return failure(err::not_found, "the tables cannot be read");
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(cursor->events) /
                                               std::max(took.count(), 1e-9));
  if (json) {
    codec::JsonWriter out;
    out.open_object().key("events").number(cursor->events);
    out.key("next_block").number(cursor->next_block);
    out.key("milliseconds").number(static_cast<std::uint64_t>(took.count() * 1000));
    out.key("events_per_second").number(rate);
    out.key("projection").data(*whole).key("tables").open_object();
    for (const auto& [table, digest] : *digests) out.key(table).data(digest);
    return out.close_object().close_object().take() + "\n";
  }
  std::string out = fmt::format("{} events of {} blocks in {:.2f} s: {} events/s\nprojection {}\n",
                                cursor->events, cursor->next_block, took.count(), rate,
                                codec::to_hex_data(*whole));
  return out;
}

int rebuild_command(const Options& options) {
  const auto config = load_portal_config(options.config);
  if (!config) return apps::complain(config.error());
  {
    // Whoever holds the files serves from the tables, too.
    auto world = PortalWorld::open(*config, true);
    if (!world) return apps::complain(world.error());
    if ((*world)->settings.contracts.workflows.is_zero()) {
      return apps::complain(
          {err::not_found, "nothing is on the chain yet; run `wusong-portal init`"});
    }
    if (const auto known = (*world)->node->connect(); !known) {
      return apps::complain(
          {known.error().error,
           fmt::format("{} does not answer, so the tables stay as they are; start the "
                       "node first",
                       config->node)});
    }
  }
  if (!options.keep) {
    if (const auto dropped = drop_projection(*config); !dropped)
      return apps::complain(dropped.error());
  }
  auto world = PortalWorld::open(*config, true);
  if (!world) return apps::complain(world.error());
  const auto begin = platform::monotonic_now();
  if (const auto known = (*world)->node->connect(); !known) return apps::complain(known.error());
  apps::Progress progress{"blocks:"};
  const auto done =
      catch_up(**world, [&](std::uint64_t at, std::uint64_t all) { progress.at(at, all); });
  if (!done) return apps::complain(done.error());
  const auto text = describe_tables(**world, platform::monotonic_now() - begin, options.json);
  if (!text) return apps::complain(text.error());
  apps::say(*text);
  return 0;
}

/// What is where, found out once and shown in either form.
struct PortalStatus {
  PortalChain chain;
  std::optional<std::uint64_t> head;
  std::optional<portal::Cursor> cursor;
  std::vector<std::pair<std::string, std::uint64_t>> outbox;
};

PortalStatus status_of(PortalWorld& world) {
  PortalStatus out{.chain = world.chain, .head = {}, .cursor = {}, .outbox = {}};
  if (world.node->connect()) {
    if (const auto head = read_head(*world.node)) out.head = head->number;
  }
  const auto lease = world.lease();
  if (!lease) return out;
  portal::ProjectionReader reader{(*lease)->connections().projection};
  if (const auto cursor = reader.cursor()) out.cursor = *cursor;
  const auto acts = (*lease)->connections().own.query(
      "SELECT status, count(*) FROM outbox GROUP BY status ORDER BY status");
  if (!acts) return out;
  for (const auto& row : acts->rows) {
    out.outbox.emplace_back(gateway::text_of(row[0]),
                            static_cast<std::uint64_t>(gateway::number_of(row[1])));
  }
  return out;
}

std::string to_json(const PortalStatus& status) {
  codec::JsonWriter out;
  out.open_object().key("chain").number(status.chain.chain_id);
  out.key("genesis").string(status.chain.genesis).key("contracts").open_object();
  out.key("Directory").data(status.chain.contracts.directory);
  out.key("RuleBook").data(status.chain.contracts.rule_book);
  out.key("Workflows").data(status.chain.contracts.workflows).close_object().key("head");
  status.head ? out.number(*status.head) : out.null();
  out.key("next_block");
  status.cursor ? out.number(status.cursor->next_block) : out.null();
  out.key("events");
  status.cursor ? out.number(status.cursor->events) : out.null();
  out.key("outbox").open_object();
  for (const auto& [name, count] : status.outbox) out.key(name).number(count);
  return out.close_object().close_object().take() + "\n";
}

int status_command(const Options& options) {
  const auto config = load_portal_config(options.config);
  if (!config) return apps::complain(config.error());
  auto world = PortalWorld::open(*config, false);
  if (!world) return apps::complain(world.error());
  const auto status = status_of(**world);
  if (options.json) {
    apps::say(to_json(status));
    return 0;
  }
  apps::Sheet sheet;
  const auto& chain = status.chain;
  sheet.row("chain", std::to_string(chain.chain_id)).row("genesis", chain.genesis);
  sheet.row("Directory", codec::to_hex_data(chain.contracts.directory));
  sheet.row("RuleBook", codec::to_hex_data(chain.contracts.rule_book));
  sheet.row("Workflows", codec::to_hex_data(chain.contracts.workflows));
  sheet.row("node", status.head ? fmt::format("block {}", *status.head)
                                : fmt::format("{} does not answer", config->node));
  sheet.row("projection", status.cursor
                              ? fmt::format("next block {}, {} events", status.cursor->next_block,
                                            status.cursor->events)
                              : "empty");
  for (const auto& [name, count] : status.outbox) {
    sheet.row("outbox", fmt::format("{} {}", name, count));
  }
  apps::say(sheet.text());
  return 0;
}

/// Role names of the newest pack, separated by commas, as a mask.
Outcome<std::uint32_t> roles_of(const PortalWorld& world, const std::string& names) {
  const auto& pack = world.rules.book.packs().rbegin()->second;
  std::uint32_t out = 0;
  for (std::string_view rest = names; !rest.empty();) {
    const auto end = rest.find(',');
    const auto name = rest.substr(0, end);
    const auto* role = pack.role(name);
    if (role == nullptr) {
      std::vector<std::string> known;
      for (const auto& one : pack.roles) known.push_back(one.name);
      return failure(err::bad_argument,
                     fmt::format("no role \"{}\"; did you mean \"{}\"? Roles: {}", name,
                                 apps::nearest(std::string{name}, known), fmt::join(known, ", ")));
    }
    out |= std::uint32_t{1} << role->number;
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return out;
}

/// Makes an official's account and puts it into the directory.
int user_command(const Options& options) {
  auto opened = open_world(options);
  if (!opened) return apps::complain(opened.error());
  PortalWorld& world = **opened;
  ServiceAccount wanted{options.name, {options.name, options.name}, {}};
  if (!options.password_file.empty()) {
    auto password = apps::read_password(options.password_file);
    if (!password) return apps::complain(password.error());
    wanted.password = *password;
  }
  std::string passwords;
  const auto account = service_account(world, wanted, passwords);
  if (!account) return apps::complain(account.error());
  const auto roles = roles_of(world, options.roles);
  if (!roles) return apps::complain(roles.error());
  if (const auto known = world.node->connect(); !known) return apps::complain(known.error());
  auto lease = world.lease();
  if (!lease) return apps::complain({lease.error(), "the private database cannot be opened"});
  gateway::Accounts accounts{(*lease)->connections().own, *world.keys, world.entropy, {}};
  const auto admin = accounts.by_name("portal-admin");
  if (!admin || !*admin) return apps::complain({err::not_found, "run `wusong-portal init` first"});
  const auto secret = accounts.key_of(**admin);
  if (!secret) return apps::complain({secret.error(), "the admin's key cannot be opened"});
  ChainWriter writer{world, (*admin)->address, secret->view()};
  const auto done = writer.call(
      world.chain.contracts.directory,
      portal::encode_set_actor_call(
          account->address, {.organisation = static_cast<std::uint32_t>(options.organisation),
                             .roles = *roles,
                             .active = true}));
  if (!done) return apps::complain(done.error());
  if (!options.json) {
    apps::say(fmt::format("{} acts as {}\n{}", account->name, codec::to_hex_data(account->address),
                          passwords.empty() ? "" : "password: " + passwords));
    return 0;
  }
  codec::JsonWriter out;
  out.open_object().key("name").string(account->name).key("address").data(account->address);
  // "NAME PASSWORD\n" where one was made
  if (!passwords.empty()) {
    out.key("password")
        .string(std::string_view{passwords}.substr(wanted.name.size() + 1,
                                                   passwords.size() - wanted.name.size() - 2));
  }
  apps::say(out.close_object().take() + "\n");
  return 0;
}

/// Keys and databases alone: works while the portal runs, which holds the files.
Outcome<std::unique_ptr<PortalWorld>> open_records(const Options& options) {
  const auto config = load_portal_config(options.config);
  if (!config) return std::unexpected{config.error()};
  return PortalWorld::open(*config, false);
}

/// Lets another site sign people in with their account here.
int client_add_command(const Options& options) {
  auto world = open_records(options);
  if (!world) return apps::complain(world.error());
  auto lease = (*world)->lease();
  if (!lease) return apps::complain({lease.error(), "the private database cannot be opened"});
  const auto client = gateway::register_oidc_client(
      (*lease)->connections().own, (*world)->entropy,
      {.id = {}, .secret = {}, .name = options.name, .redirect_uris = options.redirect_uris},
      !options.public_client);
  if (!client) {
    return apps::complain(
        {client.error(),
         "an application needs a name and return addresses with https, http of this "
         "machine, or its own scheme with a dot"});
  }
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("client_id").string(client->id);
    if (!options.public_client) out.key("client_secret").string(client->secret);
    apps::say(out.close_object().take() + "\n");
    return 0;
  }
  apps::say("client_id: " + client->id + "\n");
  if (!options.public_client) apps::say("client_secret: " + client->secret + "\n");
  return 0;
}

int client_list_command(const Options& options) {
  auto world = open_records(options);
  if (!world) return apps::complain(world.error());
  auto lease = (*world)->lease();
  if (!lease) return apps::complain({lease.error(), "the private database cannot be opened"});
  const auto clients = gateway::list_oidc_clients((*lease)->connections().own);
  if (!clients) return apps::complain({clients.error(), "the private database cannot be read"});
  if (options.json) {
    codec::JsonWriter out;
    out.open_array();
    for (const auto& client : *clients) {
      out.open_object().key("client_id").string(client.id).key("name").string(client.name);
      out.key("redirect_uris").open_array();
      for (const auto& uri : client.redirect_uris) out.string(uri);
      out.close_array().close_object();
    }
    apps::say(out.close_array().take() + "\n");
    return 0;
  }
  apps::Sheet sheet;
  for (const auto& client : *clients) {
    for (const auto& uri : client.redirect_uris) sheet.row(client.id, client.name + "  " + uri);
  }
  apps::say(sheet.text());
  return 0;
}

int client_remove_command(const Options& options) {
  auto world = open_records(options);
  if (!world) return apps::complain(world.error());
  auto lease = (*world)->lease();
  if (!lease) return apps::complain({lease.error(), "the private database cannot be opened"});
  const auto removed = gateway::remove_oidc_client((*lease)->connections().own, options.name);
  if (!removed) return apps::complain({removed.error(), "the private database cannot be written"});
  if (!*removed)
    return apps::complain(
        {err::not_found,
         fmt::format("no client \"{}\"; `wusong-portal client list` shows them", options.name)});
  return 0;
}

void say_harvest(const harvest::HarvestSource& source, const harvest::HarvestReport& report,
                 const Options& options) {
  if (options.json)
    return apps::say(harvest::harvest_json(source, report, options.harvest.dry_run) + "\n");
  apps::Sheet sheet;
  sheet.row(source.into ? "into" : "from",
            source.url + (options.harvest.dry_run ? "  (nothing is written)" : ""));
  sheet.row("seen", std::to_string(report.seen)).row("created", std::to_string(report.created));
  sheet.row("updated", std::to_string(report.updated));
  sheet.row("unchanged", std::to_string(report.unchanged));
  sheet.row("deleted", std::to_string(report.deleted));
  sheet.row("refused", std::to_string(report.refused));
  for (const auto& reason : report.reasons) sheet.row("", reason);
  sheet.row_if("stopped", report.stopped);
  apps::say(sheet.text());
}

/// Only what the settings name is asked: an address on the command line chooses among them.
int harvest_command(const Options& options) {
  auto world = open_records(options);
  if (!world) return apps::complain(world.error());
  auto lease = (*world)->lease();
  if (!lease) return apps::complain({lease.error(), "the private database cannot be opened"});
  bool found = false;
  int code = 0;
  for (const auto& source : (*world)->config.harvests) {
    if (source.into != (options.direction == "into")) continue;
    if (!options.url.empty() && options.url != source.url) continue;
    found = true;
    const auto report = harvest::run_harvest(source, own_site((*world)->config),
                                             (*lease)->connections().own, options.harvest);
    if (!report) {
      code = apps::complain(report.error());
      continue;
    }
    say_harvest(source, *report, options);
    if (!report->complete || report->refused > 0) code = apps::kFailed;
  }
  if (found) return code;
  return apps::complain(
      {err::bad_argument,
       fmt::format("no [[harvest]] with direction \"{}\"{} stands in {}; add one, as "
                   "`wusong-portal example` shows",
                   options.direction, options.url.empty() ? "" : " and url \"" + options.url + "\"",
                   options.config.string())});
}

int sample_command(const Options& options) {
  auto world = open_world(options);
  if (!world) return apps::complain(world.error());
  if (const auto done = load_sample(**world, options.sample); !done) {
    return apps::complain(done.error());
  }
  return 0;
}

/// A leaf with `--config`; `example` is what stands after "wusong-portal ".
struct Leaf {
  std::string name;
  std::string what;
  int (*body)(const Options&);
  std::string example;
};

class PortalCli {
 public:
  PortalCli() : root_{"The public data platform over a Wusong chain", "wusong-portal"} {
    root_.footer(
        "Examples:\n  wusong-portal example > portal.toml\n  wusong-portal init --config "
        "portal.toml\n"
        "  wusong-portal run --config portal.toml\nA portal of two commands: ./run. Exit codes: 0 "
        "done, 1 failed, 2 wrong usage.");
    add_serving();
    add_people();
    add_clients();
    add_harvest();
    apps::finish_cli(root_, code_);
  }
  int run(const std::vector<std::string>& arguments) {
    return apps::run_app(root_, arguments, code_);
  }

 private:
  CLI::App& leaf(CLI::App& parent, const Leaf& leaf) {
    CLI::App* out = parent.add_subcommand(leaf.name, leaf.what);
    out->add_option("--config", options_.config, "The portal's settings")->capture_default_str();
    out->footer("Example: wusong-portal " + leaf.example);
    out->callback([this, body = leaf.body] { code_ = body(options_); });
    return *out;
  }
  void json(CLI::App& leaf) { leaf.add_flag("--json", options_.json, "As JSON"); }

  void add_serving() {
    root_.add_subcommand("example", "Print a settings file with every key")
        ->footer("Example: wusong-portal example > portal.toml")
        ->callback([] { apps::say(portal_config_example()); });
    leaf(root_, {"init", "Contracts, rules and organisations onto the chain; again goes on",
                 init_command, "init --config portal.toml --organisations city.json"})
        .add_option("--organisations", options_.init.organisations,
                    "A JSON file: {\"organisations\": [{id, parent, kind, name}]}");
    leaf(root_, {"run", "Serve until a signal comes", run_command,
                 "run --config /etc/wusong/portal.toml"});
    CLI::App& rebuild =
        leaf(root_, {"rebuild", "Make the tables anew from chain and files, while no portal runs",
                     rebuild_command, "rebuild --config portal.toml --json"});
    rebuild.add_flag("--continue", options_.keep, "Go on with one that was interrupted");
    json(rebuild);
    json(leaf(root_, {"status", "Chain, contracts, tables and waiting acts", status_command,
                      "status --config portal.toml --json"}));
    CLI::App& sample = leaf(root_, {"sample", "Load the sample city; again goes on", sample_command,
                                    "sample --config portal.toml --from build/sample/city.json"});
    sample.add_option("--from", options_.sample.file, "city.json")->capture_default_str();
    sample.add_option("--entries", options_.sample.entries_most, "Bulk entries at most")
        ->capture_default_str();
  }
  void add_people() {
    CLI::App& user =
        leaf(root_, {"user", "Make an official's account, or change what it may do", user_command,
                     "user wang --organisation 20 --roles owner_org --password-file password.txt"});
    user.add_option("name", options_.name, "To sign in with")->required();
    user.add_option("--organisation", options_.organisation, "Its number")->required();
    user.add_option("--roles", options_.roles, "Names of the pack, by commas")->required();
    user.add_option("--password-file", options_.password_file, "Else one is made and printed");
    json(user);
  }
  void add_clients() {
    CLI::App& client =
        apps::add_group(root_, "client", "Applications that sign people in with this portal");
    CLI::App& add =
        leaf(client, {"add", "Register one; its secret is shown once", client_add_command,
                      "client add \"Parking\" --redirect-uri https://p.example/cb"});
    add.add_option("name", options_.name, "Shown to people")->required();
    add.add_option("--redirect-uri", options_.redirect_uris,
                   "Where people go back to; may be repeated")
        ->required();
    add.add_flag("--public", options_.public_client, "It can keep no secret: PKCE alone");
    json(add);
    json(leaf(client, {"list", "All of them", client_list_command, "client list --json"}));
    leaf(client, {"remove", "With everything that was given to it", client_remove_command,
                  "client remove 0f1e2d3c4b5a69788796a5b4"})
        .add_option("id", options_.name, "Its client_id")
        ->required();
  }

  void add_harvest() {
    CLI::App& harvest =
        leaf(root_, {"harvest", "Copy catalogues from others, or ours into theirs", harvest_command,
                     "harvest from https://ckan.example.org --dry-run"});
    harvest.add_option("direction", options_.direction, "from or into")
        ->required()
        ->check(CLI::IsMember({"from", "into"}));
    harvest.add_option("url", options_.url,
                       "One of the settings' [[harvest]]; all where none is named");
    harvest.add_flag("--dry-run", options_.harvest.dry_run, "Say what would be done");
    harvest.add_flag("--full", options_.harvest.full,
                     "Look at every record, not only at what changed");
    harvest.add_flag("--confirm-deletes", options_.harvest.confirm_deletes,
                     "More than half of the records may vanish at once");
    json(harvest);
  }

  CLI::App root_;
  Options options_;
  int code_{0};
};

}  // namespace

int run_portal_cli(const std::vector<std::string>& arguments) {
  return PortalCli{}.run(arguments);
}

}  // namespace wusong::portal_app
