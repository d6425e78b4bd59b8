// SPDX-License-Identifier: Apache-2.0
#include "wusong/operate/backup.hpp"

#include <algorithm>
#include <optional>

#include "wusong/operate/errors.hpp"
#include "wusong/operate/internal/copy.hpp"
#include "wusong/platform/data_format.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/node_host.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::operate {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGenesisFile = "genesis.json";
/// The node may remove a segment, or a table, between two looks: rare, and then it is tried again.
constexpr int kTriesMax = 5;

std::uint64_t size_of(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code failed;
  for (const auto& entry : fs::recursive_directory_iterator{folder, failed}) {
    std::error_code gone;
    const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    if (!gone) sum += size;
  }
  return sum;
}

Result<void> clear_away(const fs::path& path) {
  std::error_code failed;
  fs::remove_all(path, failed);
  if (failed) return fail(platform::err::file_write_failed);
  return {};
}

template <typename Work>
auto with_more_tries(Work work) -> decltype(work()) {
  for (int tries = 1;; ++tries) {
    auto done = work();
    const bool again = !done && (done.error() == Error{err::changed_meanwhile} ||
                                 done.error() == Error{io::err::store_failed});
    if (!again || tries == kTriesMax) return done;
  }
}

/// What an earlier backup in the folder holds; nothing where there is none.
Result<std::optional<Manifest>> earlier_backup(const fs::path& to) {
  std::error_code failed;
  if (fs::exists(to, failed) && !fs::is_directory(to, failed)) return fail(err::no_folder);
  auto manifest = read_manifest(to);
  if (manifest && manifest->format != storage::kDataFormat) return fail(err::not_empty);
  if (manifest) return std::optional{*std::move(manifest)};
  if (manifest.error() != Error{err::no_backup}) return fail(manifest.error());
  // An interrupted one has a ledger; anything else is not ours to write into.
  const bool free = !fs::exists(to, failed) || fs::is_empty(to, failed) ||
                    fs::exists(to / "db" / "CURRENT", failed);
  if (!free) return fail(err::not_empty);
  return std::optional<Manifest>{};
}

bool is_kept(const fs::path& file) {
  const std::string name = file.filename().string();
  return name != "LOCK" && !name.starts_with("LOG");
}

/// Every file with its digest; tables, which never change, are not read again.
Result<std::vector<BackupFile>> list_files(const fs::path& to,
                                           const std::optional<Manifest>& earlier,
                                           const Told& told) {
  std::vector<fs::path> paths;
  std::error_code failed;
  for (const auto& entry : fs::recursive_directory_iterator{to, failed})
    if (entry.is_regular_file(failed) && is_kept(entry.path())) paths.push_back(entry.path());
  if (failed) return fail(platform::err::file_unreadable);
  std::ranges::sort(paths);
  std::vector<BackupFile> out;
  for (const fs::path& path : paths) {
    BackupFile file{.path = fs::relative(path, to, failed).string(),
                    .bytes = fs::file_size(path, failed)};
    if (failed) return fail(platform::err::file_unreadable);
    const BackupFile* known = nullptr;
    if (earlier && path.extension() == ".sst") {
      const auto found = std::ranges::find(earlier->files, file.path, &BackupFile::path);
      if (found != earlier->files.end() && found->bytes == file.bytes) known = &*found;
    }
    if (known != nullptr) {
      file.sha256 = known->sha256;
    } else {
      WUSONG_TRY(file.sha256, internal::digest_of(path));
    }
    out.push_back(std::move(file));
    if (told) told("files digested", out.size(), paths.size());
  }
  return out;
}

/// The copies themselves. @return the segments as they were in the node's folder
Result<std::vector<CopiedSegment>> copy_all(const BackupOptions& options,
                                            const std::vector<CopiedSegment>& known,
                                            std::uint64_t& copied) {
  const std::uint64_t all = size_of(options.data);
  const auto advance = [&](std::uint64_t bytes) {
    copied += bytes;
    if (options.told) options.told("MB copied", copied >> 20, std::max(copied, all) >> 20);
  };
  WUSONG_TRY(auto segments, with_more_tries([&] {
               return internal::copy_state(options.data / "state", options.to / "state", known,
                                           advance);
             }));
  const fs::path scratch = options.to / "reader";
  WUSONG_TRY(const auto target, platform::open_rocks_store(options.to / "db"));
  WUSONG_CHECK(with_more_tries([&]() -> Result<void> {
    WUSONG_CHECK(clear_away(scratch));
    WUSONG_CHECK(platform::make_directory(scratch.string()));
    WUSONG_TRY(const auto source, platform::open_rocks_reader(options.data / "db", scratch));
    return internal::copy_ledger(*source, *target, advance);
  }));
  WUSONG_CHECK(clear_away(scratch));
  return segments;
}

Result<void> require_current_format(const fs::path& data) {
  WUSONG_TRY(const std::uint64_t format, platform::read_data_format(data));
  if (format == 0) return fail(err::nothing_to_back_up);
  return platform::check_data_format(data);
}

}  // namespace

