// SPDX-License-Identifier: Apache-2.0
// Cases: lists of those the caller may see, one with its history and what may happen next.
#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/view.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::uint32_t kChunk = 200;
constexpr std::uint64_t kScanMax = 4'000;  // rows looked at for one page

struct Wanted {
  portal::ItemFilter filter;
  bool none{false};  // names something that does not exist
};

Result<Wanted> read_filter(Exchange& exchange) {
  Wanted out;
  const auto* pack = current_pack(exchange);
  const auto workflow_name = exchange.query.get("workflow");
  const auto* workflow = pack && !workflow_name.empty() ? pack->workflow(workflow_name) : nullptr;
  if (!workflow_name.empty()) {
    if (workflow == nullptr) {
      out.none = true;
    } else {
      out.filter.workflow = workflow->number;
    }
  }
  if (const auto name = exchange.query.get("state"); !name.empty()) {
    const auto* state = workflow ? workflow->state(name) : nullptr;
    if (state == nullptr) {
      out.none = true;
    } else {
      out.filter.state = state->number;
    }
  }
  if (exchange.query.has("organisation")) {
    WUSONG_TRY(const auto id, exchange.number("organisation", 0, 0xffffffff));
    out.filter.organisation = static_cast<std::uint32_t>(id);
  }
  if (exchange.query.has("subject")) {
    WUSONG_TRY(out.filter.subject, exchange.digest("subject"));
  }
  if (exchange.query.get("mine") == "1") {
    if (exchange.account() == nullptr) return fail(err::login_required);
    out.filter.concerned = exchange.viewer.address;
  }
  if (exchange.query.get("overdue") == "1") out.filter.overdue_at = moment(exchange);
  return out;
}

/// Who can see nearly everything need not be shielded from counts.
bool sees_all(const Exchange& exchange) {
  const auto& access = exchange.shared.access;
  return (exchange.viewer.roles & access.city_roles) != 0;
}

struct VisiblePage {
  std::uint64_t total{0};
  bool exact{true};
  std::vector<portal::ItemRow> rows;
};

Result<VisiblePage> visible_page(Exchange& exchange, portal::ItemFilter filter, std::uint64_t skip,
                                 std::uint64_t size) {
  portal::ProjectionReader reader{exchange.db.projection};
  VisiblePage out;
  if (sees_all(exchange)) {
    filter.offset = skip;
    filter.limit = static_cast<std::uint32_t>(size);
    WUSONG_TRY(auto page, reader.items(filter));
    out.total = page.total;
    out.rows = std::move(page.items);
    return out;
  }
  filter.limit = kChunk;
  for (filter.offset = 0; filter.offset < kScanMax; filter.offset += kChunk) {
    WUSONG_TRY(const auto page, reader.items(filter));
    WUSONG_CHECK(load_views(exchange, page.items));
    for (const auto& row : page.items) {
      WUSONG_TRY(const auto view, view_of(exchange, row));
      if (!portal::may_see_item(exchange.viewer, view, exchange.shared.access,
                                exchange.shared.settings.access)
               .allowed) {
        continue;
      }
      if (out.total >= skip && out.rows.size() < size) out.rows.push_back(row);
      ++out.total;
    }
    if (page.items.size() < kChunk) return out;
  }
  out.exact = false;
  return out;
}

void write_marks(codec::JsonWriter& out, const portal::Vocabulary* vocabulary,
                 std::uint32_t marks) {
  out.key("marks").open_array();
  for (unsigned bit = 0; bit < 32; ++bit) {
    if ((marks >> bit & 1) == 0) continue;
    if (vocabulary != nullptr && bit < vocabulary->values.size()) {
      out.string(vocabulary->values[bit].name);
    } else {
      out.number(std::uint64_t{bit} + 1);
    }
  }
  out.close_array();
}

