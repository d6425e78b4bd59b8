// SPDX-License-Identifier: Apache-2.0
// A small platform for tests: the published pack, a twin ledger, documents, and a projection.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wusong/portal/documents.hpp"
#include "wusong/portal/internal/test_chain.hpp"
#include "wusong/portal/item.hpp"
#include "wusong/portal/projection.hpp"
#include "wusong/portal/rules.hpp"

namespace wusong::portal::internal {

inline std::optional<RulePack> published_pack() {
  auto pack = parse_rule_pack(read_text("contracts/rules/sz-2023-draft.json").value_or(""));
  if (!pack) return std::nullopt;
  return std::move(*pack);
}

class MemoryDocuments final : public DocumentSource {
 public:
  Result<std::optional<std::string>> document(const Hash& digest) override {
    const auto found = texts_.find(digest);
    if (found == texts_.end() || hidden_.contains(digest)) return std::optional<std::string>{};
    return std::optional{found->second};
  }
  Hash add(const std::string& canonical) {
    const Hash digest = digest_of(canonical);
    texts_[digest] = canonical;
    return digest;
  }
  void hide(const Hash& digest) { hidden_[digest] = true; }
  void show(const Hash& digest) { hidden_.erase(digest); }
  void hide_all() {
    for (const auto& [digest, text] : texts_) hidden_[digest] = true;
  }
  const std::map<Hash, std::string>& all() const { return texts_; }

 private:
  std::map<Hash, std::string> texts_;
  std::map<Hash, bool> hidden_;
};

/// Acts as the contracts would, and keeps the blocks that came of it.
class TestWorld {
 public:
  static constexpr std::uint32_t kCity = 1;
  static constexpr std::uint32_t kDistrict = 2;
  static constexpr std::uint32_t kOwner = 3;
  static constexpr std::uint32_t kCompany = 4;

  explicit TestWorld(RulePack given) : pack{std::move(given)} {
    book.add(pack);
    ledger.publish(pack.number, pack.rows());
    ledger.seal(pack.number, pack.effective_seconds(), pack.utc_offset);
    organisation(kCity, 0, 1, "市数据局", "City Data Bureau");
    organisation(kDistrict, kCity, 1, "区数据局", "District Data Bureau");
    organisation(kOwner, kDistrict, 2, "区交通局", "District Transport Bureau");
    organisation(kCompany, 0, 4, "某某公司", "Some Company");
    actor(city, kCity, {"city_authority"});
    actor(district, kDistrict, {"district_authority"});
    actor(owner, kOwner, {"owner_org"});
    actor(person, 0, {"user_person"});
    actor(stranger, 0, {"user_person"});
    actor(company, kCompany, {"user_legal"});
    actor(platform, kCity, {"platform_operator"});
  }

  std::uint32_t roles(std::initializer_list<std::string_view> names) const {
    std::uint32_t out = 0;
    for (const std::string_view name : names)
      if (const NamedNumber* role = pack.role(name)) out |= 1u << role->number;
    return out;
  }
  void organisation(std::uint32_t id, std::uint32_t parent, std::uint8_t kind,
                    const std::string& zh, const std::string& en) {
    const auto document = make_document(
        "organisation", R"({"title":{"zh":")" + zh + R"(","en":")" + en + R"("}})", {});
    const Organisation one{parent, kind, true, documents.add(document ? document->text : "")};
    ledger.set_organisation(id, one);
    add(OrganisationSet{id, one, city});
  }
  void actor(const Address& who, std::uint32_t of, std::initializer_list<std::string_view> names) {
    const Actor one{of, roles(names), true};
    ledger.set_actor(who, one);
    add(ActorSet{who, one, city});
  }

  Hash document(std::string_view kind, const std::string& json) {
    std::array<std::uint8_t, 16> salt{};
    salt[0] = static_cast<std::uint8_t>(++salt_);
    const auto made = make_document(kind, json, salt);
    EXPECT_TRUE(made) << kind << ": " << (made ? "" : made.error().place);
    return made ? documents.add(made->text) : Hash{};
  }
  Hash opinion() { return document("opinion", R"({"reasons":{"zh":"同意","en":"agreed"}})"); }

  struct Extra {
    ItemId subject;
    ItemId refers_to;
    Hash document;
    std::uint8_t choice{0};
    std::uint32_t marks{0};
  };
  /// Does what the rules ask for; fails the test where they refuse.
  bool act(const Address& who, const ItemId& id, std::string_view workflow, std::string_view action,
           const Extra& extra) {
    const Workflow* flow = pack.workflow(workflow);
    Act act;
    act.item = id;
    act.sequence = ledger.item(id).sequence;
    act.workflow = flow->number;
    act.action = flow->action(action)->number;
    act.subject = extra.subject;
    act.refers_to = extra.refers_to;
    act.document = extra.document;
    act.choice = extra.choice;
    act.marks = extra.marks;
    const auto done = ledger.act(act, who, now);
    EXPECT_TRUE(done) << workflow << "." << action << ": "
                      << (done ? "" : info_of(done.error()).name);
    if (!done) return false;
    add(*done);
    return true;
  }