Result<BackupReport> back_up(const BackupOptions& options) {
  WUSONG_CHECK(require_current_format(options.data));
  WUSONG_TRY(const auto earlier, earlier_backup(options.to));
  if (const auto made = platform::make_directory((options.to / "state").string()); !made)
    return fail(made.error() == Error{platform::err::no_space} ? made.error()
                                                               : Error{err::no_folder});
  WUSONG_CHECK(platform::check_data_format(options.to));
  std::error_code failed;
  fs::remove(options.to / kManifestFile, failed);  // until all is there again
  if (failed) return fail(platform::err::file_write_failed);

  BackupReport report{.manifest = {}, .incremental = earlier.has_value()};
  const auto known = earlier ? earlier->segments : std::vector<CopiedSegment>{};
  WUSONG_TRY(auto segments, copy_all(options, known, report.bytes_copied));
  WUSONG_CHECK(platform::write_file((options.to / kGenesisFile).string(),
                                    as_bytes(options.genesis_text), platform::FileMode::ordinary));
  VerifyOptions verify{.genesis = options.genesis, .state_history = options.state_history};
  if (earlier) verify.from = earlier->height;
  if (options.told)
    verify.progress = [&](auto done, auto all) { options.told("blocks verified", done, all); };
  WUSONG_TRY(const VerifiedChain chain, verify_chain(options.to, verify));

  Manifest& manifest = report.manifest;
  manifest.program = options.program;
  manifest.format = storage::kDataFormat;
  manifest.genesis_hash = chain.genesis_hash;
  manifest.height = chain.height;
  manifest.block_hash = chain.block_hash;
  manifest.state_root = chain.state_root;
  manifest.created_ms = options.now_ms;
  manifest.segments = std::move(segments);
  WUSONG_TRY(manifest.files, list_files(options.to, earlier, options.told));
  WUSONG_CHECK(write_manifest(options.to, manifest));
  return report;
}

namespace {

/// Copies each file of the manifest, or only reads it where there is no `to`.
Result<void> take_files(const fs::path& from, const Manifest& manifest,
                        const std::optional<fs::path>& to, const Told& told) {
  const std::uint64_t all = manifest.bytes();
  std::uint64_t done = 0;
  for (const BackupFile& file : manifest.files) {
    if (to) WUSONG_CHECK(platform::make_directory((*to / file.path).parent_path().string()));
    const auto digest = to ? internal::copy_file(from / file.path, *to / file.path, {}, {})
                           : internal::digest_of(from / file.path);
    if (!digest && digest.error() == Error{platform::err::file_not_found})
      return fail(err::damaged);
    WUSONG_CHECK(digest);
    if (*digest != file.sha256) return fail(err::damaged);
    done += file.bytes;
    if (told) told("MB read", done >> 20, all >> 20);
  }
  return {};
}

}  // namespace

Result<Manifest> check_backup(const std::filesystem::path& backup, const Told& told) {
  WUSONG_TRY(auto manifest, read_manifest(backup));
  WUSONG_CHECK(take_files(backup, manifest, std::nullopt, told));
  return manifest;
}

Result<Manifest> restore(const RestoreOptions& options) {
  std::error_code failed;
  if (fs::exists(options.data, failed) && !fs::is_empty(options.data, failed))
    return fail(err::not_empty);
  WUSONG_TRY(auto manifest, read_manifest(options.from));
  fs::path part = options.data;
  part += ".restoring";
  WUSONG_CHECK(clear_away(part));
  WUSONG_CHECK(platform::make_directory(part.string()));
  WUSONG_CHECK(take_files(options.from, manifest, part, options.told));
  WUSONG_TRY(const std::uint64_t format, platform::read_data_format(part));
  if (format + 1 == storage::kDataFormat) WUSONG_CHECK(platform::migrate_data(part));
  WUSONG_CHECK(platform::check_data_format(part));
  VerifyOptions verify{.genesis = options.genesis, .state_history = options.state_history};
  if (options.told)
    verify.progress = [&](auto done, auto all) { options.told("blocks verified", done, all); };
  WUSONG_TRY(const VerifiedChain chain, verify_chain(part, verify));
  if (chain.height != manifest.height || chain.block_hash != manifest.block_hash)
    return fail(err::damaged);
  fs::remove(part / kGenesisFile, failed);
  if (options.validator) {
    constexpr std::string_view kWords =
        "Restored from a backup, which holds no votes. While this file is here the node follows "
        "without voting; it removes it by itself.\n";
    WUSONG_CHECK(platform::write_file((part / platform::kVotesLostFile).string(), as_bytes(kWords),
                                      platform::FileMode::ordinary));
  }
  fs::remove(options.data, failed);  // an empty folder
  fs::rename(part, options.data, failed);
  if (failed) return fail(platform::err::file_write_failed);
  WUSONG_CHECK(internal::sync_folder(options.data.parent_path()));
  return manifest;
}

}  // namespace wusong::operate
