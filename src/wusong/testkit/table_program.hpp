// SPDX-License-Identifier: Apache-2.0
// The table engine of tests below platform: the real program, one question at a time, unconfined.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/table_engine.hpp"

namespace wusong::testkit {

class TableProgram final : public gateway::TableEngine {
 public:
  explicit TableProgram(io::BlobStore& blobs) : blobs_{blobs} {
    const auto self = std::filesystem::read_symlink("/proc/self/exe");
    program_ = (self.parent_path() / "wusong_duck").string();
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    constexpr const char* kLibrary =
        "tools/duckdb/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so";
    std::error_code none;
    if (std::filesystem::exists(kLibrary, none)) library_ = std::filesystem::canonical(kLibrary);
  }
  ~TableProgram() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TableProgram(const TableProgram&) = delete;
  TableProgram& operator=(const TableProgram&) = delete;

  bool installed() const noexcept { return !library_.empty(); }
  bool busy{false};       // told to have no room
  bool slow{false};       // told to be still at work
  std::uint64_t runs{0};  // of the program

  Result<gateway::TableAnswer> ask(const gateway::TableQuestion& question, std::uint64_t) override {
    if (!installed()) return fail(gateway::err::engine_missing);
    if (busy) return fail(gateway::err::engine_busy);
    gateway::TableAnswer out;
    if (slow) return out;
    ++runs;
    gateway::TablePaths paths;
    WUSONG_TRY(paths.file, put(question.file, "a"));
    if (!question.other.is_zero()) {
      WUSONG_TRY(paths.other, put(question.other, "b"));
    }
    if (!question.output.empty()) paths.output = folder_ + "/made" + std::to_string(runs);
    write("request", gateway::engine_request(question, paths));
    out.done = true;
    out.ok = run();
    out.json = read(folder_ + "/answer");
    if (out.ok && !paths.output.empty()) {
      const auto made = read(paths.output);
      WUSONG_TRY(out.output, blobs_.put(as_bytes(made)));
    }
    return out;
  }

 private:
  Result<std::string> put(const Hash& blob, const std::string& name) {
    WUSONG_TRY(const auto size, blobs_.size(blob));
    WUSONG_TRY(const auto bytes, blobs_.read(blob, 0, size));
    write(name, std::string{as_text(bytes)});
    return folder_ + "/" + name;
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream{folder_ + "/" + name, std::ios::binary} << text;
  }
  static std::string read(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  bool run() {
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 0, (folder_ + "/request").c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, 1, (folder_ + "/answer").c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, 0600);
    std::string memory = "268435456";
    std::string threads = "2";
    std::string temporary = "TMPDIR=" + folder_;
    std::string quiet = "ASAN_OPTIONS=detect_leaks=0";
    char* const arguments[] = {program_.data(), library_.data(), memory.data(), threads.data(),
                               nullptr};
    char* const environment[] = {temporary.data(), quiet.data(), nullptr};
    pid_t child = 0;
    const bool began =
        ::posix_spawn(&child, program_.c_str(), &files, nullptr, arguments, environment) == 0;
    ::posix_spawn_file_actions_destroy(&files);
    int status = -1;
    if (began) ::waitpid(child, &status, 0);
    return began && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  io::BlobStore& blobs_;
  std::string program_;
  std::string folder_;
  std::string library_;
};

}  // namespace wusong::testkit
