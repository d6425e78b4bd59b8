// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/internal/view.hpp"

#include <algorithm>
#include <array>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/search.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/portal/canonical.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::string_view kEntry = "entry";
constexpr std::string_view kApplication = "application";
constexpr std::string_view kAgreement = "agreement";
constexpr int kSubjectsMost = 3;  // grant, agreement, application, entry

constexpr portal::StaticText kAgain{"如仍需使用，请重新申请",
                                    "Apply again if you still need the data"};
constexpr std::array kStages{
    Stage{kApplication,
          "submitted",
          {"您的申请正在审核", "Your application is being reviewed"},
          {"请等待数据提供单位提出意见、市公共数据主管部门作出决定",
           "Wait for the provider's opinion and the city's decision"},
          false},
    Stage{kApplication,
          "opined",
          {"您的申请正在审核", "Your application is being reviewed"},
          {"请等待市公共数据主管部门作出决定", "Wait for the city's decision"},
          false},
    Stage{kApplication,
          "supplement_requested",
          {"您的申请需要补正", "Your application lacks something"},
          {"请在申请事项中提交补正材料", "Send in your case what is asked for"},
          false},
    Stage{kApplication,
          "approved",
          {"您的申请已批准，协议尚未签署",
           "Your application is approved; the agreement is not signed"},
          {"请等待数据提供单位发出利用协议，然后签署",
           "Wait for the provider's agreement, then sign it"},
          false},
    Stage{kApplication,
          "refused",
          {"您的申请未获批准", "Your application was refused"},
          {"请按拒绝理由完善后重新申请；认为理由不成立的，可以投诉",
           "Mend what the reasons name and apply again, or complain if they do not hold"},
          true},
    Stage{
        kApplication, "withdrawn", {"您撤回了申请", "You withdrew your application"}, kAgain, true},
    Stage{kApplication,
          "lapsed",
          {"申请因未按期补正而失效",
           "Your application lapsed: what was asked for did not come in time"},
          kAgain,
          true},
    Stage{kAgreement,
          "offered",
          {"利用协议等待您签署", "The agreement waits for your signature"},
          {"请阅读并签署利用协议", "Read the agreement and sign it"},
          false},
    Stage{kAgreement,
          "user_signed",
          {"您已签署利用协议", "You have signed the agreement"},
          {"请等待数据提供单位会签", "Wait for the provider's countersignature"},
          false},
    Stage{kAgreement,
          "in_force",
          {"利用协议已生效，权限尚未开通", "The agreement is in force; access is not open yet"},
          {"请等待市公共数据主管部门开通权限", "Wait for the city to open access"},
          false},
    Stage{
        kAgreement, "declined", {"您没有签署利用协议", "You declined the agreement"}, kAgain, true},
    Stage{kAgreement,
          "withdrawn",
          {"数据提供单位撤回了利用协议", "The provider withdrew the agreement"},
          kAgain,
          true},
    Stage{
        kAgreement, "terminated", {"利用协议已终止", "The agreement was terminated"}, kAgain, true},
    Stage{kAgreement, "ended", {"利用协议已结束", "The agreement has ended"}, kAgain, true}};

}  // namespace

const Stage* stage_of(std::string_view workflow, std::string_view state) noexcept {
  const auto* found = std::ranges::find_if(
      kStages, [&](const Stage& one) { return one.workflow == workflow && one.state == state; });
  return found == kStages.end() ? nullptr : found;
}

Result<codec::JsonDocument> json_body(const Exchange& exchange) {
  const auto& request = exchange.request;
  if (request.body.empty()) return codec::JsonDocument::parse("{}");
  // A form of another site can send text/plain or urlencoded without asking; not this.
  if (!request.headers.get("content-type").starts_with("application/json") ||
      !is_utf8(request.body)) {
    return fail(err::bad_request);
  }
  auto parsed = codec::JsonDocument::parse(request.body);
  if (!parsed || !parsed->root().is_object()) return fail(err::bad_request);
  return parsed;
}

