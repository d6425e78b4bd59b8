// SPDX-License-Identifier: Apache-2.0
// How a leader's block travels: whole today; coded fragments (ePrint 2023/1916) fit the same place.
#pragma once

#include <optional>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/consensus/machine.hpp"
#include "wusong/consensus/messages.hpp"

namespace wusong::consensus {

/// Owns everything between "the leader has a block" and "this replica holds the leader's block".
class Dissemination {
 public:
  struct Received {
    std::optional<Proposal> proposal;  // complete; its signature is not yet checked
    std::vector<Send> sends;           // what this replica passes on
  };
  virtual ~Dissemination() = default;
  /// What the leader sends.
  virtual std::vector<Send> spread(const Proposal& proposal) = 0;
  /// One part has arrived.
  [[nodiscard]] virtual Result<Received> receive(PeerId from, Proposal part) = 0;
};

/// One message with everything to everyone: the least latency for small blocks and few validators.
class WholeDissemination final : public Dissemination {
 public:
  std::vector<Send> spread(const Proposal& proposal) override {
    return {Send{.to = std::nullopt, .bytes = encode(proposal)}};
  }
  Result<Received> receive(PeerId /*from*/, Proposal part) override {
    return Received{.proposal = std::move(part), .sends = {}};
  }
};

}  // namespace wusong::consensus
