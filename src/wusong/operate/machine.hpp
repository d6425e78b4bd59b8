// SPDX-License-Identifier: Apache-2.0
// Checks of the machine that a node runs on, or is to run on.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wusong/operate/finding.hpp"

namespace wusong::operate {

/// Free space where `folder` is or will be.
Finding check_disk_space(const std::filesystem::path& folder);
/// How long a synced write takes there: each vote waits for one. Writes a file of its own for a
/// moment.
Finding check_disk_speed(const std::filesystem::path& folder);
/// Descriptors that a process started from here, or the one named, may have.
Finding check_open_files(std::optional<int> process);
Finding check_memory();
/// Whether the kernel says that something keeps the clock right.
Finding check_clock_source();

/// Whether a program may listen there.
Finding check_port_free(const std::string& check, const std::string& host, std::uint16_t port);
/// Whether something accepts connections there. @return why not, empty where it does
std::string why_unreachable(const std::string& host, std::uint16_t port,
                            std::chrono::milliseconds timeout);

/// A block as far as its time tells about its proposer's clock.
struct TimedBlock {
  std::string proposer;
  std::uint64_t time_ms{0};
  std::uint64_t parent_time_ms{0};
};
/// A block's time is its proposer's clock, or its parent's time where that clock is behind it. Who
/// nearly always has its parent's is behind the others; where most do, the rest is ahead.
/// @param now_ms  this machine's clock, when the newest block was known here
Finding check_clocks(std::span<const TimedBlock> blocks, std::uint64_t now_ms);

}  // namespace wusong::operate
