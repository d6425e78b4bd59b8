// SPDX-License-Identifier: Apache-2.0
// Catching up: fetches ranges of final blocks from several peers at once and hands them over in
// order. A machine without I/O: event and time in, actions out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/base/time.hpp"
#include "wusong/consensus/ports.hpp"
#include "wusong/consensus/types.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/sync/parts.hpp"
#include "wusong/sync/peers.hpp"
#include "wusong/sync/range.hpp"

namespace wusong::sync {

struct Config {
  /// Smaller gaps are left to consensus, unless nothing has become final here for `stall`.
  std::uint64_t gap_min{64};
  Duration stall{std::chrono::seconds{2}};
  std::uint64_t window_blocks{2'048};  // how far ahead of the final head blocks are fetched
  std::size_t requests_max{6};
  std::size_t buffered_bytes_max{std::size_t{48} << 20};  // fetched and not handed over
  bool headers_only{false};                               // a light node has no use for bodies
  PeerPolicy peers;
};

// ---- events

struct RangeReceived {
  consensus::PeerId peer;
  net::RangeResponse range;
};
struct RangePartReceived {
  consensus::PeerId peer;
  net::RangePart part;
};
/// This node's newest final block, however it came.
struct FinalAdvanced {
  Height height;
  Hash hash;
};
/// What the last Delivery held was not what its headers say.
struct DeliveryRefused {};
/// Consensus has seen proof of finality further ahead than it can follow.
struct FarBehind {
  consensus::PeerId peer;
  Height finalised;
};
struct Tick {};
using Event = std::variant<PeerStatus, PeerGone, RangeReceived, RangePartReceived, FinalAdvanced,
                           DeliveryRefused, FarBehind, Tick>;

// ---- actions

struct Request {
  consensus::PeerId to;
  net::RangeRequest range;
};
/// More of an answer that comes in parts.
struct PartRequest {
  consensus::PeerId to;
  net::RangePartRequest part;
};
/// Blocks that follow the final head, proven final. Answer with FinalAdvanced up to the last of
/// them or with DeliveryRefused; the next delivery waits for it.
struct Delivery {
  consensus::PeerId from;
  Height first;
  std::vector<Bytes> blocks;
  Bytes certificate;  // of the last one
};
struct Misbehaviour {
  consensus::PeerId peer;
  Error reason;
};
struct Actions {
  std::vector<Request> requests;
  std::vector<PartRequest> part_requests;
  std::optional<Delivery> delivery;
  std::vector<Misbehaviour> misbehaviour;
  std::optional<Instant> wake_at;  // call step(Tick{}) no later than this; the last one counts
};

class Fetcher {
 public:
  /// `voters` are those of the epoch that the next height belongs to.
  Fetcher(const Config& config, const EpochVoters& voters, Height final_height,
          const Hash& final_hash, Instant now);

  /// The newest final block ended its epoch: what follows it is proven by these.
  void enter(const EpochVoters& voters) noexcept { voters_ = voters; }
  [[nodiscard]] Actions step(Event event, Instant now);

  bool active() const noexcept { return active_; }
  /// The highest height that a peer claims, or our own.
  Height target() const noexcept;
  std::size_t buffered_bytes() const noexcept { return buffered_bytes_; }
  /// Peers are further, but none of them has the next block any more.
  bool out_of_reach() const noexcept;

 private:
  enum class State : std::uint8_t { wanted, asked, ready };
  struct Segment {
    std::uint64_t count{0};
    State state{State::wanted};
    consensus::PeerId peer{0};  // asked, ready
    std::uint64_t id{0};        // asked
    Instant deadline{};         // asked
    PartsJoiner parts;          // asked
    bool is_large{false};       // comes in parts: only when nothing else of that size is held
    net::RangeResponse range;   // ready
    VerifiedRange verified;     // ready
    std::size_t bytes{0};       // ready
  };
  using Segments = std::map<std::uint64_t, Segment>;  // by first height
  struct Outstanding {
    consensus::PeerId peer;
    std::uint64_t first;
    std::uint64_t last;
  };

  void on(const PeerStatus& event);
  void on(const PeerGone& event);
  void on(RangeReceived& event);
  void on(RangePartReceived& event);
  void on(const FinalAdvanced& event);
  void on(const DeliveryRefused& event);
  void on(const FarBehind& event);
  void on(const Tick& event);

  void update_activity();
  void expire();
  void drop_final();
  void deliver();
  bool hand_over(Segments::iterator segment);
  void ask();
  bool ask_for(std::uint64_t first, Segment& segment);
  Segments::iterator asked_of(consensus::PeerId peer, std::uint64_t id);
  bool may_hold_large(std::uint64_t first) const noexcept;
  void release(Segment& segment);
  void want_again(Segment& segment);
  void cover(std::uint64_t first, std::uint64_t count);
  void erase(Segments::iterator segment);
  void blame(consensus::PeerId id, Error reason);
  void set_wake();

  const Config config_;
  EpochVoters voters_;
  Instant now_;
  Actions out_;
  Height final_;
  Hash final_hash_;
  Instant advanced_at_;
  bool active_{false};
  std::uint64_t goal_{0};      // fetched up to here while active
  std::uint64_t frontier_{0};  // first height without a segment
  std::uint64_t span_;         // blocks asked for at once: halves when peers are slow
  std::uint64_t next_id_{1};
  std::size_t asked_{0};
  std::size_t buffered_bytes_{0};
  Peers peers_;
  Segments segments_;
  std::optional<Outstanding> outstanding_;
};

}  // namespace wusong::sync
