// SPDX-License-Identifier: Apache-2.0
// What looks into the files that people upload: a port, with a confined program behind it.
#pragma once

#include <cstdint>
#include <string>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/io/blob_store.hpp"

namespace wusong::gateway {

/// One question about a file of the store. Two that are equal are one.
struct TableQuestion {
  std::string operation;  // of tables/operations.hpp: "preview", "query", …
  Hash file;
  std::string format;        // "csv", …; empty: by the file's first bytes
  std::string types;         // JSON {column: type} of what is known already; empty: nothing is
  Hash other;                // of a diff, the later version
  std::string other_format;  // as `format`
  std::string members;       // the operation's own members in JSON, without braces
  std::string output;        // format of the file that it makes; empty: it makes none

  friend bool operator==(const TableQuestion&, const TableQuestion&) = default;
};

struct TableAnswer {
  bool done{false};  // false: it is still at work, and the same question asked later meets it
  bool ok{false};
  std::string json;     // as tables/operations.hpp says, a refusal too
  io::BlobInfo output;  // what it made, in the store
  // Where it is not done:
  std::uint64_t seconds{0};  // since it was asked
  std::uint64_t before{0};   // questions that wait before it; 0: it is at work, or next
  std::uint32_t step{0};     // of its statements; 0: none has begun
  std::uint32_t percent{0};  // of that one
};

/// The request that asks it, with the files where they are.
struct TablePaths {
  std::string file;
  std::string other;   // of a diff
  std::string output;  // must not exist
};
std::string engine_request(const TableQuestion& question, const TablePaths& paths);

class TableEngine {
 public:
  virtual ~TableEngine() = default;
  /// Waits for at most so long.
  /// @errors err::engine_missing, err::engine_busy (too many wait already), io's blob rows
  /// @thread safe
  [[nodiscard]] virtual Result<TableAnswer> ask(const TableQuestion& question,
                                                std::uint64_t wait_ms) = 0;
};

}  // namespace wusong::gateway
