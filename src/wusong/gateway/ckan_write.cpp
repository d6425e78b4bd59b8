// SPDX-License-Identifier: Apache-2.0
// CKAN's writes: each is a step of the entry's or the resource's workflow, judged and signed as any
// other, and decided on by those who review.
#include <algorithm>
#include <array>
#include <map>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/acting.hpp"
#include "wusong/gateway/internal/ckan.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/portal/documents.hpp"

namespace wusong::gateway::internal {
namespace {

template <typename T>
using Answer = CkanAnswer<T>;

constexpr std::size_t kOnceMax = 128;
constexpr std::size_t kLinksMax = 200;

/// Extras that are members of the entry itself.
constexpr std::array<std::string_view, 11> kOwnExtras{
    "title_en",  "notes_en", "items",  "format",     "grade",          "opening_type",
    "frequency", "sharing",  "system", "conditions", "document_sha256"};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    auto one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) out.push_back(one);
  }
  return out;
}

bool is_address(std::string_view url) noexcept {
  return (url.starts_with("http://") || url.starts_with("https://")) && url.size() <= 2'000;
}

/// What of an entry's document a CKAN client says, and what of the one before stays.
class EntryDocument {
 public:
  EntryDocument(const Exchange& exchange, const Arguments& said, std::string_view before,
                bool patch)
      : exchange_{&exchange}, said_{&said}, patch_{patch} {
    if (auto parsed = codec::JsonDocument::parse(before)) before_.emplace(std::move(*parsed));
  }

  /// `add`: one more member of `extra`'s list of that name.
  struct Added {
    std::string_view list;  // "files", "links"
    std::string member;     // JSON
  };
  /// `remove`: what has this text as its digest or address.
  std::string write(const std::optional<Added>& add = {}, std::string_view remove = {}) {
    add_ = add;
    remove_ = remove;
    out_.open_object();
    names();
    words();
    lists();
    for (const std::string_view stays :
         {"subjects", "materials", "scenarios", "modes", "quality_rules"}) {
      keep(stays);
    }
    extra();
    return out_.close_object().take();
  }

 private:
  std::optional<codec::JsonValue> before(std::string_view name) const {
    return before_ ? before_->root().find(name) : std::nullopt;
  }
  void keep(std::string_view name) {
    if (const auto value = before(name)) out_.key(name).raw(value->to_json());
  }
  /// What is not said: of a patch, as it was; of an update, nothing.
  bool missing(std::string_view name, const std::string& value) {
    if (!value.empty()) return false;
    if (patch_) keep(name);
    return true;
  }
  void text(std::string_view name, std::string zh, std::string en) {
    if (missing(name, zh)) return;
    // Our own packages show both languages in one text.
    if (!en.empty() && zh.ends_with("\n\n" + en)) zh.resize(zh.size() - en.size() - 2);
    if (zh == en) zh.clear();
    write_text(out_, name, portal::Text{std::move(zh), std::move(en)});
  }
  void names() {
    auto title = said_->text("title");
    if (title.empty() && !patch_) title = said_->text("name");
    text("title", title, said_->extra("title_en"));
    text("abstract", said_->text("notes"), said_->extra("notes_en"));
    text("system", said_->extra("system"), "");
    text("conditions", said_->extra("conditions"), "");
  }
  void word(std::string_view name, const std::string& value) {
    if (!missing(name, value)) out_.key(name).string(value);
  }
  void words() {
    for (const std::string_view name : {"sharing", "opening_type", "frequency", "grade"}) {
      word(name, said_->extra(name));
    }
    word("licence", said_->text("license_id"));
    const auto email = said_->text("maintainer_email");
    word("contact", email.empty() ? said_->text("maintainer") : email);
    out_.key("organisation").number(std::uint64_t{exchange_->viewer.organisation});
  }
  void lists() {
    const auto items = said_->extra("items");
    if (!missing("items", items)) {
      out_.key("items").open_array();
      for (const auto one : split(items)) write_text(out_, portal::Text{std::string{one}, ""});
      out_.close_array();
    }
    const auto formats = said_->extra("format");
    if (!missing("format", formats)) {
      out_.key("format").open_array();
      for (const auto one : split(formats)) out_.string(one);
      out_.close_array();
    }
    named("keywords", "tags");
    named("topics", "groups");
  }
  void named(std::string_view name, std::string_view ckan_name) {
    const auto list = said_->value(ckan_name);
    if (!list) {
      if (patch_) keep(name);
      return;
    }
    if (list->size() == 0) return;
    out_.key(name).open_array();
    for (const auto& one : list->items()) out_.string(text_of_member(one, "name"));
    out_.close_array();
  }

