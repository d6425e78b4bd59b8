// SPDX-License-Identifier: Apache-2.0
#include "wusong/stores/postgres.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "wusong/io/kv_store.hpp"
#include "wusong/stores/internal/statement_cache.hpp"

namespace wusong::stores {
namespace {

using io::SqlDialect;
using io::SqlRows;
using io::SqlValue;

// Type numbers are permanent. Source: PostgreSQL 15, src/include/catalog/pg_type.dat.
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;

struct Finish {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Handle = std::unique_ptr<PGconn, Finish>;
using Answer = std::unique_ptr<PGresult, Clear>;

/// @source PostgreSQL 15 documentation, appendix A: error codes
Error error_of(std::string_view state) noexcept {
  if (state.starts_with("23") || state.starts_with("22")) return io::err::sql_constraint;
  if (state == "40001" || state == "40P01" || state == "55P03") return io::err::sql_conflict;
  if (state == "53100") return io::err::disk_full;
  if (state == "08P01") return io::err::sql_failed;  // as many values as parameters, please
  if (state.starts_with("08") || state.starts_with("57P") || state == "53300")
    return io::err::sql_unreachable;
  return io::err::sql_failed;
}

/// Values as libpq takes them: pointers into `texts` or into the caller's own.
struct Parameters {
  std::vector<std::string> texts;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  std::vector<Oid> types;
};

Result<Parameters> parameters_of(std::span<const SqlValue> from) {
  Parameters out;
  out.texts.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const char* value = nullptr;
    std::size_t length = 0;
    int format = 0;
    Oid type = 0;
    if (const auto* number = std::get_if<std::int64_t>(&from[i])) {
      out.texts[i] = fmt::format("{}", *number);
      value = out.texts[i].c_str();
      type = kInt8;
    } else if (const auto* real = std::get_if<double>(&from[i])) {
      out.texts[i] = fmt::format("{}", *real);  // the shortest that reads back the same
      value = out.texts[i].c_str();
      type = kFloat8;
    } else if (const auto* text = std::get_if<std::string>(&from[i])) {
      if (text->find('\0') != std::string::npos) return fail(io::err::sql_constraint);
      value = text->c_str();
    } else if (const auto* bytes = std::get_if<Bytes>(&from[i])) {
      value = bytes->empty() ? "" : reinterpret_cast<const char*>(bytes->data());
      length = bytes->size();
      format = 1;
      type = kBytea;
    }
    out.values.push_back(value);
    out.lengths.push_back(static_cast<int>(length));
    out.formats.push_back(format);
    out.types.push_back(type);
  }
  return out;
}

template <typename T>
SqlValue parsed(std::string_view text) {
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc{} && end == text.data() + text.size()) return out;
  return std::string{text};
}

SqlValue value_of(const PGresult* rows, int row, int column) {
  if (PQgetisnull(rows, row, column) == 1) return std::monostate{};
  const std::string_view text{PQgetvalue(rows, row, column),
                              static_cast<std::size_t>(PQgetlength(rows, row, column))};
  switch (PQftype(rows, column)) {
    case kBool:
      return std::int64_t{text == "t" ? 1 : 0};
    case kInt2:
    case kInt4:
    case kInt8:
      return parsed<std::int64_t>(text);
    case kNumeric:
      if (text.find_first_not_of("-0123456789") == std::string_view::npos && text.size() < 19)
        return parsed<std::int64_t>(text);
      return parsed<double>(text);
    case kFloat4:
    case kFloat8:
      return parsed<double>(text);
    case kBytea: {
      std::size_t size = 0;
      const auto release = [](unsigned char* memory) { PQfreemem(memory); };
      const std::unique_ptr<unsigned char, decltype(release)> bytes{
          PQunescapeBytea(reinterpret_cast<const unsigned char*>(text.data()), &size), release};
      return Bytes(bytes.get(), bytes.get() + size);
    }
    default:
      return std::string{text};
  }
}

class Connection final : public io::SqlConnection {
 public:
  explicit Connection(const PostgresOptions& options)
      : options_{options}, statements_{std::max<std::size_t>(1, options.statements_max)} {}

