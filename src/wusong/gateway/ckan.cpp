// SPDX-License-Identifier: Apache-2.0
// CKAN's Action API, version 3, as its clients use it.
// @source CKAN 2.10, API guide; ckanapi 4.11 (posts JSON to /api/action/NAME)
#include <algorithm>
#include <array>
#include <charconv>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/acting.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/search.hpp"
#include "wusong/gateway/internal/table_view.hpp"
#include "wusong/gateway/internal/view.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::uint64_t kRowsMax = 1'000;

/// CKAN's own errors: their names are what its clients look at.
struct CkanError {
  unsigned status;
  std::string_view type;  // "Not Found Error"
  std::string message;
};
template <typename T>
using Answer = std::expected<T, CkanError>;

std::unexpected<CkanError> not_found(std::string message = "Not found") {
  return std::unexpected{CkanError{404, "Not Found Error", std::move(message)}};
}
std::unexpected<CkanError> invalid(std::string message) {
  return std::unexpected{CkanError{409, "Validation Error", std::move(message)}};
}
std::unexpected<CkanError> denied(std::string message = "Access denied") {
  return std::unexpected{CkanError{403, "Authorization Error", std::move(message)}};
}
std::unexpected<CkanError> from(Error error) {
  const Problem problem = problem_of(error);
  if (problem.status == 404) return not_found();
  if (problem.status == 401 || problem.status == 403) return denied(problem.message.en);
  if (problem.status >= 500) {
    return std::unexpected{CkanError{problem.status, "Internal Error", problem.message.en}};
  }
  return invalid(problem.message.en);
}

/// What the action was asked with: JSON of the body, fields of a form, or the query string.
class Arguments {
 public:
  static Answer<Arguments> read(const Exchange& exchange) {
    Arguments out;
    out.query_ = exchange.query;
    const auto& request = exchange.request;
    if (request.method != "POST" || request.body.empty()) return out;
    const auto type = request.headers.get("content-type");
    if (type.starts_with("multipart/form-data")) {
      const auto parts = parse_multipart(type, request.body);
      if (!parts) return invalid("Bad request - multipart Error");
      for (const auto& part : *parts) {
        if (part.file_name.empty()) out.query_.add(part.name, std::string{part.content});
      }
      return out;
    }
    if (type.starts_with("application/x-www-form-urlencoded") && request.body.front() != '{') {
      const auto form = parse_query(request.body);
      if (!form) return invalid("Bad request - form Error");
      for (const auto& [name, value] : form->pairs()) out.query_.add(name, value);
      return out;
    }
    auto parsed = codec::JsonDocument::parse(request.body);
    if (!parsed || !parsed->root().is_object()) {
      return std::unexpected{CkanError{400, "Bad Request", "Bad request - JSON Error"}};
    }
    out.body_.emplace(std::move(*parsed));
    return out;
  }