  void extra() {
    const auto old = before("extra");
    out_.key("extra").open_object();
    if (old) {
      for (const auto& [key, value] : old->members()) {
        if (key != "ckan" && key != "links" && key != "files") out_.key(key).raw(value.to_json());
      }
    }
    ckan_extras(old ? old->find("ckan") : std::nullopt);
    list("links", old, said_->value("resources").has_value() || (!patch_ && !add_));
    list("files", old, false);
    out_.close_object();
  }
  void ckan_extras(const std::optional<codec::JsonValue>& old) {
    const auto extras = said_->value("extras");
    std::map<std::string, std::string> all;
    if (extras) {
      for (const auto& one : extras->items()) {
        const auto key = text_of_member(one, "key");
        if (key.empty() || std::ranges::find(kOwnExtras, key) != kOwnExtras.end()) continue;
        all.emplace(key, text_of_member(one, "value"));
      }
    } else if (patch_ && old) {
      for (const auto& [key, value] : old->members()) all.emplace(key, value.string().value_or(""));
    }
    if (all.empty()) return;
    out_.key("ckan").open_object();
    for (const auto& [key, value] : all) out_.key(key).string(value);
    out_.close_object();
  }
  void list(std::string_view name, const std::optional<codec::JsonValue>& old, bool anew) {
    std::vector<std::string> all;
    const auto was = old ? old->find(name) : std::nullopt;
    if (was && !anew) {
      for (const auto& one : was->items()) {
        const bool gone = !remove_.empty() && (text_of_member(one, "digest") == remove_ ||
                                               text_of_member(one, "url") == remove_);
        if (!gone) all.push_back(one.to_json());
      }
    }
    if (anew) said_links(all);
    if (add_ && add_->list == name) all.push_back(add_->member);
    if (all.empty()) return;
    out_.key(name).open_array();
    for (const auto& one : all) out_.raw(one);
    out_.close_array();
  }
  /// Resources that are addresses elsewhere; our own are files, which have a workflow of their own.
  void said_links(std::vector<std::string>& out) const {
    const auto resources = said_->value("resources");
    if (!resources) return;
    for (const auto& one : resources->items()) {
      const auto url = text_of_member(one, "url");
      if (!is_address(url) || url.starts_with(exchange_->shared.settings.site.base + "/")) continue;
      if (out.size() == kLinksMax) return;
      codec::JsonWriter link;
      link.open_object().key("name").string(text_of_member(one, "name"));
      link.key("format").string(text_of_member(one, "format")).key("url").string(url);
      out.push_back(link.close_object().take());
    }
  }

  const Exchange* exchange_;
  const Arguments* said_;
  bool patch_;
  std::optional<codec::JsonDocument> before_;
  std::optional<Added> add_;
  std::string_view remove_;
  codec::JsonWriter out_;
};

std::string once_of(const Exchange& exchange, std::string_view what) {
  const auto key = exchange.request.headers.get("idempotency-key");
  const std::string own = exchange.session->account.id + " ckan " + std::string{what} + " ";
  if (!key.empty() && key.size() <= kOnceMax) return own + "key " + std::string{key};
  return own + random_hex(exchange.shared.entropy, 16);
}

