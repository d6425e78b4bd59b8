// SPDX-License-Identifier: Apache-2.0
#include "wusong/harvest/harvest.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <set>

#include "wusong/apps/keys.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/harvest/ckan_site.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/platform/clock.hpp"

namespace wusong::harvest {
namespace {

using namespace std::chrono_literals;
using gateway::sql;

constexpr std::uint64_t kRows = 100;     // packages in one page
constexpr std::uint64_t kNames = 1'000;  // names in one page
constexpr std::size_t kRecordsMax = 1'000'000;
constexpr std::size_t kReasonsMax = 20;
constexpr std::size_t kSilentMax = 5;  // writes without an answer, one after another
constexpr auto kRunMost = 1h;

constexpr std::string_view kSchema = R"sql(
CREATE TABLE IF NOT EXISTS harvest_records(
  source TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, local TEXT NOT NULL, digest TEXT NOT NULL,
  generation BIGINT NOT NULL, PRIMARY KEY(source, id));
CREATE TABLE IF NOT EXISTS harvest_marks(source TEXT PRIMARY KEY, mark TEXT NOT NULL);
)sql";

struct Known {
  std::string name;
  std::string local;   // its id at the other side; empty: none now
  std::string digest;  // of what was written; empty: it must be looked at again
  std::uint64_t generation{
      0};  // of writes: each has a key of its own, repeated until it is answered
};

std::string object(std::string_view key, std::string_view value) {
  codec::JsonWriter out;
  return out.open_object().key(key).string(value).close_object().take();
}

class Run {
 public:
  Run(const HarvestSource& source, const OwnSite& own_site, io::SqlConnection& own,
      const HarvestOptions& options, CkanSite& from, CkanSite& into)
      : source_{&source},
        site_{&own_site},
        own_{&own},
        options_{&options},
        from_{&from},
        into_{&into},
        key_{std::string{source.into ? "into " : "from "} + source.url},
        deadline_{std::chrono::steady_clock::now() + kRunMost} {}

  Result<HarvestReport> go() {
    WUSONG_CHECK(own_->script(kSchema));
    WUSONG_CHECK(remember());
    WUSONG_TRY(const bool paged, pages());
    if (paged) {
      WUSONG_TRY(report_.complete, names());
    }
    // Only a complete run moves the mark: what a broken one has not seen is looked at again.
    if (report_.complete && !options_->dry_run && !newest_.empty()) {
      WUSONG_CHECK(gateway::run(*own_,
                                "INSERT INTO harvest_marks(source, mark) VALUES ($1, $2) ON "
                                "CONFLICT(source) DO UPDATE SET mark = excluded.mark",
                                sql(key_), sql(newest_)));
    }
    return std::move(report_);
  }

 private:
  Result<void> remember() {
    WUSONG_TRY(const auto rows, gateway::find_rows(*own_,
                                                   "SELECT id, name, local, digest, generation "
                                                   "FROM harvest_records WHERE source = $1",
                                                   sql(key_)));
    for (const auto& row : rows.rows) {
      known_[gateway::text_of(row[0])] = {gateway::text_of(row[1]), gateway::text_of(row[2]),
                                          gateway::text_of(row[3]),
                                          static_cast<std::uint64_t>(gateway::number_of(row[4]))};
    }
    WUSONG_TRY(
        const auto mark,
        gateway::find_row(*own_, "SELECT mark FROM harvest_marks WHERE source = $1", sql(key_)));
    if (mark && !options_->full) mark_ = gateway::text_of((*mark)[0]);
    newest_ = mark_;
    return {};
  }
  Result<void> keep(const std::string& id, const Known& known) {
    known_[id] = known;
    WUSONG_CHECK(
        gateway::run(*own_,
                     "INSERT INTO harvest_records(source, id, name, local, digest, "
                     "generation) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT(source, id) "
                     "DO UPDATE SET name = excluded.name, local = excluded.local, digest = "
                     "excluded.digest, generation = excluded.generation",
                     sql(key_), sql(id), sql(known.name), sql(known.local), sql(known.digest),
                     sql(known.generation)));
    return {};
  }
  bool stop(std::string why) {
    report_.stopped = std::move(why);
    return false;
  }
  bool stop(std::string_view action, const CkanRefusal& refusal) {
    return stop(fmt::format("{} at {}: {}", action, from_->url(), refusal.message));
  }
  bool may_go_on() {
    if (options_->stop.stop_requested()) return stop("the portal stops");
    if (silent_ >= kSilentMax) return stop(fmt::format("{} does not answer", into_->url()));
    if (std::chrono::steady_clock::now() > deadline_) {
      return stop("an hour is over; the next run goes on");
    }
    return seen_.size() < kRecordsMax || stop("too many records");
  }

