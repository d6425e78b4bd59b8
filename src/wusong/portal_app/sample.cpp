// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "wusong/apps/report.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/portal/act.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/portal_app/init.hpp"
#include "wusong/portal_app/server.hpp"

namespace wusong::portal_app {
namespace {

constexpr std::size_t kActsAtOnce = 60;
constexpr std::uint64_t kGasOfActs = 16'000'000;
constexpr std::size_t kFileMax = std::size_t{1} << 30;
constexpr std::string_view kDone = "sample";              // in chain.json
constexpr std::string_view kPassword = "sample-actors ";  // in passwords.txt

std::string text_of(const codec::JsonValue& object, std::string_view name) {
  const auto value = object.find(name);
  return value && value->is_string() ? std::string{value->string().value_or("")} : std::string{};
}
std::uint64_t number_of(const codec::JsonValue& object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->u64().value_or(0) : 0;
}
bool flag_of(const codec::JsonValue& object, std::string_view name) {
  const auto value = object.find(name);
  return value && value->boolean().value_or(false);
}
std::vector<codec::JsonValue> list_of(const codec::JsonValue& object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->items() : std::vector<codec::JsonValue>{};
}

struct Known {
  Hash id;
  std::uint8_t workflow{0};
  std::uint8_t state{0};
  std::uint32_t sequence{0};
  std::uint32_t on_chain{0};  // acts of an earlier load
};
struct Player {
  gateway::Account account;
  SecretBytes secret;
};

class Loader {
 public:
  Loader(PortalWorld& world, const SampleOptions& options) : world_{world}, options_{options} {}

  Outcome<void> run() {
    const auto text = platform::read_text(options_.file.string(), kFileMax);
    if (!text) {
      return failure(text.error(), fmt::format("{} cannot be read; run python3 sample/make_city.py",
                                               options_.file.string()));
    }
    auto parsed = codec::JsonDocument::parse(*text);
    if (!parsed) return failure(parsed.error(), options_.file.string());
    const auto root = parsed->root();
    if (world_.chain.has(std::string{kDone})) {
      apps::say("The sample city is on this chain already.\n");
      return {};
    }
    if (const auto known = world_.node->connect(); !known) return known;
    pack_ = world_.rules.book.in_force(platform::wall_now().value / 1000);
    if (pack_ == nullptr) return failure(err::not_found, "no rule pack is in force");
    InitOptions init{.organisations = options_.file, .passwords = {}};
    if (auto done = init_portal(world_, init); !done) return done;
    if (const auto topics = root.find("topics")) {
      const auto file = (world_.config.folder / "topics.json").string();
      if (const auto kept =
              platform::write_file(file, as_bytes(topics->to_json()), platform::FileMode::ordinary);
          !kept) {
        return failure(kept.error(), fmt::format("{} cannot be written", file));
      }
    }
    if (auto done = actors(root); !done) return done;
    if (auto done = files(root); !done) return done;
    // What is on the chain already is read from the projection.
    if (auto caught = follow(); !caught) return caught;
    if (auto done = acts(root); !done) return done;
    if (auto caught = follow(); !caught) return caught;
    apps::say(fmt::format("{} acts are on the chain{}, {} were left out\n", played_ + found_,
                          found_ == 0 ? "" : fmt::format(" ({} were there before)", found_),
                          skipped_));
    return {};
  }

 private:
  Outcome<void> follow() {
    apps::Progress progress{"blocks read:"};
    const auto done =
        catch_up(world_, [&](std::uint64_t at, std::uint64_t all) { progress.at(at, all); });
    if (!done) return std::unexpected{done.error()};
    return {};
  }

  /// One for all of the sample's actors, on disk before the first of them has it.
  Outcome<std::string> password() {
    const auto file = world_.config.folder / "passwords.txt";
    const auto text = platform::read_text(file.string()).value_or("");
    if (const auto at = text.find(kPassword); at != std::string::npos) {
      const auto from = at + kPassword.size();
      return text.substr(from, text.find('\n', from) - from);
    }
    auto made = gateway::random_hex(world_.entropy, 8);
    if (auto kept = keep_passwords(file, std::string{kPassword} + made + "\n"); !kept) {
      return std::unexpected{kept.error()};
    }
    return made;
  }

