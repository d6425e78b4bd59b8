// SPDX-License-Identifier: Apache-2.0
// From what a form sends to an act on the chain: checked by the twin first, so that a refusal comes
// at once and with its reasons.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "wusong/gateway/gateway.hpp"
#include "wusong/gateway/reply.hpp"
#include "wusong/portal/item.hpp"

namespace wusong::gateway::internal {

template <typename T>
using Answered = std::expected<T, Problem>;

struct ActRequest {
  std::optional<Hash> item;  // nothing: a new one
  std::string workflow;
  std::string action;
  std::optional<std::uint64_t> sequence;
  std::uint8_t choice{0};
  std::string choice_name;  // instead of the number
  std::uint32_t marks{0};
  std::uint32_t organisation{0};
  Hash subject;
  Hash refers_to;
  std::string document;       // JSON; empty: none
  std::string document_kind;  // empty: what the action asks for
  std::string basis;          // JSON {citation, text}; empty: none
  std::string once;           // names the act for the outbox
};

struct PreparedAct {
  portal::Act act;
  std::string about;  // "application submit"
};

/// From the body of a request. @errors err::bad_request
Result<ActRequest> read_act_request(Exchange& exchange);
/// Stores documents, looks at the facts, asks the twin.
Answered<PreparedAct> prepare_act(Exchange& exchange, const ActRequest& request);
/// Signs with the caller's custodial key, stores, sends, waits.
Answered<OutboxEntry> submit(Exchange& exchange, const Draft& draft);
Answered<OutboxEntry> submit_act(Exchange& exchange, const PreparedAct& prepared,
                                 const std::string& once);
/// All of it, with the account's own key; the same again is answered with what became of the first.
Result<Response> perform(Exchange& exchange, const ActRequest& request);
/// {item, transaction, status, outbox}: 200 when final, 202 while it waits, 409 where refused.
Response outbox_answer(const OutboxEntry& entry);
Problem problem_of_refusal(portal::Refusal refusal, const portal::RulePack* pack,
                           const portal::Transition* transition);

}  // namespace wusong::gateway::internal
