// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/calendar.hpp"

#include <algorithm>

#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/json_reader.hpp"

namespace wusong::portal {
namespace {

constexpr std::int64_t kDay = static_cast<std::int64_t>(kDaySeconds);
/// The contract keeps deadlines in 40 bits.
constexpr std::uint64_t kDeadlineMask = (1ull << 40) - 1;

std::uint32_t days_in(std::int32_t year, std::uint32_t month) noexcept {
  constexpr std::uint32_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

/// 1970-01-01 was a Thursday.
bool is_weekday(std::int64_t day) noexcept {
  return ((day + 3) % 7 + 7) % 7 < 5;
}

void append_digits(std::string& out, std::uint32_t value, int width) {
  std::string digits = std::to_string(value);
  while (static_cast<int>(digits.size()) < width) digits.insert(digits.begin(), '0');
  out += digits;
}

/// The same day of the month `n` months later, or that month's last.
std::int64_t after_months(std::int64_t day, std::int64_t n) noexcept {
  const Date start = date_of(day);
  const std::int64_t months = start.year * 12LL + start.month - 1 + n;
  Date end;
  end.year = static_cast<std::int32_t>(months / 12);
  end.month = static_cast<std::uint32_t>(months % 12 + 1);
  end.day = std::min(start.day, days_in(end.year, end.month));
  return days_of(end);
}

void put_bit(WorkingYear& year, std::uint32_t day, bool works) noexcept {
  std::uint64_t& limb = year.bits[day / 256].limb[day % 256 / 64];
  const std::uint64_t bit = 1ull << (day % 64);
  limb = works ? limb | bit : limb & ~bit;
}

}  // namespace

bool is_leap(std::int32_t year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

std::int64_t days_of(const Date& date) noexcept {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t month = date.month;
  const std::int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date.day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

Date date_of(std::int64_t days) noexcept {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t of_era = shifted - era * 146'097;
  const std::int64_t year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * of_year + 2) / 153;
  Date out;
  out.day = static_cast<std::uint32_t>(of_year - (153 * month + 2) / 5 + 1);
  out.month = static_cast<std::uint32_t>(month < 10 ? month + 3 : month - 9);
  out.year = static_cast<std::int32_t>(year + era * 400 + (out.month <= 2 ? 1 : 0));
  return out;
}

Result<Date> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return fail(err::bad_calendar);
  std::uint32_t parts[3] = {0, 0, 0};
  int part = 0;
  for (const char c : text) {
    if (c == '-') {
      ++part;
    } else if (c >= '0' && c <= '9' && part < 3) {
      parts[part] = parts[part] * 10 + static_cast<std::uint32_t>(c - '0');
    } else {
      return fail(err::bad_calendar);
    }
  }
  if (part != 2) return fail(err::bad_calendar);
  const Date out{static_cast<std::int32_t>(parts[0]), parts[1], parts[2]};
  if (out.month < 1 || out.month > 12 || out.day < 1 || out.day > days_in(out.year, out.month))
    return fail(err::bad_calendar);
  return out;
}

std::string to_text(const Date& date) {
  std::string out;
  append_digits(out, static_cast<std::uint32_t>(std::max(date.year, 0)), 4);
  out += '-';
  append_digits(out, date.month, 2);
  out += '-';
  append_digits(out, date.day, 2);
  return out;
}

std::int64_t local_day(std::uint64_t unix_seconds, std::int32_t utc_offset) noexcept {
  return (static_cast<std::int64_t>(unix_seconds) + utc_offset) / kDay;
}

std::uint64_t start_of(std::int64_t local_day, std::int32_t utc_offset) noexcept {
  return static_cast<std::uint64_t>(local_day * kDay - utc_offset);
}

std::string iso_time(std::uint64_t unix_seconds) {
  std::string out = to_text(date_of(local_day(unix_seconds, 0)));
  const auto of_day = static_cast<std::uint32_t>(unix_seconds % kDaySeconds);
  out += 'T';
  append_digits(out, of_day / 3600, 2);
  out += ':';
  append_digits(out, of_day / 60 % 60, 2);
  out += ':';
  append_digits(out, of_day % 60, 2);
  return out + 'Z';
}

bool WorkingYear::works(std::uint32_t day) const noexcept {
  return (bits[day / 256].limb[day % 256 / 64] >> (day % 64) & 1) != 0;
}

bool Calendar::works(std::int64_t local_day) const noexcept {
  const Date date = date_of(local_day);
  const auto found = years_.find(static_cast<std::uint16_t>(date.year));
  if (found == years_.end() || (found->second.bits[0] | found->second.bits[1]).is_zero())
    return is_weekday(local_day);
  return found->second.works(static_cast<std::uint32_t>(local_day - days_of({date.year, 1, 1})));
}

std::uint64_t Calendar::deadline(const Clock& clock, std::uint64_t now,
                                 std::int32_t utc_offset) const noexcept {
  std::int64_t day = local_day(now, utc_offset);
  switch (clock.unit) {
    case ClockUnit::day:
      day += clock.amount;
      break;
    case ClockUnit::working_day:
      for (std::uint32_t left = clock.amount; left > 0;)
        if (works(++day)) --left;
      break;
    case ClockUnit::month:
      day = after_months(day, clock.amount);
      break;
    case ClockUnit::year:
      day = after_months(day, 12LL * clock.amount);
      break;
  }
  return start_of(day + 1, utc_offset) & kDeadlineMask;
}

Checked<CalendarYear> parse_calendar(std::string_view json) {
  internal::FaultSink sink{err::bad_calendar};
  const auto document = codec::JsonDocument::parse(json);
  if (!document) return std::unexpected{Fault{err::bad_calendar, "", {"不是 JSON", "not JSON"}}};
  const internal::Placed root{document->root(), "", &sink};
  root.only({"year", "holidays", "make_up_days", "source", "title", "note", "status"});
  CalendarYear out;
  out.year = static_cast<std::uint16_t>(root.at("year").number(1970, 9999));
  const std::int64_t first = days_of({out.year, 1, 1});
  const std::uint32_t length = is_leap(out.year) ? 366 : 365;
  for (std::uint32_t day = 0; day < length; ++day) put_bit(out.days, day, is_weekday(first + day));
  const auto change = [&](std::string_view member, bool works) {
    for (const internal::Placed& item : root.at(member).items()) {
      const auto date = parse_date(item.string());
      if (!date || date->year != out.year) {
        item.fault("应为本年的日期，如 2023-10-01", "write a date of this year, as 2023-10-01");
        continue;
      }
      const auto day = static_cast<std::uint32_t>(days_of(*date) - first);
      // Holidays may name the weekend they include; a make-up day that works anyway is a mistake.
      if (works && out.days.works(day))
        item.fault("这一天本来就是如此，请核对", "this day is so already: check it");
      put_bit(out.days, day, works);
    }
  };
  change("holidays", false);
  change("make_up_days", true);
  if (!sink.ok()) return sink.take();
  return out;
}

}  // namespace wusong::portal
