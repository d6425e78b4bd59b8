// SPDX-License-Identifier: Apache-2.0
#include "wusong/openid/provider.hpp"

#include <algorithm>

#include "wusong/codec/json.hpp"
#include "wusong/openid/errors.hpp"

namespace wusong::openid {
namespace {

constexpr std::size_t kAddressMost = 2'000;

bool id_valid(std::string_view id) noexcept {
  return !id.empty() && id.size() <= 32 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_loopback(std::string_view authority) noexcept {
  const auto host = authority.starts_with('[') ? authority.substr(0, authority.find(']') + 1)
                                               : authority.substr(0, authority.find(':'));
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

/// A host name or address, perhaps with a port, in lower case.
bool authority_valid(std::string_view authority) noexcept {
  const bool bracketed = authority.starts_with('[');
  const auto host_end = bracketed ? authority.find(']') : authority.find(':');
  if (authority.empty() || (bracketed && host_end == std::string_view::npos)) return false;
  const auto host = authority.substr(0, bracketed ? host_end + 1 : host_end);
  const auto port = authority.substr(host.size());
  const auto in = [](std::string_view text, std::string_view more) {
    return std::ranges::all_of(text, [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
             more.find(c) != std::string_view::npos;
    });
  };
  const bool digits = std::ranges::all_of(port.substr(port.empty() ? 0 : 1),
                                          [](char c) { return c >= '0' && c <= '9'; });
  const bool port_sound =
      port.empty() || (port.front() == ':' && port.size() > 1 && port.size() <= 6);
  return !host.empty() && in(host, bracketed ? ".:[]" : ".-") && digits && port_sound;
}

/// A member that is an address which the operator's word covers; empty where there is none.
Result<std::string> address_at(const IdentityProvider& provider, const codec::JsonValue& root,
                               std::string_view name, bool needed) {
  const auto found = root.string_at(name);
  if (!found) {
    if (needed) return fail(err::provider_answer);
    return std::string{};
  }
  if (!covers(provider, *found)) return fail(err::provider_answer);
  return std::string{*found};
}

}  // namespace

bool scope_has(std::string_view scope, std::string_view name) noexcept {
  while (!scope.empty()) {
    const auto end = scope.find(' ');
    if (scope.substr(0, end) == name) return true;
    scope = end == std::string_view::npos ? std::string_view{} : scope.substr(end + 1);
  }
  return false;
}

std::optional<std::string> web_origin(std::string_view url) {
  const bool secure = url.starts_with("https://");
  if ((!secure && !url.starts_with("http://")) || url.size() > kAddressMost) return {};
  // Printable ASCII without what browsers and servers read in different ways.
  const bool plain = std::ranges::all_of(url, [](char c) {
    return c > 0x20 && c < 0x7f &&
           std::string_view{"\"<>\\^`{|}#"}.find(c) == std::string_view::npos;
  });
  if (!plain) return {};
  const auto rest = url.substr(secure ? 8 : 7);
  std::string authority{rest.substr(0, rest.find_first_of("/?"))};
  for (char& c : authority) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  if (!authority_valid(authority) || (!secure && !is_loopback(authority))) return {};
  const std::string_view implied = secure ? ":443" : ":80";
  if (authority.ends_with(implied)) authority.resize(authority.size() - implied.size());
  return (secure ? "https://" : "http://") + authority;
}

Result<void> check_provider(const IdentityProvider& provider) {
  const bool origins_sound = std::ranges::all_of(
      provider.origins, [](const auto& origin) { return web_origin(origin) == origin; });
  if (!id_valid(provider.id) || !web_origin(provider.issuer) ||
      provider.issuer.find('?') != std::string::npos || provider.client_id.empty() ||
      (provider.label_zh.empty() && provider.label_en.empty()) ||
      !scope_has(provider.scope, "openid") || !origins_sound) {
    return fail(err::bad_provider);
  }
  return {};
}

bool covers(const IdentityProvider& provider, std::string_view url) {
  const auto origin = web_origin(url);
  return origin && (origin == web_origin(provider.issuer) ||
                    std::ranges::find(provider.origins, *origin) != provider.origins.end());
}

Result<ProviderMetadata> parse_metadata(const IdentityProvider& provider, std::string_view json) {
  const auto document = codec::JsonDocument::parse(json);
  if (!document) return fail(err::provider_answer);
  const auto root = document->root();
  const auto issuer = root.string_at("issuer");
  if (!issuer || *issuer != provider.issuer) return fail(err::provider_answer);
  ProviderMetadata out;
  WUSONG_TRY(out.authorization_endpoint,
             address_at(provider, root, "authorization_endpoint", true));
  WUSONG_TRY(out.token_endpoint, address_at(provider, root, "token_endpoint", true));
  WUSONG_TRY(out.jwks_uri, address_at(provider, root, "jwks_uri", true));
  WUSONG_TRY(out.userinfo_endpoint, address_at(provider, root, "userinfo_endpoint", false));
  WUSONG_TRY(out.end_session_endpoint, address_at(provider, root, "end_session_endpoint", false));
  if (const auto methods = root.find("token_endpoint_auth_methods_supported")) {
    bool post = false;
    out.basic = false;
    for (const auto& method : methods->items()) {
      out.basic = out.basic || method.string() == "client_secret_basic";
      post = post || method.string() == "client_secret_post";
    }
    if (!out.basic && !post && !provider.client_secret.empty()) return fail(err::provider_answer);
  }
  if (const auto names = root.find("authorization_response_iss_parameter_supported")) {
    out.names_issuer = names->boolean().value_or(false);
  }
  return out;
}

}  // namespace wusong::openid
