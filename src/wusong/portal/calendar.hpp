// SPDX-License-Identifier: Apache-2.0
// Working days and deadlines, as the RuleBook contract computes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::portal {

/// Asia/Shanghai: UTC+8, without daylight saving.
inline constexpr std::int32_t kShanghaiOffset = 8 * 3600;
inline constexpr std::uint64_t kDaySeconds = 86'400;

/// A date of the Gregorian calendar. @shape month 1–12, day 1–31
struct Date {
  std::int32_t year{1970};
  std::uint32_t month{1};
  std::uint32_t day{1};
  friend constexpr auto operator<=>(const Date&, const Date&) noexcept = default;
};

/// Days since 1970-01-01 and back. @source H. Hinnant, "chrono-compatible date algorithms"
std::int64_t days_of(const Date& date) noexcept;
Date date_of(std::int64_t days) noexcept;
bool is_leap(std::int32_t year) noexcept;
/// "2023-10-01" @errors err::bad_calendar, also for days that no month has
[[nodiscard]] Result<Date> parse_date(std::string_view text);
std::string to_text(const Date& date);
/// The local day of a moment, and the first second of a local day, in a zone with a fixed offset.
std::int64_t local_day(std::uint64_t unix_seconds,
                       std::int32_t utc_offset = kShanghaiOffset) noexcept;
std::uint64_t start_of(std::int64_t local_day, std::int32_t utc_offset = kShanghaiOffset) noexcept;
/// "2023-10-01T08:00:00Z" of a moment; for standards that want it.
std::string iso_time(std::uint64_t unix_seconds);

enum class ClockUnit : std::uint8_t { day = 1, working_day = 2, month = 3, year = 4 };
struct Clock {
  std::uint16_t amount{0};
  ClockUnit unit{ClockUnit::day};
  friend bool operator==(const Clock&, const Clock&) = default;
};

/// One bit for each day of a year, as the contract keeps them.
/// @shape bit d of bits[0] | bits[1] << 256 is day d of the year, 1 January = 0
struct WorkingYear {
  U256 bits[2];
  bool works(std::uint32_t day) const noexcept;
  friend bool operator==(const WorkingYear& a, const WorkingYear& b) noexcept {
    return a.bits[0] == b.bits[0] && a.bits[1] == b.bits[1];
  }
};

/// The working days of the years somebody has published. In other years Monday to Friday count.
class Calendar {
 public:
  /// All zero takes a year back.
  void set(std::uint16_t year, const WorkingYear& days) { years_[year] = days; }
  const std::map<std::uint16_t, WorkingYear>& years() const noexcept { return years_; }
  bool works(std::int64_t local_day) const noexcept;

  /// The first second after the last day of a clock that starts in the day of `now`.
  std::uint64_t deadline(const Clock& clock, std::uint64_t now,
                         std::int32_t utc_offset = kShanghaiOffset) const noexcept;

 private:
  std::map<std::uint16_t, WorkingYear> years_;
};

/// A year's file: {"year": 2023, "holidays": ["2023-01-02", …], "make_up_days": ["2023-01-28", …]}
/// with further members "source", "title" and "note" for people. Monday to Friday work, less
/// holidays, and make-up days work.
struct CalendarYear {
  std::uint16_t year{0};
  WorkingYear days;
};
[[nodiscard]] Checked<CalendarYear> parse_calendar(std::string_view json);

}  // namespace wusong::portal
