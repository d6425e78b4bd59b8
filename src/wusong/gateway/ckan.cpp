// SPDX-License-Identifier: Apache-2.0
// CKAN's Action API, version 3, as its clients use it: the table of actions, arguments, envelopes
// and the datastore.
// @source CKAN 2.10, API guide; ckanapi 4.11 (posts JSON to /api/action/NAME)
#include <algorithm>
#include <array>
#include <charconv>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/ckan.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/search.hpp"
#include "wusong/gateway/internal/table_view.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/portal/licences.hpp"

namespace wusong::gateway::internal {

std::unexpected<CkanError> from(Problem problem) {
  const std::string_view type =
      problem.status == 404                            ? "Not Found Error"
      : problem.status == 401 || problem.status == 403 ? "Authorization Error"
      : problem.status >= 500 || problem.status == 429 ? "Internal Error"
                                                       : "Validation Error";
  if (problem.status == 401) problem.status = 403;  // as CKAN answers
  if (type == "Validation Error") problem.status = 409;
  return std::unexpected{CkanError{type, std::move(problem)}};
}
std::unexpected<CkanError> from(Error error) {
  return from(problem_of(error));
}
std::unexpected<CkanError> not_found() {
  Problem problem = problem_of(err::not_found);
  problem.message = {"未找到", "Not found"};
  return from(std::move(problem));
}
std::unexpected<CkanError> denied(std::string message) {
  Problem problem = problem_of(err::login_required);
  if (!message.empty()) problem.message = {"无权访问", std::move(message)};
  return from(std::move(problem));
}
std::unexpected<CkanError> invalid(std::string message) {
  const auto colon = message.find(": ");
  CkanError out{"Validation Error", problem_of(err::bad_request)};
  out.problem.status = 409;
  if (colon != std::string::npos) out.field = message.substr(0, colon);
  out.problem.message = {"参数有误", message.substr(colon == std::string::npos ? 0 : colon + 2)};
  return std::unexpected{std::move(out)};
}
std::unexpected<CkanError> invalid(std::string field, portal::StaticText what) {
  CkanError out{"Validation Error", problem_of(err::bad_request), std::move(field)};
  out.problem.status = 409;
  out.problem.message = what.text();
  return std::unexpected{std::move(out)};
}
std::unexpected<CkanError> bad_search(portal::StaticText what) {
  CkanError out{"Search Query Error", problem_of(err::bad_request)};
  out.problem.message = what.text();
  return std::unexpected{std::move(out)};
}

CkanAnswer<Arguments> Arguments::read(const Exchange& exchange) {
  Arguments out;
  out.query_ = exchange.query;
  const auto& request = exchange.request;
  if (request.method != "POST" || request.body.empty()) return out;
  const auto type = request.headers.get("content-type");
  if (type.starts_with("multipart/form-data")) {
    const auto parts = parse_multipart(type, request.body);
    if (!parts) return from(parts.error());
    for (const auto& part : *parts) {
      if (part.file_name.empty()) out.query_.add(part.name, std::string{part.content});
    }
    return out;
  }
  if (type.starts_with("application/x-www-form-urlencoded") && request.body.front() != '{') {
    const auto form = parse_query(request.body);
    if (!form) return from(form.error());
    for (const auto& [name, value] : form->pairs()) out.query_.add(name, value);
    return out;
  }
  auto parsed = codec::JsonDocument::parse(request.body);
  if (!parsed || !parsed->root().is_object() || !is_utf8(request.body)) {
    CkanError bad{"Bad Request", problem_of(err::bad_request)};
    bad.problem.message = {"正文不是 JSON 对象", "Bad request - JSON Error"};
    return std::unexpected{std::move(bad)};
  }
  out.body_.emplace(std::move(*parsed));
  return out;
}

bool Arguments::has(std::string_view name) const {
  const auto found = value(name);
  return (found && !found->is_null()) || query_.has(name);
}
std::string Arguments::text(std::string_view name) const {
  if (body_) {
    const auto found = body_->root().find(name);
    if (found && found->is_string()) return std::string{found->string().value_or("")};
    if (found && !found->is_null()) return found->to_json();
  }
  return std::string{query_.get(name)};
}
CkanAnswer<std::uint64_t> Arguments::whole_number(std::string_view name,
                                                  std::uint64_t otherwise) const {
  const auto value = text(name);
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (value.empty()) return otherwise;
  if (error != std::errc{} || end != value.data() + value.size()) {
    return invalid(std::string{name}, {"应为非负整数", "Invalid integer"});
  }
  return out;
}
std::uint64_t Arguments::number(std::string_view name, std::uint64_t otherwise) const {
  return whole_number(name, otherwise).value_or(otherwise);
}
bool Arguments::flag(std::string_view name) const {
  const auto value = text(name);
  return value == "true" || value == "True" || value == "1";
}
std::vector<std::string> Arguments::list(std::string_view name) const {
  std::vector<std::string> out;
  const auto value = text(name);
  if (const auto parsed = codec::JsonDocument::parse(value); parsed && parsed->root().is_array()) {
    for (const auto& one : parsed->root().items()) {
      out.emplace_back(one.is_string() ? std::string{one.string().value_or("")} : one.to_json());
    }
    return out;
  }
  for (std::string_view rest = value; !rest.empty();) {
    const auto end = rest.find(',');
    if (end != 0) out.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return out;
}
std::optional<codec::JsonValue> Arguments::value(std::string_view name) const {
  return body_ ? body_->root().find(name) : std::nullopt;
}
std::string Arguments::extra(std::string_view name) const {
  if (auto direct = text(name); !direct.empty()) return direct;
  const auto extras = value("extras");
  if (!extras) return {};
  for (const auto& one : extras->items()) {
    if (text_of_member(one, "key") == name) return std::string{text_of_member(one, "value")};
  }
  return {};
}

namespace {

template <typename T>
using Answer = CkanAnswer<T>;

}  // namespace

// ---------------------------------------------------------------- organisations, topics, tags,
// licences

namespace {

using portal::ProjectionReader;

void open_organization(codec::JsonWriter& out, const ProjectionReader::NamedOrganisation& one) {
  const std::string id = std::to_string(one.id);
  out.open_object().key("id").string(id).key("name").string(id);
  out.key("title").string(one.title.in(true)).key("display_name").string(one.title.in(true));
  out.key("title_en").string(one.title.en).key("description").string("");
  out.key("type").string("organization").key("is_organization").boolean(true);
  out.key("approval_status").string("approved");
  out.key("state").string(one.organisation.active ? "active" : "deleted");
  out.key("image_url").string("").key("image_display_url").string("");
}

struct Page {
  std::uint64_t offset{0};
  std::uint64_t limit{0};
};
Answer<Page> page_of(const Arguments& arguments) {
  const auto offset = arguments.whole_number("offset", 0);
  if (!offset) return std::unexpected{offset.error()};
  const auto limit = arguments.whole_number("limit", kCkanRowsMax);
  if (!limit) return std::unexpected{limit.error()};
  return Page{*offset, std::min(*limit, kCkanRowsMax)};
}

void write_group(codec::JsonWriter& out, Exchange& exchange, const portal::FacetValue& topic) {
  const auto title = facet_title(exchange, "topic", topic.value);
  out.open_object().key("id").string(topic.value).key("name").string(topic.value);
  out.key("title").string(title.in(true)).key("display_name").string(title.in(true));
  out.key("title_en").string(title.en).key("description").string("");
  out.key("type").string("group").key("is_organization").boolean(false);
  out.key("state").string("active").key("package_count").number(topic.count).close_object();
}

Answer<std::uint64_t> count_of(Exchange& exchange, portal::DatasetQuery query) {
  query.limit = 0;
  query.facets = false;
  const auto found = search_visible(exchange, query);
  if (!found) return from(found.error());
  return found->total;
}

Answer<std::string> packages_of(Exchange& exchange, portal::DatasetQuery query) {
  query.limit = kCkanRowsMax;
  query.facets = false;
  query.sort = portal::SortBy::updated;
  const auto found = search_visible(exchange, query);
  if (!found) return from(found.error());
  codec::JsonWriter out;
  out.open_array();
  for (const auto& dataset : found->items) {
    out.raw(portal::ckan_package(dataset, exchange.shared.settings.site));
  }
  return out.close_array().take();
}

}  // namespace

CkanAnswer<std::string> organization_list(Exchange& exchange, const Arguments& arguments) {
  ProjectionReader reader{exchange.db.projection};
  const auto all = reader.organisations();
  if (!all) return from(all.error());
  const auto page = page_of(arguments);
  if (!page) return std::unexpected{page.error()};
  codec::JsonWriter out;
  out.open_array();
  std::uint64_t at = 0;
  for (const auto& one : *all) {
    if (!one.organisation.active) continue;
    const auto number = at++;
    if (number < page->offset || number >= page->offset + page->limit) continue;
    if (arguments.flag("all_fields")) {
      open_organization(out, one);
      out.close_object();
    } else {
      out.string(std::to_string(one.id));
    }
  }
  return out.close_array().take();
}

CkanAnswer<std::string> organization_show(Exchange& exchange, const Arguments& arguments) {
  if (arguments.text("id").empty()) return invalid("id: Missing value");
  ProjectionReader reader{exchange.db.projection};
  const auto all = reader.organisations();
  if (!all) return from(all.error());
  for (const auto& one : *all) {
    if (std::to_string(one.id) != arguments.text("id")) continue;
    portal::DatasetQuery query;
    query.organisations = {one.id};
    const auto count = count_of(exchange, query);
    if (!count) return std::unexpected{count.error()};
    codec::JsonWriter out;
    open_organization(out, one);
    out.key("package_count").number(*count);
    if (arguments.flag("include_datasets")) {
      const auto packages = packages_of(exchange, query);
      if (!packages) return std::unexpected{packages.error()};
      out.key("packages").raw(*packages);
    }
    return out.close_object().take();
  }
  return not_found();
}

CkanAnswer<std::string> organization_list_for_user(Exchange& exchange, const Arguments&) {
  codec::JsonWriter out;
  out.open_array();
  ProjectionReader reader{exchange.db.projection};
  const auto all = reader.organisations();
  if (!all) return from(all.error());
  for (const auto& one : *all) {
    if (exchange.viewer.organisation == 0 || one.id != exchange.viewer.organisation) continue;
    open_organization(out, one);
    out.close_object();
  }
  return out.close_array().take();
}

CkanAnswer<std::string> group_list(Exchange& exchange, const Arguments& arguments) {
  const auto page = page_of(arguments);
  if (!page) return std::unexpected{page.error()};
  const auto topics = portal::facet_values(exchange.db.projection, "topic", page->offset,
                                           static_cast<std::uint32_t>(page->limit));
  if (!topics) return from(topics.error());
  codec::JsonWriter out;
  out.open_array();
  for (const auto& topic : *topics) {
    if (arguments.flag("all_fields")) {
      write_group(out, exchange, topic);
    } else {
      out.string(topic.value);
    }
  }
  return out.close_array().take();
}

CkanAnswer<std::string> group_show(Exchange& exchange, const Arguments& arguments) {
  const auto id = arguments.text("id");
  if (id.empty()) return invalid("id: Missing value");
  portal::DatasetQuery query;
  query.topics = {id};
  const auto count = count_of(exchange, query);
  if (!count) return std::unexpected{count.error()};
  if (*count == 0 && !exchange.shared.settings.topics.contains(id)) return not_found();
  codec::JsonWriter out;
  write_group(out, exchange, {id, *count});
  return out.take();
}

CkanAnswer<std::string> tag_list(Exchange& exchange, const Arguments& arguments) {
  const auto page = page_of(arguments);
  if (!page) return std::unexpected{page.error()};
  const auto wanted = arguments.text("query");
  codec::JsonWriter out;
  out.open_array();
  std::uint64_t at = 0;
  for (std::uint64_t from_value = 0; at < page->offset + page->limit;) {
    const auto tags = portal::facet_values(exchange.db.projection, "tag", from_value, kCkanRowsMax);
    if (!tags) return from(tags.error());
    for (const auto& tag : *tags) {
      if (tag.value.find(wanted) == std::string::npos) continue;
      const auto number = at++;
      if (number < page->offset || number >= page->offset + page->limit) continue;
      if (arguments.flag("all_fields")) {
        out.open_object().key("id").string(tag.value).key("name").string(tag.value);
        out.key("display_name").string(tag.value).key("vocabulary_id").null().close_object();
      } else {
        out.string(tag.value);
      }
    }
    if (tags->size() < kCkanRowsMax) break;
    from_value += tags->size();
  }
  return out.close_array().take();
}

CkanAnswer<std::string> license_list(Exchange&, const Arguments&) {
  codec::JsonWriter out;
  out.open_array();
  for (const auto& licence : portal::licences()) {
    out.open_object().key("id").string(licence.id).key("title").string(licence.title.en);
    out.key("title_zh").string(licence.title.zh).key("url").string(licence.url);
    out.key("status").string("active").key("is_okd_compliant").boolean(licence.open);
    out.key("od_conformance").string(licence.open ? "approved" : "not reviewed").close_object();
  }
  return out.close_array().take();
}

// ---------------------------------------------------------------- the datastore

namespace {

std::string_view datastore_type(std::string_view engine_type) {
  const auto word = type_word(engine_type);
  if (word == "integer" || word == "number") return "numeric";
  if (word == "date" || word == "datetime") return "timestamp";
  return word == "boolean" ? "bool" : "text";
}

void write_condition(codec::JsonWriter& out, std::string_view column, std::string_view op,
                     const codec::JsonValue& value) {
  out.open_object().key("column").string(column).key("op").string(op);
  out.key("value").raw(value.to_json()).close_object();
}

/// "a, b desc"
void write_sort(codec::JsonWriter& out, const std::vector<std::string>& sort) {
  out.key("order").open_array();
  for (const std::string_view one : sort) {
    const auto first = std::min(one.find_first_not_of(' '), one.size());
    const auto blank = one.find_last_of(' ');
    const auto word = blank == std::string_view::npos ? std::string_view{} : one.substr(blank + 1);
    const bool directed = word == "desc" || word == "asc";
    out.open_object().key("column").string(
        one.substr(first, (directed ? blank : one.size()) - first));
    out.key("descending").boolean(word == "desc").close_object();
  }
  out.close_array();
}

struct DatastoreQuery {
  std::string members;
  std::uint64_t limit{0};
  std::uint64_t offset{0};
};

Answer<DatastoreQuery> datastore_query(const Arguments& arguments) {
  constexpr std::uint64_t kLimitMax = 10'000;
  DatastoreQuery query;
  query.limit = std::min(arguments.number("limit", 100), kLimitMax);
  query.offset = std::min(arguments.number("offset", 0), std::uint64_t{1} << 40);
  codec::JsonWriter out;
  out.open_object();
  if (const auto fields = arguments.list("fields"); !fields.empty()) {
    out.key("select").open_array();
    for (const auto& name : fields) out.string(name);
    out.close_array();
  }
  out.key("filters").open_array();
  for (const auto* member : {"filters", "q"}) {
    const auto text = arguments.text(member);
    const bool object = text.starts_with('{');
    const auto parsed = codec::JsonDocument::parse(object ? text : "{}");
    if (!parsed || (member == std::string_view{"filters"} && !text.empty() && !object)) {
      return invalid(std::string{member} + ": not an object");
    }
    for (const auto& [name, value] : parsed->root().members()) {
      const bool search = member == std::string_view{"q"};
      write_condition(out, name, search ? "contains" : value.is_array() ? "in" : "=", value);
    }
  }
  out.close_array();
  if (const auto text = arguments.text("q"); !text.empty() && !text.starts_with('{')) {
    out.key("search").string(text);
  }
  write_sort(out, arguments.list("sort"));
  out.key("limit").number(query.limit).key("offset").number(query.offset);
  out.key("total").boolean(true);
  query.members = members_of(out);
  return query;
}

std::string datastore_answer(std::string_view id, const DatastoreQuery& query,
                             const codec::JsonValue& answer) {
  const auto list = [&](std::string_view name) {
    const auto found = answer.find(name);
    return found ? found->items() : std::vector<codec::JsonValue>{};
  };
  const auto columns = list("columns");
  codec::JsonWriter out;
  out.open_object().key("include_total").boolean(true).key("limit").number(query.limit);
  if (query.offset != 0) out.key("offset").number(query.offset);
  out.key("records_format").string("objects").key("resource_id").string(id);
  out.key("total_estimation_threshold").null().key("records").open_array();
  std::uint64_t number = query.offset;
  for (const auto& row : list("rows")) {
    out.open_object().key("_id").number(++number);
    const auto cells = row.items();
    for (std::size_t i = 0; i < std::min(cells.size(), columns.size()); ++i) {
      out.key(text_of_member(columns[i], "name")).raw(cells[i].to_json());
    }
    out.close_object();
  }
  out.close_array().key("fields").open_array();
  out.open_object().key("id").string("_id").key("type").string("int").close_object();
  for (const auto& column : columns) {
    out.open_object().key("id").string(text_of_member(column, "name"));
    out.key("type").string(datastore_type(text_of_member(column, "type"))).close_object();
  }
  const auto total = answer.find("total");
  out.close_array().key("total").raw(total ? total->to_json() : "0");
  return out.key("total_was_estimated").boolean(false).close_object().take();
}

/// CKAN knows no answer that comes later.
std::unexpected<CkanError> from_engine(Problem problem) {
  if (problem.status == 202) problem.status = 503;
  return from(std::move(problem));
}

Answer<std::string> datastore_search(Exchange& exchange, const Arguments& arguments) {
  const auto id = arguments.text("resource_id");
  const auto found = resource_of(exchange, id);
  if (!found) return std::unexpected{found.error()};
  const auto& resource = found->second;
  const auto permission =
      bytes_permission(exchange, found->first.id, resource.digest, Delivery::interface);
  if (!permission) return from(permission.error());
  if (!permission->decision.allowed) return denied(std::string{permission->decision.why.en});
  const TableFile file{resource.digest, table_format(resource.format, resource.media_type),
                       resource.size};
  if (file.format.empty()) return from(err::not_a_table);
  const auto query = datastore_query(arguments);
  if (!query) return std::unexpected{query.error()};
  std::uint64_t left = 0;
  if (const auto counted = count_call(exchange, left); !counted) return from(counted.error());
  const auto question = rows_question(exchange, file, query->members);
  if (!question) return from(question.error());
  const auto answer = ask_engine(exchange, *question, kRowsWaitMs);
  if (!answer) return from(answer.error());
  if (!*answer) return from_engine(answer->error());
  auto out = datastore_answer(id, *query, (*answer)->root());
  if (!audit_read(exchange, "rows", found->first.id, resource.digest, permission->right,
                  out.size())) {
    return from(err::unavailable);
  }
  return out;
}

Answer<std::string> datastore_search_sql(Exchange&, const Arguments&) {
  CkanError refused{"Bad Request", problem_of(err::bad_request)};
  refused.problem.message = {
      "这里不接受 SQL：按行查询用 datastore_search，分组统计用 /api/v1/datasets/{id}/aggregate",
      "SQL is not taken here: use datastore_search for rows, and "
      "/api/v1/datasets/{id}/aggregate for groups"};
  return std::unexpected{std::move(refused)};
}

Answer<std::string> status_show(Exchange& exchange, const Arguments&) {
  const auto& site = exchange.shared.settings.site;
  codec::JsonWriter out;
  out.open_object().key("ckan_version").string("2.10.0").key("site_url").string(site.base);
  out.key("site_title").string(site.title.in(true));
  out.key("site_description").string(site.description.in(true));
  out.key("error_emails_to").null().key("locale_default").string("zh_Hans_CN");
  out.key("extensions").open_array().string("datastore").string("dcat").close_array();
  return out.close_object().take();
}

Answer<std::string> site_read(Exchange&, const Arguments&) {
  return "true";
}

/// A resource has no views here; clients that dump them ask.
Answer<std::string> resource_views(Exchange& exchange, const Arguments& arguments) {
  const auto found = resource_of(exchange, arguments.text("id"));
  if (!found) return std::unexpected{found.error()};
  return "[]";
}

Answer<std::string> help_show(Exchange&, const Arguments& arguments);

struct Named {
  std::string_view name;
  CkanAction action;
  bool writes;
  std::string_view help;
};
constexpr std::array kActions{
    Named{"package_list", package_list, false, "Ids of the datasets: limit, offset."},
    Named{"package_show", package_show, false, "One dataset, or a draft of yours: id."},
    Named{"package_search", package_search, false,
          "Search: q, fq, fq_list, rows, start, sort, facet.field, facet.limit."},
    Named{"current_package_list_with_resources", current_packages, false,
          "Datasets with their resources: limit, offset."},
    Named{"organization_list", organization_list, false,
          "Organisations: all_fields, limit, offset."},
    Named{"organization_show", organization_show, false, "One organisation: id, include_datasets."},
    Named{"organization_list_for_user", organization_list_for_user, false, "Yours."},
    Named{"group_list", group_list, false, "Topics: all_fields, limit, offset."},
    Named{"group_show", group_show, false, "One topic: id."},
    Named{"tag_list", tag_list, false, "Keywords: query, all_fields, limit, offset."},
    Named{"license_list", license_list, false, "Licences that are known by name."},
    Named{"resource_show", resource_show, false, "One resource: id."},
    Named{"resource_search", resource_search, false,
          "Resources: query (name:…, format:…, hash:…), limit, offset."},
    Named{"resource_view_list", resource_views, false, "Always empty: there are no views."},
    Named{"datastore_search", datastore_search, false,
          "Rows: resource_id, filters, q, fields, sort, limit, offset."},
    Named{"datastore_search_sql", datastore_search_sql, false, "Refused: SQL is not taken here."},
    Named{"package_create", package_create, true, "Compiles a catalogue entry: a draft."},
    Named{"package_update", package_update, true, "Revises an entry: what is left out is removed."},
    Named{"package_patch", package_patch, true, "Revises an entry: what is left out stays."},
    Named{"package_delete", package_delete, true, "Withdraws a draft, or asks for retirement."},
    Named{
        "resource_create", resource_create, true,
        "Adds a file (upload, or hash of one uploaded before) or a link (url): package_id, name."},
    Named{"resource_delete", resource_delete, true, "Takes a resource back: id."},
    Named{"status_show", status_show, false, "About this site."},
    Named{"site_read", site_read, false, "Whether the site may be read."},
    Named{"help_show", help_show, false, "What an action does: name."}};

Answer<std::string> help_show(Exchange&, const Arguments& arguments) {
  for (const auto& action : kActions) {
    if (action.name != arguments.text("name")) continue;
    codec::JsonWriter out;
    out.string(action.help);
    return out.take();
  }
  return not_found();
}

/// English first, as programs look for it, then Chinese.
std::string both(const portal::Text& text) {
  if (text.en.empty() || text.zh.empty()) return text.in(false);
  return text.en + " / " + text.zh;
}

Response failure(const std::string& help, const CkanError& error) {
  codec::JsonWriter out;
  out.open_object().key("help").string(help).key("success").boolean(false);
  out.key("error").open_object().key("__type").string(error.type);
  const auto message = both(error.problem.message);
  out.key("message").string(message);
  if (error.type == "Validation Error") {
    out.key(error.field.empty() ? "__extras" : error.field);
    out.open_array().string(message).close_array();
  }
  if (!error.problem.article.empty()) out.key("article").string(error.problem.article);
  if (!error.problem.next.empty()) out.key("next").string(both(error.problem.next));
  return json_response(out.close_object().close_object().take(), error.problem.status);
}

Response bad_request(const std::string& help, std::string zh, std::string en) {
  CkanError error{"Bad Request", problem_of(err::bad_request)};
  error.problem.message = {std::move(zh), std::move(en)};
  return failure(help, error);
}

}  // namespace

Response ckan_refusal(const Problem& problem) {
  const auto status = problem.status;
  CkanError error = from(problem).error();
  error.problem.status = status;
  return failure("", error);
}

Result<Response> ckan(Exchange& exchange) {
  const auto name = exchange.at("name");
  const std::string help =
      exchange.shared.settings.site.base + "/api/3/action/help_show?name=" + percent_encode(name);
  const auto* found = std::ranges::find(kActions, name, &Named::name);
  if (found == kActions.end()) {
    return bad_request(help, "没有这个动作", "Action name not known: " + std::string{name});
  }
  if (found->writes && exchange.request.method != "POST") {
    return bad_request(help, "此动作需要 POST", "This action needs POST");
  }
  const auto arguments = Arguments::read(exchange);
  if (!arguments) return failure(help, arguments.error());
  if (found->writes && !exchange.session) return failure(help, denied().error());
  const auto result = found->action(exchange, *arguments);
  if (!result) return failure(help, result.error());
  codec::JsonWriter out;
  out.open_object().key("help").string(help).key("success").boolean(true);
  out.key("result").raw(*result).close_object();
  return json_response(out.take());
}

}  // namespace wusong::gateway::internal
