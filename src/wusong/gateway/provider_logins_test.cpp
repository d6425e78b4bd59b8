// SPDX-License-Identifier: Apache-2.0
// Signing in with an account of another site, through the whole gateway.
#include "wusong/gateway/provider_logins.hpp"

#include <gtest/gtest.h>

#include "wusong/hash/hash.hpp"
#include "wusong/testkit/fake_provider.hpp"
#include "wusong/testkit/identity_world.hpp"

namespace wusong::gateway {
namespace {

using testkit::Browser;
using testkit::FakeProvider;

class ProviderLoginTest : public testkit::IdentityWorld {
 protected:
  explicit ProviderLoginTest(const openid::IdentityProvider& settings = FakeProvider::settings())
      : IdentityWorld{{settings}} {
    elsewhere_.answer = [this](const openid::WebRequest& request) { return fake_.answer(request); };
  }
  using Changes = std::map<std::string, std::string>;

  /// The question's parameter in the address that a browser was sent to.
  static std::string asked(const std::string& location, std::string_view name) {
    const auto query = parse_query(location.substr(location.find('?') + 1));
    return query ? std::string{query->get(name)} : std::string{};
  }
  void issue(const std::string& location, const Changes& changed = {}) {
    fake_.token =
        fake_.sign(FakeProvider::claims(now.value / 1000, asked(location, "nonce"), changed));
  }
  std::string start(Browser& browser, const std::string& to = "/cases") {
    const auto sent = visit("/oidc/gov/start", "to=" + percent_encode(to), browser);
    EXPECT_EQ(sent.status, 303u) << sent.body;
    return header(sent, "Location");
  }
  Response come_back(Browser& browser, const std::string& location, const std::string& more = {}) {
    return visit("/oidc/gov/callback", "code=c&state=" + asked(location, "state") + more, browser);
  }
  /// There and back, to the end.
  Response sign_in(Browser& browser, const Changes& changed = {}) {
    const auto location = start(browser);
    issue(location, changed);
    return come_back(browser, location);
  }
  std::string bind(Browser& browser, const Changes& changed = {}) {
    const auto begun = post("/api/v1/me/providers/gov", "{}", browser);
    EXPECT_EQ(begun.status, 200u) << begun.body;
    const auto location = member(begun, "location");
    issue(location, changed);
    return header(come_back(browser, location), "Location");
  }
  std::vector<std::pair<std::string, std::string>> bindings(const Browser& browser) {
    std::vector<std::pair<std::string, std::string>> out;
    const auto answer = codec::JsonDocument::parse(get("/api/v1/me/providers", {}, browser).body);
    if (!answer) return out;
    for (const auto& one : answer->root().find("bindings")->items()) {
      out.emplace_back(one.string_at("id").value_or(""), one.string_at("name").value_or(""));
    }
    return out;
  }
  /// What the page says is wrong.
  static bool shows(const Response& page, std::string_view code) {
    return page.body.find("<code>" + std::string{code} + "</code>") != std::string::npos;
  }