void write_history_row(codec::JsonWriter& out, Exchange& exchange, const portal::HistoryRow& row,
                       bool documents) {
  const auto& act = row.act;
  const auto* pack = exchange.shared.rules.pack(act.pack);
  const auto* workflow = pack ? pack->workflow(act.workflow) : nullptr;
  const auto* action = workflow ? workflow->action(act.action) : nullptr;
  const auto* transition = workflow ? workflow->transition(act.action, act.from) : nullptr;
  const auto state_name = [&](std::uint8_t number) -> std::string {
    const auto* state = workflow ? workflow->state(number) : nullptr;
    return state ? state->name : "none";
  };
  out.open_object().key("sequence").number(std::uint64_t{row.sequence});
  out.key("action").string(action ? action->name : "");
  if (action != nullptr) write_text(out, "title", action->title);
  out.key("from").string(state_name(act.from)).key("to").string(state_name(act.to));
  out.key("actor");
  write_actor(out, exchange, act.actor);
  out.key("at").number(row.time).key("height").number(row.block);
  out.key("transaction").string(hex(row.transaction));
  if (transition != nullptr) out.key("article").string(transition->article);
  if (act.deadline != 0) out.key("deadline").number(act.deadline);
  if (act.choice != 0) {
    const auto* vocabulary = pack && transition ? pack->vocabulary(transition->choice) : nullptr;
    if (vocabulary != nullptr && act.choice <= vocabulary->values.size()) {
      out.key("choice").string(vocabulary->values[act.choice - 1u].name);
      write_text(out, "choice_title", vocabulary->values[act.choice - 1u].title);
    } else {
      out.key("choice").number(std::uint64_t{act.choice});
    }
  }
  if (act.marks != 0) {
    write_marks(out, pack && transition ? pack->vocabulary(transition->marks) : nullptr, act.marks);
  }
  if (!act.refers_to.is_zero()) out.key("reference").string(hex(act.refers_to));
  if (!act.basis.is_zero()) {
    out.key("basis_digest").string(hex(act.basis));
    if (const auto text = document_text(exchange, act.item, act.basis); text && *text) {
      out.key("basis").raw(**text);
    }
  }
  if (!act.document.is_zero()) {
    out.key("document_digest").string(hex(act.document));
    if (documents) {
      if (const auto text = document_text(exchange, act.item, act.document); text && *text) {
        out.key("document").raw(**text);
      }
    }
  }
  out.close_object();
}

/// For an applicant: what the case waits for, or where another one may begin.
Result<void> write_stage(codec::JsonWriter& out, Exchange& exchange, const portal::ItemRow& row) {
  const auto* pack = exchange.shared.rules.pack(row.item.pack);
  const auto* workflow = pack ? pack->workflow(row.item.workflow) : nullptr;
  const auto* state = workflow ? workflow->state(row.item.state) : nullptr;
  const auto* stage = state ? stage_of(workflow->name, state->name) : nullptr;
  const auto& me = exchange.viewer.address;
  const bool applies = workflow != nullptr && workflow->name == "application";
  const bool is_applicant =
      exchange.account() != nullptr && me == (applies ? row.item.creator : row.item.party);
  if (stage == nullptr || !is_applicant) return {};
  write_text(out, "stage", stage->why.text());
  write_text(out, "next", stage->next.text());
  if (!stage->again) return {};
  Hash entry = row.item.subject;
  if (!applies) {
    WUSONG_TRY(const auto application, exchange.known.item(entry));
    entry = application ? application->item.subject : Hash{};
  }
  out.key("again").open_object().key("workflow").string("application");
  out.key("subject").string(hex(entry)).close_object();
  return {};
}

/// The facts of an act that has not been filled in yet: what a list of actions is judged by.
Result<portal::Facts> facts_for(Exchange& exchange, const Hash& item, std::uint8_t workflow,
                                const Hash& subject) {
  portal::ProjectionReader reader{exchange.db.projection};
  portal::Act act;
  act.item = item;
  act.workflow = workflow;
  act.subject = subject;
  return reader.facts(act, exchange.viewer.address);
}

}  // namespace

