// SPDX-License-Identifier: Apache-2.0
// What files hold, asked over HTTP, with the real engine behind it; skipped where DuckDB's library
// is missing.
#include "wusong/gateway/internal/test_portal.hpp"

namespace wusong::gateway {
namespace {

using internal::Browser;
using internal::PortalTest;
using internal::Reply;

const std::string kNumber = "11010519491231002X";
const std::string kOther = "440524188001010014";
const std::string kPeople =
    "name,area,age,paid\n"
    "张三,福田区,31,10.5\n李四,福田区,35,20.25\n王五,南山区,38,\n\"a:b,c\",南山区,52,-3\n";

class RowsTest : public PortalTest {
 protected:
  void SetUp() override {
    if (!tables_.installed()) GTEST_SKIP() << "DuckDB is not installed: tools/duckdb/install";
    entry_ = publish("人员", kPeople);
    user_ = person("zhang", kNumber);
    act(user_, "",
        R"({"workflow":"commitment","action":"sign","marks":[1,2],"subject":")" + entry_ +
            R"(","document":{"safe_use":{"zh":"安全"},"feedback":{"zh":"反馈"}}})");
  }
  Reply get(const std::string& rest) {
    return ask(user_, "GET", "/api/v1/datasets/" + entry_ + rest);
  }
  std::string rows(const std::string& rest) {
    const auto reply = get(rest);
    EXPECT_EQ(reply.status, 200u) << rest << reply.body;
    return reply.member("rows");
  }
  std::string upload(Browser& who, const std::string& name, const std::string& bytes) {
    const auto begun = ask(who, "POST", "/api/v1/uploads",
                           R"({"name":")" + name + R"(","media_type":"text/csv","size":)" +
                               std::to_string(bytes.size()) + "}");
    const auto path = "/api/v1/uploads/" + begun.member("id");
    ask(who, "PATCH", path, bytes,
        {{"upload-offset", "0"}, {"content-type", "application/octet-stream"}});
    return ask(who, "POST", path + "/finish").member("digest").substr(2);
  }

  std::string entry_;
  Browser user_;
};

// @row 15
TEST_F(RowsTest, RowsAreChosenSortedAndPaged) {
  const auto reply = get("/rows?columns=name,age&where=age:gte:35&sort=-age&limit=2");
  ASSERT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(reply.member("rows"), R"([["a:b,c",52],["王五",38]])");
  EXPECT_EQ(reply.member("total"), "3");
  EXPECT_EQ(reply.member("columns"),
            R"([{"name":"name","type":"string"},{"name":"age","type":"integer"}])");
  EXPECT_EQ(rows("/rows?columns=name&where=age:gte:35&sort=-age&limit=2&offset=2"),
            R"([["李四"]])");
  EXPECT_EQ(rows("/rows?columns=age&where=area:%E5%8D%97%E5%B1%B1%E5%8C%BA"), "[[38],[52]]");
  EXPECT_EQ(rows("/rows?columns=age&where=name:in:%E5%BC%A0%E4%B8%89,a:b%5C,c&sort=age"),
            "[[31],[52]]");
  EXPECT_EQ(rows("/rows?columns=age&where=name:a:b,c"), "[[52]]");
  EXPECT_EQ(rows("/rows?columns=age&where=paid:null"), "[[38]]");
  EXPECT_EQ(rows("/rows?columns=age&q=B,C"), "[[52]]");
}

// @row 15
TEST_F(RowsTest, RowsAreGrouped) {
  const auto reply =
      get("/aggregate?group_by=area&aggregate=count,sum:age,avg:paid,distinct:name&sort=-sum(age)");
  ASSERT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(reply.member("rows"), R"([["南山区",2,90,-3,2],["福田区",2,66,15.375,2]])");
  EXPECT_EQ(reply.member("total"), "2");
  EXPECT_EQ(rows("/aggregate"), "[[4]]");
  EXPECT_EQ(rows("/aggregate?aggregate=max:age&where=area:ne:x"), "[[52]]");
  EXPECT_EQ(get("/aggregate?aggregate=read_text:age").code(), "bad_request");
  EXPECT_EQ(get("/aggregate?aggregate=sum:name").code(), "bad_value");
}

