// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/proof_bundle.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/consensus/finality_proof.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/state/state_db.hpp"
#include "wusong/types/block.hpp"

namespace wusong::apps {
namespace {

Hash filled(std::uint8_t byte) {
  Hash out;
  out.bytes.fill(byte);
  return out;
}
Address account_of(std::uint8_t byte) {
  Address out;
  out.bytes.fill(byte);
  return out;
}

constexpr std::string_view kFile = "route,stops\n1,22\n";

/// A chain of four validators whose contract holds one item, and everything a forger may change.
struct Export {
  std::vector<std::unique_ptr<crypto::Signer>> signers;
  Trust trust{.genesis = filled(0x61), .contract = account_of(0xc0), .epoch = {.first = Height{1}}};
  Hash item;
  std::string document;
  std::vector<types::Header> headers;
  state::AccountProof proof;
  std::vector<consensus::ValidatorIndex> who{0, 2};
  std::uint64_t height = 5;
  Hash said_genesis = trust.genesis;
  Address said_contract = trust.contract;
  std::function<void(Bytes&)> spoil_attestations = [](Bytes&) {};
  std::function<void(std::vector<types::Header>&)> spoil_headers = [](auto&) {};

  std::optional<types::Epoch> next;  // begins at height 8, with keys of its own
  std::vector<std::unique_ptr<crypto::Signer>> next_signers;
  std::size_t enders = 3;  // validators that voted for the end of the first epoch
  bool shows_epochs = true;

  /// The bundle asks about `asked`; the ledger holds 0x17….
  explicit Export(const Hash& asked = filled(0x17), bool two_epochs = false) : item{asked} {
    if (two_epochs) {
      next.emplace(types::Epoch{.number = 1, .first = Height{8}, .version = 1});
      for (std::uint8_t i = 11; i <= 14; ++i) {
        next_signers.push_back(*crypto::make_signer(crypto::Scheme::ed25519, Bytes(32, i)));
        next->validators.push_back({.name = "node" + std::to_string(i),
                                    .scheme = crypto::Scheme::ed25519,
                                    .vote_key = to_bytes(next_signers.back()->public_key()),
                                    .node_key = Bytes(32, i)});
      }
    }
    for (std::uint8_t i = 1; i <= 4; ++i) {
      signers.push_back(*crypto::make_signer(crypto::Scheme::ed25519, Bytes(32, i)));
      trust.epoch.validators.push_back(
          {.scheme = crypto::Scheme::ed25519, .vote_key = to_bytes(signers.back()->public_key())});
    }
    document = "{\"digest\":\"" + codec::to_hex(hash::sha256(as_bytes(kFile)).view()) +
               "\",\"kind\":\"resource\"}";
    commit();
  }

  static Hash slot_of(const Hash& id) {
    Bytes key = to_bytes(id);
    key.resize(64);
    return hash::keccak256(key);
  }

  /// The state after height 5, and headers 5 to 9 of which the last carries its roots.
  void commit() {
    const Hash kept = slot_of(filled(0x17));
    const Hash first = slot_of(item);
    const Hash second = to_hash(to_u256(first) + U256{1});
    U256 word = to_u256(account_of(0xaa)) << 96;
    word = word | U256{0x0000'0007'0000'0003} << 32 | U256{0x0001'0504};
    io::MemorySegmentStore store;
    auto db = *state::StateDb::open(store, {});
    types::StateDiff diff;
    types::AccountChange& change = diff.accounts[trust.contract];
    change.after = types::Account{};
    change.after->nonce = 1;
    change.slots[kept] = word;
    change.slots[to_hash(to_u256(kept) + U256{1})] = to_u256(hash::sha256(as_bytes(document)));
    for (std::uint8_t i = 0; i < 40; ++i) change.slots[filled(i)] = U256{i + 1u};
    for (std::uint8_t i = 1; i < 30; ++i) {
      diff.accounts[account_of(i)].after = types::Account{};
      diff.accounts[account_of(i)].after->nonce = i;
    }
    const Hash root = *db->commit(Height{5}, diff);
    proof = *db->proof(Height{5}, trust.contract, std::vector<Hash>{first, second});
    for (std::uint64_t number = 5; number <= 9; ++number) {
      types::Header header;
      header.number = Height{number};
      header.parent_hash = headers.empty() ? filled(0x33) : types::hash_of(headers.back());
      header.transactions_root = types::kEmptyTrieRoot;
      header.executed = Height{number - 4};
      header.roots = {{.state_root = number == 9 ? root : filled(0x44),
                       .receipts_root = types::kEmptyTrieRoot,
                       .logs_bloom = {},
                       .gas_used = 0}};
      if (next && number == 7) header.next_epoch = types::encode(*next);
      headers.push_back(header);
    }
  }

