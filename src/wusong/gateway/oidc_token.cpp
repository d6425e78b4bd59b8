// SPDX-License-Identifier: Apache-2.0
// The half of the OpenID provider that programs see: discovery, keys, tokens, claims, revoking; and
// the operator's list of clients.
// @source OpenID Connect Core 1.0; RFC 6749, section 5; RFC 7009; RFC 8414; RFC 9700
#include "wusong/codec/hex.hpp"
#include "wusong/crypto/password.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/oidc_request.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/gateway/oidc_keys.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::gateway::internal {
namespace {

OidcGrants grants_of(Exchange& exchange) {
  return OidcGrants{exchange.db.own, exchange.shared.entropy};
}

/// Read by pages of other sites: nothing here depends on a cookie.
Response for_all(std::string body) {
  Response out = json_response(std::move(body));
  out.header("Access-Control-Allow-Origin", "*");
  return out;
}

/// What RFC 6749, section 5.2, has in place of our own errors.
Response token_error(std::string_view code, unsigned status = 400) {
  codec::JsonWriter out;
  out.open_object().key("error").string(code).close_object();
  Response response = for_all(out.take());
  response.status = status;
  response.header("Cache-Control", "no-store");
  if (status == 401) response.header("WWW-Authenticate", "Basic realm=\"oauth2\"");
  return response;
}

Response bearer_error(std::string_view code) {
  Response out = for_all("{\"error\":\"" + std::string{code} + "\"}");
  out.status = 401;
  out.header("Cache-Control", "no-store");
  out.header("WWW-Authenticate", "Bearer error=\"" + std::string{code} + "\"");
  return out;
}

using Proven = std::expected<OidcClient, Response>;

/// Whether the client is who it says: a secret in the header or the form, or none where it has
/// none.
/// @source RFC 6749, section 2.3.1
Result<Proven> client_proven(Exchange& exchange, const Fields& form) {
  for (const auto& [name, value] : form.pairs()) {
    if (form.all(name).size() > 1) return Proven{std::unexpect, token_error("invalid_request")};
  }
  std::string id{form.get("client_id")};
  std::string secret{form.get("client_secret")};
  const auto header = exchange.request.headers.get("authorization");
  if (!header.empty()) {
    const auto wrong = [] { return Proven{std::unexpect, token_error("invalid_client", 401)}; };
    if (!header.starts_with("Basic ") && !header.starts_with("basic ")) return wrong();
    const auto decoded = from_base64(header.substr(6));
    const auto text = decoded ? as_text(*decoded) : std::string_view{};
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return wrong();
    const auto name = percent_decode(text.substr(0, colon), true);
    const auto word = percent_decode(text.substr(colon + 1), true);
    if (!name || !word) return wrong();
    // One way to authenticate, and one client.
    if (form.has("client_secret") || (!id.empty() && id != *name)) {
      return Proven{std::unexpect, token_error("invalid_request")};
    }
    id = *name;
    secret = *word;
  }
  WUSONG_TRY(auto client, find_oidc_client(exchange.db.own, id));
  const bool right = client && (client->secret.empty()
                                    ? secret.empty()
                                    : crypto::equal_secrets(client->secret, digest_hex(secret)));
  if (!right) return Proven{std::unexpect, token_error("invalid_client", 401)};
  return Proven{std::move(*client)};
}

Result<std::expected<Fields, Response>> read_form(const Exchange& exchange) {
  using Read = std::expected<Fields, Response>;
  const auto type = exchange.request.headers.get("content-type");
  auto fields = parse_query(exchange.request.body);
  if (!fields || !type.starts_with("application/x-www-form-urlencoded")) {
    return Read{std::unexpect, token_error("invalid_request")};
  }
  return Read{std::move(*fields)};
}

Result<std::optional<Account>> live_account(Exchange& exchange, std::string_view id) {
  Accounts accounts{exchange.db.own, exchange.shared.keys, exchange.shared.entropy, {}};
  WUSONG_TRY(auto out, accounts.by_id(id));
  if (out && out->disabled) out.reset();
  return out;
}

/// @source OpenID Connect Core 1.0, sections 2 and 3.1.3.6
Result<std::string> id_token(Exchange& exchange, const OidcGrant& grant, std::string_view nonce,
                             std::string_view access) {
  OidcKeys keys{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
  WUSONG_TRY(const auto signer, keys.current());
  const auto now = exchange.now_seconds();
  codec::JsonWriter out;
  out.open_object().key("iss").string(oidc_issuer(exchange)).key("sub").string(grant.account);
  out.key("aud").string(grant.client).key("iat").number(now);
  out.key("exp").number(now + kOidcAccessMs / 1000).key("auth_time").number(grant.auth_time / 1000);
  if (!nonce.empty()) out.key("nonce").string(nonce);
  out.key("at_hash").string(base64url(hash::sha256(as_bytes(access)).view().first(16)));
  return openid::sign_jwt(out.close_object().text(), signer.key, signer.secret.view());
}

Result<Response> give_tokens(Exchange& exchange, const OidcGrant& grant, std::string_view nonce) {
  auto grants = grants_of(exchange);
  WUSONG_TRY(const auto access, grants.add_access(grant, exchange.request.now));
  WUSONG_TRY(const auto token, id_token(exchange, grant, nonce, access));
  codec::JsonWriter out;
  out.open_object().key("access_token").string(access).key("token_type").string("Bearer");
  out.key("expires_in").number(kOidcAccessMs / 1000).key("scope").string(grant.scope);
  out.key("id_token").string(token);
  if (scope_has(grant.scope, "offline_access")) {
    WUSONG_TRY(const auto refresh, grants.add_refresh(grant, exchange.request.now));
    out.key("refresh_token").string(refresh);
  }
  Response response = for_all(out.close_object().take());
  response.header("Cache-Control", "no-store");
  response.header("Pragma", "no-cache");
  return response;
}

/// @source RFC 7636, section 4.1
bool verifier_fits(std::string_view verifier, std::string_view challenge) {
  const bool plain = std::ranges::all_of(verifier, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
  });
  return plain && verifier.size() >= 43 && verifier.size() <= 128 &&
         crypto::equal_secrets(base64url(hash::sha256(as_bytes(verifier))), challenge);
}

Result<Response> by_code(Exchange& exchange, const Fields& form, const OidcClient& client) {
  if (!form.has("code") || !form.has("redirect_uri") || !form.has("code_verifier")) {
    return token_error("invalid_request");
  }
  WUSONG_TRY(const auto code,
             grants_of(exchange).take_code(form.get("code"), exchange.request.now));
  if (!code || code->grant.client != client.id || code->redirect_uri != form.get("redirect_uri") ||
      !verifier_fits(form.get("code_verifier"), code->challenge)) {
    return token_error("invalid_grant");
  }
  WUSONG_TRY(const auto account, live_account(exchange, code->grant.account));
  if (!account) return token_error("invalid_grant");
  return give_tokens(exchange, code->grant, code->nonce);
}

Result<Response> by_refresh(Exchange& exchange, const Fields& form, const OidcClient& client) {
  if (!form.has("refresh_token")) return token_error("invalid_request");
  WUSONG_TRY(auto grant, grants_of(exchange).take_refresh(form.get("refresh_token"), client.id,
                                                          exchange.request.now));
  if (!grant) return token_error("invalid_grant");
  WUSONG_TRY(const auto account, live_account(exchange, grant->account));
  if (!account) return token_error("invalid_grant");
  // Less may be asked for, never more; the refresh token keeps what it had.
  if (const auto scope = form.get("scope"); !scope_within(scope, grant->scope)) {
    return token_error("invalid_scope");
  }
  return give_tokens(exchange, *grant, "");
}

void write_claims(codec::JsonWriter& out, Exchange& exchange, const OidcGrant& grant,
                  const Account& account, const portal::Viewer& viewer) {
  out.key("sub").string(account.id);
  if (scope_has(grant.scope, "profile")) {
    out.key("preferred_username").string(account.name).key("name").string(account.display);
  }
  if (scope_has(grant.scope, "email") && !account.email.empty()) {
    // Nobody has checked that the address is theirs.
    out.key("email").string(account.email).key("email_verified").boolean(false);
  }
  if (!scope_has(grant.scope, "portal")) return;
  out.key("portal").open_object().key("address").string(hex(account.address));
  out.key("kind").string(name_of(account.kind));
  out.key("real_name").boolean(!account.verified_by.empty());
  out.key("verified_by").string(account.verified_by);
  if (viewer.organisation != 0) {
    out.key("organisation");
    write_organisation(out, exchange, viewer.organisation);
  }
  out.key("roles").open_array();
  if (const auto* pack = current_pack(exchange)) {
    for (const auto& role : pack->roles) {
      if ((viewer.roles >> role.number & 1) != 0) out.string(role.name);
    }
  }
  out.close_array().close_object();
}

void write_client(codec::JsonWriter& out, const OidcClient& client) {
  out.key("id").string(client.id).key("name").string(client.name);
  out.key("public").boolean(client.secret.empty()).key("redirect_uris").open_array();
  for (const auto& uri : client.redirect_uris) out.string(uri);
  out.close_array();
}

}  // namespace

