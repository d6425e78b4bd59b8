// SPDX-License-Identifier: Apache-2.0
// What commands print for people: one way to complain, one way to list.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/apps/errors.hpp"

namespace wusong::apps {

inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

/// Whose complaints these are: "wusong" unless main says otherwise. `program` outlives the process.
void complain_as(std::string_view program) noexcept;
/// "wusong: what is wrong and how to mend it (row.name)" on standard error.
/// @return kUsage for err::bad_argument, else kFailed
int complain(const Failure& failure);

/// Names and values in two columns; more lines of one name stand below each other.
class Sheet {
 public:
  Sheet& row(std::string name, std::string value);
  /// Nothing where the value is empty.
  Sheet& row_if(std::string name, std::string value);
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

/// Columns as wide as their longest cell; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// A path or text as one word of a shell: quoted only where it must be.
std::string shell_quoted(const std::string& text);

/// "1 node", "2 nodes".
std::string counted(std::uint64_t count, std::string_view noun);

/// How far something long has come, on standard error: at once, then every two seconds, into a pipe
/// too. What is done in one step says nothing.
class Progress {
 public:
  /// "blocks", "acts"
  explicit Progress(std::string what) : what_{std::move(what)} {}
  void at(std::uint64_t done, std::uint64_t all);

 private:
  std::string what_;
  std::chrono::steady_clock::time_point begin_{std::chrono::steady_clock::now()};
  std::optional<std::chrono::steady_clock::time_point> said_;
};

/// Writes to standard output at once, so that a reader of a pipe sees it.
void say(const std::string& text);

}  // namespace wusong::apps
