// SPDX-License-Identifier: Apache-2.0
// One request in, one response out. Everything it needs is given to it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/gateway/accounts.hpp"
#include "wusong/gateway/chain.hpp"
#include "wusong/gateway/http.hpp"
#include "wusong/gateway/known.hpp"
#include "wusong/gateway/limits.hpp"
#include "wusong/gateway/outbox.hpp"
#include "wusong/gateway/session.hpp"
#include "wusong/gateway/table_engine.hpp"
#include "wusong/gateway/tokens.hpp"
#include "wusong/io/blob_store.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/openid/providers.hpp"
#include "wusong/portal/access.hpp"
#include "wusong/portal/act.hpp"
#include "wusong/portal/describe.hpp"
#include "wusong/portal/projection.hpp"
#include "wusong/portal/rules.hpp"

namespace wusong::gateway {

/// A file of the web application, held in memory.
struct Asset {
  std::string content_type;
  std::string body;
  std::string etag;
};
struct WebApplication {
  std::map<std::string, Asset, std::less<>> files;  // "/assets/main-1a2b.js"
  std::vector<std::string> scripts;                 // paths to load as modules
  std::vector<std::string> styles;
};

struct Settings {
  portal::SiteInfo site;
  std::vector<std::string> hosts;  // names in Host besides loopback ones; "*": any
  bool secure{false};              // behind https: Secure cookies, HSTS
  std::string operator_account;    // puts registered people into the directory; may be empty
  std::string genesis;             // 0x…, for verification in the browser
  std::string genesis_text;        // canonical genesis.json, where it is known
  std::string websocket;           // of the node, or empty
  portal::Contracts contracts;
  portal::AccessSettings access;
  std::map<std::string, portal::Text, std::less<>> topics;  // by name, for people
  crypto::PasswordCost password_cost;
  std::uint64_t wait_ms{5'000};  // for finality before 202
  std::uint64_t upload_max{std::uint64_t{10} << 30};
  std::uint64_t uploads_open_max{20};  // of one account
  // Of one account within a day: a person's, and an organisation's officer's.
  std::uint64_t upload_day_max{std::uint64_t{20} << 30};
  std::uint64_t upload_day_max_organisation{std::uint64_t{1} << 40};
  std::uint64_t calls_per_day{10'000};  // of rows and aggregates, by one account
  bool registration{true};
};

/// What all requests share. Everything is borrowed and safe to use from several threads.
struct Shared {
  const Settings& settings;
  const ServerKeys& keys;
  const portal::RuleBook& rules;
  const portal::AccessRules& access;
  const WebApplication& web;
  ChainClient& chain;
  io::BlobStore& blobs;
  io::Entropy& entropy;
  Limiter& limiter;
  identity::IdentityCheck& identity;
  TableEngine& tables;
  openid::Providers& providers;  // other sites that sign people in here
};

/// What one thread has for itself.
struct Connections {
  io::SqlConnection& own;         // private tables
  io::SqlConnection& projection;  // read, but for download counts
};

/// Everything a handler may look at.
struct Exchange {
  const Shared& shared;
  Connections& db;
  const Request& request;
  Fields query;
  std::map<std::string, std::string, std::less<>> path;  // "{id}" of the pattern
  std::optional<Session> session;
  std::string session_token;
  portal::Viewer viewer;
  Language language{Language::zh};
  std::string_view route{};  // the router's pattern that was found
  Known known;

  const Account* account() const noexcept { return session ? &session->account : nullptr; }
  bool zh() const noexcept { return language == Language::zh; }
  std::string_view at(std::string_view name) const noexcept;
  /// A number of the query, or `otherwise` where it is missing. @errors err::bad_request
  [[nodiscard]] Result<std::uint64_t> number(std::string_view name, std::uint64_t otherwise,
                                             std::uint64_t most) const;
  /// A digest or item in the path or query: 64 hex digits, with or without "0x".
  /// @errors err::not_found
  [[nodiscard]] Result<Hash> digest(std::string_view name) const;
  std::uint64_t now_seconds() const noexcept { return request.now.value / 1000; }
};

/// Answers one request; never fails.
/// @thread several at once, each with its own connections
Response handle(const Shared& shared, Connections& db, const Request& request);

/// Gives up uploads that were begun before `before` and never finished, a hundred at a time.
/// @return how many  @errors io's
[[nodiscard]] Result<std::uint64_t> collect_uploads(io::SqlConnection& own, io::BlobStore& blobs,
                                                    UnixMillis before);
/// Computes what large tables of datasets hold, from the one with the number `after` on, so that
/// who asks first need not wait.
struct Prepared {
  std::uint64_t after{0};
  bool waits{false};  // the engine is at work: the same again, a little later
};
/// @errors err::engine_missing, io's
[[nodiscard]] Result<Prepared> prepare_tables(const Shared& shared, Connections& db,
                                              std::uint64_t after, UnixMillis now);

/// Whose eyes an account has: roles and organisation from the directory.
[[nodiscard]] Result<portal::Viewer> viewer_of(io::SqlConnection& projection,
                                               const Account* account);

/// The name of a contract's refusal in revert data: "wrong_role", or "reverted".
std::string refusal_name(BytesView revert_data);

}  // namespace wusong::gateway
