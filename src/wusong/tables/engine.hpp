// SPDX-License-Identifier: Apache-2.0
// DuckDB behind a plain interface, its library loaded at run time. Part of wusong_duck, a program
// of one request: what fails throws, and main() answers with it.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wusong/base/bytes.hpp"

namespace wusong::tables {

/// `code` is one of the list in operations.hpp; what() is the detail.
class Failed : public std::runtime_error {
 public:
  Failed(std::string code, const std::string& detail)
      : std::runtime_error{detail}, code_{std::move(code)} {}
  const std::string& code() const noexcept { return code_; }

 private:
  std::string code_;
};

using Cell = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;
};

std::string text_of(const Cell& cell);              // "" for NULL
std::int64_t number_of(const Cell& cell) noexcept;  // 0 for what is none
std::string quoted_name(std::string_view name);     // "…", for a column
std::string quoted_text(std::string_view text);     // '…', for a value

struct EngineOptions {
  std::string library;           // libduckdb.so
  std::string temporary_folder;  // for what does not fit in memory
  std::uint64_t memory_bytes{1ull << 30};
  unsigned threads{2};
  int progress_descriptor{-1};  // where a Progress is written; -1: nowhere
};

/// One connection to an empty database in memory.
class Engine {
 public:
  /// @errors Failed "engine_missing"
  explicit Engine(const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// From here on only these files can be opened, and nothing of this can be undone.
  void lock(const std::vector<std::string>& paths);
  /// The function token(text): HMAC-SHA-256 under the key, its first 16 bytes in hex.
  void add_token_function(BytesView key);

  void run(const std::string& sql) { query(sql); }
  /// `$1`, `$2`, … are texts. Columns are BOOLEAN, whole numbers, reals or VARCHAR: statements cast
  /// everything else.
  Table query(const std::string& sql, const std::vector<std::string>& parameters = {});
  std::string version() const;

 private:
  struct Library;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wusong::tables
