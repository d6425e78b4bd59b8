// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/sim_command.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>

#include "wusong/apps/network_command.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/node/genesis.hpp"
#include "wusong/sim/delays.hpp"
#include "wusong/sim/farm.hpp"
#include "wusong/sim/scenario.hpp"
#include "wusong/sim/throughput.hpp"

namespace wusong::apps {
namespace {

constexpr std::uint64_t kValidatorsMax = 100;
constexpr double kMinutesMax = 24 * 60;

Failure wrong(std::string detail) {
  return {err::bad_argument, std::move(detail)};
}

int complain_of_scenario(const std::string& name) {
  std::string names;
  for (const auto& each : sim::scenario_names()) names += fmt::format(" {}", each.name);
  return complain(wrong(fmt::format("no scenario \"{}\"; choose from{}", name, names)));
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// A number of seconds, or one of s, m or h behind it.
std::optional<Duration> parse_until(const std::string& text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit{end, text.data() + text.size()};
  const double seconds_each = unit.empty() || unit == "s" ? 1
                              : unit == "m"               ? 60
                              : unit == "h"               ? 3'600
                                                          : 0;
  value *= seconds_each;
  constexpr double kMax = 7 * 24 * 3'600;
  if (fault != std::errc{} || !(value > 0 && value <= kMax)) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

Outcome<sim::Wide> read_wide(const std::filesystem::path& file, std::uint64_t placement) {
  auto regions = read_regions(file);
  if (!regions) return std::unexpected{regions.error()};
  return sim::Wide{.regions = *std::move(regions), .placement = placement};
}

void show_memory(const sim::Outcome& outcome) {
  if (outcome.memory.empty()) return;
  std::vector<std::vector<std::string>> rows{{"kept in memory, at most", "at first", "at last"}};
  for (const auto& [name, sizes] : outcome.memory)
    rows.push_back({name, std::to_string(sizes.first), std::to_string(sizes.second)});
  say(table(rows));
}

/// Each validator as the leader of some hundreds of blocks, fewer where they are many.
sim::DelayModels models_of(const sim::Scenario& scenario, std::uint64_t seed) {
  constexpr std::uint64_t kBlocks = 1'000;
  const std::uint64_t rounds = std::max<std::uint64_t>(kBlocks / scenario.validators, 2);
  return sim::delay_models(*scenario.wide, scenario.validators, rounds, seed);
}

std::string as_json(const sim::Scenario& scenario, std::uint64_t seed,
                    const sim::Outcome& outcome) {
  codec::JsonWriter out;
  out.open_object();
  out.key("scenario").string(scenario.name).key("seed").number(seed);
  out.key("validators").number(std::uint64_t{scenario.validators});
  out.key("event_hash").string(fmt::format("{:016x}", outcome.event_hash));
  out.key("events").number(outcome.events).key("blocks").number(outcome.blocks);
  out.key("transactions").number(outcome.transactions);
  out.key("virtual_seconds").number(seconds(outcome.virtual_time));
  out.key("recovery_seconds").number(seconds(outcome.recovery));
  out.key("finality_ms_mean").number(outcome.finality.mean_ms());
  out.key("finality_ms_p95").number(outcome.finality.quantile_ms(0.95));
  if (scenario.wide) {
    const sim::DelayModels models = models_of(scenario, seed);
    out.key("three_delays_ms_mean").number(models.three.mean_ms());
    out.key("three_delays_ms_p95").number(models.three.quantile_ms(0.95));
    out.key("five_delays_ms_mean").number(models.five.mean_ms());
    out.key("five_delays_ms_p95").number(models.five.quantile_ms(0.95));
  }
  out.key("violations").open_array();
  for (const auto& violation : outcome.violations) {
    out.open_object().key("checker").string(violation.checker);
    out.key("detail").string(violation.detail).close_object();
  }
  out.close_array().key("marks").open_object();
  for (const auto& [name, count] : outcome.marks) out.key(name).number(count);
  out.close_object();
  if (!outcome.violations.empty()) {
    out.key("timeline").open_array();
    for (const auto& line : outcome.timeline) out.string(line);
    out.close_array();
  }
  return out.close_object().take();
}

std::string headline(const sim::Scenario& scenario, std::uint64_t seed,
                     const sim::Outcome& outcome) {
  return fmt::format(
      "{} seed {} with {}: event hash {:016x}; {}, {} acknowledged, {} in {:.1f} virtual s, going "
      "on {:.1f} s after the last fault\n",
      scenario.name, seed, counted(scenario.validators, "validator"), outcome.event_hash,
      counted(outcome.blocks, "block"), counted(outcome.transactions, "transaction"),
      counted(outcome.events, "event"), seconds(outcome.virtual_time), seconds(outcome.recovery));
}

std::string finality_line(const sim::Scenario& scenario, std::uint64_t seed,
                          const sim::Outcome& outcome) {
  const auto shown = [](const char* what, const sim::Timing& timing) {
    return fmt::format("{} {:.0f} ms, 95 of 100 within {:.0f}", what, timing.mean_ms(),
                       timing.quantile_ms(0.95));
  };
  std::string out = shown("  finality", outcome.finality);
  if (scenario.wide) {
    const sim::DelayModels models = models_of(scenario, seed);
    out += fmt::format("; {}; {}", shown("three message delays alone", models.three),
                       shown("five by way of leaders", models.five));
  }
  return out + "\n";
}

/// A line on stderr every ten seconds of a long run.
sim::OnProgress every_ten_seconds(Duration chaos) {
  using Clock = std::chrono::steady_clock;
  return [chaos, told = Clock::now()](Duration virtual_time) mutable {
    if (Clock::now() - told < std::chrono::seconds{10}) return;
    told = Clock::now();
    fmt::print(stderr, "going on: {:.0f} of {:.0f} virtual s\n", seconds(virtual_time),
               seconds(chaos));
  };
}

/// The scenario made small, with the command that repeats the failure.
void show_failure(const sim::Scenario& scenario, std::uint64_t seed, bool small) {
  sim::Scenario shown = scenario;
  if (small) {
    say("Making it small\n");
    shown = sim::minimise(scenario, seed);
  }
  say(fmt::format("{}\n{}", sim::describe(shown), sim::run_scenario(shown, seed).describe()));
  say(fmt::format("Repeat: wusong sim run --scenario {} --seed {} --validators {}\n", scenario.name,
                  seed, scenario.validators));
}

}  // namespace

int sim_run(const SimRunOptions& options) {
  if (options.validators == 0 || options.validators > kValidatorsMax)
    return complain(wrong(fmt::format("--validators must be from 1 to {}", kValidatorsMax)));
  auto scenario = sim::named_scenario(options.scenario, options.seed, options.validators);
  if (!scenario) return complain_of_scenario(options.scenario);
  if (!options.until.empty()) {
    const auto until = parse_until(options.until);
    if (!until) return complain(wrong("--until is a time up to 7 days, such as 90, 30m or 24h"));
    scenario->chaos = *until;
  }
  if (!options.wan.empty()) {
    auto wide = read_wide(options.wan, options.placement);
    if (!wide) return complain(wide.error());
    scenario->wide = *std::move(wide);
    scenario->block_interval_ms = node::Genesis{}.block_interval_ms;
  }
  const sim::Outcome outcome =
      sim::run_scenario(*scenario, options.seed, every_ten_seconds(scenario->chaos));
  if (options.json) {
    say(as_json(*scenario, options.seed, outcome) + "\n");
  } else {
    say(headline(*scenario, options.seed, outcome));
    if (outcome.finality.count() > 0) say(finality_line(*scenario, options.seed, outcome));
    show_memory(outcome);
    if (outcome.violations.empty()) {
      for (const auto& [name, count] : outcome.marks) say(fmt::format("  {} {}\n", name, count));
    } else {
      show_failure(*scenario, options.seed, options.minimise);
    }
  }
  return outcome.violations.empty() ? 0 : kFailed;
}

int sim_throughput(const SimThroughputOptions& options) {
  constexpr double kEnough = 0.7;
  if (options.validators < 4 || options.validators > kValidatorsMax)
    return complain(wrong(fmt::format("--validators must be from 4 to {}", kValidatorsMax)));
  sim::ThroughputOptions asked{.validators = options.validators, .wide = {}, .seed = options.seed};
  if (!options.wan.empty()) {
    auto wide = read_wide(options.wan, options.placement);
    if (!wide) return complain(wide.error());
    asked.wide = *std::move(wide);
  }
  if (!options.json)
    say(fmt::format("{:<18} {:>10} {:>8} {:>14}\n", "f validators", "tx/s", "of all",
                    "views wasted"));
  bool good = true;
  codec::JsonWriter out;
  out.open_array();
  sim::measure_throughput(asked, [&](const sim::Throughput& row) {
    good = good && row.clean && row.of_healthy >= kEnough;
    out.open_object().key("behaviour").string(sim::name_of(row.behaviour));
    out.key("transactions_s").number(row.transactions_s).key("of_healthy").number(row.of_healthy);
    out.key("views_wasted").number(row.views_wasted).key("clean").boolean(row.clean).close_object();
    if (options.json) return;
    say(fmt::format("{:<18} {:>10.0f} {:>7.0f}% {:>14}{}\n", sim::name_of(row.behaviour),
                    row.transactions_s, row.of_healthy * 100, row.views_wasted,
                    row.clean ? "" : "   a checker failed"));
  });
  if (options.json) say(out.close_array().take() + "\n");
  return good ? 0 : kFailed;
}

int sim_farm(const SimFarmOptions& options) {
  using Clock = std::chrono::steady_clock;
  if (!std::isfinite(options.minutes) || options.minutes <= 0 || options.minutes > kMinutesMax)
    return complain(wrong(fmt::format("--minutes must be above 0 and at most {}", kMinutesMax)));
  if (!sim::named_scenario(options.scenario, 1, 4)) return complain_of_scenario(options.scenario);
  const auto started = Clock::now();
  const auto end = started + std::chrono::duration<double, std::ratio<60>>(options.minutes);
  const std::uint64_t first =
      options.from != 0 ? options.from
                        : static_cast<std::uint64_t>(
                              std::chrono::system_clock::now().time_since_epoch().count()) %
                              1'000'000'000'000;
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
  Duration virtual_time{};
  auto told = started;
  const auto tell = [&](const char* what) {
    if (options.json) return;
    say(fmt::format("{} {} from seed {}, {} events, {:.0f} virtual s in {:.0f} s\n", what,
                    counted(runs, "run"), first, events, seconds(virtual_time),
                    std::chrono::duration<double>(Clock::now() - started).count()));
  };
  while (Clock::now() < end) {
    const std::uint64_t seed = first + runs;
    const std::size_t validators = 4 + 3 * (seed % 3);
    const auto scenario = *sim::named_scenario(options.scenario, seed, validators);
    const sim::Outcome outcome = sim::run_scenario(scenario, seed);
    ++runs;
    events += outcome.events;
    virtual_time += outcome.virtual_time;
    if (!outcome.violations.empty()) {
      if (options.json) {
        say(as_json(scenario, seed, outcome) + "\n");
      } else {
        say(headline(scenario, seed, outcome));
        show_failure(scenario, seed, true);
      }
      return kFailed;
    }
    if (Clock::now() - told < std::chrono::seconds{10}) continue;
    told = Clock::now();
    tell("going on:");
  }
  tell("clean:");
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("scenario").string(options.scenario).key("first_seed").number(first);
    out.key("runs").number(runs).key("events").number(events);
    out.key("virtual_seconds")
        .number(seconds(virtual_time))
        .key("violations")
        .number(std::uint64_t{0});
    say(out.close_object().take() + "\n");
  }
  return 0;
}

int sim_list(bool json) {
  if (!json) {
    std::vector<std::vector<std::string>> rows{{"scenario", "about"}};
    for (const auto& each : sim::scenario_names())
      rows.push_back({std::string{each.name}, std::string{each.about}});
    say(table(rows));
    return 0;
  }
  codec::JsonWriter out;
  out.open_array();
  for (const auto& each : sim::scenario_names()) {
    out.open_object().key("scenario").string(each.name);
    out.key("about").string(each.about).close_object();
  }
  say(out.close_array().take() + "\n");
  return 0;
}

int sim_defects(bool json) {
  if (!sim::defects_are_built_in()) {
    return complain({err::unsupported_here,
                     "this program has no deliberate defects; build one that has: cmake --preset "
                     "quick && ninja -C build/quick wusong && build/quick/bin/wusong sim defects"});
  }
  bool all = true;
  codec::JsonWriter out;
  out.open_array();
  for (const sim::DefectFound& row : sim::hunt_defects([&](const sim::DefectFound& found) {
         if (!json) say(fmt::format("{:<26} {}\n", found.name, found.describe()));
       })) {
    all = all && row.seed;
    out.open_object().key("defect").string(row.name).key("scenario").string(row.scenario);
    out.key("seeds_max").number(row.seeds_max);
    if (row.seed) {
      out.key("seed").number(*row.seed).key("checker").string(row.checker);
      out.key("detail").string(row.detail);
    }
    out.close_object();
  }
  if (json) say(out.close_array().take() + "\n");
  return all ? 0 : kFailed;
}

}  // namespace wusong::apps
