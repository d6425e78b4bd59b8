// SPDX-License-Identifier: Apache-2.0
// The messages of one session: who has said what in which round. Takes them in any order, keeps at
// most one a party and round, and refuses everything else by name.
#pragma once

#include <map>
#include <vector>

#include "wusong/crypto/sealed.hpp"
#include "wusong/threshold/party.hpp"

namespace wusong::threshold {

/// The first byte of each message. Permanent.
enum class Protocol : std::uint8_t {
  key_generation = 1,
  refresh = 2,
  repair = 3,
  frost = 4,
  sm2_pair_keys = 5,
  sm2_pair_signing = 6,
  sm2_keys = 7,
  sm2_signing = 8,
  ecdsa_signing = 9,
};

/// protocol (1) || round (1) || session (32) || body
inline constexpr std::size_t kEnvelopeSize = 2 + Hash::kSize;
Bytes envelope(Protocol protocol, std::uint8_t round, const Hash& session, BytesView body);

class Rounds {
 public:
  struct Config {
    Protocol protocol{};
    Hash session;
    std::vector<Party> senders;           // those who are heard, without this one
    std::vector<std::size_t> body_sizes;  // of each round; nothing is heard in one of size zero
  };
  explicit Rounds(Config config) noexcept : config_{std::move(config)} {}

  /// Refused without consequence: err::unknown_party, err::wrong_protocol, err::wrong_session,
  /// err::unknown_round, err::duplicate. Ends the session: err::bad_length, err::equivocation.
  [[nodiscard]] Outcome<void> accept(Party from, BytesView message);
  bool has_all(std::uint8_t round) const noexcept;
  /// Of a round that has all.
  BytesView body(std::uint8_t round, Party from) const noexcept;
  const std::vector<Party>& senders() const noexcept { return config_.senders; }
  Bytes message(std::uint8_t round, BytesView body) const {
    return envelope(config_.protocol, round, config_.session, body);
  }
  const Hash& session() const noexcept { return config_.session; }
  /// Whether a fault of this kind leaves the session as it was.
  static bool is_harmless(const Fault& fault) noexcept;

 private:
  Config config_;
  std::map<std::pair<std::uint8_t, Party>, SecretBytes> bodies_;
};

}  // namespace wusong::threshold
