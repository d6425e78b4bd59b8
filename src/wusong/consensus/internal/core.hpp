// SPDX-License-Identifier: Apache-2.0
// The machine's state and its parts: core.cpp (events, time), core_messages.cpp (from peers),
// core_votes.cpp (votes, certificates, views), core_chain.cpp (blocks, finality), core_fetch.cpp
// (blocks from peers), core_records.cpp (restart). dissemination.hpp is how blocks come first.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/internal/dissemination.hpp"
#include "wusong/consensus/internal/view_state.hpp"
#include "wusong/consensus/machine.hpp"
#include "wusong/consensus/turns.hpp"

namespace wusong::consensus::internal {

inline constexpr std::uint64_t kViewWindow = 64;     // votes this far ahead are kept
inline constexpr std::uint64_t kProposalWindow = 4;  // and proposals this far
inline constexpr std::uint64_t kAttestationsBehind = 16;
inline constexpr std::uint64_t kAttestationsAhead = 64;
inline constexpr std::size_t kRecentFinals = 4096;    // heights remembered to notice a fork
inline constexpr std::uint32_t kPartsPerWindow = 32;  // served to one peer per retransmit_min
inline constexpr std::uint32_t kAttestationRepeats = 8;
inline constexpr std::size_t kPeersMax = 8192;

class Core {
 public:
  Core(const Config& config, Ports ports, const BlockRef& finalized);

  [[nodiscard]] Result<void> restore(std::span<const Record> records);
  Actions start(Instant now);
  Actions step(const Event& event, Instant now);
  Status status() const;
  std::vector<Gauge> gauges() const;

 private:
  // core.cpp: events and time
  void on(const MessageReceived& event);
  void on(const PayloadBuilt& event);
  void on(const PayloadDeclined& event);
  void on(const PayloadVerified& event);
  void on(const WorkPending& event);
  void on(const PeerConnected& event);
  void on(const PeerDisconnected& event);
  void on(const FinalizedStored& event);
  void on(const SyncedTo& event);
  void on(const SliceCoded& event);
  void on(const Tick& event);
  void allow_for(std::size_t bytes);
  void advance();
  Actions finish();
  void update_timers();
  bool lags() const;
  bool awake() const;
  bool unsettled() const;
  bool needs_repetition() const;
  void repeat_if_due();
  void broadcast_own_state();
  void send_own_votes(std::optional<PeerId> to);
  void maybe_build();
  bool wants_block(bool& for_finality);
  std::optional<BlockRef> choose_parent();
  Instant earliest_wake() const;

  // core_messages.cpp: from peers
  Result<void> receive(PeerId from, BytesView bytes);
  Result<void> receive(PeerId from, Proposal message);
  Result<void> receive(PeerId from, Vote message);
  Result<void> receive(PeerId from, Certificate message);
  Result<void> receive(PeerId from, BlockMessage message);
  Result<void> receive(PeerId from, BlockRequest message);
  Result<void> receive(PeerId from, CertificateRequest message);
  Result<void> receive(PeerId from, StatusMessage message);
  Result<void> receive(PeerId from, Attestation message);
  Result<void> receive(PeerId from, FragmentMessage message);
  Result<void> receive(PeerId from, SliceStatus message);
  void take_arrival(View view, Dissemination::Arrival arrival);
  Result<void> check_conflict(ViewState& state, const Vote& known, const Vote& vote);
  void note_vote(ViewState& state, const Vote& vote);
  PeerState* peer(PeerId id);
  void send(std::optional<PeerId> to, const Message& message, bool bulk = false);
  void send_certificates(PeerId to, View view);

  // core_votes.cpp: votes, certificates, views
  ViewState& view_state(View view) { return views_[view]; }
  const ViewState* find_view(View view) const;
  ValidatorIndex leader(View view) const noexcept;
  bool signature_ok(const Vote& vote) const;
  Result<void> certificate_ok(const Certificate& certificate) const;
  const Vote& cast(const VoteSubject& subject, bool broadcast);
  void count(Vote vote);
  bool form_certificate();
  void install(Certificate certificate, std::optional<PeerId> from);
  bool contradicts(const Certificate& certificate);
  void enter(View view, VoteKind because);
  std::optional<Duration> view_time() const;
  bool vote_notarize();
  bool vote_finalize();
  bool vote_nullify();
  bool passes_over(View view) const;
  bool may_nullify() const;
  void report(ViewState& state, MisbehaviourKind kind, const Vote& first, const Vote& second);
  void request_certificates(View from, View to, std::optional<PeerId> peer);
  bool parent_is_certified(const Block& block);

