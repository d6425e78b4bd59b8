// SPDX-License-Identifier: Apache-2.0
// Peers and strangers that want a node to stop: what they are refused for, and that two honest
// nodes go on speaking meanwhile.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <atomic>
#include <thread>

#include "wusong/platform/internal/byte_stream.hpp"
#include "wusong/platform/internal/tls.hpp"
#include "wusong/testkit/transport_world.hpp"

namespace wusong::platform {
namespace {

using namespace testkit;  // NOLINT

/// The transport's thread may look at it when a test has returned.
constexpr ErrorInfo kRefused{2101, Disposition::reject, "consensus.bad_signature"};

/// Honest nodes 1 and 2, and an admitted third whose part the test plays.
class Flood : public testing::Test {
 protected:
  void begin(TransportLimits limits = options(1, {}).limits) {
    TransportOptions first = options(1, {dials_us(2), dials_us(3)});
    first.limits = limits;
    a.emplace(first);
    b.emplace(options(2, {at(1, *a)}));
    ASSERT_TRUE(a->events.wait_connected(key(2)));
    ASSERT_TRUE(b->events.wait_connected(key(1)));
  }
  /// Frames go there and back, a hundred of them.
  void honest_nodes_speak() {
    const std::size_t there = count(*b, key(1));
    const std::size_t back = count(*a, key(2));
    for (std::size_t i = 1; i <= 100; ++i) {
      a->transport->send(key(2), Channel::consensus, payload(200));
      b->transport->send(key(1), Channel::consensus, payload(200));
      ASSERT_TRUE(b->events.wait([&] { return count(*b, key(1)) >= there + i; }));
      ASSERT_TRUE(a->events.wait([&] { return count(*a, key(2)) >= back + i; }));
    }
    EXPECT_TRUE(b->events.disconnected.empty());
  }
  static std::size_t count(Node& node, const PeerKey& from) {
    return static_cast<std::size_t>(
        std::ranges::count(node.events.messages, from, &Recorder::Message::from));
  }
  TransportPeerStats third() const {
    for (TransportPeerStats& stats : a->transport->stats().peers)
      if (stats.key == key(3)) return stats;
    return {};
  }
  std::unique_ptr<RawPeer> intrude() {
    auto raw = std::make_unique<RawPeer>(a->transport->port());
    raw->authenticate(3);
    raw->say_hello();
    EXPECT_TRUE(a->events.wait_connected(key(3)));
    return raw;
  }
  std::optional<Node> a;
  std::optional<Node> b;
};

TEST_F(Flood, HundredsOfHalfOpenConnectionsLeaveRoomForPeers) {
  TransportLimits limits = options(1, {}).limits;
  // All get in: the number of half-open ones must hold them.
  limits.handshakes = limits.handshakes_per_host = {1e9, 1e9};
  limits.half_open_max = 64;
  begin(limits);
  std::vector<std::unique_ptr<RawPeer>> idle;
  for (int i = 0; i < 700; ++i) idle.push_back(std::make_unique<RawPeer>(a->transport->port()));
  honest_nodes_speak();
  b.emplace(options(2, {at(1, *a)}));  // and a peer that comes back gets in
  EXPECT_TRUE(b->events.wait_connected(key(1)));
  EXPECT_TRUE(eventually([&] { return refused(*a, net::err::too_many_connections) >= 700 - 64; }));
}

TEST_F(Flood, HandshakesBeyondTheRateAreClosedBeforeTheyCostAnything) {
  TransportLimits limits = options(1, {}).limits;
  limits.handshakes_per_host = {10, 20};
  begin(limits);
  std::vector<std::unique_ptr<RawPeer>> many;
  for (int i = 0; i < 200; ++i) many.push_back(std::make_unique<RawPeer>(a->transport->port()));
  EXPECT_TRUE(eventually([&] { return refused(*a, net::err::rate_exceeded) > 100; }));
  honest_nodes_speak();
}

TEST_F(Flood, AStrangerThatKeepsFailingIsRefusedAtTheDoorButAPeersHostIsNot) {
  TransportOptions first = options(1, {dials_us(2)});
  a.emplace(first);  // nobody is connected from this host
  for (int i = 0; i < 40; ++i) {
    const RawPeer raw{a->transport->port()};
    raw.send_plain(as_bytes("GET / HTTP/1.1\r\n\r\n"));
    EXPECT_TRUE(raw.closed_by_peer());
  }
  EXPECT_TRUE(eventually([&] { return refused(*a, net::err::banned) > 0; }));
  EXPECT_GT(refused(*a, net::err::tls_failed), 15u);
}

TEST_F(Flood, GarbageInFramesBansThePeerAndCountsIt) {
  begin();
  for (int i = 0; i < 6 && third().ban_left == Duration{0}; ++i) {
    const auto raw = intrude();
    raw->send_sealed(Bytes{0, 0, 0, 1, 0x77});
    ASSERT_TRUE(a->events.wait([&] { return !a->events.connected.contains(key(3)); }));
  }
  EXPECT_GT(third().ban_left, Duration{0});
  EXPECT_LE(third().ban_left, Duration{10s});
  EXPECT_GE(third().refused["net.unknown_channel"], 4u);
  EXPECT_EQ(a->transport->stats().bans, 1u);
  RawPeer again{a->transport->port()};
  again.prove_key(3);
  EXPECT_TRUE(again.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return refused(*a, net::err::banned) > 0; }));
  honest_nodes_speak();
}

