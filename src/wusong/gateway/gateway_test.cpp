// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/gateway.hpp"

#include "wusong/gateway/internal/test_portal.hpp"

namespace wusong::gateway {
namespace {

using internal::Browser;
using internal::PortalTest;
using internal::Reply;

const std::string kNumber = "11010519491231002X";
const std::string kOther = "440524188001010014";
const std::string kSecretRow = "a,b\nsecret-row,2\n";

class GatewayTest : public PortalTest {};

// @row 7 12 15
TEST_F(GatewayTest, WhatFourHandsPublishedEverybodyFinds) {
  const auto entry = publish("公交站点", kSecretRow);
  Browser anybody;
  const auto found = ask(anybody, "GET", "/api/v1/datasets?q=%E5%85%AC%E4%BA%A4");
  EXPECT_EQ(found.member("total"), "1");
  const auto one = ask(anybody, "GET", "/api/v1/datasets/" + entry);
  EXPECT_EQ(one.status, 200u);
  EXPECT_EQ(one.body.find("secret-row"), std::string::npos);
  for (const auto* path : {"/", "/search?q=x", "/catalog.jsonld", "/catalog.ttl", "/openapi.json",
                           "/api/v1/stats", "/api/v1/organisations", "/api/v1/rules",
                           "/api/v1/rules/1", "/api/v1/documents", "/api/v1/audit"}) {
    EXPECT_EQ(ask(anybody, "GET", path).status, 200u) << path;
  }
  for (const auto& path :
       {"/dataset/" + entry.substr(2), "/dataset/" + entry.substr(2) + ".jsonld",
        "/dataset/" + entry.substr(2) + ".ttl", "/datapackage/" + entry.substr(2) + ".json"}) {
    EXPECT_EQ(ask(anybody, "GET", path).status, 200u) << path;
  }
}

// @row 12
TEST_F(GatewayTest, TheConditionalPartIsForThoseWhoSignedInWhereASiteKeepsItSo) {
  const auto open = publish("公交线路", "a\n1\n").substr(2);
  const auto conditional = publish("公交客流", "a\n2\n", "conditional").substr(2);
  auto owner = signed_in("owner");
  Browser nobody;
  constexpr std::array kLists{
      "/api/v1/datasets?q=%E5%85%AC%E4%BA%A4",
      "/api/v1/datasets?opening_type=conditional",
      "/api/v1/datasets?opening_type=conditional&opening_type=unconditional",
      "/api/3/action/package_search?q=%E5%85%AC%E4%BA%A4",
      "/api/3/action/package_search?fq=opening_type:conditional",
      "/api/3/action/package_list",
      "/api/3/action/current_package_list_with_resources",
      "/catalog.jsonld",
      "/catalog.ttl",
      "/search?q=%E5%85%AC%E4%BA%A4",
      "/"};
  for (const auto* path : kLists)
    EXPECT_NE(ask(nobody, "GET", path).body.find(conditional), std::string::npos) << path;
  settings_.access.conditional_metadata_public = false;
  for (const auto* path : kLists) {
    EXPECT_EQ(ask(nobody, "GET", path).body.find(conditional), std::string::npos) << path;
    EXPECT_NE(ask(owner, "GET", path).body.find(conditional), std::string::npos) << path;
  }
  EXPECT_NE(ask(nobody, "GET", kLists[0]).body.find(open), std::string::npos);
}

// @row 16 18
TEST_F(GatewayTest, TheFirstByteComesAfterTheCommitment) {
  const auto entry = publish("公交站点", kSecretRow);
  const std::string file = "/api/v1/files/" + digest_;
  Browser anybody;
  EXPECT_EQ(ask(anybody, "GET", file).status, 401u);
  auto user = person("zhang", kNumber);
  const auto refused = ask(user, "GET", file);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_EQ(refused.code(), "commitment_missing");
  EXPECT_NE(refused.body.find("SZ 40"), std::string::npos);
  for (const auto* view : {"/preview", "/rows", "/profile"}) {
    EXPECT_EQ(ask(user, "GET", "/api/v1/datasets/" + entry + view).status, 403u);
  }
  act(user, "",
      R"({"workflow":"commitment","action":"sign","marks":[1,2],"subject":")" + entry +
          R"(","document":{"safe_use":{"zh":"安全"},"feedback":{"zh":"反馈"}}})");
  const auto given = ask(user, "GET", file);
  EXPECT_EQ(given.status, 200u);
  EXPECT_EQ(given.body, kSecretRow);
  const auto part = ask(user, "GET", file, "", {{"range", "bytes=4-9"}});
  EXPECT_EQ(part.status, 206u);
  EXPECT_EQ(part.body, "secret");
  EXPECT_EQ(ask(user, "GET", file, "", {{"range", "bytes=100-"}}).status, 416u);
  EXPECT_EQ(ask(user, "GET", file, "", {{"if-none-match", "\"" + digest_ + "\""}}).status, 304u);
  if (tables_.installed()) {
    EXPECT_NE(
        ask(user, "GET", "/api/v1/datasets/" + entry + "/rows?where=b:2").body.find("secret-row"),
        std::string::npos);
  }
  auto other = person("li-si", kOther);
  EXPECT_EQ(ask(other, "GET", file).status, 403u);
}