void write_action(codec::JsonWriter& out, const portal::RulePack& pack,
                  const portal::PermittedAction& action) {
  const auto* workflow = pack.workflow(action.workflow);
  const auto* to = workflow ? workflow->state(action.to) : nullptr;
  out.open_object().key("name").string(action.name);
  write_text(out, "title", action.title);
  out.key("allowed").boolean(action.allowed);
  if (action.refusal) {
    out.key("code").string(portal::info_of(*action.refusal).name);
    write_text(out, "reason", action.why);
  }
  out.key("article").string(action.article);
  if (!action.next.empty()) write_text(out, "next", action.next);
  if (action.allowed && !action.why.empty()) write_text(out, "why", action.why);
  out.key("to").string(to ? to->name : "");
  if (!action.document.empty()) out.key("document").string(action.document);
  out.key("document_needed").boolean(action.needs_document);
  out.key("basis").boolean(action.needs_basis);
  if (!action.choice.empty()) out.key("choice").string(action.choice);
  if (!action.marks.empty()) {
    out.key("marks").string(action.marks).key("marks_any").boolean(action.marks_any);
  }
  if (action.names_organisation) out.key("organisation").boolean(true);
  const auto item_of = [&](std::string_view name, const std::string& of_workflow,
                           const std::vector<std::string>& states) {
    if (of_workflow.empty()) return;
    out.key(name).open_object().key("workflow").string(of_workflow).key("states").open_array();
    for (const auto& state : states) out.string(state);
    out.close_array().close_object();
  };
  item_of("subject", action.subject_workflow, action.subject_states);
  item_of("reference", action.reference_workflow, action.reference_states);
  out.close_object();
}

