// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/documents.hpp"

#include <gtest/gtest.h>

#include <set>

#include "wusong/codec/hex.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/test_world.hpp"
#include "wusong/portal/tokens.hpp"

namespace wusong::portal {
namespace {

TEST(Canonical, OneTextForOneValue) {
  EXPECT_EQ(canonicalise(R"( { "b" : 1 , "a" : [ true , null , -7 ] } )").value(),
            R"({"a":[true,null,-7],"b":1})");
  // Members are sorted by code point: U+FFFD before U+10000, though UTF-16 has it otherwise.
  EXPECT_EQ(canonicalise("{\"\xF0\x90\x80\x80\":1,\"\xEF\xBF\xBD\":2}").value(),
            "{\"\xEF\xBF\xBD\":2,\"\xF0\x90\x80\x80\":1}");
  EXPECT_EQ(canonicalise(R"("\u4e2d\/\b\f\u000b\u001F\u007f")").value(),
            "\"\u4e2d/\\b\\f\\u000b\\u001f\x7f\"");
  EXPECT_EQ(codec::to_hex(digest_of("{}")),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

TEST(Canonical, RefusesWhatHasNoOneTextAndNamesThePlace) {
  const struct {
    std::string text, place;
  } kCases[] = {{R"({"a":{"b":[1,1.5]}})", "a.b[1]"},
                {R"({"a":1e3})", "a"},
                {R"({"a":18446744073709551615})", "a"},
                {R"({"a":1,"b":{"c":1,"c":2}})", "b.c"},
                {"{", ""},
                {"{\"a\":\"\xff\"}", ""},
                {R"({"a":"\ud800"})", ""}};
  for (const auto& one : kCases) {
    const auto out = canonicalise(one.text);
    ASSERT_FALSE(out) << one.text;
    EXPECT_EQ(out.error().error, Error{err::bad_document});
    EXPECT_EQ(out.error().place, one.place) << one.text;
  }
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "[";
  for (int i = 0; i < 40; ++i) deep += "]";
  EXPECT_FALSE(canonicalise(deep));
  const std::string large(kDocumentBytesMax, 'x');
  EXPECT_EQ(canonicalise("\"" + large + "\"").error().error, Error{err::document_too_large});
  EXPECT_TRUE(canonicalise("\"" + large.substr(2) + "\""));
}

TEST(Canonical, AcceptsExactlyTheCanonicalText) {
  EXPECT_TRUE(check_canonical(R"({"a":1,"b":[]})"));
  for (const char* text : {R"({"b":[],"a":1})", R"({"a": 1})", R"(["\u0041"])", "-0", " 1"})
    EXPECT_EQ(check_canonical(text).error().error, Error{err::not_canonical}) << text;
}

// @row 5
TEST(Document, AnEntryHoldsTheNineFieldsOfTheLaw) {
  const auto pack = internal::published_pack();
  if (!pack) GTEST_SKIP() << "no rule pack";
  const internal::TestWorld world{*pack};
  const std::string whole = world.entry_json("公交", "Buses");
  ASSERT_TRUE(make_document("entry", whole, {}));
  const auto json = codec::JsonDocument::parse(whole);
  const std::set<std::string_view> optional{"topics", "keywords"};
  for (const auto& [left_out, ignored] : json->root().members()) {
    codec::JsonWriter out;
    out.open_object();
    for (const auto& [name, value] : json->root().members())
      if (name != left_out) out.key(name).raw(value.to_json());
    out.close_object();
    const auto made = make_document("entry", out.text(), {});
    EXPECT_EQ(made.has_value(), optional.contains(left_out)) << left_out;
    if (!made) {
      EXPECT_EQ(made.error().place, left_out);
    }
  }
}

TEST(Document, OnlyWhatIsNotPublicCarriesASalt) {
  std::array<std::uint8_t, 16> salt{};
  salt[15] = 0xab;
  const auto opinion = make_document("opinion", R"({"reasons":{"zh":"同意"}})", salt);
  ASSERT_TRUE(opinion);
  EXPECT_EQ(
      opinion->text,
      R"({"kind":"opinion","reasons":{"zh":"同意"},"salt":"000000000000000000000000000000ab"})");
  EXPECT_EQ(opinion->digest, digest_of(opinion->text));
  const auto basis = make_document("basis", R"({"citation":"x","text":{"en":"y"}})", salt);
  ASSERT_TRUE(basis);
  EXPECT_EQ(basis->text.find("salt"), std::string::npos);
  EXPECT_EQ(check_document(R"({"kind":"opinion","reasons":{"zh":"同意"}})").error().place, "salt");
  EXPECT_EQ(check_document(R"({"citation":"x","kind":"basis","salt":"00","text":{"en":"y"}})")
                .error()
                .place,
            "salt");
  // A form cannot smuggle in a kind or a salt of its own.
  EXPECT_EQ(make_document("opinion", R"({"kind":"entry","salt":"1","reasons":{"zh":"同意"}})", salt)
                ->text,
            opinion->text);
}

TEST(Document, FaultsNameTheMemberAndTheMendInBothLanguages) {
  const struct {
    std::string_view kind, json, place;
  } kCases[] = {
      {"opinion", R"({"reasons":{}})", "reasons"},
      {"opinion", R"({"reasons":{"zh":""}})", "reasons.zh"},
      {"opinion", R"({"reasons":{"fr":"oui"}})", "reasons.fr"},
      {"opinion", R"({"reasons":"yes"})", "reasons"},
      {"opinion", R"({"reasons":{"zh":"好"},"more":1})", "more"},
      {"opinion", R"({"reasons":{"zh":"好"},"extra":1})", "extra"},
      {"opinion", R"({"reasons":{"zh":"好"},"attachments":[{"name":"a","size":1}]})",
       "attachments[0].digest"},
      {"grant", R"({"from":"2024-02-30","until":"2025-01-01","mode":"api"})", "from"},
      {"grant", R"({"from":"2024-02-01","until":"2025-01-01","mode":"post"})", "mode"},
      {"support", R"({"title":{"zh":"a"},"description":{"zh":"b"},"amount":"1.2.3"})", "amount"},
      {"plan", R"({"title":{"zh":"a"},"year":-1})", "year"},
      {"nothing", "{}", "kind"},
  };
  for (const auto& one : kCases) {
    const auto made = make_document(one.kind, one.json, {});
    ASSERT_FALSE(made) << one.json;
    EXPECT_EQ(made.error().place, one.place) << one.json;
    EXPECT_FALSE(made.error().mend.zh.empty() || made.error().mend.en.empty());
  }
}

TEST(DocumentKinds, EveryFieldHasBothLanguagesAndEveryKindAnArticle) {
  const auto check = [](const auto& self, std::span<const Field> fields) -> void {
    for (const Field& field : fields) {
      EXPECT_FALSE(field.title.zh.empty() || field.title.en.empty()) << field.name;
      EXPECT_EQ(field.type == FieldType::word, !field.words.empty()) << field.name;
      EXPECT_EQ(field.type == FieldType::records, !field.fields.empty()) << field.name;
      self(self, field.fields);
    }
  };
  for (const DocumentKind& kind : document_kinds()) {
    EXPECT_FALSE(kind.article.empty());
    EXPECT_EQ(document_kind(kind.name), &kind);
    check(check, kind.fields);
  }
  EXPECT_EQ(document_kind("zzz"), nullptr);
}

TEST(Tokens, ChineseIsCharactersAndPairsLatinIsLowerCaseWords) {
  EXPECT_EQ(tokens_of("公交线路"),
            (std::vector<std::string>{"公", "交", "公交", "线", "交线", "路", "线路"}));
  EXPECT_EQ(tokens_of("Bus-LINE 42"), (std::vector<std::string>{"bus", "line", "42"}));
  EXPECT_EQ(tokens_of("ＡＢＣ１２３"), (std::vector<std::string>{"abc123"}));
  EXPECT_EQ(tokens_of("Café Ñandú"), (std::vector<std::string>{"cafe", "nandu"}));
  EXPECT_EQ(tokens_of("2023年GDP"), (std::vector<std::string>{"2023", "年", "gdp"}));
  EXPECT_TRUE(tokens_of("、。!\"' OR*").size() == 1);
  EXPECT_TRUE(tokens_of("\xff\xfe\xc0\x80").empty());
}

TEST(Tokens, AQueryOfAPhrasesMiddleMatchesTheIndex) {
  const std::string index = " " + index_text("深圳市公共数据开放平台") + " ";
  for (const char* query : {"公共数据", "数据", "数", "市公共"})
    for (const std::string& token : query_tokens_of(query))
      EXPECT_NE(index.find(" " + token + " "), std::string::npos) << query;
  EXPECT_EQ(query_tokens_of("公共数据"), (std::vector<std::string>{"公共", "共数", "数据"}));
  EXPECT_EQ(query_tokens_of("数"), (std::vector<std::string>{"数"}));
  EXPECT_EQ(query_tokens_of("数据 数据"), (std::vector<std::string>{"数据"}));
}

TEST(Tokens, LongInputIsCut) {
  EXPECT_EQ(tokens_of(std::string(10'000, 'a')).front().size(), kTokenBytesMax - 3);
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "w" + std::to_string(i) + " ";
  EXPECT_EQ(tokens_of(many).size(), kIndexTokensMax);
  EXPECT_EQ(query_tokens_of(many).size(), kQueryTokensMax);
}

}  // namespace
}  // namespace wusong::portal
