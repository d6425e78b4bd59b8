// SPDX-License-Identifier: Apache-2.0
// Fetches a state from several peers at once, from the root down. Each part is checked against the
// name that its parent has for it, so no peer needs to be trusted and nothing needs to be
// remembered: what is there under the right name is complete (ADR 0015).
#pragma once

#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "wusong/net/messages.hpp"
#include "wusong/state/state_import.hpp"
#include "wusong/sync/fetcher.hpp"

namespace wusong::sync {

struct SnapshotConfig {
  std::size_t requests_max{8};
  std::size_t items_max{net::kSnapshotItemsMax};  // of one request
  Duration busy_pause{std::chrono::milliseconds{250}};
  PeerPolicy peers;
};

struct SnapshotReceived {
  consensus::PeerId peer;
  net::SnapshotResponse response;
};

struct SnapshotProgress {
  std::uint64_t permille{0};  // of the space of accounts' keys
  std::uint64_t accounts{0};
  std::uint64_t slots{0};
  std::uint64_t codes{0};
  std::uint64_t bytes{0};  // of keys, values and code that were kept
};

class SnapshotFetcher {
 public:
  using Event = std::variant<PeerStatus, PeerGone, SnapshotReceived, Tick>;
  struct StateRequest {
    consensus::PeerId to;
    net::SnapshotRequest request;
  };
  struct Actions {
    std::vector<StateRequest> requests;
    std::vector<Misbehaviour> misbehaviour;
    bool complete{false};       // every part is there: finish the import
    bool gone{false};           // no peer keeps this state any more: aim() at a newer one
    std::optional<Error> halt;  // the store, not a peer
    std::optional<Instant> wake_at;
  };

  /// `import` outlives it.
  SnapshotFetcher(const SnapshotConfig& config, state::StateImport& import, Height height,
                  const Hash& root, Instant now);

  [[nodiscard]] Actions step(Event event, Instant now);
  /// Another state, as a rule a newer one: what both have in common stays.
  void aim(Height height, const Hash& root);

  Height height() const noexcept { return height_; }
  const Hash& root() const noexcept { return root_; }
  const SnapshotProgress& progress() const noexcept { return progress_; }

 private:
  struct Item {
    net::SnapshotItem where;
    state::NodeRef ref;      // not for code: its key is its name
    std::uint64_t chunk{0};  // of accounts that wait for it; 0 for a part of the accounts' trie
  };
  /// Accounts that go into the state once their storage and code are there.
  struct Chunk {
    state::TriePath path;
    std::vector<state::TrieLeaf> leaves;
    std::size_t waiting{0};
  };
  struct Asked {
    consensus::PeerId peer;
    std::vector<Item> items;
    Instant deadline;
  };

  void on(const PeerStatus& event);
  void on(const PeerGone& event);
  void on(SnapshotReceived& event);
  void on(const Tick& event);

  void expire();
  void ask();
  void set_wake();
  /// @errors rows that reject: what the peer did; all others: the store's
  Result<void> take(Item& item, net::SnapshotPart& part);
  Result<void> take_leaves(const Item& item, std::vector<state::TrieLeaf> leaves);
  Result<void> take_branch(const Item& item, const state::TrieBranch& branch);
  Result<void> take_code(const Item& item, BytesView code);
  Result<void> hold(const state::TriePath& path, std::vector<state::TrieLeaf> leaves);
  Result<void> want_account(std::uint64_t chunk, const state::TrieLeaf& leaf);
  Result<void> want(Item item);
  Result<void> arrived(std::uint64_t chunk);
  void give_back(std::vector<Item> items);
  void cover(std::uint8_t depth) noexcept;
  void blame(consensus::PeerId peer, Error reason);
  bool idle() const noexcept { return wanted_.empty() && asked_.empty() && chunks_.empty(); }

  const SnapshotConfig config_;
  state::StateImport& import_;
  Height height_;
  Hash root_;
  Instant now_;
  Actions out_;
  Peers peers_;
  std::vector<Item> wanted_;  // the last one first: what is deepest is done soonest
  std::map<std::uint64_t, Asked> asked_;
  std::map<std::uint64_t, Chunk> chunks_;
  std::map<Hash, std::vector<std::uint64_t>> codes_;  // asked for or wanted: chunks that wait
  std::map<consensus::PeerId, Hash> without_;         // peers that do not have this root
  std::uint64_t next_id_{1};
  std::uint64_t next_chunk_{1};
  std::uint64_t covered_{0};  // in 16^-15ths of the space of keys
  SnapshotProgress progress_;
  bool started_{false};
};

/// What a peer that asks gets. `tries` are of the height it asks for; null: gone.
/// @errors of the state
[[nodiscard]] Result<net::SnapshotResponse> serve_snapshot(
    state::TrieReader* tries, const net::SnapshotRequest& request,
    std::size_t part_bytes_max = net::kSnapshotPartBytesMax);

}  // namespace wusong::sync