  std::string text(std::string_view name) const {
    if (body_) {
      const auto found = body_->root().find(name);
      if (found && found->is_string()) return std::string{found->string().value_or("")};
      if (found && !found->is_null()) return found->to_json();
    }
    return std::string{query_.get(name)};
  }
  std::uint64_t number(std::string_view name, std::uint64_t otherwise) const {
    const auto value = text(name);
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
    return value.empty() || error != std::errc{} ? otherwise : out;
  }
  bool flag(std::string_view name) const {
    const auto value = text(name);
    return value == "true" || value == "True" || value == "1";
  }
  /// A list in JSON, or written as a string: ["a","b"] or a,b.
  std::vector<std::string> list(std::string_view name) const {
    std::vector<std::string> out;
    const auto value = text(name);
    if (const auto parsed = codec::JsonDocument::parse(value);
        parsed && parsed->root().is_array()) {
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
  std::optional<codec::JsonValue> value(std::string_view name) const {
    return body_ ? body_->root().find(name) : std::nullopt;
  }

 private:
  std::optional<codec::JsonDocument> body_;
  Fields query_;
};

using Action = Answer<std::string> (*)(Exchange&, const Arguments&);

std::optional<Hash> id_of(std::string_view text) {
  const auto out = codec::fixed_from_hex<Hash>(text);
  return out ? std::optional{*out} : std::nullopt;
}

Answer<portal::Dataset> package_of(Exchange& exchange, const Arguments& arguments) {
  auto text = arguments.text("id");
  if (text.empty()) text = arguments.text("name_or_id");
  const auto id = id_of(text);
  if (!id) return not_found();
  auto dataset = visible_dataset(exchange, *id);
  if (!dataset) return from(dataset.error());
  return std::move(*dataset);
}

/// `topic:"traffic" organization:3`, joined by AND; what CKAN clients write into fq.
void read_filters(std::string_view text, portal::DatasetQuery& out) {
  while (!text.empty()) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return;
    auto name = text.substr(0, colon);
    name = name.substr(name.find_last_of(" (+") + 1);
    text.remove_prefix(colon + 1);
    const bool quoted = text.starts_with('"');
    if (quoted) text.remove_prefix(1);
    const auto end = quoted ? text.find('"') : text.find_first_of(" )");
    const std::string value{text.substr(0, end)};
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (name == "topic" || name == "groups") {
      out.topics.push_back(value);
    } else if (name == "tags") {
      out.tags.push_back(value);
    } else if (name == "res_format") {
      out.formats.push_back(value);
    } else if (name == "organization" || name == "owner_org") {
      std::uint32_t id = 0;
      std::from_chars(value.data(), value.data() + value.size(), id);
      out.organisations.push_back(id);
    } else if (name == "opening_type") {
      if (const auto type = portal::opening_type(value)) out.openings.push_back(*type);
    }
  }
}

std::string_view facet_name(std::string_view ckan_name) noexcept {
  if (ckan_name == "organization" || ckan_name == "owner_org") return "organisation";
  if (ckan_name == "tags") return "tag";
  if (ckan_name == "groups") return "topic";
  if (ckan_name == "res_format") return "format";
  return ckan_name;
}

Answer<std::vector<portal::Dataset>> whole(Exchange& exchange,
                                           std::vector<portal::Dataset>&& found) {
  for (auto& dataset : found) {
    auto full = portal::dataset(exchange.db.projection, dataset.id);
    if (!full) return from(full.error());
    if (*full) dataset = std::move(**full);
  }
  return std::move(found);
}

void write_facets(codec::JsonWriter& out, Exchange& exchange, const portal::SearchResult& found,
                  const std::vector<std::string>& wanted) {
  out.key("facets").open_object();
  for (const auto& name : wanted) {
    for (const auto& facet : found.facets) {
      if (facet.name != facet_name(name)) continue;
      out.key(name).open_object();
      for (const auto& value : facet.values) out.key(value.value).number(value.count);
      out.close_object();
    }
  }
  out.close_object().key("search_facets").open_object();
  for (const auto& name : wanted) {
    for (const auto& facet : found.facets) {
      if (facet.name != facet_name(name)) continue;
      out.key(name).open_object().key("title").string(name).key("items").open_array();
      for (const auto& value : facet.values) {
        out.open_object().key("name").string(value.value);
        out.key("display_name").string(facet_title(exchange, facet.name, value.value).in(true));
        out.key("count").number(value.count).close_object();
      }
      out.close_array().close_object();
    }
  }
  out.close_object();
}

Answer<std::string> package_search(Exchange& exchange, const Arguments& arguments) {
  portal::DatasetQuery query;
  const auto text = arguments.text("q");
  if (text != "*:*") query.text = utf8_prefix(text, 500);
  read_filters(arguments.text("fq"), query);
  for (const auto& one : arguments.list("fq_list")) read_filters(one, query);
  query.limit = static_cast<std::uint32_t>(std::min(arguments.number("rows", 10), kRowsMax));
  query.offset = arguments.number("start", 0);
  const auto sort = arguments.text("sort");
  query.sort = sort.starts_with("metadata_modified") ? portal::SortBy::updated
               : sort.starts_with("views_recent")    ? portal::SortBy::downloads
                                                     : portal::SortBy::relevance;
  const auto facets = arguments.list("facet.field");
  query.facets = !facets.empty();
  auto found = portal::search(exchange.db.projection, query);
  if (!found) return from(found.error());
  const auto packages = whole(exchange, std::move(found->items));
  if (!packages) return std::unexpected{packages.error()};
  codec::JsonWriter out;
  out.open_object().key("count").number(found->total);
  out.key("sort").string(sort.empty() ? "score desc, metadata_modified desc" : sort);
  write_facets(out, exchange, *found, facets);
  out.key("results").open_array();
  for (const auto& dataset : *packages) {
    out.raw(portal::ckan_package(dataset, exchange.shared.settings.site));
  }
  return out.close_array().close_object().take();
}

/// Datasets from `offset` on in a fixed order; `limit` 0: as many as one answer may have.
Answer<std::vector<portal::Dataset>> listed(Exchange& exchange, const Arguments& arguments) {
  portal::DatasetQuery query;
  query.sort = portal::SortBy::updated;
  query.facets = false;
  query.limit = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(arguments.number("limit", kRowsMax), 1, kRowsMax));
  query.offset = arguments.number("offset", arguments.number("start", 0));
  auto found = portal::search(exchange.db.projection, query);
  if (!found) return from(found.error());
  return std::move(found->items);
}