// @row 16
TEST_F(GatewayTest, EveryReadOfDataIsOnRecord) {
  const auto entry = publish("公交站点", kSecretRow);
  auto user = person("zhang", kNumber);
  act(user, "",
      R"({"workflow":"commitment","action":"sign","marks":[1,2],"subject":")" + entry +
          R"(","document":{"safe_use":{"zh":"安全"},"feedback":{"zh":"反馈"}}})");
  ask(user, "GET", "/api/v1/files/" + digest_);
  ask(user, "GET", "/api/v1/datasets/" + entry + "/preview");
  auto city = signed_in("city");
  const auto record = ask(city, "GET", "/api/v1/audit?kind=reads");
  EXPECT_NE(record.body.find("\"action\":\"file\""), std::string::npos);
  EXPECT_EQ(record.body.find("\"action\":\"preview\"") != std::string::npos, tables_.installed());
  auto other = person("li-si", kOther);
  EXPECT_EQ(ask(other, "GET", "/api/v1/audit?kind=reads").body.find(digest_), std::string::npos);
  Browser anybody;
  EXPECT_EQ(ask(anybody, "GET", "/api/v1/audit?kind=reads").status, 401u);
  const auto acts = ask(anybody, "GET", "/api/v1/audit?page_size=3");
  const auto next =
      ask(anybody, "GET", "/api/v1/audit?page_size=3&before=" + acts.member("before"));
  EXPECT_EQ(next.status, 200u);
  EXPECT_NE(next.body, acts.body);
}

/// Every route as every kind of caller: who may not gets 401 or 403, and nobody a byte of what is
/// not theirs. A refusal never depends on what exists.
TEST_F(GatewayTest, EveryRouteAnswersEveryCallerAsTheTableSays) {
  const auto entry = publish("公交站点", kSecretRow);
  auto user = person("zhang", kNumber);
  const auto commitment =
      act(user, "",
          R"({"workflow":"commitment","action":"sign","marks":[1,2],"subject":")" + entry +
              R"(","document":{"safe_use":{"zh":"private-words"},"feedback":{"zh":"反馈"}}})");
  struct Caller {
    const char* name;
    Browser browser;
    bool account;
    bool actor;
    bool admin;
  };
  std::vector<Caller> callers{{"anonymous", {}, false, false, false},
                              {"stranger", person("li-si", kOther), true, true, false},
                              {"owner", signed_in("owner"), true, true, false},
                              {"city", signed_in("city"), true, true, true}};
  for (const auto& route : routes()) {
    for (auto& caller : callers) {
      for (const auto& id : {entry.substr(2), commitment.substr(2), digest_, resource_.substr(2)}) {
        std::string target{route.pattern};
        for (auto open = target.find('{'); open != std::string::npos; open = target.find('{')) {
          const auto close = target.find('}', open);
          target.replace(open, close - open + 1, id);
        }
        Browser browser = caller.browser;
        // Those who sign out or change their password would no longer be who they are.
        if (target == "/api/v1/logout" || target.starts_with("/api/v1/me/password")) continue;
        const auto reply = ask(browser, std::string{route.method}, target);
        const std::string what = std::string{route.method} + " " + target + " by " + caller.name +
                                 ": " + reply.body.substr(0, 200);
        EXPECT_LT(reply.status, 504u) << what;
        EXPECT_NE(reply.status, 500u) << what;
        const bool may =
            route.who == Who::anyone || (route.who == Who::signed_in && caller.account) ||
            (route.who == Who::actor && caller.actor) || (route.who == Who::admin && caller.admin);
        if (!may) {
          EXPECT_EQ(reply.status, caller.account ? 403u : 401u) << what;
        }
        if (caller.name == std::string{"anonymous"} || caller.name == std::string{"stranger"}) {
          EXPECT_EQ(reply.body.find("secret-row"), std::string::npos) << what;
          EXPECT_EQ(reply.body.find("private-words"), std::string::npos) << what;
        }
        EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff") << what;
        EXPECT_NE(reply.header("Content-Security-Policy").find("frame-ancestors 'none'"),
                  std::string::npos)
            << what;
      }
    }
  }
}

