// SPDX-License-Identifier: Apache-2.0
// Published datasets: search, one of them, its versions, and figures over all.
#include <algorithm>
#include <charconv>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/search.hpp"
#include "wusong/gateway/internal/view.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::uint32_t kPageSizeMax = 100;

std::optional<portal::SortBy> sort_by(std::string_view name) {
  if (name.empty() || name == "relevance") return portal::SortBy::relevance;
  if (name == "updated") return portal::SortBy::updated;
  if (name == "downloads") return portal::SortBy::downloads;
  return {};
}

void write_strings(codec::JsonWriter& out, std::string_view name,
                   const std::vector<std::string>& list) {
  out.key(name).open_array();
  for (const auto& text : list) out.string(text);
  out.close_array();
}

void write_columns(codec::JsonWriter& out, const portal::Resource& resource) {
  out.key("columns").open_array();
  for (const auto& column : resource.columns) {
    out.open_object().key("name").string(column.name).key("type").string(column.type);
    if (!column.title.empty()) write_text(out, "title", column.title);
    if (!column.description.empty()) write_text(out, "description", column.description);
    out.close_object();
  }
  out.close_array();
}

/// How complete the description is: SZ 29's quality check as far as a description shows it.
struct Score {
  std::string_view name;
  portal::StaticText title;
  unsigned score;
};
std::array<Score, 4> scores(const portal::Dataset& dataset, std::uint64_t now) {
  unsigned described = 0;
  unsigned columns = 0;
  for (const auto& resource : dataset.resources) {
    for (const auto& column : resource.columns) {
      ++columns;
      if (!column.title.empty() || !column.description.empty()) ++described;
    }
  }
  unsigned filled = 0;
  for (const bool there :
       {!dataset.title.empty(), !dataset.abstract.empty(), !dataset.items.empty(),
        !dataset.frequency.empty(), !dataset.contact.empty(), !dataset.licence.empty(),
        !dataset.topics.empty(), !dataset.tags.empty()}) {
    filled += there ? 1u : 0u;
  }
  const bool open_format = std::ranges::any_of(dataset.resources, [](const auto& resource) {
    return resource.format == "csv" || resource.format == "CSV" || resource.format == "json" ||
           resource.format == "JSON" || resource.format == "geojson";
  });
  const auto age_days = now > dataset.updated ? (now - dataset.updated) / 86'400 : 0;
  const unsigned fresh = age_days < 31 ? 100 : age_days < 366 ? 80 : age_days < 731 ? 50 : 20;
  return {{{"completeness", {"描述完整度", "Completeness of the description"}, filled * 100 / 8},
           {"dictionary",
            {"数据字典", "Data dictionary"},
            columns == 0 ? 0 : described * 100 / columns},
           {"format", {"开放格式", "Open format"}, open_format ? 100u : 40u},
           {"freshness", {"更新及时性", "Freshness"}, fresh}}};
}

void write_quality(codec::JsonWriter& out, const portal::Dataset& dataset, std::uint64_t now) {
  const auto all = scores(dataset, now);
  unsigned sum = 0;
  for (const auto& one : all) sum += one.score;
  out.key("quality").open_object().key("score").number(std::uint64_t{sum / all.size()});
  out.key("dimensions").open_array();
  for (const auto& one : all) {
    out.open_object().key("name").string(one.name);
    write_text(out, "title", one.title.text());
    out.key("score").number(std::uint64_t{one.score}).close_object();
  }
  out.close_array().close_object();
}

/// What the reader would do next to get at the bytes.
void write_permitted(codec::JsonWriter& out, const portal::Decision& decision) {
  out.key("permitted").open_object().key("allowed").boolean(decision.allowed);
  if (!decision.allowed) {
    write_text(out, "reason", decision.why.text());
    if (!decision.article.empty()) out.key("article").string(decision.article);
    write_text(out, "next", decision.next.text());
    const bool commit = decision.reason == portal::DenialReason::commitment_missing;
    if (commit || decision.reason == portal::DenialReason::grant_missing) {
      out.key("action").open_object();
      out.key("workflow").string(commit ? "commitment" : "application");
      out.key("action").string(commit ? "sign" : "submit").close_object();
    }
  }
  out.close_object();
}

