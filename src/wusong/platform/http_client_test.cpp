// SPDX-License-Identifier: Apache-2.0
// Over TLS: whose certificate is accepted, and what a reply may cost.
#include "wusong/platform/http_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <thread>

#include "wusong/platform/errors.hpp"

namespace wusong::platform {
namespace {

using namespace std::chrono_literals;

template <auto Function>
struct Free {
  template <typename T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

Key make_key() {
  return Key{EVP_EC_gen("P-256")};
}

/// A certificate of `key`, signed by an authority or, without one, by itself. Days count from now.
struct Wish {
  std::string name;       // subject
  std::string alternate;  // "DNS:localhost"; empty: an authority
  int from_day{-1};
  int to_day{1};
};
Certificate make_certificate(const Wish& wish, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  Certificate out{X509_new()};
  X509_set_version(out.get(), X509_VERSION_3);
  static long serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), wish.from_day * 86'400L);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), wish.to_day * 86'400L);
  X509_set_pubkey(out.get(), key);
  X509_NAME* name = X509_get_subject_name(out.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(out.get(), issuer == nullptr ? name : X509_get_subject_name(issuer));
  const auto extend = [&](int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer == nullptr ? out.get() : issuer, out.get(), nullptr, nullptr,
                   0);
    const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension{
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
    EXPECT_NE(extension, nullptr) << value;
    X509_add_ext(out.get(), extension.get(), -1);
  };
  extend(NID_basic_constraints, wish.alternate.empty() ? "critical,CA:TRUE" : "CA:FALSE");
  if (!wish.alternate.empty()) extend(NID_subject_alt_name, wish.alternate);
  EXPECT_GT(X509_sign(out.get(), issuer_key == nullptr ? key : issuer_key, EVP_sha256()), 0);
  return out;
}

/// Answers one connection after another on a loopback port.
class Server {
 public:
  using Talk = std::function<void(SSL*, int)>;
  Server(SSL_CTX* context, Talk talk) : context_{context}, talk_{std::move(talk)} {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread{[this] { serve(); }};
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  std::uint16_t port() const noexcept { return port_; }

 private:
  void serve() {
    for (;;) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      if (context_ == nullptr) {
        talk_(nullptr, client);
      } else {
        const std::unique_ptr<SSL, Free<SSL_free>> session{SSL_new(context_)};
        SSL_set_fd(session.get(), client);
        if (SSL_accept(session.get()) == 1) talk_(session.get(), client);
      }
      ::close(client);
    }
  }
  SSL_CTX* context_;
  Talk talk_;
  int listener_{-1};
  std::uint16_t port_{0};
  std::thread thread_;
};

void answer(SSL* session, std::string_view text) {
  std::string request;
  char piece[4096];
  while (request.find("\r\n\r\n") == std::string::npos) {
    const int count = SSL_read(session, piece, sizeof piece);
    if (count <= 0) return;
    request.append(piece, static_cast<std::size_t>(count));
  }
  SSL_write(session, text.data(), static_cast<int>(text.size()));
}

class HttpsClient : public testing::Test {
 protected:
  HttpsClient() {
    std::signal(SIGPIPE, SIG_IGN);  // of the servers here: a client that refuses hangs up
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    authority_ = make_certificate({.name = "authority", .alternate = {}}, authority_key_.get(),
                                  nullptr, nullptr);
    ca_file_ = folder_ / "ca.pem";
    std::FILE* file = std::fopen(ca_file_.c_str(), "w");
    PEM_write_X509(file, authority_.get());
    std::fclose(file);
  }
  ~HttpsClient() override { std::filesystem::remove_all(folder_); }

  /// A server's context with a certificate by the authority, or by itself.
  SSL_CTX* context(const Wish& wish, bool by_authority = true) {
    const Key key = make_key();
    const Certificate certificate =
        make_certificate(wish, key.get(), by_authority ? authority_.get() : nullptr,
                         by_authority ? authority_key_.get() : nullptr);
    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context_.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), key.get());
    return context_.get();
  }
  Result<HttpReply> get(const Server& server, const std::string& host, bool trusting = true,
                        HttpClientOptions options = {}) {
    const auto trust = TlsTrust::open(trusting ? ca_file_.string() : "");
    EXPECT_TRUE(trust);
    options.trust = &*trust;
    options.timeout = 10s;
    HttpClient client{{.host = host, .port = server.port(), .target = "/", .secure = true},
                      options};
    return client.request("GET", "/");
  }
  static void greet(SSL* session, int) {
    answer(session, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Name: value\r\n\r\nhello");
  }

  std::filesystem::path folder_;
  std::filesystem::path ca_file_;
  Key authority_key_{make_key()};
  Certificate authority_;
  std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_;
};

TEST_F(HttpsClient, ACertificateByAKnownAuthorityForTheHostIsAccepted) {
  const Server server{context({.name = "s", .alternate = "DNS:localhost,IP:127.0.0.1"}), greet};
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto reply = get(server, host);
    ASSERT_TRUE(reply) << host << " " << reply.error().name();
    EXPECT_EQ(reply->status, 200u);
    EXPECT_EQ(reply->body, "hello");
    EXPECT_EQ(reply->header("x-name"), "value");
  }
}

