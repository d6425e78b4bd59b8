// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/contract_command.hpp"

namespace wusong::apps {

void add_send_options(CLI::App& app, SendOptions& options) {
  CLI::Option* from = app.add_option("--from", options.signer.from, "Address whose key signs");
  app.add_option("--dev-account", options.signer.dev_account,
                 "0 to 9: a well-known development key signs")
      ->excludes(from);
  app.add_option("--keystore", options.signer.keystore,
                 "Folder of key files; default $WUSONG_KEYSTORE, else ~/.wusong/keystore");
  app.add_option("--password-file", options.signer.password_file,
                 "First line is the password; asks on the terminal without it");
  app.add_option("--rpc", options.url, "A node's URL")->capture_default_str();
  app.add_option("--gas", options.gas, "Gas limit; estimated without it");
  app.add_option("--gas-price", options.gas_price, "Most to pay per gas, as in 2gwei");
  app.add_option("--value", options.value, "Sent along: wei, or as in 1.5ether")
      ->capture_default_str();
  app.add_option("--nonce", options.nonce, "The next one without it")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--chain-id", options.chain_id, "The node's own without it");
  app.add_option("--wait", options.wait_seconds, "Seconds to wait for the receipt; 0: do not")
      ->capture_default_str();
  app.add_flag("--json", options.json, "As one JSON object");
}

namespace {

void add_content(CLI::App& app, CallContent& content, const std::string& signature_help) {
  app.add_option("--to", content.to, "The contract's address")->required();
  CLI::Option* signature = app.add_option("--sig", content.signature, signature_help);
  app.add_option("--data", content.data, "The call's bytes as they are, in hexadecimal")
      ->excludes(signature);
  app.add_option("arguments", content.arguments,
                 "The function's arguments; an array is [1,2]; a leading - needs -- before it");
}

void add_deploy(CLI::App& contract, int& code) {
  const auto options = std::make_shared<DeployOptions>();
  CLI::App* app = contract.add_subcommand("deploy", "Create a contract");
  app->add_option("--code", options->code_file,
                  "Hexadecimal text, raw bytes, or JSON of solc, Hardhat or Foundry")
      ->required();
  app->add_option("--contract", options->contract, "Which one, where the file holds several");
  app->add_option("--types", options->types,
                  "Of the constructor, as in \"(address,uint256)\"; from the ABI without it");
  app->add_option("arguments", options->arguments, "The constructor's arguments");
  add_send_options(*app, options->send);
  app->footer("Example: wusong contract deploy --code Token.json Gold GLD 1000 --dev-account 0");
  app->callback([options, &code] { code = contract_deploy(*options); });
}

void add_call(CLI::App& contract, int& code) {
  const auto options = std::make_shared<CallOptions>();
  CLI::App* app = contract.add_subcommand("call", "Ask a contract; changes nothing");
  add_content(*app, options->content,
              "As in \"balanceOf(address)(uint256)\"; the second part decodes the answer");
  app->add_option("--from", options->from, "msg.sender; needs no key");
  app->add_option("--block", options->block, "A number, latest, finalized or earliest")
      ->capture_default_str();
  app->add_option("--rpc", options->url, "A node's URL")->capture_default_str();
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer(
      "Example: wusong contract call --to 0x5FbDB2315678afecb367f032d93F642f64180aa3 "
      "--sig \"totalSupply()(uint256)\"");
  app->callback([options, &code] { code = contract_call(*options); });
}

void add_send(CLI::App& contract, int& code) {
  const auto options = std::make_shared<ContractSendOptions>();
  CLI::App* app = contract.add_subcommand("send", "Send a transaction and wait for its receipt");
  add_content(*app, options->content,
              "As in \"transfer(address,uint256)\"; without it and --data, ether alone");
  add_send_options(*app, options->send);
  app->footer(
      "Example: wusong contract send --to 0x5FbDB2315678afecb367f032d93F642f64180aa3 "
      "--sig \"mint(uint256)\" 5 --dev-account 0");
  app->callback([options, &code] { code = contract_send(*options); });
}

}  // namespace

void add_contract_commands(CLI::App& root, int& code) {
  CLI::App& contract = add_group(root, "contract", "Deploy, ask and tell contracts");
  add_deploy(contract, code);
  add_call(contract, code);
  add_send(contract, code);
}

}  // namespace wusong::apps
