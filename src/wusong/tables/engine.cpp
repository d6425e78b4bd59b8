// SPDX-License-Identifier: Apache-2.0
#include "wusong/tables/engine.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <stop_token>
#include <thread>

#include "wusong/codec/hex.hpp"
#include "wusong/tables/progress.hpp"

namespace wusong::tables {
namespace {

// The C interface, which DuckDB keeps stable. Source: duckdb.h of DuckDB 1.4.4.
using Handle = void*;
struct RawResult {  // duckdb_result
  std::uint64_t deprecated_column_count;
  std::uint64_t deprecated_row_count;
  std::uint64_t deprecated_rows_changed;
  void* deprecated_columns;
  char* deprecated_error_message;
  void* internal_data;
};
struct RawString {  // duckdb_string_t
  std::uint32_t length;
  std::array<char, 4> prefix;
  char* pointer;

  std::string_view view() const noexcept {
    constexpr std::uint32_t kInlined = 12;
    // Short ones stand in the structure itself, from the prefix on.
    const char* inlined = reinterpret_cast<const char*>(this) + offsetof(RawString, prefix);
    return {length <= kInlined ? inlined : pointer, length};
  }
};
struct RawProgress {  // duckdb_query_progress_type
  double percentage;
  std::uint64_t rows_processed;
  std::uint64_t total_rows_to_process;
};
using ScalarFunction = void (*)(Handle info, Handle input, Handle output);

enum Type : int {
  kBoolean = 1,
  kTinyInt = 2,
  kSmallInt = 3,
  kInteger = 4,
  kBigInt = 5,
  kUtinyInt = 6,
  kUsmallInt = 7,
  kUinteger = 8,
  kFloat = 10,
  kDouble = 11,
  kVarchar = 17,
};

/// DuckDB says what is wrong in words; callers need a name.
std::string code_of(std::string_view message) {
  const auto has = [&](std::string_view part) { return message.find(part) != message.npos; };
  if (has("Out of Memory")) return "out_of_memory";
  if (has("No space left") || has("max_temp_directory_size") || has("File too large"))
    return "disk_full";
  if (has("Maximum line size")) return "line_too_long";
  if (has("not utf-8") || has("Invalid unicode") || has("UTF8")) return "not_utf8";
  if (has("Permission Error")) return "not_allowed";
  if (has("INTERRUPT")) return "interrupted";
  if (has("Conversion Error")) return "bad_value";
  return "unreadable";
}

}  // namespace

struct Engine::Library {
  void* handle{nullptr};
  int (*create_config)(Handle*);
  int (*set_config)(Handle, const char*, const char*);
  void (*destroy_config)(Handle*);
  int (*open_ext)(const char*, Handle*, Handle, char**);
  void (*close)(Handle*);
  int (*connect)(Handle, Handle*);
  void (*disconnect)(Handle*);
  void (*free)(void*);
  const char* (*library_version)();
  RawProgress (*query_progress)(Handle);
  int (*prepare)(Handle, const char*, Handle*);
  void (*destroy_prepare)(Handle*);
  const char* (*prepare_error)(Handle);
  int (*bind_varchar_length)(Handle, std::uint64_t, const char*, std::uint64_t);
  int (*execute_prepared)(Handle, RawResult*);
  int (*query)(Handle, const char*, RawResult*);
  void (*destroy_result)(RawResult*);
  const char* (*result_error)(RawResult*);
  std::uint64_t (*column_count)(RawResult*);
  const char* (*column_name)(RawResult*, std::uint64_t);
  int (*column_type)(RawResult*, std::uint64_t);
  Handle (*fetch_chunk)(RawResult);
  void (*destroy_data_chunk)(Handle*);
  std::uint64_t (*data_chunk_get_size)(Handle);
  Handle (*data_chunk_get_vector)(Handle, std::uint64_t);
  void* (*vector_get_data)(Handle);
  std::uint64_t* (*vector_get_validity)(Handle);
  void (*vector_assign_string_element_len)(Handle, std::uint64_t, const char*, std::uint64_t);
  Handle (*create_logical_type)(int);
  void (*destroy_logical_type)(Handle*);
  Handle (*create_scalar_function)();
  void (*destroy_scalar_function)(Handle*);
  void (*scalar_function_set_name)(Handle, const char*);
  void (*scalar_function_add_parameter)(Handle, Handle);
  void (*scalar_function_set_return_type)(Handle, Handle);
  void (*scalar_function_set_function)(Handle, ScalarFunction);
  int (*register_scalar_function)(Handle, Handle);