Result<Response> page_of_datasets(Exchange& exchange, const portal::SearchResult& found,
                                  std::uint64_t page, std::uint64_t page_size) {
  codec::JsonWriter out;
  out.open_object().key("total").number(found.total);
  out.key("page").number(page).key("page_size").number(page_size).key("items").open_array();
  for (const auto& dataset : found.items) {
    open_dataset(out, exchange, dataset);
    out.close_object();
  }
  out.close_array().key("facets").open_object();
  for (const auto& facet : found.facets) {
    out.key(facet.name).open_array();
    for (const auto& value : facet.values) {
      out.open_object().key("value").string(value.value);
      write_text(out, "title", facet_title(exchange, facet.name, value.value));
      out.key("count").number(value.count).close_object();
    }
    out.close_array();
  }
  return json_response(out.close_object().close_object().take());
}

}  // namespace

Result<portal::DatasetQuery> dataset_query(const Exchange& exchange) {
  portal::DatasetQuery out;
  out.text = utf8_prefix(exchange.query.get("q"), 500);
  out.topics = exchange.query.all("topic");
  for (const auto& text : exchange.query.all("organisation")) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size()) return fail(err::bad_request);
    out.organisations.push_back(id);
  }
  for (const auto& text : exchange.query.all("opening_type")) {
    const auto type = portal::opening_type(text);
    if (!type) return fail(err::bad_request);
    out.openings.push_back(*type);
  }
  out.formats = exchange.query.all("format");
  out.frequencies = exchange.query.all("frequency");
  out.tags = exchange.query.all("tag");
  const auto sort = sort_by(exchange.query.get("sort"));
  if (!sort) return fail(err::bad_request);
  out.sort = *sort;
  WUSONG_TRY(const auto page, exchange.number("page", 1, 1'000'000));
  WUSONG_TRY(const auto size, exchange.number("page_size", 20, kPageSizeMax));
  if (page == 0 || size == 0) return fail(err::bad_request);
  out.limit = static_cast<std::uint32_t>(size);
  out.offset = (page - 1) * size;
  return out;
}

portal::Text facet_title(Exchange& exchange, std::string_view facet, std::string_view value) {
  const auto* pack = current_pack(exchange);
  if (facet == "organisation") {
    std::uint32_t id = 0;
    std::from_chars(value.data(), value.data() + value.size(), id);
    return organisation_title(exchange, id);
  }
  const auto& topics = exchange.shared.settings.topics;
  if (facet == "topic" && topics.contains(value)) return topics.find(value)->second;
  if (pack != nullptr) {
    for (const auto& vocabulary : pack->vocabularies) {
      if (vocabulary.name != facet) continue;
      for (const auto& one : vocabulary.values) {
        if (one.name == value) return one.title;
      }
    }
  }
  if (value == "unconditional") return {"无条件开放", "Open without conditions"};
  if (value == "conditional") return {"有条件开放", "Open under conditions"};
  if (value == "closed") return {"不予开放", "Not open"};
  return {std::string{value}, std::string{value}};
}

