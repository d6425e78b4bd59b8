// SPDX-License-Identifier: Apache-2.0
#include "wusong/harvest/ckan_site.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "wusong/platform/errors.hpp"

namespace wusong::harvest {
namespace {

using namespace std::chrono_literals;

constexpr int kTries = 4;
constexpr int kWaits = 60;
constexpr std::size_t kMessageMax = 300;

std::string text_at(const codec::JsonValue& object, std::string_view name) {
  const auto found = object.find(name);
  if (!found) return {};
  return found->is_string() ? std::string{found->string().value_or("")} : found->to_json();
}

CkanRefusal refusal_of(unsigned status, const std::string& body) {
  CkanRefusal out{status, {}, fmt::format("status {}", status)};
  const auto parsed = codec::JsonDocument::parse(body);
  const auto error = parsed ? parsed->root().find("error") : std::nullopt;
  if (!error) return out;
  out.type = text_at(*error, "__type");
  // CKAN says what is wrong by member, and not always in words.
  auto words = text_at(*error, "message");
  if (words.empty()) words = error->to_json();
  out.message = words.substr(0, kMessageMax);
  return out;
}

}  // namespace

CkanSite::CkanSite(std::string url, const platform::HttpUrl& parts, std::string token,
                   platform::TlsTrust trust)
    : url_{std::move(url)},
      token_{std::move(token)},
      trust_{std::move(trust)},
      client_{parts,
              {.timeout = 30s,
               .whole = 120s,
               .reply_bytes_max = kReplyBytesMax,
               .trust = &trust_,
               .public_only = !platform::is_literal_host(parts.host)}} {}

Outcome<std::unique_ptr<CkanSite>> CkanSite::open(const std::string& url, std::string token,
                                                  const std::string& ca_file) {
  const auto parts = platform::parse_url(url);
  if (!parts || parts->target != "/" || url.ends_with('/')) {
    return failure(err::bad_argument,
                   fmt::format("\"{}\" is no site; write one like https://ckan.example.org", url));
  }
  if (!parts->secure && !platform::is_literal_host(parts->host)) {
    return failure(
        err::bad_argument,
        fmt::format("{} would show the token to the network; write https://{}", url, parts->host));
  }
  if (token.find_first_of("\r\n") != std::string::npos) {
    return failure(err::bad_argument, "a token is one line");
  }
  auto trust = platform::TlsTrust::open(ca_file);
  if (!trust) {
    return failure(trust.error(),
                   fmt::format("{} holds no certificates in PEM",
                               ca_file.empty() ? "the system's store of authorities" : ca_file));
  }
  return std::unique_ptr<CkanSite>{new CkanSite{url, *parts, std::move(token), std::move(*trust)}};
}

CkanResult<CkanReply> CkanSite::ask(std::string_view action, std::string_view json,
                                    std::string_view key) {
  std::string headers = "Content-Type: application/json\r\nAccept: application/json\r\n";
  if (!token_.empty()) {
    headers += "Authorization: " + token_ + "\r\nX-CKAN-API-Key: " + token_ + "\r\n";
  }
  if (!key.empty()) headers += "Idempotency-Key: " + std::string{key} + "\r\n";
  const auto reply = client_.request("POST", "/api/3/action/" + std::string{action}, json, headers);
  if (!reply) {
    const Error error = reply.error();
    CkanRefusal out{
        error == platform::err::http_too_large ? 413u : 0u, {}, std::string{error.name()}};
    if (error == platform::err::bad_address) out.message = fmt::format("there is no host {}", url_);
    if (error == platform::err::private_address) {
      out.message = fmt::format(
          "{} leads into a private network; where that is meant, write its "
          "address instead of its name",
          url_);
    }
    return std::unexpected{std::move(out)};
  }
  if (reply->status >= 300 && reply->status < 400) {
    return std::unexpected{
        CkanRefusal{reply->status, {}, "it answers with a redirect; configure where that leads"}};
  }
  if (reply->status != 200) return std::unexpected{refusal_of(reply->status, reply->body)};
  auto parsed = codec::JsonDocument::parse(reply->body);
  if (!parsed) return std::unexpected{CkanRefusal{502, {}, "the answer is not JSON"}};
  const auto success = parsed->root().find("success");
  if (!success || !success->boolean().value_or(false) || !parsed->root().find("result")) {
    return std::unexpected{refusal_of(502, reply->body)};
  }
  return CkanReply{std::move(*parsed)};
}

CkanResult<CkanReply> CkanSite::read(std::string_view action, std::string_view json) {
  for (int tried = 1;; ++tried) {
    auto reply = ask(action, json, {});
    if (reply || !reply.error().is_passing() || tried == kTries) return reply;
    std::this_thread::sleep_for(250ms * (1 << tried));
  }
}
CkanResult<CkanReply> CkanSite::write(std::string_view action, std::string_view json,
                                      std::string_view key) {
  for (int waited = 0;; ++waited) {
    auto reply = ask(action, json, key);
    // Too many requests: nothing was done, and a moment later there is room.
    if (reply || reply.error().status != 429 || waited == kWaits) return reply;
    std::this_thread::sleep_for(1s);
  }
}

}  // namespace wusong::harvest