TEST_F(HttpsClient, AnAuthorityThatNobodyNamedIsRefused) {
  const Server server{context({.name = "s", .alternate = "DNS:localhost"}), greet};
  EXPECT_EQ(get(server, "localhost", false).error(), err::certificate_refused);
}

TEST_F(HttpsClient, ACertificateForAnotherHostIsRefused) {
  const Server server{context({.name = "localhost", .alternate = "DNS:other.example,IP:127.0.0.2"}),
                      greet};
  EXPECT_EQ(get(server, "localhost").error(), err::certificate_refused) << "the subject's name";
  EXPECT_EQ(get(server, "127.0.0.1").error(), err::certificate_refused);
}

TEST_F(HttpsClient, ACertificateThatSignsItselfIsRefused) {
  const Server server{context({.name = "localhost", .alternate = "DNS:localhost"}, false), greet};
  EXPECT_EQ(get(server, "localhost").error(), err::certificate_refused);
}

TEST_F(HttpsClient, ACertificateThatIsNotValidNowIsRefused) {
  {
    const Server server{
        context({.name = "s", .alternate = "DNS:localhost", .from_day = -3, .to_day = -1}), greet};
    EXPECT_EQ(get(server, "localhost").error(), err::certificate_refused) << "expired";
  }
  const Server server{
      context({.name = "s", .alternate = "DNS:localhost", .from_day = 1, .to_day = 3}), greet};
  EXPECT_EQ(get(server, "localhost").error(), err::certificate_refused) << "not yet";
}

TEST_F(HttpsClient, AnOldProtocolIsRefused) {
  SSL_CTX* const old = context({.name = "s", .alternate = "DNS:localhost"});
  SSL_CTX_set_security_level(old, 0);
  SSL_CTX_set_max_proto_version(old, TLS1_1_VERSION);
  const Server server{old, greet};
  EXPECT_EQ(get(server, "localhost").error(), err::http_failed);
}

TEST_F(HttpsClient, PlainTextWhereTlsIsDueIsRefused) {
  const Server server{nullptr, [](SSL*, int client) {
                        const std::string_view text =
                            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                        ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
                      }};
  EXPECT_EQ(get(server, "localhost").error(), err::http_failed);
}

TEST_F(HttpsClient, WithoutAuthoritiesNothingIsTrusted) {
  const Server server{context({.name = "s", .alternate = "DNS:localhost"}), greet};
  HttpClient client{{.host = "localhost", .port = server.port(), .target = "/", .secure = true},
                    {}};
  EXPECT_EQ(client.request("GET", "/").error(), err::certificate_refused);
  EXPECT_EQ(TlsTrust::open((folder_ / "missing.pem").string()).error(), err::bad_ca_file);
}

TEST_F(HttpsClient, AReplyOverTheLimitIsRefused) {
  SSL_CTX* const tls = context({.name = "s", .alternate = "DNS:localhost"});
  const HttpClientOptions options{.reply_bytes_max = 1'000};
  {
    const Server server{tls, [](SSL* session, int) {
                          answer(session, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
                        }};
    EXPECT_EQ(get(server, "localhost", true, options).error(), err::http_too_large) << "announced";
  }
  {
    const Server server{tls, [](SSL* session, int) {
                          std::string text =
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                          for (int i = 0; i < 3; ++i)
                            text += "190\r\n" + std::string(400, 'x') + "\r\n";
                          answer(session, text + "0\r\n\r\n");
                        }};
    EXPECT_EQ(get(server, "localhost", true, options).error(), err::http_too_large) << "in chunks";
  }
  const Server server{tls, [](SSL* session, int) {
                        answer(session, "HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x'));
                      }};
  EXPECT_EQ(get(server, "localhost", true, options).error(), err::http_too_large) << "in headers";
}

TEST_F(HttpsClient, ANameThatLeadsInsideIsRefusedWhereOnlyThePublicNetworkIsMeant) {
  std::atomic<int> asked{0};
  const Server server{context({.name = "s", .alternate = "DNS:localhost"}), [&](SSL* session, int) {
                        ++asked;
                        answer(session, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                      }};
  EXPECT_TRUE(get(server, "localhost", true));
  const int before = asked;
  EXPECT_EQ(get(server, "localhost", true, {.public_only = true}).error(), err::private_address);
  EXPECT_EQ(asked, before) << "nobody was connected to";
  for (const auto* inside :
       {"10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "224.0.0.1", "::1", "fd00::1", "fe80::1", "::ffff:127.0.0.1"}) {
    HttpClient client{HttpUrl{.host = inside, .port = 1}, {.public_only = true}};
    EXPECT_EQ(client.request("GET", "/").error(), err::private_address) << inside;
  }
}

TEST_F(HttpsClient, AReplyThatTricklesEndsWithItsTime) {
  const Server server{context({.name = "s", .alternate = "DNS:localhost"}), [](SSL* session, int) {
                        answer(session, "HTTP/1.1 200 OK\r\n");
                        while (SSL_write(session, "X", 1) > 0) std::this_thread::sleep_for(5ms);
                      }};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(get(server, "localhost", true, {.whole = 300ms}).error(), err::http_timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s)
      << "each byte came in time, the whole not";
}

}  // namespace
}  // namespace wusong::platform