TEST_F(RowsTest, NamesAndValuesAreNeverStatements) {
  for (const auto* evil :
       {"/rows?columns=1%3B%20DROP%20TABLE%20x", "/rows?where=age%22%20OR%201=1--:eq:1",
        "/rows?sort=age%3B%20ATTACH%20'x'", "/aggregate?group_by=(SELECT%201)",
        "/aggregate?aggregate=sum:age)%20FROM%20read_csv('%2Fetc%2Fpasswd')--"}) {
    const auto reply = get(evil);
    EXPECT_EQ(reply.status, 400u) << evil << reply.body;
    EXPECT_EQ(reply.code(), "no_such_column") << evil;
    EXPECT_NE(reply.body.find("\"next\""), std::string::npos);
  }
  EXPECT_EQ(rows("/rows?where=area:eq:'%20OR%20''='"), "[]");
  EXPECT_EQ(get("/rows?where=age:eq:1%20OR%20true").code(), "bad_value");
  EXPECT_EQ(get("/rows?limit=1001").status, 400u);
}

// @row 15
TEST_F(RowsTest, WhatAFileHoldsIsComputedOnce) {
  const auto first = get("/profile");
  ASSERT_EQ(first.status, 200u) << first.body;
  EXPECT_EQ(first.member("rows"), "4");
  EXPECT_NE(first.body.find(R"("name":"paid","type":"number","count":3,"missing":1,"min":-3)"),
            std::string::npos)
      << first.body;
  EXPECT_EQ(get("/preview").member("total"), "4");
  const auto runs = tables_.runs;
  EXPECT_EQ(get("/profile").body, first.body);
  EXPECT_EQ(get("/preview").status, 200u);
  EXPECT_EQ(tables_.runs, runs);
}

TEST_F(RowsTest, AnEngineAtWorkBusyOrMissingSaysSo) {
  tables_.slow = true;
  for (const auto* route : {"/preview", "/profile"}) {
    const auto reply = get(route);
    EXPECT_EQ(reply.status, 202u) << route;
    EXPECT_EQ(reply.member("status"), "computing");
    EXPECT_EQ(reply.header("Retry-After"), "2");
  }
  // Whoever asked for rows must not take anything else for rows.
  EXPECT_EQ(get("/rows").status, 503u);
  tables_.slow = false;
  tables_.busy = true;
  EXPECT_EQ(get("/rows").code(), "engine_busy");
  EXPECT_EQ(get("/rows").status, 503u);
}

TEST_F(RowsTest, CallsHaveAQuotaOfTheDay) {
  settings_.calls_per_day = 2;
  EXPECT_EQ(get("/rows").header("X-Quota-Remaining"), "1");
  EXPECT_EQ(get("/aggregate").status, 200u);
  const auto refused = get("/rows");
  EXPECT_EQ(refused.status, 429u);
  EXPECT_EQ(refused.code(), "quota_of_the_day");
  EXPECT_EQ(get("/preview").status, 200u) << "looking at a page is no call of a program";
  now_.value += 86'400'000;
  user_ = signed_in("zhang");
  EXPECT_EQ(get("/rows").status, 200u);
}

// @row 16
TEST_F(RowsTest, EveryLookIsOnRecordAndNeedsARight) {
  auto other = person("li-si", kOther);
  for (const auto* route : {"/preview", "/profile", "/rows", "/aggregate", "/diff"}) {
    const auto reply = ask(other, "GET", "/api/v1/datasets/" + entry_ + route);
    EXPECT_EQ(reply.status, 403u) << route;
    EXPECT_EQ(reply.body.find("福田"), std::string::npos) << route;
  }
  for (const auto* rest : {"/preview", "/profile", "?format=parquet"}) {
    EXPECT_GE(ask(other, "GET", "/api/v1/files/" + digest_ + rest).status, 403u) << rest;
  }
  get("/aggregate");
  auto city = signed_in("city");
  const auto record = ask(city, "GET", "/api/v1/audit?kind=reads");
  EXPECT_NE(record.body.find(R"("action":"aggregate")"), std::string::npos);
}