TEST_F(Flood, MessagesTheNodeRefusedCountAgainstTheirSender) {
  begin();
  const auto raw = intrude();
  for (int i = 0; i < 19; ++i) a->transport->blame(key(3), kRefused);
  EXPECT_TRUE(eventually([&] { return third().refused["consensus.bad_signature"] == 19; }));
  EXPECT_EQ(third().ban_left, Duration{0});
  for (int i = 0; i < 3; ++i) a->transport->blame(key(3), kRefused);
  EXPECT_TRUE(a->events.wait_reason(net::err::banned));
}

TEST_F(Flood, AValidatorIsNotBannedWhereThatWouldCostTheQuorum) {
  TransportOptions first = options(1, {dials_us(2), dials_us(3), dials_us(4)});
  for (TransportPeer& peer : first.peers) peer.validator = true;
  a.emplace(first);
  b.emplace(options(2, {at(1, *a)}));
  ASSERT_TRUE(a->events.wait_connected(key(2)));
  const auto raw = intrude();  // three of four are there: all are needed
  for (int i = 0; i < 25; ++i) a->transport->blame(key(3), kRefused);
  ASSERT_TRUE(a->events.wait([&] { return !a->events.connected.contains(key(3)); }));
  EXPECT_EQ(third().ban_left, Duration{0});
  EXPECT_EQ(a->transport->stats().bans, 0u);
}

TEST_F(Flood, FramesBeyondTheRateWaitInTheSendersOwnSocket) {
  TransportLimits limits = options(1, {}).limits;
  limits.frame_rates[static_cast<std::size_t>(Channel::gossip)] = {1'000, 1'000};
  begin(limits);
  const auto raw = intrude();
  Bytes burst;
  Bytes header(net::kFrameHeaderSize);
  net::encode_frame_header({0, Channel::gossip}, header.data());
  for (int i = 0; i < 3'000; ++i) append(burst, header);
  raw->send_sealed(burst);
  honest_nodes_speak();
  EXPECT_TRUE(eventually([&] { return third().pauses > 0; }));
  EXPECT_TRUE(a->events.wait([&] { return count(*a, key(3)) == 3'000; }));  // in the end
}

TEST_F(Flood, AFrameThatComesByteByByteHoldsUpNobodyElse) {
  begin();
  const auto raw = intrude();
  Bytes frame(net::kFrameHeaderSize + 4'000);
  net::encode_frame_header({4'000, Channel::sync}, frame.data());
  for (std::size_t i = 0; i < 300; ++i) raw->send_sealed(BytesView{frame}.subspan(i, 1));
  honest_nodes_speak();
  EXPECT_EQ(count(*a, key(3)), 0u);
}

TEST_F(Flood, HandshakesWithoutEndDoNotStopHonestNodes) {
  begin();
  std::atomic<bool> stop{false};
  std::atomic<int> tried{0};
  std::thread attacker{[&] {
    while (!stop) {
      const RawPeer raw{a->transport->port()};
      const auto context = internal::TlsContext::make(secret(9));
      internal::TlsSession session{*context, internal::TlsSide::client,
                                   [](const PeerKey&) { return Result<void>{}; }};
      EXPECT_TRUE(session.handshake().has_value());
      Bytes hello;
      session.take_output(hello);
      raw.send_plain(hello);
      ++tried;
    }
  }};
  honest_nodes_speak();
  EXPECT_TRUE(eventually([&] { return tried > 200; }));
  honest_nodes_speak();
  stop = true;
  attacker.join();
}

TEST(HostOf, AnIpv6SiteIsOneHost) {
  EXPECT_EQ(internal::host_of("127.0.0.1:9"), "127.0.0.1");
  EXPECT_EQ(internal::host_of("[2001:db8:1:2:3:4:5:6]:9"),
            internal::host_of("[2001:db8:1:2::1]:7"));
  EXPECT_NE(internal::host_of("[2001:db8:1:2::1]:9"), internal::host_of("[2001:db8:1:3::1]:9"));
  EXPECT_EQ(internal::host_of("[::ffff:10.0.0.1]:9"), "10.0.0.1");
  EXPECT_EQ(internal::host_of("relay:0x12"), "relay");
}

}  // namespace
}  // namespace wusong::platform
