// SPDX-License-Identifier: Apache-2.0
// A large block among four validators over real sockets and TLS, coded on a pool of threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "wusong/consensus/machine.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/event_loop.hpp"
#include "wusong/platform/thread_pool.hpp"
#include "wusong/platform/transport.hpp"

namespace wusong::platform {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCount = 4;
constexpr auto kPatience = 600s;

NodeSecretKey secret(std::uint8_t index) {
  NodeSecretKey out{};
  out.fill(static_cast<std::uint8_t>(index + 1));
  return out;
}
const Hash kGenesis = hash::keccak256(as_bytes("genesis"));

class Scheme final : public consensus::VoteVerifier {
 public:
  std::size_t count() const noexcept override { return kCount; }
  bool verify(consensus::ValidatorIndex who, BytesView message,
              BytesView signature) const override {
    return std::ranges::equal(sign(who, message), signature);
  }
  static Bytes sign(consensus::ValidatorIndex who, BytesView message) {
    Bytes keyed{static_cast<std::uint8_t>(who)};
    append(keyed, message);
    return to_bytes(hash::keccak256(keyed));
  }
};
class Signer final : public consensus::VoteSigner {
 public:
  explicit Signer(consensus::ValidatorIndex index) : index_{index} {}
  consensus::ValidatorIndex index() const noexcept override { return index_; }
  Bytes sign(BytesView message) const override { return Scheme::sign(index_, message); }

 private:
  consensus::ValidatorIndex index_;
};
class Identity final : public consensus::BlockIdentity {
 public:
  bool matches(const consensus::Block& block) const override {
    return hash::keccak256(block.payload) == block.ref.id;
  }
};

/// Counts to one, for a thread that waits.
class Latch {
 public:
  void open() {
    const std::lock_guard lock{mutex_};
    is_open_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, kPatience, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_{false};
};

/// One validator with its machine on a thread of its own.
class Validator final : public TransportEvents {
 public:
  Validator(std::uint8_t index, const Bytes& payload, ThreadPool& workers)
      : index_{index}, payload_{payload}, workers_{workers}, signer_{index} {
    consensus::Config config;
    config.genesis = kGenesis;
    config.payload_bytes_max = payload.size();
    config.pacemaker.timeout_initial = kPatience;  // however slow the machine is
    config.pacemaker.timeout_max = kPatience;
    machine_.emplace(*consensus::Machine::create(config, {&signer_, &scheme_, &identity_},
                                                 {View{}, Height{}, kGenesis}, {}));
  }
  ~Validator() override { stop(); }

  void listen(std::vector<TransportPeer> peers) {
    TransportOptions options;
    options.secret_key = secret(index_);
    options.hello.genesis_hash = kGenesis;
    options.hello.node_version = "test/1";
    options.peers = std::move(peers);
    options.limits.backoff_min = 10ms;
    loop_.post_always([this] { take(machine_->start(monotonic_now())); });
    auto started = Transport::start(options, *this, *logger_);
    ASSERT_TRUE(started.has_value());
    transport_ = std::move(*started);
    loop_.start();  // only now: what it does may send
  }
  void propose() { feed(consensus::WorkPending{true}); }
  void stop() {
    if (transport_) transport_->stop(0ms);
    workers_.stop();
    loop_.stop();
  }
  TransportPeer address() const {
    return {*public_key_of(secret(index_)), "127.0.0.1", transport_->port()};
  }
  std::uint64_t bytes_out() const {
    std::uint64_t total = 0;
    for (const auto& peer : transport_->stats().peers) total += peer.bytes_out;
    return total;
  }

  Latch connected;
  Latch final;
  Bytes delivered;
  std::atomic<std::size_t> largest{0};

 private:
  void on_connected(const net::PeerKey& peer, const net::Hello& /*hello*/) override {
    loop_.post_always([this, id = id_of(peer)] {
      take(machine_->step(consensus::PeerConnected{id}, monotonic_now()));
      if (++peers_ == kCount - 1) connected.open();
    });
  }
  void on_disconnected(const net::PeerKey& peer, Error /*reason*/) override {
    feed(consensus::PeerDisconnected{id_of(peer)});
  }
  void on_message(const net::PeerKey& peer, net::Channel channel, Bytes bytes) override {
    if (channel != net::Channel::consensus && channel != net::Channel::block) return;
    largest = std::max(largest.load(), bytes.size());
    loop_.post_always([this, id = id_of(peer), bytes = std::move(bytes)] {
      take(machine_->step(consensus::MessageReceived{id, bytes}, monotonic_now()));
    });
  }
  static consensus::PeerId id_of(const net::PeerKey& peer) {
    for (std::uint8_t i = 0; i < kCount; ++i)
      if (*public_key_of(secret(i)) == peer) return i;
    return kCount;
  }

