// SPDX-License-Identifier: Apache-2.0
// A portal in memory with people in it, for tests of how they sign in: requests go through the
// whole gateway.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "wusong/codec/json.hpp"
#include "wusong/gateway/gateway.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/io/mutex.hpp"
#include "wusong/testkit/fake_chain.hpp"
#include "wusong/testkit/fake_web.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/testkit/sqlite_connection.hpp"
#include "wusong/testkit/table_program.hpp"

namespace wusong::testkit {

class NoBlobs final : public io::BlobStore {
 public:
  Result<io::BlobInfo> put(BytesView) override { return fail(io::err::blob_too_large); }
  Result<std::uint64_t> size(const Hash&) override { return fail(io::err::blob_missing); }
  Result<Bytes> read(const Hash&, std::uint64_t, std::uint64_t) override {
    return fail(io::err::blob_missing);
  }
  Result<void> check(const Hash&) override { return fail(io::err::blob_missing); }
  Result<void> remove(const Hash&) override { return fail(io::err::blob_missing); }
  std::optional<std::string> path(const Hash&) const override { return {}; }
  Result<void> upload_begin(const std::string&) override { return fail(io::err::upload_missing); }
  Result<std::uint64_t> upload_size(const std::string&) override {
    return fail(io::err::upload_missing);
  }
  Result<void> upload_append(const std::string&, std::uint64_t, BytesView) override {
    return fail(io::err::upload_missing);
  }
  Result<io::BlobInfo> upload_finish(const std::string&) override {
    return fail(io::err::upload_missing);
  }
  Result<void> upload_abort(const std::string&) override { return fail(io::err::upload_missing); }
};

class NoDocuments final : public portal::DocumentSource {
 public:
  Result<std::optional<std::string>> document(const Hash&) override {
    return std::optional<std::string>{};
  }
};

/// One browser: keeps its cookie and its form token.
struct Browser {
  std::string cookie{};
  std::string csrf{};
};

class IdentityWorld : public testing::Test {
 public:
  static constexpr std::string_view kHost = "data.example.cn";
  static constexpr std::string_view kPassword = "correct horse battery";

  /// `others`: sites that sign people in here.
  explicit IdentityWorld(std::vector<openid::IdentityProvider> others = {})
      : others_{std::move(others)} {
    settings_.site.base = "https://" + std::string{kHost};
    settings_.site.title = {"城市公共数据开放平台", "City open data"};
    settings_.hosts = {std::string{kHost}};
    settings_.secure = true;
    settings_.password_cost = crypto::kPasswordCostLeast;
    EXPECT_TRUE(gateway::upgrade_private_tables(own_));
    NoDocuments documents;
    portal::Projection made{projection_, rules_, documents};
    EXPECT_TRUE(made.open());
  }

  gateway::Response send(gateway::Request request) {
    request.headers.add("host", std::string{kHost});
    request.remote = "10.0.0.1";
    request.secure = true;
    request.now = now;
    return gateway::handle(shared_, connections_, request);
  }
  gateway::Response get(const std::string& path, const std::string& query = {},
                        const Browser& browser = {}) {
    gateway::Request request;
    request.method = "GET";
    request.path = path;
    request.query = query;
    if (!browser.cookie.empty()) request.headers.add("cookie", browser.cookie);
    return send(std::move(request));
  }
  /// A page, as a browser opens it.
  gateway::Response visit(const std::string& path, const std::string& query, Browser& browser) {
    gateway::Request request;
    request.method = "GET";
    request.path = path;
    request.query = query;
    request.headers.add("accept", "text/html");
    request.headers.add("accept-language", "en");
    if (!browser.cookie.empty()) request.headers.add("cookie", browser.cookie);
    auto out = send(std::move(request));
    keep(out, browser);
    return out;
  }
  gateway::Response post(const std::string& path, const std::string& json, Browser& browser,
                         const std::string& method = "POST") {
    gateway::Request request;
    request.method = method;
    request.path = path;
    request.body = json;
    request.headers.add("content-type", "application/json");
    if (!browser.cookie.empty()) request.headers.add("cookie", browser.cookie);
    if (!browser.csrf.empty()) request.headers.add("x-csrf-token", browser.csrf);
    auto out = send(std::move(request));
    keep(out, browser);
    return out;
  }
  gateway::Response form(const std::string& path,
                         const std::vector<std::pair<std::string, std::string>>& fields,
                         Browser& browser, const std::string& authorization = {}) {
    gateway::Request request;
    request.method = "POST";
    request.path = path;
    for (const auto& [name, value] : fields) {
      if (!request.body.empty()) request.body += '&';
      request.body += gateway::percent_encode(name) + "=" + gateway::percent_encode(value);
    }
    request.headers.add("content-type", "application/x-www-form-urlencoded");
    if (!browser.cookie.empty()) request.headers.add("cookie", browser.cookie);
    if (!authorization.empty()) request.headers.add("authorization", authorization);
    auto out = send(std::move(request));
    keep(out, browser);
    return out;
  }
  gateway::Response form(const std::string& path,
                         const std::vector<std::pair<std::string, std::string>>& fields) {
    Browser nobody;
    return form(path, fields, nobody);
  }

