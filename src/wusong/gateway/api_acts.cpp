// SPDX-License-Identifier: Apache-2.0
// Acting: from a form to a signed transaction.
#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/acting.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::size_t kOnceMax = 128;

std::unexpected<Problem> problem(Error error) {
  return std::unexpected{problem_of(error)};
}
std::unexpected<Problem> problem(const portal::Fault& fault) {
  Problem out = problem_of(fault.error);
  if (!fault.place.empty()) {
    out.message.zh += "位置:" + fault.place;
    out.message.en += " Place: " + fault.place;
  }
  if (!fault.mend.empty()) out.next = fault.mend;
  return std::unexpected{std::move(out)};
}

Result<Hash> digest_member(const codec::JsonValue& object, std::string_view name) {
  const auto found = object.find(name);
  if (!found || found->is_null()) return Hash{};
  WUSONG_TRY(const auto text, found->string());
  auto out = codec::fixed_from_hex<Hash>(text);
  if (!out) return fail(err::bad_request);
  return *out;
}

Result<std::uint32_t> marks_member(const codec::JsonValue& object) {
  const auto found = object.find("marks");
  std::uint32_t out = 0;
  if (!found || found->is_null()) return out;
  for (const auto& one : found->items()) {
    WUSONG_TRY(const auto number, one.u64());
    if (number == 0 || number > 32) return fail(err::bad_request);
    out |= std::uint32_t{1} << (number - 1);
  }
  return out;
}

/// The name under which the outbox keeps an act single: of this account, whatever the client says.
std::string once_of(const Exchange& exchange) {
  const auto key = exchange.request.headers.get("idempotency-key");
  const std::string own = exchange.session->account.id + " ";
  if (!key.empty() && key.size() <= kOnceMax) return own + "key " + std::string{key};
  return own + "new " + random_hex(exchange.shared.entropy, 16);
}

/// Makes and stores the document; its blob is durable before anything names it.
Answered<Hash> store_document(Exchange& exchange, const ActRequest& request,
                              std::string_view kind) {
  // The salt is the act's own, so that sending the same again gives the same document.
  std::array<std::uint8_t, 16> salt{};
  const Hash seed = hmac_sha256(exchange.shared.keys.csrf(), "salt " + request.once);
  std::copy_n(seed.bytes.begin(), salt.size(), salt.begin());
  const auto document = portal::make_document(kind, request.document, salt);
  if (!document) return problem(document.error());
  const auto stored = exchange.shared.blobs.put(as_bytes(document->text));
  if (!stored) return problem(stored.error());
  return stored->digest;
}

/// A legal basis is public: what was cited can be looked up.
Answered<Hash> store_basis(Exchange& exchange, const std::string& json) {
  const auto document = portal::make_document("basis", json, {});
  if (!document) return problem(document.error());
  const auto stored = exchange.shared.blobs.put(as_bytes(document->text));
  if (!stored) return problem(stored.error());
  return stored->digest;
}

/// A case's page answers "not found" to strangers; so does acting on it.
Answered<portal::Item> item_before(Exchange& exchange, const ActRequest& request) {
  if (!request.item) return portal::Item{};
  const auto seen = visible_item(exchange, *request.item);
  if (!seen) return problem(seen.error());
  if (request.sequence && *request.sequence != seen->row.item.sequence) return problem(err::stale);
  return seen->row.item;
}

/// What the row asks the act to refer to, where the caller names none and only one thing is tied to
/// the case: nobody should have to look up the number of a dataset's opening.
Result<Hash> reference_of(Exchange& exchange, const portal::Act& act, const portal::Item& item,
                          const portal::Transition* transition) {
  if (transition == nullptr || transition->row.reference_workflow == 0 ||
      transition->row.tie == portal::Tie::any) {
    return Hash{};
  }
  portal::ItemFilter filter;
  filter.workflow = transition->row.reference_workflow;
  filter.subject = transition->row.tie == portal::Tie::this_item ? act.item
                   : item.exists()                               ? item.subject
                                                                 : act.subject;
  filter.limit = portal::kPageMax;
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto page, reader.items(filter));
  Hash out;
  for (const auto& row : page.items) {
    if ((transition->row.reference_states >> row.item.state & 1) == 0) continue;
    if (!out.is_zero()) return Hash{};
    out = row.id;
  }
  return out;
}

Answered<std::uint8_t> choice_of(const ActRequest& request, const portal::RulePack& pack,
                                 const portal::Transition* transition) {
  if (request.choice_name.empty()) return request.choice;
  const auto* vocabulary = transition ? pack.vocabulary(transition->choice) : nullptr;
  if (vocabulary != nullptr) {
    for (const auto& value : vocabulary->values) {
      if (value.name == request.choice_name) return value.number;
    }
  }
  return problem(err::bad_request);
}

}  // namespace