/// Every reading route, asked by two who hold a right to something near: the dataset's twin with
/// the same bytes, and the dataset whose file was withdrawn.
TEST_F(GatewayTest, NoRouteGivesBytesThatAnotherDatasetsRightOrAFormerOneCovers) {
  const auto entry = publish("公交站点", kSecretRow);
  const auto resource = resource_;
  const auto twin = publish("公交站点副本", kSecretRow);
  const auto commit = [&](Browser& who, const std::string& to) {
    act(who, "",
        R"({"workflow":"commitment","action":"sign","marks":[1,2],"subject":")" + to +
            R"(","document":{"safe_use":{"zh":"安全"},"feedback":{"zh":"反馈"}}})");
  };
  auto neighbour = person("zhang", kNumber);
  commit(neighbour, twin);
  auto former = person("li-si", kOther);
  commit(former, entry);
  EXPECT_EQ(ask(neighbour, "GET", "/api/v1/files/" + digest_).body, kSecretRow);
  EXPECT_EQ(ask(former, "GET", "/api/v1/files/" + digest_).body, kSecretRow);
  auto owner = signed_in("owner");
  const auto try_all = [&](Browser& caller, const char* name) {
    for (const auto& route : routes()) {
      if (route.method != "GET") continue;
      for (const auto& id : {entry.substr(2), digest_, resource.substr(2)}) {
        std::string target{route.pattern};
        for (auto open = target.find('{'); open != std::string::npos; open = target.find('{')) {
          target.replace(open, target.find('}', open) - open + 1, id);
        }
        const auto reply = ask(caller, "GET", target + "?dataset=" + entry.substr(2));
        EXPECT_EQ(reply.body.find("secret-row"), std::string::npos) << target << " by " << name;
      }
    }
  };
  try_all(neighbour, "who may read the twin");
  act(owner, resource, R"({"document":{"reasons":{"zh":"有误"}}})", "withdraw");
  try_all(former, "who might read it before");
}

TEST_F(GatewayTest, WritesOfOtherSitesAreRefused) {
  auto user = person("zhang", kNumber);
  const std::string body = R"({"name":"x"})";
  Browser without = user;
  without.csrf.clear();
  EXPECT_EQ(ask(without, "POST", "/api/v1/me/tokens", body).code(), "csrf_missing");
  Browser wrong = user;
  wrong.csrf = std::string(64, '0');
  EXPECT_EQ(ask(wrong, "POST", "/api/v1/me/tokens", body).code(), "csrf_missing");
  EXPECT_EQ(
      ask(user, "POST", "/api/v1/me/tokens", body, {{"origin", "http://evil.example"}}).code(),
      "wrong_origin");
  EXPECT_EQ(ask(user, "POST", "/api/v1/me/tokens", body, {{"sec-fetch-site", "cross-site"}}).code(),
            "wrong_origin");
  EXPECT_EQ(ask(user, "GET", "/api/v1/me", "", {{"host", "evil.example"}}).code(), "wrong_host");
  // A form can send text/plain from anywhere.
  EXPECT_EQ(ask(user, "POST", "/api/v1/me/tokens", body, {{"content-type", "text/plain"}}).status,
            400u);
  EXPECT_EQ(
      ask(user, "POST", "/api/v1/me/tokens", body, {{"origin", "http://portal.example"}}).status,
      201u);
}

