// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/internal/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>

#include "wusong/net/errors.hpp"
#include "wusong/platform/clock.hpp"

namespace wusong::platform::internal {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadSize = 64u << 10;
constexpr std::size_t kPayloadStep = 256u << 10;    // payload memory grows with what has arrived
constexpr std::size_t kCoalesceBytes = 256u << 10;  // frames gathered into one write

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, const TlsContext& tls, TlsSide side,
                       ConnectionOwner& owner, const Config& config)
    : socket_{std::move(socket)},
      tls_{tls, side, [this](const net::PeerKey& key) { return owner_.admit(*this, key); }},
      side_{side},
      owner_{owner},
      config_{config} {
  started_at = heard_at = write_progress_at = monotonic_now();
}

std::string Connection::address() const {
  boost::system::error_code error;
  const auto end = socket_.remote_endpoint(error);
  if (error) return {};
  const std::string host = end.address().to_string();
  return (end.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(end.port());
}

void Connection::start() {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
  socket_.non_blocking(true, ignored);
  read_buffer_.resize(kReadSize);
  if (auto result = advance(); !result) return close(result.error());
  read_more();
}

void Connection::finish_sending() noexcept {
  boost::system::error_code ignored;  // a connection that is gone has nothing to finish
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void Connection::close(Error reason) {
  if (closed_) return;
  closed_ = true;
  if (closing_) reason = *closing_;
  const auto self = shared_from_this();
  // A last alert tells the other side why, if the socket takes it at once.
  if (!writing_ && tls_.has_output()) {
    Bytes last;
    tls_.take_output(last);
    boost::system::error_code ignored;
    socket_.write_some(asio::buffer(last), ignored);
  }
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  owner_.on_closed(*this, reason);
}

void Connection::read_more() {
  if (closed_) return;
  socket_.async_read_some(
      asio::buffer(read_buffer_),
      [self = shared_from_this()](boost::system::error_code error, std::size_t count) {
        if (self->closed_) return;
        if (error) return self->close(net::err::connection_lost);
        self->on_bytes(count);
      });
}

bool Connection::over_read_budget(std::size_t count) noexcept {
  if (config_.read_bytes_per_second_max == 0) return false;
  if (heard_at - budget_from_ >= std::chrono::seconds{1}) {
    budget_from_ = heard_at;
    budget_used_ = 0;
  }
  budget_used_ += count;
  return budget_used_ > config_.read_bytes_per_second_max;
}

void Connection::on_bytes(std::size_t count) {
  heard_at = monotonic_now();
  bytes_in += count;
  tls_.receive(BytesView{read_buffer_}.first(count));
  if (auto result = advance(); !result) return close(result.error());
  if (closed_) return;
  if (over_read_budget(count)) {
    reading_paused_ = true;  // tick() resumes
    return;
  }
  read_more();
}

void Connection::tick(Instant now) {
  if (closing_ && !writing_) return close(*closing_);
  if (closed_ || !reading_paused_ || now - budget_from_ < std::chrono::seconds{1}) return;
  reading_paused_ = false;
  read_more();
}

Result<void> Connection::advance() {
  if (!authenticated_) {
    const auto done = tls_.handshake();
    if (!done) return fail(done.error());
    if (*done) {
      authenticated_ = true;
      owner_.on_authenticated(*this);
      if (closed_) return {};
    }
  }
  pump();
  if (closed_ || !authenticated_) return {};
  return read_frames();
}

Result<void> Connection::read_frames() {
  while (!closed_ && !closing_) {
    if (!frame_) {
      WUSONG_TRY(const bool whole, read_header());
      if (!whole) return {};
    }
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
    WUSONG_TRY(const std::size_t count, tls_.read(std::span{header_}.subspan(header_size_)));
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
    WUSONG_TRY(const std::size_t count, tls_.read(std::span{payload_}.subspan(payload_size_)));
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
  if (authenticated_) {
    gather();
    if (auto result = tls_.write(plain_); !result) return close(result.error());
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
  socket_.async_write_some(
      asio::buffer(sending_.data() + sent_, sending_.size() - sent_),
      [self = shared_from_this()](boost::system::error_code error, std::size_t count) {
        if (self->closed_) return;
        if (error) return self->close(net::err::connection_lost);
        self->sent_ += count;
        self->bytes_out += count;
        self->write_progress_at = monotonic_now();
        if (self->sent_ < self->sending_.size()) return self->write_more();
        self->writing_ = false;
        self->pump();
      });
}

}  // namespace wusong::platform::internal
