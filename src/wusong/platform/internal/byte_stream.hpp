// SPDX-License-Identifier: Apache-2.0
// What a connection runs over: a socket, or a circuit through a third node.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>

#include "wusong/base/bytes.hpp"

namespace wusong::platform::internal {

/// One read and one write may be under way. After close() a handler is told of failure, or nothing.
/// @thread the transport's
class ByteStream {
 public:
  using Done = std::function<void(bool ok, std::size_t count)>;

  virtual ~ByteStream() = default;
  /// Some bytes into `into`, at least one. Never calls `done` before it returns.
  virtual void read(std::span<std::uint8_t> into, Done done) = 0;
  /// Some of `from`, at least one byte.
  virtual void write(BytesView from, Done done) = 0;
  /// As much as goes without waiting.
  virtual void write_at_once(BytesView from) noexcept = 0;
  /// The other end reads to the end of what was written.
  virtual void finish_writing() noexcept = 0;
  virtual void close() noexcept = 0;
  /// Of the other end, host:port; of a circuit, through whom.
  virtual std::string address() const = 0;
  virtual bool relayed() const noexcept = 0;
};

class SocketStream final : public ByteStream {
 public:
  explicit SocketStream(boost::asio::ip::tcp::socket socket);

  void read(std::span<std::uint8_t> into, Done done) override;
  void write(BytesView from, Done done) override;
  void write_at_once(BytesView from) noexcept override;
  void finish_writing() noexcept override;
  void close() noexcept override;
  std::string address() const override { return address_; }
  bool relayed() const noexcept override { return false; }

 private:
  boost::asio::ip::tcp::socket socket_;
  std::string address_;
};

/// "host:port", with brackets around a host with colons.
std::string address_text(const boost::asio::ip::tcp::endpoint& end);
/// The part of such a text that one machine or site has to itself: IPv4 whole, IPv6 its /64.
std::string host_of(const std::string& address);

}  // namespace wusong::platform::internal