  Outcome<std::uint32_t> roles(const codec::JsonValue& actor) {
    std::uint32_t out = 0;
    for (const auto& name : list_of(actor, "roles")) {
      const auto* role = pack_->role(name.string().value_or(""));
      if (role == nullptr) {
        return failure(err::bad_argument, fmt::format("no role {}", name.to_json()));
      }
      out |= std::uint32_t{1} << role->number;
    }
    return out;
  }

  Outcome<void> actors(const codec::JsonValue& root) {
    auto lease = world_.lease();
    if (!lease) return failure(lease.error(), "the private database cannot be opened");
    gateway::Accounts accounts{(*lease)->connections().own, *world_.keys, world_.entropy,
                               world_.settings.password_cost};
    auto admin = accounts.by_name("portal-admin");
    if (!admin || !*admin) return failure(err::not_found, "run `wusong-portal init` first");
    auto secret = accounts.key_of(**admin);
    if (!secret) return failure(secret.error(), "the admin's key cannot be opened");
    ChainWriter writer{world_, (*admin)->address, secret->view()};
    std::string lines;
    const auto secret_word = password();
    if (!secret_word) return std::unexpected{secret_word.error()};
    apps::Progress progress{"actors:"};
    const auto all = list_of(root, "actors");
    for (const auto& actor : all) {
      progress.at(players_.size(), all.size());
      const auto key = text_of(actor, "key");
      auto account =
          service_account(world_, {key, portal::text_at(actor, "name"), *secret_word}, lines);
      if (!account) return std::unexpected{account.error()};
      const auto mask = roles(actor);
      if (!mask) return std::unexpected{mask.error()};
      const auto step = "actor " + key;
      if (!world_.chain.has(step)) {
        const auto done = writer.call(
            world_.chain.contracts.directory,
            portal::encode_set_actor_call(
                account->address,
                {.organisation = static_cast<std::uint32_t>(number_of(actor, "organisation")),
                 .roles = *mask,
                 .active = true}),
            500'000);
        if (!done) return std::unexpected{done.error()};
        world_.chain.done.push_back(step);
        if (auto kept = save_portal_chain(world_.config.folder, world_.chain); !kept) return kept;
      }
      if (auto settled = world_.node->settle(account->address); !settled) return settled;
      auto own = accounts.key_of(*account);
      if (!own) return failure(own.error(), fmt::format("{}'s key cannot be opened", key));
      players_.emplace(key, Player{std::move(*account), std::move(*own)});
    }
    apps::say(fmt::format("The sample's actors sign in with the password {}\n", *secret_word));
    return {};
  }

  Outcome<void> files(const codec::JsonValue& root) {
    const auto home = options_.file.parent_path();
    const auto entries = list_of(root, "entries");
    apps::Progress progress{"files of entries:"};
    std::uint64_t number = 0;
    for (const auto& entry : entries) {
      progress.at(number++, entries.size());
      for (const auto& file : list_of(entry, "files")) {
        const auto path = home / text_of(file, "path");
        const auto bytes = platform::read_file(path.string(), kFileMax);
        if (!bytes) {
          return failure(bytes.error(), fmt::format("{} cannot be read", path.string()));
        }
        const auto kept = world_.blobs->put(*bytes);
        if (!kept) return failure(kept.error(), fmt::format("{} cannot be kept", path.string()));
      }
    }
    return {};
  }

  /// Whether an act stays: steps of bulk entries beyond the limit, and those that need a later
  /// clock, are left out.
  bool kept(const codec::JsonValue& act) {
    if (flag_of(act, "needs_clock")) return false;
    if (!flag_of(act, "bulk")) return true;
    const auto item = text_of(act, "item");
    const auto subject = text_of(act, "subject");
    const auto& entry = item.starts_with("entry:") ? item : subject;
    if (bulk_.contains(entry) || items_.contains(entry)) return true;
    if (!item.starts_with("entry:") || bulk_.size() >= options_.entries_most) return false;
    bulk_.insert(entry);
    return true;
  }

  Outcome<Hash> item_of(const std::string& key) {
    if (key.empty()) return Hash{};
    const auto found = items_.find(key);
    if (found == items_.end()) return failure(err::not_found, fmt::format("no item {}", key));
    return found->second.id;
  }

  Outcome<Hash> document(const codec::JsonValue& from, std::string_view kind) {
    std::array<std::uint8_t, 16> salt{};
    world_.entropy.fill(salt);
    const auto own = text_of(from, "kind");
    const auto made =
        portal::make_document(own.empty() ? kind : std::string_view{own}, from.to_json(), salt);
    if (!made) {
      return failure(made.error().error,
                     fmt::format("{}: {}", made.error().place, made.error().mend.en));
    }
    return put(made->text);
  }
  /// The file that a resource's document names counts as sent by who gathers it.
  Outcome<void> note_upload(const std::string& actor, const codec::JsonValue& body) {
    const auto digest = codec::fixed_from_hex<Hash>(text_of(body, "digest"));
    const auto player = players_.find(actor);
    if (!digest || player == players_.end()) return {};
    const auto hex = codec::to_hex(*digest);
    auto lease = world_.lease();
    if (!lease) return failure(lease.error(), "the private database cannot be opened");
    const auto done = gateway::run(
        (*lease)->connections().own,
        "INSERT INTO uploads(id, account, name, media_type, size, created, digest) VALUES ($1, $2, "
        "$3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
        gateway::sql(hex.substr(0, 32)), gateway::sql(player->second.account.id),
        gateway::sql(hex.substr(0, 16) + "." + text_of(body, "format")),
        gateway::sql(text_of(body, "media_type")), gateway::sql(number_of(body, "size")),
        gateway::sql(platform::wall_now().value), gateway::sql(hex));
    if (!done) return failure(done.error(), "the private database cannot be written");
    return {};
  }
  Outcome<Hash> put(std::string_view text) {
    const auto stored = world_.blobs->put(as_bytes(text));
    if (!stored) return failure(stored.error(), "a document cannot be stored");
    return stored->digest;
  }

  Outcome<void> content(const codec::JsonValue& from, const portal::Workflow& workflow,
                        const portal::Transition& transition, portal::Act& act) {
    if (const auto body = from.find("document"); body && body->is_object()) {
      const auto digest =
          document(*body, transition.row.content ? std::string_view{workflow.document} : "opinion");
      if (!digest) return std::unexpected{digest.error()};
      act.document = *digest;
      if (auto sent = note_upload(text_of(from, "actor"), *body); !sent) return sent;
    }
    if (const auto basis = from.find("basis"); basis && basis->is_object()) {
      const auto canonical = portal::canonicalise(basis->to_json());
      if (!canonical) return failure(canonical.error().error, canonical.error().place);
      const auto digest = put(*canonical);
      if (!digest) return std::unexpected{digest.error()};
      act.basis = *digest;
    }
    if (const auto name = text_of(from, "choice"); !name.empty()) {
      const auto* words = pack_->vocabulary(transition.choice);
      const auto& values = words ? words->values : std::vector<portal::NamedNumber>{};
      const auto found = std::ranges::find(values, name, &portal::NamedNumber::name);
      if (found == values.end()) {
        return failure(err::bad_argument,
                       fmt::format("no value {} in {}", name, transition.choice));
      }
      act.choice = found->number;
    }
    for (const auto& mark : list_of(from, "marks")) {
      const auto* words = pack_->vocabulary(transition.marks);
      const auto& values = words ? words->values : std::vector<portal::NamedNumber>{};
      const auto found =
          std::ranges::find(values, mark.string().value_or(""), &portal::NamedNumber::name);
      if (found == values.end()) {
        return failure(err::bad_argument, fmt::format("no mark {}", mark.to_json()));
      }
      act.marks |= std::uint32_t{1} << (found->number - 1);
    }
    return {};
  }

  /// How many acts of an item the chain has.
  Outcome<std::uint32_t> acts_on_chain(const Hash& item) {
    portal::ProjectionReader reader{*projection_};
    const auto found = reader.item(item);
    if (!found) return failure(found.error(), "the projection cannot be read");
    return *found ? (*found)->item.sequence : 0;
  }

  /// Nothing where the chain has the act already.
  Outcome<std::optional<portal::Act>> act_of(const codec::JsonValue& from) {
    const auto* workflow = pack_->workflow(text_of(from, "workflow"));
    const auto* action = workflow ? workflow->action(text_of(from, "action")) : nullptr;
    if (action == nullptr) {
      return failure(err::bad_argument, fmt::format("no action {} {}", text_of(from, "workflow"),
                                                    text_of(from, "action")));
    }
    const auto key = text_of(from, "item");
    const auto [at, is_new] = items_.try_emplace(key);
    Known& item = at->second;
    const auto* transition = workflow->transition(action->number, item.state);
    if (transition == nullptr) {
      return failure(err::bad_argument, "the pack has no such step from the item's state");
    }
    portal::Act act;
    act.workflow = workflow->number;
    act.action = action->number;
    if (is_new) {
      const auto subject = item_of(text_of(from, "subject"));
      if (!subject) return std::unexpected{subject.error()};
      act.subject = *subject;
      item.id = transition->row.single ? portal::single_id(*subject, workflow->number)
                                       : hash::sha256(as_bytes("sample/" + key));
      item.workflow = workflow->number;
      const auto before = acts_on_chain(item.id);
      if (!before) return std::unexpected{before.error()};
      item.on_chain = *before;
    }
    const auto reference = item_of(text_of(from, "refers_to"));
    if (!reference) return std::unexpected{reference.error()};
    act.refers_to = *reference;
    act.item = item.id;
    act.sequence = item.sequence++;
    item.state = transition->row.to;
    if (act.sequence < item.on_chain) return std::nullopt;
    act.organisation = static_cast<std::uint32_t>(number_of(from, "organisation"));
    if (auto done = content(from, *workflow, *transition, act); !done) {
      return std::unexpected{done.error()};
    }
    return act;
  }

  Outcome<void> flush() {
    if (waiting_.empty()) return {};
    const auto player = players_.find(actor_);
    if (player == players_.end()) {
      return failure(err::not_found, fmt::format("no actor {}", actor_));
    }
    ChainWriter writer{world_, player->second.account.address, player->second.secret.view()};
    const auto data = waiting_.size() == 1 ? portal::encode_act_call(waiting_.front())
                                           : portal::encode_act_many_call(waiting_);
    const auto done = writer.call(world_.chain.contracts.workflows, data, kGasOfActs);
    if (!done) {
      auto failed = done.error();
      failed.detail = fmt::format("{} (acts {} to {} of {}): {}", last_, first_number_, number_,
                                  actor_, failed.detail);
      return std::unexpected{std::move(failed)};
    }
    played_ += waiting_.size();
    waiting_.clear();
    return {};
  }

  Outcome<void> acts(const codec::JsonValue& root) {
    auto connection = world_.databases.projection->connect();
    if (!connection) return failure(connection.error(), "the projection cannot be opened");
    projection_ = std::move(*connection);
    apps::Progress progress{"acts:"};
    const auto all = list_of(root, "acts");
    for (const auto& one : all) {
      progress.at(number_++, all.size());
      if (!kept(one)) {
        ++skipped_;
        continue;
      }
      const auto actor = text_of(one, "actor");
      if (actor != actor_ || waiting_.size() >= kActsAtOnce) {
        if (auto done = flush(); !done) return done;
        actor_ = actor;
        first_number_ = number_;
      }
      last_ = text_of(one, "workflow") + " " + text_of(one, "action") + " " + text_of(one, "item");
      auto act = act_of(one);
      if (!act) {
        auto failed = act.error();
        failed.detail = fmt::format("act {}: {}: {}", number_, last_, failed.detail);
        return std::unexpected{std::move(failed)};
      }
      if (*act) {
        waiting_.push_back(**act);
      } else {
        ++found_;
      }
    }
    if (auto done = flush(); !done) return done;
    world_.chain.done.emplace_back(kDone);
    return save_portal_chain(world_.config.folder, world_.chain);
  }

  PortalWorld& world_;
  const SampleOptions& options_;
  const portal::RulePack* pack_{nullptr};
  std::unique_ptr<io::SqlConnection> projection_;
  std::map<std::string, Player> players_;
  std::map<std::string, Known> items_;
  std::set<std::string> bulk_;
  std::vector<portal::Act> waiting_;
  std::string actor_;
  std::string last_;
  std::size_t number_{0};
  std::size_t first_number_{0};
  std::size_t played_{0};
  std::size_t found_{0};  // on the chain before
  std::size_t skipped_{0};
};

}  // namespace

Outcome<void> load_sample(PortalWorld& world, const SampleOptions& options) {
  return Loader{world, options}.run();
}

}  // namespace wusong::portal_app
