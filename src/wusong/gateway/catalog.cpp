// SPDX-License-Identifier: Apache-2.0
// The catalogue in the words of others: DCAT, ODRL, Data Package; CKAN's packages and resources.
#include <algorithm>
#include <array>
#include <charconv>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/ckan.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/search.hpp"
#include "wusong/gateway/internal/view.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::string_view kJsonLd = "application/ld+json; charset=utf-8";
constexpr std::string_view kTurtle = "text/turtle; charset=utf-8";

using CatalogText = std::string (*)(const portal::CatalogPage&, const portal::SiteInfo&);
using DatasetText = std::string (*)(const portal::Dataset&, const portal::SiteInfo&);

/// Keyset paging where `after` is given; else pages by number for those who count.
Result<Response> catalog(Exchange& exchange, CatalogText text, std::string_view type) {
  WUSONG_TRY(const auto page, exchange.number("page", 1, 100'000));
  WUSONG_TRY(const auto size, exchange.number("page_size", 100, 500));
  if (page == 0 || size == 0) return fail(err::bad_request);
  portal::DatasetQuery query;
  query.sort = portal::SortBy::updated;
  query.facets = false;
  query.limit = static_cast<std::uint32_t>(size);
  query.offset = (page - 1) * size;
  WUSONG_TRY(auto found, search_visible(exchange, query));
  for (auto& dataset : found.items) {
    WUSONG_TRY(auto whole, portal::dataset(exchange.db.projection, dataset.id));
    if (whole) dataset = std::move(*whole);
  }
  const portal::CatalogPage shown{
      .page = page, .page_size = size, .total = found.total, .datasets = found.items};
  return text_response(text(shown, exchange.shared.settings.site), std::string{type});
}

Result<Response> one(Exchange& exchange, DatasetText text, std::string_view type) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto dataset, visible_dataset(exchange, id));
  return text_response(text(dataset, exchange.shared.settings.site), std::string{type});
}

}  // namespace

Result<Response> catalog_jsonld(Exchange& exchange) {
  return catalog(exchange, portal::dcat_catalog_jsonld, kJsonLd);
}
Result<Response> catalog_turtle(Exchange& exchange) {
  return catalog(exchange, portal::dcat_catalog_turtle, kTurtle);
}
Result<Response> dataset_jsonld(Exchange& exchange) {
  return one(exchange, portal::dcat_dataset_jsonld, kJsonLd);
}
Result<Response> dataset_turtle(Exchange& exchange) {
  return one(exchange, portal::dcat_dataset_turtle, kTurtle);
}
Result<Response> dataset_policy(Exchange& exchange) {
  return one(exchange, portal::odrl_policy_jsonld, kJsonLd);
}
Result<Response> data_package(Exchange& exchange) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto dataset, visible_dataset(exchange, id));
  // A package holds at least one resource: where no file is published there is none to describe.
  if (dataset.resources.empty()) return fail(err::not_found);
  return json_response(portal::data_package(dataset, exchange.shared.settings.site));
}

// ---------------------------------------------------------------- CKAN

namespace {

template <typename T>
using Answer = CkanAnswer<T>;

constexpr portal::StaticText kFieldsKnown{
    "可用的筛选字段:organization、owner_org、groups、tags、res_format、opening_type、frequency",
    "Search Query is invalid: filters are organization, owner_org, groups, tags, res_format, "
    "opening_type and frequency"};
constexpr portal::StaticText kFiltersPlain{
    "筛选条件只支持 字段:值,以 AND 连接,括号内以 OR 连接",
    "Search Query is invalid: filters are field:value, joined by AND, or by OR inside brackets"};
constexpr portal::StaticText kSortsKnown{
    "可用的排序:score desc、metadata_modified desc、metadata_modified asc、id asc、name asc、"
    "views_recent desc",
    "Search Query is invalid: sort by score desc, metadata_modified desc, metadata_modified asc, "
    "id asc, name asc or views_recent desc"};

/// `organization:3 AND tags:"bus" res_format:(CSV OR JSON)`: what clients write into fq.
/// @source Solr's standard query parser, as far as CKAN's clients use it
class Filters {
 public:
  Filters(std::string_view text, portal::DatasetQuery& out) : rest_{text}, out_{&out} {}

