// SPDX-License-Identifier: Apache-2.0
// Real namespaces and tunnels, where this machine has them.
#include "wusong/emulator/emulator.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "wusong/base/assert.hpp"
#include "wusong/emulator/control.hpp"
#include "wusong/emulator/errors.hpp"
#include "wusong/emulator/tunnel.hpp"

namespace wusong::emulator {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint16_t kPort = 7'000;
constexpr auto kRoundTrip = 60ms;

wan::Regions regions() {
  auto out = wan::Regions::parse(R"({"regions": ["a", "b"], "rtt_ms_p50": [[1, 60], [60, 1]]})");
  WUSONG_ASSERT(out.has_value());
  return *std::move(out);
}

sockaddr_in address(const std::string& host) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(kPort);
  ::inet_pton(AF_INET, host.c_str(), &out.sin_addr);
  return out;
}

Descriptor datagrams(const std::string& host) {
  Descriptor out{::socket(AF_INET, SOCK_DGRAM, 0)};
  const timeval patience{.tv_sec = 3, .tv_usec = 0};
  ::setsockopt(out.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  const sockaddr_in own = address(host);
  if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0) out.reset();
  return out;
}

/// @return the code of a process that runs `work`, and that this one waits for with `wait`.
template <typename Work>
pid_t start(Work work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  return pid;
}
int code_of(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Answers one datagram.
int echo(const std::string& socket) {
  const auto joined = join(socket, "b");
  if (!joined) return 10;
  const Descriptor own = datagrams(joined->address);
  char byte = 0;
  sockaddr_in from{};
  socklen_t size = sizeof(from);
  if (!own || ::recvfrom(own.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from), &size) != 1)
    return 11;
  return ::sendto(own.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from), size) == 1 ? 0 : 12;
}

/// @return milliseconds of a round trip, or above 200 what went wrong
int ask(const std::string& socket) {
  const auto joined = join(socket, "a");
  if (!joined) return 201;
  const Descriptor own = datagrams(joined->address);
  const sockaddr_in other = address(joined->addresses[1].second);
  const auto began = Clock::now();
  char byte = 'x';
  for (int attempt = 0; attempt < 3; ++attempt) {  // the other may not have joined yet
    ::sendto(own.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&other), sizeof(other));
    if (::recv(own.get(), &byte, 1, 0) == 1)
      return static_cast<int>(std::min<std::int64_t>((Clock::now() - began) / 1ms, 200));
  }
  return 202;
}

class Emulator : public ::testing::Test {
 protected:
  void SetUp() override {
    const int possible = code_of(start([] { return enter_network(0) ? 0 : 1; }));
    if (possible != 0) GTEST_SKIP() << "no TUN or no namespaces here";
    folder_ =
        std::filesystem::temp_directory_path() / ("wusong-emulator-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    socket_ = folder_ / "wan.sock";
    emulator_ = start([this] {
      const std::atomic<bool> never{false};
      return run_emulator(
                 {.regions = regions(), .nodes = {"a", "b"}, .placement = 0, .socket = socket_},
                 never)
                 ? 0
                 : 1;
    });
    while (!Control::open(socket_)) std::this_thread::sleep_for(5ms);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::string socket_;
  pid_t emulator_{0};
};

TEST_F(Emulator, TwoNetworksTalkThroughItInTheTimeOfTheirPath) {
  const pid_t answers = start([this] { return echo(socket_); });
  while (Control::open(socket_)->ask(R"({"op": "status"})")->find(std::to_string(answers)) ==
         std::string::npos)
    std::this_thread::sleep_for(5ms);
  const int took = code_of(start([this] { return ask(socket_); }));
  EXPECT_GE(took, kRoundTrip / 1ms);
  EXPECT_LE(took, 200);  // it answered, however busy this machine is
  EXPECT_EQ(code_of(answers), 0);
  EXPECT_TRUE(Control::open(socket_)->ask(R"({"op": "end"})"));
  EXPECT_EQ(code_of(emulator_), 0);
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(Emulator, ANodeThatIsKilledLeavesNothingAndTheEmulatorEnds) {
  const pid_t node = start([this] {
    if (!join(socket_, "a")) return 1;
    ::pause();
    return 0;
  });
  const auto attached = [&] {
    return Control::open(socket_)->ask(R"({"op": "status"})")->find(std::to_string(node)) !=
           std::string::npos;
  };
  while (!attached()) std::this_thread::sleep_for(5ms);
  ::kill(node, SIGKILL);
  EXPECT_EQ(code_of(node), -1);
  while (attached()) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(code_of(emulator_), 0);  // some seconds later
}

TEST_F(Emulator, ItsSocketIsItsUsersAndAStrangerHasNoNode) {
  struct stat about{};
  ASSERT_EQ(::stat(socket_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  const auto refused = Control::open(socket_)->ask(R"({"op": "join", "node": "stranger"})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Error{err::unknown_node});
  EXPECT_FALSE(listen_at(socket_));  // a second one
  EXPECT_TRUE(Control::open(socket_)->ask(R"({"op": "end"})"));
  EXPECT_EQ(code_of(emulator_), 0);
}

TEST(Control, NobodyListeningIsAnError) {
  const auto none = Control::open("/nonexistent/wan.sock");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), Error{err::not_running});
}

}  // namespace
}  // namespace wusong::emulator
