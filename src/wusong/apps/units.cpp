// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "wusong/codec/hex.hpp"

namespace wusong::apps {
namespace {

struct Unit {
  std::string_view name;
  unsigned decimals;
};
constexpr std::array kUnits{Unit{"ether", 18}, Unit{"gwei", 9}, Unit{"wei", 0}};

std::optional<U256> parse_decimal(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  const U256 limit = ~U256{} / U256{10};
  U256 out;
  for (const char c : digits) {
    if (c < '0' || c > '9' || out > limit) return std::nullopt;
    const U256 next = out * U256{10} + U256{static_cast<std::uint64_t>(c - '0')};
    if (next < out) return std::nullopt;
    out = next;
  }
  return out;
}

std::string with_point(const U256& wei, unsigned decimals) {
  std::string digits = to_decimal(wei);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  std::string fraction = digits.substr(digits.size() - decimals);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  digits.erase(digits.size() - decimals);
  return fraction.empty() ? digits : digits + "." + fraction;
}

}  // namespace

std::optional<U256> parse_number(std::string_view text) {
  if (!text.starts_with("0x")) return parse_decimal(text);
  if (text.size() == 2) return std::nullopt;
  const auto word = codec::word_from_hex_quantity(text, false);
  return word ? std::optional{to_u256(*word)} : std::nullopt;
}

std::optional<U256> parse_amount(std::string_view text) {
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    std::string digits{text.substr(0, text.size() - unit.name.size())};
    while (digits.ends_with(' ')) digits.pop_back();
    if (digits.empty()) return std::nullopt;
    const auto point = digits.find('.');
    std::size_t places = 0;
    if (point != std::string::npos) {
      places = digits.size() - point - 1;
      if (point == 0 || places == 0 || places > unit.decimals) return std::nullopt;
      digits.erase(point, 1);
    }
    return parse_decimal(digits.append(unit.decimals - places, '0'));
  }
  return parse_number(text);
}

std::string to_decimal(const U256& value) {
  if (value == U256{}) return "0";
  std::string out;
  for (U256 rest = value; rest != U256{}; rest = rest / U256{10}) {
    out.push_back(static_cast<char>('0' + (rest % U256{10}).limb[0]));
  }
  std::ranges::reverse(out);
  return out;
}

std::string amount_text(const U256& wei) {
  if (wei == U256{}) return "0";
  if (wei < U256{1'000'000}) return to_decimal(wei) + " wei";
  if (wei < U256{1'000'000'000'000'000}) return with_point(wei, 9) + " gwei";
  return with_point(wei, 18) + " ether";
}

std::string iso_time(UnixMillis time) {
  using namespace std::chrono;
  const sys_time<milliseconds> point{milliseconds{static_cast<std::int64_t>(time.value)}};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss clock{point - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace wusong::apps
