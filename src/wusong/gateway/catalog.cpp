// SPDX-License-Identifier: Apache-2.0
// The catalogue in the words of others: DCAT, ODRL, Data Package.
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
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
  WUSONG_TRY(auto found, portal::search(exchange.db.projection, query));
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

}  // namespace wusong::gateway::internal
