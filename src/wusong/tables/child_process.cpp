// SPDX-License-Identifier: Apache-2.0
#include "wusong/tables/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "wusong/platform/clock.hpp"
#include "wusong/tables/errors.hpp"
#include "wusong/tables/internal/confinement.hpp"

namespace wusong::tables {
namespace {

/// What every program linked to the C library reads.
constexpr std::array kSystemPaths{"/usr",
                                  "/lib",
                                  "/lib64",
                                  "/bin",
                                  "/etc/ld.so.cache",
                                  "/etc/localtime",
                                  "/dev/urandom",
                                  "/dev/zero",
                                  "/proc/sys/vm/overcommit_memory",
                                  "/proc/meminfo",
                                  "/proc/cpuinfo",
                                  "/sys/devices/system/cpu"};

constexpr std::size_t kPassedMax = 16;  // descriptors

class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int value) noexcept : value_{value} {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  int get() const noexcept { return value_; }
  void reset(int value = -1) noexcept {
    if (value_ >= 0) ::close(value_);
    value_ = value;
  }

 private:
  int value_{-1};
};

struct Pipe {
  Descriptor read;
  Descriptor write;
  bool open() noexcept {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read.reset(ends[0]);
    write.reset(ends[1]);
    return true;
  }
};

struct TemporaryFolder {
  std::string path;
  explicit TemporaryFolder(const std::string& parent) : path{parent + "/wusong-child-XXXXXX"} {
    if (::mkdtemp(path.data()) == nullptr) path.clear();
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove_all(path, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
};

/// What the child says before it becomes the program.
struct Report {
  std::uint32_t held{0};
  int exec_error{0};  // errno
  bool refused{false};
};

/// Everything the child needs, made before the fork: after it nothing may allocate.
struct Plan {
  const ChildOptions& options;
  std::string folder;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::vector<sock_filter> filter;
  int input;
  int output;
  int errors;
  int report;
  int ruleset;
};

bool set_limit(__rlimit_resource what, std::uint64_t most) noexcept {
  rlimit now{};
  if (::getrlimit(what, &now) != 0) return false;
  const auto wanted = std::min<rlim_t>(most, now.rlim_max);
  const rlimit limit{wanted, wanted};
  return ::setrlimit(what, &limit) == 0;
}

bool set_limits(const ChildOptions& options) noexcept {
  bool all = set_limit(RLIMIT_CORE, 0) && set_limit(RLIMIT_CPU, options.cpu_seconds_max) &&
             set_limit(RLIMIT_FSIZE, options.file_bytes_max) &&
             set_limit(RLIMIT_NOFILE, options.open_files_max);
  if (options.memory_bytes_max != 0) all &= set_limit(RLIMIT_AS, options.memory_bytes_max);
  return all;
}

/// Puts the descriptors in their places and closes all others; gives the report's new number.
int place_descriptors(const Plan& plan) noexcept {
  const int passed = static_cast<int>(plan.options.descriptors.size());
  const int first_free = 3 + passed;
  // Out of the way first, or one would be overwritten before it is copied.
  const int base = first_free + 8;
  const auto lift = [&](int from) { return ::fcntl(from, F_DUPFD_CLOEXEC, base); };
  const int input = lift(plan.input);
  const int output = lift(plan.output);
  const int errors = lift(plan.errors);
  const int report = lift(plan.report);
  const int ruleset = plan.ruleset < 0 ? -1 : lift(plan.ruleset);
  std::array<int, kPassedMax> lifted{};
  for (int i = 0; i < passed; ++i)
    lifted[static_cast<std::size_t>(i)] =
        lift(plan.options.descriptors[static_cast<std::size_t>(i)]);
  bool all = ::dup2(input, 0) == 0 && ::dup2(output, 1) == 1 && ::dup2(errors, 2) == 2;
  for (int i = 0; i < passed; ++i)
    all &= ::dup2(lifted[static_cast<std::size_t>(i)], 3 + i) == 3 + i;
  all &= ::dup3(report, first_free, O_CLOEXEC) == first_free;
  if (ruleset >= 0) all &= ::dup3(ruleset, first_free + 1, O_CLOEXEC) == first_free + 1;
  all &= ::close_range(static_cast<unsigned>(first_free + (ruleset >= 0 ? 2 : 1)), ~0u, 0) == 0;
  return all ? first_free : -1;
}

[[noreturn]] void become(const Plan& plan, pid_t parent) noexcept {
  Report report;
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < 32; ++number) ::signal(number, SIG_DFL);

  const int out = place_descriptors(plan);
  if (out < 0) ::_exit(126);
  report.held |= kDescriptors;
  if (internal::leave_network()) report.held |= kNoNetwork;
  if (internal::drop_capabilities()) report.held |= kNoCapabilities;
  if (::chdir(plan.folder.c_str()) != 0) ::_exit(126);
  if (set_limits(plan.options)) report.held |= kLimits;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) report.held |= kNoNewPrivileges;
  if (plan.ruleset >= 0 && internal::restrict_files(out + 1)) report.held |= kFiles;
  if (internal::install_filter(plan.filter)) report.held |= kSystemCalls;
  report.refused = (plan.options.required & ~report.held) != 0;
  if (::write(out, &report, sizeof report) != sizeof report) ::_exit(126);
  if (report.refused) ::_exit(126);
  ::execve(plan.arguments[0], plan.arguments.data(), plan.environment.data());
  report.exec_error = errno;
  static_cast<void>(!::write(out, &report, sizeof report));
  ::_exit(127);
}

/// Collects what the child says until it ends; the caller kills it where this says so.
class Listener {
 public:
  Listener(const ChildOptions& options, ChildResult& result, int output, int errors, int process)
      : options_{options}, result_{result}, output_{output}, errors_{errors}, process_{process} {}

