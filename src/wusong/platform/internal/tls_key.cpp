// SPDX-License-Identifier: Apache-2.0
// Debian 12 reaches tokens by OpenSSL's engine of libp11; its provider came later. Engines are
// deprecated in OpenSSL 3 and work in all of it.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "wusong/platform/internal/tls_state.hpp"

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"

namespace wusong::platform {
namespace internal {
namespace {

constexpr std::size_t kKeyFileMax = 64u << 10;

int give_password(char* out, int size, int /*writing*/, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  const auto count = std::min(text.size(), static_cast<std::size_t>(size));
  std::copy_n(text.begin(), count, out);  // its length is returned; no end is marked
  return static_cast<int>(count);
}

Result<PkeyPtr> load_pem(const TlsFiles& files) {
  WUSONG_TRY(std::string text, read_text(files.key, kKeyFileMax));
  const BioPtr bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  std::string password = files.key_password;
  PkeyPtr key{PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, &password)};
  OPENSSL_cleanse(text.data(), text.size());
  OPENSSL_cleanse(password.data(), password.size());
  if (!key) return fail(err::bad_tls_key);
  return key;
}

/// One for the whole life of the process: keys refer to it. Null when it cannot be had; what it is
/// told the first time stays.
ENGINE* token_engine(const TlsFiles& files) {
  static ENGINE* const kEngine = [&]() -> ENGINE* {
    ENGINE_load_dynamic();
    ENGINE* const engine = ENGINE_by_id("pkcs11");
    if (engine == nullptr) return nullptr;
    // It would write to standard error what we say ourselves.
    ENGINE_ctrl_cmd(engine, "QUIET", 0, nullptr, nullptr, 1);
    const bool ready =
        (files.pkcs11_module.empty() ||
         ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", files.pkcs11_module.c_str(), 0) == 1) &&
        ENGINE_init(engine) == 1;
    if (ready) return engine;
    ENGINE_free(engine);
    return nullptr;
  }();
  return kEngine;
}

Result<PkeyPtr> load_from_token(const TlsFiles& files) {
  ENGINE* const engine = token_engine(files);
  if (engine == nullptr) return fail(err::pkcs11_unavailable);
  if (!files.key_password.empty() &&
      ENGINE_ctrl_cmd_string(engine, "PIN", files.key_password.c_str(), 0) != 1)
    return fail(err::pkcs11_unavailable);
  PkeyPtr key{ENGINE_load_private_key(engine, files.key.c_str(), nullptr, nullptr)};
  if (!key) return fail(err::bad_tls_key);
  return key;
}

using RequestPtr = std::unique_ptr<X509_REQ, Release<X509_REQ_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;

std::string text_in(BIO* memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

bool add_alternative_name(X509_REQ* request, const std::string& uri) {
  const ExtensionPtr extension{
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("URI:" + uri).c_str())};
  if (!extension) return false;
  STACK_OF(X509_EXTENSION)* const all = sk_X509_EXTENSION_new_null();
  const bool added = sk_X509_EXTENSION_push(all, extension.get()) > 0 &&
                     X509_REQ_add_extensions(request, all) == 1;
  sk_X509_EXTENSION_free(all);
  return added;
}

std::optional<std::string> request_for(EVP_PKEY* key, const std::string& uri,
                                       const std::string& name) {
  const RequestPtr request{X509_REQ_new()};
  const BioPtr out{BIO_new(BIO_s_mem())};
  X509_NAME* const subject = X509_REQ_get_subject_name(request.get());
  const bool made = X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                               reinterpret_cast<const unsigned char*>(name.c_str()),
                                               -1, -1, 0) == 1 &&
                    X509_REQ_set_pubkey(request.get(), key) == 1 &&
                    add_alternative_name(request.get(), uri) &&
                    X509_REQ_sign(request.get(), key, EVP_sha256()) > 0 &&
                    PEM_write_bio_X509_REQ(out.get(), request.get()) == 1;
  return made ? std::optional{text_in(out.get())} : std::nullopt;
}

std::optional<std::string> sealed(EVP_PKEY* key, std::string_view password) {
  const BioPtr out{BIO_new(BIO_s_mem())};
  const bool written =
      PEM_write_bio_PKCS8PrivateKey(out.get(), key, EVP_aes_256_cbc(), password.data(),
                                    static_cast<int>(password.size()), nullptr, nullptr) == 1;
  return written ? std::optional{text_in(out.get())} : std::nullopt;
}

}  // namespace

Result<PkeyPtr> load_tls_key(const TlsFiles& files) {
  auto key = files.key.starts_with("pkcs11:") ? load_from_token(files) : load_pem(files);
  ERR_clear_error();
  return key;
}

}  // namespace internal

Result<TlsRequest> make_tls_request(const net::PeerKey& node, const std::string& name,
                                    std::string_view password) {
  const internal::PkeyPtr key{EVP_EC_gen("P-256")};
  if (!key) return fail(err::tls_policy);
  const auto request =
      internal::request_for(key.get(), "wusong:node:" + codec::to_hex_data(node.view()), name);
  const auto pem = internal::sealed(key.get(), password);
  ERR_clear_error();
  if (!request || !pem) return fail(err::tls_policy);
  return TlsRequest{.key = *pem, .request = *request};
}

}  // namespace wusong::platform