  void feed(consensus::Event event) {
    loop_.post_always(
        [this, event = std::move(event)] { take(machine_->step(event, monotonic_now())); });
  }
  void take(consensus::Actions actions) {
    for (const consensus::Send& out : actions.sends) {
      const auto channel = out.bulk ? net::Channel::block : net::Channel::consensus;
      if (!out.to) {
        transport_->broadcast(channel, out.bytes);
      } else {
        transport_->send(*public_key_of(secret(static_cast<std::uint8_t>(*out.to))), channel,
                         out.bytes);
      }
    }
    for (consensus::SliceJob& job : actions.slice_jobs)
      if (!workers_.post([this, job = std::move(job)] { feed(job.run()); })) return;
    if (actions.build) {
      const bool first = actions.build->view == View{1};
      feed(first ? consensus::Event{consensus::PayloadBuilt{View{1}, hash::keccak256(payload_),
                                                            payload_}}
                 : consensus::Event{consensus::PayloadDeclined{actions.build->view}});
    }
    for (const consensus::VerifyPayload& request : actions.verify)
      feed(consensus::PayloadVerified{request.block->ref.id, consensus::Verdict::ok});
    if (actions.finalized) {
      delivered = actions.finalized->blocks.front()->payload;
      final.open();
    }
    if (actions.wake_at) wake_at_ = *actions.wake_at;
  }

  const std::uint8_t index_;
  const Bytes& payload_;
  ThreadPool& workers_;
  const Scheme scheme_;
  const Signer signer_;
  const Identity identity_;
  std::optional<consensus::Machine> machine_;
  Instant wake_at_{Instant::max()};
  std::size_t peers_{0};
  std::unique_ptr<Logger> logger_{Logger::silent()};
  std::unique_ptr<Transport> transport_;
  EventLoop loop_{65'536, [this](Instant now) {
                    if (now >= wake_at_) {
                      wake_at_ = Instant::max();
                      take(machine_->step(consensus::Tick{}, now));
                    }
                    return wake_at_;
                  }};
};

// A larger one when asked: WUSONG_DISPERSAL_MB=256 platform_test --gtest_filter='Dispersal*'
TEST(DispersalOverSockets, ABlockOf64MebibytesIsFinalEverywhere) {
  const char* given = std::getenv("WUSONG_DISPERSAL_MB");
  const std::size_t size = (given != nullptr ? std::strtoull(given, nullptr, 10) : 64) << 20;
  Bytes payload(size);
  for (std::size_t i = 0; i < payload.size(); i += 64)
    payload[i] = static_cast<std::uint8_t>(i >> 6 ^ i >> 14);
  ThreadPool workers{2, 4'096};
  std::vector<std::unique_ptr<Validator>> nodes;
  for (std::uint8_t i = 0; i < kCount; ++i)
    nodes.push_back(std::make_unique<Validator>(i, payload, workers));
  std::vector<TransportPeer> known;
  for (std::uint8_t i = 0; i < kCount; ++i) {
    std::vector<TransportPeer> peers = known;
    for (std::uint8_t later = i + 1; later < kCount; ++later)
      peers.push_back({*public_key_of(secret(later)), "", 0});
    nodes[i]->listen(std::move(peers));
    known.push_back(nodes[i]->address());
  }
  for (const auto& node : nodes) ASSERT_TRUE(node->connected.wait());
  const std::uint64_t before = nodes[1]->bytes_out();
  const Instant begun = monotonic_now();
  nodes[1]->propose();
  for (const auto& node : nodes) ASSERT_TRUE(node->final.wait());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(monotonic_now() - begun);
  const std::uint64_t sent = nodes[1]->bytes_out() - before;
  std::printf("%zu MiB final on four validators after %lld ms; the leader sent %.2f of it\n",
              size >> 20, static_cast<long long>(took.count()),
              static_cast<double>(sent) / static_cast<double>(size));
  for (const auto& node : nodes) node->stop();
  for (const auto& node : nodes) {
    EXPECT_EQ(node->delivered, payload);
    EXPECT_LE(node->largest.load(), consensus::kBulkMessageBytesMax);
  }
}

}  // namespace
}  // namespace wusong::platform
