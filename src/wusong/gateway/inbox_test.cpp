// SPDX-License-Identifier: Apache-2.0
// What waits for whom, and who runs the directory.
#include "wusong/gateway/internal/test_portal.hpp"

namespace wusong::gateway {
namespace {

using internal::Browser;
using internal::PortalTest;

class InboxTest : public PortalTest {
 protected:
  std::string total(Browser& who, const std::string& more = "") {
    const auto reply = ask(who, "GET", "/api/v1/items?inbox=1" + more);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    return reply.member("total");
  }
  std::string compile(Browser& owner) {
    return act(
        owner, "",
        R"({"workflow":"entry","action":"compile","document":{"title":{"zh":"一"},"abstract":)"
        R"({"zh":"一"},"items":[{"zh":"时间"}],"format":["csv"],"sharing":"unconditional",)"
        R"("opening_type":"unconditional","system":{"zh":"系统"},"frequency":"daily","organisation":3}})");
  }
};

// @row 7 15
TEST_F(InboxTest, ACaseWaitsForWhoeverTakesTheNextStepAndForNobodyElse) {
  auto owner = signed_in("owner");
  auto district = signed_in("district");
  auto city = signed_in("city");
  auto keeper = signed_in("keeper");
  const auto entry = compile(owner);
  act(owner, "",
      R"({"workflow":"opening","action":"classify_unconditional","choice":2,"subject":")" + entry +
          R"(","document":{"reasons":{"zh":"低风险"}}})");
  EXPECT_EQ(total(owner), "1");  // the draft; its opening is at rest
  EXPECT_EQ(total(district), "0");
  act(owner, entry, "{}", "submit");
  EXPECT_EQ(total(owner), "0");
  EXPECT_EQ(total(district), "1");
  EXPECT_EQ(total(keeper), "0");
  act(district, entry, "{}", "pass_district");
  EXPECT_EQ(total(district), "0");
  EXPECT_EQ(total(city), "1");
  EXPECT_EQ(total(city, "&workflow=entry"), "1");
  EXPECT_EQ(total(city, "&workflow=application"), "0");
  const auto reply = ask(city, "GET", "/api/v1/items?inbox=1&workflow=application");
  EXPECT_NE(reply.body.find("\"counts\":[{\"workflow\":\"entry\""), std::string::npos);
}

// @row 11
TEST_F(InboxTest, WhatIsPublishedWaitsOnlyWhenItsDeadlineHasPassed) {
  const auto entry = publish("公交站点", "a\n1\n");
  auto owner = signed_in("owner");
  EXPECT_EQ(total(owner), "0");
  chain_.time += std::uint64_t{5} * 366 * 86'400;
  const auto reply = ask(owner, "GET", "/api/v1/items?inbox=1&overdue=1");
  EXPECT_EQ(reply.member("total"), "1");
  EXPECT_NE(reply.body.find(entry), std::string::npos);
  EXPECT_NE(reply.body.find("\"overdue\":1}"), std::string::npos);
}

// @row 22
TEST_F(InboxTest, WhatOneMayWithdrawDoesNotWaitForOneAndDeadlinesComeFirst) {
  const auto entry = publish("公交站点", "a\n1\n");
  auto user = person("zhang", "11010519491231002X");
  const auto file = [&] {
    return act(user, "",
               R"({"workflow":"complaint","action":"file","choice":1,"subject":")" + entry +
                   R"(","document":{"title":{"zh":"旧"},"description":{"zh":"数据过期"}}})");
  };
  const auto first = file();
  chain_.time += std::uint64_t{4} * 86'400;
  const auto second = file();
  auto owner = signed_in("owner");
  const auto draft = compile(owner);
  EXPECT_EQ(total(user), "0");
  const auto reply = ask(owner, "GET", "/api/v1/items?inbox=1");
  EXPECT_EQ(reply.member("total"), "3");
  EXPECT_LT(reply.body.find(first), reply.body.find(second));
  EXPECT_LT(reply.body.find(second), reply.body.find(draft));
  const auto page = ask(owner, "GET", "/api/v1/items?inbox=1&page=2&page_size=2");
  EXPECT_EQ(page.body.find(first), std::string::npos);
  EXPECT_EQ(page.member("total"), "3");
  Browser anybody;
  EXPECT_EQ(ask(anybody, "GET", "/api/v1/items?inbox=1").status, 401u);
}

