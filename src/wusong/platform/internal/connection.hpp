// SPDX-License-Identifier: Apache-2.0
// One connection under TLS and the keys of its link, cut into frames. Everything happens on the
// transport's thread.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "wusong/base/time.hpp"
#include "wusong/net/rate_limit.hpp"
#include "wusong/platform/internal/byte_stream.hpp"
#include "wusong/platform/internal/outbound_queue.hpp"
#include "wusong/platform/internal/tls.hpp"

namespace wusong::platform::internal {

class Connection;

/// What a connection tells its owner, and asks it for.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual Result<void> admit(const Connection& connection, const net::PeerKey& key) = 0;
  /// Keys are proven and agreed on: frames may go.
  virtual void on_ready(Connection& connection) = 0;
  /// An error closes the connection with that reason.
  virtual Result<void> on_frame(Connection& connection, net::Channel channel, Bytes payload) = 0;
  /// The next frame to send; false when nothing waits.
  virtual bool next_frame(Connection& connection, OutboundFrame& out) = 0;
  virtual void on_closed(Connection& connection, Error reason) = 0;
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  struct Config {
    std::size_t payload_size_max{net::kFramePayloadMax};
    std::size_t read_bytes_per_second_max{0};
    std::array<net::RateLimit::Rate, net::kChannelCount> frame_rates{};
    TransportLink link;
  };
  /// Before hello nobody may make us hold more than this.
  static constexpr std::size_t kPayloadBeforeHelloMax = 1'024;

  Connection(const TlsContext& tls, TlsSide side, ConnectionOwner& owner, const Config& config);

  /// The other end is there: begins the handshake.
  void start(std::unique_ptr<ByteStream> stream);
  /// Encrypts and sends what the owner has, unless a write is under way already.
  void pump();
  /// Once; later calls do nothing. on_closed follows before it returns.
  void close(Error reason);
  /// The peer reads to the end of what was sent, then closes.
  void finish_sending() noexcept;
  /// Closes when what has been written is on its way, so that the other side learns why as well.
  void close_soon(Error reason) noexcept { closing_ = reason; }
  /// Lifts the limits from before hello.
  void open() noexcept { open_ = true; }
  /// Housekeeping, several times a second.
  void tick(Instant now);

  bool dialled() const noexcept { return side_ == TlsSide::client; }
  bool closed() const noexcept { return closed_; }
  /// Something is on its way, or a frame is sent in part.
  bool writing() const noexcept { return writing_ || outgoing_.has_value(); }
  const std::optional<net::PeerKey>& key() const noexcept { return tls_.peer(); }
  /// The key was proven, not only shown.
  bool authenticated() const noexcept { return authenticated_; }
  /// What its key exchange was; nothing under TLS alone.
  std::optional<net::LinkSuite> suite() const noexcept { return link_.suite(); }
  bool relayed() const noexcept { return stream_ && stream_->relayed(); }
  /// Whether the peer's certificate would be accepted now. @errors net's certificate rows
  [[nodiscard]] Result<void> check_certificate(const TlsContext& now) const {
    return tls_.check_again(now);
  }
  /// Of the other end, host:port.
  std::string address() const { return stream_ ? stream_->address() : std::string{}; }

  // For the owner's bookkeeping.
  std::function<void()> abandon;             // ends the attempt to connect, before start()
  std::string origin;                        // the host or the relay it came from
  std::optional<OutboundFrame> hello_frame;  // sent before anything else
  std::optional<net::PeerKey> expected;      // whom we dialled
  Instant started_at{};
  Instant heard_at{};
  Instant write_progress_at{};
  Instant pinged_at{};
  std::uint64_t ping_nonce{0};
  bool ping_pending{false};
  std::uint64_t bytes_in{0};
  std::uint64_t bytes_out{0};
  std::uint64_t frames_in{0};
  std::uint64_t frames_out{0};
  std::uint64_t pauses{0};  // reading waited because of a limit

 private:
  void read_more();
  void on_bytes(std::size_t count);
  [[nodiscard]] Result<void> advance();
  [[nodiscard]] Result<void> begin_link();
  [[nodiscard]] Result<void> read_frames();
  [[nodiscard]] Result<bool> read_header();
  [[nodiscard]] Result<bool> read_payload();
  void gather();
  void write_more();
  void pause_until(Instant when) noexcept;

  std::unique_ptr<ByteStream> stream_;
  TlsSession tls_;
  net::Link link_;
  TlsSide side_;
  ConnectionOwner& owner_;
  Config config_;
  bool authenticated_{false};
  bool ready_{false};
  bool open_{false};
  bool closed_{false};
  bool writing_{false};
  std::optional<Error> closing_;
  std::optional<Instant> paused_until_;
  net::RateLimit bytes_;
  std::vector<net::RateLimit> frames_;  // by channel
  Bytes read_buffer_;
  std::array<std::uint8_t, net::kFrameHeaderSize> header_{};
  std::size_t header_size_{0};
  std::optional<net::FrameHeader> frame_;
  bool frame_allowed_{false};  // within its channel's rate
  Bytes payload_;
  std::size_t payload_size_{0};
  std::optional<OutboundFrame> outgoing_;  // sent up to outgoing_at_
  std::size_t outgoing_at_{0};
  Bytes plain_;
  Bytes sending_;
  std::size_t sent_{0};
};

}  // namespace wusong::platform::internal
