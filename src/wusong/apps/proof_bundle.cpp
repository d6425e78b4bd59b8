// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/proof_bundle.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/finality_proof.hpp"
#include "wusong/consensus/validator_keys.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/light/follower.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/state/proof.hpp"
#include "wusong/types/block.hpp"

namespace wusong::apps {
namespace {

using codec::JsonValue;

constexpr std::size_t kHeadersMax = 4'096;
constexpr std::size_t kNodesMax = 64;  // a path has at most one for each of 64 digits

template <typename T>
Outcome<T> member(const JsonValue& object, std::string_view key, Error error) {
  const auto text = object.string_at(key);
  if (text) {
    if (const auto value = codec::fixed_from_hex<T>(*text)) return *value;
  }
  return failure(error, fmt::format("\"{}\" is missing or no 0x… of {} bytes", key, sizeof(T)));
}

Outcome<Bytes> bytes_member(const JsonValue& object, std::string_view key) {
  const auto text = object.string_at(key);
  if (text) {
    if (auto value = codec::from_hex(*text)) return *std::move(value);
  }
  return failure(err::bundle_malformed, fmt::format("\"{}\" is missing or no 0x…", key));
}

Outcome<JsonValue> object_member(const JsonValue& object, std::string_view key) {
  const auto value = object.find(key);
  if (value && value->is_object()) return *value;
  return failure(err::bundle_malformed, fmt::format("\"{}\" is missing or no object", key));
}

Outcome<std::vector<Bytes>> list_member(const JsonValue& object, std::string_view key,
                                        std::size_t most) {
  const auto value = object.find(key);
  if (!value || !value->is_array() || value->size() > most) {
    return failure(err::bundle_malformed,
                   fmt::format("\"{}\" is missing, no list, or longer than {}", key, most));
  }
  std::vector<Bytes> out;
  for (const JsonValue& item : value->items()) {
    const auto text = item.string();
    auto bytes = text ? codec::from_hex(*text) : Result<Bytes>{fail(text.error())};
    if (!bytes) return failure(err::bundle_malformed, fmt::format("\"{}\": no 0x…", key));
    out.push_back(*std::move(bytes));
  }
  return out;
}

#define WUSONG_OUTCOME_INNER(name, declaration, expression)   \
  auto name = (expression);                                   \
  if (!name) return std::unexpected{std::move(name).error()}; \
  declaration = *std::move(name)
#define WUSONG_OUTCOME(declaration, expression) \
  WUSONG_OUTCOME_INNER(WUSONG_CONCAT(outcome_, __LINE__), declaration, expression)

Outcome<std::vector<types::Header>> headers_of(const JsonValue& finality) {
  WUSONG_OUTCOME(const Bytes first, bytes_member(finality, "header"));
  WUSONG_OUTCOME(std::vector<Bytes> encoded, list_member(finality, "chain", kHeadersMax));
  encoded.insert(encoded.begin(), first);
  std::vector<types::Header> out;
  for (const Bytes& bytes : encoded) {
    auto header = types::decode_header(bytes);
    if (!header) {
      return failure(err::headers_broken,
                     fmt::format("header {} is no header: {}", out.size(), header.error().name()));
    }
    if (!out.empty() && (header->parent_hash != types::hash_of(out.back()) ||
                         header->number.value != out.back().number.value + 1)) {
      return failure(err::headers_broken,
                     fmt::format("header {} does not follow the one before", out.size()));
    }
    out.push_back(*std::move(header));
  }
  return out;
}

constexpr std::size_t kEpochsMax = 100'000;

/// From the trusted validators to those of the newest epoch that the bundle shows.
Outcome<light::Follower> follow_epochs(const JsonValue& root, const Trust& trust) {
  light::Follower out{trust.genesis, trust.epoch};
  const auto epochs = root.find("epochs");
  if (!epochs) return out;
  if (!epochs->is_array() || epochs->size() > kEpochsMax)
    return failure(err::bundle_malformed, "\"epochs\" is no list, or too long");
  for (const JsonValue& item : epochs->items()) {
    WUSONG_OUTCOME(Bytes header, bytes_member(item, "header"));
    WUSONG_OUTCOME(Bytes proof, bytes_member(item, "proof"));
    const auto decoded = types::decode_header(header);
    // A bundle begins with the genesis; the trusted epoch may be a later one.
    if (decoded && decoded->number < out.newest().first) continue;
    if (const auto moved = out.advance({std::move(header), std::move(proof)}); !moved) {
      return failure(err::epoch_unproved,
                     fmt::format("the validators after epoch {} are not proved: {}",
                                 out.newest().number, moved.error().name()));
    }
  }
  return out;
}

Outcome<std::size_t> check_finality(const JsonValue& finality, const types::Header& attested,
                                    const light::Follower& follower) {
  WUSONG_OUTCOME(const Bytes encoded, bytes_member(finality, "attestations"));
  const auto proof = consensus::decode_finality_proof(encoded);
  if (!proof) {
    return failure(err::bundle_malformed,
                   "\"attestations\" are not encoded as docs/auditors.md says");
  }
  if (proof->block_id != types::hash_of(attested) || proof->height != attested.number) {
    return failure(err::bad_attestation,
                   "the validators signed another block than the last header");
  }
  const types::Epoch* const epoch = follower.epoch_of(attested.number);
  if (epoch == nullptr)
    return failure(err::epoch_unproved, "the block is older than the trusted validators");
  const consensus::KeyVerifier keys{consensus::keys_of(*epoch)};
  const auto valid = consensus::verify_finality_proof(
      keys, types::vote_domain(follower.genesis(), *epoch), *proof);
  if (valid) return proof->signatures.entries.size();
  if (valid.error() == Error{consensus::err::unknown_validator})
    return failure(err::unknown_signer, "a signer is not among the trusted validators");
  if (valid.error() == Error{consensus::err::no_quorum})
    return failure(err::too_few_signers,
                   fmt::format("{} of {} validators signed", proof->signatures.entries.size(),
                               epoch->validators.size()));
  return failure(err::bad_attestation, "a signature does not verify under the trusted keys");
}

Outcome<Hash> state_root_at(const std::vector<types::Header>& headers, std::uint64_t height) {
  for (const types::Header& header : headers) {
    const std::uint64_t last = header.executed.value;
    const std::uint64_t count = header.roots.size();
    if (height <= last && last - height < count)
      return header.roots[count - 1 - (last - height)].state_root;
  }
  return failure(err::roots_missing,
                 fmt::format("no header of the bundle carries the roots of height {}", height));
}

/// One storage word by the key the verifier computed itself.
Outcome<U256> proved_word(const JsonValue& storage, std::size_t index, const Hash& root,
                          const Hash& slot) {
  const auto entries = storage.items();
  if (index >= entries.size()) return failure(err::bundle_malformed, "\"storageProof\" has two");
  WUSONG_OUTCOME(const std::vector<Bytes> nodes, list_member(entries[index], "proof", kNodesMax));
  const auto value = state::verify_storage_proof(root, slot, nodes);
  if (!value) {
    return failure(err::item_unproved,
                   fmt::format("word {} of the item is not under the storage root", index));
  }
  return *value;
}

Hash slot_plus(const Hash& slot, std::uint64_t offset) {
  return to_hash(to_u256(slot) + U256{offset});
}

Outcome<ProvedItem> proved_item(const JsonValue& root, const Trust& trust, const Hash& state_root) {
  WUSONG_OUTCOME(const JsonValue item, object_member(root, "item"));
  WUSONG_OUTCOME(const Hash id, member<Hash>(item, "id", err::bundle_malformed));
  WUSONG_OUTCOME(const Address contract, member<Address>(item, "contract", err::bundle_malformed));
  if (contract != trust.contract)
    return failure(err::other_contract,
                   "the item is kept by another contract than the trusted one");
  WUSONG_OUTCOME(const JsonValue proof, object_member(root, "proof"));
  WUSONG_OUTCOME(const std::vector<Bytes> nodes, list_member(proof, "accountProof", kNodesMax));
  const auto account = state::verify_account_proof(state_root, trust.contract, nodes);
  if (!account || !*account)
    return failure(err::account_unproved, "the contract is not under the state root");
  Bytes key = to_bytes(id);
  key.resize(64);
  const Hash slot = hash::keccak256(key);
  const auto storage = proof.find("storageProof").value_or(JsonValue{});
  WUSONG_OUTCOME(const U256 word, proved_word(storage, 0, (*account)->storage_root, slot));
  WUSONG_OUTCOME(const U256 digest,
                 proved_word(storage, 1, (*account)->storage_root, slot_plus(slot, 1)));
  if (word == U256{})
    return failure(err::item_unknown, "the ledger has no such item at that height");
  const Bytes packed = to_bytes(to_hash(word));  // big-endian: the lowest bits are the last bytes
  const auto number = [&packed](std::size_t from_end, std::size_t size) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i) out = out << 8 | packed[32 - from_end - size + i];
    return out;
  };
  ProvedItem out{
      .id = id, .height = {}, .attested = {}, .creator = {}, .document = to_hash(digest)};
  out.workflow = static_cast<std::uint8_t>(number(0, 1));
  out.state = static_cast<std::uint8_t>(number(1, 1));
  out.pack = static_cast<std::uint16_t>(number(2, 2));
  out.sequence = static_cast<std::uint32_t>(number(4, 4));
  out.organisation = static_cast<std::uint32_t>(number(8, 4));
  std::copy_n(packed.begin(), out.creator.bytes.size(), out.creator.bytes.begin());
  return out;
}

