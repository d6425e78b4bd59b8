// SPDX-License-Identifier: Apache-2.0
// One thread moves bytes; workers run the handler. Sessions live on the moving thread.
#include "wusong/platform/http_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <cerrno>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "wusong/platform/clock.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/internal/http_policy.hpp"
#include "wusong/platform/internal/http_range.hpp"
#include "wusong/platform/mutex.hpp"
#include "wusong/platform/thread_pool.hpp"

namespace wusong::platform {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using internal::OriginVerdict;
using ErrorCode = beast::error_code;

constexpr Duration kRetryWorker = std::chrono::milliseconds{2};
constexpr Duration kLinger = std::chrono::seconds{5};
constexpr std::size_t kLingerBytesMax = 256u << 20;
constexpr std::size_t kBodyBytesInFlightMax = 512u << 20;  // of all requests together
constexpr std::size_t kBodyStep = 256u << 10;              // memory grows with what has arrived
constexpr std::size_t kStreamStep = 512u << 10;            // memory of a streamed answer
constexpr std::size_t kBodyRateMin = 64u << 10;            // bytes a second; slower is given up
constexpr int kInvalidRequest = -32600;
constexpr int kLimitExceeded = -32005;

std::string_view text_of(beast::string_view view) noexcept {
  return {view.data(), view.size()};
}

struct Counters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused_busy{0};
  std::atomic<std::uint64_t> refused_size{0};
  std::atomic<std::uint64_t> refused_host{0};
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<std::uint64_t> slow_consumers{0};
  std::atomic<std::uint64_t> bytes_in{0};
  std::atomic<std::uint64_t> bytes_out{0};
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> websockets{0};
};

class HttpSession;
class WebSocketSession;

class Server final : public HttpServer {
 public:
  Server(const HttpOptions& from, HttpHandler& to, Logger& log)
      : options{from}, handler{to}, logger{log}, pool{from.workers, from.queue_max} {}
  ~Server() override { stop(Duration{0}); }

  Result<void> listen();
  void run();

  std::uint16_t port() const noexcept override { return port_; }
  void send_text(WebSocketId id, std::shared_ptr<const std::string> text) override;
  void close(WebSocketId id) override;
  HttpStats stats() const override;
  void stop(Duration drain) override;

  /// Runs it on a worker, later if all are busy: for what must not be lost.
  void run_later(std::function<void()> task);
  void adopt_websocket(const std::shared_ptr<WebSocketSession>& session, WebSocketId id);
  void forget_websocket(WebSocketId id);
  WebSocketId next_id() noexcept { return ++last_id_; }
  bool stopping() const noexcept { return stopping_; }

  const HttpOptions options;
  HttpHandler& handler;
  Logger& logger;
  Counters counters;  // sessions count themselves out, so it outlives the queues that hold them
  asio::io_context io{1};
  ThreadPool pool;
  std::set<std::shared_ptr<HttpSession>> sessions;  // moving thread
  std::size_t body_bytes_in_flight{0};              // moving thread

 private:
  void accept();
  void drain_until(Instant deadline);
  void close_all();
  std::shared_ptr<WebSocketSession> find(WebSocketId id) const;

  asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
  tcp::acceptor acceptor_{io};
  asio::steady_timer accept_timer_{io};
  asio::steady_timer drain_timer_{io};
  std::uint16_t port_{0};
  std::thread thread_;
  std::atomic<bool> stopped_{false};
  bool stopping_{false};  // moving thread
  WebSocketId last_id_{0};
  mutable Mutex mutex_;
  std::map<WebSocketId, std::shared_ptr<WebSocketSession>> websockets_ WUSONG_GUARDED_BY(mutex_);
};

// --- WebSocket

class WebSocketSession final : public std::enable_shared_from_this<WebSocketSession> {
 public:
  WebSocketSession(Server& server, beast::tcp_stream stream, std::string remote, WebSocketId id)
      : server_{server}, stream_{std::move(stream)}, remote_{std::move(remote)}, id_{id} {}

