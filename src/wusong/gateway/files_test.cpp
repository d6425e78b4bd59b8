// SPDX-License-Identifier: Apache-2.0
// Files and documents against people who know digests, fill disks and leave things lying.
#include "wusong/gateway/gateway.hpp"
#include "wusong/gateway/internal/test_portal.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/io/kv_store.hpp"

namespace wusong::gateway {
namespace {

using internal::Browser;
using internal::PortalTest;

const std::string kNumber = "11010519491231002X";
const std::string kOther = "440524188001010014";
const std::string kSecret = "a,b\nsecret-row,2\n";

class FilesTest : public PortalTest {
 protected:
  std::string demand(Browser& who, const std::string& members) {
    return act(who, "",
               R"({"workflow":"demand","action":"submit","organisation":3,"document":{"title":)"
               R"({"zh":"独特的标题甲"},"description":{"zh":"说明"})" +
                   members + "}}");
  }
  /// As somebody does who signs with a key of their own and writes any digest into the act.
  std::string act_past_the_portal(Browser& who, std::string_view workflow, std::string_view action,
                                  const Hash& document, const Hash& basis) {
    const auto me = ask(who, "GET", "/api/v1/me");
    const auto parsed = codec::JsonDocument::parse(me.body);
    const auto text = parsed->root().find("user")->string_at("address").value_or("");
    const auto address = codec::fixed_from_hex<Address>(text).value_or(Address{});
    const auto* flow = book_.packs().rbegin()->second.workflow(workflow);
    portal::Act act;
    act.item = hash::sha256(as_bytes("own item " + std::to_string(++own_items_)));
    act.workflow = flow->number;
    act.action = flow->action(action)->number;
    act.organisation = kOwner;
    act.document = document;
    act.basis = basis;
    const auto done = ledger_.act(act, address, chain_.time);
    EXPECT_TRUE(done.has_value()) << (done ? "" : portal::info_of(done.error()).name);
    if (done) apply(*done);
    return "0x" + codec::to_hex(act.item);
  }
  void commit(Browser& who, const std::string& entry) {
    act(who, "",
        R"({"workflow":"commitment","action":"sign","marks":[1,2],"subject":")" + entry +
            R"(","document":{"safe_use":{"zh":"安全"},"feedback":{"zh":"反馈"}}})");
  }
  static Hash hash_of(const std::string& text) {
    return codec::fixed_from_hex<Hash>(text).value_or(Hash{});
  }
  std::string upload(Browser& who, const std::string& content, const std::string& name = "a.pdf") {
    const auto begun = ask(who, "POST", "/api/v1/uploads",
                           R"({"name":")" + name + R"(","media_type":"application/pdf","size":)" +
                               std::to_string(content.size()) + "}");
    EXPECT_EQ(begun.status, 201u) << begun.body;
    const auto path = "/api/v1/uploads/" + begun.member("id");
    EXPECT_EQ(ask(who, "PATCH", path, content,
                  {{"upload-offset", "0"}, {"content-type", "application/octet-stream"}})
                  .status,
              200u);
    return ask(who, "POST", path + "/finish").member("digest").substr(2);
  }
  int own_items_{0};
};

// @row 16 18
TEST_F(FilesTest, ADigestInOnesOwnCaseIsNoKeyToTheFile) {
  publish("公交站点", kSecret);
  auto thief = person("zhang", kNumber);
  const auto own =
      demand(thief, R"(,"attachments":[{"name":"x","size":9,"digest":")" + digest_ + R"("}])");
  const auto file = "/api/v1/files/" + digest_ + "?item=" + own;
  EXPECT_EQ(ask(thief, "GET", file).status, 403u) << "as without the case";
  EXPECT_EQ(ask(thief, "GET", file).body.find("secret-row"), std::string::npos);
}