struct Step {
  Hash item;
  std::string transaction;
  OutboxStatus status{OutboxStatus::waiting};
};
/// @errors what the workflow says; a document's fault names its member
Answer<Step> take_step(Exchange& exchange, ActRequest request) {
  if (!exchange.session->account.custodial) return from(err::forbidden);
  Outbox outbox{exchange.db.own, exchange.shared.chain, refusal_name};
  const auto before = outbox.by_once(request.once);
  if (!before) return from(before.error());
  if (*before) {  // the same again: what became of the first
    const auto status = (*before)->status;
    if (status != OutboxStatus::final && status != OutboxStatus::waiting) {
      return from(err::transaction_refused);
    }
    const auto item = codec::fixed_from_hex<Hash>((*before)->item);
    return Step{item.value_or(Hash{}), hex((*before)->hash), status};
  }
  const auto prepared = prepare_act(exchange, request);
  if (!prepared) return from(prepared.error());
  const auto entry = submit_act(exchange, *prepared, request.once);
  if (!entry) return from(entry.error());
  if (entry->status != OutboxStatus::final && entry->status != OutboxStatus::waiting) {
    return from(err::transaction_refused);
  }
  return Step{prepared->act.item, hex(entry->hash), entry->status};
}

std::string with_step(std::string dict, const Step& step) {
  codec::JsonWriter more;
  more.open_object().key("transaction").string(step.transaction);
  more.key("status").string(name_of(step.status)).close_object();
  dict.back() = ',';
  return dict + more.text().substr(1);
}
/// The package after a step; where the chain is slow, what is known of it.
Answer<std::string> package_after(Exchange& exchange, const Step& step) {
  if (auto dict = package_dict(exchange, step.item)) return with_step(std::move(*dict), step);
  codec::JsonWriter out;
  const auto id = codec::to_hex(step.item);
  out.open_object().key("id").string(id).key("name").string(id).key("state").string("draft");
  out.key("resources").open_array().close_array().close_object();
  return with_step(out.take(), step);
}

/// The entry, and what its workflow allows from where it stands.
struct Entry {
  Hash id;
  std::string document;
  const portal::Workflow* workflow{nullptr};
  std::uint8_t state{0};
  bool allows(std::string_view action) const {
    const auto* named = workflow->action(action);
    return named != nullptr && workflow->transition(named->number, state) != nullptr;
  }
};
Answer<Entry> entry_of(Exchange& exchange, const std::string& id_text, std::string_view field) {
  if (id_text.empty()) return invalid(std::string{field} + ": Missing value");
  const auto id = ckan_id(id_text);
  if (!id) return not_found();
  const auto seen = visible_item(exchange, *id);
  if (!seen) return from(seen.error());
  if (seen->view.workflow != "entry") return not_found();
  Entry out;
  out.id = *id;
  out.state = seen->row.item.state;
  const auto text = document_text(exchange, *id, seen->row.content);
  if (!text) return from(text.error());
  out.document = text->value_or("{}");
  const auto* pack = exchange.shared.rules.pack(seen->row.item.pack);
  out.workflow = pack ? pack->workflow(seen->row.item.workflow) : nullptr;
  if (out.workflow == nullptr) return from(err::unavailable);
  return out;
}

ActRequest step_on(Exchange& exchange, const Entry& entry, std::string_view action,
                   std::string document) {
  ActRequest request;
  request.item = entry.id;
  request.workflow = "entry";
  request.action = action;
  request.document = std::move(document);
  request.once = once_of(exchange, action);
  return request;
}

/// Says which member is wrong, as CKAN does, before anything else is looked at.
Answer<bool> check_entry(const std::string& document) {
  const auto made = portal::make_document("entry", document, {});
  if (made) return true;
  const auto& fault = made.error();
  auto place = fault.place.substr(0, fault.place.find_first_of(".["));
  // The names that CKAN's clients know them by.
  if (place == "abstract") place = "notes";
  if (place == "licence") place = "license_id";
  CkanError out{"Validation Error", problem_of(fault.error), place};
  out.problem.status = 409;
  if (!fault.mend.empty()) out.problem.message = fault.mend;
  return std::unexpected{std::move(out)};
}