  explicit Library(const std::string& path) {
    handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw Failed{"engine_missing", ::dlerror()};
    const auto find = [&](auto& function, const char* name) {
      void* found = ::dlsym(handle, name);
      if (found == nullptr) throw Failed{"engine_missing", fmt::format("{} lacks {}", path, name)};
      std::memcpy(&function, &found, sizeof found);
    };
    find(create_config, "duckdb_create_config");
    find(set_config, "duckdb_set_config");
    find(destroy_config, "duckdb_destroy_config");
    find(open_ext, "duckdb_open_ext");
    find(close, "duckdb_close");
    find(connect, "duckdb_connect");
    find(disconnect, "duckdb_disconnect");
    find(free, "duckdb_free");
    find(library_version, "duckdb_library_version");
    find(query_progress, "duckdb_query_progress");
    find(prepare, "duckdb_prepare");
    find(destroy_prepare, "duckdb_destroy_prepare");
    find(prepare_error, "duckdb_prepare_error");
    find(bind_varchar_length, "duckdb_bind_varchar_length");
    find(execute_prepared, "duckdb_execute_prepared");
    find(query, "duckdb_query");
    find(destroy_result, "duckdb_destroy_result");
    find(result_error, "duckdb_result_error");
    find(column_count, "duckdb_column_count");
    find(column_name, "duckdb_column_name");
    find(column_type, "duckdb_column_type");
    find(fetch_chunk, "duckdb_fetch_chunk");
    find(destroy_data_chunk, "duckdb_destroy_data_chunk");
    find(data_chunk_get_size, "duckdb_data_chunk_get_size");
    find(data_chunk_get_vector, "duckdb_data_chunk_get_vector");
    find(vector_get_data, "duckdb_vector_get_data");
    find(vector_get_validity, "duckdb_vector_get_validity");
    find(vector_assign_string_element_len, "duckdb_vector_assign_string_element_len");
    find(create_logical_type, "duckdb_create_logical_type");
    find(destroy_logical_type, "duckdb_destroy_logical_type");
    find(create_scalar_function, "duckdb_create_scalar_function");
    find(destroy_scalar_function, "duckdb_destroy_scalar_function");
    find(scalar_function_set_name, "duckdb_scalar_function_set_name");
    find(scalar_function_add_parameter, "duckdb_scalar_function_add_parameter");
    find(scalar_function_set_return_type, "duckdb_scalar_function_set_return_type");
    find(scalar_function_set_function, "duckdb_scalar_function_set_function");
    find(register_scalar_function, "duckdb_register_scalar_function");
  }
};

struct Engine::State {
  Library library;
  Handle database{nullptr};
  Handle connection{nullptr};
  Bytes token_key;
  std::atomic<std::uint32_t> step{0};
  std::jthread reporter;                             // stops before the connection goes
  static inline const State* token_state = nullptr;  // one engine a program

  explicit State(const std::string& path) : library{path} {}
  ~State() {
    if (reporter.joinable()) {
      reporter.request_stop();
      reporter.join();
    }
    if (connection != nullptr) library.disconnect(&connection);
    if (database != nullptr) library.close(&database);
    // The library stays: it has threads and destructors of its own.
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static void token(Handle info, Handle input, Handle output);
  void report(const std::stop_token& token, int descriptor);
  Cell cell(int type, const void* data, std::uint64_t row) const;
  void take_chunk(Handle chunk, const std::vector<int>& types, Table& out) const;
};

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *number);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
  if (const auto* yes = std::get_if<bool>(&cell)) return *yes ? "true" : "false";
  return {};
}

