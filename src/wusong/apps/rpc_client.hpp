// SPDX-License-Identifier: Apache-2.0
// JSON-RPC calls of the command line.
#pragma once

#include <string>
#include <string_view>

#include "wusong/apps/errors.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/platform/http_client.hpp"

namespace wusong::apps {

/// The reply's result; valid as long as it lives.
class RpcReply {
 public:
  explicit RpcReply(codec::JsonDocument document) : document_{std::move(document)} {}
  codec::JsonValue result() const {
    return document_.root().find("result").value_or(codec::JsonValue{});
  }

 private:
  codec::JsonDocument document_;
};

class RpcClient {
 public:
  /// @errors err::bad_argument for a malformed URL
  [[nodiscard]] static Outcome<RpcClient> open(const std::string& url,
                                               Duration timeout = std::chrono::seconds{30});
  /// `params` is a JSON array. @errors err::rpc_failed; the detail is the node's own message
  [[nodiscard]] Outcome<RpcReply> call(std::string_view method, std::string_view params = "[]");
  /// Sends a body as it is, a batch for example, and returns the reply's.
  [[nodiscard]] Outcome<std::string> post(std::string_view body);

 private:
  RpcClient(std::string url, platform::HttpUrl parts, Duration timeout);
  std::string url_;
  std::string target_;
  std::unique_ptr<platform::HttpClient> client_;
};

}  // namespace wusong::apps