Result<Response> oidc_discovery(Exchange& exchange) {
  const std::string base = oidc_issuer(exchange);
  codec::JsonWriter out;
  out.open_object().key("issuer").string(base);
  for (const auto& [name, path] : {std::pair{"authorization_endpoint", "/oauth2/authorize"},
                                   std::pair{"token_endpoint", "/oauth2/token"},
                                   std::pair{"userinfo_endpoint", "/oauth2/userinfo"},
                                   std::pair{"revocation_endpoint", "/oauth2/revoke"},
                                   std::pair{"jwks_uri", "/oauth2/jwks.json"}}) {
    out.key(name).string(base + path);
  }
  const auto list = [&](std::string_view name, std::initializer_list<std::string_view> values) {
    out.key(name).open_array();
    for (const auto value : values) out.string(value);
    out.close_array();
  };
  list("response_types_supported", {"code"});
  list("response_modes_supported", {"query"});
  list("grant_types_supported", {"authorization_code", "refresh_token"});
  list("subject_types_supported", {"public"});
  list("id_token_signing_alg_values_supported", {"ES256"});
  list("token_endpoint_auth_methods_supported",
       {"client_secret_basic", "client_secret_post", "none"});
  list("revocation_endpoint_auth_methods_supported",
       {"client_secret_basic", "client_secret_post", "none"});
  list("code_challenge_methods_supported", {"S256"});
  list("prompt_values_supported", {"none", "login", "consent", "select_account"});
  list("ui_locales_supported", {"zh-CN", "en"});
  list("claims_supported", {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash",
                            "name", "preferred_username", "email", "email_verified", "portal"});
  out.key("scopes_supported").open_array();
  for (const auto& scope : kOidcScopes) out.string(scope.name);
  out.close_array();
  // The second is true where nothing is said.
  out.key("request_parameter_supported").boolean(false);
  out.key("request_uri_parameter_supported").boolean(false);
  out.key("claims_parameter_supported").boolean(false);
  out.key("authorization_response_iss_parameter_supported").boolean(true);
  return for_all(out.close_object().take());
}