std::string_view text_of_member(const codec::JsonValue& object, std::string_view name) {
  const auto found = object.find(name);
  return found && found->is_string() ? found->string().value_or("") : std::string_view{};
}

portal::Text text_member(const codec::JsonValue& object, std::string_view name) {
  const auto found = object.find(name);
  if (!found) return {};
  if (found->is_string()) {
    const std::string both{found->string().value_or("")};
    return {both, both};
  }
  return {std::string{text_of_member(*found, "zh")}, std::string{text_of_member(*found, "en")}};
}

std::string hex(BytesView bytes) {
  return codec::to_hex_data(bytes);
}

std::uint64_t moment(const Exchange& exchange) {
  const auto chain = exchange.shared.chain.chain_time();
  return std::max(chain, exchange.now_seconds());
}

const portal::RulePack* current_pack(const Exchange& exchange) {
  return exchange.shared.rules.in_force(moment(exchange));
}

Result<portal::ItemView> view_of(Exchange& exchange, const portal::ItemRow& row) {
  Known& known = exchange.known;
  portal::ItemView out;
  out.item = row.item;
  const auto* pack = exchange.shared.rules.pack(row.item.pack);
  const auto* workflow = pack ? pack->workflow(row.item.workflow) : nullptr;
  if (workflow != nullptr) out.workflow = workflow->name;
  if (row.item.organisation != 0) {
    WUSONG_TRY(const auto organisation, known.organisation(row.item.organisation));
    if (organisation) out.parent_of_organisation = organisation->parent;
  }
  if (!row.item.subject.is_zero()) {
    WUSONG_TRY(const auto subject, known.item(row.item.subject));
    if (subject) out.subject = subject->item;
  }
  const auto organisation_of = [&](const Address& who) -> Result<std::uint32_t> {
    if (who.is_zero()) return 0u;
    WUSONG_TRY(const auto actor, known.actor(who));
    return actor ? actor->organisation : 0u;
  };
  WUSONG_TRY(out.creator_organisation, organisation_of(row.item.creator));
  WUSONG_TRY(out.party_organisation, organisation_of(row.item.party));
  if (out.workflow == kEntry) {
    WUSONG_TRY(out.opening, known.opening(row.id));
  }
  return out;
}

Result<void> load_views(Exchange& exchange, std::span<const portal::ItemRow> rows) {
  std::vector<Hash> subjects;
  std::vector<Hash> entries;
  std::vector<Address> people;
  for (const auto& row : rows) {
    subjects.push_back(row.item.subject);
    people.push_back(row.item.creator);
    people.push_back(row.item.party);
    const auto* pack = exchange.shared.rules.pack(row.item.pack);
    const auto* workflow = pack ? pack->workflow(row.item.workflow) : nullptr;
    if (workflow != nullptr && workflow->name == kEntry) entries.push_back(row.id);
  }
  WUSONG_CHECK(exchange.known.load_items(subjects));
  WUSONG_CHECK(exchange.known.load_actors(people));
  return exchange.known.load_openings(entries);
}

Result<void> load_lines(Exchange& exchange, std::span<const portal::ItemRow> rows) {
  WUSONG_CHECK(load_views(exchange, rows));
  std::vector<Address> people;
  std::vector<portal::ItemRow> above{rows.begin(), rows.end()};
  for (const auto& row : rows) {
    people.push_back(row.item.creator);
    people.push_back(row.item.party);
  }
  WUSONG_CHECK(exchange.known.load_names(people));
  // What a line is about, and what that is about: titles come from there.
  for (int level = 0; level < kSubjectsMost && !above.empty(); ++level) {
    std::vector<portal::ItemRow> next;
    for (const auto& row : above) {
      if (row.item.subject.is_zero()) continue;
      WUSONG_TRY(auto subject, exchange.known.item(row.item.subject));
      if (subject) next.push_back(std::move(*subject));
    }
    WUSONG_CHECK(load_views(exchange, next));
    above = std::move(next);
  }
  return {};
}

