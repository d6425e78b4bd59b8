// SPDX-License-Identifier: Apache-2.0
#include "wusong/operate/internal/copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "wusong/operate/errors.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/sha256_stream.hpp"

namespace wusong::operate::internal {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;
constexpr std::size_t kEntriesAtOnce = 8'192;

/// Blocks and receipts by height: only ever added at the end, or removed at the beginning.
constexpr std::array kByHeight{io::Column::block, io::Column::receipt};
/// Compared entry by entry.
constexpr std::array kMirrored{io::Column::index, io::Column::certificate, io::Column::meta};
static_assert(io::kColumnCount == 12, "say whether a backup holds the new column");

class Descriptor {
 public:
  explicit Descriptor(int value) noexcept : value_{value} {}
  Descriptor(Descriptor&& other) noexcept : value_{std::exchange(other.value_, -1)} {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const noexcept { return value_; }

 private:
  int value_;
};

Error io_error() noexcept {
  switch (errno) {
    case ENOENT:
      return platform::err::file_not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return platform::err::permission_denied;
    case ENOSPC:
    case EDQUOT:
      return platform::err::no_space;
    default:
      return platform::err::file_write_failed;
  }
}

Result<void> write_whole(int file, BytesView bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(io_error());
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

/// At most `size` bytes of a file, piece by piece. @return how many there were
template <typename Take>
Result<std::uint64_t> read_pieces(int file, std::uint64_t size, Take take) {
  Bytes piece(kPieceBytes);
  std::uint64_t done = 0;
  while (done < size) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size - done, kPieceBytes));
    const auto count = ::pread(file, piece.data(), want, static_cast<::off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(platform::err::file_unreadable);
    if (count == 0) break;
    WUSONG_CHECK(take(BytesView{piece}.first(static_cast<std::size_t>(count))));
    done += static_cast<std::uint64_t>(count);
  }
  return done;
}

Result<Hash> copy_open(int from, const std::filesystem::path& to, std::optional<std::uint64_t> size,
                       const Advance& advance) {
  const Descriptor out{::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (out.get() < 0) return fail(io_error());
  platform::Sha256Stream digest;
  const auto take = [&](BytesView piece) -> Result<void> {
    digest.add(piece);
    WUSONG_CHECK(write_whole(out.get(), piece));
    if (advance) advance(piece.size());
    return {};
  };
  WUSONG_TRY(const std::uint64_t copied, read_pieces(from, size.value_or(~std::uint64_t{0}), take));
  if (size && copied != *size) return fail(err::changed_meanwhile);
  if (::fsync(out.get()) != 0) return fail(io_error());
  return digest.finish();
}

struct OpenSegment {
  CopiedSegment what;
  Descriptor file;
};

/// All segments at once, so that none of them can go while others are read.
Result<std::vector<OpenSegment>> open_segments(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  std::filesystem::directory_iterator at{folder, failed};
  for (; !failed && at != std::filesystem::directory_iterator{}; at.increment(failed))
    if (at->path().extension() == ".seg") names.push_back(at->path().filename().string());
  if (failed) return fail(platform::err::file_unreadable);
  std::ranges::sort(names);
  std::vector<OpenSegment> out;
  for (const std::string& name : names) {
    Descriptor file{::open((folder / name).c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) return fail(err::changed_meanwhile);  // removed since it was listed
    struct ::stat status{};
    if (::fstat(file.get(), &status) != 0) return fail(platform::err::file_unreadable);
    const auto ns = static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000u +
                    static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
    out.push_back({{name, static_cast<std::uint64_t>(status.st_size), ns}, std::move(file)});
  }
  return out;
}

/// Collects changes and writes them a few megabytes at a time.
class Writer {
 public:
  Writer(io::KvStore& store, const Advance& advance) : store_{store}, advance_{advance} {}

  Result<void> put(io::Column column, BytesView key, BytesView value) {
    batch_.put(column, key, value);
    bytes_ += key.size() + value.size();
    if (advance_) advance_(key.size() + value.size());
    return bytes_ < kBatchBytes ? Result<void>{} : flush(io::Durability::buffered);
  }
  Result<void> erase(io::Column column, BytesView key) {
    batch_.erase(column, key);
    bytes_ += key.size();
    return bytes_ < kBatchBytes ? Result<void>{} : flush(io::Durability::buffered);
  }
  Result<void> flush(io::Durability durability) {
    const auto written = store_.write(batch_, durability);
    batch_.operations.clear();
    bytes_ = 0;
    return written;
  }

 private:
  io::KvStore& store_;
  const Advance& advance_;
  io::WriteBatch batch_;
  std::size_t bytes_{0};
};

Result<Bytes> edge_key(const io::KvStore& store, io::Column column, bool last) {
  Bytes out;
  WUSONG_CHECK(store.scan(column, {}, {}, last, [&](BytesView key, BytesView /*value*/) {
    out = to_bytes(key);
    return false;
  }));
  return out;
}

Result<void> copy_by_height(io::Column column, const io::KvStore& from, io::KvStore& to,
                            Writer& writer) {
  WUSONG_TRY(const Bytes first, edge_key(from, column, false));
  Result<void> done;
  if (!first.empty()) {
    WUSONG_CHECK(to.scan(column, {}, first, false, [&](BytesView key, BytesView /*value*/) {
      done = writer.erase(column, key);
      return done.has_value();
    }));
  }
  WUSONG_CHECK(done);
  WUSONG_TRY(const Bytes last, edge_key(to, column, true));
  WUSONG_CHECK(from.scan(column, last, {}, false, [&](BytesView key, BytesView value) {
    done = writer.put(column, key, value);
    return done.has_value();
  }));
  return done;
}

using Entry = std::pair<Bytes, Bytes>;

/// Entries in [from, to), at most so many.
Result<std::vector<Entry>> entries(const io::KvStore& store, io::Column column, BytesView from,
                                   BytesView to, std::size_t most) {
  std::vector<Entry> out;
  WUSONG_CHECK(store.scan(column, from, to, false, [&](BytesView key, BytesView value) {
    out.emplace_back(to_bytes(key), to_bytes(value));
    return out.size() < most;
  }));
  return out;
}

Result<void> write_difference(io::Column column, const std::vector<Entry>& wanted,
                              const std::vector<Entry>& present, Writer& writer) {
  auto have = present.begin();
  for (const auto& [key, value] : wanted) {
    for (; have != present.end() && have->first < key; ++have)
      WUSONG_CHECK(writer.erase(column, have->first));
    const bool same = have != present.end() && have->first == key && have->second == value;
    if (!same) WUSONG_CHECK(writer.put(column, key, value));
    if (have != present.end() && have->first == key) ++have;
  }
  for (; have != present.end(); ++have) WUSONG_CHECK(writer.erase(column, have->first));
  return {};
}

Result<void> mirror(io::Column column, const io::KvStore& from, io::KvStore& to, Writer& writer) {
  Bytes cursor;
  for (bool more = true; more;) {
    WUSONG_TRY(const auto wanted, entries(from, column, cursor, {}, kEntriesAtOnce));
    more = wanted.size() == kEntriesAtOnce;
    Bytes end;
    if (more) {
      end = wanted.back().first;
      end.push_back(0);  // the first key after the last one
    }
    WUSONG_TRY(const auto present, entries(to, column, cursor, end, ~std::size_t{0}));
    WUSONG_CHECK(write_difference(column, wanted, present, writer));
    cursor = end;
  }
  return {};
}

}  // namespace

Result<Hash> copy_file(const std::filesystem::path& from, const std::filesystem::path& to,
                       std::optional<std::uint64_t> size, const Advance& advance) {
  const Descriptor file{::open(from.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.get() < 0) return fail(io_error());
  return copy_open(file.get(), to, size, advance);
}

Result<Hash> digest_of(const std::filesystem::path& file) {
  const Descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (opened.get() < 0) return fail(io_error());
  platform::Sha256Stream digest;
  WUSONG_CHECK(read_pieces(opened.get(), ~std::uint64_t{0}, [&](BytesView piece) -> Result<void> {
    digest.add(piece);
    return {};
  }));
  return digest.finish();
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const Descriptor file{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (file.get() < 0 || ::fsync(file.get()) != 0) return fail(io_error());
  return {};
}

Result<std::vector<CopiedSegment>> copy_state(const std::filesystem::path& from,
                                              const std::filesystem::path& to,
                                              const std::vector<CopiedSegment>& known,
                                              const Advance& advance) {
  WUSONG_TRY(const auto segments, open_segments(from));
  std::vector<CopiedSegment> out;
  for (const OpenSegment& segment : segments) {
    out.push_back(segment.what);
    // The newest of an earlier backup has been appended to since: by the node, or when the backup
    // was opened to be verified.
    const bool closed = std::ranges::find(known, segment.what) != known.end() &&
                        segment.what.name != known.back().name;
    if (closed) continue;
    const std::filesystem::path part = to / (segment.what.name + ".part");
    WUSONG_CHECK(copy_open(segment.file.get(), part, segment.what.bytes, advance));
    std::error_code failed;
    std::filesystem::rename(part, to / segment.what.name, failed);
    if (failed) return fail(platform::err::file_write_failed);
  }
  std::error_code failed;
  std::filesystem::directory_iterator at{to, failed};
  for (; !failed && at != std::filesystem::directory_iterator{}; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    const bool wanted = std::ranges::find(out, name, &CopiedSegment::name) != out.end();
    if (at->path().extension() == ".seg" && !wanted) std::filesystem::remove(at->path(), failed);
  }
  if (failed) return fail(platform::err::file_write_failed);
  WUSONG_CHECK(sync_folder(to));
  return out;
}

Result<void> copy_ledger(const io::KvStore& from, io::KvStore& to, const Advance& advance) {
  Writer writer{to, advance};
  for (const io::Column column : kByHeight) WUSONG_CHECK(copy_by_height(column, from, to, writer));
  for (const io::Column column : kMirrored) WUSONG_CHECK(mirror(column, from, to, writer));
  return writer.flush(io::Durability::synced);
}

}  // namespace wusong::operate::internal