void open_dataset(codec::JsonWriter& out, Exchange& exchange, const portal::Dataset& dataset) {
  out.open_object().key("id").string(hex(dataset.id));
  write_text(out, "title", dataset.title);
  write_text(out, "abstract", dataset.abstract);
  out.key("organisation").open_object().key("id").number(std::uint64_t{dataset.organisation});
  write_text(out, "title",
             dataset.organisation_title.empty() ? organisation_title(exchange, dataset.organisation)
                                                : dataset.organisation_title);
  out.close_object();
  write_strings(out, "topics", dataset.topics);
  write_strings(out, "keywords", dataset.tags);
  write_strings(out, "formats", dataset.formats);
  out.key("opening_type").string(portal::name_of(dataset.opening));
  out.key("frequency").string(dataset.frequency);
  if (!dataset.licence.empty()) out.key("licence").string(dataset.licence);
  out.key("published_at").number(dataset.published).key("updated_at").number(dataset.updated);
  out.key("version").number(std::uint64_t{dataset.version});
  std::uint64_t rows = 0;
  std::uint64_t size = 0;
  for (const auto& resource : dataset.resources) {
    rows += resource.rows;
    size += resource.size;
  }
  if (!dataset.resources.empty()) out.key("rows").number(rows).key("size").number(size);
  out.key("downloads").number(dataset.downloads);
}

Result<Response> list_datasets(Exchange& exchange) {
  WUSONG_TRY(const auto query, dataset_query(exchange));
  WUSONG_TRY(const auto found, search_visible(exchange, query));
  return page_of_datasets(exchange, found, query.offset / query.limit + 1, query.limit);
}

Result<Response> show_dataset(Exchange& exchange) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto dataset, visible_dataset(exchange, id));
  WUSONG_TRY(const auto permission, bytes_permission(exchange, id, Hash{}, Delivery::interface));
  WUSONG_TRY(const auto document, document_text(exchange, id, dataset.document));
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto row, reader.item(id));
  const auto& site = exchange.shared.settings.site;

  codec::JsonWriter out;
  open_dataset(out, exchange, dataset);
  if (document) out.key("document").raw(*document);
  out.key("document_digest").string(hex(dataset.document));
  if (row) {
    const auto* pack = exchange.shared.rules.pack(row->item.pack);
    const auto* workflow = pack ? pack->workflow(row->item.workflow) : nullptr;
    const auto* state = workflow ? workflow->state(row->item.state) : nullptr;
    if (state != nullptr) out.key("state").string(state->name);
  }
  out.key("resources").open_array();
  for (const auto& resource : dataset.resources) {
    out.open_object().key("id").string(hex(resource.id));
    write_text(out, "name", resource.name);
    out.key("format").string(resource.format).key("media_type").string(resource.media_type);
    out.key("size").number(resource.size).key("digest").string(hex(resource.digest));
    out.key("rows").number(resource.rows).key("version").number(std::uint64_t{resource.version});
    out.key("updated_at").number(resource.updated);
    write_columns(out, resource);
    out.close_object();
  }
  out.close_array();
  write_quality(out, dataset, moment(exchange));
  out.key("citation").open_object();
  write_text(out, "text", portal::citation(dataset, site));
  out.key("bibtex").string(bibtex(dataset, site)).close_object();
  out.key("policy").raw(portal::odrl_policy_jsonld(dataset, site));
  out.key("usage").open_object().key("downloads").number(dataset.downloads).close_object();
  write_permitted(out, permission.decision);
  return json_response(out.close_object().take());
}

std::string bibtex(const portal::Dataset& dataset, const portal::SiteInfo& site) {
  const auto clean = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c != '{' && c != '}' && c != '\\' && c != '\n') out.push_back(c);
    }
    return out;
  };
  const std::string id = codec::to_hex(dataset.id);
  return "@misc{" + id.substr(0, 12) + ",\n  title = {" + clean(dataset.title.in(true)) +
         "},\n  author = {{" + clean(dataset.organisation_title.in(true)) + "}},\n  year = {" +
         iso_date(UnixMillis{dataset.updated * 1000}).substr(0, 4) + "},\n  version = {" +
         std::to_string(dataset.version) + "},\n  url = {" + site.base + "/dataset/" + id +
         "}\n}\n";
}

