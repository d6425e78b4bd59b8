// SPDX-License-Identifier: Apache-2.0
#include "wusong/stores/blob_rados.hpp"

#include "wusong/io/kv_store.hpp"

#if WUSONG_HAS_RADOS

#include <fmt/format.h>
#include <rados/librados.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <map>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/platform/mutex.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/platform/sha256_stream.hpp"
#include "wusong/stores/internal/upload.hpp"

namespace wusong::stores {
namespace {

using internal::check_piece;
using internal::is_upload_name;

constexpr std::uint64_t kPiece = 4u << 20;
constexpr std::uint64_t kReadMax = 64u << 20;
constexpr std::size_t kHeadMax = 256;

Error error_of(int code, Error missing) noexcept {
  if (code == -ENOENT) return missing;
  if (code == -ENOSPC || code == -EDQUOT) return io::err::disk_full;
  return io::err::store_failed;
}

struct Upload {
  platform::Mutex mutex;
  std::uint64_t size WUSONG_GUARDED_BY(mutex){0};
  std::uint64_t hashed WUSONG_GUARDED_BY(mutex){0};
  platform::Sha256Stream hash WUSONG_GUARDED_BY(mutex);
  bool gone WUSONG_GUARDED_BY(mutex){false};
};

/// What a head says: a size, and under which name the pieces are.
struct Head {
  std::uint64_t size{0};
  std::string pieces;
};

class RadosStore final : public io::BlobStore {
 public:
  explicit RadosStore(const BlobRadosOptions& options) : options_{options} {}
  ~RadosStore() override {
    if (pool_ != nullptr) rados_ioctx_destroy(pool_);
    if (cluster_ != nullptr) rados_shutdown(cluster_);
  }

  Result<void> connect() {
    const auto seconds = std::to_string(std::max<std::int64_t>(
        1, std::chrono::duration_cast<std::chrono::seconds>(options_.timeout).count()));
    if (rados_create(&cluster_, options_.user.c_str()) < 0) return fail(io::err::store_failed);
    // Without these a cluster that is away would hold its callers for ever.
    for (const char* name :
         {"rados_osd_op_timeout", "rados_mon_op_timeout", "client_mount_timeout"})
      rados_conf_set(cluster_, name, seconds.c_str());
    if (rados_conf_read_file(cluster_, options_.configuration.c_str()) < 0 ||
        rados_connect(cluster_) < 0 ||
        rados_ioctx_create(cluster_, options_.pool.c_str(), &pool_) < 0)
      return fail(io::err::store_failed);
    return {};
  }

  Result<io::BlobInfo> put(BytesView bytes) override {
    if (bytes.size() > options_.blob_size_max) return fail(io::err::blob_too_large);
    const io::BlobInfo info{hash::sha256(bytes), bytes.size()};
    if (read_head(blob_name(info.digest), io::err::blob_missing)) return info;
    // An upload of one step, so that what a crash leaves is found as one.
    std::array<std::uint8_t, 16> random{};
    platform::OsEntropy{}.fill(random);
    const std::string name = codec::to_hex(random);
    WUSONG_CHECK(upload_begin(name));
    WUSONG_CHECK(upload_append(name, 0, bytes));
    return upload_finish(name);
  }

  Result<std::uint64_t> size(const Hash& digest) override {
    WUSONG_TRY(const Head head, read_head(blob_name(digest), io::err::blob_missing));
    return head.size;
  }

  Result<Bytes> read(const Hash& digest, std::uint64_t offset, std::uint64_t size) override {
    WUSONG_TRY(const Head head, read_head(blob_name(digest), io::err::blob_missing));
    if (offset >= head.size) return Bytes{};
    Bytes out(static_cast<std::size_t>(std::min({size, head.size - offset, kReadMax})));
    WUSONG_CHECK(read_pieces(head.pieces, offset, out));
    return out;
  }

  Result<void> check(const Hash& digest) override {
    WUSONG_TRY(const Head head, read_head(blob_name(digest), io::err::blob_missing));
    platform::Sha256Stream hash;
    if (const auto done = hash_pieces(head.pieces, 0, head.size, hash); !done)
      return done.error() == io::err::upload_missing ? fail(io::err::blob_corrupt) : done;
    if (hash.finish() != digest) return fail(io::err::blob_corrupt);
    return {};
  }

  Result<void> remove(const Hash& digest) override {
    WUSONG_TRY(const Head head, read_head(blob_name(digest), io::err::blob_missing));
    WUSONG_CHECK(remove_object(blob_name(digest)));
    return remove_pieces(head.pieces, head.size);
  }

  std::optional<std::string> path(const Hash&) const override { return {}; }

  Result<void> upload_begin(const std::string& name) override {
    if (!is_upload_name(name)) return fail(io::err::upload_missing);
    if (const auto before = upload_abort(name);
        !before && before.error() != io::err::upload_missing)
      return before;
    return write_head(upload_name(name), {0, name});
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
    // The bytes, then the size: what a crash leaves beyond the size is written over.
    for (std::uint64_t done = 0; done < bytes.size();) {
      const std::uint64_t at = offset + done;
      const std::uint64_t part = std::min(kPiece - at % kPiece, bytes.size() - done);
      const int code =
          rados_write(pool_, piece_name(name, at / kPiece).c_str(),
                      reinterpret_cast<const char*>(bytes.data()) + done, part, at % kPiece);
      if (code < 0) return fail(error_of(code, io::err::store_failed));
      done += part;
    }
    WUSONG_CHECK(write_head(upload_name(name), {offset + bytes.size(), name}));
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
    WUSONG_CHECK(hash_pieces(name, upload->hashed, upload->size, upload->hash));
    upload->hashed = upload->size;
    const io::BlobInfo info{upload->hash.finish(), upload->size};
    upload->gone = true;
    const auto kept = keep(info, name);
    forget(name);
    if (!kept) return fail(kept.error());
    return info;
  }

