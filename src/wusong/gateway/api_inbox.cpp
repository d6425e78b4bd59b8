// SPDX-License-Identifier: Apache-2.0
// What waits for the caller, across workflows: judged by the same twin that judges acts.
#include <algorithm>
#include <map>

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/internal/view.hpp"
#include "wusong/portal/inbox.hpp"

namespace wusong::gateway::internal {
namespace {

constexpr std::uint32_t kChunk = 200;
constexpr std::uint64_t kInboxScanMax = 2'000;  // rows looked at for one answer

/// Gathers what waits, and stops when it has looked at enough.
class Inbox {
 public:
  Inbox(Exchange& exchange, portal::Calendar calendar)
      : exchange_{&exchange},
        reader_{exchange.db.projection},
        calendar_{std::move(calendar)},
        now_{moment(exchange)} {}

  Result<void> gather(const portal::Duty& duty) {
    portal::ItemFilter filter;
    filter.workflow = duty.workflow;
    filter.state = duty.state;
    if (duty.rests) filter.overdue_at = now_;
    if (duty.own) filter.organisation = exchange_->viewer.organisation;
    filter.limit = kChunk;
    for (;; filter.offset += kChunk) {
      if (scanned_ >= kInboxScanMax) {
        exact_ = false;
        return {};
      }
      WUSONG_TRY(auto page, reader_.items(filter));
      scanned_ += page.items.size();
      WUSONG_CHECK(load_views(*exchange_, page.items));
      for (auto& row : page.items) {
        WUSONG_TRY(const bool waits, waits_for_caller(row));
        if (waits) rows_.push_back(std::move(row));
      }
      if (page.items.size() < kChunk) return {};
    }
  }

  /// Soonest deadline first, what has none after it, oldest first.
  std::vector<portal::ItemRow> take() {
    std::ranges::sort(rows_, [](const auto& a, const auto& b) {
      const auto key = [](const portal::ItemRow& row) {
        return std::tuple{row.item.deadline == 0, row.item.deadline, row.updated, row.id};
      };
      return key(a) < key(b);
    });
    return std::move(rows_);
  }
  bool exact() const noexcept { return exact_; }
  std::uint64_t now() const noexcept { return now_; }

 private:
  Result<bool> waits_for_caller(const portal::ItemRow& row) {
    const auto& viewer = exchange_->viewer;
    WUSONG_TRY(const auto view, view_of(*exchange_, row));
    if (!portal::may_see_item(viewer, view, exchange_->shared.access,
                              exchange_->shared.settings.access)
             .allowed) {
      return false;
    }
    const auto* pack = exchange_->shared.rules.pack(row.item.pack);
    if (pack == nullptr) return false;
    portal::Act act;
    act.item = row.id;
    act.workflow = row.item.workflow;
    WUSONG_TRY(const auto facts, reader_.facts(act, viewer.address));
    const auto asked = portal::asked_for(
        portal::permitted(*pack, row.item.workflow, facts, calendar_, now_), row.item.state);
    if (asked.moves || asked.remarks.empty()) return asked.moves;
    WUSONG_TRY(const auto history, reader_.history(row.id));
    return std::ranges::none_of(history, [&](const portal::HistoryRow& step) {
      return step.act.actor == viewer.address &&
             std::ranges::find(asked.remarks, step.act.action) != asked.remarks.end();
    });
  }

  Exchange* exchange_;
  portal::ProjectionReader reader_;
  portal::Calendar calendar_;
  std::uint64_t now_;
  std::uint64_t scanned_{0};
  bool exact_{true};
  std::vector<portal::ItemRow> rows_;
};

bool matches(const portal::ItemRow& row, const portal::ItemFilter& filter) {
  const auto& item = row.item;
  if (filter.workflow && item.workflow != *filter.workflow) return false;
  if (filter.state && item.state != *filter.state) return false;
  if (filter.organisation && item.organisation != *filter.organisation) return false;
  if (filter.subject && item.subject != *filter.subject) return false;
  if (filter.concerned && item.creator != *filter.concerned && item.party != *filter.concerned) {
    return false;
  }
  return !filter.overdue_at || (item.deadline != 0 && item.deadline <= *filter.overdue_at);
}

/// Of everything that waits, whatever is filtered: the figures beside the filters.
void write_counts(codec::JsonWriter& out, const portal::RulePack& pack,
                  const std::vector<portal::ItemRow>& rows, std::uint64_t now) {
  struct Count {
    std::uint64_t count{0};
    std::uint64_t overdue{0};
  };
  std::map<std::uint8_t, Count> by_workflow;
  for (const auto& row : rows) {
    auto& count = by_workflow[row.item.workflow];
    ++count.count;
    if (row.item.deadline != 0 && row.item.deadline <= now) ++count.overdue;
  }
  out.key("counts").open_array();
  for (const auto& [number, count] : by_workflow) {
    const auto* workflow = pack.workflow(number);
    if (workflow == nullptr) continue;
    out.open_object().key("workflow").string(workflow->name);
    write_text(out, "title", workflow->title);
    out.key("count").number(count.count).key("overdue").number(count.overdue).close_object();
  }
  out.close_array();
}

}  // namespace

Result<Response> list_inbox(Exchange& exchange, const std::optional<portal::ItemFilter>& wanted,
                            std::uint64_t page, std::uint64_t size) {
  if (exchange.account() == nullptr) return fail(err::login_required);
  const auto* pack = current_pack(exchange);
  if (pack == nullptr) return fail(err::unavailable);
  portal::ProjectionReader reader{exchange.db.projection};
  WUSONG_TRY(auto calendar, reader.calendar());
  Inbox inbox{exchange, std::move(calendar)};
  for (const auto& duty : portal::duties(*pack, exchange.viewer.roles)) {
    WUSONG_CHECK(inbox.gather(duty));
  }
  const auto rows = inbox.take();
  std::uint64_t total = 0;
  std::vector<portal::ItemRow> shown;
  for (const auto& row : rows) {
    if (!wanted || !matches(row, *wanted)) continue;
    const auto place = total++;
    if (place >= (page - 1) * size && place < page * size) shown.push_back(row);
  }
  WUSONG_CHECK(load_lines(exchange, shown));
  codec::JsonWriter list;
  list.open_array();
  for (const auto& row : shown) {
    open_item(list, exchange, row);
    list.close_object();
  }
  codec::JsonWriter out;
  out.open_object().key("total").number(total);
  if (!inbox.exact()) out.key("total_is_exact").boolean(false);
  out.key("page").number(page).key("page_size").number(size);
  write_counts(out, *pack, rows, inbox.now());
  out.key("items").raw(list.close_array().take());
  return json_response(out.close_object().take());
}

}  // namespace wusong::gateway::internal
