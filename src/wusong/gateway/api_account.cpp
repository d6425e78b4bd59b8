// SPDX-License-Identifier: Apache-2.0
// Registering, signing in, tokens of programs.
#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/gateway/tables.hpp"

namespace wusong::gateway::internal {
namespace {

/// Roles of people in `Directory`: 9 a natural person, 10 a legal one, 11 without legal form.
constexpr std::uint32_t kFirstUserRole = 9;

Accounts accounts_of(Exchange& exchange) {
  return Accounts{exchange.db.own, exchange.shared.keys, exchange.shared.entropy,
                  exchange.shared.settings.password_cost};
}
Sessions sessions_of(Exchange& exchange) {
  return Sessions{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
}

std::string me_json(Exchange& exchange) {
  codec::JsonWriter out;
  out.open_object().key("signed_in").boolean(exchange.session.has_value());
  if (exchange.session) {
    const Account& account = exchange.session->account;
    out.key("csrf").string(exchange.session->csrf);
    out.key("user").open_object().key("name").string(account.name);
    out.key("title").string(account.display).key("address").string(hex(account.address));
    out.key("custody").string(account.custodial ? "server" : "browser");
    out.key("real_name").boolean(!account.verified_by.empty());
    out.key("verified_by").string(account.verified_by);
    out.key("kind").string(name_of(account.kind));
    out.key("admin").boolean(account.admin);
    if (exchange.viewer.organisation != 0) {
      out.key("organisation");
      write_organisation(out, exchange, exchange.viewer.organisation);
    }
    out.key("roles").open_array();
    if (const auto* pack = current_pack(exchange)) {
      for (const auto& role : pack->roles) {
        if ((exchange.viewer.roles >> role.number & 1) != 0) out.string(role.name);
      }
    }
    out.close_array().close_object();
  }
  return out.close_object().take();
}

/// The person becomes an actor of the directory by the operator's hand. Where the chain is away,
/// the next sign-in tries again: `once` keeps it single.
Result<void> make_actor(Exchange& exchange, const Account& account, std::uint64_t wait_ms) {
  const auto& settings = exchange.shared.settings;
  if (settings.operator_account.empty()) return {};
  auto accounts = accounts_of(exchange);
  WUSONG_TRY(const auto keeper, accounts.by_name(settings.operator_account));
  if (!keeper || keeper->address == account.address) return {};
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto known, reader.actor(account.address));
  if (known) return {};
  const portal::Actor actor{
      .organisation = 0,
      .roles = std::uint32_t{1} << (kFirstUserRole + static_cast<std::uint32_t>(account.kind)),
      .active = true};
  const Draft draft{.account = keeper->id,
                    .to = settings.contracts.directory,
                    .data = portal::encode_set_actor_call(account.address, actor),
                    .gas = 500'000,
                    .once = "actor " + account.id,
                    .item = {},
                    .about = "directory set_actor"};
  Outbox outbox{exchange.db.own, exchange.shared.chain, refusal_name};
  WUSONG_TRY(const auto key, accounts.key_of(*keeper));
  WUSONG_TRY(auto entry, outbox.accept(draft, keeper->address, key.view(), exchange.request.now));
  WUSONG_TRY(entry, outbox.deliver(std::move(entry), wait_ms, exchange.request.now));
  return {};
}

Result<Response> signed_in(Exchange& exchange, const Account& account) {
  auto sessions = sessions_of(exchange);
  WUSONG_TRY(const auto token,
             sessions.open(account, exchange.request.remote, exchange.request.now));
  exchange.session = Session{account, sessions.csrf_of(token), exchange.request.now.value};
  WUSONG_TRY(exchange.viewer, viewer_of(exchange.db.projection, &account));
  Response out = json_response(me_json(exchange));
  out.header("Set-Cookie", session_cookie(token, exchange.shared.settings.secure));
  out.header("Cache-Control", "no-store");
  return out;
}

/// Another site's real-name check: it has looked at the papers, we look whether the number is one.
class ProviderCheck final : public identity::IdentityCheck {
 public:
  explicit ProviderCheck(const std::string& provider) : name_{"oidc:" + provider} {}
  std::string_view name() const noexcept override { return name_; }
  Result<void> check(const identity::Identity& identity) override { return form_.check(identity); }