  SqlDialect dialect() const noexcept override { return SqlDialect::postgres; }
  std::string_view last_message() const noexcept override { return message_; }

  Result<std::uint64_t> run(std::string_view sql, std::span<const SqlValue> parameters) override {
    WUSONG_TRY(const Answer answer, execute(sql, parameters));
    return parsed_count(PQcmdTuples(answer.get()));
  }

  Result<SqlRows> query(std::string_view sql, std::span<const SqlValue> parameters) override {
    WUSONG_TRY(const Answer answer, execute(sql, parameters));
    SqlRows out;
    const int columns = PQnfields(answer.get());
    const int rows = PQntuples(answer.get());
    for (int i = 0; i < columns; ++i) out.columns.emplace_back(PQfname(answer.get(), i));
    out.rows.resize(static_cast<std::size_t>(rows));
    for (int row = 0; row < rows; ++row) {
      auto& values = out.rows[static_cast<std::size_t>(row)];
      values.reserve(static_cast<std::size_t>(columns));
      for (int i = 0; i < columns; ++i) values.push_back(value_of(answer.get(), row, i));
    }
    return out;
  }

  Result<void> script(std::string_view sql) override {
    WUSONG_CHECK(ensure_connected());
    return simple(std::string{sql});
  }

  Result<void> transaction(const std::function<Result<void>()>& work) override {
    if (in_transaction_) {
      message_ = "transactions do not nest";
      return fail(io::err::sql_failed);
    }
    WUSONG_CHECK(ensure_connected());
    WUSONG_CHECK(simple("BEGIN ISOLATION LEVEL SERIALIZABLE"));
    in_transaction_ = true;
    Result<void> done;
    try {
      done = work();
    } catch (...) {
      roll_back();
      throw;
    }
    if (done) {
      // A failed statement that `work` passed over has ended the transaction: COMMIT would quietly
      // roll back.
      if (PQtransactionStatus(handle_.get()) == PQTRANS_INTRANS) {
        done = simple("COMMIT");
        if (done) in_transaction_ = false;
      } else {
        if (PQstatus(handle_.get()) != CONNECTION_OK)
          done = fail(io::err::sql_unreachable);
        else
          done = fail(io::err::sql_failed);
      }
    }
    if (!done) roll_back();
    return done;
  }

  Result<void> connect() {
    statements_.clear();
    last_name_ = 0;
    handle_.reset();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.connect_timeout);
    const std::string timeout = fmt::format("{}", std::max<std::int64_t>(2, seconds.count()));
    // What stands in the caller's text, expanded from "dbname", overrides the timeout before it.
    const std::array<const char*, 5> keys{"connect_timeout", "dbname", "client_encoding",
                                          "application_name", nullptr};
    const std::array<const char*, 5> values{timeout.c_str(), options_.connection.c_str(), "UTF8",
                                            "wusong", nullptr};
    handle_.reset(PQconnectdbParams(keys.data(), values.data(), 1));
    if (PQstatus(handle_.get()) != CONNECTION_OK) return fail(note_failure(nullptr));
    PQsetNoticeProcessor(handle_.get(), [](void*, const char*) {}, nullptr);
    const auto limit =
        std::chrono::duration_cast<std::chrono::milliseconds>(options_.statement_timeout);
    return simple(fmt::format(
        "SET statement_timeout={}; SET synchronous_commit={}; SET bytea_output=hex;"
        "SET extra_float_digits=1; SET timezone='UTC'; SET standard_conforming_strings=on",
        limit.count(), options_.durable ? "on" : "off"));
  }

 private:
  struct Prepared {
    std::string name;
  };

  static std::uint64_t parsed_count(std::string_view text) noexcept {
    std::uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  }