  /// True: it ended by itself.
  bool listen(Instant deadline) {
    while (output_ >= 0 || errors_ >= 0 || !ended_) {
      const Duration left = deadline - platform::monotonic_now();
      if (left <= Duration{0}) {
        result_.timed_out = true;
        return false;
      }
      const auto wait =
          std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds{left});
      if (options_.go_on && !options_.go_on()) {
        result_.told_to_end = true;
        return false;
      }
      const std::int64_t longest = options_.go_on ? 200 : 60'000;
      std::array<pollfd, 3> watched{
          {{output_, POLLIN, 0}, {errors_, POLLIN, 0}, {ended_ ? -1 : process_, POLLIN, 0}}};
      const int count = ::poll(watched.data(), watched.size(),
                               static_cast<int>(std::min<std::int64_t>(wait.count(), longest)));
      if (count < 0 && errno != EINTR) return false;
      if (count <= 0) continue;
      if (watched[0].revents != 0 && !hear_output()) return false;
      if (watched[1].revents != 0) hear_errors();
      if (watched[2].revents != 0) {
        ended_ = true;
        return_soon();
      }
    }
    return true;
  }

 private:
  /// Who it left behind may hold its pipes open for ever.
  void return_soon() {
    siginfo_t about{};
    ::waitid(P_PIDFD, static_cast<id_t>(process_), &about, WEXITED | WNOWAIT);
    ::kill(-about.si_pid, SIGKILL);
  }

