// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/portal_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "wusong/apps/keys.hpp"
#include "wusong/apps/portal_config.hpp"
#include "wusong/apps/portal_init.hpp"
#include "wusong/apps/portal_sample.hpp"
#include "wusong/apps/portal_server.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/gateway/oidc.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/portal/act.hpp"

namespace wusong::apps {
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
};

Outcome<std::unique_ptr<PortalWorld>> open_world(const Options& options) {
  const auto config = load_portal_config(options.config);
  if (!config) return std::unexpected{config.error()};
  return PortalWorld::open(*config, true);
}

int init_command(const Options& options) {
  auto world = open_world(options);
  if (!world) return complain(world.error());
  if (const auto done = init_portal(**world, options.init); !done) return complain(done.error());
  say("The portal is ready; start it with `wusong-portal run`.\n");
  return 0;
}

int run_command(const Options& options) {
  auto world = open_world(options);
  if (!world) return complain(world.error());
  return run_portal(**world);
}

int rebuild_command(const Options& options) {
  const auto config = load_portal_config(options.config);
  if (!config) return complain(config.error());
  {
    auto world = PortalWorld::open(*config, true);
    if (!world) return complain(world.error());
    if ((*world)->settings.contracts.workflows.is_zero()) {
      return complain({err::not_found, "nothing is on the chain yet; run `wusong-portal init`"});
    }
  }
  if (const auto dropped = drop_projection(*config); !dropped) return complain(dropped.error());
  auto world = PortalWorld::open(*config, true);
  if (!world) return complain(world.error());
  const auto begin = platform::monotonic_now();
  if (const auto known = (*world)->node->connect(); !known) return complain(known.error());
  const auto done = catch_up(**world);
  if (!done) return complain(done.error());
  const std::chrono::duration<double> took = platform::monotonic_now() - begin;
  auto connection = (*world)->databases.projection->connect();
  if (!connection) return complain({connection.error(), "the projection cannot be opened"});
  BlobDocuments documents{*(*world)->blobs};
  portal::Projection projection{**connection, (*world)->rules.book, documents};
  const auto cursor = projection.cursor();
  const auto digest = projection.projection_digest();
  if (!cursor || !digest) return complain({err::not_found, "the projection cannot be read"});
  say(fmt::format("{} events of {} blocks in {:.2f} s: {:.0f} events/s\nprojection {}\n",
                  cursor->events, cursor->next_block, took.count(),
                  static_cast<double>(cursor->events) / std::max(took.count(), 1e-9),
                  codec::to_hex_data(*digest)));
  return 0;
}

int status_command(const Options& options) {
  const auto config = load_portal_config(options.config);
  if (!config) return complain(config.error());
  auto world = PortalWorld::open(*config, false);
  if (!world) return complain(world.error());
  Sheet sheet;
  const auto& chain = (*world)->chain;
  sheet.row("chain", std::to_string(chain.chain_id)).row("genesis", chain.genesis);
  sheet.row("Directory", codec::to_hex_data(chain.contracts.directory));
  sheet.row("RuleBook", codec::to_hex_data(chain.contracts.rule_book));
  sheet.row("Workflows", codec::to_hex_data(chain.contracts.workflows));
  const auto head = (*world)->node->connect() ? read_head(*(*world)->node)
                                              : failure(err::rpc_failed, "no answer");
  sheet.row("node", head ? fmt::format("block {}", head->number) : "does not answer");
  auto lease = (*world)->lease();
  if (lease) {
    portal::ProjectionReader reader{(*lease)->connections().projection};
    const auto cursor = reader.cursor();
    sheet.row("projection",
              cursor ? fmt::format("next block {}, {} events", cursor->next_block, cursor->events)
                     : "empty");
    const auto waiting = (*lease)->connections().own.query(
        "SELECT status, count(*) FROM outbox GROUP BY status ORDER BY status");
    if (waiting) {
      for (const auto& row : waiting->rows) {
        sheet.row("outbox", fmt::format("{} {}", std::get<std::string>(row[0]),
                                        std::get<std::int64_t>(row[1])));
      }
    }
  }
  say(sheet.text());
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
    if (role == nullptr) return failure(err::bad_argument, fmt::format("no role \"{}\"", name));
    out |= std::uint32_t{1} << role->number;
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return out;
}

/// Makes an official's account and puts it into the directory.
int user_command(const Options& options) {
  auto opened = open_world(options);
  if (!opened) return complain(opened.error());
  PortalWorld& world = **opened;
  ServiceAccount wanted{options.name, {options.name, options.name}, {}};
  if (!options.password_file.empty()) {
    auto password = read_password(options.password_file);
    if (!password) return complain(password.error());
    wanted.password = *password;
  }
  std::string passwords;
  const auto account = service_account(world, wanted, passwords);
  if (!account) return complain(account.error());
  const auto roles = roles_of(world, options.roles);
  if (!roles) return complain(roles.error());
  if (const auto known = world.node->connect(); !known) return complain(known.error());
  auto lease = world.lease();
  if (!lease) return complain({lease.error(), "the private database cannot be opened"});
  gateway::Accounts accounts{(*lease)->connections().own, *world.keys, world.entropy, {}};
  const auto admin = accounts.by_name("portal-admin");
  if (!admin || !*admin) return complain({err::not_found, "run `wusong-portal init` first"});
  const auto secret = accounts.key_of(**admin);
  if (!secret) return complain({secret.error(), "the admin's key cannot be opened"});
  ChainWriter writer{world, (*admin)->address, secret->view()};
  const auto done = writer.call(
      world.chain.contracts.directory,
      portal::encode_set_actor_call(
          account->address, {.organisation = static_cast<std::uint32_t>(options.organisation),
                             .roles = *roles,
                             .active = true}));
  if (!done) return complain(done.error());
  say(fmt::format("{} acts as {}\n{}", account->name, codec::to_hex_data(account->address),
                  passwords.empty() ? "" : "password: " + passwords));
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
  if (!world) return complain(world.error());
  auto lease = (*world)->lease();
  if (!lease) return complain({lease.error(), "the private database cannot be opened"});
  const auto client = gateway::register_oidc_client(
      (*lease)->connections().own, (*world)->entropy,
      {.id = {}, .secret = {}, .name = options.name, .redirect_uris = options.redirect_uris},
      !options.public_client);
  if (!client) {
    return complain({client.error(),
                     "an application needs a name and return addresses with https, http of this "
                     "machine, or its own scheme with a dot"});
  }
  say("client_id: " + client->id + "\n");
  if (!options.public_client) say("client_secret: " + client->secret + "\n");
  return 0;
}

