// SPDX-License-Identifier: Apache-2.0
// How SM2 and ECDSA sign many: nonces, their points, parts, and a check from the beginning.
//
// Fault check: after signing, nonces and digests are derived once more from the requests, the
// secrets come in their other form, and points must be on the curve as they stand. What differs
// anywhere between the first use of a number and its last then shows.
#pragma once

#include <vector>

#include "wusong/crypto/internal/curve_numbers.hpp"

namespace wusong::crypto::internal {

using SignatureBytes = std::array<std::uint8_t, 64>;

/// A rule has:
///   Request
///   static const CurveKernels& kernels();
///   static constexpr Number kOrder;
///   void draw(std::span<const Request* const>, std::uint8_t round, std::span<Number>) const;
///     the nonces of each in this round, some perhaps out of range
///   SigningEquation equation(const Request&, const Number& nonce, const Number& x) const;
/// @errors err::miscalculation
template <typename Rule>
Result<void> sign_once(const Rule& rule, std::span<const typename Rule::Request* const> requests,
                       std::uint8_t round, std::span<const Number> nonces,
                       std::span<SignatureParts> out) noexcept {
  const std::size_t count = requests.size();
  std::vector<PlainPoint> points(count);
  if (!Rule::kernels().multiply_base(nonces, points)) return fail(err::miscalculation);
  Wiped<SigningEquation> equations{count};
  for (std::size_t i = 0; i < count; ++i)
    equations[i] = rule.equation(*requests[i], nonces[i], points[i].x);
  Rule::kernels().sign(equations, out);

  Wiped<Number> again{count};
  rule.draw(requests, round, again);
  for (std::size_t i = 0; i < count; ++i)
    equations[i] = rule.equation(*requests[i], again[i], points[i].x);
  const bool is_signed = Rule::kernels().are_signed(equations, out);
  const bool is_right = is_signed & Rule::kernels().are_on_curve(points);
  if (!is_right) return fail(err::miscalculation);
  return {};
}

/// Round by round, until each request has had a nonce that serves. Nothing is left in `out` where
/// it fails. @errors err::miscalculation
template <typename Rule>
Result<void> sign_all(const Rule& rule, std::span<const typename Rule::Request> requests,
                      std::span<SignatureBytes> out) noexcept {
  WUSONG_ASSERT(requests.size() == out.size());
  using Requests = std::vector<const typename Rule::Request*>;
  Requests pending;
  for (const auto& each : requests) pending.push_back(&each);
  for (std::uint8_t round = 0; !pending.empty(); ++round) {
    Wiped<Number> nonces{pending.size()};
    rule.draw(pending, round, nonces);
    Requests tried;
    Requests left;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      if (!in_range(nonces[i], Rule::kOrder)) {
        left.push_back(pending[i]);
        continue;
      }
      nonces[tried.size()] = nonces[i];
      tried.push_back(pending[i]);
    }
    std::vector<SignatureParts> parts(tried.size());
    const std::span<const Number> served = std::span<Number>{nonces}.first(tried.size());
    if (const auto done = sign_once(rule, tried, round, served, parts); !done) {
      for (auto& each : out) each.fill(0);
      return done;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].is_usable) {
        out[static_cast<std::size_t>(tried[i] - requests.data())] =
            store_point({parts[i].r, parts[i].s});
      } else {
        left.push_back(tried[i]);
      }
    }
    pending = std::move(left);
  }
  return {};
}

}  // namespace wusong::crypto::internal
