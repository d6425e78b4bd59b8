// SPDX-License-Identifier: Apache-2.0
// The half of the OpenID provider that people see: who asks for what, signing in, agreeing.
// Authorisation code flow with PKCE only; redirect addresses are compared letter by letter.
// @source OpenID Connect Core 1.0, section 3.1.2; RFC 6749, section 4.1; RFC 7636; RFC 9207
#include <charconv>

#include "wusong/crypto/password.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/oidc_request.hpp"
#include "wusong/gateway/internal/site.hpp"
#include "wusong/gateway/oidc_keys.hpp"

namespace wusong::gateway::internal {

std::string oidc_issuer(const Exchange& exchange) {
  const auto& base = exchange.shared.settings.site.base;
  return base.empty() ? site_of(exchange).origin : base;
}

namespace {

constexpr std::array<std::string_view, 14> kParameters{
    "client_id",  "redirect_uri",  "response_type",  "response_mode",
    "scope",      "state",         "nonce",          "prompt",
    "max_age",    "id_token_hint", "code_challenge", "code_challenge_method",
    "ui_locales", "login_hint"};

Response go_back(const Exchange& exchange, const std::string& redirect_uri, std::string_view state,
                 std::string_view name, std::string_view value) {
  std::string to = redirect_uri;
  to += to.find('?') == std::string::npos ? '?' : '&';
  to += std::string{name} + "=" + percent_encode(value);
  if (!state.empty()) to += "&state=" + percent_encode(state);
  to += "&iss=" + percent_encode(oidc_issuer(exchange));
  Response out = redirect(to, 303);
  out.header("Cache-Control", "no-store");
  return out;
}

/// Told to the person: who sent them here is not to be trusted with an answer.
Response untrusted(const Exchange& exchange) {
  Response out = problem_page(
      exchange,
      {400,
       "unknown_client",
       {"请求登录的应用没有登记,或它的返回地址与登记的不符。",
        "The application that asks is not registered, or its return address is not the registered "
        "one."},
       "",
       {"请回到该应用,并把这个问题告诉它的运营者。",
        "Go back to the application and tell those who run it."}});
  out.status = 400;
  return out;
}

/// The names that we know, each once, in our order. @source OpenID Connect Core, 3.1.2.1
std::string known_scope(std::string_view asked) {
  std::string out;
  for (const auto& scope : kOidcScopes) {
    if (!scope_has(asked, scope.name)) continue;
    if (!out.empty()) out += ' ';
    out += scope.name;
  }
  return out;
}

bool valid_prompt(std::string_view prompt) {
  if (scope_has(prompt, "none")) return prompt == "none";
  return scope_within(prompt, "login consent select_account");
}

/// base64url of a SHA-256 digest.
bool valid_challenge(std::string_view text) {
  const auto bytes = codec::strict_base64url(text);
  return bytes && bytes->size() == 32;
}

/// Fills in what the client wants; a word of RFC 6749 where it cannot be.
Result<std::string_view> read_wishes(Exchange& exchange, const Fields& from, OidcRequest& out) {
  using namespace std::string_view_literals;
  for (const auto name : kParameters) {
    if (from.all(name).size() > 1) return "invalid_request"sv;
  }
  if (from.has("request")) return "request_not_supported"sv;
  if (from.has("request_uri")) return "request_uri_not_supported"sv;
  if (from.has("registration")) return "registration_not_supported"sv;
  const auto type = from.get("response_type");
  if (type.empty()) return "invalid_request"sv;
  if (type != "code") return "unsupported_response_type"sv;
  const auto mode = from.get("response_mode");
  if (!mode.empty() && mode != "query") return "invalid_request"sv;
  out.scope = known_scope(from.get("scope"));
  if (!scope_has(out.scope, "openid")) return "invalid_scope"sv;
  out.nonce = from.get("nonce");
  out.challenge = from.get("code_challenge");
  out.prompt = from.get("prompt");
  if (from.get("code_challenge_method") != "S256" || !valid_challenge(out.challenge) ||
      out.nonce.size() > 500 || !valid_prompt(out.prompt)) {
    return "invalid_request"sv;
  }
  if (const auto age = from.get("max_age"); !age.empty()) {
    std::uint64_t seconds = 0;
    const auto [end, error] = std::from_chars(age.data(), age.data() + age.size(), seconds);
    if (error != std::errc{} || end != age.data() + age.size()) return "invalid_request"sv;
    out.max_age = seconds;
  }
  if (const auto hint = from.get("id_token_hint"); !hint.empty()) {
    OidcKeys keys{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
    WUSONG_TRY(const auto published, keys.published());
    const auto claims = openid::verify_jwt(hint, published);
    if (!claims) return "invalid_request"sv;
    const auto issuer = claims->root().string_at("iss");
    const auto subject = claims->root().string_at("sub");
    if (!issuer || *issuer != oidc_issuer(exchange) || !subject) return "invalid_request"sv;
    out.subject = *subject;
  }
  return ""sv;
}

/// A wrong client or address is told to the person; everything else to the client.
Result<std::expected<OidcRequest, Response>> read_request(Exchange& exchange, const Fields& from) {
  using Read = std::expected<OidcRequest, Response>;
  WUSONG_TRY(auto client, find_oidc_client(exchange.db.own, from.get("client_id")));
  const std::string redirect_uri{from.get("redirect_uri")};
  if (!client || from.all("client_id").size() != 1 || from.all("redirect_uri").size() != 1 ||
      std::ranges::find(client->redirect_uris, redirect_uri) == client->redirect_uris.end()) {
    return Read{std::unexpect, untrusted(exchange)};
  }
  OidcRequest out;
  out.client = std::move(*client);
  out.redirect_uri = redirect_uri;
  out.state = from.get("state");
  if (out.state.size() > 2000) {
    return Read{std::unexpect, go_back(exchange, redirect_uri, "", "error", "invalid_request")};
  }
  WUSONG_TRY(const auto wrong, read_wishes(exchange, from, out));
  if (!wrong.empty()) {
    return Read{std::unexpect, go_back(exchange, redirect_uri, out.state, "error", wrong)};
  }
  for (const auto name : kParameters) {
    if (!from.has(name)) continue;
    if (!out.query.empty()) out.query += '&';
    out.query += std::string{name} + "=" + percent_encode(from.get(name));
  }
  return Read{std::move(out)};
}

/// A browser's session; a program's token signs nobody in elsewhere.
const Session* browser_session(const Exchange& exchange) noexcept {
  return exchange.session && !exchange.session->csrf.empty() ? &*exchange.session : nullptr;
}

bool must_sign_in(const Exchange& exchange, const OidcRequest& asked) {
  const Session* const session = browser_session(exchange);
  if (session == nullptr) return true;
  if (scope_has(asked.prompt, "login") || scope_has(asked.prompt, "select_account")) return true;
  if (!asked.subject.empty() && asked.subject != session->account.id) return true;
  return asked.max_age && session->since + *asked.max_age * 1000 < exchange.request.now.value;
}

/// The same request once somebody has signed in for it: `login` has been done.
std::string after_sign_in(const OidcRequest& asked) {
  std::string prompt;
  for (const std::string_view word : {"consent"}) {
    if (scope_has(asked.prompt, word)) prompt = word;
  }
  std::string out = "/oauth2/authorize?";
  for (std::string_view rest = asked.query; !rest.empty();) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    if (!pair.starts_with("prompt=")) out += std::string{pair} + "&";
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return out + "prompt=" + prompt;
}

std::string say(const Exchange& exchange, std::string_view zh, std::string_view en) {
  return html(exchange.zh() ? zh : en);
}

/// "https://app.example" of an address, or an application's "scheme:".
std::string origin_of(const std::string& uri) {
  const auto scheme = uri.find("://");
  if (scheme == std::string::npos || !uri.starts_with("http")) {
    return uri.substr(0, uri.find(':') + 1);
  }
  return uri.substr(0, uri.find_first_of("/?", scheme + 3));
}

std::string hidden(std::string_view name, std::string_view value) {
  return "<input type=\"hidden\" name=\"" + std::string{name} + "\" value=\"" + html(value) + "\">";
}

Response page(const Exchange& exchange, const OidcRequest& asked, const portal::StaticText& title,
              const std::string& body) {
  const std::string heading = say(exchange, title.zh, title.en);
  std::string out = "<!doctype html>\n<html lang=\"";
  out += exchange.zh() ? "zh-CN" : "en";
  out +=
      "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>" +
      heading + " · " + html(exchange.shared.settings.site.title.in(exchange.zh())) + "</title>";
  for (const auto& style : exchange.shared.web.styles) {
    out += "<link rel=\"stylesheet\" href=\"" + html(style) + "\">";
  }
  const std::string other = exchange.zh() ? "en" : "zh";
  out += "</head><body><main class=\"alone\"><p class=\"small\">" +
         html(exchange.shared.settings.site.title.in(exchange.zh())) + " · <a hreflang=\"" + other +
         "\" href=\"/oauth2/authorize?" + html(asked.query + "&lang=" + other) + "\">" +
         (exchange.zh() ? "English" : "中文") + "</a></p><h1>" + heading + "</h1>" + body +
         "</main></body></html>\n";
  Response response = text_response(std::move(out), "text/html; charset=utf-8");
  response.header("Cache-Control", "no-store");
  response.header("Content-Language", exchange.zh() ? "zh-CN" : "en");
  // Browsers apply the form's policy also to where its answer leads.
  response.form_action = origin_of(asked.redirect_uri);
  return response;
}

/// The other sites that sign people in here; they come back to the same request.
std::string provider_links(const Exchange& exchange, const OidcRequest& asked) {
  std::string out;
  for (const auto& provider : exchange.shared.providers.all()) {
    out += "<li><a href=\"/oidc/" + provider.id + "/start?to=" +
           percent_encode(after_sign_in(asked) + (exchange.zh() ? "&lang=zh" : "&lang=en")) +
           "\">" + html(label_of(provider).in(exchange.zh())) + "</a></li>";
  }
  if (out.empty()) return out;
  return "<p>" + say(exchange, "或用以下身份登录:", "Or sign in with:") + "</p><ul>" + out +
         "</ul>";
}

Response sign_in_page(const Exchange& exchange, const OidcRequest& asked,
                      std::string_view problem) {
  std::string body =
      "<p><strong>" + html(asked.client.name) + "</strong> " +
      say(exchange, "请您用本平台的账号登录。", "asks you to sign in with your account here.") +
      "</p>";
  if (!problem.empty()) body += "<p role=\"alert\">" + html(problem) + "</p>";
  body +=
      "<form method=\"post\" action=\"/oauth2/login\">" + hidden("request", asked.query) +
      hidden("lang", exchange.zh() ? "zh" : "en") + "<p><label>" + say(exchange, "账号", "Name") +
      " <input name=\"name\" autocomplete=\"username\" required></label></p><p><label>" +
      say(exchange, "密码", "Password") +
      " <input type=\"password\" name=\"password\" autocomplete=\"current-password\" "
      "required></label></p><button>" +
      say(exchange, "登录", "Sign in") + "</button></form>" + provider_links(exchange, asked) +
      "<p>" +
      say(exchange, "用通行密钥或 DID 登录的用户,请先在本平台登录,再回到这里刷新。",
          "If you sign in with a passkey or a DID, do so on this portal first, then reload "
          "this page.") +
      " <a href=\"/\">" + html(exchange.shared.settings.site.title.in(exchange.zh())) + "</a></p>";
  return page(exchange, asked, {"登录", "Sign in"}, body);
}

Response consent_page(const Exchange& exchange, const OidcRequest& asked, const Session& session) {
  std::string body = "<p><strong>" + html(asked.client.name) + "</strong> (" +
                     html(origin_of(asked.redirect_uri)) + ") " +
                     say(exchange, "请求获得:", "asks for:") + "</p><ul>";
  for (const auto& scope : kOidcScopes) {
    if (!scope_has(asked.scope, scope.name)) continue;
    body += "<li>" + say(exchange, scope.about.zh, scope.about.en) + "</li>";
  }
  body += "</ul><p>" + say(exchange, "当前账号:", "Signed in as ") + "<strong>" +
          html(session.account.name) + "</strong></p>";
  body += "<form method=\"post\" action=\"/oauth2/consent\">" + hidden("request", asked.query) +
          hidden("csrf", session.csrf) + hidden("lang", exchange.zh() ? "zh" : "en") +
          "<button name=\"decision\" value=\"allow\">" + say(exchange, "同意", "Allow") +
          "</button> <button name=\"decision\" value=\"deny\">" + say(exchange, "拒绝", "Refuse") +
          "</button></form>";
  return page(exchange, asked, {"授权确认", "Do you agree?"}, body);
}

Result<Response> give_code(Exchange& exchange, const OidcRequest& asked, const Session& session) {
  OidcGrants grants{exchange.db.own, exchange.shared.entropy};
  OidcCode code;
  code.grant.client = asked.client.id;
  code.grant.account = session.account.id;
  code.grant.scope = asked.scope;
  code.grant.auth_time = session.since;
  code.redirect_uri = asked.redirect_uri;
  code.challenge = asked.challenge;
  code.nonce = asked.nonce;
  WUSONG_TRY(const auto text, grants.add_code(std::move(code), exchange.request.now));
  return go_back(exchange, asked.redirect_uri, asked.state, "code", text);
}

/// The form of a page of ours, and the request that it carries.
struct Form {
  Fields fields;
  OidcRequest asked;
};
Result<std::expected<Form, Response>> read_form(Exchange& exchange) {
  using Read = std::expected<Form, Response>;
  if (!from_own_page(exchange)) return fail(err::wrong_origin);
  WUSONG_TRY(auto fields, parse_query(exchange.request.body));
  WUSONG_TRY(const auto query, parse_query(fields.get("request")));
  if (fields.get("lang") == "en") exchange.language = Language::en;
  if (fields.get("lang") == "zh") exchange.language = Language::zh;
  WUSONG_TRY(auto asked, read_request(exchange, query));
  if (!asked) return Read{std::unexpect, std::move(asked.error())};
  return Read{Form{std::move(fields), std::move(*asked)}};
}

/// The client's wish, where the reader has not chosen by `lang`.
void choose_language(Exchange& exchange, const Fields& from) {
  const auto locales = from.get("ui_locales");
  if (from.has("lang") || locales.empty()) return;
  exchange.language = locales.starts_with("en") ? Language::en : Language::zh;
}

}  // namespace

Result<Response> oidc_authorize(Exchange& exchange) {
  choose_language(exchange, exchange.query);
  WUSONG_TRY(const auto read, read_request(exchange, exchange.query));
  if (!read) return read.error();
  const OidcRequest& asked = *read;
  const bool silent = asked.prompt == "none";
  const auto refuse = [&](std::string_view why) {
    return go_back(exchange, asked.redirect_uri, asked.state, "error", why);
  };
  if (must_sign_in(exchange, asked)) {
    return silent ? refuse("login_required") : sign_in_page(exchange, asked, "");
  }
  const Session& session = *browser_session(exchange);
  OidcGrants grants{exchange.db.own, exchange.shared.entropy};
  WUSONG_TRY(const auto agreed, grants.consent(session.account.id, asked.client.id));
  // An address that others on the same machine could take is asked about every time: RFC 8252, 8.6.
  const bool known = !agreed.empty() && scope_within(asked.scope, agreed) &&
                     !scope_has(asked.prompt, "consent") &&
                     asked.redirect_uri.starts_with("https://");
  if (known) return give_code(exchange, asked, session);
  return silent ? refuse("consent_required") : consent_page(exchange, asked, session);
}

Result<Response> oidc_authorize_form(Exchange& exchange) {
  // A form of another site comes without our cookie; a request by GET brings it.
  constexpr std::size_t kMost = 8'000;  // longer addresses are cut on the way
  if (exchange.request.body.empty() || exchange.request.body.size() > kMost) {
    return fail(err::bad_request);
  }
  WUSONG_CHECK(parse_query(exchange.request.body));
  return redirect("/oauth2/authorize?" + exchange.request.body, 303);
}

Result<Response> oidc_login(Exchange& exchange) {
  WUSONG_TRY(const auto form, read_form(exchange));
  if (!form) return form.error();
  Accounts accounts{exchange.db.own, exchange.shared.keys, exchange.shared.entropy,
                    exchange.shared.settings.password_cost};
  const auto account = accounts.login(form->fields.get("name"), form->fields.get("password"),
                                      exchange.request.remote, exchange.request.now);
  if (!account) {
    const auto problem = problem_of(account.error());
    Response again = sign_in_page(exchange, form->asked, problem.message.in(exchange.zh()));
    again.status = problem.status;
    return again;
  }
  Sessions sessions{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
  if (!exchange.session_token.empty()) WUSONG_CHECK(sessions.close(exchange.session_token));
  WUSONG_TRY(const auto token,
             sessions.open(*account, exchange.request.remote, exchange.request.now));
  Response out =
      redirect(after_sign_in(form->asked) + (exchange.zh() ? "&lang=zh" : "&lang=en"), 303);
  out.header("Set-Cookie", session_cookie(token, exchange.shared.settings.secure));
  out.header("Cache-Control", "no-store");
  return out;
}

Result<Response> oidc_consent(Exchange& exchange) {
  WUSONG_TRY(const auto form, read_form(exchange));
  if (!form) return form.error();
  const OidcRequest& asked = form->asked;
  const Session* const session = browser_session(exchange);
  if (session == nullptr) return sign_in_page(exchange, asked, "");
  if (!crypto::equal_secrets(form->fields.get("csrf"), session->csrf)) {
    return fail(err::csrf_missing);
  }
  if (form->fields.get("decision") != "allow") {
    return go_back(exchange, asked.redirect_uri, asked.state, "error", "access_denied");
  }
  // The page was shown to this account, but time has passed since.
  if (must_sign_in(exchange, asked)) return sign_in_page(exchange, asked, "");
  OidcGrants grants{exchange.db.own, exchange.shared.entropy};
  WUSONG_CHECK(
      grants.add_consent(session->account.id, asked.client.id, asked.scope, exchange.request.now));
  return give_code(exchange, asked, *session);
}

}  // namespace wusong::gateway::internal
