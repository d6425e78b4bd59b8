// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/hmac.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "wusong/codec/hex.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::hash {
namespace {

Bytes hex(std::string_view text) {
  auto out = codec::from_hex(text);
  EXPECT_TRUE(out.has_value());
  return out ? *std::move(out) : Bytes{};
}
Bytes counting(std::uint8_t from, std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(from + i);
  return out;
}

/// @source RFC 5869, appendix A.1 to A.3
TEST(Hkdf, TheExamplesOfTheRfcComeOut) {
  struct Example {
    Bytes secret, salt, info;
    std::string_view extracted, expanded;
  };
  const Example examples[] = {
      {Bytes(22, 0x0b), counting(0, 13), counting(0xf0, 10),
       "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {counting(0, 80), counting(0x60, 80), counting(0xb0, 80),
       "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
       "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {Bytes(22, 0x0b),
       {},
       {},
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"}};
  for (const Example& e : examples) {
    const SecretBytes key = hkdf_extract(sha256, e.salt, {e.secret});
    EXPECT_EQ(to_bytes(key.view()), hex(e.extracted));
    const Bytes wanted = hex(e.expanded);
    EXPECT_EQ(to_bytes(hkdf_expand(sha256, key.view(), e.info, wanted.size()).view()), wanted);
  }
  testkit::record_vectors("RFC 5869", std::size(examples));
}

TEST(Hmac, IsOpenSslsWhateverTheLengths) {
  for (const std::size_t key_size : {0u, 1u, 31u, 63u, 64u, 65u, 200u}) {
    for (const std::size_t size : {0u, 1u, 55u, 64u, 300u}) {
      const Bytes key = counting(3, key_size);
      const Bytes message = counting(9, size);
      const BytesView whole{message};
      for (const auto& [ours, theirs] : {std::pair{Digest{sha256}, EVP_sha256()},
                                         std::pair{static_cast<Digest>(sm3), EVP_sm3()}}) {
        Hash expected;
        unsigned length = 0;
        const std::uint8_t none = 0;  // a null pointer would mean the key used last
        ASSERT_NE(::HMAC(theirs, key.empty() ? &none : key.data(), static_cast<int>(key.size()),
                         message.data(), message.size(), expected.data(), &length),
                  nullptr);
        EXPECT_EQ(hmac(ours, key, {whole}), expected) << key_size << " " << size;
        EXPECT_EQ(hmac(ours, key, {whole.first(size / 2), whole.subspan(size / 2)}), expected);
      }
    }
  }
}

}  // namespace
}  // namespace wusong::hash
