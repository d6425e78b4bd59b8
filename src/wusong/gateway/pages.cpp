// SPDX-License-Identifier: Apache-2.0
// Pages that say something without scripts; the web application takes them over where it runs.
#include <map>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/search.hpp"
#include "wusong/gateway/internal/view.hpp"

namespace wusong::gateway::internal {
namespace {

/// Text of the reader's language, escaped.
std::string said(const Exchange& exchange, const portal::Text& text) {
  return html(text.in(exchange.zh()));
}
std::string said(const Exchange& exchange, std::string_view zh, std::string_view en) {
  return html(exchange.zh() ? zh : en);
}

std::string address_in(const Exchange& exchange, std::string_view language) {
  std::string out = percent_encode(exchange.request.path);
  for (auto at = out.find("%2F"); at != std::string::npos; at = out.find("%2F")) {
    out.replace(at, 3, "/");
  }
  out += "?lang=" + std::string{language};
  for (const auto& [name, value] : exchange.query.pairs()) {
    if (name != "lang") out += "&" + percent_encode(name) + "=" + percent_encode(value);
  }
  return html(out);
}

struct Page {
  std::string title;   // plain
  std::string body;    // html
  std::string head{};  // html
  unsigned status{200};
};

/// What the web application needs to know before it asks anything.
std::string site_data(const portal::SiteInfo& site) {
  codec::JsonWriter out;
  out.open_object();
  write_text(out, "title", site.title);
  write_text(out, "description", site.description);
  write_text(out, "publisher", site.publisher);
  out.key("contact").string(site.contact).close_object();
  return "<script type=\"application/json\" id=\"site\">" + portal::for_script(out.take()) +
         "</script>";
}

Response render(const Exchange& exchange, const Page& page) {
  const auto& settings = exchange.shared.settings;
  const std::string site = settings.site.title.in(exchange.zh());
  std::string out = "<!doctype html>\n<html lang=\"";
  out += exchange.zh() ? "zh-CN" : "en";
  out +=
      "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>";
  out += html(page.title.empty() ? site : page.title + " · " + site) + "</title>";
  out += "<link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">";
  out += "<link rel=\"alternate\" hreflang=\"zh\" href=\"" + address_in(exchange, "zh") + "\">";
  out += "<link rel=\"alternate\" hreflang=\"en\" href=\"" + address_in(exchange, "en") + "\">";
  for (const auto& style : exchange.shared.web.styles) {
    out += "<link rel=\"stylesheet\" href=\"" + html(style) + "\">";
  }
  out += site_data(settings.site);
  out += page.head;
  for (const auto& script : exchange.shared.web.scripts) {
    out += "<script type=\"module\" src=\"" + html(script) + "\"></script>";
  }
  out +=
      "</head><body><div id=\"app\"><header class=\"wrap row\"><nav class=\"row\"><a "
      "class=\"strong\" "
      "href=\"/\">" +
      html(site) + "</a><a href=\"/search\">" + said(exchange, "数据目录", "Catalogue") +
      "</a><a href=\"/openapi.json\">" + said(exchange, "接口", "API") + "</a>";
  out +=
      exchange.zh()
          ? "<a hreflang=\"en\" lang=\"en\" href=\"" + address_in(exchange, "en") + "\">English</a>"
          : "<a hreflang=\"zh\" lang=\"zh\" href=\"" + address_in(exchange, "zh") + "\">中文</a>";
  out += "</nav></header><main class=\"wrap page stack\">" + page.body +
         "</main></div></body></html>\n";
  Response response = text_response(std::move(out), "text/html; charset=utf-8");
  response.status = page.status;
  response.header("Content-Language", exchange.zh() ? "zh-CN" : "en");
  return response;
}

std::string search_form(const Exchange& exchange) {
  return "<form action=\"/search\" method=\"get\" role=\"search\"><label>" +
         said(exchange, "检索数据", "Search data") + " <input type=\"search\" name=\"q\" value=\"" +
         html(exchange.query.get("q")) +
         "\"></label> <input type=\"hidden\" name=\"lang\" value=\"" +
         (exchange.zh() ? "zh" : "en") + "\"><button>" + said(exchange, "检索", "Search") +
         "</button></form>";
}

std::string opening_of(Exchange& exchange, const portal::Dataset& dataset) {
  return said(exchange, facet_title(exchange, "opening_type", portal::name_of(dataset.opening)));
}

std::string dataset_link(const portal::Dataset& dataset) {
  return "/dataset/" + codec::to_hex(dataset.id);
}

std::string listed(Exchange& exchange, const portal::Dataset& dataset) {
  return "<li><h3><a href=\"" + dataset_link(dataset) + "\">" + said(exchange, dataset.title) +
         "</a></h3><p>" + html(utf8_prefix(dataset.abstract.in(exchange.zh()), 400)) + "</p><p>" +
         said(exchange, dataset.organisation_title) + " · " + opening_of(exchange, dataset) +
         " · " + html(iso_date(UnixMillis{dataset.updated * 1000})) + "</p></li>";
}

std::string row_of(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return "<tr><th scope=\"row\">" + std::string{name} + "</th><td>" + std::string{value} +
         "</td></tr>";
}

/// Words of the vocabularies that every entry uses.
portal::Text word_of(std::string_view word) {
  static const std::map<std::string_view, portal::Text> kWords{
      {"realtime", {"实时", "Real time"}},
      {"daily", {"每日", "Daily"}},
      {"weekly", {"每周", "Weekly"}},
      {"monthly", {"每月", "Monthly"}},
      {"quarterly", {"每季度", "Quarterly"}},
      {"half_yearly", {"每半年", "Half-yearly"}},
      {"yearly", {"每年", "Yearly"}},
      {"irregular", {"不定期", "Irregular"}},
      {"once", {"一次性", "Once"}},
      {"unconditional", {"无条件共享", "Shared without conditions"}},
      {"conditional", {"有条件共享", "Shared on conditions"}},
      {"none", {"不予共享", "Not shared"}},
  };
  const auto found = kWords.find(word);
  if (found != kWords.end()) return found->second;
  return {std::string{word}, std::string{word}};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : ", ") + html(part);
  return out;
}
std::string joined(const Exchange& exchange, const std::vector<portal::Text>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : "; ") + said(exchange, part);
  return out;
}

