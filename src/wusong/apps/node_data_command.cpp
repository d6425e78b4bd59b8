// SPDX-License-Identifier: Apache-2.0
// `wusong node backup`, `restore` and `migrate`: the data folder of a node.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <vector>

#include "wusong/apps/config.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/node_command.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/version.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/operate/backup.hpp"
#include "wusong/operate/errors.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/data_format.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/storage/errors.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::apps {
namespace {

/// Each stage has a progress of its own.
operate::Told tell() {
  auto current = std::make_shared<std::pair<std::string, std::optional<Progress>>>();
  return [current](std::string_view what, std::uint64_t done, std::uint64_t all) {
    if (current->first != what) {
      current->first = what;
      current->second.emplace(std::string{what});
    }
    current->second->at(done, all);
  };
}

std::string backup_mend(Error error, const std::filesystem::path& backup,
                        const NodeConfig& config) {
  if (error == Error{operate::err::no_backup}) {
    return fmt::format(
        "{} holds no finished backup; `wusong node backup --to {}` makes one, or ends "
        "one that was interrupted",
        backup.string(), shell_quoted(backup.string()));
  }
  if (error == Error{operate::err::other_chain}) {
    return fmt::format("{} is of another chain than {}; name the backup of this one",
                       backup.string(), config.genesis.string());
  }
  if (error == Error{operate::err::damaged}) {
    return fmt::format("{} is damaged: a file is not what was written; take another backup",
                       backup.string());
  }
  if (error == Error{operate::err::unproven}) {
    return fmt::format(
        "what was copied from {} is not one consistent chain; check the node's disk, then make a "
        "new "
        "backup in an empty folder",
        config.data.string());
  }
  if (error == Error{operate::err::changed_meanwhile}) {
    return "the node was restarted meanwhile; run the command again";
  }
  if (error == Error{operate::err::nothing_to_back_up}) {
    return fmt::format("{} holds no chain yet; start the node first", config.data.string());
  }
  return {};
}

int complain_data(Error error, const std::filesystem::path& backup, const NodeConfig& config,
                  const std::filesystem::path& config_file) {
  std::string mend = backup_mend(error, backup, config);
  if (mend.empty()) mend = explain_data(error, config.data, config_file);
  if (mend.empty()) {
    mend = fmt::format("cannot go on with {}; see that this user may read and write it",
                       config.data.string());
  }
  return complain({error, mend});
}

/// Where a backup goes is at fault, and not what it is of.
std::string words_about_target(Error error, const std::filesystem::path& to) {
  if (error == Error{operate::err::not_empty}) {
    return fmt::format("{} holds something else; name an empty folder or an earlier backup",
                       to.string());
  }
  if (error == Error{operate::err::no_folder}) {
    return fmt::format(
        "{} is no folder and none can be made there; let --to name a folder that this user may "
        "write into",
        to.string());
  }
  if (error == Error{io::err::disk_full} || error == Error{platform::err::no_space}) {
    return fmt::format("no space left for {}; make room there, then run the command again",
                       to.string());
  }
  if (error == Error{platform::err::file_write_failed}) {
    return fmt::format("{} cannot be written; see that this user may, then run the command again",
                       to.string());
  }
  return {};
}

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1'000'000);
}

void write_chain(codec::JsonWriter& out, const operate::Manifest& manifest) {
  out.key("height").number(manifest.height.value);
  out.key("blockHash").data(manifest.block_hash).key("stateRoot").data(manifest.state_root);
  out.key("bytes").number(manifest.bytes());
}

Sheet chain_sheet(const operate::Manifest& manifest) {
  Sheet out;
  out.row("height", std::to_string(manifest.height.value));
  out.row("block", codec::to_hex_data(manifest.block_hash));
  out.row("state root", codec::to_hex_data(manifest.state_root));
  out.row("size", megabytes(manifest.bytes()));
  return out;
}

}  // namespace

std::string explain_data(Error error, const std::filesystem::path& data,
                         const std::filesystem::path& config_file) {
  const std::string migrate =
      fmt::format("`wusong node migrate --config {}`", shell_quoted(config_file.string()));
  if (error == Error{platform::err::format_older} || error == Error{storage::err::format_version}) {
    const auto found = platform::read_data_format(data);
    return fmt::format(
        "{} was written by an earlier release (data format {}, this one has {}); stop the node and "
        "run {}",
        data.string(), found.value_or(0), storage::kDataFormat, migrate);
  }
  if (error == Error{platform::err::format_newer}) {
    const auto found = platform::read_data_format(data);
    return fmt::format(
        "{} was written by a later release (data format {}, this one has {}); install that release "
        "again, and go back with its own `wusong node migrate --back`",
        data.string(), found.value_or(0), storage::kDataFormat);
  }
  if (error == Error{platform::err::format_unreadable}) {
    return fmt::format(
        "{} is damaged; restore a backup (`wusong node restore`), or move the folder away: the "
        "node "
        "fetches the chain from its peers",
        (data / platform::kFormatFile).string());
  }
  if (error == Error{platform::err::format_no_way}) {
    return fmt::format(
        "{} has neither this release's data format ({}) nor the one before; use the releases in "
        "between",
        data.string(), storage::kDataFormat);
  }
  if (error == Error{platform::err::column_in_use}) {
    return fmt::format(
        "{} holds what only this release can read; the way back is a backup from before (`wusong "
        "node "
        "restore` of that release) or an empty folder",
        data.string());
  }
  if (error == Error{io::err::store_locked}) {
    return fmt::format("{} is in use by another process; is the node running already?",
                       data.string());
  }
  if (error == Error{io::err::store_corrupt} || error == Error{storage::err::corrupt} ||
      error.name() == "state.corrupt") {
    return fmt::format(
        "{} is damaged; move it away and start again: the node fetches the chain from its peers",
        data.string());
  }
  if (error == Error{io::err::disk_full} || error == Error{platform::err::no_space}) {
    return fmt::format("no space left for {}; make room and start again", data.string());
  }
  return {};
}

