// SPDX-License-Identifier: Apache-2.0
#include "wusong/operate/machine.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <sstream>

#include "wusong/platform/files.hpp"

namespace wusong::operate {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kSpaceNeeded = 1'024 * kMiB;
constexpr std::uint64_t kMemoryNeeded = 256 * kMiB;
constexpr std::uint64_t kMemoryWanted = 1'024 * kMiB;
constexpr std::uint64_t kFilesNeeded = 1'024;
constexpr std::uint64_t kFilesWanted = 8'192;
constexpr double kSyncWanted = 20;  // ms
constexpr double kSyncNeeded = 200;
constexpr std::size_t kBlocksToJudge = 5;  // of one proposer

/// The folder itself or the first above it that is there.
fs::path existing(fs::path folder) {
  std::error_code failed;
  folder = fs::absolute(folder, failed);
  while (!fs::exists(folder, failed) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

class Socket {
 public:
  explicit Socket(const addrinfo& address)
      : fd_{::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses look_up(const std::string& host, std::uint16_t port, std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) why = ::gai_strerror(code);
  return {found, &::freeaddrinfo};
}

std::uint64_t number_after(const std::string& text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string::npos) return 0;
  std::istringstream rest{text.substr(at + key.size())};
  std::uint64_t value = 0;
  rest >> value;
  return value;
}

/// What is left under the limit of this process's control group.
std::optional<std::uint64_t> left_in_group() {
  const auto own = platform::read_text("/proc/self/cgroup", 4'096);
  if (!own || !own->starts_with("0::")) return std::nullopt;
  const std::string folder = "/sys/fs/cgroup" + own->substr(3, own->find('\n') - 3);
  const auto most = platform::read_text(folder + "/memory.max", 64);
  const auto used = platform::read_text(folder + "/memory.current", 64);
  if (!most || !used || most->starts_with("max")) return std::nullopt;
  const std::uint64_t limit = number_after(*most, "");
  const std::uint64_t now = number_after(*used, "");
  return limit > now ? limit - now : 0;
}

}  // namespace

std::string_view name_of(Grade grade) noexcept {
  constexpr std::array<std::string_view, 3> kNames{"ok", "warn", "fail"};
  return kNames[static_cast<std::size_t>(grade)];
}

Finding check_disk_space(const fs::path& folder) {
  const std::string check = "disk space";
  const fs::path there = existing(folder);
  std::error_code failed;
  const auto space = fs::space(there, failed);
  if (failed) {
    return fault(check, fmt::format("{} cannot be looked at", there.string()),
                 "check that the path is right and that this user may enter it");
  }
  const std::string what = fmt::format(
      "{:.1f} of {:.1f} GiB free at {}", static_cast<double>(space.available) / 1073741824,
      static_cast<double>(space.capacity) / 1073741824, there.string());
  const std::string mend =
      "make room, or set node.data to a larger disk: a node stops when none is left";
  if (space.available < kSpaceNeeded) return fault(check, what, mend);
  if (space.available < space.capacity / 10) return warning(check, what, mend);
  return well(check, what);
}

Finding check_disk_speed(const fs::path& folder) {
  const std::string check = "disk speed";
  const fs::path there = existing(folder);
  const std::string name = (there / fmt::format(".wusong-doctor-{}", ::getpid())).string();
  const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    return fault(check,
                 fmt::format("no file can be made in {}: {}", there.string(), std::strerror(errno)),
                 "run this as the node's user, and give that user the folder (chown)");
  }
  std::vector<double> times;
  std::array<char, 4'096> page{};
  bool written = true;
  for (int i = 0; written && i < 20; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    written = ::write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size()) &&
              ::fdatasync(file) == 0;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    times.push_back(took.count());
  }
  const int number = errno;
  ::close(file);
  ::unlink(name.c_str());
  if (!written) {
    return fault(check,
                 fmt::format("writing in {} fails: {}", there.string(), std::strerror(number)),
                 "make room, or look at the disk's own log (dmesg)");
  }
  std::ranges::sort(times);
  const double median = times[times.size() / 2];
  const std::string what =
      fmt::format("a synced write of 4 KiB takes {:.1f} ms, the slowest of {} {:.1f} ms", median,
                  times.size(), times.back());
  const std::string mend = "put node.data on a local SSD: every vote waits for two such writes";
  if (median > kSyncNeeded) return fault(check, what, mend);
  if (median > kSyncWanted) return warning(check, what, mend);
  return well(check, what);
}

Finding check_open_files(std::optional<int> process) {
  const std::string check = "open files";
  rlimit limit{};
  const int asked = process ? ::prlimit(*process, RLIMIT_NOFILE, nullptr, &limit)
                            : ::getrlimit(RLIMIT_NOFILE, &limit);
  if (asked != 0) {
    return warning(check,
                   fmt::format("the limit of process {} is not shown to this user", *process),
                   "run this as the node's user or as root");
  }
  const std::string what = fmt::format("up to {} descriptors", limit.rlim_max);
  const std::string mend =
      "set LimitNOFILE=65536 in the unit, or a higher hard nofile in /etc/security/limits.conf";
  if (limit.rlim_max < kFilesNeeded) return fault(check, what, mend);
  if (limit.rlim_max < kFilesWanted) return warning(check, what, mend);
  return well(check, what);
}

Finding check_memory() {
  const std::string check = "memory";
  const auto text = platform::read_text("/proc/meminfo", 64u << 10);
  if (!text) return warning(check, "/proc/meminfo cannot be read", "mount /proc");
  std::uint64_t available = number_after(*text, "MemAvailable:") * 1'024;
  if (const auto left = left_in_group()) available = std::min(available, *left);
  const std::string what = fmt::format("{} MiB available", available / kMiB);
  const std::string mend =
      "end other programs, or raise MemoryMax of the unit: a busy node takes some hundred MiB";
  if (available < kMemoryNeeded) return fault(check, what, mend);
  if (available < kMemoryWanted) return warning(check, what, mend);
  return well(check, what);
}

Finding check_clock_source() {
  const std::string check = "clock source";
  timex state{};
  const int answer = ::adjtimex(&state);
  if (answer < 0 || (state.status & STA_UNSYNC) != 0) {
    return warning(
        check, "the kernel knows of nothing that keeps the clock right",
        "install chrony or systemd-timesyncd; in a container, see that the host has one");
  }
  return well(check, fmt::format("synchronised, {:.1f} ms at most off",
                                 static_cast<double>(state.maxerror) / 1'000));
}

Finding check_port_free(const std::string& check, const std::string& host, std::uint16_t port) {
  std::string why;
  const Addresses addresses = look_up(host, port, why);
  for (const addrinfo* at = addresses.get(); at != nullptr && why.empty(); at = at->ai_next) {
    const Socket socket{*at};
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket.get(), at->ai_addr, at->ai_addrlen) != 0) why = std::strerror(errno);
  }
  const std::string where = fmt::format("{}:{}", host, port);
  if (why.empty()) return well(check, where + " is free");
  return fault(check, fmt::format("{} cannot be listened on: {}", where, why),
               fmt::format("stop the program that has it (`ss -ltnp 'sport = :{}'` names it), or "
                           "set another in node.toml",
                           port));
}

std::string why_unreachable(const std::string& host, std::uint16_t port,
                            std::chrono::milliseconds timeout) {
  std::string why;
  const Addresses addresses = look_up(host, port, why);
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    const Socket socket{*at};
    if (::connect(socket.get(), at->ai_addr, at->ai_addrlen) == 0) return {};
    if (errno == EINPROGRESS) {
      pollfd wait{.fd = socket.get(), .events = POLLOUT, .revents = 0};
      int number = ETIMEDOUT;
      socklen_t size = sizeof number;
      if (::poll(&wait, 1, static_cast<int>(timeout.count())) > 0)
        ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &number, &size);
      if (number == 0) return {};
      errno = number;
    }
    why = std::strerror(errno);
  }
  return why.empty() ? "no such host" : why;
}