  Error note_failure(const PGresult* result) {
    message_ = result == nullptr ? PQerrorMessage(handle_.get()) : PQresultErrorMessage(result);
    while (message_.ends_with('\n')) message_.pop_back();
    if (PQstatus(handle_.get()) != CONNECTION_OK) return io::err::sql_unreachable;
    const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return error_of(state == nullptr ? "" : state);
  }

  Result<Answer> checked(PGresult* raw) {
    Answer answer{raw};
    const auto status = PQresultStatus(raw);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
      return answer;
    return fail(note_failure(raw));
  }

  Result<void> simple(const std::string& sql) {
    WUSONG_CHECK(checked(PQexec(handle_.get(), sql.c_str())));
    return {};
  }

  void roll_back() {
    in_transaction_ = false;
    if (PQtransactionStatus(handle_.get()) == PQTRANS_IDLE) return;
    const Answer ignored{PQexec(handle_.get(), "ROLLBACK")};
  }

  /// What a server says when it goes can be seen before a statement is lost to it.
  bool alive() const {
    if (!handle_ || PQstatus(handle_.get()) != CONNECTION_OK) return false;
    pollfd socket{PQsocket(handle_.get()), POLLIN | POLLRDHUP, 0};
    return ::poll(&socket, 1, 0) >= 0 && (socket.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0;
  }

  Result<void> ensure_connected() {
    if (in_transaction_ || alive()) return {};
    return connect();
  }

  Result<Prepared*> prepare(std::string_view sql, const Parameters& parameters) {
    // One text with values of other types is another statement to the server.
    std::string key;
    key.reserve(sql.size() + parameters.types.size() + 1);
    for (const Oid type : parameters.types) {
      key.push_back(type == kInt8 ? 'i' : type == kFloat8 ? 'd' : type == kBytea ? 'b' : 't');
    }
    key.push_back(' ');
    key.append(sql);
    if (Prepared* known = statements_.find(key)) return known;
    if (PQtransactionStatus(handle_.get()) != PQTRANS_INERROR) {
      if (const auto old = statements_.take_oldest_if_full())
        WUSONG_CHECK(simple("DEALLOCATE " + old->name));
    }
    Prepared made{fmt::format("s{}", ++last_name_)};
    const std::string text{sql};
    WUSONG_CHECK(
        checked(PQprepare(handle_.get(), made.name.c_str(), text.c_str(),
                          static_cast<int>(parameters.types.size()), parameters.types.data())));
    return &statements_.add(key, std::move(made));
  }

  Result<Answer> execute(std::string_view sql, std::span<const SqlValue> from) {
    const auto parameters = parameters_of(from);
    if (!parameters) {
      message_ = "a text holds the character U+0000, which PostgreSQL does not store";
      return fail(parameters.error());
    }
    WUSONG_CHECK(ensure_connected());
    WUSONG_TRY(const Prepared* statement, prepare(sql, *parameters));
    return checked(PQexecPrepared(handle_.get(), statement->name.c_str(),
                                  static_cast<int>(from.size()), parameters->values.data(),
                                  parameters->lengths.data(), parameters->formats.data(), 0));
  }

  const PostgresOptions options_;
  Handle handle_;
  std::string message_;
  internal::StatementCache<Prepared> statements_;
  std::uint64_t last_name_{0};
  bool in_transaction_{false};
};

class PostgresDatabase final : public io::SqlDatabase {
 public:
  explicit PostgresDatabase(PostgresOptions options) : options_{std::move(options)} {}
  SqlDialect dialect() const noexcept override { return SqlDialect::postgres; }
  Result<std::unique_ptr<io::SqlConnection>> connect() override {
    auto connection = std::make_unique<Connection>(options_);
    WUSONG_CHECK(connection->connect());
    return connection;
  }

 private:
  const PostgresOptions options_;
};

}  // namespace

Result<std::unique_ptr<io::SqlDatabase>> open_postgres(const PostgresOptions& options) {
  auto database = std::make_unique<PostgresDatabase>(options);
  WUSONG_CHECK(database->connect());
  return database;
}

}  // namespace wusong::stores