  FakeProvider fake_;
};

TEST_F(ProviderLoginTest, TheProvidersAreListed) {
  const auto list = get("/api/v1/providers");
  EXPECT_EQ(list.body,
            R"({"providers":[{"id":"gov","title":{"zh":"统一身份认证","en":"City sign-in"}}]})");
  EXPECT_EQ(header(list, "Cache-Control"), "no-store");
}

TEST_F(ProviderLoginTest, TheQuestionHoldsStateNonceAndChallenge) {
  Browser browser;
  const auto location = start(browser);
  EXPECT_TRUE(location.starts_with("https://sso.example.cn/authorize?response_type=code&"));
  EXPECT_EQ(asked(location, "client_id"), "data-portal");
  EXPECT_EQ(asked(location, "redirect_uri"), "https://data.example.cn/oidc/gov/callback");
  EXPECT_EQ(asked(location, "code_challenge_method"), "S256");
  EXPECT_EQ(asked(location, "code_challenge").size(), 43u);
  EXPECT_EQ(asked(location, "state").size(), 64u);
  EXPECT_EQ(asked(location, "nonce").size(), 43u);
  EXPECT_TRUE(browser.cookie.starts_with("__Host-wusong_provider=")) << browser.cookie;
  Browser other;
  const auto again = start(other);
  for (const std::string_view name : {"state", "nonce", "code_challenge"}) {
    EXPECT_NE(asked(location, name), asked(again, name)) << name;
  }
  ProviderLogins logins{own_, keys_, entropy_};
  EXPECT_EQ(asked(location, "code_challenge"),
            base64url(hash::sha256(as_bytes(logins.verifier_of(asked(location, "state"))))));
}

TEST_F(ProviderLoginTest, ABoundIdentitySignsItsOwnerIn) {
  auto owner = person("zhang");
  EXPECT_EQ(bind(owner), "/account");
  ASSERT_EQ(bindings(owner).size(), 1u);
  EXPECT_EQ(bindings(owner)[0].second, "李四");
  Browser browser;
  const auto location = start(browser, "/dataset/1?tab=rows");
  issue(location);
  const auto back = come_back(browser, location);
  EXPECT_EQ(back.status, 303u);
  EXPECT_EQ(header(back, "Location"), "/dataset/1?tab=rows");
  EXPECT_TRUE(signed_in(browser));
  EXPECT_EQ(browser.cookie.find("__Host-"), std::string::npos) << "the question's cookie is gone";
}

TEST_F(ProviderLoginTest, AnUnknownIdentityWaitsForAnAccount) {
  Browser browser;
  const auto back = sign_in(browser);
  EXPECT_EQ(header(back, "Location"), "/signin?provider=gov&to=%2Fcases");
  EXPECT_FALSE(signed_in(browser)) << "showing an identity opens nothing";
  const auto list = get("/api/v1/providers", {}, browser);
  EXPECT_NE(list.body.find(R"("waiting":{"provider":"gov")"), std::string::npos) << list.body;
  EXPECT_NE(list.body.find(R"("name":"李四")"), std::string::npos);
  EXPECT_EQ(get("/api/v1/providers").body.find("waiting"), std::string::npos)
      << "in this browser alone";

  person("zhang");
  post("/api/v1/login", R"({"name":"zhang","password":")" + std::string{kPassword} + "\"}",
       browser);
  EXPECT_EQ(post("/api/v1/me/providers", "{}", browser).status, 200u);
  EXPECT_EQ(bindings(browser).size(), 1u);
  EXPECT_EQ(error_code(post("/api/v1/me/providers", "{}", browser)), "sign_in_expired") << "once";
  Browser next;
  sign_in(next);
  EXPECT_TRUE(signed_in(next));
}

TEST_F(ProviderLoginTest, RegisteringWithItStillChecksTheRealName) {
  Browser browser;
  sign_in(browser);
  const auto body = [](const std::string& more) {
    return R"({"provider":true,"name":"wang","password":"correct horse battery","kind":"person")" +
           more + "}";
  };
  EXPECT_EQ(error_code(post("/api/v1/register", body(""), browser)), "bad_identity")
      << "the outside identity is no real name";
  EXPECT_EQ(error_code(post("/api/v1/register",
                            body(R"(,"real_name":{"name":"王五","document":"110105194912310021"})"),
                            browser)),
            "bad_identity");
  const auto made =
      post("/api/v1/register",
           body(R"(,"real_name":{"name":"王五","document":"11010519491231002X"})"), browser);
  ASSERT_EQ(made.status, 200u) << made.body;
  EXPECT_NE(made.body.find(R"("verified_by":"local")"), std::string::npos) << made.body;
  EXPECT_EQ(bindings(browser).size(), 1u);
  Browser next;
  sign_in(next);
  EXPECT_TRUE(signed_in(next));
  Browser nobody;
  EXPECT_EQ(error_code(post("/api/v1/register", body(""), nobody)), "sign_in_expired");
}

class RealNameProviderTest : public ProviderLoginTest {
 protected:
  RealNameProviderTest() : ProviderLoginTest{settings()} {}
  static openid::IdentityProvider settings() {
    auto out = FakeProvider::settings();
    out.real_name = true;
    return out;
  }
  Response registered(const std::string& user) {
    fake_.user = user;
    Browser browser;
    sign_in(browser);
    return post("/api/v1/register",
                R"({"provider":true,"name":"wang","password":"correct horse battery",)"
                R"("kind":"person","real_name":{"name":"别人","document":"anything"}})",
                browser);
  }
};

TEST_F(RealNameProviderTest, OneThatChecksRealNamesVouchesForThem) {
  const auto made =
      registered(R"({"sub":"user-1","name":"王五","id_number":"11010519491231002X"})");
  ASSERT_EQ(made.status, 200u) << made.body;
  EXPECT_NE(made.body.find(R"("verified_by":"oidc:gov")"), std::string::npos) << made.body;
}

TEST_F(RealNameProviderTest, WithoutNameOrWithAWrongNumberNobodyIsRegistered) {
  EXPECT_EQ(error_code(registered(R"({"sub":"user-1","name":"王五"})")), "claims_missing");
  EXPECT_EQ(error_code(registered(R"({"sub":"user-1","name":"王五","id_number":"1"})")),
            "bad_identity");
}

TEST_F(ProviderLoginTest, AnAnswerWorksOnce) {
  auto owner = person("zhang");
  bind(owner);
  Browser browser;
  const auto location = start(browser);
  issue(location);
  const Browser before = browser;
  EXPECT_EQ(come_back(browser, location).status, 303u);
  Browser replay = before;
  const auto again = come_back(replay, location);
  EXPECT_EQ(again.status, 400u);
  EXPECT_TRUE(shows(again, "sign_in_expired")) << again.body;
  EXPECT_FALSE(signed_in(replay));
}

TEST_F(ProviderLoginTest, AnAnswerComesBackToTheBrowserThatAsked) {
  auto owner = person("zhang");
  bind(owner);
  // Somebody hands their own answer to another browser: it would sign that one in as them.
  Browser attacker;
  const auto location = start(attacker);
  issue(location);
  Browser victim;
  EXPECT_TRUE(shows(come_back(victim, location), "sign_in_expired"));
  EXPECT_FALSE(signed_in(victim));
  Browser with_another_question;
  start(with_another_question);
  EXPECT_TRUE(shows(come_back(with_another_question, location), "sign_in_expired"));
  EXPECT_EQ(come_back(attacker, location).status, 303u) << "the attempt did not end the question";
}

TEST_F(ProviderLoginTest, AnAnswerComesInTime) {
  auto owner = person("zhang");
  bind(owner);
  Browser browser;
  const auto location = start(browser);
  now.value += kProviderFlowMs + 1;
  issue(location);
  EXPECT_TRUE(shows(come_back(browser, location), "sign_in_expired"));
}

TEST_F(ProviderLoginTest, StatesThatNobodyGaveAreRefused) {
  Browser browser;
  start(browser);
  for (const std::string& query :
       std::vector<std::string>{"", "code=c", "code=c&state=", "code=c&state=0",
                                "state=" + std::string(64, '0') + "&code=c"}) {
    EXPECT_TRUE(shows(visit("/oidc/gov/callback", query, browser), "sign_in_expired")) << query;
  }
  EXPECT_EQ(visit("/oidc/gov/callback", "code=a&code=b&state=x", browser).status, 400u);
  EXPECT_EQ(visit("/oidc/other/start", "", browser).status, 404u);
  EXPECT_EQ(visit("/oidc/other/callback", "code=c&state=x", browser).status, 404u);
}

TEST_F(ProviderLoginTest, AFaultyTokenSignsNobodyIn) {
  auto owner = person("zhang");
  bind(owner);
  const std::pair<Changes, std::string_view> faults[]{
      {{{"iss", "\"https://evil.example\""}}, "id_token_issuer"},
      {{{"aud", "\"another\""}}, "id_token_audience"},
      {{{"nonce", "\"another\""}}, "id_token_nonce"},
      {{{"exp", "1"}}, "id_token_expired"},
      {{{"at_hash", "\"AAAA\""}}, "id_token_at_hash"}};
  for (const auto& [changed, code] : faults) {
    Browser browser;
    const auto back = sign_in(browser, changed);
    EXPECT_EQ(back.status, 502u);
    EXPECT_TRUE(shows(back, code)) << back.body;
    EXPECT_FALSE(signed_in(browser));
    EXPECT_EQ(back.fault, "openid." + std::string{code}) << "for the operator's log";
  }
}

TEST_F(ProviderLoginTest, AnAnswerInTheNameOfAnotherProviderIsRefused) {
  Browser browser;
  auto location = start(browser);
  issue(location);
  EXPECT_TRUE(
      shows(come_back(browser, location, "&iss=https%3A%2F%2Fevil.example"), "provider_answer"));
  location = start(browser);
  issue(location);
  EXPECT_EQ(come_back(browser, location, "&iss=https%3A%2F%2Fsso.example.cn").status, 303u);
}

TEST_F(ProviderLoginTest, ARefusalAndAProviderThatIsAwayAreSaidAndPasswordsStillWork) {
  person("zhang");
  Browser browser;
  const auto location = start(browser);
  const auto back =
      visit("/oidc/gov/callback",
            "error=access_denied&error_description=%3Cscript%3E&state=" + asked(location, "state"),
            browser);
  EXPECT_TRUE(shows(back, "provider_refused"));
  EXPECT_EQ(back.body.find("<script>"), std::string::npos);
  now.value += openid::kProviderKeptMs;
  elsewhere_.answer = {};
  const auto away = visit("/oidc/gov/start", "", browser);
  EXPECT_EQ(away.status, 502u);
  EXPECT_TRUE(shows(away, "provider_unreachable"));
  EXPECT_NE(away.body.find("sign in with your password"), std::string::npos);
  const auto in = post("/api/v1/login",
                       R"({"name":"zhang","password":")" + std::string{kPassword} + "\"}", browser);
  EXPECT_EQ(in.status, 200u);
}

