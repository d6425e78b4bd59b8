// SPDX-License-Identifier: Apache-2.0
// Another program, run with as little as it needs: for what reads files that strangers made.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"

namespace wusong::tables {

/// What a child may be kept from. Bits of a mask.
enum Protection : std::uint32_t {
  kNoNewPrivileges = 1,  // set-user-id programs give it nothing
  kNoCapabilities = 2,   // none of root's powers, even as root
  kNoNetwork = 4,        // an empty network namespace
  kSystemCalls = 8,      // no sockets, tracing, mounts, namespaces, kernel modules, own groups
  kFiles = 16,           // Landlock: only the paths that were named
  kLimits = 32,          // memory, processor time, open files, size of a file
  kDescriptors = 64,     // none but those that were passed
};
inline constexpr std::uint32_t kAllProtections = 127;
/// Without these no child starts, unless told otherwise: either of two keeps it from the network,
/// and Landlock is missing before Linux 5.13.
inline constexpr std::uint32_t kUsualProtections =
    kNoNewPrivileges | kNoCapabilities | kSystemCalls | kLimits | kDescriptors;

/// "no_network, files": for logs.
std::string protection_names(std::uint32_t mask);

struct ChildOptions {
  std::string program;                 // path
  std::vector<std::string> arguments;  // without the program's name
  /// All of its environment, besides TMPDIR, which is a folder of its own, gone afterwards, and
  /// where it starts.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string input;  // what it reads from stdin
  /// Files and folders, with what is below, that it may use besides the program, the system's
  /// libraries and its own folder. Those that do not exist are passed over.
  std::vector<std::string> readable;
  std::vector<std::string> writable;
  std::vector<int> descriptors;  // become 3, 4, …
  Duration timeout{std::chrono::seconds{60}};
  std::size_t output_bytes_max{64u << 20};
  std::size_t error_bytes_max{64u << 10};      // what comes after is dropped
  std::uint64_t memory_bytes_max{4ull << 30};  // address space; 0: not limited
  std::uint64_t cpu_seconds_max{600};
  std::uint64_t file_bytes_max{16ull << 30};
  std::uint64_t open_files_max{128};
  std::string temporary_parent{"/tmp"};
  std::uint32_t required{kUsualProtections};
  /// Asked several times a second; false ends the child.
  std::function<bool()> go_on;
  /// Instead of collecting stdout, gets it as it comes; false ends the child.
  std::function<bool(BytesView)> on_output;
};

struct ChildResult {
  int exit_code{-1};  // -1: ended by `signal`
  int signal{0};
  bool timed_out{false};
  bool told_to_end{false};      // by `go_on`
  bool output_too_long{false};  // then it was ended
  std::string output;
  std::string errors;             // stderr
  std::uint32_t held{0};          // protections that held
  std::uint64_t memory_bytes{0};  // at its peak
  double cpu_seconds{0};

  bool ok() const noexcept {
    return exit_code == 0 && !timed_out && !told_to_end && !output_too_long;
  }
};

/// Runs it to its end, then ends whatever it started. Blocks.
/// @thread safe
/// @errors err::child_not_found       no such program
///         err::protection_missing    one of `required` can not be had here; `missing` says which
///         err::child_not_started
[[nodiscard]] Result<ChildResult> run_child(const ChildOptions& options,
                                            std::uint32_t* missing = nullptr);

/// For a child that has loaded what it needs: no program may be started from here on.
/// @errors err::protection_missing
[[nodiscard]] Result<void> forbid_programs();

}  // namespace wusong::tables