  std::size_t take(int& from) {
    const auto count = ::read(from, buffer_.data(), buffer_.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
    if (count <= 0) from = -1;
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  bool hear_output() {
    const std::size_t count = take(output_);
    if (options_.on_output) {
      return count == 0 ||
             options_.on_output({reinterpret_cast<const std::uint8_t*>(buffer_.data()), count});
    }
    result_.output.append(buffer_.data(),
                          std::min(count, options_.output_bytes_max - result_.output.size() + 1));
    if (result_.output.size() <= options_.output_bytes_max) return true;
    result_.output_too_long = true;
    result_.output.resize(options_.output_bytes_max);
    return false;
  }

  void hear_errors() {
    const std::size_t count = take(errors_);
    result_.errors.append(buffer_.data(),
                          std::min(count, options_.error_bytes_max - result_.errors.size()));
  }

  const ChildOptions& options_;
  ChildResult& result_;
  int output_;
  int errors_;
  int process_;
  bool ended_{false};
  std::vector<char> buffer_ = std::vector<char>(256u << 10);
};

bool fill_input(Descriptor& file, std::string_view text) {
  file.reset(::memfd_create("input", MFD_CLOEXEC));
  if (file.get() < 0) return false;
  while (!text.empty()) {
    const auto count = ::write(file.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::lseek(file.get(), 0, SEEK_SET) == 0;
}

void note_end(ChildResult& result, pid_t child) {
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  result.memory_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  result.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// What one start needs, and what its plan points into.
struct Launch {
  explicit Launch(const ChildOptions& from) : options{from}, folder{from.temporary_parent} {}

  bool prepare() {
    if (options.descriptors.size() > kPassedMax || folder.path.empty() || !output.open() ||
        !errors.open() || !report.open() || !fill_input(input, options.input))
      return false;
    std::vector<std::string> readable{kSystemPaths.begin(), kSystemPaths.end()};
    readable.push_back(options.program);
    readable.insert(readable.end(), options.readable.begin(), options.readable.end());
    std::vector<std::string> writable{folder.path, "/dev/null"};
    writable.insert(writable.end(), options.writable.begin(), options.writable.end());
    ruleset.reset(internal::make_ruleset(readable, writable));
    words = {options.program};
    words.insert(words.end(), options.arguments.begin(), options.arguments.end());
    variables = {"TMPDIR=" + folder.path};
    for (const auto& [name, value] : options.environment)
      variables.push_back(std::string{name}.append("=").append(value));
    return true;
  }

  Plan plan() {
    Plan out{options,
             folder.path,
             {},
             {},
             internal::confined_calls(),
             input.get(),
             output.write.get(),
             errors.write.get(),
             report.write.get(),
             ruleset.get()};
    for (auto& word : words) out.arguments.push_back(word.data());
    for (auto& variable : variables) out.environment.push_back(variable.data());
    out.arguments.push_back(nullptr);
    out.environment.push_back(nullptr);
    return out;
  }

  const ChildOptions& options;
  TemporaryFolder folder;
  Pipe output;
  Pipe errors;
  Pipe report;
  Descriptor input;
  Descriptor ruleset;
  std::vector<std::string> words;
  std::vector<std::string> variables;
};

/// One report, or two where the program did not start; its start closes the other end.
std::size_t hear_report(int from, std::array<Report, 2>& said) {
  std::size_t have = 0;
  for (;;) {
    const auto count =
        ::read(from, reinterpret_cast<char*>(said.data()) + have, sizeof said - have);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return have;
    have += static_cast<std::size_t>(count);
  }
}

}  // namespace

std::string protection_names(std::uint32_t mask) {
  constexpr std::array kNames{"no_new_privileges", "no_capabilities", "no_network",
                              "system_calls",      "files",           "limits",
                              "descriptors"};
  std::string out;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    if (!out.empty()) out += ", ";
    out += kNames[i];
  }
  return out;
}

Result<ChildResult> run_child(const ChildOptions& options, std::uint32_t* missing) {
  if (::access(options.program.c_str(), X_OK) != 0) return fail(err::child_not_found);
  Launch launch{options};
  if (!launch.prepare()) return fail(err::child_not_started);
  const Plan plan = launch.plan();

  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return fail(err::child_not_started);
  if (child == 0) become(plan, parent);
  ::setpgid(child, child);  // whoever of the two comes first
  launch.output.write.reset();
  launch.errors.write.reset();
  launch.report.write.reset();

  ChildResult result;
  std::array<Report, 2> said{};
  const std::size_t have = hear_report(launch.report.read.get(), said);
  if (have != sizeof(Report)) {
    ::kill(-child, SIGKILL);
    note_end(result, child);
    const bool absent = have == sizeof said && said[1].exec_error == ENOENT;
    return fail(absent ? err::child_not_found : err::child_not_started);
  }
  result.held = said[0].held;
  if (missing != nullptr) *missing = options.required & ~result.held;
  if (said[0].refused) {
    note_end(result, child);
    return fail(err::protection_missing);
  }
  // glibc 2.36 declares the function for C only.
  const Descriptor process{static_cast<int>(::syscall(SYS_pidfd_open, child, 0u))};
  Listener listener{options, result, launch.output.read.get(), launch.errors.read.get(),
                    process.get()};
  listener.listen(platform::monotonic_now() + options.timeout);
  ::kill(-child, SIGKILL);  // before the wait, while the number is still the child's
  note_end(result, child);
  return result;
}

Result<void> forbid_programs() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      !internal::install_filter(internal::no_programs()))
    return fail(err::protection_missing);
  return {};
}

}  // namespace wusong::tables
