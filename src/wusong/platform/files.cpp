// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
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

}  // namespace

Result<Bytes> read_file(const std::string& path, std::size_t size_max) {
  return read_whole<Bytes>(path, size_max);
}

Result<std::string> read_text(const std::string& path, std::size_t size_max) {
  return read_whole<std::string>(path, size_max);
}

Result<void> write_file(const std::string& path, BytesView content, FileMode mode) {
  const std::string fresh = path + ".new";
  if (auto written = write_durably(fresh, content, mode == FileMode::secret ? 0600 : 0644);
      !written) {
    ::unlink(fresh.c_str());
    return written;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(fresh.c_str());
    return fail(write_error(number));
  }
  // The new name is durable once the folder is.
  std::string folder = std::filesystem::path{path}.parent_path().string();
  if (folder.empty()) folder = ".";
  const Descriptor directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return fail(write_error(errno));
  return {};
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
