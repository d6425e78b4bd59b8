// SPDX-License-Identifier: Apache-2.0
// Tables in files: first rows, what columns hold, rows and groups of rows; differences of two
// versions, what quality rules find (kept by the file's digest, which is a version), files without
// what must not leave.
#include <algorithm>
#include <array>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/acting.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/table_view.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/gateway/tables.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::uint64_t kRowsMax = 1'000;
constexpr std::size_t kConditionsMax = 200;

struct Operator {
  std::string_view word;    // in a query string
  std::string_view engine;  // tables/operations.hpp's
};
constexpr std::array kOperators{Operator{"eq", "="},
                                Operator{"ne", "!="},
                                Operator{"lt", "<"},
                                Operator{"lte", "<="},
                                Operator{"gt", ">"},
                                Operator{"gte", ">="},
                                Operator{"in", "in"},
                                Operator{"contains", "contains"},
                                Operator{"starts", "starts"},
                                Operator{"null", "null"},
                                Operator{"not_null", "not_null"}};

/// "column:operator:value", or "column:value" for equality.
void write_filter(codec::JsonWriter& out, std::string_view condition) {
  auto parts = cut(condition, ':', 3);
  const auto* op = kOperators.end();
  if (parts.size() > 1) op = std::ranges::find(kOperators, parts[1], &Operator::word);
  if (op == kOperators.end()) {
    parts = cut(condition, ':', 2);
    op = kOperators.begin();
  } else {
    parts.erase(parts.begin() + 1);
  }
  out.open_object().key("column").string(parts[0]).key("op").string(op->engine);
  if (parts.size() > 1 && op->word == "in") {
    out.key("value").open_array();
    for (const auto& one : list_of(parts[1])) out.string(one);
    out.close_array();
  } else if (parts.size() > 1) {
    out.key("value").string(parts[1]);
  }
  out.close_object();
}

void write_names(codec::JsonWriter& out, std::string_view member, std::string_view list) {
  if (list.empty()) return;
  out.key(member).open_array();
  for (const auto& name : list_of(list)) out.string(name);
  out.close_array();
}

/// "a,-b": by a, then by b from the largest on. "\-b" is a column whose name begins so.
void write_order(codec::JsonWriter& out, std::string_view list) {
  if (list.empty()) return;
  out.key("order").open_array();
  for (std::string_view rest = list; !rest.empty();) {
    const bool descending = rest.starts_with('-');
    if (descending) rest.remove_prefix(1);
    std::size_t end = 0;
    while (end < rest.size() && rest[end] != ',') end += rest[end] == '\\' ? 2u : 1u;
    out.open_object().key("column").string(cut(rest.substr(0, end), '\0').front());
    out.key("descending").boolean(descending).close_object();
    rest = end < rest.size() ? rest.substr(end + 1) : std::string_view{};
  }
  out.close_array();
}

/// "count", "sum:amount".
void write_aggregates(codec::JsonWriter& out, const std::vector<std::string>& lists) {
  out.key("aggregates").open_array();
  for (const auto& list : lists) {
    for (std::string_view rest = list; !rest.empty();) {
      std::size_t end = 0;
      while (end < rest.size() && rest[end] != ',') end += rest[end] == '\\' ? 2u : 1u;
      const auto parts = cut(rest.substr(0, end), ':', 2);
      out.open_object().key("function").string(parts[0]);
      if (parts.size() > 1) out.key("column").string(parts[1]);
      out.close_object();
      rest = end < rest.size() ? rest.substr(end + 1) : std::string_view{};
    }
  }
  out.close_array();
}

/// filters, search, order, limit, offset: what rows and groups have in common.
Result<void> write_common(Exchange& exchange, codec::JsonWriter& out) {
  WUSONG_TRY(const auto limit, exchange.number("limit", 100, kRowsMax));
  WUSONG_TRY(const auto offset, exchange.number("offset", 0, std::uint64_t{1} << 40));
  const auto& conditions = exchange.query.all("where");
  if (conditions.size() > kConditionsMax) return fail(err::bad_request);
  out.key("filters").open_array();
  for (const auto& condition : conditions) write_filter(out, condition);
  out.close_array();
  if (const auto text = exchange.query.get("q"); !text.empty()) out.key("search").string(text);
  write_order(out, exchange.query.get("sort"));
  out.key("limit").number(limit).key("offset").number(offset);
  return {};
}