int client_list_command(const Options& options) {
  auto world = open_records(options);
  if (!world) return complain(world.error());
  auto lease = (*world)->lease();
  if (!lease) return complain({lease.error(), "the private database cannot be opened"});
  const auto clients = gateway::list_oidc_clients((*lease)->connections().own);
  if (!clients) return complain({clients.error(), "the private database cannot be read"});
  Sheet sheet;
  for (const auto& client : *clients) {
    for (const auto& uri : client.redirect_uris) sheet.row(client.id, client.name + "  " + uri);
  }
  say(sheet.text());
  return 0;
}

int client_remove_command(const Options& options) {
  auto world = open_records(options);
  if (!world) return complain(world.error());
  auto lease = (*world)->lease();
  if (!lease) return complain({lease.error(), "the private database cannot be opened"});
  const auto removed = gateway::remove_oidc_client((*lease)->connections().own, options.name);
  if (!removed) return complain({removed.error(), "the private database cannot be written"});
  if (!*removed) return complain({err::not_found, "there is no such client"});
  return 0;
}

int sample_command(const Options& options) {
  auto world = open_world(options);
  if (!world) return complain(world.error());
  if (const auto done = load_sample(**world, options.sample); !done) {
    return complain(done.error());
  }
  return 0;
}

CLI::App& command(CLI::App& root, Options& options, int& code, const std::string& name,
                  const std::string& what, int (*body)(const Options&)) {
  CLI::App* out = root.add_subcommand(name, what);
  out->add_option("--config", options.config, "The portal's settings")->capture_default_str();
  out->footer("Example: wusong-portal " + name + " --config portal.toml");
  out->callback([&options, &code, body] { code = body(options); });
  return *out;
}

}  // namespace

int run_portal_cli(const std::vector<std::string>& arguments) {
  Options options;
  int code = 0;
  CLI::App root{"The public data platform over a Wusong chain", "wusong-portal"};
  root.require_subcommand(1);
  root.footer(
      "Examples:\n  wusong-portal example > portal.toml\n  wusong-portal init --config "
      "portal.toml\n  wusong-portal run --config portal.toml");
  command(root, options, code, "init", "Contracts, rules and organisations onto the chain",
          init_command)
      .add_option("--organisations", options.init.organisations, "A JSON file of organisations");
  command(root, options, code, "run", "Serve", run_command);
  command(root, options, code, "rebuild", "Build the projection anew from the chain",
          rebuild_command);
  command(root, options, code, "status", "What is where", status_command);
  CLI::App& user = command(root, options, code, "user", "Make an official's account", user_command);
  user.add_option("name", options.name, "To sign in with")->required();
  user.add_option("--organisation", options.organisation, "Its number")->required();
  user.add_option("--roles", options.roles, "Names of the pack, by commas")->required();
  user.add_option("--password-file", options.password_file, "Else one is made and printed");
  CLI::App& sample = command(root, options, code, "sample", "Load the sample city", sample_command);
  sample.add_option("--from", options.sample.file, "city.json")->capture_default_str();
  sample.add_option("--entries", options.sample.entries_most, "Bulk entries at most")
      ->capture_default_str();
  CLI::App& client =
      *root.add_subcommand("client", "Applications that sign people in with this portal");
  client.require_subcommand(1);
  CLI::App& add = command(client, options, code, "add", "Register one; its secret is shown once",
                          client_add_command);
  add.add_option("name", options.name, "Shown to people")->required();
  add.add_option("--redirect-uri", options.redirect_uris,
                 "Where people go back to; may be repeated")
      ->required();
  add.add_flag("--public", options.public_client, "It can keep no secret: PKCE alone");
  add.footer("Example: wusong-portal client add \"Parking\" --redirect-uri https://p.example/cb");
  command(client, options, code, "list", "All of them", client_list_command)
      .footer("Example: wusong-portal client list");
  CLI::App& remove = command(client, options, code, "remove",
                             "With everything that was given to it", client_remove_command);
  remove.add_option("id", options.name, "Its client_id")->required();
  remove.footer("Example: wusong-portal client remove 0f1e2d3c4b5a69788796a5b4");
  root.add_subcommand("example", "Print a settings file with every key")->callback([] {
    say(portal_config_example());
  });
  try {
    std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
    root.parse(reversed);
  } catch (const CLI::ParseError& error) {
    const int shown = root.exit(error);
    return shown == 0 ? 0 : kUsage;
  }
  return code;
}

}  // namespace wusong::apps