  /// @errors "Search Query Error"
  Answer<bool> read() {
    while (skip()) {
      if (rest_.starts_with('-') || rest_.starts_with('!')) return bad_search(kFiltersPlain);
      const auto colon = rest_.find(':');
      if (colon == std::string_view::npos) return bad_search(kFiltersPlain);
      const auto field = rest_.substr(0, colon);
      rest_.remove_prefix(colon + 1);
      const auto values = value();
      if (!values) return std::unexpected{values.error()};
      if (const auto taken = take(field, *values); !taken) return taken;
    }
    return true;
  }

 private:
  bool skip() {
    while (!rest_.empty()) {
      if (rest_.front() == ' ' || rest_.front() == '+') {
        rest_.remove_prefix(1);
      } else if (rest_.starts_with("AND ")) {
        rest_.remove_prefix(4);
      } else {
        return true;
      }
    }
    return false;
  }
  Answer<std::string> word(std::string_view ends) {
    const bool quoted = rest_.starts_with('"');
    if (quoted) rest_.remove_prefix(1);
    const auto end = quoted ? rest_.find('"') : std::min(rest_.find_first_of(ends), rest_.size());
    if (end == std::string_view::npos || (!quoted && end == 0)) return bad_search(kFiltersPlain);
    std::string out{rest_.substr(0, end)};
    rest_.remove_prefix(std::min(end + (quoted ? 1 : 0), rest_.size()));
    return out;
  }
  Answer<std::vector<std::string>> value() {
    std::vector<std::string> out;
    if (rest_.starts_with('[') || rest_.starts_with('{')) return bad_search(kFiltersPlain);
    const bool several = rest_.starts_with('(');
    if (several) rest_.remove_prefix(1);
    for (;;) {
      auto one = word(several ? " )" : " ");
      if (!one) return std::unexpected{one.error()};
      out.push_back(std::move(*one));
      if (!several) return out;
      while (rest_.starts_with(' ')) rest_.remove_prefix(1);
      if (rest_.starts_with(')')) break;
      if (!rest_.starts_with("OR ")) return bad_search(kFiltersPlain);
      rest_.remove_prefix(3);
    }
    rest_.remove_prefix(1);
    return out;
  }
  Answer<bool> take(std::string_view field, const std::vector<std::string>& values) {
    const auto append = [&](std::vector<std::string>& into) {
      into.insert(into.end(), values.begin(), values.end());
      return true;
    };
    // Every value of these must hold: none of several would be another question.
    if (field == "topic" || field == "groups" || field == "tags") {
      if (values.size() > 1) return bad_search(kFiltersPlain);
      return append(field == "tags" ? out_->tags : out_->topics);
    }
    if (field == "res_format") return append(out_->formats);
    if (field == "frequency") return append(out_->frequencies);
    for (const auto& value : values) {
      if (field == "organization" || field == "owner_org") {
        std::uint32_t id = 0;
        std::from_chars(value.data(), value.data() + value.size(), id);
        out_->organisations.push_back(id);
      } else if (field == "opening_type") {
        const auto type = portal::opening_type(value);
        if (!type) return bad_search(kFieldsKnown);
        out_->openings.push_back(*type);
      } else if (!holds_for_all(field, value)) {
        return bad_search(kFieldsKnown);
      }
    }
    return true;
  }
  /// What every package of the catalogue is: clients say it to leave out drafts and harvesters.
  static bool holds_for_all(std::string_view field, std::string_view value) noexcept {
    return (field == "state" && value == "active") ||
           ((field == "dataset_type" || field == "type") && value == "dataset") ||
           (field == "private" && value == "false") || (field == "capacity" && value == "public") ||
           (field == "*" && value == "*");
  }

