// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "wusong/codec/hex.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/os_entropy.hpp"

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
    case EFBIG:  // a limit of this process
      return err::no_space;
    case EEXIST:
      return err::file_exists;
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

/// Beside the file that it will be; a name that nobody else has or can foresee.
std::string fresh_name(const std::string& path) {
  OsEntropy entropy;
  std::array<std::uint8_t, 8> random;
  entropy.fill(random);
  return path + '.' + codec::to_hex(random) + ".new";
}

/// Never what is there already, nor where a link leads.
int open_fresh(const std::string& fresh, mode_t mode) {
  const int file = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (file < 0 || ::fchmod(file, mode) == 0) return file;  // whatever the umask
  const int number = errno;
  ::close(file);
  ::unlink(fresh.c_str());
  errno = number;
  return -1;
}

Result<void> write_durably(int opened, BytesView content) {
  Descriptor file{opened};
  WUSONG_CHECK(write_all(file.get(), content));
  if (::fsync(file.get()) != 0) return fail(write_error(errno));
  if (!file.close()) return fail(write_error(errno));
  return {};
}

/// Gives `fresh` its name, which is durable once the folder is.
Result<void> put_in_place(const std::string& fresh, const std::string& path, Existing existing) {
  const bool replaces = existing == Existing::replace;
  const int named = replaces ? ::rename(fresh.c_str(), path.c_str())
                             : ::link(fresh.c_str(), path.c_str());  // of two, one succeeds
  const int number = errno;
  if (named != 0 || !replaces) ::unlink(fresh.c_str());
  if (named != 0) return fail(write_error(number));
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

Result<void> write_file(const std::string& path, BytesView content, FileMode mode,
                        Existing existing) {
  const std::string fresh = fresh_name(path);
  const int file = open_fresh(fresh, bits_of(mode));
  if (file < 0) return fail(write_error(errno));
  if (auto written = write_durably(file, content); !written) {
    ::unlink(fresh.c_str());
    return written;
  }
  return put_in_place(fresh, path, existing);
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
  std::string fresh = fresh_name(path);
  const int file = open_fresh(fresh, bits_of(mode));
  if (file < 0) return fail(write_error(errno));
  FreshFile out{path, std::move(fresh), file};
  if (size == 0) return out;
  if (const int number = ::posix_fallocate(file, 0, static_cast<off_t>(size)); number != 0)
    return fail(write_error(number));
  void* const bytes = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (bytes == MAP_FAILED) return fail(write_error(errno));
  out.bytes_ = {static_cast<std::uint8_t*>(bytes), size};
  return out;
}

FreshFile::FreshFile(FreshFile&& other) noexcept
    : path_{std::move(other.path_)},
      fresh_{std::exchange(other.fresh_, {})},
      descriptor_{std::exchange(other.descriptor_, -1)},
      bytes_{std::exchange(other.bytes_, {})} {}

FreshFile::~FreshFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!fresh_.empty()) ::unlink(fresh_.c_str());
}

Result<void> FreshFile::publish(Existing existing) {
  if (!bytes_.empty() && ::msync(bytes_.data(), bytes_.size(), MS_SYNC) != 0)
    return fail(write_error(errno));
  if (::fsync(descriptor_) != 0) return fail(write_error(errno));
  return put_in_place(std::exchange(fresh_, {}), path_, existing);
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
