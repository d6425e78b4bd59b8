// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/internal/entry_writer.hpp"

#include <algorithm>

#include "wusong/portal/dataset.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/sql_row.hpp"
#include "wusong/portal/tokens.hpp"

namespace wusong::portal::internal {
namespace {

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

/// Each "facet=value" of a list of lines.
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

std::string facet_words(std::string_view facets) {
  std::string out;
  each_facet(facets, [&](std::string_view facet, std::string_view value) {
    if (!out.empty()) out.push_back(' ');
    out += facet_word(facet, value);
  });
  return out;
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

struct EntryWriter::Listing {
  std::uint64_t number{0};
  std::string title;  // words
  std::string body;
  std::string facets;  // lines
};

Result<void> EntryWriter::flush(DocumentSource& documents) {
  for (const auto& [entry, means] : dirty_) WUSONG_CHECK(list_anew(*means, entry, documents));
  for (const auto& [facet, by] : facet_changes_) {
    if (by == 0) continue;
    WUSONG_CHECK(done(sql_->run(
        "INSERT INTO facet_counts (facet, value, count) VALUES ($1, $2, $3) "
        "ON CONFLICT (facet, value) DO UPDATE SET count = facet_counts.count + excluded.count",
        Parameters{facet.first, facet.second, by})));
    // A value nobody has any more is as if it had never been: a rebuild would not know it.
    if (by < 0)
      WUSONG_CHECK(
          done(sql_->run("DELETE FROM facet_counts WHERE facet = $1 AND value = $2 AND count = 0",
                         Parameters{facet.first, facet.second})));
  }
  begin();
  return {};
}

Result<void> EntryWriter::published(const Acted& event, const Hash& document,
                                    const Moment& moment) {
  WUSONG_TRY(
      const auto rows,
      sql_->query("INSERT INTO entries (id, number, listed, indexed, opening, organisation, "
                  "version, published, updated, document, opening_document, title_zh, "
                  "title_en, abstract_zh, abstract_en, sharing, frequency, facets, body, "
                  "opening_body) VALUES ($1, $2, 0, 0, 0, $3, 1, $4, $4, $5, '', '', '', "
                  "'', '', '', '', '', '', '') ON CONFLICT (id) DO UPDATE SET "
                  "number = excluded.number, organisation = excluded.organisation, "
                  "version = entries.version + 1, updated = excluded.updated, "
                  "document = excluded.document RETURNING version",
                  Parameters{hex(event.item), number(moment.ordinal), number(event.organisation),
                             number(moment.time), hex(document)}));
  if (rows.rows.size() != 1) return fail(err::projection_damaged);
  const std::uint64_t version = RowReader{rows.rows[0]}.number();
  return done(
      sql_->run("INSERT INTO versions (item, version, entry, time, document, digest) "
                "VALUES ($1, $2, $1, $3, $4, '')",
                Parameters{hex(event.item), number(version), number(moment.time), hex(document)}));
}

Result<void> EntryWriter::touch(const ItemId& entry, const Moment& moment) {
  return done(sql_->run("UPDATE entries SET number = $2, updated = $3 WHERE id = $1",
                        Parameters{hex(entry), number(moment.ordinal), number(moment.time)}));
}

Result<void> EntryWriter::list_anew(const Meaning& means, const ItemId& entry,
                                    DocumentSource& documents) {
  WUSONG_TRY(const auto rows,
             sql_->query("SELECT e.number, e.indexed, e.facets, e.document, e.organisation, "
                         "i.state FROM entries e JOIN items i ON i.id = e.id WHERE e.id = $1",
                         Parameters{hex(entry)}));
  if (rows.rows.empty()) return {};
  RowReader reader{rows.rows[0]};
  Listing listing;
  listing.number = reader.number();
  const std::uint64_t indexed = reader.number();
  const std::string facets = reader.text();
  const Hash document = reader.fixed<Hash>();
  const std::uint64_t organisation = reader.number();
  const auto state = reader.number_as<std::uint8_t>();
  WUSONG_TRY(const auto openings, sql_->query("SELECT state, document FROM items WHERE id = $1",
                                              Parameters{hex(single_id(entry, means.opening))}));
  OpeningType opening = OpeningType::unknown;
  Hash opening_document;
  if (!openings.rows.empty()) {
    RowReader of{openings.rows[0]};
    opening = means.opening_of[of.number_as<std::uint8_t>() & 31];
    opening_document = of.fixed<Hash>();
  }
  if (indexed != 0) WUSONG_CHECK(remove(indexed, facets));
  WUSONG_TRY(const std::string body, text_or_empty(documents, document));
  WUSONG_TRY(const std::string opening_body, text_or_empty(documents, opening_document));
  const auto json = codec::JsonDocument::parse(body);
  const codec::JsonValue root = json ? json->root() : codec::JsonValue{};
  const bool listed =
      json && has(means.entry_public, state) &&
      (opening == OpeningType::unconditional || opening == OpeningType::conditional);
  const Text title = text_at(root, "title");
  const Text abstract = text_at(root, "abstract");
  if (listed) {
    listing.title = index_text(title.zh + "\n" + title.en);
    listing.body = search_words(root);
    listing.facets = facets_of(root, organisation, opening);
    WUSONG_CHECK(add(listing));
  }
  return done(sql_->run(
      "UPDATE entries SET listed = $2, indexed = $3, opening = $4, opening_document = $5, "
      "title_zh = $6, title_en = $7, abstract_zh = $8, abstract_en = $9, sharing = $10, "
      "frequency = $11, facets = $12, body = $13, opening_body = $14 WHERE id = $1",
      Parameters{hex(entry), number(listed ? 1 : 0), number(listed ? listing.number : 0),
                 number(static_cast<std::uint64_t>(opening)), hex(opening_document), title.zh,
                 title.en, abstract.zh, abstract.en,
                 std::string{root.string_at("sharing").value_or("")},
                 std::string{root.string_at("frequency").value_or("")}, listing.facets, body,
                 opening_body}));
}

Result<void> EntryWriter::remove(std::uint64_t at, const std::string& facets) {
  count_facets(facets, -1);
  // The full-text index must be told what it held: its words are in search_text.
  if (sql_->dialect() == io::SqlDialect::sqlite)
    WUSONG_CHECK(
        done(sql_->run("INSERT INTO search (search, rowid, title, body, facets) SELECT "
                       "'delete', number, title, body, facets FROM search_text "
                       "WHERE number = $1",
                       Parameters{number(at)})));
  return done(sql_->run("DELETE FROM search_text WHERE number = $1", Parameters{number(at)}));
}

Result<void> EntryWriter::add(const Listing& listing) {
  count_facets(listing.facets, 1);
  const Parameters values{number(listing.number), listing.title, listing.body,
                          facet_words(listing.facets)};
  if (sql_->dialect() == io::SqlDialect::postgres)
    return done(sql_->run(
        "INSERT INTO search_text (number, title, body, facets, title_words, words) VALUES "
        "($1, $2, $3, $4, array_to_tsvector(string_to_array($2, ' ')), "
        "array_to_tsvector(string_to_array(trim($3 || ' ' || $4), ' ')))",
        values));
  WUSONG_CHECK(done(sql_->run(
      "INSERT INTO search_text (number, title, body, facets) VALUES ($1, $2, $3, $4)", values)));
  return done(
      sql_->run("INSERT INTO search (rowid, title, body, facets) VALUES ($1, $2, $3, $4)", values));
}

void EntryWriter::count_facets(const std::string& facets, std::int64_t by) {
  each_facet(facets, [&](std::string_view facet, std::string_view value) {
    facet_changes_[{std::string{facet}, std::string{value}}] += by;
  });
  facet_changes_[{"all", ""}] += by;
}

Result<void> EntryWriter::resource(const Acted& event, const Hash& document, bool is_public,
                                   const Moment& moment) {
  const bool is_version = is_public && (event.content || event.from != event.to);
  WUSONG_CHECK(done(sql_->run(
      "INSERT INTO resources (id, entry, listed, version, updated, document, digest, format, "
      "media_type, size, row_count, body) VALUES ($1, $2, 0, 0, $3, '', '', '', '', 0, 0, '') "
      "ON CONFLICT (id) DO NOTHING",
      Parameters{hex(event.item), hex(event.subject), number(moment.time)})));
  WUSONG_TRY(const auto rows,
             sql_->query("UPDATE resources SET listed = $2, updated = $3, version = version + "
                         "CASE WHEN $4 = 1 AND document <> $5 THEN 1 ELSE 0 END, "
                         "document = CASE WHEN $4 = 1 THEN $5 ELSE document END WHERE id = $1 "
                         "RETURNING version",
                         Parameters{hex(event.item), number(is_public ? 1 : 0), number(moment.time),
                                    number(is_version ? 1 : 0), hex(document)}));
  if (rows.rows.size() != 1) return fail(err::projection_damaged);
  const std::uint64_t version = RowReader{rows.rows[0]}.number();
  if (!is_version || version == 0) return {};
  return done(
      sql_->run("INSERT INTO versions (item, version, entry, time, document, digest) "
                "VALUES ($1, $2, $3, $4, $5, '') ON CONFLICT (item, version) DO NOTHING",
                Parameters{hex(event.item), number(version), hex(event.subject),
                           number(moment.time), hex(document)}));
}

Result<void> EntryWriter::fill_resource(const ItemId& item, const Hash& document,
                                        const std::string& text) {
  const auto json = codec::JsonDocument::parse(text);
  if (!json) return {};
  const codec::JsonValue root = json->root();
  const std::string digest{root.string_at("digest").value_or("")};
  const auto count = [&](std::string_view member) {
    const auto value = root.find(member);
    return value ? value->u64().value_or(0) : 0;
  };
  WUSONG_CHECK(done(sql_->run("UPDATE versions SET digest = $3 WHERE item = $1 AND document = $2",
                              Parameters{hex(item), hex(document), digest})));
  return done(sql_->run(
      "UPDATE resources SET digest = $3, format = $4, media_type = $5, size = $6, row_count = $7, "
      "body = $8 WHERE id = $1 AND document = $2",
      Parameters{hex(item), hex(document), digest, upper(root.string_at("format").value_or("")),
                 std::string{root.string_at("media_type").value_or("")}, number(count("size")),
                 number(count("rows")), text}));
}

}  // namespace wusong::portal::internal