  void accept(http::request<http::string_body> request);
  /// @thread any
  void send(std::shared_ptr<const std::string> text);
  void close(websocket::close_code why);
  void abort();

 private:
  void read();
  void write();
  void finish();

  Server& server_;
  websocket::stream<beast::tcp_stream> stream_;
  const std::string remote_;
  const WebSocketId id_;
  http::request<http::string_body> upgrade_;
  beast::flat_buffer buffer_;
  bool writing_{false};
  bool closing_{false};
  bool finished_{false};
  std::shared_ptr<const std::string> sending_;
  Mutex mutex_;
  std::deque<std::shared_ptr<const std::string>> queue_ WUSONG_GUARDED_BY(mutex_);
  std::size_t queue_bytes_ WUSONG_GUARDED_BY(mutex_){0};
  bool write_posted_ WUSONG_GUARDED_BY(mutex_){false};
  bool overflowed_ WUSONG_GUARDED_BY(mutex_){false};
};

void WebSocketSession::accept(http::request<http::string_body> request) {
  upgrade_ = std::move(request);
  const auto idle = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      server_.options.websocket_idle_timeout);
  stream_.set_option(websocket::stream_base::timeout{std::chrono::seconds{10}, idle, true});
  stream_.read_message_max(server_.options.body_size_max);
  stream_.auto_fragment(false);
  stream_.text(true);
  stream_.async_accept(upgrade_, [self = shared_from_this()](ErrorCode error) {
    if (error) return self->abort();
    self->upgrade_ = {};
    ++self->server_.counters.websockets;
    self->server_.adopt_websocket(self, self->id_);
    self->server_.run_later([self] {
      self->server_.handler.on_open(self->id_, self->remote_);
      asio::post(self->server_.io, [self] { self->read(); });
    });
  });
}

void WebSocketSession::read() {
  if (finished_) return;
  stream_.async_read(buffer_, [self = shared_from_this()](ErrorCode error, std::size_t count) {
    if (error) return self->finish();
    self->server_.counters.bytes_in += count;
    ++self->server_.counters.requests;
    std::string text{static_cast<const char*>(self->buffer_.data().data()), self->buffer_.size()};
    self->buffer_.clear();
    if (self->buffer_.capacity() > (64u << 10)) self->buffer_.shrink_to_fit();
    self->server_.run_later([self, moved = std::move(text)]() mutable {
      self->server_.handler.on_text(self->id_, std::move(moved));
      asio::post(self->server_.io, [self] { self->read(); });
    });
  });
}

void WebSocketSession::send(std::shared_ptr<const std::string> text) {
  {
    const MutexLock lock{mutex_};
    if (overflowed_) return;
    queue_bytes_ += text->size();
    queue_.push_back(std::move(text));
    if (queue_bytes_ > server_.options.websocket_queue_bytes_max) {
      overflowed_ = true;
      queue_.clear();
      queue_bytes_ = 0;
    }
    if (write_posted_) return;
    write_posted_ = true;
  }
  asio::post(server_.io, [self = shared_from_this()] { self->write(); });
}

void WebSocketSession::write() {
  bool overflowed = false;
  {
    const MutexLock lock{mutex_};
    write_posted_ = false;
    overflowed = overflowed_;
    if (!overflowed && !writing_ && !closing_ && !finished_ && !queue_.empty()) {
      sending_ = std::move(queue_.front());
      queue_.pop_front();
    }
  }
  if (overflowed && !finished_) {
    ++server_.counters.slow_consumers;
    server_.logger.debug("websocket_closed", {{"reason", "slow_consumer"}});
    return abort();
  }
  if (!sending_ || writing_) return;
  writing_ = true;
  stream_.async_write(asio::buffer(*sending_),
                      [self = shared_from_this()](ErrorCode error, std::size_t count) {
                        self->writing_ = false;
                        {
                          const MutexLock lock{self->mutex_};
                          self->queue_bytes_ -= std::min(self->queue_bytes_, count);
                        }
                        self->sending_.reset();
                        if (error) return self->abort();
                        self->server_.counters.bytes_out += count;
                        self->write();
                      });
}