Result<Response> dataset_versions(Exchange& exchange) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_CHECK(visible_dataset(exchange, id));
  WUSONG_TRY(const auto versions, portal::versions(exchange.db.projection, id));
  codec::JsonWriter out;
  out.open_object().key("versions").open_array();
  for (const auto& version : versions) {
    out.open_object().key("number").number(std::uint64_t{version.version});
    out.key("at").number(version.time);
    if (version.item != id) out.key("resource").string(hex(version.item));
    if (!version.digest.is_zero()) out.key("digest").string(hex(version.digest));
    out.key("document").string(hex(version.document)).close_object();
  }
  return json_response(out.close_array().close_object().take());
}

namespace {

void write_counts(codec::JsonWriter& out, Exchange& exchange, std::string_view name,
                  const portal::SearchResult& found, std::string_view facet_name) {
  out.key(name).open_array();
  for (const auto& facet : found.facets) {
    if (facet.name != facet_name) continue;
    for (const auto& value : facet.values) {
      out.open_object().key("value").string(value.value);
      write_text(out, "title", facet_title(exchange, facet.name, value.value));
      out.key("count").number(value.count).close_object();
    }
  }
  out.close_array();
}

/// Counts of cases: for those who watch over the whole, by state.
void write_work(codec::JsonWriter& out, const portal::RulePack& pack,
                const std::vector<portal::ProjectionReader::StateCount>& counts) {
  out.key("work").open_array();
  for (const auto& count : counts) {
    const auto* workflow = pack.workflow(count.workflow);
    const auto* state = workflow ? workflow->state(count.state) : nullptr;
    if (state == nullptr) continue;
    out.open_object().key("workflow").string(workflow->name).key("state").string(state->name);
    out.key("count").number(count.count).close_object();
  }
  out.close_array();
}

}  // namespace

Result<Response> stats(Exchange& exchange) {
  portal::ProjectionReader reader{exchange.db.projection};
  portal::DatasetQuery query;
  query.limit = 0;
  WUSONG_TRY(const auto found, search_visible(exchange, query));
  WUSONG_TRY(const auto count, portal::dataset_count(exchange.db.projection));
  WUSONG_TRY(const auto all, reader.organisations());
  WUSONG_TRY(const auto states, reader.state_counts());
  const auto* pack = current_pack(exchange);
  const auto total_of = [&](std::string_view workflow) {
    std::uint64_t sum = 0;
    const auto* wanted = pack ? pack->workflow(workflow) : nullptr;
    for (const auto& state : states) {
      if (wanted != nullptr && state.workflow == wanted->number) sum += state.count;
    }
    return sum;
  };
  codec::JsonWriter out;
  out.open_object().key("datasets").number(count);
  out.key("resources").number(total_of("resource"));
  out.key("organisations").number(std::uint64_t{all.size()});
  out.key("applications").number(total_of("application"));
  out.key("products").number(total_of("product"));
  std::uint64_t open = 0;
  for (const auto& facet : found.facets) {
    for (const auto& value : facet.values) {
      if (facet.name == "opening_type" && value.value == "unconditional") open = value.count;
    }
  }
  const std::uint64_t share = count == 0 ? 0 : open * 100 / count;
  out.key("openness").open_object().key("score").number(share).key("dimensions").open_array();
  out.open_object().key("name").string("unconditional");
  write_text(out, "title", portal::Text{"无条件开放占比", "Share open without conditions"});
  out.key("score").number(share).key("weight").number(std::uint64_t{100}).close_object();
  out.close_array().close_object();
  write_counts(out, exchange, "by_opening_type", found, "opening_type");
  write_counts(out, exchange, "by_topic", found, "topic");
  write_counts(out, exchange, "by_organisation", found, "organisation");
  out.key("activity").open_array().close_array();
  if (pack != nullptr && exchange.viewer.kind == portal::ViewerKind::organisation) {
    write_work(out, *pack, states);
  }
  return json_response(out.close_object().take());
}

}  // namespace wusong::gateway::internal
