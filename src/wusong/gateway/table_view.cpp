// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/internal/table_view.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/gateway/tables.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::size_t kListMax = 2'000;  // columns that one question names

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  return out;
}

Result<OrProblem<OpenFile>> as_resource(Exchange& exchange, const portal::Resource& resource) {
  WUSONG_TRY(const auto permission,
             bytes_permission(exchange, resource.entry, resource.digest, Delivery::interface));
  if (!permission.decision.allowed) {
    return OrProblem<OpenFile>{std::unexpect, problem_of(permission.decision)};
  }
  return OrProblem<OpenFile>{
      OpenFile{{resource.digest, table_format(resource.format, resource.media_type), resource.size},
               resource,
               permission.right}};
}

Result<OrProblem<OpenFile>> checked(Result<OrProblem<OpenFile>> opened) {
  if (opened && *opened && (*opened)->file.format.empty()) return fail(err::not_a_table);
  return opened;
}

struct Refusal {
  std::string_view code;  // of tables/answer.cpp
  unsigned status;
  bool tell;  // its detail names what was asked, nothing of the server
  portal::StaticText next;
};
constexpr portal::StaticText kMendQuestion{
    "请对照字段名和接口说明修改请求。", "Compare the request with the columns and /openapi.json."};
constexpr portal::StaticText kMendFile{"请数据提供单位修正文件后重新上传。",
                                       "Whoever provides the file mends it and uploads it again."};
constexpr portal::StaticText kLater{"请稍后重试,或缩小查询范围。",
                                    "Try again later, or ask for less."};
constexpr std::array kRefusals{
    Refusal{"bad_request", 400, true, kMendQuestion},
    Refusal{"no_such_column", 400, true, kMendQuestion},
    Refusal{"bad_value", 400, false, kMendQuestion},
    Refusal{"not_a_key", 409, true, {"请选择能唯一确定一行的列。", "Choose columns that do."}},
    Refusal{"not_anonymous",
            409,
            true,
            {"请加大概括程度、删除更多列,或改为隐去不足 k 的行。",
             "Generalise more, drop more columns, or suppress the rows below k."}},
    Refusal{"unreadable", 422, false, kMendFile},
    Refusal{"empty", 422, false, kMendFile},
    Refusal{"not_utf8", 422, false, kMendFile},
    Refusal{"line_too_long", 422, false, kMendFile},
    Refusal{"too_many_columns", 422, true, kMendFile},
    Refusal{"too_large", 422, false, kMendFile},
    Refusal{"out_of_memory", 422, false, kLater},
    Refusal{"disk_full", 503, false, kLater},
    Refusal{"timed_out", 503, false, kLater},
    Refusal{"interrupted", 503, false, kLater},
    Refusal{"killed", 503, false, kLater},
    Refusal{"unprotected",
            503,
            false,
            {"请运营单位在支持 seccomp 的系统上运行门户;下载不受影响。",
             "The operator runs the portal where the kernel has seccomp; downloads work."}},
    Refusal{"engine_missing",
            503,
            false,
            {"请运营单位在服务器上运行 tools/duckdb/install 后重启门户。",
             "The operator runs tools/duckdb/install on the server and restarts the portal."}},
};

/// "12.50" as a number; anything else that is no finite number as text.
void write_number(codec::JsonWriter& out, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (whole && std::isfinite(value)) {
    out.number(value);
  } else {
    out.string(text);
  }
}

}  // namespace

std::vector<std::string> cut(std::string_view text, char separator, std::size_t most) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && out.size() < most) {
      out.back().push_back(text[++i]);
    } else if (text[i] == separator && out.size() < most) {
      out.emplace_back();
    } else {
      out.back().push_back(text[i]);
    }
  }
  return out;
}

std::vector<std::string> list_of(std::string_view text) {
  return text.empty() ? std::vector<std::string>{} : cut(text, ',', kListMax);
}

std::string members_of(codec::JsonWriter& out) {
  const auto text = out.close_object().take();
  return text.substr(1, text.size() - 2);
}

std::string table_format(std::string_view format, std::string_view media_type) {
  auto name = lower(format);
  for (const std::string_view known : {"csv", "json", "geojson", "parquet", "xlsx"}) {
    if (name == known) return name;
  }
  if (name == "tsv" || name == "txt" || media_type.starts_with("text/csv")) return "csv";
  return {};
}

