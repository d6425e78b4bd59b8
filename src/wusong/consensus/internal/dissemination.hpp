// SPDX-License-Identifier: Apache-2.0
// Blocks in coded slices: what a replica holds of them, what it passes on, and what it asks for.
//
// The leader sends validator i its fragment of a slice; i passes it on to all others; whoever has
// opened as many as are needed reconstructs the slice. A peer is sent no more than `window` slices
// beyond what it has reported to have, and a report without progress asks for repetition.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "wusong/consensus/machine.hpp"

namespace wusong::consensus::internal {

using SharedBytes = std::shared_ptr<const Bytes>;

/// One slice on its way to this replica.
struct Slice {
  enum class State : std::uint8_t { collecting, decoding, decoded };
  State state{State::collecting};
  SliceHeader header;  // the first that its leader is known to have signed
  Bytes signature;
  std::map<std::uint16_t, HeldFragment> fragments;  // as many as are needed, at most
  Bytes bytes;                                      // decoded, until those before it are there
  SharedBytes own;  // this validator's fragment as a message, for the others
};

/// A block in slices. One for each view, at most.
struct Assembly {
  struct Peer {
    std::uint32_t next{0};  // it has the slices before this one
    Instant answer_after;   // repetitions it asks for are limited
  };
  SliceHeader header;  // of some slice: what all of them share
  Bytes signature;
  BlockPtr block;  // where this replica is the leader
  std::map<std::uint32_t, Slice> slices;
  std::uint32_t next{0};  // slices that are in `payload`
  Bytes payload;
  std::size_t held_bytes{0};
  bool complete{false};
  bool bad{false};       // no honest validator can have it from its slices
  bool reported{false};  // the leader has signed two of them
  std::map<PeerId, Peer> peers;

  std::uint32_t encoded{0};                // leader: slices before this one have been sent once
  std::map<std::uint32_t, bool> encoding;  // leader: jobs on their way, true for the first time
  std::map<std::uint32_t, std::set<PeerId>> again;  // leader: who lacks what

  Instant repeat_at;
  Duration repeat_interval{};
  std::uint32_t stalls{0};  // repetitions since the last progress

  std::uint32_t count() const noexcept { return slice_count(header); }
  bool under_way() const noexcept { return !complete && !bad && block == nullptr; }
};

class Dissemination {
 public:
  /// What came of an event, beside what was added to the actions.
  struct Arrival {
    std::optional<Block> block;    // the last of it is here; its id is not checked
    bool leader_is_faulty{false};  // what it committed to is no payload
    std::size_t bytes{0};          // of the payload, that were added to it
  };

  Dissemination(const Config& config, Ports ports);

  void connected(PeerId peer) { peers_.insert(peer); }
  void disconnected(PeerId peer);
  bool goes_whole(std::size_t payload_bytes) const noexcept;
  /// The leader's part: of a block whose vote is recorded.
  void spread(const BlockPtr& block, Actions& out);

  /// @errors err::foreign_fragment     neither the carrier's own nor, from the leader, ours
  ///         err::repeated_fragment, err::slice_out_of_window, err::dispersal_full
  ///         err::bad_signature        not what the view's leader has signed
  ///         err::equivocation         it has signed something else as well
  ///         err::bad_slice            its numbers are not a slice's
  ///         err::bad_fragment         not of the slice's commitment
  [[nodiscard]] Result<Arrival> receive(PeerId from, FragmentMessage message, View current,
                                        Instant now, Actions& out);
  void receive(PeerId from, const SliceStatus& status, Instant now, Actions& out);
  Arrival coded(const SliceCoded& result, Instant now, Actions& out);
  /// Says again what is missing.
  void repeat(Instant now, Actions& out);
  std::optional<Instant> wake_at() const;

  /// The block came some other way.
  void arrived(View view, const Hash& block_id);
  /// The block of this id does not fit its own header: no slices of it will do.
  void refuse(View view);
  /// It may still arrive in slices: nobody needs to be asked for it.
  bool under_way(View view, const Hash& block_id) const;
  bool knows(View view) const { return assemblies_.contains(view); }
  bool refused(View view, const Hash& block_id) const;
  void forget(View through);
  /// Keeps, of the views before `current`, young ones that `is_certified`.
  void prune(View current, const std::function<bool(View, const Hash&)>& is_certified);
  std::size_t held_bytes() const;

 private:
  Assembly* find(View view, const Hash& block_id);
  ValidatorIndex leader(View view) const noexcept;
  Result<void> check_place(const Assembly* known, const SliceHeader& header,
                           std::uint16_t index) const;
  Result<std::uint16_t> check_carrier(PeerId from, const FragmentMessage& message) const;
  Result<void> check_header(Assembly* known, const FragmentMessage& message, Actions& out) const;
  bool is_useful(const Assembly& assembly, std::uint32_t slice, std::uint16_t index) const;
  Result<void> check_room(View view, View current, std::size_t bytes) const;
  void pass_on(Assembly& assembly, const Slice& slice, Actions& out) const;
  void send_own(const Assembly& assembly, PeerId to, std::uint32_t from, std::uint32_t to_slice,
                Actions& out) const;
  void adopt_own(Assembly& assembly, Slice& slice, SharedBytes message, Actions& out) const;
  Arrival advance(Assembly& assembly, Instant now, Actions& out);
  void decoded(Assembly& assembly, Slice& slice, const coding::Dispersal& dispersal, Actions& out);
  void encode_more(Assembly& assembly, Actions& out);
  void send_encoded(Assembly& assembly, std::uint32_t index, const coding::Dispersal& dispersal,
                    Actions& out);
  std::uint32_t encode_limit(const Assembly& assembly) const;

  const Config config_;
  const Ports ports_;
  const std::uint32_t validators_;
  const std::uint32_t needed_;
  std::shared_ptr<const coding::Disperser> disperser_;
  std::optional<ValidatorIndex> self_;
  std::set<PeerId> peers_;
  std::map<View, Assembly> assemblies_;
};

}  // namespace wusong::consensus::internal
