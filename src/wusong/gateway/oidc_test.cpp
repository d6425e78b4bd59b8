// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/oidc.hpp"

#include <gtest/gtest.h>

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/oidc_keys.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/openid/jose.hpp"
#include "wusong/testkit/identity_world.hpp"

namespace wusong::gateway {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kBack = "https://app.example/cb?a=1";
/// @source RFC 7636, appendix B
constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr std::string_view kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

class OidcTest : public testkit::IdentityWorld {
 protected:
  OidcTest() {
    confidential_ =
        *register_oidc_client(own_, entropy_, {"", "", "<应用>", {std::string{kBack}}}, true);
    public_ = *register_oidc_client(own_, entropy_, {"", "", "Tool", {"http://127.0.0.1:4711/cb"}},
                                    false);
  }

  Pairs asked(const OidcClient& client, const Pairs& changed = {}) {
    Pairs out{{"response_type", "code"},
              {"client_id", client.id},
              {"redirect_uri", client.redirect_uris.front()},
              {"scope", "openid profile offline_access unheard_of"},
              {"state", "st&te"},
              {"nonce", "n0nce"},
              {"code_challenge", std::string{kChallenge}},
              {"code_challenge_method", "S256"}};
    for (const auto& [name, value] : changed) {
      std::erase_if(out, [&](const auto& pair) { return pair.first == name; });
      if (!value.empty()) out.emplace_back(name, value);
    }
    return out;
  }
  static std::string query(const Pairs& pairs) {
    std::string out;
    for (const auto& [name, value] : pairs) {
      if (!out.empty()) out += '&';
      out += percent_encode(name) + "=" + percent_encode(value);
    }
    return out;
  }
  Response authorize(const Pairs& pairs, const testkit::Browser& browser) {
    return get("/oauth2/authorize", query(pairs), browser);
  }
  Response consent(const Pairs& pairs, testkit::Browser& browser,
                   const std::string& decision = "allow") {
    return form("/oauth2/consent",
                {{"request", query(pairs)}, {"csrf", browser.csrf}, {"decision", decision}},
                browser);
  }
  /// A code that the person has just agreed to.
  std::string code(const OidcClient& client, testkit::Browser& browser, const Pairs& changed = {}) {
    const auto response = consent(asked(client, changed), browser);
    EXPECT_EQ(response.status, 303u) << response.body;
    return parameter(response, "code");
  }
  Pairs exchange(const OidcClient& client, const std::string& code_text) {
    Pairs out{{"grant_type", "authorization_code"},
              {"code", code_text},
              {"redirect_uri", client.redirect_uris.front()},
              {"code_verifier", std::string{kVerifier}},
              {"client_id", client.id}};
    if (!client.secret.empty()) out.emplace_back("client_secret", client.secret);
    return out;
  }
  Response refresh(const OidcClient& client, const std::string& token, const Pairs& more = {}) {
    Pairs out{{"grant_type", "refresh_token"}, {"refresh_token", token}, {"client_id", client.id}};
    if (!client.secret.empty()) out.emplace_back("client_secret", client.secret);
    out.insert(out.end(), more.begin(), more.end());
    return form("/oauth2/token", out);
  }
  Response userinfo(const std::string& token) {
    Request request;
    request.method = "GET";
    request.path = "/oauth2/userinfo";
    request.headers.add("authorization", "Bearer " + token);
    return send(std::move(request));
  }
  static std::string basic(const OidcClient& client, const std::string& secret) {
    std::string text = base64url(as_bytes(client.id + ":" + secret));
    for (auto& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    return "Basic " + text;
  }

  OidcClient confidential_;
  OidcClient public_;
};

// @row 16
TEST_F(OidcTest, TheCodeFlowGivesAnIdentityThatTheClientCanCheck) {
  auto browser = person("zhang");
  const auto page = authorize(asked(confidential_), browser);
  ASSERT_EQ(page.status, 200u);
  EXPECT_NE(page.body.find("&lt;应用&gt;"), std::string::npos);  // the name is text
  EXPECT_NE(page.body.find("zhang"), std::string::npos);
  EXPECT_NE(header(page, "Content-Security-Policy").find("form-action 'self' https://app.example;"),
            std::string::npos);
  const auto back = consent(asked(confidential_), browser);
  ASSERT_EQ(back.status, 303u);
  EXPECT_TRUE(header(back, "Location").starts_with("https://app.example/cb?a=1&code="));
  EXPECT_EQ(parameter(back, "state"), "st&te");
  EXPECT_EQ(parameter(back, "iss"), "https://data.example.cn");

  const auto tokens = form("/oauth2/token", exchange(confidential_, parameter(back, "code")));
  ASSERT_EQ(tokens.status, 200u) << tokens.body;
  EXPECT_EQ(header(tokens, "Cache-Control"), "no-store");
  EXPECT_EQ(member(tokens, "scope"), "openid profile offline_access");
  OidcKeys keys{own_, keys_, entropy_};
  const auto claims = openid::verify_jwt(member(tokens, "id_token"), *keys.published());
  ASSERT_TRUE(claims);
  const auto root = claims->root();
  EXPECT_EQ(*root.string_at("iss"), "https://data.example.cn");
  EXPECT_EQ(*root.string_at("aud"), confidential_.id);
  EXPECT_EQ(*root.string_at("nonce"), "n0nce");
  EXPECT_EQ(*root.at("auth_time")->u64(), now.value / 1000);
  EXPECT_EQ(*root.at("exp")->u64(), now.value / 1000 + 600);
  EXPECT_EQ(*root.string_at("at_hash"),
            base64url(hash::sha256(as_bytes(member(tokens, "access_token"))).view().first(16)));

  const auto info = userinfo(member(tokens, "access_token"));
  EXPECT_EQ(member(info, "sub"), *root.string_at("sub"));
  EXPECT_EQ(member(info, "preferred_username"), "zhang");
  EXPECT_EQ(info.body.find("email"), std::string::npos);  // not agreed to
}

TEST_F(OidcTest, ClaimsFollowWhatWasAgreedTo) {
  auto browser = person("zhang");
  const auto tokens = form(
      "/oauth2/token",
      exchange(confidential_, code(confidential_, browser, {{"scope", "openid email portal"}})));
  const auto info = userinfo(member(tokens, "access_token"));
  EXPECT_EQ(member(info, "email"), "zhang@example.cn");
  EXPECT_EQ(member(info, "name"), "");
  EXPECT_NE(info.body.find("\"verified_by\":\"local\""), std::string::npos);
  EXPECT_NE(info.body.find("\"address\":\"0x"), std::string::npos);
  EXPECT_EQ(member(tokens, "refresh_token"), "");
}

TEST_F(OidcTest, ACodeWorksOnceForAMinuteAndARepeatRevokesItsTokens) {
  auto browser = person("zhang");
  const std::string first = code(confidential_, browser);
  const auto tokens = form("/oauth2/token", exchange(confidential_, first));
  ASSERT_EQ(tokens.status, 200u);
  ASSERT_EQ(userinfo(member(tokens, "access_token")).status, 200u);
  const auto again = form("/oauth2/token", exchange(confidential_, first));
  EXPECT_EQ(again.status, 400u);
  EXPECT_EQ(member(again, "error"), "invalid_grant");
  EXPECT_EQ(userinfo(member(tokens, "access_token")).status, 401u);
  EXPECT_EQ(refresh(confidential_, member(tokens, "refresh_token")).status, 400u);

  const std::string late = code(confidential_, browser);
  now.value += kOidcCodeMs + 1;
  EXPECT_EQ(member(form("/oauth2/token", exchange(confidential_, late)), "error"), "invalid_grant");
}

TEST_F(OidcTest, ACodeIsBoundToItsClientAddressAndVerifier) {
  auto browser = person("zhang");
  const auto with = [&](std::string_view name, const std::string& value) {
    auto pairs = exchange(confidential_, code(confidential_, browser));
    for (auto& [key, old] : pairs) {
      if (key == name) old = value;
    }
    return member(form("/oauth2/token", pairs), "error");
  };
  EXPECT_EQ(with("code_verifier", std::string(43, 'a')), "invalid_grant");
  EXPECT_EQ(with("code_verifier", std::string{kVerifier.substr(1)}), "invalid_grant");
  EXPECT_EQ(with("redirect_uri", "https://app.example/cb"), "invalid_grant");
  EXPECT_EQ(with("code", std::string(64, '0')), "invalid_grant");
  EXPECT_EQ(with("grant_type", "password"), "unsupported_grant_type");
  EXPECT_EQ(with("client_secret", std::string(64, '0')), "invalid_client");
  auto stolen = exchange(public_, code(confidential_, browser));
  EXPECT_EQ(member(form("/oauth2/token", stolen), "error"), "invalid_grant");
  auto missing = exchange(confidential_, code(confidential_, browser));
  std::erase_if(missing, [](const auto& pair) { return pair.first == "code_verifier"; });
  EXPECT_EQ(member(form("/oauth2/token", missing), "error"), "invalid_request");
}

TEST_F(OidcTest, ClientsProveThemselvesInOneWay) {
  auto browser = person("zhang");
  testkit::Browser program;
  auto pairs = exchange(confidential_, code(confidential_, browser));
  std::erase_if(pairs, [](const auto& pair) {
    return pair.first == "client_id" || pair.first == "client_secret";
  });
  const auto wrong =
      form("/oauth2/token", pairs, program, basic(confidential_, std::string(64, '0')));
  EXPECT_EQ(wrong.status, 401u);
  EXPECT_TRUE(header(wrong, "WWW-Authenticate").starts_with("Basic"));
  EXPECT_EQ(
      form("/oauth2/token", pairs, program, basic(confidential_, confidential_.secret)).status,
      200u);
  // A public client has no secret to show, and a confidential one must show its own.
  auto open = exchange(public_, code(public_, browser));
  open.emplace_back("client_secret", "guess");
  EXPECT_EQ(form("/oauth2/token", open).status, 401u);
  EXPECT_EQ(form("/oauth2/token", exchange(public_, code(public_, browser))).status, 200u);
  auto bare = exchange(confidential_, code(confidential_, browser));
  std::erase_if(bare, [](const auto& pair) { return pair.first == "client_secret"; });
  EXPECT_EQ(form("/oauth2/token", bare).status, 401u);
  // Both ways at once.
  EXPECT_EQ(member(form("/oauth2/token", exchange(confidential_, code(confidential_, browser)),
                        program, basic(confidential_, confidential_.secret)),
                   "error"),
            "invalid_request");
}

TEST_F(OidcTest, ARefreshTokenIsReplacedEachTimeAndARepeatEndsTheFamily) {
  auto browser = person("zhang");
  const auto tokens = form("/oauth2/token", exchange(public_, code(public_, browser)));
  const auto old = member(tokens, "refresh_token");
  const auto second = refresh(public_, old);
  ASSERT_EQ(second.status, 200u) << second.body;
  EXPECT_NE(member(second, "refresh_token"), old);
  EXPECT_EQ(refresh(confidential_, member(second, "refresh_token")).status, 400u);  // not theirs
  EXPECT_EQ(member(refresh(public_, old), "error"), "invalid_grant");
  EXPECT_EQ(refresh(public_, member(second, "refresh_token")).status, 400u);
  EXPECT_EQ(userinfo(member(second, "access_token")).status, 401u);

  const auto fresh = form("/oauth2/token", exchange(public_, code(public_, browser)));
  EXPECT_EQ(member(refresh(public_, member(fresh, "refresh_token"), {{"scope", "openid email"}}),
                   "error"),
            "invalid_scope");
  const auto aged = form("/oauth2/token", exchange(public_, code(public_, browser)));
  now.value += kOidcRefreshMs + 1;
  EXPECT_EQ(refresh(public_, member(aged, "refresh_token")).status, 400u);
}

TEST_F(OidcTest, RevokingEndsWhatWasGiven) {
  auto browser = person("zhang");
  const auto tokens = form("/oauth2/token", exchange(public_, code(public_, browser)));
  const Pairs other{{"token", member(tokens, "refresh_token")},
                    {"client_id", confidential_.id},
                    {"client_secret", confidential_.secret}};
  EXPECT_EQ(form("/oauth2/revoke", other).status, 200u);
  EXPECT_EQ(userinfo(member(tokens, "access_token")).status, 200u);  // another's: left alone
  EXPECT_EQ(form("/oauth2/revoke",
                 {{"token", member(tokens, "refresh_token")}, {"client_id", public_.id}})
                .status,
            200u);
  EXPECT_EQ(userinfo(member(tokens, "access_token")).status, 401u);
  EXPECT_EQ(form("/oauth2/revoke", {{"token", "unknown"}, {"client_id", public_.id}}).status, 200u);
  EXPECT_EQ(form("/oauth2/revoke", {{"token", "unknown"}, {"client_id", "who"}}).status, 401u);
}

TEST_F(OidcTest, AnUnregisteredAddressIsNeverSentAnything) {
  auto browser = person("zhang");
  for (const std::string uri :
       {"https://evil.example/cb", "https://app.example/cb", "https://app.example/cb?a=1&b=2",
        "https://app.example/cb?a=1/", "HTTPS://app.example/cb?a=1", ""}) {
    const auto response = authorize(asked(confidential_, {{"redirect_uri", uri}}), browser);
    EXPECT_EQ(response.status, 400u) << uri;
    EXPECT_EQ(header(response, "Location"), "");
  }
  EXPECT_EQ(authorize(asked(confidential_, {{"client_id", "nobody"}}), browser).status, 400u);
  auto twice = asked(confidential_);
  twice.emplace_back("redirect_uri", "https://evil.example/cb");
  EXPECT_EQ(authorize(twice, browser).status, 400u);
}

TEST_F(OidcTest, WrongRequestsAreToldToTheClientInTheWordsOfTheStandard) {
  auto browser = person("zhang");
  const auto error = [&](const std::string& name, const std::string& value) {
    const auto response = authorize(asked(confidential_, {{name, value}}), browser);
    EXPECT_EQ(response.status, 303u) << name;
    EXPECT_EQ(parameter(response, "iss"), "https://data.example.cn");
    EXPECT_EQ(parameter(response, "state"), "st&te");
    return parameter(response, "error");
  };
  EXPECT_EQ(error("response_type", "token"), "unsupported_response_type");
  EXPECT_EQ(error("response_type", ""), "invalid_request");
  EXPECT_EQ(error("response_mode", "fragment"), "invalid_request");
  EXPECT_EQ(error("scope", "profile"), "invalid_scope");
  EXPECT_EQ(error("code_challenge", ""), "invalid_request");
  EXPECT_EQ(error("code_challenge_method", "plain"), "invalid_request");
  EXPECT_EQ(error("code_challenge_method", ""), "invalid_request");
  EXPECT_EQ(error("request", "e30.e30."), "request_not_supported");
  EXPECT_EQ(error("request_uri", "https://a.example/r"), "request_uri_not_supported");
  EXPECT_EQ(error("prompt", "none login"), "invalid_request");
  EXPECT_EQ(error("max_age", "-1"), "invalid_request");
  EXPECT_EQ(error("id_token_hint", "e30.e30.AA"), "invalid_request");
  EXPECT_EQ(error("prompt", "none"), "consent_required");
  auto twice = asked(confidential_);
  twice.emplace_back("nonce", "other");
  EXPECT_EQ(parameter(authorize(twice, browser), "error"), "invalid_request");
  EXPECT_EQ(parameter(authorize(asked(confidential_, {{"prompt", "none"}}), {}), "error"),
            "login_required");
}

TEST_F(OidcTest, SigningInLeadsBackToTheSameRequest) {
  person("zhang");
  testkit::Browser browser;
  const auto pairs = asked(confidential_, {{"prompt", "login"}});
  const auto page = authorize(pairs, browser);
  ASSERT_EQ(page.status, 200u);
  EXPECT_NE(page.body.find("action=\"/oauth2/login\""), std::string::npos);
  EXPECT_NE(get("/oauth2/authorize", query(pairs) + "&lang=en").body.find("Password"),
            std::string::npos);
  const auto wrong =
      form("/oauth2/login", {{"request", query(pairs)}, {"name", "zhang"}, {"password", "wrong"}},
           browser);
  EXPECT_EQ(wrong.status, 401u);
  EXPECT_NE(wrong.body.find("role=\"alert\""), std::string::npos);
  const auto right =
      form("/oauth2/login",
           {{"request", query(pairs)}, {"name", "zhang"}, {"password", std::string{kPassword}}},
           browser);
  ASSERT_EQ(right.status, 303u) << right.body;
  const std::string to = header(right, "Location");
  ASSERT_TRUE(to.starts_with("/oauth2/authorize?"));
  const auto next = get("/oauth2/authorize", to.substr(to.find('?') + 1), browser);
  EXPECT_NE(next.body.find("action=\"/oauth2/consent\""), std::string::npos);
}

TEST_F(OidcTest, ConsentIsRememberedForHttpsAndAskedEachTimeElsewhere) {
  auto browser = person("zhang");
  (void)code(confidential_, browser);
  EXPECT_NE(parameter(authorize(asked(confidential_), browser), "code"), "");
  EXPECT_NE(parameter(authorize(asked(confidential_, {{"prompt", "none"}}), browser), "code"), "");
  EXPECT_EQ(authorize(asked(confidential_, {{"prompt", "consent"}}), browser).status, 200u);
  EXPECT_EQ(authorize(asked(confidential_, {{"scope", "openid email"}}), browser).status, 200u);
  (void)code(public_, browser);
  EXPECT_EQ(authorize(asked(public_), browser).status, 200u);
}

TEST_F(OidcTest, ConsentNeedsThePagesTokenAndTheReaderMayRefuse) {
  auto browser = person("zhang");
  auto forged = browser;
  forged.csrf = std::string(64, '0');
  EXPECT_EQ(consent(asked(confidential_), forged).status, 403u);
  EXPECT_EQ(parameter(consent(asked(confidential_), browser, "deny"), "error"), "access_denied");
  Request elsewhere;
  elsewhere.method = "POST";
  elsewhere.path = "/oauth2/consent";
  elsewhere.headers.add("cookie", browser.cookie);
  elsewhere.headers.add("origin", "https://evil.example");
  elsewhere.body = "request=" + percent_encode(query(asked(confidential_))) +
                   "&decision=allow&csrf=" + browser.csrf;
  EXPECT_EQ(send(std::move(elsewhere)).status, 403u);
}

TEST_F(OidcTest, AnOldSignInIsNotEnoughWhereTheClientSaysSo) {
  auto browser = person("zhang");
  (void)code(confidential_, browser);
  now.value += 100'000;
  EXPECT_NE(parameter(authorize(asked(confidential_, {{"max_age", "100"}}), browser), "code"), "");
  EXPECT_EQ(authorize(asked(confidential_, {{"max_age", "99"}}), browser).status, 200u);
  EXPECT_EQ(
      parameter(authorize(asked(confidential_, {{"max_age", "99"}, {"prompt", "none"}}), browser),
                "error"),
      "login_required");
}

TEST_F(OidcTest, AHintOfAnotherPersonAsksToSignInAgain) {
  auto zhang = person("zhang");
  auto li = person("li-si", "440524188001010014");
  const auto tokens = form("/oauth2/token", exchange(confidential_, code(confidential_, zhang)));
  const Pairs hint{{"id_token_hint", member(tokens, "id_token")}, {"prompt", "none"}};
  EXPECT_NE(parameter(authorize(asked(confidential_, hint), zhang), "code"), "");
  EXPECT_EQ(parameter(authorize(asked(confidential_, hint), li), "error"), "login_required");
}

TEST_F(OidcTest, ADisabledAccountLosesItsTokens) {
  auto browser = person("zhang");
  const auto tokens = form("/oauth2/token", exchange(confidential_, code(confidential_, browser)));
  ASSERT_TRUE(own_.script("UPDATE accounts SET disabled = 1"));
  EXPECT_EQ(userinfo(member(tokens, "access_token")).status, 401u);
  EXPECT_EQ(refresh(confidential_, member(tokens, "refresh_token")).status, 400u);
}

TEST_F(OidcTest, ANewPasswordEndsWhatTheOldOneOpened) {
  auto browser = person("zhang");
  const auto tokens = form("/oauth2/token", exchange(public_, code(public_, browser)));
  const std::string body =
      R"({"old":")" + std::string{kPassword} + R"(","new":"another long one"})";
  ASSERT_EQ(post("/api/v1/me/password", body, browser).status, 200u);
  EXPECT_EQ(userinfo(member(tokens, "access_token")).status, 401u);
  EXPECT_EQ(refresh(public_, member(tokens, "refresh_token")).status, 400u);
}

TEST_F(OidcTest, ARequestByFormBecomesOneByAddress) {
  testkit::Browser nobody;
  const auto response = form("/oauth2/authorize", asked(confidential_), nobody);
  EXPECT_EQ(response.status, 303u);
  EXPECT_EQ(header(response, "Location"), "/oauth2/authorize?" + query(asked(confidential_)));
}

TEST_F(OidcTest, TheKeyIsSealedAndAChangedOneKeepsOldTokensValid) {
  OidcKeys keys{own_, keys_, entropy_};
  const auto old = keys.current();
  ASSERT_TRUE(old);
  const auto stored = own_.query("SELECT sealed FROM secrets", {});
  EXPECT_EQ(std::string{as_text(blob_of(stored->rows[0][0]))}.find(as_text(old->secret.view())),
            std::string::npos);
  const ServerKeys others{SecretBytes{Bytes(32, 8)}};
  OidcKeys stranger{own_, others, entropy_};
  EXPECT_FALSE(stranger.current());
  const auto token = openid::sign_jwt("{}", old->key, old->secret.view());
  ASSERT_TRUE(keys.rotate());
  EXPECT_NE(keys.current()->key.id, old->key.id);
  EXPECT_TRUE(openid::verify_jwt(*token, *keys.published()));
  const auto jwks = get("/oauth2/jwks.json");
  EXPECT_NE(jwks.body.find(old->key.id), std::string::npos);
  EXPECT_EQ(jwks.body.find("\"d\""), std::string::npos);
}

TEST_F(OidcTest, SecretsAndTokensAreStoredAsDigestsOnly) {
  auto browser = person("zhang");
  const auto text = code(confidential_, browser);
  std::string all;
  for (const std::string table : {"oidc_clients", "oidc_codes", "oidc_tokens"}) {
    const auto rows = own_.query("SELECT * FROM " + table, {});
    for (const auto& row : rows->rows) {
      for (const auto& value : row) all += text_of(value) + "|";
    }
  }
  EXPECT_NE(all.find(confidential_.id), std::string::npos);
  EXPECT_EQ(all.find(confidential_.secret), std::string::npos);
  EXPECT_EQ(all.find(text), std::string::npos);
}

TEST_F(OidcTest, DiscoveryNamesWhatThereIs) {
  const auto response = get("/.well-known/openid-configuration");
  EXPECT_EQ(member(response, "issuer"), "https://data.example.cn");
  EXPECT_EQ(member(response, "token_endpoint"), "https://data.example.cn/oauth2/token");
  EXPECT_NE(response.body.find("\"code_challenge_methods_supported\":[\"S256\"]"),
            std::string::npos);
  EXPECT_NE(response.body.find("\"authorization_response_iss_parameter_supported\":true"),
            std::string::npos);
}

TEST_F(OidcTest, OnlyAdministratorsRegisterClients) {
  auto browser = person("zhang");
  const std::string body = R"({"name":"A","redirect_uris":["https://a.example/cb"]})";
  EXPECT_EQ(post("/api/v1/oidc/clients", body, browser).status, 403u);
  ASSERT_TRUE(own_.script("UPDATE accounts SET admin = 1"));
  const auto made = post("/api/v1/oidc/clients", body, browser);
  ASSERT_EQ(made.status, 201u) << made.body;
  EXPECT_EQ(member(made, "secret").size(), 64u);
  EXPECT_EQ(get("/api/v1/oidc/clients", {}, browser).body.find(member(made, "secret")),
            std::string::npos);
  EXPECT_EQ(
      post("/api/v1/oidc/clients", R"({"name":"A","redirect_uris":["http://a.example/"]})", browser)
          .status,
      400u);
  const auto path = "/api/v1/oidc/clients/" + member(made, "id");
  EXPECT_EQ(post(path, "", browser, "DELETE").status, 200u);
  EXPECT_EQ(post(path, "", browser, "DELETE").status, 404u);
}

TEST(RedirectUri, IsHttpsOrOfThisMachineOrAnApplicationsOwn) {
  for (const auto good :
       {"https://a.example/cb", "https://a.example:8443/cb?x=1", "http://127.0.0.1:1/cb",
        "http://localhost/cb", "http://[::1]:5/cb", "cn.example.app:/cb"}) {
    EXPECT_TRUE(redirect_uri_valid(good)) << good;
  }
  for (const auto bad :
       {"", "http://a.example/cb", "http://localhost.a.example/cb", "http://127.0.0.1@a.example/",
        "https://", "https://u@a.example/", "https://a.example/#f", "javascript:alert(1)",
        "data:text/html,x", "https://a.example/ b", "https://a.example/'", "/cb", "app:/cb"}) {
    EXPECT_FALSE(redirect_uri_valid(bad)) << bad;
  }
}

}  // namespace
}  // namespace wusong::gateway
