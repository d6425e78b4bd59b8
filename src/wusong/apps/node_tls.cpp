// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/node_tls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "wusong/apps/keys.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"

namespace wusong::apps {

Outcome<platform::NodeSecretKey> read_node_key(const std::filesystem::path& file,
                                               std::string_view password) {
  const auto key = read_key(file, password);
  if (!key) return std::unexpected{key.error()};
  platform::NodeSecretKey out{};
  if (key->scheme != crypto::Scheme::ed25519 || key->secret.view().size() != out.size())
    return failure(err::bad_key_file, file.string() + ": a node key is an ed25519 key");
  std::ranges::copy(key->secret.view(), out.begin());
  return out;
}

Outcome<std::optional<platform::TlsFiles>> tls_files(const NodeConfig& config) {
  if (config.network_tls != "ca") return std::optional<platform::TlsFiles>{};
  const bool in_token = config.tls_key.starts_with("pkcs11:");
  if (!in_token) {
    if (const auto closed = check_private(config.tls_key); !closed)
      return std::unexpected{closed.error()};
  }
  auto password = read_password(
      config.tls_key_password_file.empty() ? config.password_file : config.tls_key_password_file);
  if (!password) return std::unexpected{password.error()};
  return std::optional{platform::TlsFiles{.certificate = config.tls_certificate.string(),
                                          .key = config.tls_key,
                                          .key_password = *std::move(password),
                                          .ca = config.tls_ca.string(),
                                          .crl = config.tls_crl.string(),
                                          .pkcs11_module = config.pkcs11_module.string()}};
}

std::string tls_mend(Error error, const NodeConfig& config) {
  const std::string certificate = config.tls_certificate.string();
  const std::string_view row = error.name();
  if (row == "platform.bad_certificate_file") return certificate + ": not a PEM certificate";
  if (row == "platform.bad_ca_file")
    return config.tls_ca.string() + ": needs PEM certificates of authorities, a root among them";
  if (row == "platform.bad_crl_file")
    return config.tls_crl.string() + ": not PEM lists of revoked certificates";
  if (row == "platform.bad_tls_key") {
    return config.tls_key.starts_with("pkcs11:")
               ? config.tls_key + ": no such private key, or the PIN is wrong"
               : config.tls_key + ": not a PEM private key that the password opens";
  }
  if (row == "platform.tls_key_mismatch")
    return fmt::format("{} does not belong to the first certificate of {}", config.tls_key,
                       certificate);
  if (row == "platform.certificate_of_another")
    return certificate +
           ": does not name this node; it needs the alternative name URI:wusong:node:0x… with the "
           "node_key of the genesis, once";
  if (row == "platform.pkcs11_unavailable")
    return "the token cannot be reached: install libengine-pkcs11-openssl, and check "
           "network.pkcs11_module (" +
           config.pkcs11_module.string() + ")";
  if (row == "platform.tls_policy")
    return "OpenSSL's system settings (openssl.cnf) forbid TLS 1.3 with this node's key; allow it "
           "there, or use a key they allow with network.tls = \"ca\"";
  if (row == "net.certificate_expired" || row == "net.certificate_not_yet_valid")
    return certificate + " (or an authority above it) is not valid now; renew it, or set the clock";
  if (row == "net.certificate_revoked") return certificate + " is revoked; have a new one issued";
  if (row == "net.certificate_untrusted")
    return fmt::format("{} does not lead to a root of {}; add the missing intermediate",
                       certificate, config.tls_ca.string());
  if (row == "net.no_revocation_list")
    return config.tls_crl.string() + ": lacks the list of an authority above " + certificate;
  return {};
}

namespace {

Outcome<platform::NodeSecretKey> own_secret_key(const NodeConfig& config) {
  const auto password = read_password(config.password_file);
  if (!password) return std::unexpected{password.error()};
  return read_node_key(config.node_key, *password);
}

}  // namespace

Outcome<NextTlsKey> make_next_tls_key(const NodeConfig& config) {
  const auto files = tls_files(config);
  if (!files) return std::unexpected{files.error()};
  if (!*files || (*files)->key.starts_with("pkcs11:")) {
    return failure(err::unsupported_here,
                   "network.key is in a token: make the next one there, and its request as "
                   "docs/operators/certificates.md says");
  }
  const auto secret = own_secret_key(config);
  if (!secret) return std::unexpected{secret.error()};
  const auto public_key = platform::public_key_of(*secret);
  if (!public_key) return failure(public_key.error(), config.node_key.string() + ": unusable key");
  NextTlsKey out{.key = next_key_file(config.tls_key), .request = {}};
  out.request = out.key;
  out.request.replace_extension(".csr");
  if (platform::file_exists(out.key.string())) {
    return failure(err::already_exists,
                   fmt::format("{} is there; `wusong node reload --certificate FILE` takes it, or "
                               "remove it",
                               out.key.string()));
  }
  const auto made = platform::make_tls_request(*public_key, config.name, (*files)->key_password);
  if (!made) return failure(made.error(), tls_mend(made.error(), config));
  for (const auto& [file, text, mode] :
       {std::tuple{&out.key, &made->key, platform::FileMode::secret},
        std::tuple{&out.request, &made->request, platform::FileMode::ordinary}}) {
    if (const auto done = platform::write_file(file->string(), as_bytes(*text), mode); !done)
      return failure(done.error(), fmt::format("{}: cannot be written", file->string()));
  }
  return out;
}

Outcome<void> take_certificate(const NodeConfig& config, const std::filesystem::path& certificate) {
  NodeConfig next = config;
  next.tls_certificate = certificate;
  const auto next_key = next_key_file(config.tls_key);
  const bool with_key = platform::file_exists(next_key.string());
  if (with_key) next.tls_key = next_key.string();
  const auto files = tls_files(next);
  if (!files) return std::unexpected{files.error()};
  if (!*files)
    return failure(err::bad_argument, "--certificate needs network.tls = \"ca\" in node.toml");
  const auto secret = own_secret_key(config);
  if (!secret) return std::unexpected{secret.error()};
  if (const auto good = platform::examine_tls(*secret, *files); !good) {
    const std::string mend = tls_mend(good.error(), next);
    return failure(good.error(), mend.empty() ? certificate.string() + ": cannot be read" : mend);
  }
  const auto text = platform::read_text(certificate.string());
  if (!text) return failure(text.error(), certificate.string() + ": cannot be read");
  if (const auto done = platform::write_file(config.tls_certificate.string() + ".taken",
                                             as_bytes(*text), platform::FileMode::ordinary);
      !done)
    return failure(done.error(), config.tls_certificate.string() + ": cannot be written");
  std::error_code failed;
  if (with_key) std::filesystem::rename(next_key, config.tls_key, failed);
  if (!failed)
    std::filesystem::rename(config.tls_certificate.string() + ".taken", config.tls_certificate,
                            failed);
  if (failed)
    return failure(platform::err::file_write_failed,
                   config.tls_certificate.string() + ": cannot be written");
  return {};
}

}  // namespace wusong::apps
