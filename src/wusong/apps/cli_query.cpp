// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/contract_command.hpp"
#include "wusong/apps/query_command.hpp"

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

  CLI::App* validator =
      add_group(root, "validator", "Who votes").add_subcommand("list", "All validators");
  const auto validator_query = add_query(*validator);
  validator->footer("Example: wusong validator list --rpc http://127.0.0.1:8545");
  validator->callback([q = validator_query, &code] { code = validator_list(q->url, q->json); });
}

}  // namespace wusong::apps
