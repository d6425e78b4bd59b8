// SPDX-License-Identifier: Apache-2.0
// Rules, the chain itself, proofs, and who did what.
#include <array>
#include <charconv>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/portal/documents.hpp"

namespace wusong::gateway::internal {
Result<std::optional<std::string>> node_call(Exchange& exchange, std::string_view method,
                                             std::string_view params) {
  const std::string body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + std::string{method} +
                           "\",\"params\":" + std::string{params} + "}";
  WUSONG_TRY(const auto text, exchange.shared.chain.rpc(body));
  const auto reply = codec::JsonDocument::parse(text);
  if (!reply) return fail(err::chain_unreachable);
  const auto result = reply->root().find("result");
  if (!result || result->is_null()) return std::optional<std::string>{};
  return std::optional{result->to_json()};
}

namespace {

/// What the proxy lets through: reads that cost the node little.
constexpr std::array kReads{std::string_view{"eth_blockNumber"},
                            std::string_view{"eth_chainId"},
                            std::string_view{"eth_gasPrice"},
                            std::string_view{"eth_getBalance"},
                            std::string_view{"eth_getBlockByHash"},
                            std::string_view{"eth_getBlockByNumber"},
                            std::string_view{"eth_getBlockReceipts"},
                            std::string_view{"eth_getCode"},
                            std::string_view{"eth_getBlockTransactionCountByHash"},
                            std::string_view{"eth_getBlockTransactionCountByNumber"},
                            std::string_view{"eth_getProof"},
                            std::string_view{"eth_getStorageAt"},
                            std::string_view{"eth_getTransactionByHash"},
                            std::string_view{"eth_getTransactionByBlockNumberAndIndex"},
                            std::string_view{"eth_getTransactionByBlockHashAndIndex"},
                            std::string_view{"eth_getTransactionCount"},
                            std::string_view{"eth_getTransactionReceipt"},
                            std::string_view{"eth_syncing"},
                            std::string_view{"net_version"},
                            std::string_view{"web3_clientVersion"},
                            std::string_view{"wusong_chainInfo"},
                            std::string_view{"wusong_epoch"},
                            std::string_view{"wusong_epochProofs"},
                            std::string_view{"wusong_finalityProof"},
                            std::string_view{"wusong_nodeHealth"},
                            std::string_view{"wusong_transactionStatus"},
                            std::string_view{"wusong_validators"}};
constexpr std::size_t kBatchMax = 20;

bool may_read(const codec::JsonValue& call) {
  const auto method = call.find("method");
  if (!method || !method->is_string()) return false;
  const auto name = method->string().value_or("");
  for (const auto read : kReads) {
    if (name == read) return true;
  }
  return false;
}

void write_source_list(codec::JsonWriter& out, const portal::RulePack& pack) {
  out.key("sources").open_array();
  for (const auto& source : pack.sources) {
    out.open_object().key("code").string(source.code);
    write_text(out, "title", source.title);
    out.key("status").string(source.status).close_object();
  }
  out.close_array();
}

void write_named(codec::JsonWriter& out, const portal::NamedNumber& one) {
  out.open_object().key("number").number(std::uint64_t{one.number}).key("name").string(one.name);
  write_text(out, "title", one.title);
  if (!one.article.empty()) out.key("article").string(one.article);
  out.close_object();
}

/// What another item must be: null where nothing is asked of it.
void write_condition(codec::JsonWriter& out, const portal::RulePack& pack, std::string_view key,
                     std::uint8_t workflow, std::uint32_t states) {
  const auto* flow = pack.workflow(workflow);
  if (flow == nullptr) {
    out.key(key).null();
    return;
  }
  out.key(key).open_object().key("workflow").string(flow->name).key("states").open_array();
  for (const auto& state : flow->states) {
    if ((states >> state.number & 1) != 0) out.string(state.name);
  }
  out.close_array().close_object();
}

std::string_view name_of(portal::Relation relation) noexcept {
  constexpr std::array<std::string_view, 8> kNames{
      "any",    "own",         "creator",         "party",
      "parent", "subject_own", "subject_creator", "subject_party"};
  return kNames[static_cast<std::size_t>(relation)];
}

std::string_view name_of(portal::OrganisationFrom organisation) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"none", "actor", "subject", "named"};
  return kNames[static_cast<std::size_t>(organisation)];
}