Result<OrProblem<OpenFile>> open_table(Exchange& exchange, const Hash& dataset,
                                       std::string_view resource_id) {
  WUSONG_TRY(const auto whole, visible_dataset(exchange, dataset));
  for (const auto& resource : whole.resources) {
    const bool first =
        resource.current && !table_format(resource.format, resource.media_type).empty();
    const bool named = resource_id.empty() ? first
                                           : codec::to_hex(resource.id) == resource_id ||
                                                 hex(resource.id) == resource_id;
    if (named) return checked(as_resource(exchange, resource));
  }
  return fail(err::not_found);
}

Result<OrProblem<OpenFile>> open_file(Exchange& exchange, const Hash& digest) {
  if (const auto* account = exchange.account()) {
    WUSONG_TRY(const auto row,
               find_row(exchange.db.own,
                        "SELECT name, media_type, size FROM uploads WHERE digest = $1 AND "
                        "account = $2",
                        sql(codec::to_hex(digest)), sql(account->id)));
    if (row) {
      const auto name = text_of((*row)[0]);
      const auto dot = name.rfind('.');
      OpenFile out;
      out.file = {
          digest,
          table_format(dot == std::string::npos ? "" : name.substr(dot + 1), text_of((*row)[1])),
          static_cast<std::uint64_t>(number_of((*row)[2]))};
      return checked(OrProblem<OpenFile>{std::move(out)});
    }
  }
  WUSONG_TRY(const auto resources, seen_resources(exchange, digest));
  if (resources.empty()) return fail(err::not_found);
  auto out = as_resource(exchange, resources.front());
  for (std::size_t i = 1; out && !*out && i < resources.size(); ++i) {
    auto other = as_resource(exchange, resources[i]);
    if (!other || *other) out = std::move(other);
  }
  return checked(std::move(out));
}

Problem engine_problem(const TableAnswer& answer) {
  if (!answer.done) {
    const auto seconds = std::to_string(answer.seconds);
    portal::Text how{"正在计算,已用 " + seconds + " 秒。",
                     "It is being computed, for " + seconds + " seconds now."};
    if (answer.before > 0) {
      const auto before = std::to_string(answer.before);
      how = {"正在排队,前面还有 " + before + " 项,已等 " + seconds + " 秒。",
             "It waits behind " + before + " others, for " + seconds + " seconds now."};
    } else if (answer.step > 0) {
      const auto step = std::to_string(answer.step);
      const auto percent = std::to_string(answer.percent);
      how = {"正在计算第 " + step + " 步,已完成 " + percent + "%,已用 " + seconds + " 秒。",
             "It is being computed: step " + step + " is " + percent + " % done, " + seconds +
                 " seconds so far."};
    }
    return {202, "computing", how, "", {"请过几秒再问一次。", "Ask again in a few seconds."}};
  }
  const auto parsed = codec::JsonDocument::parse(answer.json);
  const auto error = parsed ? parsed->root().find("error") : std::nullopt;
  const auto code = error ? text_of_member(*error, "code") : std::string_view{};
  const auto* found = std::ranges::find(kRefusals, code, &Refusal::code);
  if (found == kRefusals.end()) return problem_of(err::internal);
  Problem out{found->status, std::string{code}, text_member(*error, "message"), "",
              found->next.text()};
  const auto detail = text_of_member(*error, "detail");
  if (found->tell && !detail.empty()) {
    out.message.zh += ":" + std::string{detail};
    out.message.en += ": " + std::string{detail};
  }
  return out;
}

Response table_response(const Problem& problem) {
  if (problem.status != 202) {
    Response out = to_response(problem);
    if (problem.status == 503) out.header("Retry-After", "2");
    return out;
  }
  codec::JsonWriter out;
  out.open_object().key("status").string(problem.code);
  write_text(out, "message", problem.message);
  write_text(out, "next", problem.next);
  Response waits = json_response(out.close_object().take(), 202);
  waits.header("Retry-After", "2");
  return waits;
}

Result<Asked> ask_engine(Exchange& exchange, const TableQuestion& question, std::uint64_t wait_ms) {
  const auto answer = exchange.shared.tables.ask(question, wait_ms);
  if (!answer) return Asked{std::unexpect, problem_of(answer.error())};
  if (!answer->done || !answer->ok) return Asked{std::unexpect, engine_problem(*answer)};
  auto parsed = codec::JsonDocument::parse(answer->json);
  if (!parsed) return fail(err::internal);
  return Asked{std::move(*parsed)};
}

