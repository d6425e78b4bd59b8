// SPDX-License-Identifier: Apache-2.0
// Real sockets on loopback. Waits end as soon as what they wait for is true; the long limits only
// bound failures.
#include "wusong/platform/transport.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "wusong/net/errors.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/internal/tls.hpp"

namespace wusong::platform {
namespace {

using namespace std::chrono_literals;
using net::Channel;
using net::PeerKey;

constexpr auto kPatience = 20s;

NodeSecretKey secret(std::uint8_t index) {
  NodeSecretKey out{};
  out.fill(index);
  return out;
}
PeerKey key(std::uint8_t index) {
  return *public_key_of(secret(index));
}
Hash genesis(std::uint8_t fill = 7) {
  Hash out;
  out.bytes.fill(fill);
  return out;
}
std::shared_ptr<const Bytes> payload(std::size_t size, std::uint8_t fill = 0xab) {
  return std::make_shared<const Bytes>(size, fill);
}

class Recorder final : public TransportEvents {
 public:
  void on_connected(const PeerKey& peer, const net::Hello& hello) override {
    change([&] { connected[peer] = hello; });
  }
  void on_disconnected(const PeerKey& peer, Error reason) override {
    change([&] {
      connected.erase(peer);
      disconnected.emplace_back(peer, reason.name());
    });
  }
  void on_message(const PeerKey& peer, Channel channel, Bytes bytes) override {
    change([&] { messages.push_back({peer, channel, std::move(bytes)}); });
  }

  bool wait(const std::function<bool()>& done) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, kPatience, done);
  }
  bool wait_connected(const PeerKey& peer) {
    return wait([&] { return connected.contains(peer); });
  }
  bool wait_reason(const ErrorInfo& reason) {
    return wait([&] {
      return std::ranges::any_of(disconnected,
                                 [&](const auto& entry) { return entry.second == reason.name; });
    });
  }

  struct Message {
    PeerKey from;
    Channel channel;
    Bytes bytes;
  };
  std::map<PeerKey, net::Hello> connected;
  std::vector<std::pair<PeerKey, std::string_view>> disconnected;
  std::vector<Message> messages;