void WebSocketSession::close(websocket::close_code why) {
  if (closing_ || finished_) return;
  closing_ = true;
  stream_.async_close(why, [self = shared_from_this()](ErrorCode) { self->abort(); });
}

void WebSocketSession::abort() {
  beast::get_lowest_layer(stream_).close();  // ends the read, which finishes
}

void WebSocketSession::finish() {
  if (finished_) return;
  finished_ = true;
  --server_.counters.websockets;
  beast::get_lowest_layer(stream_).close();
  server_.forget_websocket(id_);
  server_.run_later([self = shared_from_this()] { self->server_.handler.on_close(self->id_); });
}

// --- HTTP

class HttpSession final : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(Server& server, tcp::socket socket) : server_{server}, stream_{std::move(socket)} {
    ++server_.counters.connections;
    ErrorCode ignored;
    stream_.socket().set_option(tcp::no_delay{true}, ignored);
    buffer_.reserve(4u << 10);  // one read takes a usual request whole
    remote_ = stream_.socket().remote_endpoint(ignored).address().to_string();
  }
  ~HttpSession() { --server_.counters.connections; }
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  void read_header();
  void respond(HttpResponse response);
  bool idle() const noexcept { return idle_; }
  void end();

 private:
  using Parser = http::request_parser<http::string_body>;

  void on_header(ErrorCode error);
  void on_bad_input(ErrorCode error);
  bool refuse_by_policy();
  void upgrade();
  void read_body();
  void read_known_body();
  void read_chunked_body();
  void on_body();
  void refuse(unsigned status, int code, std::string_view message, bool keep);
  void preflight();
  void write(HttpResponse response, bool keep);
  void set_headers(const HttpResponse& response, bool keep);
  bool apply_conditions(HttpResponse& response);
  void write_stream(HttpStream stream, bool keep);
  void fetch();
  void send_piece();
  void written(bool keep);
  void linger();
  void discard();
  void release_body() noexcept;
  std::string_view field(http::field name) const { return text_of(parser_->get()[name]); }

  Server& server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{64u << 10};
  std::optional<Parser> parser_;
  http::response<http::string_body> response_;
  std::string remote_;
  OriginVerdict origin_{OriginVerdict::absent};
  std::string origin_text_;
  bool keep_alive_{false};
  bool idle_{true};
  bool ended_{false};
  std::string body_;
  std::size_t body_size_{0};
  std::size_t body_reserved_{0};
  std::size_t discarded_{0};
  std::size_t body_size_max_{0};
  // A streamed answer: what is left of it, and the piece that is being sent.
  HttpStream stream_source_;
  std::uint64_t stream_offset_{0};
  std::uint64_t stream_end_{0};
  Bytes piece_;
  std::size_t piece_sent_{0};
  bool stream_keep_{false};
};

/// Answers for the handler when it forgets to, so that no client waits for ever.
class Answer {
 public:
  Answer(Server& server, std::shared_ptr<HttpSession> session)
      : server_{server}, session_{std::move(session)} {}
  ~Answer() {
    if (given_) return;
    auto response = server_.handler.on_refusal(500, -32603, "internal error");
    response.status = 500;
    give(std::move(response));
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  void give(HttpResponse response) {
    if (given_.exchange(true)) return;
    asio::post(server_.io, [session = std::move(session_), moved = std::move(response)]() mutable {
      session->respond(std::move(moved));
    });
  }

 private:
  Server& server_;
  std::shared_ptr<HttpSession> session_;
  std::atomic<bool> given_{false};
};

void HttpSession::end() {
  if (ended_) return;
  ended_ = true;
  release_body();
  stream_.close();
  server_.sessions.erase(shared_from_this());
}

void HttpSession::release_body() noexcept {
  server_.body_bytes_in_flight -= body_reserved_;
  body_reserved_ = 0;
}

void HttpSession::read_header() {
  if (ended_) return;
  if (server_.stopping() && buffer_.size() == 0) return end();
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(server_.options.header_size_max));
  parser_->body_limit(boost::none);  // known when the header is
  idle_ = buffer_.size() == 0;
  stream_.expires_after(std::chrono::nanoseconds{server_.options.idle_timeout});
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](ErrorCode error, std::size_t count) {
                            self->idle_ = false;
                            self->server_.counters.bytes_in += count;
                            self->on_header(error);
                          });
}

