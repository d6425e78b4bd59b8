// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/describe.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/portal/internal/test_world.hpp"

namespace wusong::portal {
namespace {

using internal::hash_of_number;

SiteInfo site() {
  return {"https://data.example.cn",
          {"开放平台", "Open data"},
          {"说明", "About"},
          {"市数据局", "City Data Bureau"},
          "data@example.cn"};
}

/// Texts that would break every format that forgets to escape.
Dataset nasty() {
  Dataset out;
  out.id = hash_of_number(1);
  out.title = {"公交\"线路\"</script><b>", "Bus \\ lines\n\"\"\" ."};
  out.abstract = {"摘要\t", "About"};
  out.organisation = 3;
  out.organisation_title = {"交通局", "Transport Bureau"};
  out.opening = OpeningType::conditional;
  out.formats = {"csv"};
  out.frequency = "daily";
  out.topics = {"交通 <x>"};
  out.tags = {"公交", "a\"b"};
  out.conditions = {"仅限研究", "Research only"};
  out.scenarios = {{"研究", "Research"}};
  out.published = 1'700'000'000;
  out.updated = 1'700'100'000;
  out.version = 2;
  out.document = hash_of_number(9);
  Resource table;
  table.id = hash_of_number(2);
  table.entry = out.id;
  table.name = {"数据表", "Table"};
  table.format = "CSV";
  table.media_type = "text/csv";
  table.size = 123;
  table.digest = hash_of_number(3);
  table.columns = {{"t", {"时间", "time"}, "date", {}}};
  table.version = 1;
  out.resources = {table};
  return out;
}

codec::JsonDocument json(const std::string& text) {
  auto out = codec::JsonDocument::parse(text);
  EXPECT_TRUE(out) << text;
  return std::move(*out);
}

TEST(Ckan, APackageHasTheMembersClientsRead) {
  const auto text = json(ckan_package(nasty(), site()));
  const auto root = text.root();
  EXPECT_EQ(root.string_at("id").value(), codec::to_hex(hash_of_number(1)));
  EXPECT_EQ(root.string_at("title").value(), "公交\"线路\"</script><b>");
  EXPECT_EQ(root.string_at("metadata_created").value(), "2023-11-14T22:13:20");
  EXPECT_EQ(root.at("organization")->string_at("title").value(), "交通局");
  EXPECT_EQ(root.at("tags")->items().at(1).string_at("name").value(), "a\"b");
  const auto resource = root.at("resources")->items().at(0);
  EXPECT_EQ(resource.string_at("hash").value(), "sha256:" + codec::to_hex(hash_of_number(3)));
  EXPECT_EQ(resource.string_at("url").value(), "https://data.example.cn/api/v1/files/" +
                                                   codec::to_hex(hash_of_number(3)) +
                                                   "?dataset=" + codec::to_hex(hash_of_number(1)));
  for (const char* member : {"name", "notes", "state", "type", "private", "num_resources", "groups",
                             "extras", "owner_org", "license_id"})
    EXPECT_TRUE(root.find(member)) << member;
}

TEST(Dcat, ADatasetHasWhatTheProfileDemands) {
  const auto text = json(dcat_dataset_jsonld(nasty(), site()));
  const auto root = text.root();
  EXPECT_EQ(root.at("@type")->items().at(0).string().value(), "dcat:Dataset");
  for (const char* member :
       {"dct:title", "dct:description", "dct:publisher", "dcat:distribution", "dcat:contactPoint",
        "dcat:keyword", "dcat:theme", "dct:accessRights", "odrl:hasPolicy"})
    EXPECT_TRUE(root.find(member)) << member;
  const auto distribution = root.at("dcat:distribution")->items().at(0);
  EXPECT_TRUE(distribution.find("dcat:accessURL"));
  const auto checksum = distribution.at("spdx:checksum")->items().at(0);
  EXPECT_EQ(checksum.at("spdx:checksumValue")->items().at(0).string_at("@value").value(),
            codec::to_hex(hash_of_number(3)));
  EXPECT_EQ(root.at("dct:title")->items().at(1).string_at("@language").value(), "en");
}

TEST(Dcat, ALicenceIsAnAddressWhereOthersKnowIt) {
  Dataset dataset = nasty();
  dataset.licence = "CC-BY-4.0";
  EXPECT_EQ(licence_url(dataset), "https://creativecommons.org/licenses/by/4.0/");
  EXPECT_NE(dcat_dataset_turtle(dataset, site()).find("<" + licence_url(dataset) + ">"),
            std::string::npos);
  EXPECT_EQ(json(schema_org_jsonld(dataset, site())).root().string_at("license").value(),
            licence_url(dataset));
  dataset.licence = "开放利用协议 / Agreement";  // its own words: no address is invented
  EXPECT_EQ(licence_url(dataset), "");
  EXPECT_NE(dcat_dataset_turtle(dataset, site()).find("dct:title \"" + dataset.licence + "\""),
            std::string::npos);
  const auto package = json(data_package(dataset, site()));
  EXPECT_FALSE(package.root().at("licenses")->items().at(0).find("name"));  // a name is one word
  dataset.licence = "";
  EXPECT_EQ(dcat_dataset_turtle(dataset, site()).find("dct:license"), std::string::npos);
}

TEST(Dcat, ANodeOfManyDatasetsIsDescribedOnce) {
  const std::vector<Dataset> datasets{nasty(), nasty()};
  const std::string text = dcat_catalog_turtle({1, 10, 2, datasets}, site());
  const std::string publisher = "<https://data.example.cn/organisation/3> a foaf:Agent";
  const auto first = text.find(publisher);
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(text.find(publisher, first + 1), std::string::npos);
}

TEST(Dcat, TurtleEscapesTextsAndIris) {
  const std::string text = dcat_dataset_turtle(nasty(), site());
  EXPECT_NE(text.find(R"("Bus \\ lines\n\"\"\" ."@en)"), std::string::npos) << text;
  EXPECT_NE(text.find("<https://data.example.cn/topic/%E4%BA%A4%E9%80%9A%20%3Cx%3E>"),
            std::string::npos);
  EXPECT_NE(text.find("^^xsd:dateTime"), std::string::npos);
  EXPECT_EQ(turtle_string("a\x01\x7f"), R"("a\u0001\u007F")");
  EXPECT_EQ(turtle_string("中\r\n"), R"("中\r\n")");
}

// @row 15
TEST(Dcat, ACatalogueNamesItsPagesAndItsPublisher) {
  const std::vector<Dataset> datasets{nasty()};
  const CatalogPage page{2, 1, 3, datasets};
  const auto text = json(dcat_catalog_jsonld(page, site()));
  const auto view = text.root().at("hydra:view")->items().at(0);
  const auto target = [&](std::string_view member) {
    return std::string{view.at(member)->items().at(0).string_at("@id").value_or("")};
  };
  EXPECT_EQ(target("hydra:previous"), "https://data.example.cn/catalog.jsonld?page=1&page_size=1");
  EXPECT_EQ(target("hydra:next"), "https://data.example.cn/catalog.jsonld?page=3&page_size=1");
  EXPECT_EQ(target("hydra:last"), "https://data.example.cn/catalog.jsonld?page=3&page_size=1");
  EXPECT_TRUE(text.root().find("dct:publisher"));
  EXPECT_EQ(text.root().at("dcat:dataset")->items().size(), 1u);
  const auto end = json(dcat_catalog_jsonld({3, 1, 3, datasets}, site()));
  EXPECT_FALSE(end.root().at("hydra:view")->items().at(0).find("hydra:next"));
  EXPECT_NE(dcat_catalog_turtle(page, site()).find("a dcat:Catalog"), std::string::npos);
}

// @row 13
TEST(Odrl, APolicySaysWhatTheConditionsAre) {
  const auto text = json(odrl_policy_jsonld(nasty(), site()));
  EXPECT_EQ(text.root().string_at("@type").value(), "Offer");
  const auto permission = text.root().at("permission")->items().at(0);
  EXPECT_EQ(permission.string_at("action").value(), "use");
  EXPECT_EQ(permission.at("constraint")->items().at(0).string_at("rightOperand").value(), "研究");
  EXPECT_EQ(permission.at("duty")->items().at(0).string_at("action").value(), "obtainConsent");
  EXPECT_EQ(text.root().at("prohibition")->items().at(0).string_at("action").value(), "distribute");
  Dataset open = nasty();
  open.opening = OpeningType::unconditional;
  open.scenarios.clear();
  const auto other = json(odrl_policy_jsonld(open, site()));
  EXPECT_FALSE(other.root().find("prohibition"));
}

TEST(SchemaOrg, CannotCloseTheScriptElementItStandsIn) {
  const std::string text = for_script(schema_org_jsonld(nasty(), site()));
  EXPECT_EQ(text.find('<'), std::string::npos);
  const auto parsed = json(text);
  EXPECT_EQ(parsed.root().string_at("name").value(), "公交\"线路\"</script><b>");
  EXPECT_EQ(parsed.root().string_at("@type").value(), "Dataset");
  EXPECT_TRUE(parsed.root().at("distribution")->items().at(0).find("contentUrl"));
}

TEST(DataPackage, DescribesTheTableWithItsSchema) {
  const auto text = json(data_package(nasty(), site()));
  const auto resource = text.root().at("resources")->items().at(0);
  EXPECT_EQ(resource.string_at("format").value(), "csv");
  EXPECT_EQ(resource.string_at("mediatype").value(), "text/csv");
  const auto field = resource.at("schema")->at("fields")->items().at(0);
  EXPECT_EQ(field.string_at("name").value(), "t");
  EXPECT_EQ(field.string_at("type").value(), "date");
  EXPECT_EQ(field.string_at("title").value(), "时间");
}

TEST(Citation, NamesPublisherYearVersionAndDigest) {
  const Text text = citation(nasty(), site());
  EXPECT_NE(text.en.find("Transport Bureau (2023)."), std::string::npos) << text.en;
  EXPECT_NE(text.en.find("Version 2"), std::string::npos);
  EXPECT_NE(text.zh.find("sha256:" + codec::to_hex(hash_of_number(9))), std::string::npos);
}

}  // namespace
}  // namespace wusong::portal
