// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/data_format.hpp"

#include <charconv>
#include <string>

#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::platform {
namespace {

constexpr std::uint64_t kPreviousFormat = storage::kDataFormat - 1;
constexpr std::string_view kWords = "wusong data format ";

std::string text_of(std::uint64_t format) {
  return std::string{kWords} + std::to_string(format) + "\n";
}

Result<void> write_format(const std::filesystem::path& folder, std::uint64_t format) {
  return write_file((folder / kFormatFile).string(), as_bytes(text_of(format)), FileMode::ordinary);
}

/// The number that the ledger compares. Closes the store again.
Result<void> stamp_ledger(const std::filesystem::path& folder, std::uint64_t format) {
  WUSONG_TRY(const auto store, open_rocks_store(folder / "db"));
  io::WriteBatch batch;
  storage::Ledger::stage_format(batch, format);
  return store->write(batch, io::Durability::synced);
}

Result<void> require_either(const std::filesystem::path& folder) {
  WUSONG_TRY(const std::uint64_t format, read_data_format(folder));
  if (format == storage::kDataFormat || format == kPreviousFormat) return {};
  return fail(format > storage::kDataFormat ? Error{err::format_newer} : Error{err::format_no_way});
}

}  // namespace

Result<std::uint64_t> read_data_format(const std::filesystem::path& folder) {
  const auto text = read_text((folder / kFormatFile).string(), 256);
  if (!text && text.error() == Error{err::file_not_found})
    return file_exists((folder / "db" / "CURRENT").string()) ? 1 : 0;
  std::uint64_t format = 0;
  if (!text || !text->starts_with(kWords)) return fail(err::format_unreadable);
  std::from_chars(text->data() + kWords.size(), text->data() + text->size(), format);
  if (*text != text_of(format)) return fail(err::format_unreadable);
  return format;
}

Result<void> check_data_format(const std::filesystem::path& folder) {
  WUSONG_TRY(const std::uint64_t format, read_data_format(folder));
  if (format == 0) return write_format(folder, storage::kDataFormat);
  if (format < storage::kDataFormat) return fail(err::format_older);
  if (format > storage::kDataFormat) return fail(err::format_newer);
  return {};
}

// Format 2 has no columns for a state in RocksDB, which none ever used, and says its number in a
// file. The file comes last, and goes last: with it the folder is this release's.
Result<void> migrate_data(const std::filesystem::path& folder) {
  WUSONG_CHECK(require_either(folder));
  WUSONG_CHECK(keep_rocks_columns(folder / "db", rocks_columns()));
  WUSONG_CHECK(stamp_ledger(folder, storage::kDataFormat));
  return write_format(folder, storage::kDataFormat);
}

Result<void> migrate_data_back(const std::filesystem::path& folder) {
  WUSONG_CHECK(require_either(folder));
  {
    WUSONG_TRY(const auto store, open_rocks_store(folder / "db"));
    WUSONG_TRY(const bool beyond, storage::Ledger::beyond_previous(*store));
    if (beyond) return fail(err::column_in_use);
  }
  WUSONG_CHECK(keep_rocks_columns(folder / "db", rocks_columns_of_format_1()));
  WUSONG_CHECK(stamp_ledger(folder, kPreviousFormat));  // opening makes this release's columns
  WUSONG_CHECK(keep_rocks_columns(folder / "db", rocks_columns_of_format_1()));
  std::error_code failed;
  std::filesystem::remove(folder / kFormatFile, failed);
  if (failed) return fail(err::file_write_failed);
  return {};
}

}  // namespace wusong::platform