Outcome<void> check_document(const JsonValue& root, const std::optional<Hash>& file_digest,
                             ProvedItem& item) {
  const auto document = root.string_at("document");
  if (document) {
    if (hash::sha256(as_bytes(*document)) != item.document)
      return failure(err::document_changed, "the document is not the one the ledger names");
    item.document_checked = true;
  }
  if (!file_digest) return {};
  const auto parsed = document ? codec::JsonDocument::parse(*document)
                               : Result<codec::JsonDocument>{fail(err::bundle_malformed)};
  const auto named = parsed ? parsed->root().string_at("digest")
                            : Result<std::string_view>{fail(err::bundle_malformed)};
  const auto digest =
      named ? codec::fixed_from_hex<Hash>(named->starts_with("0x") ? std::string{*named}
                                                                   : "0x" + std::string{*named})
            : Result<Hash>{fail(err::bundle_malformed)};
  if (!digest)
    return failure(err::file_not_named, "the bundle has no document that names a file's digest");
  if (*digest != *file_digest)
    return failure(err::file_changed, "the file is not the one that the document names");
  item.file_checked = true;
  return {};
}

}  // namespace

Outcome<Trust> parse_trust(std::string_view json) {
  const auto document = codec::JsonDocument::parse(json);
  if (!document) return failure(err::trust_malformed, "no JSON");
  const JsonValue root = document->root();
  WUSONG_OUTCOME(const Hash genesis, member<Hash>(root, "genesis", err::trust_malformed));
  WUSONG_OUTCOME(const Address contract, member<Address>(root, "contract", err::trust_malformed));
  Trust out{.genesis = genesis, .contract = contract, .epoch = {}};
  const auto profile = hash::find_profile(root.string_at("profile").value_or("standard"));
  if (!profile) return failure(err::trust_malformed, "\"profile\" names none that is known");
  out.profile = *profile;
  out.epoch.first = Height{1};
  if (root.find("epoch")) {
    const auto encoded = codec::from_hex(root.string_at("epoch").value_or(""));
    auto epoch =
        encoded ? types::decode_epoch(*encoded) : Result<types::Epoch>{fail(encoded.error())};
    if (!epoch) return failure(err::trust_malformed, "\"epoch\" is no encoded epoch");
    out.epoch = *std::move(epoch);
    return out;
  }
  const JsonValue validators = root.find("validators").value_or(JsonValue{});
  for (const JsonValue& validator : validators.items()) {
    const auto* scheme = crypto::find_scheme(validator.string_at("scheme").value_or(""));
    auto key = codec::from_hex(validator.string_at("publicKey").value_or(""));
    if (!scheme || !key) {
      return failure(err::trust_malformed,
                     fmt::format("validator {}: \"scheme\" or \"publicKey\" is wrong",
                                 out.epoch.validators.size()));
    }
    out.epoch.validators.push_back({.scheme = scheme->scheme, .vote_key = *std::move(key)});
  }
  if (out.epoch.validators.empty())
    return failure(err::trust_malformed, "\"validators\" names none");
  return out;
}

