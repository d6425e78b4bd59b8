// SPDX-License-Identifier: Apache-2.0
// A node that keeps headers and certificates alone, and passes on proofs that it has checked. A
// machine without I/O but for its ledger.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "wusong/node/joining.hpp"
#include "wusong/state/proof.hpp"
#include "wusong/storage/ledger.hpp"
#include "wusong/sync/fetcher.hpp"
#include "wusong/sync/range_turns.hpp"

namespace wusong::node {

struct LightActions {
  std::vector<Frame> frames;
  std::vector<consensus::Rejection> rejections;
  std::optional<Error> halt;
  std::optional<Height> final;
  std::shared_ptr<const types::Epoch> epoch;  // the one that begins, when one does: whom to admit
  struct Proved {
    std::uint64_t token{0};
    Result<state::AccountProof> proof;
  };
  std::vector<Proved> proofs;
};

/// @thread one owner; the ledger may be read beside it
class LightNode {
 public:
  struct Options {
    Hash genesis_hash;
    types::Header genesis_header;
    types::Epoch first_epoch;
    light::VotersOf voters_of;
  };
  /// Questions that wait for peers at once.
  static constexpr std::size_t kProofsMax = 256;

  /// The ledger outlives it. @errors storage's and io's rows
  [[nodiscard]] static Result<std::unique_ptr<LightNode>> create(const Options& options,
                                                                 storage::Ledger& ledger,
                                                                 Instant now);

  void begin(Instant now) noexcept { now_ = std::max(now, now_); }
  LightActions take() { return std::exchange(out_, {}); }
  Instant wake_at() const noexcept;

  void tick();
  void on_connected(consensus::PeerId peer, Height finalised);
  void on_disconnected(consensus::PeerId peer);
  void on_frame(consensus::PeerId peer, net::Channel channel, BytesView payload);
  /// Asks one peer after the other; Proved answers under the same token.
  /// @errors in the answer: err::unknown_block (no root of that height yet), err::overloaded,
  ///         err::no_proof_peer (nobody keeps that state, or all who answered lied)
  void prove(std::uint64_t token, Height height, const Address& address, std::vector<Hash> slots);

  bool syncing() const noexcept { return fetcher_.active(); }
  Height sync_target() const noexcept { return fetcher_.target(); }
  /// The epoch of the next height.
  const types::Epoch& epoch() const noexcept { return epochs_.newest(); }

 private:
  struct Question {
    std::uint64_t token{0};
    net::ProofRequest request;
    Hash root;
    consensus::PeerId asked{0};
    std::vector<consensus::PeerId> tried;
    Instant deadline{};
  };

  LightNode(storage::Ledger& ledger, light::Follower epochs, Height head, const Hash& hash,
            Instant now);

  void feed(sync::Event event);
  void store(const sync::Delivery& delivery);
  Result<void> append(const sync::Delivery& delivery);
  Result<void> follow(const types::Header& last);
  /// Keeps the roots that headers carry, from the oldest one not known yet on.
  Result<void> learn_roots(Height first, Height last);
  void answer(consensus::PeerId peer, const net::RangeRequest& request);
  void serve_turn();
  void answer(consensus::PeerId peer, const net::EpochsRequest& request);
  void on_proof(consensus::PeerId peer, const net::ProofResponse& response);
  Result<state::AccountProof> check(const Question& question,
                                    const net::ProofResponse& response) const;
  void ask_next(Question question);
  void send(consensus::PeerId peer, const net::SyncMessage& message);

  storage::Ledger& ledger_;
  light::Follower epochs_;
  sync::Fetcher fetcher_;
  std::map<consensus::PeerId, Height> peers_;  // and how far they are
  std::map<std::uint64_t, Question> questions_;
  std::uint64_t next_question_{1};
  sync::RangeTurns range_turns_{sync::RangeTurns::Config{}};
  Instant now_;
  std::optional<Instant> fetcher_wake_;
  LightActions out_;
};

}  // namespace wusong::node