void name_file(codec::JsonWriter& out, const OpenFile& open) {
  if (!open.resource.id.is_zero()) out.key("resource").string(hex(open.resource.id));
  out.key("digest").string(hex(open.file.digest));
}

Result<Response> answer_rows(Exchange& exchange, std::string_view action, const OpenFile& open,
                             std::string members) {
  std::uint64_t left = 0;
  WUSONG_CHECK(count_call(exchange, left));
  WUSONG_TRY(const auto question, rows_question(exchange, open.file, std::move(members)));
  WUSONG_TRY(const auto answer, ask_engine(exchange, question, kRowsWaitMs));
  if (!answer) {
    Problem problem = answer.error();
    // Whoever asked for rows must not take this for rows.
    if (problem.status == 202) problem.status = 503;
    return table_response(problem);
  }
  codec::JsonWriter out;
  out.open_object();
  name_file(out, open);
  write_rows(out, open.resource, answer->root());
  Response response = json_response(out.close_object().take());
  response.header("X-Quota-Remaining", std::to_string(left));
  WUSONG_CHECK(audit_read(exchange, action, open.resource.entry, open.file.digest, open.right,
                          response.body.size()));
  return response;
}

Result<Response> answer_preview(Exchange& exchange, const OpenFile& open) {
  WUSONG_TRY(const auto answer,
             ask_once(exchange, "preview", preview_question(open.file), kFactWaitMs));
  if (!answer) return table_response(answer.error());
  codec::JsonWriter out;
  out.open_object();
  name_file(out, open);
  write_rows(out, open.resource, answer->root());
  const auto rows = answer->root().find("rows");
  const std::uint64_t shown = rows ? rows->size() : 0;
  // A preview that is not full shows all there is.
  out.key("total").number(shown < kPreviewRows ? shown : std::max(shown, open.resource.rows));
  Response response = json_response(out.close_object().take());
  WUSONG_CHECK(audit_read(exchange, "preview", open.resource.entry, open.file.digest, open.right,
                          response.body.size()));
  return response;
}

Result<Response> answer_profile(Exchange& exchange, const OpenFile& open) {
  WUSONG_TRY(const auto answer,
             ask_once(exchange, "profile", profile_question(open.file), kFactWaitMs));
  if (!answer) return table_response(answer.error());
  const auto root = answer->root();
  const auto rows = root.find("rows");
  const std::uint64_t count = rows ? rows->u64().value_or(0) : 0;
  codec::JsonWriter out;
  out.open_object();
  name_file(out, open);
  out.key("rows").number(count);
  for (const auto* name : {"rejected", "format", "encoding", "engine"}) {
    if (const auto value = root.find(name)) out.key(name).raw(value->to_json());
  }
  out.key("columns").open_array();
  if (const auto columns = root.find("columns")) {
    for (const auto& column : columns->items()) {
      write_profile_column(out, open.resource, column, count);
    }
  }
  Response response = json_response(out.close_array().close_object().take());
  WUSONG_CHECK(audit_read(exchange, "profile", open.resource.entry, open.file.digest, open.right,
                          response.body.size()));
  return response;
}

using Looking = Result<Response> (*)(Exchange&, const OpenFile&);

Result<Response> into_dataset(Exchange& exchange, Looking look) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto open, open_table(exchange, id, exchange.query.get("resource")));
  return open ? look(exchange, *open) : Result<Response>{to_response(open.error())};
}
Result<Response> into_file(Exchange& exchange, Looking look) {
  WUSONG_TRY(const auto digest, exchange.digest("id"));
  WUSONG_TRY(const auto open, open_file(exchange, digest));
  return open ? look(exchange, *open) : Result<Response>{to_response(open.error())};
}

}  // namespace

Result<Response> dataset_preview(Exchange& exchange) {
  return into_dataset(exchange, answer_preview);
}
Result<Response> dataset_profile(Exchange& exchange) {
  return into_dataset(exchange, answer_profile);
}
Result<Response> file_preview(Exchange& exchange) {
  return into_file(exchange, answer_preview);
}
Result<Response> file_profile(Exchange& exchange) {
  return into_file(exchange, answer_profile);
}

