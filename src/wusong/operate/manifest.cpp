// SPDX-License-Identifier: Apache-2.0
#include "wusong/operate/manifest.hpp"

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/operate/errors.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"

namespace wusong::operate {
namespace {

using codec::JsonValue;

/// Reads members; the first that is missing or wrong is remembered.
class Reader {
 public:
  explicit Reader(JsonValue value) : value_{value} {}
  void text(std::string_view key, std::string& out) {
    const auto found = value_.string_at(key);
    if (found) out = std::string{*found};
    ok_ = ok_ && found.has_value();
  }
  void number(std::string_view key, std::uint64_t& out) {
    const auto member = value_.find(key);
    const auto found = member ? member->u64() : fail(err::damaged);
    if (found) out = *found;
    ok_ = ok_ && found.has_value();
  }
  void hash(std::string_view key, Hash& out) {
    std::string text;
    this->text(key, text);
    const auto bytes = codec::from_hex(text);
    ok_ = ok_ && bytes && bytes->size() == Hash::kSize;
    if (ok_) out = Hash::from(*bytes);
  }
  /// Calls `read` with each element of a list.
  template <typename Read>
  void list(std::string_view key, Read read) {
    const auto member = value_.find(key);
    ok_ = ok_ && member && member->is_array();
    if (!ok_) return;
    for (const JsonValue& element : member->items()) {
      Reader reader{element};
      read(reader);
      ok_ = ok_ && reader.ok_;
    }
  }
  bool ok() const noexcept { return ok_; }

 private:
  JsonValue value_;
  bool ok_{true};
};

/// A path that stays inside the backup.
bool is_inside(const std::string& path) {
  const std::filesystem::path parts{path};
  if (path.empty() || parts.is_absolute()) return false;
  for (const auto& part : parts)
    if (part == ".." || part == ".") return false;
  return true;
}

}  // namespace

std::uint64_t Manifest::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const BackupFile& file : files) sum += file.bytes;
  return sum;
}

std::string encode(const Manifest& manifest) {
  codec::JsonWriter out;
  out.open_object().key("program").string(manifest.program);
  out.key("format").number(manifest.format);
  out.key("genesisHash").data(manifest.genesis_hash);
  out.key("height").number(manifest.height.value);
  out.key("blockHash").data(manifest.block_hash).key("stateRoot").data(manifest.state_root);
  out.key("createdMs").number(manifest.created_ms);
  out.key("files").open_array();
  for (const BackupFile& file : manifest.files) {
    out.open_object().key("path").string(file.path).key("bytes").number(file.bytes);
    out.key("sha256").data(file.sha256).close_object();
  }
  out.close_array().key("segments").open_array();
  for (const CopiedSegment& segment : manifest.segments) {
    out.open_object().key("name").string(segment.name).key("bytes").number(segment.bytes);
    out.key("modifiedNs").number(segment.modified_ns).close_object();
  }
  return out.close_array().close_object().take() + "\n";
}

Result<Manifest> decode_manifest(std::string_view text) {
  const auto document = codec::JsonDocument::parse(text);
  if (!document || !document->root().is_object()) return fail(err::damaged);
  Manifest out;
  Reader reader{document->root()};
  reader.text("program", out.program);
  reader.number("format", out.format);
  reader.hash("genesisHash", out.genesis_hash);
  reader.number("height", out.height.value);
  reader.hash("blockHash", out.block_hash);
  reader.hash("stateRoot", out.state_root);
  reader.number("createdMs", out.created_ms);
  reader.list("files", [&](Reader& file) {
    BackupFile& added = out.files.emplace_back();
    file.text("path", added.path);
    file.number("bytes", added.bytes);
    file.hash("sha256", added.sha256);
  });
  reader.list("segments", [&](Reader& segment) {
    CopiedSegment& added = out.segments.emplace_back();
    segment.text("name", added.name);
    segment.number("bytes", added.bytes);
    segment.number("modifiedNs", added.modified_ns);
  });
  if (!reader.ok()) return fail(err::damaged);
  for (const BackupFile& file : out.files)
    if (!is_inside(file.path)) return fail(err::damaged);
  return out;
}

Result<Manifest> read_manifest(const std::filesystem::path& backup) {
  std::error_code unknown;
  if (!std::filesystem::is_directory(backup, unknown)) return fail(err::no_backup);
  const auto text = platform::read_text((backup / kManifestFile).string());
  if (!text && text.error() == Error{platform::err::file_not_found}) return fail(err::no_backup);
  WUSONG_CHECK(text);
  return decode_manifest(*text);
}

Result<void> write_manifest(const std::filesystem::path& backup, const Manifest& manifest) {
  return platform::write_file((backup / kManifestFile).string(), as_bytes(encode(manifest)),
                              platform::FileMode::ordinary);
}

}  // namespace wusong::operate
