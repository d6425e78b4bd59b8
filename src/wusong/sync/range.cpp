// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/range.hpp"

#include "wusong/base/defect.hpp"
#include "wusong/consensus/finality_proof.hpp"
#include "wusong/sync/errors.hpp"
#include "wusong/types/block.hpp"

namespace wusong::sync {

Result<VerifiedRange> check_links(const net::RangeResponse& range) {
  WUSONG_ASSERT(!range.blocks.empty());
  VerifiedRange out;
  out.hashes.reserve(range.blocks.size());
  Height height = range.from;
  bool ended = false;
  for (const Bytes& bytes : range.blocks) {
    const auto block = types::split_block(bytes);
    if (!block) return fail(err::bad_block);
    const types::Header& header = block->header;
    if (header.number != height) return fail(err::wrong_height);
    if (ended) return fail(err::two_epochs);
    if (out.hashes.empty()) {
      out.parent = header.parent_hash;
    } else if (header.parent_hash != out.hashes.back()) {
      return fail(err::broken_link);
    }
    out.hashes.push_back(types::hash_of(header));
    height = height.next();
    ended = !header.next_epoch.empty();
  }
  return out;
}

Result<void> check_certificate(const net::RangeResponse& range, const VerifiedRange& links,
                               const EpochVoters& voters) {
  if (has_defect(Defect::sync_unproven)) return {};
  const auto proof = consensus::decode_finality_proof(range.certificate);
  const Height last = range.from.plus(links.hashes.size() - 1);
  if (!proof || proof->height != last || proof->block_id != links.hashes.back())
    return fail(err::wrong_certificate);
  if (!consensus::verify_finality_proof(*voters.validators, voters.domain, *proof))
    return fail(err::bad_certificate);
  return {};
}

Result<VerifiedRange> verify_range(const net::RangeResponse& range, light::Follower& epochs) {
  WUSONG_TRY(VerifiedRange links, check_links(range));
  const Height last = range.from.plus(links.hashes.size() - 1);
  const light::Follower::Known* const epoch = epochs.known_at(range.from);
  if (epoch == nullptr || epochs.known_at(last) != epoch) return fail(err::other_epoch);
  WUSONG_CHECK(check_certificate(range, links, {epoch->voters.get(), epoch->domain}));
  const auto header = types::header_of(range.blocks.back());
  if (!header) return fail(err::bad_block);
  const bool known_end = epochs.known_at(last.next()) != epoch;
  if (known_end && links.hashes.back() != *epoch->last) return fail(err::other_epoch);
  if (known_end || header->next_epoch.empty()) return links;
  if (epoch->last || !epochs.extend(*header)) return fail(err::other_epoch);
  return links;
}

namespace {

struct Bounds {
  Height last;
  std::size_t count_max;
  std::size_t bytes_max;
  bool headers_only;
};

/// Appends the blocks up to `last`; false, with nothing appended, when one is missing or they do
/// not fit.
Result<bool> extend(const BlockSource& source, const Bounds& bounds, net::RangeResponse& out,
                    std::size_t& bytes) {
  const std::size_t kept = out.blocks.size();
  std::size_t total = bytes;
  Height height = out.from.plus(kept);
  bool fits = bounds.last.value - out.from.value < bounds.count_max;
  for (; fits && height <= bounds.last; height = height.next()) {
    WUSONG_TRY(auto block, bounds.headers_only ? source.header(height) : source.block(height));
    if (!block) {
      fits = false;
      break;
    }
    total += block->size();
    fits = total <= bounds.bytes_max;
    if (fits) out.blocks.push_back(*std::move(block));
  }
  if (!fits) {
    out.blocks.resize(kept);
    return false;
  }
  bytes = total;
  return true;
}

}  // namespace

std::size_t size_of(const net::RangeResponse& range) noexcept {
  std::size_t total = range.certificate.size();
  for (const Bytes& block : range.blocks) total += block.size();
  return total;
}

Result<net::RangeResponse> serve_range(const BlockSource& source, const net::RangeRequest& request,
                                       std::size_t whole_bytes_max) {
  net::RangeResponse out{request.id, request.from, {}, {}};
  std::size_t bytes = 0;
  WUSONG_TRY(auto certificate, source.first_certificate(request.from));
  if (!certificate || certificate->bytes.size() > net::kCertificateSizeMax) return out;
  const auto up_to = [&](std::size_t count_max, std::size_t bytes_max) {
    return Bounds{.last = certificate->height,
                  .count_max = count_max,
                  .bytes_max = bytes_max,
                  .headers_only = request.headers_only};
  };
  WUSONG_TRY(bool fits,
             extend(source, up_to(net::kRangeBlocksMax, net::kRangeLargeBytesMax), out, bytes));
  while (fits) {
    out.certificate = std::move(certificate->bytes);
    const auto last = types::header_of(out.blocks.back());
    if (last && !last->next_epoch.empty()) break;
    WUSONG_TRY(certificate, source.first_certificate(certificate->height.next()));
    if (!certificate || certificate->bytes.size() > net::kCertificateSizeMax) break;
    WUSONG_TRY(fits, extend(source, up_to(request.count_max, whole_bytes_max), out, bytes));
  }
  return out;
}

}  // namespace wusong::sync