Problem problem_of_refusal(portal::Refusal refusal, const portal::RulePack* pack,
                           const portal::Transition* transition) {
  const auto& info = portal::info_of(refusal);
  Problem out{.status = 403,
              .code = std::string{info.name},
              .message = info.why.text(),
              .article = transition ? transition->article : "",
              .next = info.next.text()};
  if (pack != nullptr) {
    out.message = portal::explain(refusal, *pack, transition);
    out.next = portal::next_step(refusal, *pack, transition);
  }
  using enum portal::Refusal;
  if (refusal == wrong_sequence || refusal == no_such_transition || refusal == overdue ||
      refusal == not_overdue) {
    out.status = 409;
  } else if (refusal == choice_invalid || refusal == marks_missing || refusal == document_missing ||
             refusal == basis_missing || refusal == subject_invalid ||
             refusal == reference_invalid || refusal == organisation_invalid) {
    out.status = 422;
  }
  return out;
}

Result<ActRequest> read_act_request(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto root = body.root();
  ActRequest out;
  out.workflow = text_of_member(root, "workflow");
  out.action = text_of_member(root, "action");
  if (const auto sequence = root.find("sequence"); sequence && !sequence->is_null()) {
    WUSONG_TRY(out.sequence, sequence->u64());
  }
  if (const auto choice = root.find("choice"); choice && !choice->is_null()) {
    if (choice->is_string()) {
      out.choice_name = choice->string().value_or("");
    } else {
      WUSONG_TRY(const auto number, choice->u64());
      if (number > 255) return fail(err::bad_request);
      out.choice = static_cast<std::uint8_t>(number);
    }
  }
  if (const auto organisation = root.find("organisation");
      organisation && !organisation->is_null()) {
    WUSONG_TRY(const auto number, organisation->u64());
    out.organisation = static_cast<std::uint32_t>(number);
  }
  WUSONG_TRY(out.marks, marks_member(root));
  WUSONG_TRY(out.subject, digest_member(root, "subject"));
  WUSONG_TRY(out.refers_to, digest_member(root, "reference"));
  if (const auto document = root.find("document"); document && document->is_object()) {
    out.document = document->to_json();
    out.document_kind = text_of_member(*document, "kind");
  }
  if (const auto basis = root.find("basis"); basis && basis->is_object()) {
    codec::JsonWriter normal;
    normal.open_object().key("citation").string(text_of_member(*basis, "citation"));
    write_text(normal, "text", text_member(*basis, "text"));
    out.basis = normal.close_object().take();
  }
  out.once = once_of(exchange);
  return out;
}

namespace {

/// What the contract will say, before anything is stored: with a stand-in for the digests of what
/// the caller sends.
Answered<void> judge(Exchange& exchange, const ActRequest& request, portal::Act act,
                     const portal::RulePack& pack, const portal::Transition* transition) {
  portal::ProjectionReader reader{exchange.db.projection};
  const Hash stand_in = hash::sha256(as_bytes("stand-in"));
  if (!request.document.empty()) act.document = stand_in;
  if (!request.basis.empty()) act.basis = stand_in;
  const auto facts = reader.facts(act, exchange.viewer.address);
  if (!facts) return problem(facts.error());
  const auto calendar = reader.calendar();
  if (!calendar) return problem(calendar.error());
  const portal::RowTable rows = pack.rows();
  const portal::Rules rules{
      .pack = pack.number, .utc_offset = pack.utc_offset, .rows = &rows, .calendar = &*calendar};
  const auto decided = portal::decide(act, *facts, rules, moment(exchange));
  if (!decided) {
    return std::unexpected{problem_of_refusal(decided.error(), &pack, transition)};
  }
  return {};
}

}  // namespace

