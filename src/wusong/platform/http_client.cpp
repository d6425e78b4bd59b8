// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/http_client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

#include "wusong/platform/errors.hpp"

namespace wusong::platform {
namespace {

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

/// Loopback, link-local, private and unspecified ranges. @source RFC 6890
bool is_inside(const sockaddr& address) noexcept {
  if (address.sa_family == AF_INET) {
    const auto ip = ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr);
    const auto a = ip >> 24;
    return a == 0 || a == 10 || a == 127 || (ip >> 20) == 0xac1 || (ip >> 16) == 0xc0a8 ||
           (ip >> 16) == 0xa9fe || (ip >> 22) == 0x191 || a >= 224;
  }
  if (address.sa_family != AF_INET6) return true;
  const auto& ip = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&ip)) {
    sockaddr_in inner{};
    inner.sin_family = AF_INET;
    std::copy_n(ip.s6_addr + 12, 4, reinterpret_cast<std::uint8_t*>(&inner.sin_addr.s_addr));
    return is_inside(reinterpret_cast<const sockaddr&>(inner));
  }
  return IN6_IS_ADDR_LOOPBACK(&ip) || IN6_IS_ADDR_UNSPECIFIED(&ip) || IN6_IS_ADDR_LINKLOCAL(&ip) ||
         IN6_IS_ADDR_MULTICAST(&ip) || (ip.s6_addr[0] & 0xfe) == 0xfc;
}

bool is_address(const std::string& host) noexcept {
  in6_addr ignored{};
  return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

std::optional<std::size_t> parse_size(std::string_view text, int base) noexcept {
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return out;
}

}  // namespace

bool is_literal_host(const std::string& host) noexcept {
  return host == "localhost" || is_address(host);
}

std::string_view HttpReply::header(std::string_view name) const noexcept {
  return find_header(headers, name);
}

Result<HttpUrl> parse_url(std::string_view url) {
  HttpUrl out;
  out.secure = url.starts_with("https://");
  if (!out.secure && !url.starts_with("http://")) return fail(err::bad_address);
  url.remove_prefix(out.secure ? 8 : 7);
  if (out.secure) out.port = 443;
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

void TlsTrust::Free::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

Result<TlsTrust> TlsTrust::open(const std::string& ca_file) {
  TlsTrust out{SSL_CTX_new(TLS_client_method())};
  SSL_CTX* const context = out.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_default_verify_paths(context) != 1) {
    return fail(err::bad_ca_file);
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!ca_file.empty() && SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
    ERR_clear_error();
    return fail(err::bad_ca_file);
  }
  return out;
}

void HttpClient::FreeSession::operator()(ssl_st* session) const noexcept {
  SSL_free(session);
}

HttpClient::HttpClient(std::string host, std::uint16_t port, Duration timeout)
    : url_{.host = std::move(host), .port = port}, options_{.timeout = timeout} {}

HttpClient::HttpClient(const HttpUrl& url, const HttpClientOptions& options)
    : url_{url}, options_{options} {}

HttpClient::~HttpClient() {
  disconnect();
}

void HttpClient::disconnect() noexcept {
  tls_.reset();
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  buffer_.clear();
}

Result<void> HttpClient::wait(short events) {
  for (;;) {
    auto most = options_.timeout;
    if (deadline_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(
          *deadline_ - std::chrono::steady_clock::now());
      most = std::min<Duration>(most, left);
    }
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(most).count();
    if (milliseconds <= 0) return fail(err::http_timeout);
    pollfd one{socket_, events, 0};
    const int ready =
        ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(milliseconds, INT_MAX)));
    if (ready > 0) return {};
    if (ready == 0) return fail(err::http_timeout);
    if (errno != EINTR) return fail(err::http_failed);
  }
}

Result<void> HttpClient::connect() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(url_.host.c_str(), std::to_string(url_.port).c_str(), &hints, &found) != 0)
    return fail(err::bad_address);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all{found, &::freeaddrinfo};
  Result<void> done = fail(err::http_failed);
  for (const addrinfo* at = found; at != nullptr && !done; at = at->ai_next) {
    if (options_.public_only && is_inside(*at->ai_addr)) {
      done = fail(err::private_address);
      continue;
    }
    socket_ = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) continue;
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    done = {};
    if (::connect(socket_, at->ai_addr, at->ai_addrlen) != 0) {
      done = errno == EINPROGRESS ? wait(POLLOUT) : fail(err::http_failed);
      int fault = 0;
      socklen_t size = sizeof fault;
      if (done && (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &fault, &size) != 0 || fault != 0))
        done = fail(err::http_failed);
    }
    if (!done) disconnect();
  }
  if (done && url_.secure) {
    done = start_tls();
    if (!done) disconnect();
  }
  return done;
}

