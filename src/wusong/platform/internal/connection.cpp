// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/internal/connection.hpp"

#include <algorithm>

#include "wusong/net/errors.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/os_entropy.hpp"

namespace wusong::platform::internal {
namespace {

constexpr std::size_t kReadSizeBeforeHello = 4u << 10;
constexpr std::size_t kReadSize = 64u << 10;
constexpr std::size_t kPayloadStep = 256u << 10;    // payload memory grows with what has arrived
constexpr std::size_t kCoalesceBytes = 256u << 10;  // frames gathered into one write

}  // namespace

Connection::Connection(const TlsContext& tls, TlsSide side, ConnectionOwner& owner,
                       const Config& config)
    : tls_{tls, side, [this](const net::PeerKey& key) { return owner_.admit(*this, key); }},
      link_{tls_, config.link.suite,
            side == TlsSide::client ? net::LinkSide::dialler : net::LinkSide::acceptor},
      side_{side},
      owner_{owner},
      config_{config},
      bytes_{{static_cast<double>(config.read_bytes_per_second_max),
              static_cast<double>(config.read_bytes_per_second_max)},
             monotonic_now()} {
  started_at = heard_at = write_progress_at = monotonic_now();
  for (const net::RateLimit::Rate& rate : config.frame_rates) frames_.emplace_back(rate, heard_at);
}

void Connection::start(std::unique_ptr<ByteStream> stream) {
  stream_ = std::move(stream);
  abandon = {};
  read_buffer_.resize(kReadSizeBeforeHello);
  if (auto result = advance(); !result) return close(result.error());
  read_more();
}

void Connection::finish_sending() noexcept {
  stream_->finish_writing();
}

void Connection::close(Error reason) {
  if (closed_) return;
  closed_ = true;
  if (closing_) reason = *closing_;
  const auto self = shared_from_this();
  // A last alert tells the other side why, if the socket takes it at once.
  if (stream_ && !writing_ && tls_.has_output()) {
    Bytes last;
    tls_.take_output(last);
    stream_->write_at_once(last);
  }
  if (stream_) stream_->close();
  if (const auto ending = std::exchange(abandon, {})) ending();
  owner_.on_closed(*this, reason);
}

void Connection::read_more() {
  if (closed_) return;
  if (open_ && read_buffer_.size() < kReadSize) read_buffer_.resize(kReadSize);
  stream_->read(read_buffer_, [self = shared_from_this()](bool ok, std::size_t count) {
    if (self->closed_) return;
    if (!ok) return self->close(net::err::connection_lost);
    self->on_bytes(count);
  });
}

/// Whoever sends more than its share waits: what it sent meanwhile stays with it.
void Connection::pause_until(Instant when) noexcept {
  ++pauses;
  paused_until_ = when;
}

void Connection::on_bytes(std::size_t count) {
  heard_at = monotonic_now();
  bytes_in += count;
  tls_.receive(BytesView{read_buffer_}.first(count));
  if (auto result = advance(); !result) return close(result.error());
  if (closed_) return;
  if (config_.read_bytes_per_second_max != 0 && !paused_until_ &&
      !bytes_.take(static_cast<double>(count), heard_at))
    pause_until(bytes_.ready_at(heard_at));
  if (!paused_until_) read_more();
}

void Connection::tick(Instant now) {
  if (closing_ && !writing_) return close(*closing_);
  if (closed_ || !paused_until_ || now < *paused_until_) return;
  paused_until_.reset();
  heard_at = now;  // it was we who did not listen
  if (auto result = advance(); !result) return close(result.error());
  if (!closed_ && !paused_until_) read_more();
}

Result<void> Connection::advance() {
  if (!authenticated_) {
    const auto done = tls_.handshake();
    if (!done) return fail(done.error());
    if (*done) {
      authenticated_ = true;
      WUSONG_CHECK(begin_link());
    }
  }
  // Only a peer whose key is proven makes us exchange more.
  if (authenticated_ && !ready_) {
    OsEntropy entropy;
    WUSONG_TRY(ready_, link_.advance(entropy));
    if (ready_) owner_.on_ready(*this);
  }
  pump();
  if (closed_ || !ready_) return {};
  return read_frames();
}

/// Whether the peer has the exchange, TLS has negotiated: that is part of what both sides' keys
/// have signed, so nobody in between can take it away.
Result<void> Connection::begin_link() {
  if (!tls_.speaks_link()) {
    if (config_.link.required) return fail(net::err::peer_without_hybrid);
    return {};
  }
  WUSONG_TRY(const Hash binding, tls_.exported(net::kLinkExporterLabel));
  OsEntropy entropy;
  return link_.begin(binding, entropy);
}

Result<void> Connection::read_frames() {
  while (!closed_ && !closing_) {
    if (!frame_) {
      WUSONG_TRY(const bool whole, read_header());
      if (!whole) return {};
      frame_allowed_ = false;
    }
    net::RateLimit& limit = frames_[static_cast<std::size_t>(frame_->channel)];
    if (!frame_allowed_ && !limit.take(1, heard_at)) {
      pause_until(limit.ready_at(heard_at));
      return {};
    }
    frame_allowed_ = true;
    WUSONG_TRY(const bool whole, read_payload());
    if (!whole) return {};
    const net::Channel channel = frame_->channel;
    frame_.reset();
    header_size_ = 0;
    ++frames_in;
    WUSONG_CHECK(owner_.on_frame(*this, channel, std::move(payload_)));
    payload_ = Bytes{};
  }
  return {};
}

Result<bool> Connection::read_header() {
  while (header_size_ < header_.size()) {
    WUSONG_TRY(const std::size_t count, link_.read(std::span{header_}.subspan(header_size_)));
    if (count == 0) return false;
    header_size_ += count;
  }
  const std::size_t most =
      open_ ? config_.payload_size_max : std::min(kPayloadBeforeHelloMax, config_.payload_size_max);
  WUSONG_TRY(frame_, net::decode_frame_header(header_, most));
  payload_.clear();
  payload_size_ = 0;
  return true;
}

Result<bool> Connection::read_payload() {
  while (payload_size_ < frame_->payload_size) {
    if (payload_.size() == payload_size_)
      payload_.resize(
          std::min<std::size_t>(frame_->payload_size, std::max(2 * payload_size_, kPayloadStep)));
    WUSONG_TRY(const std::size_t count, link_.read(std::span{payload_}.subspan(payload_size_)));
    if (count == 0) return false;
    payload_size_ += count;
  }
  return true;
}

/// Fills plain_ with what waits. Large frames go in parts, so that encrypting one overlaps with
/// sending the one before.
void Connection::gather() {
  plain_.clear();
  while (plain_.size() < kCoalesceBytes) {
    if (!outgoing_) {
      OutboundFrame frame;
      if (!owner_.next_frame(*this, frame)) return;
      const std::size_t at = plain_.size();
      plain_.resize(at + net::kFrameHeaderSize);
      net::encode_frame_header({static_cast<std::uint32_t>(frame.payload->size()), frame.channel},
                               plain_.data() + at);
      outgoing_ = std::move(frame);
      outgoing_at_ = 0;
    }
    const BytesView rest = BytesView{*outgoing_->payload}.subspan(outgoing_at_);
    const std::size_t count = std::min(rest.size(), kCoalesceBytes);
    append(plain_, rest.first(count));
    outgoing_at_ += count;
    if (count < rest.size()) return;
    outgoing_.reset();
    ++frames_out;
  }
}

void Connection::pump() {
  if (closed_ || writing_) return;
  if (ready_) {
    gather();
    if (auto result = link_.write(plain_); !result) return close(result.error());
  }
  if (!tls_.has_output()) return;
  sending_.clear();
  sent_ = 0;
  tls_.take_output(sending_);
  writing_ = true;
  write_progress_at = monotonic_now();
  write_more();
}

void Connection::write_more() {
  stream_->write(BytesView{sending_}.subspan(sent_),
                 [self = shared_from_this()](bool ok, std::size_t count) {
                   if (self->closed_) return;
                   if (!ok) return self->close(net::err::connection_lost);
                   self->sent_ += count;
                   self->bytes_out += count;
                   self->write_progress_at = monotonic_now();
                   if (self->sent_ < self->sending_.size()) return self->write_more();
                   self->writing_ = false;
                   self->pump();
                 });
}

}  // namespace wusong::platform::internal