namespace {

Result<bool> is_seen(Exchange& exchange, const portal::ItemRow& row) {
  WUSONG_TRY(const auto view, view_of(exchange, row));
  return portal::may_see_item(exchange.viewer, view, exchange.shared.access,
                              exchange.shared.settings.access)
      .allowed;
}

}  // namespace

Result<portal::Text> title_of(Exchange& exchange, const portal::ItemRow& row) {
  if (!row.title.empty()) return row.title;
  const auto* pack = exchange.shared.rules.pack(row.item.pack);
  const auto* workflow = pack ? pack->workflow(row.item.workflow) : nullptr;
  if (workflow == nullptr) return row.title;
  Hash above = row.item.subject;
  for (int level = 0; level < kSubjectsMost && !above.is_zero(); ++level) {
    WUSONG_TRY(const auto subject, exchange.known.item(above));
    if (!subject) break;
    WUSONG_TRY(const bool seen, is_seen(exchange, *subject));
    if (!seen) break;
    if (!subject->title.empty()) {
      return portal::Text{workflow->title.zh + "：" + std::string{subject->title.in(true)},
                          workflow->title.en + ": " + std::string{subject->title.in(false)}};
    }
    above = subject->item.subject;
  }
  return workflow->title;
}

Result<Seen> visible_item(Exchange& exchange, const Hash& id) {
  WUSONG_TRY(const auto row, exchange.known.item(id));
  if (!row) return fail(err::not_found);
  WUSONG_TRY(const auto view, view_of(exchange, *row));
  const auto decision = portal::may_see_item(exchange.viewer, view, exchange.shared.access,
                                             exchange.shared.settings.access);
  if (!decision.allowed) return fail(err::not_found);
  return Seen{*row, view};
}

bool finds_all(const Exchange& exchange) noexcept {
  return exchange.shared.settings.access.conditional_metadata_public ||
         exchange.viewer.kind != portal::ViewerKind::anonymous;
}

Result<portal::SearchResult> search_visible(Exchange& exchange, portal::DatasetQuery query) {
  if (!finds_all(exchange)) {
    const auto& asked = query.openings;
    if (!asked.empty() &&
        std::ranges::find(asked, portal::OpeningType::unconditional) == asked.end()) {
      return portal::SearchResult{};
    }
    query.openings = {portal::OpeningType::unconditional};
  }
  return portal::search(exchange.db.projection, query);
}

Result<portal::Dataset> visible_dataset(Exchange& exchange, const Hash& id) {
  WUSONG_TRY(auto dataset, portal::dataset(exchange.db.projection, id));
  if (!dataset) return fail(err::not_found);
  WUSONG_TRY(const auto row, exchange.known.item(id));
  if (!row) return fail(err::not_found);
  WUSONG_TRY(auto view, view_of(exchange, *row));
  const auto decision = portal::may_see_metadata(exchange.viewer, view, exchange.shared.access,
                                                 exchange.shared.settings.access);
  if (!decision.allowed) return fail(err::not_found);
  return std::move(*dataset);
}

Result<std::vector<portal::Resource>> seen_resources(Exchange& exchange, const Hash& digest) {
  Hash dataset;
  if (!exchange.query.get("dataset").empty()) {
    WUSONG_TRY(dataset, exchange.digest("dataset"));
  }
  std::vector<portal::Resource> out;
  WUSONG_TRY(auto all, portal::resources_by_digest(exchange.db.projection, digest));
  for (auto& one : all) {
    if (!dataset.is_zero() && one.entry != dataset) continue;
    const auto seen = visible_dataset(exchange, one.entry);
    if (seen) {
      out.push_back(std::move(one));
    } else if (seen.error() != Error{err::not_found}) {
      return fail(seen.error());
    }
  }
  return out;
}

Result<std::optional<std::string>> document_text(Exchange& exchange, const Hash& item,
                                                 const Hash& digest) {
  if (digest.is_zero()) return std::optional<std::string>{};
  const auto bytes = exchange.shared.blobs.read(digest, 0, portal::kDocumentBytesMax);
  if (!bytes) {
    if (bytes.error() == Error{io::err::blob_missing}) return std::optional<std::string>{};
    return fail(bytes.error());
  }
  std::string text{as_text(*bytes)};
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const bool shown, reader.may_show(item, digest, text));
  return shown ? std::optional{std::move(text)} : std::optional<std::string>{};
}