Result<Response> dataset_rows(Exchange& exchange) {
  return into_dataset(exchange, [](Exchange& asked, const OpenFile& open) -> Result<Response> {
    codec::JsonWriter out;
    out.open_object();
    write_names(out, "select", asked.query.get("columns"));
    WUSONG_CHECK(write_common(asked, out));
    out.key("total").boolean(true);
    return answer_rows(asked, "rows", open, members_of(out));
  });
}

Result<Response> dataset_aggregate(Exchange& exchange) {
  return into_dataset(exchange, [](Exchange& asked, const OpenFile& open) -> Result<Response> {
    codec::JsonWriter out;
    out.open_object();
    write_names(out, "group_by", asked.query.get("group_by"));
    auto functions = asked.query.all("aggregate");
    if (functions.empty()) functions.emplace_back("count");
    write_aggregates(out, functions);
    WUSONG_CHECK(write_common(asked, out));
    out.key("total").boolean(true);
    return answer_rows(asked, "aggregate", open, members_of(out));
  });
}

namespace {

constexpr std::uint64_t kExamplesMax = 200;

struct Versions {
  TableFile before;
  TableFile after;
};

/// A version's file, in the format that its own document names.
Result<TableFile> file_of(Exchange& exchange, const portal::VersionRow& version) {
  TableFile out{version.digest, {}, 0};
  WUSONG_TRY(const auto text, document_text(exchange, version.item, version.document));
  const auto parsed =
      text ? codec::JsonDocument::parse(*text) : Result<codec::JsonDocument>{fail(err::not_found)};
  if (parsed) {
    out.format = table_format(text_of_member(parsed->root(), "format"),
                              text_of_member(parsed->root(), "media_type"));
  }
  if (out.format.empty()) return fail(err::not_a_table);
  return out;
}

/// The two that the query names, or the resource's last two.
Result<OrProblem<Versions>> versions_of(Exchange& exchange, const portal::Resource& resource) {
  WUSONG_TRY(const auto all, portal::versions(exchange.db.projection, resource.entry));
  std::vector<portal::VersionRow> own;  // newest first
  for (const auto& one : all) {
    if (one.item == resource.id && !one.digest.is_zero()) own.push_back(one);
  }
  const auto named = [&](std::string_view name, std::size_t otherwise) -> Result<std::size_t> {
    if (exchange.query.get(name).empty()) return otherwise;
    WUSONG_TRY(const auto digest, exchange.digest(name));
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (own[i].digest == digest) return i;
    }
    return fail(err::not_found);
  };
  WUSONG_TRY(const auto after, named("after", 0));
  WUSONG_TRY(const auto before, named("before", after + 1));
  if (before >= own.size() || after >= own.size()) {
    return OrProblem<Versions>{
        std::unexpect,
        Problem{409,
                "one_version",
                {"这个版本之前没有别的版本。", "There is no version before this one."},
                "",
                {"请用 before 和 after 指定两个版本的摘要,见 /versions。",
                 "Name the digests of two versions, before and after; /versions lists them."}}};
  }
  Versions out;
  WUSONG_TRY(out.before, file_of(exchange, own[before]));
  WUSONG_TRY(out.after, file_of(exchange, own[after]));
  return OrProblem<Versions>{std::move(out)};
}

TableQuestion diff_question(Exchange& exchange, const Versions& versions, std::uint64_t limit) {
  codec::JsonWriter members;
  members.open_object().key("key").open_array();
  for (const auto& name : list_of(exchange.query.get("key"))) members.string(name);
  members.close_array().key("limit").number(limit);
  TableQuestion out;
  out.operation = "diff";
  out.file = versions.before.digest;
  out.format = versions.before.format;
  out.other = versions.after.digest;
  out.other_format = versions.after.format;
  out.members = members_of(members);
  return out;
}

void write_diff_columns(codec::JsonWriter& out, const codec::JsonValue& columns) {
  out.key("columns").open_object();
  for (const auto* list : {"added", "removed", "retyped"}) {
    out.key(list).open_array();
    const auto found = columns.find(list);
    for (const auto& column : found ? found->items() : std::vector<codec::JsonValue>{}) {
      out.open_object().key("name").string(text_of_member(column, "name"));
      for (const auto* type : {"type", "before", "after"}) {
        const auto value = text_of_member(column, type);
        if (!value.empty()) out.key(type).string(type_word(value));
      }
      out.close_object();
    }
    out.close_array();
  }
  out.close_object();
}

}  // namespace

