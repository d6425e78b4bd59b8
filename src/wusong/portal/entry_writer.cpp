// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/internal/entry_writer.hpp"

#include <algorithm>

#include "wusong/portal/dataset.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/dataset_rows.hpp"
#include "wusong/portal/internal/sql_row.hpp"
#include "wusong/portal/tokens.hpp"

namespace wusong::portal::internal {
namespace {

constexpr std::size_t kAtOnce = 500;  // ids of one statement

Result<void> done(const Result<std::uint64_t>& result) {
  if (!result) return fail(result.error());
  return {};
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

void add_facet(std::string& out, std::string_view facet, std::string_view value) {
  if (value.empty() || value.find('\n') != std::string_view::npos) return;
  out += facet;
  out += '=';
  out += value;
  out += '\n';
}

/// Each facet and value of a list of lines.
template <typename Use>
void each_facet(std::string_view facets, const Use& use) {
  while (!facets.empty()) {
    const std::size_t end = facets.find('\n');
    const std::string_view line = facets.substr(0, end);
    facets.remove_prefix(end == std::string_view::npos ? facets.size() : end + 1);
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) use(line.substr(0, equals), line.substr(equals + 1));
  }
}

std::string facets_of(const codec::JsonValue& entry, std::uint64_t organisation,
                      OpeningType opening) {
  std::vector<std::pair<std::string_view, std::string>> all;
  const auto words = [&](std::string_view facet, std::string_view member) {
    const auto list = entry.find(member);
    if (!list) return;
    for (const codec::JsonValue& one : list->items()) {
      std::string value{one.string().value_or("")};
      if (facet == "format") value = upper(value);
      all.emplace_back(facet, std::move(value));
    }
  };
  words("topic", "topics");
  words("format", "format");
  words("tag", "keywords");
  all.emplace_back("organisation", std::to_string(organisation));
  all.emplace_back("opening_type", name_of(opening));
  all.emplace_back("frequency", entry.string_at("frequency").value_or(""));
  // Once each, so that counters count entries.
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::string out;
  for (const auto& [facet, value] : all) add_facet(out, facet, value);
  return out;
}

void add_words(std::string& out, const Text& text) {
  out += text.zh;
  out += '\n';
  out += text.en;
  out += '\n';
}

std::string search_words(const codec::JsonValue& entry) {
  std::string out;
  for (const std::string_view member : {"title", "abstract", "system", "conditions"})
    add_words(out, text_at(entry, member));
  if (const auto items = entry.find("items"))
    for (const codec::JsonValue& one : items->items()) {
      out += one.string_at("zh").value_or("");
      out += '\n';
      out += one.string_at("en").value_or("");
      out += '\n';
    }
  for (const std::string_view member : {"keywords", "topics"})
    if (const auto list = entry.find(member))
      for (const codec::JsonValue& one : list->items()) {
        out += one.string().value_or("");
        out += '\n';
      }
  return index_text(out);
}

Result<std::string> text_or_empty(DocumentSource& documents, const Hash& digest) {
  if (digest.is_zero()) return std::string{};
  WUSONG_TRY(auto text, documents.document(digest));
  return text ? std::move(*text) : std::string{};
}

}  // namespace

/// What search knows of a listed entry.
struct EntryWriter::Listing {
  std::string title;   // tokens
  std::string facets;  // lines
  std::vector<std::string> words;

  static Listing of(const codec::JsonValue& entry, std::string facets) {
    Listing out;
    const Text title = text_at(entry, "title");
    out.title = index_text(title.zh + "\n" + title.en);
    out.facets = std::move(facets);
    out.words.emplace_back(kEveryEntry);
    each_token(search_words(entry), [&](std::string_view one) { out.words.emplace_back(one); });
    each_token(out.title, [&](std::string_view one) { out.words.push_back(title_word(one)); });
    each_facet(out.facets, [&](std::string_view facet, std::string_view value) {
      out.words.push_back(facet_word(facet, value));
    });
    return out;
  }

