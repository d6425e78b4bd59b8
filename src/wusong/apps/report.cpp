// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace wusong::apps {

namespace {
std::string_view program_name = "wusong";
}  // namespace

void complain_as(std::string_view program) noexcept {
  program_name = program;
}

int complain(const Failure& failure) {
  std::fflush(stdout);
  fmt::print(stderr, "{}: {} ({})\n", program_name, failure.detail, failure.name());
  return failure.error == Error{err::bad_argument} ? kUsage : kFailed;
}

Sheet& Sheet::row(std::string name, std::string value) {
  rows_.emplace_back(std::move(name), std::move(value));
  return *this;
}

Sheet& Sheet::row_if(std::string name, std::string value) {
  return value.empty() ? *this : row(std::move(name), std::move(value));
}

std::string Sheet::text() const {
  std::size_t width = 0;
  for (const auto& [name, value] : rows_) width = std::max(width, name.size());
  std::string out;
  const std::string* last = nullptr;
  for (const auto& [name, value] : rows_) {
    const bool again = last != nullptr && *last == name;
    out += fmt::format("{:<{}}  {}\n", again ? std::string{} : name, width, value);
    last = &name;
  }
  return out;
}

void Progress::at(std::uint64_t done, std::uint64_t all) {
  constexpr auto kEvery = std::chrono::seconds{2};
  const auto now = std::chrono::steady_clock::now();
  if (done >= all || (said_ && now - *said_ < kEvery)) return;
  said_ = now;
  const std::chrono::duration<double> took = now - begin_;
  fmt::print(stderr, "  {} {} of {} ({} %), {:.0f} s\n", what_, done, all, done * 100 / all,
             took.count());
  std::fflush(stderr);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      out += last ? row[i] + "\n" : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
  }
  return out;
}

std::string shell_quoted(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"/._-+:,@%="}.find(c) != std::string_view::npos || (c & 0x80) != 0;
  };
  if (!text.empty() && std::ranges::all_of(text, plain)) return text;
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void say(const std::string& text) {
  fmt::print("{}\n", text.ends_with('\n') ? text.substr(0, text.size() - 1) : text);
  std::fflush(stdout);
}

}  // namespace wusong::apps
