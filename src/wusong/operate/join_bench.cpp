// SPDX-License-Identifier: Apache-2.0
// A new validator on a long chain: how long until the chain goes on by its vote. Real stores, TLS
// and threads, all in this process. WUSONG_CHAIN_BLOCKS: how long the chain is; making it is not
// measured.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "wusong/platform/clock.hpp"
#include "wusong/platform/data_format.hpp"
#include "wusong/platform/node_host.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/platform/segment_files.hpp"
#include "wusong/testkit/signed_chain.hpp"

namespace wusong::operate {
namespace {

namespace fs = std::filesystem;
using namespace platform;  // NOLINT(google-build-using-namespace): all of it is about hosts
using testkit::SignedChain;

constexpr std::uint64_t kAccounts = 1'000;
constexpr std::size_t kNewcomer = 3;
constexpr Duration kPatience = std::chrono::minutes{20};

void insist(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "wusong-join-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path path;
};

void make_chain(const fs::path& folder, std::uint64_t blocks) {
  fs::create_directories(folder);
  insist(check_data_format(folder).has_value(), "no folder");
  const auto store = *open_rocks_store(folder / "db");
  const auto segments = *open_segment_files(folder / "state");
  SignedChain chain{kAccounts, *store, *segments};
  chain.grow(blocks, 0);
  insist(chain.chain().ledger->sync().has_value() && chain.chain().state->sync().has_value(),
         "not written");
}

/// Tables never change: a link is a copy.
void copy_chain(const fs::path& from, const fs::path& to) {
  for (const auto& entry : fs::recursive_directory_iterator{from}) {
    if (!entry.is_regular_file() || entry.path().filename() == "LOCK") continue;
    const fs::path target = to / fs::relative(entry.path(), from);
    fs::create_directories(target.parent_path());
    if (entry.path().extension() == ".sst") {
      fs::create_hard_link(entry.path(), target);
    } else {
      fs::copy_file(entry.path(), target);
    }
  }
}

/// Validators of one chain in this process; each dials those before it.
class Hosts {
 public:
  explicit Hosts(const fs::path& folder) : folder_{folder} {}
  ~Hosts() {
    for (auto& host : hosts_)
      if (host != nullptr) host->stop();
  }
  Hosts(const Hosts&) = delete;
  Hosts& operator=(const Hosts&) = delete;

  NodeHost& open(std::size_t i) {
    HostOptions options;
    options.folder = folder_ / std::to_string(i);
    options.genesis = SignedChain::genesis(kAccounts);
    std::ranges::copy(SignedChain::secret('n', i), options.node_key.begin());
    options.vote_keys.push_back(SignedChain::key('v', i));
    for (std::size_t j = 0; j < hosts_.size(); ++j)
      options.peers.push_back({.key = net::PeerKey::from(SignedChain::key('n', j)->public_key()),
                               .host = "127.0.0.1",
                               .port = hosts_[j]->port()});
    auto host = NodeHost::open(std::move(options), *logger_, metrics_[i],
                               [](Error error) { insist(false, error.info().name.data()); });
    insist(host.has_value() && (*host)->start().has_value(), "a host does not start");
    hosts_.push_back(*std::move(host));
    return *hosts_.back();
  }
  void stop(std::size_t i) {
    hosts_[i]->stop();
    hosts_[i].reset();
  }

 private:
  fs::path folder_;
  std::unique_ptr<Logger> logger_{Logger::silent()};
  std::array<MetricsRegistry, SignedChain::kValidators> metrics_;
  std::vector<std::unique_ptr<NodeHost>> hosts_;
};

template <typename Condition>
double wait_until(Condition condition) {
  const Instant begun = monotonic_now();
  while (!condition()) {
    insist(monotonic_now() - begun < kPatience, "it does not come");
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return std::chrono::duration<double>(monotonic_now() - begun).count();
}

void join_a_long_chain(benchmark::State& state) {
  const char* given = std::getenv("WUSONG_CHAIN_BLOCKS");
  const std::uint64_t blocks = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'000;
  const Folder folder;
  const Instant begun = monotonic_now();
  make_chain(folder.path / "made", blocks);
  const double made = std::chrono::duration<double>(monotonic_now() - begun).count();
  for (std::size_t i = 0; i < kNewcomer; ++i)
    copy_chain(folder.path / "made", folder.path / std::to_string(i));
  Hosts hosts{folder.path};
  NodeHost& first = hosts.open(0);
  for (std::size_t i = 1; i < kNewcomer; ++i) hosts.open(i);
  wait_until([&] { return first.heads().final > Height{blocks}; });
  double joined = 0;
  for (auto _ : state) {
    NodeHost& newcomer = hosts.open(kNewcomer);
    joined = wait_until([&] { return newcomer.heads().executed > Height{blocks}; });
    hosts.stop(kNewcomer - 1);  // without it, three of four are a quorum only with the newcomer
    const Height before = first.heads().final;
    wait_until([&] { return first.heads().final > before.plus(3); });
  }
  state.counters["chain_blocks"] = static_cast<double>(blocks);
  state.counters["joined_s"] = joined;
  state.counters["making_s"] = made;
}
BENCHMARK(join_a_long_chain)
    ->Name("operate/join/until_it_votes")
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace wusong::operate
