// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/projection.hpp"

#include <map>

#include "wusong/codec/json.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/document_use.hpp"
#include "wusong/portal/internal/entry_writer.hpp"
#include "wusong/portal/internal/projection_schema.hpp"
#include "wusong/portal/internal/sql_row.hpp"

namespace wusong::portal {
namespace {

using internal::hex;
using internal::Meaning;
using internal::number;
using internal::Parameters;
using internal::RowReader;

constexpr std::size_t kDigestRows = 1000;

/// The first day's first second at "from", the last day's end at "until"; 0 where there is none.
std::uint64_t day_at(const codec::JsonValue& document, std::string_view member) {
  const auto date = parse_date(document.string_at(member).value_or(""));
  return date ? start_of(days_of(*date)) : 0;
}

std::string words_of(const codec::JsonValue& document, std::string_view member) {
  std::string out;
  const auto list = document.find(member);
  if (!list) return out;
  for (const codec::JsonValue& one : list->items()) {
    if (!out.empty()) out.push_back(' ');
    out += one.string().value_or("");
  }
  return out;
}

/// Its type, length and content: no two values are written alike.
Result<std::string> written_value(const io::SqlValue& value) {
  const auto sized = [](char type, std::string_view content) {
    return type + std::to_string(content.size()) + ":" + std::string{content};
  };
  if (const auto* text = std::get_if<std::string>(&value)) return sized('t', *text);
  if (const auto* bytes = std::get_if<Bytes>(&value)) return sized('b', as_text(*bytes));
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return sized('n', std::to_string(*integer));
  return fail(err::projection_damaged);
}

}  // namespace

class Projection::Writer {
 public:
  Writer(io::SqlConnection& sql, const RuleBook& rules, DocumentSource& documents)
      : sql_{&sql},
        rules_{&rules},
        documents_{&documents},
        items_{sql},
        entries_{sql},
        history_{sql,
                 "history (item, sequence, block, log_index, time, tx, actor, workflow, action, "
                 "from_state, to_state, pack, organisation, party, deadline, subject, "
                 "actor_organisation, content, choice, marks, refers_to, document, basis)",
                 23},
        actor_rows_{sql, "actors (address, organisation, roles, active)", 4,
                    "ON CONFLICT (address) DO UPDATE SET organisation = excluded.organisation, "
                    "roles = excluded.roles, active = excluded.active"} {}

  io::SqlConnection& sql() { return *sql_; }

