// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/contract_command.hpp"
#include "wusong/apps/keys.hpp"
#include "wusong/apps/light_command.hpp"
#include "wusong/apps/query_command.hpp"
#include "wusong/apps/validator_command.hpp"
#include "wusong/apps/verify_command.hpp"

namespace wusong::apps {
namespace {

struct Query {
  std::string url{kDefaultUrl};
  std::string what;
  bool json{false};
};

std::shared_ptr<Query> add_query(CLI::App& app) {
  auto query = std::make_shared<Query>();
  app.add_option("--rpc", query->url, "A node's URL")->capture_default_str();
  app.add_flag("--json", query->json, "The node's answer as it is");
  return query;
}

using Admit = int (*)(const AdmitOptions&);

void add_admit(CLI::App& group, const char* name, const char* about, const char* footer, Admit run,
               int& code) {
  const auto options = std::make_shared<AdmitOptions>();
  CLI::App* app = group.add_subcommand(name, about);
  app->add_option("--request", options->requests, "Files of `wusong validator request`")
      ->required();
  add_send_options(*app, options->send);
  app->footer(footer);
  app->callback([options, run, &code] { code = run(*options); });
}

void add_preparations(CLI::App& group, int& code) {
  const auto request = std::make_shared<RequestOptions>();
  CLI::App* app = group.add_subcommand(
      "request", "What a node's operator hands to governors: public keys and proofs of them");
  app->add_option("--config", request->config, "The node's TOML file")->required();
  app->add_option("--governor", request->governor, "The account that will govern for it");
  app->add_flag("--next", request->next, "For the keys that `next-key` made");
  app->footer(
      "Example: wusong validator request --config data/node4/node.toml "
      "--governor 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 >node4.json");
  app->callback([request, &code] { code = validator_request(*request); });

  const auto next = std::make_shared<NextKeyOptions>();
  app = group.add_subcommand("next-key", "Make the vote key that is to follow the present one");
  app->add_option("--config", next->config, "The node's TOML file")->required();
  app->add_option("--scheme", next->scheme,
                  fmt::format("One of {}; the present key's without it", scheme_names()));
  app->add_flag("--json", next->json, "As one JSON object");
  app->footer(
      "Example: wusong validator next-key --config data/node1/node.toml --scheme "
      "ed25519+ml-dsa-44\n"
      "The node finds it by itself once the registry names it: no restart.");
  app->callback([next, &code] { code = validator_next_key(*next); });
}

void add_remove_and_parameters(CLI::App& group, int& code) {
  const auto remove = std::make_shared<RemoveOptions>();
  CLI::App* app = group.add_subcommand("remove", "Propose that validators or observers leave");
  app->add_option("members", remove->members, "Their names or node keys")->required();
  add_send_options(*app, remove->send);
  app->footer(
      "Example: wusong validator remove node4 node5 --from "
      "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
  app->callback([remove, &code] { code = validator_remove(*remove); });

  const auto set = std::make_shared<ParameterOptions>();
  app = group.add_subcommand("parameters", "Propose other parameters; those not named stay");
  app->add_option("--block-gas-limit", set->gas_limit, "Of a block");
  app->add_option("--base-fee", set->base_fee, "Of every block, in wei");
  app->add_option("--heartbeat-ms", set->heartbeat_ms, "An idle chain adds a block this often");
  app->add_option("--block-interval-ms", set->block_interval_ms, "Shortest time between blocks");
  app->add_option("--block-bytes", set->block_bytes_max, "Most of a block");
  app->add_option("--epoch-blocks", set->epoch_blocks, "A set stays for at least so many blocks");
  add_send_options(*app, set->send);
  app->footer(
      "Example: wusong validator parameters --block-interval-ms 100 "
      "--from 0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
  app->callback([set, &code] { code = validator_parameters(*set); });
}

void add_decide(CLI::App& group, const char* name, const char* about, const char* footer,
                int (*run)(const DecideOptions&), int& code) {
  const auto options = std::make_shared<DecideOptions>();
  CLI::App* app = group.add_subcommand(name, about);
  app->add_option("proposal", options->proposal, "Its number")->required();
  add_send_options(*app, options->send);
  app->footer(footer);
  app->callback([options, run, &code] { code = run(*options); });
}

void add_registry_commands(CLI::App& validator, int& code) {
  const auto url = std::make_shared<std::string>(kDefaultUrl);
  const auto json = std::make_shared<bool>(false);
  CLI::App* app =
      validator.add_subcommand("registry", "Members, governors, parameters, open proposals");
  app->add_option("--rpc", *url, "A node's URL")->capture_default_str();
  app->add_flag("--json", *json, "As one JSON object");
  app->footer("Example: wusong validator registry --rpc http://127.0.0.1:8545");
  app->callback([url, json, &code] { code = validator_registry(*url, *json); });

  add_preparations(validator, code);
  add_admit(validator, "add", "Propose validators",
            "Example: wusong validator add --request node4.json node5.json "
            "--from 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n"
            "Let a node observe first, so that it has the chain when its vote is needed.",
            validator_add, code);
  add_admit(validator, "observe", "Propose that nodes follow without a vote",
            "Example: wusong validator observe --request node4.json "
            "--from 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            validator_observe, code);
  add_admit(validator, "replace-key", "Propose a validator's next vote key",
            "Example: wusong validator replace-key --request next.json "
            "--from 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            validator_replace_key, code);
  add_remove_and_parameters(validator, code);
  add_decide(
      validator, "approve", "Approve a proposal; enough approvals carry it out",
      "Example: wusong validator approve 1 --from 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
      validator_approve, code);
  add_decide(
      validator, "withdraw", "Take one's own proposal back",
      "Example: wusong validator withdraw 1 --from 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
      validator_withdraw, code);
}

void add_light_options(CLI::App& app, LightOptions& options) {
  app.add_option("--genesis", options.genesis, "The chain's genesis.json: all that is trusted")
      ->required();
  app.add_option("--state", options.state,
                 "Keeps the newest epoch that was proved; the next run begins there");
  app.add_option("--rpc", options.url, "Any node's URL")->capture_default_str();
  app.add_flag("--json", options.json, "As one JSON object");
}

}  // namespace

void add_query_commands(CLI::App& root, int& code) {
  CLI::App* block =
      add_group(root, "block", "Blocks").add_subcommand("show", "One block, the latest by default");
  const auto block_query = add_query(*block);
  block_query->what = "latest";
  block->add_option("block", block_query->what, "latest, earliest, finalized, a number or a hash")
      ->capture_default_str();
  block->footer("Example: wusong block show 42");
  block->callback([q = block_query, &code] { code = block_show(q->url, q->what, q->json); });

  CLI::App* tx = add_group(root, "tx", "Transactions")
                     .add_subcommand("show", "One transaction, also while it waits");
  const auto tx_query = add_query(*tx);
  tx->add_option("hash", tx_query->what, "Its hash")->required();
  tx->footer(
      "Example: wusong tx show 0x77caf55affcf417154b71f7d7b076a6ac37d15f210dfcf1518c4bf54b578c0c9");
  tx->callback([q = tx_query, &code] { code = transaction_show(q->url, q->what, q->json); });

  CLI::App* receipt = add_group(root, "receipt", "What transactions did")
                          .add_subcommand("show", "Status, gas and logs of one transaction");
  const auto receipt_query = add_query(*receipt);
  receipt->add_option("hash", receipt_query->what, "The transaction's hash")->required();
  receipt->footer(
      "Example: wusong receipt show "
      "0x77caf55affcf417154b71f7d7b076a6ac37d15f210dfcf1518c4bf54b578c0c9");
  receipt->callback([q = receipt_query, &code] { code = receipt_show(q->url, q->what, q->json); });

  CLI::App& validators = add_group(root, "validator", "Who votes, and how that changes");
  CLI::App* validator = validators.add_subcommand("list", "All validators");
  const auto validator_query = add_query(*validator);
  validator->footer("Example: wusong validator list --rpc http://127.0.0.1:8545");
  validator->callback([q = validator_query, &code] { code = validator_list(q->url, q->json); });
  add_registry_commands(validators, code);
  CLI::App* trust = validators.add_subcommand("trust", "The file that \"wusong verify\" trusts");
  auto trusted = std::make_shared<TrustOptions>();
  trust->add_option("--genesis", trusted->genesis, "The chain's genesis.json")->required();
  trust->add_option("--contract", trusted->contract, "Address of Workflows")->required();
  trust->footer(
      "Example: wusong validator trust --genesis data/genesis.json "
      "--contract 0x5FbDB2315678afecb367f032d93F642f64180aa3 >validators.json");
  trust->callback([t = trusted, &code] { code = write_trust(*t); });
}

void add_verify_command(CLI::App& root, int& code) {
  CLI::App* verify = root.add_subcommand("verify", "Check an export of the data platform, offline");
  auto options = std::make_shared<VerifyOptions>();
  verify->add_option("file", options->file, "The file as downloaded; without it, the item alone");
  verify->add_option("--proof", options->proof, "Its proof bundle")->required();
  verify->add_option("--trust", options->trust, "Genesis hash, contract and validators' keys")
      ->required();
  verify->add_flag("--json", options->json, "One object");
  verify->footer(
      "Example: wusong verify buses.csv --proof buses.proof.json --trust validators.json\n"
      "validators.json comes from \"wusong validator trust\", made from a genesis.json whose\n"
      "digest you compared with several members. What is proved: docs/data-platform.md, 6.");
  verify->callback([o = options, &code] { code = verify_export(*o); });
}

void add_light_commands(CLI::App& root, int& code) {
  CLI::App& light =
      add_group(root, "light", "Ask any node, and believe only what validators signed");
  const auto options = std::make_shared<LightOptions>();
  CLI::App* app = light.add_subcommand("follow", "From the genesis' validators to today's");
  add_light_options(*app, *options);
  app->footer("Example: wusong light follow --genesis data/genesis.json --state light.json");
  app->callback([options, &code] { code = light_follow(*options); });

  const auto what = std::make_shared<std::string>();
  app = light.add_subcommand("header", "That a block is final");
  app->add_option("block", *what, "Its number")->required();
  add_light_options(*app, *options);
  app->footer("Example: wusong light header 1 --genesis data/genesis.json");
  app->callback([options, what, &code] { code = light_header(*options, *what); });

  const auto slots = std::make_shared<std::vector<std::string>>();
  app = light.add_subcommand("account", "Balance, nonce and storage of an account");
  app->add_option("address", *what, "Whose")->required();
  app->add_option("--slot", *slots, "Storage words, as 0x0");
  add_light_options(*app, *options);
  app->footer(
      "Example: wusong light account 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 "
      "--genesis data/genesis.json");
  app->callback([options, what, slots, &code] { code = light_account(*options, *what, *slots); });

  app = light.add_subcommand("receipt", "What became of a transaction");
  app->add_option("hash", *what, "The transaction's")->required();
  add_light_options(*app, *options);
  app->footer(
      "Example: wusong light receipt "
      "0x77ca4e4d8c4a1d7bb0ef4c0e9f6f1ed4e2d4ac61e92eab2d3f2ca3c1e0b9c0c9 "
      "--genesis data/genesis.json");
  app->callback([options, what, &code] { code = light_receipt(*options, *what); });
}

}  // namespace wusong::apps