  /// What changed, newest first, down to what the last complete run has seen.
  Result<bool> pages() {
    for (std::uint64_t start = 0;;) {
      const auto reply = from_->read(
          "package_search",
          fmt::format(R"({{"q":"*:*","rows":{},"start":{},"sort":"metadata_modified desc"}})",
                      kRows, start));
      if (!reply) return stop("package_search", reply.error());
      const auto results = reply->result().find("results");
      const auto packages = results ? results->items() : std::vector<codec::JsonValue>{};
      if (packages.empty()) return true;
      std::size_t fresh = 0;
      bool old = !mark_.empty();
      for (const auto& package : packages) {
        const auto id = member(package, "id");
        const auto modified = member(package, "metadata_modified");
        old = old && modified < mark_;
        newest_ = std::max(newest_, modified);
        if (!seen_.insert(id).second) continue;
        ++fresh;
        WUSONG_CHECK(record(package));
        if (!may_go_on()) return false;
      }
      if (fresh == 0) return stop(fmt::format("{} repeats its pages", from_->url()));
      if (old) return true;
      start += packages.size();
    }
  }

  /// Everything there is by name: what a page missed, what waits, and what is gone.
  Result<bool> names() {
    std::set<std::string> all;
    for (std::uint64_t offset = 0;;) {
      const auto reply =
          from_->read("package_list", fmt::format(R"({{"limit":{},"offset":{}}})", kNames, offset));
      if (!reply) return stop("package_list", reply.error());
      const auto list = reply->result().items();
      const auto before = all.size();
      for (const auto& one : list) all.emplace(one.string().value_or(""));
      // An empty page ends the list, and so does one of a site that does not page.
      if (list.empty() || all.size() == before) break;
      if (all.size() > kRecordsMax) return stop("too many records");
      offset += list.size();
    }
    std::set<std::string> here;
    for (const auto& [id, known] : known_) {
      if (!known.digest.empty()) here.insert({id, known.name});
    }
    for (const auto& name : all) {
      if (here.contains(name) || seen_.contains(name)) continue;
      WUSONG_TRY(const bool done, look_at(name));
      if (!done) return false;
    }
    return vanished(all);
  }

  Result<bool> vanished(const std::set<std::string>& all) {
    std::vector<std::string> missing;
    std::size_t live = 0;
    for (const auto& [id, known] : known_) {
      if (known.local.empty()) continue;
      ++live;
      if (!seen_.contains(id) && !all.contains(id) && !all.contains(known.name)) {
        missing.push_back(id);
      }
    }
    // A site that lost its database must not empty ours.
    if (missing.size() > 20 && missing.size() * 2 > live && !options_->confirm_deletes) {
      return stop(
          fmt::format("{} of {} records vanished at once; if that is meant, run it once "
                      "with --confirm-deletes",
                      missing.size(), live));
    }
    for (const auto& id : missing) {
      WUSONG_TRY(const bool done, look_at(id));
      if (!done) return false;
    }
    return true;
  }

  /// One record by its id or name; what is not there any more is taken back.
  Result<bool> look_at(const std::string& id) {
    const auto reply = from_->read("package_show", object("id", id));
    if (reply) {
      seen_.insert(member(reply->result(), "id"));
      WUSONG_CHECK(record(reply->result()));
    } else if (reply.error().is_missing() || reply.error().status == 403) {
      WUSONG_CHECK(remove(id));
    } else {
      return stop("package_show", reply.error());
    }
    return may_go_on();
  }

  Result<void> record(const codec::JsonValue& package) {
    const auto id = member(package, "id");
    if (id.empty()) return {};
    const auto state = member(package, "state");
    if (state == "deleted") return remove(id);
    if (state == "draft" || member(package, "private") == "true") return {};
    ++report_.seen;
    seen_.insert(member(package, "name"));  // the list of names need not ask again
    const std::string written = source_->into ? foreign_package(package, *source_, *site_)
                                              : own_package(package, from_->url());
    const auto digest = codec::to_hex(hash::sha256(as_bytes(written)));
    const auto at = known_.find(id);
    Known known = at == known_.end() ? Known{} : at->second;
    known.name = member(package, "name");
    if (!known.local.empty() && known.digest == digest) {
      ++report_.unchanged;
      return {};
    }
    if (options_->dry_run) {
      ++(known.local.empty() ? report_.created : report_.updated);
      return {};
    }
    return write(id, known, written, digest);
  }