void HttpSession::on_bad_input(ErrorCode error) {
  if (error == http::error::body_limit) {
    ++server_.counters.refused_size;
    return refuse(413, kInvalidRequest,
                  fmt::format("request body larger than {} bytes", body_size_max_), false);
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return refuse(431, kInvalidRequest, "request header too large", false);
  if (error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message)
    return refuse(400, kInvalidRequest, "malformed HTTP request", false);
  end();  // closed by the client, or too slow
}

void HttpSession::on_header(ErrorCode error) {
  if (ended_) return;
  if (error) return on_bad_input(error);
  keep_alive_ = parser_->keep_alive();
  if (refuse_by_policy()) return;
  if (websocket::is_upgrade(parser_->get())) return upgrade();
  const auto& message = parser_->get();
  if (message.method() == http::verb::options &&
      (!server_.options.keep_headers ||
       message.count(http::field::access_control_request_method) != 0))
    return preflight();

  const std::string_view target = text_of(message.target());
  body_size_max_ = server_.handler.body_size_max(text_of(message.method_string()),
                                                 target.substr(0, target.find('?')),
                                                 server_.options.body_size_max);
  parser_->body_limit(body_size_max_);
  const auto length = parser_->content_length();
  if (length && *length > body_size_max_) return on_bad_input(http::error::body_limit);
  body_reserved_ =
      length ? static_cast<std::size_t>(*length) : (parser_->chunked() ? body_size_max_ : 0);
  server_.body_bytes_in_flight += body_reserved_;
  if (server_.body_bytes_in_flight > kBodyBytesInFlightMax) {
    ++server_.counters.refused_busy;
    return refuse(503, kLimitExceeded, "server is busy", false);
  }
  if (!beast::iequals(parser_->get()[http::field::expect], "100-continue")) return read_body();
  response_ = {http::status::continue_, 11};
  http::async_write(stream_, response_, [self = shared_from_this()](ErrorCode failed, std::size_t) {
    if (failed) return self->end();
    self->read_body();
  });
}

bool HttpSession::refuse_by_policy() {
  const std::string_view host = field(http::field::host);
  if (!internal::host_allowed(host, server_.options.allowed_hosts)) {
    ++server_.counters.refused_host;
    refuse(403, kInvalidRequest, "host not allowed", false);
    return true;
  }
  origin_text_ = field(http::field::origin);
  origin_ = internal::judge_origin(origin_text_, host, server_.options.allowed_origins);
  if (origin_ != OriginVerdict::refused) return false;
  ++server_.counters.refused_host;
  refuse(403, kInvalidRequest, "origin not allowed", false);
  return true;
}

void HttpSession::upgrade() {
  const std::string_view target = text_of(parser_->get().target());
  if (!server_.handler.accept_websocket(target.substr(0, target.find('?'))))
    return refuse(404, kInvalidRequest, "no WebSocket here", false);
  if (server_.counters.websockets + server_.sessions.size() > server_.options.connections_max)
    return refuse(503, kLimitExceeded, "too many connections", false);
  stream_.expires_never();
  const auto session =
      std::make_shared<WebSocketSession>(server_, std::move(stream_), remote_, server_.next_id());
  session->accept(parser_->release());
  ended_ = true;
  server_.sessions.erase(shared_from_this());
}

void HttpSession::read_body() {
  // A large body may take longer, in proportion to its size.
  stream_.expires_after(std::chrono::nanoseconds{server_.options.read_timeout} +
                        std::chrono::seconds{body_reserved_ / kBodyRateMin});
  body_.clear();
  if (parser_->chunked()) return read_chunked_body();
  // A body of known size goes from the socket to where the handler finds it. What came with the
  // header is in the buffer; what follows the body there belongs to the next request.
  body_size_ = body_reserved_;
  body_.reserve(body_size_);
  const std::size_t count = std::min(body_size_, buffer_.size());
  body_.append(static_cast<const char*>(buffer_.data().data()), count);
  buffer_.consume(count);
  read_known_body();
}

void HttpSession::read_known_body() {
  const std::size_t have = body_.size();
  if (have == body_size_) return on_body();
  body_.resize(std::min(body_size_, have + kBodyStep));
  stream_.async_read_some(asio::buffer(body_.data() + have, body_.size() - have),
                          [self = shared_from_this(), have](ErrorCode error, std::size_t count) {
                            self->server_.counters.bytes_in += count;
                            if (self->ended_) return;
                            if (error) return self->end();
                            self->body_.resize(have + count);
                            self->read_known_body();
                          });
}

void HttpSession::read_chunked_body() {
  buffer_.reserve(64u << 10);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](ErrorCode error, std::size_t count) {
                     self->server_.counters.bytes_in += count;
                     if (self->ended_) return;
                     if (error) return self->on_bad_input(error);
                     self->body_ = std::move(self->parser_->get().body());
                     self->on_body();
                   });
}

