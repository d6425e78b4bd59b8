// SPDX-License-Identifier: Apache-2.0
// Keys are NIST's (usnistgov/ACVP-Server 3a7333f6, gen-val/json-files/SLH-DSA-keyGen-FIPS205, the
// first test of each set; public domain). Digests are of signatures that noble-post-quantum 0.7.1
// (MIT), an independent implementation, made with the key of seed 0, 1, 2, …
#include "wusong/pq/slh_dsa.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/pq/errors.hpp"
#include "wusong/pq/internal/slh_hash.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::pq {
namespace {

struct Known {
  SlhDsa set;
  std::string_view secret_key;
  std::string_view signature_digest;
};
constexpr Known kKnown[] = {
    {SlhDsa::sha2_128s,
     "aa9cc7dca491fc86bcb15a709a15e9b3905c800b6e2fb9b54b6b050ee5e4de9afa5464d1c661fed3"
     "8b2a51ca3eae71bacae3d1865215e3d3850e8c1b8292bf42",
     "371c5c4007d898b4a05c6209491a78ff3f9dd578d89cf7ecdc5180252920f5ec"},
    {SlhDsa::sha2_128f,
     "e2bdaa37c8cffe5e8d5676c23267890c31441758f573285881cdc82ab911dd8472dc8d26df6ef708"
     "f4c41af9fd04b65a8927927229891d47a60d67ecef3d2c17",
     "eb692c590249e9c0a1e36cdedc49e7f3b755ff462b292e45b7242bdc8e303a4a"},
    {SlhDsa::sha2_192s,
     "442e446e73330afb98704656328f4dd7334f8a9ab4d92cbe790f91c2e92a81afee0a7ec45a3d6093"
     "46276f5a328755a17dd41608f59e492668d81d03441394fe7a8e7e58705d7632ba8bc66d04c99ee5"
     "c721e4ff4bbe7815ccf923e81e10c475",
     "b56244d81db9616038bfd2556982de144e8e5747d97419a9fcaf1d28d51f5fe0"},
    {SlhDsa::sha2_192f,
     "942dd588b0e0636060b1023baf1df36002b9d3c7256904f948596f0f2f17505585f022423433b3a3"
     "ef50977b98b01e8e3e1d7dcf880c2ea3c8872122a996d5d6233bdfbd57fa641fad3c81bbe6778b1f"
     "788195131b3fca91854ff3b075bf0009",
     "39ca564ac1a4630e3b49da337a343a0c45ff69f45d370ef92d6a3948539af406"},
    {SlhDsa::sha2_256s,
     "ae6ca8664ec0b9179d4e33c4defe01fcd589f60ba4502fe7416f2acd96e139f13fda2069147f44ea"
     "bd5bbf29c74a20cb0f0cc2a12bab5834b773530af504900a134d5ed3c60b46344a84a45d4683b1ac"
     "55fb22886ba9478ea9ca93f27b9aa2c27c5c9908f086e57956f85de84b438ef1f082cd176dff3c5b"
     "8be710bc8699a143",
     "c9e9d0f8a484c2adf4b7ff26aa7fd666aefe7d1c5329ec598c2b74caeb4e5ae3"},
    {SlhDsa::sha2_256f,
     "a15d8300b7f610971f278f22dd603d17eeb9863aa4fa92f07dc7e73b231120026d7c0ff12a8bf1f8"
     "720c3534dc7d1a04d0d7f899088210ccbbfe627315a522c1bdcad4d6821d32168c6d8105e6b22639"
     "9f861e0d1110a53eb47aa3e118e2593409a049ce3b61c4a6fd6ca1613a4b47281585e92de822bf79"
     "8429b2e9257a2e60",
     "24b94dd75a262c2284f7214d768f25d0388a83caea42937dfabaad293b47c395"},
    {SlhDsa::shake_128s,
     "ecd0a05696c2ec6bfe85b8b1b2022486bfd8732b1a42cea236e9822aa9e724e637d664792198176c"
     "12e8121ccf69e684fcf6ffe2a04243dc3e8ed3ee6e44cdef",
     "3b5b013c12ff71e27a49fe5280403713815fd8eadc6d16eaaee141be1162610d"},
    {SlhDsa::shake_128f,
     "bbc74306f75dc2daf7372b3c9841a4d6852c17b459f1692b8e9a1a0dace5ba26380c99304a0ddd32"
     "f344b95144e1fdef60bbc2340e08770fb41a80a76cb08e34",
     "4eb03ea0f58d75ff08ec3effcedf1651af3a00930045fed5650c051e1565a116"},
    {SlhDsa::shake_192s,
     "2d5748b1acda8299e2e905545d2e66dfcec02461bc3673dd9d830416b1b82a665dd435a3f3a8e212"
     "4df59a0e2bc2ec73633ff65c724ae17045c094617549081c940f2ef4d4a10e7559c7503fe1e96fb6"
     "7b0e32acdcf712fbef610f8d21daac86",
     "c8575226c0f9253d012064a538023fa997f9c5597245d6387c09457a4f30eb62"},
    {SlhDsa::shake_192f,
     "3b7889d254f5ad87882dacbf3c58495667401601ec4739797e935cbc27f3d7cd627b611cbef7546c"
     "7f27751e18155cc4266b6fb56bd0d922e0482700a4280cc1f07052804a8f46fded3954ba0a9da45d"
     "0d18867437777f60211bb9cd03a60d4b",
     "6f1131d9da884e3b1d6c1c6bd848267772ffbe8aac2679393713d31d44b03cac"},
    {SlhDsa::shake_256s,
     "a653918fa557b5250d11e96a74f5d8c62b5ff67152acf227aaf4bf5211aa600e961b4e679ceb9d4e"
     "24df86ed22f405d8ede5623672f4737fc2fb65f8bf3b556c315a5e795b701676e6b8309c89cc6ad0"
     "c3d69ff4f7f432dc61329fbb1be6069f0887b1a8f1b3a8b9770a0871630e46dd0479c5bd123e8eeb"
     "6be70f2999c466a1",
     "f1e0d4beb3c7189ac97fe3c4288e311dc5c09e8664f4389742e1dc3f5c82990d"},
    {SlhDsa::shake_256f,
     "d50f77713cf59193fe5f10b8aaf1876b0d3e7e4181ed3fae346876269801758436c22b8194040315"
     "7446d44f04c09fd28df72c6d4021b271544055783081b7c046d2ac50751a0c71ec850bb7d16a679a"
     "66901eee05389d4615940efd89c0182fdebcfbf3527cc768c5ec6cb5b6cc10a674390745d8612d09"
     "20187df658d3b7ef",
     "4ae01f3f49d0faf738ea1e391812e652356fa89dc903d20642f4a7254271b110"},
};

const Bytes kMessage = to_bytes(as_bytes("a record of public data"));
const Bytes kContext = to_bytes(as_bytes("test"));

SlhDsaSecretKey key_of(SlhDsa set,
                       const internal::Provider& provider = internal::fastest_provider()) {
  Bytes seed(3 * shape_of(set).n);
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i);
  auto key = SlhDsaSecretKey::from_seed(set, seed, provider);
  EXPECT_TRUE(key.has_value());
  return std::move(*key);
}
/// Small sets take long: the slower providers do one family's.
bool is_small(SlhDsa set) {
  return shape_of(set).name.ends_with('s');
}
bool is_run(SlhDsa set, const internal::Provider& provider) {
  return &provider == &internal::fastest_provider() || !is_small(set);
}

