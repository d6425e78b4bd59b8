// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/init.hpp"

#include <fmt/format.h>

#include <thread>

#include "wusong/apps/artifact.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/rlp.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/identity/real_name.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/portal/act.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/portal_app/server.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::portal_app {
namespace {

constexpr std::uint64_t kWaitMs = 20'000;
constexpr std::size_t kRowsAtOnce = 120;
constexpr std::uint32_t kCityAuthority = 9000;  // far from a city's own numbers
constexpr std::uint32_t kPlatformOperator = 9001;
constexpr std::uint8_t kRoleCityAuthority = 0;  // fixed in Directory
constexpr std::uint8_t kRolePlatformOperator = 7;

/// Accounts of the portal itself have no identity card.
class ServiceIdentity final : public identity::IdentityCheck {
 public:
  std::string_view name() const noexcept override { return "init"; }
  Result<void> check(const identity::Identity&) override { return {}; }
};

/// An ABI word.
Bytes word(BytesView value) {
  Bytes out(32 - value.size());
  append(out, value);
  return out;
}
Bytes word(std::uint64_t value) {
  Bytes out(32);
  for (std::size_t i = 32; value != 0; value >>= 8) out[--i] = static_cast<std::uint8_t>(value);
  return out;
}

std::string organisation_document(const portal::Text& title, const portal::Text& short_title) {
  codec::JsonWriter out;
  out.open_object();
  const auto write = [&](std::string_view name, const portal::Text& text) {
    if (text.empty()) return;
    out.key(name).open_object();
    if (!text.zh.empty()) out.key("zh").string(text.zh);
    if (!text.en.empty()) out.key("en").string(text.en);
    out.close_object();
  };
  write("title", title);
  write("short", short_title);
  return out.close_object().take();
}

Outcome<Hash> store_organisation(PortalWorld& world, const portal::Text& title) {
  const auto document = portal::make_document("organisation", organisation_document(title, {}), {});
  if (!document) {
    return failure(
        document.error().error,
        fmt::format("organisation: {}: {}", document.error().place, document.error().mend.en));
  }
  const auto stored = world.blobs->put(as_bytes(document->text));
  if (!stored) return failure(stored.error(), "the document cannot be stored");
  return stored->digest;
}

}  // namespace

namespace {

/// The refusals of all three contracts.
std::string refusal_in(BytesView revert) {
  constexpr std::string_view kOthers[] = {
      "NotAuthorised", "OrganisationInvalid", "ActorInvalid", "OwnEntry",
      "PackSealed",    "PackEmpty",           "RowInvalid",   "RowCountWrong",
      "YearInvalid",   "ZoneInvalid",         "UnitInvalid",  "EffectiveFromNotLater"};
  if (revert.size() >= 4) {
    const auto selector = codec::to_hex(revert.first(4));
    for (const auto name : kOthers) {
      const auto hash = hash::keccak256(as_bytes(std::string{name} + "()"));
      if (codec::to_hex(hash.view().first(4)) == selector) return std::string{name};
    }
  }
  return gateway::refusal_name(revert);
}

}  // namespace

ChainWriter::ChainWriter(PortalWorld& world, Address from, BytesView secret)
    : world_{world}, from_{from}, secret_{secret} {}

