// SPDX-License-Identifier: Apache-2.0
// The layout is solc's for Registry.sol; build/contracts/Registry.json lists it.
#include "wusong/node/registry.hpp"

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/internal/registry_code.hpp"
#include "wusong/node/registry_calls.hpp"

namespace wusong::node {
namespace {

// Slots.
constexpr std::uint64_t kCounters = 0;  // version, epochBlocks, proposals, shares: u64 each
constexpr std::uint64_t kParameters = 1;
constexpr std::uint64_t kBaseFee = 2;
constexpr std::uint64_t kValidators = 3;
constexpr std::uint64_t kObservers = 4;
constexpr std::uint64_t kSeats = 5;
constexpr std::uint64_t kObserverSeats = 6;
constexpr std::uint64_t kTaken = 7;
constexpr std::uint64_t kGovernors = 8;
constexpr std::uint64_t kProposed = 9;  // by and version, changes, approvals
constexpr std::uint64_t kFirstOpen = 10;
constexpr std::uint64_t kLongKeys = 12;            // the rest of the layout is the contract's alone
constexpr std::uint64_t kListMax = 1'000;          // changes of a proposal, approvals
constexpr std::uint64_t kChangeBytesMax = 65'536;  // more than any call of the contract

constexpr std::uint64_t kValidatorWords = 6;
constexpr std::uint64_t kObserverWords = 2;
constexpr std::uint64_t kMoreThan = 2;  // of three governors, more than two
constexpr std::uint64_t kOf = 3;
constexpr std::size_t kWord = 32;

using Words = std::map<Hash, U256>;
using Packed = std::array<std::uint64_t, 4>;  // from the lowest bits up

Hash slot_of(std::uint64_t number) {
  return to_hash(U256{number});
}
Hash plus(const Hash& slot, std::uint64_t offset) {
  return to_hash(to_u256(slot) + U256{offset});
}
/// Where a dynamic array keeps its elements.
Hash elements_of(std::uint64_t slot) {
  return hash::keccak256(slot_of(slot));
}
/// Where a mapping keeps the value of a key.
Hash entry_of(std::uint64_t slot, const Hash& key) {
  return hash::keccak256(key, slot_of(slot));
}

U256 pack(const Packed& numbers) {
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}
Packed unpack(const U256& value) {
  return std::to_array(value.limb);
}

Hash word_of(BytesView left_aligned) {
  Hash out;
  std::ranges::copy(left_aligned.first(std::min(left_aligned.size(), kWord)), out.bytes.begin());
  return out;
}
Hash word_of(const Address& address) {
  Hash out;
  std::ranges::copy(address.bytes, out.bytes.begin() + 12);
  return out;
}

/// A key as two words, and what the contract remembers it by.
std::array<Hash, 2> key_words(BytesView key) {
  if (is_laid_down(key)) return {hash::keccak256(key), Hash{}};
  return {word_of(key), key.size() > kWord ? word_of(key.subspan(kWord)) : Hash{}};
}
Hash key_digest(crypto::Scheme scheme, BytesView key) {
  Bytes text{static_cast<std::uint8_t>(scheme)};
  for (const Hash& word : key_words(key)) append(text, word);
  return hash::keccak256(text);
}

/// As Solidity keeps `bytes` of more than a word: twice the length and one, and elsewhere the
/// words.
void write_bytes(Words& words, const Hash& slot, BytesView bytes) {
  words[slot] = U256{2 * bytes.size() + 1};
  const Hash first = hash::keccak256(slot);
  for (std::size_t i = 0; i * kWord < bytes.size(); ++i)
    words[plus(first, i)] = to_u256(word_of(bytes.subspan(i * kWord)));
}

void write_validator(Words& words, std::size_t index, const types::Validator& validator,
                     const Address& governor) {
  const Hash at = plus(elements_of(kValidators), index * kValidatorWords);
  Hash beneficiary = word_of(validator.beneficiary);
  beneficiary.bytes[11] = static_cast<std::uint8_t>(validator.scheme);
  const auto vote_key = key_words(validator.vote_key);
  const std::array<Hash, kValidatorWords> fields{word_of(as_bytes(validator.name)),
                                                 word_of(validator.node_key),
                                                 beneficiary,
                                                 word_of(governor),
                                                 vote_key[0],
                                                 vote_key[1]};
  for (std::size_t i = 0; i < fields.size(); ++i) words[plus(at, i)] = to_u256(fields[i]);
  words[entry_of(kSeats, word_of(validator.node_key))] = U256{index + 1};
  words[entry_of(kGovernors, word_of(governor))] = U256{1};
  words[entry_of(kTaken, key_digest(validator.scheme, validator.vote_key))] = U256{1};
  if (is_laid_down(validator.vote_key))
    write_bytes(words, entry_of(kLongKeys, vote_key[0]), validator.vote_key);
  words[entry_of(kTaken, key_digest(crypto::Scheme::ed25519, validator.node_key))] = U256{1};
}

void write_observer(Words& words, std::size_t index, const types::Observer& observer) {
  const Hash at = plus(elements_of(kObservers), index * kObserverWords);
  words[at] = to_u256(word_of(as_bytes(observer.name)));
  words[plus(at, 1)] = to_u256(word_of(observer.node_key));
  words[entry_of(kObserverSeats, word_of(observer.node_key))] = U256{index + 1};
  words[entry_of(kTaken, key_digest(crypto::Scheme::ed25519, observer.node_key))] = U256{1};
}

std::string name_of(const Hash& word) {
  const auto end = std::ranges::find(word.bytes, std::uint8_t{0});
  return {word.bytes.begin(), end};
}

class Reader {
 public:
  explicit Reader(types::StateView& state) : state_{state} {}

