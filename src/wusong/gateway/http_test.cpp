// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/http.hpp"

#include <gtest/gtest.h>

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/limits.hpp"
#include "wusong/gateway/tokens.hpp"

namespace wusong::gateway {
namespace {

TEST(Http, PathsAreDecodedOnceAndNeverClimb) {
  EXPECT_EQ(split_target("/dataset/%E6%95%B0?q=1%2F2")->first, "/dataset/数");
  EXPECT_EQ(split_target("/a?b?c")->second, "b?c");
  for (const std::string_view bad :
       {"", "x", "/..", "/a/../b", "/%2e%2e/etc", "/a/%2E", "/a%00", "/a%0d%0aSet-Cookie:x", "/%",
        "/%4", "/%zz", "/a\\b", "/%5c..", "/%ff"}) {
    EXPECT_FALSE(split_target(bad).has_value()) << bad;
  }
  // Decoded once: what is left of a double escape is a name like any other.
  EXPECT_EQ(split_target("/%252e%252e/x")->first, "/%2e%2e/x");
}

TEST(Http, QueriesKeepOrderAndRepetition) {
  const auto query = parse_query("a=1&b=%E4%B8%AD+x&a=2&&c");
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->get("a"), "1");
  EXPECT_EQ(query->all("a"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(query->get("b"), "中 x");
  EXPECT_TRUE(query->has("c"));
  EXPECT_EQ(query->get("missing"), "");
  EXPECT_FALSE(parse_query("a=%").has_value());
  EXPECT_FALSE(parse_query("a=%ff").has_value());
  EXPECT_FALSE(parse_query("a=%00").has_value());
  std::string many;
  for (int i = 0; i < 300; ++i) many += "a=1&";
  EXPECT_FALSE(parse_query(many).has_value());
}

TEST(Http, CookiesSkipWhatIsMalformed) {
  const auto cookies = parse_cookies("a=1; b=\"two\";; =x; novalue; c = 3 ");
  EXPECT_EQ(cookies.get("a"), "1");
  EXPECT_EQ(cookies.get("b"), "two");
  EXPECT_EQ(cookies.get("c"), "3");
  EXPECT_EQ(cookies.pairs().size(), 3u);
}

TEST(Http, MultipartPartsAreExactBytes) {
  const std::string body =
      "--X\r\nContent-Disposition: form-data; name=\"package_id\"\r\n\r\nabc\r\n"
      "--X\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"a\\\"b.csv\"\r\n"
      "Content-Type: text/csv\r\n\r\n1,2\r\n--Xnot\r\n--X--\r\n";
  const auto parts = parse_multipart("multipart/form-data; boundary=X", body);
  // "--Xnot" inside a part ends it there: a boundary that content repeats is the sender's fault.
  EXPECT_FALSE(parts.has_value());
  const std::string good =
      "--X\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"a\\\"b.csv\"\r\n"
      "Content-Type: text/csv\r\n\r\n1,2\r\n\r\n--X--\r\n";
  const auto one = parse_multipart("multipart/form-data; boundary=\"X\"", good);
  ASSERT_TRUE(one.has_value());
  ASSERT_EQ(one->size(), 1u);
  EXPECT_EQ(one->front().file_name, "a\"b.csv");
  EXPECT_EQ(one->front().content, "1,2\r\n");
  EXPECT_EQ(one->front().content_type, "text/csv");
  EXPECT_FALSE(parse_multipart("text/plain", good).has_value());
  EXPECT_FALSE(parse_multipart("multipart/form-data", good).has_value());
  EXPECT_FALSE(parse_multipart("multipart/form-data; boundary=Y", good).has_value());
}

TEST(Http, RangesLieInsideTheFile) {
  EXPECT_FALSE(parse_range("", 10)->has_value());
  EXPECT_EQ((*parse_range("bytes=0-3", 10))->size, 4u);
  EXPECT_EQ((*parse_range("bytes=4-", 10))->offset, 4u);
  EXPECT_EQ((*parse_range("bytes=-3", 10))->offset, 7u);
  EXPECT_EQ((*parse_range("bytes=-30", 10))->size, 10u);
  EXPECT_EQ((*parse_range("bytes=9-100", 10))->size, 1u);
  EXPECT_EQ(parse_range("bytes=10-", 10).error(), Error{err::bad_range});
  EXPECT_EQ(parse_range("bytes=-0", 10).error(), Error{err::bad_range});
  EXPECT_FALSE(parse_range("bytes=0-1,4-5", 10)->has_value());
  EXPECT_FALSE(parse_range("bytes=5-4", 10)->has_value());
  EXPECT_FALSE(parse_range("lines=0-1", 10)->has_value());
}

TEST(Http, TheWeightiestLanguageIsTaken) {
  EXPECT_EQ(accepted_language(""), Language::zh);
  EXPECT_EQ(accepted_language("en-US,en;q=0.9"), Language::en);
  EXPECT_EQ(accepted_language("en;q=0.5,zh-CN;q=0.8"), Language::zh);
  EXPECT_EQ(accepted_language("fr,en;q=0.1"), Language::en);
  EXPECT_EQ(accepted_language("de"), Language::zh);
  EXPECT_EQ(accepted_language("en;q=0"), Language::zh);
}

TEST(Http, NothingOfATextClosesAnElement) {
  EXPECT_EQ(html("<script>\"x\" & 'y'`</script>"),
            "&lt;script&gt;&quot;x&quot; &amp; &#39;y&#39;&#96;&lt;/script&gt;");
  EXPECT_EQ(html(std::string{"a\0b", 3}), "ab");
}

TEST(Http, HeadersNeverHoldLineBreaks) {
  Response response;
  response.header("X", "a\r\nSet-Cookie: b");
  EXPECT_EQ(response.headers.front().second, "aSet-Cookie: b");
  const auto disposition = content_disposition("数\r\n\"x\".csv");
  EXPECT_EQ(disposition.find('\r'), std::string::npos);
  EXPECT_NE(disposition.find("filename*=UTF-8''%E6%95%B0"), std::string::npos);
}

TEST(Http, EntityTagsCompareWeakly) {
  EXPECT_TRUE(matches_etag("\"a\", W/\"b\"", "\"b\""));
  EXPECT_TRUE(matches_etag("*", "\"b\""));
  EXPECT_FALSE(matches_etag("", "\"b\""));
  EXPECT_FALSE(matches_etag("\"a\"", "\"b\""));
}

TEST(Http, TimesAreWrittenInUtc) {
  EXPECT_EQ(iso_time(UnixMillis{1'769'846'950'000}), "2026-01-31T08:09:10Z");
  EXPECT_EQ(iso_date(UnixMillis{0}), "1970-01-01");
}

TEST(Tokens, Base64UrlIsItsOwnInverse) {
  for (std::size_t size = 0; size < 20; ++size) {
    const Bytes bytes(size, 0xfb);
    EXPECT_EQ(from_base64url(base64url(bytes)), bytes);
  }
  EXPECT_EQ(base64url(as_bytes("\xfb\xff")), "-_8");
  EXPECT_EQ(from_base64("dXNlcjpwYXNz"), to_bytes(as_bytes("user:pass")));
  EXPECT_FALSE(from_base64url("a").has_value());
  EXPECT_FALSE(from_base64url("a+b/").has_value());
}

// @source RFC 4231, test cases 2 and 6
TEST(Tokens, HmacIsAsRfc4231Shows) {
  EXPECT_EQ(base64url(hmac_sha256(as_bytes("Jefe"), "what do ya want for nothing?")),
            base64url(*from_base64url("W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM")));
  const Bytes key(131, 0xaa);
  EXPECT_EQ(hmac_sha256(key, "Test Using Larger Than Block-Size Key - Hash Key First").bytes[0],
            0x60);
}

TEST(Limits, AnIpv6NetworkIsOneCaller) {
  EXPECT_EQ(network_of("203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(network_of("2001:db8:1:2::6"), "2001:db8:1:2::/64");
  EXPECT_EQ(network_of("2001:db8::1"), "2001:db8:0:0::/64");
  EXPECT_EQ(network_of("2001:db8::1:2:3:4:5"), "2001:db8:0:1::/64");
  EXPECT_EQ(network_of("::1"), "0:0:0:0::/64");
  EXPECT_EQ(network_of("1::"), "1:0:0:0::/64");
  EXPECT_EQ(network_of("1:2:3::"), "1:2:3:0::/64");
}

TEST(Limits, ChangingTheRestOfAnAddressGainsNothing) {
  io::NoMutex mutex;
  Limiter limiter{mutex};
  std::uint64_t wait = 0;
  for (int i = 0; i < 11; ++i) {
    wait = limiter.take("2001:db8::" + std::to_string(i + 1), RateClass::login, UnixMillis{1000});
  }
  EXPECT_GT(wait, 0u);
  EXPECT_EQ(limiter.take("2001:db8:0:1::1", RateClass::login, UnixMillis{1000}), 0u);
}

}  // namespace
}  // namespace wusong::gateway
