// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/key_file.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "wusong/base/release.hpp"
#include "wusong/suite/der.hpp"
#include "wusong/suite/errors.hpp"
#include "wusong/suite/internal/parts.hpp"

namespace wusong::suite {
namespace {

using internal::Family;

using BioPtr = std::unique_ptr<BIO, Release<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using BnPtr = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using X509Ptr = std::unique_ptr<X509, Release<X509_free>>;
using SigPtr = std::unique_ptr<X509_SIG, Release<X509_SIG_free>>;
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Release<PKCS8_PRIV_KEY_INFO_free>>;

constexpr std::uint8_t kZero[] = {0};
constexpr std::uint8_t kOne[] = {1};
constexpr std::string_view kEcPublicKey = "1.2.840.10045.2.1";

struct Identifier {
  std::string_view scheme;
  std::string_view oid;
};
/// Those without a standard stand under a random UUID's number, which nobody else has.
/// @source RFC 8410, 5480, 3279; GB/T 33560; RFC 9881, 9909, 9935; ITU-T X.667 for 2.25
#define WUSONG_OWN "2.25.301370634565419418004101609175791845191"
constexpr Identifier kIdentifiers[] = {
    {"ed25519", "1.3.101.112"},
    {"x25519", "1.3.101.110"},
    {"sm2", "1.2.156.10197.1.301"},
    {"secp256k1", "1.3.132.0.10"},
    {"p256", "1.2.840.10045.3.1.7"},
    {"rsa", "1.2.840.113549.1.1.1"},
    {"ml-dsa-44", "2.16.840.1.101.3.4.3.17"},
    {"ml-dsa-65", "2.16.840.1.101.3.4.3.18"},
    {"ml-dsa-87", "2.16.840.1.101.3.4.3.19"},
    {"slh-dsa-sha2-128s", "2.16.840.1.101.3.4.3.20"},
    {"slh-dsa-sha2-128f", "2.16.840.1.101.3.4.3.21"},
    {"slh-dsa-sha2-192s", "2.16.840.1.101.3.4.3.22"},
    {"slh-dsa-sha2-192f", "2.16.840.1.101.3.4.3.23"},
    {"slh-dsa-sha2-256s", "2.16.840.1.101.3.4.3.24"},
    {"slh-dsa-sha2-256f", "2.16.840.1.101.3.4.3.25"},
    {"slh-dsa-shake-128s", "2.16.840.1.101.3.4.3.26"},
    {"slh-dsa-shake-128f", "2.16.840.1.101.3.4.3.27"},
    {"slh-dsa-shake-192s", "2.16.840.1.101.3.4.3.28"},
    {"slh-dsa-shake-192f", "2.16.840.1.101.3.4.3.29"},
    {"slh-dsa-shake-256s", "2.16.840.1.101.3.4.3.30"},
    {"slh-dsa-shake-256f", "2.16.840.1.101.3.4.3.31"},
    {"wusong-slh-sm3-128s", WUSONG_OWN ".1"},
    {"wusong-slh-sm3-128f", WUSONG_OWN ".2"},
    {"wusong-slh-compact-sha2-128s", WUSONG_OWN ".3"},
    {"wusong-slh-compact-shake-128s", WUSONG_OWN ".4"},
    {"wusong-slh-compact-sm3-128s", WUSONG_OWN ".5"},
    {"ed25519+ml-dsa-44", "1.3.6.1.5.5.7.6.39"},
    {"sm2+ml-dsa-44", WUSONG_OWN ".6"},
    {"ml-kem-512", "2.16.840.1.101.3.4.4.1"},
    {"ml-kem-768", "2.16.840.1.101.3.4.4.2"},
    {"ml-kem-1024", "2.16.840.1.101.3.4.4.3"},
};
#undef WUSONG_OWN

/// A curve is a parameter of the algorithm, whose keys are points with a 4 before them.
bool is_curve(const Scheme& scheme) noexcept {
  return scheme.public_key == 64 && scheme.family != Family::slh_dsa;
}
/// SLH-DSA's and hybrids' secrets stand in PKCS #8 as they are.
/// @source RFC 9909, section 6; draft-ietf-lamps-pq-composite-sigs, section 5
bool is_bare(const Scheme& scheme) noexcept {
  return scheme.kind == Kind::signature && scheme.secret_key > 32;
}
bool is_of_openssl(std::string_view oid) noexcept {
  return oid == kEcPublicKey || oid == "1.2.840.113549.1.1.1";
}
const Scheme* scheme_of(std::string_view oid) noexcept {
  for (const Identifier& each : kIdentifiers)
    if (each.oid == oid) return find_scheme(each.scheme);
  return nullptr;
}

SecretBytes algorithm_der(const Scheme& scheme) {
  const SecretBytes oid = der_oid(identifier_of(scheme));
  if (is_curve(scheme)) return der(tag::kSequence, {der_oid(kEcPublicKey).view(), oid.view()});
  if (scheme.family != Family::rsa) return der(tag::kSequence, {oid.view()});
  constexpr std::uint8_t kNull[] = {5, 0};
  return der(tag::kSequence, {oid.view(), kNull});
}

SecretBytes bits_der(const PublicKey& key) {
  constexpr std::uint8_t kPoint[] = {0, 4};
  if (is_curve(key.scheme())) return der(tag::kBitString, {kPoint, key.encoded()});
  return der(tag::kBitString, {kZero, key.encoded()});
}

/// What PKCS #8 has in its octet string.
SecretBytes inner_der(const SecretKey& key) {
  const Scheme& scheme = key.scheme();
  if (is_curve(scheme)) {
    return der(tag::kSequence,
               {der_integer(kOne).view(), der(tag::kOctetString, {key.secret()}).view(),
                der(tag::kContextConstructed | 1, {bits_der(key.public_key()).view()}).view()});
  }
  if (is_bare(scheme)) return SecretBytes{to_bytes(key.secret())};
  const bool is_lattice = scheme.family == Family::ml_dsa || scheme.family == Family::ml_kem;
  const bool is_seed = is_lattice && key.secret().size() == scheme.secret_key;
  return der(is_seed ? tag::kContext : tag::kOctetString, {key.secret()});
}

struct Algorithm {
  std::string oid;
  bool has_parameters;
};
Result<Algorithm> read_algorithm(DerReader& reader) {
  WUSONG_TRY(DerReader algorithm, reader.enter(tag::kSequence));
  WUSONG_TRY(const BytesView oid, algorithm.take(tag::kOid));
  return Algorithm{dotted_oid(oid), !algorithm.at_end()};
}

/// The scheme's own encoding of a key that libcrypto has decoded.
struct Decoded {
  const Scheme* scheme;
  Bytes public_key;
};
Result<BnPtr> number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return fail(err::unknown_algorithm);
  return BnPtr{number};
}
Result<Decoded> decoded(const EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
    std::uint8_t* made = nullptr;
    const int size = i2d_PublicKey(key, &made);
    WUSONG_ASSERT(size > 0);
    Bytes out{made, made + size};
    OPENSSL_free(made);
    return Decoded{find_scheme("rsa"), std::move(out)};
  }
  char group[80];
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                     nullptr) != 1)
    return fail(err::unknown_algorithm);
  const std::string_view name{group};
  const Scheme* const scheme = find_scheme(name == "SM2"          ? "sm2"
                                           : name == "prime256v1" ? "p256"
                                                                  : name);
  if (scheme == nullptr) return fail(err::unknown_algorithm);
  WUSONG_TRY(const BnPtr x, number_of(key, OSSL_PKEY_PARAM_EC_PUB_X));
  WUSONG_TRY(const BnPtr y, number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y));
  Bytes out(64);
  if (BN_bn2binpad(x.get(), out.data(), 32) != 32 ||
      BN_bn2binpad(y.get(), out.data() + 32, 32) != 32)
    return fail(err::unknown_algorithm);
  return Decoded{scheme, std::move(out)};
}
Result<PublicKey> public_key_of(const EVP_PKEY* key) {
  WUSONG_TRY(const Decoded found, decoded(key));
  return PublicKey::decode(*found.scheme, found.public_key);
}

