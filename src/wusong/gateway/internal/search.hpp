// SPDX-License-Identifier: Apache-2.0
// Search and descriptions of datasets, shared by the interface, CKAN and the pages.
#pragma once

#include <string>
#include <string_view>

#include "wusong/codec/json.hpp"
#include "wusong/gateway/gateway.hpp"
#include "wusong/portal/dataset.hpp"

namespace wusong::gateway::internal {

/// The query string's filters, sort and page. @errors err::bad_request
Result<portal::DatasetQuery> dataset_query(const Exchange& exchange);
/// A facet's value for people.
portal::Text facet_title(Exchange& exchange, std::string_view facet, std::string_view value);
portal::Text organisation_title(Exchange& exchange, std::uint32_t id);
/// A Dataset of section 7, without closing it.
void open_dataset(codec::JsonWriter& out, Exchange& exchange, const portal::Dataset& dataset);
std::string bibtex(const portal::Dataset& dataset, const portal::SiteInfo& site);

}  // namespace wusong::gateway::internal
