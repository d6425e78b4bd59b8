// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/command_line.hpp"
#include "wusong/apps/sim_command.hpp"

namespace wusong::apps {
namespace {

void add_run(CLI::App& sim, int& code) {
  const auto options = std::make_shared<SimRunOptions>();
  CLI::App* app = sim.add_subcommand("run", "One network under faults, the same for the same seed");
  app->add_option("--scenario", options->scenario, "Kinds of fault; see wusong sim list")
      ->capture_default_str();
  app->add_option("--seed", options->seed, "Where all chance comes from")->capture_default_str();
  app->add_option("--validators", options->validators, "1 to 100")->capture_default_str();
  app->add_option("--until", options->until,
                  "Virtual time of faults, as 90, 30m or 24h; as the scenario has it without it");
  app->add_option(
      "--wan", options->wan,
      "Validators stand in the regions of this file, for example tools/wan/regions.json");
  app->add_option("--placement", options->placement,
                  "With --wan, who stands where: 0 as the file has it, else shuffled by this seed")
      ->capture_default_str();
  app->add_flag("--minimise", options->minimise,
                "Make a run that fails as small as it still fails");
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer(
      "Example: wusong sim run --scenario byzantine --seed 7 --validators 7\n"
      "         wusong sim run --scenario calm --validators 10 --wan tools/wan/regions.json");
  app->callback([options, &code] { code = sim_run(*options); });
}

void add_throughput(CLI::App& sim, int& code) {
  const auto options = std::make_shared<SimThroughputOptions>();
  CLI::App* app = sim.add_subcommand("throughput",
                                     "What f validators of each behaviour leave of the throughput");
  app->add_option("--validators", options->validators, "4 to 100")->capture_default_str();
  app->add_option("--seed", options->seed, "Where all chance comes from")->capture_default_str();
  app->add_option("--wan", options->wan, "Validators stand in the regions of this file");
  app->add_option("--placement", options->placement, "With --wan, who stands where")
      ->capture_default_str();
  app->add_flag("--json", options->json, "As one JSON array");
  app->footer("Example: wusong sim throughput --validators 7 --wan tools/wan/regions.json");
  app->callback([options, &code] { code = sim_throughput(*options); });
}

void add_farm(CLI::App& sim, int& code) {
  const auto options = std::make_shared<SimFarmOptions>();
  CLI::App* app =
      sim.add_subcommand("farm", "Seed after seed until one fails, which is made small");
  app->add_option("--minutes", options->minutes, "How long")->capture_default_str();
  app->add_option("--scenario", options->scenario, "Kinds of fault; see wusong sim list")
      ->capture_default_str();
  app->add_option("--from", options->from, "First seed; one that the clock gives without it");
  app->add_flag("--json", options->json, "As one JSON object, at the end");
  app->footer("Example: wusong sim farm --minutes 10");
  app->callback([options, &code] { code = sim_farm(*options); });
}

}  // namespace

void add_sim_commands(CLI::App& root, int& code) {
  CLI::App& sim = add_group(root, "sim", "Whole networks under faults, in virtual time");
  add_run(sim, code);
  add_farm(sim, code);
  add_throughput(sim, code);
  const auto json = std::make_shared<bool>(false);
  CLI::App* list = sim.add_subcommand("list", "What each scenario is about");
  list->add_flag("--json", *json, "As JSON");
  list->footer("Example: wusong sim list");
  list->callback([json, &code] { code = sim_list(*json); });
  CLI::App* defects =
      sim.add_subcommand("defects", "Plant deliberate defects and say which checker finds each");
  defects->add_flag("--json", *json, "As JSON");
  defects->footer("Example: build/quick/bin/wusong sim defects");
  defects->callback([json, &code] { code = sim_defects(*json); });
}

}  // namespace wusong::apps