/// Applied for, approved, signed by both, opened: with this delivery.
class GrantTest : public RowsTest {
 protected:
  /// `after` is called with the case and its workflow at each step.
  using After = std::function<void(const std::string&, std::string_view)>;
  std::string granted(
      Browser& user, const std::string& mode,
      const After& after = [](const std::string&, std::string_view) {}) {
    auto owner = signed_in("owner");
    auto city = signed_in("city");
    const auto entry = publish("受限人员 " + mode, kPeople + mode + ",x,1,1\n", "conditional");
    const std::string dates = R"("from":"2024-01-01","until":"2026-01-01","mode":")" + mode + "\"";
    const std::string clauses = R"("marks":[1,2,3,4,5,6,7])";
    const auto application =
        act(user, "",
            R"({"workflow":"application","action":"submit","subject":")" + entry +
                R"(","document":{"purpose":{"zh":"研究"},"capability":{"zh":"有"},)"
                R"("security":{"zh":"有制度"},"mode":")" +
                mode + "\"}}");
    after(application, "submitted");
    const std::string opinion = R"("document":{"reasons":{"zh":"同意"}}})";
    act(owner, application, R"({"choice":1,)" + opinion, "opine");
    after(application, "opined");
    act(city, application, "{" + opinion, "approve");
    after(application, "approved");
    const auto agreement = act(
        owner, "",
        R"({"workflow":"agreement","action":"offer","subject":")" + application + "\"," + clauses +
            R"(,"document":{"clauses":[{"name":"purpose","content":{"zh":"约定"}}],)"
            R"("purpose":{"zh":"研究"},)" +
            dates + "}}");
    after(agreement, "offered");
    act(user, agreement, "{" + clauses + "}", "user_sign");
    after(agreement, "user_signed");
    act(owner, agreement, "{}", "countersign");
    after(agreement, "in_force");
    act(city, "",
        R"({"workflow":"grant","action":"open","subject":")" + agreement + R"(","document":{)" +
            dates + "}}");
    return entry;
  }
};

// @row 23 25
TEST_F(GrantTest, AGrantCoversTheDeliveryThatWasAgreed) {
  struct Case {
    const char* mode;
    unsigned rows;
    unsigned file;
  };
  for (const auto& [mode, by_rows, by_file] :
       {Case{"download", 200, 200}, Case{"api", 200, 403}, Case{"secure_domain", 403, 403}}) {
    const auto entry = granted(user_, mode);
    for (const auto* route : {"/rows", "/aggregate", "/preview", "/profile"}) {
      const auto reply = ask(user_, "GET", "/api/v1/datasets/" + entry + route);
      EXPECT_EQ(reply.status, by_rows) << mode << route << reply.body;
      if (by_rows == 403) {
        EXPECT_EQ(reply.code(), "outside_grant");
      }
    }
    const auto file = "/api/v1/files/" + digest_;
    EXPECT_EQ(ask(user_, "GET", file).status, by_file) << mode;
    EXPECT_EQ(ask(user_, "GET", file + "?format=csv").status, by_file) << mode;
  }
}

// @row 22 23
TEST_F(GrantTest, ARefusalSaysWhatTheOwnCaseWaitsFor) {
  auto stranger = person("li-si", kOther);
  std::vector<std::string> said;
  granted(user_, "download", [&](const std::string& item, std::string_view state) {
    const auto refused = ask(user_, "GET", "/api/v1/files/" + digest_);
    EXPECT_EQ(refused.status, 403u) << state;
    EXPECT_EQ(refused.code(), "case_under_way") << state;
    EXPECT_EQ(refused.body.find("Apply under"), std::string::npos) << state;
    const auto shown = ask(user_, "GET", "/api/v1/items/" + item);
    EXPECT_EQ(shown.member("state"), state);
    const auto next = shown.member("next");
    EXPECT_FALSE(next.empty()) << state;
    EXPECT_NE(refused.body.find(next), std::string::npos) << state << ": page and refusal agree";
    EXPECT_EQ(std::ranges::count(said, next), 0) << state;
    said.push_back(next);
    EXPECT_EQ(shown.member("again"), "");
    EXPECT_NE(shown.member("title").find("受限人员"), std::string::npos) << "what it is about";
    EXPECT_EQ(ask(stranger, "GET", "/api/v1/files/" + digest_).code(), "grant_missing") << state;
  });
  EXPECT_EQ(ask(user_, "GET", "/api/v1/files/" + digest_).status, 200u);
}

TEST_F(GrantTest, ARefusedApplicationSaysHowToGoOn) {
  auto city = signed_in("city");
  // Not the bytes of the open dataset, which are the user's already.
  const auto entry = publish("受限人员", kPeople + std::string{"refused,x,1,1\n"}, "conditional");
  const auto application =
      act(user_, "",
          R"({"workflow":"application","action":"submit","subject":")" + entry +
              R"(","document":{"purpose":{"zh":"研究"},"capability":{"zh":"有"},)"
              R"("security":{"zh":"有制度"},"mode":"download"}})");
  act(city, application, R"({"document":{"reasons":{"zh":"用途不明"}}})", "refuse");
  const auto shown = ask(user_, "GET", "/api/v1/items/" + application);
  EXPECT_NE(shown.member("next").find("apply again"), std::string::npos);
  EXPECT_EQ(shown.member("again"), R"({"workflow":"application","subject":")" + entry + "\"}");
  EXPECT_EQ(ask(city, "GET", "/api/v1/items/" + application).member("next"), "")
      << "it is the applicant's next step";
  const auto refused = ask(user_, "GET", "/api/v1/files/" + digest_);
  EXPECT_EQ(refused.code(), "grant_missing");
  EXPECT_NE(refused.body.find("was refused"), std::string::npos) << refused.body;
}