  /// Somebody registered and signed in.
  Browser person(const std::string& name, const std::string& number = "11010519491231002X") {
    Browser out;
    const auto response =
        post("/api/v1/register",
             R"({"name":")" + name + R"(","password":")" + std::string{kPassword} +
                 R"(","kind":"person","title":"张三","email":"zhang@example.cn",)" +
                 R"("real_name":{"name":"张三","document":")" + number + R"("}})",
             out);
    EXPECT_EQ(response.status, 200u) << response.body;
    return out;
  }
  bool signed_in(const Browser& browser) {
    const auto answer = codec::JsonDocument::parse(get("/api/v1/me", {}, browser).body);
    return answer && answer->root().at("signed_in")->boolean().value_or(false);
  }

  static std::string header(const gateway::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }
  /// A member of a JSON answer.
  static std::string member(const gateway::Response& response, std::string_view name) {
    const auto parsed = codec::JsonDocument::parse(response.body);
    if (!parsed) return {};
    const auto value = parsed->root().find(name);
    return value && value->is_string() ? std::string{*value->string()} : std::string{};
  }
  static std::string error_code(const gateway::Response& response) {
    const auto parsed = codec::JsonDocument::parse(response.body);
    if (!parsed) return {};
    const auto error = parsed->root().find("error");
    if (!error) return {};
    return std::string{error->string_at("code").value_or("")};
  }
  /// A parameter of the address that a response leads to.
  static std::string parameter(const gateway::Response& response, std::string_view name) {
    const std::string to = header(response, "Location");
    const auto at = to.find('?');
    if (at == std::string::npos) return {};
    const auto query = gateway::parse_query(to.substr(at + 1));
    return query ? std::string{query->get(name)} : std::string{};
  }

  UnixMillis now{1'790'000'000'000};
  SqliteConnection own_;
  SqliteConnection projection_;
  gateway::Settings settings_;
  gateway::ServerKeys keys_{SecretBytes{Bytes(32, 7)}};
  SeededEntropy entropy_;
  FakeChain chain_;
  std::vector<openid::IdentityProvider> others_;
  FakeWeb elsewhere_;

 private:
  static void keep(const gateway::Response& response, Browser& browser) {
    for (const auto& [header_name, set] : response.headers) {
      if (header_name != "Set-Cookie") continue;
      const auto pair = set.substr(0, set.find(';'));
      const auto name = pair.substr(0, pair.find('=') + 1);
      std::string all;
      const auto add = [&](const std::string& one) { all += (all.empty() ? "" : "; ") + one; };
      for (const auto& [known, value] : gateway::parse_cookies(browser.cookie).pairs()) {
        if (known + "=" != name) add(known + "=" + value);
      }
      if (pair.size() > name.size()) add(pair);
      browser.cookie = all;
    }
    if (const auto csrf = member(response, "csrf"); !csrf.empty()) browser.csrf = csrf;
  }

  portal::RuleBook rules_;
  portal::AccessRules access_;
  gateway::WebApplication web_;
  NoBlobs blobs_;
  TableProgram tables_{blobs_};
  io::NoMutex mutex_;
  openid::Providers providers_{others_, elsewhere_, mutex_};
  gateway::Limiter limiter_{mutex_, 1'000};
  identity::LocalIdentityCheck check_;
  gateway::Shared shared_{.settings = settings_,
                          .keys = keys_,
                          .rules = rules_,
                          .access = access_,
                          .web = web_,
                          .chain = chain_,
                          .blobs = blobs_,
                          .entropy = entropy_,
                          .limiter = limiter_,
                          .identity = check_,
                          .tables = tables_,
                          .providers = providers_};
  gateway::Connections connections_{own_, projection_};
};

}  // namespace wusong::testkit