TEST_F(ProviderLoginTest, OneIdentityOpensOneAccount) {
  auto first = person("zhang");
  bind(first);
  auto second = person("li-si", "110105194912311014");
  const auto begun = post("/api/v1/me/providers/gov", "{}", second);
  const auto location = member(begun, "location");
  issue(location);
  EXPECT_TRUE(shows(come_back(second, location), "identity_bound"));
  EXPECT_TRUE(bindings(second).empty());
  bind(first);
  EXPECT_EQ(bindings(first).size(), 1u) << "again is no second one";
}

TEST_F(ProviderLoginTest, BindingNeedsTheSessionThatBegan) {
  auto owner = person("zhang");
  const auto begun = post("/api/v1/me/providers/gov", "{}", owner);
  const auto location = member(begun, "location");
  issue(location);
  auto other = person("li-si", "110105194912311014");
  // The other one is signed in where the first one began.
  Browser mixed = owner;
  mixed.cookie = owner.cookie.substr(owner.cookie.find("__Host-")) + "; " + other.cookie;
  EXPECT_TRUE(shows(come_back(mixed, location), "sign_in_expired"));
  EXPECT_TRUE(bindings(other).empty());
  Browser without = owner;
  without.csrf.clear();
  EXPECT_EQ(error_code(post("/api/v1/me/providers/gov", "{}", without)), "csrf_missing");
  Browser nobody;
  EXPECT_EQ(error_code(post("/api/v1/me/providers/gov", "{}", nobody)), "login_required");
}

