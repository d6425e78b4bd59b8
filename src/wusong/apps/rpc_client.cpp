// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/rpc_client.hpp"

#include <fmt/format.h>

namespace wusong::apps {

namespace {

/// The node's own words: its message, its row, and revert data that carries no text.
Failure refusal(const codec::JsonValue& error) {
  Failure out{err::rpc_failed, error.to_json()};
  if (const auto message = error.string_at("message")) out.detail = *message;
  const auto data = error.find("data");
  if (!data) return out;
  if (const auto row = data->string_at("error")) out.row = *row;
  if (const auto bytes = data->string()) {
    out.row = err::reverted.name;
    if (out.detail == "execution reverted" && *bytes != "0x") {
      out.detail += fmt::format(" with data {}", *bytes);
    }
  }
  return out;
}

}  // namespace

RpcClient::RpcClient(std::string url, platform::HttpUrl parts, Duration timeout)
    : url_{std::move(url)},
      target_{parts.target},
      client_{std::make_unique<platform::HttpClient>(parts.host, parts.port, timeout)} {}

Outcome<RpcClient> RpcClient::open(const std::string& url, Duration timeout) {
  const auto parts = platform::parse_url(url);
  if (!parts || parts->secure) {
    return failure(err::bad_argument,
                   fmt::format("\"{}\" is no URL; write one like http://127.0.0.1:8545", url));
  }
  return RpcClient{url, *parts, timeout};
}

Outcome<RpcReply> RpcClient::call(std::string_view method, std::string_view params) {
  const std::string body =
      fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":"{}","params":{}}})", method, params);
  const auto reply = post(body);
  if (!reply) return std::unexpected{reply.error()};
  auto document = codec::JsonDocument::parse(*reply);
  if (!document) {
    return failure(document.error(),
                   fmt::format("{} answered with something else than JSON", url_));
  }
  if (const auto error = document->root().find("error")) return std::unexpected{refusal(*error)};
  return RpcReply{*std::move(document)};
}

Outcome<std::string> RpcClient::post(std::string_view body) {
  auto reply = client_->post_json(target_, body);
  if (!reply) {
    const std::string_view row = reply.error().name();
    if (row == "platform.bad_address") {
      return failure(
          reply.error(),
          fmt::format("{}: no address is known for this host name; is it spelled right?", url_));
    }
    if (row == "platform.http_timeout") {
      return failure(reply.error(), fmt::format("{} did not answer in time", url_));
    }
    return failure(
        reply.error(),
        fmt::format("nothing answers at {}; is the node running? Start one with ./run", url_));
  }
  return std::move(reply->body);
}

}  // namespace wusong::apps
