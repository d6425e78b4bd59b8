// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "wusong/io/sql_list.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/portal/access.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/document_use.hpp"
#include "wusong/portal/internal/item_rows.hpp"
#include "wusong/portal/internal/sql_row.hpp"
#include "wusong/portal/projection.hpp"

namespace wusong::portal {
namespace {

using internal::hex;
using internal::number;
using internal::Parameters;
using internal::RowReader;

constexpr std::string_view kRightColumns =
    "item, entry, workflow, holder, organisation, from_time, until_time, open, resources";

Result<std::vector<ItemRow>> read_items(const Result<io::SqlRows>& rows) {
  if (!rows) return fail(rows.error());
  std::vector<ItemRow> out;
  for (const auto& row : rows->rows) {
    WUSONG_TRY(auto item, internal::read_item(row));
    out.push_back(std::move(item));
  }
  return out;
}

template <typename Fixed>
std::string list_of(io::SqlDialect dialect, std::span<const Fixed> values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const Fixed& one : values) texts.push_back(codec::to_hex(one));
  return io::hex_list(dialect, texts);
}

constexpr std::string_view kHistoryColumns =
    "item, sequence, block, log_index, time, tx, actor, workflow, action, from_state, to_state, "
    "pack, organisation, party, deadline, subject, actor_organisation, content, choice, marks, "
    "refers_to, document, basis";

Result<std::vector<HistoryRow>> read_history(const Result<io::SqlRows>& rows) {
  if (!rows) return fail(rows.error());
  std::vector<HistoryRow> out;
  for (const auto& row : rows->rows) {
    RowReader in{row};
    HistoryRow one;
    Acted& act = one.act;
    act.item = in.fixed<ItemId>();
    one.sequence = in.number_as<std::uint32_t>();
    one.block = in.number();
    one.log_index = in.number_as<std::uint32_t>();
    one.time = in.number();
    one.transaction = in.fixed<Hash>();
    act.sequence = one.sequence;
    act.actor = in.fixed<Address>();
    act.workflow = in.number_as<std::uint8_t>();
    act.action = in.number_as<std::uint8_t>();
    act.from = in.number_as<std::uint8_t>();
    act.to = in.number_as<std::uint8_t>();
    act.pack = in.number_as<std::uint16_t>();
    act.organisation = in.number_as<std::uint32_t>();
    act.party = in.fixed<Address>();
    act.deadline = in.number();
    act.subject = in.fixed<ItemId>();
    act.actor_organisation = in.number_as<std::uint32_t>();
    act.content = in.flag();
    act.choice = in.number_as<std::uint8_t>();
    act.marks = in.number_as<std::uint32_t>();
    act.refers_to = in.fixed<ItemId>();
    act.document = in.fixed<Hash>();
    act.basis = in.fixed<Hash>();
    if (!in.good()) return fail(err::projection_damaged);
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<ProjectionReader::AddressedActor>> read_actors(const Result<io::SqlRows>& rows) {
  if (!rows) return fail(rows.error());
  std::vector<ProjectionReader::AddressedActor> out;
  for (const auto& row : rows->rows) {
    RowReader in{row};
    ProjectionReader::AddressedActor one;
    one.address = in.fixed<Address>();
    one.actor.organisation = in.number_as<std::uint32_t>();
    one.actor.roles = in.number_as<std::uint32_t>();
    one.actor.active = in.flag();
    if (!in.good()) return fail(err::projection_damaged);
    out.push_back(one);
  }
  return out;
}

/// Conditions joined with AND, each with its own parameter.
class Where {
 public:
  void add(std::string_view condition, io::SqlValue value) {
    parameters_.push_back(std::move(value));
    std::string text{condition};
    const std::string place = "$" + std::to_string(parameters_.size());
    for (std::size_t at = text.find('?'); at != std::string::npos; at = text.find('?'))
      text.replace(at, 1, place);
    text_ += (text_.empty() ? " WHERE " : " AND ") + text;
  }
  const std::string& text() const noexcept { return text_; }
  Parameters& parameters() noexcept { return parameters_; }

 private:
  std::string text_;
  Parameters parameters_;
};

}  // namespace

Result<Cursor> ProjectionReader::cursor() {
  WUSONG_TRY(const auto rows, sql_->query("SELECT key, value FROM meta"));
  Cursor out;
  for (const auto& row : rows.rows) {
    RowReader in{row};
    const std::string key = in.text();
    const std::uint64_t value = in.number();
    if (key == "next_block") out.next_block = value;
    if (key == "events") out.events = value;
  }
  return out;
}

Result<std::optional<ItemRow>> ProjectionReader::item(const ItemId& id) {
  WUSONG_TRY(const auto found,
             read_items(sql_->query(
                 "SELECT " + std::string{internal::item_columns()} + " FROM items WHERE id = $1",
                 Parameters{hex(id)})));
  if (found.empty()) return std::optional<ItemRow>{};
  return std::optional{found.front()};
}

Result<std::vector<ItemRow>> ProjectionReader::items_of(std::span<const ItemId> ids) {
  return read_items(sql_->query("SELECT " + std::string{internal::item_columns()} +
                                    " FROM items WHERE " +
                                    io::in_list(sql_->dialect(), "id", "text"),
                                Parameters{list_of(sql_->dialect(), ids)}));
}

Result<std::vector<HistoryRow>> ProjectionReader::history(const ItemId& id) {
  return read_history(sql_->query(
      "SELECT " + std::string{kHistoryColumns} + " FROM history WHERE item = $1 ORDER BY sequence",
      Parameters{hex(id)}));
}

Result<std::vector<HistoryRow>> ProjectionReader::acts_before(const ActsBefore& query) {
  if (query.limit > kPageMax) return fail(err::bad_query);
  // A block number beyond every chain means: from the newest.
  const auto block = number(std::min<std::uint64_t>(query.block, INT64_MAX));
  const auto index = number(std::min<std::uint64_t>(query.log_index, INT64_MAX));
  Parameters parameters{block, index, number(query.limit)};
  if (!query.item.is_zero()) parameters.push_back(hex(query.item));
  // Of one item there are few acts: written so that SQLite takes the item's index.
  const std::string_view where =
      query.item.is_zero() ? "(block, log_index) < ($1, $2)"
                           : "item = $4 AND (block < $1 OR (block = $1 AND log_index < $2))";
  return read_history(sql_->query("SELECT " + std::string{kHistoryColumns} +
                                      " FROM history WHERE " + std::string{where} +
                                      " ORDER BY block DESC, log_index DESC LIMIT $3",
                                  parameters));
}

Result<ProjectionReader::ItemPage> ProjectionReader::items(const ItemFilter& filter) {
  if (filter.limit > kPageMax || filter.offset > INT64_MAX) return fail(err::bad_query);
  Where where;
  if (filter.workflow) where.add("workflow = ?", number(*filter.workflow));
  if (filter.state) where.add("state = ?", number(*filter.state));
  if (filter.organisation) where.add("organisation = ?", number(*filter.organisation));
  if (filter.creator) where.add("creator = ?", hex(*filter.creator));
  if (filter.concerned) where.add("(creator = ? OR party = ?)", hex(*filter.concerned));
  if (filter.subject) where.add("subject = ?", hex(*filter.subject));
  if (filter.overdue_at) where.add("(deadline > 0 AND deadline <= ?)", number(*filter.overdue_at));
  ItemPage out;
  WUSONG_TRY(const auto total,
             sql_->query("SELECT count(*) FROM items" + where.text(), where.parameters()));
  if (total.rows.size() != 1) return fail(err::projection_damaged);
  out.total = RowReader{total.rows[0]}.number();
  Parameters parameters = where.parameters();
  const std::string limit = "$" + std::to_string(parameters.size() + 1);
  const std::string offset = "$" + std::to_string(parameters.size() + 2);
  parameters.push_back(number(filter.limit));
  parameters.push_back(number(filter.offset));
  WUSONG_TRY(out.items,
             read_items(sql_->query(
                 "SELECT " + std::string{internal::item_columns()} + " FROM items" + where.text() +
                     " ORDER BY updated DESC, id LIMIT " + limit + " OFFSET " + offset,
                 parameters)));
  return out;
}

Result<std::optional<Actor>> ProjectionReader::actor(const Address& who) {
  WUSONG_TRY(const auto rows,
             sql_->query("SELECT organisation, roles, active FROM actors WHERE address = $1",
                         Parameters{hex(who)}));
  if (rows.rows.empty()) return std::optional<Actor>{};
  RowReader in{rows.rows[0]};
  Actor out;
  out.organisation = in.number_as<std::uint32_t>();
  out.roles = in.number_as<std::uint32_t>();
  out.active = in.flag();
  return std::optional{out};
}

Result<std::optional<Organisation>> ProjectionReader::organisation(std::uint32_t id) {
  WUSONG_TRY(const auto rows,
             sql_->query("SELECT parent, kind, active, document FROM organisations WHERE id = $1",
                         Parameters{number(id)}));
  if (rows.rows.empty()) return std::optional<Organisation>{};
  RowReader in{rows.rows[0]};
  Organisation out;
  out.parent = in.number_as<std::uint32_t>();
  out.kind = in.number_as<std::uint8_t>();
  out.active = in.flag();
  out.document = in.fixed<Hash>();
  return std::optional{out};
}

Result<std::vector<ProjectionReader::NamedOrganisation>> ProjectionReader::organisations() {
  WUSONG_TRY(const auto rows, sql_->query("SELECT id, parent, kind, active, document, title_zh, "
                                          "title_en FROM organisations ORDER BY id"));
  std::vector<NamedOrganisation> out;
  for (const auto& row : rows.rows) {
    RowReader in{row};
    NamedOrganisation one;
    one.id = in.number_as<std::uint32_t>();
    one.organisation.parent = in.number_as<std::uint32_t>();
    one.organisation.kind = in.number_as<std::uint8_t>();
    one.organisation.active = in.flag();
    one.organisation.document = in.fixed<Hash>();
    one.title.zh = in.text();
    one.title.en = in.text();
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<ProjectionReader::AddressedActor>> ProjectionReader::actors_of(
    std::uint32_t organisation, std::uint64_t offset, std::uint32_t limit) {
  if (limit > kPageMax || offset > INT64_MAX) return fail(err::bad_query);
  return read_actors(
      sql_->query("SELECT address, organisation, roles, active FROM actors WHERE organisation <> 0 "
                  "AND ($1 = 0 OR organisation = $1) ORDER BY organisation, address LIMIT $2 "
                  "OFFSET $3",
                  Parameters{number(organisation), number(limit), number(offset)}));
}

Result<std::vector<ProjectionReader::AddressedActor>> ProjectionReader::actors_at(
    std::span<const Address> addresses) {
  return read_actors(sql_->query("SELECT address, organisation, roles, active FROM actors WHERE " +
                                     io::in_list(sql_->dialect(), "address", "text"),
                                 Parameters{list_of(sql_->dialect(), addresses)}));
}

Result<bool> ProjectionReader::may_show(const ItemId& item, const Hash& digest,
                                        std::string_view text) {
  return internal::may_show(*sql_, item, digest, text);
}

Result<Facts> ProjectionReader::facts(const Act& act, const Address& sender) {
  Facts out;
  out.sender = sender;
  WUSONG_TRY(out.actor, actor(sender));
  if (out.actor && out.actor->organisation != 0) {
    WUSONG_TRY(const auto of, organisation(out.actor->organisation));
    out.organisation_active = of && of->active;
  }
  const auto existing = [&](const ItemId& id) -> Result<std::optional<Item>> {
    if (id.is_zero()) return std::optional<Item>{};
    WUSONG_TRY(const auto row, item(id));
    return row ? std::optional{row->item} : std::optional<Item>{};
  };
  const auto organisation_of = [&](const Address& who) -> Result<std::uint32_t> {
    WUSONG_TRY(const auto found, actor(who));
    return found ? found->organisation : 0;
  };
  WUSONG_TRY(const auto self, existing(act.item));
  out.item = self.value_or(Item{});
  WUSONG_TRY(const auto named, organisation(act.organisation));
  out.named_active = named && named->active;
  WUSONG_TRY(const auto of,
             organisation(out.item.exists() ? out.item.organisation : act.organisation));
  out.parent_of_organisation = of ? of->parent : 0;
  WUSONG_TRY(out.subject, existing(out.item.exists() ? out.item.subject : act.subject));
  WUSONG_TRY(out.reference, existing(act.refers_to));
  WUSONG_TRY(out.creator_organisation, organisation_of(out.item.creator));
  WUSONG_TRY(out.party_organisation, organisation_of(out.item.party));
  if (out.subject) {
    WUSONG_TRY(out.subject_creator_organisation, organisation_of(out.subject->creator));
    WUSONG_TRY(out.subject_party_organisation, organisation_of(out.subject->party));
  }
  return out;
}

Result<Calendar> ProjectionReader::calendar() {
  WUSONG_TRY(const auto rows, sql_->query("SELECT year, low, high FROM working_days"));
  Calendar out;
  for (const auto& row : rows.rows) {
    RowReader in{row};
    const auto year = in.number_as<std::uint16_t>();
    WorkingYear days;
    days.bits[0] = load_be(in.fixed<Hash>().data());
    days.bits[1] = load_be(in.fixed<Hash>().data());
    if (!in.good()) return fail(err::projection_damaged);
    out.set(year, days);
  }
  return out;
}

namespace {

/// A grant's list of resources as the digests of all their versions; digests stay as they are.
Result<std::vector<Hash>> covered(io::SqlConnection& sql, std::string_view listed) {
  std::vector<Hash> out;
  while (!listed.empty()) {
    const std::string one{listed.substr(0, listed.find(' '))};
    listed.remove_prefix(std::min(listed.size(), one.size() + 1));
    WUSONG_TRY(const Hash name, codec::fixed_from_hex<Hash>(one));
    out.push_back(name);
    WUSONG_TRY(
        const auto rows,
        sql.query("SELECT digest FROM versions WHERE item = $1 AND digest <> ''", Parameters{one}));
    for (const auto& row : rows.rows) {
      RowReader in{row};
      out.push_back(in.fixed<Hash>());
    }
  }
  return out;
}

Result<std::vector<Right>> read_rights(io::SqlConnection& sql, const Result<io::SqlRows>& rows) {
  if (!rows) return fail(rows.error());
  std::vector<Right> out;
  for (const auto& row : rows->rows) {
    RowReader in{row};
    Right one;
    one.source = in.fixed<ItemId>();
    one.entry = in.fixed<ItemId>();
    one.workflow = in.number_as<std::uint8_t>();
    one.holder = in.fixed<Address>();
    one.organisation = in.number_as<std::uint32_t>();
    one.from = in.number();
    one.until = in.number();
    one.open = in.flag();
    WUSONG_TRY(one.resources, covered(sql, in.text()));
    if (!in.good()) return fail(err::projection_damaged);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Result<std::vector<Right>> ProjectionReader::rights(const ItemId& entry) {
  return read_rights(*sql_, sql_->query("SELECT " + std::string{kRightColumns} +
                                            " FROM rights WHERE entry = $1 ORDER BY item",
                                        Parameters{hex(entry)}));
}

Result<std::vector<Right>> ProjectionReader::rights(const ItemId& entry, const Address& holder,
                                                    std::uint32_t organisation) {
  return read_rights(
      *sql_,
      sql_->query("SELECT " + std::string{kRightColumns} +
                      " FROM rights WHERE entry = $1 AND (holder = $2 OR (organisation <> 0 AND "
                      "organisation = $3)) ORDER BY item",
                  Parameters{hex(entry), hex(holder), number(organisation)}));
}

Result<std::vector<ProjectionReader::StateCount>> ProjectionReader::state_counts() {
  WUSONG_TRY(const auto rows, sql_->query("SELECT workflow, state, count(*) FROM items "
                                          "GROUP BY workflow, state ORDER BY workflow, state"));
  std::vector<StateCount> out;
  for (const auto& row : rows.rows) {
    RowReader in{row};
    StateCount one;
    one.workflow = in.number_as<std::uint8_t>();
    one.state = in.number_as<std::uint8_t>();
    one.count = in.number();
    out.push_back(one);
  }
  return out;
}

Result<std::vector<ItemRow>> ProjectionReader::due(std::uint64_t until, std::uint32_t max) {
  return read_items(sql_->query("SELECT " + std::string{internal::item_columns()} +
                                    " FROM items WHERE deadline > 0 AND deadline <= $1 "
                                    "ORDER BY deadline, id LIMIT $2",
                                Parameters{number(until), number(std::min(max, kPageMax))}));
}

}  // namespace wusong::portal