Result<SecretKey> secret_key_of(const EVP_PKEY* key) {
  WUSONG_TRY(const Decoded found, decoded(key));
  if (found.scheme->family == Family::rsa) return fail(err::not_offered);
  Bytes bytes(32);
  WUSONG_TRY(const BnPtr number, number_of(key, OSSL_PKEY_PARAM_PRIV_KEY));
  if (BN_bn2binpad(number.get(), bytes.data(), 32) != 32) return fail(err::unknown_algorithm);
  const SecretBytes secret{std::move(bytes)};
  WUSONG_TRY(auto made, SecretKey::decode(*found.scheme, secret.view()));
  if (!std::ranges::equal(made.public_key().encoded(), found.public_key))
    return fail(err::key_inconsistent);
  return made;
}

/// With what libcrypto queued of errors taken away.
template <typename T, typename Pointer>
Result<T> from_openssl(Pointer key, Result<T> (*use)(const EVP_PKEY*)) {
  ERR_clear_error();
  if (!key) return fail(err::bad_der);
  auto out = use(key.get());
  ERR_clear_error();
  return out;
}

Result<PublicKey> read_subject_public_key_info(BytesView bytes) {
  DerReader all{bytes};
  WUSONG_TRY(DerReader reader, all.enter(tag::kSequence));
  WUSONG_CHECK(all.finish());
  WUSONG_TRY(const Algorithm algorithm, read_algorithm(reader));
  WUSONG_TRY(const BytesView key, reader.take_bits());
  WUSONG_CHECK(reader.finish());
  if (is_of_openssl(algorithm.oid)) {
    const std::uint8_t* at = bytes.data();
    return from_openssl<PublicKey>(
        KeyPtr{d2i_PUBKEY(nullptr, &at, static_cast<long>(bytes.size()))}, public_key_of);
  }
  const Scheme* const scheme = scheme_of(algorithm.oid);
  if (scheme == nullptr) return fail(err::unknown_algorithm);
  if (algorithm.has_parameters) return fail(err::bad_der);  // the RFCs say absent
  return PublicKey::decode(*scheme, key);
}