std::int64_t number_of(const Cell& cell) noexcept {
  const auto* number = std::get_if<std::int64_t>(&cell);
  return number == nullptr ? 0 : *number;
}

std::string quoted_name(std::string_view name) {
  std::string out{"\""};
  for (const char c : name) {
    if (c == '"') out += c;
    out += c;
  }
  return out += '"';
}

std::string quoted_text(std::string_view text) {
  std::string out{"'"};
  for (const char c : text) {
    if (c == '\'') out += c;
    out += c;
  }
  return out += '\'';
}

Engine::Engine(const EngineOptions& options) : state_{std::make_unique<State>(options.library)} {
  auto& library = state_->library;
  Handle config = nullptr;
  library.create_config(&config);
  const auto set = [&](const char* name, const std::string& value) {
    if (library.set_config(config, name, value.c_str()) != 0)
      throw Failed{"engine_missing", fmt::format("this DuckDB has no setting {}", name)};
  };
  set("threads", fmt::format("{}", std::max(1u, options.threads)));
  set("memory_limit",
      fmt::format("{}MiB", std::max<std::uint64_t>(64, options.memory_bytes >> 20)));
  set("temp_directory", options.temporary_folder);
  set("autoinstall_known_extensions", "false");
  set("autoload_known_extensions", "false");
  set("allow_community_extensions", "false");
  char* message = nullptr;
  const int opened = library.open_ext(nullptr, &state_->database, config, &message);
  library.destroy_config(&config);
  if (opened != 0) {
    const std::string detail = message == nullptr ? "" : message;
    library.free(message);
    throw Failed{"engine_missing", detail};
  }
  if (library.connect(state_->database, &state_->connection) != 0)
    throw Failed{"engine_missing", "no connection"};
  if (options.progress_descriptor < 0) return;
  run("SET enable_progress_bar = true");
  run("SET enable_progress_bar_print = false");
  state_->reporter = std::jthread{[state = state_.get(), to = options.progress_descriptor](
                                      const std::stop_token& token) { state->report(token, to); }};
}

/// Several times a second. Nothing depends on it, so what cannot be written is left out.
void Engine::State::report(const std::stop_token& token, int descriptor) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock{mutex};
  while (!stopped.wait_for(lock, token, std::chrono::milliseconds{50},
                           [&] { return token.stop_requested(); })) {
    const double done = library.query_progress(connection).percentage;
    const Progress now{step, static_cast<std::uint32_t>(std::clamp(done, 0.0, 100.0))};
    if (::pwrite(descriptor, &now, sizeof now, 0) != sizeof now) return;
  }
}

Engine::~Engine() = default;

std::string Engine::version() const {
  return fmt::format("DuckDB {}", state_->library.library_version());
}

void Engine::lock(const std::vector<std::string>& paths) {
  std::string list;
  for (const auto& path : paths) {
    if (!list.empty()) list += ", ";
    list += quoted_text(path);
  }
  run("SET allowed_paths = [" + list + "]");
  run("SET enable_external_access = false");
  run("SET lock_configuration = true");
  state_->step = 0;  // what comes now is the request's own
}

/// Called by DuckDB for a few thousand values at a time, on several threads.
void Engine::State::token(Handle info, Handle input, Handle output) {
  static_cast<void>(info);
  const State& state = *token_state;
  const Library& library = state.library;
  const std::uint64_t count = library.data_chunk_get_size(input);
  const auto* texts = static_cast<const RawString*>(
      library.vector_get_data(library.data_chunk_get_vector(input, 0)));
  const std::uint64_t* validity =
      library.vector_get_validity(library.data_chunk_get_vector(input, 0));
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  for (std::uint64_t row = 0; row < count; ++row) {
    // DuckDB itself answers NULL for NULL, but asks all the same.
    if (validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0) continue;
    const std::string_view text = texts[row].view();
    unsigned size = 0;
    ::HMAC(EVP_sha256(), state.token_key.data(), static_cast<int>(state.token_key.size()),
           reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digest.data(), &size);
    constexpr std::size_t kTokenBytes = 16;
    const std::string hex = codec::to_hex(BytesView{digest}.first(kTokenBytes));
    library.vector_assign_string_element_len(output, row, hex.data(), hex.size());
  }
}