Finding check_clocks(std::span<const TimedBlock> blocks, std::uint64_t now_ms) {
  const std::string check = "clocks";
  const std::string mend = "let chrony or systemd-timesyncd keep the clock right there";
  if (blocks.empty()) return well(check, "no blocks yet to compare clocks by");
  const std::uint64_t newest = blocks.back().time_ms;
  if (newest > now_ms + 1'000) {
    return fault(check,
                 fmt::format("this machine is {:.1f} s behind the newest block's time",
                             static_cast<double>(newest - now_ms) / 1'000),
                 mend + ": here, or where that block was proposed");
  }
  struct Share {
    std::size_t blocks{0};
    std::size_t as_parent{0};
  };
  std::map<std::string, Share> shares;
  for (const TimedBlock& block : blocks) {
    Share& share = shares[block.proposer];
    ++share.blocks;
    if (block.time_ms <= block.parent_time_ms) ++share.as_parent;
  }
  std::vector<std::string> behind;
  std::vector<std::string> rest;
  for (const auto& [name, share] : shares) {
    if (share.blocks < kBlocksToJudge) continue;
    (share.as_parent * 5 > share.blocks * 4 ? behind : rest).push_back(name);
  }
  if (behind.size() + rest.size() < 2)
    return well(check, "too few blocks yet to compare clocks by");
  if (behind.empty())
    return well(check,
                fmt::format("{} proposers agree, over {} blocks", rest.size(), blocks.size()));
  if (behind.size() > rest.size() && !rest.empty()) {
    return fault(check, fmt::format("ahead of the others: {}", fmt::join(rest, ", ")), mend);
  }
  return fault(check, fmt::format("behind the others: {}", fmt::join(behind, ", ")), mend);
}

}  // namespace wusong::operate
