// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/delays.hpp"

#include <algorithm>

#include "wusong/consensus/types.hpp"
#include "wusong/wan/network.hpp"

namespace wusong::sim {
namespace {

using Times = std::vector<Duration>;

class Model {
 public:
  Model(const Wide& wide, std::size_t validators, std::uint64_t seed)
      : regions_{wide.regions},
        places_{wide.regions.place(validators, wide.placement)},
        quorum_{consensus::quorum_size(validators)},
        random_{seed} {}

  /// When each has what `from` says at `at`.
  Times broadcast(std::size_t from, Duration at) {
    Times out;
    for (std::size_t to = 0; to < places_.size(); ++to) out.push_back(at + delay(from, to));
    return out;
  }
  /// When `to` has a quorum of what everybody says at its own time.
  Duration collect(const Times& said, std::size_t to) {
    Times arrivals;
    for (std::size_t from = 0; from < said.size(); ++from)
      arrivals.push_back(said[from] + delay(from, to));
    const auto last = arrivals.begin() + static_cast<std::ptrdiff_t>(quorum_ - 1);
    std::ranges::nth_element(arrivals, last);
    return *last;
  }
  Times collect_everywhere(const Times& said) {
    Times out;
    for (std::size_t to = 0; to < said.size(); ++to) out.push_back(collect(said, to));
    return out;
  }

 private:
  Duration delay(std::size_t from, std::size_t to) {
    if (from == to) return Duration{0};
    return wan::draw_delay(regions_.path(places_[from], places_[to]), random_);
  }

  const wan::Regions& regions_;
  std::vector<std::size_t> places_;
  std::size_t quorum_;
  wan::SplitMix random_;
};

}  // namespace

DelayModels delay_models(const Wide& wide, std::size_t validators, std::uint64_t rounds,
                         std::uint64_t seed) {
  Model model{wide, validators, seed};
  DelayModels out;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (std::size_t leader = 0; leader < validators; ++leader) {
      const Times proposed = model.broadcast(leader, Duration{0});
      const Times notarized = model.collect_everywhere(proposed);
      for (const Duration at : model.collect_everywhere(notarized)) out.three.add(at);

      const std::size_t second = (leader + 1) % validators;
      const std::size_t third = (leader + 2) % validators;
      const Times prepared = model.broadcast(second, model.collect(proposed, second));
      for (const Duration at : model.broadcast(third, model.collect(prepared, third)))
        out.five.add(at);
    }
  }
  return out;
}

}  // namespace wusong::sim