TEST_F(ProviderLoginTest, AnAccountHasTenBindingsAtMost) {
  auto owner = person("zhang");
  for (std::size_t i = 0; i < ProviderBindings::kMost; ++i) {
    const std::string subject = "\"s" + std::to_string(i) + "\"";
    fake_.user = R"({"sub":)" + subject + "}";
    EXPECT_EQ(bind(owner, {{"sub", subject}}), "/account");
  }
  fake_.user = R"({"sub":"more"})";
  const auto begun = post("/api/v1/me/providers/gov", "{}", owner);
  const auto location = member(begun, "location");
  issue(location, {{"sub", "\"more\""}});
  EXPECT_TRUE(shows(come_back(owner, location), "quota"));
  EXPECT_EQ(bindings(owner).size(), ProviderBindings::kMost);
}

TEST_F(ProviderLoginTest, WhatIsUnboundOpensNothingAnyMore) {
  auto owner = person("zhang");
  bind(owner);
  Browser through_it;
  sign_in(through_it);
  EXPECT_TRUE(signed_in(through_it));
  const auto id = bindings(owner)[0].first;
  auto stranger = person("li-si", "110105194912311014");
  EXPECT_EQ(post("/api/v1/me/providers/" + id, "", stranger, "DELETE").status, 404u);
  EXPECT_EQ(post("/api/v1/me/providers/" + id, "", owner, "DELETE").status, 200u);
  EXPECT_TRUE(bindings(owner).empty());
  EXPECT_FALSE(signed_in(through_it)) << "what was opened through it is closed";
  EXPECT_TRUE(signed_in(owner));
  Browser again;
  EXPECT_TRUE(header(sign_in(again), "Location").starts_with("/signin?provider=gov"));
  EXPECT_FALSE(signed_in(again));
}

