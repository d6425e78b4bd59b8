// SPDX-License-Identifier: Apache-2.0
// Certificates: our own, whose we trust, and how a peer's becomes the key it is admitted by.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <algorithm>
#include <array>
#include <ctime>

#include "wusong/base/assert.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/net/errors.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/internal/tls_state.hpp"

namespace wusong::platform {

namespace {

internal::PkeyPtr load_key(const NodeSecretKey& secret_key) noexcept {
  return internal::PkeyPtr{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                                        secret_key.data(), secret_key.size())};
}

}  // namespace

Result<net::PeerKey> public_key_of(const NodeSecretKey& secret_key) noexcept {
  const internal::PkeyPtr key = load_key(secret_key);
  net::PeerKey out;
  std::size_t size = out.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) != 1)
    return fail(err::bad_node_key);
  return out;
}

namespace internal {
namespace {

constexpr std::size_t kPemFileMax = 4u << 20;
constexpr std::string_view kNodeUri = "wusong:node:";

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

/// The key of the certificate itself.
std::optional<net::PeerKey> own_key_of(X509* certificate) noexcept {
  if (certificate == nullptr) return std::nullopt;
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) return std::nullopt;
  net::PeerKey out;
  std::size_t size = out.size();
  if (EVP_PKEY_get_raw_public_key(key, out.data(), &size) != 1 || size != out.size())
    return std::nullopt;
  return out;
}

/// The node key that a CA wrote into the certificate: exactly one.
std::optional<net::PeerKey> named_key_of(X509* certificate) {
  const GeneralNamesPtr names{static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  std::optional<net::PeerKey> found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    const std::string_view text{reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                                static_cast<std::size_t>(ASN1_STRING_length(uri))};
    if (!text.starts_with(kNodeUri)) continue;
    const auto key = codec::fixed_from_hex<net::PeerKey>(text.substr(kNodeUri.size()));
    if (!key || found) return std::nullopt;
    found = *key;
  }
  return found;
}

Error reason_of(int verification) noexcept {
  switch (verification) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return net::err::certificate_expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return net::err::certificate_not_yet_valid;
    case X509_V_ERR_CERT_REVOKED:
      return net::err::certificate_revoked;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
      return net::err::no_revocation_list;
    default:
      return net::err::certificate_untrusted;
  }
}

/// A list past its date still names who is revoked. To refuse everybody for it would stop the
/// chain, so it is warned of instead (TlsStatus::crl_due).
int forgive_old_list(int good, X509_STORE_CTX* store) {
  if (good == 0 && X509_STORE_CTX_get_error(store) == X509_V_ERR_CRL_HAS_EXPIRED) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  return good;
}

template <typename State>
int admit(State& state, X509_STORE_CTX* store, std::optional<net::PeerKey> key, Error otherwise) {
  state.peer = key;
  if (!key) {
    state.refused = otherwise;
  } else if (const auto admitted = state.admit(*key); !admitted) {
    state.refused = admitted.error();
  }
  X509_STORE_CTX_set_error(store, state.refused ? X509_V_ERR_CERT_REJECTED : X509_V_OK);
  return state.refused ? 0 : 1;
}