Answer<std::string> package_list(Exchange& exchange, const Arguments& arguments) {
  const auto found = listed(exchange, arguments);
  if (!found) return std::unexpected{found.error()};
  codec::JsonWriter out;
  out.open_array();
  for (const auto& dataset : *found) out.string(codec::to_hex(dataset.id));
  return out.close_array().take();
}

Answer<std::string> current_packages(Exchange& exchange, const Arguments& arguments) {
  auto found = listed(exchange, arguments);
  if (!found) return std::unexpected{found.error()};
  const auto packages = whole(exchange, std::move(*found));
  if (!packages) return std::unexpected{packages.error()};
  codec::JsonWriter out;
  out.open_array();
  for (const auto& dataset : *packages) {
    out.raw(portal::ckan_package(dataset, exchange.shared.settings.site));
  }
  return out.close_array().take();
}

Answer<std::string> package_show(Exchange& exchange, const Arguments& arguments) {
  const auto dataset = package_of(exchange, arguments);
  if (!dataset) return std::unexpected{dataset.error()};
  return portal::ckan_package(*dataset, exchange.shared.settings.site);
}

void write_organization(codec::JsonWriter& out,
                        const portal::ProjectionReader::NamedOrganisation& one) {
  const std::string id = std::to_string(one.id);
  out.open_object().key("id").string(id).key("name").string(id);
  out.key("title").string(one.title.in(true)).key("display_name").string(one.title.in(true));
  out.key("description").string("").key("type").string("organization");
  out.key("is_organization").boolean(true).key("approval_status").string("approved");
  out.key("state").string(one.organisation.active ? "active" : "deleted");
  out.key("image_url").string("").key("image_display_url").string("").close_object();
}

Answer<std::string> organization_list(Exchange& exchange, const Arguments& arguments) {
  portal::ProjectionReader reader{exchange.db.projection};
  const auto all = reader.organisations();
  if (!all) return from(all.error());
  const auto offset = arguments.number("offset", 0);
  const auto limit = arguments.number("limit", kRowsMax);
  codec::JsonWriter out;
  out.open_array();
  std::uint64_t at = 0;
  for (const auto& one : *all) {
    if (!one.organisation.active || at++ < offset || at > offset + limit) continue;
    if (arguments.flag("all_fields")) {
      write_organization(out, one);
    } else {
      out.string(std::to_string(one.id));
    }
  }
  return out.close_array().take();
}

Answer<std::string> organization_show(Exchange& exchange, const Arguments& arguments) {
  portal::ProjectionReader reader{exchange.db.projection};
  const auto all = reader.organisations();
  if (!all) return from(all.error());
  for (const auto& one : *all) {
    if (std::to_string(one.id) != arguments.text("id")) continue;
    codec::JsonWriter out;
    write_organization(out, one);
    return out.take();
  }
  return not_found();
}