namespace {

/// Says instead of "apply" what the caller's own application or agreement waits for.
Result<void> say_stage(Exchange& exchange, const Hash& entry, portal::Decision& decision) {
  const auto* pack = current_pack(exchange);
  if (exchange.account() == nullptr || pack == nullptr) return {};
  portal::ProjectionReader reader{exchange.db.projection};
  portal::ItemFilter filter;
  filter.subject = entry;
  filter.concerned = exchange.viewer.address;
  filter.limit = 1;  // the newest
  for (const std::string_view name : {kApplication, kAgreement}) {
    const auto* workflow = pack->workflow(name);
    if (workflow == nullptr) return {};
    filter.workflow = workflow->number;
    WUSONG_TRY(const auto page, reader.items(filter));
    if (page.items.empty()) return {};
    const auto& row = page.items.front();
    const auto* state = workflow->state(row.item.state);
    if (const auto* stage = state ? stage_of(name, state->name) : nullptr) {
      decision = portal::deny(stage->again ? portal::DenialReason::grant_missing
                                           : portal::DenialReason::case_under_way);
      decision.why = stage->why;
      decision.next = stage->next;
    }
    filter.subject = row.id;
  }
  return {};
}

/// Whether the delivery that was agreed is the one asked for. A commitment agrees on none.
Result<bool> delivers(Exchange& exchange, const portal::Right& right, Delivery delivery) {
  const auto* grant = exchange.shared.access.workflow("grant");
  if (grant == nullptr || right.workflow != grant->number) return true;
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto row, reader.item(right.source));
  if (!row) return false;
  WUSONG_TRY(const auto text, document_text(exchange, right.source, row->item.document));
  const auto parsed =
      text ? codec::JsonDocument::parse(*text) : Result<codec::JsonDocument>{fail(err::not_found)};
  if (!parsed) return false;
  const auto mode = text_of_member(parsed->root(), "mode");
  return mode == "download" || (mode == "api" && delivery == Delivery::interface);
}

}  // namespace

Result<Permission> bytes_permission(Exchange& exchange, const Hash& entry, const Hash& digest,
                                    Delivery delivery) {
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto row, reader.item(entry));
  if (!row) return fail(err::not_found);
  portal::BytesRequest request;
  WUSONG_TRY(request.entry, view_of(exchange, *row));
  request.resource = digest;
  if (!digest.is_zero()) {
    WUSONG_TRY(request.published, portal::publishes(exchange.db.projection, entry, digest));
  }
  request.now = moment(exchange);
  if (exchange.account() != nullptr) {
    WUSONG_TRY(request.rights,
               reader.rights(entry, exchange.viewer.address, exchange.viewer.organisation));
  }
  Permission out;
  out.decision = portal::may_read_bytes(exchange.viewer, request, exchange.shared.access);
  if (out.decision.reason == portal::DenialReason::grant_missing) {
    WUSONG_CHECK(say_stage(exchange, entry, out.decision));
  }
  if (!out.decision.allowed) return out;
  std::vector<portal::Right> covering;
  for (auto& right : request.rights) {
    WUSONG_TRY(const bool covers, delivers(exchange, right, delivery));
    if (covers) covering.push_back(std::move(right));
  }
  request.rights = std::move(covering);
  if (!portal::may_read_bytes(exchange.viewer, request, exchange.shared.access).allowed) {
    out.decision = portal::deny(portal::DenialReason::outside_grant);
    return out;
  }
  for (const auto& right : request.rights) {
    if (right.open) out.right = right.source;
  }
  return out;
}