Result<Response> dataset_diff(Exchange& exchange) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto limit, exchange.number("limit", 50, kExamplesMax));
  WUSONG_TRY(const auto open, open_table(exchange, id, exchange.query.get("resource")));
  if (!open) return to_response(open.error());
  WUSONG_TRY(const auto versions, versions_of(exchange, open->resource));
  if (!versions) return to_response(versions.error());
  for (const auto& file : {versions->before, versions->after}) {
    WUSONG_TRY(const auto permission,
               bytes_permission(exchange, id, file.digest, Delivery::interface));
    if (!permission.decision.allowed) return to_response(problem_of(permission.decision));
  }
  std::uint64_t left = 0;
  WUSONG_CHECK(count_call(exchange, left));
  const auto question = diff_question(exchange, *versions, limit);
  WUSONG_TRY(const auto answer, ask_engine(exchange, question, kFactWaitMs));
  if (!answer) return table_response(answer.error());
  const auto root = answer->root();
  codec::JsonWriter out;
  out.open_object().key("resource").string(hex(open->resource.id));
  out.key("before").string(hex(versions->before.digest));
  out.key("after").string(hex(versions->after.digest));
  if (const auto rows = root.find("rows")) out.key("rows").raw(rows->to_json());
  if (const auto columns = root.find("columns")) write_diff_columns(out, *columns);
  if (const auto changes = root.find("changes")) out.key("changes").raw(changes->to_json());
  Response response = json_response(out.close_object().take());
  for (const auto& file : {versions->before, versions->after}) {
    WUSONG_CHECK(audit_read(exchange, "diff", id, file.digest, open->right, response.body.size()));
  }
  return response;
}

namespace {

constexpr std::string_view kKind = "quality";

FileFact fact_of(const TableFile& file) {
  return {file.digest, file.format, std::string{kKind}};
}

/// {digest, rows, passed, results}; examples are values of the file, for those who may read it.
std::string results_json(const TableFile& file, const codec::JsonValue& answer, bool examples) {
  codec::JsonWriter out;
  out.open_object().key("digest").string(hex(file.digest));
  for (const auto* name : {"rows", "rejected", "passed"}) {
    if (const auto value = answer.find(name)) out.key(name).raw(value->to_json());
  }
  out.key("results").open_array();
  const auto results = answer.find("results");
  for (const auto& result : results ? results->items() : std::vector<codec::JsonValue>{}) {
    out.open_object();
    for (const auto& [name, value] : result.members()) {
      if (name != "examples" || examples) out.key(name).raw(value.to_json());
    }
    out.close_object();
  }
  return out.close_array().close_object().take();
}

}  // namespace

bool manages(const Exchange& exchange, const OpenFile& open, std::uint32_t organisation) {
  if (open.resource.id.is_zero()) return true;
  const auto& access = exchange.shared.access;
  return (exchange.viewer.organisation != 0 && exchange.viewer.organisation == organisation) ||
         (exchange.viewer.roles & (access.city_roles | access.operator_roles)) != 0;
}

Result<Response> check_quality(Exchange& exchange) {
  WUSONG_TRY(const auto digest, exchange.digest("id"));
  WUSONG_TRY(const auto open, open_file(exchange, digest));
  if (!open) return to_response(open.error());
  if (!open->resource.id.is_zero()) {
    WUSONG_TRY(const auto dataset, visible_dataset(exchange, open->resource.entry));
    if (!manages(exchange, *open, dataset.organisation)) return fail(err::forbidden);
  }
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto rules = body.root().find("rules");
  if (!rules || !rules->is_array()) return fail(err::bad_request);
  TableQuestion question;
  question.operation = "quality";
  question.file = open->file.digest;
  question.format = open->file.format;
  question.members = "\"rules\":" + rules->to_json();
  WUSONG_TRY(const auto answer, ask_engine(exchange, question, kFactWaitMs));
  if (!answer) return table_response(answer.error());
  const auto text = answer->root().to_json();
  WUSONG_CHECK(keep_fact(exchange.db.own, fact_of(open->file), text, exchange.request.now));
  Response response = json_response(results_json(open->file, answer->root(), true));
  WUSONG_CHECK(audit_read(exchange, "quality", open->resource.entry, digest, open->right,
                          response.body.size()));
  return response;
}