/// ML-DSA and ML-KEM: a seed, an expanded key, or both, which then must agree.
/// @source RFC 9881, section 6; RFC 9935, section 6
Result<SecretKey> read_lattice_key(const Scheme& scheme, BytesView inner) {
  DerReader all{inner};
  if (all.is_next(tag::kContext)) {
    WUSONG_TRY(const BytesView seed, all.take(tag::kContext));
    WUSONG_CHECK(all.finish());
    if (seed.size() != scheme.secret_key) return fail(err::bad_length);
    return SecretKey::decode(scheme, seed);
  }
  if (all.is_next(tag::kOctetString)) {
    WUSONG_TRY(const BytesView expanded, all.take(tag::kOctetString));
    WUSONG_CHECK(all.finish());
    if (expanded.size() == scheme.secret_key) return fail(err::bad_length);
    return SecretKey::decode(scheme, expanded);
  }
  WUSONG_TRY(DerReader both, all.enter(tag::kSequence));
  WUSONG_CHECK(all.finish());
  WUSONG_TRY(const BytesView seed, both.take(tag::kOctetString));
  WUSONG_TRY(const BytesView expanded, both.take(tag::kOctetString));
  WUSONG_CHECK(both.finish());
  if (seed.size() != scheme.secret_key) return fail(err::bad_length);
  WUSONG_TRY(auto key, SecretKey::decode(scheme, seed));
  if (!internal::expands_to(scheme, seed, expanded)) return fail(err::key_inconsistent);
  return key;
}