  Result<std::optional<std::uint64_t>> meta(std::string_view key) {
    WUSONG_TRY(const auto rows,
               sql_->query("SELECT value FROM meta WHERE key = $1", Parameters{std::string{key}}));
    if (rows.rows.empty()) return std::optional<std::uint64_t>{};
    return std::optional{RowReader{rows.rows[0]}.number()};
  }
  Result<void> set_meta(std::string_view key, std::uint64_t value) {
    return done(
        sql_->run("INSERT INTO meta (key, value) VALUES ($1, $2) "
                  "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                  Parameters{std::string{key}, number(value)}));
  }
  Result<void> open() {
    WUSONG_CHECK(sql_->script(internal::schema_of(sql_->dialect())));
    WUSONG_TRY(const auto version, meta("schema"));
    if (!version) {
      return sql_->transaction([&]() -> Result<void> {
        WUSONG_CHECK(set_meta("schema", kSchemaVersion));
        WUSONG_CHECK(set_meta("next_block", 0));
        return set_meta("events", 0);
      });
    }
    if (*version != kSchemaVersion) return fail(err::wrong_schema);
    return {};
  }
  Result<Cursor> cursor() {
    WUSONG_TRY(const auto block, meta("next_block"));
    WUSONG_TRY(const auto events, meta("events"));
    return Cursor{block.value_or(0), events.value_or(0)};
  }

  Result<void> apply(std::span<const BlockEvents> blocks, std::uint64_t through) {
    return sql_->transaction([&]() -> Result<void> {
      WUSONG_TRY(Cursor at, cursor());
      ordinal_ = at.events;
      clear();
      WUSONG_CHECK(load(blocks));
      for (const BlockEvents& block : blocks) {
        if (block.number < at.next_block) return fail(err::block_out_of_order);
        for (const PlacedEvent& placed : block.events) {
          ++ordinal_;
          WUSONG_CHECK(apply_event(block, placed));
        }
        at.next_block = block.number + 1;
      }
      if (through >= at.next_block) at.next_block = through + 1;
      WUSONG_CHECK(flush());
      WUSONG_CHECK(set_meta("next_block", at.next_block));
      return set_meta("events", ordinal_);
    });
  }

  Result<void> document_arrived(const Hash& digest) {
    return sql_->transaction([&]() -> Result<void> {
      WUSONG_TRY(const auto text, documents_->document(digest));
      if (!text) return {};
      clear();
      const Parameters key{hex(digest)};
      WUSONG_TRY(const auto waiting,
                 sql_->query("DELETE FROM missing WHERE digest = $1 RETURNING item", key));
      for (const auto& row : waiting.rows) {
        RowReader reader{row};
        const std::string item = reader.text();
        // Organisations wait under their number, items under their id.
        if (item.size() != 64) {
          WUSONG_CHECK(set_organisation_title(item, *text));
        } else {
          WUSONG_TRY(const auto id, codec::fixed_from_hex<ItemId>(item));
          WUSONG_CHECK(fill_in(id, digest, *text));
        }
      }
      return flush();
    });
  }

 private:
  void clear() {
    items_.clear();
    entries_.clear();
    history_.clear();
    actor_rows_.clear();
    actors_.clear();
    named_.clear();
  }
  Result<void> flush() {
    for (const auto& [who, actor] : actors_)
      WUSONG_CHECK(actor_rows_.add({hex(who), number(actor.organisation), number(actor.roles),
                                    number(actor.active ? 1 : 0)}));
    actors_.clear();
    WUSONG_CHECK(actor_rows_.flush());
    WUSONG_CHECK(history_.flush());
    WUSONG_CHECK(entries_.flush(*documents_, items_));
    return items_.flush();
  }

  /// Reads at once what the events will ask for one by one: the items they change, and the entries
  /// that these are or belong to.
  Result<void> load(std::span<const BlockEvents> blocks) {
    std::vector<ItemId> items;
    std::vector<ItemId> entries;
    std::vector<ItemId> resources;
    for (const BlockEvents& block : blocks)
      for (const PlacedEvent& placed : block.events) {
        const auto* act = std::get_if<Acted>(&placed.event);
        if (act == nullptr) continue;
        WUSONG_TRY(const Meaning* means, meaning(act->pack));
        const bool is_entry = act->workflow == means->entry;
        if (act->from == 0) items_.expect_none(act->item);
        if (act->from == 0 && is_entry) entries_.expect_none(act->item);
        if (act->from != 0) items.push_back(act->item);
        if (act->workflow == means->resource) {
          if (act->from == 0) entries_.expect_no_resource(act->item);
          if (act->from != 0) resources.push_back(act->item);
        }
        if (!is_entry && act->workflow != means->opening && act->workflow != means->resource)
          continue;
        const ItemId& entry = is_entry ? act->item : act->subject;
        entries.push_back(entry);
        items.push_back(entry);
        items.push_back(single_id(entry, means->opening));
      }
    WUSONG_CHECK(items_.load(items));
    WUSONG_CHECK(entries_.load_resources(resources));
    return entries_.load(entries);
  }

  static Result<void> done(const Result<std::uint64_t>& result) {
    if (!result) return fail(result.error());
    return {};
  }

  Result<const Meaning*> meaning(std::uint16_t pack) {
    const auto found = meanings_.find(pack);
    if (found != meanings_.end()) return &found->second;
    const RulePack* rules = rules_->pack(pack);
    if (rules == nullptr) return fail(err::unknown_pack);
    return &meanings_.emplace(pack, Meaning::of(*rules)).first->second;
  }

  /// The text, or nothing with a note that `item` waits for it.
  Result<std::optional<std::string>> text_for(const std::string& item, const Hash& digest) {
    WUSONG_TRY(auto text, documents_->document(digest));
    if (!text)
      WUSONG_CHECK(
          done(sql_->run("INSERT INTO missing (digest, item, since) VALUES ($1, $2, $3) "
                         "ON CONFLICT (digest, item) DO NOTHING",
                         Parameters{hex(digest), item, number(ordinal_)})));
    return text;
  }

  Result<void> apply_event(const BlockEvents& block, const PlacedEvent& placed) {
    return std::visit([&](const auto& event) { return on(block, placed, event); }, placed.event);
  }

  Result<void> on(const BlockEvents&, const PlacedEvent&, const OrganisationSet& event) {
    const Organisation& one = event.organisation;
    WUSONG_CHECK(done(sql_->run(
        "INSERT INTO organisations (id, parent, kind, active, document, title_zh, title_en) "
        "VALUES ($1, $2, $3, $4, $5, '', '') ON CONFLICT (id) DO UPDATE SET "
        "parent = excluded.parent, kind = excluded.kind, active = excluded.active, "
        "document = excluded.document",
        Parameters{number(event.id), number(one.parent), number(one.kind),
                   number(one.active ? 1 : 0), hex(one.document)})));
    if (one.document.is_zero()) return {};
    WUSONG_TRY(const auto text, text_for(std::to_string(event.id), one.document));
    return text ? set_organisation_title(std::to_string(event.id), *text) : Result<void>{};
  }
  Result<void> set_organisation_title(const std::string& id, const std::string& text) {
    const auto document = codec::JsonDocument::parse(text);
    const Text title = document ? text_at(document->root(), "title") : Text{};
    std::int64_t key = 0;
    for (const char c : id) key = key * 10 + (c - '0');
    return done(sql_->run("UPDATE organisations SET title_zh = $2, title_en = $3 WHERE id = $1",
                          Parameters{key, title.zh, title.en}));
  }
  Result<void> on(const BlockEvents&, const PlacedEvent&, const ActorSet& event) {
    actors_[event.who] = event.actor;
    return {};
  }
  Result<void> on(const BlockEvents&, const PlacedEvent&, const DistrictRolesSet&) { return {}; }
  Result<void> on(const BlockEvents&, const PlacedEvent&, const RulesPublished&) { return {}; }
  Result<void> on(const BlockEvents&, const PlacedEvent&, const RulesSealed& event) {
    const Seal& seal = event.seal;
    return done(
        sql_->run("INSERT INTO packs (pack, effective_from, utc_offset, row_count, document) "
                  "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (pack) DO NOTHING",
                  Parameters{number(seal.pack), number(seal.effective_from),
                             static_cast<std::int64_t>(seal.utc_offset), number(seal.row_count),
                             hex(seal.document)}));
  }
  Result<void> on(const BlockEvents&, const PlacedEvent&, const WorkingDaysSet& event) {
    return done(
        sql_->run("INSERT INTO working_days (year, low, high) VALUES ($1, $2, $3) "
                  "ON CONFLICT (year) DO UPDATE SET low = excluded.low, "
                  "high = excluded.high",
                  Parameters{number(event.year), hex(to_hash(event.days.bits[0])),
                             hex(to_hash(event.days.bits[1]))}));
  }

  Result<void> on(const BlockEvents& block, const PlacedEvent& placed, const Acted& event) {
    WUSONG_TRY(const Meaning* means, meaning(event.pack));
    WUSONG_CHECK(add_history(block, placed, event));
    const std::string id = codec::to_hex(event.item);
    std::optional<std::string> text;
    if (!event.document.is_zero()) {
      WUSONG_TRY(auto found, text_for(id, event.document));
      if (event.content && found) {
        WUSONG_TRY(const bool shown, internal::may_show(*sql_, event.item, event.document, *found,
                                                        named_.at(event.document)));
        if (shown) text = std::move(found);
      }
    }
    if (!event.basis.is_zero()) WUSONG_CHECK(void_of(text_for(id, event.basis)));
    WUSONG_TRY(const ItemRow* item, items_.apply(event, block.time, title_of(text)));
    return derive(*means, block, event, item->content);
  }
  template <typename T>
  static Result<void> void_of(const Result<T>& result) {
    if (!result) return fail(result.error());
    return {};
  }

  Result<void> add_history(const BlockEvents& block, const PlacedEvent& placed,
                           const Acted& event) {
    named_.try_emplace(event.document, event.item);
    return history_.add({hex(event.item),
                         number(event.sequence),
                         number(block.number),
                         number(placed.log_index),
                         number(block.time),
                         hex(placed.transaction),
                         hex(event.actor),
                         number(event.workflow),
                         number(event.action),
                         number(event.from),
                         number(event.to),
                         number(event.pack),
                         number(event.organisation),
                         hex(event.party),
                         number(event.deadline),
                         hex(event.subject),
                         number(event.actor_organisation),
                         number(event.content ? 1 : 0),
                         number(event.choice),
                         number(event.marks),
                         hex(event.refers_to),
                         hex(event.document),
                         hex(event.basis)});
  }

  static Text title_of(const std::optional<std::string>& text) {
    if (!text) return {};
    const auto document = codec::JsonDocument::parse(*text);
    if (!document) return {};
    Text out = text_at(document->root(), "title");
    return out.empty() ? text_at(document->root(), "name") : out;
  }

  /// Everything that follows from an act for entries, resources and rights.
  Result<void> derive(const Meaning& means, const BlockEvents& block, const Acted& event,
                      const Hash& document) {
    const internal::Moment moment{ordinal_, block.time};
    if (event.workflow == means.entry) {
      if (event.action == means.entry_publish)
        WUSONG_CHECK(entries_.published(event, document, moment));
      return entries_.relist(means, event.item);
    }
    if (event.workflow == means.opening) {
      WUSONG_CHECK(entries_.touch(event.subject, moment));
      return entries_.relist(means, event.subject);
    }
    if (event.workflow == means.resource) return on_resource(means, event, document, moment);
    if (event.workflow == means.commitment || event.workflow == means.grant) {
      if (event.from == 0) WUSONG_CHECK(begin_right(means, event));
      return derive_right(means, event.item);
    }
    if (event.workflow == means.agreement) {
      WUSONG_CHECK(items_.flush());
      WUSONG_TRY(const auto grants,
                 sql_->query("SELECT id FROM items WHERE subject = $1 AND workflow = $2",
                             Parameters{hex(event.item), number(means.grant)}));
      for (const auto& row : grants.rows) {
        RowReader reader{row};
        WUSONG_CHECK(derive_right(means, reader.fixed<ItemId>()));
      }
    }
    return {};
  }

  Result<void> on_resource(const Meaning& means, const Acted& event, const Hash& document,
                           const internal::Moment& moment) {
    const bool is_public = internal::has(means.resource_public, event.to);
    WUSONG_TRY(const auto text, documents_->document(document));
    WUSONG_CHECK(entries_.resource(event, document, is_public, moment, text));
    if (!is_public && !internal::has(means.resource_public, event.from)) return {};
    WUSONG_CHECK(entries_.touch(event.subject, moment));
    return entries_.relist(means, event.subject);
  }

  /// Whom and which dataset a commitment or grant is about, once and for all.
  Result<void> begin_right(const Meaning& means, const Acted& event) {
    ItemId entry = event.subject;
    Address holder = event.actor;
    std::uint64_t organisation = event.actor_organisation;
    if (event.workflow == means.grant) {
      // Grant, agreement, application, entry.
      for (int step = 0; step < 2; ++step) {
        WUSONG_TRY(const ItemRow* item, items_.find(entry));
        if (item == nullptr) return fail(err::projection_damaged);
        entry = item->item.subject;
      }
      holder = event.party;
      WUSONG_TRY(organisation, organisation_of(holder));
    }
    return done(sql_->run(
        "INSERT INTO rights (item, entry, workflow, holder, organisation, from_time, until_time, "
        "open, resources) VALUES ($1, $2, $3, $4, $5, 0, 0, 0, '')",
        Parameters{hex(event.item), hex(entry), number(event.workflow), hex(holder),
                   number(organisation)}));
  }

  /// As the directory has it at this event.
  Result<std::uint64_t> organisation_of(const Address& who) {
    if (const auto set = actors_.find(who); set != actors_.end()) return set->second.organisation;
    WUSONG_TRY(const auto rows, sql_->query("SELECT organisation FROM actors WHERE address = $1",
                                            Parameters{hex(who)}));
    return rows.rows.empty() ? 0 : RowReader{rows.rows[0]}.number();
  }

  Result<void> derive_right(const Meaning& means, const ItemId& id) {
    WUSONG_TRY(const ItemRow* item, items_.find(id));
    if (item == nullptr) return fail(err::projection_damaged);
    WUSONG_TRY(const ItemRow* subject, items_.find(item->item.subject));
    if (subject == nullptr) return fail(err::projection_damaged);
    const std::uint8_t workflow = item->item.workflow;
    const std::uint8_t state = item->item.state;
    std::uint64_t from = item->created;
    std::uint64_t until = 0;
    std::string resources;
    bool open = workflow == means.commitment && internal::has(means.commitment_open, state);
    if (workflow == means.grant) {
      WUSONG_TRY(const auto text, documents_->document(item->content));
      const auto json = text ? codec::JsonDocument::parse(*text)
                             : Result<codec::JsonDocument>{fail(err::bad_document)};
      // Without its document nobody knows how far a grant reaches: it opens nothing.
      if (json) {
        from = day_at(json->root(), "from");
        until = day_at(json->root(), "until");
        resources = words_of(json->root(), "resources");
      }
      open = json && until != 0 && internal::has(means.grant_open, state) &&
             subject->item.workflow == means.agreement &&
             internal::has(means.agreement_in_force, subject->item.state);
    }
    return done(sql_->run(
        "UPDATE rights SET from_time = $2, until_time = $3, open = $4, "
        "resources = $5 WHERE item = $1",
        Parameters{hex(id), number(from), number(until), number(open ? 1 : 0), resources}));
  }

  /// A document that `id` waited for is here.
  Result<void> fill_in(const ItemId& id, const Hash& digest, const std::string& text) {
    WUSONG_TRY(const ItemRow* item, items_.find(id));
    if (item == nullptr) return fail(err::projection_damaged);
    const std::uint8_t workflow = item->item.workflow;
    WUSONG_TRY(const Meaning* means, meaning(item->item.pack));
    WUSONG_TRY(const bool shown, internal::may_show(*sql_, id, digest, text));
    if (item->content == digest && shown) {
      const Text title = title_of(text);
      WUSONG_CHECK(done(sql_->run("UPDATE items SET title_zh = $2, title_en = $3 WHERE id = $1",
                                  Parameters{hex(id), title.zh, title.en})));
    }
    if (workflow == means->entry) return entries_.relist(*means, id);
    if (workflow == means->opening) return entries_.relist(*means, item->item.subject);
    if (workflow == means->resource) return entries_.fill_resource(id, digest, text);
    if (workflow == means->grant) return derive_right(*means, id);
    return {};
  }

  io::SqlConnection* sql_;
  const RuleBook* rules_;
  DocumentSource* documents_;
  internal::ItemRows items_;
  internal::EntryWriter entries_;
  internal::BulkInsert history_;
  internal::BulkInsert actor_rows_;
  std::map<Address, Actor> actors_;  // set by these blocks
  std::map<Hash, ItemId> named_;     // by whom a document was named first, in these blocks
  std::map<std::uint16_t, Meaning> meanings_;
  std::uint64_t ordinal_{0};
};

Projection::Projection(io::SqlConnection& sql, const RuleBook& rules, DocumentSource& documents)
    : writer_{std::make_unique<Writer>(sql, rules, documents)} {}
Projection::Projection(Projection&&) noexcept = default;
Projection::~Projection() = default;

Result<void> Projection::open() {
  return writer_->open();
}
Result<Cursor> Projection::cursor() {
  return writer_->cursor();
}
Result<void> Projection::apply(std::span<const BlockEvents> blocks, std::uint64_t through) {
  return writer_->apply(blocks, through);
}
Result<void> Projection::document_arrived(const Hash& digest) {
  return writer_->document_arrived(digest);
}

Result<std::vector<Hash>> Projection::missing_documents(std::uint64_t max) {
  WUSONG_TRY(const auto rows,
             writer_->sql().query("SELECT digest, MIN(since) FROM missing GROUP BY digest "
                                  "ORDER BY MIN(since), digest LIMIT $1",
                                  Parameters{number(max)}));
  std::vector<Hash> out;
  for (const auto& row : rows.rows) {
    RowReader reader{row};
    out.push_back(reader.fixed<Hash>());
  }
  return out;
}

namespace {

Result<Hash> digest_of(io::SqlConnection& sql, const internal::DerivedTable& table) {
  Hash digest;
  const std::string columns{table.columns};
  const std::string key{table.key};
  const std::string select = "SELECT " + columns + " FROM " + std::string{table.name};
  const std::string more =
      table.key_columns == 1 ? " WHERE " + key + " > $1" : " WHERE (" + key + ") > ($1, $2)";
  const std::string end = " ORDER BY " + key + " LIMIT " + std::to_string(kDigestRows);
  Parameters after;
  for (;;) {
    std::string page = select;
    if (!after.empty()) page += more;
    page += end;
    WUSONG_TRY(const auto rows, sql.query(page, after));
    Bytes bytes{digest.bytes.begin(), digest.bytes.end()};
    append(bytes, as_bytes(table.name));
    for (const auto& row : rows.rows)
      for (const io::SqlValue& value : row) {
        WUSONG_TRY(const std::string written, written_value(value));
        append(bytes, as_bytes(written));
      }
    digest = hash::sha256(bytes);
    if (rows.rows.size() < kDigestRows) return digest;
    after.assign(rows.rows.back().begin(),
                 rows.rows.back().begin() + static_cast<std::ptrdiff_t>(table.key_columns));
  }
}

}  // namespace

Result<std::vector<std::pair<std::string, Hash>>> Projection::table_digests() {
  std::vector<std::pair<std::string, Hash>> out;
  for (const internal::DerivedTable& table : internal::derived_tables()) {
    WUSONG_TRY(const Hash digest, digest_of(writer_->sql(), table));
    out.emplace_back(table.name, digest);
  }
  return out;
}

Result<Hash> Projection::projection_digest() {
  WUSONG_TRY(const auto tables, table_digests());
  Bytes all;
  for (const auto& [name, digest] : tables) append(all, digest);
  return hash::sha256(all);
}

}  // namespace wusong::portal
