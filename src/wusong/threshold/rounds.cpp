// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/rounds.hpp"

#include <sodium.h>

#include <algorithm>

namespace wusong::threshold {

Bytes envelope(Protocol protocol, std::uint8_t round, const Hash& session, BytesView body) {
  Bytes out;
  out.reserve(kEnvelopeSize + body.size());
  out.push_back(std::to_underlying(protocol));
  out.push_back(round);
  append(out, session);
  append(out, body);
  return out;
}

Outcome<void> Rounds::accept(Party from, BytesView message) {
  if (!std::ranges::binary_search(config_.senders, from)) return blame(err::unknown_party, from);
  if (message.size() < kEnvelopeSize) return blame(err::bad_length, from);
  if (message[0] != std::to_underlying(config_.protocol)) return blame(err::wrong_protocol, from);
  if (Hash::from(message.subspan(2, Hash::kSize)) != config_.session)
    return blame(err::wrong_session, from);
  const std::uint8_t round = message[1];
  if (round >= config_.body_sizes.size() || config_.body_sizes[round] == 0)
    return blame(err::unknown_round, from);
  const BytesView body = message.subspan(kEnvelopeSize);
  if (body.size() != config_.body_sizes[round]) return blame(err::bad_length, from);
  if (const auto found = bodies_.find({round, from}); found != bodies_.end()) {
    const bool same = sodium_memcmp(found->second.view().data(), body.data(), body.size()) == 0;
    return blame(same ? Error{err::duplicate} : Error{err::equivocation}, from);
  }
  bodies_.emplace(std::pair{round, from}, SecretBytes{to_bytes(body)});
  return {};
}

bool Rounds::has_all(std::uint8_t round) const noexcept {
  return std::ranges::all_of(config_.senders,
                             [&](Party party) { return bodies_.contains({round, party}); });
}

BytesView Rounds::body(std::uint8_t round, Party from) const noexcept {
  const auto found = bodies_.find({round, from});
  WUSONG_ASSERT(found != bodies_.end());
  return found->second.view();
}

bool Rounds::is_harmless(const Fault& fault) noexcept {
  return fault.error != err::equivocation && fault.error != err::bad_length;
}

}  // namespace wusong::threshold
