// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/address.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"

namespace wusong::apps {
namespace {

TEST(Address, TheExamplesOfEip55ReadAndWrite) {
  for (const std::string text :
       {"0x52908400098527886E0F7030069857D2E4169EE7", "0xde709f2102306220921060314715629080e2fb77",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(checksummed(*address), text);
    EXPECT_EQ(checksummed(std::string_view{codec::to_hex_data(*address)}), text);
  }
}

TEST(Address, OneCaseNeedsNoChecksumAndAWrongOneIsRefused) {
  EXPECT_TRUE(parse_address("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"));
  EXPECT_TRUE(parse_address("0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED"));
  const auto wrong = parse_address("0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "--to ");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().error, Error{err::bad_argument});
  EXPECT_TRUE(wrong.error().detail.starts_with("--to \"0x5aaeb6053F"));
  EXPECT_NE(wrong.error().detail.find("checksum"), std::string::npos);
}

TEST(Address, OtherTextsAreNoAddresses) {
  for (const char* text :
       {"", "0x", "0x12", "vitalik.eth", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae",
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaedd"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
  EXPECT_EQ(checksummed(std::string_view{"pending"}), "pending");
}

}  // namespace
}  // namespace wusong::apps