  std::string_view rest_;
  portal::DatasetQuery* out_;
};

/// Words, or filters: people write `tags:bus` into q, too.
Answer<bool> read_words(std::string_view text, portal::DatasetQuery& out) {
  if (text.empty() || text == "*:*") return true;
  const auto colon = text.find(':');
  const auto field = text.substr(0, colon);
  if (colon == std::string_view::npos ||
      field.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string_view::npos) {
    out.text = utf8_prefix(text, 500);
    return true;
  }
  for (const std::string_view inside : {"title", "notes", "text", "name"}) {
    if (field != inside) continue;
    text.remove_prefix(colon + 1);
    out.text = utf8_prefix(text, 500);
    return true;
  }
  return Filters{text, out}.read();
}

Answer<portal::SortBy> sort_of(std::string_view text) {
  using enum portal::SortBy;
  constexpr std::array<std::pair<std::string_view, portal::SortBy>, 12> kKnown{
      {{"score desc", relevance},
       {"relevance asc", relevance},
       {"metadata_modified desc", updated},
       {"metadata_modified asc", oldest},
       {"id asc", id},
       {"id", id},
       {"name asc", id},
       {"name", id},
       {"views_recent desc", downloads},
       {"views_total desc", downloads},
       {"popularity desc", downloads},
       {"metadata_modified", oldest}}};
  const auto first = text.substr(0, text.find(','));  // the rest only breaks ties
  if (first.empty()) return relevance;
  for (const auto& [name, sort] : kKnown) {
    if (name == first) return sort;
  }
  return bad_search(kSortsKnown);
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

std::string packages_json(const std::vector<portal::Dataset>& datasets,
                          const portal::SiteInfo& site) {
  codec::JsonWriter out;
  out.open_array();
  for (const auto& dataset : datasets) out.raw(portal::ckan_package(dataset, site));
  return out.close_array().take();
}

void write_facets(codec::JsonWriter& out, Exchange& exchange, const portal::SearchResult& found,
                  const std::vector<std::string>& wanted, std::uint64_t most) {
  const auto values = [&](const std::string& name) {
    const auto at = std::ranges::find(found.facets, facet_name(name), &portal::Facet::name);
    if (at == found.facets.end()) return std::vector<portal::FacetValue>{};
    const auto count = std::min<std::size_t>(at->values.size(), most);
    return std::vector<portal::FacetValue>{at->values.begin(),
                                           at->values.begin() + static_cast<std::ptrdiff_t>(count)};
  };
  out.key("facets").open_object();
  for (const auto& name : wanted) {
    out.key(name).open_object();
    for (const auto& value : values(name)) out.key(value.value).number(value.count);
    out.close_object();
  }
  out.close_object().key("search_facets").open_object();
  for (const auto& name : wanted) {
    out.key(name).open_object().key("title").string(name).key("items").open_array();
    for (const auto& value : values(name)) {
      out.open_object().key("name").string(value.value);
      out.key("display_name").string(facet_title(exchange, facet_name(name), value.value).in(true));
      out.key("count").number(value.count).close_object();
    }
    out.close_array().close_object();
  }
  out.close_object();
}

/// Datasets from `offset` on in a fixed order; `limit` 0: as many as one answer may have.
Answer<portal::SearchResult> listed(Exchange& exchange, const Arguments& arguments,
                                    std::uint64_t otherwise) {
  portal::DatasetQuery query;
  query.sort = portal::SortBy::id;
  query.facets = false;
  const auto limit = arguments.whole_number("limit", otherwise);
  if (!limit) return std::unexpected{limit.error()};
  const auto offset = arguments.whole_number("offset", arguments.number("start", 0));
  if (!offset) return std::unexpected{offset.error()};
  query.limit = static_cast<std::uint32_t>(std::min(*limit, kCkanRowsMax));
  query.offset = *offset;
  auto found = search_visible(exchange, query);
  if (!found) return from(found.error());
  return std::move(*found);
}

/// A draft of the caller's, or a case they may look at: what its document says.
Answer<std::string> draft_dict(Exchange& exchange, const Hash& id) {
  const auto seen = visible_item(exchange, id);
  if (!seen) return from(seen.error());
  if (seen->view.workflow != "entry") return not_found();
  const auto text = document_text(exchange, id, seen->row.content);
  if (!text) return from(text.error());
  if (!*text) return not_found();
  portal::Dataset dataset = portal::dataset_of_entry(**text);
  dataset.id = id;
  dataset.organisation = seen->row.item.organisation;
  dataset.organisation_title = organisation_title(exchange, dataset.organisation);
  dataset.published = seen->row.created;
  dataset.updated = seen->row.updated;
  dataset.version = seen->row.item.sequence;
  dataset.document = seen->row.content;
  const auto* pack = exchange.shared.rules.pack(seen->row.item.pack);
  const auto* workflow = pack ? pack->workflow(seen->row.item.workflow) : nullptr;
  const auto* state = workflow ? workflow->state(seen->row.item.state) : nullptr;
  const bool over = state != nullptr && state->is_final;
  return portal::ckan_package(dataset, exchange.shared.settings.site, over ? "deleted" : "draft");
}

}  // namespace

std::optional<Hash> ckan_id(std::string_view text) {
  const auto out = codec::fixed_from_hex<Hash>(text);
  return out ? std::optional{*out} : std::nullopt;
}

CkanAnswer<std::string> package_dict(Exchange& exchange, const Hash& id) {
  if (const auto dataset = visible_dataset(exchange, id)) {
    portal::ProjectionReader reader{exchange.db.projection};
    const auto row = reader.item(id);
    const auto* flow = exchange.shared.access.workflow("entry");
    if (row && *row && flow != nullptr && (flow->public_states >> (*row)->item.state & 1) != 0) {
      return portal::ckan_package(*dataset, exchange.shared.settings.site);
    }
  }
  return draft_dict(exchange, id);
}

CkanAnswer<std::string> package_search(Exchange& exchange, const Arguments& arguments) {
  portal::DatasetQuery query;
  if (const auto read = read_words(arguments.text("q"), query); !read) {
    return std::unexpected{read.error()};
  }
  auto filters = arguments.list("fq_list");
  filters.push_back(arguments.text("fq"));
  for (const auto& one : filters) {
    if (const auto read = Filters{one, query}.read(); !read) return std::unexpected{read.error()};
  }
  const auto rows = arguments.whole_number("rows", 10);
  if (!rows) return std::unexpected{rows.error()};
  const auto start = arguments.whole_number("start", 0);
  if (!start) return std::unexpected{start.error()};
  query.limit = static_cast<std::uint32_t>(std::min(*rows, kCkanRowsMax));
  query.offset = *start;
  const auto text = arguments.text("sort");
  const auto sort = sort_of(text);
  if (!sort) return std::unexpected{sort.error()};
  query.sort = *sort;
  const auto facets = arguments.list("facet.field");
  query.facets = !facets.empty();
  auto found = search_visible(exchange, query);
  if (!found) return from(found.error());
  const auto packages = whole(exchange, std::move(found->items));
  if (!packages) return std::unexpected{packages.error()};
  codec::JsonWriter out;
  out.open_object().key("count").number(found->total);
  out.key("sort").string(text.empty() ? "score desc, metadata_modified desc" : text);
  write_facets(out, exchange, *found, facets, arguments.number("facet.limit", 50));
  out.key("results").raw(packages_json(*packages, exchange.shared.settings.site));
  return out.close_object().take();
}

CkanAnswer<std::string> package_list(Exchange& exchange, const Arguments& arguments) {
  const auto count = portal::dataset_count(exchange.db.projection);
  if (!count) return from(count.error());
  // Without a limit a client takes the answer for the whole list: it is that, or none.
  const bool all = !arguments.has("limit");
  if (all && *count > kCkanNamesMax) {
    return invalid("limit", {"目录过大,请用 limit 和 offset 分页",
                             "the catalogue is large: page with limit and offset"});
  }
  codec::JsonWriter out;
  out.open_array();
  if (!all) {
    const auto found = listed(exchange, arguments, kCkanRowsMax);
    if (!found) return std::unexpected{found.error()};
    for (const auto& dataset : found->items) out.string(codec::to_hex(dataset.id));
    return out.close_array().take();
  }
  const std::uint64_t offset = arguments.number("offset", 0);
  if (finds_all(exchange)) {
    const auto ids = portal::listed_ids(exchange.db.projection, offset, kCkanNamesMax);
    if (!ids) return from(ids.error());
    for (const auto& id : *ids) out.string(codec::to_hex(id));
    return out.close_array().take();
  }
  portal::DatasetQuery query;
  query.sort = portal::SortBy::id;
  query.facets = false;
  query.limit = portal::kPageMax;
  for (query.offset = offset;; query.offset += query.limit) {
    const auto found = search_visible(exchange, query);
    if (!found) return from(found.error());
    for (const auto& dataset : found->items) out.string(codec::to_hex(dataset.id));
    if (found->items.size() < query.limit) return out.close_array().take();
  }
}

CkanAnswer<std::string> current_packages(Exchange& exchange, const Arguments& arguments) {
  auto found = listed(exchange, arguments, kCkanRowsMax);
  if (!found) return std::unexpected{found.error()};
  const auto packages = whole(exchange, std::move(found->items));
  if (!packages) return std::unexpected{packages.error()};
  return packages_json(*packages, exchange.shared.settings.site);
}

CkanAnswer<std::string> package_show(Exchange& exchange, const Arguments& arguments) {
  auto text = arguments.text("id");
  if (text.empty()) text = arguments.text("name_or_id");
  if (text.empty()) return invalid("id: Missing value");
  const auto id = ckan_id(text);
  if (!id) return not_found();
  return package_dict(exchange, *id);
}

CkanAnswer<std::pair<portal::Dataset, portal::Resource>> resource_of(Exchange& exchange,
                                                                     const std::string& text) {
  const auto id = ckan_id(text);
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

CkanAnswer<std::string> resource_show(Exchange& exchange, const Arguments& arguments) {
  if (arguments.text("id").empty()) return invalid("id: Missing value");
  const auto found = resource_of(exchange, arguments.text("id"));
  if (!found) return std::unexpected{found.error()};
  return portal::ckan_resource(found->second, found->first, exchange.shared.settings.site);
}

CkanAnswer<std::string> resource_search(Exchange& exchange, const Arguments& arguments) {
  const auto terms = arguments.list("query");
  if (terms.empty()) return invalid("query: Missing value");
  portal::ResourceQuery query;
  for (const std::string_view term : terms) {
    const auto colon = term.find(':');
    const auto field = term.substr(0, colon);
    const auto value = term.substr(colon == std::string_view::npos ? term.size() : colon + 1);
    if (field == "name" && !value.empty()) {
      query.name = value;
    } else if (field == "format" && !value.empty()) {
      query.format = value;
    } else if (field == "hash" && !value.empty()) {
      const auto digest = ckan_id(value.substr(value.starts_with("sha256:") ? 7 : 0));
      if (!digest) return invalid("query", {"hash 应为 SHA-256", "hash is a SHA-256"});
      query.digest = *digest;
    } else {
      return bad_search(
          {"只能按 name:、format:、hash: 检索资源",
           "Search Query is invalid: resources are found by name:, format: or hash:"});
    }
  }
  const auto limit = arguments.whole_number("limit", 100);
  if (!limit) return std::unexpected{limit.error()};
  query.limit = static_cast<std::uint32_t>(std::min(*limit, kCkanRowsMax));
  query.offset = arguments.number("offset", 0);
  const auto found = portal::find_resources(exchange.db.projection, query);
  if (!found) return from(found.error());
  codec::JsonWriter out;
  out.open_object().key("count").number(found->total).key("results").open_array();
  for (const auto& resource : found->items) {
    // Only of datasets that the caller may see.
    const auto dataset = visible_dataset(exchange, resource.entry);
    if (dataset) {
      out.raw(portal::ckan_resource(resource, *dataset, exchange.shared.settings.site));
    }
  }
  return out.close_array().close_object().take();
}

}  // namespace wusong::gateway::internal