void write_transition(codec::JsonWriter& out, const portal::RulePack& pack,
                      const portal::Workflow& workflow, const portal::Transition& one) {
  const auto* action = workflow.action(one.action);
  const auto* from = workflow.state(one.from);
  const auto* to = workflow.state(one.row.to);
  out.open_object().key("action").string(action ? action->name : "");
  out.key("from").open_array().string(from ? from->name : "none").close_array();
  out.key("to").string(to ? to->name : "");
  out.key("roles").open_array();
  for (const auto& role : pack.roles) {
    if ((one.row.roles >> role.number & 1) != 0) out.string(role.name);
  }
  out.close_array().key("relation").string(name_of(one.row.relation));
  out.key("organisation").string(name_of(one.row.organisation));
  write_condition(out, pack, "subject", one.row.subject_workflow, one.row.subject_states);
  write_condition(out, pack, "refers_to", one.row.reference_workflow, one.row.reference_states);
  out.key("single").boolean(one.row.single);
  if (!one.choice.empty()) out.key("choice").string(one.choice);
  if (!one.marks.empty()) out.key("marks").string(one.marks);
  if (!one.clock.empty()) out.key("clock").string(one.clock);
  out.key("article").string(one.article);
  write_text(out, "why", one.why);
  out.close_object();
}

void write_workflow(codec::JsonWriter& out, const portal::RulePack& pack,
                    const portal::Workflow& workflow) {
  out.open_object().key("number").number(std::uint64_t{workflow.number});
  out.key("name").string(workflow.name);
  write_text(out, "title", workflow.title);
  out.key("document").string(workflow.document).key("states").open_array();
  for (const auto& state : workflow.states) {
    out.open_object().key("number").number(std::uint64_t{state.number});
    out.key("name").string(state.name);
    write_text(out, "title", state.title);
    out.key("final").boolean(state.is_final).close_object();
  }
  out.close_array().key("actions").open_array();
  for (const auto& action : workflow.actions) write_named(out, action);
  out.close_array().key("transitions").open_array();
  for (const auto& one : workflow.transitions) write_transition(out, pack, workflow, one);
  out.close_array().close_object();
}

std::string_view unit_name(portal::ClockUnit unit) noexcept {
  switch (unit) {
    case portal::ClockUnit::day:
      return "day";
    case portal::ClockUnit::working_day:
      return "working_day";
    case portal::ClockUnit::month:
      return "month";
    case portal::ClockUnit::year:
      return "year";
  }
  return "";
}

std::string_view name_of(portal::FieldType type) noexcept {
  constexpr std::array<std::string_view, 12> kNames{"text",    "string", "integer", "boolean",
                                                    "date",    "digest", "texts",   "strings",
                                                    "digests", "word",   "records", "decimal"};
  return kNames[static_cast<std::size_t>(type)];
}

void write_fields(codec::JsonWriter& out, std::span<const portal::Field> fields) {
  out.key("fields").open_array();
  for (const auto& field : fields) {
    out.open_object().key("name").string(field.name).key("type").string(name_of(field.type));
    out.key("required").boolean(field.required);
    write_text(out, "title", field.title.text());
    if (!field.words.empty()) {
      out.key("words").open_array();
      for (const auto word : field.words) out.string(word);
      out.close_array();
    }
    if (!field.fields.empty()) write_fields(out, field.fields);
    out.close_object();
  }
  out.close_array();
}

/// The newest height whose roots stand in a header that is final and attested, with the proof.
struct Covered {
  std::uint64_t height{0};
  std::string finality;
};
Result<Covered> newest_covered(Exchange& exchange) {
  constexpr std::uint64_t kBack = 40;
  WUSONG_TRY(const auto head, node_call(exchange, "eth_blockNumber", "[]"));
  if (!head || head->size() < 3) return fail(err::unavailable);
  const auto newest =
      codec::u64_from_hex_quantity(std::string_view{*head}.substr(1, head->size() - 2));
  if (!newest) return fail(err::unavailable);
  for (auto at = *newest; at > 0 && *newest - at <= kBack; --at) {
    WUSONG_TRY(const auto text, node_call(exchange, "eth_getBlockByNumber",
                                          "[\"" + codec::to_hex_quantity(at) + "\",false]"));
    const auto block = codec::JsonDocument::parse(text.value_or("{}"));
    if (!block) return fail(err::unavailable);
    const auto covered = block->root().find("wusong_rootsCovered");
    const auto where = block->root().string_at("wusong_rootsCoveredAt");
    if (!covered || !covered->boolean().value_or(false) || !where) continue;
    WUSONG_TRY(auto finality,
               node_call(exchange, "wusong_finalityProof", "[\"" + std::string{*where} + "\"]"));
    if (finality) return Covered{at, std::move(*finality)};
  }
  return fail(err::unavailable);
}