 private:
  void change(const std::function<void()>& how) {
    const std::lock_guard lock{mutex_};
    how();
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// Statistics have no event, so they are looked at until they say it.
bool eventually(const std::function<bool()>& done) {
  const Instant until = monotonic_now() + kPatience;
  while (!done()) {
    if (monotonic_now() > until) return false;
    ::usleep(2'000);
  }
  return true;
}

TransportOptions options(std::uint8_t index, std::vector<TransportPeer> peers) {
  TransportOptions out;
  out.secret_key = secret(index);
  out.hello = {net::kProtocolVersion, genesis(), "test/1", net::Role::validator, Height{index}};
  out.peers = std::move(peers);
  out.limits.dial_grace = 20ms;
  out.limits.backoff_min = 10ms;
  out.limits.backoff_max = 50ms;
  return out;
}

struct Node {
  explicit Node(const TransportOptions& from) {
    auto started = Transport::start(from, events, *logger);
    EXPECT_TRUE(started.has_value());
    transport = std::move(*started);
  }
  ~Node() { transport->stop(Duration{0}); }

  std::unique_ptr<Logger> logger{Logger::silent()};
  Recorder events;
  std::unique_ptr<Transport> transport;
};

TransportPeer dials_us(std::uint8_t index) {
  return {key(index), "", 0};
}
TransportPeer at(std::uint8_t index, const Node& node) {
  return {key(index), "127.0.0.1", node.transport->port()};
}

/// A peer whose misbehaviour the test writes by hand.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawPeer() { ::close(socket_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void send_plain(BytesView bytes) const {
    EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  bool closed_by_peer() const {
    std::uint8_t byte[4096];
    ssize_t count = 1;
    while (count > 0) count = ::recv(socket_, byte, sizeof byte, 0);
    return count == 0 || errno == ECONNRESET;
  }

  void authenticate(std::uint8_t index) {
    context_.emplace(*internal::TlsContext::make(secret(index)));
    tls_ = std::make_unique<internal::TlsSession>(*context_, internal::TlsSide::client,
                                                  [](const PeerKey&) { return Result<void>{}; });
    for (;;) {
      const auto done = tls_->handshake();
      ASSERT_TRUE(done.has_value());
      flush();
      if (*done) return;
      std::uint8_t buffer[4096];
      const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
      ASSERT_GT(count, 0);
      tls_->receive({buffer, static_cast<std::size_t>(count)});
    }
  }
  void send_frame(Channel channel, BytesView bytes) {
    Bytes frame(net::kFrameHeaderSize);
    net::encode_frame_header({static_cast<std::uint32_t>(bytes.size()), channel}, frame.data());
    append(frame, bytes);
    send_sealed(frame);
  }
  void send_sealed(BytesView bytes) {
    EXPECT_TRUE(tls_->write(bytes).has_value());
    flush();
  }
  void say_hello(const Hash& genesis_hash = genesis()) {
    const net::ControlMessage hello =
        net::Hello{net::kProtocolVersion, genesis_hash, "raw", net::Role::validator, Height{0}};
    send_frame(Channel::control, net::encode(hello));
  }

 private:
  void flush() {
    Bytes out;
    tls_->take_output(out);
    if (!out.empty()) send_plain(out);
  }
  int socket_;
  std::optional<internal::TlsContext> context_;
  std::unique_ptr<internal::TlsSession> tls_;
};

TEST(Transport, TwoNodesMeetAndHearEachOther) {
  Node a{options(1, {dials_us(2)})};
  Node b{options(2, {at(1, a)})};
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  ASSERT_TRUE(b.events.wait_connected(key(1)));
  EXPECT_EQ(a.events.connected[key(2)].finalised, Height{2});
  EXPECT_EQ(b.events.connected[key(1)].node_version, "test/1");

  a.transport->send(key(2), Channel::consensus, payload(3));
  b.transport->broadcast(Channel::gossip, payload(0));
  ASSERT_TRUE(b.events.wait([&] { return b.events.messages.size() == 1; }));
  ASSERT_TRUE(a.events.wait([&] { return a.events.messages.size() == 1; }));
  EXPECT_EQ(b.events.messages[0].from, key(1));
  EXPECT_EQ(b.events.messages[0].channel, Channel::consensus);
  EXPECT_EQ(b.events.messages[0].bytes, *payload(3));
  EXPECT_TRUE(a.events.messages[0].bytes.empty());
}

TEST(Transport, FramesArriveWholeAndInOrder) {
  Node a{options(1, {dials_us(2)})};
  Node b{options(2, {at(1, a)})};
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  constexpr std::size_t kCount = 3'000;
  for (std::size_t i = 0; i < kCount; ++i)
    a.transport->send(key(2), Channel::consensus, payload(i, static_cast<std::uint8_t>(i)));
  a.transport->send(key(2), Channel::consensus, payload(9u << 20, 0x5a));
  ASSERT_TRUE(b.events.wait([&] { return b.events.messages.size() == kCount + 1; }));
  for (std::size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(b.events.messages[i].bytes, *payload(i, static_cast<std::uint8_t>(i)));
  EXPECT_EQ(b.events.messages[kCount].bytes, *payload(9u << 20, 0x5a));
}

TEST(Transport, WhenBothDialOneConnectionRemains) {
  Node a{options(1, {dials_us(2)})};
  TransportOptions second = options(2, {at(1, a)});
  second.limits.dial_grace = Duration{0};
  Node b{second};
  a.transport->set_peers({at(2, b)});
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  ASSERT_TRUE(b.events.wait_connected(key(1)));
  a.transport->send(key(2), Channel::consensus, payload(5));
  // Whatever happened at first, frames flow both ways in the end and both name the same dialler.
  ASSERT_TRUE(eventually([&] {
    const auto in_a = a.transport->stats().peers[0];
    const auto in_b = b.transport->stats().peers[0];
    return in_a.connected && in_b.connected && in_a.dialled_by_us != in_b.dialled_by_us;
  }));
}

TEST(Transport, AKeyThatIsNotPinnedIsRefused) {
  Node a{options(1, {dials_us(2)})};
  Node stranger{options(3, {at(1, a)})};
  EXPECT_TRUE(eventually([&] { return a.transport->stats().refused_unknown > 0; }));
  EXPECT_TRUE(a.events.connected.empty());
  EXPECT_TRUE(stranger.events.connected.empty());
}

TEST(Transport, AnotherKeyThanTheOneDialledIsRefused) {
  Node a{options(1, {dials_us(2), dials_us(3)})};
  Node b{options(2, {{key(3), "127.0.0.1", a.transport->port()}})};  // expects 3, finds 1
  EXPECT_TRUE(eventually([&] {
    const auto* reason = b.transport->stats().peers[0].last_error;
    return reason != nullptr && reason->name == net::err::wrong_peer.name;
  }));
  EXPECT_TRUE(b.events.connected.empty());
}

TEST(Transport, GarbageInPlaceOfTlsIsRefused) {
  Node a{options(1, {dials_us(2)})};
  const RawPeer raw{a.transport->port()};
  raw.send_plain(as_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(raw.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return a.transport->stats().refused_tls == 1; }));
}

TEST(Transport, GarbageAfterHelloDisconnects) {
  Node a{options(1, {dials_us(2)})};
  RawPeer raw{a.transport->port()};
  raw.authenticate(2);
  raw.say_hello();
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  raw.send_sealed(Bytes{0, 0, 0, 1, 0x77});  // a channel that does not exist
  EXPECT_TRUE(a.events.wait_reason(net::err::unknown_channel));
}

TEST(Transport, NothingIsHeardBeforeHello) {
  Node a{options(1, {dials_us(2)})};
  RawPeer raw{a.transport->port()};
  raw.authenticate(2);
  raw.send_frame(Channel::consensus, Bytes{1, 2, 3});
  EXPECT_TRUE(raw.closed_by_peer());
  EXPECT_TRUE(eventually([&] {
    const auto* reason = a.transport->stats().peers[0].last_error;
    return reason != nullptr && reason->name == net::err::hello_expected.name;
  }));
  EXPECT_TRUE(a.events.messages.empty());
}

TEST(Transport, AFrameOverTheLimitDisconnects) {
  TransportOptions small = options(1, {dials_us(2)});
  small.limits.frame_payload_max = 1'000;
  Node a{small};
  Node b{options(2, {at(1, a)})};
  ASSERT_TRUE(b.events.wait_connected(key(1)));
  b.transport->send(key(1), Channel::sync, payload(1'000));
  ASSERT_TRUE(a.events.wait([&] { return a.events.messages.size() == 1; }));
  b.transport->send(key(1), Channel::sync, payload(1'001));
  EXPECT_TRUE(a.events.wait_reason(net::err::frame_too_large));
}

TEST(Transport, GenesisMismatchIsNamedOnBothSides) {
  Node a{options(1, {dials_us(2)})};
  TransportOptions other = options(2, {at(1, a)});
  other.hello.genesis_hash = genesis(8);
  Node b{other};
  const auto named = [](const Node& node) {
    const auto* reason = node.transport->stats().peers[0].last_error;
    return reason != nullptr && reason->name == net::err::genesis_mismatch.name;
  };
  EXPECT_TRUE(eventually([&] { return named(a) && named(b); }));
  EXPECT_GT(a.transport->stats().refused_hello, 0u);
  EXPECT_TRUE(a.events.connected.empty());
  EXPECT_TRUE(b.events.connected.empty());
}

TEST(Transport, APeerThatComesBackIsConnectedAgain) {
  Node a{options(1, {dials_us(2)})};
  auto b = std::make_unique<Node>(options(2, {at(1, a)}));
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  TransportOptions again = options(2, {at(1, a)});
  again.listen_port = b->transport->port();
  a.transport->set_peers({at(2, *b)});
  b.reset();
  ASSERT_TRUE(a.events.wait([&] { return a.events.connected.empty(); }));
  Node back{again};
  EXPECT_TRUE(a.events.wait_connected(key(2)));
  EXPECT_TRUE(back.events.wait_connected(key(1)));
}

TEST(Transport, ASilentPeerIsDisconnected) {
  TransportOptions quick = options(1, {dials_us(2)});
  quick.limits.ping_interval = 20ms;
  quick.limits.silence_max = 200ms;
  Node a{quick};
  RawPeer raw{a.transport->port()};
  raw.authenticate(2);
  raw.say_hello();
  EXPECT_TRUE(a.events.wait_reason(net::err::peer_silent));
}

TEST(Transport, PingsKeepAnIdleConnectionAndMeasureIt) {
  TransportOptions quick = options(1, {dials_us(2)});
  quick.limits.ping_interval = 10ms;
  Node a{quick};
  Node b{options(2, {at(1, a)})};
  EXPECT_TRUE(eventually([&] { return a.transport->stats().peers[0].round_trip > Duration{0}; }));
}

TEST(Transport, AConnectionThatNeverFinishesItsHandshakeIsClosed) {
  TransportOptions quick = options(1, {dials_us(2)});
  quick.limits.handshake_timeout = 50ms;
  Node a{quick};
  const RawPeer raw{a.transport->port()};
  EXPECT_TRUE(raw.closed_by_peer());
}

TEST(Transport, HalfOpenConnectionsAreLimitedAndDoNotLockPeersOut) {
  TransportOptions few = options(1, {dials_us(2)});
  few.limits.half_open_max = 4;
  Node a{few};
  std::vector<std::unique_ptr<RawPeer>> idle;
  for (int i = 0; i < 10; ++i) idle.push_back(std::make_unique<RawPeer>(a.transport->port()));
  Node b{options(2, {at(1, a)})};
  EXPECT_TRUE(a.events.wait_connected(key(2)));
  EXPECT_GE(a.transport->stats().refused_limit, 6u);
}

TEST(Transport, APeerThatDoesNotReadLosesGossipFirstAndThenItsConnection) {
  TransportOptions tight = options(1, {dials_us(2)});
  tight.limits.gossip_queue_bytes_max = 1u << 20;
  tight.limits.bulk_queue_bytes_max = 1u << 20;
  Node a{tight};
  RawPeer raw{a.transport->port()};
  raw.authenticate(2);
  raw.say_hello();
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  for (int i = 0; i < 200; ++i) a.transport->send(key(2), Channel::gossip, payload(256u << 10));
  EXPECT_GT(a.transport->stats().peers[0].gossip_dropped, 0u);
  EXPECT_TRUE(a.transport->stats().peers[0].connected);
  for (int i = 0; i < 200; ++i) a.transport->send(key(2), Channel::sync, payload(256u << 10));
  EXPECT_TRUE(a.events.wait_reason(net::err::slow_reader));
}

TEST(Transport, ARemovedPeerIsDisconnectedAndThenRefused) {
  Node a{options(1, {dials_us(2)})};
  Node b{options(2, {at(1, a)})};
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  a.transport->set_peers({});
  EXPECT_TRUE(a.events.wait_reason(net::err::peer_removed));
  EXPECT_TRUE(eventually([&] { return a.transport->stats().refused_unknown > 0; }));
}

TEST(Transport, AMisbehavingPeerIsDisconnectedForTheReasonGiven) {
  Node a{options(1, {dials_us(2)})};
  Node b{options(2, {at(1, a)})};
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  a.transport->disconnect(key(2), net::err::misbehaviour);
  EXPECT_TRUE(a.events.wait_reason(net::err::misbehaviour));
  EXPECT_TRUE(a.events.wait_connected(key(2)));  // it is tried again
}

TEST(Transport, StoppingSendsWhatIsQueued) {
  Node a{options(1, {dials_us(2)})};
  Node b{options(2, {at(1, a)})};
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  for (int i = 0; i < 100; ++i) a.transport->send(key(2), Channel::sync, payload(100u << 10));
  a.transport->stop(20s);
  EXPECT_TRUE(b.events.wait([&] { return b.events.messages.size() == 100; }));
}

TEST(Transport, APortInUseAndABadAddressAreNamed) {
  Node a{options(1, {})};
  TransportOptions taken = options(2, {});
  taken.listen_port = a.transport->port();
  EXPECT_EQ(Transport::start(taken, a.events, *a.logger).error(), err::address_in_use);
  TransportOptions bad = options(2, {});
  bad.listen_host = "not an address";
  EXPECT_EQ(Transport::start(bad, a.events, *a.logger).error(), err::bad_address);
}

}  // namespace
}  // namespace wusong::platform
