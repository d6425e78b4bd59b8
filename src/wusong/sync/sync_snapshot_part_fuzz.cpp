// SPDX-License-Identifier: Apache-2.0
// Property: a node that fetches a state takes no part that is not the one it asked for, whatever a
// peer sends, and never stops over it.
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/state/state_db.hpp"
#include "wusong/sync/snapshot.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;  // NOLINT
  auto message = net::decode_sync(BytesView{data, size});
  auto* response = message ? std::get_if<net::SnapshotResponse>(&*message) : nullptr;
  if (response == nullptr) return 0;
  io::MemorySegmentStore store;
  const auto db = *state::StateDb::open(
      store, {.history = 4, .segment_bytes = 1u << 16, .cached_accounts = 0, .cached_slots = 0});
  WUSONG_ASSERT(db->commit(Height{0}, {}));
  const auto import = *db->import_state();
  Hash root;
  root.bytes.fill(0x5a);  // of no state at all
  sync::SnapshotFetcher fetcher{{}, *import, Height{9}, root, Instant{}};
  const auto asked = fetcher.step(sync::PeerStatus{.peer = 1, .finalised = Height{9}}, Instant{});
  WUSONG_ASSERT(asked.requests.size() == 1);
  response->id = asked.requests[0].request.id;
  const bool ok = response->status == net::SnapshotResponse::Status::ok;
  const auto after = fetcher.step(sync::SnapshotReceived{1, std::move(*response)}, Instant{});
  WUSONG_ASSERT(!after.halt && !after.complete);
  WUSONG_ASSERT(after.misbehaviour.empty() != ok);
  return 0;
}
