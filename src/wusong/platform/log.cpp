// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <array>
#include <vector>

#include "wusong/platform/errors.hpp"

namespace wusong::platform {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames{"debug", "info", "warn", "error", "off"};
constexpr std::array<spdlog::level::level_enum, 5> kLevels{spdlog::level::debug,
                                                           spdlog::level::info, spdlog::level::warn,
                                                           spdlog::level::err, spdlog::level::off};

/// Quotes in text only what would be read wrongly without; in JSON always.
bool needs_quotes(std::string_view text) noexcept {
  if (text.empty()) return true;
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\') return true;
  return false;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_text(std::string& out, LogFormat format, std::string_view text) {
  if (format == LogFormat::json || needs_quotes(text)) {
    append_quoted(out, text);
  } else {
    out += text;
  }
}

void append_value(std::string& out, LogFormat format, const LogField::Value& value) {
  struct Visitor {
    std::string& out;
    LogFormat format;
    void operator()(std::string_view text) const { append_text(out, format, text); }
    void operator()(std::int64_t number) const { out += fmt::to_string(number); }
    void operator()(std::uint64_t number) const { out += fmt::to_string(number); }
    void operator()(double number) const { out += fmt::format("{:.6g}", number); }
    void operator()(bool truth) const { out += truth ? "true" : "false"; }
    void operator()(BytesView bytes) const {
      std::string text = "0x";
      for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
      append_text(out, format, text);
    }
  };
  std::visit(Visitor{out, format}, value);
}

}  // namespace

bool parse_log_level(std::string_view text, LogLevel& out) noexcept {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] != text) continue;
    out = static_cast<LogLevel>(i);
    return true;
  }
  return false;
}

std::string format_log_line(LogFormat format, std::string_view event, Logger::Fields fields) {
  std::string out = format == LogFormat::json ? "\"event\":" : "event=";
  append_text(out, format, event);
  for (const LogField& field : fields) {
    if (format == LogFormat::json) {
      out += ',';
      append_quoted(out, field.key());
      out += ':';
    } else {
      out += ' ';
      out += field.key();
      out += '=';
    }
    append_value(out, format, field.value());
  }
  return out;
}

struct Logger::Sinks {
  explicit Sinks(std::vector<spdlog::sink_ptr> sinks, LogFormat line_format)
      : logger{"wusong", sinks.begin(), sinks.end()}, format{line_format} {}
  spdlog::logger logger;
  LogFormat format;
};

Logger::Logger(std::unique_ptr<Sinks> sinks) : sinks_{std::move(sinks)} {}
Logger::~Logger() {
  flush();
}

Result<std::unique_ptr<Logger>> Logger::open(const LogOptions& options) {
  std::vector<spdlog::sink_ptr> outputs;
  if (options.to_stderr) outputs.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (!options.file.empty()) {
    try {
      outputs.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file, options.file_size_bytes_max, options.files_max));
    } catch (const spdlog::spdlog_ex&) {
      return fail(err::file_write_failed);
    }
  }
  auto sinks = std::make_unique<Sinks>(std::move(outputs), options.format);
  sinks->logger.set_level(kLevels[static_cast<std::size_t>(options.level)]);
  sinks->logger.flush_on(spdlog::level::info);
  // A full disk must not end the process through its log.
  sinks->logger.set_error_handler([](const std::string&) {});
  if (options.format == LogFormat::json) {
    sinks->logger.set_pattern("{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",\"level\":\"%l\",%v}");
  } else {
    sinks->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z level=%l %v");
  }
  return std::unique_ptr<Logger>{new Logger{std::move(sinks)}};
}

std::unique_ptr<Logger> Logger::silent() {
  auto sinks = std::make_unique<Sinks>(std::vector<spdlog::sink_ptr>{}, LogFormat::text);
  sinks->logger.set_level(spdlog::level::off);
  return std::unique_ptr<Logger>{new Logger{std::move(sinks)}};
}

bool Logger::enabled(LogLevel level) const noexcept {
  return sinks_->logger.should_log(kLevels[static_cast<std::size_t>(level)]);
}

void Logger::set_level(LogLevel level) noexcept {
  sinks_->logger.set_level(kLevels[static_cast<std::size_t>(level)]);
}

void Logger::write(LogLevel level, std::string_view event, Fields fields) {
  if (!enabled(level)) return;
  const std::string line = format_log_line(sinks_->format, event, fields);
  sinks_->logger.log(kLevels[static_cast<std::size_t>(level)],
                     spdlog::string_view_t{line.data(), line.size()});
}

void Logger::flush() {
  sinks_->logger.flush();
}

}  // namespace wusong::platform