UnixMillis time_of(const ASN1_TIME* time) noexcept {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  const auto seconds = timegm(&parts);
  return {seconds > 0 ? static_cast<std::uint64_t>(seconds) * 1'000 : 0};
}
void keep_earlier(UnixMillis& earliest, UnixMillis other) noexcept {
  if (other.value != 0 && (earliest.value == 0 || other < earliest)) earliest = other;
}

std::string text_of(const X509_NAME* name) {
  const BioPtr out{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string text_of(const ASN1_INTEGER* number) {
  return codec::to_hex({ASN1_STRING_get0_data(number),
                        static_cast<std::size_t>(std::max(ASN1_STRING_length(number), 0))});
}

/// Everything of one kind in a PEM file. What is not of that kind is passed over, what does not
/// parse is an error.
template <typename Ptr, auto read>
Result<std::vector<Ptr>> read_pem(const std::string& file, Error bad) {
  WUSONG_TRY(const std::string text, read_text(file, kPemFileMax));
  const BioPtr bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  std::vector<Ptr> out;
  ERR_clear_error();
  while (Ptr next{read(bio.get(), nullptr, nullptr, nullptr)}) out.push_back(std::move(next));
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (out.empty() || !ended) return fail(bad);
  return out;
}

/// OpenSSL's reasons when a security level or another setting of the system forbids a certificate.
bool forbidden_by_system() noexcept {
  switch (ERR_GET_REASON(ERR_peek_last_error())) {
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK:
      return true;
    default:
      return false;
  }
}

/// The suites of TLS 1.3 that the system permits, the ones that are fast here first.
std::string permitted_suites(SSL_CTX* context) {
  static constexpr std::array<std::string_view, 3> kPreferred{
      "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384"};
  const STACK_OF(SSL_CIPHER)* const all = SSL_CTX_get_ciphers(context);
  std::string out;
  for (const std::string_view wanted : kPreferred) {
    for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
      if (SSL_CIPHER_get_name(sk_SSL_CIPHER_value(all, i)) != wanted) continue;
      if (!out.empty()) out += ':';
      out += wanted;
    }
  }
  return out;
}

/// Takes the one protocol that `argument`, a LinkSuiteTraits, names. Not called for a client that
/// names none.
int choose_exchange(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void* argument) {
  const std::string_view ours = static_cast<const net::LinkSuiteTraits*>(argument)->protocol;
  for (BytesView rest{offered, offered_size}; !rest.empty();) {
    const std::size_t size = rest.front();
    if (size >= rest.size()) break;
    const BytesView name = rest.subspan(1, size);
    if (as_text(name) == ours) {
      *out = name.data();
      *out_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    rest = rest.subspan(1 + size);
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

int session_index() {
  static const int kIndex = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

/// The callbacks that OpenSSL asks about a peer's certificate.
struct TlsVerification {
  static TlsSession::State& state(X509_STORE_CTX* store) {
    auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    return *static_cast<TlsSession::State*>(SSL_get_ex_data(ssl, session_index()));
  }
  /// Takes the place of chain building: the key is pinned or it is not.
  static int pinned(X509_STORE_CTX* store, void* /*argument*/) {
    return admit(state(store), store, own_key_of(X509_STORE_CTX_get0_cert(store)),
                 net::err::tls_failed);
  }
  static int by_chain(X509_STORE_CTX* store, void* /*argument*/) {
    TlsSession::State& session = state(store);
    session.by_chain = true;
    if (X509_verify_cert(store) != 1) {
      session.refused = reason_of(X509_STORE_CTX_get_error(store));
      return 0;
    }
    return admit(session, store, named_key_of(X509_STORE_CTX_get0_cert(store)),
                 net::err::certificate_names_nobody);
  }
};

void TlsContext::Free::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

bool TlsContext::name_exchange(net::LinkSuite suite) noexcept {
  const net::LinkSuiteTraits& traits = net::traits_of(suite);
  Bytes offer{static_cast<std::uint8_t>(traits.protocol.size())};
  append(offer, as_bytes(traits.protocol));
  SSL_CTX_set_alpn_select_cb(get(), choose_exchange, const_cast<net::LinkSuiteTraits*>(&traits));
  // Zero says that it went well, unlike elsewhere.
  return SSL_CTX_set_alpn_protos(get(), offer.data(), static_cast<unsigned>(offer.size())) == 0;
}

Result<TlsContext> TlsContext::make(const NodeSecretKey& secret_key,
                                    const std::optional<TlsFiles>& files, net::LinkSuite suite) {
  WUSONG_TRY(const net::PeerKey self, public_key_of(secret_key));
  TlsContext out{SSL_CTX_new(TLS_method())};  // reads openssl.cnf
  SSL_CTX* const context = out.get();
  WUSONG_ASSERT(context != nullptr);
  const std::string suites = permitted_suites(context);
  const bool made = !suites.empty() &&
                    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_ciphersuites(context, suites.c_str()) == 1 &&
                    // Sessions are never resumed: every connection proves both sides anew.
                    SSL_CTX_set_num_tickets(context, 0) == 1 && out.name_exchange(suite);
  if (!made) return fail(err::tls_policy);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  auto loaded = files ? out.load_files(*files, self) : out.load_pinned(secret_key);
  ERR_clear_error();
  if (!loaded) return fail(loaded.error());
  WUSONG_CHECK(out.shake_own_hand());
  return out;
}

Result<void> TlsContext::load_pinned(const NodeSecretKey& secret_key) {
  const PkeyPtr key = load_key(secret_key);
  const X509Ptr certificate = self_signed(key.get());
  if (!certificate) return fail(err::bad_node_key);
  if (SSL_CTX_use_certificate(get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(get(), key.get()) != 1)
    return fail(err::tls_policy);
  SSL_CTX_set_cert_verify_callback(get(), TlsVerification::pinned, nullptr);
  return {};
}

Result<void> TlsContext::load_files(const TlsFiles& files, const net::PeerKey& self) {
  status_.ca_mode = true;
  WUSONG_CHECK(load_trust(files));
  WUSONG_CHECK(load_own(files, self));
  SSL_CTX_set_cert_verify_callback(get(), TlsVerification::by_chain, nullptr);
  return {};
}

Result<void> TlsContext::load_own(const TlsFiles& files, const net::PeerKey& self) {
  WUSONG_TRY(const auto certificates,
             (read_pem<X509Ptr, PEM_read_bio_X509>(files.certificate, err::bad_certificate_file)));
  X509* const own = certificates.front().get();
  if (named_key_of(own) != self) return fail(err::certificate_of_another);
  WUSONG_TRY(const PkeyPtr key, load_tls_key(files));
  if (SSL_CTX_use_certificate(get(), own) != 1)
    return fail(forbidden_by_system() ? err::tls_policy : err::bad_certificate_file);
  for (std::size_t i = 1; i < certificates.size(); ++i)
    if (SSL_CTX_add1_chain_cert(get(), certificates[i].get()) != 1)
      return fail(forbidden_by_system() ? err::tls_policy : err::bad_certificate_file);
  if (SSL_CTX_use_PrivateKey(get(), key.get()) != 1) return fail(err::tls_key_mismatch);
  status_.subject = text_of(X509_get_subject_name(own));
  status_.issuer = text_of(X509_get_issuer_name(own));
  status_.serial = text_of(X509_get0_serialNumber(own));
  for (const X509Ptr& certificate : certificates)  // an intermediate may end before its child
    keep_earlier(status_.expires, time_of(X509_get0_notAfter(certificate.get())));
  return {};
}

Result<void> TlsContext::load_trust(const TlsFiles& files) {
  X509_STORE* const store = SSL_CTX_get_cert_store(get());
  WUSONG_TRY(const auto authorities,
             (read_pem<X509Ptr, PEM_read_bio_X509>(files.ca, err::bad_ca_file)));
  bool has_root = false;
  for (const X509Ptr& authority : authorities) {
    if (X509_check_ca(authority.get()) == 0) return fail(err::bad_ca_file);
    has_root = has_root || X509_self_signed(authority.get(), 1) == 1;
    if (X509_STORE_add_cert(store, authority.get()) != 1) return fail(err::bad_ca_file);
    keep_earlier(status_.ca_expires, time_of(X509_get0_notAfter(authority.get())));
  }
  if (!has_root) return fail(err::bad_ca_file);
  if (files.crl.empty()) return {};
  WUSONG_TRY(const auto lists,
             (read_pem<CrlPtr, PEM_read_bio_X509_CRL>(files.crl, err::bad_crl_file)));
  for (const CrlPtr& list : lists) {
    if (X509_STORE_add_crl(store, list.get()) != 1) return fail(err::bad_crl_file);
    keep_earlier(status_.crl_due, time_of(X509_CRL_get0_nextUpdate(list.get())));
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  X509_STORE_set_verify_cb(store, forgive_old_list);
  return {};
}

Result<void> TlsContext::shake_own_hand() const {
  const auto anybody = [](const net::PeerKey&) { return Result<void>{}; };
  TlsSession client{*this, TlsSide::client, anybody};
  TlsSession server{*this, TlsSide::server, anybody};
  const auto step = [](TlsSession& from, TlsSession& to) -> Result<bool> {
    const auto done = from.handshake();
    if (!done) return fail(from.state_->refused ? *from.state_->refused : Error{err::tls_policy});
    Bytes out;
    from.take_output(out);
    to.receive(out);
    return *done;
  };
  for (int round = 0; round < 4; ++round) {
    WUSONG_TRY(const bool client_done, step(client, server));
    WUSONG_TRY(const bool server_done, step(server, client));
    if (client_done && server_done) return {};
  }
  return fail(err::tls_policy);
}

Result<void> TlsSession::check_again(const TlsContext& now) const {
  if (!state_->by_chain || !now.status().ca_mode) return {};
  const StoreContextPtr store{X509_STORE_CTX_new()};
  X509* const certificate = SSL_get0_peer_certificate(state_->ssl);
  WUSONG_ASSERT(store != nullptr && certificate != nullptr);
  const bool server = SSL_is_server(state_->ssl) == 1;
  if (X509_STORE_CTX_init(store.get(), SSL_CTX_get_cert_store(now.get()), certificate,
                          SSL_get_peer_cert_chain(state_->ssl)) != 1 ||
      X509_STORE_CTX_set_default(store.get(), server ? "ssl_client" : "ssl_server") != 1)
    return fail(net::err::certificate_untrusted);
  if (X509_verify_cert(store.get()) == 1) return {};
  return fail(reason_of(X509_STORE_CTX_get_error(store.get())));
}

}  // namespace internal

Result<TlsStatus> examine_tls(const NodeSecretKey& secret_key,
                              const std::optional<TlsFiles>& files) {
  WUSONG_TRY(const internal::TlsContext context, internal::TlsContext::make(secret_key, files));
  return context.status();
}
}  // namespace wusong::platform
