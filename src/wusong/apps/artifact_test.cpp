// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/artifact.hpp"

#include <gtest/gtest.h>

namespace wusong::apps {
namespace {

const Bytes kCode{0x60, 0x01, 0x60, 0x02};

Bytes code_of(std::string_view text, const std::string& contract = "") {
  const auto artifact = parse_artifact(text, contract);
  EXPECT_TRUE(artifact) << artifact.error().detail;
  return artifact ? artifact->code : Bytes{};
}
std::string refused(std::string_view text, const std::string& contract = "") {
  const auto artifact = parse_artifact(text, contract);
  return artifact ? "accepted" : artifact.error().detail;
}

TEST(Artifact, HexadecimalTextOrRawBytes) {
  EXPECT_EQ(code_of("0x60016002"), kCode);
  EXPECT_EQ(code_of("6001\n6002\n"), kCode);
  EXPECT_EQ(code_of(std::string_view{"\x60\x01\x60\x02", 4}), kCode);
  EXPECT_EQ(refused(" \n"), "holds no code");
}

TEST(Artifact, HardhatFoundryAndSolc) {
  EXPECT_EQ(code_of(R"({"bytecode":"0x60016002","deployedBytecode":"0x00"})"), kCode);
  EXPECT_EQ(code_of(R"({"bytecode":{"object":"0x60016002","linkReferences":{}}})"), kCode);
  EXPECT_EQ(code_of(R"({"evm":{"bytecode":{"object":"60016002"}}})"), kCode);
  EXPECT_EQ(code_of(R"({"contracts":{"a.sol":{"A":{"evm":{"bytecode":{"object":"60016002"}}}}}})"),
            kCode);
  EXPECT_EQ(code_of(R"({"contracts":{"a.sol:A":{"bin":"60016002"}}})", "A"), kCode);
}

TEST(Artifact, OneOfSeveralIsChosenByName) {
  const std::string two =
      R"({"contracts":{"a.sol":{"A":{"evm":{"bytecode":{"object":"00"}}},)"
      R"("I":{"evm":{"bytecode":{"object":""}}},"Box":{"evm":{"bytecode":{"object":"60016002"}}}}}})";
  EXPECT_EQ(code_of(two, "Box"), kCode);
  EXPECT_EQ(refused(two), "2 contracts; choose one with --contract, as in --contract Box");
  EXPECT_EQ(refused(two, "Bx"), "no contract \"Bx\"; did you mean \"Box\"? There are A, Box");
}

TEST(Artifact, TheOnlyContractMustHaveTheNameAskedFor) {
  const std::string solc =
      R"({"contracts":{"c.sol":{"Counter":{"evm":{"bytecode":{"object":"60016002"}}}}}})";
  const std::string hardhat = R"({"contractName":"Counter","bytecode":"0x60016002"})";
  const std::string foundry =
      R"({"bytecode":{"object":"0x60016002"},)"
      R"("metadata":{"settings":{"compilationTarget":{"src/Counter.sol":"Counter"}}}})";
  for (const std::string& text : {solc, hardhat, foundry}) {
    EXPECT_EQ(code_of(text, "Counter"), kCode);
    EXPECT_EQ(refused(text, "Foo"), "no contract \"Foo\"; the only one is \"Counter\"");
  }
  EXPECT_TRUE(refused("0x60016002", "Foo").starts_with("plain code has no contracts"));
}

TEST(Artifact, WhatNpmsSolcSaysFirstIsPassedOver) {
  EXPECT_EQ(code_of(">>> Cannot retry compilation with SMT because there are no SMT solvers "
                    "available.\n{\"bytecode\":\"0x60016002\"}"),
            kCode);
  EXPECT_EQ(refused(">>>"), "holds no code");
}

TEST(Artifact, SourceAndOtherTextsAreNoCode) {
  EXPECT_EQ(refused("// SPDX-License-Identifier: MIT\npragma solidity ^0.8.20;\ncontract C {}\n"),
            kSolidityMend);
  EXPECT_TRUE(refused("0x6001600g").starts_with("is a text, but neither"));
}

TEST(Artifact, TheAbiNamesTheConstructorsTypes) {
  const auto with = parse_artifact(
      R"({"bytecode":"0x00","abi":[{"type":"constructor","inputs":[{"type":"address"},{"type":"uint256"}]}]})",
      "");
  ASSERT_TRUE(with);
  EXPECT_EQ(with->constructor_types, "(address,uint256)");
  const auto without = parse_artifact(R"({"bytecode":"0x00","abi":[]})", "");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->constructor_types, "()");
}

TEST(Artifact, WhatCannotBeDeployedIsRefused) {
  EXPECT_EQ(refused("{\"bytecode\""), "starts like JSON but is none");
  EXPECT_TRUE(refused("{}").starts_with("no contract with code"));
  EXPECT_TRUE(refused(R"({"bytecode":"0x"})").starts_with("no contract with code"));
  EXPECT_TRUE(refused(R"({"bytecode":"0x60__$aa$__00"})").starts_with("libraries are not linked"));
  EXPECT_EQ(refused(R"({"bytecode":"0x6"})"), "its bytecode is not hexadecimal");
  EXPECT_FALSE(load_artifact("/nowhere.json", ""));
}

}  // namespace
}  // namespace wusong::apps