  Result<void> upload_abort(const std::string& name) override {
    WUSONG_TRY(const auto upload, find(name));
    const platform::MutexLock lock{upload->mutex};
    if (upload->gone) return fail(io::err::upload_missing);
    // The head last: until then the upload can be found and removed again.
    WUSONG_CHECK(remove_pieces(name, upload->size));
    WUSONG_CHECK(remove_object(upload_name(name)));
    upload->gone = true;
    forget(name);
    return {};
  }

 private:
  static std::string blob_name(const Hash& digest) { return "blob." + codec::to_hex(digest); }
  static std::string upload_name(const std::string& name) { return "upload." + name; }
  static std::string piece_name(const std::string& name, std::uint64_t index) {
    return fmt::format("piece.{}.{}", name, index);
  }

  /// The pieces become the blob's, or go where it is there already.
  Result<void> keep(const io::BlobInfo& info, const std::string& name) {
    const auto there = read_head(blob_name(info.digest), io::err::blob_missing);
    if (there && there->pieces != name) {
      WUSONG_CHECK(remove_pieces(name, info.size));
    } else {
      WUSONG_CHECK(write_head(blob_name(info.digest), {info.size, name}));
    }
    return remove_object(upload_name(name));
  }

  Result<Head> read_head(const std::string& object, Error missing) const {
    std::array<char, kHeadMax> text{};
    const int count = rados_read(pool_, object.c_str(), text.data(), text.size(), 0);
    if (count < 0) return fail(error_of(count, missing));
    Head head;
    const char* end = text.data() + count;
    const auto [rest, error] = std::from_chars(text.data(), end, head.size);
    if (error != std::errc{} || rest == end || *rest != ' ') return fail(io::err::blob_corrupt);
    head.pieces.assign(rest + 1, end);
    return head;
  }

  Result<void> write_head(const std::string& object, const Head& head) const {
    const std::string text = fmt::format("{} {}", head.size, head.pieces);
    const int code = rados_write_full(pool_, object.c_str(), text.data(), text.size());
    if (code < 0) return fail(error_of(code, io::err::store_failed));
    return {};
  }

  Result<void> read_pieces(const std::string& name, std::uint64_t offset,
                           std::span<std::uint8_t> out) const {
    for (std::size_t have = 0; have < out.size();) {
      const std::uint64_t at = offset + have;
      const std::size_t part = std::min<std::uint64_t>(kPiece - at % kPiece, out.size() - have);
      const int count = rados_read(pool_, piece_name(name, at / kPiece).c_str(),
                                   reinterpret_cast<char*>(out.data()) + have, part, at % kPiece);
      if (count < 0) return fail(error_of(count, io::err::upload_missing));
      if (static_cast<std::size_t>(count) != part) return fail(io::err::blob_corrupt);
      have += part;
    }
    return {};
  }

  Result<void> hash_pieces(const std::string& name, std::uint64_t from, std::uint64_t to,
                           platform::Sha256Stream& hash) const {
    Bytes buffer(static_cast<std::size_t>(std::min(kPiece, to - from)));
    while (from < to) {
      const std::span part{buffer.data(), std::min<std::uint64_t>(buffer.size(), to - from)};
      WUSONG_CHECK(read_pieces(name, from, part));
      hash.add(part);
      from += part.size();
    }
    return {};
  }

  Result<void> remove_object(const std::string& object) const {
    const int code = rados_remove(pool_, object.c_str());
    if (code < 0 && code != -ENOENT) return fail(error_of(code, io::err::store_failed));
    return {};
  }

  Result<void> remove_pieces(const std::string& name, std::uint64_t size) const {
    // One more than the size says: a crash may have come between bytes and size.
    for (std::uint64_t i = 0; i <= size / kPiece + 1; ++i)
      WUSONG_CHECK(remove_object(piece_name(name, i)));
    return {};
  }

  Result<std::shared_ptr<Upload>> find(const std::string& name) {
    if (!is_upload_name(name)) return fail(io::err::upload_missing);
    const platform::MutexLock lock{mutex_};
    if (const auto found = uploads_.find(name); found != uploads_.end()) return found->second;
    WUSONG_TRY(const Head head, read_head(upload_name(name), io::err::upload_missing));
    constexpr std::size_t kUploadsInMemoryMax = 512;
    if (uploads_.size() >= kUploadsInMemoryMax)
      std::erase_if(uploads_, [](const auto& entry) { return entry.second.use_count() == 1; });
    auto upload = std::make_shared<Upload>();
    {
      const platform::MutexLock inner{upload->mutex};
      upload->size = head.size;
    }
    uploads_[name] = upload;
    return upload;
  }

  void forget(const std::string& name) {
    const platform::MutexLock lock{mutex_};
    uploads_.erase(name);
  }

  const BlobRadosOptions options_;
  rados_t cluster_{nullptr};
  rados_ioctx_t pool_{nullptr};
  platform::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Upload>> uploads_ WUSONG_GUARDED_BY(mutex_);
};

}  // namespace

bool has_rados() noexcept {
  return true;
}

Result<std::unique_ptr<io::BlobStore>> open_blob_rados(const BlobRadosOptions& options) {
  auto store = std::make_unique<RadosStore>(options);
  WUSONG_CHECK(store->connect());
  return store;
}

}  // namespace wusong::stores

#else

namespace wusong::stores {

bool has_rados() noexcept {
  return false;
}

Result<std::unique_ptr<io::BlobStore>> open_blob_rados(const BlobRadosOptions&) {
  return fail(io::err::store_failed);
}

}  // namespace wusong::stores

#endif
