// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/segment_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

namespace wusong::platform {
namespace {

constexpr std::string_view kPrefix = "state-";
constexpr std::string_view kSuffix = ".seg";
constexpr std::size_t kDigits = 10;

Error last_error() noexcept {
  if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) return io::err::disk_full;
  if (errno == EWOULDBLOCK) return io::err::store_locked;
  return io::err::store_failed;
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) noexcept : fd_{fd} {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  bool open() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

/// Also works where the file system asks for several tries.
Result<void> sync_file(int fd) noexcept {
  while (::fdatasync(fd) != 0)
    if (errno != EINTR) return fail(last_error());
  return {};
}

class FileSegment final : public io::Segment {
 public:
  FileSegment(FileDescriptor fd, std::uint8_t* data, std::uint64_t capacity,
              std::uint64_t size) noexcept
      : fd_{std::move(fd)}, data_{data}, capacity_{capacity}, size_{size} {}
  ~FileSegment() override { ::munmap(data_, capacity_); }

  Result<void> append(BytesView bytes) override {
    std::uint64_t at = size_.load(std::memory_order_relaxed);
    if (bytes.size() > capacity_ - at) return fail(io::err::store_failed);
    while (!bytes.empty()) {
      const ::ssize_t written =
          ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<::off_t>(at));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return fail(last_error());
      at += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      size_.store(at, std::memory_order_release);
    }
    return {};
  }

  BytesView view(std::uint64_t offset, std::uint64_t size) const noexcept override {
    return {data_ + offset, size};
  }

  std::uint64_t size() const noexcept override { return size_.load(std::memory_order_acquire); }

  Result<void> sync() override { return sync_file(fd_.get()); }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<::off_t>(size)) != 0) return fail(last_error());
    size_.store(size, std::memory_order_release);
    return {};
  }

 private:
  FileDescriptor fd_;
  std::uint8_t* data_;
  std::uint64_t capacity_;
  std::atomic<std::uint64_t> size_;
};

class SegmentFiles final : public io::SegmentStore {
 public:
  SegmentFiles(std::filesystem::path folder, FileDescriptor fd, FileDescriptor lock) noexcept
      : folder_{std::move(folder)}, fd_{std::move(fd)}, lock_{std::move(lock)} {}

  Result<std::vector<std::uint32_t>> list() const override {
    std::vector<std::uint32_t> ids;
    std::error_code failed;
    std::filesystem::directory_iterator at{folder_, failed};
    for (; !failed && at != std::filesystem::directory_iterator{}; at.increment(failed)) {
      const std::string name = at->path().filename().string();
      if (name.size() != kPrefix.size() + kDigits + kSuffix.size()) continue;
      if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
      const char* const first = name.data() + kPrefix.size();
      std::uint32_t id = 0;
      const auto parsed = std::from_chars(first, first + kDigits, id);
      if (parsed.ec == std::errc{} && parsed.ptr == first + kDigits) ids.push_back(id);
    }
    if (failed) return fail(io::err::store_failed);
    std::ranges::sort(ids);
    return ids;
  }

  Result<std::unique_ptr<io::Segment>> open(std::uint32_t id, std::uint64_t capacity) override {
    const std::string path = path_of(id);
    FileDescriptor fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (!fd.open()) return fail(last_error());
    struct ::stat status{};
    if (::fstat(fd.get(), &status) != 0) return fail(last_error());
    const auto size = static_cast<std::uint64_t>(status.st_size);
    // An empty file may be new: its name is made durable now, its bytes by sync().
    if (size == 0)
      if (::fsync(fd_.get()) != 0) return fail(last_error());
    capacity = std::max<std::uint64_t>(std::max(capacity, size), 1);
    void* const data = ::mmap(nullptr, capacity, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (data == MAP_FAILED) return fail(last_error());
    // Nodes lie scattered; reading ahead would only push others out.
    ::madvise(data, capacity, MADV_RANDOM);
    return std::unique_ptr<io::Segment>{std::make_unique<FileSegment>(
        std::move(fd), static_cast<std::uint8_t*>(data), capacity, size)};
  }

  Result<void> remove(std::uint32_t id) override {
    if (::unlink(path_of(id).c_str()) != 0 && errno != ENOENT) return fail(last_error());
    if (::fsync(fd_.get()) != 0) return fail(last_error());
    return {};
  }

 private:
  std::string path_of(std::uint32_t id) const {
    std::string digits = std::to_string(id);
    digits.insert(0, kDigits - digits.size(), '0');
    return (folder_ / (std::string{kPrefix} + digits + std::string{kSuffix})).string();
  }

  std::filesystem::path folder_;
  FileDescriptor fd_;
  FileDescriptor lock_;
};

}  // namespace

Result<std::unique_ptr<io::SegmentStore>> open_segment_files(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return fail(last_error());
  FileDescriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd.open()) return fail(last_error());
  const std::string lock_path = (folder / "LOCK").string();
  FileDescriptor lock{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  if (!lock.open()) return fail(last_error());
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return fail(last_error());
  return std::unique_ptr<io::SegmentStore>{
      std::make_unique<SegmentFiles>(folder, std::move(fd), std::move(lock))};
}

}  // namespace wusong::platform