/// What was found, for everybody who sees the dataset; the values that broke a rule for readers.
Result<Response> dataset_quality(Exchange& exchange) {
  WUSONG_TRY(const auto id, exchange.digest("id"));
  WUSONG_TRY(const auto dataset, visible_dataset(exchange, id));
  codec::JsonWriter out;
  out.open_object().key("resources").open_array();
  for (const auto& resource : dataset.resources) {
    const TableFile file{resource.digest, table_format(resource.format, resource.media_type),
                         resource.size};
    WUSONG_TRY(const auto known, find_fact(exchange.db.own, fact_of(file)));
    const auto parsed = known ? codec::JsonDocument::parse(*known)
                              : Result<codec::JsonDocument>{fail(err::not_found)};
    if (!parsed) continue;
    WUSONG_TRY(const auto permission,
               bytes_permission(exchange, id, resource.digest, Delivery::interface));
    const bool reads = permission.decision.allowed;
    auto text = results_json(file, parsed->root(), reads);
    out.raw("{\"resource\":\"" + hex(resource.id) + "\"," + text.substr(1));
    if (reads) {
      WUSONG_CHECK(
          audit_read(exchange, "quality", id, resource.digest, permission.right, text.size()));
    }
  }
  return json_response(out.close_array().close_object().take());
}

namespace {

struct Method {
  std::string_view name;
  portal::StaticText title;
};
constexpr std::array kMethods{Method{"keep", {"保留", "kept"}},
                              Method{"drop", {"删除", "dropped"}},
                              Method{"suppress", {"隐去", "suppressed"}},
                              Method{"mask", {"掩码", "masked"}},
                              Method{"generalise", {"概括", "generalised"}},
                              Method{"token", {"假名", "tokens"}}};

/// The catalogue entry that it is for: of the caller's own organisation.
Result<Hash> own_entry(Exchange& exchange, const codec::JsonValue& body) {
  const auto id = codec::fixed_from_hex<Hash>(text_of_member(body, "entry"));
  if (!id) return fail(err::bad_request);
  WUSONG_TRY(const auto seen, visible_item(exchange, *id));
  if (seen.view.workflow != "entry") return fail(err::bad_request);
  if (exchange.viewer.organisation == 0 ||
      exchange.viewer.organisation != seen.row.item.organisation) {
    return fail(err::forbidden);
  }
  return *id;
}

Result<TableQuestion> question_of(const Exchange& exchange, const codec::JsonValue& body,
                                  const OpenFile& open, const Hash& entry) {
  TableQuestion out;
  out.operation = "desensitise";
  out.file = open.file.digest;
  out.format = open.file.format;
  out.output = "csv";
  if (const auto format = text_of_member(body, "output"); !format.empty()) out.output = format;
  if (out.output != "csv" && out.output != "parquet") return fail(err::bad_request);
  const auto columns = body.find("columns");
  if (!columns || !columns->is_array() || columns->size() == 0) return fail(err::bad_request);
  codec::JsonWriter members;
  members.open_object().key("columns").raw(columns->to_json());
  // What nobody decided about does not leave.
  const auto others = text_of_member(body, "others");
  members.key("others").string(others.empty() ? "drop" : others);
  if (const auto check = body.find("k_anonymity"); check && check->is_object()) {
    members.key("k_anonymity").raw(check->to_json());
  }
  // One key a dataset: the same person is the same token in each of its files, and in no other's.
  members.key("key").string(codec::to_hex(exchange.shared.keys.token_key(entry).view()));
  out.members = members_of(members);
  return out;
}

/// "phone masked; name tokens": what the record says of each column, in words.
portal::Text methods_of(const codec::JsonValue& record, std::vector<std::string>& treated) {
  portal::Text out;
  const auto columns = record.find("columns");
  for (const auto& column : columns ? columns->items() : std::vector<codec::JsonValue>{}) {
    const auto* method =
        std::ranges::find(kMethods, text_of_member(column, "method"), &Method::name);
    if (method == kMethods.end() || method->name == "keep") continue;
    const std::string name{text_of_member(column, "column")};
    out.zh += (out.zh.empty() ? "" : ";") + name + " " + std::string{method->title.zh};
    out.en += (out.en.empty() ? "" : "; ") + name + " " + std::string{method->title.en};
    treated.push_back(name);
  }
  if (out.zh.empty()) out = {"未改动任何列", "No column was changed"};
  return out;
}

std::string document_of(const Exchange& exchange, const codec::JsonValue& body,
                        const TableQuestion& question, std::string_view after,
                        const codec::JsonValue& record) {
  std::vector<std::string> treated;
  const auto methods = methods_of(record, treated);
  codec::JsonWriter out;
  out.open_object();
  write_text(out, "method", methods);
  out.key("columns").open_array();
  for (const auto& name : treated) out.string(name);
  out.close_array();
  if (const auto standard = text_member(body, "standard"); !standard.empty()) {
    write_text(out, "standard", standard);
  }
  out.key("before").string(codec::to_hex(question.file)).key("after").string(after);
  const auto responsible = text_of_member(body, "responsible");
  out.key("responsible").string(responsible.empty() ? exchange.account()->display : responsible);
  out.key("extra").open_object().key("record").raw(record.to_json()).close_object();
  return out.close_object().take();
}

/// From here on it is a file of the caller's, as if they had uploaded it.
Result<void> keep_as_upload(Exchange& exchange, const std::string& digest, std::uint64_t size,
                            const std::string& format) {
  const auto& account = exchange.session->account;
  WUSONG_TRY(const auto known,
             find_row(exchange.db.own, "SELECT id FROM uploads WHERE digest = $1 AND account = $2",
                      sql(digest), sql(account.id)));
  if (known) return {};
  const std::string type = format == "csv" ? "text/csv" : "application/vnd.apache.parquet";
  WUSONG_CHECK(run(exchange.db.own,
                   "INSERT INTO uploads(id, account, name, media_type, size, created, digest) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                   sql(random_hex(exchange.shared.entropy, 16)), sql(account.id),
                   sql("desensitised-" + digest.substr(0, 12) + "." + format), sql(type), sql(size),
                   sql(exchange.request.now.value), sql(digest)));
  return {};
}

}  // namespace

