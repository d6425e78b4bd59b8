// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/turns.hpp"

#include <algorithm>
#include <tuple>

namespace wusong::consensus {
namespace {

constexpr std::uint32_t kFailuresMax = 5;  // 32 turns
constexpr std::uint64_t kRoundsMax = 8;    // of a longer outage the last ones are enough
constexpr std::uint64_t kLagMax = 15;

}  // namespace

Turns::Turns(std::size_t validators)
    : passed_max_{faulty_max(validators)},
      lag_{std::min<std::uint64_t>(validators - 1, kLagMax)},
      records_{{View{}, std::vector<Leader>(validators)}} {}

void Turns::on_final(View parent_view, View view) {
  Record next = records_.back();
  const std::size_t validators = next.leaders.size();
  const std::uint64_t window = kRoundsMax * validators;
  const std::uint64_t first =
      std::max(parent_view.value + 1, view.value > window ? view.value - window : 0);
  for (View given_up{first}; given_up < view; given_up = given_up.next()) {
    if (passed_over(given_up)) continue;  // nobody waited for it
    Leader& leader = next.leaders[given_up.value % validators];
    leader.failures = std::min(leader.failures + 1, kFailuresMax);
    leader.until = given_up.plus(validators * (std::uint64_t{1} << leader.failures) + 1);
  }
  Leader& leader = next.leaders[view.value % validators];
  if (leader.failures > 0) --leader.failures;
  leader.until = View{};
  next.view = view;
  records_.push_back(std::move(next));
  while (records_.size() > 1 && records_[1].view.plus(lag_) <= view.next()) records_.pop_front();
}

bool Turns::passed_over(View view) const noexcept {
  auto record = records_.rbegin();
  while (std::next(record) != records_.rend() && record->view.plus(lag_) > view) ++record;
  return record->passed_over(view, passed_max_);
}

bool Turns::Record::passed_over(View at, std::size_t most) const noexcept {
  const std::size_t self = at.value % leaders.size();
  if (at >= leaders[self].until) return false;
  const auto rank = [this](std::size_t i) {
    return std::tuple{leaders[i].failures, leaders[i].until, leaders.size() - i};
  };
  std::size_t worse = 0;
  for (std::size_t i = 0; i < leaders.size(); ++i)
    if (at < leaders[i].until && rank(i) > rank(self)) ++worse;
  return worse < most;
}

}  // namespace wusong::consensus