/// What PKCS #8 has in its octet string, where that is not libcrypto's to read.
Result<SecretKey> read_inner(const Scheme& scheme, BytesView inner) {
  if (is_bare(scheme)) return SecretKey::decode(scheme, inner);
  if (scheme.family != Family::chain && scheme.family != Family::x25519)
    return read_lattice_key(scheme, inner);
  DerReader all{inner};  // Ed25519, X25519
  WUSONG_TRY(const BytesView seed, all.take(tag::kOctetString));
  WUSONG_CHECK(all.finish());
  return SecretKey::decode(scheme, seed);
}

Result<SecretKey> read_by_openssl(BytesView bytes) {
  const std::uint8_t* at = bytes.data();
  return from_openssl<SecretKey>(
      KeyPtr{d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(bytes.size()))}, secret_key_of);
}

/// PKCS #8, version 1 or 2; of curves also the older form.
Result<SecretKey> read_private_key_info(BytesView bytes) {
  DerReader all{bytes};
  WUSONG_TRY(DerReader reader, all.enter(tag::kSequence));
  WUSONG_CHECK(all.finish());
  WUSONG_TRY(const BytesView version, reader.take(tag::kInteger));
  if (version.size() != 1 || version[0] > 1) return fail(err::bad_der);
  if (reader.is_next(tag::kOctetString)) return read_by_openssl(bytes);  // RFC 5915
  WUSONG_TRY(const Algorithm algorithm, read_algorithm(reader));
  WUSONG_TRY(const BytesView inner, reader.take(tag::kOctetString));
  if (reader.is_next(tag::kContextConstructed)) WUSONG_CHECK(reader.take(tag::kContextConstructed));
  BytesView named{};
  if (version[0] == 1 && reader.is_next(tag::kContext | 1)) {
    WUSONG_TRY(named, reader.take(tag::kContext | 1));
    if (named.empty() || named[0] != 0) return fail(err::bad_der);
    named = named.subspan(1);
  }
  WUSONG_CHECK(reader.finish());
  if (is_of_openssl(algorithm.oid)) return read_by_openssl(bytes);
  const Scheme* const scheme = scheme_of(algorithm.oid);
  if (scheme == nullptr) return fail(err::unknown_algorithm);
  if (algorithm.has_parameters) return fail(err::bad_der);
  auto key = read_inner(*scheme, inner);
  if (key && !named.empty() && !std::ranges::equal(named, key->public_key().encoded()))
    return fail(err::key_inconsistent);
  return key;
}

/// PBES2 alone, as older ways to encrypt keys are weak. PBKDF2's rounds are bounded here.
/// @errors err::bad_der, err::unknown_algorithm, err::cost_too_high
Result<void> check_cost(BytesView encrypted) {
  constexpr std::string_view kPbes2 = "1.2.840.113549.1.5.13";
  constexpr std::string_view kPbkdf2 = "1.2.840.113549.1.5.12";
  DerReader all{encrypted};
  WUSONG_TRY(DerReader outer, all.enter(tag::kSequence));
  WUSONG_TRY(DerReader scheme, outer.enter(tag::kSequence));
  WUSONG_TRY(const BytesView kind, scheme.take(tag::kOid));
  if (dotted_oid(kind) != kPbes2) return fail(err::unknown_algorithm);
  WUSONG_TRY(DerReader parameters, scheme.enter(tag::kSequence));
  WUSONG_TRY(DerReader derivation, parameters.enter(tag::kSequence));
  WUSONG_TRY(const BytesView function, derivation.take(tag::kOid));
  if (dotted_oid(function) != kPbkdf2) return {};  // libcrypto bounds scrypt itself
  WUSONG_TRY(DerReader values, derivation.enter(tag::kSequence));
  WUSONG_CHECK(values.take(tag::kOctetString));
  WUSONG_TRY(const BytesView rounds, values.take_integer());
  if (rounds.size() > 3) return fail(err::cost_too_high);
  return {};
}

