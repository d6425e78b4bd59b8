// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/verify_command.hpp"

#include <fmt/format.h>

#include "wusong/apps/proof_bundle.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/state/memory_state.hpp"

namespace wusong::apps {
namespace {

constexpr std::size_t kBundleMax = 64u << 20;

Outcome<std::string> text_of_file(const std::string& path) {
  auto text = platform::read_text(path, kBundleMax);
  if (!text) return failure(text.error(), path);
  return *std::move(text);
}

/// Mapped, because an export may be larger than memory.
Outcome<Hash> digest_of_file(const std::string& path) {
  const auto file = platform::MappedFile::open(path);
  if (!file) return failure(err::not_found, path + ": cannot be read, or is no ordinary file");
  return hash::sha256(file->view());
}

Outcome<ProvedItem> proved(const VerifyOptions& options) {
  auto trust_text = text_of_file(options.trust);
  if (!trust_text) return std::unexpected{trust_text.error()};
  auto trust = parse_trust(*trust_text);
  if (!trust) return std::unexpected{trust.error()};
  hash::set_chain_profile(trust->profile);
  auto bundle = text_of_file(options.proof);
  if (!bundle) return std::unexpected{bundle.error()};
  std::optional<Hash> digest;
  if (!options.file.empty()) {
    auto found = digest_of_file(options.file);
    if (!found) return std::unexpected{found.error()};
    digest = *found;
  }
  return verify_bundle(*bundle, *trust, digest);
}

void say_json(const ProvedItem& item) {
  codec::JsonWriter out;
  out.open_object().key("proved").boolean(true).key("item").data(item.id);
  out.key("height").number(item.height.value).key("attestedHeight").number(item.attested.value);
  out.key("signers").number(std::uint64_t{item.signers}).key("epoch").number(item.epoch);
  out.key("workflow").number(std::uint64_t{item.workflow});
  out.key("state").number(std::uint64_t{item.state}).key("pack").number(std::uint64_t{item.pack});
  out.key("sequence").number(std::uint64_t{item.sequence});
  out.key("organisation").number(std::uint64_t{item.organisation});
  out.key("creator").data(item.creator).key("document").data(item.document);
  out.key("documentChecked").boolean(item.document_checked);
  out.key("fileChecked").boolean(item.file_checked).close_object();
  say(out.take() + "\n");
}

void say_text(const ProvedItem& item) {
  Sheet sheet;
  sheet.row("proved", fmt::format("after block {} the ledger held this item", item.height.value));
  sheet.row("item", codec::to_hex_data(item.id));
  sheet.row("workflow, state",
            fmt::format("{}, {} (rule pack {})", item.workflow, item.state, item.pack));
  sheet.row("acts so far", fmt::format("{}", item.sequence));
  sheet.row("organisation", fmt::format("{}", item.organisation));
  sheet.row("creator", codec::to_hex_data(item.creator));
  sheet.row("document", codec::to_hex_data(item.document));
  sheet.row("", item.document_checked ? "the bundle's document is this one"
                                      : "the bundle holds no document: only its digest is proved");
  sheet.row_if("file", item.file_checked ? "the file is the one that the document names" : "");
  sheet.row("final", fmt::format("block {}, signed by {} validators of epoch {}",
                                 item.attested.value, item.signers, item.epoch));
  sheet.row("not proved", "that what the document says is true; that no later act exists");
  say(sheet.text());
}

}  // namespace

int verify_export(const VerifyOptions& options) {
  const auto item = proved(options);
  if (!item) {
    if (options.json) {
      codec::JsonWriter out;
      out.open_object().key("proved").boolean(false).key("error").string(item.error().name());
      out.key("detail").string(item.error().detail).close_object();
      say(out.take() + "\n");
      return kFailed;
    }
    return complain(item.error());
  }
  options.json ? say_json(*item) : say_text(*item);
  return 0;
}

int write_trust(const TrustOptions& options) {
  const auto text = text_of_file(options.genesis);
  if (!text) return complain(text.error());
  const auto genesis = node::parse_genesis(*text);
  if (genesis) hash::set_chain_profile(genesis->profile);
  if (!genesis) {
    return complain(
        {genesis.error().error, fmt::format("{}: {}", options.genesis, genesis.error().where)});
  }
  const auto contract = codec::fixed_from_hex<Address>(options.contract);
  if (!contract) {
    return complain({err::bad_argument,
                     fmt::format("\"{}\" is no address: 0x and 40 digits", options.contract)});
  }
  state::MemoryState first;
  first.apply(node::genesis_state(*genesis));
  const Trust trust{.genesis = types::hash_of(node::genesis_header(*genesis, first.root())),
                    .contract = *contract,
                    .profile = genesis->profile,
                    .epoch = node::first_epoch(*genesis)};
  say(to_json(trust) + "\n");
  return 0;
}

}  // namespace wusong::apps