/// Groups are topics.
Answer<std::string> values_of(Exchange& exchange, std::string_view facet_wanted) {
  portal::DatasetQuery query;
  query.limit = 0;
  const auto found = portal::search(exchange.db.projection, query);
  if (!found) return from(found.error());
  codec::JsonWriter out;
  out.open_array();
  for (const auto& facet : found->facets) {
    if (facet.name != facet_wanted) continue;
    for (const auto& value : facet.values) out.string(value.value);
  }
  return out.close_array().take();
}
Answer<std::string> group_list(Exchange& exchange, const Arguments&) {
  return values_of(exchange, "topic");
}
Answer<std::string> tag_list(Exchange& exchange, const Arguments&) {
  return values_of(exchange, "tag");
}

/// The dataset that holds a resource: an item whose document names its entry.
Answer<std::pair<portal::Dataset, portal::Resource>> resource_of(Exchange& exchange,
                                                                 const std::string& text) {
  const auto id = id_of(text);
  if (!id) return not_found();
  portal::ProjectionReader reader{exchange.db.projection};
  const auto row = reader.item(*id);
  if (!row) return from(row.error());
  if (!*row) return not_found();
  auto dataset = visible_dataset(exchange, (*row)->item.subject);
  if (!dataset) return from(dataset.error());
  for (const auto& resource : dataset->resources) {
    if (resource.id == *id) return std::pair{*dataset, resource};
  }
  return not_found();
}

Answer<std::string> resource_show(Exchange& exchange, const Arguments& arguments) {
  const auto found = resource_of(exchange, arguments.text("id"));
  if (!found) return std::unexpected{found.error()};
  return portal::ckan_resource(found->second, found->first, exchange.shared.settings.site);
}

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

std::unexpected<CkanError> from(const Problem& problem) {
  if (problem.status == 202 || problem.status >= 500) {
    return std::unexpected{CkanError{503, "Internal Error", problem.message.en}};
  }
  return invalid(problem.message.en);
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
  if (!*answer) return from(answer->error());
  auto out = datastore_answer(id, *query, (*answer)->root());
  if (!audit_read(exchange, "rows", found->first.id, resource.digest, permission->right,
                  out.size())) {
    return from(err::unavailable);
  }
  return out;
}

