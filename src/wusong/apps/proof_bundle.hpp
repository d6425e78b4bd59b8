// SPDX-License-Identifier: Apache-2.0
// Checks a proof bundle of the data platform (docs/data-platform.md, section 6) without a network:
// what an auditor holds against an export. Shares no code with the portal that made it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/apps/errors.hpp"
#include "wusong/base/bytes.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/types/epoch.hpp"

namespace wusong::apps {

namespace err {
inline constexpr ErrorInfo bundle_malformed{3060, Disposition::reject, "apps.bundle_malformed"};
inline constexpr ErrorInfo trust_malformed{3061, Disposition::reject, "apps.trust_malformed"};
inline constexpr ErrorInfo other_chain{3062, Disposition::reject, "apps.other_chain"};
inline constexpr ErrorInfo other_contract{3063, Disposition::reject, "apps.other_contract"};
inline constexpr ErrorInfo headers_broken{3065, Disposition::reject, "apps.headers_broken"};
inline constexpr ErrorInfo unknown_signer{3066, Disposition::reject, "apps.unknown_signer"};
inline constexpr ErrorInfo too_few_signers{3067, Disposition::reject, "apps.too_few_signers"};
inline constexpr ErrorInfo bad_attestation{3068, Disposition::reject, "apps.bad_attestation"};
inline constexpr ErrorInfo roots_missing{3069, Disposition::reject, "apps.roots_missing"};
inline constexpr ErrorInfo account_unproved{3070, Disposition::reject, "apps.account_unproved"};
inline constexpr ErrorInfo item_unproved{3071, Disposition::reject, "apps.item_unproved"};
inline constexpr ErrorInfo item_unknown{3072, Disposition::reject, "apps.item_unknown"};
inline constexpr ErrorInfo document_changed{3073, Disposition::reject, "apps.document_changed"};
inline constexpr ErrorInfo file_not_named{3074, Disposition::reject, "apps.file_not_named"};
inline constexpr ErrorInfo file_changed{3075, Disposition::reject, "apps.file_changed"};
inline constexpr ErrorInfo epoch_unproved{3076, Disposition::reject, "apps.epoch_unproved"};
}  // namespace err

/// What the auditor believes beforehand.
struct Trust {
  Hash genesis;
  Address contract;  // Workflows
  hash::Profile profile{hash::Profile::standard};
  types::Epoch epoch;  // whose validators are trusted; of the first, the keys alone are known
};
/// @errors err::trust_malformed
[[nodiscard]] Outcome<Trust> parse_trust(std::string_view json);
std::string to_json(const Trust& trust);

/// What a bundle proves of its item.
struct ProvedItem {
  Hash id;
  Height height;           // the item was so after this block
  Height attested;         // the block whose finality the validators signed
  std::uint64_t epoch{0};  // of the attested block
  std::size_t signers{0};
  std::uint8_t workflow{0};
  std::uint8_t state{0};
  std::uint16_t pack{0};
  std::uint32_t sequence{0};
  std::uint32_t organisation{0};
  Address creator;
  Hash document;  // SHA-256; zero: none
  bool document_checked{false};
  bool file_checked{false};
};

/// `file_digest` is the SHA-256 of the file at hand: it must be the one that the document names.
/// @errors err::bundle_malformed and the rows after it, each for one kind of forgery
[[nodiscard]] Outcome<ProvedItem> verify_bundle(std::string_view bundle, const Trust& trust,
                                                const std::optional<Hash>& file_digest);

}  // namespace wusong::apps