TEST_F(FilesTest, AnAttachmentIsForWhoReadsTheCaseOfItsSender) {
  auto sender = person("zhang", kNumber);
  const auto digest = upload(sender, "materials", "材料.pdf");
  const auto own =
      demand(sender, R"(,"attachments":[{"name":"x","size":9,"digest":")" + digest + R"("}])");
  const auto file = "/api/v1/files/" + digest + "?item=" + own;
  auto owner = signed_in("owner");  // whom the demand is for
  const auto given = ask(owner, "GET", file);
  EXPECT_EQ(given.status, 200u) << given.body;
  EXPECT_EQ(given.body, "materials");
  auto stranger = person("li-si", kOther);
  EXPECT_EQ(ask(stranger, "GET", file).status, 404u);
  const auto copied =
      demand(stranger, R"(,"attachments":[{"name":"x","size":9,"digest":")" + digest + R"("}])");
  EXPECT_EQ(ask(stranger, "GET", "/api/v1/files/" + digest + "?item=" + copied).status, 404u);
}

// @row 16
TEST_F(FilesTest, ADigestInOnesOwnActShowsNobodyElsesDocument) {
  auto author = person("zhang", kNumber);
  const auto theirs = demand(author, R"(,"scenario":{"zh":"trade-secret"})");
  const auto shown = ask(author, "GET", "/api/v1/items/" + theirs);
  EXPECT_NE(shown.body.find("trade-secret"), std::string::npos);
  const auto digest = hash_of(shown.member("document_digest"));
  auto thief = person("li-si", kOther);
  const auto own = act_past_the_portal(thief, "demand", "submit", digest, {});
  for (const auto& path : {"/api/v1/items/" + own, std::string{"/api/v1/items?mine=1"}}) {
    const auto seen = ask(thief, "GET", path);
    EXPECT_EQ(seen.status, 200u);
    EXPECT_EQ(seen.body.find("trade-secret"), std::string::npos) << path;
    EXPECT_EQ(seen.body.find("独特的标题甲"), std::string::npos) << path << ": not even its title";
  }
  EXPECT_NE(ask(author, "GET", "/api/v1/items/" + theirs).body.find("trade-secret"),
            std::string::npos)
      << "its author reads it as before";
}

TEST_F(FilesTest, ADatasetsFileIsNoDocumentAndNoBasis) {
  publish("公交站点", R"({"secret":"secret-row"})");
  auto thief = person("zhang", kNumber);
  const auto file = hash_of(digest_);
  const auto own = act_past_the_portal(thief, "demand", "submit", file, file);
  const auto seen = ask(thief, "GET", "/api/v1/items/" + own);
  EXPECT_EQ(seen.status, 200u);
  EXPECT_EQ(seen.body.find("secret-row"), std::string::npos) << seen.body;
}

// @row 16 18
TEST_F(FilesTest, TheSameBytesInTwoDatasetsAreTwoRights) {
  const auto first = publish("公交站点", kSecret);
  const auto second = publish("公交站点副本", kSecret);
  auto holder = person("zhang", kNumber);
  commit(holder, first);
  const auto file = "/api/v1/files/" + digest_;
  EXPECT_EQ(ask(holder, "GET", file).body, kSecret) << "the newer twin does not hide the right";
  EXPECT_EQ(ask(holder, "GET", file + "?dataset=" + first).body, kSecret);
  const auto refused = ask(holder, "GET", file + "?dataset=" + second);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_EQ(refused.code(), "commitment_missing");
  EXPECT_EQ(refused.body.find("secret-row"), std::string::npos);
  if (tables_.installed()) {
    EXPECT_EQ(ask(holder, "GET", file + "/preview?dataset=" + first).status, 200u);
    EXPECT_EQ(ask(holder, "GET", file + "/preview").status, 200u);
  }
  EXPECT_EQ(ask(holder, "GET", file + "/preview?dataset=" + second).status, 403u);
  auto city = signed_in("city");
  const auto of = [&](const std::string& dataset) {
    return ask(city, "GET", "/api/v1/audit?kind=reads&item=" + dataset).body.find(digest_) !=
           std::string::npos;
  };
  EXPECT_TRUE(of(first));
  EXPECT_FALSE(of(second)) << "what was read is on record under the dataset that gave the right";
}

