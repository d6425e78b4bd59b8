// SPDX-License-Identifier: Apache-2.0
#include "wusong/openid/providers.hpp"

#include <gtest/gtest.h>

#include "wusong/openid/errors.hpp"
#include "wusong/testkit/fake_provider.hpp"

namespace wusong::openid {
namespace {

using testkit::FakeProvider;
using testkit::FakeWeb;

TEST(WebOrigin, IsHttpsOrThisMachine) {
  EXPECT_EQ(web_origin("https://SSO.example.cn/a?b"), "https://sso.example.cn");
  EXPECT_EQ(web_origin("https://sso.example.cn:443/"), "https://sso.example.cn");
  EXPECT_EQ(web_origin("https://sso.example.cn:8443"), "https://sso.example.cn:8443");
  EXPECT_EQ(web_origin("http://127.0.0.1:9000/x"), "http://127.0.0.1:9000");
  EXPECT_EQ(web_origin("http://localhost"), "http://localhost");
  EXPECT_EQ(web_origin("http://[::1]:80/"), "http://[::1]");
  for (const std::string_view bad :
       {"", "ftp://a", "http://sso.example.cn", "http://127.0.0.1.evil.example",
        "http://localhost.cn", "https://", "https:///a", "https://a@b", "https://a\\b",
        "https://a b", "https://a#b", "https://a:", "https://a:x", "https://a:123456",
        "https://[::1", "https://h\xc3\xa9", "//a", "https://a%2eb", "javascript:alert(1)"}) {
    EXPECT_FALSE(web_origin(bad)) << bad;
  }
}

TEST(Provider, SettingsThatCannotWorkAreRefused) {
  EXPECT_TRUE(check_provider(FakeProvider::settings()));
  const auto refused = [](auto change) {
    auto settings = FakeProvider::settings();
    change(settings);
    return !check_provider(settings);
  };
  EXPECT_TRUE(refused([](auto& s) { s.id = "Gov"; }));
  EXPECT_TRUE(refused([](auto& s) { s.id = "a/b"; }));
  EXPECT_TRUE(refused([](auto& s) { s.id = ""; }));
  EXPECT_TRUE(refused([](auto& s) { s.issuer = "http://sso.example.cn"; }));
  EXPECT_TRUE(refused([](auto& s) { s.issuer = "https://sso.example.cn?a"; }));
  EXPECT_TRUE(refused([](auto& s) { s.client_id = ""; }));
  EXPECT_TRUE(refused([](auto& s) { s.label_zh = s.label_en = ""; }));
  EXPECT_TRUE(refused([](auto& s) { s.scope = "profile"; }));
  EXPECT_TRUE(refused([](auto& s) { s.origins = {"https://a/b"}; }));
}

TEST(Provider, ItsDescriptionStaysOnTheNamedOrigins) {
  const FakeProvider fake;
  auto settings = FakeProvider::settings();
  const auto good = parse_metadata(settings, fake.metadata());
  ASSERT_TRUE(good);
  EXPECT_TRUE(good->basic);
  EXPECT_FALSE(good->names_issuer);
  EXPECT_EQ(good->jwks_uri, "https://sso.example.cn/jwks");
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string text = fake.metadata();
    text.replace(text.find(what), what.size(), instead);
    return parse_metadata(settings, text);
  };
  EXPECT_EQ(with("\"issuer\":\"https://sso", "\"issuer\":\"https://sss").error(),
            err::provider_answer);
  for (const std::string_view name : {"authorize", "token", "jwks", "me", "logout"}) {
    const std::string at = "https://sso.example.cn/" + std::string{name} + "\"";
    for (const std::string_view elsewhere :
         {"http://169.254.169.254/latest\"", "https://keys.example.cn/x\"", "file:///etc/passwd\"",
          "http://127.0.0.1:8545/\"", "https://sso.example.cn@evil.example/\""}) {
      EXPECT_EQ(with(at, elsewhere).error(), err::provider_answer) << name << " " << elsewhere;
    }
  }
  settings.origins = {"https://keys.example.cn"};
  EXPECT_TRUE(with("https://sso.example.cn/jwks\"", "https://keys.example.cn/x\"")) << "named";
  EXPECT_EQ(parse_metadata(settings, "").error(), err::provider_answer);
}

TEST(Provider, ItTellsHowClientsProveThemselves) {
  const FakeProvider fake;
  auto settings = FakeProvider::settings();
  const auto methods = [&](const std::string& list) {
    return parse_metadata(settings,
                          fake.metadata(R"(,"token_endpoint_auth_methods_supported":)" + list));
  };
  EXPECT_TRUE(methods(R"(["client_secret_post","client_secret_basic"])")->basic);
  EXPECT_FALSE(methods(R"(["client_secret_post"])")->basic);
  EXPECT_EQ(methods(R"(["private_key_jwt"])").error(), err::provider_answer);
  settings.client_secret.clear();
  EXPECT_TRUE(methods(R"(["none"])"));
}

class ProvidersTest : public testing::Test {
 protected:
  ProvidersTest() {
    web_.answer = [this](const WebRequest& request) { return fake_.answer(request); };
  }
  const IdentityProvider& gov() { return settings_.front(); }
  Providers::Exchange exchange() const {
    return {"a-code", "a-verifier", "a-nonce", "https://data.example.cn/oidc/gov/callback"};
  }
  void issue(const std::map<std::string, std::string>& changed = {}) {
    fake_.token = fake_.sign(FakeProvider::claims(now_.value / 1000, "a-nonce", changed));
  }
  std::size_t asked(std::string_view path) const {
    return static_cast<std::size_t>(
        std::ranges::count(web_.asked, std::string{FakeProvider::kIssuer} + std::string{path}));
  }

