// SPDX-License-Identifier: Apache-2.0
// A whole portal in memory: accounts, a chain that obeys the twin of the contracts, a projection.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/gateway/gateway.hpp"
#include "wusong/gateway/internal/test_blobs.hpp"
#include "wusong/gateway/router.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/testkit/fake_chain.hpp"
#include "wusong/testkit/fake_web.hpp"
#include "wusong/testkit/sqlite_connection.hpp"
#include "wusong/testkit/table_program.hpp"

namespace wusong::gateway::internal {

class CountingEntropy final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    const Hash digest = hash::sha256(as_bytes("entropy " + std::to_string(++count_)));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = digest.bytes[i % 32];
  }

 private:
  std::uint64_t count_{0};
};

inline std::string read_whole(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

struct Reply {
  unsigned status{0};
  std::string body;
  Response whole;
  std::string member(std::string_view name) const {
    const auto parsed = codec::JsonDocument::parse(body);
    if (!parsed) return {};
    const auto found = parsed->root().find(name);
    if (!found) return {};
    return found->is_string() ? std::string{found->string().value_or("")} : found->to_json();
  }
  std::string code() const {
    const auto parsed = codec::JsonDocument::parse(body);
    const auto error = parsed ? parsed->root().find("error") : std::nullopt;
    return error ? std::string{error->string_at("code").value_or("")} : std::string{};
  }
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : whole.headers) {
      if (key == name) return value;
    }
    return {};
  }
};

/// A browser: keeps its cookie and form token.
struct Browser {
  std::string cookie;
  std::string csrf;
  std::string token;  // of a program
  std::string remote{"10.0.0.1"};
};

class PortalTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kCity = 1;
  static constexpr std::uint32_t kDistrict = 2;
  static constexpr std::uint32_t kOwner = 3;

  PortalTest() {
    auto pack = portal::parse_rule_pack(read_whole("contracts/rules/sz-2023-draft.json"));
    EXPECT_TRUE(pack.has_value());
    ledger_.publish(pack->number, pack->rows());
    ledger_.seal(pack->number, pack->effective_seconds(), pack->utc_offset);
    access_ = *portal::AccessRules::of(*pack);
    book_.add(std::move(*pack));
    settings_.site.base = "http://portal.example";
    settings_.site.title = {"门户", "Portal"};
    settings_.hosts = {"portal.example"};
    settings_.password_cost = crypto::kPasswordCostLeast;
    settings_.contracts = {address(1), address(2), address(3)};
    settings_.operator_account = "keeper";
    EXPECT_TRUE(upgrade_private_tables(own_).has_value());
    EXPECT_TRUE(projection_.open().has_value());
    chain_.time = now_.value / 1000;
    chain_.judge = [this](const Address& from, const types::Transaction& transaction) {
      return judge(from, transaction);
    };
    organisation(kCity, 0, 1, "市数据局");
    organisation(kDistrict, kCity, 1, "区数据局");
    organisation(kOwner, kDistrict, 2, "区交通局");
    make("keeper", kCity, {"platform_operator"});
    make("city", kCity, {"city_authority"});
    make("district", kDistrict, {"district_authority"});
    make("owner", kOwner, {"owner_org"});
  }

  static Address address(std::uint8_t number) {
    Address out;
    out.bytes[0] = 0xcc;
    out.bytes[19] = number;
    return out;
  }
  void apply(portal::Event event) {
    portal::BlockEvents block{.number = ++height_, .time = now_.value / 1000, .events = {}};
    Hash transaction;
    transaction.bytes[31] = static_cast<std::uint8_t>(height_);
    block.events.push_back({0, transaction, std::move(event)});
    const auto done = projection_.apply(std::span{&block, 1});
    EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().name());
  }
  void organisation(std::uint32_t id, std::uint32_t parent, std::uint8_t kind,
                    const std::string& name) {
    const auto document =
        portal::make_document("organisation", R"({"title":{"zh":")" + name + R"("}})", {});
    const portal::Organisation one{parent, kind, true,
                                   blobs_.put(as_bytes(document->text))->digest};
    ledger_.set_organisation(id, one);
    apply(portal::OrganisationSet{id, one, address(9)});
  }
  void set_actor(const Address& who, const portal::Actor& actor) {
    ledger_.set_actor(who, actor);
    apply(portal::ActorSet{who, actor, address(9)});
  }
  static Bytes revert(const std::string& error) {
    return to_bytes(hash::keccak256(as_bytes(error + "()")).view().first(4));
  }
  /// What Directory would say of the cases that tests try.
  std::optional<Bytes> judge_directory(const Address& from, BytesView data) {
    const auto word = [&](std::size_t i) {
      return from_be_bytes(data.subspan(4 + 32 * i, 32)).low();
    };
    const auto sender = portal::ProjectionReader{projected_}.actor(from);
    const std::uint32_t roles = sender && *sender ? (*sender)->roles : 0;
    const bool sets_organisation =
        portal::selector_of("setOrganisation(uint32,uint32,uint8,bool,bytes32)") ==
        static_cast<std::uint32_t>(from_be_bytes(data.first(4)).low());
    if (sets_organisation) {
      if ((roles & access_.city_roles) == 0) return revert("NotAuthorised");
      const portal::Organisation one{static_cast<std::uint32_t>(word(1)),
                                     static_cast<std::uint8_t>(word(2)), word(3) != 0,
                                     Hash::from(data.subspan(4 + 32 * 4, 32))};
      if ((*sender)->organisation == word(0)) return revert("OwnEntry");
      ledger_.set_organisation(static_cast<std::uint32_t>(word(0)), one);
      apply(portal::OrganisationSet{static_cast<std::uint32_t>(word(0)), one, from});
      return {};
    }
    const auto who = Address::from(data.subspan(16, 20));
    if (who == from) return revert("OwnEntry");
    if ((roles & (access_.city_roles | access_.operator_roles)) == 0) {
      return revert("NotAuthorised");
    }
    set_actor(who, {static_cast<std::uint32_t>(word(1)), static_cast<std::uint32_t>(word(2)),
                    word(3) != 0});
    return {};
  }
  /// What the contracts would say.
  std::optional<Bytes> judge(const Address& from, const types::Transaction& transaction) {
    if (transaction.to == settings_.contracts.directory) {
      return judge_directory(from, transaction.data);
    }
    const auto acts = portal::decode_act_call(transaction.data);
    if (!acts) return Bytes{};
    for (const auto& act : *acts) {
      const auto done = ledger_.act(act, from, chain_.time);
      if (!done) {
        return revert(std::string{portal::info_of(done.error()).solidity});
      }
      apply(*done);
    }
    return {};
  }
  /// An official's account, in the directory.
  void make(const std::string& name, std::uint32_t organisation_id,
            std::initializer_list<std::string_view> roles) {
    class Anybody final : public identity::IdentityCheck {
     public:
      std::string_view name() const noexcept override { return "test"; }
      Result<void> check(const identity::Identity&) override { return {}; }
    } check;
    Accounts accounts{own_, keys_, entropy_, settings_.password_cost};
    const auto account =
        accounts.add({.name = name,
                      .password = "a good long password",
                      .display = name,
                      .email = "",
                      .identity = {identity::PersonKind::person, name, "test " + name},
                      .own_address = {},
                      .admin = name == "city"},
                     check, now_);
    ASSERT_TRUE(account.has_value());
    std::uint32_t mask = 0;
    for (const auto role : roles) {
      mask |= std::uint32_t{1} << book_.packs().begin()->second.role(role)->number;
    }
    set_actor(account->address, {organisation_id, mask, true});
  }

  Reply ask(Browser& browser, std::string method, std::string target, std::string body = {},
            std::vector<std::pair<std::string, std::string>> headers = {}) {
    Request request;
    request.method = std::move(method);
    const auto split = split_target(target);
    if (!split) return {400, {}, {}};
    request.path = split->first;
    request.query = split->second;
    request.remote = browser.remote;
    request.now = now_;
    if (!browser.cookie.empty()) request.headers.add("cookie", browser.cookie);
    if (!browser.token.empty()) request.headers.add("authorization", browser.token);
    if (!browser.csrf.empty()) request.headers.add("x-csrf-token", browser.csrf);
    bool typed = false;
    for (auto& [name, value] : headers) {
      typed = typed || name == "content-type";
      request.headers.add(name, value);
    }
    if (!request.headers.has("host")) request.headers.add("host", "portal.example");
    if (!body.empty() && !typed) request.headers.add("content-type", "application/json");
    request.body = std::move(body);
    Connections connections{own_, projected_};
    auto response = handle(shared(), connections, request);
    Reply out{response.status, response.body, {}};
    if (response.blob) {
      out.body +=
          as_text(*blobs_.read(response.blob->digest, response.blob->offset, response.blob->size));
    }
    for (const auto& [name, value] : response.headers) {
      if (name == "Set-Cookie") browser.cookie = value.substr(0, value.find(';'));
    }
    out.whole = std::move(response);
    return out;
  }
  Browser signed_in(const std::string& name) {
    Browser out;
    const auto reply = ask(out, "POST", "/api/v1/login",
                           R"({"name":")" + name + R"(","password":"a good long password"})");
    EXPECT_EQ(reply.status, 200u) << reply.body;
    out.csrf = reply.member("csrf");
    return out;
  }
  Browser person(const std::string& name, const std::string& number) {
    Browser out;
    const auto reply = ask(out, "POST", "/api/v1/register",
                           R"({"name":")" + name +
                               R"(","password":"a good long password","kind":"person",)"
                               R"("real_name":{"name":"张三","document":")" +
                               number + R"("}})");
    EXPECT_EQ(reply.status, 200u) << reply.body;
    out.csrf = reply.member("csrf");
    return out;
  }
  std::string act(Browser& browser, const std::string& item, const std::string& json,
                  const std::string& action = "") {
    const auto step = item.empty() ? "" : "/" + item + "/actions/" + action;
    const auto reply = ask(browser, "POST", "/api/v1/items" + step, json);
    EXPECT_EQ(reply.status, 200u) << json << reply.body;
    return reply.member("item");
  }
  /// Compiled, classified, reviewed and published by four hands; with one file.
  std::string publish(const std::string& title, const std::string& bytes,
                      const std::string& opening = "unconditional") {
    auto owner = signed_in("owner");
    auto district = signed_in("district");
    auto city = signed_in("city");
    auto keeper = signed_in("keeper");
    const std::string opinion = R"({"document":{"reasons":{"zh":"同意"}}})";
    std::string quoted;
    codec::append_json_string(quoted, title);
    const auto entry = act(
        owner, "",
        R"({"workflow":"entry","action":"compile","document":{"title":{"zh":)" + quoted +
            R"(},"abstract":{"zh":)" + quoted +
            R"(},"items":[{"zh":"时间"}],"format":["csv"],"sharing":"unconditional","opening_type":")" +
            opening +
            R"(","system":{"zh":"系统"},"frequency":"daily","organisation":3,)"
            R"("topics":["transport"],"keywords":["公交"]}})");
    act(owner, "",
        R"({"workflow":"opening","action":"classify_)" + opening + R"(","choice":2,"subject":")" +
            entry + R"(","document":{"reasons":{"zh":"低风险"}}})");
    act(owner, entry, "{}", "submit");
    act(district, entry, "{}", "pass_district");
    act(city, entry, "{}", "pass_city");
    act(city, entry, opinion, "publish");
    const auto blob = blobs_.put(as_bytes(bytes));
    const auto resource = act(
        owner, "",
        R"({"workflow":"resource","action":"gather","subject":")" + entry +
            R"(","document":{"name":{"zh":"表"},"format":"csv","media_type":"text/csv","size":)" +
            std::to_string(bytes.size()) + R"(,"rows":1,"digest":")" + codec::to_hex(blob->digest) +
            R"(","entry":")" + entry.substr(2) +
            R"(","columns":[{"name":"a","type":"string","title":{"zh":"甲"}}]}})");
    act(keeper, resource, opinion, "pass_check");
    act(keeper, resource, "{}", "publish");
    resource_ = resource;
    digest_ = codec::to_hex(blob->digest);
    return entry;
  }
  Shared shared() {
    return {.settings = settings_,
            .keys = keys_,
            .rules = book_,
            .access = access_,
            .web = web_,
            .chain = chain_,
            .blobs = blobs_,
            .entropy = entropy_,
            .limiter = limiter_,
            .identity = identity_,
            .tables = tables_,
            .providers = providers_};
  }
  testkit::SqliteConnection own_;
  testkit::SqliteConnection projected_;
  CountingEntropy entropy_;
  ServerKeys keys_{SecretBytes{Bytes(32, 7)}};
  MemoryBlobs blobs_;
  testkit::TableProgram tables_{blobs_};
  portal::RuleBook book_;
  portal::AccessRules access_;
  portal::Ledger ledger_;
  portal::Projection projection_{projected_, book_, blobs_};
  testkit::FakeChain chain_;
  WebApplication web_;
  Settings settings_;
  io::NoMutex mutex_;
  testkit::FakeWeb elsewhere_;
  openid::Providers providers_{std::span<const openid::IdentityProvider>{}, elsewhere_, mutex_};
  Limiter limiter_{mutex_, 1000};
  identity::LocalIdentityCheck identity_;
  UnixMillis now_{1'704'100'000'000};
  std::uint64_t height_{0};
  std::string resource_;
  std::string digest_;
};

}  // namespace wusong::gateway::internal