// @row 16 18
TEST_F(FilesTest, ARightDoesNotReachWhatTheDatasetNoLongerShows) {
  const auto entry = publish("公交站点", kSecret);
  auto holder = person("zhang", kNumber);
  auto owner = signed_in("owner");
  auto keeper = signed_in("keeper");
  auto city = signed_in("city");
  commit(holder, entry);
  const auto file = "/api/v1/files/" + digest_;
  const std::string opinion = R"({"document":{"reasons":{"zh":"有风险"}}})";
  act(keeper, resource_, opinion, "suspend");
  const auto refused = ask(holder, "GET", file);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_EQ(refused.code(), "not_published");
  EXPECT_EQ(ask(holder, "GET", file + "/preview").status, 403u);
  EXPECT_EQ(ask(owner, "GET", file).body, kSecret) << "whose it is";
  act(city, resource_, opinion, "resume");
  EXPECT_EQ(ask(holder, "GET", file).body, kSecret);
  act(owner, resource_, opinion, "withdraw");
  EXPECT_EQ(ask(holder, "GET", file).code(), "not_published");
}

TEST_F(FilesTest, AFullDiskRefusesAndLeavesNothingHalf) {
  auto user = person("zhang", kNumber);
  blobs_.full = true;
  const auto refused =
      ask(user, "POST", "/api/v1/items",
          R"({"workflow":"demand","action":"submit","organisation":3,"document":{"title":)"
          R"({"zh":"需求"},"description":{"zh":"说明"}}})");
  EXPECT_EQ(refused.status, 507u);
  EXPECT_EQ(refused.code(), "disk_full");
  EXPECT_EQ(ask(user, "GET", "/api/v1/outbox").body, R"({"entries":[]})");
  EXPECT_EQ(
      ask(user, "POST", "/api/v1/uploads", R"({"name":"a","size":1,"media_type":"x"})").status,
      507u);
  blobs_.full = false;
  EXPECT_EQ(ask(user, "GET", "/api/v1/items?mine=1").member("total"), "0");
}

TEST_F(FilesTest, ADayHasItsLimitAndAnOrganisationALargerOne) {
  settings_.upload_day_max = 10;
  settings_.upload_day_max_organisation = 20;
  const auto begin = [&](Browser& who, int size) {
    return ask(who, "POST", "/api/v1/uploads",
               R"({"name":"a","media_type":"x","size":)" + std::to_string(size) + "}")
        .status;
  };
  auto user = person("zhang", kNumber);
  EXPECT_EQ(begin(user, 6), 201u);
  EXPECT_EQ(begin(user, 5), 403u);
  EXPECT_EQ(begin(user, 4), 201u);
  auto owner = signed_in("owner");
  EXPECT_EQ(begin(owner, 20), 201u);
  EXPECT_EQ(begin(owner, 1), 403u);
  now_.value += 25ull * 3600 * 1000;
  auto again = signed_in("owner");
  EXPECT_EQ(begin(again, 20), 201u);
}

TEST_F(FilesTest, WhatWasLeftLyingIsGivenUp) {
  auto user = person("zhang", kNumber);
  const auto begun =
      ask(user, "POST", "/api/v1/uploads", R"({"name":"a","size":3,"media_type":"x"})");
  const auto done = upload(user, "abc");
  EXPECT_EQ(collect_uploads(own_, blobs_, now_), 0u) << "not older than now";
  EXPECT_EQ(collect_uploads(own_, blobs_, UnixMillis{now_.value + 1}), 1u);
  EXPECT_EQ(ask(user, "GET", "/api/v1/uploads/" + begun.member("id")).status, 404u);
  EXPECT_EQ(ask(user, "GET", "/api/v1/files/" + done).body, "abc");
}

}  // namespace
}  // namespace wusong::gateway