/// A published entry is opened for an update first; its review decides on both.
Answer<Step> revise(Exchange& exchange, const Entry& entry, std::string document) {
  if (const auto good = check_entry(document); !good) return std::unexpected{good.error()};
  if (!entry.allows("revise") && entry.allows("begin_update")) {
    const auto begun = take_step(exchange, step_on(exchange, entry, "begin_update", ""));
    if (!begun) return begun;
    if (begun->status != OutboxStatus::final) return from(err::chain_unreachable);
  }
  return take_step(exchange, step_on(exchange, entry, "revise", std::move(document)));
}

Answer<std::string> change(Exchange& exchange, const Arguments& arguments, bool patch) {
  const auto entry = entry_of(exchange, arguments.text("id"), "id");
  if (!entry) return std::unexpected{entry.error()};
  const auto done =
      revise(exchange, *entry, EntryDocument{exchange, arguments, entry->document, patch}.write());
  if (!done) return std::unexpected{done.error()};
  return package_after(exchange, *done);
}

// ---------------------------------------------------------------- files

struct NewFile {
  std::string name;
  std::string format;
  std::string media_type;
  std::uint64_t size{0};
  std::uint64_t rows{0};
  Hash digest;
};

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  return out;
}
std::string suffix_of(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string{} : lower(name.substr(dot + 1));
}

/// Kept as an upload of the account, by the same rules as one in pieces.
Answer<NewFile> store_upload(Exchange& exchange, const Part& part) {
  if (part.file_name.size() > 255 || part.content_type.size() > 100) {
    return invalid("upload", {"文件名或类型过长", "The file's name or type is too long"});
  }
  if (part.content.size() > exchange.shared.settings.upload_max) return from(err::too_large);
  NewFile out;
  out.name = part.file_name;
  out.media_type = part.content_type.empty() ? "application/octet-stream" : part.content_type;
  const auto stored = exchange.shared.blobs.put(as_bytes(part.content));
  if (!stored) return from(stored.error());
  out.size = stored->size;
  out.digest = stored->digest;
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(part.content, '\n'));
  if (suffix_of(out.name) == "csv") out.rows = lines == 0 ? 0 : lines - 1;
  const auto kept =
      run(exchange.db.own,
          "INSERT INTO uploads(id, account, name, media_type, size, created, digest) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7)",
          sql(random_hex(exchange.shared.entropy, 16)), sql(exchange.session->account.id),
          sql(out.name), sql(out.media_type), sql(out.size), sql(exchange.request.now.value),
          sql(codec::to_hex(out.digest)));
  if (!kept) return from(kept.error());
  return out;
}
/// One that the account uploaded before, in pieces or with a draft.
Answer<NewFile> earlier_upload(Exchange& exchange, const std::string& hash) {
  const auto digest = ckan_id(std::string_view{hash}.substr(hash.starts_with("sha256:") ? 7 : 0));
  if (!digest) return invalid("hash", {"应为 SHA-256", "Not a SHA-256"});
  const auto row = find_row(exchange.db.own,
                            "SELECT name, media_type, size FROM uploads WHERE digest = $1 AND "
                            "account = $2",
                            sql(codec::to_hex(*digest)), sql(exchange.session->account.id));
  if (!row) return from(row.error());
  if (!*row) return invalid("hash", {"您没有上传过这个文件", "You have uploaded no such file"});
  NewFile out;
  out.name = text_of((**row)[0]);
  out.media_type = text_of((**row)[1]);
  out.size = static_cast<std::uint64_t>(number_of((**row)[2]));
  out.digest = *digest;
  return out;
}