TEST(SlhDsa, KeysAreNists) {
  testkit::record_vectors("ACVP SLH-DSA keyGen", std::size(kKnown));
  for (const auto& known : kKnown) {
    const Bytes encoded = *codec::from_hex(known.secret_key);
    const std::size_t n = shape_of(known.set).n;
    for (const auto& provider : internal::providers()) {
      if (!is_run(known.set, provider)) continue;
      const auto key =
          SlhDsaSecretKey::from_seed(known.set, BytesView{encoded}.first(3 * n), provider);
      ASSERT_TRUE(key);
      EXPECT_TRUE(std::ranges::equal(key->encode().view(), encoded))
          << shape_of(known.set).name << " " << provider.name;
    }
  }
}

TEST(SlhDsa, SignaturesAreThoseOfAnIndependentImplementation) {
  testkit::record_vectors("noble-post-quantum SLH-DSA", std::size(kKnown));
  for (const auto& known : kKnown) {
    for (const auto& provider : internal::providers()) {
      if (!is_run(known.set, provider)) continue;
      const auto key = key_of(known.set, provider);
      const auto signature = key.sign_deterministic(kMessage, kContext);
      ASSERT_TRUE(signature);
      EXPECT_EQ(hash::sha256(*signature), *codec::fixed_from_hex<Hash>(known.signature_digest))
          << shape_of(known.set).name << " " << provider.name;
    }
  }
}

