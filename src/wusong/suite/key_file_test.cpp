// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/key_file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "wusong/suite/der.hpp"
#include "wusong/suite/errors.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::suite {
namespace {

using std::literals::operator""sv;

Bytes example(const std::string& name) {
  std::ifstream file{"tests/corpus/key_file/" + name, std::ios::binary};
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// What the standard prints of one key: its forms, all of which must be the same key.
struct Published {
  std::string_view source;
  std::string scheme;
  std::vector<std::string> secret_files;
  std::string public_file;
};
const Published kPublished[] = {
    {"RFC 8410", "ed25519", {"ed25519.pem", "ed25519_version_2.pem"}, "ed25519_public.pem"},
    {"RFC 9881",
     "ml-dsa-44",
     {"ml_dsa_44_seed.pem", "ml_dsa_44_expanded.pem", "ml_dsa_44_both.pem"},
     "ml_dsa_44_public.pem"},
    {"RFC 9881", "ml-dsa-44", {"ml_dsa_44_seed.pem"}, "ml_dsa_44_certificate.pem"},
    {"RFC 9881", "ml-dsa-65", {"ml_dsa_65_seed.pem"}, "ml_dsa_65_public.pem"},
    {"draft-ietf-lamps-pq-composite-sigs",
     "ed25519+ml-dsa-44",
     {"ed25519_ml_dsa_44.der"},
     "ed25519_ml_dsa_44_certificate.der"},
    {"RFC 9909", "slh-dsa-sha2-128s", {"slh_dsa_sha2_128s.pem"}, "slh_dsa_sha2_128s_public.pem"},
    {"RFC 9935",
     "ml-kem-512",
     {"ml_kem_512_seed.pem", "ml_kem_512_expanded.pem", "ml_kem_512_both.pem"},
     "ml_kem_512_public.pem"},
    {"RFC 9935", "ml-kem-768", {"ml_kem_768_seed.pem"}, "ml_kem_768_public.pem"},
};

TEST(KeyFile, ExamplesOfTheStandardsAreReadInEveryForm) {
  std::size_t count = 0;
  for (const Published& each : kPublished) {
    const auto named = read_public_key(example(each.public_file));
    ASSERT_TRUE(named.has_value()) << each.public_file << " " << named.error().name();
    EXPECT_EQ(named->scheme().name, each.scheme);
    for (const std::string& file : each.secret_files) {
      const auto key = read_secret_key(example(file), std::nullopt);
      ASSERT_TRUE(key.has_value()) << file << " " << key.error().name();
      EXPECT_TRUE(std::ranges::equal(key->public_key().encoded(), named->encoded())) << file;
      ++count;
    }
  }
  testkit::record_vectors(
      "keys printed in RFC 8410, 9881, 9909, 9935 and by the authors of composite signatures",
      count + std::size(kPublished));
}

TEST(KeyFile, WhatStandardsPrintIsWhatWeWrite) {
  for (const char* file : {"ed25519.pem", "ml_dsa_44_seed.pem", "ml_dsa_44_expanded.pem",
                           "ml_dsa_87_seed.pem", "slh_dsa_sha2_128s.pem", "ml_kem_512_seed.pem",
                           "ml_kem_512_expanded.pem", "ml_kem_1024_seed.pem"}) {
    const Bytes printed = example(file);
    const auto key = read_secret_key(printed, std::nullopt);
    ASSERT_TRUE(key.has_value()) << file;
    const auto written = to_pem(Holds::secret_key, secret_key_der(*key).view());
    EXPECT_EQ(as_text(written.view()), as_text(printed)) << file;
  }
  for (const char* file : {"ed25519_public.pem", "ml_dsa_44_public.pem", "ml_kem_768_public.pem",
                           "slh_dsa_sha2_128s_public.pem", "sm2_public.pem", "p256_public.pem",
                           "secp256k1_public.pem", "rsa_public.pem"}) {
    const Bytes printed = example(file);
    const auto key = read_public_key(printed);
    ASSERT_TRUE(key.has_value()) << file << key.error().name();
    const auto written = to_pem(Holds::public_key, public_key_der(*key));
    EXPECT_EQ(as_text(written.view()), as_text(printed)) << file;
  }
}

TEST(KeyFile, KeysWhosePartsDoNotBelongTogetherAreRefused) {
  // The bad examples of RFC 9881 and RFC 9935.
  for (const char* file :
       {"bad_ml_dsa_44_1.pem", "bad_ml_dsa_44_2.pem", "bad_ml_dsa_44_3.pem", "bad_ml_kem_512_1.pem",
        "bad_ml_kem_512_2.pem", "bad_ml_kem_512_3.pem", "bad_ml_kem_512_4.pem"}) {
    const auto key = read_secret_key(example(file), std::nullopt);
    ASSERT_FALSE(key.has_value()) << file;
    EXPECT_TRUE(key.error().name().ends_with(".key_inconsistent")) << key.error().name();
  }
  testkit::record_vectors("bad keys printed in RFC 9881 and 9935", 7);
}

TEST(KeyFile, OpensslsKeysAreRead) {
  for (const char* name : {"sm2", "p256", "secp256k1"}) {
    const auto key = read_secret_key(example(std::string{name} + ".pem"), std::nullopt);
    ASSERT_TRUE(key.has_value()) << name << " " << key.error().name();
    const auto named = read_public_key(example(std::string{name} + "_public.pem"));
    ASSERT_TRUE(named.has_value());
    EXPECT_EQ(named->scheme().name, name);
    EXPECT_TRUE(std::ranges::equal(key->public_key().encoded(), named->encoded()));
  }
  EXPECT_TRUE(std::ranges::equal(read_secret_key(example("sm2_sec1.pem"), std::nullopt)->secret(),
                                 read_secret_key(example("sm2.pem"), std::nullopt)->secret()));
  EXPECT_EQ(read_public_key(example("rsa_public.pem"))->scheme().name, "rsa");
  EXPECT_TRUE(std::ranges::equal(read_public_key(example("sm2_public.der"))->encoded(),
                                 read_public_key(example("sm2_public.pem"))->encoded()));
  EXPECT_TRUE(std::ranges::equal(read_secret_key(example("p256.der"), std::nullopt)->secret(),
                                 read_secret_key(example("p256.pem"), std::nullopt)->secret()));
}

TEST(KeyFile, APassphraseOpensAndNothingElse) {
  const Bytes file = example("p256_encrypted.pem");
  EXPECT_EQ(read_secret_key(file, std::nullopt).error(), err::passphrase_needed);
  EXPECT_EQ(read_public_key(file).error(), err::passphrase_needed);
  EXPECT_EQ(read_secret_key(file, "wusonG"sv).error(), err::wrong_passphrase);
  const auto key = read_secret_key(file, "wusong"sv);
  ASSERT_TRUE(key.has_value());

  testkit::SeededEntropy entropy;
  const Bytes ours = encrypted_key_der(*key, "又是吴淞", entropy, 1000);
  EXPECT_EQ(open_key_file(ours)->holds, Holds::encrypted_secret_key);
  EXPECT_TRUE(std::ranges::equal(read_secret_key(ours, "又是吴淞"sv)->secret(), key->secret()));
  EXPECT_EQ(read_secret_key(ours, "又是"sv).error(), err::wrong_passphrase);
  EXPECT_NE(ours, encrypted_key_der(*key, "又是吴淞", entropy, 1000));
}

TEST(KeyFile, ACostThatNobodyNeedsIsRefused) {
  const auto file_of = [](std::vector<std::uint8_t> rounds) {
    const auto derivation =
        der(tag::kSequence, {der_oid("1.2.840.113549.1.5.12").view(),
                             der(tag::kSequence, {der(tag::kOctetString, {Bytes(16)}).view(),
                                                  der_integer(rounds).view()})
                                 .view()});
    const auto cipher = der(tag::kSequence, {der_oid("2.16.840.1.101.3.4.1.42").view(),
                                             der(tag::kOctetString, {Bytes(16)}).view()});
    const auto scheme =
        der(tag::kSequence, {der_oid("1.2.840.113549.1.5.13").view(),
                             der(tag::kSequence, {derivation.view(), cipher.view()}).view()});
    return to_bytes(
        der(tag::kSequence, {scheme.view(), der(tag::kOctetString, {Bytes(48)}).view()}).view());
  };
  EXPECT_EQ(read_secret_key(file_of({1, 0, 0, 0}), "x"sv).error(), err::cost_too_high);
  EXPECT_EQ(read_secret_key(file_of({2}), "x"sv).error(), err::wrong_passphrase);
}

TEST(KeyFile, OlderEncryptionIsRefusedWhateverItsCost) {
  const auto pkcs12 = der(  // pbeWithSHAAnd3-KeyTripleDES-CBC, with 2^31 - 1 rounds
      tag::kSequence,
      {der_oid("1.2.840.113549.1.12.1.3").view(),
       der(tag::kSequence, {der(tag::kOctetString, {Bytes(8)}).view(),
                            der_integer(std::vector<std::uint8_t>{0x7f, 0xff, 0xff, 0xff}).view()})
           .view()});
  const auto file =
      der(tag::kSequence, {pkcs12.view(), der(tag::kOctetString, {Bytes(48)}).view()});
  EXPECT_EQ(read_secret_key(file.view(), "x"sv).error(), err::unknown_algorithm);
}

TEST(KeyFile, NothingAndTooMuchHoldNoKey) {
  EXPECT_EQ(open_key_file({}).error(), err::no_key);
  EXPECT_EQ(open_key_file(Bytes(kKeyFileSizeMax + 1, 'x')).error(), err::no_key);
}

TEST(KeyFile, OneChangedByteIsNoOtherKey) {
  testkit::SeededEntropy entropy;
  for (const char* file : {"ed25519.pem", "ml_dsa_44_seed.pem", "slh_dsa_sha2_128s_public.pem"}) {
    const auto opened = open_key_file(example(file));
    const Bytes whole = to_bytes(opened->der.view());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      EXPECT_FALSE(read_public_key(BytesView{whole}.first(i)).has_value()) << file << " " << i;
      EXPECT_FALSE(read_secret_key(BytesView{whole}.first(i), {}).has_value()) << file << " " << i;
    }
    Bytes longer = whole;
    longer.push_back(0);
    EXPECT_FALSE(read_public_key(longer).has_value()) << file;
  }
}

TEST(KeyFile, EverySchemeComesBackFromItsFile) {
  testkit::SeededEntropy entropy;
  for (const Scheme& scheme : schemes()) {
    const auto key = SecretKey::generate(scheme, entropy);
    if (!key) continue;
    const auto again = read_secret_key(secret_key_der(*key).view(), std::nullopt);
    ASSERT_TRUE(again.has_value()) << scheme.name << " " << again.error().name();
    EXPECT_TRUE(std::ranges::equal(again->secret(), key->secret())) << scheme.name;
    const auto named = read_public_key(public_key_der(key->public_key()));
    ASSERT_TRUE(named.has_value()) << scheme.name;
    EXPECT_TRUE(std::ranges::equal(named->encoded(), key->public_key().encoded()));
    EXPECT_EQ(identifier_of(named->scheme()), identifier_of(scheme));
  }
}

TEST(Der, LengthsAndNumbersHaveOneForm) {
  const auto refused = [](std::vector<std::uint8_t> bytes) {
    DerReader reader{bytes};
    return !reader.take(tag::kOctetString).has_value();
  };
  EXPECT_FALSE(refused({4, 1, 9}));
  EXPECT_TRUE(refused({4, 0x81, 1, 9}));        // longer than needed
  EXPECT_TRUE(refused({4, 0x82, 0, 0x80, 9}));  // the same
  EXPECT_TRUE(refused({4, 0x80, 9, 0, 0}));     // indefinite
  EXPECT_TRUE(refused({4, 2, 9}));
  EXPECT_TRUE(refused({4}));
  EXPECT_TRUE(refused({4, 0x85, 0, 0, 0, 0, 1, 9}));
  const auto integer = [](std::vector<std::uint8_t> bytes) {
    DerReader reader{bytes};
    return reader.take_integer().has_value();
  };
  EXPECT_TRUE(integer({2, 1, 0}));
  EXPECT_TRUE(integer({2, 2, 0, 0x80}));
  EXPECT_FALSE(integer({2, 1, 0x80}));     // negative
  EXPECT_FALSE(integer({2, 2, 0, 0x7f}));  // a zero too many
  EXPECT_FALSE(integer({2, 0}));
}

TEST(Der, IdentifiersReadAsTheyAreWritten) {
  for (const char* dotted : {"1.3.101.112", "2.16.840.1.101.3.4.3.17", "1.2.156.10197.1.301",
                             "2.25.301370634565419418004101609175791845191.3", "0.9", "2.999.1"}) {
    const auto encoded = der_oid(dotted);
    EXPECT_EQ(dotted_oid(encoded.view().subspan(2)), dotted);
  }
  EXPECT_EQ(dotted_oid(std::vector<std::uint8_t>{0x2b, 0x80, 0x01}), "");  // a zero too many
  EXPECT_EQ(dotted_oid(std::vector<std::uint8_t>{0x2b, 0x81}), "");        // cut off
  Bytes beyond{0x2b, 0x65, 0x84};  // 1.3.101, then 2^128 + 112: not what 112 is
  beyond.resize(beyond.size() + 16, 0x80);
  append(beyond, Bytes{0x80, 0x70});
  EXPECT_EQ(dotted_oid(beyond), "");
}

TEST(Der, SignaturesOfCurvesHaveOneForm) {
  Bytes pair(64);
  pair[31] = 1;
  pair[32] = 0x80;
  const Bytes encoded = pair_to_der(pair);
  EXPECT_EQ(*pair_from_der(encoded), pair);
  Bytes longer = encoded;
  longer.push_back(0);
  EXPECT_EQ(pair_from_der(longer).error(), err::bad_signature_encoding);
  EXPECT_EQ(pair_from_der(pair).error(), err::bad_signature_encoding);
}

}  // namespace
}  // namespace wusong::suite