std::string resource_section(const Exchange& exchange, const portal::Resource& resource) {
  const std::string digest = codec::to_hex(resource.digest);
  std::string out = "<section class=\"card\"><h3>" + said(exchange, resource.name) +
                    "</h3><p><a class=\"button\" href=\"/api/v1/files/" + digest +
                    "?dataset=" + codec::to_hex(resource.entry) + "\">" +
                    said(exchange, "下载", "Download") + "</a> " + html(resource.format) + " · " +
                    std::to_string(resource.size) + " " + said(exchange, "字节", "bytes") + " · " +
                    std::to_string(resource.rows) + " " + said(exchange, "行", "rows") + " · " +
                    html(iso_date(UnixMillis{resource.updated * 1000})) +
                    "</p><p class=\"small break\">SHA-256 <code>" + digest + "</code></p>";
  if (!resource.columns.empty()) {
    out += "<div class=\"table-wrap\"><table class=\"table\"><caption>" +
           said(exchange, "数据字典", "Data dictionary") +
           "</caption><thead><tr><th scope=\"col\">" + said(exchange, "列", "Column") +
           "</th><th scope=\"col\">" + said(exchange, "类型", "Type") + "</th><th scope=\"col\">" +
           said(exchange, "说明", "Meaning") + "</th></tr></thead><tbody>";
    for (const auto& column : resource.columns) {
      out += "<tr><td><code>" + html(column.name) + "</code></td><td>" + html(column.type) +
             "</td><td>" + said(exchange, column.title) + " " + said(exchange, column.description) +
             "</td></tr>";
    }
    out += "</tbody></table></div>";
  }
  return out + "</section>";
}