  /// The end of the first epoch, by those who voted in it.
  void write_epochs(codec::JsonWriter& out) const {
    const types::Header& last = headers.at(2);
    const consensus::VoteSubject subject{.kind = consensus::VoteKind::finalize,
                                         .view = View{7},
                                         .height = last.number,
                                         .block_id = types::hash_of(last),
                                         .parent_view = {}};
    consensus::Certificate certificate{.subject = subject, .signatures = {}};
    for (std::size_t i = 0; i < enders; ++i)
      certificate.signatures.entries.push_back(
          {static_cast<consensus::ValidatorIndex>(i),
           signers[i]->sign(consensus::vote_sign_bytes(trust.genesis, subject))});
    out.key("epochs").open_array().open_object().key("header").data(types::encode(last));
    out.key("proof").data(consensus::encode(consensus::make_finality_proof(certificate)));
    out.close_object().close_array();
  }

  static void write_nodes(codec::JsonWriter& out, const state::ProofNodes& nodes) {
    out.open_array();
    for (const Bytes& node : nodes) out.data(node);
    out.close_array();
  }

  std::string bundle() const {
    const types::Header& last = headers.back();
    const Hash id = types::hash_of(last);
    consensus::SignatureSet set;
    const auto& voters = next ? next_signers : signers;
    const Hash domain = next ? types::vote_domain(trust.genesis, *next) : trust.genesis;
    const Bytes message = consensus::attestation_sign_bytes(domain, last.number, id);
    for (const auto index : who)
      set.entries.push_back({index, voters[index % voters.size()]->sign(message)});
    Bytes attestations =
        consensus::encode(consensus::make_finality_proof(last.number, id, std::move(set)));
    spoil_attestations(attestations);
    auto shown = headers;
    spoil_headers(shown);
    codec::JsonWriter out;
    out.open_object().key("version").number(std::uint64_t{1});
    out.key("chain").open_object().key("genesis").data(said_genesis).close_object();
    out.key("item").open_object().key("id").data(item).key("contract").data(said_contract);
    out.close_object().key("height").number(height);
    out.key("proof").open_object().key("accountProof");
    write_nodes(out, proof.nodes);
    out.key("storageProof").open_array();
    for (const auto& slot : proof.storage) {
      out.open_object().key("proof");
      write_nodes(out, slot.nodes);
      out.close_object();
    }
    out.close_array().close_object();
    if (next && shows_epochs) write_epochs(out);
    out.key("finality").open_object().key("header").data(types::encode(shown.front()));
    out.key("chain").open_array();
    for (std::size_t i = 1; i < shown.size(); ++i) out.data(types::encode(shown[i]));
    out.close_array().key("attestations").data(attestations).close_object();
    if (!document.empty()) out.key("document").string(document);
    out.close_object();
    return out.take();
  }

  Outcome<ProvedItem> verified(std::string_view file = kFile) const {
    return verify_bundle(bundle(), trust, hash::sha256(as_bytes(file)));
  }
};

void expect_refused(const Outcome<ProvedItem>& outcome, Error error) {
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().error, error) << outcome.error().name();
  EXPECT_FALSE(outcome.error().detail.empty());
}

// @row 65
TEST(ProofBundle, ATrueExportIsProvedToItsLastField) {
  const Export made;
  const auto item = made.verified();
  ASSERT_TRUE(item.has_value()) << item.error().name() << ": " << item.error().detail;
  EXPECT_EQ(item->id, made.item);
  EXPECT_EQ(item->workflow, 4);
  EXPECT_EQ(item->state, 5);
  EXPECT_EQ(item->pack, 1);
  EXPECT_EQ(item->sequence, 3u);
  EXPECT_EQ(item->organisation, 7u);
  EXPECT_EQ(item->creator, account_of(0xaa));
  EXPECT_EQ(item->signers, 2u);
  EXPECT_EQ(item->height, Height{5});
  EXPECT_EQ(item->attested, Height{9});
  EXPECT_TRUE(item->document_checked);
  EXPECT_TRUE(item->file_checked);
}

TEST(ProofBundle, ValidatorsThatCameLaterAreProvedByThoseBefore) {
  const Export made{filled(0x17), true};
  const auto item = made.verified();
  ASSERT_TRUE(item.has_value()) << item.error().name() << ": " << item.error().detail;
  EXPECT_EQ(item->epoch, 1u);
  Export silent{filled(0x17), true};
  silent.shows_epochs = false;
  expect_refused(silent.verified(), err::bad_attestation);
  Export few{filled(0x17), true};
  few.enders = 2;
  expect_refused(few.verified(), err::epoch_unproved);
  // Who trusts the later set needs no more.
  Export later{filled(0x17), true};
  later.trust.epoch = *later.next;
  expect_refused(verify_bundle(Export{}.bundle(), later.trust, {}), err::bad_attestation);
  const auto again = parse_trust(to_json(later.trust));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->epoch, *later.next);
  EXPECT_TRUE(verify_bundle(later.bundle(), *again, {}).has_value());
}

TEST(ProofBundle, WithoutAFileTheItemAloneIsProved) {
  Export made;
  made.document.clear();
  const auto item = verify_bundle(made.bundle(), made.trust, std::nullopt);
  ASSERT_TRUE(item.has_value()) << item.error().name();
  EXPECT_FALSE(item->document_checked);
  EXPECT_FALSE(item->file_checked);
}