TEST_F(ProviderLoginTest, ADisabledAccountStaysClosed) {
  auto owner = person("zhang");
  bind(owner);
  Accounts accounts{own_, keys_, entropy_, {}};
  ASSERT_TRUE(accounts.set_disabled((*accounts.by_name("zhang"))->id, true));
  Browser browser;
  EXPECT_EQ(sign_in(browser).status, 403u);
  EXPECT_FALSE(signed_in(browser));
}

TEST_F(ProviderLoginTest, SigningOutSaysWhereToSignOutThereToo) {
  auto owner = person("zhang");
  bind(owner);
  Browser browser;
  sign_in(browser);
  browser.csrf = member(get("/api/v1/me", {}, browser), "csrf");
  const auto out = post("/api/v1/logout", "{}", browser);
  EXPECT_NE(out.body.find("https://sso.example.cn/logout?client_id=data-portal&"
                          "post_logout_redirect_uri=https%3A%2F%2Fdata.example.cn%2F"),
            std::string::npos)
      << out.body;
  EXPECT_FALSE(signed_in(browser));
  EXPECT_EQ(post("/api/v1/logout", "{}", owner).body.find("sso"), std::string::npos)
      << "who came with a password has nothing to end there";
}

TEST_F(ProviderLoginTest, TheWayBackLeadsToPagesOfOursAlone) {
  auto owner = person("zhang");
  bind(owner);
  for (const std::string to : {"https://evil.example/", "//evil.example", "/\\evil.example", "",
                               "/a\r\nSet-Cookie: x", "javascript:alert(1)", "/a b"}) {
    Browser browser;
    const auto location = start(browser, to);
    issue(location);
    EXPECT_EQ(header(come_back(browser, location), "Location"), "/cases") << to;
  }
}

TEST_F(ProviderLoginTest, ALinkOfAnotherSiteBeginsNothing) {
  Request request;
  request.method = "GET";
  request.path = "/oidc/gov/start";
  request.headers.add("sec-fetch-site", "cross-site");
  EXPECT_EQ(error_code(send(std::move(request))), "wrong_origin");
}

TEST_F(ProviderLoginTest, NoSecretOfAFlowStandsInTheDatabase) {
  auto owner = person("zhang");
  Browser browser;
  const auto location = start(browser);
  const auto rows = find_rows(own_, "SELECT state, browser FROM provider_flows");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_EQ(text_of(rows->rows[0][0]), digest_hex(asked(location, "state")));
  EXPECT_EQ(browser.cookie.find(text_of(rows->rows[0][1])), std::string::npos);
  issue(location);
  come_back(browser, location);
  const auto claims = find_rows(own_, "SELECT sealed FROM provider_claims");
  ASSERT_EQ(claims->rows.size(), 1u);
  EXPECT_EQ(text_of(claims->rows[0][0]).find("li@example.cn"), std::string::npos);
}

}  // namespace
}  // namespace wusong::gateway
