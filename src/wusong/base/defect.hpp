// SPDX-License-Identifier: Apache-2.0
// Deliberate defects, one at a time, that prove the simulator's checkers can fail. They exist only
// in builds with WUSONG_DEFECTS; everywhere else each question is answered "no" by the compiler.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace wusong {

enum class Defect : std::uint8_t {
  none,
  vote_not_persisted,        // a vote leaves and is forgotten at the next power cut
  vote_before_sync,          // a vote leaves while its record may still be lost
  quorum_off_by_one,         // one vote fewer makes a certificate
  certificate_unchecked,     // nobody looks at a certificate's signatures
  vote_signature_unchecked,  // nor at a vote's
  wrong_fork_accepted,       // a block may leave out views that nobody has given up
  finalize_after_nullify,    // a view given up is finalized all the same
  timeout_never,             // a view with a silent leader lasts for ever
  roots_unchecked,           // a proposal's roots are believed
  final_not_synced,          // blocks are announced final before they are safe
  sync_unproven,             // fetched blocks are taken without their certificate
  receipts_not_replayed,     // a restart does not execute again what the state lost
  index_not_written,         // a block's last transaction cannot be found
  included_kept,             // the pool keeps what is in a block
  storage_write_dropped,     // the state forgets a slot now and then
  timestamp_unchecked,       // a leader's clock may be hours ahead
  wake_in_the_past,          // a machine asks to be woken at a time that is over
  epoch_too_early,           // the next set is what this node executed, not what all agreed on
  epoch_not_closed,          // the old set goes on after the last block of its epoch
  epoch_records_kept,        // votes of an epoch that is over are found after a restart
  fragment_unverified,       // a fragment is passed on as it came
  reconstruction_unchecked,  // what fragments give is taken for what was committed to
  votes_lost_no_wait,        // who lost its votes votes again at once
  import_presence_believed,  // a resumed snapshot takes for complete whatever is there
  snapshot_unchecked,        // parts of a state are taken without comparing their hash
  failed_leader_waited_for,  // a leader that fails is waited for at each of its turns
  replaced_key_accepted,     // an account's old key goes on signing, and anybody's new one does
};
inline constexpr auto kDefectNames = std::to_array<std::string_view>({
    "none",
    "vote_not_persisted",
    "vote_before_sync",
    "quorum_off_by_one",
    "certificate_unchecked",
    "vote_signature_unchecked",
    "wrong_fork_accepted",
    "finalize_after_nullify",
    "timeout_never",
    "roots_unchecked",
    "final_not_synced",
    "sync_unproven",
    "receipts_not_replayed",
    "index_not_written",
    "included_kept",
    "storage_write_dropped",
    "timestamp_unchecked",
    "wake_in_the_past",
    "epoch_too_early",
    "epoch_not_closed",
    "epoch_records_kept",
    "fragment_unverified",
    "reconstruction_unchecked",
    "votes_lost_no_wait",
    "import_presence_believed",
    "snapshot_unchecked",
    "failed_leader_waited_for",
    "replaced_key_accepted",
});

#ifdef WUSONG_DEFECTS
inline constexpr bool kDefectsBuiltIn = true;
/// The one that is planted. @thread one
inline Defect planted_defect = Defect::none;
inline bool has_defect(Defect defect) noexcept {
  return planted_defect == defect;
}
#else
inline constexpr bool kDefectsBuiltIn = false;
constexpr bool has_defect(Defect /*defect*/) noexcept {
  return false;
}
#endif

}  // namespace wusong