/// Frozen; tools/slh_model.py, a second implementation, prints the same.
TEST(SlhDsa, TheSm3ProfileIsFrozen) {
  const auto signature = key_of(SlhDsa::sm3_128f).sign_deterministic(kMessage, kContext);
  ASSERT_TRUE(signature);
  EXPECT_EQ(hash::sha256(*signature),
            *codec::fixed_from_hex<Hash>(
                "adf986dd549a1225422f1bddd962e1ebed738e408c4c0ac35244fcd0f027ced8"));
}

TEST(SlhDsa, WhatAKeySignsItsPublicHalfVerifiesAndNothingElse) {
  testkit::SeededEntropy entropy;
  for (const SlhDsa set :
       {SlhDsa::sha2_128f, SlhDsa::sha2_192f, SlhDsa::shake_128f, SlhDsa::sm3_128f}) {
    const auto key = key_of(set);
    const auto signature = key.sign(kMessage, kContext, entropy);
    ASSERT_TRUE(signature);
    EXPECT_EQ(signature->size(), shape_of(set).signature);
    EXPECT_NE(*signature, *key.sign(kMessage, kContext, entropy));
    const auto decoded = SlhDsaPublicKey::decode(set, key.public_key().encoded());
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(decoded->verify(kMessage, kContext, *signature));
    EXPECT_EQ(decoded->verify(kMessage, {}, *signature).error(), err::bad_signature);
    EXPECT_EQ(decoded->verify({}, kContext, *signature).error(), err::bad_signature);
    for (std::size_t at = 0; at < signature->size(); at += 331) {
      Bytes changed = *signature;
      changed[at] ^= 0x04;
      EXPECT_EQ(decoded->verify(kMessage, kContext, changed).error(), err::bad_signature) << at;
    }
  }
}

TEST(SlhDsa, LengthsAndPartsAreChecked) {
  const SlhDsa set = SlhDsa::sha2_128f;
  const auto key = key_of(set);
  const Bytes signature = *key.sign_deterministic(kMessage, kContext);
  const auto& verifier = key.public_key();
  Bytes longer = signature;
  longer.push_back(0);
  EXPECT_EQ(verifier.verify(kMessage, kContext, longer).error(), err::signature_length);
  EXPECT_EQ(verifier.verify(kMessage, kContext, BytesView{signature}.first(100)).error(),
            err::signature_length);
  EXPECT_EQ(verifier.verify_internal(kMessage, {}).error(), err::signature_length);
  EXPECT_EQ(SlhDsaPublicKey::decode(set, verifier.encoded().first(31)).error(),
            err::public_key_length);
  EXPECT_EQ(SlhDsaSecretKey::from_seed(set, Bytes(47)).error(), err::seed_length);
  EXPECT_EQ(SlhDsaSecretKey::decode(set, Bytes(63)).error(), err::secret_key_length);
  EXPECT_EQ(key.sign_internal(kMessage, Bytes(15)).error(), err::seed_length);
  const Bytes context(256);
  EXPECT_EQ(key.sign_deterministic(kMessage, context).error(), err::context_too_long);
  EXPECT_EQ(verifier.verify(kMessage, context, signature).error(), err::context_too_long);
  const auto encoded = key.encode();
  EXPECT_TRUE(SlhDsaSecretKey::decode(set, encoded.view()));
  for (const std::size_t at : {0u, 32u, 63u}) {
    Bytes changed = to_bytes(encoded.view());
    changed[at] ^= 1;
    EXPECT_EQ(SlhDsaSecretKey::decode(set, changed).error(), err::key_inconsistent) << at;
  }
}

/// The portable provider, but one call of SHA-256 goes wrong.
int calls_until_fault = 0;
void faulty_sha256(const std::uint32_t* start, const std::uint8_t* messages, std::size_t blocks,
                   std::size_t count, std::uint8_t* out) noexcept {
  internal::providers().back().sha2->sha256(start, messages, blocks, count, out);
  if (calls_until_fault-- == 0) out[3] ^= 1;
}

