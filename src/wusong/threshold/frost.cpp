// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/frost.hpp"

#include <sodium.h>

#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/threshold/internal/wire.hpp"

namespace wusong::threshold {
namespace {

using internal::append;

constexpr std::uint8_t kCommitments = 0;
constexpr std::uint8_t kPackages = 1;
constexpr std::uint8_t kShares = 2;
constexpr std::string_view kContext = "FROST-ED25519-SHA512-v1";
constexpr std::size_t kPointSize = 32;
constexpr std::size_t kCommitmentSize = 2 * kPointSize;

const Group& group() noexcept {
  return ed25519_group();
}

struct Commitment {
  Party party;
  Point hiding;
  Point binding;
};
/// What is signed, and by whom. @shape signers (1), ascending: party (1) || hiding || binding;
/// then the message
struct Package {
  std::vector<Commitment> commitments;
  BytesView message;
};

std::vector<Party> parties_of(const Package& package) {
  std::vector<Party> out;
  for (const Commitment& commitment : package.commitments) out.push_back(commitment.party);
  return out;
}

/// H1, H3, H4 and H5 of RFC 9591, section 6.1, told apart by their label.
std::array<std::uint8_t, 64> labelled_hash(std::string_view label, BytesView data) {
  Bytes input;
  input.reserve(kContext.size() + label.size() + data.size());
  append(input, as_bytes(kContext));
  append(input, as_bytes(label));
  append(input, data);
  const auto out = hash::sha512(input);
  sodium_memzero(input.data(), input.size());
  return out;
}

/// RFC 9591, section 4.1
Scalar make_nonce(std::span<const std::uint8_t, 32> randomness, const Scalar& secret) {
  std::array<std::uint8_t, 64> input;
  std::ranges::copy(randomness, input.begin());
  std::ranges::copy(secret.view(), input.begin() + 32);
  auto wide = labelled_hash("nonce", input);
  Scalar out = group().reduce(wide);
  sodium_memzero(input.data(), input.size());
  sodium_memzero(wide.data(), wide.size());
  return out;
}

/// What all parties compute alike from a package.
struct Derived {
  std::vector<Scalar> binding_factors;  // in the order of commitments
  Point nonce;                          // the signature's R
  Scalar challenge;
};

/// RFC 9591, sections 4.4, 4.5 and 4.6
Derived derive(const Point& key, const Package& package) {
  Bytes list;
  for (const Commitment& commitment : package.commitments) {
    append(list, group().scalar(commitment.party.number));
    append(list, group(), commitment.hiding);
    append(list, group(), commitment.binding);
  }
  Bytes prefix = to_bytes(group().encoded(key));
  append(prefix, labelled_hash("msg", package.message));
  append(prefix, labelled_hash("com", list));

  Derived out{.binding_factors = {}, .nonce = group().identity(), .challenge = {}};
  for (const Commitment& commitment : package.commitments) {
    Bytes input = prefix;
    append(input, group().scalar(commitment.party.number));
    out.binding_factors.push_back(group().reduce(labelled_hash("rho", input)));
    out.nonce = group().add(
        out.nonce, group().add(commitment.hiding,
                               group().times(commitment.binding, out.binding_factors.back())));
  }
  Bytes signed_bytes = to_bytes(group().encoded(out.nonce));
  append(signed_bytes, group(), key);
  append(signed_bytes, package.message);
  out.challenge = group().reduce(hash::sha512(signed_bytes));
  return out;
}

/// The caller has checked the envelope. @errors err::bad_length, err::bad_parties, err::bad_point
Result<Package> parse_package(BytesView body) {
  if (body.empty() || body.size() < 1 + body[0] * (1 + kCommitmentSize))
    return fail(err::bad_length);
  internal::Reader reader{group(), body};
  Package out{.commitments = {}, .message = {}};
  const std::size_t count = reader.byte();
  for (std::size_t i = 0; i < count; ++i) {
    Commitment& commitment = out.commitments.emplace_back();
    commitment.party = Party{reader.byte()};
    WUSONG_TRY(commitment.hiding, reader.point());
    WUSONG_TRY(commitment.binding, reader.point());
  }
  WUSONG_CHECK(check(parties_of(out)));
  out.message = reader.rest();
  if (out.message.size() > kFrostMessageMax) return fail(err::message_too_long);
  return out;
}

/// RFC 9591, section 5.3: whether a signature share is right.
bool share_is_right(const PublicShares& shares, const Package& package, const Derived& derived,
                    std::size_t index, const Scalar& share) {
  const Commitment& commitment = package.commitments[index];
  const Scalar factor = group().multiply(
      derived.challenge, lagrange(group(), parties_of(package), commitment.party, Party{}));
  const Point nonce = group().add(
      commitment.hiding, group().times(commitment.binding, derived.binding_factors[index]));
  return group().base_times(share) ==
         group().add(nonce, group().times(shares.of(commitment.party), factor));
}

}  // namespace

FrostSigner::FrostSigner(const KeyShare& key, const Hash& session, Nonces nonces)
    : key_{key},
      session_{session},
      nonces_{std::move(nonces)},
      hiding_{group().base_times(nonces_->hiding)},
      binding_{group().base_times(nonces_->binding)} {}

FrostSigner::FrostSigner(FrostSigner&& other) noexcept
    : key_{std::move(other.key_)},
      session_{std::move(other.session_)},
      nonces_{std::exchange(other.nonces_, std::nullopt)},
      hiding_{std::move(other.hiding_)},
      binding_{std::move(other.binding_)} {}

Result<FrostSigner> FrostSigner::create(const KeyShare& key, const Hash& session,
                                        std::span<const std::uint8_t, 64> randomness) {
  if (key.shares.group != &group()) return fail(err::bad_scalar);
  return FrostSigner{key,
                     session,
                     {.hiding = make_nonce(randomness.first<32>(), key.secret),
                      .binding = make_nonce(randomness.last<32>(), key.secret)}};
}

Result<FrostSigner> FrostSigner::create(const KeyShare& key, const Hash& session,
                                        io::Entropy& entropy) {
  std::array<std::uint8_t, 64> randomness;
  entropy.fill(randomness);
  auto out = create(key, session, randomness);
  sodium_memzero(randomness.data(), randomness.size());
  return out;
}

Bytes FrostSigner::start() const {
  Bytes body;
  append(body, group(), hiding_);
  append(body, group(), binding_);
  return envelope(Protocol::frost, kCommitments, session_, body);
}

namespace {

/// The body of a package. Faults name nobody: whoever coordinates is no party.
Outcome<BytesView> package_body(const Hash& session, BytesView package) {
  if (package.size() < kEnvelopeSize) return blame_nobody(err::bad_length);
  if (package[0] != std::to_underlying(Protocol::frost)) return blame_nobody(err::wrong_protocol);
  if (package[1] != kPackages) return blame_nobody(err::unknown_round);
  if (Hash::from(package.subspan(2, Hash::kSize)) != session)
    return blame_nobody(err::wrong_session);
  return package.subspan(kEnvelopeSize);
}

}  // namespace

Outcome<BytesView> FrostSigner::asked_message(BytesView package) const {
  const auto body = package_body(session_, package);
  if (!body) return body;
  const std::size_t head = body->empty() ? 1 : 1 + (*body)[0] * (1 + kCommitmentSize);
  if (body->size() < head) return blame_nobody(err::bad_length);
  return body->subspan(head);
}

Outcome<Bytes> FrostSigner::sign(BytesView package) {
  if (!nonces_) return blame_nobody(err::nonce_used);
  const auto body = package_body(session_, package);
  if (!body) return std::unexpected{body.error()};
  const auto parsed = parse_package(*body);
  if (!parsed) return blame_nobody(parsed.error());
  if (parsed->commitments.size() < key_.shares.threshold.needed)
    return blame_nobody(err::too_few_shares);
  if (parsed->commitments.back().party.number > key_.shares.threshold.total)
    return blame(err::unknown_party, parsed->commitments.back().party);
  const auto own = std::ranges::find(parsed->commitments, key_.self, &Commitment::party);
  if (own == parsed->commitments.end() || own->hiding != hiding_ || own->binding != binding_)
    return blame_nobody(err::own_commitment_missing);

  const Derived derived = derive(key_.shares.key(), *parsed);
  const Scalar& binding_factor =
      derived.binding_factors[static_cast<std::size_t>(own - parsed->commitments.begin())];
  const Scalar factor = group().multiply(
      derived.challenge, lagrange(group(), parties_of(*parsed), key_.self, Party{}));
  const Nonces nonces = *std::exchange(nonces_, std::nullopt);
  const Scalar share =
      group().add(group().add(nonces.hiding, group().multiply(nonces.binding, binding_factor)),
                  group().multiply(factor, key_.secret));
  return envelope(Protocol::frost, kShares, session_, share.view());
}

FrostCoordinator::FrostCoordinator(Config config)
    : config_{std::move(config)},
      rounds_{{.protocol = Protocol::frost,
               .session = config_.session,
               .senders = config_.signers,
               .body_sizes = {kCommitmentSize, 0, kScalarSize}}} {}

Result<FrostCoordinator> FrostCoordinator::create(Config config) {
  if (config.shares.group != &group()) return fail(err::bad_scalar);
  WUSONG_CHECK(check(config.signers));
  if (config.signers.size() < config.shares.threshold.needed) return fail(err::too_few_shares);
  if (config.signers.back().number > config.shares.threshold.total) return fail(err::unknown_party);
  if (config.message.size() > kFrostMessageMax) return fail(err::message_too_long);
  return FrostCoordinator{std::move(config)};
}

Outcome<Letters> FrostCoordinator::receive(Party from, BytesView message) {
  if (is_over_) return blame_nobody(err::session_over);
  // Before the package is out, nobody can have answered it.
  if (package_.empty() && message.size() > 1 && message[1] == kShares)
    return blame(err::unknown_round, from);
  if (auto accepted = rounds_.accept(from, message); !accepted) {
    is_over_ = !Rounds::is_harmless(accepted.error());
    return std::unexpected{accepted.error()};
  }
  if (package_.empty()) {
    if (!rounds_.has_all(kCommitments)) return Letters{};
    auto out = make_package();
    is_over_ = !out;
    return out;
  }
  if (!rounds_.has_all(kShares)) return Letters{};
  is_over_ = true;
  if (auto done = aggregate(); !done) return std::unexpected{done.error()};
  return Letters{};
}

Outcome<Letters> FrostCoordinator::make_package() {
  Bytes body;
  body.push_back(static_cast<std::uint8_t>(config_.signers.size()));
  for (const Party party : config_.signers) {
    const BytesView commitment = rounds_.body(kCommitments, party);
    internal::Reader reader{group(), commitment};
    if (const auto points = reader.points(2); !points) return blame(points.error(), party);
    body.push_back(party.number);
    append(body, commitment);
  }
  append(body, config_.message);
  package_ = std::move(body);
  Letters out;
  for (const Party party : config_.signers)
    out.push_back({.to = party, .message = rounds_.message(kPackages, package_)});
  return out;
}

Outcome<void> FrostCoordinator::aggregate() {
  const auto package = parse_package(package_);
  WUSONG_ASSERT(package.has_value());  // we wrote it
  std::vector<Scalar> shares;
  Scalar sum;
  for (const Party party : config_.signers) {
    internal::Reader reader{group(), rounds_.body(kShares, party)};
    auto share = reader.scalar();
    if (!share) return blame(share.error(), party);
    sum = group().add(sum, *share);
    shares.push_back(*std::move(share));
  }
  const Derived derived = derive(config_.shares.key(), *package);
  FrostSignature signature{};
  std::ranges::copy(group().encoded(derived.nonce), signature.begin());
  std::ranges::copy(sum.view(), signature.begin() + kPointSize);
  if (crypto::verify(crypto::Scheme::ed25519, group().encoded(config_.shares.key()),
                     config_.message, signature)) {
    signature_ = signature;
    return {};
  }
  Fault fault{err::bad_signature_share, {}};
  for (std::size_t i = 0; i < shares.size(); ++i)
    if (!share_is_right(config_.shares, *package, derived, i, shares[i]))
      fault.parties.push_back(config_.signers[i]);
  if (fault.parties.empty()) return blame_nobody(err::signing_fault);
  return std::unexpected{std::move(fault)};
}

}  // namespace wusong::threshold