 private:
  std::string name_;
  identity::LocalIdentityCheck form_;
};

/// With the identity of another site that waits in this browser. Only a site of which the operator
/// says that it checks real names takes the place of our own check.
Result<Account> add_with_claim(Exchange& exchange, Registration from) {
  WUSONG_TRY(const auto claim, waiting_claim(exchange, false));
  if (!claim) return fail(err::sign_in_expired);
  ProviderBindings bindings{exchange.db.own};
  WUSONG_TRY(const auto bound, bindings.find(claim->issuer, claim->identity.subject));
  if (bound) return fail(err::identity_bound);
  auto accounts = accounts_of(exchange);
  const auto* provider = exchange.shared.providers.find(claim->provider);
  ProviderCheck outside{claim->provider};
  identity::IdentityCheck* check = &exchange.shared.identity;
  if (provider->real_name) {
    from.identity = {identity::PersonKind::person, claim->identity.legal_name,
                     claim->identity.number};
    if (from.identity.name.empty() || from.identity.number.empty()) {
      return fail(err::claims_missing);
    }
    check = &outside;
  }
  if (from.email.empty()) from.email = claim->identity.email;
  WUSONG_TRY(auto account, accounts.add(from, *check, exchange.request.now));
  WUSONG_CHECK(bind_waiting_claim(exchange, account));
  return account;
}

}  // namespace

Result<Response> register_account(Exchange& exchange) {
  if (!exchange.shared.settings.registration) return fail(err::forbidden);
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto root = body.root();
  Registration from;
  from.name = text_of_member(root, "name");
  from.password = text_of_member(root, "password");
  from.display = text_of_member(root, "title");
  from.email = text_of_member(root, "email");
  WUSONG_TRY(from.identity.kind, identity::parse_person_kind(text_of_member(root, "kind")));
  if (const auto person = root.find("real_name")) {
    from.identity.name = text_of_member(*person, "name");
    from.identity.number = text_of_member(*person, "document");
  }
  if (const auto own = text_of_member(root, "address"); !own.empty()) {
    const auto address = codec::fixed_from_hex<Address>(own);
    if (!address) return fail(err::bad_request);
    from.own_address = *address;
  }
  const auto with = root.find("provider");
  WUSONG_TRY(const bool outside, with ? with->boolean() : Result<bool>{false});
  WUSONG_TRY(const auto account, outside ? add_with_claim(exchange, std::move(from))
                                         : accounts_of(exchange).add(from, exchange.shared.identity,
                                                                     exchange.request.now));
  // The account stands whether or not the chain is there just now.
  [[maybe_unused]] const auto actor =
      make_actor(exchange, account, exchange.shared.settings.wait_ms);
  return signed_in(exchange, account);
}

Result<Response> login(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  auto accounts = accounts_of(exchange);
  WUSONG_TRY(const auto account, accounts.login(text_of_member(body.root(), "name"),
                                                text_of_member(body.root(), "password"),
                                                exchange.request.remote, exchange.request.now));
  [[maybe_unused]] const auto actor = make_actor(exchange, account, 0);
  return signed_in(exchange, account);
}

Result<Response> logout(Exchange& exchange) {
  if (!exchange.session_token.empty()) {
    WUSONG_CHECK(sessions_of(exchange).close(exchange.session_token));
  }
  codec::JsonWriter answer;
  answer.open_object().key("signed_in").boolean(false);
  const auto& providers = exchange.shared.providers;
  if (const auto* provider = providers.find(exchange.session->provider)) {
    if (const auto url = provider_logout(exchange, *provider); !url.empty()) {
      answer.key("provider").open_object();
      write_text(answer, "title", label_of(*provider));
      answer.key("logout").string(url).close_object();
    }
  }
  Response out = json_response(answer.close_object().take());
  out.header("Set-Cookie", session_cookie("", exchange.shared.settings.secure));
  return out;
}

Result<Response> me(Exchange& exchange) {
  Response out = json_response(me_json(exchange));
  out.header("Cache-Control", "no-store");
  return out;
}

Result<Response> change_password(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  auto accounts = accounts_of(exchange);
  const Account& account = exchange.session->account;
  WUSONG_CHECK(accounts.login(account.name, text_of_member(body.root(), "old"),
                              exchange.request.remote, exchange.request.now));
  WUSONG_CHECK(accounts.set_password(account.id, account.name, text_of_member(body.root(), "new")));
  return signed_in(exchange, Account{account});
}

Result<Response> list_tokens(Exchange& exchange) {
  WUSONG_TRY(const auto tokens, sessions_of(exchange).tokens(exchange.session->account.id));
  codec::JsonWriter out;
  out.open_object().key("tokens").open_array();
  for (const auto& token : tokens) {
    out.open_object().key("id").string(token.id).key("name").string(token.name);
    out.key("created").number(token.created / 1000);
    if (token.expires != 0) out.key("expires").number(token.expires / 1000);
    out.close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> add_token(Exchange& exchange) {
  // A program cannot make itself further tokens that outlive its own.
  if (exchange.session->csrf.empty()) return fail(err::forbidden);
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto name = text_of_member(body.root(), "name");
  if (name.empty() || name.size() > 100) return fail(err::bad_request);
  std::uint64_t expires = 0;
  if (const auto days = body.root().find("days")) {
    WUSONG_TRY(const auto count, days->u64());
    if (count == 0 || count > 3650) return fail(err::bad_request);
    expires = exchange.request.now.value + count * 86'400'000;
  }
  WUSONG_TRY(const auto token, sessions_of(exchange).add_token(exchange.session->account, name,
                                                               expires, exchange.request.now));
  codec::JsonWriter out;
  out.open_object().key("token").string(token).close_object();
  Response response = json_response(out.take(), 201);
  response.header("Cache-Control", "no-store");
  return response;
}

Result<Response> remove_token(Exchange& exchange) {
  WUSONG_TRY(const bool removed,
             sessions_of(exchange).remove_token(exchange.session->account.id, exchange.at("id")));
  if (!removed) return fail(err::not_found);
  return json_response("{}");
}

Result<Response> list_accounts(Exchange& exchange) {
  WUSONG_TRY(const auto limit, exchange.number("page_size", 50, 100));
  auto accounts = accounts_of(exchange);
  WUSONG_TRY(const auto list, accounts.list(limit, exchange.query.get("after")));
  codec::JsonWriter out;
  out.open_object().key("accounts").open_array();
  for (const auto& account : list) {
    out.open_object().key("id").string(account.id).key("name").string(account.name);
    out.key("title").string(account.display).key("kind").string(name_of(account.kind));
    out.key("address").string(hex(account.address));
    out.key("verified_by").string(account.verified_by);
    out.key("disabled").boolean(account.disabled).key("admin").boolean(account.admin);
    out.key("created").number(account.created / 1000).close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> set_account(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  auto accounts = accounts_of(exchange);
  WUSONG_TRY(const auto account, accounts.by_id(exchange.at("id")));
  if (!account) return fail(err::not_found);
  const auto disabled = body.root().find("disabled");
  if (!disabled) return fail(err::bad_request);
  WUSONG_TRY(const bool value, disabled->boolean());
  // An administrator who locks themselves out has nobody to ask.
  if (value && account->id == exchange.session->account.id) return fail(err::forbidden);
  WUSONG_CHECK(accounts.set_disabled(account->id, value));
  return json_response("{}");
}

}  // namespace wusong::gateway::internal
