// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/rocks_store.hpp"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <mutex>
#include <string>
#include <vector>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"

namespace wusong::platform {
namespace {

/// Indexed by io::Column; the names are on disk. Retired ones have none.
constexpr std::array<const char*, io::kColumnCount> kColumnNames{
    "meta",  "block", "receipt", "index", "certificate", nullptr,
    nullptr, nullptr, nullptr,   nullptr, "vote",        "pool"};

rocksdb::Slice slice(BytesView bytes) noexcept {
  if (bytes.empty()) return {};  // never a null pointer
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
BytesView view(const rocksdb::Slice& bytes) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

Error error_of(const rocksdb::Status& status) noexcept {
  if (status.IsNoSpace() || status.IsIOFenced()) return io::err::disk_full;
  if (status.IsCorruption()) return io::err::store_corrupt;
  return io::err::store_failed;
}

/// RocksDB has no status of its own for a lock that is held.
Error open_error_of(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsIOError() && text.find("lock") != std::string::npos) return io::err::store_locked;
  if (status.IsInvalidArgument()) return io::err::store_corrupt;  // unknown column families
  return error_of(status);
}

class RocksStore final : public io::KvStore {
 public:
  RocksStore(std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> columns)
      : db_{std::move(db)}, columns_{std::move(columns)} {}

  ~RocksStore() override {
    for (rocksdb::ColumnFamilyHandle* column : columns_)
      if (column != nullptr) db_->DestroyColumnFamilyHandle(column);
    db_->Close().PermitUncheckedError();
  }

  Result<std::optional<Bytes>> get(io::Column column, BytesView key) const override {
    try {
      rocksdb::PinnableSlice value;
      const auto status = db_->Get(rocksdb::ReadOptions{}, handle(column), slice(key), &value);
      if (status.IsNotFound()) return std::optional<Bytes>{};
      if (!status.ok()) return fail(error_of(status));
      return std::optional<Bytes>{to_bytes(view(value))};
    } catch (const std::exception&) {
      return fail(io::err::store_failed);
    }
  }

  Result<void> write(const io::WriteBatch& batch, io::Durability durability) override {
    try {
      std::size_t bytes = 16;
      for (const auto& operation : batch.operations)
        bytes += operation.key.size() + operation.value.size() + 16;
      rocksdb::WriteBatch out{bytes};
      for (const auto& operation : batch.operations) {
        const auto status =
            operation.erase
                ? out.Delete(handle(operation.column), slice(operation.key))
                : out.Put(handle(operation.column), slice(operation.key), slice(operation.value));
        if (!status.ok()) return fail(error_of(status));
      }
      rocksdb::WriteOptions options;
      options.sync = durability == io::Durability::synced;
      const auto status = db_->Write(options, &out);
      if (!status.ok()) return fail(error_of(status));
      return {};
    } catch (const std::exception&) {
      return fail(io::err::store_failed);
    }
  }

  Result<void> scan(io::Column column, BytesView from, BytesView to, bool reverse,
                    const std::function<bool(BytesView, BytesView)>& visit) const override {
    try {
      const rocksdb::Slice lower = slice(from);
      const rocksdb::Slice upper = slice(to);
      rocksdb::ReadOptions options;
      options.iterate_lower_bound = &lower;
      if (!to.empty()) options.iterate_upper_bound = &upper;
      const std::unique_ptr<rocksdb::Iterator> at{db_->NewIterator(options, handle(column))};
      if (reverse)
        at->SeekToLast();
      else
        at->SeekToFirst();
      for (; at->Valid(); reverse ? at->Prev() : at->Next())
        if (!visit(view(at->key()), view(at->value()))) return {};
      if (!at->status().ok()) return fail(error_of(at->status()));
      return {};
    } catch (const std::exception&) {
      return fail(io::err::store_failed);
    }
  }

 private:
  rocksdb::ColumnFamilyHandle* handle(io::Column column) const noexcept {
    return columns_[static_cast<std::size_t>(column)];
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> columns_;
};

constexpr const char* kNoteName = "WITNESS";  // not a name that RocksDB knows, so it lets it be
constexpr std::size_t kListBytesMax = std::size_t{64} << 20;
constexpr std::size_t kNoteBytesMax = 256;

/// One line: the list's name, how many of its bytes, their SHA-256.
struct Note {
  std::string list;
  std::size_t bytes{};
  Hash digest;

  std::string text() const {
    return list + " " + std::to_string(bytes) + " " + codec::to_hex(digest.bytes) + "\n";
  }

