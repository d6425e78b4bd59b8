// SPDX-License-Identifier: Apache-2.0
// Signing in with a key instead of a password: decentralised identifiers and passkeys. Either is
// bound to an account by its signed-in owner; nobody gets an account by showing a key.
#include "wusong/codec/base64.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/exec/account_keys.hpp"
#include "wusong/gateway/bound_keys.hpp"
#include "wusong/gateway/challenges.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/site.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/identity/did.hpp"
#include "wusong/identity/passkey.hpp"

namespace wusong::gateway::internal {

Site site_of(const Exchange& exchange) {
  const auto& request = exchange.request;
  const auto local = [](std::string_view host) {
    return host.starts_with("localhost") || host.starts_with("127.0.0.1") ||
           host.starts_with("[::1]");
  };
  const std::string_view base = exchange.shared.settings.site.base;
  const auto scheme_end = base.find("://");
  const auto host_at = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  std::string_view host = base.substr(host_at, base.find('/', host_at) - host_at);
  std::string_view scheme = base.substr(0, host_at);
  const auto asked = request.headers.get("host");
  if (base.empty() || (local(host) && local(asked))) host = asked;
  if (scheme.empty()) scheme = request.secure ? "https://" : "http://";
  Site out;
  out.host = host;
  out.origin = std::string{scheme} + out.host;
  out.domain =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return out;
}

bool from_own_page(const Exchange& exchange) noexcept {
  const auto& headers = exchange.request.headers;
  const auto site = headers.get("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  const auto origin = headers.get("origin");
  if (origin.empty()) return true;
  const auto scheme = origin.find("://");
  return scheme != std::string_view::npos && origin.substr(scheme + 3) == headers.get("host");
}

namespace {

constexpr std::string_view kDidLogin = "did login";
constexpr std::string_view kDidBind = "did bind";
constexpr std::string_view kPasskeyRegister = "passkey register";
constexpr std::string_view kPasskeyLogin = "passkey login";

Response refusal(unsigned status, std::string_view code, const portal::StaticText& message,
                 const portal::StaticText& next) {
  return to_response(Problem{status, std::string{code}, message.text(), "", next.text()});
}
Response key_refused() {
  return refusal(
      401, "key_refused",
      {"签名、质询或密钥不对,或质询已过期。",
       "The signature, the challenge or the key is wrong, or the challenge has expired."},
      {"请重新开始登录。", "Begin signing in again."});
}
Response key_unbound() {
  return refusal(403, "key_unbound",
                 {"这个身份还没有绑定账号。", "No account is bound to this key yet."},
                 {"请先用实名账号登录,再绑定它。",
                  "Sign in with your real-name account first and bind it there."});
}

Challenges challenges_of(Exchange& exchange) {
  return Challenges{exchange.db.own, exchange.shared.entropy};
}

/// A browser's session: programs' tokens may not add ways to sign in.
Result<const Account*> own_account(const Exchange& exchange) {
  if (!exchange.session) return fail(err::login_required);
  if (exchange.session->csrf.empty()) return fail(err::forbidden);
  return &exchange.session->account;
}

Result<Response> signed_in(Exchange& exchange, const Account& account) {
  Sessions sessions{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
  WUSONG_TRY(const auto token,
             sessions.open(account, exchange.request.remote, exchange.request.now));
  exchange.session = Session{account, sessions.csrf_of(token), exchange.request.now.value};
  WUSONG_TRY(exchange.viewer, viewer_of(exchange.db.projection, &account));
  WUSONG_TRY(auto out, me(exchange));
  out.header("Set-Cookie", session_cookie(token, exchange.shared.settings.secure));
  return out;
}

Result<std::optional<Account>> live_account(Exchange& exchange, std::string_view id) {
  Accounts accounts{exchange.db.own, exchange.shared.keys, exchange.shared.entropy, {}};
  WUSONG_TRY(auto out, accounts.by_id(id));
  if (out && out->disabled) out.reset();
  return out;
}

/// A DID that this portal can judge: any key, or an account of its own chain.
Result<identity::Did> known_did(const Exchange& exchange, std::string_view text) {
  WUSONG_TRY(auto did, identity::parse_did(text));
  if (!did.key && did.chain_id != exchange.shared.chain.chain_id()) return fail(err::bad_request);
  return did;
}

Result<identity::DidProof> proof_in(const codec::JsonValue& root) {
  identity::DidProof out;
  const auto signature = codec::from_hex(text_of_member(root, "signature"));
  if (!signature || signature->size() > 65) return fail(err::bad_request);
  out.signature = *signature;
  const auto scheme = text_of_member(root, "scheme");
  if (scheme.empty()) return out;
  const auto* info = crypto::find_scheme(scheme);
  auto key = codec::from_hex(text_of_member(root, "public_key"));
  if (info == nullptr || !key || key->size() != info->public_key_size) {
    return fail(err::bad_request);
  }
  identity::KeyKind kind = identity::KeyKind::ed25519;
  if (info->scheme == crypto::Scheme::secp256k1) kind = identity::KeyKind::secp256k1;
  if (info->scheme == crypto::Scheme::sm2) kind = identity::KeyKind::sm2;
  out.key = identity::PublicKey{kind, std::move(*key)};
  return out;
}

/// An account that has replaced its key on the chain signs in here no more: a proof is by the first
/// one, which may be anybody's by now (docs/adr/0030-account-keys.md).
Result<bool> has_first_key(Exchange& exchange, const Address& account) {
  const std::string params = "[\"" + codec::to_hex_data(exec::kKeysAddress) + "\",\"" +
                             codec::to_hex_data(exec::account_key_slot(account)) + "\",\"latest\"]";
  WUSONG_TRY(const auto word, node_call(exchange, "eth_getStorageAt", params));
  if (!word) return fail(err::chain_unreachable);
  return word->find_first_not_of("\"0x") == std::string::npos;
}

/// Whether the body holds a fresh signature of this DID for this purpose.
Result<bool> possession_proven(Exchange& exchange, const codec::JsonValue& root,
                               const identity::Did& did, std::string_view purpose) {
  WUSONG_TRY(auto proof, proof_in(root));
  auto challenges = challenges_of(exchange);
  WUSONG_TRY(const auto challenge,
             challenges.take(text_of_member(root, "challenge"), purpose, exchange.request.now));
  if (!challenge || challenge->subject != did.text || challenge->host != site_of(exchange).host) {
    return false;
  }
  const Account* const account = exchange.account();
  if (purpose == kDidBind && (account == nullptr || challenge->account != account->id)) {
    return false;
  }
  proof.statement = did_statement(*challenge, purpose == kDidBind ? account->name : "");
  if (!identity::verify_did(did, proof)) return false;
  if (did.key) return true;
  return has_first_key(exchange, did.address);
}

Result<Response> own_dids(Exchange& exchange) {
  DidBindings bindings{exchange.db.own};
  WUSONG_TRY(const auto list, bindings.list(exchange.session->account.id));
  codec::JsonWriter out;
  out.open_object().key("dids").open_array();
  for (const auto& binding : list) {
    out.open_object().key("did").string(binding.did);
    out.key("created").number(binding.created / 1000);
    if (binding.used != 0) out.key("used").number(binding.used / 1000);
    out.close_object();
  }
  return json_response(out.close_array().close_object().take());
}

identity::RelyingParty party_of(const Exchange& exchange) {
  const Site site = site_of(exchange);
  return {site.domain, site.origin};
}

Bytes member_bytes(const codec::JsonValue& object, std::string_view name) {
  return codec::strict_base64url(text_of_member(object, name)).value_or(Bytes{});
}

/// The challenge that the answer names, once, if it was for this host.
Result<std::optional<Challenge>> challenge_in(Exchange& exchange, BytesView client_data,
                                              std::string_view purpose) {
  WUSONG_TRY(const auto text, identity::challenge_of(client_data));
  auto challenges = challenges_of(exchange);
  WUSONG_TRY(auto out, challenges.take(text, purpose, exchange.request.now));
  if (out && out->host != site_of(exchange).host) out.reset();
  return out;
}

void write_challenge(codec::JsonWriter& out, const Challenge& challenge) {
  out.key("challenge").string(base64url(codec::from_hex(challenge.text).value_or(Bytes{})));
  out.key("timeout").number(kChallengeMs);
}

/// What an authenticator keeps as the owner: the account's number, which is random.
std::string user_handle(std::string_view account) {
  return base64url(codec::from_hex(account).value_or(Bytes{}));
}

}  // namespace

Result<Response> did_challenge(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  WUSONG_TRY(const auto did, known_did(exchange, text_of_member(body.root(), "did")));
  const auto wanted = text_of_member(body.root(), "purpose");
  Challenge challenge{.purpose = std::string{kDidLogin},
                      .subject = did.text,
                      .account = {},
                      .host = site_of(exchange).host};
  std::string name;
  if (wanted == "bind") {
    WUSONG_TRY(const auto* account, own_account(exchange));
    challenge.purpose = kDidBind;
    challenge.account = account->id;
    name = account->name;
  } else if (!wanted.empty() && wanted != "login") {
    return fail(err::bad_request);
  }
  WUSONG_TRY(challenge, challenges_of(exchange).open(std::move(challenge), exchange.request.now));
  codec::JsonWriter out;
  out.open_object().key("challenge").string(challenge.text);
  out.key("expires").number(challenge.expires / 1000);
  out.key("statement").string(did_statement(challenge, name)).close_object();
  Response response = json_response(out.take());
  response.header("Cache-Control", "no-store");
  return response;
}

Result<Response> did_login(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  WUSONG_TRY(const auto did, known_did(exchange, text_of_member(body.root(), "did")));
  WUSONG_TRY(const bool proven, possession_proven(exchange, body.root(), did, kDidLogin));
  if (!proven) return key_refused();
  DidBindings bindings{exchange.db.own};
  WUSONG_TRY(const auto binding, bindings.find(did.text));
  if (!binding) return key_unbound();
  WUSONG_TRY(const auto account, live_account(exchange, binding->account));
  if (!account) return key_refused();
  WUSONG_CHECK(bindings.mark_used(did.text, exchange.request.now));
  return signed_in(exchange, *account);
}

Result<Response> did_bind(Exchange& exchange) {
  WUSONG_TRY(const auto* account, own_account(exchange));
  if (account->verified_by.empty()) return fail(err::real_name_needed);
  WUSONG_TRY(const auto body, json_body(exchange));
  WUSONG_TRY(const auto did, known_did(exchange, text_of_member(body.root(), "did")));
  WUSONG_TRY(const bool proven, possession_proven(exchange, body.root(), did, kDidBind));
  if (!proven) return key_refused();
  DidBindings bindings{exchange.db.own};
  WUSONG_CHECK(bindings.bind(did, account->id, exchange.request.now));
  return own_dids(exchange);
}

Result<Response> did_resolve(Exchange& exchange) {
  const auto did = known_did(exchange, exchange.at("did"));
  if (!did) return fail(err::not_found);
  Response out = json_response(identity::did_document(*did));
  out.content_type = "application/did+ld+json";
  return out;
}

Result<Response> list_dids(Exchange& exchange) {
  return own_dids(exchange);
}

Result<Response> remove_did(Exchange& exchange) {
  WUSONG_TRY(const auto* account, own_account(exchange));
  DidBindings bindings{exchange.db.own};
  WUSONG_TRY(const bool removed, bindings.remove(exchange.at("did"), account->id));
  if (!removed) return fail(err::not_found);
  return own_dids(exchange);
}

Result<Response> passkey_register_begin(Exchange& exchange) {
  WUSONG_TRY(const auto* account, own_account(exchange));
  WUSONG_TRY(const auto challenge,
             challenges_of(exchange).open({.purpose = std::string{kPasskeyRegister},
                                           .subject = {},
                                           .account = account->id,
                                           .host = site_of(exchange).host},
                                          exchange.request.now));
  Passkeys passkeys{exchange.db.own};
  WUSONG_TRY(const auto known, passkeys.list(account->id));
  const auto& settings = exchange.shared.settings;
  codec::JsonWriter out;
  out.open_object().key("publicKey").open_object();
  write_challenge(out, challenge);
  out.key("rp").open_object().key("id").string(party_of(exchange).id);
  out.key("name").string(settings.site.title.in(exchange.zh())).close_object();
  out.key("user").open_object().key("id").string(user_handle(account->id));
  out.key("name").string(account->name).key("displayName").string(account->display);
  out.close_object().key("pubKeyCredParams").open_array();
  for (const std::int64_t algorithm : {-7, -8}) {
    out.open_object().key("type").string("public-key").key("alg").number(algorithm).close_object();
  }
  out.close_array().key("attestation").string("none");
  out.key("authenticatorSelection").open_object().key("residentKey").string("required");
  out.key("requireResidentKey").boolean(true).key("userVerification").string("required");
  out.close_object().key("excludeCredentials").open_array();
  for (const auto& passkey : known) {
    out.open_object().key("type").string("public-key").key("id").string(passkey.id).close_object();
  }
  out.close_array().close_object().close_object();
  return json_response(out.take());
}

Result<Response> passkey_register_finish(Exchange& exchange) {
  WUSONG_TRY(const auto* account, own_account(exchange));
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto response = body.root().find("response");
  if (!response) return fail(err::bad_request);
  const identity::PasskeyAnswer answer{
      member_bytes(*response, "clientDataJSON"), member_bytes(*response, "attestationObject"), {}};
  WUSONG_TRY(const auto challenge, challenge_in(exchange, answer.client_data, kPasskeyRegister));
  if (!challenge || challenge->account != account->id) return key_refused();
  const auto made = identity::check_registration(party_of(exchange), challenge->text, answer);
  if (!made) return key_refused();
  Passkey passkey;
  passkey.id = base64url(made->credential->id);
  passkey.account = account->id;
  passkey.name = utf8_prefix(text_of_member(body.root(), "name"), 100);
  passkey.key = made->credential->key;
  passkey.sign_count = made->sign_count;
  passkey.created = exchange.request.now.value;
  passkey.backed_up = made->backed_up;
  if (text_of_member(body.root(), "id") != passkey.id) return key_refused();
  WUSONG_CHECK(Passkeys{exchange.db.own}.add(passkey));
  return list_passkeys(exchange);
}

Result<Response> passkey_login_begin(Exchange& exchange) {
  WUSONG_TRY(const auto challenge,
             challenges_of(exchange).open({.purpose = std::string{kPasskeyLogin},
                                           .subject = {},
                                           .account = {},
                                           .host = site_of(exchange).host},
                                          exchange.request.now));
  // No list of credentials: nobody learns whose account exists, the authenticator offers its own.
  codec::JsonWriter out;
  out.open_object().key("publicKey").open_object();
  write_challenge(out, challenge);
  out.key("rpId").string(party_of(exchange).id).key("userVerification").string("required");
  out.key("allowCredentials").open_array().close_array().close_object().close_object();
  Response response = json_response(out.take());
  response.header("Cache-Control", "no-store");
  return response;
}

Result<Response> passkey_login_finish(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto response = body.root().find("response");
  if (!response) return fail(err::bad_request);
  const identity::PasskeyAnswer answer{member_bytes(*response, "clientDataJSON"),
                                       member_bytes(*response, "authenticatorData"),
                                       member_bytes(*response, "signature")};
  WUSONG_TRY(const auto challenge, challenge_in(exchange, answer.client_data, kPasskeyLogin));
  if (!challenge) return key_refused();
  Passkeys passkeys{exchange.db.own};
  WUSONG_TRY(const auto passkey, passkeys.find(text_of_member(body.root(), "id")));
  if (!passkey) return key_refused();
  const auto owner = text_of_member(*response, "userHandle");
  if (!owner.empty() && owner != user_handle(passkey->account)) return key_refused();
  const auto used = identity::check_assertion(party_of(exchange), challenge->text,
                                              {passkey->key, passkey->sign_count}, answer);
  if (!used) return key_refused();
  WUSONG_TRY(const bool moved,
             passkeys.mark_used(*passkey, used->sign_count, exchange.request.now));
  WUSONG_TRY(const auto account, live_account(exchange, passkey->account));
  if (!moved || !account) return key_refused();
  return signed_in(exchange, *account);
}

Result<Response> list_passkeys(Exchange& exchange) {
  WUSONG_TRY(const auto list, Passkeys{exchange.db.own}.list(exchange.session->account.id));
  codec::JsonWriter out;
  out.open_object().key("passkeys").open_array();
  for (const auto& passkey : list) {
    out.open_object().key("id").string(passkey.id).key("name").string(passkey.name);
    out.key("algorithm").string(identity::name_of(passkey.key.kind));
    out.key("backed_up").boolean(passkey.backed_up);
    out.key("created").number(passkey.created / 1000);
    if (passkey.used != 0) out.key("used").number(passkey.used / 1000);
    out.close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> remove_passkey(Exchange& exchange) {
  WUSONG_TRY(const auto* account, own_account(exchange));
  WUSONG_TRY(const bool removed, Passkeys{exchange.db.own}.remove(exchange.at("id"), account->id));
  if (!removed) return fail(err::not_found);
  return list_passkeys(exchange);
}

}  // namespace wusong::gateway::internal
