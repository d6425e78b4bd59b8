// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "wusong/apps/account_command.hpp"
#include "wusong/apps/cli.hpp"
#include "wusong/apps/keys.hpp"

namespace wusong::apps {
namespace {

void add_common(CLI::App& app, AccountOptions& options) {
  app.add_option("--keystore", options.keystore,
                 "Folder of key files; default $WUSONG_KEYSTORE, else ~/.wusong/keystore");
  app.add_flag("--json", options.json, "As JSON");
}

void add_secret(CLI::App& app, AccountOptions& options) {
  app.add_option("--password-file", options.password_file,
                 "First line is the password; asks on the terminal without it. "
                 "import: of the file that is read, too");
  app.add_option("--scheme", options.scheme,
                 fmt::format("One of {}; secp256k1 is Ethereum's", scheme_names()))
      ->capture_default_str();
}

void add_show(CLI::App& account, int& code) {
  const auto options = std::make_shared<AccountShowOptions>();
  CLI::App* app = account.add_subcommand("show", "The key an account signs with, nonce, balance");
  app->add_option("address", options->address, "Of the account")->required();
  app->add_option("--keystore", options->keystore,
                  "Folder of key files; default $WUSONG_KEYSTORE, else ~/.wusong/keystore");
  app->add_option("--rpc", options->url, "A node's URL")->capture_default_str();
  app->add_option("--block", options->block, "A number, latest, finalized or earliest")
      ->capture_default_str();
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer("Example: wusong account show 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
  app->callback([options, &code] { code = account_show(*options); });
}

void add_migrate(CLI::App& account, int& code) {
  const auto options = std::make_shared<AccountMigrateOptions>();
  SendOptions& send = options->send;
  CLI::App* app = account.add_subcommand(
      "migrate", "Replace an account's key by one of another scheme; the address stays");
  app->add_option("address", send.signer.from, "Of the account; its key file is here")->required();
  app->add_option("--scheme", options->scheme,
                  fmt::format("Of the new key: one of {}", scheme_names()))
      ->required();
  app->add_option("--keystore", send.signer.keystore,
                  "Folder of key files; default $WUSONG_KEYSTORE, else ~/.wusong/keystore");
  app->add_option("--password-file", send.signer.password_file,
                  "First line is the password, of the new key file too; asks on the terminal "
                  "without it");
  app->add_option("--rpc", send.url, "A node's URL")->capture_default_str();
  app->add_option("--gas-price", send.gas_price, "Most to pay per gas, as in 2gwei");
  app->add_option("--wait", send.wait_seconds, "Seconds to wait for the receipt")
      ->capture_default_str();
  app->add_flag("--json", send.json, "As one JSON object");
  app->footer(
      "Example: wusong account migrate 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 "
      "--scheme ed25519+ml-dsa-44");
  app->callback([options, &code] { code = account_migrate(*options); });
}

}  // namespace

void add_account_commands(CLI::App& root, int& code) {
  CLI::App& account = add_group(root, "account", "Encrypted keys of accounts");

  const auto created = std::make_shared<AccountOptions>();
  CLI::App* make = account.add_subcommand("new", "Make a key and keep it encrypted");
  add_common(*make, *created);
  add_secret(*make, *created);
  make->footer("Example: wusong account new --scheme sm2");
  make->callback([created, &code] { code = account_new(*created); });

  const auto listed = std::make_shared<AccountOptions>();
  CLI::App* list = account.add_subcommand("list", "The accounts whose keys are here");
  add_common(*list, *listed);
  list->footer("Example: wusong account list --json");
  list->callback([listed, &code] { code = account_list(*listed); });

  const auto imported = std::make_shared<AccountOptions>();
  CLI::App* import = account.add_subcommand("import", "Keep a key that exists already");
  import
      ->add_option("file", imported->key_file,
                   "Secret key as hexadecimal digits, or a version 3 key file of another "
                   "program; - reads standard input")
      ->required();
  import->add_option("--account", imported->account,
                     "The account that the key acts for, where it is not the first key of it "
                     "(`wusong account show ADDRESS` tells)");
  add_common(*import, *imported);
  add_secret(*import, *imported);
  import->footer("Example: wusong account import key.txt --password-file password.txt");
  import->callback([imported, &code] { code = account_import(*imported); });
  add_show(account, code);
  add_migrate(account, code);
}

}  // namespace wusong::apps