  static Result<Note> parse(std::string_view text) {
    const auto first = text.find(' ');
    const auto second = text.find(' ', first + 1);
    if (first == text.npos || second == text.npos || text.back() != '\n')
      return fail(io::err::store_corrupt);
    Note out;
    out.list = text.substr(0, first);
    const std::string_view count = text.substr(first + 1, second - first - 1);
    const auto read = std::from_chars(count.data(), count.data() + count.size(), out.bytes);
    const auto digest =
        codec::fixed_from_hex<Hash>(text.substr(second + 1, text.size() - second - 2));
    if (!out.list.starts_with("MANIFEST-") || read.ec != std::errc{} ||
        read.ptr != count.data() + count.size() || !digest)
      return fail(io::err::store_corrupt);
    out.digest = *digest;
    return out;
  }
};

Result<void> sync_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(io::err::store_failed);
  const bool done = ::fdatasync(file) == 0;
  ::close(file);
  if (!done) return fail(io::err::store_failed);
  return {};
}

/// RocksDB lists its tables in a MANIFEST that only grows, and takes damage near its end for the
/// torn tail of a crash: it then opens without the tables named there, whose logs are long gone. So
/// what the list held when it was last known to be whole is noted beside it.
/// @thread any
class ManifestWitness final : public rocksdb::EventListener {
 public:
  /// `folder` is the database's own.
  explicit ManifestWitness(std::filesystem::path folder) : folder_{std::move(folder)} {}

  /// That the list begins as noted. A folder without a note, or whose noted list has since been
  /// replaced, passes.
  /// @errors io::err::store_corrupt, io::err::store_failed
  [[nodiscard]] static Result<void> check(const std::filesystem::path& folder);

  /// Notes the list as it stands, made durable first.
  /// @errors io::err::disk_full, io::err::store_failed
  [[nodiscard]] Result<void> note() noexcept;

  // Before the logs and tables that these replaced are removed.
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { note_again(); }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override {
    note_again();
  }

 private:
  /// Without room the note before stays, which is still true and only covers less.
  void note_again() noexcept { static_cast<void>(note().has_value()); }

  std::filesystem::path folder_;
  std::mutex mutex_;
};

Result<void> ManifestWitness::check(const std::filesystem::path& folder) {
  const std::string note_path = folder / kNoteName;
  if (!file_exists(note_path)) return {};
  const auto text = read_text(note_path, kNoteBytesMax);
  if (!text)
    return fail(text.error() == err::file_too_large ? io::err::store_corrupt
                                                    : io::err::store_failed);
  WUSONG_TRY(const Note note, Note::parse(*text));
  const std::string list_path = folder / note.list;
  if (!file_exists(list_path)) return {};
  const auto list = read_file(list_path, kListBytesMax);
  if (!list) return fail(io::err::store_failed);
  if (list->size() < note.bytes || hash::sha256(BytesView{*list}.first(note.bytes)) != note.digest)
    return fail(io::err::store_corrupt);
  return {};
}

Result<void> ManifestWitness::note() noexcept {
  try {
    const std::scoped_lock lock{mutex_};
    auto current = read_text(folder_ / "CURRENT", kNoteBytesMax);
    if (!current || current->empty() || current->back() != '\n') return fail(io::err::store_failed);
    current->pop_back();
    // What is read first and made durable after is a beginning of the list for good.
    const auto list = read_file(folder_ / *current, kListBytesMax);
    if (!list) return fail(io::err::store_failed);
    WUSONG_CHECK(sync_file(folder_ / *current));
    const std::string text = Note{*current, list->size(), hash::sha256(*list)}.text();
    const auto written = write_file(folder_ / kNoteName, as_bytes(text), FileMode::ordinary);
    if (!written)
      return fail(written.error() == err::no_space ? io::err::disk_full : io::err::store_failed);
    return {};
  } catch (const std::exception&) {
    return fail(io::err::store_failed);
  }
}

/// Opening writes what the log holds into tables, and a RocksDB built with assertions aborts the
/// process when that finds no room; so the room is looked for first.
bool has_room(const std::filesystem::path& folder) {
  constexpr std::uintmax_t kSpare = std::uintmax_t{16} << 20;
  std::uintmax_t needed = kSpare;
  std::error_code failed;
  std::filesystem::directory_iterator at{folder, failed};
  for (; !failed && at != std::filesystem::directory_iterator{}; at.increment(failed)) {
    if (at->path().extension() != ".log") continue;
    std::error_code gone;
    const std::uintmax_t size = at->file_size(gone);
    if (!gone) needed += size;
  }
  const auto space = std::filesystem::space(folder.parent_path(), failed);
  return failed || space.available >= needed;
}

rocksdb::DBOptions database_options(const RocksOptions& options) {
  rocksdb::DBOptions out;
  out.create_if_missing = true;
  out.create_missing_column_families = true;
  out.max_open_files = options.open_files_max;
  out.max_background_jobs = options.background_jobs;
  out.db_write_buffer_size = options.write_buffers_total_bytes;
  out.max_total_wal_size = 2 * options.write_buffers_total_bytes;
  out.keep_log_file_num = 2;
  out.max_log_file_size = 4u << 20;
  out.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  out.stats_dump_period_sec = 0;
  out.stats_persist_period_sec = 0;
  // What a torn tail of the log held was never acknowledged as synced.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  out.max_manifest_file_size = 4u << 20;  // ManifestWitness reads it whole
  out.bytes_per_sync = 1u << 20;
  out.avoid_unnecessary_blocking_io = true;
  return out;
}

rocksdb::ColumnFamilyOptions column_options(const RocksOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache,
                                            io::Column column) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  if (column == io::Column::index)
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  rocksdb::ColumnFamilyOptions out;
  out.write_buffer_size = options.write_buffer_bytes;
  out.arena_block_size = 64u << 10;
  out.max_write_buffer_number = 2;
  out.compression = column == io::Column::block || column == io::Column::receipt
                        ? rocksdb::kLZ4Compression
                        : rocksdb::kNoCompression;
  out.level_compaction_dynamic_level_bytes = true;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return out;
}

std::vector<rocksdb::ColumnFamilyDescriptor> descriptors_of(const RocksOptions& options) {
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> out;
  out.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions{});
  for (std::size_t i = 0; i < io::kColumnCount; ++i)
    if (kColumnNames[i] != nullptr)
      out.emplace_back(kColumnNames[i], column_options(options, cache, static_cast<io::Column>(i)));
  return out;
}

