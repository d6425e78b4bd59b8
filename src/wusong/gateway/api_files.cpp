// SPDX-License-Identifier: Apache-2.0
// Files: resumable uploads, downloads under a right, and the record of both.
#include <tuple>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/table_view.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/portal/documents.hpp"

namespace wusong::gateway::internal {
namespace {

struct Upload {
  std::string id;
  std::string name;
  std::string media_type;
  std::uint64_t size{0};
};

/// Only the account's own, and only while it is open.
Result<Upload> own_upload(Exchange& exchange) {
  const auto id = exchange.at("id");
  if (!is_hex(id, 32)) return fail(err::not_found);
  WUSONG_TRY(const auto row,
             find_row(exchange.db.own,
                      "SELECT id, name, media_type, size FROM uploads WHERE id = $1 AND account = "
                      "$2 AND digest = ''",
                      sql(id), sql(exchange.session->account.id)));
  if (!row) return fail(err::not_found);
  return Upload{text_of((*row)[0]), text_of((*row)[1]), text_of((*row)[2]),
                static_cast<std::uint64_t>(number_of((*row)[3]))};
}

Response offset_answer(const Upload& upload, std::uint64_t offset, unsigned status = 200) {
  codec::JsonWriter out;
  out.open_object().key("id").string(upload.id).key("offset").number(offset);
  out.key("size").number(upload.size);
  Response response = json_response(out.close_object().take(), status);
  response.header("Upload-Offset", std::to_string(offset));
  return response;
}

/// What a browser must not run: everything but plain data is handed over as a download.
std::string safe_type(std::string_view media_type) {
  for (const std::string_view known :
       {"text/csv", "application/json", "application/geo+json", "text/plain", "application/pdf",
        "image/png", "image/jpeg", "application/zip", "application/vnd.apache.parquet"}) {
    if (media_type == known) return std::string{known};
  }
  return "application/octet-stream";
}

/// Bytes that the account has announced within a day, whatever became of them.
Result<std::uint64_t> sent_today(Exchange& exchange) {
  constexpr std::uint64_t kDayMs = 24 * 3600 * 1000;
  const auto now = exchange.request.now.value;
  WUSONG_TRY(const auto row,
             find_row(exchange.db.own,
                      "SELECT coalesce(sum(size), 0) FROM uploads WHERE account = $1 AND created > "
                      "$2",
                      sql(exchange.session->account.id), sql(now - std::min(now, kDayMs))));
  return row ? static_cast<std::uint64_t>(number_of((*row)[0])) : 0;
}

struct FileFound {
  bool allowed{false};
  Problem problem;
  std::string name;
  std::string media_type{"application/octet-stream"};
  Hash object;
  Hash right;
  std::string format;  // of a table
  bool counts{false};  // a download of a dataset
};

/// A dataset's file: under a right that covers it.
Result<FileFound> as_resource(Exchange& exchange, const portal::Resource& resource) {
  FileFound out;
  WUSONG_TRY(const auto permission,
             bytes_permission(exchange, resource.entry, resource.digest, Delivery::download));
  out.allowed = permission.decision.allowed;
  out.problem = problem_of(permission.decision);
  out.name = resource.name.in(exchange.zh());
  if (!resource.format.empty()) {
    std::string suffix = ".";
    for (const char c : resource.format) {
      suffix.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
    if (!out.name.ends_with(suffix)) out.name += suffix;
  }
  out.media_type = safe_type(resource.media_type);
  out.format = table_format(resource.format, resource.media_type);
  out.object = resource.entry;
  out.right = permission.right;
  out.counts = true;
  return out;
}

/// The first of the datasets with these bytes that gives them, or the first one's refusal.
Result<std::optional<FileFound>> in_datasets(Exchange& exchange, const Hash& digest) {
  std::optional<FileFound> out;
  WUSONG_TRY(const auto resources, seen_resources(exchange, digest));
  for (const auto& resource : resources) {
    WUSONG_TRY(auto found, as_resource(exchange, resource));
    if (!out || found.allowed) out = std::move(found);
    if (out->allowed) break;
  }
  return out;
}

/// Name and type under which an actor sent a file here; nothing where they did not. To name a
/// digest is no right to its bytes: digests of all files are public.
Result<std::optional<Row>> sent_by(Exchange& exchange, const Address& actor, const Hash& digest) {
  return find_row(exchange.db.own,
                  "SELECT u.name, u.media_type FROM uploads u JOIN accounts a ON a.id = u.account "
                  "WHERE u.digest = $1 AND a.address = $2",
                  sql(codec::to_hex(digest)), sql(codec::to_hex(actor)));
}

/// An attachment: for those who may read the document that names it, and for who uploaded it.
Result<FileFound> as_attachment(Exchange& exchange, const Hash& digest) {
  FileFound out;
  out.problem = problem_of(err::not_found);
  out.name = codec::to_hex(digest).substr(0, 16);
  if (const auto* account = exchange.account()) {
    WUSONG_TRY(const auto row,
               find_row(exchange.db.own,
                        "SELECT name, media_type FROM uploads WHERE digest = $1 AND account = $2",
                        sql(codec::to_hex(digest)), sql(account->id)));
    if (row) {
      out.allowed = true;
      out.name = text_of((*row)[0]);
      out.media_type = safe_type(text_of((*row)[1]));
      const auto dot = out.name.rfind('.');
      out.format = table_format(dot == std::string::npos ? "" : out.name.substr(dot + 1),
                                text_of((*row)[1]));
      return out;
    }
  }
  if (exchange.query.get("item").empty()) return out;
  WUSONG_TRY(const auto id, exchange.digest("item"));
  WUSONG_TRY(const auto seen, visible_item(exchange, id));
  const auto* pack = exchange.shared.rules.pack(seen.row.item.pack);
  const auto* workflow = pack ? pack->workflow(seen.row.item.workflow) : nullptr;
  const auto* kind = workflow ? portal::document_kind(workflow->document) : nullptr;
  const auto decision =
      portal::may_read_document(exchange.viewer, seen.view, kind != nullptr && kind->is_public,
                                exchange.shared.access, exchange.shared.settings.access);
  if (!decision.allowed) {
    out.problem = problem_of(decision);
    return out;
  }
  // The document itself must name the file: a case is no key to other cases' files.
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(const auto history, reader.history(id));
  for (const auto& step : history) {
    WUSONG_TRY(const auto text, document_text(exchange, id, step.act.document));
    if (!text || text->find(codec::to_hex(digest)) == std::string::npos) continue;
    WUSONG_TRY(const auto sent, sent_by(exchange, step.act.actor, digest));
    if (!sent) continue;
    out.allowed = true;
    out.object = id;
    out.name = text_of((*sent)[0]);
    out.media_type = safe_type(text_of((*sent)[1]));
    return out;
  }
  return out;
}

/// `digest` is what is sent; `original` what the right is about, and the record says.
Result<Response> send_file(Exchange& exchange, const Hash& digest, const Hash& original,
                           const FileFound& found) {
  auto size = exchange.shared.blobs.size(digest);
  if (!size) return fail(size.error());
  const std::string etag = "\"" + codec::to_hex(digest) + "\"";
  Response out;
  out.content_type = found.media_type;
  out.header("ETag", etag);
  out.header("Accept-Ranges", "bytes");
  out.header("Content-Disposition", content_disposition(found.name));
  out.header("Cache-Control", "private, no-cache");
  out.header("Digest", "sha-256=" + codec::to_hex(digest));
  if (matches_etag(exchange.request.headers.get("if-none-match"), etag)) {
    out.status = 304;
    return out;
  }
  const auto if_range = exchange.request.headers.get("if-range");
  const auto header = if_range.empty() || if_range == etag ? exchange.request.headers.get("range")
                                                           : std::string_view{};
  const auto range = parse_range(header, *size);
  if (!range) {
    Response outside = to_response(range.error());
    outside.header("Content-Range", "bytes */" + std::to_string(*size));
    return outside;
  }
  BlobBody body{digest, 0, *size};
  if (*range) {
    body.offset = (*range)->offset;
    body.size = (*range)->size;
    out.status = 206;
    out.header("Content-Range", "bytes " + std::to_string(body.offset) + "-" +
                                    std::to_string(body.offset + body.size - 1) + "/" +
                                    std::to_string(*size));
  }
  if (exchange.request.method != "HEAD") {
    WUSONG_CHECK(audit_read(exchange, "file", found.object, original, found.right, body.size));
    // Counting is a courtesy: a locked projection does not hold a download up.
    if (found.counts && body.offset == 0) {
      std::ignore = portal::count_download(exchange.db.projection, found.object);
    }
  }
  if (body.size > 0) out.blob = body;
  return out;
}

/// The same table in another format, made once; formulas of a CSV are made harmless.
Result<OrProblem<Hash>> converted(Exchange& exchange, const Hash& digest, const std::string& format,
                                  std::string_view wanted) {
  if (wanted != "csv" && wanted != "json" && wanted != "parquet") return fail(err::bad_request);
  if (format.empty()) return fail(err::not_a_table);
  TableQuestion question;
  question.operation = "convert";
  question.file = digest;
  question.format = format;
  question.output = wanted;
  question.members = R"("escape_formulas":true)";
  const std::string kind = "convert " + std::string{wanted};
  WUSONG_TRY(const auto answer, ask_once(exchange, kind, question, kFactWaitMs));
  if (!answer) return OrProblem<Hash>{std::unexpect, answer.error()};
  const auto output = answer->root().find("output");
  const auto made = codec::fixed_from_hex<Hash>(output ? text_of_member(*output, "sha256") : "");
  if (!made) return fail(err::internal);
  return OrProblem<Hash>{*made};
}

}  // namespace

Result<Response> begin_upload(Exchange& exchange) {
  WUSONG_TRY(const auto body, json_body(exchange));
  const auto name = text_of_member(body.root(), "name");
  const auto media_type = text_of_member(body.root(), "media_type");
  const auto size = body.root().find("size");
  if (name.empty() || name.size() > 255 || media_type.size() > 100 || !size) {
    return fail(err::bad_request);
  }
  WUSONG_TRY(const auto bytes, size->u64());
  if (bytes > exchange.shared.settings.upload_max) return fail(err::too_large);
  const Account& account = exchange.session->account;
  WUSONG_TRY(
      const auto open,
      find_row(exchange.db.own, "SELECT count(*) FROM uploads WHERE account = $1 AND digest = ''",
               sql(account.id)));
  if (open && static_cast<std::uint64_t>(number_of((*open)[0])) >=
                  exchange.shared.settings.uploads_open_max) {
    return fail(err::quota);
  }
  WUSONG_TRY(const auto sent, sent_today(exchange));
  const auto most = exchange.viewer.organisation == 0
                        ? exchange.shared.settings.upload_day_max
                        : exchange.shared.settings.upload_day_max_organisation;
  if (bytes > most - std::min(sent, most)) return fail(err::quota);
  const Upload upload{random_hex(exchange.shared.entropy, 16), std::string{name},
                      std::string{media_type}, bytes};
  WUSONG_CHECK(exchange.shared.blobs.upload_begin(upload.id));
  WUSONG_CHECK(run(exchange.db.own,
                   "INSERT INTO uploads(id, account, name, media_type, size, created, digest) "
                   "VALUES ($1, $2, $3, $4, $5, $6, '')",
                   sql(upload.id), sql(account.id), sql(name), sql(media_type), sql(bytes),
                   sql(exchange.request.now.value)));
  return offset_answer(upload, 0, 201);
}

Result<Response> upload_state(Exchange& exchange) {
  WUSONG_TRY(const auto upload, own_upload(exchange));
  WUSONG_TRY(const auto offset, exchange.shared.blobs.upload_size(upload.id));
  return offset_answer(upload, offset);
}

Result<Response> append_upload(Exchange& exchange) {
  WUSONG_TRY(const auto upload, own_upload(exchange));
  std::uint64_t offset = 0;
  const auto text = exchange.request.headers.get("upload-offset");
  if (text.empty() || text.size() > 18) return fail(err::bad_request);
  for (const char c : text) {
    if (c < '0' || c > '9') return fail(err::bad_request);
    offset = offset * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (offset + exchange.request.body.size() > upload.size) return fail(err::too_large);
  WUSONG_CHECK(
      exchange.shared.blobs.upload_append(upload.id, offset, as_bytes(exchange.request.body)));
  return offset_answer(upload, offset + exchange.request.body.size());
}

Result<Response> finish_upload(Exchange& exchange) {
  WUSONG_TRY(const auto upload, own_upload(exchange));
  WUSONG_TRY(const auto offset, exchange.shared.blobs.upload_size(upload.id));
  if (offset != upload.size) return fail(err::wrong_offset);
  WUSONG_TRY(const auto blob, exchange.shared.blobs.upload_finish(upload.id));
  WUSONG_CHECK(run(exchange.db.own, "UPDATE uploads SET digest = $1 WHERE id = $2",
                   sql(codec::to_hex(blob.digest)), sql(upload.id)));
  codec::JsonWriter out;
  out.open_object().key("digest").string(hex(blob.digest)).key("size").number(blob.size);
  return json_response(out.close_object().take());
}

Result<Response> abort_upload(Exchange& exchange) {
  WUSONG_TRY(const auto upload, own_upload(exchange));
  if (const auto done = exchange.shared.blobs.upload_abort(upload.id);
      !done && done.error() != Error{io::err::upload_missing}) {
    return fail(done.error());
  }
  WUSONG_CHECK(run(exchange.db.own, "DELETE FROM uploads WHERE id = $1", sql(upload.id)));
  return json_response("{}");
}

Result<Response> get_file(Exchange& exchange) {
  WUSONG_TRY(const auto digest, exchange.digest("id"));
  WUSONG_TRY(auto found, in_datasets(exchange, digest));
  if (!found || !found->allowed) {
    WUSONG_TRY(auto attachment, as_attachment(exchange, digest));
    if (attachment.allowed || !found) found = std::move(attachment);
  }
  if (!found->allowed) return to_response(found->problem);
  const auto wanted = exchange.query.get("format");
  if (wanted.empty()) return send_file(exchange, digest, digest, *found);
  WUSONG_TRY(const auto made, converted(exchange, digest, found->format, wanted));
  if (!made) return table_response(made.error());
  const auto dot = found->name.rfind('.');
  found->name = found->name.substr(0, dot) + "." + std::string{wanted};
  found->media_type = wanted == "csv"    ? "text/csv"
                      : wanted == "json" ? "application/json"
                                         : "application/vnd.apache.parquet";
  return send_file(exchange, *made, digest, *found);
}

namespace {

/// What a page of reads is written from, in one statement a kind.
Result<void> load_reads(Exchange& exchange, std::span<const NumberedRead> lines) {
  std::vector<Hash> objects;
  std::vector<Address> people;
  for (const auto& line : lines) {
    objects.push_back(codec::fixed_from_hex<Hash>(line.record.object).value_or(Hash{}));
    people.push_back(codec::fixed_from_hex<Address>(line.record.address).value_or(Address{}));
  }
  WUSONG_CHECK(exchange.known.load_items(objects));
  WUSONG_CHECK(exchange.known.load_actors(people));
  return exchange.known.load_names(people);
}

Result<void> write_read(codec::JsonWriter& out, Exchange& exchange, const NumberedRead& line,
                        bool with_address) {
  const auto& record = line.record;
  out.open_object().key("number").number(line.number).key("at").number(record.time / 1000);
  out.key("actor");
  if (const auto address = codec::fixed_from_hex<Address>(record.address)) {
    write_actor(out, exchange, *address);
  } else {
    out.null();
  }
  out.key("action").string(record.action).key("object").open_object();
  out.key("kind").string("item").key("id").string("0x" + record.object);
  if (const auto id = codec::fixed_from_hex<Hash>(record.object)) {
    WUSONG_TRY(const auto row, exchange.known.item(*id));
    if (row) write_text(out, "title", row->title);
  }
  out.close_object();
  out.key("result").string("done");
  if (!record.digest.empty()) out.key("digest").string("0x" + record.digest);
  if (!record.right.empty()) out.key("right").string("0x" + record.right);
  if (with_address) out.key("remote").string(record.remote);
  out.key("bytes").number(record.bytes).close_object();
  return {};
}

/// Reads of non-public data: everybody sees their own; owners those of their items; those who watch
/// over the platform all of them.
Result<Response> audit_of_reads(Exchange& exchange) {
  if (exchange.account() == nullptr) return fail(err::login_required);
  const auto& access = exchange.shared.access;
  const bool all = (exchange.viewer.roles &
                    (access.city_roles | access.operator_roles | access.watch_roles)) != 0;
  ReadQuery query;
  WUSONG_TRY(query.before, exchange.number("before", 0, std::uint64_t{1} << 61));
  WUSONG_TRY(const auto limit, exchange.number("page_size", 50, 100));
  query.limit = limit;
  bool owner = false;
  if (!exchange.query.get("item").empty()) {
    WUSONG_TRY(const auto item, exchange.digest("item"));
    WUSONG_TRY(const auto seen, visible_item(exchange, item));
    query.object = codec::to_hex(item);
    owner = exchange.viewer.organisation != 0 &&
            seen.row.item.organisation == exchange.viewer.organisation;
  }
  if (!all && !owner) query.account = exchange.account()->id;
  WUSONG_TRY(const auto lines, list_reads(exchange.db.own, query));
  WUSONG_CHECK(load_reads(exchange, lines));
  codec::JsonWriter out;
  out.open_object().key("entries").open_array();
  for (const auto& line : lines) WUSONG_CHECK(write_read(out, exchange, line, all));
  out.close_array();
  if (lines.size() == limit && limit > 0) out.key("before").number(lines.back().number);
  return json_response(out.close_object().take());
}

}  // namespace

Result<Response> list_audit(Exchange& exchange) {
  if (exchange.query.get("kind") == "reads") return audit_of_reads(exchange);
  return audit_of_acts(exchange);
}

}  // namespace wusong::gateway::internal

namespace wusong::gateway {

Result<std::uint64_t> collect_uploads(io::SqlConnection& own, io::BlobStore& blobs,
                                      UnixMillis before) {
  constexpr std::uint64_t kAtOnce = 100;
  WUSONG_TRY(const auto rows,
             find_rows(own, "SELECT id FROM uploads WHERE digest = '' AND created < $1 LIMIT $2",
                       sql(before.value), sql(kAtOnce)));
  for (const auto& row : rows.rows) {
    const auto id = text_of(row[0]);
    if (const auto done = blobs.upload_abort(id);
        !done && done.error() != Error{io::err::upload_missing}) {
      return fail(done.error());
    }
    WUSONG_CHECK(run(own, "DELETE FROM uploads WHERE id = $1 AND digest = ''", sql(id)));
  }
  return rows.rows.size();
}

}  // namespace wusong::gateway