Result<void> HttpClient::start_tls() {
  if (options_.trust == nullptr) return fail(err::certificate_refused);
  tls_.reset(SSL_new(options_.trust->get()));
  SSL* const tls = tls_.get();
  if (tls == nullptr || SSL_set_fd(tls, socket_) != 1) return fail(err::http_failed);
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address(url_.host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), url_.host.c_str()) != 1)
      return fail(err::http_failed);
  } else if (SSL_set1_host(tls, url_.host.c_str()) != 1 ||
             SSL_set_tlsext_host_name(tls, url_.host.c_str()) != 1) {
    return fail(err::http_failed);
  }
  for (;;) {
    ERR_clear_error();
    const int code = SSL_connect(tls);
    if (code == 1) return {};
    if (SSL_get_error(tls, code) == SSL_ERROR_SSL && SSL_get_verify_result(tls) != X509_V_OK)
      return fail(err::certificate_refused);
    WUSONG_CHECK(wait_for_tls(code));
  }
}

Result<void> HttpClient::wait_for_tls(int code) {
  switch (SSL_get_error(tls_.get(), code)) {
    case SSL_ERROR_WANT_READ:
      return wait(POLLIN);
    case SSL_ERROR_WANT_WRITE:
      return wait(POLLOUT);
    default:
      return fail(err::http_failed);
  }
}

Result<void> HttpClient::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    if (tls_) {
      ERR_clear_error();
      std::size_t count = 0;
      const int code = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &count);
      if (code == 1) {
        bytes.remove_prefix(count);
      } else {
        WUSONG_CHECK(wait_for_tls(code));
      }
      continue;
    }
    const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      WUSONG_CHECK(wait(POLLOUT));
      continue;
    }
    if (count < 0) return fail(err::http_failed);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> HttpClient::read_more() {
  const std::size_t have = buffer_.size();
  if (have > options_.reply_bytes_max) return fail(err::http_too_large);
  buffer_.resize(have + (64u << 10));
  std::size_t got = 0;
  Result<void> done;
  while (done && got == 0) {
    if (tls_) {
      ERR_clear_error();
      const int code = SSL_read_ex(tls_.get(), buffer_.data() + have, buffer_.size() - have, &got);
      if (code != 1) done = wait_for_tls(code);
      continue;
    }
    const auto count = ::recv(socket_, buffer_.data() + have, buffer_.size() - have, 0);
    if (count > 0) {
      got = static_cast<std::size_t>(count);
    } else if (count < 0 && errno == EAGAIN) {
      done = wait(POLLIN);
    } else if (count == 0 || errno != EINTR) {
      done = fail(err::http_failed);
    }
  }
  buffer_.resize(have + got);
  return done;
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
    if (!size) return fail(err::http_failed);
    if (*size > options_.reply_bytes_max - std::min(body.size(), options_.reply_bytes_max))
      return fail(err::http_too_large);
    const std::size_t end = line + 2 + *size + 2;
    while (buffer_.size() < end) WUSONG_CHECK(read_more());
    body.append(buffer_, line + 2, *size);
    buffer_.erase(0, end);
    if (*size == 0) return body;
  }
}

Result<std::string> HttpClient::read_body(const HttpReply& reply) {
  if (equal_text(reply.header("Transfer-Encoding"), "chunked")) return read_chunks();
  const auto size = parse_size(reply.header("Content-Length"), 10);
  if (!size) return std::string{};
  if (*size > options_.reply_bytes_max) return fail(err::http_too_large);
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
    WUSONG_TRY(reply.body, read_body(reply));
    if (equal_text(reply.header("Connection"), "close")) disconnect();
    return reply;
  }
}

Result<HttpReply> HttpClient::request(std::string_view method, std::string_view target,
                                      std::string_view body, std::string_view headers) {
  const bool bracketed = url_.host.find(':') != std::string::npos;
  std::string head;
  head.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
  head.append(bracketed ? "[" + url_.host + "]" : url_.host);
  if (url_.port != (url_.secure ? 443 : 80)) head.append(":").append(std::to_string(url_.port));
  head.append("\r\n").append(headers);
  if (!body.empty() || method == "POST")
    head.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  head.append("\r\n");
  deadline_.reset();
  if (options_.whole) deadline_ = std::chrono::steady_clock::now() + *options_.whole;
  return exchange(head, body);
}

Result<HttpReply> HttpClient::exchange(std::string_view head, std::string_view body) {
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
