// SPDX-License-Identifier: Apache-2.0
// Small files: configuration, keys, process marks.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::platform {

enum class FileMode : std::uint8_t { secret, ordinary };  // 0600, 0644
enum class Existing : std::uint8_t { replace, keep };     // keep: then nothing is written

/// @errors err::file_not_found, err::permission_denied, err::file_too_large, err::file_unreadable
[[nodiscard]] Result<Bytes> read_file(const std::string& path, std::size_t size_max = 64u << 20);
[[nodiscard]] Result<std::string> read_text(const std::string& path,
                                            std::size_t size_max = 64u << 20);

/// Replaces the file as a whole: after a crash it holds the old content or the new, and beside it
/// may lie a file of its name, random digits and ".new", which nobody reads.
/// @errors err::permission_denied, err::no_space, err::file_exists, err::file_write_failed
[[nodiscard]] Result<void> write_file(const std::string& path, BytesView content, FileMode mode,
                                      Existing existing = Existing::replace);

/// With all its parents; an existing one is fine. @errors as write_file
[[nodiscard]] Result<void> make_directory(const std::string& path);

bool file_exists(const std::string& path) noexcept;

/// A file's bytes without a copy, so that it may be larger than memory. Whoever shortens the file
/// meanwhile ends this process.
class MappedFile {
 public:
  /// @errors as read_file; err::file_unreadable also for what is no ordinary file
  [[nodiscard]] static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept : bytes_{std::exchange(other.bytes_, {})} {}
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  ~MappedFile();
  BytesView view() const noexcept { return bytes_; }

 private:
  explicit MappedFile(std::span<std::uint8_t> bytes) noexcept : bytes_{bytes} {}
  std::span<std::uint8_t> bytes_;
};

/// A file that gets its name when it is complete, and is gone when it never is.
class FreshFile {
 public:
  /// The space is taken at once, so that nothing written to `bytes` can fail. @errors as write_file
  [[nodiscard]] static Result<FreshFile> create(const std::string& path, std::size_t size,
                                                FileMode mode);
  FreshFile(FreshFile&& other) noexcept;
  FreshFile& operator=(FreshFile&&) = delete;
  FreshFile(const FreshFile&) = delete;
  ~FreshFile();
  std::span<std::uint8_t> bytes() const noexcept { return bytes_; }
  /// Once. @errors as write_file
  [[nodiscard]] Result<void> publish(Existing existing);

 private:
  FreshFile(std::string path, std::string fresh, int descriptor) noexcept
      : path_{std::move(path)}, fresh_{std::move(fresh)}, descriptor_{descriptor} {}
  std::string path_;
  std::string fresh_;  // what it is called until it is published; then empty
  int descriptor_;
  std::span<std::uint8_t> bytes_;
};

/// Holds a lock file for as long as it lives, so that two processes never share a data folder.
class FileLock {
 public:
  /// @errors err::already_locked, and as write_file
  [[nodiscard]] static Result<FileLock> acquire(const std::string& path);
  FileLock(FileLock&& other) noexcept : descriptor_{other.descriptor_} { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&&) = delete;
  FileLock(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) noexcept : descriptor_{descriptor} {}
  int descriptor_;
};

}  // namespace wusong::platform
