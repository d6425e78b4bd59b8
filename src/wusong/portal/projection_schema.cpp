// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/internal/projection_schema.hpp"

namespace wusong::portal::internal {
namespace {

constexpr std::string_view kTables = R"(
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS organisations (
  id BIGINT PRIMARY KEY, parent BIGINT NOT NULL, kind BIGINT NOT NULL, active BIGINT NOT NULL,
  document TEXT NOT NULL, title_zh TEXT NOT NULL, title_en TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS actors (
  address TEXT PRIMARY KEY, organisation BIGINT NOT NULL, roles BIGINT NOT NULL,
  active BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS working_days (
  year BIGINT PRIMARY KEY, low TEXT NOT NULL, high TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS packs (
  pack BIGINT PRIMARY KEY, effective_from BIGINT NOT NULL, utc_offset BIGINT NOT NULL,
  row_count BIGINT NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
  id TEXT PRIMARY KEY, workflow BIGINT NOT NULL, state BIGINT NOT NULL, pack BIGINT NOT NULL,
  sequence BIGINT NOT NULL, organisation BIGINT NOT NULL, creator TEXT NOT NULL,
  party TEXT NOT NULL, deadline BIGINT NOT NULL, choice BIGINT NOT NULL, marks BIGINT NOT NULL,
  subject TEXT NOT NULL, document TEXT NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL,
  title_zh TEXT NOT NULL, title_en TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS items_by_state ON items (workflow, state, updated);
CREATE INDEX IF NOT EXISTS items_by_organisation ON items (organisation, workflow, updated);
CREATE INDEX IF NOT EXISTS items_by_creator ON items (creator, updated);
CREATE INDEX IF NOT EXISTS items_by_party ON items (party, updated) WHERE party <> '';
CREATE INDEX IF NOT EXISTS items_by_subject ON items (subject, workflow) WHERE subject <> '';
CREATE INDEX IF NOT EXISTS items_by_deadline ON items (deadline) WHERE deadline > 0;
CREATE TABLE IF NOT EXISTS history (
  item TEXT NOT NULL, sequence BIGINT NOT NULL, block BIGINT NOT NULL, log_index BIGINT NOT NULL,
  time BIGINT NOT NULL, tx TEXT NOT NULL, actor TEXT NOT NULL, workflow BIGINT NOT NULL,
  action BIGINT NOT NULL, from_state BIGINT NOT NULL, to_state BIGINT NOT NULL,
  pack BIGINT NOT NULL, organisation BIGINT NOT NULL, party TEXT NOT NULL,
  deadline BIGINT NOT NULL, subject TEXT NOT NULL, actor_organisation BIGINT NOT NULL,
  content BIGINT NOT NULL, choice BIGINT NOT NULL, marks BIGINT NOT NULL,
  refers_to TEXT NOT NULL, document TEXT NOT NULL, basis TEXT NOT NULL,
  PRIMARY KEY (item, sequence));
CREATE INDEX IF NOT EXISTS history_by_block ON history (block, log_index);
CREATE INDEX IF NOT EXISTS history_by_document ON history (document) WHERE document <> '';
CREATE TABLE IF NOT EXISTS missing (
  digest TEXT NOT NULL, item TEXT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (digest, item));
CREATE INDEX IF NOT EXISTS missing_by_age ON missing (since);
CREATE TABLE IF NOT EXISTS entries (
  id TEXT PRIMARY KEY, number BIGINT NOT NULL UNIQUE, listed BIGINT NOT NULL,
  indexed BIGINT NOT NULL,
  opening BIGINT NOT NULL, organisation BIGINT NOT NULL, version BIGINT NOT NULL,
  published BIGINT NOT NULL, updated BIGINT NOT NULL, document TEXT NOT NULL,
  facets TEXT NOT NULL, body TEXT NOT NULL, opening_body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS entries_listed ON entries (number) WHERE listed = 1;
CREATE TABLE IF NOT EXISTS resources (
  id TEXT PRIMARY KEY, entry TEXT NOT NULL, listed BIGINT NOT NULL, version BIGINT NOT NULL,
  updated BIGINT NOT NULL, document TEXT NOT NULL, digest TEXT NOT NULL, format TEXT NOT NULL,
  media_type TEXT NOT NULL, size BIGINT NOT NULL, row_count BIGINT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS resources_by_entry ON resources (entry, id);
CREATE TABLE IF NOT EXISTS versions (
  item TEXT NOT NULL, version BIGINT NOT NULL, entry TEXT NOT NULL, time BIGINT NOT NULL,
  document TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (item, version));
CREATE INDEX IF NOT EXISTS versions_by_entry ON versions (entry, time);
CREATE INDEX IF NOT EXISTS versions_by_digest ON versions (digest) WHERE digest <> '';
CREATE INDEX IF NOT EXISTS versions_by_document ON versions (document);
CREATE TABLE IF NOT EXISTS rights (
  item TEXT PRIMARY KEY, entry TEXT NOT NULL, workflow BIGINT NOT NULL, holder TEXT NOT NULL,
  organisation BIGINT NOT NULL, from_time BIGINT NOT NULL, until_time BIGINT NOT NULL,
  open BIGINT NOT NULL, resources TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS rights_by_entry ON rights (entry, holder);
CREATE INDEX IF NOT EXISTS rights_by_holder ON rights (holder);
CREATE TABLE IF NOT EXISTS facet_counts (
  facet TEXT NOT NULL, value TEXT NOT NULL, count BIGINT NOT NULL, PRIMARY KEY (facet, value));
CREATE INDEX IF NOT EXISTS facet_counts_by_count ON facet_counts (facet, count, value);
CREATE TABLE IF NOT EXISTS popularity (entry TEXT PRIMARY KEY, downloads BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS popularity_by_downloads ON popularity (downloads);
CREATE TABLE IF NOT EXISTS search_text (
  number BIGINT PRIMARY KEY, title TEXT NOT NULL, facets TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS postings (
  word TEXT NOT NULL, chunk BIGINT NOT NULL, bits $BYTES NOT NULL, PRIMARY KEY (word, chunk));
)";

/// Bits hardly shrink, and taking them out of a compressed row costs more than reading them.
constexpr std::string_view kPostgresOnly =
    "ALTER TABLE postings ALTER COLUMN bits SET STORAGE EXTERNAL;";

// Without `meta`: how far the tables are moves with every block, also one without an event.
constexpr DerivedTable kDerived[] = {
    {"organisations", "id, parent, kind, active, document, title_zh, title_en", "id", 1},
    {"actors", "address, organisation, roles, active", "address", 1},
    {"working_days", "year, low, high", "year", 1},
    {"packs", "pack, effective_from, utc_offset, row_count, document", "pack", 1},
    {"items",
     "id, workflow, state, pack, sequence, organisation, creator, party, deadline, choice, marks, "
     "subject, document, created, updated, title_zh, title_en",
     "id", 1},
    {"history",
     "item, sequence, block, log_index, time, tx, actor, workflow, action, from_state, to_state, "
     "pack, organisation, party, deadline, subject, actor_organisation, content, choice, marks, "
     "refers_to, document, basis",
     "item, sequence", 2},
    {"missing", "digest, item, since", "digest, item", 2},
    {"entries",
     "id, number, listed, indexed, opening, organisation, version, published, updated, document, "
     "facets, body, opening_body",
     "id", 1},
    {"resources",
     "id, entry, listed, version, updated, document, digest, format, media_type, size, row_count, "
     "body",
     "id", 1},
    {"versions", "item, version, entry, time, document, digest", "item, version", 2},
    {"rights",
     "item, entry, workflow, holder, organisation, from_time, until_time, open, resources", "item",
     1},
    {"facet_counts", "facet, value, count", "facet, value", 2},
    {"search_text", "number, title, facets", "number", 1},
    {"postings", "word, chunk, bits", "word, chunk", 2},
};

}  // namespace

std::string schema_of(io::SqlDialect dialect) {
  std::string out{kTables};
  constexpr std::string_view kPlace = "$BYTES";
  const bool lite = dialect == io::SqlDialect::sqlite;
  out.replace(out.find(kPlace), kPlace.size(), lite ? "BLOB" : "BYTEA");
  if (lite) return out;
  // Bytes decide the order of texts, as in SQLite, whatever language the server was set up for.
  constexpr std::string_view kText = "TEXT";
  for (auto at = out.find(kText); at != std::string::npos; at = out.find(kText, at + kText.size()))
    out.insert(at + kText.size(), " COLLATE \"C\"");
  return out + std::string{kPostgresOnly};
}

std::span<const DerivedTable> derived_tables() noexcept {
  return kDerived;
}

Meaning Meaning::of(const RulePack& pack) {
  Meaning out;
  const auto number = [&](std::string_view name) {
    const Workflow* flow = pack.workflow(name);
    return flow == nullptr ? std::uint8_t{0} : flow->number;
  };
  const auto states = [&](std::string_view name, std::initializer_list<std::string_view> wanted) {
    std::uint32_t mask = 0;
    if (const Workflow* flow = pack.workflow(name))
      for (const std::string_view one : wanted)
        if (const State* state = flow->state(one)) mask |= 1u << state->number;
    return mask;
  };
  out.entry = number("entry");
  out.opening = number("opening");
  out.resource = number("resource");
  out.commitment = number("commitment");
  out.agreement = number("agreement");
  out.grant = number("grant");
  out.entry_public = states("entry", {"published", "updating", "update_review",
                                      "update_security_review", "retirement_review"});
  out.resource_public = states("resource", {"published"});
  out.commitment_open = states("commitment", {"signed"});
  out.agreement_in_force = states("agreement", {"in_force"});
  out.grant_open = states("grant", {"open"});
  if (const Workflow* flow = pack.workflow("entry"))
    if (const NamedNumber* action = flow->action(std::string_view{"publish"}))
      out.entry_publish = action->number;
  const auto opens = [&](std::initializer_list<std::string_view> names, OpeningType type) {
    const std::uint32_t mask = states("opening", names);
    for (std::size_t state = 0; state < 32; ++state)
      if ((mask >> state & 1) != 0) out.opening_of[state] = type;
  };
  opens({"closed", "conditional_review", "unconditional_review"}, OpeningType::closed);
  opens({"conditional", "widening_review"}, OpeningType::conditional);
  opens({"unconditional"}, OpeningType::unconditional);
  return out;
}

}  // namespace wusong::portal::internal