Result<Asked> ask_once(Exchange& exchange, std::string_view kind, const TableQuestion& question,
                       std::uint64_t wait_ms) {
  const FileFact fact{question.file, question.format, std::string{kind}};
  WUSONG_TRY(const auto known, find_fact(exchange.db.own, fact));
  if (known) {
    if (auto parsed = codec::JsonDocument::parse(*known)) return Asked{std::move(*parsed)};
  }
  WUSONG_TRY(auto answer, ask_engine(exchange, question, wait_ms));
  if (answer) {
    WUSONG_CHECK(keep_fact(exchange.db.own, fact, answer->root().to_json(), exchange.request.now));
  }
  return answer;
}

TableQuestion preview_question(const TableFile& file) {
  TableQuestion out;
  out.operation = "preview";
  out.file = file.digest;
  out.format = file.format;
  out.members = "\"limit\":" + std::to_string(kPreviewRows);
  return out;
}

TableQuestion profile_question(const TableFile& file) {
  TableQuestion out;
  out.operation = "profile";
  out.file = file.digest;
  out.format = file.format;
  return out;
}

Result<TableQuestion> rows_question(Exchange& exchange, const TableFile& file,
                                    std::string members) {
  TableQuestion out;
  out.operation = "query";
  out.file = file.digest;
  out.format = file.format;
  out.members = std::move(members);
  if (file.format != "csv" && file.format != "xlsx") return out;
  WUSONG_TRY(const auto known, find_fact(exchange.db.own, {file.digest, file.format, "profile"}));
  const auto profile = known ? codec::JsonDocument::parse(*known)
                             : Result<codec::JsonDocument>{fail(err::not_found)};
  const auto columns = profile ? profile->root().find("columns") : std::nullopt;
  if (!columns) return out;
  codec::JsonWriter types;
  types.open_object();
  for (const auto& column : columns->items()) {
    types.key(text_of_member(column, "name")).string(text_of_member(column, "type"));
  }
  out.types = types.close_object().take();
  return out;
}

Result<void> count_call(Exchange& exchange, std::uint64_t& left) {
  constexpr std::uint64_t kDay = 86'400;
  const auto most = exchange.shared.settings.calls_per_day;
  left = most;
  if (exchange.account() == nullptr) return {};
  WUSONG_TRY(const auto calls,
             add_call(exchange.db.own, exchange.account()->id, exchange.now_seconds() / kDay));
  if (calls > most) return fail(err::quota_of_the_day);
  left = most - calls;
  return {};
}

std::string_view type_word(std::string_view engine_type) noexcept {
  if (engine_type.starts_with("TIMESTAMP")) return "datetime";
  if (engine_type == "DATE") return "date";
  if (engine_type == "TIME") return "time";
  if (engine_type == "BOOLEAN") return "boolean";
  if (engine_type == "DOUBLE" || engine_type == "FLOAT" || engine_type.starts_with("DECIMAL")) {
    return "number";
  }
  const bool list = engine_type.find_first_of("([") != std::string_view::npos;
  const bool whole = engine_type.ends_with("INT") || engine_type.ends_with("INTEGER");
  return whole && !list ? "integer" : "string";
}

void write_column(codec::JsonWriter& out, const portal::Resource& resource, std::string_view name,
                  std::string_view engine_type) {
  out.key("name").string(name).key("type").string(type_word(engine_type));
  const auto described = std::ranges::find(resource.columns, name, &portal::Column::name);
  if (described != resource.columns.end() && !described->title.empty()) {
    write_text(out, "title", described->title);
  }
}

void write_rows(codec::JsonWriter& out, const portal::Resource& resource,
                const codec::JsonValue& answer) {
  out.key("columns").open_array();
  const auto columns = answer.find("columns");
  for (const auto& column : columns ? columns->items() : std::vector<codec::JsonValue>{}) {
    out.open_object();
    write_column(out, resource, text_of_member(column, "name"), text_of_member(column, "type"));
    out.close_object();
  }
  out.close_array().key("rows");
  const auto rows = answer.find("rows");
  out.raw(rows ? rows->to_json() : "[]");
  if (const auto total = answer.find("total")) out.key("total").raw(total->to_json());
}

