// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/json.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/errors.hpp"

namespace wusong::codec {
namespace {

TEST(Json, ValuesHaveTheirKinds) {
  const auto document =
      JsonDocument::parse(R"({"s":"a\u00e9\n","n":18446744073709551615,"i":-3,"d":1.5,"b":true,)"
                          R"("z":null,"a":[1,[2]],"o":{"k":"v"}})");
  ASSERT_TRUE(document);
  const JsonValue root = document->root();
  EXPECT_EQ(root.size(), 8u);
  EXPECT_EQ(root.string_at("s"), "a\xc3\xa9\n");
  EXPECT_EQ(root.at("n")->u64(), ~0ull);
  EXPECT_EQ(root.at("i")->i64(), -3);
  EXPECT_EQ(root.at("d")->number(), 1.5);
  EXPECT_EQ(root.at("b")->boolean(), true);
  EXPECT_TRUE(root.at("z")->is_null());
  EXPECT_EQ(root.at("a")->items().size(), 2u);
  EXPECT_EQ(root.at("a")->items()[1].items()[0].u64(), 2u);
  EXPECT_EQ(root.at("o")->members()[0].first, "k");
  EXPECT_EQ(root.find("none"), std::nullopt);
}

TEST(Json, TheWrongKindIsAnErrorAndNotAGuess) {
  const auto document = JsonDocument::parse(R"({"s":"1","n":1,"i":-1})");
  ASSERT_TRUE(document);
  const JsonValue root = document->root();
  EXPECT_EQ(root.at("s")->u64().error(), Error{err::json_wrong_type});
  EXPECT_EQ(root.at("n")->string().error(), Error{err::json_wrong_type});
  EXPECT_EQ(root.at("i")->u64().error(), Error{err::json_wrong_type});
  EXPECT_EQ(root.at("n")->boolean().error(), Error{err::json_wrong_type});
  EXPECT_EQ(root.at("x").error(), Error{err::json_missing_member});
  EXPECT_TRUE(root.at("s")->items().empty());
  EXPECT_TRUE(JsonValue{}.is_null());
}

TEST(Json, WhatIsNoJsonIsRefused) {
  for (const char* text : {"", " ", "{", "[1,]", "{\"a\":}", "01", "nul", "\"\\x\"", "\"\xff\"",
                           "[1] [2]", "{\"a\":1,}", "'a'", "\"a"}) {
    EXPECT_EQ(JsonDocument::parse(text).error(), Error{err::bad_json}) << text;
  }
}

TEST(Json, DepthHasALimit) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(JsonDocument::parse(nested(200)));
  EXPECT_EQ(JsonDocument::parse(nested(300)).error(), Error{err::bad_json});
  EXPECT_FALSE(JsonDocument::parse(nested(100'000)));
}

TEST(JsonWriter, CommasStandBetweenThings) {
  JsonWriter out;
  out.open_object().key("a").open_array().number(std::uint64_t{1}).open_array().close_array();
  out.boolean(false).null().close_array().key("b").string("x").key("c").raw("{}");
  out.key("d").quantity(255).key("e").data(Bytes{0, 1}).key("f").number(std::int64_t{-1});
  out.close_object();
  EXPECT_EQ(out.text(), R"({"a":[1,[],false,null],"b":"x","c":{},"d":"0xff","e":"0x0001","f":-1})");
}

TEST(JsonWriter, EveryCharacterSurvives) {
  std::string text;
  for (int c = 0; c < 128; ++c) text.push_back(static_cast<char>(c));
  text += "\xe5\x90\xb4\xe6\xb7\x9e";  // two Chinese characters
  JsonWriter out;
  out.string(text);
  const auto document = JsonDocument::parse(out.text());
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().string(), text);
}

TEST(Json, WritingAgainKeepsTheMeaning) {
  const std::string text = R"({"a":[1,-2,true,null,"x\"y"],"b":{"c":[]}})";
  const auto document = JsonDocument::parse(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().to_json(), text);
}

TEST(Json, ADocumentMayMove) {
  auto first = JsonDocument::parse(R"(["long enough not to be kept in place, to be sure"])");
  ASSERT_TRUE(first);
  const JsonValue value = first->root().items()[0];
  const JsonDocument moved = std::move(*first);
  EXPECT_TRUE(value.string()->starts_with("long"));
  EXPECT_TRUE(moved.root().is_array());
}

}  // namespace
}  // namespace wusong::codec