void Engine::add_token_function(BytesView key) {
  auto& library = state_->library;
  state_->token_key = to_bytes(key);
  State::token_state = state_.get();
  Handle function = library.create_scalar_function();
  Handle text = library.create_logical_type(kVarchar);
  library.scalar_function_set_name(function, "token");
  library.scalar_function_add_parameter(function, text);
  library.scalar_function_set_return_type(function, text);
  library.scalar_function_set_function(function, State::token);
  const int failed = library.register_scalar_function(state_->connection, function);
  library.destroy_logical_type(&text);
  library.destroy_scalar_function(&function);
  if (failed != 0) throw Failed{"internal", "the function token was refused"};
}

Cell Engine::State::cell(int type, const void* data, std::uint64_t row) const {
  const auto at = [&]<typename T>(T) { return static_cast<const T*>(data)[row]; };
  switch (type) {
    case kBoolean:
      return at(bool{});
    case kTinyInt:
      return std::int64_t{at(std::int8_t{})};
    case kSmallInt:
      return std::int64_t{at(std::int16_t{})};
    case kInteger:
      return std::int64_t{at(std::int32_t{})};
    case kBigInt:
      return at(std::int64_t{});
    case kUtinyInt:
      return std::int64_t{at(std::uint8_t{})};
    case kUsmallInt:
      return std::int64_t{at(std::uint16_t{})};
    case kUinteger:
      return std::int64_t{at(std::uint32_t{})};
    case kFloat:
      return static_cast<double>(at(float{}));
    case kDouble:
      return at(double{});
    case kVarchar:
      return std::string{static_cast<const RawString*>(data)[row].view()};
    default:
      throw Failed{"internal", fmt::format("a column of type {}", type)};
  }
}

void Engine::State::take_chunk(Handle chunk, const std::vector<int>& types, Table& out) const {
  const std::uint64_t count = library.data_chunk_get_size(chunk);
  const std::size_t first = out.rows.size();
  out.rows.resize(first + count);
  for (auto row = first; row < out.rows.size(); ++row) out.rows[row].resize(types.size());
  for (std::size_t column = 0; column < types.size(); ++column) {
    Handle vector = library.data_chunk_get_vector(chunk, column);
    const void* data = library.vector_get_data(vector);
    const std::uint64_t* validity = library.vector_get_validity(vector);
    for (std::uint64_t row = 0; row < count; ++row) {
      if (validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0) continue;
      out.rows[first + row][column] = cell(types[column], data, row);
    }
  }
}

Table Engine::query(const std::string& sql, const std::vector<std::string>& parameters) {
  auto& library = state_->library;
  ++state_->step;
  RawResult result{};
  int failed = 0;
  if (parameters.empty()) {
    failed = library.query(state_->connection, sql.c_str(), &result);
  } else {
    Handle statement = nullptr;
    if (library.prepare(state_->connection, sql.c_str(), &statement) != 0) {
      const std::string message = library.prepare_error(statement);
      library.destroy_prepare(&statement);
      throw Failed{code_of(message), message};
    }
    for (std::size_t i = 0; i < parameters.size(); ++i)
      library.bind_varchar_length(statement, i + 1, parameters[i].data(), parameters[i].size());
    failed = library.execute_prepared(statement, &result);
    library.destroy_prepare(&statement);
  }
  if (failed != 0) {
    const char* said = library.result_error(&result);
    const std::string message = said == nullptr ? "" : said;
    library.destroy_result(&result);
    throw Failed{code_of(message), message};
  }
  Table out;
  std::vector<int> types;
  const std::uint64_t columns = library.column_count(&result);
  for (std::uint64_t i = 0; i < columns; ++i) {
    out.columns.emplace_back(library.column_name(&result, i));
    types.push_back(library.column_type(&result, i));
  }
  while (Handle chunk = library.fetch_chunk(result)) {
    state_->take_chunk(chunk, types, out);
    library.destroy_data_chunk(&chunk);
  }
  library.destroy_result(&result);
  return out;
}

}  // namespace wusong::tables