/// What leads from the genesis' validators to today's; empty while they are the same.
Result<std::string> epochs_so_far(Exchange& exchange) {
  codec::JsonWriter out;
  out.open_array();
  std::uint64_t next = 1;
  while (true) {
    WUSONG_TRY(const auto text, node_call(exchange, "wusong_epochProofs",
                                          "[\"" + codec::to_hex_quantity(next) + "\"]"));
    const auto page = codec::JsonDocument::parse(text.value_or("[]"));
    if (!page) return fail(err::unavailable);
    const auto items = page->root().items();
    if (items.empty()) break;
    for (const auto& item : items) out.raw(item.to_json());
    next += items.size();
  }
  return out.close_array().take();
}

/// Storage slot of an item's record. @source docs/data-platform.md, section 2: storage
std::array<Hash, 2> item_slots(const Hash& item) {
  Bytes key = to_bytes(item);
  key.resize(64);
  const Hash first = hash::keccak256(key);
  Hash second = first;
  for (std::size_t i = 32; i-- > 0;) {
    if (++second.bytes[i] != 0) break;
  }
  return {first, second};
}

}  // namespace

Result<Response> list_rules(Exchange& exchange) {
  codec::JsonWriter out;
  out.open_object();
  if (const auto* current = current_pack(exchange)) {
    out.key("current").number(std::uint64_t{current->number});
  }
  out.key("packs").open_array();
  for (const auto& [number, pack] : exchange.shared.rules.packs()) {
    out.open_object().key("number").number(std::uint64_t{number}).key("name").string(pack.name);
    write_text(out, "title", pack.title);
    out.key("effective_from").string(portal::to_text(pack.effective_from));
    write_source_list(out, pack);
    out.close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> show_rules(Exchange& exchange) {
  const auto wanted = exchange.at("pack");
  const portal::RulePack* pack = wanted == "current" ? current_pack(exchange) : nullptr;
  for (const auto& [number, one] : exchange.shared.rules.packs()) {
    if (wanted == std::to_string(number) || wanted == one.name) pack = &one;
  }
  if (pack == nullptr) return fail(err::not_found);
  codec::JsonWriter out;
  out.open_object().key("name").string(pack->name);
  out.key("number").number(std::uint64_t{pack->number});
  write_text(out, "title", pack->title);
  write_source_list(out, *pack);
  out.key("effective_from").string(portal::to_text(pack->effective_from));
  out.key("zone").string(pack->zone).key("roles").open_array();
  for (const auto& role : pack->roles) write_named(out, role);
  out.close_array().key("numbers").open_array();
  for (const auto& number : pack->numbers) {
    out.open_object().key("name").string(number.name);
    out.key("value").number(std::uint64_t{number.clock.amount});
    out.key("unit").string(unit_name(number.clock.unit));
    out.key("article").string(number.article).close_object();
  }
  out.close_array().key("vocabularies").open_array();
  for (const auto& vocabulary : pack->vocabularies) {
    out.open_object().key("name").string(vocabulary.name);
    out.key("article").string(vocabulary.article).key("values").open_array();
    for (const auto& value : vocabulary.values) write_named(out, value);
    out.close_array().close_object();
  }
  out.close_array().key("workflows").open_array();
  for (const auto& workflow : pack->workflows) write_workflow(out, *pack, workflow);
  return json_response(out.close_array().close_object().take());
}

Result<Response> list_documents(Exchange&) {
  codec::JsonWriter out;
  out.open_object().key("kinds").open_array();
  for (const auto& kind : portal::document_kinds()) {
    out.open_object().key("name").string(kind.name);
    write_text(out, "title", kind.title.text());
    out.key("public").boolean(kind.is_public).key("article").string(kind.article);
    write_fields(out, kind.fields);
    out.close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> chain_info(Exchange& exchange) {
  const auto& settings = exchange.shared.settings;
  codec::JsonWriter out;
  out.open_object().key("id").number(exchange.shared.chain.chain_id());
  out.key("genesis").string(settings.genesis).key("contracts").open_object();
  out.key("Directory").string(hex(settings.contracts.directory));
  out.key("RuleBook").string(hex(settings.contracts.rule_book));
  out.key("Workflows").string(hex(settings.contracts.workflows)).close_object();
  if (!settings.websocket.empty()) out.key("websocket").string(settings.websocket);
  out.key("reachable").boolean(exchange.shared.chain.reachable());
  out.key("applied").number(exchange.shared.chain.applied_block());
  return json_response(out.close_object().take());
}

Result<Response> health(Exchange& exchange) {
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto cursor, reader.cursor());
  codec::JsonWriter out;
  out.open_object().key("chain").boolean(exchange.shared.chain.reachable());
  out.key("next_block").number(cursor.next_block).key("events").number(cursor.events);
  return json_response(out.close_object().take());
}

Result<Response> item_proof(Exchange& exchange) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto seen, visible_item(exchange, id));
  const auto& settings = exchange.shared.settings;
  WUSONG_TRY(const auto covered, newest_covered(exchange));
  const auto slots = item_slots(id);
  WUSONG_TRY(const auto proof, node_call(exchange, "eth_getProof",
                                         "[\"" + hex(settings.contracts.workflows) + "\",[\"" +
                                             hex(slots[0]) + "\",\"" + hex(slots[1]) + "\"],\"" +
                                             codec::to_hex_quantity(covered.height) + "\"]"));
  WUSONG_TRY(const auto genesis, node_call(exchange, "wusong_finalityProof", "[\"0x0\"]"));
  if (!proof) return fail(err::unavailable);
  codec::JsonWriter out;
  out.open_object().key("version").number(std::uint64_t{1}).key("chain").open_object();
  out.key("id").number(exchange.shared.chain.chain_id()).key("genesis").string(settings.genesis);
  const auto first = codec::JsonDocument::parse(genesis.value_or("{}"));
  if (first) {
    if (const auto header = first->root().string_at("header")) out.key("header").string(*header);
  }
  if (!settings.genesis_text.empty()) out.key("text").string(settings.genesis_text);
  out.close_object().key("item").open_object().key("id").string(hex(id));
  out.key("contract").string(hex(settings.contracts.workflows)).close_object();
  out.key("height").number(covered.height).key("proof").raw(*proof);
  WUSONG_TRY(const auto epochs, epochs_so_far(exchange));
  if (epochs != "[]") out.key("epochs").raw(epochs);
  out.key("finality").raw(covered.finality);
  const auto* pack = exchange.shared.rules.pack(seen.row.item.pack);
  const auto* workflow = pack ? pack->workflow(seen.row.item.workflow) : nullptr;
  const auto* kind = workflow ? portal::document_kind(workflow->document) : nullptr;
  const bool reads =
      portal::may_read_document(exchange.viewer, seen.view, kind != nullptr && kind->is_public,
                                exchange.shared.access, settings.access)
          .allowed;
  WUSONG_TRY(const auto text, document_text(exchange, id, seen.row.item.document));
  if (reads && text) {
    out.key("document").string(*text);
    if (kind == nullptr || !kind->is_public) {
      WUSONG_CHECK(audit_read(exchange, "document", id, seen.row.item.document, {}, text->size()));
    }
  }
  return json_response(out.close_object().take());
}

Result<Response> rpc(Exchange& exchange) {
  const auto body = codec::JsonDocument::parse(exchange.request.body);
  if (!body) return fail(err::bad_request);
  const auto root = body->root();
  bool allowed = false;
  if (root.is_array()) {
    const auto calls = root.items();
    allowed = !calls.empty() && calls.size() <= kBatchMax &&
              std::ranges::all_of(calls, [](const auto& call) { return may_read(call); });
  } else {
    allowed = may_read(root);
  }
  if (!allowed) return fail(err::forbidden);
  // What was checked is what is sent: the text is written again from the parsed value, so that a
  // member that stands twice cannot mean one thing here and another there.
  codec::JsonWriter out;
  const auto one = [&](const codec::JsonValue& call) {
    out.open_object().key("jsonrpc").string("2.0");
    if (const auto id = call.find("id")) out.key("id").raw(id->to_json());
    out.key("method").string(text_of_member(call, "method"));
    const auto params = call.find("params");
    out.key("params").raw(params ? params->to_json() : "[]").close_object();
  };
  if (root.is_array()) {
    out.open_array();
    for (const auto& call : root.items()) one(call);
    out.close_array();
  } else {
    one(root);
  }
  WUSONG_TRY(auto reply, exchange.shared.chain.rpc(out.text()));
  return json_response(std::move(reply));
}

namespace {

/// "12.3": the block and the place in it of the last line a page showed.
Result<std::pair<std::uint64_t, std::uint64_t>> read_place(std::string_view text) {
  constexpr std::uint64_t kNewest = std::uint64_t{1} << 62;
  if (text.empty()) return std::pair{kNewest, std::uint64_t{0}};
  const auto dot = text.find('.');
  std::uint64_t block = 0;
  std::uint64_t index = 0;
  const auto read = [](std::string_view part, std::uint64_t& out) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out);
    return !part.empty() && error == std::errc{} && end == part.data() + part.size() &&
           out < kNewest;
  };
  if (dot == std::string_view::npos || !read(text.substr(0, dot), block) ||
      !read(text.substr(dot + 1), index)) {
    return fail(err::bad_request);
  }
  return std::pair{block, index};
}