void write_profile_column(codec::JsonWriter& out, const portal::Resource& resource,
                          const codec::JsonValue& column, std::uint64_t rows) {
  const auto type = text_of_member(column, "type");
  const auto word = type_word(type);
  const auto nulls = column.find("nulls");
  const std::uint64_t missing = nulls ? nulls->u64().value_or(0) : 0;
  out.open_object();
  write_column(out, resource, text_of_member(column, "name"), type);
  out.key("count").number(rows - std::min(rows, missing)).key("missing").number(missing);
  for (const auto* name : {"min", "max"}) {
    const auto value = column.find(name);
    if (!value) continue;
    out.key(name);
    if (word == "integer" || word == "number") {
      write_number(out, value->string().value_or(""));
    } else {
      out.string(value->string().value_or(""));
    }
  }
  for (const auto* name : {"distinct", "mean", "deviation", "length_min", "length_max", "formulas",
                           "histogram", "top"}) {
    if (const auto value = column.find(name)) out.key(name).raw(value->to_json());
  }
  if (const auto nearly = column.find("nearly")) {
    out.key("nearly").open_object().key("type").string(type_word(text_of_member(*nearly, "type")));
    if (const auto exceptions = nearly->find("exceptions")) {
      out.key("exceptions").raw(exceptions->to_json());
    }
    out.close_object();
  }
  out.close_object();
}

}  // namespace wusong::gateway::internal

namespace wusong::gateway {
namespace {

void write_input(codec::JsonWriter& out, std::string_view name, std::string_view path,
                 std::string_view format, std::string_view types) {
  out.key(name).open_object().key("path").string(path);
  if (!format.empty()) out.key("format").string(format);
  if (!types.empty()) out.key("types").raw(types);
  out.close_object();
}

}  // namespace

std::string engine_request(const TableQuestion& question, const TablePaths& paths) {
  codec::JsonWriter out;
  out.open_object().key("op").string(question.operation);
  write_input(out, "input", paths.file, question.format, question.types);
  if (!paths.other.empty()) write_input(out, "other", paths.other, question.other_format, {});
  if (!question.output.empty()) {
    out.key("output").open_object().key("path").string(paths.output);
    out.key("format").string(question.output).close_object();
  }
  out.close_object();
  auto text = out.take();
  if (question.members.empty()) return text;
  text.pop_back();
  return text + "," + question.members + "}";
}

Result<Prepared> prepare_tables(const Shared& shared, Connections& db, std::uint64_t after,
                                UnixMillis now) {
  using namespace internal;
  constexpr std::uint32_t kDatasets = 20;
  constexpr std::uint64_t kWaitMs = 500;
  constexpr std::uint64_t kSizeMin = 4u << 20;  // smaller ones are read while their reader waits
  Request request;
  request.now = now;
  Exchange exchange{.shared = shared,
                    .db = db,
                    .request = request,
                    .query = {},
                    .path = {},
                    .session = {},
                    .session_token = {},
                    .viewer = {},
                    .language = Language::zh,
                    .known = {db.own, db.projection, false}};
  Prepared out{after, false};
  WUSONG_TRY(const auto datasets, portal::datasets_after(db.projection, after, kDatasets));
  for (const auto& one : datasets) {
    WUSONG_TRY(const auto whole, portal::dataset(db.projection, one.id));
    for (const auto& resource : whole ? whole->resources : std::vector<portal::Resource>{}) {
      const TableFile file{resource.digest, table_format(resource.format, resource.media_type),
                           resource.size};
      if (file.format.empty() || !resource.current || file.size < kSizeMin) continue;
      WUSONG_TRY(const auto rows, ask_once(exchange, "preview", preview_question(file), kWaitMs));
      WUSONG_TRY(const auto held, ask_once(exchange, "profile", profile_question(file), kWaitMs));
      for (const auto* asked : {&rows, &held}) {
        if (*asked) continue;
        if (asked->error().code == "engine_missing") return fail(err::engine_missing);
        out.waits =
            out.waits || asked->error().status == 202 || asked->error().code == "engine_busy";
      }
      if (out.waits) return out;
    }
    out.after = one.number;
  }
  return out;
}

}  // namespace wusong::gateway
