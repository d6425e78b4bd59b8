// SPDX-License-Identifier: Apache-2.0
// Structured logs: one event per line, event=name key=value, for people or as JSON.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::platform {

/// error: an operator must act; warn: soon; info: rare; debug: off by default.
enum class LogLevel : std::uint8_t { debug = 0, info = 1, warn = 2, error = 3, off = 4 };
/// "debug", "info", "warn", "error", "off"; false for anything else.
bool parse_log_level(std::string_view text, LogLevel& out) noexcept;

/// One key and its value; borrowed for the call.
class LogField {
 public:
  using Value =
      std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, BytesView>;
  LogField(std::string_view key, std::string_view value) : key_{key}, value_{value} {}
  LogField(std::string_view key, const char* value) : key_{key}, value_{std::string_view{value}} {}
  LogField(std::string_view key, const std::string& value)
      : key_{key}, value_{std::string_view{value}} {}
  LogField(std::string_view key, bool value) : key_{key}, value_{value} {}
  LogField(std::string_view key, double value) : key_{key}, value_{value} {}
  LogField(std::string_view key, Error value) : key_{key}, value_{value.name()} {}
  /// Shown as 0x and hexadecimal digits.
  LogField(std::string_view key, BytesView value) : key_{key}, value_{value} {}
  template <std::size_t N, typename Tag>
  LogField(std::string_view key, const FixedBytes<N, Tag>& value)
      : key_{key}, value_{value.view()} {}
  template <std::unsigned_integral T>
  LogField(std::string_view key, T value) : key_{key}, value_{std::uint64_t{value}} {}
  template <std::signed_integral T>
  LogField(std::string_view key, T value) : key_{key}, value_{std::int64_t{value}} {}

  std::string_view key() const noexcept { return key_; }
  const Value& value() const noexcept { return value_; }

 private:
  std::string_view key_;
  Value value_;
};

enum class LogFormat : std::uint8_t { text, json };

struct LogOptions {
  LogLevel level{LogLevel::info};
  LogFormat format{LogFormat::text};
  bool to_stderr{true};
  std::string file;                            // empty: none
  std::size_t file_size_bytes_max{64u << 20};  // rotated beyond
  std::size_t files_max{4};
};

/// @thread every member may be called from any thread. No secrets, no user data.
class Logger {
 public:
  using Fields = std::initializer_list<LogField>;

  /// @errors err::file_write_failed
  [[nodiscard]] static Result<std::unique_ptr<Logger>> open(const LogOptions& options);
  /// Says nothing.
  static std::unique_ptr<Logger> silent();
  ~Logger();

  bool enabled(LogLevel level) const noexcept;
  void set_level(LogLevel level) noexcept;
  void write(LogLevel level, std::string_view event, Fields fields);
  void debug(std::string_view event, Fields fields = {}) { write(LogLevel::debug, event, fields); }
  void info(std::string_view event, Fields fields = {}) { write(LogLevel::info, event, fields); }
  void warn(std::string_view event, Fields fields = {}) { write(LogLevel::warn, event, fields); }
  void error(std::string_view event, Fields fields = {}) { write(LogLevel::error, event, fields); }
  void flush();

 private:
  struct Sinks;
  explicit Logger(std::unique_ptr<Sinks> sinks);
  std::unique_ptr<Sinks> sinks_;
};

/// The line without time and level, for tests: `event=name key=value` or the members of an object.
std::string format_log_line(LogFormat format, std::string_view event, Logger::Fields fields);

}  // namespace wusong::platform