TEST_F(GatewayTest, TextsOfStrangersAreNeverMarkup) {
  const std::string evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
  const auto entry = publish(evil, kSecretRow);
  Browser anybody;
  for (const auto& path : std::vector<std::string>{
           "/", "/search", "/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27",
           "/dataset/" + entry.substr(2), "/x?lang=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
           "/search?%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E=1",
           "/%22%3E%3Cscript%3Ealert(1)%3C/script%3E"}) {
    const auto page = ask(anybody, "GET", path, "", {{"accept", "text/html"}});
    EXPECT_EQ(page.body.find("<script>alert"), std::string::npos) << path;
    EXPECT_EQ(page.body.find("<img src=x"), std::string::npos) << path;
    EXPECT_EQ(page.header("Content-Security-Policy").find("script-src 'unsafe"), std::string::npos);
  }
}

TEST_F(GatewayTest, QueriesAreDataAndNoStatements) {
  publish("公交站点", kSecretRow);
  Browser anybody;
  for (const auto* evil :
       {"'%20OR%201=1--", "%22%20OR%20%22a%22:%22a", "%27;DROP%20TABLE%20items;--", "NEAR(a%20b)",
        "a*%20AND%20(", "%25", "_", "title:x", "%F0%9F%98%80"}) {
    for (const auto* name : {"q", "topic", "format", "tag", "frequency"}) {
      const auto reply = ask(anybody, "GET", std::string{"/api/v1/datasets?"} + name + "=" + evil);
      EXPECT_TRUE(reply.status == 200 || reply.status == 400) << name << evil << reply.body;
    }
    EXPECT_NE(ask(anybody, "GET", std::string{"/api/v1/items?workflow="} + evil).status, 500u);
  }
  EXPECT_EQ(ask(anybody, "GET", "/api/v1/datasets").member("total"), "1");
}

TEST_F(GatewayTest, PathsDoNotClimbAndHeadersDoNotSplit) {
  web_.files["/assets/a.js"] = {"text/javascript", "x", "\"e\""};
  Browser anybody;
  EXPECT_EQ(ask(anybody, "GET", "/assets/a.js").status, 200u);
  EXPECT_EQ(ask(anybody, "GET", "/assets/../server.key").status, 400u);
  EXPECT_EQ(ask(anybody, "GET", "/assets/%2e%2e/server.key").status, 400u);
  EXPECT_EQ(ask(anybody, "GET", "/assets/missing.js").status, 404u);
  for (const auto& path : {"/search?q=a%0d%0aSet-Cookie:x=1", "/?lang=en%0d%0aX:1"}) {
    const auto reply = ask(anybody, "GET", path);
    for (const auto& [name, value] : reply.whole.headers) {
      EXPECT_EQ(value.find_first_of("\r\n"), std::string::npos);
    }
  }
}

