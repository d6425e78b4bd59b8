// SPDX-License-Identifier: Apache-2.0
#include "wusong/stores/blob_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/platform/mutex.hpp"
#include "wusong/platform/sha256_stream.hpp"
#include "wusong/stores/internal/upload.hpp"

namespace wusong::stores {
namespace {

using internal::check_piece;
using internal::is_upload_name;

constexpr std::size_t kStep = 1u << 20;
constexpr std::uint64_t kReadMax = 64u << 20;     // one answer of read()
constexpr std::size_t kUploadsInMemoryMax = 512;  // beyond, their digests are computed again
constexpr std::string_view kPutPrefix = "put-";

Error last_error() noexcept {
  if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) return io::err::disk_full;
  return io::err::store_failed;
}

class File {
 public:
  File() noexcept = default;
  explicit File(int fd) noexcept : fd_{fd} {}
  File(File&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_{-1};
};

Result<void> write_at(int file, std::uint64_t offset, BytesView bytes) noexcept {
  while (!bytes.empty()) {
    const auto count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(last_error());
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

/// Fewer bytes only at the end of the file.
Result<std::size_t> read_at(int file, std::uint64_t offset, std::span<std::uint8_t> out) noexcept {
  std::size_t have = 0;
  while (have < out.size()) {
    const auto count =
        ::pread(file, out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(last_error());
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  return have;
}

Result<void> sync_file(int file) noexcept {
  while (::fsync(file) != 0)
    if (errno != EINTR) return fail(last_error());
  return {};
}

Result<void> sync_folder(const std::string& path) noexcept {
  const File folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder) return fail(last_error());
  return sync_file(folder.get());
}

Result<void> make_folder(const std::string& path) noexcept {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail(last_error());
  return {};
}

Result<std::uint64_t> size_of(int file) noexcept {
  struct stat about{};
  if (::fstat(file, &about) != 0) return fail(last_error());
  return static_cast<std::uint64_t>(about.st_size);
}

Result<void> hash_part(int file, std::uint64_t from, std::uint64_t to,
                       platform::Sha256Stream& hash) {
  Bytes buffer(static_cast<std::size_t>(std::min<std::uint64_t>(kStep, to - from)));
  while (from < to) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), to - from));
    WUSONG_TRY(const std::size_t count, read_at(file, from, {buffer.data(), want}));
    if (count != want) return fail(io::err::store_failed);
    hash.add({buffer.data(), want});
    from += want;
  }
  return {};
}

/// An unfinished upload. The digest may lag behind the bytes, after a restart by all of them.
struct Upload {
  platform::Mutex mutex;
  File file WUSONG_GUARDED_BY(mutex);
  std::uint64_t size WUSONG_GUARDED_BY(mutex){0};
  std::uint64_t hashed WUSONG_GUARDED_BY(mutex){0};
  platform::Sha256Stream hash WUSONG_GUARDED_BY(mutex);
  bool gone WUSONG_GUARDED_BY(mutex){false};  // finished or aborted meanwhile
};

class Store final : public io::BlobStore {
 public:
  explicit Store(const BlobFilesOptions& options)
      : options_{options},
        blobs_{(options.folder / "blobs").string()},
        uploads_{(options.folder / "uploads").string()} {}