Answered<PreparedAct> prepare_act(Exchange& exchange, const ActRequest& request) {
  const auto item = item_before(exchange, request);
  if (!item) return std::unexpected{item.error()};
  const auto* pack =
      item->exists() ? exchange.shared.rules.pack(item->pack) : current_pack(exchange);
  if (pack == nullptr) return problem(err::unavailable);
  const auto* workflow =
      item->exists() ? pack->workflow(item->workflow) : pack->workflow(request.workflow);
  const auto* action = workflow ? workflow->action(request.action) : nullptr;
  if (action == nullptr) return problem(err::bad_request);
  const auto* transition = workflow->transition(action->number, item->state);

  PreparedAct out;
  portal::Act& act = out.act;
  act.workflow = workflow->number;
  act.action = action->number;
  act.sequence = item->sequence;
  act.subject = request.subject;
  if (request.item) {
    act.item = *request.item;
  } else if (transition != nullptr && transition->row.single) {
    act.item = portal::single_id(request.subject, workflow->number);
  } else {
    act.item = hash::sha256(as_bytes("item " + request.once));
  }
  act.refers_to = request.refers_to;
  if (act.refers_to.is_zero()) {
    const auto found = reference_of(exchange, act, *item, transition);
    if (!found) return problem(found.error());
    act.refers_to = *found;
  }
  act.organisation = request.organisation;
  act.marks = request.marks;
  const auto choice = choice_of(request, *pack, transition);
  if (!choice) return std::unexpected{choice.error()};
  act.choice = *choice;
  out.about = workflow->name + " " + action->name;

  if (const auto judged = judge(exchange, request, act, *pack, transition); !judged) {
    return std::unexpected{judged.error()};
  }
  if (!request.document.empty()) {
    const auto kind =
        request.document_kind.empty() || portal::document_kind(request.document_kind) == nullptr
            ? (transition->row.content ? std::string_view{workflow->document}
                                       : std::string_view{"opinion"})
            : std::string_view{request.document_kind};
    const auto digest = store_document(exchange, request, kind);
    if (!digest) return std::unexpected{digest.error()};
    act.document = *digest;
  }
  if (!request.basis.empty()) {
    const auto digest = store_basis(exchange, request.basis);
    if (!digest) return std::unexpected{digest.error()};
    act.basis = *digest;
  }
  return out;
}

Answered<OutboxEntry> submit(Exchange& exchange, const Draft& draft) {
  const Account& account = exchange.session->account;
  Accounts accounts{exchange.db.own, exchange.shared.keys, exchange.shared.entropy, {}};
  const auto key = accounts.key_of(account);
  if (!key) return problem(key.error());
  Outbox outbox{exchange.db.own, exchange.shared.chain, refusal_name};
  auto entry = outbox.accept(draft, account.address, key->view(), exchange.request.now);
  if (!entry) return problem(entry.error());
  auto done =
      outbox.deliver(std::move(*entry), exchange.shared.settings.wait_ms, exchange.request.now);
  if (!done) return problem(done.error());
  return std::move(*done);
}

Answered<OutboxEntry> submit_act(Exchange& exchange, const PreparedAct& prepared,
                                 const std::string& once) {
  return submit(exchange, {.account = exchange.session->account.id,
                           .to = exchange.shared.settings.contracts.workflows,
                           .data = portal::encode_act_call(prepared.act),
                           .gas = 1'500'000,
                           .once = once,
                           .item = codec::to_hex(prepared.act.item),
                           .about = prepared.about});
}

Response outbox_answer(const OutboxEntry& entry) {
  if (entry.status == OutboxStatus::reverted || entry.status == OutboxStatus::refused ||
      entry.status == OutboxStatus::lost) {
    Problem refused = problem_of(err::transaction_refused);
    for (std::size_t i = 0; i < portal::kRefusalCount; ++i) {
      const auto refusal = static_cast<portal::Refusal>(i);
      if (portal::info_of(refusal).name == entry.reason) {
        refused = problem_of_refusal(refusal, nullptr, nullptr);
        refused.status = 409;
      }
    }
    return to_response(refused);
  }
  codec::JsonWriter out;
  out.open_object();
  if (!entry.item.empty()) out.key("item").string("0x" + entry.item);
  out.key("transaction").string(hex(entry.hash));
  out.key("status").string(name_of(entry.status)).key("outbox").number(entry.number);
  if (entry.block != 0) out.key("height").number(entry.block);
  const bool waits = entry.status == OutboxStatus::waiting;
  return json_response(out.close_object().take(), waits ? 202 : 200);
}

Result<Response> perform(Exchange& exchange, const ActRequest& request) {
  if (!exchange.session->account.custodial) return fail(err::forbidden);
  Outbox outbox{exchange.db.own, exchange.shared.chain, refusal_name};
  WUSONG_TRY(const auto before, outbox.by_once(request.once));
  if (before) {
    WUSONG_TRY(const auto entry,
               outbox.deliver(*before, exchange.shared.settings.wait_ms, exchange.request.now));
    return outbox_answer(entry);
  }
  const auto prepared = prepare_act(exchange, request);
  if (!prepared) return to_response(prepared.error());
  const auto entry = submit_act(exchange, *prepared, request.once);
  if (!entry) return to_response(entry.error());
  return outbox_answer(*entry);
}

Result<Response> create_item(Exchange& exchange) {
  WUSONG_TRY(const auto request, read_act_request(exchange));
  return perform(exchange, request);
}