  Hash word(const Hash& slot) { return to_hash(state_.storage(kRegistryAddress, slot)); }
  Packed packed(std::uint64_t slot) { return unpack(to_u256(word(slot_of(slot)))); }
  Result<std::size_t> size_of(std::uint64_t array) {
    const Packed size = unpack(to_u256(word(slot_of(array))));
    if (size[1] != 0 || size[2] != 0 || size[3] != 0 || size[0] > types::kEpochMembersMax)
      return fail(err::bad_registry);
    return static_cast<std::size_t>(size[0]);
  }
  Result<types::Validator> validator(std::size_t index) {
    const Hash at = plus(elements_of(kValidators), index * kValidatorWords);
    types::Validator out;
    out.name = name_of(word(at));
    out.node_key = to_bytes(word(plus(at, 1)));
    const Hash beneficiary = word(plus(at, 2));
    out.beneficiary = address(beneficiary);
    const auto* scheme = crypto::find_scheme(beneficiary.bytes[11]);
    if (scheme == nullptr) return fail(err::bad_registry);
    out.scheme = scheme->scheme;
    WUSONG_TRY(out.vote_key, vote_key(plus(at, 4), scheme->public_key_size));
    return out;
  }
  Result<Bytes> vote_key(const Hash& slot, std::size_t size) {
    Bytes words = to_bytes(word(slot));
    append(words, word(plus(slot, 1)));
    if (size > words.size()) {
      WUSONG_TRY(words, bytes(entry_of(kLongKeys, word(slot))));
      if (words.size() != size) return fail(err::bad_registry);
    }
    words.resize(size);
    return words;
  }
  Address governor(std::size_t index) {
    return address(word(plus(elements_of(kValidators), index * kValidatorWords + 3)));
  }
  static Address address(const Hash& word) { return Address::from(word.view().subspan(12)); }
  Result<Bytes> bytes(const Hash& slot) {
    const Hash head = word(slot);
    if (head.bytes[31] % 2 == 0) {  // short: the bytes, then twice their number
      return to_bytes(head.view().first(head.bytes[31] / 2));
    }
    const Packed number = unpack(to_u256(head));
    const std::uint64_t size = number[0] / 2;
    if (number[1] != 0 || size > kChangeBytesMax) return fail(err::bad_registry);
    Bytes out;
    const Hash first = hash::keccak256(slot);
    for (std::uint64_t i = 0; i * kWord < size; ++i) append(out, word(plus(first, i)));
    out.resize(size);
    return out;
  }
  Result<OpenProposal> proposal(std::uint64_t id) {
    const Hash at = entry_of(kProposed, slot_of(id));
    OpenProposal out{.id = id, .by = address(word(at)), .changes = {}, .approvals = {}};
    const std::uint64_t changes = unpack(to_u256(word(plus(at, 1))))[0];
    const std::uint64_t approvals = unpack(to_u256(word(plus(at, 2))))[0];
    if (changes > kListMax || approvals > kListMax) return fail(err::bad_registry);
    for (std::uint64_t i = 0; i < changes; ++i) {
      WUSONG_TRY(Bytes change, bytes(plus(hash::keccak256(plus(at, 1)), i)));
      out.changes.push_back(std::move(change));
    }
    for (std::uint64_t i = 0; i < approvals; ++i)
      out.approvals.push_back(address(word(plus(hash::keccak256(plus(at, 2)), i))));
    return out;
  }
  types::Observer observer(std::size_t index) {
    const Hash at = plus(elements_of(kObservers), index * kObserverWords);
    return {.name = name_of(word(at)), .node_key = to_bytes(word(plus(at, 1)))};
  }

 private:
  types::StateView& state_;
};

/// The registry's words in a genesis.
class GenesisWords final : public types::StateView {
 public:
  explicit GenesisWords(const Words& words) : words_{words} {}
  std::optional<types::Account> account(const Address& /*address*/) override {
    return std::nullopt;
  }
  U256 storage(const Address& /*address*/, const Hash& slot) override {
    const auto found = words_.find(slot);
    return found == words_.end() ? U256{} : found->second;
  }
  Bytes code(const Hash& /*code_hash*/) override { return {}; }
  std::optional<Error> error() const override { return std::nullopt; }