std::string to_json(const Trust& trust) {
  codec::JsonWriter out;
  out.open_object().key("genesis").data(trust.genesis).key("contract").data(trust.contract);
  if (trust.profile != hash::Profile::standard)
    out.key("profile").string(hash::name_of(trust.profile));
  out.key("validators").open_array();
  for (const auto& validator : trust.epoch.validators) {
    out.open_object().key("scheme").string(
        crypto::find_scheme(static_cast<std::uint8_t>(validator.scheme))->name);
    out.key("publicKey").data(validator.vote_key).close_object();
  }
  out.close_array();
  // Keys of a later epoch are bound to all that it names.
  if (trust.epoch.number != 0) out.key("epoch").data(types::encode(trust.epoch));
  out.close_object();
  return out.take();
}

Outcome<ProvedItem> verify_bundle(std::string_view bundle, const Trust& trust,
                                  const std::optional<Hash>& file_digest) {
  const auto document = codec::JsonDocument::parse(bundle);
  if (!document) return failure(err::bundle_malformed, "no JSON");
  const JsonValue root = document->root();
  const auto version = root.find("version");
  const auto height = root.find("height");
  if (!version || version->u64() != 1 || !height || !height->u64())
    return failure(err::bundle_malformed, "\"version\" is not 1, or \"height\" is missing");
  WUSONG_OUTCOME(const JsonValue chain, object_member(root, "chain"));
  WUSONG_OUTCOME(const Hash genesis, member<Hash>(chain, "genesis", err::bundle_malformed));
  if (genesis != trust.genesis)
    return failure(err::other_chain, "the bundle is of a chain with another genesis block");
  WUSONG_OUTCOME(const JsonValue finality, object_member(root, "finality"));
  WUSONG_OUTCOME(const std::vector<types::Header> headers, headers_of(finality));
  WUSONG_OUTCOME(const light::Follower follower, follow_epochs(root, trust));
  WUSONG_OUTCOME(const std::size_t signers, check_finality(finality, headers.back(), follower));
  WUSONG_OUTCOME(const Hash state_root, state_root_at(headers, *height->u64()));
  WUSONG_OUTCOME(ProvedItem item, proved_item(root, trust, state_root));
  item.height = Height{*height->u64()};
  item.attested = headers.back().number;
  item.epoch = follower.epoch_of(item.attested)->number;
  item.signers = signers;
  const auto checked = check_document(root, file_digest, item);
  if (!checked) return std::unexpected{checked.error()};
  return item;
}

}  // namespace wusong::apps