TEST_F(RowsTest, OwnUploadsAreLookedIntoBeforeAnybodyElse) {
  auto owner = signed_in("owner");
  const auto digest = upload(owner, "new.csv", "a,b\n1,x\n");
  const auto seen = ask(owner, "GET", "/api/v1/files/" + digest + "/preview");
  EXPECT_EQ(seen.member("rows"), R"([["1","x"]])") << seen.body;
  EXPECT_EQ(ask(owner, "GET", "/api/v1/files/" + digest + "/profile").member("rows"), "1");
  EXPECT_EQ(ask(user_, "GET", "/api/v1/files/" + digest + "/preview").status, 404u);
  const auto picture = upload(owner, "a.png", "not a table");
  EXPECT_EQ(ask(owner, "GET", "/api/v1/files/" + picture + "/preview").code(), "");
  const auto wrong = upload(owner, "a.parquet", "PAR1 and nothing else");
  const auto refused = ask(owner, "GET", "/api/v1/files/" + wrong + "/preview");
  EXPECT_EQ(refused.status, 422u);
  EXPECT_EQ(refused.code(), "unreadable");
  const auto endless = upload(owner, "b.csv", "a,b" + std::string(3'000'000, 'x'));
  EXPECT_EQ(ask(owner, "GET", "/api/v1/files/" + endless + "/profile").code(), "line_too_long");
}

// @row 16
TEST_F(RowsTest, FilesComeInOtherFormats) {
  const auto file = "/api/v1/files/" + digest_;
  const auto parquet = ask(user_, "GET", file + "?format=parquet");
  ASSERT_EQ(parquet.status, 200u) << parquet.body;
  EXPECT_EQ(parquet.body.substr(0, 4), "PAR1");
  const auto runs = tables_.runs;
  EXPECT_EQ(ask(user_, "GET", file + "?format=parquet").body, parquet.body);
  EXPECT_EQ(tables_.runs, runs);
  const auto json = ask(user_, "GET", file + "?format=json");
  EXPECT_NE(json.body.find(R"("area":"福田区","age":31)"), std::string::npos) << json.body;
  EXPECT_EQ(ask(user_, "GET", file + "?format=exe").status, 400u);
  auto owner = signed_in("owner");
  const auto evil = upload(owner, "f.csv", "=h,b\n=1+1,-5\n@SUM(A1),7\n");
  EXPECT_EQ(ask(owner, "GET", "/api/v1/files/" + evil + "?format=csv").body,
            "'=h,b\n'=1+1,-5\n'@SUM(A1),7\n");
}

// @row 15
TEST_F(RowsTest, VersionsAreCompared) {
  EXPECT_EQ(get("/diff").code(), "one_version");
  const std::string later =
      "name,area,age,city\n张三,福田区,32,深圳\n李四,福田区,35,深圳\n赵六,南山区,n/a,深圳\n";
  const auto blob = blobs_.put(as_bytes(later));
  auto owner = signed_in("owner");
  act(owner, resource_,
      R"({"document":{"name":{"zh":"表"},"format":"csv","media_type":"text/csv","size":1,"digest":")" +
          codec::to_hex(blob->digest) + R"(","entry":")" + entry_.substr(2) + R"("}})",
      "update");
  const auto plain = get("/diff");
  ASSERT_EQ(plain.status, 200u) << plain.body;
  EXPECT_EQ(plain.member("rows"), R"({"before":4,"after":3})");
  EXPECT_EQ(plain.member("columns"),
            R"({"added":[{"name":"city","type":"string"}],)"
            R"("removed":[{"name":"paid","type":"number"}],)"
            R"("retyped":[{"name":"age","before":"integer","after":"string"}]})");
  EXPECT_EQ(plain.member("changes"), "");
  const auto keyed = get("/diff?key=name&before=" + digest_);
  const auto parsed = codec::JsonDocument::parse(keyed.member("changes"));
  ASSERT_TRUE(parsed.has_value()) << keyed.body;
  EXPECT_EQ(parsed->root().find("added")->u64().value(), 1u);
  EXPECT_EQ(parsed->root().find("removed")->u64().value(), 2u);
  EXPECT_EQ(parsed->root().find("changed")->u64().value(), 1u);
  EXPECT_NE(
      keyed.body.find(
          R"({"change":"changed","key":["张三"],"values":[{"column":"age","before":"31","after":"32"}]})"),
      std::string::npos)
      << keyed.body;
  EXPECT_EQ(get("/diff?key=area").code(), "not_a_key");
  EXPECT_EQ(get("/diff?key=none").code(), "no_such_column");
  EXPECT_EQ(get("/diff?before=" + std::string(64, '0')).status, 404u);
}