/// What the law asks of an entry, and whom to ask.
std::string entry_table(Exchange& exchange, const portal::Dataset& dataset) {
  const auto label = [&](std::string_view zh, std::string_view en) {
    return said(exchange, zh, en);
  };
  std::vector<std::string> topics;
  for (const auto& topic : dataset.topics) {
    topics.push_back(facet_title(exchange, "topic", topic).in(exchange.zh()));
  }
  return "<div class=\"table-wrap\"><table class=\"table\"><tbody>" +
         row_of(label("责任单位", "Responsible"), said(exchange, dataset.organisation_title)) +
         row_of(label("联系", "Contact"), html(dataset.contact)) +
         row_of(label("数据项", "Data items"), joined(exchange, dataset.items)) +
         row_of(label("格式", "Format"), joined(dataset.formats)) +
         row_of(label("更新频率", "Frequency"), said(exchange, word_of(dataset.frequency))) +
         row_of(label("更新", "Updated"), html(iso_date(UnixMillis{dataset.updated * 1000}))) +
         row_of(label("来源系统", "System"), said(exchange, dataset.system)) +
         row_of(label("共享属性", "Sharing"), said(exchange, word_of(dataset.sharing))) +
         row_of(label("开放类型", "Opening"), opening_of(exchange, dataset)) +
         row_of(label("主题", "Topics"), joined(topics)) +
         row_of(label("关键词", "Keywords"), joined(dataset.tags)) +
         row_of(label("许可", "Licence"), html(dataset.licence)) +
         row_of(label("版本", "Version"), std::to_string(dataset.version)) +
         row_of(label("引用", "Citation"),
                said(exchange, portal::citation(dataset, exchange.shared.settings.site))) +
         row_of(label("链上标识", "On the chain"), "<code>" + html(hex(dataset.id)) + "</code>") +
         "</tbody></table></div>";
}

std::string conditions_list(Exchange& exchange, const portal::Dataset& dataset) {
  const auto label = [&](std::string_view zh, std::string_view en) {
    return said(exchange, zh, en);
  };
  const std::string rows =
      row_of(label("开放条件", "Conditions"), said(exchange, dataset.conditions)) +
      row_of(label("谁可以申请", "Who may apply"), joined(exchange, dataset.subjects)) +
      row_of(label("应用场景", "Scenarios"), joined(exchange, dataset.scenarios)) +
      row_of(label("使用方式", "Modes of use"), joined(exchange, dataset.modes)) +
      row_of(label("申请材料", "Materials to hand in"), joined(exchange, dataset.materials));
  if (rows.empty()) return {};
  return "<div class=\"table-wrap\"><table class=\"table\"><tbody>" + rows +
         "</tbody></table></div>";
}

Result<std::string> version_list(Exchange& exchange, const portal::Dataset& dataset) {
  constexpr std::size_t kShown = 20;
  WUSONG_TRY(const auto versions, portal::versions(exchange.db.projection, dataset.id));
  std::string out = "<ol reversed class=\"small\">";
  std::size_t shown = 0;
  for (const auto& version : versions) {
    if (++shown > kShown) break;
    portal::Text what{"目录条目", "Catalogue entry"};
    for (const auto& resource : dataset.resources) {
      if (resource.id == version.item) what = resource.name;
    }
    const Hash& digest = version.digest.is_zero() ? version.document : version.digest;
    out += "<li value=\"" + std::to_string(version.version) + "\">" + said(exchange, what) + " · " +
           html(iso_date(UnixMillis{version.time * 1000})) + " · <code class=\"break\">" +
           codec::to_hex(digest) + "</code></li>";
  }
  return out + "</ol>";
}

std::string steps_to_bytes(const Exchange& exchange, const portal::Decision& decision) {
  if (decision.allowed) {
    return "<p class=\"note good\">" +
           said(exchange, "您可以使用这些数据。", "You may use these data.") + "</p>";
  }
  return "<p class=\"note wait\">" + said(exchange, decision.why.text()) + " " +
         said(exchange, decision.next.text()) +
         (decision.article.empty() ? "" : " (" + html(decision.article) + ")") + "</p>";
}

}  // namespace

