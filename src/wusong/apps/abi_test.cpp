// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/abi.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"

namespace wusong::apps {
namespace {

std::string call(const std::string& signature, const std::vector<std::string>& arguments) {
  const auto encoded = encode_call(signature, arguments);
  return encoded ? codec::to_hex(*encoded) : "refused: " + encoded.error().detail;
}

std::string arguments(const std::string& types, const std::vector<std::string>& values) {
  const auto encoded = encode_arguments(types, values);
  return encoded ? codec::to_hex(*encoded) : "refused: " + encoded.error().detail;
}

std::string word(std::string digits) {
  return std::string(64 - digits.size(), '0') + digits;
}

// The examples of the Solidity ABI specification, section "Examples" and "Use of Dynamic Types".
TEST(Abi, EncodesTheExamplesOfTheSpecification) {
  EXPECT_EQ(call("baz(uint32,bool)", {"69", "true"}), "cdcd77c0" + word("45") + word("1"));
  EXPECT_EQ(call("sam(bytes,bool,uint256[])", {"0x64617665", "true", "[1,2,3]"}),
            "a5643bf2" + word("60") + word("1") + word("a0") + word("4") + "64617665" +
                std::string(56, '0') + word("3") + word("1") + word("2") + word("3"));
  EXPECT_EQ(
      call("f(uint256,uint32[],bytes10,bytes)",
           {"0x123", "[0x456,0x789]", "0x31323334353637383930", "0x48656c6c6f2c20776f726c6421"}),
      "8be65246" + word("123") + word("80") + "31323334353637383930" + std::string(44, '0') +
          word("e0") + word("2") + word("456") + word("789") + word("d") +
          "48656c6c6f2c20776f726c6421" + std::string(38, '0'));
}

TEST(Abi, SelectorsAreThoseOfTokens) {
  const std::string to = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
  EXPECT_EQ(call("transfer(address,uint256)", {to, "5"}).substr(0, 8), "a9059cbb");
  EXPECT_EQ(call("transfer(address, uint)", {to, "5"}).substr(0, 8), "a9059cbb");
  EXPECT_EQ(call("balanceOf(address)", {to}).substr(0, 8), "70a08231");
  EXPECT_EQ(call("totalSupply()", {}), "18160ddd");
}

TEST(Abi, IntegersKeepToTheirWidth) {
  EXPECT_EQ(arguments("(uint8)", {"255"}), word("ff"));
  EXPECT_EQ(arguments("(uint8)", {"256"}), "refused: \"256\" is no uint8");
  EXPECT_EQ(arguments("(int8)", {"127"}), word("7f"));
  EXPECT_EQ(arguments("(int8)", {"128"}), "refused: \"128\" is no int8");
  EXPECT_EQ(arguments("(int8)", {"-128"}), std::string(62, 'f') + "80");
  EXPECT_EQ(arguments("(int8)", {"-129"}), "refused: \"-129\" is no int8");
  EXPECT_EQ(arguments("(int256)", {"-1"}), std::string(64, 'f'));
  EXPECT_EQ(arguments("(uint256)", {"-1"}), "refused: \"-1\" is no uint256");
  EXPECT_EQ(
      arguments("(uint256)",
                {"115792089237316195423570985008687907853269984665640564039457584007913129639935"}),
      std::string(64, 'f'));
  EXPECT_TRUE(
      arguments("(uint256)",
                {"115792089237316195423570985008687907853269984665640564039457584007913129639936"})
          .starts_with("refused"));
  EXPECT_TRUE(arguments("(uint7)", {"1"}).starts_with("refused"));
  EXPECT_TRUE(arguments("(uint264)", {"1"}).starts_with("refused"));
}

TEST(Abi, WrongArgumentsAreNamed) {
  EXPECT_EQ(arguments("(address)", {"0x12"}),
            "refused: \"0x12\" is not an address: 0x and 40 hexadecimal digits");
  EXPECT_EQ(arguments("(bool)", {"yes"}), "refused: \"yes\" is no bool (true or false)");
  EXPECT_EQ(arguments("(bytes4)", {"0x010203"}), "refused: \"0x010203\" is no bytes4");
  EXPECT_EQ(arguments("(uint256)", {}), "refused: (uint256) takes 1 argument, 0 given");
  EXPECT_TRUE(arguments("(uint256,)", {"1"}).starts_with("refused"));
  EXPECT_TRUE(arguments("((uint256,bool))", {"1"}).starts_with("refused: type"));
  EXPECT_TRUE(arguments("(uint256[2])", {"[1,2]"}).starts_with("refused: type"));
  EXPECT_TRUE(arguments("uint256", {"1"}).starts_with("refused"));
  EXPECT_TRUE(call("transfer", {}).starts_with("refused: \"transfer\" is no signature"));
  EXPECT_TRUE(arguments("(bytes33)", {"0x00"}).starts_with("refused: type"));
}

TEST(Abi, WhatIsEncodedDecodes) {
  const std::string types = "(address,string,int16,uint256[],bytes3,bool,bytes)";
  const std::vector<std::string> values{"0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
                                        "Wusong 吴淞",
                                        "-300",
                                        "[1,2,340282366920938463463374607431768211456]",
                                        "0x010203",
                                        "true",
                                        "0x"};
  const auto encoded = encode_arguments(types, values);
  ASSERT_TRUE(encoded);
  const auto decoded = decode_values(types, *encoded);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, values);
}

TEST(Abi, HostileAnswersAreRefused) {
  const auto refused = [](const std::string& types, const std::string& data) {
    return !decode_values(types, *codec::from_hex(data));
  };
  EXPECT_TRUE(refused("(uint256)", ""));
  EXPECT_TRUE(refused("(uint256)", std::string(62, '0')));
  EXPECT_TRUE(refused("(string)", std::string(64, 'f')));                   // offset
  EXPECT_TRUE(refused("(string)", word("20") + std::string(64, 'f')));      // length
  EXPECT_TRUE(refused("(string)", word("20") + word("1")));                 // content
  EXPECT_TRUE(refused("(uint256[])", word("20") + word("3") + word("1")));  // elements
}

TEST(Abi, ASignatureMayNameWhatItReturns) {
  EXPECT_EQ(split_signature("f(address)(uint256, bool)").call, "f(address)");
  EXPECT_EQ(split_signature("f(address)(uint256, bool)").returns, "(uint256,bool)");
  EXPECT_EQ(split_signature("f(address)").returns, "");
}

}  // namespace
}  // namespace wusong::apps