int node_backup(const NodeBackup& options) {
  const auto config = load_config(options.config);
  if (!config) return complain(config.error());
  const auto genesis = load_genesis(config->genesis);
  if (!genesis) return complain(genesis.error());
  const auto text = platform::read_text(config->genesis.string());
  if (!text) return complain({text.error(), config->genesis.string() + ": cannot be read"});
  const Instant begun = platform::monotonic_now();
  const auto report = operate::back_up({.data = config->data,
                                        .to = options.to,
                                        .genesis = *genesis,
                                        .genesis_text = *text,
                                        .state_history = config->state_history(),
                                        .program = kVersion,
                                        .now_ms = platform::wall_now().value,
                                        .told = tell()});
  if (!report) {
    const std::string words = words_about_target(report.error(), options.to);
    if (!words.empty()) return complain({report.error(), words});
    return complain_data(report.error(), options.to, *config, options.config);
  }
  const std::chrono::duration<double> took = platform::monotonic_now() - begun;
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("backup").string(options.to.string());
    write_chain(out, report->manifest);
    out.key("incremental").boolean(report->incremental);
    out.key("bytesCopied").number(report->bytes_copied).key("seconds").number(took.count());
    say(out.close_object().text());
    return 0;
  }
  Sheet sheet = chain_sheet(report->manifest);
  sheet.row("copied", fmt::format("{} in {:.1f} s{}", megabytes(report->bytes_copied), took.count(),
                                  report->incremental ? ", the rest was there" : ""));
  sheet.row("without", "keys, password, votes, waiting transactions");
  say(sheet.text());
  return 0;
}

int node_restore(const NodeRestore& options) {
  const auto config = load_config(options.config);
  if (!config) return complain(config.error());
  const auto genesis = load_genesis(config->genesis);
  if (!genesis) return complain(genesis.error());
  const bool validator = config->role == "validator";
  const auto manifest = options.check ? operate::check_backup(options.from, tell())
                                      : operate::restore({.from = options.from,
                                                          .data = config->data,
                                                          .genesis = *genesis,
                                                          .state_history = config->state_history(),
                                                          .validator = validator,
                                                          .told = tell()});
  if (!manifest && manifest.error() == Error{operate::err::not_empty}) {
    return complain(
        {manifest.error(),
         fmt::format("{0} is not empty; stop the node and move it away: mv {1} {1}.before",
                     config->data.string(), shell_quoted(config->data.string()))});
  }
  if (!manifest) return complain_data(manifest.error(), options.from, *config, options.config);
  if (options.json) {
    codec::JsonWriter out;
    out.open_object()
        .key("backup")
        .string(options.from.string())
        .key("restored")
        .boolean(!options.check);
    write_chain(out, *manifest);
    out.key("votesLost").boolean(validator && !options.check);
    say(out.close_object().text());
    return 0;
  }
  Sheet sheet = chain_sheet(*manifest);
  if (validator && !options.check)
    sheet.row("votes",
              "none: once started, it follows until it is safe to vote, then votes by itself");
  say(sheet.text());
  return 0;
}

int node_migrate(const NodeMigrate& options) {
  const auto files = node_files(options.config, options.folder);
  if (!files) return complain(files.error());
  const std::uint64_t target = storage::kDataFormat - (options.back ? 1 : 0);
  codec::JsonWriter out;
  out.open_array();
  for (const auto& file : *files) {
    const auto config = load_config(file);
    if (!config) return complain(config.error());
    const auto before = platform::read_data_format(config->data);
    if (before && *before == 0) continue;  // it has not run yet
    const auto done = options.back ? platform::migrate_data_back(config->data)
                                   : platform::migrate_data(config->data);
    if (!done) return complain_data(done.error(), config->data, *config, file);
    out.open_object().key("node").string(config->name).key("data").string(config->data.string());
    out.key("from").number(before.value_or(0)).key("to").number(target).close_object();
    if (!options.json)
      say(fmt::format("{}: data format {} -> {}", config->name, before.value_or(0), target));
  }
  if (options.json) say(out.close_array().text());
  return 0;
}

}  // namespace wusong::apps