void HttpSession::on_body() {
  stream_.expires_never();  // the handler's time is its own
  ++server_.counters.requests;
  const auto& message = parser_->get();
  HttpRequest request;
  request.method = text_of(message.method_string());
  request.target = text_of(message.target());
  request.content_type = text_of(message[http::field::content_type]);
  request.authorization = text_of(message[http::field::authorization]);
  request.remote = remote_;
  request.body = std::move(body_);
  if (server_.options.keep_headers) {
    for (const auto& field : message) {
      std::string name{text_of(field.name_string())};
      for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      request.headers.emplace_back(std::move(name), text_of(field.value()));
    }
  }

  const auto answer = std::make_shared<Answer>(server_, shared_from_this());
  const bool posted =
      server_.pool.post([&server = server_, answer, moved = std::move(request)]() mutable {
        server.handler.on_request(std::move(moved), [answer](HttpResponse response) {
          answer->give(std::move(response));
        });
      });
  if (posted) return;
  ++server_.counters.refused_busy;
  auto response = server_.handler.on_refusal(503, kLimitExceeded, "server is busy");
  response.status = 503;
  response.headers.emplace_back("Retry-After", "1");
  answer->give(std::move(response));
}

void HttpSession::preflight() {
  HttpResponse response;
  response.status = 204;
  response.content_type.clear();
  response.headers.emplace_back("Access-Control-Allow-Methods", server_.options.cors_methods);
  response.headers.emplace_back("Access-Control-Allow-Headers", server_.options.cors_headers);
  response.headers.emplace_back("Access-Control-Max-Age", "600");
  write(std::move(response), keep_alive_ && parser_->is_done());
}

void HttpSession::refuse(unsigned status, int code, std::string_view message, bool keep) {
  auto response = server_.handler.on_refusal(status, code, message);
  response.status = status;
  response.stream.reset();
  write(std::move(response), keep);
}

void HttpSession::respond(HttpResponse response) {
  if (ended_) return;
  release_body();
  write(std::move(response), keep_alive_ && !server_.stopping());
}

void HttpSession::set_headers(const HttpResponse& response, bool keep) {
  response_ = {http::int_to_status(response.status), 11};
  if (http::int_to_status(response.status) == http::status::unknown) response_.result(500);
  if (!response.content_type.empty() && internal::is_header_text(response.content_type))
    response_.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) {
    if (!internal::is_header_text(name) || !internal::is_header_text(value)) continue;
    // A response may set several cookies; of anything else the last counts.
    if (beast::iequals(name, "set-cookie"))
      response_.insert(name, value);
    else
      response_.set(name, value);
  }
  if (origin_ == OriginVerdict::listed || origin_ == OriginVerdict::any) {
    response_.set(http::field::access_control_allow_origin,
                  origin_ == OriginVerdict::any ? "*" : origin_text_);
    if (origin_ == OriginVerdict::listed) response_.set(http::field::vary, "Origin");
  }
  response_.keep_alive(keep);
}