/// What a page of acts is written from, in a few statements.
Result<void> load_acts(Exchange& exchange, std::span<const portal::HistoryRow> acts) {
  std::vector<Hash> ids;
  std::vector<Address> actors;
  for (const auto& row : acts) {
    ids.push_back(row.act.item);
    actors.push_back(row.act.actor);
  }
  WUSONG_CHECK(exchange.known.load_items(ids));
  WUSONG_CHECK(exchange.known.load_actors(actors));
  WUSONG_CHECK(exchange.known.load_names(actors));
  std::vector<portal::ItemRow> items;
  for (const auto& id : ids) {
    WUSONG_TRY(auto row, exchange.known.item(id));
    if (row) items.push_back(std::move(*row));
  }
  return load_lines(exchange, items);
}

Result<void> write_act(codec::JsonWriter& out, Exchange& exchange, const portal::ItemRow& item,
                       const portal::HistoryRow& row) {
  const auto& act = row.act;
  const auto* pack = exchange.shared.rules.pack(act.pack);
  const auto* workflow = pack ? pack->workflow(act.workflow) : nullptr;
  const auto* action = workflow ? workflow->action(act.action) : nullptr;
  const auto* transition = workflow ? workflow->transition(act.action, act.from) : nullptr;
  out.open_object().key("at").number(row.time).key("actor");
  write_actor(out, exchange, act.actor);
  out.key("action").string(action ? action->name : "");
  if (action != nullptr) write_text(out, "title", action->title);
  out.key("object").open_object().key("kind").string(workflow ? workflow->name : "");
  out.key("id").string(hex(act.item));
  WUSONG_TRY(const auto title, title_of(exchange, item));
  write_text(out, "title", title);
  out.close_object().key("result").string("done");
  if (transition != nullptr) out.key("article").string(transition->article);
  out.key("transaction").string(hex(row.transaction)).key("height").number(row.block);
  if (!act.document.is_zero()) out.key("digest").string(hex(act.document));
  out.close_object();
  return {};
}

}  // namespace

