// SPDX-License-Identifier: Apache-2.0
// Answers what an emulator is asked. No I/O: the loop carries tunnels and messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wusong/codec/json.hpp"
#include "wusong/emulator/descriptor.hpp"
#include "wusong/emulator/switchboard.hpp"

namespace wusong::emulator::internal {

struct Place {
  std::string name;
  std::string region;
  int pid{0};  // 0: not there
};

struct Reply {
  std::string text;
  std::optional<std::size_t> attach;  // the node whose tunnel came with the request
  bool end{false};
};

class Desk {
 public:
  Desk(std::vector<Place> places, Switchboard& board) noexcept
      : places_{std::move(places)}, board_{board} {}

  /// @shape requests: {"op": "join", "node": name}; {"op": "attach", "node": name} with a tunnel;
  ///        {"op": "status"}; {"op": "paths", "node": name}; {"op": "partition", "nodes": [names]};
  ///        {"op": "set", "from": x, "to": x, "both": bool, "delay_ms": n, "jitter_ms": n,
  ///        "loss_permille": n, "mbit_s": n, "cut": bool} where x is a node, a region or "*";
  ///        {"op": "heal"}; {"op": "end"}. Answers: an object; {"error": row} where it is refused.
  Reply answer(std::string_view request);

  std::vector<Place>& places() noexcept { return places_; }

 private:
  Result<Reply> decide(const codec::JsonValue& request);
  Result<std::size_t> node_in(const codec::JsonValue& request) const;
  /// Indexes of the nodes that a name, a region or "*" means.
  Result<std::vector<std::size_t>> meant_by(const codec::JsonValue& request,
                                            std::string_view key) const;
  Result<void> partition(const codec::JsonValue& request);
  Result<void> change(const codec::JsonValue& request);
  std::string joined(std::size_t node) const;
  std::string status() const;
  std::string paths_of(std::size_t from) const;

  std::vector<Place> places_;
  Switchboard& board_;
};

}  // namespace wusong::emulator::internal