/// The database with the handles of the open descriptors, the default one's first.
std::unique_ptr<io::KvStore> wrapped(rocksdb::DB* raw,
                                     const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  std::unique_ptr<rocksdb::DB> db{raw};
  db->DestroyColumnFamilyHandle(handles.front());
  std::vector<rocksdb::ColumnFamilyHandle*> columns(io::kColumnCount, nullptr);
  auto next = handles.begin() + 1;
  for (std::size_t i = 0; i < io::kColumnCount; ++i)
    if (kColumnNames[i] != nullptr) columns[i] = *next++;
  return std::make_unique<RocksStore>(std::move(db), std::move(columns));
}

}  // namespace

Result<std::unique_ptr<io::KvStore>> open_rocks_store(const std::filesystem::path& folder,
                                                      const RocksOptions& options) {
  try {
    if (!has_room(folder)) return fail(io::err::disk_full);
    WUSONG_CHECK(ManifestWitness::check(folder));
    const auto witness = std::make_shared<ManifestWitness>(folder);
    rocksdb::DBOptions settings = database_options(options);
    settings.listeners.push_back(witness);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    const auto status =
        rocksdb::DB::Open(settings, folder.string(), descriptors_of(options), &handles, &raw);
    if (!status.ok()) return fail(open_error_of(status));
    auto store = wrapped(raw, handles);
    WUSONG_CHECK(witness->note());
    return store;
  } catch (const std::exception&) {
    return fail(io::err::store_failed);
  }
}

Result<std::unique_ptr<io::KvStore>> open_rocks_reader(const std::filesystem::path& folder,
                                                       const std::filesystem::path& scratch) {
  try {
    WUSONG_CHECK(ManifestWitness::check(folder));
    rocksdb::DBOptions options = database_options({});
    options.create_if_missing = false;
    options.create_missing_column_families = false;
    options.max_open_files = -1;  // tables that the writer removes meanwhile stay readable
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    const auto status = rocksdb::DB::OpenAsSecondary(options, folder.string(), scratch.string(),
                                                     descriptors_of({}), &handles, &raw);
    if (!status.ok()) return fail(open_error_of(status));
    auto store = wrapped(raw, handles);
    if (!raw->TryCatchUpWithPrimary().ok()) return fail(io::err::store_failed);
    return store;
  } catch (const std::exception&) {
    return fail(io::err::store_failed);
  }
}

std::vector<std::string> rocks_columns() {
  std::vector<std::string> out;
  for (const char* name : kColumnNames)
    if (name != nullptr) out.emplace_back(name);
  return out;
}

std::vector<std::string> rocks_columns_of_format_1() {
  return {"meta", "block", "receipt", "index",   "certificate", "account",
          "slot", "code",  "trie",    "history", "vote",        "pool"};
}

Result<void> keep_rocks_columns(const std::filesystem::path& folder,
                                const std::vector<std::string>& names) {
  try {
    rocksdb::DBOptions options = database_options({});
    options.create_if_missing = false;
    options.create_missing_column_families = false;
    std::vector<std::string> present;
    auto status = rocksdb::DB::ListColumnFamilies(options, folder.string(), &present);
    if (!status.ok()) return fail(open_error_of(status));
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const std::string& name : present)
      descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions{});
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    status = rocksdb::DB::Open(options, folder.string(), descriptors, &handles, &raw);
    if (!status.ok()) return fail(open_error_of(status));
    const std::unique_ptr<rocksdb::DB> db{raw};
    const auto kept = [&](const std::string& name) {
      return name == rocksdb::kDefaultColumnFamilyName ||
             std::ranges::find(names, name) != names.end();
    };
    Result<void> done;
    for (std::size_t i = 0; i < handles.size() && done; ++i) {
      if (kept(present[i])) continue;
      const std::unique_ptr<rocksdb::Iterator> at{
          db->NewIterator(rocksdb::ReadOptions{}, handles[i])};
      at->SeekToFirst();
      if (at->Valid()) done = fail(err::column_in_use);
    }
    for (std::size_t i = 0; i < handles.size() && done; ++i)
      if (!kept(present[i]) && !db->DropColumnFamily(handles[i]).ok())
        done = fail(io::err::store_failed);
    for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
    if (!db->Close().ok() && done) return fail(io::err::store_failed);
    return done;
  } catch (const std::exception&) {
    return fail(io::err::store_failed);
  }
}

}  // namespace wusong::platform
