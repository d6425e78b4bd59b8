// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/epoch_ends.hpp"

#include <algorithm>

#include "wusong/node/errors.hpp"

namespace wusong::node {
namespace {

Result<types::Header> header_at(const storage::Ledger& ledger, Height height) {
  WUSONG_TRY(const auto block, ledger.block(height));
  if (!block) return fail(err::ledger_gap);
  return types::header_of(block->bytes);
}

}  // namespace

Result<net::EpochsResponse> serve_epochs(const storage::Ledger& ledger,
                                         const net::EpochsRequest& request) {
  net::EpochsResponse out{.id = request.id, .ends = {}};
  WUSONG_TRY(const std::vector<Height> epochs, ledger.epochs());
  std::size_t bytes = 0;
  for (std::uint64_t number = request.from; number < epochs.size() - 1; ++number) {
    const Height last = epochs[number + 1].minus(1);
    WUSONG_TRY(const types::Header header, header_at(ledger, last));
    WUSONG_TRY(auto certificate, ledger.certificate(storage::CertificateKind::finality, last));
    if (!certificate) return fail(err::ledger_gap);
    net::EpochEnd end{.header = types::encode(header), .certificate = *std::move(certificate)};
    bytes += end.header.size() + end.certificate.size();
    if (!out.ends.empty() && bytes > net::kEpochEndsBytesMax) break;
    out.ends.push_back(std::move(end));
    if (out.ends.size() == net::kEpochEndsMax) break;
  }
  return out;
}

Result<std::vector<EpochProof>> epoch_proofs(const storage::Ledger& ledger, std::uint64_t from,
                                             std::size_t limit) {
  const std::uint64_t first = std::max<std::uint64_t>(from, 1);
  WUSONG_TRY(auto ended, serve_epochs(ledger, {.id = 0, .from = first - 1}));
  std::vector<EpochProof> out;
  for (net::EpochEnd& end : ended.ends) {
    if (out.size() == limit) break;
    out.push_back({.epoch = first + out.size(),
                   .header = std::move(end.header),
                   .proof = std::move(end.certificate)});
  }
  return out;
}

Result<EpochPtr> epoch_of(const storage::Ledger& ledger, types::Epoch first, Height height) {
  WUSONG_TRY(const std::vector<Height> epochs, ledger.epochs());
  const auto later = std::ranges::upper_bound(epochs, height);
  if (later == epochs.begin() || later == std::next(epochs.begin()))
    return std::make_shared<const types::Epoch>(std::move(first));
  WUSONG_TRY(const types::Header header, header_at(ledger, std::prev(later)->minus(1)));
  WUSONG_TRY(types::Epoch found, types::decode_epoch(header.next_epoch));
  return std::make_shared<const types::Epoch>(std::move(found));
}

Result<light::Follower> follow_ledger(const storage::Ledger& ledger, const Hash& genesis,
                                      const types::Epoch& first, light::VotersOf voters_of) {
  light::Follower out{genesis, first, std::move(voters_of)};
  WUSONG_TRY(const std::vector<Height> epochs, ledger.epochs());
  for (std::size_t number = 1; number < epochs.size(); ++number) {
    WUSONG_TRY(const types::Header header, header_at(ledger, epochs[number].minus(1)));
    if (!out.extend(header)) return fail(err::bad_registry);
  }
  return out;
}

}  // namespace wusong::node
