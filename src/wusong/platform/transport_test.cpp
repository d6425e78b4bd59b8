// SPDX-License-Identifier: Apache-2.0
// Real sockets on loopback.
#include "wusong/platform/transport.hpp"

#include <gtest/gtest.h>

#include "wusong/testkit/transport_world.hpp"

namespace wusong::platform {
namespace {

using namespace testkit;  // NOLINT

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
  EXPECT_TRUE(eventually([&] { return refused(a, net::err::unknown_peer) > 0; }));
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
  EXPECT_TRUE(eventually([&] { return refused(a, net::err::tls_failed) == 1; }));
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
  EXPECT_GT(refused(a, net::err::genesis_mismatch), 0u);
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
  EXPECT_GE(refused(a, net::err::too_many_connections), 6u);
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
  EXPECT_TRUE(eventually([&] { return refused(a, net::err::unknown_peer) > 0; }));
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

// --- the hybrid exchange of links: who has it, who is refused for want of it, what is sealed
// wrongly

TransportOptions with(TransportLink link, TransportOptions options) {
  options.link = link;
  return options;
}
TransportPeerStats only_peer(const Node& node) {
  return node.transport->stats().peers.at(0);
}
bool failed_by(const Node& node, const ErrorInfo& reason) {
  const ErrorInfo* const last = only_peer(node).last_error;
  return last != nullptr && last->name == reason.name;
}
/// A frame of hello as releases before the exchange sent it.
Bytes plain_hello() {
  const Bytes message = net::encode(net::ControlMessage{
      net::Hello{net::kProtocolVersion, genesis(), "before", net::Role::validator, Height{0}}});
  Bytes out(net::kFrameHeaderSize);
  net::encode_frame_header({static_cast<std::uint32_t>(message.size()), Channel::control},
                           out.data());
  append(out, message);
  return out;
}

TEST(TransportLinks, TheirExchangeIsThatOfTheChainsProfile) {
  for (const auto suite : {net::LinkSuite::standard, net::LinkSuite::guomi}) {
    SCOPED_TRACE(exchange_name(suite));
    Node a{with({.suite = suite}, options(1, {dials_us(2)}))};
    Node b{with({.suite = suite}, options(2, {at(1, a)}))};
    ASSERT_TRUE(a.events.wait_connected(key(2)));
    ASSERT_TRUE(b.events.wait_connected(key(1)));
    EXPECT_EQ(only_peer(a).suite, suite);
    EXPECT_EQ(only_peer(b).suite, suite);
    for (const std::size_t size : {0u, 1u, 200u, 65'535u, 65'536u, 3u << 20}) {
      a.transport->send(key(2), Channel::sync, payload(size, 0x21));
      b.transport->send(key(1), Channel::sync, payload(size, 0x43));
    }
    ASSERT_TRUE(a.events.wait([&] { return a.events.messages.size() == 6; }));
    ASSERT_TRUE(b.events.wait([&] { return b.events.messages.size() == 6; }));
    EXPECT_EQ(b.events.messages.back().bytes, *payload(3u << 20, 0x21));
    EXPECT_EQ(a.events.messages.back().bytes, *payload(3u << 20, 0x43));
  }
}

TEST(TransportLinks, NodesOfDifferentExchangesRefuseEachOtherByName) {
  Node a{options(1, {dials_us(2)})};
  Node b{with({.suite = net::LinkSuite::guomi}, options(2, {at(1, a)}))};
  EXPECT_TRUE(eventually([&] { return failed_by(b, net::err::link_suite_mismatch); }));
  EXPECT_TRUE(eventually([&] { return refused(a, net::err::link_suite_mismatch) > 0; }));
  EXPECT_TRUE(a.events.connected.empty());
  EXPECT_EQ(only_peer(b).penalty, 0);  // a matter of configuration
}

TEST(TransportLinks, APeerWithoutTheExchangeIsRefusedByNameAndNotHeard) {
  Node a{options(1, {dials_us(2)})};
  RawPeer raw{a.transport->port()};
  raw.prove_key(2, false);
  raw.send_tls(plain_hello());
  EXPECT_TRUE(raw.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return failed_by(a, net::err::peer_without_hybrid); }));
  EXPECT_EQ(refused(a, net::err::peer_without_hybrid), 1u);
  EXPECT_EQ(only_peer(a).penalty, 0);
  EXPECT_TRUE(a.events.connected.empty());
}

TEST(TransportLinks, WhereItIsAllowedSuchAPeerIsHeardUnderTlsAlone) {
  Node a{with({.required = false}, options(1, {dials_us(2), dials_us(3)}))};
  RawPeer raw{a.transport->port()};
  raw.prove_key(2, false);
  raw.send_tls(plain_hello());
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  EXPECT_EQ(only_peer(a).suite, std::nullopt);
  // Two that have it use it, whatever one of them would allow.
  Node b{options(3, {at(1, a)})};
  ASSERT_TRUE(b.events.wait_connected(key(1)));
  EXPECT_EQ(only_peer(b).suite, net::LinkSuite::standard);
}

TEST(TransportLinks, WhoNamesTheExchangeAndDoesNotDoItIsNotHeard) {
  Node a{options(1, {dials_us(2)})};
  RawPeer raw{a.transport->port()};
  raw.prove_key(2);
  Bytes instead = plain_hello();
  instead.resize(4u << 10);  // as long as an offer, and longer
  raw.send_tls(instead);
  EXPECT_TRUE(raw.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return failed_by(a, net::err::bad_link_message); }));
  EXPECT_TRUE(a.events.connected.empty());
}

TEST(TransportLinks, WhoStopsAmidTheExchangeIsClosedInTime) {
  TransportOptions quick = options(1, {dials_us(2)});
  quick.limits.handshake_timeout = 100ms;
  Node a{quick};
  RawPeer raw{a.transport->port()};
  raw.prove_key(2);
  raw.send_tls(Bytes(100, 1));
  EXPECT_TRUE(raw.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return failed_by(a, net::err::handshake_timeout); }));
}

TEST(TransportLinks, WhatIsNotSealedByTheLinksKeysEndsItAndIsCounted) {
  Node a{options(1, {dials_us(2)})};
  const Bytes hello = plain_hello();
  Bytes forged{0, 0, 0, 40};  // a record by its length, by nobody's key
  forged.resize(44, 0x5a);
  for (const Bytes& wrong : {hello, forged, Bytes(64, 0xff)}) {
    a.events.disconnected.clear();
    RawPeer raw{a.transport->port()};
    raw.authenticate(2);
    raw.say_hello();
    ASSERT_TRUE(a.events.wait_connected(key(2)));
    raw.send_tls(wrong);
    EXPECT_TRUE(a.events.wait_reason(net::err::bad_link_record));
  }
  EXPECT_EQ(a.transport->stats().frames_refused["net.bad_link_record"], 3u);
  EXPECT_TRUE(a.events.messages.empty());
}

}  // namespace
}  // namespace wusong::platform