Answer<std::optional<NewFile>> file_of(Exchange& exchange, const Arguments& arguments) {
  const auto parts =
      parse_multipart(exchange.request.headers.get("content-type"), exchange.request.body);
  if (parts) {
    for (const auto& part : *parts) {
      if (part.name != "upload" || part.file_name.empty()) continue;
      auto stored = store_upload(exchange, part);
      if (!stored) return std::unexpected{stored.error()};
      return std::optional{std::move(*stored)};
    }
  }
  if (arguments.text("hash").empty()) return std::optional<NewFile>{};
  auto earlier = earlier_upload(exchange, arguments.text("hash"));
  if (!earlier) return std::unexpected{earlier.error()};
  return std::optional{std::move(*earlier)};
}

void write_file(codec::JsonWriter& out, const NewFile& file) {
  out.key("format").string(file.format).key("media_type").string(file.media_type);
  out.key("size").number(file.size).key("digest").string(codec::to_hex(file.digest));
}

std::string resource_document(const Hash& entry, const NewFile& file) {
  codec::JsonWriter out;
  out.open_object();
  write_text(out, "name", portal::Text{file.name, ""});
  write_file(out, file);
  out.key("rows").number(file.rows).key("columns").open_array().close_array();
  out.key("entry").string(codec::to_hex(entry)).close_object();
  return out.take();
}

/// A resource as CKAN has it, while it is no published one.
std::string resource_dict(const Exchange& exchange, const Hash& entry, const Hash& id,
                          const NewFile& file) {
  portal::Dataset dataset;
  dataset.id = entry;
  portal::Resource resource;
  resource.id = id;
  resource.entry = entry;
  resource.name = {file.name, ""};
  resource.format = file.format;
  resource.media_type = file.media_type;
  resource.size = file.size;
  resource.digest = file.digest;
  resource.updated = exchange.now_seconds();
  dataset.resources = {resource};
  return portal::ckan_resource(resource, dataset, exchange.shared.settings.site);
}

Answer<std::string> add_link(Exchange& exchange, const Arguments& arguments, const Entry& entry) {
  const auto url = arguments.text("url");
  if (!is_address(url)) {
    return invalid("upload", {"请上传文件(upload),或给出 http(s) 地址(url)",
                              "Missing value: send a file (upload), or a url with http or https"});
  }
  codec::JsonWriter link;
  link.open_object().key("name").string(arguments.text("name"));
  link.key("format").string(arguments.text("format")).key("url").string(url).close_object();
  const Arguments nothing;
  const auto done = revise(exchange, entry,
                           EntryDocument{exchange, nothing, entry.document, true}.write(
                               EntryDocument::Added{"links", link.text()}));
  if (!done) return std::unexpected{done.error()};
  codec::JsonWriter out;
  out.open_object().key("id").string(codec::to_hex(portal::link_id(entry.id, url)));
  out.key("package_id").string(codec::to_hex(entry.id)).key("name").string(arguments.text("name"));
  out.key("format").string(arguments.text("format")).key("url").string(url);
  return with_step(out.close_object().take(), *done);
}

}  // namespace

CkanAnswer<std::string> package_create(Exchange& exchange, const Arguments& arguments) {
  ActRequest request;
  request.workflow = "entry";
  request.action = "compile";
  request.document = EntryDocument{exchange, arguments, "", false}.write();
  request.document_kind = "entry";
  request.once = once_of(exchange, "create");
  if (const auto good = check_entry(request.document); !good) return std::unexpected{good.error()};
  const auto done = take_step(exchange, std::move(request));
  if (!done) return std::unexpected{done.error()};
  return package_after(exchange, *done);
}
CkanAnswer<std::string> package_update(Exchange& exchange, const Arguments& arguments) {
  return change(exchange, arguments, false);
}
CkanAnswer<std::string> package_patch(Exchange& exchange, const Arguments& arguments) {
  return change(exchange, arguments, true);
}

