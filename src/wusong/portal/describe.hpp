// SPDX-License-Identifier: Apache-2.0
// Published datasets in the words of others: CKAN, DCAT-AP, schema.org, Data Package. Pure texts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wusong/portal/dataset.hpp"

namespace wusong::portal {

/// Where the portal stands and who runs it.
struct SiteInfo {
  std::string base;  // "https://data.example.cn", without a slash at the end
  Text title;
  Text description;
  Text publisher;
  std::string contact;  // an e-mail address, or empty
};

/// CKAN's package dict, as package_show answers. `ckan` version 2.10's members.
/// `state`: "active", or "draft" for what only its own organisation sees.
std::string ckan_package(const Dataset& dataset, const SiteInfo& site,
                         std::string_view state = "active");
std::string ckan_resource(const Resource& resource, const Dataset& dataset, const SiteInfo& site);

/// Where a resource's bytes are, named with the dataset whose right they need.
std::string file_address(const Resource& resource, const SiteInfo& site);
/// A link has no item of its own: its id follows from its entry and its address.
Hash link_id(const ItemId& entry, std::string_view url);

/// The address of a dataset's licence: one of licences.hpp, or the address that the entry gives;
/// empty where there is neither.
std::string licence_url(const Dataset& dataset);

/// A page of the catalogue.
struct CatalogPage {
  std::uint64_t page{1};
  std::uint64_t page_size{100};
  std::uint64_t total{0};
  std::span<const Dataset> datasets;
};
/// @source DCAT 3; DCAT-AP 3.0.1 (every mandatory and the recommended properties); paging: Hydra
std::string dcat_catalog_jsonld(const CatalogPage& page, const SiteInfo& site);
std::string dcat_catalog_turtle(const CatalogPage& page, const SiteInfo& site);
std::string dcat_dataset_jsonld(const Dataset& dataset, const SiteInfo& site);
std::string dcat_dataset_turtle(const Dataset& dataset, const SiteInfo& site);

/// What may be done with the data. @source ODRL 2.2
std::string odrl_policy_jsonld(const Dataset& dataset, const SiteInfo& site);

/// @source schema.org/Dataset, as search engines read it
std::string schema_org_jsonld(const Dataset& dataset, const SiteInfo& site);
/// @source Data Package v1, datapackage.json
std::string data_package(const Dataset& dataset, const SiteInfo& site);
/// "Publisher (year). Title. Version n. URL. sha256:…"
Text citation(const Dataset& dataset, const SiteInfo& site);

/// For the inside of <script type="application/ld+json">: no text in it can close the element.
std::string for_script(std::string_view json);
/// `text` as a Turtle string literal with its quotes. @source RDF 1.1 Turtle, section 6.4
std::string turtle_string(std::string_view text);

}  // namespace wusong::portal
