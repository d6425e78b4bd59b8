// SPDX-License-Identifier: Apache-2.0
// Debian 12 reaches tokens by OpenSSL's engine of libp11; its provider came later. Engines are
// deprecated in OpenSSL 3 and work in all of it.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "wusong/platform/internal/tls_state.hpp"

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <algorithm>

#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"

namespace wusong::platform::internal {
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

}  // namespace

Result<PkeyPtr> load_tls_key(const TlsFiles& files) {
  auto key = files.key.starts_with("pkcs11:") ? load_from_token(files) : load_pem(files);
  ERR_clear_error();
  return key;
}

}  // namespace wusong::platform::internal
