// SPDX-License-Identifier: Apache-2.0
#include "wusong/light/follower.hpp"

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/consensus/validator_keys.hpp"
#include "wusong/light/errors.hpp"

namespace wusong::light {

Result<types::ExecutionRoots> ProvenHeaders::roots_of(Height height) const {
  for (const types::Header& header : headers) {
    const std::uint64_t behind = header.executed.value - height.value;
    if (height <= header.executed && behind < header.roots.size())
      return header.roots[header.roots.size() - 1 - behind];
  }
  return fail(err::roots_missing);
}

std::unique_ptr<consensus::VoteVerifier> key_voters(const types::Epoch& epoch) {
  return std::make_unique<consensus::KeyVerifier>(consensus::keys_of(epoch));
}

Follower::Follower(const Hash& genesis, types::Epoch trusted, VotersOf voters_of)
    : genesis_{genesis}, voters_of_{std::move(voters_of)} {
  add(std::move(trusted));
}

void Follower::add(types::Epoch epoch) {
  Known known{.epoch = std::move(epoch), .domain = {}, .voters = nullptr, .last = {}};
  known.domain = types::vote_domain(genesis_, known.epoch);
  known.voters = voters_of_(known.epoch);
  const Height first = known.epoch.first;
  epochs_.emplace(first, std::move(known));
}

const types::Epoch* Follower::epoch_of(Height height) const {
  const Known* const known = known_at(height);
  return known == nullptr ? nullptr : &known->epoch;
}

const Follower::Known* Follower::known_at(Height height) const {
  const auto later = epochs_.upper_bound(height);
  return later == epochs_.begin() ? nullptr : &std::prev(later)->second;
}

/// @return how many vouch for it
Result<std::size_t> Follower::check(const Known& known, const types::Header& header,
                                    const Hash& hash, BytesView bytes) const {
  const auto proof = consensus::decode_finality_proof(bytes);
  if (!proof) return fail(err::not_a_proof);
  if (proof->block_id != hash || proof->height != header.number) return fail(err::other_block);
  if (!consensus::verify_finality_proof(*known.voters, known.domain, *proof))
    return fail(err::not_final);
  return proof->signatures.entries.size();
}

Result<void> Follower::advance(const EpochStep& step) {
  const auto header = types::decode_header(step.header);
  if (!header) return fail(err::not_a_header);
  WUSONG_CHECK(next_of(*header));
  const auto signers =
      check(epochs_.rbegin()->second, *header, types::hash_of(*header), step.proof);
  if (!signers) return fail(signers.error());
  return extend(*header);
}

Result<void> Follower::extend(const types::Header& header) {
  WUSONG_TRY(types::Epoch next, next_of(header));
  epochs_.rbegin()->second.last = types::hash_of(header);
  add(std::move(next));
  return {};
}

/// The epoch that the header begins.
Result<types::Epoch> Follower::next_of(const types::Header& header) const {
  const types::Epoch& current = newest();
  if (header.next_epoch.empty()) return fail(err::no_epoch_ends);
  auto next = types::decode_epoch(header.next_epoch);
  if (!next || next->number != current.number + 1 || next->first != header.number.next() ||
      header.number < current.first)
    return fail(err::wrong_epoch);
  return *std::move(next);
}

Result<ProvenHeaders> Follower::prove(const HeaderClaim& claim) const {
  if (claim.chain.size() >= kClaimHeadersMax) return fail(err::too_long);
  ProvenHeaders out;
  Hash hash;
  const auto add = [&](const Bytes& encoded) -> Result<void> {
    auto header = types::decode_header(encoded);
    if (!header) return fail(err::not_a_header);
    if (!out.headers.empty() &&
        (header->parent_hash != hash || header->number != out.headers.back().number.next()))
      return fail(err::broken_link);
    hash = types::hash_of(*header);
    const Known* const known = known_at(header->number);
    if (known == nullptr) return fail(err::before_trust);
    // An epoch's end that is not the known one, or that nobody has shown yet.
    const auto begins = epochs_.find(header->number.next());
    const bool ends = begins != epochs_.end() && begins != epochs_.begin();
    if (ends != !header->next_epoch.empty() || (ends && known->last != hash))
      return fail(err::wrong_epoch);
    if (out.headers.empty()) out.hash = hash;
    out.headers.push_back(*std::move(header));
    return {};
  };
  WUSONG_CHECK(add(claim.header));
  for (const Bytes& header : claim.chain) WUSONG_CHECK(add(header));
  const Known& known = *known_at(out.headers.back().number);
  WUSONG_TRY(out.signers, check(known, out.headers.back(), hash, claim.proof));
  out.epoch = known.epoch.number;
  return out;
}

}  // namespace wusong::light
