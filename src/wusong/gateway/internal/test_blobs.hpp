// SPDX-License-Identifier: Apache-2.0
// Files in memory, on a disk that can be full.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "wusong/hash/hash.hpp"
#include "wusong/io/blob_store.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/portal/projection.hpp"

namespace wusong::gateway::internal {

class MemoryBlobs final : public io::BlobStore, public portal::DocumentSource {
 public:
  bool full{false};  // the disk

  Result<io::BlobInfo> put(BytesView bytes) override {
    if (full) return fail(io::err::disk_full);
    const Hash digest = hash::sha256(bytes);
    blobs_[digest] = to_bytes(bytes);
    return io::BlobInfo{digest, bytes.size()};
  }
  Result<std::uint64_t> size(const Hash& digest) override {
    if (!blobs_.contains(digest)) return fail(io::err::blob_missing);
    return blobs_[digest].size();
  }
  Result<Bytes> read(const Hash& digest, std::uint64_t offset, std::uint64_t most) override {
    if (!blobs_.contains(digest)) return fail(io::err::blob_missing);
    const auto& all = blobs_[digest];
    const auto begin = std::min<std::uint64_t>(offset, all.size());
    const auto count = std::min<std::uint64_t>(most, all.size() - begin);
    return to_bytes(BytesView{all}.subspan(begin, count));
  }
  Result<void> check(const Hash&) override { return {}; }
  Result<void> remove(const Hash& digest) override {
    blobs_.erase(digest);
    return {};
  }
  std::optional<std::string> path(const Hash&) const override { return {}; }
  Result<void> upload_begin(const std::string& name) override {
    if (full) return fail(io::err::disk_full);
    uploads_[name];
    return {};
  }
  Result<std::uint64_t> upload_size(const std::string& name) override {
    if (!uploads_.contains(name)) return fail(io::err::upload_missing);
    return uploads_[name].size();
  }
  Result<void> upload_append(const std::string& name, std::uint64_t offset,
                             BytesView bytes) override {
    if (!uploads_.contains(name)) return fail(io::err::upload_missing);
    if (uploads_[name].size() != offset) return fail(io::err::upload_offset);
    append(uploads_[name], bytes);
    return {};
  }
  Result<io::BlobInfo> upload_finish(const std::string& name) override {
    if (!uploads_.contains(name)) return fail(io::err::upload_missing);
    auto out = put(uploads_[name]);
    uploads_.erase(name);
    return out;
  }
  Result<void> upload_abort(const std::string& name) override {
    uploads_.erase(name);
    return {};
  }
  Result<std::optional<std::string>> document(const Hash& digest) override {
    const auto found = blobs_.find(digest);
    if (found == blobs_.end()) return std::optional<std::string>{};
    return std::optional{std::string{as_text(found->second)}};
  }

 private:
  std::map<Hash, Bytes> blobs_;
  std::map<std::string, Bytes> uploads_;
};

}  // namespace wusong::gateway::internal