/// If-None-Match, Range and If-Range. True: there is no body to send.
bool HttpSession::apply_conditions(HttpResponse& response) {
  if (!response.ranges || response.status != 200) return false;
  response_.set(http::field::accept_ranges, "bytes");
  const std::string_view tag = text_of(response_[http::field::etag]);
  if (internal::names_entity_tag(field(http::field::if_none_match), tag)) {
    response_.result(http::status::not_modified);
    response_.erase(http::field::content_type);
    return true;
  }
  if (!response.stream || parser_->get().method() != http::verb::get ||
      !internal::keeps_range(field(http::field::if_range), tag))
    return false;
  const std::uint64_t size = response.stream->size;
  const auto range = internal::parse_range(field(http::field::range), size);
  if (range.verdict == internal::ByteRange::Verdict::unsatisfiable) {
    response_.result(http::status::range_not_satisfiable);
    response_.set(http::field::content_range, fmt::format("bytes */{}", size));
    response_.content_length(0);
    return true;
  }
  stream_offset_ = range.offset;
  stream_end_ = range.offset + range.size;
  if (range.verdict == internal::ByteRange::Verdict::part) {
    response_.result(http::status::partial_content);
    response_.set(http::field::content_range,
                  fmt::format("bytes {}-{}/{}", stream_offset_, stream_end_ - 1, size));
  }
  return false;
}

void HttpSession::write(HttpResponse response, bool keep) {
  set_headers(response, keep);
  stream_offset_ = 0;
  stream_end_ = response.stream ? response.stream->size : 0;
  const bool bodiless = apply_conditions(response);
  const bool head = parser_->get().method() == http::verb::head;
  if (response.stream && !bodiless) {
    response_.content_length(stream_end_ - stream_offset_);
    if (!head) return write_stream(std::move(*response.stream), keep);
  } else if (!bodiless && response.status != 204 && response.status != 304) {
    // Taking part of an answer to HEAD for the next one would end the connection's use.
    response_.content_length(response.body.size());
    if (!head) response_.body() = std::move(response.body);
  }
  stream_.expires_after(std::chrono::nanoseconds{server_.options.read_timeout});
  http::async_write(stream_, response_,
                    [self = shared_from_this(), keep](ErrorCode error, std::size_t count) {
                      self->server_.counters.bytes_out += count;
                      if (self->ended_) return;
                      if (error) return self->end();
                      self->written(keep);
                    });
}

void HttpSession::written(bool keep) {
  response_ = {};
  if (keep) return read_header();
  linger();
}

/// The header, then pieces: a worker fetches one while nothing is sent, so that one is in memory.
void HttpSession::write_stream(HttpStream source, bool keep) {
  stream_source_ = std::move(source);
  stream_keep_ = keep;
  stream_.expires_after(std::chrono::nanoseconds{server_.options.read_timeout});
  // string_body with an empty body writes the header alone; Content-Length stands there already.
  http::async_write(stream_, response_,
                    [self = shared_from_this()](ErrorCode error, std::size_t count) {
                      self->server_.counters.bytes_out += count;
                      if (self->ended_) return;
                      if (error) return self->end();
                      self->fetch();
                    });
}

void HttpSession::fetch() {
  if (stream_offset_ == stream_end_) {
    stream_source_ = {};
    piece_ = {};
    return written(stream_keep_);
  }
  stream_.expires_never();
  const auto size_max =
      static_cast<std::size_t>(std::min<std::uint64_t>(kStreamStep, stream_end_ - stream_offset_));
  server_.run_later([self = shared_from_this(), size_max] {
    auto piece = self->stream_source_.read(self->stream_offset_, size_max);
    asio::post(self->server_.io, [self, size_max, moved = std::move(piece)]() mutable {
      if (self->ended_) return;
      // The size has been promised: a body cut short must not look whole.
      if (!moved || moved->empty() || moved->size() > size_max) return self->end();
      self->piece_ = std::move(*moved);
      self->piece_sent_ = 0;
      self->stream_offset_ += self->piece_.size();
      self->send_piece();
    });
  });
}