  // core_chain.cpp: blocks, finality, attestations
  bool verified(const Hash& id) const;
  void hold(Block block, PeerId from, bool certified);
  void mark_certified(Hash id, std::optional<PeerId> source);
  void want_certified_blocks();
  bool verify_blocks();
  bool deliver();
  std::vector<BlockPtr> final_path(const Certificate& certificate);
  void finalize_path(const std::vector<BlockPtr>& path, const Certificate& certificate);
  void forget_final_views();
  void retain(const BlockPtr& block);
  void note_final(const BlockRef& ref);
  bool too_far(Height height) const noexcept;
  void report_behind();
  void attest(const BlockRef& ref);
  void check_attested(Height height);
  void halt(Error reason, Bytes first, Bytes second);

  // core_fetch.cpp: blocks from peers, and for them
  void want(const Hash& id, View view, bool certified, std::optional<PeerId> source,
            Duration delay);
  void pump_wants();
  void ask(const Hash& id, Want& wanted);
  Result<void> take_part(PeerId from, Want& wanted, BlockMessage message);
  Result<void> take_fetched(PeerId from, Block block);
  void send_parts(PeerId to, const Block& block, std::uint32_t offset);

  // core_records.cpp: the machine's own records
  Result<void> restore_record(const Record& record, std::optional<Block>& partial);
  Result<void> restore_part(const BlockMessage& part, std::optional<Block>& partial);
  void persist_vote(const Vote& vote);
  void persist_block(HeldBlock& held);
  void persist_certificate(const Certificate& certificate);
  void write_record(View view, Bytes key, Bytes value);
  void erase_records(View through);

  Config config_;
  Ports ports_;
  std::size_t validators_;
  std::size_t quorum_;
  std::size_t witness_;
  Pacemaker pacemaker_;
  Turns turns_;
  Dissemination dissemination_;

  Instant now_;
  Actions actions_;
  bool halted_{false};

  // views
  View current_;
  std::map<View, ViewState> views_;  // above the last final one
  View highest_notarized_;           // 0: none above the last final one
  View highest_finalization_;
  std::vector<VoteSubject> complete_;  // tallies that have reached a quorum
  std::uint64_t views_nullified_{0};
  std::uint64_t views_passed_over_{0};

  // the current view
  bool work_pending_{false};
  bool hinted_{false};  // somebody else is active in this view
  bool declined_{false};
  bool build_asked_{false};
  bool asked_for_finality_{false};
  BlockRef build_parent_;
  std::optional<Instant> waiting_since_;
  std::optional<Instant> deadline_;
  std::optional<Instant> build_at_;
  std::optional<Instant> last_proposal_at_;  // of somebody else
  std::optional<Instant> proposed_at_;       // by this replica

  // repetition
  std::optional<Instant> repeat_at_;
  Duration repeat_interval_{};
  std::optional<Instant> rest_status_at_;
  std::optional<Instant> certificates_asked_until_;
  bool lacks_certificates_{false};
  std::uint32_t certificate_asks_{0};
  std::map<PeerId, PeerState> peers_;

  // blocks
  std::map<Hash, HeldBlock> blocks_;  // above the last final one
  std::map<Hash, Want> wants_;
  std::optional<Hash> fetching_;  // the one that may come in parts, so that memory is bounded
  BlockRef final_;
  std::optional<Certificate> final_certificate_;
  std::map<Height, BlockRef> recent_finals_;
  std::deque<BlockPtr> retained_;
  std::size_t retained_bytes_{0};
  std::optional<Instant> behind_again_at_;
  std::optional<PeerId> ahead_peer_;

  // attestations
  std::map<Height, AttestationState> attestations_;
  std::optional<Attestation> own_attestation_;
  std::uint32_t attestation_repeats_{0};

  // records on disk by view, so that they can be erased
  std::map<View, std::set<Bytes>> record_keys_;
};

}  // namespace wusong::consensus::internal
