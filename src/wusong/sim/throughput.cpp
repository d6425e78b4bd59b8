// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/throughput.hpp"

#include "wusong/consensus/types.hpp"

namespace wusong::sim {
namespace {

using namespace std::chrono_literals;

Scenario saturated(const ThroughputOptions& options) {
  Scenario out;
  out.name = "throughput";
  out.validators = options.validators;
  out.wide = options.wide;
  out.chaos = options.wide ? 60s : 20s;
  out.block_interval_ms = 50;
  out.gas_limit = 250'000;  // some ten transactions
  out.clients = 120;
  out.client_pause = 10ms;
  out.clients_know =
      true;  // a client of a faulty node has to look for another, which is not measured
  return out;
}

}  // namespace

std::vector<Throughput> measure_throughput(const ThroughputOptions& options,
                                           const std::function<void(const Throughput&)>& on_row) {
  std::vector<Throughput> out;
  for (std::uint64_t kind = 0; kind <= kBehaviours; ++kind) {
    const auto behaviour = static_cast<Behaviour>(kind);
    Scenario scenario = saturated(options);
    const std::size_t faulty = consensus::faulty_max(options.validators);
    for (std::size_t i = 0; behaviour != Behaviour::honest && i < faulty; ++i)
      scenario.faulty.emplace_back(i, behaviour);
    const Outcome outcome = run_scenario(scenario, options.seed);
    Throughput row{.behaviour = behaviour,
                   .transactions_s = static_cast<double>(outcome.transactions_late) /
                                     std::chrono::duration<double>(scenario.chaos / 2).count(),
                   .of_healthy = 1,
                   .views_wasted = outcome.views_wasted_late,
                   .clean = outcome.violations.empty()};
    if (!out.empty()) row.of_healthy = row.transactions_s / out.front().transactions_s;
    if (on_row) on_row(row);
    out.push_back(row);
  }
  return out;
}

}  // namespace wusong::sim
