// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/web.hpp"

#include <fmt/format.h>

#include "wusong/openid/errors.hpp"
#include "wusong/openid/provider.hpp"
#include "wusong/platform/errors.hpp"

namespace wusong::portal_app {

Outcome<PortalWeb> PortalWeb::open(const std::string& ca_file) {
  auto trust = platform::TlsTrust::open(ca_file);
  if (!trust) {
    return failure(trust.error(),
                   fmt::format("{} holds no certificates in PEM",
                               ca_file.empty() ? "the system's store of authorities" : ca_file));
  }
  return PortalWeb{std::move(*trust)};
}

Result<openid::WebReply> PortalWeb::fetch(const openid::WebRequest& request) {
  // Plain http with this machine alone: web_origin knows no other.
  const auto url = platform::parse_url(request.url);
  if (!url || !openid::web_origin(request.url)) return fail(openid::err::provider_answer);
  constexpr std::chrono::milliseconds kWhole{openid::kWebMs};
  platform::HttpClient client{*url,
                              {.timeout = kWhole,
                               .whole = kWhole,
                               .reply_bytes_max = openid::kWebReplyMost,
                               .trust = &trust_}};
  std::string headers = "User-Agent: wusong-portal\r\nConnection: close\r\n";
  for (const auto& [name, value] : request.headers) headers += name + ": " + value + "\r\n";
  const auto reply = client.request(request.method, url->target, request.body, headers);
  if (!reply) {
    return fail(reply.error() == Error{platform::err::http_too_large}
                    ? Error{openid::err::provider_answer}
                    : Error{openid::err::provider_unreachable});
  }
  return openid::WebReply{reply->status, std::string{reply->header("Location")}, reply->body};
}

}  // namespace wusong::portal_app
