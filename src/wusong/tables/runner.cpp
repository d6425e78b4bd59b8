// SPDX-License-Identifier: Apache-2.0
#include "wusong/tables/runner.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "wusong/tables/child_process.hpp"
#include "wusong/tables/operations.hpp"

namespace wusong::tables {
namespace {

/// Beside the engine's own: code, stacks, and what the allocator keeps back. An address space, not
/// memory that is used.
constexpr std::uint64_t kAddressSpaceExtra = 3ull << 30;

/// Bytes that a child writes and its parent reads.
struct Memory {
  explicit Memory(int opened) : descriptor{opened} {}
  ~Memory() {
    if (descriptor >= 0) ::close(descriptor);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  int descriptor;
};

constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

}  // namespace

Runner::Answer Runner::ask(std::string_view request, std::vector<std::string> readable,
                           std::vector<std::string> writable) const {
  ChildOptions options;
  options.program = program;
  options.arguments = {library, fmt::format("{}", memory_bytes), fmt::format("{}", threads)};
  options.input = request;
  options.readable = std::move(readable);
  options.readable.push_back(library);
  // Character sets beyond UTF-8 are modules of the C library.
  options.environment = {{"LC_ALL", "C.UTF-8"}, {"ASAN_OPTIONS", "detect_leaks=0"}};
  options.writable = std::move(writable);
  options.timeout = timeout;
  options.go_on = go_on;
  const Memory shared{progress ? ::memfd_create("wusong-progress", MFD_CLOEXEC) : -1};
  if (shared.descriptor >= 0) {
    options.descriptors = {shared.descriptor};
    options.environment.emplace_back("WUSONG_PROGRESS", "3");
    options.go_on = [&] {
      Progress now;
      if (::pread(shared.descriptor, &now, sizeof now, 0) == sizeof now) progress(now);
      return !go_on || go_on();
    };
  }
  options.temporary_parent = temporary_parent;
  // Sanitizers reserve terabytes of address space, and look their stacks up.
  if (kSanitized) options.readable.emplace_back("/proc");
  options.memory_bytes_max = kSanitized ? 0 : memory_bytes * 2 + kAddressSpaceExtra;
  options.file_bytes_max = disk_bytes;
  options.cpu_seconds_max = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(timeout).count() * threads + 1);

  Answer out;
  std::uint32_t missing = 0;
  const auto result = run_child(options, &missing);
  if (!result) {
    out.json = error_json("internal",
                          fmt::format("{} {}", result.error().name(), protection_names(missing)));
    return out;
  }
  out.held = result->held;
  out.cpu_seconds = result->cpu_seconds;
  out.memory_bytes = result->memory_bytes;
  out.json = result->output;
  out.ok = result->ok();
  if (result->told_to_end) {
    out.json = error_json("interrupted", "");
  } else if (result->timed_out || result->signal == SIGXCPU) {
    out.json = error_json("timed_out", "");
  } else if (result->output_too_long) {
    out.json = error_json("too_large", "the answer is too long");
  } else if (out.json.empty() || out.json.back() != '\n') {
    const char* code = result->signal == SIGABRT   ? "out_of_memory"
                       : result->signal == SIGKILL ? "killed"
                                                   : "internal";
    out.json = error_json(code, fmt::format("signal {} {}", result->signal, result->errors));
  } else {
    out.json.pop_back();
  }
  return out;
}

std::string Runner::find_library(std::string_view program_folder) {
  constexpr std::string_view kPackage = "node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so";
  const char* named = std::getenv("WUSONG_DUCKDB");
  const std::string folder{program_folder};
  for (const std::string& path :
       {std::string{named == nullptr ? "" : named}, folder + "/libduckdb.so",
        fmt::format("{}/../../tools/duckdb/{}", folder, kPackage),
        fmt::format("{}/../../../tools/duckdb/{}", folder, kPackage),
        fmt::format("tools/duckdb/{}", kPackage)}) {
    std::error_code ignored;
    if (!path.empty() && std::filesystem::exists(path, ignored))
      return std::filesystem::canonical(path, ignored).string();
  }
  return {};
}

}  // namespace wusong::tables