void HttpSession::send_piece() {
  if (piece_sent_ == piece_.size()) return fetch();
  // Every bit of progress buys time: a slow reader is not a dead one.
  stream_.expires_after(std::chrono::nanoseconds{server_.options.read_timeout});
  stream_.async_write_some(asio::buffer(piece_.data() + piece_sent_, piece_.size() - piece_sent_),
                           [self = shared_from_this()](ErrorCode error, std::size_t count) {
                             self->server_.counters.bytes_out += count;
                             if (self->ended_) return;
                             if (error) return self->end();
                             self->piece_sent_ += count;
                             self->send_piece();
                           });
}

/// Closing while the client still sends would make its kernel throw our answer away, so what it
/// sends is read and forgotten for a while.
void HttpSession::linger() {
  release_body();
  ErrorCode ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  if (ignored || server_.stopping()) return end();
  stream_.expires_after(std::chrono::nanoseconds{kLinger});
  parser_.reset();
  buffer_.clear();
  discard();
}

void HttpSession::discard() {
  stream_.async_read_some(buffer_.prepare(32u << 10),
                          [self = shared_from_this()](ErrorCode error, std::size_t count) {
                            self->discarded_ += count;
                            if (error || self->discarded_ > kLingerBytesMax) return self->end();
                            self->discard();
                          });
}

// --- server

Result<void> bind_to(const HttpOptions& options, tcp::acceptor& acceptor) {
  ErrorCode error;
  const auto address = asio::ip::make_address(options.listen_host, error);
  if (error) return fail(err::bad_address);
  const tcp::endpoint endpoint{address, options.listen_port};
  if (options.reserved >= 0) {
    const int own = ::fcntl(options.reserved, F_DUPFD_CLOEXEC, 0);
    if (own < 0) return fail(err::listen_failed);
    acceptor.assign(endpoint.protocol(), own, error);
    return error ? Result<void>{fail(err::listen_failed)} : Result<void>{};
  }
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (error == asio::error::address_in_use) return fail(err::address_in_use);
  if (error) return fail(err::listen_failed);
  return {};
}

Result<void> Server::listen() {
  WUSONG_CHECK(bind_to(options, acceptor_));
  ErrorCode error;
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) return fail(err::address_in_use);
  if (error) return fail(err::listen_failed);
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

void Server::run() {
  logger.info("http_listening", {{"host", options.listen_host}, {"port", port_}});
  asio::post(io, [this] { accept(); });
  thread_ = std::thread{[this] { io.run(); }};
}

void Server::accept() {
  acceptor_.async_accept([this](ErrorCode error, tcp::socket socket) {
    if (stopping_ || error == asio::error::operation_aborted) return;
    if (error) {
      // Most likely no descriptors are left; accepting again at once would spin.
      logger.warn("http_accept_failed", {{"reason", error.message()}});
      accept_timer_.expires_after(std::chrono::milliseconds{50});
      accept_timer_.async_wait([this](ErrorCode) {
        if (!stopping_) accept();
      });
      return;
    }
    if (sessions.size() + counters.websockets >= options.connections_max) {
      ++counters.refused_connections;
      socket.close(error);
    } else {
      const auto session = std::make_shared<HttpSession>(*this, std::move(socket));
      sessions.insert(session);
      session->read_header();
    }
    accept();
  });
}

void Server::run_later(std::function<void()> task) {
  if (pool.post(task)) return;
  const auto timer = std::make_shared<asio::steady_timer>(io);
  timer->expires_after(std::chrono::nanoseconds{kRetryWorker});
  timer->async_wait([this, timer, moved = std::move(task)](ErrorCode) mutable {
    if (!stopped_) run_later(std::move(moved));
  });
}

