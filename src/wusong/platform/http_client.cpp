// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/http_client.hpp"

#include <netdb.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

#include "wusong/platform/errors.hpp"

namespace wusong::platform {
namespace {

constexpr std::size_t kReplyBytesMax = std::size_t{1} << 30;

bool equal_text(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// The value of a header line, without blanks; empty when absent.
std::string_view find_header(std::string_view headers, std::string_view name) noexcept {
  while (!headers.empty()) {
    const auto end = std::min(headers.find("\r\n"), headers.size());
    const std::string_view line = headers.substr(0, end);
    headers.remove_prefix(std::min(end + 2, headers.size()));
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const auto value = line.find_first_not_of(" \t", name.size() + 1);
    return value == std::string_view::npos ? std::string_view{} : line.substr(value);
  }
  return {};
}

std::optional<std::size_t> parse_size(std::string_view text, int base) noexcept {
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return out;
}

}  // namespace

Result<HttpUrl> parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return fail(err::bad_address);
  url.remove_prefix(kScheme.size());
  HttpUrl out;
  const auto slash = std::min(url.find('/'), url.size());
  if (slash < url.size()) out.target = url.substr(slash);
  std::string_view authority = url.substr(0, slash);
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    const auto port = parse_size(authority.substr(colon + 1), 10);
    if (!port || *port == 0 || *port > UINT16_MAX) return fail(err::bad_address);
    out.port = static_cast<std::uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  if (authority.empty()) return fail(err::bad_address);
  out.host = authority;
  return out;
}

HttpClient::HttpClient(std::string host, std::uint16_t port, Duration timeout)
    : host_{std::move(host)}, port_{port}, timeout_{timeout} {}

HttpClient::~HttpClient() {
  disconnect();
}

void HttpClient::disconnect() noexcept {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  buffer_.clear();
}

Result<void> HttpClient::connect() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host_.c_str(), std::to_string(port_).c_str(), &hints, &found) != 0)
    return fail(err::bad_address);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout_);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(timeout_ - seconds);
  const timeval limit{seconds.count(), micros.count()};
  for (const addrinfo* at = found; at != nullptr && socket_ < 0; at = at->ai_next) {
    socket_ = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) continue;
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket_, at->ai_addr, at->ai_addrlen) != 0) disconnect();
  }
  ::freeaddrinfo(found);
  if (socket_ < 0) return fail(err::http_failed);
  return {};
}

Result<void> HttpClient::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      return fail(errno == EAGAIN ? Error{err::http_timeout} : Error{err::http_failed});
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> HttpClient::read_more() {
  const std::size_t have = buffer_.size();
  if (have > kReplyBytesMax) return fail(err::http_failed);
  buffer_.resize(have + (64u << 10));
  ssize_t count = -1;
  do {
    count = ::recv(socket_, buffer_.data() + have, buffer_.size() - have, 0);
  } while (count < 0 && errno == EINTR);
  const int number = errno;
  buffer_.resize(have + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count > 0) return {};
  return fail(count < 0 && number == EAGAIN ? Error{err::http_timeout} : Error{err::http_failed});
}

Result<std::string> HttpClient::read_chunks() {
  std::string body;
  for (;;) {
    auto line = buffer_.find("\r\n");
    while (line == std::string::npos) {
      WUSONG_CHECK(read_more());
      line = buffer_.find("\r\n");
    }
    const auto size = parse_size(std::string_view{buffer_}.substr(0, line), 16);
    if (!size || *size > kReplyBytesMax) return fail(err::http_failed);
    const std::size_t end = line + 2 + *size + 2;
    while (buffer_.size() < end) WUSONG_CHECK(read_more());
    body.append(buffer_, line + 2, *size);
    buffer_.erase(0, end);
    if (*size == 0) return body;
  }
}

Result<std::string> HttpClient::read_body(const std::string& headers) {
  if (equal_text(find_header(headers, "Transfer-Encoding"), "chunked")) return read_chunks();
  const auto size = parse_size(find_header(headers, "Content-Length"), 10);
  if (!size) return std::string{};
  if (*size > kReplyBytesMax) return fail(err::http_failed);
  buffer_.reserve(*size);
  while (buffer_.size() < *size) WUSONG_CHECK(read_more());
  if (buffer_.size() == *size) return std::exchange(buffer_, {});
  std::string body = buffer_.substr(0, *size);
  buffer_.erase(0, *size);
  return body;
}

Result<HttpReply> HttpClient::read_reply() {
  for (;;) {
    auto end = buffer_.find("\r\n\r\n");
    while (end == std::string::npos) {
      WUSONG_CHECK(read_more());
      end = buffer_.find("\r\n\r\n");
    }
    HttpReply reply;
    reply.headers = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    if (reply.headers.size() < 12 || !reply.headers.starts_with("HTTP/1."))
      return fail(err::http_failed);
    const auto status = parse_size(std::string_view{reply.headers}.substr(9, 3), 10);
    if (!status) return fail(err::http_failed);
    reply.status = static_cast<unsigned>(*status);
    if (reply.status == 100) continue;  // goes before the reply
    WUSONG_TRY(reply.body, read_body(reply.headers));
    if (equal_text(find_header(reply.headers, "Connection"), "close")) disconnect();
    return reply;
  }
}

Result<HttpReply> HttpClient::request(std::string_view method, std::string_view target,
                                      std::string_view body, std::string_view headers) {
  std::string head;
  head.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
  head.append(host_.find(':') == std::string::npos ? host_ : "[" + host_ + "]");
  head.append(":").append(std::to_string(port_)).append("\r\n").append(headers);
  if (!body.empty() || method == "POST")
    head.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  head.append("\r\n");

  // A kept connection may have been closed meanwhile: then, and only then, it is tried once more.
  for (const bool reused : {socket_ >= 0, false}) {
    if (socket_ < 0) WUSONG_CHECK(connect());
    Result<void> sent = send_all(head);
    if (sent) sent = send_all(body);
    Result<HttpReply> reply = read_reply();  // a refusal may come while we still send
    if (reply) return reply;
    const bool nothing_heard = buffer_.empty();
    disconnect();
    if (!reused || !nothing_heard || reply.error() == err::http_timeout) return reply;
  }
  return fail(err::http_failed);
}

}  // namespace wusong::platform
