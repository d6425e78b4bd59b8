// SPDX-License-Identifier: Apache-2.0
// An ordered key-value store with atomic batches: RocksDB on a machine, memory in tests and
// simulation.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::io {

namespace err {
inline constexpr ErrorInfo store_failed{1300, Disposition::halt, "io.store_failed"};
inline constexpr ErrorInfo store_corrupt{1301, Disposition::halt, "io.store_corrupt"};
inline constexpr ErrorInfo disk_full{1302, Disposition::halt, "io.disk_full"};
inline constexpr ErrorInfo store_locked{1303, Disposition::halt, "io.store_locked"};
}  // namespace err

/// A keyspace of its own. Numbers are permanent: they name column families on disk.
enum class Column : std::uint8_t {
  meta = 0,         // format version, chain identity, heads
  block = 1,        // height -> block
  receipt = 2,      // height -> receipts
  index = 3,        // hash -> location of block or transaction
  certificate = 4,  // height -> finality certificate and attestations
  // 5 to 9 were for a state that is kept in segments instead; no release since format 2 has them.
  vote = 10,  // consensus: this replica's own votes and certificates
  pool = 11,  // local transactions kept over a restart
};
inline constexpr std::size_t kColumnCount = 12;

struct WriteBatch {
  struct Operation {
    Column column;
    bool erase;
    Bytes key;
    Bytes value;
  };
  std::vector<Operation> operations;

  void put(Column column, BytesView key, BytesView value) {
    operations.push_back({column, false, to_bytes(key), to_bytes(value)});
  }
  void erase(Column column, BytesView key) {
    operations.push_back({column, true, to_bytes(key), {}});
  }
  bool empty() const noexcept { return operations.empty(); }
};

enum class Durability : std::uint8_t {
  buffered,  // survives kill -9 of the process, may be lost with the machine's power
  synced,    // on stable storage when the call returns
};

/// @thread every member may be called from any thread.
/// @errors err::disk_full, err::store_corrupt, err::store_failed
class KvStore {
 public:
  virtual ~KvStore() = default;
  [[nodiscard]] virtual Result<std::optional<Bytes>> get(Column column, BytesView key) const = 0;
  /// All or nothing, also across a crash; batches become visible and durable in call order.
  [[nodiscard]] virtual Result<void> write(const WriteBatch& batch, Durability durability) = 0;
  /// Visits keys in [from, to) in order (descending when `reverse`) until `visit` returns false.
  /// An empty `to` means no upper bound.
  [[nodiscard]] virtual Result<void> scan(
      Column column, BytesView from, BytesView to, bool reverse,
      const std::function<bool(BytesView key, BytesView value)>& visit) const = 0;
};

}  // namespace wusong::io
