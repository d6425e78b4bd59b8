// SPDX-License-Identifier: Apache-2.0
// A node that fetches a state before it takes part: the machine between two lives of node::Node
// (ADR 0015).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "wusong/consensus/machine.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/state/state_db.hpp"
#include "wusong/storage/ledger.hpp"
#include "wusong/sync/checkpoint.hpp"
#include "wusong/sync/snapshot.hpp"

namespace wusong::node {

/// A frame for one peer, or for all.
struct Frame {
  std::optional<consensus::PeerId> to;
  net::Channel channel{net::Channel::consensus};
  std::shared_ptr<const Bytes> payload;
};

struct JoinOptions {
  enum class Mode : std::uint8_t {
    automatic,  // a snapshot where the chain is `gap` blocks ahead, or no peer has the next block
    full,       // every block, from the first on
    snapshot,   // wherever blocks would be fetched in ranges
  };
  Mode mode{Mode::automatic};
  std::uint64_t gap{10'000};
  sync::CheckpointConfig finder;
};

struct JoinActions {
  std::vector<Frame> frames;
  std::vector<consensus::Rejection> rejections;
  std::optional<Error> halt;
  bool done{false};  // state and ledger are at the checkpoint
};

/// What a node that asks for parts of a state gets, encoded. Any thread.
[[nodiscard]] Result<Bytes> serve_state(const state::StateDb& state,
                                        const net::SnapshotRequest& request,
                                        std::size_t part_bytes_max = net::kSnapshotPartBytesMax);

/// The same for a proof.
[[nodiscard]] Result<Bytes> serve_proof(const state::StateDb& state,
                                        const net::ProofRequest& request);

/// Completes what a crash cut off between ledger and state at the end of a join.
[[nodiscard]] Result<void> finish_join(state::StateDb& state, const storage::Ledger& ledger);

/// @thread one owner, which is the only writer of the state and of the ledger meanwhile
class Joining {
 public:
  struct Options {
    Hash genesis_hash;
    types::Epoch first_epoch;
    light::VotersOf voters_of;
    JoinOptions join;
  };
  /// The state and the ledger outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Joining>> create(const Options& options,
                                                               state::StateDb& state,
                                                               storage::Ledger& ledger,
                                                               sync::Checkpoint checkpoint,
                                                               Instant now);

  void begin(Instant now) noexcept { now_ = std::max(now, now_); }
  JoinActions take();
  Instant wake_at() const noexcept;

  void tick();
  void on_connected(consensus::PeerId peer, Height finalised);
  void on_disconnected(consensus::PeerId peer);
  void on_frame(consensus::PeerId peer, net::Channel channel, BytesView payload);

  Height target() const noexcept { return checkpoint_.height; }
  const sync::SnapshotProgress& progress() const noexcept { return fetcher_->progress(); }

 private:
  Joining(const Options& options, storage::Ledger& ledger, sync::Checkpoint checkpoint,
          Instant now);

  void feed(sync::SnapshotFetcher::Event event);
  void feed_finder(sync::CheckpointFinder::Event event);
  void look_for_newer();
  void answer_nothing(consensus::PeerId peer, const net::SyncMessage& request);
  void send(consensus::PeerId peer, const net::SyncMessage& message);
  Result<void> install();

  Options options_;
  storage::Ledger& ledger_;
  sync::Checkpoint checkpoint_;
  std::unique_ptr<state::StateImport> import_;
  std::optional<sync::SnapshotFetcher> fetcher_;
  std::optional<sync::CheckpointFinder> finder_;
  std::map<consensus::PeerId, sync::PeerStatus> statuses_;
  Instant now_;
  std::optional<Instant> fetcher_wake_;
  std::optional<Instant> finder_wake_;
  JoinActions out_;
};

}  // namespace wusong::node