CkanAnswer<std::string> package_delete(Exchange& exchange, const Arguments& arguments) {
  const auto entry = entry_of(exchange, arguments.text("id"), "id");
  if (!entry) return std::unexpected{entry.error()};
  const bool draft = entry->allows("discard");
  auto request = step_on(
      exchange, *entry, draft ? "discard" : "request_retirement",
      draft
          ? ""
          : R"({"reasons":{"zh":"通过 CKAN 接口申请下架","en":"Retirement asked for through the CKAN interface"}})");
  const auto done = take_step(exchange, std::move(request));
  if (!done) return std::unexpected{done.error()};
  codec::JsonWriter out;
  out.open_object().key("id").string(codec::to_hex(entry->id));
  out.key("state").string(draft ? "deleted" : "active");
  out.key("asked_for").string(draft ? "discard" : "retirement");
  return with_step(out.close_object().take(), *done);
}

CkanAnswer<std::string> resource_create(Exchange& exchange, const Arguments& arguments) {
  const auto entry = entry_of(exchange, arguments.text("package_id"), "package_id");
  if (!entry) return std::unexpected{entry.error()};
  auto file = file_of(exchange, arguments);
  if (!file) return std::unexpected{file.error()};
  if (!*file) return add_link(exchange, arguments, *entry);
  const auto asked = arguments.text("format");
  (*file)->format = asked.empty() ? suffix_of((*file)->name) : lower(asked);
  if ((*file)->format.empty()) (*file)->format = "other";
  if (const auto name = arguments.text("name"); !name.empty()) (*file)->name = name;

  if (entry->allows("discard")) {  // a draft: the file goes with it to the reviewers
    codec::JsonWriter member;
    member.open_object().key("name").string((*file)->name);
    write_file(member, **file);
    const Arguments nothing;
    const auto done = revise(exchange, *entry,
                             EntryDocument{exchange, nothing, entry->document, true}.write(
                                 EntryDocument::Added{"files", member.close_object().take()},
                                 codec::to_hex((*file)->digest)));
    if (!done) return std::unexpected{done.error()};
    return with_step(resource_dict(exchange, entry->id, (*file)->digest, **file), *done);
  }
  ActRequest request;
  request.workflow = "resource";
  request.action = "gather";
  request.subject = entry->id;
  request.document = resource_document(entry->id, **file);
  request.document_kind = "resource";
  request.once = once_of(exchange, "resource");
  const auto done = take_step(exchange, std::move(request));
  if (!done) return std::unexpected{done.error()};
  return with_step(resource_dict(exchange, entry->id, done->item, **file), *done);
}

CkanAnswer<std::string> resource_delete(Exchange& exchange, const Arguments& arguments) {
  const auto id = ckan_id(arguments.text("id"));
  if (!id) return arguments.text("id").empty() ? invalid("id: Missing value") : not_found();
  if (const auto seen = visible_item(exchange, *id)) {
    ActRequest request;
    request.item = *id;
    request.workflow = "resource";
    request.action = "withdraw";
    request.document =
        R"({"reasons":{"zh":"通过 CKAN 接口撤回","en":"Withdrawn through the CKAN interface"}})";
    request.once = once_of(exchange, "withdraw");
    const auto done = take_step(exchange, std::move(request));
    if (!done) return std::unexpected{done.error()};
    return with_step(R"({"id":")" + codec::to_hex(*id) + "\"}", *done);
  }
  // A file or a link of a draft, which only its package knows.
  const auto entry = entry_of(exchange, arguments.text("package_id"), "package_id");
  if (!entry) return std::unexpected{entry.error()};
  std::string gone = codec::to_hex(*id);
  for (const auto& link : portal::dataset_of_entry(entry->document).links) {
    if (portal::link_id(entry->id, link.url) == *id) gone = link.url;
  }
  const Arguments nothing;
  const auto done = revise(exchange, *entry,
                           EntryDocument{exchange, nothing, entry->document, true}.write({}, gone));
  if (!done) return std::unexpected{done.error()};
  return with_step(R"({"id":")" + codec::to_hex(*id) + "\"}", *done);
}

}  // namespace wusong::gateway::internal
