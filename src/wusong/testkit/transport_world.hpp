// SPDX-License-Identifier: Apache-2.0
// Transports on loopback for tests: what they heard, and peers whose misbehaviour is written by
// hand. Waits end as soon as what they wait for is true; the long limits only bound failures.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include "wusong/net/errors.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/internal/tls.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/platform/transport.hpp"

namespace wusong::testkit {

using namespace std::chrono_literals;  // NOLINT: evidence only
using namespace platform;              // NOLINT
using net::Channel;
using net::PeerKey;

inline constexpr auto kPatience = 20s;

inline NodeSecretKey secret(std::uint8_t index) {
  NodeSecretKey out{};
  out.fill(index);
  return out;
}
inline PeerKey key(std::uint8_t index) {
  return *public_key_of(secret(index));
}
inline Hash genesis(std::uint8_t fill = 7) {
  Hash out;
  out.bytes.fill(fill);
  return out;
}
inline std::shared_ptr<const Bytes> payload(std::size_t size, std::uint8_t fill = 0xab) {
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
inline bool eventually(const std::function<bool()>& done) {
  const Instant until = monotonic_now() + kPatience;
  while (!done()) {
    if (monotonic_now() > until) return false;
    ::usleep(2'000);
  }
  return true;
}

inline TransportOptions options(std::uint8_t index, std::vector<TransportPeer> peers) {
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

inline std::uint64_t refused(const Node& node, const ErrorInfo& reason) {
  return node.transport->stats().connections_refused[std::string{reason.name}];
}
inline TransportPeer dials_us(std::uint8_t index) {
  return {key(index), "", 0};
}
inline TransportPeer at(std::uint8_t index, const Node& node) {
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

  /// Proves the key, and agrees on the keys of the link.
  void authenticate(std::uint8_t index) {
    prove_key(index);
    link_.emplace(*tls_, net::LinkSuite::standard, net::LinkSide::dialler);
    OsEntropy entropy;
    ASSERT_TRUE(link_->begin(*tls_->exported(net::kLinkExporterLabel), entropy).has_value());
    until_done([&] { return link_->advance(entropy); });
  }
  /// TLS alone, and no word of more: what a release before the hybrid exchange did. Then send_tls()
  /// sends.
  void prove_key(std::uint8_t index, bool names_exchange = true) {
    context_.emplace(*internal::TlsContext::make(secret(index)));
    if (!names_exchange) SSL_CTX_set_alpn_protos(context_->get(), nullptr, 0);
    tls_ = std::make_unique<internal::TlsSession>(*context_, internal::TlsSide::client,
                                                  [](const PeerKey&) { return Result<void>{}; });
    until_done([this] { return tls_->handshake(); });
  }
  void send_frame(Channel channel, BytesView bytes) {
    Bytes frame(net::kFrameHeaderSize);
    net::encode_frame_header({static_cast<std::uint32_t>(bytes.size()), channel}, frame.data());
    append(frame, bytes);
    send_sealed(frame);
  }
  void send_sealed(BytesView bytes) {
    EXPECT_TRUE(link_->write(bytes).has_value());
    flush();
  }
  void send_tls(BytesView bytes) {
    EXPECT_TRUE(tls_->write(bytes).has_value());
    flush();
  }
  void say_hello(const Hash& genesis_hash = genesis()) {
    const net::ControlMessage hello =
        net::Hello{net::kProtocolVersion, genesis_hash, "raw", net::Role::validator, Height{0}};
    send_frame(Channel::control, net::encode(hello));
  }

 private:
  void until_done(const std::function<Result<bool>()>& step) {
    for (;;) {
      const auto done = step();
      ASSERT_TRUE(done.has_value());
      flush();
      if (*done) return;
      std::uint8_t buffer[4096];
      const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
      ASSERT_GT(count, 0);
      tls_->receive({buffer, static_cast<std::size_t>(count)});
    }
  }
  void flush() {
    Bytes out;
    tls_->take_output(out);
    if (!out.empty()) send_plain(out);
  }
  int socket_;
  std::optional<internal::TlsContext> context_;
  std::unique_ptr<internal::TlsSession> tls_;
  std::optional<net::Link> link_;
};

}  // namespace wusong::testkit
