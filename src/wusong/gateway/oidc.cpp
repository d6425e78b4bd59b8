// SPDX-License-Identifier: Apache-2.0
// The portal as OpenID provider: other sites of the city let people in with their account here.
// Authorisation code flow with PKCE only; redirect addresses are compared letter by letter.
// @source OpenID Connect Core 1.0; RFC 6749; RFC 7636; RFC 9207
#include <array>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/hash.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/password.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/gateway/oidc.hpp"
#include "wusong/gateway/tables.hpp"

namespace wusong::gateway {

Result<void> add_oidc_client(io::SqlConnection& db, const OidcClient& client) {
  std::string uris;
  for (const auto& uri : client.redirect_uris) {
    const bool local = uri.starts_with("http://127.0.0.1") || uri.starts_with("http://localhost");
    if ((!uri.starts_with("https://") && !local) ||
        uri.find_first_of("#\n ") != std::string::npos) {
      return fail(err::bad_request);
    }
    uris += uri + "\n";
  }
  if (client.id.empty() || uris.empty()) return fail(err::bad_request);
  WUSONG_CHECK(run(db,
                   "INSERT INTO oidc_clients(id, secret, name, redirect_uris) VALUES ($1, $2, $3, "
                   "$4) ON CONFLICT(id) DO UPDATE SET secret = excluded.secret, name = "
                   "excluded.name, redirect_uris = excluded.redirect_uris",
                   sql(client.id), sql(client.secret.empty() ? "" : digest_hex(client.secret)),
                   sql(client.name), sql(uris)));
  return {};
}

namespace internal {
namespace {

constexpr std::uint64_t kCodeMs = 60'000;
constexpr std::uint64_t kTokenMs = 3'600'000;
constexpr std::string_view kKeyName = "oidc key";

Result<crypto::SecretBytes> signing_key(Exchange& exchange) {
  WUSONG_TRY(auto row, find_row(exchange.db.own, "SELECT sealed FROM secrets WHERE name = $1",
                                sql(kKeyName)));
  if (!row) {
    const auto fresh = crypto::p256_generate(exchange.shared.entropy);
    WUSONG_CHECK(
        run(exchange.db.own,
            "INSERT INTO secrets(name, sealed) VALUES ($1, $2) ON CONFLICT(name) DO NOTHING",
            sql(kKeyName),
            sql(exchange.shared.keys.seal(kKeyName, fresh.view(), exchange.shared.entropy))));
    WUSONG_TRY(row, find_row(exchange.db.own, "SELECT sealed FROM secrets WHERE name = $1",
                             sql(kKeyName)));
  }
  if (!row) return fail(err::internal);
  return exchange.shared.keys.open(kKeyName, blob_of((*row)[0]));
}

std::string key_id(const std::array<std::uint8_t, 64>& key) {
  return base64url(crypto::sha256(key).view().first(12));
}

const std::string& issuer(const Exchange& exchange) {
  return exchange.shared.settings.site.base;
}

/// What a client asks for; carried through the sign-in form.
struct Asked {
  std::string client;
  std::string redirect_uri;
  std::string scope;
  std::string state;
  std::string nonce;
  std::string challenge;
  std::string client_name;
};

Result<std::optional<Row>> client_row(Exchange& exchange, std::string_view id) {
  return find_row(exchange.db.own,
                  "SELECT secret, name, redirect_uris FROM oidc_clients WHERE id = $1", sql(id));
}

bool registered(std::string_view uris, std::string_view uri) {
  if (uri.empty() || uri.find('\n') != std::string_view::npos) return false;
  while (!uris.empty()) {
    const auto end = uris.find('\n');
    if (uris.substr(0, end) == uri) return true;
    uris = end == std::string_view::npos ? std::string_view{} : uris.substr(end + 1);
  }
  return false;
}

Response back(const Exchange& exchange, const Asked& asked, std::string_view name,
              std::string_view value) {
  std::string to = asked.redirect_uri;
  to += to.find('?') == std::string::npos ? '?' : '&';
  to += std::string{name} + "=" + percent_encode(value);
  if (!asked.state.empty()) to += "&state=" + percent_encode(asked.state);
  to += "&iss=" + percent_encode(issuer(exchange));
  Response out = redirect(to, 303);
  out.header("Cache-Control", "no-store");
  return out;
}

/// A wrong client or address is told to the person; everything else to the client.
Result<std::expected<Asked, Response>> read_asked(Exchange& exchange, const Fields& from) {
  Asked out;
  out.client = from.get("client_id");
  out.redirect_uri = from.get("redirect_uri");
  out.scope = from.get("scope");
  out.state = from.get("state");
  out.nonce = from.get("nonce");
  out.challenge = from.get("code_challenge");
  WUSONG_TRY(const auto row, client_row(exchange, out.client));
  if (!row || !registered(text_of((*row)[2]), out.redirect_uri)) return fail(err::bad_request);
  out.client_name = text_of((*row)[1]);
  const auto refuse = [&](std::string_view why) {
    return std::expected<Asked, Response>{std::unexpect, back(exchange, out, "error", why)};
  };
  if (from.get("response_type") != "code") return refuse("unsupported_response_type");
  if ((" " + out.scope + " ").find(" openid ") == std::string::npos) return refuse("invalid_scope");
  if (from.get("code_challenge_method") != "S256" || out.challenge.size() != 43 ||
      out.state.size() > 1000 || out.nonce.size() > 500) {
    return refuse("invalid_request");
  }
  return std::expected<Asked, Response>{std::move(out)};
}

Result<Response> give_code(Exchange& exchange, const Asked& asked, const Account& account,
                           std::uint64_t since) {
  const std::string code = random_hex(exchange.shared.entropy, 32);
  WUSONG_CHECK(run(exchange.db.own,
                   "INSERT INTO oidc_codes(code, client, account, redirect_uri, challenge, nonce, "
                   "scope, created, auth_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                   sql(digest_hex(code)), sql(asked.client), sql(account.id),
                   sql(asked.redirect_uri), sql(asked.challenge), sql(asked.nonce),
                   sql(asked.scope), sql(exchange.request.now.value), sql(since)));
  return back(exchange, asked, "code", code);
}

/// Signing in and agreeing are one form: who is signed in already still sees who asks.
Response form(const Exchange& exchange, const Asked& asked, std::string_view problem) {
  const auto say = [&](std::string_view zh, std::string_view en) {
    return html(exchange.zh() ? zh : en);
  };
  std::string out = "<!doctype html><html lang=\"";
  out += exchange.zh() ? "zh-CN" : "en";
  out += "\"><head><meta charset=\"utf-8\"><title>" + say("登录", "Sign in") +
         "</title></head><body><main><h1>" + say("登录", "Sign in") + "</h1><p><strong>" +
         html(asked.client_name) + "</strong> " +
         say("请求用您在本站的账号登录,并读取您的账号名和显示名。",
             "asks to let you in with your account here, and to read its name and title.") +
         "</p>";
  if (!problem.empty()) out += "<p role=\"alert\">" + std::string{problem} + "</p>";
  out += "<form method=\"post\" action=\"/oidc/login\">";
  const auto hidden = [&](std::string_view name, std::string_view value) {
    out +=
        "<input type=\"hidden\" name=\"" + std::string{name} + "\" value=\"" + html(value) + "\">";
  };
  hidden("response_type", "code");
  hidden("client_id", asked.client);
  hidden("redirect_uri", asked.redirect_uri);
  hidden("scope", asked.scope);
  hidden("state", asked.state);
  hidden("nonce", asked.nonce);
  hidden("code_challenge", asked.challenge);
  hidden("code_challenge_method", "S256");
  hidden("lang", exchange.zh() ? "zh" : "en");
  if (exchange.session) {
    hidden("csrf", exchange.session->csrf);
    out += "<p>" + say("当前账号:", "Signed in as ") + html(exchange.session->account.name) +
           "</p><button>" + say("同意并继续", "Agree and go on") + "</button>";
  } else {
    out += "<p><label>" + say("账号", "Name") +
           " <input name=\"name\" autocomplete=\"username\" required></label></p><p><label>" +
           say("密码", "Password") +
           " <input type=\"password\" name=\"password\" autocomplete=\"current-password\" "
           "required></label></p><button>" +
           say("登录并同意", "Sign in and agree") + "</button>";
  }
  Response response =
      text_response(out + "</form></main></body></html>", "text/html; charset=utf-8");
  response.header("Cache-Control", "no-store");
  // Browsers apply the form's policy to where it is sent on to.
  const auto path = asked.redirect_uri.find('/', asked.redirect_uri.find("://") + 3);
  response.form_action = asked.redirect_uri.substr(0, path);
  return response;
}

/// What RFC 6749, section 5.2, has in place of our own errors.
Response token_error(std::string_view code, unsigned status = 400) {
  codec::JsonWriter out;
  out.open_object().key("error").string(code).close_object();
  Response response = json_response(out.take(), status);
  response.header("Cache-Control", "no-store");
  if (status == 401) response.header("WWW-Authenticate", "Basic");
  return response;
}

/// Whether the client is who it says: a secret in the header or the form, or none where it has
/// none.
Result<bool> client_proven(Exchange& exchange, const Fields& form_fields, std::string& client) {
  std::string secret{form_fields.get("client_secret")};
  client = form_fields.get("client_id");
  const auto header = exchange.request.headers.get("authorization");
  if (header.starts_with("Basic ")) {
    const auto decoded = from_base64(header.substr(6));
    if (!decoded) return false;
    const auto text = as_text(*decoded);
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const auto id = percent_decode(text.substr(0, colon), true);
    const auto word = percent_decode(text.substr(colon + 1), true);
    if (!id || !word) return false;
    client = *id;
    secret = *word;
  }
  WUSONG_TRY(const auto row, client_row(exchange, client));
  if (!row) return false;
  const auto wanted = text_of((*row)[0]);
  return wanted.empty() ? secret.empty() : crypto::equal_secrets(wanted, digest_hex(secret));
}

void write_claims(codec::JsonWriter& out, const Account& account) {
  out.key("sub").string(account.id).key("preferred_username").string(account.name);
  out.key("name").string(account.display);
  if (!account.email.empty()) out.key("email").string(account.email);
  out.key("email_verified").boolean(false);
  out.key("address_on_chain").string(hex(account.address));
  out.key("real_name_verified_by").string(account.verified_by);
}

Result<std::string> id_token(Exchange& exchange, const Account& account, std::string_view client,
                             std::string_view nonce, std::uint64_t auth_time) {
  WUSONG_TRY(const auto key, signing_key(exchange));
  WUSONG_TRY(const auto public_key, crypto::p256_public_key(key.view()));
  codec::JsonWriter head;
  head.open_object().key("alg").string("ES256").key("typ").string("JWT");
  head.key("kid").string(key_id(public_key)).close_object();
  codec::JsonWriter body;
  const auto now = exchange.now_seconds();
  body.open_object().key("iss").string(issuer(exchange)).key("aud").string(client);
  body.key("iat").number(now).key("exp").number(now + kTokenMs / 1000);
  body.key("auth_time").number(auth_time / 1000);
  if (!nonce.empty()) body.key("nonce").string(nonce);
  write_claims(body, account);
  body.close_object();
  std::string token = base64url(as_bytes(head.text())) + "." + base64url(as_bytes(body.text()));
  WUSONG_TRY(const auto signature, crypto::p256_sign(crypto::sha256(as_bytes(token)), key.view()));
  return token + "." + base64url(signature);
}

}  // namespace

Result<Response> oidc_discovery(Exchange& exchange) {
  const auto& base = issuer(exchange);
  codec::JsonWriter out;
  out.open_object().key("issuer").string(base);
  out.key("authorization_endpoint").string(base + "/oidc/authorize");
  out.key("token_endpoint").string(base + "/oidc/token");
  out.key("userinfo_endpoint").string(base + "/oidc/userinfo");
  out.key("jwks_uri").string(base + "/oidc/keys");
  const auto list = [&](std::string_view name, std::initializer_list<std::string_view> values) {
    out.key(name).open_array();
    for (const auto value : values) out.string(value);
    out.close_array();
  };
  list("response_types_supported", {"code"});
  list("response_modes_supported", {"query"});
  list("grant_types_supported", {"authorization_code"});
  list("subject_types_supported", {"public"});
  list("id_token_signing_alg_values_supported", {"ES256"});
  list("scopes_supported", {"openid", "profile", "email"});
  list("token_endpoint_auth_methods_supported",
       {"client_secret_basic", "client_secret_post", "none"});
  list("code_challenge_methods_supported", {"S256"});
  list("claims_supported", {"sub", "name", "preferred_username", "email"});
  out.key("authorization_response_iss_parameter_supported").boolean(true);
  return json_response(out.close_object().take());
}

Result<Response> oidc_keys(Exchange& exchange) {
  WUSONG_TRY(const auto key, signing_key(exchange));
  WUSONG_TRY(const auto public_key, crypto::p256_public_key(key.view()));
  codec::JsonWriter out;
  out.open_object().key("keys").open_array().open_object().key("kty").string("EC");
  out.key("crv").string("P-256").key("use").string("sig").key("alg").string("ES256");
  out.key("kid").string(key_id(public_key));
  out.key("x").string(base64url(BytesView{public_key}.first(32)));
  out.key("y").string(base64url(BytesView{public_key}.last(32)));
  return json_response(out.close_object().close_array().close_object().take());
}

Result<Response> oidc_authorize(Exchange& exchange) {
  WUSONG_TRY(const auto asked, read_asked(exchange, exchange.query));
  if (!asked) return asked.error();
  if (exchange.query.get("prompt") == "none") {
    return back(exchange, *asked, "error",
                exchange.session ? "consent_required" : "login_required");
  }
  return form(exchange, *asked, "");
}

Result<Response> oidc_login(Exchange& exchange) {
  WUSONG_TRY(const auto fields, parse_query(exchange.request.body));
  WUSONG_TRY(const auto asked, read_asked(exchange, fields));
  if (!asked) return asked.error();
  if (fields.get("lang") == "en") exchange.language = Language::en;
  if (exchange.session) {
    if (exchange.session->csrf.empty() ||
        !crypto::equal_secrets(fields.get("csrf"), exchange.session->csrf)) {
      return fail(err::csrf_missing);
    }
    return give_code(exchange, *asked, exchange.session->account, exchange.session->since);
  }
  Accounts accounts{exchange.db.own, exchange.shared.keys, exchange.shared.entropy,
                    exchange.shared.settings.password_cost};
  const auto account = accounts.login(fields.get("name"), fields.get("password"),
                                      exchange.request.remote, exchange.request.now);
  if (!account) {
    const auto problem = problem_of(account.error());
    Response again = form(exchange, *asked, html(problem.message.in(exchange.zh())));
    again.status = problem.status;
    return again;
  }
  Sessions sessions{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
  WUSONG_TRY(const auto token,
             sessions.open(*account, exchange.request.remote, exchange.request.now));
  WUSONG_TRY(auto out, give_code(exchange, *asked, *account, exchange.request.now.value));
  out.header("Set-Cookie", session_cookie(token, exchange.shared.settings.secure));
  return out;
}

Result<Response> oidc_token(Exchange& exchange) {
  const auto fields = parse_query(exchange.request.body);
  if (!fields) return token_error("invalid_request");
  if (fields->get("grant_type") != "authorization_code") {
    return token_error("unsupported_grant_type");
  }
  std::string client;
  WUSONG_TRY(const bool proven, client_proven(exchange, *fields, client));
  if (!proven) return token_error("invalid_client", 401);
  std::optional<Row> code;
  const std::string digest = digest_hex(fields->get("code"));
  // Taken out as it is read: a code works once.
  WUSONG_CHECK(transact(exchange.db.own, [&]() -> Result<void> {
    WUSONG_TRY(code, find_row(exchange.db.own,
                              "SELECT client, account, redirect_uri, challenge, nonce, scope, "
                              "created, auth_time FROM oidc_codes WHERE code = $1",
                              sql(digest)));
    WUSONG_CHECK(run(exchange.db.own, "DELETE FROM oidc_codes WHERE code = $1", sql(digest)));
    return {};
  }));
  const auto verifier = fields->get("code_verifier");
  const bool fits =
      code && text_of((*code)[0]) == client && text_of((*code)[2]) == fields->get("redirect_uri") &&
      verifier.size() >= 43 && verifier.size() <= 128 &&
      base64url(crypto::sha256(as_bytes(verifier))) == text_of((*code)[3]) &&
      static_cast<std::uint64_t>(number_of((*code)[6])) + kCodeMs >= exchange.request.now.value;
  if (!fits) return token_error("invalid_grant");
  Accounts accounts{exchange.db.own, exchange.shared.keys, exchange.shared.entropy, {}};
  WUSONG_TRY(const auto account, accounts.by_id(text_of((*code)[1])));
  if (!account || account->disabled) return token_error("invalid_grant");
  const std::string access = random_hex(exchange.shared.entropy, 32);
  WUSONG_CHECK(run(exchange.db.own, "DELETE FROM oidc_tokens WHERE expires < $1",
                   sql(exchange.request.now.value)));
  WUSONG_CHECK(run(exchange.db.own,
                   "INSERT INTO oidc_tokens(token, client, account, scope, expires) VALUES ($1, "
                   "$2, $3, $4, $5)",
                   sql(digest_hex(access)), sql(client), sql(account->id), sql(text_of((*code)[5])),
                   sql(exchange.request.now.value + kTokenMs)));
  WUSONG_TRY(const auto token, id_token(exchange, *account, client, text_of((*code)[4]),
                                        static_cast<std::uint64_t>(number_of((*code)[7]))));
  codec::JsonWriter out;
  out.open_object().key("access_token").string(access).key("token_type").string("Bearer");
  out.key("expires_in").number(kTokenMs / 1000).key("scope").string(text_of((*code)[5]));
  out.key("id_token").string(token).close_object();
  Response response = json_response(out.take());
  response.header("Cache-Control", "no-store");
  return response;
}

Result<Response> oidc_userinfo(Exchange& exchange) {
  auto header = exchange.request.headers.get("authorization");
  if (!header.starts_with("Bearer ")) return token_error("invalid_token", 401);
  header.remove_prefix(7);
  WUSONG_TRY(const auto row,
             find_row(exchange.db.own, "SELECT account, expires FROM oidc_tokens WHERE token = $1",
                      sql(digest_hex(header))));
  if (!row || static_cast<std::uint64_t>(number_of((*row)[1])) < exchange.request.now.value) {
    return token_error("invalid_token", 401);
  }
  Accounts accounts{exchange.db.own, exchange.shared.keys, exchange.shared.entropy, {}};
  WUSONG_TRY(const auto account, accounts.by_id(text_of((*row)[0])));
  if (!account || account->disabled) return token_error("invalid_token", 401);
  codec::JsonWriter out;
  out.open_object();
  write_claims(out, *account);
  Response response = json_response(out.close_object().take());
  response.header("Cache-Control", "no-store");
  return response;
}

}  // namespace internal
}  // namespace wusong::gateway