Outcome<gateway::FinalTransaction> ChainWriter::send(const std::optional<Address>& to,
                                                     const Bytes& data, std::uint64_t gas,
                                                     std::uint64_t& nonce) {
  auto& node = *world_.node;
  const auto next = node.nonce(from_);
  if (!next) return failure(next.error(), fmt::format("{} does not answer", world_.config.node));
  nonce = *next;
  types::Transaction transaction;
  transaction.type = types::TransactionType::dynamic_fee;
  transaction.chain_id = node.chain_id();
  transaction.nonce = nonce;
  transaction.max_fee = node.gas_price();
  transaction.gas_limit = gas;
  transaction.to = to;
  transaction.data = data;
  if (const auto done = types::sign(transaction, secret_); !done) {
    return failure(done.error(), "the key cannot sign");
  }
  const auto sent = node.send(types::encode(transaction));
  if (!sent) return failure(sent.error(), fmt::format("{} does not answer", world_.config.node));
  if (sent->kind != gateway::SendOutcome::Kind::accepted) {
    return failure(err::rpc_failed, sent->message);
  }
  // The portal may not run yet, so nobody applies blocks: finality alone is waited for.
  const auto hash = types::hash_of(transaction);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{kWaitMs};
  while (std::chrono::steady_clock::now() < until) {
    const auto done = node.find(hash);
    if (done && *done) {
      if ((*done)->success) return **done;
      return failure(err::reverted,
                     fmt::format("the contract refused: {}", refusal_in((*done)->revert)));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return failure(err::not_included, "the transaction did not become final");
}

Outcome<std::uint64_t> ChainWriter::call(const Address& to, const Bytes& data, std::uint64_t gas) {
  std::uint64_t nonce = 0;
  const auto done = send(to, data, gas, nonce);
  if (!done) return std::unexpected{done.error()};
  return done->block;
}

Outcome<Address> ChainWriter::create(const Bytes& code) {
  std::uint64_t nonce = 0;
  const auto done = send(std::nullopt, code, 16'000'000, nonce);
  if (!done) return std::unexpected{done.error()};
  // keccak256(rlp([sender, nonce])), last 20 bytes. @source yellow paper, equation 92
  Bytes body{0x94};
  append(body, from_);
  if (nonce == 0) {
    body.push_back(0x80);
  } else if (nonce < 0x80) {
    body.push_back(static_cast<std::uint8_t>(nonce));
  } else {
    Bytes digits;
    for (auto rest = nonce; rest != 0; rest >>= 8) {
      digits.insert(digits.begin(), static_cast<std::uint8_t>(rest));
    }
    body.push_back(static_cast<std::uint8_t>(0x80 + digits.size()));
    append(body, digits);
  }
  Bytes list{static_cast<std::uint8_t>(0xc0 + body.size())};
  append(list, body);
  return Address::from(hash::keccak256(list).view().last(20));
}

Outcome<gateway::Account> service_account(PortalWorld& world, const ServiceAccount& wanted,
                                          std::string& passwords) {
  auto lease = world.lease();
  if (!lease) return failure(lease.error(), "the private database cannot be opened");
  gateway::Accounts accounts{(*lease)->connections().own, *world.keys, world.entropy,
                             world.settings.password_cost};
  auto existing = accounts.by_name(wanted.name);
  if (!existing) return failure(existing.error(), "the private database cannot be read");
  if (*existing) return std::move(**existing);
  gateway::Registration from;
  from.name = wanted.name;
  from.password = wanted.password ? *wanted.password : gateway::random_hex(world.entropy, 12);
  // Said to readers of either language: an account has one name.
  const auto& [zh, en] = wanted.title;
  from.display = zh.empty() || en.empty() ? zh + en : zh + " " + en;
  from.identity = {identity::PersonKind::person, wanted.title.in(true), "service " + wanted.name};
  from.admin = wanted.name == "portal-admin";
  ServiceIdentity identity;
  auto made = accounts.add(from, identity, platform::wall_now());
  if (!made) return failure(made.error(), fmt::format("account {} cannot be made", wanted.name));
  if (!wanted.password) passwords += wanted.name + " " + from.password + "\n";
  return std::move(*made);
}

namespace {

/// Takes the steps in order; each is on disk before the next begins.
class Init {
 public:
  Init(PortalWorld& world, const InitOptions& options) : world_{world}, options_{options} {}

  Outcome<void> run() {
    if (auto done = begin(); !done) return done;
    const auto lease = world_.lease();
    if (!lease) return failure(lease.error(), "the private database cannot be opened");
    gateway::Accounts accounts{(*lease)->connections().own, *world_.keys, world_.entropy, {}};
    const auto secret = accounts.key_of(admin_);
    if (!secret) return failure(secret.error(), "the admin's key cannot be opened");
    ChainWriter writer{world_, admin_.address, secret->view()};
    for (const auto step : {&Init::deploy, &Init::rules, &Init::calendars, &Init::organisations}) {
      if (auto done = (this->*step)(writer); !done) return done;
    }
    world_.settings.contracts = world_.chain.contracts;
    const auto caught = catch_up(world_);
    if (!caught) return std::unexpected{caught.error()};
    return {};
  }

 private:
  Outcome<void> begin() {
    auto& node = *world_.node;
    if (auto known = node.connect(); !known) return known;
    const auto genesis = node.genesis();
    auto& chain = world_.chain;
    if (!chain.genesis.empty() && chain.genesis != genesis) {
      return failure(err::bad_config,
                     fmt::format("{} belongs to another chain", world_.config.folder.string()));
    }
    if (chain.genesis.empty()) {
      const auto head = read_head(node);
      if (!head) return std::unexpected{head.error()};
      chain.genesis = genesis;
      chain.chain_id = node.chain_id();
      chain.from_block = head->number;
    }
    std::string passwords;
    auto admin = service_account(
        world_, {"portal-admin", {"市公共数据主管部门", "City authority"}, {}}, passwords);
    if (!admin) return std::unexpected{admin.error()};
    auto keeper = service_account(
        world_, {"portal-operator", {"平台运营单位", "Platform operator"}, {}}, passwords);
    if (!keeper) return std::unexpected{keeper.error()};
    admin_ = *admin;
    operator_ = *keeper;
    // What died while it waited may have left a transaction on its way.
    if (auto settled = node.settle(admin_.address); !settled) return settled;
    if (passwords.empty()) return {};
    const auto file =
        options_.passwords.empty() ? world_.config.folder / "passwords.txt" : options_.passwords;
    if (auto kept = keep_passwords(file, passwords); !kept) return kept;
    apps::say(
        fmt::format("New passwords are in {}; change them and remove the file.\n", file.string()));
    return {};
  }
  Outcome<void> did(const std::string& step) {
    world_.chain.done.push_back(step);
    return save_portal_chain(world_.config.folder, world_.chain);
  }
  Outcome<void> contract(ChainWriter& writer, const std::string& name, Address& at,
                         const Bytes& arguments) {
    if (world_.chain.has("deploy " + name)) return {};
    const auto file = world_.config.contracts / (name + ".json");
    const auto artifact = apps::load_artifact(file, "");
    if (!artifact) return std::unexpected{artifact.error()};
    Bytes code = artifact->code;
    append(code, arguments);
    const auto address = writer.create(code);
    if (!address) return std::unexpected{address.error()};
    at = *address;
    apps::say(fmt::format("{} stands at {}\n", name, codec::to_hex_data(at)));
    return did("deploy " + name);
  }
  Outcome<void> deploy(ChainWriter& writer) {
    auto& contracts = world_.chain.contracts;
    const auto authority =
        store_organisation(world_, world_.config.publisher.empty()
                                       ? portal::Text{"市公共数据主管部门", "City data authority"}
                                       : world_.config.publisher);
    if (!authority) return std::unexpected{authority.error()};
    Bytes directory = word(admin_.address);
    append(directory, word(kCityAuthority));
    append(directory, word(*authority));
    if (auto done = contract(writer, "Directory", contracts.directory, directory); !done) {
      return done;
    }
    if (auto done = contract(writer, "RuleBook", contracts.rule_book, word(contracts.directory));
        !done) {
      return done;
    }
    Bytes both = word(contracts.directory);
    append(both, word(contracts.rule_book));
    return contract(writer, "Workflows", contracts.workflows, both);
  }
  Outcome<void> rules(ChainWriter& writer) {
    for (const auto& [number, pack] : world_.rules.book.packs()) {
      const auto seal = fmt::format("pack {}", number);
      if (world_.chain.has(seal)) continue;
      const auto& canonical = world_.rules.canonical.at(number);
      if (const auto kept = world_.blobs->put(as_bytes(canonical)); !kept) {
        return failure(kept.error(), "the pack cannot be stored");
      }
      const auto digest = hash::sha256(as_bytes(canonical));
      const auto before = sealed_digest(number);
      if (!before) return std::unexpected{before.error()};
      if (before->is_zero()) {
        if (auto done = publish_pack(writer, pack, digest); !done) return done;
      } else if (*before != digest) {
        return failure(err::bad_config,
                       fmt::format("rule pack {} is sealed on this chain with other rules than {} "
                                   "holds; put that version back, or give the new one a number of "
                                   "its own",
                                   number, world_.config.rules.string()));
      }
      if (auto kept = did(seal); !kept) return kept;
    }
    return {};
  }
  /// Under which digest the chain has the pack sealed; zero: it is not.
  Outcome<Hash> sealed_digest(std::uint16_t number) {
    const auto hash = hash::keccak256(as_bytes("packOf(uint16)"));
    Bytes data = to_bytes(hash.view().first(4));
    append(data, word(number));
    const auto reply = world_.node->call(
        "eth_call", fmt::format(R"([{{"to":"{}","input":"{}"}},"latest"])",
                                codec::to_hex_data(world_.chain.contracts.rule_book),
                                codec::to_hex_data(data)));
    if (!reply) return std::unexpected{reply.error()};
    // (effectiveFrom, utcOffset, rowCount, isSealed, document), a word each
    const auto words = codec::from_hex(reply->result().string().value_or(""));
    constexpr std::size_t kWords = 5;
    constexpr std::size_t kSealedAt = 4 * 32 - 1;
    if (!words || words->size() != kWords * 32) {
      return failure(err::rpc_failed, "the node's answer about a rule pack is malformed");
    }
    return (*words)[kSealedAt] == 1 ? Hash::from(BytesView{*words}.last(32)) : Hash{};
  }
  Outcome<void> publish_pack(ChainWriter& writer, const portal::RulePack& pack,
                             const Hash& digest) {
    const auto& book = world_.chain.contracts.rule_book;
    const auto rows = pack.rows();
    portal::RowTable part;
    std::size_t parts = 0;
    const auto publish = [&]() -> Outcome<void> {
      const auto step = fmt::format("pack {} part {}", pack.number, parts++);
      if (!part.empty() && !world_.chain.has(step)) {
        const auto done = writer.call(book, portal::encode_publish_call(pack.number, part));
        if (!done) return std::unexpected{done.error()};
        if (auto kept = did(step); !kept) return kept;
      }
      part.clear();
      return {};
    };
    for (const auto& [key, row] : rows) {
      part.emplace(key, row);
      if (part.size() < kRowsAtOnce) continue;
      if (auto done = publish(); !done) return done;
    }
    if (auto done = publish(); !done) return done;
    const auto sealed = writer.call(
        book, portal::encode_seal_call({.pack = pack.number,
                                        .effective_from = pack.effective_seconds(),
                                        .utc_offset = pack.utc_offset,
                                        .row_count = static_cast<std::uint32_t>(rows.size()),
                                        .document = digest}));
    if (!sealed) return std::unexpected{sealed.error()};
    apps::say(fmt::format("Rule pack {} ({}) is sealed with {} rows\n", pack.number, pack.name,
                          rows.size()));
    return {};
  }
  Outcome<void> calendars(ChainWriter& writer) {
    for (const auto& year : world_.rules.years) {
      const auto step = fmt::format("calendar {}", year.year);
      if (world_.chain.has(step)) continue;
      const auto done = writer.call(world_.chain.contracts.rule_book,
                                    portal::encode_set_working_days_call(year.year, year.days));
      if (!done) return std::unexpected{done.error()};
      if (auto kept = did(step); !kept) return kept;
    }
    return {};
  }
  Outcome<void> organisation(ChainWriter& writer, std::uint32_t id, std::uint32_t parent,
                             std::uint8_t kind, const portal::Text& title) {
    const auto step = fmt::format("organisation {}", id);
    if (world_.chain.has(step)) return {};
    const auto document = store_organisation(world_, title);
    if (!document) return std::unexpected{document.error()};
    const auto done = writer.call(
        world_.chain.contracts.directory,
        portal::encode_set_organisation_call(
            id, {.parent = parent, .kind = kind, .active = true, .document = *document}));
    if (!done) return std::unexpected{done.error()};
    return did(step);
  }
  Outcome<void> organisations(ChainWriter& writer) {
    if (!options_.organisations.empty()) {
      const auto text = platform::read_text(options_.organisations.string());
      if (!text) {
        return failure(text.error(),
                       fmt::format("{} cannot be read", options_.organisations.string()));
      }
      const auto parsed = codec::JsonDocument::parse(*text);
      if (!parsed) return failure(parsed.error(), options_.organisations.string());
      const auto list = parsed->root().find("organisations");
      const auto all = list ? list->items() : parsed->root().items();
      for (const auto& one : all) {
        const auto number = [&](std::string_view name) {
          const auto value = one.find(name);
          return static_cast<std::uint32_t>(value ? value->u64().value_or(0) : 0);
        };
        const auto title = portal::text_at(one, "name");
        if (auto done = organisation(writer, number("id"), number("parent"),
                                     static_cast<std::uint8_t>(number("kind")), title);
            !done) {
          return done;
        }
      }
    }
    if (auto done =
            organisation(writer, kPlatformOperator, 0, 3, {"平台运营单位", "Platform operator"});
        !done) {
      return done;
    }
    if (world_.chain.has("portal-operator")) return {};
    const auto done =
        writer.call(world_.chain.contracts.directory,
                    portal::encode_set_actor_call(
                        operator_.address, {.organisation = kPlatformOperator,
                                            .roles = std::uint32_t{1} << kRolePlatformOperator,
                                            .active = true}));
    if (!done) return std::unexpected{done.error()};
    return did("portal-operator");
  }

  PortalWorld& world_;
  const InitOptions& options_;
  gateway::Account admin_;
  gateway::Account operator_;
};

}  // namespace

Outcome<void> keep_passwords(const std::filesystem::path& file, const std::string& lines) {
  const auto before = platform::read_text(file.string());
  const std::string all = before.value_or("") + lines;
  if (auto done = platform::write_file(file.string(), as_bytes(all), platform::FileMode::secret);
      !done) {
    return failure(done.error(), fmt::format("{} cannot be written", file.string()));
  }
  return {};
}

Outcome<void> init_portal(PortalWorld& world, const InitOptions& options) {
  static_assert(kRoleCityAuthority == 0);
  return Init{world, options}.run();
}

}  // namespace wusong::portal_app
