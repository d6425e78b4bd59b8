// SPDX-License-Identifier: Apache-2.0
// Signing in with an account of another site. That site says who somebody is there; an account here
// is opened only by an identity that its owner has bound to it.
// @source OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9207; RFC 9700
#include <algorithm>

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/site.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/openid/errors.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::string_view kCookie = "wusong_provider";
constexpr std::size_t kTargetMost = 8'000;

ProviderLogins logins_of(Exchange& exchange) {
  return ProviderLogins{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
}

/// Over https no neighbouring site can set a cookie of this name. @source RFC 6265bis, 4.1.3.2
std::string cookie_name(const Exchange& exchange) {
  return (exchange.shared.settings.secure ? "__Host-" : "") + std::string{kCookie};
}
void set_browser(Response& response, const Exchange& exchange, std::string_view browser,
                 std::uint64_t lasts_ms) {
  std::string value =
      cookie_name(exchange) + "=" + std::string{browser} +
      "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" + std::to_string(lasts_ms / 1000);
  if (exchange.shared.settings.secure) value += "; Secure";
  response.header("Set-Cookie", value);
}

Result<const openid::IdentityProvider*> provider_in(const Exchange& exchange) {
  const auto* out = exchange.shared.providers.find(exchange.at("id"));
  if (out == nullptr) return fail(err::not_found);
  return out;
}

std::string return_address(const Exchange& exchange, const openid::IdentityProvider& provider) {
  return site_of(exchange).origin + "/oidc/" + provider.id + "/callback";
}

/// A browser's session: programs' tokens may not add ways to sign in.
Result<const Account*> own_account(const Exchange& exchange) {
  if (!exchange.session) return fail(err::login_required);
  if (exchange.session->csrf.empty()) return fail(err::forbidden);
  return &exchange.session->account;
}

/// A path of ours, never another host.
std::string own_path(std::string_view wanted) {
  const bool plain =
      wanted.starts_with('/') && !wanted.starts_with("//") && wanted.size() <= kTargetMost &&
      std::ranges::all_of(wanted, [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
  return plain ? std::string{wanted} : "/cases";
}

/// Where the browser goes to be asked, and the secret that it comes back with.
struct Question {
  std::string location;
  std::string browser;
};
Result<Question> ask_provider(Exchange& exchange, const openid::IdentityProvider& provider,
                              const ProviderFlow& flow) {
  const auto now = exchange.request.now;
  WUSONG_TRY(const auto described, exchange.shared.providers.metadata(provider, now));
  auto logins = logins_of(exchange);
  WUSONG_TRY(auto opened, logins.open(flow, now));
  const auto challenge = hash::sha256(as_bytes(logins.verifier_of(opened.state)));
  std::string to = described.authorization_endpoint;
  to += to.find('?') == std::string::npos ? '?' : '&';
  to += "response_type=code&code_challenge_method=S256";
  const auto add = [&](std::string_view name, std::string_view value) {
    to += "&" + std::string{name} + "=" + percent_encode(value);
  };
  add("client_id", provider.client_id);
  add("redirect_uri", return_address(exchange, provider));
  add("scope", provider.scope);
  add("state", opened.state);
  add("nonce", logins.nonce_of(opened.state));
  add("code_challenge", base64url(challenge));
  add("ui_locales", exchange.zh() ? "zh-CN en" : "en zh-CN");
  return Question{std::move(to), std::move(opened.browser)};
}

Response lead(std::string_view to) {
  Response out = redirect(to, 303);
  out.header("Cache-Control", "no-store");
  return out;
}

/// Who comes back, once everything holds.
Result<ProviderClaim> judge_answer(Exchange& exchange, const openid::IdentityProvider& provider) {
  const auto now = exchange.request.now;
  auto& providers = exchange.shared.providers;
  const Fields& query = exchange.query;
  WUSONG_TRY(const auto described, providers.metadata(provider, now));
  const bool issuer_sound =
      query.has("iss") ? query.get("iss") == provider.issuer : !described.names_issuer;
  if (!issuer_sound) return fail(openid::err::provider_answer);
  if (query.has("error")) return fail(openid::err::provider_refused);
  const auto state = query.get("state");
  auto logins = logins_of(exchange);
  WUSONG_TRY(const auto answer,
             providers.redeem(provider,
                              {.code = std::string{query.get("code")},
                               .verifier = logins.verifier_of(state),
                               .nonce = logins.nonce_of(state),
                               .redirect_uri = return_address(exchange, provider)},
                              now));
  // Names are asked for only where somebody has to read them.
  ProviderBindings bindings{exchange.db.own};
  WUSONG_TRY(const auto known, bindings.find(provider.issuer, answer.token.subject));
  ProviderClaim out{provider.id, provider.issuer, {.subject = answer.token.subject}};
  if (!known) {
    WUSONG_TRY(out.identity, providers.describe(provider, answer, now));
  }
  return out;
}

Result<Response> bind_and_lead(Exchange& exchange, const ProviderFlow& flow,
                               const ProviderClaim& claim) {
  const auto account = own_account(exchange);
  // Who began has signed out since, or is somebody else.
  if (!account || (*account)->id != flow.account) return fail(err::sign_in_expired);
  ProviderBindings bindings{exchange.db.own};
  WUSONG_CHECK(bindings.bind(claim, flow.account, exchange.shared.entropy, exchange.request.now));
  return lead("/account");
}

Result<Response> sign_in_and_lead(Exchange& exchange, const ProviderFlow& flow,
                                  const ProviderClaim& claim) {
  const auto now = exchange.request.now;
  ProviderBindings bindings{exchange.db.own};
  WUSONG_TRY(const auto binding, bindings.find(claim.issuer, claim.identity.subject));
  if (!binding) {
    WUSONG_TRY(const auto browser, logins_of(exchange).hold(claim, now));
    Response out =
        lead("/signin?provider=" + claim.provider + "&to=" + percent_encode(flow.target));
    set_browser(out, exchange, browser, kProviderClaimMs);
    return out;
  }
  Accounts accounts{exchange.db.own, exchange.shared.keys, exchange.shared.entropy, {}};
  WUSONG_TRY(const auto account, accounts.by_id(binding->account));
  if (!account || account->disabled) return fail(err::forbidden);
  WUSONG_CHECK(bindings.mark_used(binding->id, now));
  Sessions sessions{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
  if (!exchange.session_token.empty()) WUSONG_CHECK(sessions.close(exchange.session_token));
  WUSONG_TRY(const auto token,
             sessions.open(*account, exchange.request.remote, now, claim.provider));
  Response out = lead(flow.target);
  out.header("Set-Cookie", session_cookie(token, exchange.shared.settings.secure));
  set_browser(out, exchange, "", 0);
  return out;
}

std::string browser_of(const Exchange& exchange) {
  const Fields cookies = parse_cookies(exchange.request.headers.get("cookie"));
  return std::string{cookies.get(cookie_name(exchange))};
}

}  // namespace

Result<std::optional<ProviderClaim>> waiting_claim(Exchange& exchange, bool take) {
  auto logins = logins_of(exchange);
  const auto browser = browser_of(exchange);
  WUSONG_TRY(auto out, take ? logins.take_claim(browser, exchange.request.now)
                            : logins.claim(browser, exchange.request.now));
  // The operator may have taken the provider away.
  if (out && exchange.shared.providers.find(out->provider) == nullptr) out.reset();
  return out;
}

Result<void> bind_waiting_claim(Exchange& exchange, const Account& account) {
  WUSONG_TRY(const auto claim, waiting_claim(exchange, true));
  if (!claim) return fail(err::sign_in_expired);
  ProviderBindings bindings{exchange.db.own};
  return bindings.bind(*claim, account.id, exchange.shared.entropy, exchange.request.now);
}

std::string provider_logout(const Exchange& exchange, const openid::IdentityProvider& provider) {
  const auto described = exchange.shared.providers.known_metadata(provider);
  if (!described || described->end_session_endpoint.empty()) return {};
  std::string out = described->end_session_endpoint;
  out += out.find('?') == std::string::npos ? '?' : '&';
  return out + "client_id=" + percent_encode(provider.client_id) +
         "&post_logout_redirect_uri=" + percent_encode(site_of(exchange).origin + "/");
}

Result<Response> list_providers(Exchange& exchange) {
  WUSONG_TRY(const auto claim, waiting_claim(exchange, false));
  codec::JsonWriter out;
  out.open_object().key("providers").open_array();
  for (const auto& provider : exchange.shared.providers.all()) {
    out.open_object().key("id").string(provider.id);
    write_text(out, "title", label_of(provider));
    out.close_object();
  }
  out.close_array();
  if (claim) {
    const auto& provider = *exchange.shared.providers.find(claim->provider);
    out.key("waiting").open_object().key("provider").string(provider.id);
    write_text(out, "title", label_of(provider));
    out.key("name").string(claim->identity.name.empty() ? claim->identity.subject
                                                        : claim->identity.name);
    out.key("email").string(claim->identity.email);
    out.key("real_name").boolean(provider.real_name).close_object();
  }
  Response response = json_response(out.close_object().take());
  response.header("Cache-Control", "no-store");
  return response;
}

Result<Response> provider_start(Exchange& exchange) {
  // A link elsewhere must not begin a sign-in that its reader has not asked for.
  if (!from_own_page(exchange)) return fail(err::wrong_origin);
  WUSONG_TRY(const auto* provider, provider_in(exchange));
  const ProviderFlow flow{provider->id, "", own_path(exchange.query.get("to"))};
  WUSONG_TRY(const auto question, ask_provider(exchange, *provider, flow));
  Response out = lead(question.location);
  set_browser(out, exchange, question.browser, kProviderFlowMs);
  return out;
}

Result<Response> provider_callback(Exchange& exchange) {
  WUSONG_TRY(const auto* provider, provider_in(exchange));
  for (const std::string_view name : {"code", "state", "iss", "error"}) {
    if (exchange.query.all(name).size() > 1) return fail(err::bad_request);
  }
  auto logins = logins_of(exchange);
  WUSONG_TRY(const auto flow,
             logins.take(exchange.query.get("state"), browser_of(exchange), exchange.request.now));
  if (!flow || flow->provider != provider->id) return fail(err::sign_in_expired);
  WUSONG_TRY(const auto claim, judge_answer(exchange, *provider));
  return flow->account.empty() ? sign_in_and_lead(exchange, *flow, claim)
                               : bind_and_lead(exchange, *flow, claim);
}

Result<Response> list_bindings(Exchange& exchange) {
  ProviderBindings bindings{exchange.db.own};
  WUSONG_TRY(const auto list, bindings.list(exchange.session->account.id));
  codec::JsonWriter out;
  out.open_object().key("bindings").open_array();
  for (const auto& binding : list) {
    const auto* provider = exchange.shared.providers.find(binding.provider);
    out.open_object().key("id").string(binding.id).key("provider").string(binding.provider);
    write_text(out, "title",
               provider != nullptr ? label_of(*provider)
                                   : portal::Text{binding.provider, binding.provider});
    out.key("offered").boolean(provider != nullptr).key("name").string(binding.name);
    out.key("created").number(binding.created / 1000);
    if (binding.used != 0) out.key("used").number(binding.used / 1000);
    out.close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> bind_provider(Exchange& exchange) {
  WUSONG_TRY(const auto* account, own_account(exchange));
  if (account->verified_by.empty()) return fail(err::real_name_needed);
  WUSONG_TRY(const auto* provider, provider_in(exchange));
  WUSONG_TRY(const auto question,
             ask_provider(exchange, *provider, {provider->id, account->id, "/account"}));
  codec::JsonWriter out;
  out.open_object().key("location").string(question.location).close_object();
  Response response = json_response(out.take());
  response.header("Cache-Control", "no-store");
  set_browser(response, exchange, question.browser, kProviderFlowMs);
  return response;
}

Result<Response> bind_waiting(Exchange& exchange) {
  WUSONG_TRY(const auto* account, own_account(exchange));
  if (account->verified_by.empty()) return fail(err::real_name_needed);
  WUSONG_CHECK(bind_waiting_claim(exchange, *account));
  WUSONG_TRY(auto out, list_bindings(exchange));
  set_browser(out, exchange, "", 0);
  return out;
}

Result<Response> remove_binding(Exchange& exchange) {
  WUSONG_TRY(const auto* account, own_account(exchange));
  ProviderBindings bindings{exchange.db.own};
  WUSONG_TRY(const bool removed,
             bindings.remove(exchange.at("id"), account->id, exchange.session_token));
  if (!removed) return fail(err::not_found);
  return list_bindings(exchange);
}

}  // namespace wusong::gateway::internal
