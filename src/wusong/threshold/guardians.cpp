// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/guardians.hpp"

#include <sodium.h>

#include "wusong/cipher/cipher.hpp"
#include "wusong/threshold/internal/wire.hpp"

namespace wusong::threshold {
namespace {

using internal::append;

constexpr std::uint8_t kBoxVersion = 1;
constexpr std::size_t kBoxFixedSize = 3;

BytesView context() noexcept {
  return as_bytes("guardians");
}
/// Each key seals once, so its nonce may be the same for all.
const Bytes& nonce() {
  static const Bytes kNonce(cipher::kGcmNonceBytes);
  return kNonce;
}
Hash box_id(const Group& group, BytesView box) {
  return Transcript{group, "guarded box"}.add(box).digest();
}
/// Under the hash of a shared scalar: 256 bits for AES, as searching by quantum computers halves
/// them.
cipher::Gcm sealing_key(const Group& group, const Scalar& shared) {
  Hash key = Transcript{group, "guarded key"}.add(shared.view()).digest();
  auto out = cipher::Gcm::create(cipher::Cipher::aes256, key);
  sodium_memzero(key.data(), key.size());
  WUSONG_ASSERT(out.has_value());  // its length is right
  return *std::move(out);
}

}  // namespace

Result<Entrusted> entrust(const Group& group, Threshold threshold, BytesView secret,
                          io::Entropy& entropy) {
  if (secret.size() > kGuardedSecretMax) return fail(err::message_too_long);
  const Scalar shared = group.random(entropy);
  WUSONG_TRY(const HashDealt dealt, deal_by_hashes(group, context(), threshold, shared, entropy));
  Entrusted out;
  out.box.insert(out.box.end(), {kBoxVersion, threshold.needed, threshold.total});
  for (const Hash& commitment : dealt.dealing.commitments) append(out.box, commitment);
  for (const Scalar& number : dealt.dealing.response) append(out.box, number);
  const Bytes head = out.box;
  out.box.resize(head.size() + secret.size() + cipher::kGcmTagBytes);
  const auto sealed = sealing_key(group, shared)
                          .seal({.nonce = nonce(), .associated = head}, secret,
                                std::span{out.box}.subspan(head.size()));
  WUSONG_ASSERT(sealed.has_value());  // all lengths are ours
  out.id = box_id(group, out.box);
  for (const SaltedShare& share : dealt.shares) {
    Bytes encoded;
    encoded.reserve(kGuardianShareSize);
    append(encoded, share.share.value);
    append(encoded, share.salt);
    out.shares.emplace_back(std::move(encoded));
  }
  return out;
}

Result<GuardedBox> GuardedBox::open(const Group& group, BytesView box, const Hash& id) {
  if (box.size() > kBoxFixedSize + 255 * (Hash::kSize + kScalarSize) + kGuardedSecretMax +
                       cipher::kGcmTagBytes ||
      box.size() < kBoxFixedSize || box[0] != kBoxVersion)
    return fail(err::bad_length);
  if (box_id(group, box) != id) return fail(err::wrong_box);
  GuardedBox out{group, box};
  out.dealing_.threshold = {.needed = box[1], .total = box[2]};
  WUSONG_CHECK(threshold::check(out.dealing_.threshold));
  out.head_size_ = kBoxFixedSize + box[2] * Hash::kSize + box[1] * kScalarSize;
  if (box.size() < out.head_size_ + cipher::kGcmTagBytes) return fail(err::bad_length);
  internal::Reader reader{group, box.subspan(kBoxFixedSize)};
  for (unsigned i = 0; i < box[2]; ++i) out.dealing_.commitments.push_back(reader.hash());
  for (unsigned i = 0; i < box[1]; ++i) {
    WUSONG_TRY(out.dealing_.response.emplace_back(), reader.scalar());
  }
  return out;
}

Result<SaltedShare> GuardedBox::check(Party guardian, BytesView share) const {
  if (share.size() != kGuardianShareSize) return fail(err::bad_length);
  internal::Reader reader{*group_, share};
  SaltedShare out{.share = {.party = guardian, .value = {}}, .salt = {}};
  WUSONG_TRY(out.share.value, reader.scalar());
  out.salt = Salt::from(reader.bytes(Salt::kSize));
  WUSONG_CHECK(check_share(*group_, context(), dealing_, out));
  return out;
}

Outcome<void> Recovery::add(Party guardian, BytesView share) {
  const auto checked = box_.check(guardian, share);
  if (!checked) return blame(checked.error(), guardian);
  if (!shares_.emplace(guardian, checked->share.value).second)
    return blame(err::duplicate, guardian);
  return {};
}

Result<SecretBytes> Recovery::secret() const {
  std::vector<Share> shares;
  for (const auto& [party, value] : shares_) shares.push_back({party, value});
  WUSONG_TRY(const Scalar shared, interpolate(*box_.group_, box_.threshold().needed, shares));
  const BytesView head = BytesView{box_.box_}.first(box_.head_size_);
  const BytesView sealed = BytesView{box_.box_}.subspan(box_.head_size_);
  Bytes secret(sealed.size() - cipher::kGcmTagBytes);
  if (!sealing_key(*box_.group_, shared)
           .open({.nonce = nonce(), .associated = head}, sealed, secret))
    return fail(err::wrong_box);
  return SecretBytes{std::move(secret)};
}

}  // namespace wusong::threshold
