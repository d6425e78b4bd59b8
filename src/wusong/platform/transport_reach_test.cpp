// SPDX-License-Identifier: Apache-2.0
// How nodes find and reach one another: records passed from peer to peer, and circuits through a
// third node where no direct way leads.
#include <gtest/gtest.h>

#include "wusong/crypto/signature.hpp"
#include "wusong/net/address_record.hpp"
#include "wusong/platform/internal/relays.hpp"
#include "wusong/testkit/transport_world.hpp"

namespace wusong::platform {
namespace {

using namespace testkit;  // NOLINT

/// Everybody is admitted; only `known` have addresses.
TransportOptions member(std::uint8_t index, std::vector<TransportPeer> known,
                        std::uint8_t count = 4) {
  TransportOptions out = options(index, {});
  for (std::uint8_t other = 1; other <= count; ++other)
    if (other != index) out.peers.push_back(dials_us(other));
  for (TransportPeer& peer : known)
    std::ranges::find(out.peers, peer.key, &TransportPeer::key)->host = peer.host;
  for (TransportPeer& peer : known)
    std::ranges::find(out.peers, peer.key, &TransportPeer::key)->port = peer.port;
  return out;
}
TransportOptions relayed_by(TransportOptions out, std::initializer_list<std::uint8_t> relays) {
  for (TransportPeer& peer : out.peers)
    peer.relays_us =
        std::ranges::any_of(relays, [&](std::uint8_t relay) { return peer.key == key(relay); });
  return out;
}
/// Behind a router: nobody can dial it, and it knows its relay.
TransportOptions behind(std::uint8_t index, const Node& relay, std::uint8_t relay_index) {
  TransportOptions out = relayed_by(member(index, {at(relay_index, relay)}), {relay_index});
  out.reach.direct = false;
  return out;
}
TransportPeerStats stats_of(const Node& node, std::uint8_t peer) {
  for (TransportPeerStats& stats : node.transport->stats().peers)
    if (stats.key == key(peer)) return stats;
  return {};
}

TEST(Discovery, KnowingOneNodeIsEnoughToMeetAll) {
  Node a{member(1, {})};
  Node b{member(2, {at(1, a)})};
  Node c{member(3, {at(1, a)})};
  Node d{member(4, {at(2, b)})};
  for (const auto& [node, others] :
       {std::pair{&a, std::array{2, 3, 4}}, {&b, {1, 3, 4}}, {&c, {1, 2, 4}}, {&d, {1, 2, 3}}}) {
    for (const int other : others)
      ASSERT_TRUE(node->events.wait_connected(key(static_cast<std::uint8_t>(other)))) << other;
  }
  EXPECT_FALSE(stats_of(c, 4).relayed);
}

TEST(Discovery, ANodeThatMovesIsFoundAgain) {
  Node a{member(1, {}, 3)};
  Node b{member(2, {at(1, a)}, 3)};
  auto c = std::make_unique<Node>(member(3, {at(1, a)}, 3));
  ASSERT_TRUE(b.events.wait_connected(key(3)));
  c.reset();
  ASSERT_TRUE(b.events.wait([&] { return !b.events.connected.contains(key(3)); }));
  Node moved{member(3, {at(1, a)}, 3)};  // another port
  EXPECT_TRUE(b.events.wait_connected(key(3)));
  EXPECT_TRUE(moved.events.wait_connected(key(2)));
}

TEST(Discovery, ANodeThatIsAdmittedLaterIsMet) {
  Node a{member(1, {}, 2)};
  Node c{member(3, {at(1, a)}, 3)};
  ASSERT_TRUE(eventually([&] { return refused(a, net::err::unknown_peer) > 0; }));
  a.transport->set_peers({dials_us(2), dials_us(3)});
  EXPECT_TRUE(a.events.wait_connected(key(3)));
  EXPECT_TRUE(c.events.wait_connected(key(1)));
}

TEST(Discovery, AForgedRecordEndsTheConnectionOfWhoBroughtIt) {
  Node a{member(1, {})};
  RawPeer raw{a.transport->port()};
  raw.authenticate(2);
  raw.say_hello();
  ASSERT_TRUE(a.events.wait_connected(key(2)));
  net::AddressRecord forged{.node = key(3), .issued = wall_now(), .addresses = {"evil.example:1"}};
  net::sign(forged, genesis(), **crypto::make_signer(crypto::Scheme::ed25519, secret(2)));
  raw.send_frame(Channel::control,
                 net::encode(net::ControlMessage{net::Addresses{{net::encode(forged)}}}));
  EXPECT_TRUE(a.events.wait_reason(net::err::bad_address_record));
}

TEST(Relay, NodesThatCannotDialEachOtherSpeakThroughAThird) {
  TransportOptions third = member(1, {}, 3);
  third.reach.relay = true;
  Node relay{third};
  TransportOptions second = behind(2, relay, 1);
  Node b{second};
  Node c{behind(3, relay, 1)};
  ASSERT_TRUE(b.events.wait_connected(key(3)));
  ASSERT_TRUE(c.events.wait_connected(key(2)));
  EXPECT_TRUE(stats_of(b, 3).relayed);
  EXPECT_FALSE(stats_of(b, 1).relayed);
  EXPECT_TRUE(eventually([&] { return relay.transport->stats().circuits_passing == 1; }));

  // More than a window each way, and the relay hears none of it.
  constexpr int kCount = 40;
  for (int i = 0; i < kCount; ++i) {
    b.transport->send(key(3), Channel::sync, payload(100u << 10, static_cast<std::uint8_t>(i)));
    c.transport->send(key(2), Channel::consensus, payload(100u << 10, 0x33));
  }
  ASSERT_TRUE(c.events.wait([&] { return c.events.messages.size() == kCount; }));
  ASSERT_TRUE(b.events.wait([&] { return b.events.messages.size() == kCount; }));
  for (int i = 0; i < kCount; ++i)
    ASSERT_EQ(c.events.messages[static_cast<std::size_t>(i)].bytes,
              *payload(100u << 10, static_cast<std::uint8_t>(i)));
  EXPECT_TRUE(relay.events.messages.empty());
}

TEST(Relay, ANodeThatDoesNotRelayPassesNothingOn) {
  Node relay{member(1, {}, 3)};
  Node b{behind(2, relay, 1)};
  Node c{behind(3, relay, 1)};
  ASSERT_TRUE(b.events.wait_connected(key(1)));
  ASSERT_TRUE(c.events.wait_connected(key(1)));
  EXPECT_TRUE(eventually([&] { return stats_of(b, 3).last_error != nullptr; }));
  EXPECT_FALSE(stats_of(b, 3).connected);
}

TEST(Relay, WhenTheRelayGoesItsCircuitsEndAndAnotherIsTaken) {
  TransportOptions first = member(1, {});
  first.reach.relay = true;
  auto relay = std::make_unique<Node>(first);
  TransportOptions second = member(4, {at(1, *relay)});
  second.reach.relay = true;
  Node spare{second};
  TransportOptions two = behind(2, *relay, 1);
  two.peers = relayed_by(member(2, {at(1, *relay), at(4, spare)}), {1, 4}).peers;
  Node b{two};
  TransportOptions three = two;
  three.secret_key = secret(3);
  three.peers = relayed_by(member(3, {at(1, *relay), at(4, spare)}), {1, 4}).peers;
  Node c{three};
  ASSERT_TRUE(b.events.wait_connected(key(3)));
  ASSERT_TRUE(b.events.wait_connected(key(4)));
  ASSERT_TRUE(c.events.wait_connected(key(4)));
  relay.reset();
  EXPECT_TRUE(eventually([&] {
    return stats_of(b, 3).connected && stats_of(c, 2).connected && !stats_of(b, 1).connected &&
           spare.transport->stats().circuits_passing > 0;
  }));
  b.transport->send(key(3), Channel::consensus, payload(3));
  EXPECT_TRUE(c.events.wait([&] { return !c.events.messages.empty(); }));
}

TEST(Relay, ANumberThatIsNotItsToGiveEndsTheConnection) {
  TransportOptions third = member(1, {}, 3);
  third.reach.relay = true;
  Node relay{third};
  RawPeer raw{relay.transport->port()};
  raw.authenticate(3);
  raw.say_hello();
  ASSERT_TRUE(relay.events.wait_connected(key(3)));
  const net::CircuitId others = key(3) < key(1) ? 3 : 2;
  raw.send_frame(Channel::relay, net::encode(net::RelayMessage{net::RelayOpen{others, key(2)}}));
  EXPECT_TRUE(relay.events.wait_reason(net::err::bad_message));
}

/// Two ends and a relay between them, without sockets: messages are carried by hand.
struct Wire {
  struct Sent {
    PeerKey from;
    PeerKey to;
    Bytes payload;
  };
  internal::Relays::Ports ports(const PeerKey& self) {
    return {.send =
                [this, self](const PeerKey& to, const net::RelayMessage& message) {
                  if (refuses) return false;
                  sent.push_back({self, to, net::encode(message)});
                  return true;
                },
            .reaches = [](const PeerKey&) { return true; },
            .accept = [this](std::unique_ptr<internal::ByteStream> stream,
                             const PeerKey&) { accepted = std::move(stream); },
            .later = [this](std::function<void()> work) { todo.push_back(std::move(work)); }};
  }
  void settle() {
    while (!sent.empty() || !todo.empty()) {
      for (auto& work : std::exchange(todo, {})) work();
      for (const Sent& frame : std::exchange(sent, {}))
        last = ends.at(frame.to)->on_frame(frame.from, frame.payload);
    }
  }
  bool refuses{false};
  std::vector<Sent> sent;
  std::vector<std::function<void()>> todo;
  std::unique_ptr<internal::ByteStream> accepted;
  std::map<PeerKey, internal::Relays*> ends;
  Result<void> last{};
};

TEST(Circuit, CarriesNoMoreThanItsWindowUntilTheOtherEndReads) {
  Wire wire;
  internal::Relays a{key(1), false, wire.ports(key(1))};
  internal::Relays relay{key(2), true, wire.ports(key(2))};
  internal::Relays b{key(3), false, wire.ports(key(3))};
  wire.ends = {{key(1), &a}, {key(2), &relay}, {key(3), &b}};
  const auto stream = a.open(key(2), key(3));
  wire.settle();
  ASSERT_NE(wire.accepted, nullptr);
  EXPECT_EQ(relay.passing(), 1u);

  const Bytes bytes(net::kRelayDataMax, 7);
  std::size_t written = 0;
  bool waiting = false;
  while (!waiting) {
    waiting = true;
    stream->write(bytes, [&](bool ok, std::size_t count) {
      ASSERT_TRUE(ok);
      written += count;
      waiting = false;
    });
    wire.settle();
  }
  EXPECT_EQ(written, net::kRelayWindow);
  Bytes into(net::kRelayWindow / 4);
  std::size_t got = 0;
  for (int i = 0; i < 4; ++i) {
    wire.accepted->read(into, [&](bool ok, std::size_t count) {
      EXPECT_TRUE(ok);
      got += count;
    });
    wire.settle();
  }
  EXPECT_EQ(got, net::kRelayWindow);
  EXPECT_FALSE(waiting);  // credit came back and the write went on

  stream->close();
  wire.settle();
  EXPECT_EQ(relay.passing(), 0u);
}

TEST(Circuit, EndsForWhoSendsMoreThanItsCredit) {
  Wire wire;
  internal::Relays a{key(1), false, wire.ports(key(1))};
  internal::Relays relay{key(2), true, wire.ports(key(2))};
  internal::Relays b{key(3), false, wire.ports(key(3))};
  wire.ends = {{key(1), &a}, {key(2), &relay}, {key(3), &b}};
  const net::CircuitId circuit = key(1) < key(2) ? 2 : 3;
  const auto say = [&](const net::RelayMessage& message) {
    const auto taken = relay.on_frame(key(1), net::encode(message));
    wire.settle();
    return taken;
  };
  ASSERT_TRUE(say(net::RelayOpen{circuit, key(3)}).has_value());
  ASSERT_NE(wire.accepted, nullptr);
  const Bytes bytes(net::kRelayDataMax, 1);
  for (std::uint64_t sent = 0; sent < net::kRelayWindow; sent += bytes.size())
    ASSERT_TRUE(say(net::RelayData{circuit, bytes}).has_value());
  EXPECT_EQ(say(net::RelayData{circuit, bytes}).error(), Error{net::err::relay_credit_exceeded});
  EXPECT_EQ(relay.passing(), 0u);
}

TEST(Circuit, EndsWhereTheNextNodeDoesNotTakeItsFrames) {
  Wire wire;
  internal::Relays a{key(1), false, wire.ports(key(1))};
  internal::Relays relay{key(2), true, wire.ports(key(2))};
  internal::Relays b{key(3), false, wire.ports(key(3))};
  wire.ends = {{key(1), &a}, {key(2), &relay}, {key(3), &b}};
  const auto stream = a.open(key(2), key(3));
  wire.settle();
  wire.refuses = true;
  bool failed = false;
  const Bytes bytes(10, 7);
  stream->write(bytes, [&](bool ok, std::size_t) { failed = !ok; });
  wire.settle();
  EXPECT_TRUE(failed);
}

}  // namespace
}  // namespace wusong::platform