// @row 65
TEST(ProofBundle, EachKindOfForgeryIsRefusedByItsName) {
  {
    expect_refused(verify_bundle("{\"version\":1", Export{}.trust, {}), err::bundle_malformed);
    expect_refused(verify_bundle("{\"version\":2}", Export{}.trust, {}), err::bundle_malformed);
  }
  {
    Export made;  // of another chain
    made.said_genesis = filled(0x62);
    expect_refused(made.verified(), err::other_chain);
  }
  {
    Export made;  // a look-alike contract
    made.said_contract = account_of(0xc1);
    expect_refused(made.verified(), err::other_contract);
  }
  {
    Export made;  // a header taken out
    made.spoil_headers = [](auto& headers) { headers.erase(headers.begin() + 2); };
    expect_refused(made.verified(), err::headers_broken);
  }
  {
    Export made;  // another state root slipped into the last header
    made.spoil_headers = [](auto& headers) { headers.back().roots[0].state_root = filled(9); };
    expect_refused(made.verified(), err::bad_attestation);
  }
  {
    Export made;  // signed by somebody the auditor does not know
    made.who = {0, 4};
    expect_refused(made.verified(), err::unknown_signer);
  }
  {
    Export made;  // one of four is not enough
    made.who = {3};
    expect_refused(made.verified(), err::too_few_signers);
  }
  {
    Export made;  // a signature changed
    made.spoil_attestations = [](Bytes& proof) { proof.back() ^= 1; };
    expect_refused(made.verified(), err::bad_attestation);
  }
  {
    Export made;  // signed for another chain
    made.trust.genesis = filled(0x63);
    const std::string bundle = made.bundle();
    made.trust.genesis = filled(0x61);
    made.said_genesis = filled(0x61);
    expect_refused(verify_bundle(bundle, made.trust, {}), err::bad_attestation);
  }
  {
    Export made;  // true headers that say nothing of that height
    made.height = 77;
    expect_refused(made.verified(), err::roots_missing);
  }
  {
    Export made;  // proved under the roots of another height
    made.height = 4;
    expect_refused(made.verified(), err::account_unproved);
  }
}

TEST(ProofBundle, ForgedItemsAndDocumentsAreRefusedByTheirName) {
  {
    Export made;  // one byte of a node
    made.proof.storage[0].nodes.back().back() ^= 1;
    expect_refused(made.verified(), err::item_unproved);
  }
  {
    Export made;  // another item's digest
    std::swap(made.proof.storage[0].nodes, made.proof.storage[1].nodes);
    expect_refused(made.verified(), err::item_unproved);
  }
  {
    Export made;  // another id over the same proofs
    made.item = filled(0x18);
    expect_refused(made.verified(), err::item_unproved);
  }
  {
    const Export made{filled(0x18)};  // an id that the ledger never saw, with proofs of absence
    expect_refused(made.verified(), err::item_unknown);
  }
  {
    Export made;  // the contract's account replaced by its neighbour's path
    made.proof.nodes.pop_back();
    expect_refused(made.verified(), err::account_unproved);
  }
  {
    Export made;  // the document edited after the fact
    made.document.insert(made.document.size() - 1, ",\"title\":1");
    expect_refused(made.verified(), err::document_changed);
  }
  {
    Export made;  // the file edited after the fact
    expect_refused(made.verified("route,stops\n1,23\n"), err::file_changed);
  }
  {
    Export made;  // no document that could name the file
    made.document.clear();
    expect_refused(made.verified(), err::file_not_named);
  }
}

TEST(ProofBundle, NoTruncationOfATrueBundleIsProved) {
  const Export made;
  const std::string whole = made.bundle();
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    EXPECT_FALSE(verify_bundle(whole.substr(0, size), made.trust, {}).has_value());
  }
}

TEST(TrustFile, IsReadAsItIsWritten) {
  const Export made;
  const auto again = parse_trust(to_json(made.trust));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->genesis, made.trust.genesis);
  EXPECT_EQ(again->contract, made.trust.contract);
  ASSERT_EQ(again->epoch.validators.size(), 4u);
  EXPECT_EQ(again->epoch.validators[3].vote_key, made.trust.epoch.validators[3].vote_key);
  EXPECT_EQ(again->profile, hash::Profile::standard);
  Trust guomi = made.trust;
  guomi.profile = hash::Profile::guomi;
  EXPECT_EQ(parse_trust(to_json(guomi))->profile, hash::Profile::guomi);
  std::string unknown = to_json(guomi);
  unknown.replace(unknown.find("guomi"), 5, "other");
  EXPECT_EQ(parse_trust(unknown).error().error, Error{err::trust_malformed});
  for (const char* bad : {"", "{}", "{\"genesis\":\"0x12\"}", "[]"}) {
    EXPECT_EQ(parse_trust(bad).error().error, Error{err::trust_malformed}) << bad;
  }
}

}  // namespace
}  // namespace wusong::apps
