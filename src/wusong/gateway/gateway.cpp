// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/gateway.hpp"

#include <algorithm>
#include <charconv>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/password.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/reply.hpp"
#include "wusong/gateway/router.hpp"

namespace wusong::gateway {
namespace {

bool reads_only(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD";
}

/// "example.cn:8080" without the port; brackets of IPv6 addresses stay.
std::string_view host_name(std::string_view host) noexcept {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

/// Against DNS rebinding: a page of another site whose name points here is not served.
bool host_allowed(const Settings& settings, std::string_view host) noexcept {
  const auto name = host_name(host);
  if (name == "localhost" || name == "127.0.0.1" || name == "[::1]") return true;
  return std::ranges::any_of(
      settings.hosts, [&](const auto& allowed) { return allowed == "*" || allowed == name; });
}

/// A browser names the page's origin with every write; programs do not.
bool origin_allowed(const Request& request) noexcept {
  const auto site = request.headers.get("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  const auto origin = request.headers.get("origin");
  if (origin.empty()) return true;
  const auto scheme = origin.find("://");
  return scheme != std::string_view::npos &&
         origin.substr(scheme + 3) == request.headers.get("host");
}

/// What identifies a program: "Bearer X", "X", or CKAN's older header.
std::string_view token_of(const Request& request) noexcept {
  auto value = request.headers.get("authorization");
  if (value.empty()) value = request.headers.get("x-ckan-api-key");
  if (value.starts_with("Bearer ") || value.starts_with("bearer ")) value.remove_prefix(7);
  return value;
}

void secure(Response& response, const Shared& shared) {
  response.header("X-Content-Type-Options", "nosniff");
  response.header("Referrer-Policy", "same-origin");
  response.header("X-Frame-Options", "DENY");
  response.header("Cross-Origin-Opener-Policy", "same-origin");
  response.header("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
  std::string policy;
  if (response.content_type.starts_with("text/html")) {
    policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'";
    if (!shared.settings.websocket.empty()) policy += " " + shared.settings.websocket;
    policy += "; form-action 'self'";
    if (response.form_action.find_first_of("; ,'\"") == std::string::npos) {
      policy += " " + response.form_action;
    }
    policy += "; base-uri 'none'; frame-ancestors 'none'";
  } else {
    policy = "default-src 'none'; frame-ancestors 'none'; sandbox";
  }
  response.header("Content-Security-Policy", policy);
  if (shared.settings.secure) {
    response.header("Strict-Transport-Security", "max-age=31536000");
  }
}

Result<void> identify(Exchange& exchange) {
  const Request& request = exchange.request;
  Sessions sessions{exchange.db.own, exchange.shared.keys, exchange.shared.entropy};
  if (const auto token = token_of(request); !token.empty()) {
    WUSONG_TRY(exchange.session, sessions.by_token(token, request.now));
  } else {
    const Fields cookies = parse_cookies(request.headers.get("cookie"));
    exchange.session_token = cookies.get(kSessionCookie);
    if (!exchange.session_token.empty()) {
      WUSONG_TRY(exchange.session, sessions.find(exchange.session_token, request.now));
    }
  }
  WUSONG_TRY(exchange.viewer, viewer_of(exchange.db.projection, exchange.account()));
  return {};
}

Result<void> permit(const Exchange& exchange, const Route& route) {
  const Request& request = exchange.request;
  if (!reads_only(route.method) && route.own_origin_only) {
    if (!origin_allowed(request)) return fail(err::wrong_origin);
    // A cookie travels with every request of a browser, the token only with those of our pages.
    if (exchange.session && !exchange.session->csrf.empty() &&
        !crypto::equal_secrets(request.headers.get("x-csrf-token"), exchange.session->csrf)) {
      return fail(err::csrf_missing);
    }
  }
  if (route.who == Who::anyone) return {};
  if (!exchange.session) return fail(err::login_required);
  if (route.who == Who::actor && exchange.viewer.roles == 0) return fail(err::forbidden);
  if (route.who == Who::admin && !exchange.session->account.admin) return fail(err::forbidden);
  return {};
}

struct Found {
  const Route* route{nullptr};
  bool other_method{false};
};
Found find_route(const Request& request, std::map<std::string, std::string, std::less<>>& places) {
  Found out;
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view{request.method};
  for (const auto& route : routes()) {
    if (!matches(route.pattern, request.path, places)) continue;
    // The page that stands for everything else must not hide a wrong method.
    if (out.other_method && route.pattern == "/{rest*}") continue;
    if (route.method == method) {
      out.route = &route;
      return out;
    }
    out.other_method = true;
  }
  return out;
}

bool wants_page(const Request& request) {
  return !request.path.starts_with("/api/") && reads_only(request.method) &&
         request.headers.get("accept").find("text/html") != std::string_view::npos;
}

Response refuse(const Exchange& exchange, Error error) {
  const Problem problem = problem_of(error);
  const auto& path = exchange.request.path;
  const bool ckan = path.starts_with("/api/action/") || path.starts_with("/api/3/action/");
  Response out = ckan                           ? internal::ckan_refusal(problem)
                 : wants_page(exchange.request) ? internal::problem_page(exchange, problem)
                                                : to_response(problem);
  out.fault = error.name();
  return out;
}

Response answer(Exchange& exchange) {
  const Request& request = exchange.request;
  const Shared& shared = exchange.shared;
  if (!host_allowed(shared.settings, request.headers.get("host"))) {
    return to_response(err::wrong_host);
  }
  auto query = parse_query(request.query);
  if (!query) return refuse(exchange, query.error());
  exchange.query = std::move(*query);
  const auto wanted = exchange.query.get("lang");
  exchange.language = wanted == "zh"   ? Language::zh
                      : wanted == "en" ? Language::en
                                       : accepted_language(request.headers.get("accept-language"));

  const Found found = find_route(request, exchange.path);
  if (found.route == nullptr) {
    return refuse(exchange, found.other_method ? err::wrong_method : err::not_found);
  }
  const Route& route = *found.route;
  exchange.route = route.pattern;
  if (const auto wait = shared.limiter.take(request.remote, route.rate, request.now); wait > 0) {
    Response busy = refuse(exchange, err::too_many_requests);
    busy.header("Retry-After", std::to_string(wait / 1000 + 1));
    return busy;
  }
  if (request.body.size() > route.body_max) return refuse(exchange, err::too_large);
  if (auto known = identify(exchange); !known) return refuse(exchange, known.error());
  if (auto permitted = permit(exchange, route); !permitted) {
    return refuse(exchange, permitted.error());
  }
  auto done = route.handler(exchange);
  return done ? std::move(*done) : refuse(exchange, done.error());
}

}  // namespace

std::string_view Exchange::at(std::string_view name) const noexcept {
  const auto found = path.find(name);
  return found == path.end() ? std::string_view{} : std::string_view{found->second};
}

Result<std::uint64_t> Exchange::number(std::string_view name, std::uint64_t otherwise,
                                       std::uint64_t most) const {
  const auto text = query.get(name);
  if (text.empty()) return otherwise;
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || out > most) {
    return fail(err::bad_request);
  }
  return out;
}

Result<Hash> Exchange::digest(std::string_view name) const {
  auto text = at(name);
  if (text.empty()) text = query.get(name);
  auto out = codec::fixed_from_hex<Hash>(text);
  if (!out) return fail(err::not_found);
  return *out;
}

Result<portal::Viewer> viewer_of(io::SqlConnection& projection, const Account* account) {
  portal::Viewer out;
  if (account == nullptr) return out;
  if (!account->verified_by.empty()) out.kind = portal::ViewerKind::real_name;
  out.address = account->address;
  portal::ProjectionReader reader{projection};
  WUSONG_TRY(const auto actor, reader.actor(account->address));
  if (!actor || !actor->active) return out;
  if (actor->organisation != 0) {
    WUSONG_TRY(const auto organisation, reader.organisation(actor->organisation));
    if (!organisation || !organisation->active) return out;
    out.kind = portal::ViewerKind::organisation;
    out.organisation = actor->organisation;
  }
  out.roles = actor->roles;
  return out;
}

std::string refusal_name(BytesView revert_data) {
  if (const auto refusal = portal::refusal_of(revert_data)) {
    return std::string{portal::info_of(*refusal).name};
  }
  const auto refusal = portal::directory_refusal_of(revert_data);
  return refusal ? std::string{portal::info_of(*refusal).name} : "reverted";
}

Response handle(const Shared& shared, Connections& db, const Request& request) {
  Exchange exchange{.shared = shared,
                    .db = db,
                    .request = request,
                    .query = {},
                    .path = {},
                    .session = {},
                    .session_token = {},
                    .viewer = {},
                    .language = Language::zh,
                    .known = {db.own, db.projection, reads_only(request.method)}};
  Response out = answer(exchange);
  out.route = exchange.route;
  // An answer that depends on who asks is nobody else's.
  const bool cache_said =
      std::ranges::any_of(out.headers, [](const auto& h) { return h.first == "Cache-Control"; });
  if (!cache_said) out.header("Cache-Control", exchange.session ? "private, no-store" : "no-cache");
  out.header("Vary", "Cookie, Authorization, Accept, Accept-Language");
  if (out.status == 200 && !out.blob && reads_only(request.method) && !out.body.empty()) {
    const std::string etag = "\"" + digest_hex(out.body).substr(0, 32) + "\"";
    out.header("ETag", etag);
    if (matches_etag(request.headers.get("if-none-match"), etag)) {
      out.status = 304;
      out.body.clear();
    }
  }
  secure(out, shared);
  return out;
}

}  // namespace wusong::gateway
