// SPDX-License-Identifier: Apache-2.0
#include "wusong/openid/providers.hpp"

#include <algorithm>

#include "wusong/codec/base64.hpp"
#include "wusong/openid/errors.hpp"

namespace wusong::openid {
namespace {

constexpr std::size_t kTextMost = 200;  // of a name that is shown
constexpr std::size_t kCodeMost = 4'000;

/// application/x-www-form-urlencoded of one value, as RFC 6749 wants it before Basic.
std::string basic_credentials(const IdentityProvider& provider) {
  return "Basic " + codec::base64(as_bytes(codec::percent_encode(provider.client_id) + ":" +
                                           codec::percent_encode(provider.client_secret)));
}

void add_pair(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form += std::string{name} + "=" + codec::percent_encode(value);
}

/// What may be shown or stored; anything else counts as not said.
std::string shown(const codec::JsonValue& claims, std::string_view name) {
  const auto text = claims.string_at(name).value_or("");
  const bool plain = text.size() <= kTextMost && std::ranges::none_of(text, [](char c) {
                       return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                     });
  return plain ? std::string{text} : std::string{};
}

/// Of two descriptions the signed one counts.
void fill(OutsideIdentity& out, const IdentityProvider& provider, const codec::JsonValue& claims) {
  const auto take = [&](std::string& to, std::string_view name) {
    if (to.empty()) to = shown(claims, name);
  };
  take(out.name, "name");
  take(out.name, "preferred_username");
  take(out.email, "email");
  if (!provider.real_name) return;
  take(out.legal_name, provider.name_claim);
  take(out.number, provider.number_claim);
}

}  // namespace

const IdentityProvider* Providers::find(std::string_view id) const noexcept {
  const auto found = std::ranges::find(all_, id, &IdentityProvider::id);
  return found == all_.end() ? nullptr : &*found;
}

Result<WebReply> Providers::ask(const IdentityProvider& provider, const WebRequest& request,
                                UnixMillis now) {
  {
    const io::MutexGuard guard{*mutex_};
    if (now.value < states_[provider.id].rests_until || questions_ >= kProviderQuestionsMost) {
      return fail(err::provider_unreachable);
    }
    ++questions_;
  }
  auto reply = web_->fetch(request);
  const io::MutexGuard guard{*mutex_};
  --questions_;
  if (!reply && reply.error() == Error{err::provider_unreachable}) {
    states_[provider.id].rests_until = now.value + kProviderRestMs;
  }
  if (reply && reply->status >= 500) return fail(err::provider_unreachable);
  return reply;
}

Result<std::string> Providers::get(const IdentityProvider& provider, std::string url,
                                   std::string_view authorization, UnixMillis now) {
  for (int redirects = 0; redirects <= kProviderRedirectsMost; ++redirects) {
    WebRequest request{.method = "GET", .url = url, .headers = {{"Accept", "application/json"}}};
    if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
    WUSONG_TRY(auto reply, ask(provider, request, now));
    if (reply.status == 200) return std::move(reply.body);
    const bool redirected = reply.status == 301 || reply.status == 302 || reply.status == 303 ||
                            reply.status == 307 || reply.status == 308;
    if (!redirected) return fail(err::provider_answer);
    const bool path_alone = reply.location.starts_with('/') && !reply.location.starts_with("//");
    url = path_alone ? web_origin(url).value_or("") + reply.location : reply.location;
    if (!covers(provider, url)) return fail(err::provider_answer);
  }
  return fail(err::provider_answer);
}

std::optional<ProviderMetadata> Providers::known_metadata(const IdentityProvider& provider) const {
  const io::MutexGuard guard{*mutex_};
  return states_[provider.id].metadata;
}

Result<ProviderMetadata> Providers::metadata(const IdentityProvider& provider, UnixMillis now) {
  {
    const io::MutexGuard guard{*mutex_};
    const State& state = states_[provider.id];
    if (state.metadata && now.value < state.metadata_at + kProviderKeptMs) return *state.metadata;
  }
  std::string url = provider.issuer;
  if (url.ends_with('/')) url.pop_back();
  WUSONG_TRY(const auto json, get(provider, url + "/.well-known/openid-configuration", "", now));
  WUSONG_TRY(auto out, parse_metadata(provider, json));
  const io::MutexGuard guard{*mutex_};
  State& state = states_[provider.id];
  state.metadata = out;
  state.metadata_at = now.value;
  return out;
}

Result<std::vector<ProviderKey>> Providers::keys(const IdentityProvider& provider, bool fresh,
                                                 UnixMillis now) {
  {
    const io::MutexGuard guard{*mutex_};
    State& state = states_[provider.id];
    const bool looked = state.looked_at != 0 && now.value < state.looked_at + kProviderKeysAgainMs;
    const bool kept = state.keys && now.value < state.keys_at + kProviderKeptMs;
    if (kept && (!fresh || looked)) return *state.keys;
    if (fresh) state.looked_at = now.value;
  }
  WUSONG_TRY(const auto described, metadata(provider, now));
  WUSONG_TRY(const auto json, get(provider, described.jwks_uri, "", now));
  WUSONG_TRY(auto out, parse_key_set(json));
  const io::MutexGuard guard{*mutex_};
  State& state = states_[provider.id];
  state.keys = out;
  state.keys_at = now.value;
  return out;
}

Result<Providers::Answer> Providers::redeem(const IdentityProvider& provider,
                                            const Exchange& exchange, UnixMillis now) {
  if (exchange.code.empty() || exchange.code.size() > kCodeMost) return fail(err::provider_refused);
  WUSONG_TRY(const auto described, metadata(provider, now));
  WebRequest request{.method = "POST",
                     .url = described.token_endpoint,
                     .body = "grant_type=authorization_code",
                     .headers = {{"Accept", "application/json"},
                                 {"Content-Type", "application/x-www-form-urlencoded"}}};
  add_pair(request.body, "code", exchange.code);
  add_pair(request.body, "redirect_uri", exchange.redirect_uri);
  add_pair(request.body, "code_verifier", exchange.verifier);
  const bool has_secret = !provider.client_secret.empty();
  if (has_secret && described.basic) {
    request.headers.emplace_back("Authorization", basic_credentials(provider));
  } else {
    add_pair(request.body, "client_id", provider.client_id);
    if (has_secret) add_pair(request.body, "client_secret", provider.client_secret);
  }
  WUSONG_TRY(const auto reply, ask(provider, request, now));
  if (reply.status >= 400) return fail(err::provider_refused);
  const auto document = codec::JsonDocument::parse(reply.body);
  if (reply.status != 200 || !document) return fail(err::provider_answer);
  const auto token = document->root().string_at("id_token");
  if (!token) return fail(err::provider_answer);
  std::string access_token{document->root().string_at("access_token").value_or("")};
  const IdTokenExpectation expected{.issuer = provider.issuer,
                                    .client_id = provider.client_id,
                                    .nonce = exchange.nonce,
                                    .access_token = access_token,
                                    .now = now.value / 1000};
  WUSONG_TRY(const auto known, keys(provider, false, now));
  auto checked = check_id_token(*token, known, expected);
  if (!checked && checked.error() == Error{err::id_token_key}) {
    // The provider may have changed its keys since.
    WUSONG_TRY(const auto fresh, keys(provider, true, now));
    checked = check_id_token(*token, fresh, expected);
  }
  if (!checked) return fail(checked.error());
  return Answer{std::move(*checked), std::move(access_token)};
}

Result<OutsideIdentity> Providers::describe(const IdentityProvider& provider, const Answer& answer,
                                            UnixMillis now) {
  OutsideIdentity out;
  out.subject = answer.token.subject;
  fill(out, provider, answer.token.claims.root());
  WUSONG_TRY(const auto described, metadata(provider, now));
  const bool token_sound =
      !answer.access_token.empty() &&
      std::ranges::all_of(answer.access_token, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!described.userinfo_endpoint.empty() && token_sound) {
    WUSONG_TRY(const auto json,
               get(provider, described.userinfo_endpoint, "Bearer " + answer.access_token, now));
    const auto document = codec::JsonDocument::parse(json);
    // Of another subject it says nothing about this one.
    if (!document || document->root().string_at("sub").value_or("") != out.subject) {
      return fail(err::provider_answer);
    }
    fill(out, provider, document->root());
  }
  return out;
}

}  // namespace wusong::openid