Result<Response> audit_of_acts(Exchange& exchange) {
  WUSONG_TRY(const auto limit, exchange.number("page_size", 50, 100));
  WUSONG_TRY(auto place, read_place(exchange.query.get("before")));
  portal::ProjectionReader reader{exchange.db.projection};
  portal::ProjectionReader::ActsBefore query{place.first, place.second, {}, limit};
  if (!exchange.query.get("item").empty()) {
    WUSONG_TRY(query.item, exchange.digest("item"));
  }
  codec::JsonWriter out;
  out.open_object().key("entries").open_array();
  std::uint64_t shown = 0;
  bool more = true;
  // Lines that the caller may not see are passed over, a bounded number of them.
  for (int round = 0; round < 20 && shown < limit && more; ++round) {
    WUSONG_TRY(const auto acts, reader.acts_before(query));
    more = acts.size() == limit;
    WUSONG_CHECK(load_acts(exchange, acts));
    for (const auto& row : acts) {
      query.block = row.block;
      query.log_index = row.log_index;
      const auto seen = visible_item(exchange, row.act.item);
      if (!seen) continue;
      WUSONG_CHECK(write_act(out, exchange, seen->row, row));
      if (++shown == limit) break;
    }
  }
  out.close_array();
  if (more) {
    out.key("before").string(std::to_string(query.block) + "." + std::to_string(query.log_index));
  }
  return json_response(out.close_object().take());
}

Result<Response> show_openapi(Exchange& exchange) {
  return json_response(openapi(exchange.shared.settings));
}

}  // namespace wusong::gateway::internal

