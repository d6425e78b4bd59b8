// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/signature.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/sm2.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/pq/ml_dsa.hpp"

namespace wusong::crypto {
namespace {

class CountingEntropy final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    for (auto& byte : out) {
      ++state_;
      byte = static_cast<std::uint8_t>(state_ * 197 + (state_ >> 8) * 31);
    }
  }

 private:
  std::uint32_t state_{0};
};

Bytes from_hex(std::string_view text) {
  auto out = codec::from_hex(text);
  EXPECT_TRUE(out.has_value()) << text;
  return std::move(*out);
}
U256 number(std::string_view text) {
  return from_be_bytes(from_hex(text));
}

/// The order of secp256k1.
const U256 kOrder = number("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

TEST(Schemes, AreFoundByNumberAndByNameOrNotAtAll) {
  for (const auto& info : scheme_table()) {
    EXPECT_EQ(find_scheme(std::to_underlying(info.scheme)), &info);
    EXPECT_EQ(find_scheme(info.name), &info);
  }
  EXPECT_EQ(find_scheme(std::uint8_t{0}), nullptr);
  EXPECT_EQ(find_scheme("rsa"), nullptr);
}

TEST(Schemes, WhatOneSignsItVerifiesAndNothingElse) {
  CountingEntropy entropy;
  const Bytes message = to_bytes(as_bytes("the mouth where the rivers meet the sea"));
  for (const auto& info : scheme_table()) {
    const auto signer = make_signer(info.scheme, generate_secret_key(info.scheme, entropy));
    const auto other = make_signer(info.scheme, generate_secret_key(info.scheme, entropy));
    ASSERT_TRUE(signer && other) << info.name;
    const BytesView key = (*signer)->public_key();
    Bytes signature = (*signer)->sign(message);
    EXPECT_EQ(key.size(), info.public_key_size);
    EXPECT_EQ(signature.size(), info.signature_size);
    EXPECT_EQ(signature, (*signer)->sign(message)) << "signing is deterministic";
    EXPECT_TRUE(verify(info.scheme, key, message, signature)) << info.name;
    EXPECT_TRUE(verify(info.scheme, key, {}, (*signer)->sign({}))) << info.name;
    EXPECT_EQ(verify(info.scheme, (*other)->public_key(), message, signature),
              fail(err::bad_signature));
    EXPECT_EQ(verify(info.scheme, key, BytesView{message}.first(5), signature),
              fail(err::bad_signature));
    EXPECT_EQ(verify(info.scheme, key, message, BytesView{signature}.first(63)),
              fail(err::bad_length));
    EXPECT_EQ(verify(info.scheme, key.first(31), message, signature), fail(err::bad_length));
    const std::size_t step = signature.size() > 64 ? 97 : 7;
    for (std::size_t bit = 0; bit < signature.size() * 8; bit += step) {
      signature[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
      EXPECT_FALSE(verify(info.scheme, key, message, signature)) << info.name << bit;
      signature[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    }
  }
}

TEST(Schemes, UnknownSchemesAndBadKeysAreRefused) {
  const Bytes zeros(64, 0);
  EXPECT_EQ(verify(Scheme{9}, zeros, {}, zeros), fail(err::unknown_scheme));
  EXPECT_EQ(make_signer(Scheme{9}, zeros).error(), Error{err::unknown_scheme});
  for (const Scheme scheme : {Scheme::secp256k1, Scheme::sm2}) {
    EXPECT_EQ(verify(scheme, zeros, {}, zeros), fail(err::bad_public_key));
    EXPECT_EQ(verify(scheme, Bytes(64, 0xff), {}, zeros), fail(err::bad_public_key));
    EXPECT_EQ(make_signer(scheme, BytesView{zeros}.first(32)).error(), Error{err::bad_secret_key});
    EXPECT_EQ(make_signer(scheme, Bytes(32, 0xff)).error(), Error{err::bad_secret_key});
  }
  EXPECT_EQ(verify(Scheme::ed25519, Bytes(32, 0), {}, zeros), fail(err::bad_public_key));
  EXPECT_EQ(make_signer(Scheme::ed25519, zeros).error(), Error{err::bad_secret_key});
}

TEST(Schemes, BatchesAreWhatTheirPartsAreAlone) {
  const Bytes zeros(kPublicKeySizeMax);
  std::vector<std::unique_ptr<Signer>> signers;
  std::vector<Bytes> messages;
  std::vector<Bytes> signatures;
  for (const auto& info : scheme_table())
    signers.push_back(*make_signer(info.scheme, Bytes(info.secret_key_size, 9)));
  const std::size_t kinds = signers.size();
  for (std::size_t i = 0; i < 60 + kinds; ++i)
    messages.emplace_back(3 * i, static_cast<std::uint8_t>(i));
  for (std::size_t i = 0; i < messages.size(); ++i)
    signatures.push_back(signers[i % kinds]->sign(messages[i]));
  for (std::size_t i = 0; i < kinds; ++i) {
    const BytesView two[] = {messages[i], messages[i + kinds]};
    const auto together = signers[i]->sign_batch(two);
    EXPECT_EQ(together, (std::vector<Bytes>{signatures[i], signatures[i + kinds]}));
  }
  std::vector<VerifyRequest> requests;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto& signer = *signers[i % kinds];
    requests.push_back({signer.scheme(), signer.public_key(), messages[i], signatures[i]});
    auto& each = requests.back();
    if (i >= 10 && i < 10 + kinds) each.message = messages[0];
    if (i >= 20 && i < 20 + kinds) each.signature = each.signature.first(63);
    if (i >= 30 && i < 30 + kinds) each.public_key = each.public_key.first(31);
    if (i >= 40 && i < 40 + kinds) each.public_key = BytesView{zeros}.first(each.public_key.size());
    if (i == 50) each.scheme = Scheme{99};
  }
  const auto verdicts = verify_batch(requests);
  std::vector<KnownKeys::Key> some;
  for (std::size_t i = 0; i < requests.size(); i += 3)
    some.push_back({requests[i].scheme, requests[i].public_key});
  EXPECT_EQ(verify_batch(requests, KnownKeys{some}), verdicts);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const VerifyRequest& each = requests[i];
    EXPECT_EQ(verdicts[i], verify(each.scheme, each.public_key, each.message, each.signature)) << i;
    EXPECT_EQ(verdicts[i].has_value(), (i != 50) && (i < 10 || i >= 50 || i % 10 >= kinds)) << i;
  }
  EXPECT_EQ(verdicts[10], fail(err::bad_signature));
  EXPECT_EQ(verdicts[20], fail(err::bad_length));
  EXPECT_EQ(verdicts[42], fail(err::bad_public_key));  // of secp256k1
  EXPECT_EQ(verdicts[50], fail(err::unknown_scheme));
}

/// What the draft says, from its parts.
Bytes composite_message(std::string_view label, BytesView digest) {
  Bytes out = to_bytes(as_bytes("CompositeAlgorithmSignatures2025"));
  append(out, as_bytes(label));
  out.push_back(0);
  append(out, digest);
  return out;
}

TEST(Composites, AreTheirHalvesOverTheLabelledDigest) {
  struct Case {
    Scheme scheme;
    Scheme classical;
    std::string_view label;
    Bytes digest;
  };
  const BytesView message = as_bytes("one message");
  for (const auto& [scheme, classical, label, digest] :
       {Case{Scheme::ed25519_ml_dsa_44, Scheme::ed25519, "COMPSIG-MLDSA44-Ed25519-SHA512",
             to_bytes(hash::sha512(message))},
        Case{Scheme::sm2_ml_dsa_44, Scheme::sm2, "COMPSIG-MLDSA44-SM2-SM3",
             to_bytes(hash::sm3(message))}}) {
    Bytes secret(32, 1);
    secret.resize(64, 2);
    const auto signer = *make_signer(scheme, secret);
    const Bytes signature = signer->sign(message);
    const Bytes both = composite_message(label, digest);
    const BytesView key = signer->public_key();
    EXPECT_EQ(to_bytes(key.subspan(1'312)),
              to_bytes((*make_signer(classical, Bytes(32, 2)))->public_key()));
    EXPECT_TRUE(verify(classical, key.subspan(1'312), both, BytesView{signature}.subspan(2'420)));
    const auto lattice = pq::MlDsaPublicKey::decode(pq::MlDsa::ml_dsa_44, key.first(1'312));
    ASSERT_TRUE(lattice);
    EXPECT_TRUE(lattice->verify(both, as_bytes(label), BytesView{signature}.first(2'420)));
  }
}

TEST(Composites, NeitherHalfIsWorthAnythingAlone) {
  const BytesView message = as_bytes("one message");
  const auto signer = *make_signer(Scheme::ed25519_ml_dsa_44, Bytes(64, 5));
  const BytesView key = signer->public_key();
  const Bytes signature = signer->sign(message);
  ASSERT_TRUE(verify(Scheme::ed25519_ml_dsa_44, key, message, signature));
  EXPECT_FALSE(
      verify(Scheme::ed25519, key.subspan(1'312), message, BytesView{signature}.subspan(2'420)));
  EXPECT_FALSE(
      verify(Scheme::ml_dsa_44, key.first(1'312), message, BytesView{signature}.first(2'420)));
  // Not even for what the halves sign: ML-DSA's has a context.
  const Bytes both = composite_message("COMPSIG-MLDSA44-Ed25519-SHA512", hash::sha512(message));
  EXPECT_FALSE(
      verify(Scheme::ml_dsa_44, key.first(1'312), both, BytesView{signature}.first(2'420)));
  // One half of this key, the other of another.
  const auto other = *make_signer(Scheme::ed25519_ml_dsa_44, Bytes(64, 6));
  const Bytes foreign = other->sign(message);
  Bytes mixed = to_bytes(BytesView{signature}.first(2'420));
  append(mixed, BytesView{foreign}.subspan(2'420));
  EXPECT_EQ(verify(Scheme::ed25519_ml_dsa_44, key, message, mixed), fail(err::bad_signature));
  mixed = to_bytes(BytesView{foreign}.first(2'420));
  append(mixed, BytesView{signature}.subspan(2'420));
  EXPECT_EQ(verify(Scheme::ed25519_ml_dsa_44, key, message, mixed), fail(err::bad_signature));
  Bytes no_point = to_bytes(key);
  std::fill(no_point.begin() + 1'312, no_point.end(), std::uint8_t{0});
  EXPECT_EQ(verify(Scheme::ed25519_ml_dsa_44, no_point, message, signature),
            fail(err::bad_public_key));
}

TEST(Schemes, AddressesOfSchemesDiffer) {
  const Bytes key(64, 1);
  EXPECT_NE(address_of(Scheme::secp256k1, key), address_of(Scheme::sm2, key));
  const Hash digest = hash::keccak256(key);
  EXPECT_EQ(address_of(Scheme::secp256k1, key), Address::from(digest.view().last(20)));
}

// Accounts hold money under these: they never change.
TEST(Schemes, AddressesAreFrozen) {
  const auto address = [](std::string_view scheme) {
    const SchemeInfo& info = *find_scheme(scheme);
    return codec::to_hex(address_of(info.scheme, Bytes(info.public_key_size, 1)));
  };
  EXPECT_EQ(address("secp256k1"), "f0207a0a3e31ae0839497a5ac6d4252dfc35577f");
  EXPECT_EQ(address("ed25519"), "5d5a019cc4ec0b6070afd04e9d533803d53d1001");
  EXPECT_EQ(address("sm2"), "053b28d68482f91324a733d765af1d4c434cfd3c");
  EXPECT_EQ(address("ml-dsa-44"), "6104bedc473fbc66ebaf466aea8a0e5ee8e33c1d");
  EXPECT_EQ(address("ed25519+ml-dsa-44"), "4b27a67d95597887d15928d164b7f0239b58c818");
  EXPECT_EQ(address("sm2+ml-dsa-44"), "d5ba7f312352f41c5e34bd75e6799ec50bce5a88");
}

TEST(Sm2, StandardsExampleHolds) {
  // GB/T 32918.5-2017, annex A.2.
  const Bytes secret = from_hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
  const Bytes key = from_hex(
      "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
      "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
  const Bytes expected = from_hex(
      "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
      "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
  const auto made = Sm2Secret::from(secret);
  ASSERT_TRUE(made);
  EXPECT_EQ(to_bytes(made->public_key()), key);
  const Hash digest = sm2_digest(key, as_bytes("message digest"));
  EXPECT_EQ(codec::to_hex(digest),
            "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
  const auto signature = made->sign_with(
      math::limbs_from_hex<4>("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21"),
      digest);
  ASSERT_TRUE(signature);
  EXPECT_EQ(to_bytes(*signature), expected);
  EXPECT_TRUE(verify(Scheme::sm2, key, as_bytes("message digest"), expected));
}

TEST(Sm2, SecretKeysReachFromOneToTheOrderLessTwo) {
  const auto order = number("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123");
  EXPECT_FALSE(make_signer(Scheme::sm2, to_hash(U256{0})));
  EXPECT_TRUE(make_signer(Scheme::sm2, to_hash(U256{1})));
  EXPECT_TRUE(make_signer(Scheme::sm2, to_hash(order - U256{2})));
  EXPECT_FALSE(make_signer(Scheme::sm2, to_hash(order - U256{1})));
  EXPECT_FALSE(make_signer(Scheme::sm2, to_hash(order)));
}

TEST(Ecdsa, RecoveryFindsTheSignerAndHighSCounts) {
  const Bytes secret(32, 0x46);
  const auto signer = make_signer(Scheme::secp256k1, secret);
  ASSERT_TRUE(signer);
  const Address address = address_of(Scheme::secp256k1, (*signer)->public_key());
  for (int i = 0; i < 50; ++i) {
    const std::uint8_t byte = static_cast<std::uint8_t>(i);
    const Hash digest = hash::keccak256(BytesView{&byte, 1});
    const auto signature = ecdsa_sign(digest, secret);
    ASSERT_TRUE(signature);
    EXPECT_TRUE(is_low_s(signature->s));
    EXPECT_EQ(ecdsa_recover(digest, *signature), address);
    EcdsaSignature mirrored{signature->r, kOrder - signature->s,
                            static_cast<std::uint8_t>(1 - signature->y_parity)};
    EXPECT_FALSE(is_low_s(mirrored.s));
    EXPECT_EQ(ecdsa_recover(digest, mirrored), address);
  }
}

TEST(Ecdsa, ValuesOutOfRangeRecoverNobody) {
  const Hash digest = hash::keccak256(as_bytes("x"));
  const auto good = ecdsa_sign(digest, Bytes(32, 7));
  ASSERT_TRUE(good);
  for (const EcdsaSignature& bad :
       {EcdsaSignature{0, good->s, 0}, EcdsaSignature{good->r, 0, 0},
        EcdsaSignature{kOrder, good->s, 0}, EcdsaSignature{good->r, kOrder, 0},
        EcdsaSignature{good->r, good->s, 2}, EcdsaSignature{good->r, good->s, 27},
        EcdsaSignature{~U256{}, ~U256{}, 1}}) {
    EXPECT_EQ(ecdsa_recover(digest, bad), fail(err::bad_signature));
  }
  EXPECT_EQ(ecdsa_sign(digest, Bytes(32, 0)).error(), Error{err::bad_secret_key});
  EXPECT_EQ(ecdsa_sign(digest, to_hash(kOrder)).error(), Error{err::bad_secret_key});
  EXPECT_EQ(ecdsa_sign(digest, Bytes(31, 7)).error(), Error{err::bad_secret_key});
}

TEST(Ecdsa, LowSEndsAtHalfTheOrder) {
  const U256 half = number("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
  EXPECT_TRUE(is_low_s(half));
  EXPECT_FALSE(is_low_s(half + U256{1}));
}

TEST(Ecdsa, Rfc6979NonceIsTheKnownOneForSecp256k1) {
  // Widely published: key 1, SHA-256("Satoshi Nakamoto").
  const auto signature = ecdsa_sign(hash::sha256(as_bytes("Satoshi Nakamoto")), to_hash(U256{1}));
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->r,
            number("934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"));
  EXPECT_EQ(signature->s,
            number("2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"));
}

TEST(P256, Rfc6979ExampleVerifiesAndItsNeighboursDoNot) {
  // RFC 6979, annex A.2.5, SHA-256, "sample".
  const Hash digest = hash::sha256(as_bytes("sample"));
  const U256 x = number("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
  const U256 y = number("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const U256 r = number("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716");
  const U256 s = number("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  const U256 order = number("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const U256 prime = number("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
  EXPECT_TRUE(p256_verify(digest, r, s, x, y));
  EXPECT_TRUE(p256_verify(digest, r, order - s, x, y)) << "EIP-7951 has no low-s rule";
  EXPECT_FALSE(p256_verify(digest, r + U256{1}, s, x, y));
  EXPECT_FALSE(p256_verify(digest, r, s + U256{1}, x, y));
  EXPECT_FALSE(p256_verify(hash::sha256({}), r, s, x, y));
  EXPECT_FALSE(p256_verify(digest, 0, s, x, y));
  EXPECT_FALSE(p256_verify(digest, r, 0, x, y));
  EXPECT_FALSE(p256_verify(digest, order, s, x, y));
  EXPECT_FALSE(p256_verify(digest, r, order, x, y));
  EXPECT_FALSE(p256_verify(digest, r, s, x, y + U256{1}));
  EXPECT_FALSE(p256_verify(digest, r, s, x, prime - y));
  EXPECT_FALSE(p256_verify(digest, r, s, 0, 0));
  EXPECT_FALSE(p256_verify(digest, r, s, prime, y));
}

}  // namespace
}  // namespace wusong::crypto
