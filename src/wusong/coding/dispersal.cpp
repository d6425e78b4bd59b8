// SPDX-License-Identifier: Apache-2.0
#include "wusong/coding/dispersal.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "wusong/base/defect.hpp"
#include "wusong/coding/errors.hpp"

namespace wusong::coding {
namespace {

constexpr std::string_view kDomain = "wusong/dispersal/1\n";
constexpr std::size_t kHeaderBytes = 6;
/// Pieces are hashed many at a time, so that a fragment of half a mebibyte is checked as fast as
/// many small ones. All are of this size, but for a fragment's last.
constexpr std::size_t kPieceBytes = 4096;

void store_be16(std::uint8_t* to, std::uint16_t value) noexcept {
  value = std::byteswap(value);
  std::memcpy(to, &value, sizeof(value));
}
void store_be32(std::uint8_t* to, std::uint32_t value) noexcept {
  value = std::byteswap(value);
  std::memcpy(to, &value, sizeof(value));
}
std::uint16_t load_be16(const std::uint8_t* from) noexcept {
  std::uint16_t value;
  std::memcpy(&value, from, sizeof(value));
  return std::byteswap(value);
}
std::uint32_t load_be32(const std::uint8_t* from) noexcept {
  std::uint32_t value;
  std::memcpy(&value, from, sizeof(value));
  return std::byteswap(value);
}

/// All paths have one length, so a leaf and an inner node cannot be taken for each other.
hash::MerkleRule rule_of(HashBatch hash) noexcept {
  return {.hash = hash};
}
std::size_t path_bytes(std::size_t total) noexcept {
  return hash::merkle_path_length({}, 0, total) * sizeof(Hash);
}

/// @shape `fragments` end to end, each of `fragment_bytes`
std::vector<Hash> hash_fragments(BytesView fragments, std::size_t fragment_bytes, HashBatch hash) {
  std::vector<BytesView> pieces;
  for (std::size_t start = 0; start < fragments.size(); start += fragment_bytes) {
    BytesView rest = fragments.subspan(start, fragment_bytes);
    for (; rest.size() > kPieceBytes; rest = rest.subspan(kPieceBytes))
      pieces.push_back(rest.first(kPieceBytes));
    pieces.push_back(rest);
  }
  std::vector<Hash> digests(pieces.size());
  hash(pieces, digests);

  std::vector<Hash> leaves(fragments.size() / fragment_bytes);
  std::vector<BytesView> messages(leaves.size());
  const std::size_t each = pieces.size() / leaves.size();
  for (std::size_t i = 0; i < leaves.size(); ++i)
    messages[i] = {digests[i * each].data(), each * sizeof(Hash)};
  hash(messages, leaves);
  return leaves;
}

/// One message's digest.
Hash hash_one(HashBatch hash, BytesView message) noexcept {
  Hash digest;
  hash({&message, 1}, {&digest, 1});
  return digest;
}

}  // namespace

Bytes Dispersal::message(std::uint16_t index) const {
  WUSONG_ASSERT(index < total_);
  const std::vector<Hash> path = tree_.path(index);
  Bytes out(kHeaderBytes + path.size() * sizeof(Hash) + fragment_bytes_);
  store_be16(out.data(), index);
  store_be32(out.data() + 2, payload_bytes_);
  std::uint8_t* at = out.data() + kHeaderBytes;
  for (const Hash& node : path) at = std::ranges::copy(node.bytes, at).out;
  std::memcpy(out.data() + out.size() - fragment_bytes_, fragments_.get() + index * fragment_bytes_,
              fragment_bytes_);
  return out;
}

Disperser::Disperser(ReedSolomon code, HashBatch hash) noexcept
    : code_{std::move(code)}, hash_{hash} {}

Result<Disperser> Disperser::create(Shape shape, HashBatch hash) {
  WUSONG_TRY(ReedSolomon code, ReedSolomon::create(shape));
  return Disperser{std::move(code), hash};
}

Result<Dispersal> Disperser::disperse(BytesView payload) const {
  if (payload.size() > kPayloadBytesMax) return fail(err::payload_too_large);
  Dispersal out = make(static_cast<std::uint32_t>(payload.size()));
  const std::size_t data_bytes = code_.shape().needed * out.fragment_bytes_;
  if (!payload.empty()) std::memcpy(out.fragments_.get(), payload.data(), payload.size());
  std::memset(out.fragments_.get() + payload.size(), 0, data_bytes - payload.size());
  WUSONG_CHECK(code_.encode({out.fragments_.get(), code_.shape().total * out.fragment_bytes_}));
  commit(out);
  return out;
}

Result<Fragment> Disperser::open(const Commitment& commitment, BytesView message) const {
  if (message.size() < kHeaderBytes) return fail(err::bad_size);
  Fragment out;
  out.commitment = commitment;
  out.index = load_be16(message.data());
  out.payload_bytes = load_be32(message.data() + 2);
  if (out.payload_bytes > kPayloadBytesMax) return fail(err::payload_too_large);
  if (message.size() != message_bytes(out.payload_bytes)) return fail(err::bad_size);
  if (out.index >= code_.shape().total) return fail(err::bad_index);
  const std::size_t bytes = fragment_bytes(out.payload_bytes);
  out.bytes = message.last(bytes);
  std::vector<Hash> path((message.size() - kHeaderBytes - bytes) / sizeof(Hash));
  BytesView rest = message.subspan(kHeaderBytes);
  for (Hash& node : path) {
    node = Hash::from(rest.first(sizeof(Hash)));
    rest = rest.subspan(sizeof(Hash));
  }
  const Hash leaf = hash_fragments(out.bytes, bytes, hash_).front();
  const auto root =
      hash::merkle_root_from(rule_of(hash_), leaf, out.index, code_.shape().total, path);
  if (!root || commitment_of(out.payload_bytes, *root) != commitment) return fail(err::bad_path);
  return out;
}

Result<Dispersal> Disperser::reconstruct(std::span<const Fragment> fragments) const {
  const auto [total, needed] = code_.shape();
  if (fragments.size() < needed) return fail(err::wrong_count);
  fragments = fragments.first(needed);
  const Fragment& one = fragments.front();
  Dispersal out = make(one.payload_bytes);
  std::vector<std::uint16_t> known;
  known.reserve(needed);
  for (const Fragment& fragment : fragments) {
    if (fragment.commitment != one.commitment) return fail(err::mixed_commitments);
    // What was opened against this commitment has this shape.
    WUSONG_ASSERT(fragment.index < total && fragment.bytes.size() == out.fragment_bytes_);
    known.push_back(fragment.index);
    std::memcpy(out.fragments_.get() + fragment.index * out.fragment_bytes_, fragment.bytes.data(),
                out.fragment_bytes_);
  }
  std::ranges::sort(known);
  WUSONG_CHECK(code_.complete({out.fragments_.get(), total * out.fragment_bytes_}, known));
  commit(out);
  const BytesView padding{out.fragments_.get() + out.payload_bytes_,
                          needed * out.fragment_bytes_ - out.payload_bytes_};
  const bool is_padded = std::ranges::all_of(padding, [](std::uint8_t b) { return b == 0; });
  if ((!is_padded || out.commitment_ != one.commitment) &&
      !has_defect(Defect::reconstruction_unchecked))
    return fail(err::inconsistent_encoding);
  return out;
}

Dispersal Disperser::forge(std::uint32_t payload_bytes, BytesView fragments) const {
  Dispersal out = make(payload_bytes);
  WUSONG_ASSERT(fragments.size() == code_.shape().total * out.fragment_bytes_);
  std::memcpy(out.fragments_.get(), fragments.data(), fragments.size());
  commit(out);
  return out;
}

std::size_t Disperser::message_bytes(std::uint32_t payload_bytes) const noexcept {
  return kHeaderBytes + path_bytes(code_.shape().total) + fragment_bytes(payload_bytes);
}

std::size_t Disperser::fragment_bytes(std::uint32_t payload_bytes) const noexcept {
  const std::size_t group = std::size_t{code_.shape().needed} * kFragmentBlockBytes;
  return std::max<std::size_t>((payload_bytes + group - 1) / group, 1) * kFragmentBlockBytes;
}

Dispersal Disperser::make(std::uint32_t payload_bytes) const {
  Dispersal out;
  out.total_ = code_.shape().total;
  out.payload_bytes_ = payload_bytes;
  out.fragment_bytes_ = fragment_bytes(payload_bytes);
  out.fragments_ =
      std::make_unique_for_overwrite<std::uint8_t[]>(code_.shape().total * out.fragment_bytes_);
  return out;
}

void Disperser::commit(Dispersal& dispersal) const {
  const BytesView fragments{dispersal.fragments_.get(),
                            code_.shape().total * dispersal.fragment_bytes_};
  dispersal.tree_ = hash::MerkleTree::over(
      rule_of(hash_), hash_fragments(fragments, dispersal.fragment_bytes_, hash_));
  dispersal.commitment_ = commitment_of(dispersal.payload_bytes_, dispersal.tree_.root());
}

Commitment Disperser::commitment_of(std::uint32_t payload_bytes, const Hash& root) const noexcept {
  std::uint8_t bound[kDomain.size() + 12 + sizeof(Hash)];
  std::memcpy(bound, kDomain.data(), kDomain.size());
  std::uint8_t* const numbers = bound + kDomain.size();
  store_be32(numbers, code_.shape().total);
  store_be32(numbers + 4, code_.shape().needed);
  store_be32(numbers + 8, payload_bytes);
  std::memcpy(numbers + 12, root.data(), sizeof(Hash));
  return Commitment{hash_one(hash_, bound).bytes};
}

}  // namespace wusong::coding