  Result<void> open() {
    std::error_code error;
    std::filesystem::create_directories(options_.folder, error);
    if (error) return fail(io::err::store_failed);
    lock_ = File{::open((options_.folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (!lock_) return fail(last_error());
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) return fail(io::err::store_locked);
    WUSONG_CHECK(make_folder(blobs_));
    WUSONG_CHECK(make_folder(uploads_));
    WUSONG_CHECK(sync_folder(options_.folder.string()));
    std::uint64_t total = 0;
    for (const auto& entry : std::filesystem::directory_iterator{uploads_, error}) {
      if (entry.path().filename().string().starts_with(kPutPrefix))
        ::unlink(entry.path().c_str());
      else
        total += entry.file_size(error);
    }
    uploads_bytes_ = total;
    return {};
  }

  Result<io::BlobInfo> put(BytesView bytes) override {
    if (bytes.size() > options_.blob_size_max) return fail(io::err::blob_too_large);
    const io::BlobInfo info{hash::sha256(bytes), bytes.size()};
    if (present(info)) return keep(info, {});
    WUSONG_CHECK(check_room(bytes.size()));
    const std::string path = uploads_ + "/" + std::string{kPutPrefix} + std::to_string(++last_put_);
    const File file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!file) return fail(last_error());
    Result<void> done = write_at(file.get(), 0, bytes);
    if (done) done = sync_file(file.get());
    if (done) {
      const auto kept = keep(info, path);
      if (kept) return kept;
      done = fail(kept.error());
    }
    ::unlink(path.c_str());
    return fail(done.error());
  }

  Result<std::uint64_t> size(const Hash& digest) override {
    struct stat about{};
    if (::stat(blob_path(digest).c_str(), &about) != 0) return fail(missing_or_broken());
    return static_cast<std::uint64_t>(about.st_size);
  }

  Result<Bytes> read(const Hash& digest, std::uint64_t offset, std::uint64_t size) override {
    WUSONG_TRY(const File file, open_blob(digest));
    WUSONG_TRY(const std::uint64_t whole, size_of(file.get()));
    if (offset >= whole) return Bytes{};
    Bytes out(static_cast<std::size_t>(std::min({size, whole - offset, kReadMax})));
    WUSONG_TRY(const std::size_t count, read_at(file.get(), offset, out));
    out.resize(count);
    return out;
  }

  Result<void> check(const Hash& digest) override {
    WUSONG_TRY(const File file, open_blob(digest));
    WUSONG_TRY(const std::uint64_t whole, size_of(file.get()));
    platform::Sha256Stream hash;
    WUSONG_CHECK(hash_part(file.get(), 0, whole, hash));
    if (hash.finish() != digest) return fail(io::err::blob_corrupt);
    return {};
  }

  Result<void> remove(const Hash& digest) override {
    const std::string path = blob_path(digest);
    if (::unlink(path.c_str()) != 0) return fail(missing_or_broken());
    return sync_folder(path.substr(0, path.rfind('/')));
  }

  std::optional<std::string> path(const Hash& digest) const override {
    std::string out = blob_path(digest);
    if (::access(out.c_str(), R_OK) != 0) return {};
    return out;
  }

  Result<void> upload_begin(const std::string& name) override {
    if (!is_upload_name(name)) return fail(io::err::upload_missing);
    WUSONG_CHECK(check_room(0));
    if (const auto before = upload_abort(name);
        !before && before.error() != io::err::upload_missing)
      return before;
    const File file{
        ::open(upload_path(name).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!file) return fail(last_error());
    return sync_folder(uploads_);
  }

  Result<std::uint64_t> upload_size(const std::string& name) override {
    WUSONG_TRY(const auto upload, find(name));
    const platform::MutexLock lock{upload->mutex};
    if (upload->gone) return fail(io::err::upload_missing);
    return upload->size;
  }

  Result<void> upload_append(const std::string& name, std::uint64_t offset,
                             BytesView bytes) override {
    WUSONG_TRY(const auto upload, find(name));
    const platform::MutexLock lock{upload->mutex};
    if (upload->gone) return fail(io::err::upload_missing);
    WUSONG_CHECK(check_piece({.offset = offset,
                              .size = bytes.size(),
                              .upload_size = upload->size,
                              .upload_size_max = options_.blob_size_max}));
    WUSONG_CHECK(check_room(bytes.size()));
    if (const auto written = write_at(upload->file.get(), offset, bytes); !written) {
      // All or nothing, so that the client goes on where it was told.
      if (::ftruncate(upload->file.get(), static_cast<off_t>(offset)) != 0)
        return fail(io::err::store_failed);
      return written;
    }
    uploads_bytes_ += bytes.size();
    // Starts writing to the disk now, so that the sync at the end has little left to do.
    ::sync_file_range(upload->file.get(), static_cast<off_t>(offset),
                      static_cast<off_t>(bytes.size()), SYNC_FILE_RANGE_WRITE);
    if (upload->hashed == offset) {
      upload->hash.add(bytes);
      upload->hashed += bytes.size();
    }
    upload->size += bytes.size();
    return {};
  }

  Result<io::BlobInfo> upload_finish(const std::string& name) override {
    WUSONG_TRY(const auto upload, find(name));
    const platform::MutexLock lock{upload->mutex};
    if (upload->gone) return fail(io::err::upload_missing);
    if (upload->hashed < upload->size) {
      WUSONG_CHECK(hash_part(upload->file.get(), upload->hashed, upload->size, upload->hash));
      upload->hashed = upload->size;
    }
    WUSONG_CHECK(sync_file(upload->file.get()));
    const io::BlobInfo info{upload->hash.finish(), upload->size};
    upload->gone = true;
    const auto kept = keep(info, upload_path(name));
    if (kept) uploads_bytes_ -= upload->size;
    // Only now, so that nobody opens the file anew while it becomes a blob. Where that failed, the
    // next call opens it and computes its digest again.
    forget(name);
    return kept;
  }

  Result<void> upload_abort(const std::string& name) override {
    WUSONG_TRY(const auto upload, find(name));
    const platform::MutexLock lock{upload->mutex};
    if (upload->gone) return fail(io::err::upload_missing);
    if (::unlink(upload_path(name).c_str()) != 0 && errno != ENOENT) return fail(last_error());
    upload->gone = true;
    forget(name);
    uploads_bytes_ -= upload->size;
    return {};
  }

 private:
  static Error missing_or_broken() noexcept {
    return errno == ENOENT || errno == ENOTDIR ? Error{io::err::blob_missing} : last_error();
  }

  std::string blob_path(const Hash& digest) const {
    const std::string hex = codec::to_hex(digest);
    return blobs_ + "/" + hex.substr(0, 2) + "/" + hex.substr(2, 2) + "/" + hex;
  }
  std::string upload_path(const std::string& name) const { return uploads_ + "/" + name; }

  Result<File> open_blob(const Hash& digest) const {
    File file{::open(blob_path(digest).c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) return fail(missing_or_broken());
    return file;
  }

  bool present(const io::BlobInfo& info) const noexcept {
    struct stat about{};
    return ::stat(blob_path(info.digest).c_str(), &about) == 0 &&
           static_cast<std::uint64_t>(about.st_size) == info.size;
  }

  /// Gives the synced file `from` its name as a blob; "" when the blob was there. Another thread
  /// may have made the folders or the blob a moment ago, so all of them are synced in either case.
  Result<io::BlobInfo> keep(const io::BlobInfo& info, const std::string& from) {
    const std::string path = blob_path(info.digest);
    const std::string inner = path.substr(0, path.rfind('/'));
    const std::string outer = inner.substr(0, inner.rfind('/'));
    WUSONG_CHECK(make_folder(outer));
    WUSONG_CHECK(make_folder(inner));
    if (!from.empty() && ::rename(from.c_str(), path.c_str()) != 0) return fail(last_error());
    WUSONG_CHECK(sync_folder(inner));
    WUSONG_CHECK(sync_folder(outer));
    WUSONG_CHECK(sync_folder(blobs_));
    return info;
  }

  Result<void> check_room(std::uint64_t more) const noexcept {
    struct statvfs about{};
    if (::statvfs(blobs_.c_str(), &about) != 0) return fail(last_error());
    const std::uint64_t free = static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
    if (free < options_.free_bytes_min + more) return fail(io::err::disk_full);
    if (uploads_bytes_ + more > options_.uploads_bytes_max) return fail(io::err::disk_full);
    return {};
  }

  Result<std::shared_ptr<Upload>> find(const std::string& name) {
    if (!is_upload_name(name)) return fail(io::err::upload_missing);
    const platform::MutexLock lock{mutex_};
    if (const auto found = open_uploads_.find(name); found != open_uploads_.end())
      return found->second;
    File file{::open(upload_path(name).c_str(), O_RDWR | O_CLOEXEC)};
    if (!file) return fail(errno == ENOENT ? Error{io::err::upload_missing} : last_error());
    WUSONG_TRY(const std::uint64_t size, size_of(file.get()));
    // Whoever still holds a forgotten one finds it by its own pointer; nobody may hold two.
    if (open_uploads_.size() >= kUploadsInMemoryMax) {
      std::erase_if(open_uploads_, [](const auto& entry) { return entry.second.use_count() == 1; });
    }
    auto upload = std::make_shared<Upload>();
    {
      const platform::MutexLock inner{upload->mutex};
      upload->file = std::move(file);
      upload->size = size;
    }
    open_uploads_[name] = upload;
    return upload;
  }

  void forget(const std::string& name) {
    const platform::MutexLock lock{mutex_};
    open_uploads_.erase(name);
  }

  const BlobFilesOptions options_;
  const std::string blobs_;
  const std::string uploads_;
  File lock_;
  std::atomic<std::uint64_t> last_put_{0};
  std::atomic<std::uint64_t> uploads_bytes_{0};
  platform::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Upload>> open_uploads_ WUSONG_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::unique_ptr<io::BlobStore>> open_blob_files(const BlobFilesOptions& options) {
  auto store = std::make_unique<Store>(options);
  WUSONG_CHECK(store->open());
  return store;
}

}  // namespace wusong::stores