  FakeProvider fake_;
  FakeWeb web_;
  io::NoMutex mutex_;
  std::vector<IdentityProvider> settings_{FakeProvider::settings()};
  Providers providers_{settings_, web_, mutex_};
  UnixMillis now_{1'790'000'000'000};
};

TEST_F(ProvidersTest, ACodeBecomesAnIdentity) {
  issue();
  const auto answer = providers_.redeem(gov(), exchange(), now_);
  ASSERT_TRUE(answer) << answer.error().name();
  EXPECT_EQ(answer->token.subject, "user-1");
  EXPECT_EQ(fake_.last_authorization, "Basic ZGF0YS1wb3J0YWw6czNjcmV0");
  EXPECT_EQ(fake_.last_form,
            "grant_type=authorization_code&code=a-code&redirect_uri=https%3A%2F%2Fdata.example.cn%"
            "2Foidc%2Fgov%2Fcallback&code_verifier=a-verifier")
      << "the secret is in the header alone";
  const auto person = providers_.describe(gov(), *answer, now_);
  ASSERT_TRUE(person);
  EXPECT_EQ(person->name, "李四");
  EXPECT_EQ(person->email, "li@example.cn");
  EXPECT_TRUE(person->number.empty());
}

TEST_F(ProvidersTest, DescriptionAndKeysAreKeptForAnHour) {
  for (int i = 0; i < 3; ++i) {
    issue();
    ASSERT_TRUE(providers_.redeem(gov(), exchange(), now_));
  }
  EXPECT_EQ(asked("/.well-known/openid-configuration"), 1u);
  EXPECT_EQ(asked("/jwks"), 1u);
  now_.value += kProviderKeptMs;
  issue();
  ASSERT_TRUE(providers_.redeem(gov(), exchange(), now_));
  EXPECT_EQ(asked("/.well-known/openid-configuration"), 2u);
  EXPECT_EQ(asked("/jwks"), 2u);
}

TEST_F(ProvidersTest, AnUnknownKeyIsLookedForOnceAMinute) {
  issue();
  ASSERT_TRUE(providers_.redeem(gov(), exchange(), now_));
  fake_.change_keys(2);
  issue();
  EXPECT_TRUE(providers_.redeem(gov(), exchange(), now_)) << "found at once";
  EXPECT_EQ(asked("/jwks"), 2u);
  FakeProvider stranger{3};
  fake_.token = stranger.sign(FakeProvider::claims(now_.value / 1000, "a-nonce"));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(providers_.redeem(gov(), exchange(), now_).error(), err::id_token_key);
  }
  EXPECT_EQ(asked("/jwks"), 2u) << "strangers' tokens make nobody ask";
  now_.value += kProviderKeysAgainMs;
  EXPECT_EQ(providers_.redeem(gov(), exchange(), now_).error(), err::id_token_key);
  EXPECT_EQ(asked("/jwks"), 3u);
}