 private:
  template <typename Use>
  static void each_token(std::string_view text, const Use& use) {
    while (!text.empty()) {
      const std::string_view one = text.substr(0, text.find(' '));
      text.remove_prefix(std::min(text.size(), one.size() + 1));
      use(one);
    }
  }
};

bool EntryWriter::ResourceRow::fill(const std::string& text) {
  const auto json = codec::JsonDocument::parse(text);
  if (!json) return false;
  const codec::JsonValue root = json->root();
  const auto count = [&](std::string_view member) {
    const auto value = root.find(member);
    return value ? value->u64().value_or(0) : 0;
  };
  digest = root.string_at("digest").value_or("");
  format = upper(root.string_at("format").value_or(""));
  media_type = root.string_at("media_type").value_or("");
  size = count("size");
  rows = count("rows");
  body = text;
  return true;
}

EntryWriter::EntryWriter(io::SqlConnection& sql)
    : sql_{&sql},
      entry_rows_{sql,
                  "entries (id, number, listed, indexed, opening, organisation, version, "
                  "published, updated, document, facets, body, opening_body)",
                  13,
                  "ON CONFLICT (id) DO UPDATE SET number = excluded.number, "
                  "listed = excluded.listed, indexed = excluded.indexed, "
                  "opening = excluded.opening, organisation = excluded.organisation, "
                  "version = excluded.version, updated = excluded.updated, "
                  "document = excluded.document, facets = excluded.facets, "
                  "body = excluded.body, opening_body = excluded.opening_body"},
      version_rows_{sql, "versions (item, version, entry, time, document, digest)", 6,
                    "ON CONFLICT (item, version) DO NOTHING"},
      resource_rows_{sql,
                     "resources (id, entry, listed, version, updated, document, digest, format, "
                     "media_type, size, row_count, body)",
                     12,
                     "ON CONFLICT (id) DO UPDATE SET listed = excluded.listed, "
                     "version = excluded.version, updated = excluded.updated, "
                     "document = excluded.document, digest = excluded.digest, "
                     "format = excluded.format, media_type = excluded.media_type, "
                     "size = excluded.size, row_count = excluded.row_count, body = excluded.body"},
      text_rows_{sql, "search_text (number, title, facets)", 3},
      facet_rows_{sql, "facet_counts (facet, value, count)", 3,
                  "ON CONFLICT (facet, value) DO UPDATE SET "
                  "count = facet_counts.count + excluded.count"},
      postings_{sql} {}

void EntryWriter::clear() {
  for (BulkInsert* rows :
       {&entry_rows_, &version_rows_, &resource_rows_, &text_rows_, &facet_rows_})
    rows->clear();
  postings_.clear();
  facet_changes_.clear();
  entries_.clear();
  resources_.clear();
}

void EntryWriter::expect_none(const ItemId& entry) {
  entries_.try_emplace(entry);
}

Result<void> EntryWriter::load(std::span<const ItemId> entries) {
  std::vector<std::string> wanted;
  for (const ItemId& id : entries)
    if (entries_.try_emplace(id).second) wanted.push_back(codec::to_hex(id));
  for (std::size_t first = 0; first < wanted.size(); first += kAtOnce) {
    const std::span<const std::string> some{wanted.data() + first,
                                            std::min(kAtOnce, wanted.size() - first)};
    WUSONG_TRY(const auto rows,
               sql_->query("SELECT id, number, indexed, organisation, version, published, updated, "
                           "document, facets, body FROM entries WHERE " +
                               io::in_list(sql_->dialect(), "id", "text"),
                           Parameters{io::hex_list(sql_->dialect(), some)}));
    for (const auto& row : rows.rows) {
      RowReader in{row};
      Entry& one = entries_[in.fixed<ItemId>()];
      one.exists = true;
      one.number = in.number();
      one.indexed = in.number();
      one.organisation = in.number();
      one.version = in.number();
      one.published = in.number();
      one.updated = in.number();
      one.document = in.fixed<Hash>();
      one.facets = in.text();
      one.body = in.text();
      if (!in.good()) return fail(err::projection_damaged);
    }
  }
  return {};
}

Result<EntryWriter::Entry*> EntryWriter::find(const ItemId& entry) {
  if (!entries_.contains(entry)) WUSONG_CHECK(load({&entry, 1}));
  return &entries_[entry];
}

Result<void> EntryWriter::published(const Acted& event, const Hash& document,
                                    const Moment& moment) {
  WUSONG_TRY(Entry * entry, find(event.item));
  if (!entry->exists) entry->published = moment.time;
  entry->exists = true;
  entry->number = moment.ordinal;
  entry->organisation = event.organisation;
  ++entry->version;
  entry->updated = moment.time;
  entry->document = document;
  return version_rows_.add({hex(event.item), number(entry->version), hex(event.item),
                            number(moment.time), hex(document), std::string{}});
}

Result<void> EntryWriter::touch(const ItemId& entry, const Moment& moment) {
  WUSONG_TRY(Entry * one, find(entry));
  one->number = moment.ordinal;
  one->updated = moment.time;
  return {};
}

Result<void> EntryWriter::relist(const Meaning& means, const ItemId& entry) {
  WUSONG_TRY(Entry * one, find(entry));
  one->means = &means;
  return {};
}

Result<void> EntryWriter::flush(DocumentSource& documents, ItemRows& items) {
  for (auto& [id, entry] : entries_)
    if (entry.exists && entry.means != nullptr)
      WUSONG_CHECK(list_anew(id, entry, documents, items));
  for (const auto& [id, one] : resources_)
    WUSONG_CHECK(resource_rows_.add({hex(id), hex(one.entry), number(one.listed ? 1 : 0),
                                     number(one.version), number(one.updated), hex(one.document),
                                     one.digest, one.format, one.media_type, number(one.size),
                                     number(one.rows), one.body}));
  for (BulkInsert* rows : {&entry_rows_, &version_rows_, &resource_rows_, &text_rows_})
    WUSONG_CHECK(rows->flush());
  WUSONG_CHECK(postings_.flush());
  WUSONG_CHECK(write_facet_counts());
  clear();
  return {};
}

Result<void> EntryWriter::write_facet_counts() {
  bool fewer = false;
  for (const auto& [facet, by] : facet_changes_) {
    fewer = fewer || by < 0;
    if (by != 0) WUSONG_CHECK(facet_rows_.add({facet.first, facet.second, by}));
  }
  WUSONG_CHECK(facet_rows_.flush());
  // A value nobody has any more is as if it had never been: a rebuild would not know it.
  return fewer ? done(sql_->run("DELETE FROM facet_counts WHERE count = 0")) : Result<void>{};
}

Result<void> EntryWriter::list_anew(const ItemId& id, Entry& entry, DocumentSource& documents,
                                    ItemRows& items) {
  WUSONG_TRY(const ItemRow* item, items.find(id));
  if (item == nullptr) return fail(err::projection_damaged);
  WUSONG_TRY(const ItemRow* decided, items.find(single_id(id, entry.means->opening)));
  OpeningType opening = OpeningType::unknown;
  Hash opening_document;
  if (decided != nullptr) {
    opening = entry.means->opening_of[decided->item.state & 31];
    opening_document = decided->content;
  }
  if (entry.indexed != 0) {
    const auto before = codec::JsonDocument::parse(entry.body);
    if (!before) return fail(err::projection_damaged);
    WUSONG_CHECK(index(Listing::of(before->root(), entry.facets), entry.indexed, false));
  }
  WUSONG_TRY(const std::string body, text_or_empty(documents, entry.document));
  WUSONG_TRY(const std::string opening_body, text_or_empty(documents, opening_document));
  const auto json = codec::JsonDocument::parse(body);
  const bool listed =
      json && has(entry.means->entry_public, item->item.state) &&
      (opening == OpeningType::unconditional || opening == OpeningType::conditional);
  std::string facets;
  if (listed) {
    facets = facets_of(json->root(), entry.organisation, opening);
    WUSONG_CHECK(index(Listing::of(json->root(), facets), entry.number, true));
  }
  return entry_rows_.add({hex(id), number(entry.number), number(listed ? 1 : 0),
                          number(listed ? entry.number : 0),
                          number(static_cast<std::uint64_t>(opening)), number(entry.organisation),
                          number(entry.version), number(entry.published), number(entry.updated),
                          hex(entry.document), facets, body, opening_body});
}

Result<void> EntryWriter::index(const Listing& listing, std::uint64_t at, bool is_there) {
  const std::int64_t by = is_there ? 1 : -1;
  each_facet(listing.facets, [&](std::string_view facet, std::string_view value) {
    facet_changes_[{std::string{facet}, std::string{value}}] += by;
  });
  facet_changes_[{"all", ""}] += by;
  WUSONG_CHECK(postings_.change(listing.words, at, is_there));
  if (is_there) return text_rows_.add({number(at), listing.title, listing.facets});
  return done(sql_->run("DELETE FROM search_text WHERE number = $1", Parameters{number(at)}));
}

void EntryWriter::expect_no_resource(const ItemId& resource) {
  resources_.try_emplace(resource);
}

Result<void> EntryWriter::load_resources(std::span<const ItemId> resources) {
  std::vector<std::string> wanted;
  for (const ItemId& id : resources)
    if (resources_.try_emplace(id).second) wanted.push_back(codec::to_hex(id));
  for (std::size_t first = 0; first < wanted.size(); first += kAtOnce) {
    const std::span<const std::string> some{wanted.data() + first,
                                            std::min(kAtOnce, wanted.size() - first)};
    WUSONG_TRY(const auto rows,
               sql_->query("SELECT id, entry, listed, version, updated, document, digest, format, "
                           "media_type, size, row_count, body FROM resources WHERE " +
                               io::in_list(sql_->dialect(), "id", "text"),
                           Parameters{io::hex_list(sql_->dialect(), some)}));
    for (const auto& row : rows.rows) {
      RowReader in{row};
      ResourceRow& out = resources_[in.fixed<ItemId>()];
      out.exists = true;
      out.entry = in.fixed<ItemId>();
      out.listed = in.flag();
      out.version = in.number();
      out.updated = in.number();
      out.document = in.fixed<Hash>();
      out.digest = in.text();
      out.format = in.text();
      out.media_type = in.text();
      out.size = in.number();
      out.rows = in.number();
      out.body = in.text();
      if (!in.good()) return fail(err::projection_damaged);
    }
  }
  return {};
}

Result<EntryWriter::ResourceRow*> EntryWriter::find_resource(const ItemId& item) {
  if (!resources_.contains(item)) WUSONG_CHECK(load_resources({&item, 1}));
  return &resources_[item];
}

Result<void> EntryWriter::resource(const Acted& event, const Hash& document, bool is_public,
                                   const Moment& moment, const std::optional<std::string>& text) {
  WUSONG_TRY(ResourceRow * row, find_resource(event.item));
  if (!row->exists) row->entry = event.subject;
  row->exists = true;
  row->listed = is_public;
  row->updated = moment.time;
  const bool is_version = is_public && (event.content || event.from != event.to);
  if (is_version) {
    if (row->document != document) ++row->version;
    row->document = document;
  }
  const bool known = text && row->document == document && row->fill(*text);
  if (!is_version || row->version == 0) return {};
  return version_rows_.add({hex(event.item), number(row->version), hex(event.subject),
                            number(moment.time), hex(document), known ? row->digest : ""});
}

Result<void> EntryWriter::fill_resource(const ItemId& item, const Hash& document,
                                        const std::string& text) {
  WUSONG_TRY(ResourceRow * row, find_resource(item));
  if (!row->exists) return fail(err::projection_damaged);
  ResourceRow arrived;
  if (!arrived.fill(text)) return {};
  if (row->document == document) row->fill(text);
  return done(sql_->run("UPDATE versions SET digest = $3 WHERE item = $1 AND document = $2",
                        Parameters{hex(item), hex(document), arrived.digest}));
}

}  // namespace wusong::portal::internal
