// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/keystore.hpp"

#include <sodium.h>
#include <bit>
#include <limits>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/openssl.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

constexpr std::uint64_t kVersion = 3;
constexpr std::size_t kDerivedSize = 32;  // AES key || MAC key
constexpr std::size_t kIvSize = 16;
constexpr std::size_t kSaltSize = 32;
constexpr std::size_t kSaltSizeMax = 1024;
constexpr std::string_view kCipher = "aes-128-ctr";
constexpr std::string_view kPrf = "hmac-sha256";
constexpr std::string_view kSchemeMember = "wusong_scheme";
constexpr std::string_view kDefaultScheme = "secp256k1";

/// Cleared when it goes.
struct DerivedKey {
  std::array<std::uint8_t, kDerivedSize> bytes{};
  DerivedKey() = default;
  DerivedKey(const DerivedKey&) = delete;
  DerivedKey& operator=(const DerivedKey&) = delete;
  ~DerivedKey() { sodium_memzero(bytes.data(), bytes.size()); }
  BytesView cipher_key() const noexcept { return BytesView{bytes}.first(16); }
  BytesView mac_key() const noexcept { return BytesView{bytes}.last(16); }
};

/// Encrypts and decrypts: counter mode is its own inverse.
Bytes aes_128_ctr(BytesView key, BytesView iv, BytesView input) {
  static const std::unique_ptr<EVP_CIPHER, Release<EVP_CIPHER_free>> kAesCtr{
      EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr)};
  WUSONG_ASSERT(key.size() == 16 && iv.size() == kIvSize && kAesCtr != nullptr);
  const internal::CipherCtxPtr context{EVP_CIPHER_CTX_new()};
  Bytes out(input.size());
  int written = 0;
  WUSONG_ASSERT(EVP_EncryptInit_ex2(context.get(), kAesCtr.get(), key.data(), iv.data(), nullptr) ==
                    1 &&
                EVP_EncryptUpdate(context.get(), out.data(), &written, input.data(),
                                  static_cast<int>(input.size())) == 1 &&
                static_cast<std::size_t>(written) == input.size());
  return out;
}

/// libsodium, because libcrypto refuses n >= 2^(16 r), which published key files have.
void derive_scrypt(std::string_view password, BytesView salt, const KeystoreCost& cost,
                   DerivedKey& out) {
  WUSONG_ASSERT(crypto_pwhash_scryptsalsa208sha256_ll(as_bytes(password).data(), password.size(),
                                                      salt.data(), salt.size(), cost.scrypt_n,
                                                      cost.scrypt_r, cost.scrypt_p,
                                                      out.bytes.data(), out.bytes.size()) == 0);
}

/// A random version 4 UUID. @source RFC 9562, section 5.4
std::string make_uuid(io::Entropy& entropy) {
  std::array<std::uint8_t, 16> id;
  entropy.fill(id);
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0f) | 0x40);
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3f) | 0x80);
  std::string out = codec::to_hex(id);
  for (const std::size_t position : {8u, 13u, 18u, 23u}) out.insert(position, 1, '-');
  return out;
}

/// Any failure to find or read a member makes the file malformed.
template <typename T>
Result<T> required(Result<T> found) {
  if (!found) return fail(err::bad_keystore);
  return found;
}
Result<std::string_view> text_at(const codec::JsonValue& object, std::string_view key) {
  return required(object.string_at(key));
}
Result<std::uint64_t> number_at(const codec::JsonValue& object, std::string_view key) {
  WUSONG_TRY(const auto value, required(object.at(key)));
  return required(value.u64());
}
Result<Bytes> hex_at(const codec::JsonValue& object, std::string_view key) {
  WUSONG_TRY(const auto text, text_at(object, key));
  return required(codec::from_hex(text));
}