Result<Response> list_items(Exchange& exchange) {
  WUSONG_TRY(const auto wanted, read_filter(exchange));
  WUSONG_TRY(const auto page, exchange.number("page", 1, 100'000));
  WUSONG_TRY(const auto size, exchange.number("page_size", 20, 100));
  if (page == 0 || size == 0) return fail(err::bad_request);
  if (exchange.query.get("inbox") == "1") {
    return list_inbox(exchange, wanted.none ? std::nullopt : std::optional{wanted.filter}, page,
                      size);
  }
  VisiblePage found;
  if (!wanted.none) {
    WUSONG_TRY(found, visible_page(exchange, wanted.filter, (page - 1) * size, size));
  }
  codec::JsonWriter out;
  out.open_object().key("total").number(found.total);
  if (!found.exact) out.key("total_is_exact").boolean(false);
  out.key("page").number(page).key("page_size").number(size).key("items").open_array();
  WUSONG_CHECK(load_lines(exchange, found.rows));
  for (const auto& row : found.rows) {
    open_item(out, exchange, row);
    out.close_object();
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> show_item(Exchange& exchange) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto seen, visible_item(exchange, id));
  const auto& row = seen.row;
  const auto* pack = exchange.shared.rules.pack(row.item.pack);
  WUSONG_TRY(const auto text, document_text(exchange, id, row.item.document));
  const auto* kind = pack && pack->workflow(row.item.workflow)
                         ? portal::document_kind(pack->workflow(row.item.workflow)->document)
                         : nullptr;
  const auto reading =
      portal::may_read_document(exchange.viewer, seen.view, kind != nullptr && kind->is_public,
                                exchange.shared.access, exchange.shared.settings.access);
  if (reading.allowed && text && (kind == nullptr || !kind->is_public)) {
    WUSONG_CHECK(audit_read(exchange, "document", id, row.item.document, {}, text->size()));
  }
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto history, reader.history(id));

  codec::JsonWriter out;
  open_item(out, exchange, row);
  if (reading.allowed && text) out.key("document").raw(*text);
  if (!row.item.document.is_zero()) {
    out.key("document_digest").string(hex(row.item.document));
  }
  WUSONG_CHECK(write_stage(out, exchange, row));
  if (row.item.choice != 0) out.key("choice").number(std::uint64_t{row.item.choice});
  if (row.item.marks != 0) write_marks(out, nullptr, row.item.marks);
  out.key("history").open_array();
  std::vector<Address> actors;
  for (const auto& step : history) actors.push_back(step.act.actor);
  WUSONG_CHECK(exchange.known.load_actors(actors));
  WUSONG_CHECK(exchange.known.load_names(actors));
  for (const auto& step : history) write_history_row(out, exchange, step, reading.allowed);
  out.close_array();
  portal::ItemFilter related;
  related.subject = id;
  WUSONG_TRY(const auto page, visible_page(exchange, related, 0, 50));
  out.key("related").open_array();
  WUSONG_CHECK(load_lines(exchange, page.rows));
  for (const auto& other : page.rows) {
    open_item(out, exchange, other);
    out.close_object();
  }
  out.close_array().key("actions").open_array();
  if (pack != nullptr) {
    WUSONG_TRY(const auto facts, facts_for(exchange, id, row.item.workflow, {}));
    WUSONG_TRY(const auto calendar, reader.calendar());
    for (const auto& action :
         portal::permitted(*pack, row.item.workflow, facts, calendar, moment(exchange))) {
      write_action(out, *pack, action);
    }
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> list_actions(Exchange& exchange) {
  const auto* pack = current_pack(exchange);
  if (pack == nullptr) return fail(err::unavailable);
  const auto* workflow = pack->workflow(exchange.query.get("workflow"));
  if (workflow == nullptr) return fail(err::not_found);
  Hash subject;
  if (!exchange.query.get("subject").empty()) {
    WUSONG_TRY(subject, exchange.digest("subject"));
    WUSONG_CHECK(visible_item(exchange, subject));
  }
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto facts, facts_for(exchange, {}, workflow->number, subject));
  WUSONG_TRY(const auto calendar, reader.calendar());
  codec::JsonWriter out;
  out.open_object().key("actions").open_array();
  for (const auto& action :
       portal::permitted(*pack, workflow->number, facts, calendar, moment(exchange))) {
    write_action(out, *pack, action);
  }
  return json_response(out.close_array().close_object().take());
}

Result<Response> list_alerts(Exchange& exchange) {
  constexpr std::uint64_t kAhead = 3 * 86'400;
  portal::ProjectionReader reader{exchange.db.projection};
  const auto now = moment(exchange);
  WUSONG_TRY(const auto due, reader.due(now + kAhead, 200));
  WUSONG_CHECK(load_lines(exchange, due));
  codec::JsonWriter out;
  out.open_object().key("alerts").open_array();
  for (const auto& row : due) {
    WUSONG_TRY(const auto view, view_of(exchange, row));
    if (!portal::may_see_item(exchange.viewer, view, exchange.shared.access,
                              exchange.shared.settings.access)
             .allowed) {
      continue;
    }
    const bool late = now >= row.item.deadline;
    out.open_object().key("id").string(hex(row.id)).key("kind").string("deadline");
    out.key("severity").string(late ? "danger" : "warning").key("at").number(row.item.deadline);
    write_text(out, "title",
               late ? portal::Text{"办理已超期", "The deadline has passed"}
                    : portal::Text{"办理期限将至", "The deadline is near"});
    WUSONG_TRY(const auto title, title_of(exchange, row));
    write_text(out, "detail", title);
    out.key("item").string(hex(row.id)).close_object();
  }
  const auto* pack = current_pack(exchange);
  if (const auto* alert = pack ? pack->workflow("alert") : nullptr) {
    portal::ItemFilter filter;
    filter.workflow = alert->number;
    WUSONG_TRY(const auto page, visible_page(exchange, filter, 0, 100));
    for (const auto& row : page.rows) {
      const auto* state = alert->state(row.item.state);
      out.open_object().key("id").string(hex(row.id)).key("kind").string("alert");
      out.key("severity").string(state && state->is_final ? "info" : "danger");
      out.key("at").number(row.created);
      write_text(out, "title", row.title.empty() ? alert->title : row.title);
      out.key("item").string(hex(row.id));
      out.key("state").string(state ? state->name : "").close_object();
    }
  }
  return json_response(out.close_array().close_object().take());
}

}  // namespace wusong::gateway::internal
