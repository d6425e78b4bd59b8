// SPDX-License-Identifier: Apache-2.0
// Simplex as a machine without I/O: event and time in, actions out. README.md has the picture.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/consensus/dissemination.hpp"
#include "wusong/consensus/messages.hpp"
#include "wusong/consensus/pacemaker.hpp"
#include "wusong/consensus/ports.hpp"
#include "wusong/consensus/types.hpp"

namespace wusong::consensus {

struct Config {
  Hash genesis;  // binds every signature to this chain; also the id of height 0
  PacemakerConfig pacemaker;
  Duration min_block_interval{0};  // a leader proposes no earlier than this after the last proposal
  Duration retransmit_min{std::chrono::milliseconds{200}};  // first repetition when nothing moves
  Duration retransmit_max{std::chrono::seconds{2}};         // repetitions back off to this
  Duration rest_status_interval{std::chrono::seconds{10}};  // one small message while resting
  std::size_t payload_bytes_max{std::size_t{8} << 20};
  std::uint64_t catchup_blocks_max{128};  // further behind than this is left to sync (Behind)
  std::size_t retained_blocks{64};        // final blocks kept in memory for slower peers,
  std::size_t retained_bytes{std::size_t{32} << 20};  // at most these many bytes of them
  DispersalConfig dispersal;
};

// ---- events ----------------------------------------------------------------------------------

/// Bytes from a peer. A refusal comes back in Actions::rejection.
struct MessageReceived {
  PeerId from;
  BytesView bytes;  // borrowed for the call
};
/// Answer to BuildPayload. Ignored when the view is over.
struct PayloadBuilt {
  View view;
  Hash block_id;
  Bytes payload;
};
/// Answer to BuildPayload: nothing to propose. Asked again after the next WorkPending{true}.
struct PayloadDeclined {
  View view;
};
enum class Verdict : std::uint8_t {
  ok,
  bad,       // the bytes are what the id names, and they break the application's rules
  mismatch,  // the bytes are not what the id names: whoever sent them is to blame
};
/// Answer to VerifyPayload, at any later time. `ok` means that the application holds the block and
/// can accept children of it, also before it has executed it.
struct PayloadVerified {
  Hash block_id;
  Verdict verdict;
};
/// Whether this node wants blocks: its pool holds transactions, roots are open, or the heartbeat is
/// due. While false everywhere, nothing is proposed and no view times out. Send `true` again after
/// a PayloadDeclined to be asked again.
struct WorkPending {
  bool pending;
};
struct PeerConnected {
  PeerId peer;
};
struct PeerDisconnected {
  PeerId peer;
};
/// The application has everything up to this height on stable storage: the machine may erase its
/// own records of it.
struct FinalizedStored {
  Height height;
};
/// Sync has brought and checked finality up to this block by other means than this machine.
struct SyncedTo {
  BlockRef block;
  std::optional<Certificate> certificate;  // kind finalize, when sync has it
};
/// Time has passed. An early one changes nothing.
struct Tick {};

using Event =
    std::variant<MessageReceived, PayloadBuilt, PayloadDeclined, PayloadVerified, WorkPending,
                 PeerConnected, PeerDisconnected, FinalizedStored, SyncedTo, SliceCoded, Tick>;

// ---- actions ---------------------------------------------------------------------------------

/// One key of the machine's own keyspace (io::Column::vote): written, or erased without a value.
struct RecordWrite {
  Bytes key;
  std::optional<Bytes> value;
};
struct Record {
  Bytes key;
  Bytes value;
};
struct Send {
  std::optional<PeerId> to;  // nobody named: all connected peers
  std::shared_ptr<const Bytes> bytes;
  bool bulk{false};  // parts of blocks: votes may overtake them
};
/// Build a block on `parent` for `view`. Answer with PayloadBuilt or PayloadDeclined.
struct BuildPayload {
  View view;
  BlockRef parent;
  bool for_finality;  // do not decline, an empty block will do: the parent is not final and needs a
                      // successor, or another validator has waited for this view
};
/// Check a block whose parent is final or already verified. Answer with PayloadVerified.
struct VerifyPayload {
  BlockPtr block;
  bool certified;  // a quorum has voted for it: refusing it halts this replica
};
/// Blocks became final, oldest first, each once, without gaps, also over restarts.
struct Finalized {
  std::vector<BlockPtr> blocks;
  Certificate certificate;  // of the last one, kind finalize
};
/// f+1 validators attest finality: a compact proof for outsiders (finality_proof.hpp).
struct Attested {
  Height height;
  Hash block_id;
  SignatureSet signatures;
};
enum class MisbehaviourKind : std::uint8_t {
  two_notarize_votes,
  two_finalize_votes,
  nullify_and_finalize,
  two_attestations,
  two_dispersals,  // slices of two blocks, or one slice twice; the headers, without fragments
  inconsistent_encoding,  // `first` is the proof: verify_encoding_proof
};
/// What one validator has signed and no honest one would, mostly two messages.
struct Misbehaviour {
  ValidatorIndex validator;
  MisbehaviourKind kind;
  Bytes first;  // encoded messages
  Bytes second;
};
/// A peer asks for a block that left the machine's memory. When the ledger has it, send
/// encode(part_of(block, …)) to that peer, from `offset` on, kPartsPerRequest at most; silence is
/// allowed.
struct ServeBlock {
  PeerId peer;
  View view;
  Hash block_id;
  std::uint32_t offset{0};
};
/// Finality is more than catchup_blocks_max ahead of this node. Sync should fetch up to it, then
/// answer with SyncedTo. Repeated while it lasts.
struct Behind {
  PeerId peer;  // who showed the certificate
  Certificate certificate;
};
/// Safety is broken (or this replica is). The machine has stopped; every later step does nothing.
struct Halt {
  Error reason;
  Bytes first;  // encoded messages that prove it; may be empty
  Bytes second;
};
/// The message of this step was refused: the driver may penalise the peer when the error's
/// disposition is `reject`.
struct Rejection {
  PeerId peer;
  Error error;
};

/// Everything one step asks for. The driver first makes `persist` durable (all writes of one step
/// atomically, steps in order; on stable storage when `sync` is set), and only then carries out the
/// rest. Steps may run ahead meanwhile, so that one sync covers several; their actions wait too.
struct Actions {
  std::vector<RecordWrite> persist;
  bool sync{false};  // `persist` holds a vote of ours
  std::vector<Send> sends;
  std::optional<BuildPayload> build;
  std::vector<VerifyPayload> verify;
  std::vector<SliceJob> slice_jobs;  // each answers with its SliceCoded
  std::optional<Finalized> finalized;
  std::vector<Attested> attested;
  std::vector<Misbehaviour> misbehaviour;
  std::vector<ServeBlock> serve;
  std::optional<Behind> behind;
  std::optional<Halt> halt;
  std::optional<Rejection> rejection;
  std::optional<Instant> wake_at;  // call step(Tick{}) no later than this; the last one counts
};

/// What operators look at.
struct Status {
  View view;
  ValidatorIndex leader{0};
  BlockRef finalized;
  View notarized;  // highest view with a notarized block
  bool resting{false};
  bool halted{false};
  Duration timeout{};                  // of the current view
  std::uint64_t views_nullified{0};    // waited for in vain
  std::uint64_t views_passed_over{0};  // given up as they began: turns.hpp
  std::size_t blocks_held{0};          // not yet final
  std::size_t dispersal_bytes{0};      // of slices and fragments held
};

/// How much a node keeps of something, now and at most.
struct Gauge {
  std::string_view name;
  std::size_t size{0};
  std::size_t bound{0};
};

struct Ports {
  const VoteSigner* signer;  // null: an observer. All three outlive the machine.
  const VoteVerifier* verifier;
  const BlockIdentity* identity;
};

namespace internal {
class Core;
}

/// One validator's (or observer's) consensus. One owner thread.
class Machine {
 public:
  /// @param finalized  the last block that the application holds as final (genesis at first)
  /// @param records    everything under io::Column::vote, in key order; empty at first
  /// @errors err::bad_config, err::record_corrupt
  [[nodiscard]] static Result<Machine> create(const Config& config, Ports ports,
                                              const BlockRef& finalized,
                                              std::span<const Record> records);
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) noexcept;
  ~Machine();

  /// Call once, first: asks for verification of restored blocks, repeats what was not delivered.
  [[nodiscard]] Actions start(Instant now);
  [[nodiscard]] Actions step(const Event& event, Instant now);
  [[nodiscard]] Status status() const;
  /// Everything that grows and shrinks with what happens.
  [[nodiscard]] std::vector<Gauge> gauges() const;

 private:
  explicit Machine(std::unique_ptr<internal::Core> core) noexcept;
  std::unique_ptr<internal::Core> core_;
};

}  // namespace wusong::consensus