Result<SecretBytes> decrypt(BytesView encrypted, std::string_view passphrase) {
  WUSONG_CHECK(check_cost(encrypted));
  const std::uint8_t* at = encrypted.data();
  const SigPtr sealed{d2i_X509_SIG(nullptr, &at, static_cast<long>(encrypted.size()))};
  if (!sealed || at != encrypted.data() + encrypted.size()) {
    ERR_clear_error();
    return fail(err::bad_der);
  }
  const Pkcs8Ptr opened{
      PKCS8_decrypt(sealed.get(), passphrase.data(), static_cast<int>(passphrase.size()))};
  ERR_clear_error();
  if (!opened) return fail(err::wrong_passphrase);
  std::uint8_t* made = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(opened.get(), &made);
  if (size <= 0) return fail(err::bad_der);
  Result<SecretBytes> out{std::in_place, Bytes{made, made + size}};
  OPENSSL_clear_free(made, static_cast<std::size_t>(size));
  return out;
}

struct Label {
  std::string_view text;
  Holds holds;
};
constexpr Label kLabels[] = {
    {"PUBLIC KEY", Holds::public_key},      {"CERTIFICATE", Holds::certificate},
    {"PRIVATE KEY", Holds::secret_key},     {"EC PRIVATE KEY", Holds::secret_key},
    {"SM2 PRIVATE KEY", Holds::secret_key}, {"ENCRYPTED PRIVATE KEY", Holds::encrypted_secret_key}};

/// The first block with a label of ours: OpenSSL puts the curve's parameters before some keys.
std::optional<KeyFile> from_pem(BytesView file) {
  const BioPtr from{BIO_new_mem_buf(file.data(), static_cast<int>(file.size()))};
  WUSONG_ASSERT(from != nullptr);
  std::optional<KeyFile> out;
  char* label = nullptr;
  char* header = nullptr;
  std::uint8_t* data = nullptr;
  long size = 0;
  while (!out && PEM_read_bio(from.get(), &label, &header, &data, &size) == 1) {
    for (const Label& each : kLabels)
      if (each.text == label && *header == '\0')
        out = KeyFile{each.holds, SecretBytes{Bytes{data, data + size}}};
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  ERR_clear_error();
  return out;
}

/// By what a structure begins with.
std::optional<Holds> kind_of(BytesView bytes) {
  DerReader all{bytes};
  auto reader = all.enter(tag::kSequence);
  if (!reader || !all.at_end()) return std::nullopt;
  if (reader->is_next(tag::kInteger)) return Holds::secret_key;
  if (!reader->take(tag::kSequence)) return std::nullopt;
  if (reader->is_next(tag::kOctetString)) return Holds::encrypted_secret_key;
  if (reader->is_next(tag::kBitString)) return Holds::public_key;
  return reader->is_next(tag::kSequence) ? std::optional{Holds::certificate} : std::nullopt;
}

Result<PublicKey> read_certificate(BytesView bytes) {
  const std::uint8_t* at = bytes.data();
  const X509Ptr certificate{d2i_X509(nullptr, &at, static_cast<long>(bytes.size()))};
  ERR_clear_error();
  if (!certificate) return fail(err::bad_der);
  std::uint8_t* made = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &made);
  if (size <= 0) return fail(err::bad_der);
  const Bytes info{made, made + size};
  OPENSSL_free(made);
  return read_subject_public_key_info(info);
}

}  // namespace

Result<KeyFile> open_key_file(BytesView file) {
  if (file.empty() || file.size() > kKeyFileSizeMax) return fail(err::no_key);
  if (auto found = from_pem(file)) return *std::move(found);
  const auto kind = kind_of(file);
  if (!kind) return fail(err::no_key);
  return KeyFile{*kind, SecretBytes{to_bytes(file)}};
}

Result<PublicKey> read_public_key(BytesView file) {
  WUSONG_TRY(const KeyFile found, open_key_file(file));
  switch (found.holds) {
    case Holds::public_key:
      return read_subject_public_key_info(found.der.view());
    case Holds::certificate:
      return read_certificate(found.der.view());
    case Holds::encrypted_secret_key:
      return fail(err::passphrase_needed);
    case Holds::secret_key:
      break;
  }
  WUSONG_TRY(const auto secret, read_private_key_info(found.der.view()));
  return PublicKey::decode(secret.scheme(), secret.public_key().encoded());
}