Response problem_page(const Exchange& exchange, const Problem& problem) {
  Page page;
  page.title = problem.message.in(exchange.zh());
  page.status = problem.status;
  page.body = "<h1>" + said(exchange, problem.message) + "</h1><p>" + said(exchange, problem.next) +
              "</p><p><code>" + html(problem.code) + "</code></p>" + search_form(exchange);
  return render(exchange, page);
}

Result<Response> home_page(Exchange& exchange) {
  portal::DatasetQuery query;
  query.sort = portal::SortBy::updated;
  query.limit = 10;
  WUSONG_TRY(const auto found, search_visible(exchange, query));
  const auto& site = exchange.shared.settings.site;
  Page page;
  page.body = "<h1>" + said(exchange, site.title) + "</h1><p>" + said(exchange, site.description) +
              "</p>" + search_form(exchange) + "<p>" + std::to_string(found.total) + " " +
              said(exchange, "个数据集", "datasets") + "</p>";
  for (const auto& facet : found.facets) {
    if (facet.name != "topic" || facet.values.empty()) continue;
    page.body += "<h2>" + said(exchange, "主题", "Topics") + "</h2><ul>";
    for (const auto& value : facet.values) {
      page.body += "<li><a href=\"/search?topic=" + percent_encode(value.value) + "\">" +
                   said(exchange, facet_title(exchange, "topic", value.value)) + "</a> (" +
                   std::to_string(value.count) + ")</li>";
    }
    page.body += "</ul>";
  }
  page.body += "<h2>" + said(exchange, "最近更新", "Latest") + "</h2><ul>";
  for (const auto& dataset : found.items) page.body += listed(exchange, dataset);
  page.body += "</ul>";
  return render(exchange, page);
}

Result<Response> search_page(Exchange& exchange) {
  WUSONG_TRY(const auto query, dataset_query(exchange));
  WUSONG_TRY(const auto found, search_visible(exchange, query));
  Page page;
  page.title = exchange.zh() ? "数据目录" : "Catalogue";
  page.body = "<h1>" + html(page.title) + "</h1>" + search_form(exchange) + "<p>" +
              std::to_string(found.total) + " " + said(exchange, "条结果", "results") +
              "</p><ol start=\"" + std::to_string(query.offset + 1) + "\">";
  for (const auto& dataset : found.items) page.body += listed(exchange, dataset);
  page.body += "</ol>";
  const auto link = [&](std::uint64_t number, std::string_view zh, std::string_view en) {
    std::string target = "/search?page=" + std::to_string(number);
    for (const auto& [name, value] : exchange.query.pairs()) {
      if (name != "page") target += "&" + percent_encode(name) + "=" + percent_encode(value);
    }
    return "<a href=\"" + html(target) + "\">" + said(exchange, zh, en) + "</a> ";
  };
  const auto number = query.offset / query.limit + 1;
  page.body += "<nav>";
  if (number > 1) page.body += link(number - 1, "上一页", "Previous");
  if (query.offset + query.limit < found.total) page.body += link(number + 1, "下一页", "Next");
  page.body += "</nav>";
  return render(exchange, page);
}

namespace {

/// A program that asks for a graph, and not for a page.
bool prefers(const Exchange& exchange, std::string_view type) {
  const auto accept = exchange.request.headers.get("accept");
  return accept.find(type) != std::string_view::npos &&
         accept.find("text/html") == std::string_view::npos;
}

}  // namespace