Result<Response> act_on_item(Exchange& exchange) {
  WUSONG_TRY(auto request, read_act_request(exchange));
  WUSONG_TRY(request.item, exchange.digest("id"));
  request.action = exchange.at("action");
  return perform(exchange, request);
}

Result<Response> prepare(Exchange& exchange) {
  WUSONG_TRY(auto request, read_act_request(exchange));
  WUSONG_TRY(const auto body, json_body(exchange));
  if (const auto item = body.root().find("item"); item && !item->is_null()) {
    WUSONG_TRY(request.item, digest_member(body.root(), "item"));
  }
  const auto prepared = prepare_act(exchange, request);
  if (!prepared) return to_response(prepared.error());
  WUSONG_TRY(const auto nonce, exchange.shared.chain.nonce(exchange.viewer.address));
  codec::JsonWriter out;
  out.open_object().key("to").string(hex(exchange.shared.settings.contracts.workflows));
  out.key("data").string(hex(portal::encode_act_call(prepared->act)));
  out.key("chain_id").number(exchange.shared.chain.chain_id()).key("nonce").number(nonce);
  out.key("gas").number(std::uint64_t{1'500'000});
  out.key("max_fee").quantity(BytesView{to_hash(exchange.shared.chain.gas_price())});
  out.key("item").string(hex(prepared->act.item));
  return json_response(out.close_object().take());
}

Result<Response> submit_transaction(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  auto raw = codec::from_hex(text_of_member(body.root(), "raw"));
  if (!raw) return fail(err::bad_request);
  const auto transaction = types::decode_transaction(*raw);
  if (!transaction) return fail(err::bad_request);
  const auto sender = types::recover_sender(*transaction);
  // Only acts of the caller's own key, and only on our contract: this is no general gateway.
  if (!sender || *sender != exchange.viewer.address ||
      transaction->to != exchange.shared.settings.contracts.workflows ||
      transaction->chain_id != exchange.shared.chain.chain_id()) {
    return fail(err::forbidden);
  }
  const auto acts = portal::decode_act_call(transaction->data);
  if (!acts || acts->empty()) return fail(err::bad_request);
  const Hash hash = types::hash_of(*transaction);
  const Draft draft{.account = exchange.session->account.id,
                    .to = *transaction->to,
                    .data = transaction->data,
                    .gas = transaction->gas_limit,
                    .once = "signed " + codec::to_hex(hash),
                    .item = codec::to_hex(acts->front().item),
                    .about = "signed by the actor"};
  Outbox outbox{exchange.db.own, exchange.shared.chain, refusal_name};
  WUSONG_TRY(auto entry, outbox.accept_signed(draft, *sender, transaction->nonce, hash,
                                              std::move(*raw), exchange.request.now));
  WUSONG_TRY(entry, outbox.deliver(std::move(entry), exchange.shared.settings.wait_ms,
                                   exchange.request.now));
  return outbox_answer(entry);
}

namespace {

void write_entry(codec::JsonWriter& out, const OutboxEntry& entry) {
  out.open_object().key("outbox").number(entry.number);
  if (!entry.item.empty()) out.key("item").string("0x" + entry.item);
  out.key("transaction").string(hex(entry.hash)).key("status").string(name_of(entry.status));
  out.key("about").string(entry.about);
  if (!entry.reason.empty()) out.key("reason").string(entry.reason);
  if (entry.block != 0) out.key("height").number(entry.block);
  out.key("at").number(entry.created / 1000).close_object();
}

}  // namespace

Result<Response> list_outbox(Exchange& exchange) {
  WUSONG_TRY(const auto before, exchange.number("before", 0, std::uint64_t{1} << 60));
  Outbox outbox{exchange.db.own, exchange.shared.chain, refusal_name};
  WUSONG_TRY(const auto entries, outbox.of_account(exchange.session->account.id, before, 50));
  codec::JsonWriter out;
  out.open_object().key("entries").open_array();
  for (const auto& entry : entries) write_entry(out, entry);
  return json_response(out.close_array().close_object().take());
}

Result<Response> show_outbox(Exchange& exchange) {
  std::uint64_t number = 0;
  for (const char c : exchange.at("number").substr(0, 18)) {
    if (c < '0' || c > '9') return fail(err::not_found);
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  Outbox outbox{exchange.db.own, exchange.shared.chain, refusal_name};
  WUSONG_TRY(auto entry, outbox.by_number(number));
  if (!entry || entry->account != exchange.session->account.id) return fail(err::not_found);
  if (entry->status == OutboxStatus::waiting) {
    WUSONG_TRY(*entry, outbox.deliver(std::move(*entry), 0, exchange.request.now));
  }
  codec::JsonWriter out;
  write_entry(out, *entry);
  return json_response(out.take());
}

}  // namespace wusong::gateway::internal