Result<SecretKey> read_secret_key(BytesView file, std::optional<std::string_view> passphrase) {
  WUSONG_TRY(const KeyFile found, open_key_file(file));
  if (found.holds == Holds::secret_key) return read_private_key_info(found.der.view());
  if (found.holds != Holds::encrypted_secret_key) return fail(err::no_key);
  if (!passphrase) return fail(err::passphrase_needed);
  WUSONG_TRY(const SecretBytes opened, decrypt(found.der.view(), *passphrase));
  return read_private_key_info(opened.view());
}

Bytes public_key_der(const PublicKey& key) {
  return to_bytes(
      der(tag::kSequence, {algorithm_der(key.scheme()).view(), bits_der(key).view()}).view());
}

SecretBytes secret_key_der(const SecretKey& key) {
  return der(tag::kSequence, {der_integer(kZero).view(), algorithm_der(key.scheme()).view(),
                              der(tag::kOctetString, {inner_der(key).view()}).view()});
}

Bytes encrypted_key_der(const SecretKey& key, std::string_view passphrase, io::Entropy& entropy,
                        int rounds) {
  std::array<std::uint8_t, 32> random{};  // salt and initial vector
  entropy.fill(random);
  const SecretBytes plain = secret_key_der(key);
  const std::uint8_t* at = plain.view().data();
  const Pkcs8Ptr info{
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(plain.view().size()))};
  X509_ALGOR* const algorithm = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), rounds, random.data(), 16,
                                                  random.data() + 16, NID_hmacWithSHA256);
  WUSONG_ASSERT(info != nullptr && algorithm != nullptr);
  const SigPtr sealed{PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()),
                                     info.get(), algorithm)};
  WUSONG_ASSERT(sealed != nullptr);
  std::uint8_t* made = nullptr;
  const int size = i2d_X509_SIG(sealed.get(), &made);
  WUSONG_ASSERT(size > 0);
  Bytes out{made, made + size};
  OPENSSL_free(made);
  return out;
}

SecretBytes to_pem(Holds holds, BytesView der) {
  constexpr std::size_t kLine = 48;  // bytes, 64 letters
  const auto* const label = std::ranges::find(kLabels, holds, &Label::holds);
  const std::string name{label->text};
  Bytes out;
  out.reserve(2 * (name.size() + 17) + der.size() / 3 * 4 + der.size() / kLine + 8);
  append(out, as_bytes("-----BEGIN " + name + "-----\n"));
  for (std::size_t i = 0; i < der.size(); i += kLine) {
    const BytesView part = der.subspan(i, std::min(kLine, der.size() - i));
    std::uint8_t line[kLine / 3 * 4 + 1];
    const int size = EVP_EncodeBlock(line, part.data(), static_cast<int>(part.size()));
    append(out, {line, static_cast<std::size_t>(size)});
    out.push_back('\n');
    OPENSSL_cleanse(line, sizeof(line));
  }
  append(out, as_bytes("-----END " + name + "-----\n"));
  return SecretBytes{std::move(out)};
}

std::string_view identifier_of(const Scheme& scheme) noexcept {
  const std::string_view name =
      scheme.name == "secp256k1-keccak256" ? std::string_view{"secp256k1"} : scheme.name;
  const auto* const found = std::ranges::find(kIdentifiers, name, &Identifier::scheme);
  return found == std::ranges::end(kIdentifiers) ? std::string_view{} : found->oid;
}

Bytes signature_to_file(const Scheme& scheme, BytesView signature) {
  return is_curve(scheme) ? pair_to_der(signature) : to_bytes(signature);
}

Result<Bytes> signature_from_file(const Scheme& scheme, BytesView file) {
  if (is_curve(scheme)) return pair_from_der(file);
  return to_bytes(file);
}

}  // namespace wusong::suite
