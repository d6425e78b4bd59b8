// SPDX-License-Identifier: Apache-2.0
// Finds a height near the end of the chain whose state is agreed: its root is in a later header,
// and that one is final by a certificate. A machine without I/O.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "wusong/sync/fetcher.hpp"
#include "wusong/types/block.hpp"

namespace wusong::sync {

/// What a node needs to know before it can go on from a state that others executed.
struct Checkpoint {
  struct Block {
    types::Header header;
    Hash hash;
  };
  /// Consecutive, up to `height`: at least as many as contracts may ask the hashes of, or all.
  std::vector<Block> blocks;
  Height height;
  /// Of the heights in (executed of the last block, height].
  std::map<Height, types::ExecutionRoots> roots;
  /// What made some of the blocks final.
  std::map<Height, Bytes> certificates;
  /// The ends, up to `height`, of the epochs that the finder did not know yet.
  std::vector<net::EpochEnd> epochs;
  const Hash& state_root() const { return roots.at(height).state_root; }
};

/// Hashes that contracts may ask for.
inline constexpr std::uint64_t kCheckpointHashes = 256;

struct CheckpointConfig {
  /// Given up when no peer has shown one in this time.
  Duration patience{std::chrono::seconds{30}};
  PeerPolicy peers{.requests_per_peer_max = 1};
};

struct EpochsReceived {
  consensus::PeerId peer;
  net::EpochsResponse response;
};

/// Asks one peer after the other, the one that claims most first: how epochs ended since those it
/// knows, then for the headers near the end.
class CheckpointFinder {
 public:
  using Event = std::variant<PeerStatus, PeerGone, RangeReceived, EpochsReceived, Tick>;
  struct Request {
    consensus::PeerId to;
    net::SyncMessage message;
  };
  struct Actions {
    std::vector<Request> requests;
    std::vector<Misbehaviour> misbehaviour;
    std::optional<Checkpoint> found;  // then it has ended
    bool gave_up{false};              // likewise
    std::optional<Instant> wake_at;
  };

  /// `epochs`: all from the first to the newest that is known here. A checkpoint below `least`
  /// does not count.
  CheckpointFinder(const CheckpointConfig& config, light::Follower epochs, Height least,
                   Instant now);

  [[nodiscard]] Actions step(Event event, Instant now);
  /// Whether the answer is to one of its requests.
  bool asked(consensus::PeerId peer, std::uint64_t id) const noexcept {
    return outstanding_ && outstanding_->peer == peer && outstanding_->id == id;
  }

 private:
  struct Outstanding {
    consensus::PeerId peer;
    std::uint64_t id;
    Instant deadline;
  };

  void on(const PeerStatus& event);
  void on(const PeerGone& event);
  void on(const RangeReceived& event);
  void on(const EpochsReceived& event);
  void on(const Tick& event);
  bool answered(consensus::PeerId peer, std::uint64_t id);
  void took(consensus::PeerId peer, const Result<void>& taken);
  Result<void> take(const net::EpochsResponse& response);
  Result<void> take(const net::RangeResponse& range);
  std::optional<Checkpoint> complete() const;
  void choose();
  void ask();
  Height next_wanted() const;
  void start_over();

  const CheckpointConfig config_;
  light::Follower epochs_;
  std::vector<std::pair<Height, net::EpochEnd>> ends_;  // that epochs_ has learnt here
  const Height least_;
  const Instant gives_up_at_;
  Instant now_;
  Actions out_;
  Peers peers_;
  std::uint64_t next_id_{std::uint64_t{1} << 62};  // a fetcher beside it counts from 1
  std::optional<Outstanding> outstanding_;
  std::vector<Checkpoint::Block> chain_;  // from one peer, proven so far
  std::map<Height, Bytes> certificates_;  // of chain_
  std::optional<consensus::PeerId> source_;
  Height claim_;          // its, when it was chosen: it knows of all epochs that ended below
  bool followed_{false};  // it has shown all ends of epochs that it has
};

}  // namespace wusong::sync
