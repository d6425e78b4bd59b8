// SPDX-License-Identifier: Apache-2.0
// Packets on their way: taken from one node, given to another when the wide network says so. No
// I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/time.hpp"
#include "wusong/wan/network.hpp"

namespace wusong::emulator {

struct SwitchLimits {
  std::size_t bytes{std::size_t{128} << 20};  // on their way at once; beyond: dropped
};

class Switchboard {
 public:
  explicit Switchboard(wan::Network network, SwitchLimits limits = {})
      : network_{std::move(network)}, limits_{limits} {}

  /// A packet that `from` has sent. One that bears another's address, or is for nobody, is dropped.
  void accept(std::size_t from, BytesView packet, Instant now);
  struct Arrival {
    std::size_t to{0};
    Bytes packet;
  };
  /// The next one that has arrived, in order of arrival.
  std::optional<Arrival> next(Instant now);
  /// When next() has something; nothing where none is on its way.
  std::optional<Instant> wake_at() const noexcept;

  wan::Network& network() noexcept { return network_; }
  const wan::Network& network() const noexcept { return network_; }
  std::size_t queued_bytes() const noexcept { return bytes_; }
  std::uint64_t overflowed() const noexcept { return overflowed_; }
  std::uint64_t refused() const noexcept { return refused_; }

 private:
  struct Entry {
    Instant when;
    std::uint64_t sequence;
    Arrival arrival;
  };
  static bool later(const Entry& a, const Entry& b) noexcept {
    return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
  }

  wan::Network network_;
  SwitchLimits limits_;
  std::vector<Entry> heap_;
  std::uint64_t sequence_{0};
  std::size_t bytes_{0};
  std::uint64_t overflowed_{0};
  std::uint64_t refused_{0};
};

}  // namespace wusong::emulator
