// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/internal/tls.hpp"

#include <openssl/err.h>
#include <algorithm>
#include <cstring>

#include "wusong/base/assert.hpp"
#include "wusong/net/errors.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/internal/tls_state.hpp"

namespace wusong::platform::internal {

namespace {

// A BIO that reads and writes our buffers, so that a batch of records is one write to the socket.
struct Buffers {
  Bytes* input;
  std::size_t* input_at;
  Bytes* output;
};

int bio_write(BIO* bio, const char* data, int size) {
  auto* buffers = static_cast<Buffers*>(BIO_get_data(bio));
  append(*buffers->output,
         {reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)});
  return size;
}

int bio_read(BIO* bio, char* data, int size) {
  auto* buffers = static_cast<Buffers*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const std::size_t left = buffers->input->size() - *buffers->input_at;
  if (left == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(left, static_cast<std::size_t>(size));
  std::memcpy(data, buffers->input->data() + *buffers->input_at, count);
  *buffers->input_at += count;
  return static_cast<int>(count);
}

long bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_destroy(BIO* bio) {
  delete static_cast<Buffers*>(BIO_get_data(bio));
  return 1;
}

BIO_METHOD* bio_method() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wusong");
    WUSONG_ASSERT(method != nullptr);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_destroy(method, bio_destroy);
    return method;
  }();
  return kMethod;
}

}  // namespace

TlsSession::TlsSession(const TlsContext& context, TlsSide side, Admit admit)
    : state_{std::make_unique<State>()} {
  state_->admit = std::move(admit);
  state_->ssl = SSL_new(context.get());
  WUSONG_ASSERT(state_->ssl != nullptr);
  BIO* const bio = BIO_new(bio_method());
  WUSONG_ASSERT(bio != nullptr);
  BIO_set_data(bio, new Buffers{&state_->input, &state_->input_at, &state_->output});
  BIO_set_init(bio, 1);
  SSL_set_bio(state_->ssl, bio, bio);
  SSL_set_ex_data(state_->ssl, session_index(), state_.get());
  if (side == TlsSide::client) {
    SSL_set_connect_state(state_->ssl);
  } else {
    SSL_set_accept_state(state_->ssl);
  }
}

TlsSession::~TlsSession() {
  SSL_free(state_->ssl);
}

void TlsSession::receive(BytesView encrypted) {
  State& s = *state_;
  if (s.input_at == s.input.size()) {
    s.input.clear();
    s.input_at = 0;
  }
  append(s.input, encrypted);
}

Error TlsSession::failure(int code) const noexcept {
  if (state_->refused) return *state_->refused;
  const int reason = ERR_GET_REASON(ERR_peek_error());
  ERR_clear_error();
  if (code == SSL_ERROR_ZERO_RETURN) return net::err::connection_lost;
  switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return net::err::refused_by_peer;
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      return net::err::link_suite_mismatch;
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return net::err::own_certificate_revoked;
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return net::err::own_certificate_expired;
    default:
      return net::err::tls_failed;
  }
}

Result<bool> TlsSession::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(state_->ssl);
  if (result == 1) return true;
  const int code = SSL_get_error(state_->ssl, result);
  if (code == SSL_ERROR_WANT_READ) return false;
  return fail(failure(code));
}

Result<std::size_t> TlsSession::read(std::span<std::uint8_t> out) {
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_read_ex(state_->ssl, out.data(), out.size(), &count);
  if (result == 1) return count;
  const int code = SSL_get_error(state_->ssl, result);
  if (code == SSL_ERROR_WANT_READ) return std::size_t{0};
  return fail(failure(code));
}

Result<void> TlsSession::write(BytesView plain) {
  if (plain.empty()) return {};
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_write_ex(state_->ssl, plain.data(), plain.size(), &count);
  // The output buffer takes everything, so a write is never partial.
  if (result == 1 && count == plain.size()) return {};
  return fail(failure(SSL_get_error(state_->ssl, result)));
}

void TlsSession::take_output(Bytes& out) noexcept {
  WUSONG_ASSERT(out.empty());
  out.swap(state_->output);
}

bool TlsSession::has_output() const noexcept {
  return !state_->output.empty();
}

bool TlsSession::speaks_link() const noexcept {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(state_->ssl, &name, &size);
  return size > 0;
}

Result<Hash> TlsSession::exported(std::string_view label) const noexcept {
  Hash out;
  if (SSL_export_keying_material(state_->ssl, out.data(), out.size(), label.data(), label.size(),
                                 nullptr, 0, 0) != 1)
    return fail(net::err::tls_failed);
  return out;
}

const std::optional<net::PeerKey>& TlsSession::peer() const noexcept {
  return state_->peer;
}

}  // namespace wusong::platform::internal