void Server::adopt_websocket(const std::shared_ptr<WebSocketSession>& session, WebSocketId id) {
  const MutexLock lock{mutex_};
  websockets_[id] = session;
}

void Server::forget_websocket(WebSocketId id) {
  const MutexLock lock{mutex_};
  websockets_.erase(id);
}

std::shared_ptr<WebSocketSession> Server::find(WebSocketId id) const {
  const MutexLock lock{mutex_};
  const auto found = websockets_.find(id);
  return found == websockets_.end() ? nullptr : found->second;
}

void Server::send_text(WebSocketId id, std::shared_ptr<const std::string> text) {
  if (const auto session = find(id)) session->send(std::move(text));
}

void Server::close(WebSocketId id) {
  if (const auto session = find(id))
    asio::post(io, [session] { session->close(websocket::close_code::normal); });
}

HttpStats Server::stats() const {
  HttpStats out;
  out.requests = counters.requests;
  out.refused_busy = counters.refused_busy;
  out.refused_size = counters.refused_size;
  out.refused_host = counters.refused_host;
  out.refused_connections = counters.refused_connections;
  out.slow_consumers = counters.slow_consumers;
  out.bytes_in = counters.bytes_in;
  out.bytes_out = counters.bytes_out;
  out.connections = counters.connections;
  out.websockets = counters.websockets;
  return out;
}

void Server::stop(Duration drain) {
  if (stopped_.exchange(true)) return;
  asio::post(io, [this, deadline = monotonic_now() + drain] {
    stopping_ = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    accept_timer_.cancel();
    const auto open = sessions;
    for (const auto& session : open)
      if (session->idle()) session->end();
    drain_until(deadline);
  });
  if (thread_.joinable()) thread_.join();
  pool.stop();
}

void Server::drain_until(Instant deadline) {
  if (sessions.empty() || monotonic_now() >= deadline) {
    close_all();
    work_.reset();
    return;
  }
  drain_timer_.expires_after(std::chrono::milliseconds{5});
  drain_timer_.async_wait([this, deadline](ErrorCode) { drain_until(deadline); });
}

void Server::close_all() {
  const auto open = sessions;
  for (const auto& session : open) session->end();
  std::map<WebSocketId, std::shared_ptr<WebSocketSession>> websockets;
  {
    const MutexLock lock{mutex_};
    websockets = websockets_;
  }
  for (const auto& [id, session] : websockets) session->abort();
}

}  // namespace

HttpResponse HttpHandler::on_refusal(unsigned status, int code, std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.body = internal::refusal_body(code, message);
  return response;
}

Result<HttpStream> stream_file(const std::string& path) {
  const int opened = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return fail(err::file_not_found);
    return fail(errno == EACCES ? err::permission_denied : err::file_unreadable);
  }
  const std::shared_ptr<const int> file{new int{opened}, [](const int* descriptor) {
                                          ::close(*descriptor);
                                          delete descriptor;
                                        }};
  struct stat about{};
  if (::fstat(opened, &about) != 0 || !S_ISREG(about.st_mode)) return fail(err::file_unreadable);
  HttpStream out;
  out.size = static_cast<std::uint64_t>(about.st_size);
  out.read = [file](std::uint64_t offset, std::size_t size_max) -> Result<Bytes> {
    Bytes piece(size_max);
    for (;;) {
      const auto count = ::pread(*file, piece.data(), size_max, static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(err::file_unreadable);
      piece.resize(static_cast<std::size_t>(count));
      return piece;
    }
  };
  return out;
}

Result<int> HttpServer::reserve(const HttpOptions& options) {
  asio::io_context io;
  tcp::acceptor acceptor{io};
  WUSONG_CHECK(bind_to(options, acceptor));
  ErrorCode error;
  const int descriptor = acceptor.release(error);
  if (error) return fail(err::listen_failed);
  return descriptor;
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpOptions& options,
                                                      HttpHandler& handler, Logger& logger) {
  auto server = std::make_unique<Server>(options, handler, logger);
  WUSONG_CHECK(server->listen());
  server->run();
  return server;
}

}  // namespace wusong::platform
