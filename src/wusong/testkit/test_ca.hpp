// SPDX-License-Identifier: Apache-2.0
// A certificate authority for tests: makes what an operator makes with the openssl command.
#pragma once

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <filesystem>
#include <string>
#include <vector>

#include "wusong/codec/hex.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/internal/openssl.hpp"
#include "wusong/platform/transport.hpp"

namespace wusong::testkit {

using namespace platform;            // NOLINT: evidence only
using namespace platform::internal;  // NOLINT

inline std::string node_uri(const net::PeerKey& key) {
  return "URI:wusong:node:" + codec::to_hex_data(key);
}

struct Subject {
  std::string name;
  std::string alternative_names;  // as openssl.cnf has them
  long valid_from_s{-3'600};      // of now
  long valid_until_s{90 * 86'400};
  bool is_ca{false};
};

class TestCa {
 public:
  explicit TestCa(const std::string& name) : key_{EVP_EC_gen("P-256")} {
    certificate_ = sign({.name = name, .is_ca = true}, key_.get());
  }
  TestCa(const std::string& name, const TestCa& above) : key_{EVP_EC_gen("P-256")} {
    certificate_ = above.sign({.name = name, .is_ca = true}, key_.get());
  }

  X509Ptr sign(const Subject& subject, EVP_PKEY* key) const {
    X509Ptr out{X509_new()};
    X509* const c = out.get();
    X509_set_version(c, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(c), subject.valid_from_s);
    X509_gmtime_adj(X509_getm_notAfter(c), subject.valid_until_s);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(subject.name.c_str()), -1, -1,
                               0);
    X509* const issuer = certificate_ ? certificate_.get() : c;
    X509_set_issuer_name(c, X509_get_subject_name(issuer));
    X509_set_pubkey(c, key);
    extend(c, issuer, NID_basic_constraints, subject.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    extend(c, issuer, NID_subject_key_identifier, "hash");
    extend(c, issuer, NID_authority_key_identifier, "keyid");
    if (subject.is_ca) extend(c, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    if (!subject.alternative_names.empty())
      extend(c, issuer, NID_subject_alt_name, subject.alternative_names);
    EXPECT_GT(X509_sign(c, key_.get(), EVP_sha256()), 0);
    return out;
  }

  std::string list(const std::vector<const X509*>& revoked, long due_s = 86'400) const {
    const CrlPtr crl{X509_CRL_new()};
    X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate_.get()));
    ASN1_TIME* const time = ASN1_TIME_new();
    X509_CRL_set1_lastUpdate(crl.get(), X509_gmtime_adj(time, -7'200));
    X509_CRL_set1_nextUpdate(crl.get(), X509_gmtime_adj(time, due_s));
    X509_gmtime_adj(time, -3'600);
    for (const X509* certificate : revoked) {
      X509_REVOKED* const entry = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(entry,
                                    const_cast<ASN1_INTEGER*>(X509_get0_serialNumber(certificate)));
      X509_REVOKED_set_revocationDate(entry, time);
      X509_CRL_add0_revoked(crl.get(), entry);
    }
    ASN1_TIME_free(time);
    X509_CRL_sort(crl.get());
    EXPECT_GT(X509_CRL_sign(crl.get(), key_.get(), EVP_sha256()), 0);
    const BioPtr out{BIO_new(BIO_s_mem())};
    PEM_write_bio_X509_CRL(out.get(), crl.get());
    return text(out.get());
  }
  std::string pem() const { return pem(certificate_.get()); }

  static std::string pem(X509* certificate) {
    const BioPtr out{BIO_new(BIO_s_mem())};
    PEM_write_bio_X509(out.get(), certificate);
    return text(out.get());
  }
  static std::string pem(EVP_PKEY* key, const std::string& password) {
    const BioPtr out{BIO_new(BIO_s_mem())};
    PEM_write_bio_PKCS8PrivateKey(out.get(), key, EVP_aes_256_cbc(), password.data(),
                                  static_cast<int>(password.size()), nullptr, nullptr);
    return text(out.get());
  }

 private:
  static std::string text(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
  }
  static void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    ASSERT_NE(extension, nullptr) << value;
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  PkeyPtr key_;
  X509Ptr certificate_;
  mutable long serial_{0};
};

/// One node's files, rewritten as its operator would.
class TestFiles {
 public:
  TestFiles(const std::filesystem::path& folder, const std::string& name)
      : base_{(folder / name).string()} {
    files_.key_password = "correct horse";
    files_.certificate = base_ + ".pem";
    files_.key = base_ + ".key";
    files_.ca = base_ + ".ca";
  }
  /// A fresh key and a certificate for it; returns the certificate.
  X509Ptr issue(const TestCa& ca, const Subject& subject, const std::string& chain = {}) {
    const PkeyPtr key{EVP_EC_gen("P-256")};
    X509Ptr certificate = ca.sign(subject, key.get());
    write(files_.key, TestCa::pem(key.get(), files_.key_password));
    write(files_.certificate, TestCa::pem(certificate.get()) + chain);
    return certificate;
  }
  void trust(const std::string& pem) const { write(files_.ca, pem); }
  void revoke(const std::string& pem) {
    files_.crl = base_ + ".crl";
    write(files_.crl, pem);
  }
  TlsFiles& files() noexcept { return files_; }
  static void write(const std::string& file, const std::string& text) {
    EXPECT_TRUE(write_file(file, as_bytes(text), FileMode::secret).has_value());
  }

 private:
  std::string base_;
  TlsFiles files_;
};

}  // namespace wusong::testkit
