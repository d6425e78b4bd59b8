// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "wusong/platform/errors.hpp"

namespace wusong::platform {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) noexcept : value_{value} {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const noexcept { return value_; }
  int release() noexcept { return std::exchange(value_, -1); }
  bool close() noexcept {
    const bool closed = value_ < 0 || ::close(value_) == 0;
    value_ = -1;
    return closed;
  }

 private:
  int value_;
};

Error write_error(int number) noexcept {
  switch (number) {
    case EACCES:
    case EPERM:
    case EROFS:
      return err::permission_denied;
    case ENOSPC:
    case EDQUOT:
      return err::no_space;
    default:
      return err::file_write_failed;
  }
}

Error read_error(int number) noexcept {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return err::file_not_found;
    case EACCES:
    case EPERM:
      return err::permission_denied;
    default:
      return err::file_unreadable;
  }
}

template <typename Buffer>
Result<Buffer> read_whole(const std::string& path, std::size_t size_max) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.get() < 0) return fail(read_error(errno));
  Buffer out;
  for (;;) {
    const std::size_t have = out.size();
    out.resize(have + (64u << 10));
    const auto count = ::read(file.get(), out.data() + have, out.size() - have);
    if (count < 0 && errno == EINTR) {
      out.resize(have);
      continue;
    }
    if (count < 0) return fail(read_error(errno));
    out.resize(have + static_cast<std::size_t>(count));
    if (out.size() > size_max) return fail(err::file_too_large);
    if (count == 0) return out;
  }
}

Result<void> write_all(int file, BytesView content) {
  while (!content.empty()) {
    const auto count = ::write(file, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(write_error(errno));
    content = content.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> write_durably(const std::string& path, BytesView content, mode_t mode) {
  Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
  if (file.get() < 0) return fail(write_error(errno));
  if (::fchmod(file.get(), mode) != 0) return fail(write_error(errno));  // whatever the umask
  WUSONG_CHECK(write_all(file.get(), content));
  if (::fsync(file.get()) != 0) return fail(write_error(errno));
  if (!file.close()) return fail(write_error(errno));
  return {};
}

/// Gives `fresh` its name, which is durable once the folder is.
Result<void> put_in_place(const std::string& fresh, const std::string& path) {
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(fresh.c_str());
    return fail(write_error(number));
  }
  std::string folder = std::filesystem::path{path}.parent_path().string();
  if (folder.empty()) folder = ".";
  const Descriptor directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return fail(write_error(errno));
  return {};
}

mode_t bits_of(FileMode mode) noexcept {
  return mode == FileMode::secret ? 0600 : 0644;
}

}  // namespace

Result<Bytes> read_file(const std::string& path, std::size_t size_max) {
  return read_whole<Bytes>(path, size_max);
}

Result<std::string> read_text(const std::string& path, std::size_t size_max) {
  return read_whole<std::string>(path, size_max);
}

Result<void> write_file(const std::string& path, BytesView content, FileMode mode) {
  const std::string fresh = path + ".new";
  if (auto written = write_durably(fresh, content, bits_of(mode)); !written) {
    ::unlink(fresh.c_str());
    return written;
  }
  return put_in_place(fresh, path);
}

Result<void> make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail(write_error(error.value()));
  if (!std::filesystem::is_directory(path, error)) return fail(err::file_write_failed);
  return {};
}

bool file_exists(const std::string& path) noexcept {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.get() < 0) return fail(read_error(errno));
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) return fail(read_error(errno));
  if (!S_ISREG(about.st_mode)) return fail(err::file_unreadable);
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size == 0) return MappedFile{{}};
  void* const bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (bytes == MAP_FAILED) return fail(read_error(errno));
  return MappedFile{{static_cast<std::uint8_t*>(bytes), size}};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

Result<FreshFile> FreshFile::create(const std::string& path, std::size_t size, FileMode mode) {
  const std::string fresh = path + ".new";
  const int file = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, bits_of(mode));
  if (file < 0) return fail(write_error(errno));
  FreshFile out{path, file};
  if (::fchmod(file, bits_of(mode)) != 0) return fail(write_error(errno));
  if (size == 0) return out;
  if (const int number = ::posix_fallocate(file, 0, static_cast<off_t>(size)); number != 0)
    return fail(write_error(number));
  void* const bytes = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (bytes == MAP_FAILED) return fail(write_error(errno));
  out.bytes_ = {static_cast<std::uint8_t*>(bytes), size};
  return out;
}

FreshFile::FreshFile(FreshFile&& other) noexcept
    : path_{std::exchange(other.path_, {})},
      descriptor_{std::exchange(other.descriptor_, -1)},
      bytes_{std::exchange(other.bytes_, {})} {}

FreshFile::~FreshFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!path_.empty()) ::unlink((path_ + ".new").c_str());
}

Result<void> FreshFile::publish() {
  if (!bytes_.empty() && ::msync(bytes_.data(), bytes_.size(), MS_SYNC) != 0)
    return fail(write_error(errno));
  if (::fsync(descriptor_) != 0) return fail(write_error(errno));
  const std::string path = std::exchange(path_, {});
  return put_in_place(path + ".new", path);
}

Result<FileLock> FileLock::acquire(const std::string& path) {
  Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (file.get() < 0) return fail(write_error(errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(errno == EWOULDBLOCK ? Error{err::already_locked} : write_error(errno));
  return FileLock{file.release()};
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace wusong::platform