// @row 1 3
TEST_F(InboxTest, AuthoritiesSetOrganisationsAndActorsAndTheContractHasTheLastWord) {
  auto city = signed_in("city");
  auto owner = signed_in("owner");
  Browser anybody;
  const std::string body = R"({"title":{"zh":"区水务局","en":"Water"},"kind":2,"parent":2})";
  EXPECT_EQ(ask(anybody, "POST", "/api/v1/organisations", body).status, 401u);
  const auto refused = ask(owner, "POST", "/api/v1/organisations", body);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_EQ(refused.code(), "not_authorised");
  EXPECT_NE(refused.body.find("\"next\""), std::string::npos);
  const auto made = ask(city, "POST", "/api/v1/organisations", body);
  EXPECT_EQ(made.status, 200u) << made.body;
  auto list = ask(anybody, "GET", "/api/v1/organisations").body;
  EXPECT_NE(list.find("区水务局"), std::string::npos);
  EXPECT_EQ(ask(city, "POST", "/api/v1/organisations", R"({"id":4,"active":false})").status, 200u);
  list = ask(anybody, "GET", "/api/v1/organisations").body;
  EXPECT_NE(
      list.find(
          R"("id":4,"title":{"zh":"区水务局","en":"Water"},"parent":2,"kind":2,"active":false)"),
      std::string::npos)
      << list;
  EXPECT_EQ(ask(city, "POST", "/api/v1/organisations", R"({"id":99,"active":false})").status, 404u);
  EXPECT_EQ(ask(city, "POST", "/api/v1/organisations", R"({"id":1,"active":false})").code(),
            "own_entry");

  auto user = person("zhang", "11010519491231002X");
  const auto me = ask(user, "GET", "/api/v1/me").body;
  const auto at = me.find("\"address\":\"") + 11;
  const auto address = me.substr(at, 42);
  const auto set = ask(
      city, "POST", "/api/v1/actors",
      R"({"address":")" + address + R"(","organisation":3,"roles":["owner_org","org_committee"]})");
  EXPECT_EQ(set.status, 200u) << set.body;
  const auto actors = ask(city, "GET", "/api/v1/actors?organisation=3");
  EXPECT_NE(actors.body.find(address), std::string::npos);
  EXPECT_NE(actors.body.find(R"("roles":["owner_org","org_committee"],"active":true)"),
            std::string::npos);
  EXPECT_EQ(
      ask(city, "POST", "/api/v1/actors", R"({"address":")" + address + R"(","active":false})")
          .status,
      200u);
  EXPECT_NE(ask(city, "GET", "/api/v1/actors?organisation=3").body.find("\"active\":false"),
            std::string::npos);
  EXPECT_EQ(ask(owner, "GET", "/api/v1/actors").status, 403u);
  EXPECT_EQ(ask(city, "POST", "/api/v1/actors", R"({"address":"0x12"})").status, 400u);
  EXPECT_EQ(
      ask(city, "POST", "/api/v1/actors", R"({"address":")" + address + R"(","roles":["king"]})")
          .status,
      400u);
}

TEST_F(InboxTest, PagesCarryTheSitesNameForTheApplication) {
  settings_.site.title = {"门户</script>", "Portal"};
  Browser anybody;
  const auto page = ask(anybody, "GET", "/", "", {{"accept", "text/html"}});
  const auto at = page.body.find("<script type=\"application/json\" id=\"site\">{\"title\"");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(page.body.find("门户</script>", at), std::string::npos);
}

}  // namespace
}  // namespace wusong::gateway
