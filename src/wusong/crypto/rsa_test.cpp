// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/rsa.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "wusong/crypto/errors.hpp"

namespace wusong::crypto {
namespace {

Bytes base64url(std::string_view text) {
  Bytes out(text.size());
  std::size_t size = 0;
  EXPECT_EQ(sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size,
                              nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
            0);
  out.resize(size);
  return out;
}

/// @source RFC 7515, appendix A.2
const Bytes kModulus = base64url(
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"
    "4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql"
    "L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"
    "bSf63kpaSHSXndS5z5rexMdbBYUs"
    "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-"
    "DWNmoud"
    "F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ");
const Bytes kExponent = base64url("AQAB");
constexpr std::string_view kText =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS"
    "9pc19yb290Ijp0cnVlfQ";
const Bytes kSignature = base64url(
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujG"
    "bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
    "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6"
    "LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");

TEST(Rsa, TheSignatureOfRfc7515HoldsUnderItsKeyAndNoOther) {
  EXPECT_TRUE(rsa_verify_sha256(as_bytes(kText), kModulus, kExponent, kSignature));
  Bytes padded{0};
  append(padded, kModulus);
  EXPECT_TRUE(rsa_verify_sha256(as_bytes(kText), padded, kExponent, kSignature));
  EXPECT_EQ(rsa_verify_sha256(as_bytes("another text"), kModulus, kExponent, kSignature).error(),
            err::bad_signature);
  Bytes other = kModulus;
  other[100] ^= 1;
  EXPECT_EQ(rsa_verify_sha256(as_bytes(kText), other, kExponent, kSignature).error(),
            err::bad_signature);
}

TEST(Rsa, ASignatureThatIsChangedOrOfAnotherLengthIsRefused) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{128}, kSignature.size() - 1}) {
    Bytes changed = kSignature;
    changed[at] ^= 1;
    EXPECT_EQ(rsa_verify_sha256(as_bytes(kText), kModulus, kExponent, changed).error(),
              err::bad_signature);
  }
  Bytes longer{0};
  append(longer, kSignature);
  for (const Bytes& wrong : {Bytes{}, Bytes(255, 1), Bytes(256, 0), longer}) {
    EXPECT_EQ(rsa_verify_sha256(as_bytes(kText), kModulus, kExponent, wrong).error(),
              err::bad_signature);
  }
}

TEST(Rsa, WeakAndOversizedKeysAreRefused) {
  const auto refused = [](const Bytes& modulus, const Bytes& exponent) {
    return rsa_verify_sha256(as_bytes(kText), modulus, exponent, kSignature).error() ==
           Error{err::bad_public_key};
  };
  EXPECT_TRUE(refused(Bytes(128, 0xff), kExponent)) << "1,024 bits";
  EXPECT_TRUE(refused(Bytes(1025, 0xff), kExponent)) << "8,200 bits";
  EXPECT_TRUE(refused(Bytes(100'000, 0xff), kExponent));
  EXPECT_TRUE(refused({}, kExponent));
  Bytes even = kModulus;
  even.back() ^= 1;
  EXPECT_TRUE(refused(even, kExponent));
  EXPECT_TRUE(refused(kModulus, Bytes{})) << "0";
  EXPECT_TRUE(refused(kModulus, Bytes{1})) << "every text signs itself";
  EXPECT_TRUE(refused(kModulus, Bytes{4}));
  EXPECT_TRUE(refused(kModulus, Bytes(8, 0xff)));
}

}  // namespace
}  // namespace wusong::crypto
