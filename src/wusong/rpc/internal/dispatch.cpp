// SPDX-License-Identifier: Apache-2.0
#include "wusong/rpc/internal/dispatch.hpp"

#include <algorithm>
#include <array>

#include "wusong/codec/hex.hpp"
#include "wusong/rpc/errors.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;

constexpr std::string_view kSend = "eth_sendRawTransaction";

/// What a node with headers alone can answer; everything else it refuses, so that "null" never
/// means "not kept here".
bool needs_headers_only(std::string_view method) noexcept {
  constexpr auto kMethods = std::to_array<std::string_view>(
      {"debug_getRawHeader", "eth_blockNumber", "eth_chainId", "eth_getProof", "eth_syncing",
       "net_listening", "net_peerCount", "net_version", "rpc_modules", "web3_clientVersion",
       "web3_sha3", "wusong_chainInfo", "wusong_epoch", "wusong_epochProofs",
       "wusong_finalityProof", "wusong_nodeHealth", "wusong_peers", "wusong_validators"});
  return std::ranges::find(kMethods, method) != kMethods.end();
}

void begin(std::string& out, std::string_view id) {
  if (!out.empty() && out.back() == '}') out.push_back(',');
  out += R"({"jsonrpc":"2.0","id":)";
  out += id;
}

void write_fault(std::string& out, std::string_view id, const Fault& fault) {
  begin(out, id.empty() ? "null" : id);
  out += R"(,"error":{"code":)";
  out += std::to_string(fault.code);
  out += R"(,"message":)";
  codec::append_json_string(out, fault.message);
  if (!fault.data.empty()) {
    out += R"(,"data":)";
    out += fault.data;
  }
  out += "}}";
}

void write_result(std::string& out, std::string_view id, std::string_view result) {
  begin(out, id);
  out += R"(,"result":)";
  out += result;
  out.push_back('}');
}

/// Text a client may print: UTF-8 from contracts is not always valid.
void make_printable(std::string& text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
}

}  // namespace

Dispatcher::Dispatcher(const Context& context) : context_{context} {
  for (const auto family : {chain_methods(), state_methods(), call_methods(), filter_methods(),
                            pool_methods(), debug_methods(), node_methods(), epoch_methods()})
    methods_.insert(methods_.end(), family.begin(), family.end());
  std::ranges::sort(methods_, {}, &Method::name);
}

std::string Dispatcher::handle(std::string_view text, std::optional<SessionId> session) const {
  std::string out;
  const auto document = JsonDocument::parse(text);
  if (!document) {
    write_fault(out, "null", fault_of(err::parse_error));
    return out;
  }
  const JsonValue root = document->root();
  if (root.is_array()) return handle_batch(root.items(), session);
  answer(out, read_request(root), session);
  return out;
}

Dispatcher::Request Dispatcher::read_request(JsonValue value) const {
  Request out;
  out.id = "null";
  if (!value.is_object()) {
    out.fault = fault_of(err::invalid_request, "invalid request: expected an object");
    return out;
  }
  const auto id = value.find("id");
  const bool id_fits = !id || id->is_null() || id->is_string() || id->kind() == JsonKind::number;
  if (id && id_fits) out.id = id->to_json();
  const auto version = value.string_at("jsonrpc");
  const auto method = value.string_at("method");
  if (!id_fits || !version || *version != "2.0" || !method) {
    out.fault = fault_of(err::invalid_request,
                         "invalid request: expected jsonrpc \"2.0\", a method name, and an id that "
                         "is a string or a number");
    return out;
  }
  if (!id) out.id.clear();
  out.method = *method;
  out.params = value.find("params");
  return out;
}

std::string Dispatcher::handle_batch(const std::vector<JsonValue>& items,
                                     std::optional<SessionId> session) const {
  std::string out;
  if (items.empty()) {
    write_fault(out, "null", fault_of(err::invalid_request, "empty batch"));
    return out;
  }
  if (items.size() > context_.config.batch_items_max) {
    write_fault(
        out, "null",
        fault_of(err::batch_too_large, "batch too large: " + std::to_string(items.size()) +
                                           " requests, the limit is " +
                                           std::to_string(context_.config.batch_items_max)));
    return out;
  }
  std::vector<Request> requests;
  requests.reserve(items.size());
  for (const JsonValue& item : items) requests.push_back(read_request(item));

  out.reserve(items.size() * 112 + 2);
  out.push_back('[');
  for (std::size_t i = 0; i < requests.size();) {
    std::size_t end = i;
    while (end < requests.size() && !requests[end].fault && requests[end].method == kSend) ++end;
    if (end > i) {
      answer_sends(out, requests, i, end);
      i = end;
      continue;
    }
    if (out.size() > context_.config.response_bytes_max) {
      if (!requests[i].id.empty())
        write_fault(out, requests[i].id, fault_of(err::response_too_large));
    } else {
      answer(out, requests[i], session);
    }
    ++i;
  }
  if (out.size() == 1) return {};
  out.push_back(']');
  return out;
}

void Dispatcher::answer(std::string& out, const Request& request,
                        std::optional<SessionId> session) const {
  if (request.fault) return write_fault(out, request.id, *request.fault);
  const auto method = std::ranges::lower_bound(methods_, request.method, {}, &Method::name);
  codec::JsonWriter result;
  Answer<void> done;
  if (method == methods_.end() || method->name != request.method) {
    std::string name{request.method.substr(0, 80)};
    done = refuse(err::method_not_found, "the method " + name + " does not exist/is not available");
  } else if (context_.node.headers_only() && !needs_headers_only(request.method)) {
    done = refuse(node::err::light_node);
  } else if (const auto params = Params::of(request.params); !params) {
    done = std::unexpected{params.error()};
  } else {
    done = method->handler(Call{context_, *params, session}, result);
  }
  if (done && result.text().size() > context_.config.response_bytes_max)
    done = refuse(err::response_too_large);
  if (request.id.empty()) return;
  if (done) return write_result(out, request.id, result.text());
  Fault fault = std::move(done).error();
  make_printable(fault.message);
  write_fault(out, request.id, fault);
}

void Dispatcher::answer_sends(std::string& out, const std::vector<Request>& requests,
                              std::size_t first, std::size_t last) const {
  std::vector<Bytes> raw;
  std::vector<std::optional<Fault>> faults(last - first);
  raw.reserve(last - first);
  for (std::size_t i = first; i < last; ++i) {
    const auto params = Params::of(requests[i].params);
    if (!params) {
      faults[i - first] = params.error();
      continue;
    }
    auto data = params->data({0, "transaction"});
    if (data) {
      raw.push_back(*std::move(data));
    } else {
      faults[i - first] = std::move(data).error();
    }
  }
  const auto answers = raw.empty() ? std::vector<Result<Hash>>{} : context_.node.submit(raw);
  WUSONG_ASSERT(answers.size() == raw.size());
  std::size_t next = 0;
  for (std::size_t i = first; i < last; ++i) {
    const std::string& id = requests[i].id;
    const auto& fault = faults[i - first];
    const Result<Hash>* submitted = fault ? nullptr : &answers[next++];
    if (id.empty()) continue;
    if (fault) {
      write_fault(out, id, *fault);
    } else if (!*submitted) {
      write_fault(out, id, fault_of(submitted->error().info()));
    } else {
      begin(out, id);
      out += R"(,"result":"0x)";
      codec::append_hex(out, **submitted);
      out += "\"}";
    }
  }
}

}  // namespace wusong::rpc