  Result<void> write(const std::string& id, Known known, const std::string& written,
                     const std::string& digest) {
    const bool fresh = known.local.empty();
    auto done = fresh ? create(id, known, written)
                      : into_->write("package_update", with_id(written, known.local),
                                     step_key(id, known, digest));
    if (!done && !fresh && done.error().is_missing()) {  // the other side lost it
      ++known.generation;
      done = create(id, known, written);
    }
    if (!done) {
      if (!done.error().is_passing()) ++known.generation;  // nothing was made
      refused(id, done.error());
      known.digest.clear();
      return keep(id, known);
    }
    silent_ = 0;
    ++known.generation;
    known.local = member(done->result(), "id");
    known.digest = digest;
    ++(fresh ? report_.created : report_.updated);
    return keep(id, known);
  }

  /// Ours are made once by their key, others' by their name.
  CkanResult<CkanReply> create(const std::string& id, const Known& known,
                               const std::string& written) {
    auto done = into_->write("package_create", written, step_key(id, known, "create"));
    if (done || !source_->into || done.error().is_passing()) return done;
    const auto there = into_->read("package_show", object("id", foreign_name(id)));
    if (!there || !is_copy_of(there->result(), *site_, id)) return done;
    return into_->write("package_update", with_id(written, member(there->result(), "id")));
  }

  Result<void> remove(const std::string& id) {
    const auto at = known_.find(id);
    if (at == known_.end() || at->second.local.empty()) return {};
    if (options_->dry_run) {
      ++report_.deleted;
      return {};
    }
    Known known = at->second;
    const auto done =
        into_->write("package_delete", object("id", known.local), step_key(id, known, "delete"));
    if (!done && !done.error().is_missing()) {
      if (!done.error().is_passing()) ++known.generation;
      refused(id, done.error());
      known.digest.clear();
      return keep(id, known);
    }
    silent_ = 0;
    ++report_.deleted;
    known.local.clear();
    known.digest.clear();
    ++known.generation;
    return keep(id, known);
  }

  void refused(const std::string& id, const CkanRefusal& refusal) {
    ++report_.refused;
    silent_ = refusal.is_passing() ? silent_ + 1 : 0;
    if (report_.reasons.size() < kReasonsMax)
      report_.reasons.push_back(id + ": " + refusal.message);
  }
  std::string step_key(const std::string& id, const Known& known, std::string_view step) const {
    return codec::to_hex(hash::sha256(
        as_bytes(fmt::format("harvest {} {} {} {}", key_, id, known.generation, step))));
  }

  const HarvestSource* source_;
  const OwnSite* site_;
  io::SqlConnection* own_;
  const HarvestOptions* options_;
  CkanSite* from_;
  CkanSite* into_;
  std::string key_;
  std::chrono::steady_clock::time_point deadline_;
  std::map<std::string, Known> known_;
  std::set<std::string> seen_;
  std::string mark_;
  std::string newest_;
  std::size_t silent_{0};
  HarvestReport report_;
};

}  // namespace

Outcome<HarvestReport> run_harvest(const HarvestSource& source, const OwnSite& own_site,
                                   io::SqlConnection& own, const HarvestOptions& options) {
  auto token = apps::read_password(source.token_file);
  if (!token) return std::unexpected{token.error()};
  auto theirs = CkanSite::open(source.url, source.into ? *token : std::string{}, own_site.ca_file);
  if (!theirs) return std::unexpected{theirs.error()};
  auto ours = CkanSite::open(own_site.address, source.into ? std::string{} : *token, {});
  if (!ours) return std::unexpected{ours.error()};
  Run run{source,
          own_site,
          own,
          options,
          source.into ? **ours : **theirs,
          source.into ? **theirs : **ours};
  auto report = run.go();
  if (!report) {
    return failure(report.error(),
                   fmt::format("the private database: {}", std::string{own.last_message()}));
  }
  return std::move(*report);
}

std::string harvest_json(const HarvestSource& source, const HarvestReport& report, bool dry_run) {
  codec::JsonWriter out;
  out.open_object().key("direction").string(source.into ? "into" : "from");
  out.key("url").string(source.url).key("dry_run").boolean(dry_run);
  out.key("complete").boolean(report.complete).key("seen").number(report.seen);
  out.key("created").number(report.created).key("updated").number(report.updated);
  out.key("unchanged").number(report.unchanged).key("deleted").number(report.deleted);
  out.key("refused").number(report.refused).key("reasons").open_array();
  for (const auto& reason : report.reasons) out.string(reason);
  out.close_array();
  if (!report.stopped.empty()) out.key("stopped").string(report.stopped);
  return out.close_object().take();
}

}  // namespace wusong::harvest
