// SPDX-License-Identifier: Apache-2.0
// SM2's encryption with keys of the suite, and against OpenSSL's both ways.
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "wusong/base/release.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/sm2_encryption.hpp"
#include "wusong/suite/der.hpp"
#include "wusong/suite/errors.hpp"
#include "wusong/suite/key.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::suite {
namespace {

using PeerKey = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using PeerContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;

SecretKey fresh_key(io::Entropy& entropy) {
  return *SecretKey::generate(*find_scheme("sm2"), entropy);
}

PeerKey peer_key(const SecretKey& key) {
  Bytes point{4};
  append(point, key.public_key().encoded());
  Bytes secret = to_bytes(key.secret());
  std::ranges::reverse(secret);  // OpenSSL's parameters are little-endian
  char curve[] = "SM2";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_end()};
  const PeerContext context{EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr)};
  EVP_PKEY* out = nullptr;
  EXPECT_EQ(EVP_PKEY_fromdata_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_fromdata(context.get(), &out, EVP_PKEY_KEYPAIR, parameters), 1);
  return PeerKey{out};
}
Bytes peer_encrypt(EVP_PKEY* key, BytesView text) {
  const PeerContext context{EVP_PKEY_CTX_new(key, nullptr)};
  Bytes out(text.size() + 200);
  std::size_t size = out.size();
  EXPECT_EQ(EVP_PKEY_encrypt_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_encrypt(context.get(), out.data(), &size, text.data(), text.size()), 1);
  out.resize(size);
  return out;
}
Bytes peer_decrypt(EVP_PKEY* key, BytesView sealed) {
  const PeerContext context{EVP_PKEY_CTX_new(key, nullptr)};
  Bytes out(sealed.size());
  std::size_t size = out.size();
  EXPECT_EQ(EVP_PKEY_decrypt_init(context.get()), 1);
  if (EVP_PKEY_decrypt(context.get(), out.data(), &size, sealed.data(), sealed.size()) != 1)
    return {};
  out.resize(size);
  return out;
}

TEST(Sm2Cipher, NobodyEncryptsToAPointOffTheCurve) {
  const Bytes nowhere(64, 1);
  for (const char* name : {"sm2", "p256", "secp256k1"})
    EXPECT_EQ(PublicKey::decode(*find_scheme(name), nowhere).error(),
              Error{crypto::err::bad_public_key})
        << name;
}

TEST(Sm2Cipher, OpensslReadsOursAndWeReadOpenssls) {
  testkit::SeededEntropy entropy;
  // OpenSSL 3.0 makes masks of zeros too, which of a byte one in 256 is: so texts of sixteen and
  // more.
  for (const std::size_t size : {16u, 31u, 32u, 33u, 100u, 1000u, 20'000u}) {
    for (int i = 0; i < 5; ++i) {
      const SecretKey key = fresh_key(entropy);
      const PeerKey peer = peer_key(key);
      Bytes text(size);
      entropy.fill(text);
      const auto sealed = key.public_key().encrypt(text, entropy);
      ASSERT_TRUE(sealed);
      EXPECT_EQ(peer_decrypt(peer.get(), sm2_cipher_to_der(*sealed)), text);
      const auto opened = key.decrypt(peer_encrypt(peer.get(), text));
      ASSERT_TRUE(opened);
      EXPECT_TRUE(std::ranges::equal(opened->view(), text));
    }
  }
}

TEST(Sm2Cipher, BothFormsOpenAndEachByteOfDerCounts) {
  testkit::SeededEntropy entropy;
  const SecretKey key = fresh_key(entropy);
  const Bytes text(40, 7);
  const auto sealed = key.public_key().encrypt(text, entropy);
  ASSERT_TRUE(sealed);
  const Bytes der = sm2_cipher_to_der(*sealed);
  EXPECT_EQ(sm2_cipher_from_der(der), *sealed);
  for (const Bytes& form : {*sealed, der}) {
    const auto opened = key.decrypt(form);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(std::ranges::equal(opened->view(), text));
  }
  for (std::size_t i = 0; i < der.size(); ++i) {
    Bytes changed = der;
    changed[i] ^= 1;
    EXPECT_FALSE(key.decrypt(changed)) << i;
    EXPECT_FALSE(key.decrypt(BytesView{der}.first(i))) << i;
  }
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_EQ(sm2_cipher_from_der(longer), fail(err::bad_ciphertext_encoding));
  EXPECT_EQ(sm2_cipher_from_der(der_integer(text).view()), fail(err::bad_ciphertext_encoding));
}

TEST(Sm2Cipher, KeysOfOtherSchemesDoNotOfferIt) {
  testkit::SeededEntropy entropy;
  for (const char* name : {"ed25519", "p256", "sm2+ml-dsa-44", "ml-kem-512", "x25519"}) {
    const auto key = SecretKey::generate(*find_scheme(name), entropy);
    ASSERT_TRUE(key) << name;
    EXPECT_EQ(key->public_key().encrypt(Bytes(3), entropy), fail(err::not_offered)) << name;
    EXPECT_EQ(key->decrypt(Bytes(200)).error(), err::not_offered) << name;
  }
}

}  // namespace
}  // namespace wusong::suite