TEST_F(ProvidersTest, ACodeThatIsRefusedAndAFaultyTokenAreToldApart) {
  EXPECT_EQ(providers_.redeem(gov(), exchange(), now_).error(), err::provider_refused);
  issue({{"aud", "\"another\""}});
  EXPECT_EQ(providers_.redeem(gov(), exchange(), now_).error(), err::id_token_audience);
  auto without = exchange();
  without.code.clear();
  EXPECT_EQ(providers_.redeem(gov(), without, now_).error(), err::provider_refused);
}

TEST_F(ProvidersTest, NothingIsAskedElsewhere) {
  for (const std::string_view to :
       {"http://169.254.169.254/", "https://evil.example/jwks", "//evil.example/jwks", "",
        "http://127.0.0.1:8545/", "https://sso.example.cn@evil.example/"}) {
    web_.asked.clear();
    web_.answer = [&](const WebRequest&) { return WebReply{302, std::string{to}, {}}; };
    EXPECT_EQ(providers_.metadata(gov(), now_).error(), err::provider_answer) << to;
    EXPECT_EQ(web_.asked.size(), 1u) << to;
  }
}

TEST_F(ProvidersTest, RedirectsOnTheSameOriginAreFollowedThreeTimes) {
  int left = kProviderRedirectsMost;
  web_.answer = [&](const WebRequest& request) -> Result<WebReply> {
    if (left-- > 0) return WebReply{307, "/next", {}};
    return request.url == "https://sso.example.cn/next" ? FakeProvider::reply(fake_.metadata())
                                                        : WebReply{404, {}, {}};
  };
  EXPECT_TRUE(providers_.metadata(gov(), now_));
  Providers again{settings_, web_, mutex_};
  left = kProviderRedirectsMost + 1;
  EXPECT_EQ(again.metadata(gov(), now_).error(), err::provider_answer);
}

TEST_F(ProvidersTest, ATokenEndpointThatRedirectsIsNotFollowed) {
  web_.answer = [&](const WebRequest& request) -> Result<WebReply> {
    if (request.method == "POST") return WebReply{307, "https://sso.example.cn/token2", {}};
    return fake_.answer(request);
  };
  EXPECT_EQ(providers_.redeem(gov(), exchange(), now_).error(), err::provider_answer);
  EXPECT_EQ(asked("/token2"), 0u);
}

TEST_F(ProvidersTest, OneThatIsAwayRests) {
  web_.answer = {};
  EXPECT_EQ(providers_.metadata(gov(), now_).error(), err::provider_unreachable);
  EXPECT_EQ(providers_.metadata(gov(), now_).error(), err::provider_unreachable);
  EXPECT_EQ(web_.asked.size(), 1u) << "the second one does not wait for it";
  now_.value += kProviderRestMs;
  web_.answer = [this](const WebRequest& request) { return fake_.answer(request); };
  EXPECT_TRUE(providers_.metadata(gov(), now_));
  web_.answer = [](const WebRequest&) { return WebReply{503, {}, {}}; };
  issue();
  EXPECT_EQ(providers_.redeem(gov(), exchange(), now_).error(), err::provider_unreachable);
}

TEST_F(ProvidersTest, TwoQuestionsAtOnceAreTheMost) {
  int depth = 0;
  int refused = 0;
  web_.answer = [&](const WebRequest& request) -> Result<WebReply> {
    // Further requests come while this one waits.
    if (++depth < 4) refused += providers_.metadata(gov(), now_) ? 0 : 1;
    return fake_.answer(request);
  };
  EXPECT_TRUE(providers_.metadata(gov(), now_));
  EXPECT_EQ(depth, 2);
  EXPECT_EQ(refused, 1);
}

TEST_F(ProvidersTest, WhatIsSaidOfAnotherSubjectIsRefused) {
  issue();
  const auto answer = providers_.redeem(gov(), exchange(), now_);
  ASSERT_TRUE(answer);
  fake_.user = R"({"sub":"user-2","name":"王五"})";
  EXPECT_EQ(providers_.describe(gov(), *answer, now_).error(), err::provider_answer);
}

TEST_F(ProvidersTest, LegalNamesComeOnlyFromAProviderThatChecksThem) {
  settings_.front().real_name = true;
  issue();
  fake_.user = R"({"sub":"user-1","name":"李四","id_number":"11010519491231002X"})";
  auto answer = providers_.redeem(gov(), exchange(), now_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(providers_.describe(gov(), *answer, now_)->number, "11010519491231002X");
  settings_.front().real_name = false;
  EXPECT_EQ(providers_.describe(gov(), *answer, now_)->number, "");
}

}  // namespace
}  // namespace wusong::openid
