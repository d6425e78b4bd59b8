// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/internal/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <algorithm>
#include <cstring>

#include "wusong/base/assert.hpp"
#include "wusong/net/errors.hpp"
#include "wusong/platform/errors.hpp"

namespace wusong::platform {
namespace {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const noexcept {
    release(object);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Release<X509_free>>;

PkeyPtr load_key(const NodeSecretKey& secret_key) noexcept {
  return PkeyPtr{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret_key.data(),
                                              secret_key.size())};
}

/// The certificate only carries the key, so its dates are always valid: a wrong wall clock must not
/// part nodes that know each other.
X509Ptr self_signed(EVP_PKEY* key) noexcept {
  X509Ptr certificate{X509_new()};
  if (!certificate) return nullptr;
  X509* const c = certificate.get();
  X509_NAME* const name = X509_get_subject_name(c);
  const bool made = X509_set_version(c, X509_VERSION_3) == 1 &&
                    ASN1_INTEGER_set(X509_get_serialNumber(c), 1) == 1 &&
                    ASN1_TIME_set_string(X509_getm_notBefore(c), "20000101000000Z") == 1 &&
                    ASN1_TIME_set_string(X509_getm_notAfter(c), "99991231235959Z") == 1 &&
                    X509_NAME_add_entry_by_txt(
                        name, "CN", MBSTRING_ASC,
                        reinterpret_cast<const unsigned char*>("wusong node"), -1, -1, 0) == 1 &&
                    X509_set_issuer_name(c, name) == 1 && X509_set_pubkey(c, key) == 1 &&
                    X509_sign(c, key, nullptr) > 0;
  return made ? std::move(certificate) : nullptr;
}

std::optional<net::PeerKey> key_of(X509* certificate) noexcept {
  if (certificate == nullptr) return std::nullopt;
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) return std::nullopt;
  net::PeerKey out;
  std::size_t size = out.size();
  if (EVP_PKEY_get_raw_public_key(key, out.data(), &size) != 1 || size != out.size())
    return std::nullopt;
  return out;
}

}  // namespace

Result<net::PeerKey> public_key_of(const NodeSecretKey& secret_key) noexcept {
  const PkeyPtr key = load_key(secret_key);
  net::PeerKey out;
  std::size_t size = out.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) != 1)
    return fail(err::bad_node_key);
  return out;
}

namespace internal {

struct TlsSession::State {
  SSL* ssl{nullptr};
  Admit admit;
  Bytes input;              // not yet taken by OpenSSL
  std::size_t input_at{0};  // first byte of it that is left
  Bytes output;
  std::optional<net::PeerKey> peer;
  std::optional<Error> refused;
};

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

int admission_index() {
  static const int kIndex = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

/// Takes the place of chain building: the key is pinned or it is not.
int verify_certificate(X509_STORE_CTX* store, void* /*argument*/) {
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* check = static_cast<std::function<bool(X509*)>*>(SSL_get_ex_data(ssl, admission_index()));
  if ((*check)(X509_STORE_CTX_get0_cert(store))) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

Result<TlsContext> TlsContext::make(const NodeSecretKey& secret_key) {
  const PkeyPtr key = load_key(secret_key);
  if (!key) return fail(err::bad_node_key);
  const X509Ptr certificate = self_signed(key.get());
  TlsContext out{SSL_CTX_new(TLS_method())};
  SSL_CTX* const context = out.get();
  const bool made = certificate != nullptr && context != nullptr &&
                    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_ciphersuites(
                        context, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256") == 1 &&
                    SSL_CTX_set1_groups_list(context, "X25519") == 1 &&
                    SSL_CTX_set1_sigalgs_list(context, "ed25519") == 1 &&
                    SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
                    // Sessions are never resumed: every connection proves both keys.
                    SSL_CTX_set_num_tickets(context, 0) == 1;
  if (!made) return fail(err::bad_node_key);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify_certificate, nullptr);
  return out;
}

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
  auto* check = new std::function<bool(X509*)>{[state = state_.get()](X509* certificate) {
    state->peer = key_of(certificate);
    if (!state->peer) {
      state->refused = net::err::tls_failed;
      return false;
    }
    const auto admitted = state->admit(*state->peer);
    if (!admitted) state->refused = admitted.error();
    return admitted.has_value();
  }};
  SSL_set_ex_data(state_->ssl, admission_index(), check);
  if (side == TlsSide::client) {
    SSL_set_connect_state(state_->ssl);
  } else {
    SSL_set_accept_state(state_->ssl);
  }
}

TlsSession::~TlsSession() {
  delete static_cast<std::function<bool(X509*)>*>(SSL_get_ex_data(state_->ssl, admission_index()));
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

const std::optional<net::PeerKey>& TlsSession::peer() const noexcept {
  return state_->peer;
}

}  // namespace internal
}  // namespace wusong::platform