  void add(Event event) {
    BlockEvents block;
    block.number = ++height;
    block.time = now;
    block.events.push_back({0, hash_of_number(height), std::move(event)});
    blocks.push_back(std::move(block));
    now += 60;
  }

  std::string entry_json(const std::string& zh, const std::string& en,
                         const std::string& more = "") const {
    return R"({"title":{"zh":")" + zh + R"(","en":")" + en + R"("},"abstract":{"zh":")" + zh +
           R"(的摘要","en":"About )" + en +
           R"("},"items":[{"zh":"时间","en":"time"}],"format":["csv"],"sharing":"unconditional",)"
           R"("opening_type":"unconditional","system":{"zh":"业务系统"},"frequency":"daily",)"
           R"("organisation":3,"topics":["transport"],"keywords":["公交"])" +
           more + "}";
  }

  /// Compiles, classifies and publishes an entry.
  ItemId publish(std::uint64_t number, const std::string& json, bool conditional = false) {
    const ItemId id = hash_of_number(number);
    const ItemId opening = single_id(id, pack.workflow("opening")->number);
    act(owner, id, "entry", "compile", {{}, {}, document("entry", json)});
    act(owner, opening, "opening", conditional ? "classify_conditional" : "classify_unconditional",
        {id, {}, document("opening", R"({"reasons":{"zh":"风险低","en":"low risk"}})"), 2});
    act(owner, id, "entry", "submit", {{}, opening, {}});
    act(district, id, "entry", "pass_district", {});
    act(city, id, "entry", "pass_city", {});
    act(city, id, "entry", "publish", {{}, {}, opinion()});
    return id;
  }
  ItemId publish_resource(std::uint64_t number, const ItemId& entry, const Hash& bytes) {
    const ItemId id = hash_of_number(number);
    const ItemId opening = single_id(entry, pack.workflow("opening")->number);
    act(owner, id, "resource", "gather",
        {entry, {}, document("resource", resource_json(entry, bytes))});
    act(platform, id, "resource", "pass_check", {{}, {}, opinion()});
    act(platform, id, "resource", "publish", {{}, opening, {}});
    return id;
  }
  static std::string resource_json(const ItemId& entry, const Hash& bytes) {
    return R"({"name":{"zh":"数据表","en":"Table"},"format":"csv","media_type":"text/csv",)"
           R"("size":123,"rows":4,"digest":")" +
           codec::to_hex(bytes) + R"(","entry":")" + codec::to_hex(entry) +
           R"(","columns":[{"name":"t","type":"date","title":{"zh":"时间"}}]})";
  }
  ItemId commit(std::uint64_t number, const ItemId& entry, const Address& who) {
    const ItemId id = hash_of_number(number);
    act(who, id, "commitment", "sign",
        {entry, single_id(entry, pack.workflow("opening")->number),
         document("commitment", R"({"safe_use":{"zh":"安全使用"},"feedback":{"zh":"反馈"}})"), 0,
         3});
    return id;
  }
  struct Granted {
    ItemId application, agreement, grant;
  };
  Granted grant(std::uint64_t number, const ItemId& entry, const Address& who,
                const std::string& resources = "") {
    const Granted out{hash_of_number(number), hash_of_number(number + 1),
                      hash_of_number(number + 2)};
    act(who, out.application, "application", "submit",
        {entry, single_id(entry, pack.workflow("opening")->number),
         document("application", R"({"purpose":{"zh":"研究"},"capability":{"zh":"有"},)"
                                 R"("security":{"zh":"有制度"},"mode":"download"})")});
    act(owner, out.application, "application", "opine", {{}, {}, opinion(), 1});
    act(city, out.application, "application", "approve", {{}, {}, opinion()});
    act(owner, out.agreement, "agreement", "offer",
        {out.application,
         {},
         document("agreement", R"({"clauses":[],"purpose":{"zh":"研究"},"from":"2024-01-01",)"
                               R"("until":"2025-01-01","mode":"download"})"),
         0,
         127});
    act(who, out.agreement, "agreement", "user_sign", {{}, {}, {}, 0, 127});
    act(owner, out.agreement, "agreement", "countersign", {});
    act(city, out.grant, "grant", "open",
        {out.agreement,
         {},
         document("grant", R"({"from":"2024-01-01","until":"2025-01-01","mode":"download")" +
                               (resources.empty() ? "" : R"(,"resources":[)" + resources + "]") +
                               "}")});
    return out;
  }

  RulePack pack;
  RuleBook book;
  Ledger ledger;
  MemoryDocuments documents;
  std::vector<BlockEvents> blocks;
  std::uint64_t height{0};
  std::uint64_t now{1'704'100'000};  // 2024-01-01, in the afternoon
  Address city{address_of(11)}, district{address_of(12)}, owner{address_of(13)},
      person{address_of(14)}, stranger{address_of(15)}, company{address_of(16)},
      platform{address_of(17)};

 private:
  std::uint64_t salt_{0};
};

}  // namespace wusong::portal::internal