TEST_F(GatewayTest, LargeBodiesAndWrongMethodsAreRefused) {
  Browser anybody;
  EXPECT_EQ(ask(anybody, "POST", "/api/v1/login", std::string(100'000, 'x')).status, 413u);
  EXPECT_EQ(ask(anybody, "DELETE", "/api/v1/datasets").status, 405u);
  EXPECT_EQ(ask(anybody, "GET", "/api/v1/nothing").status, 404u);
  EXPECT_EQ(ask(anybody, "POST", "/api/v1/login", "{").status, 400u);
  EXPECT_EQ(ask(anybody, "GET", "/api/v1/datasets?page=0").status, 400u);
  EXPECT_EQ(ask(anybody, "GET", "/api/v1/datasets?page_size=100000").status, 400u);
}

TEST_F(GatewayTest, WhoAsksTooOftenWaits) {
  Limiter strict{mutex_};
  const auto refused = [&](const char* method, const char* path, int times) {
    int out = 0;
    for (int i = 0; i < times; ++i) {
      Request request;
      request.method = method;
      request.path = path;
      request.headers.add("host", "localhost");
      request.now = now_;
      Connections connections{own_, projected_};
      const Shared one{settings_, keys_,    book_,  access_,   web_,    chain_,
                       blobs_,    entropy_, strict, identity_, tables_, providers_};
      if (handle(one, connections, request).status == 429) ++out;
    }
    return out;
  };
  EXPECT_GT(refused("POST", "/api/v1/login", 100), 80);
  EXPECT_GT(refused("GET", "/", 200), 60);
  // An office behind one address opens the application: each page is about fifty files.
  EXPECT_EQ(refused("GET", "/assets/index.js", 1'000), 0);
}

TEST_F(GatewayTest, APackSaysWhatANewItemMayBeAbout) {
  Browser anybody;
  const auto pack = ask(anybody, "GET", "/api/v1/rules/1");
  EXPECT_NE(pack.body.find(R"("relation":"subject_own","organisation":"subject","subject":)"
                           R"({"workflow":"application","states":["approved"]})"),
            std::string::npos);
  EXPECT_NE(pack.body.find(R"("subject":null)"), std::string::npos);
}

// @row 2
TEST_F(GatewayTest, ARefusalSaysWhyAndWhatNext) {
  const auto entry = publish("公交站点", kSecretRow);
  auto user = person("zhang", kNumber);
  const auto reply = ask(user, "POST", "/api/v1/items/" + entry + "/actions/begin_update", "{}");
  EXPECT_EQ(reply.status, 403u);
  EXPECT_EQ(reply.code(), "wrong_role");
  for (const auto* part : {"\"zh\"", "\"en\"", "\"next\"", "\"article\":\"SZ"}) {
    EXPECT_NE(reply.body.find(part), std::string::npos) << reply.body;
  }
  auto owner = signed_in("owner");
  EXPECT_EQ(
      ask(owner, "POST", "/api/v1/items/" + entry + "/actions/begin_update", R"({"sequence":1})")
          .code(),
      "stale");
}

TEST_F(GatewayTest, TheSameKeyActsOnce) {
  auto owner = signed_in("owner");
  const std::string body =
      R"({"workflow":"entry","action":"compile","document":{"title":{"zh":"一"},"abstract":)"
      R"({"zh":"一"},"items":[{"zh":"时间"}],"format":["csv"],"sharing":"unconditional",)"
      R"("opening_type":"unconditional","system":{"zh":"系统"},"frequency":"daily","organisation":3}})";
  const auto before = chain_.included.size();
  const auto first = ask(owner, "POST", "/api/v1/items", body, {{"idempotency-key", "k1"}});
  const auto again = ask(owner, "POST", "/api/v1/items", body, {{"idempotency-key", "k1"}});
  EXPECT_EQ(first.member("item"), again.member("item"));
  EXPECT_EQ(chain_.included.size(), before + 1);
}

TEST_F(GatewayTest, WithoutTheChainReadingGoesOnAndWritingSaysWhy) {
  const auto entry = publish("公交站点", kSecretRow);
  auto owner = signed_in("owner");
  chain_.away = true;
  EXPECT_EQ(ask(owner, "GET", "/api/v1/datasets/" + entry).status, 200u);
  const auto reply = ask(owner, "POST", "/api/v1/items/" + entry + "/actions/begin_update", "{}");
  EXPECT_EQ(reply.status, 503u);
  EXPECT_EQ(reply.code(), "chain_unreachable");
  chain_.away = false;
  chain_.include_at_once = false;
  const auto waits = ask(owner, "POST", "/api/v1/items/" + entry + "/actions/begin_update", "{}");
  EXPECT_EQ(waits.status, 202u);
  EXPECT_EQ(waits.member("status"), "waiting");
  chain_.include();
  const auto later = ask(owner, "GET", "/api/v1/outbox/" + waits.member("outbox"));
  EXPECT_EQ(later.member("status"), "final");
}

TEST_F(GatewayTest, UploadsGoOnWhereTheyStopped) {
  auto user = person("zhang", kNumber);
  const auto begun =
      ask(user, "POST", "/api/v1/uploads", R"({"name":"a.pdf","size":6,"media_type":"text/html"})");
  ASSERT_EQ(begun.status, 201u) << begun.body;
  const auto path = "/api/v1/uploads/" + begun.member("id");
  const auto send = [&](Browser& who, const std::string& offset, const std::string& bytes) {
    return ask(who, "PATCH", path, bytes,
               {{"upload-offset", offset}, {"content-type", "application/octet-stream"}});
  };
  EXPECT_EQ(send(user, "0", "abc").member("offset"), "3");
  EXPECT_EQ(send(user, "0", "abc").status, 409u);
  EXPECT_EQ(send(user, "3", "defg").status, 413u);
  auto other = person("li-si", kOther);
  EXPECT_EQ(send(other, "3", "def").status, 404u);
  EXPECT_EQ(ask(user, "POST", path + "/finish").status, 409u);
  EXPECT_EQ(ask(user, "GET", path).member("offset"), "3");
  EXPECT_EQ(send(user, "3", "def").status, 200u);
  const auto done = ask(user, "POST", path + "/finish");
  ASSERT_EQ(done.status, 200u);
  const auto file = "/api/v1/files/" + done.member("digest").substr(2);
  const auto mine = ask(user, "GET", file);
  EXPECT_EQ(mine.body, "abcdef");
  EXPECT_EQ(mine.whole.content_type, "application/octet-stream");
  EXPECT_NE(mine.header("Content-Disposition").find("attachment"), std::string::npos);
  EXPECT_EQ(ask(other, "GET", file).status, 404u);
  Browser anybody;
  EXPECT_EQ(ask(anybody, "GET", file).status, 404u);
}

TEST_F(GatewayTest, OnlyReadsOfTheChainPassThrough) {
  Browser anybody;
  const auto call = [&](const std::string& body) {
    return ask(anybody, "POST", "/rpc", body).status;
  };
  EXPECT_EQ(call(R"({"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]})"), 200u);
  EXPECT_EQ(call(R"([{"id":1,"method":"eth_blockNumber"},{"id":2,"method":"eth_chainId"}])"), 200u);
  for (const auto* bad :
       {R"({"id":1,"method":"eth_sendRawTransaction","params":["0x"]})",
        R"([{"id":1,"method":"eth_blockNumber"},{"id":2,"method":"eth_sendTransaction"}])",
        R"({"id":1,"method":"debug_traceTransaction"})", R"({"id":1})", "[]"}) {
    EXPECT_EQ(call(bad), 403u) << bad;
  }
  chain_.asked.clear();
  call(R"({"id":1,"method":"eth_blockNumber","method":"eth_sendRawTransaction"})");
  EXPECT_EQ(chain_.asked.find("eth_sendRaw"), std::string::npos);
}

TEST_F(GatewayTest, AnswersAreCachedByTheirContent) {
  publish("公交站点", kSecretRow);
  Browser anybody;
  const auto first = ask(anybody, "GET", "/api/v1/datasets");
  const auto etag = first.header("ETag");
  ASSERT_FALSE(etag.empty());
  const auto again = ask(anybody, "GET", "/api/v1/datasets", "", {{"if-none-match", etag}});
  EXPECT_EQ(again.status, 304u);
  EXPECT_TRUE(again.body.empty());
}

// @row 15
TEST_F(GatewayTest, PagesSpeakTheReadersLanguage) {
  publish("公交站点", kSecretRow);
  Browser anybody;
  EXPECT_NE(ask(anybody, "GET", "/search").body.find("数据目录"), std::string::npos);
  EXPECT_NE(ask(anybody, "GET", "/search?lang=en").body.find("Catalogue"), std::string::npos);
  EXPECT_NE(
      ask(anybody, "GET", "/search", "", {{"accept-language", "en"}}).body.find("lang=\"en\""),
      std::string::npos);
}

// @row 5 15
TEST_F(GatewayTest, ADatasetsPageSaysAllWithoutScripts) {
  const auto entry = publish("公交站点", kSecretRow);
  Browser anybody;
  const auto page = ask(anybody, "GET", "/dataset/" + entry.substr(2) + "?lang=zh", "",
                        {{"accept", "text/html"}});
  EXPECT_EQ(page.status, 200u);
  for (const std::string part :
       {"<h1>公交站点</h1>", "区交通局", "数据项", "每日", "无条件共享", "数据字典",
        "<code>a</code>", "/api/v1/files/", "SHA-256", "application/ld+json",
        "\"@type\":\"Dataset\"", "curl -s", "版本", "SZ 30", "name=\"description\""}) {
    EXPECT_NE(page.body.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(page.body.find("secret-row"), std::string::npos);
}

TEST_F(GatewayTest, TheDescriptionNamesEveryRouteOnce) {
  Browser anybody;
  const auto reply = ask(anybody, "GET", "/openapi.json");
  const auto parsed = codec::JsonDocument::parse(reply.body);
  ASSERT_TRUE(parsed.has_value());
  const auto paths = parsed->root().find("paths");
  for (const auto& route : routes()) {
    if (route.answers == "text/html") continue;
    std::string method;
    for (const char c : route.method) method.push_back(static_cast<char>(c | 0x20));
    const auto path = paths->find(route.pattern);
    EXPECT_TRUE(path && path->find(method)) << route.pattern;
  }
}

// ------------------------------------------------------------------------------------ CKAN

class CkanTest : public PortalTest {
 protected:
  /// As ckanapi does: JSON to /api/action/NAME, the bare token in two headers.
  Reply call(const std::string& name, const std::string& body, const std::string& token = "") {
    Browser browser;
    std::vector<std::pair<std::string, std::string>> headers;
    if (!token.empty()) headers = {{"authorization", token}, {"x-ckan-api-key", token}};
    return ask(browser, "POST", "/api/action/" + name, body, headers);
  }
  std::string result(const Reply& reply) { return reply.member("result"); }
};

// @row 15
TEST_F(CkanTest, SearchesAndPagesAsItsClientsExpect) {
  const auto entry = publish("公交站点", kSecretRow).substr(2);
  const auto found =
      call("package_search", R"({"q":"公交","rows":10,"start":0,"facet.field":["organization"]})");
  EXPECT_EQ(found.status, 200u);
  EXPECT_EQ(found.member("success"), "true");
  const auto parsed = codec::JsonDocument::parse(result(found));
  EXPECT_EQ(parsed->root().find("count")->u64().value(), 1u);
  EXPECT_EQ(parsed->root().find("results")->items().size(), 1u);
  // ckanapi pages until a page is empty: an ignored start would never end.
  const auto second = call("package_search", R"({"q":"公交","rows":10,"start":10})");
  EXPECT_TRUE(codec::JsonDocument::parse(result(second))->root().find("results")->items().empty());
  EXPECT_EQ(result(call("package_list", "{}")), "[\"" + entry + "\"]");
  EXPECT_EQ(result(call("package_list", R"({"offset":1})")), "[]");
  EXPECT_NE(result(call("current_package_list_with_resources", R"({"limit":10})")).find(entry),
            std::string::npos);
  EXPECT_EQ(result(call("package_search", R"({"fq":"organization:99"})")).find(entry),
            std::string::npos);
  EXPECT_NE(result(call("package_search", R"({"fq":"organization:\"3\" AND tags:\"公交\""})"))
                .find(entry),
            std::string::npos);
}

TEST_F(CkanTest, ErrorsAreItsOwn) {
  const auto missing = call("package_show", R"({"id":"nothing"})");
  EXPECT_EQ(missing.status, 404u);
  EXPECT_EQ(missing.member("success"), "false");
  EXPECT_NE(missing.body.find("\"__type\":\"Not Found Error\""), std::string::npos);
  EXPECT_EQ(call("no_such_action", "{}").status, 400u);
  EXPECT_EQ(call("package_show", "{").status, 400u);
  const auto denied = call("package_create", R"({"name":"x"})");
  EXPECT_EQ(denied.status, 403u);
  EXPECT_NE(denied.body.find("Authorization Error"), std::string::npos);
}

TEST_F(CkanTest, RowsAskForTheSameRightAsFiles) {
  const auto entry = publish("公交站点", kSecretRow);
  const std::string query = R"({"resource_id":")" + resource_.substr(2) + R"(","limit":5})";
  EXPECT_EQ(call("datastore_search", query).status, 403u);
  auto user = person("zhang", kNumber);
  act(user, "",
      R"({"workflow":"commitment","action":"sign","marks":[1,2],"subject":")" + entry +
          R"(","document":{"safe_use":{"zh":"安全"},"feedback":{"zh":"反馈"}}})");
  const auto token = ask(user, "POST", "/api/v1/me/tokens", R"({"name":"ckan"})").member("token");
  EXPECT_EQ(call("datastore_search_sql", R"({"sql":"SELECT 1"})", token).status, 400u);
  if (!tables_.installed()) GTEST_SKIP() << "DuckDB is not installed: tools/duckdb/install";
  const auto rows = call("datastore_search", query, token);
  EXPECT_EQ(rows.status, 200u) << rows.body;
  EXPECT_NE(rows.body.find("secret-row"), std::string::npos);
  EXPECT_NE(rows.body.find("\"total\":1"), std::string::npos);
  const auto filtered = call(
      "datastore_search",
      R"({"resource_id":")" + resource_.substr(2) + R"(","filters":{"a":"other"},"fields":["a"]})",
      token);
  EXPECT_NE(filtered.body.find("\"total\":0"), std::string::npos);
  const auto sorted = call("datastore_search",
                           R"({"resource_id":")" + resource_.substr(2) +
                               R"(","filters":{"b":[2,3]},"q":"SECRET","sort":"b desc, a"})",
                           token);
  EXPECT_NE(sorted.body.find(R"("records":[{"_id":1,"a":"secret-row","b":2}])"), std::string::npos)
      << sorted.body;
  EXPECT_EQ(call("datastore_search",
                 R"({"resource_id":")" + resource_.substr(2) + R"(","fields":["none"]})", token)
                .status,
            409u);
}

TEST_F(CkanTest, WritesAreStepsUnderReview) {
  auto owner = signed_in("owner");
  const auto token = ask(owner, "POST", "/api/v1/me/tokens", R"({"name":"ckan"})").member("token");
  const auto made = call(
      "package_create",
      R"({"name":"bus","title":"公交","notes":"摘要","tags":[{"name":"公交"}],"extras":[)"
      R"({"key":"items","value":"时间,站点"},{"key":"format","value":"csv"},)"
      R"({"key":"sharing","value":"unconditional"},{"key":"opening_type","value":"unconditional"},)"
      R"({"key":"system","value":"系统"},{"key":"frequency","value":"daily"}]})",
      token);
  ASSERT_EQ(made.status, 200u) << made.body;
  const auto parsed = codec::JsonDocument::parse(result(made));
  const std::string id{parsed->root().string_at("id").value_or("")};
  // A draft: nobody else sees it yet.
  EXPECT_EQ(call("package_show", R"({"id":")" + id + R"("})").status, 404u);
  const auto gone = call("package_delete", R"({"id":")" + id + R"("})", token);
  EXPECT_EQ(gone.status, 200u) << gone.body;
  EXPECT_EQ(call("package_create", R"({"name":"bus"})", token).status, 409u);
}

TEST_F(CkanTest, SmallTalkWorks) {
  EXPECT_EQ(result(call("site_read", "{}")), "true");
  EXPECT_NE(result(call("status_show", "{}")).find("ckan_version"), std::string::npos);
  EXPECT_NE(result(call("help_show", R"({"name":"package_show"})")).size(), 0u);
  EXPECT_EQ(result(call("organization_list", "{}")), R"(["1","2","3"])");
  EXPECT_EQ(call("organization_show", R"({"id":"3"})").status, 200u);
  for (const auto* name : {"group_list", "tag_list"}) EXPECT_EQ(call(name, "{}").status, 200u);
}

}  // namespace
}  // namespace wusong::gateway