Result<Response> dataset_page(Exchange& exchange) {
  if (prefers(exchange, "text/turtle")) return dataset_turtle(exchange);
  if (prefers(exchange, "application/ld+json")) return dataset_jsonld(exchange);
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto dataset, visible_dataset(exchange, id));
  WUSONG_TRY(const auto permission, bytes_permission(exchange, id, Hash{}, Delivery::interface));
  WUSONG_TRY(const auto versions, version_list(exchange, dataset));
  const auto& site = exchange.shared.settings.site;
  const std::string link = dataset_link(dataset);
  const std::string number = codec::to_hex(dataset.id);
  const auto label = [&](std::string_view zh, std::string_view en) {
    return said(exchange, zh, en);
  };
  Page page;
  page.title = dataset.title.in(exchange.zh());
  page.head = "<meta name=\"description\" content=\"" +
              html(utf8_prefix(dataset.abstract.in(exchange.zh()), 300)) +
              "\"><link rel=\"alternate\" type=\"application/ld+json\" href=\"" + link +
              ".jsonld\"><link rel=\"alternate\" type=\"text/turtle\" href=\"" + link +
              ".ttl\"><script type=\"application/ld+json\">" +
              portal::for_script(portal::schema_org_jsonld(dataset, site)) + "</script>";
  std::string& body = page.body;
  body = "<h1>" + said(exchange, dataset.title) + "</h1><p class=\"lead\">" +
         said(exchange, dataset.abstract) + "</p><h2>" + label("能不能用", "May I use it?") +
         "</h2>" + steps_to_bytes(exchange, permission.decision) +
         conditions_list(exchange, dataset);
  body += "<h2>" + label("目录信息", "Catalogue entry") + "</h2>" + entry_table(exchange, dataset);
  body += "<h2>" + label("文件", "Files") + "</h2>";
  for (const auto& resource : dataset.resources) body += resource_section(exchange, resource);
  for (const auto& other : dataset.links) {
    body += "<p><a rel=\"external nofollow\" href=\"" + html(other.url) + "\">" +
            html(other.name.empty() ? other.url : other.name) + "</a> " + html(other.format) +
            "</p>";
  }
  if (dataset.resources.empty() && dataset.links.empty()) {
    body += "<p>" +
            label("还没有登记文件；请联系责任单位。",
                  "No file is registered yet: ask the unit responsible.") +
            "</p>";
  }
  body += "<h2>" + label("用程序读取", "With a program") + "</h2><pre>curl -s " + html(site.base) +
          "/api/v1/datasets/" + number + "\ncurl -s -H 'Authorization: Bearer TOKEN' '" +
          html(site.base) + "/api/v1/datasets/" + number + "/rows?limit=10'</pre><p><a href=\"" +
          link + ".jsonld\">DCAT JSON-LD</a> · <a href=\"" + link +
          ".ttl\">Turtle</a> · <a href=\"/datapackage/" + number + ".json\">Data Package</a></p>";
  body += "<h2>" + label("版本", "Versions") + "</h2>" + versions;
  return render(exchange, page);
}

Result<Response> any_page(Exchange& exchange) {
  const auto& web = exchange.shared.web;
  if (const auto file = web.files.find(exchange.request.path); file != web.files.end()) {
    Response out;
    out.content_type = file->second.content_type;
    out.header("ETag", file->second.etag);
    // Names of built files hold a digest of their content.
    const bool named_by_content = exchange.request.path.starts_with("/assets/");
    out.header("Cache-Control",
               named_by_content ? "public, max-age=31536000, immutable" : "public, max-age=300");
    if (matches_etag(exchange.request.headers.get("if-none-match"), file->second.etag)) {
      out.status = 304;
    } else {
      out.body = file->second.body;
    }
    return out;
  }
  const auto& path = exchange.request.path;
  const auto last = path.substr(path.rfind('/') + 1);
  if (path.starts_with("/api/") || path.starts_with("/assets/") ||
      last.find('.') != std::string::npos) {
    return fail(err::not_found);
  }
  Page page;
  page.body = "<h1>" + said(exchange, exchange.shared.settings.site.title) + "</h1><p>" +
              said(exchange, "这一页需要启用 JavaScript。目录、检索和数据集页面不需要。",
                   "This page needs JavaScript. The catalogue, search and dataset pages do not.") +
              "</p>" + search_form(exchange);
  return render(exchange, page);
}

}  // namespace wusong::gateway::internal
