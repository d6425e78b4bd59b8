// SPDX-License-Identifier: Apache-2.0
// Programs that try what they may not: each is a small script of Debian's shell and Python.
#include "wusong/tables/child_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "wusong/tables/errors.hpp"

namespace wusong::tables {
namespace {

ChildOptions shell(std::string script) {
  ChildOptions options;
  options.program = "/bin/sh";
  options.arguments = {"-c", std::move(script)};
  options.timeout = std::chrono::seconds{20};
  return options;
}

ChildOptions python(std::string script) {
  ChildOptions options = shell({});
  options.program = "/usr/bin/python3";
  options.arguments = {"-c", std::move(script)};
  return options;
}

bool have_python() {
  return std::filesystem::exists("/usr/bin/python3");
}

ChildResult run(const ChildOptions& options) {
  const auto result = run_child(options);
  EXPECT_TRUE(result) << result.error().name();
  return result ? *result : ChildResult{};
}

TEST(ChildProcess, ReadsItsInputAndAnswers) {
  auto options = shell("cat; echo oops >&2; exit 3");
  options.input = std::string(1'000'000, 'x');
  const auto result = run(options);
  EXPECT_EQ(result.output, options.input);
  EXPECT_EQ(result.errors, "oops\n");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.held & kUsualProtections, kUsualProtections);
  EXPECT_GT(result.memory_bytes, 0u);
}

TEST(ChildProcess, InheritsNeitherEnvironmentNorDescriptors) {
  ::setenv("WUSONG_SECRET", "1", 1);
  const int leak = ::open("/etc/passwd", O_RDONLY);  // without O_CLOEXEC
  auto options = shell(
      "echo \"$WUSONG_SECRET-$GIVEN\"; ls /proc/self/fd; [ \"$PWD\" = \"$TMPDIR\" ] && echo home");
  options.environment = {{"GIVEN", "yes"}};
  options.readable = {"/proc"};
  const auto result = run(options);
  ::close(leak);
  // 3 is what ls itself has opened.
  EXPECT_EQ(result.output, "-yes\n0\n1\n2\n3\nhome\n");
}

TEST(ChildProcess, GetsTheDescriptorsThatArePassed) {
  std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
  const int file = ::mkstemp(name.data());
  ASSERT_EQ(::write(file, "hello", 5), 5);
  ::lseek(file, 0, SEEK_SET);
  auto options = shell("cat <&4");
  options.descriptors = {1, file};
  EXPECT_EQ(run(options).output, "hello") << "although Landlock hides its path";
  ::close(file);
  ::unlink(name.c_str());
}

// @row 31
TEST(ChildProcess, HasNoNetwork) {
  if (!have_python()) GTEST_SKIP() << "python3 is not installed";
  auto options = python(R"(
import socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
  try:
    socket.socket(family, socket.SOCK_RAW if family == socket.AF_NETLINK else socket.SOCK_STREAM)
    print('open')
  except PermissionError: print('refused')
print(len(open('/proc/self/net/dev').readlines()) - 2)
)");
  options.readable = {"/proc"};
  const auto result = run(options);
  EXPECT_TRUE(result.output.starts_with("refused\nrefused\nrefused\nrefused\n"))
      << result.output << result.errors;
  if ((result.held & kNoNetwork) != 0) {
    EXPECT_TRUE(result.output.ends_with("\n1\n")) << "loopback alone: " << result.output;
  }
}

// @row 31
TEST(ChildProcess, SeesOnlyThePathsItWasGiven) {
  std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
  const std::string folder = ::mkdtemp(name.data());
  for (const char* const file : {"open", "closed"})
    std::ofstream{std::filesystem::path{folder} / file} << file;
  std::filesystem::create_directory(folder + "/out");
  auto options =
      shell("cat " + folder + "/open; cat " + folder + "/closed /etc/passwd; echo new > " + folder +
            "/out/a; echo new > " + folder + "/open; echo mine > here; cat here");
  options.readable = {folder + "/open", folder + "/not_there"};
  options.writable = {folder + "/out"};
  const auto result = run(options);
  if ((result.held & kFiles) == 0) GTEST_SKIP() << "no Landlock in this kernel";
  EXPECT_EQ(result.output, "openmine\n") << result.errors;
  EXPECT_TRUE(std::filesystem::exists(folder + "/out/a"));
  EXPECT_EQ(std::filesystem::file_size(folder + "/open"), 4u);
  std::filesystem::remove_all(folder);
}

TEST(ChildProcess, RootsPowersAreGone) {
  auto options = shell("grep -E 'Cap(Eff|Prm|Bnd)|NoNewPrivs|^Seccomp:' /proc/self/status");
  options.readable = {"/proc"};
  const auto result = run(options);
  EXPECT_NE(result.output.find("CapPrm:\t0000000000000000"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("CapEff:\t0000000000000000"), std::string::npos);
  EXPECT_NE(result.output.find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_NE(result.output.find("Seccomp:\t2"), std::string::npos);
}

TEST(ChildProcess, ATimeoutEndsItAndAllItStarted) {
  auto options = shell("(sleep 1000; echo late) & echo $!; sleep 1000");
  options.timeout = std::chrono::milliseconds{300};
  const auto result = run(options);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_FALSE(result.ok());
  EXPECT_GT(std::stoi(result.output), 0);
}

TEST(ChildProcess, WhoeverWaitsMayEndIt) {
  auto options = shell("sleep 1000");
  int asked = 0;
  options.go_on = [&] { return ++asked < 3; };
  const auto result = run(options);
  EXPECT_TRUE(result.told_to_end);
  EXPECT_FALSE(result.timed_out);
  EXPECT_FALSE(result.ok());
}

TEST(ChildProcess, WhatItLeavesBehindEndsWithIt) {
  const auto result = run(shell("sleep 1000 & setsid sleep 1000 & echo done"));
  EXPECT_EQ(result.output, "done\n") << "and this test did not wait for the sleepers";
  EXPECT_TRUE(result.ok());
}

TEST(ChildProcess, OutputIsBounded) {
  auto options = shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");
  options.output_bytes_max = 100'000;
  const auto result = run(options);
  EXPECT_TRUE(result.output_too_long);
  EXPECT_EQ(result.output.size(), 100'000u);
  auto noisy = shell("i=0; while [ $i -lt 20000 ]; do echo xxxxxxxxxxxxxxx >&2; i=$((i+1)); done");
  noisy.error_bytes_max = 1'000;
  const auto heard = run(noisy);
  EXPECT_TRUE(heard.ok());
  EXPECT_EQ(heard.errors.size(), 1'000u);
  std::size_t bytes = 0;
  options.on_output = [&](BytesView part) { return (bytes += part.size()) < 1'000'000; };
  EXPECT_EQ(run(options).signal, SIGKILL) << "whoever listens may end it";
}

TEST(ChildProcess, LimitsHold) {
  auto files = shell("head -c 1000000 /dev/zero > big; wc -c < big");
  files.file_bytes_max = 4'096;
  EXPECT_EQ(run(files).output, "4096\n");
  auto time = shell("while :; do :; done");
  time.cpu_seconds_max = 1;
  const auto spun = run(time);
  EXPECT_TRUE(spun.signal == SIGXCPU || spun.signal == SIGKILL) << spun.signal;
  EXPECT_FALSE(spun.timed_out);
  if (!have_python()) return;
  auto memory = python("x = bytearray(600_000_000)");
  memory.memory_bytes_max = 400u << 20;
  EXPECT_NE(run(memory).errors.find("MemoryError"), std::string::npos);
}

TEST(ChildProcess, AProgramThatIsNotThereAndAProtectionThatCanNotBeHadAreNamed) {
  ChildOptions options;
  options.program = "/nowhere/program";
  EXPECT_EQ(run_child(options).error(), err::child_not_found);
  options = shell("echo ran");
  options.required = 1u << 20;  // no kernel has that
  std::uint32_t missing = 0;
  EXPECT_EQ(run_child(options, &missing).error(), err::protection_missing);
  EXPECT_EQ(missing, 1u << 20);
  EXPECT_EQ(protection_names(kFiles | kNoNetwork), "no_network, files");
}

}  // namespace
}  // namespace wusong::tables
