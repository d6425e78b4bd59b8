// SPDX-License-Identifier: Apache-2.0
// Asks wusong_duck, a process of its own that may touch one file and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/time.hpp"
#include "wusong/tables/progress.hpp"

namespace wusong::tables {

struct Runner {
  std::string program;  // build/bin/wusong_duck
  std::string library;  // what tools/duckdb/install prints
  std::string temporary_parent{"/tmp"};
  Duration timeout{std::chrono::seconds{120}};
  std::uint64_t memory_bytes{1ull << 30};  // of the engine; the process gets room beside it
  std::uint64_t disk_bytes{16ull << 30};   // of any one file it writes
  unsigned threads{2};
  std::function<bool()> go_on;             // asked while the child works; false ends it
  std::function<void(Progress)> progress;  // told several times a second how far it has come

  struct Answer {
    bool ok{false};
    std::string json;       // as operations.hpp describes it, also when it is not ok
    std::uint32_t held{0};  // Protection bits
    double cpu_seconds{0};
    std::uint64_t memory_bytes{0};
  };
  /// `readable` holds the input, `writable` the folder of the output, where there is one. Blocks.
  /// @thread safe
  Answer ask(std::string_view request, std::vector<std::string> readable,
             std::vector<std::string> writable = {}) const;

  /// Where `library` is in a checkout or beside the program; "" when it is not installed.
  static std::string find_library(std::string_view program_folder);
};

}  // namespace wusong::tables