TEST(SlhDsa, AFaultThatBreaksASignatureGivesNone) {
  static hash::Sha2Provider hashes = *internal::providers().back().sha2;
  hashes.sha256 = faulty_sha256;
  static internal::Provider faulty = internal::providers().back();
  faulty.sha2 = &hashes;
  calls_until_fault = -1;
  const auto key = key_of(SlhDsa::sha2_128f, faulty);
  std::size_t faults = 0;
  for (int at = 0; at < 6000; at += 311) {
    calls_until_fault = at;
    const auto signature = key.sign_deterministic(kMessage, kContext);
    calls_until_fault = -1;
    if (signature) {
      EXPECT_TRUE(key.public_key().verify(kMessage, kContext, *signature)) << at;
    } else {
      EXPECT_EQ(signature.error(), err::signing_fault);
      ++faults;
    }
  }
  EXPECT_GT(faults, 0u);
}

Bytes by_libcrypto(const EVP_MD* algorithm, BytesView message) {
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
  EXPECT_EQ(EVP_Digest(message.data(), message.size(), out.data(), nullptr, algorithm, nullptr), 1);
  return out;
}

/// Node hashes as the standard writes them, one at a time.
/// @source FIPS 205, section 11.2
Bytes plain_hash(const internal::SlhParameters& p, BytesView seed,
                 const internal::SlhAddress& address, BytesView input) {
  const std::size_t n = p.n();
  const bool is_wide = n > 16 && input.size() > n;
  Bytes message = to_bytes(seed);
  if (p.family != internal::SlhFamily::shake) message.resize(is_wide ? 128 : 64);
  Bytes whole_address = to_bytes(BytesView{address.bytes});
  if (p.is_compact()) whole_address[19] = static_cast<std::uint8_t>(whole_address[19] + 16);
  const BytesView whole{whole_address};
  if (p.family == internal::SlhFamily::shake) {
    append(message, whole);
  } else {
    append(message, whole.subspan(3, 1));
    append(message, whole.subspan(8, 8));
    append(message, whole.subspan(19, 1));
    append(message, whole.subspan(20, 12));
  }
  append(message, input);
  Bytes out;
  switch (p.family) {
    case internal::SlhFamily::shake: {
      out.resize(n);
      EVP_MD_CTX* const context = EVP_MD_CTX_new();
      EXPECT_EQ(EVP_DigestInit_ex(context, EVP_shake256(), nullptr), 1);
      EXPECT_EQ(EVP_DigestUpdate(context, message.data(), message.size()), 1);
      EXPECT_EQ(EVP_DigestFinalXOF(context, out.data(), n), 1);
      EVP_MD_CTX_free(context);
      break;
    }
    case internal::SlhFamily::sm3:
      out = by_libcrypto(EVP_sm3(), message);
      break;
    case internal::SlhFamily::sha2:
      out = by_libcrypto(is_wide ? EVP_sha512() : EVP_sha256(), message);
      break;
  }
  out.resize(n);
  return out;
}

TEST(SlhHash, ManyHashAsTheStandardSaysWhateverTheirNumberAndLength) {
  for (std::size_t set = 0; set < kSlhDsaSets; ++set) {
    const auto& p = internal::parameters_of(static_cast<SlhDsa>(set));
    const Bytes seed(p.n(), 0x5a);
    for (const auto& provider : internal::providers()) {
      const internal::SlhHash hash{p, seed, provider};
      for (const std::size_t count : {1u, 3u, 8u, 16u, 17u, 35u}) {
        for (const std::size_t size : {p.n(), 2 * p.n(), p.k * p.n(), p.digits() * p.n()}) {
          Bytes in(count * size);
          for (std::size_t i = 0; i < in.size(); ++i)
            in[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
          std::vector<internal::SlhAddress> addresses(count);
          for (std::size_t i = 0; i < count; ++i) {
            addresses[i].set_layer(i % 3);
            addresses[i].set_tree(0x0123456789abcdef + i);
            addresses[i].set_type(internal::SlhAddress::tree_node);
            addresses[i].set_second(i);
            addresses[i].set_third(i * 1000003);
          }
          Bytes out(count * p.n());
          hash.many(count, addresses.data(), in.data(), size, size, out.data());
          for (std::size_t i = 0; i < count; ++i)
            ASSERT_TRUE(std::ranges::equal(
                BytesView{out}.subspan(i * p.n(), p.n()),
                plain_hash(p, seed, addresses[i], BytesView{in}.subspan(i * size, size))))
                << p.shape.name << " " << provider.name << " " << i << " of " << count;
        }
      }
    }
  }
}

}  // namespace
}  // namespace wusong::pq