Result<Response> oidc_keys(Exchange& exchange) {
  OidcKeys keys{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
  WUSONG_TRY(const auto published, keys.published());
  codec::JsonWriter out;
  out.open_object().key("keys").open_array();
  for (const auto& key : published) openid::write_jwk(out, key);
  return for_all(out.close_array().close_object().take());
}

Result<Response> oidc_token(Exchange& exchange) {
  WUSONG_TRY(const auto form, read_form(exchange));
  if (!form) return form.error();
  WUSONG_TRY(const auto client, client_proven(exchange, *form));
  if (!client) return client.error();
  const auto type = form->get("grant_type");
  if (type.empty()) return token_error("invalid_request");
  if (type == "authorization_code") return by_code(exchange, *form, *client);
  if (type == "refresh_token") return by_refresh(exchange, *form, *client);
  return token_error("unsupported_grant_type");
}

Result<Response> oidc_userinfo(Exchange& exchange) {
  auto header = exchange.request.headers.get("authorization");
  if (!header.starts_with("Bearer ") && !header.starts_with("bearer ")) {
    return bearer_error("invalid_request");
  }
  header.remove_prefix(7);
  WUSONG_TRY(const auto grant, grants_of(exchange).find_access(header, exchange.request.now));
  if (!grant) return bearer_error("invalid_token");
  WUSONG_TRY(const auto account, live_account(exchange, grant->account));
  if (!account) return bearer_error("invalid_token");
  WUSONG_TRY(const auto viewer, viewer_of(exchange.db.projection, &*account));
  codec::JsonWriter out;
  out.open_object();
  write_claims(out, exchange, *grant, *account, viewer);
  Response response = for_all(out.close_object().take());
  response.header("Cache-Control", "no-store");
  return response;
}

Result<Response> oidc_revoke(Exchange& exchange) {
  WUSONG_TRY(const auto form, read_form(exchange));
  if (!form) return form.error();
  WUSONG_TRY(const auto client, client_proven(exchange, *form));
  if (!client) return client.error();
  if (!form->has("token")) return token_error("invalid_request");
  WUSONG_CHECK(grants_of(exchange).revoke(form->get("token"), client->id));
  return for_all("{}");
}

Result<Response> list_oidc_clients(Exchange& exchange) {
  WUSONG_TRY(const auto clients, gateway::list_oidc_clients(exchange.db.own));
  codec::JsonWriter out;
  out.open_object().key("clients").open_array();
  for (const auto& client : clients) {
    out.open_object();
    write_client(out, client);
    out.close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> add_oidc_client(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  OidcClient wanted;
  wanted.name = text_of_member(body.root(), "name");
  WUSONG_TRY(const auto uris, body.root().at("redirect_uris"));
  for (const auto& uri : uris.items()) {
    WUSONG_TRY(const auto text, uri.string());
    wanted.redirect_uris.emplace_back(text);
  }
  bool confidential = true;
  if (const auto member = body.root().find("public")) {
    WUSONG_TRY(const bool value, member->boolean());
    confidential = !value;
  }
  WUSONG_TRY(const auto client, register_oidc_client(exchange.db.own, exchange.shared.entropy,
                                                     std::move(wanted), confidential));
  codec::JsonWriter out;
  out.open_object();
  write_client(out, client);
  if (confidential) out.key("secret").string(client.secret);
  Response response = json_response(out.close_object().take(), 201);
  response.header("Cache-Control", "no-store");
  return response;
}

Result<Response> remove_oidc_client(Exchange& exchange) {
  WUSONG_TRY(const bool removed, gateway::remove_oidc_client(exchange.db.own, exchange.at("id")));
  if (!removed) return fail(err::not_found);
  return json_response("{}");
}

}  // namespace wusong::gateway::internal
