// SPDX-License-Identifier: Apache-2.0
// From request text to response text: envelopes, batches, and the table of methods.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/rpc/internal/methods.hpp"

namespace wusong::rpc {

class Dispatcher {
 public:
  /// `context` outlives it.
  explicit Dispatcher(const Context& context);

  /// The response to one request or batch; empty where nothing is to be said.
  std::string handle(std::string_view text, std::optional<SessionId> session) const;

 private:
  struct Request {
    std::string id;  // as JSON; empty for a notification
    std::string_view method;
    std::optional<codec::JsonValue> params;
    std::optional<Fault> fault;  // set where the request is no valid request
  };

  Request read_request(codec::JsonValue value) const;
  std::string handle_batch(const std::vector<codec::JsonValue>& items,
                           std::optional<SessionId> session) const;
  /// Appends the response, with nothing for a notification.
  void answer(std::string& out, const Request& request, std::optional<SessionId> session) const;
  /// Sends requests [first, last), all eth_sendRawTransaction, to the pool together.
  void answer_sends(std::string& out, const std::vector<Request>& requests, std::size_t first,
                    std::size_t last) const;

  const Context& context_;
  std::vector<Method> methods_;  // ordered by name
};

}  // namespace wusong::rpc
