// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/contract_command.hpp"
#include "wusong/apps/query_command.hpp"
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

  CLI::App& validators = add_group(root, "validator", "Who votes");
  CLI::App* validator = validators.add_subcommand("list", "All validators");
  const auto validator_query = add_query(*validator);
  validator->footer("Example: wusong validator list --rpc http://127.0.0.1:8545");
  validator->callback([q = validator_query, &code] { code = validator_list(q->url, q->json); });
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

}  // namespace wusong::apps
