// SPDX-License-Identifier: Apache-2.0
// Who takes part, how many are needed, and whose fault it was.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/threshold/errors.hpp"

namespace wusong::threshold {

/// A participant. @shape 1 to 255: also the place where its share is the polynomial's value
struct Party {
  std::uint8_t number{0};
  friend constexpr auto operator<=>(Party, Party) noexcept = default;
};

/// `needed` of `total` parties act; one fewer learns nothing.
struct Threshold {
  std::uint8_t needed{0};
  std::uint8_t total{0};
  friend constexpr bool operator==(Threshold, Threshold) noexcept = default;
};
/// How many it takes where a product of two shared numbers is opened: one more than twice those who
/// may be corrupt.
constexpr unsigned quorum_of(Threshold threshold) noexcept {
  return 2u * threshold.needed - 1;
}
/// 1 <= needed <= total. @errors err::bad_threshold
[[nodiscard]] inline Result<void> check(Threshold threshold) noexcept {
  if (threshold.needed == 0 || threshold.needed > threshold.total) return fail(err::bad_threshold);
  return {};
}
/// A quorum is there, and one party alone is not enough. @errors err::bad_threshold
[[nodiscard]] inline Result<void> check_quorum(Threshold threshold) noexcept {
  if (threshold.needed < 2 || quorum_of(threshold) > threshold.total)
    return fail(err::bad_threshold);
  return {};
}
/// Ascending, from 1, without repetition. @errors err::bad_parties
[[nodiscard]] inline Result<void> check(std::span<const Party> parties) noexcept {
  Party before{};
  for (const Party party : parties) {
    if (party <= before) return fail(err::bad_parties);
    before = party;
  }
  return {};
}
/// Whether they can sign for a key of which `self` holds a share.
/// @errors err::bad_parties, err::too_few_shares, err::unknown_party
[[nodiscard]] inline Result<void> check_signers(Threshold threshold, std::span<const Party> signers,
                                                Party self) noexcept {
  WUSONG_CHECK(check(signers));
  if (signers.size() < quorum_of(threshold)) return fail(err::too_few_shares);
  if (signers.back().number > threshold.total) return fail(err::unknown_party);
  if (!std::ranges::binary_search(signers, self)) return fail(err::bad_parties);
  return {};
}
/// 1, 2, …, total.
inline std::vector<Party> all_parties(std::uint8_t total) {
  std::vector<Party> out;
  for (unsigned i = 1; i <= total; ++i) out.push_back(Party{static_cast<std::uint8_t>(i)});
  return out;
}

/// An error and those who caused it; nobody where it was the caller.
struct Fault {
  Error error;
  std::vector<Party> parties;
  bool operator==(const Fault&) const = default;
};
template <typename T>
using Outcome = std::expected<T, Fault>;

inline std::unexpected<Fault> blame(Error error, Party party) {
  return std::unexpected{Fault{error, {party}}};
}
inline std::unexpected<Fault> blame_nobody(Error error) {
  return std::unexpected{Fault{error, {}}};
}

/// What a machine asks to be sent, over channels that authenticate both ends and, for a letter with
/// an addressee, keep it secret.
struct Letter {
  std::optional<Party> to;  // nobody in particular: everybody
  Bytes message;
};
using Letters = std::vector<Letter>;

}  // namespace wusong::threshold