// @row 15
TEST_F(RowsTest, QualityIsKeptWithTheVersion) {
  auto owner = signed_in("owner");
  const std::string rules =
      R"({"rules":[{"rule":"not_null","column":"paid"},{"rule":"unique","columns":["name"]}]})";
  EXPECT_EQ(ask(user_, "POST", "/api/v1/files/" + digest_ + "/quality", rules).status, 403u);
  const auto checked = ask(owner, "POST", "/api/v1/files/" + digest_ + "/quality", rules);
  ASSERT_EQ(checked.status, 200u) << checked.body;
  EXPECT_EQ(checked.member("passed"), "false");
  Browser anybody;
  const auto shown = ask(anybody, "GET", "/api/v1/datasets/" + entry_ + "/quality");
  EXPECT_NE(shown.body.find(R"("rule":"not_null")"), std::string::npos) << shown.body;
  EXPECT_NE(shown.body.find(R"("failed":1)"), std::string::npos);
  EXPECT_EQ(shown.body.find("examples"), std::string::npos);
  EXPECT_NE(get("/quality").body.find("examples"), std::string::npos);
  EXPECT_EQ(ask(owner, "POST", "/api/v1/files/" + digest_ + "/quality",
                R"({"rules":[{"rule":"regex","column":"none","pattern":"x"}]})")
                .code(),
            "no_such_column");
}

// @row 9 31
TEST_F(RowsTest, DesensitisationIsRecordedOnTheChain) {
  auto owner = signed_in("owner");
  const auto raw = upload(owner, "raw.csv", kPeople);
  const std::string path = "/api/v1/files/" + raw + "/desensitise";
  const std::string body =
      R"({"entry":")" + entry_.substr(2) +
      R"(","columns":[{"column":"name","method":"token"},{"column":"area","method":"keep"},)"
      R"({"column":"age","method":"generalise","step":50}],)"
      R"("k_anonymity":{"k":2,"columns":["area","age"],"action":")";
  EXPECT_EQ(ask(user_, "POST", path, body + R"(refuse"}})").status, 403u);
  const auto refused = ask(owner, "POST", path, body + R"(refuse"}})");
  EXPECT_EQ(refused.code(), "not_anonymous") << refused.body;
  const auto made = ask(owner, "POST", path, body + R"(suppress"}})");
  ASSERT_EQ(made.status, 200u) << made.body;
  EXPECT_NE(made.body.find(R"("reached":2)"), std::string::npos) << made.body;
  const auto file = codec::JsonDocument::parse(made.member("file"));
  const std::string digest{file->root().string_at("digest").value_or("").substr(2)};
  const auto bytes = ask(owner, "GET", "/api/v1/files/" + digest).body;
  EXPECT_EQ(bytes.find("张三"), std::string::npos);
  EXPECT_NE(bytes.find(",福田区,0-49"), std::string::npos) << bytes;
  // The record names both files and no key.
  const auto act = codec::JsonDocument::parse(made.member("act"));
  const std::string item{act->root().string_at("item").value_or("")};
  const auto shown = ask(owner, "GET", "/api/v1/items/" + item);
  EXPECT_EQ(shown.member("workflow"), "desensitisation");
  EXPECT_NE(shown.body.find(raw), std::string::npos);
  EXPECT_NE(shown.body.find(digest), std::string::npos);
  const auto key =
      codec::to_hex(keys_.token_key(*codec::fixed_from_hex<Hash>(entry_.substr(2))).view());
  EXPECT_EQ(shown.body.find(key), std::string::npos);
  EXPECT_EQ(made.body.find(key), std::string::npos);
  // Sent again, it is the same step.
  EXPECT_EQ(ask(owner, "POST", path, body + R"(suppress"}})").member("act"), made.member("act"));
  EXPECT_EQ(
      ask(owner, "POST", path, R"({"entry":")" + entry_.substr(2) + R"(","columns":[]})").status,
      400u);
}

}  // namespace
}  // namespace wusong::gateway
