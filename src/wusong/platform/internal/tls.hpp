// SPDX-License-Identifier: Apache-2.0
// TLS 1.3 over byte buffers: no sockets here. Both sides show a certificate, whose key is pinned or
// which a CA gave to the key's owner.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/net/link.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/platform/transport.hpp"

struct ssl_st;      // NOLINT: OpenSSL's names
struct ssl_ctx_st;  // NOLINT

namespace wusong::platform::internal {

/// This node's certificate and the rules every session follows. OpenSSL's system settings
/// (openssl.cnf: security level, protocols, suites, groups, signature algorithms) hold beneath
/// ours.
class TlsContext {
 public:
  /// Reads the files and shakes hands with itself, so what peers would refuse is refused here.
  /// @errors err::bad_node_key, err::tls_policy (system settings forbid it), err::file_* and
  ///         err::bad_certificate_file, err::bad_tls_key, err::tls_key_mismatch,
  ///         err::certificate_of_another, err::bad_ca_file, err::bad_crl_file,
  ///         err::pkcs11_unavailable, and net's certificate rows about this node's own
  /// Offers and takes the exchange of `suite` alone, as an application protocol (RFC 7301); who
  /// names none is told apart by TlsSession::speaks_link().
  [[nodiscard]] static Result<TlsContext> make(const NodeSecretKey& secret_key,
                                               const std::optional<TlsFiles>& files = {},
                                               net::LinkSuite suite = net::LinkSuite::standard);
  ssl_ctx_st* get() const noexcept { return context_.get(); }
  const TlsStatus& status() const noexcept { return status_; }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  explicit TlsContext(ssl_ctx_st* context) noexcept : context_{context} {}
  [[nodiscard]] bool name_exchange(net::LinkSuite suite) noexcept;
  [[nodiscard]] Result<void> load_pinned(const NodeSecretKey& secret_key);
  [[nodiscard]] Result<void> load_files(const TlsFiles& files, const net::PeerKey& self);
  [[nodiscard]] Result<void> load_own(const TlsFiles& files, const net::PeerKey& self);
  [[nodiscard]] Result<void> load_trust(const TlsFiles& files);
  [[nodiscard]] Result<void> shake_own_hand() const;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  TlsStatus status_;
};

enum class TlsSide : std::uint8_t { client, server };

/// One connection. Encrypted bytes go in through receive() and come out of take_output().
class TlsSession final : public net::LinkCarrier {
 public:
  /// Says whether a key may connect. @errors net::err::unknown_peer, net::err::wrong_peer
  using Admit = std::function<Result<void>(const net::PeerKey&)>;

  TlsSession(const TlsContext& context, TlsSide side, Admit admit);
  ~TlsSession() override;
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Lends bytes from the network; call handshake() or read() until they want more. What they did
  /// not take is kept.
  void receive(BytesView encrypted);
  /// True when both sides are authenticated.
  /// @errors net::err::tls_failed, net::err::refused_by_peer, net::err::link_suite_mismatch, and
  ///         those of Admit
  [[nodiscard]] Result<bool> handshake();
  /// Decrypts into `out`; 0 means that more bytes are needed.
  /// @errors net::err::tls_failed, net::err::refused_by_peer, net::err::connection_lost (closed)
  [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out) override;
  /// Encrypts all of it into the output.
  [[nodiscard]] Result<void> write(BytesView plain) override;
  /// Swaps the bytes for the network into `out`, which must be empty; its storage is reused.
  void take_output(Bytes& out) noexcept;
  bool has_output() const noexcept;
  /// After the handshake: both sides named the same hybrid key exchange.
  bool speaks_link() const noexcept;
  /// A secret that only the two ends of this connection have, another for each label.
  /// @errors net::err::tls_failed
  /// @source RFC 8446, section 7.5
  [[nodiscard]] Result<Hash> exported(std::string_view label) const noexcept;
  /// Set once the certificate has been seen.
  const std::optional<net::PeerKey>& peer() const noexcept;
  /// Whether the certificate shown at the handshake would be accepted now. A pinned key always is.
  /// @errors net's certificate rows
  [[nodiscard]] Result<void> check_again(const TlsContext& now) const;

 private:
  struct State;
  friend class TlsContext;
  friend struct TlsVerification;
  [[nodiscard]] Error failure(int code) const noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wusong::platform::internal
