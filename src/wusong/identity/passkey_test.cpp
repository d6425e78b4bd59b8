// SPDX-License-Identifier: Apache-2.0
#include "wusong/identity/passkey.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/identity/passkey_cbor.hpp"
#include "wusong/testkit/authenticator.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::identity {
namespace {

using testkit::Authenticator;
using testkit::cbor::head;
using testkit::cbor::integer;
using testkit::cbor::join;
using testkit::cbor::string;
using testkit::cbor::text;

TEST(Attestation, TrailingBytesAndOtherFormatsAreRefused) {
  testkit::SeededEntropy entropy;
  const Authenticator device{KeyKind::p256, entropy};
  Bytes whole = device.attestation();
  ASSERT_TRUE(read_attestation(whole));
  whole.push_back(0);
  EXPECT_FALSE(read_attestation(whole));
  EXPECT_FALSE(read_attestation(join({head(5, 3), text("fmt"), text("fido-u2f"), text("attStmt"),
                                      head(5, 0), text("authData"), string(device.data(true))})));
  EXPECT_FALSE(
      read_attestation(join({head(5, 3), text("fmt"), text("none"), text("attStmt"), head(5, 1),
                             text("x"), integer(1), text("authData"), string(device.data(true))})));
  Bytes data = device.data(true);
  ASSERT_TRUE(read_authenticator_data(data));
  data.push_back(0);
  EXPECT_FALSE(read_authenticator_data(data));
  EXPECT_FALSE(read_authenticator_data(Bytes(36)));
}

TEST(Cose, TwiceTheSameLabelOrAnotherAlgorithmIsRefused) {
  testkit::SeededEntropy entropy;
  const Authenticator device{KeyKind::ed25519, entropy};
  EXPECT_TRUE(read_cose_key(device.cose()));
  EXPECT_FALSE(read_cose_key(join({head(5, 4), integer(1), integer(1), integer(3), integer(-8),
                                   integer(3), integer(-8), integer(-2), string(device.key)})));
  EXPECT_FALSE(read_cose_key(join({head(5, 4), integer(1), integer(1), integer(3), integer(-7),
                                   integer(-1), integer(6), integer(-2), string(device.key)})));
}

TEST(Cbor, OnlyShortestFormsAndDefiniteLengthsAreRead) {
  const auto reads = [](std::string_view hex) {
    const auto bytes = codec::from_hex(hex).value_or(Bytes{});
    CborReader reader{bytes};
    return reader.skip() && reader.rest().empty();
  };
  // RFC 8949, appendix A.
  for (const auto good : {"00", "17", "1818", "1903e8", "1a000f4240", "20", "3863", "f4", "f6",
                          "4401020304", "6161", "62c3bc", "83010203", "a201020304", "a0"}) {
    EXPECT_TRUE(reads(good)) << good;
  }
  for (const auto bad : {"1817", "190017", "1a00000017", "5f42010243030405ff", "9fff", "c074",
                         "f90000", "fb3ff199999999999a", "62c328", "8301", "a1", "5818", "",
                         "9bffffffffffffffff", "81818181818181818181", "f7", "f8ff"}) {
    EXPECT_FALSE(reads(bad)) << bad;
  }
}

TEST(DerSignature, HasOneForm) {
  const auto read = [](std::string_view hex) {
    return read_der_signature(codec::from_hex(hex).value_or(Bytes{})).has_value();
  };
  EXPECT_TRUE(read("3006020101020102"));
  EXPECT_TRUE(read("300702020080020102"));
  EXPECT_FALSE(read("30060201010201"));      // too short
  EXPECT_FALSE(read("300602010102010200"));  // a byte behind
  EXPECT_FALSE(read("300702020001020102"));  // a zero too many
  EXPECT_FALSE(read("3006020181020102"));    // negative
  EXPECT_FALSE(read("308106020101020102"));  // a length too long
}

}  // namespace
}  // namespace wusong::identity
