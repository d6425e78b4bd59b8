// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/internal/byte_stream.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>

namespace wusong::platform::internal {

namespace asio = boost::asio;

std::string address_text(const asio::ip::tcp::endpoint& end) {
  const std::string host = end.address().to_string();
  return (end.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(end.port());
}

std::string host_of(const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(host, error);
  if (error || !parsed.is_v6()) return host;
  auto bytes = parsed.to_v6().to_bytes();
  if (parsed.to_v6().is_v4_mapped()) return host.substr(host.rfind(':') + 1);
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return asio::ip::address_v6{bytes}.to_string();
}

SocketStream::SocketStream(asio::ip::tcp::socket socket) : socket_{std::move(socket)} {
  boost::system::error_code error;
  const auto end = socket_.remote_endpoint(error);
  if (!error) address_ = address_text(end);
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
  socket_.non_blocking(true, ignored);
}

void SocketStream::read(std::span<std::uint8_t> into, Done done) {
  socket_.async_read_some(asio::buffer(into.data(), into.size()),
                          [done = std::move(done)](boost::system::error_code error,
                                                   std::size_t count) { done(!error, count); });
}

void SocketStream::write(BytesView from, Done done) {
  socket_.async_write_some(asio::buffer(from.data(), from.size()),
                           [done = std::move(done)](boost::system::error_code error,
                                                    std::size_t count) { done(!error, count); });
}

void SocketStream::write_at_once(BytesView from) noexcept {
  boost::system::error_code ignored;
  socket_.write_some(asio::buffer(from.data(), from.size()), ignored);
}

void SocketStream::finish_writing() noexcept {
  boost::system::error_code ignored;  // a connection that is gone has nothing to finish
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void SocketStream::close() noexcept {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace wusong::platform::internal