Answer<std::string> datastore_search_sql(Exchange&, const Arguments&) {
  return std::unexpected{CkanError{400, "Bad Request",
                                   "SQL is not taken here: use datastore_search for rows, and "
                                   "/api/v1/datasets/{id}/aggregate for groups"}};
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

// ---------------------------------------------------------------- writes

/// The nine fields of SZ 17 from CKAN's members; those it does not know stand in `extras`.
std::string entry_document(const Arguments& arguments, std::uint32_t organisation) {
  const auto extra = [&](std::string_view name) -> std::string {
    if (const auto direct = arguments.text(name); !direct.empty()) return direct;
    const auto extras = arguments.value("extras");
    if (!extras) return {};
    for (const auto& one : extras->items()) {
      if (text_of_member(one, "key") == name) return std::string{text_of_member(one, "value")};
    }
    return {};
  };
  codec::JsonWriter out;
  out.open_object();
  const auto put_text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) write_text(out, name, portal::Text{value, ""});
  };
  const auto put = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.key(name).string(value);
  };
  put_text("title",
           arguments.text("title").empty() ? arguments.text("name") : arguments.text("title"));
  put_text("abstract", arguments.text("notes"));
  out.key("items").open_array();
  if (const auto items = extra("items"); !items.empty()) {
    for (std::string_view rest = items; !rest.empty();) {
      const auto end = rest.find(',');
      write_text(out, portal::Text{std::string{rest.substr(0, end)}, ""});
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
  }
  out.close_array();
  for (const std::string_view name : {"sharing", "opening_type", "frequency", "grade"}) {
    put(name, extra(name));
  }
  out.key("format").open_array();
  const auto formats = extra("format");
  for (std::string_view rest = formats; !rest.empty();) {
    const auto end = rest.find(',');
    out.string(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  out.close_array().key("organisation").number(std::uint64_t{organisation});
  put_text("system", extra("system"));
  put("licence", arguments.text("license_id"));
  put("contact", arguments.text("maintainer_email"));
  const auto names = [&](std::string_view member, std::string_view ckan_member) {
    const auto list = arguments.value(ckan_member);
    if (!list || list->size() == 0) return;
    out.key(member).open_array();
    for (const auto& one : list->items()) out.string(text_of_member(one, "name"));
    out.close_array();
  };
  names("keywords", "tags");
  names("topics", "groups");
  return out.close_object().take();
}

Answer<std::string> write_step(Exchange& exchange, ActRequest request) {
  if (!exchange.session) return denied();
  const auto prepared = prepare_act(exchange, request);
  if (!prepared) {
    const auto& problem = prepared.error();
    if (problem.status == 404) return not_found();
    if (problem.status == 403) return denied(problem.message.en);
    return invalid(problem.message.en + " " + problem.next.en);
  }
  const auto entry = submit_act(exchange, *prepared, request.once);
  if (!entry) {
    return std::unexpected{
        CkanError{entry.error().status, "Internal Error", entry.error().message.en}};
  }
  if (entry->status != OutboxStatus::final && entry->status != OutboxStatus::waiting) {
    return invalid("The chain refused it: " + entry->reason);
  }
  codec::JsonWriter out;
  out.open_object().key("id").string(codec::to_hex(prepared->act.item));
  out.key("name").string(codec::to_hex(prepared->act.item)).key("state").string("draft");
  out.key("title").string("").key("resources").open_array().close_array();
  out.key("transaction").string(hex(entry->hash));
  out.key("status").string(name_of(entry->status)).close_object();
  return out.take();
}

std::string fresh_once(Exchange& exchange, std::string_view what) {
  return (exchange.session ? exchange.session->account.id : std::string{}) + " ckan " +
         std::string{what} + " " + random_hex(exchange.shared.entropy, 16);
}

Answer<std::string> package_create(Exchange& exchange, const Arguments& arguments) {
  ActRequest request;
  request.workflow = "entry";
  request.action = "compile";
  request.document = entry_document(arguments, exchange.viewer.organisation);
  request.document_kind = "entry";
  request.once = fresh_once(exchange, "create");
  return write_step(exchange, std::move(request));
}

/// CKAN's update and delete are steps that the review of SZ 19–22 then decides on.
Answer<std::string> package_step(Exchange& exchange, const Arguments& arguments,
                                 std::string_view action, std::string document) {
  ActRequest request;
  request.item = id_of(arguments.text("id"));
  if (!request.item) return not_found();
  request.workflow = "entry";
  request.action = action;
  request.document = std::move(document);
  request.once = fresh_once(exchange, action);
  return write_step(exchange, std::move(request));
}
Answer<std::string> package_update(Exchange& exchange, const Arguments& arguments) {
  auto done = package_step(exchange, arguments, "revise",
                           entry_document(arguments, exchange.viewer.organisation));
  if (done) return done;
  // A published entry is opened for an update first.
  if (!package_step(exchange, arguments, "begin_update", "")) return done;
  return package_step(exchange, arguments, "revise",
                      entry_document(arguments, exchange.viewer.organisation));
}
Answer<std::string> package_delete(Exchange& exchange, const Arguments& arguments) {
  auto done = package_step(exchange, arguments, "discard", "");
  if (done) return done;
  return package_step(
      exchange, arguments, "request_retirement",
      R"({"reasons":{"zh":"通过 CKAN 接口申请下架","en":"Retirement asked for through the CKAN interface"}})");
}

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  return out;
}

Answer<std::string> resource_create(Exchange& exchange, const Arguments& arguments) {
  if (!exchange.session) return denied();
  const auto package = id_of(arguments.text("package_id"));
  if (!package) return invalid("package_id: Missing value");
  const auto parts =
      parse_multipart(exchange.request.headers.get("content-type"), exchange.request.body);
  const Part* file = nullptr;
  if (parts) {
    for (const auto& part : *parts) {
      if (part.name == "upload" && !part.file_name.empty()) file = &part;
    }
  }
  if (file == nullptr) return invalid("upload: Missing value");
  const auto stored = exchange.shared.blobs.put(as_bytes(file->content));
  if (!stored) return from(stored.error());
  const auto name = arguments.text("name").empty() ? file->file_name : arguments.text("name");
  const auto dot = file->file_name.rfind('.');
  const auto format = arguments.text("format").empty() && dot != std::string::npos
                          ? file->file_name.substr(dot + 1)
                          : arguments.text("format");
  const auto rows = static_cast<std::uint64_t>(std::ranges::count(file->content, '\n'));
  codec::JsonWriter document;
  document.open_object();
  write_text(document, "name", portal::Text{name, ""});
  document.key("format").string(lower(format));
  document.key("media_type")
      .string(file->content_type.empty() ? "application/octet-stream" : file->content_type);
  document.key("size").number(stored->size).key("digest").string(codec::to_hex(stored->digest));
  document.key("rows").number(rows == 0 ? 0 : rows - 1).key("columns").open_array().close_array();
  document.key("entry").string(codec::to_hex(*package)).close_object();
  ActRequest request;
  request.workflow = "resource";
  request.action = "gather";
  request.subject = *package;
  request.document = document.take();
  request.document_kind = "resource";
  request.once = fresh_once(exchange, "resource");
  return write_step(exchange, std::move(request));
}

Answer<std::string> help_show(Exchange&, const Arguments& arguments);

struct Named {
  std::string_view name;
  Action action;
  bool writes;
  std::string_view help;
};
constexpr std::array kActions{
    Named{"package_list", package_list, false, "Ids of the datasets: limit, offset."},
    Named{"package_show", package_show, false, "One dataset: id."},
    Named{"package_search", package_search, false,
          "Search: q, fq, rows, start, sort, facet.field."},
    Named{"current_package_list_with_resources", current_packages, false,
          "Datasets with their resources: limit, offset."},
    Named{"organization_list", organization_list, false, "Organisations: all_fields."},
    Named{"organization_show", organization_show, false, "One organisation: id."},
    Named{"group_list", group_list, false, "Topics."},
    Named{"tag_list", tag_list, false, "Keywords."},
    Named{"resource_show", resource_show, false, "One resource: id."},
    Named{"datastore_search", datastore_search, false,
          "Rows: resource_id, filters, q, fields, sort, limit, offset."},
    Named{"datastore_search_sql", datastore_search_sql, false, "Refused: SQL is not taken here."},
    Named{"package_create", package_create, true, "Compiles a catalogue entry: a draft."},
    Named{"package_update", package_update, true, "Revises an entry."},
    Named{"package_patch", package_update, true, "Revises an entry."},
    Named{"package_delete", package_delete, true, "Withdraws an entry, or proposes to."},
    Named{"resource_create", resource_create, true, "Uploads a file: package_id, upload."},
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
  return not_found("Action name not known");
}

Response failure(const std::string& help, const CkanError& error) {
  codec::JsonWriter out;
  out.open_object().key("help").string(help).key("success").boolean(false);
  out.key("error").open_object().key("__type").string(error.type);
  out.key("message").string(error.message);
  if (error.type == "Validation Error") {
    out.key("__extras").open_array().string(error.message).close_array();
  }
  return json_response(out.close_object().close_object().take(), error.status);
}

}  // namespace

Result<Response> ckan(Exchange& exchange) {
  const auto name = exchange.at("name");
  const std::string help =
      exchange.shared.settings.site.base + "/api/3/action/help_show?name=" + percent_encode(name);
  const Named* found = nullptr;
  for (const auto& action : kActions) {
    if (action.name == name) found = &action;
  }
  if (found == nullptr) {
    return failure(help, {400, "Bad Request", "Action name not known: " + std::string{name}});
  }
  if (found->writes && exchange.request.method != "POST") {
    return failure(help, {400, "Bad Request", "This action needs POST"});
  }
  const auto arguments = Arguments::read(exchange);
  if (!arguments) return failure(help, arguments.error());
  const auto result = found->action(exchange, *arguments);
  if (!result) return failure(help, result.error());
  codec::JsonWriter out;
  out.open_object().key("help").string(help).key("success").boolean(true);
  out.key("result").raw(*result).close_object();
  return json_response(out.take());
}

}  // namespace wusong::gateway::internal