Result<void> derive(const codec::JsonValue& crypto, std::string_view password,
                    const KeystoreLimits& limits, DerivedKey& out) {
  WUSONG_TRY(const auto kdf, text_at(crypto, "kdf"));
  WUSONG_TRY(const auto params, required(crypto.at("kdfparams")));
  WUSONG_TRY(const auto size, number_at(params, "dklen"));
  WUSONG_TRY(const auto salt, hex_at(params, "salt"));
  if (size != kDerivedSize || salt.size() > kSaltSizeMax) return fail(err::unsupported_keystore);
  if (kdf == "scrypt") {
    WUSONG_TRY(const auto n, number_at(params, "n"));
    WUSONG_TRY(const auto r, number_at(params, "r"));
    WUSONG_TRY(const auto p, number_at(params, "p"));
    if (n < 2 || !std::has_single_bit(n) || r == 0 || p == 0) return fail(err::bad_keystore);
    // Dividing keeps the product from wrapping around.
    const std::uint64_t work = limits.scrypt_work;
    if (n > work || r > work / n || p > work / (n * r)) return fail(err::unsupported_keystore);
    derive_scrypt(password, salt,
                  {static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(r),
                   static_cast<std::uint32_t>(p)},
                  out);
    return {};
  }
  if (kdf == "pbkdf2") {
    WUSONG_TRY(const auto iterations, number_at(params, "c"));
    WUSONG_TRY(const auto prf, text_at(params, "prf"));
    if (iterations == 0) return fail(err::bad_keystore);
    if (prf != kPrf || iterations > limits.pbkdf2_iterations ||
        iterations > static_cast<std::uint64_t>(std::numeric_limits<int>::max()))
      return fail(err::unsupported_keystore);
    WUSONG_ASSERT(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(),
                                    static_cast<int>(salt.size()), static_cast<int>(iterations),
                                    EVP_sha256(), static_cast<int>(out.bytes.size()),
                                    out.bytes.data()) == 1);
    return {};
  }
  return fail(err::unsupported_keystore);
}

}  // namespace

std::string encrypt_keystore(BytesView secret_key, std::string_view password,
                             std::string_view address, std::string_view scheme, KeystoreCost cost,
                             io::Entropy& entropy) {
  std::array<std::uint8_t, kSaltSize> salt;
  std::array<std::uint8_t, kIvSize> iv;
  entropy.fill(salt);
  entropy.fill(iv);
  DerivedKey key;
  derive_scrypt(password, salt, cost, key);
  const Bytes ciphertext = aes_128_ctr(key.cipher_key(), iv, secret_key);

  codec::JsonWriter out;
  out.open_object();
  if (!address.empty()) out.key("address").string(address);
  out.key("crypto").open_object();
  out.key("cipher").string(kCipher);
  out.key("ciphertext").string(codec::to_hex(ciphertext));
  out.key("cipherparams").open_object().key("iv").string(codec::to_hex(iv)).close_object();
  out.key("kdf").string("scrypt");
  out.key("kdfparams").open_object();
  out.key("dklen").number(std::uint64_t{kDerivedSize});
  out.key("n").number(std::uint64_t{cost.scrypt_n});
  out.key("p").number(std::uint64_t{cost.scrypt_p});
  out.key("r").number(std::uint64_t{cost.scrypt_r});
  out.key("salt").string(codec::to_hex(salt)).close_object();
  out.key("mac").string(codec::to_hex(hash::keccak256(key.mac_key(), ciphertext))).close_object();
  out.key("id").string(make_uuid(entropy));
  out.key("version").number(kVersion);
  if (!scheme.empty() && scheme != kDefaultScheme) out.key(kSchemeMember).string(scheme);
  out.close_object();
  return out.take();
}

Result<KeystoreSecret> decrypt_keystore(std::string_view json, std::string_view password,
                                        const KeystoreLimits& limits) {
  WUSONG_TRY(const auto document, required(codec::JsonDocument::parse(json)));
  const codec::JsonValue root = document.root();
  WUSONG_TRY(const auto version, number_at(root, "version"));
  if (version != kVersion) return fail(err::unsupported_keystore);
  // Early clients wrote the name with a capital.
  auto crypto = root.find("crypto");
  if (!crypto) crypto = root.find("Crypto");
  if (!crypto) return fail(err::bad_keystore);

  WUSONG_TRY(const auto cipher, text_at(*crypto, "cipher"));
  WUSONG_TRY(const auto ciphertext, hex_at(*crypto, "ciphertext"));
  WUSONG_TRY(const auto cipher_params, required(crypto->at("cipherparams")));
  WUSONG_TRY(const auto iv, hex_at(cipher_params, "iv"));
  WUSONG_TRY(const auto mac, hex_at(*crypto, "mac"));
  if (cipher != kCipher || ciphertext.size() > limits.secret_size)
    return fail(err::unsupported_keystore);
  if (iv.size() != kIvSize || mac.size() != Hash::kSize || ciphertext.empty())
    return fail(err::bad_keystore);
  KeystoreSecret out{{}, std::string{kDefaultScheme}, {}};
  if (const auto address = root.find("address"))
    out.address = address->string().value_or(std::string_view{});
  if (const auto scheme = root.find(kSchemeMember)) {
    WUSONG_TRY(const auto name, required(scheme->string()));
    out.scheme = name;
  }

  DerivedKey key;
  WUSONG_CHECK(derive(*crypto, password, limits, key));
  const Hash expected = hash::keccak256(key.mac_key(), ciphertext);
  if (sodium_memcmp(expected.data(), mac.data(), Hash::kSize) != 0)
    return fail(err::wrong_password);
  out.secret_key = aes_128_ctr(key.cipher_key(), iv, ciphertext);
  return out;
}

}  // namespace wusong::crypto
