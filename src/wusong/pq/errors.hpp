// SPDX-License-Identifier: Apache-2.0
// The pq module's error table: 3900–3999.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::pq::err {

inline constexpr ErrorInfo public_key_length{3900, Disposition::reject, "pq.public_key_length"};
inline constexpr ErrorInfo secret_key_length{3901, Disposition::reject, "pq.secret_key_length"};
inline constexpr ErrorInfo seed_length{3902, Disposition::reject, "pq.seed_length"};
inline constexpr ErrorInfo signature_length{3903, Disposition::reject, "pq.signature_length"};
inline constexpr ErrorInfo ciphertext_length{3904, Disposition::reject, "pq.ciphertext_length"};
inline constexpr ErrorInfo context_too_long{3905, Disposition::reject, "pq.context_too_long"};
/// A coefficient of a public key is not below the modulus: another encoding of the same key.
inline constexpr ErrorInfo key_not_reduced{3906, Disposition::reject, "pq.key_not_reduced"};
/// A coefficient of a secret key is beyond what key generation can give.
inline constexpr ErrorInfo secret_out_of_range{3907, Disposition::reject, "pq.secret_out_of_range"};
/// The parts of a secret key do not belong together: a changed or corrupted file.
inline constexpr ErrorInfo key_inconsistent{3908, Disposition::reject, "pq.key_inconsistent"};
/// Hints out of order, too many, or with bytes after the last: another encoding of the same ones.
inline constexpr ErrorInfo hint_encoding{3909, Disposition::reject, "pq.hint_encoding"};
inline constexpr ErrorInfo response_too_large{3910, Disposition::reject, "pq.response_too_large"};
inline constexpr ErrorInfo bad_signature{3911, Disposition::reject, "pq.bad_signature"};
/// What was just signed does not verify: the computation went wrong, and the signature was
/// discarded as it might give the key away.
inline constexpr ErrorInfo signing_fault{3912, Disposition::halt, "pq.signing_fault"};

}  // namespace wusong::pq::err