namespace wusong::gateway {
namespace {

std::string_view name_of(Who who) noexcept {
  switch (who) {
    case Who::anyone:
      return "anyone";
    case Who::signed_in:
      return "signed_in";
    case Who::actor:
      return "actor";
    case Who::admin:
      return "admin";
  }
  return "";
}

void describe_operation(codec::JsonWriter& out, const Route& route) {
  std::string lower;
  for (const char c : route.method) lower.push_back(static_cast<char>(c | 0x20));
  out.key(lower).open_object();
  std::string id = lower;
  for (const char c : route.pattern) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain || (id.back() != '_' && c != '}')) id.push_back(plain ? c : '_');
  }
  out.key("operationId").string(id);
  out.key("summary").string(std::string{route.about.zh} + " / " + std::string{route.about.en});
  out.key("x-who").string(name_of(route.who));
  out.key("parameters").open_array();
  for (auto rest = route.pattern; !rest.empty();) {
    const auto open = rest.find('{');
    if (open == std::string_view::npos) break;
    const auto close = rest.find('}', open);
    out.open_object().key("name").string(rest.substr(open + 1, close - open - 1));
    out.key("in").string("path").key("required").boolean(true);
    out.key("schema").open_object().key("type").string("string").close_object().close_object();
    rest = rest.substr(close + 1);
  }
  for (const auto& parameter : route.parameters) {
    if (parameter.in == "path") continue;
    out.open_object().key("name").string(parameter.name).key("in").string(parameter.in);
    out.key("description")
        .string(std::string{parameter.about.zh} + " / " + std::string{parameter.about.en});
    out.key("schema").open_object().key("type").string("string").close_object().close_object();
  }
  out.close_array();
  if (route.method != "GET" && route.method != "DELETE") {
    out.key("requestBody").open_object().key("content").open_object();
    out.key(route.method == "PATCH" ? "application/octet-stream" : "application/json");
    out.open_object().key("schema").open_object().close_object().close_object();
    out.close_object().close_object();
  }
  out.key("responses").open_object().key("200").open_object().key("description").string("OK");
  out.key("content").open_object().key(route.answers).open_object().key("schema").open_object();
  out.close_object().close_object().close_object().close_object();
  out.key("default").raw("{\"$ref\":\"#/components/responses/Problem\"}").close_object();
  if (route.who == Who::anyone) {
    out.key("security").raw("[{},{\"session\":[]},{\"token\":[]}]");
  } else {
    out.key("security").raw("[{\"session\":[]},{\"token\":[]}]");
  }
  out.close_object();
}

constexpr std::string_view kComponents =
    R"({"securitySchemes":{"session":{"type":"apiKey","in":"cookie","name":"wusong_session"},)"
    R"("token":{"type":"http","scheme":"bearer"}},"responses":{"Problem":{"description":)"
    R"("What is wrong, why, and what to do","content":{"application/json":{"schema":{"$ref":)"
    R"("#/components/schemas/Problem"}}}}},"schemas":{"Text":{"type":"object","properties":)"
    R"({"zh":{"type":"string"},"en":{"type":"string"}}},"Problem":{"type":"object","required":["error"],)"
    R"("properties":{"error":{"type":"object","required":["code","message"],"properties":{"code":)"
    R"({"type":"string"},"message":{"$ref":"#/components/schemas/Text"},"article":{"type":"string"},)"
    R"("next":{"$ref":"#/components/schemas/Text"}}}}}}})";

}  // namespace

std::string openapi(const Settings& settings) {
  codec::JsonWriter out;
  out.open_object().key("openapi").string("3.1.0").key("info").open_object();
  out.key("title").string(settings.site.title.zh.empty() ? "Wusong" : settings.site.title.zh);
  out.key("version").string("1").key("description");
  out.string("公共数据开放平台接口 / The public data platform's interface").close_object();
  out.key("servers").open_array().open_object().key("url").string(settings.site.base);
  out.close_object().close_array().key("paths").open_object();
  std::map<std::string_view, bool> done;
  for (const auto& route : routes()) {
    if (route.answers == "text/html" || done[route.pattern]) continue;
    done[route.pattern] = true;
    out.key(route.pattern).open_object();
    for (const auto& other : routes()) {
      if (other.pattern == route.pattern) describe_operation(out, other);
    }
    out.close_object();
  }
  out.close_object().key("components").raw(kComponents).close_object();
  return out.take();
}

}  // namespace wusong::gateway