 private:
  const Words& words_;
};

}  // namespace

bool registry_agrees(const Genesis& genesis) {
  GenesisWords words{genesis.accounts.at(kRegistryAddress).storage};
  const auto registry = read_registry(words);
  const types::Epoch first = first_epoch(genesis);
  return registry && registry->version == first.version && registry->epoch_blocks > 0 &&
         registry->validators == first.validators && registry->observers == first.observers &&
         registry->parameters == first.parameters;
}

bool has_registry(const Genesis& genesis) {
  return genesis.accounts.contains(kRegistryAddress);
}

void add_registry(Genesis& genesis, std::span<const Address> governors,
                  std::uint64_t epoch_blocks) {
  WUSONG_ASSERT(governors.size() == genesis.validators.size());
  GenesisAccount& account = genesis.accounts[kRegistryAddress];
  account.nonce = 1;  // as of any created contract
  account.code = *codec::from_hex(internal::kRegistryCode);
  Words& words = account.storage;
  words[slot_of(kCounters)] = pack({0, epoch_blocks, 0, kOf << 32 | kMoreThan});
  const types::ChainParameters parameters = first_epoch(genesis).parameters;
  words[slot_of(kParameters)] = pack({parameters.gas_limit, parameters.heartbeat_ms,
                                      parameters.block_interval_ms, parameters.block_bytes_max});
  words[slot_of(kBaseFee)] = parameters.base_fee;
  words[slot_of(kValidators)] = U256{genesis.validators.size()};
  words[slot_of(kObservers)] = U256{genesis.observers.size()};
  for (std::size_t i = 0; i < genesis.validators.size(); ++i)
    write_validator(words, i, genesis.validators[i], governors[i]);
  for (std::size_t i = 0; i < genesis.observers.size(); ++i)
    write_observer(words, i, genesis.observers[i]);
  std::erase_if(words, [](const auto& entry) { return entry.second == U256{}; });
}

Result<std::uint64_t> registry_version(types::StateView& state) {
  const std::uint64_t version = Reader{state}.packed(kCounters)[0];
  if (const auto error = state.error()) return fail(*error);
  return version;
}

Result<Registry> read_registry(types::StateView& state) {
  Reader reader{state};
  Registry out;
  const Packed counters = reader.packed(kCounters);
  out.version = counters[0];
  out.epoch_blocks = counters[1];
  const Packed parameters = reader.packed(kParameters);
  out.parameters = {.gas_limit = parameters[0],
                    .base_fee = to_u256(reader.word(slot_of(kBaseFee))),
                    .heartbeat_ms = parameters[1],
                    .block_interval_ms = parameters[2],
                    .block_bytes_max = parameters[3]};
  WUSONG_TRY(const std::size_t validators, reader.size_of(kValidators));
  WUSONG_TRY(const std::size_t observers, reader.size_of(kObservers));
  for (std::size_t i = 0; i < validators; ++i) {
    WUSONG_TRY(types::Validator validator, reader.validator(i));
    out.validators.push_back(std::move(validator));
    out.governors.push_back(reader.governor(i));
  }
  for (std::size_t i = 0; i < observers; ++i) out.observers.push_back(reader.observer(i));
  if (const auto error = state.error()) return fail(*error);
  const std::uint64_t more_than = counters[3] & 0xffff'ffff;
  const std::uint64_t of = counters[3] >> 32;
  if (out.validators.empty() || of == 0) return fail(err::bad_registry);
  out.threshold = out.validators.size() * more_than / of + 1;
  return out;
}

Result<std::vector<OpenProposal>> open_proposals(types::StateView& state) {
  Reader reader{state};
  std::vector<OpenProposal> out;
  WUSONG_TRY(const std::size_t governors, reader.size_of(kValidators));
  const std::uint64_t last = reader.packed(kCounters)[2];
  const std::uint64_t newest = governors * kProposalsPerGovernorMax;
  const std::uint64_t after = std::max(reader.packed(kFirstOpen)[0], last - std::min(last, newest));
  for (std::uint64_t id = after + 1; id <= last; ++id) {
    WUSONG_TRY(OpenProposal proposal, reader.proposal(id));
    if (proposal.by != Address{}) out.push_back(std::move(proposal));
  }
  if (const auto error = state.error()) return fail(*error);
  return out;
}

types::Epoch first_epoch(const Genesis& genesis) {
  return {.number = 0,
          .first = Height{1},
          .version = 0,
          .validators = genesis.validators,
          .observers = genesis.observers,
          .parameters = {.gas_limit = genesis.gas_limit,
                         .base_fee = genesis.gas_price,
                         .heartbeat_ms = genesis.heartbeat_ms,
                         .block_interval_ms = genesis.block_interval_ms,
                         .block_bytes_max = genesis.block_bytes_max}};
}

std::optional<types::Epoch> following_epoch(const types::Epoch& current, const Registry& agreed,
                                            Height height) {
  const bool early = height.next() < current.first.plus(agreed.epoch_blocks);
  if (agreed.version == current.version || early) return std::nullopt;
  return types::Epoch{.number = current.number + 1,
                      .first = height.next(),
                      .version = agreed.version,
                      .validators = agreed.validators,
                      .observers = agreed.observers,
                      .parameters = agreed.parameters};
}

}  // namespace wusong::node