Result<Response> desensitise_file(Exchange& exchange) {
  WUSONG_TRY(const auto digest, exchange.digest("id"));
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto root = body.root();
  WUSONG_TRY(const auto entry, own_entry(exchange, root));
  WUSONG_TRY(const auto open, open_file(exchange, digest));
  if (!open) return to_response(open.error());
  const bool own = open->resource.id.is_zero() || open->resource.entry == entry;
  if (!own) return fail(err::forbidden);
  WUSONG_TRY(const auto question, question_of(exchange, root, *open, entry));
  WUSONG_TRY(const auto answer, ask_engine(exchange, question, kFactWaitMs));
  if (!answer) return table_response(answer.error());
  const auto output = answer->root().find("output");
  const auto record = answer->root().find("record");
  const auto size = output ? output->find("size") : std::nullopt;
  if (!size || !record) return fail(err::internal);
  const std::string after{text_of_member(*output, "sha256")};
  WUSONG_CHECK(keep_as_upload(exchange, after, size->u64().value_or(0), question.output));
  WUSONG_CHECK(audit_read(exchange, "desensitise", entry, digest, open->right, 0));

  const auto document = document_of(exchange, root, question, after, *record);
  codec::JsonWriter out;
  out.open_object().key("file").open_object().key("digest").string("0x" + after);
  out.key("size").raw(size->to_json()).key("format").string(question.output).close_object();
  out.key("record").raw(record->to_json()).key("document").raw(document);
  const auto wanted = root.find("record");
  const bool draft = wanted && !wanted->boolean().value_or(true);
  if (draft || !exchange.session->account.custodial) {
    return json_response(out.close_object().take());
  }
  ActRequest act;
  act.workflow = "desensitisation";
  act.action = "record";
  act.subject = entry;
  act.document = document;
  act.once =
      exchange.session->account.id + " desensitise " +
      digest_hex(codec::to_hex(entry) + codec::to_hex(digest) + question.output + question.members);
  WUSONG_TRY(Response acted, perform(exchange, act));
  if (acted.status != 200 && acted.status != 202) return acted;
  out.key("act").raw(acted.body);
  return json_response(out.close_object().take());
}

}  // namespace wusong::gateway::internal