Result<void> audit_read(Exchange& exchange, std::string_view action, const Hash& item,
                        const Hash& digest, const Hash& right, std::uint64_t bytes) {
  ReadRecord record;
  record.time = exchange.request.now.value;
  if (const auto* account = exchange.account()) {
    record.account = account->id;
    record.address = codec::to_hex(account->address);
  }
  record.action = action;
  if (!item.is_zero()) record.object = codec::to_hex(item);
  if (!digest.is_zero()) record.digest = codec::to_hex(digest);
  if (!right.is_zero()) record.right = codec::to_hex(right);
  record.remote = exchange.request.remote;
  record.bytes = bytes;
  return record_read(exchange.db.own, record);
}

portal::Text organisation_title(Exchange& exchange, std::uint32_t id) {
  if (auto title = exchange.known.organisation_title(id); title && !title->empty()) return *title;
  const auto number = std::to_string(id);
  return {"单位 " + number, "Organisation " + number};
}

void write_organisation(codec::JsonWriter& out, Exchange& exchange, std::uint32_t id) {
  out.open_object().key("id").number(std::uint64_t{id});
  write_text(out, "title", organisation_title(exchange, id));
  out.close_object();
}

void write_actor(codec::JsonWriter& out, Exchange& exchange, const Address& address) {
  out.open_object().key("address").string(hex(address));
  const auto actor = exchange.known.actor(address);
  const bool official = actor && *actor && (*actor)->organisation != 0;
  const bool self = exchange.account() != nullptr && exchange.account()->address == address;
  // Names of officials are said to everybody; those of people only to themselves and to officials.
  if (official || self || exchange.viewer.kind == portal::ViewerKind::organisation) {
    if (const auto name = exchange.known.name(address); name && !name->empty()) {
      out.key("name").string(*name);
    }
  }
  if (official) {
    out.key("organisation");
    write_organisation(out, exchange, (*actor)->organisation);
  }
  out.close_object();
}

void open_item(codec::JsonWriter& out, Exchange& exchange, const portal::ItemRow& row) {
  const portal::Item& item = row.item;
  const auto* pack = exchange.shared.rules.pack(item.pack);
  const auto* workflow = pack ? pack->workflow(item.workflow) : nullptr;
  const auto* state = workflow ? workflow->state(item.state) : nullptr;
  out.open_object().key("id").string(hex(row.id));
  out.key("workflow").string(workflow ? workflow->name : "");
  out.key("state").string(state ? state->name : "");
  write_text(out, "title", title_of(exchange, row).value_or(row.title));
  if (item.organisation != 0) {
    out.key("organisation");
    write_organisation(out, exchange, item.organisation);
  }
  if (!item.subject.is_zero()) {
    if (const auto subject = exchange.known.item(item.subject); subject && *subject) {
      const auto view = view_of(exchange, **subject);
      const bool seen = is_seen(exchange, **subject).value_or(false);
      out.key("subject").open_object().key("id").string(hex(item.subject));
      out.key("workflow").string(view ? view->workflow : "");
      if (seen) {
        const auto* its_pack = exchange.shared.rules.pack((*subject)->item.pack);
        const auto* its = its_pack ? its_pack->workflow((*subject)->item.workflow) : nullptr;
        const auto* its_state = its ? its->state((*subject)->item.state) : nullptr;
        out.key("state").string(its_state ? its_state->name : "");
        write_text(out, "title", title_of(exchange, **subject).value_or((*subject)->title));
      }
      out.close_object();
    }
  }
  if (!item.party.is_zero()) {
    out.key("party");
    write_actor(out, exchange, item.party);
  }
  out.key("creator");
  write_actor(out, exchange, item.creator);
  if (item.deadline != 0) out.key("deadline").number(item.deadline);
  out.key("overdue").boolean(item.deadline != 0 && moment(exchange) >= item.deadline);
  out.key("sequence").number(std::uint64_t{item.sequence});
  out.key("pack").number(std::uint64_t{item.pack}).key("updated_at").number(row.updated);
  const bool mine = exchange.account() != nullptr && (item.creator == exchange.viewer.address ||
                                                      item.party == exchange.viewer.address);
  out.key("mine").boolean(mine);
}

}  // namespace wusong::gateway::internal
