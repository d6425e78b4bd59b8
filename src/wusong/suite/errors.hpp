// SPDX-License-Identifier: Apache-2.0
// The suite module's error table: 4300–4399.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::suite::err {

inline constexpr ErrorInfo unknown_scheme{4300, Disposition::reject, "suite.unknown_scheme"};
/// The scheme cannot do what it was asked: a signature scheme to encapsulate, RSA to sign.
inline constexpr ErrorInfo not_offered{4301, Disposition::reject, "suite.not_offered"};
/// Not the one encoding that DER allows, or not the structure that the standard says.
inline constexpr ErrorInfo bad_der{4302, Disposition::reject, "suite.bad_der"};
/// Neither PEM nor DER of a key.
inline constexpr ErrorInfo no_key{4303, Disposition::reject, "suite.no_key"};
/// A key of a scheme that is not here.
inline constexpr ErrorInfo unknown_algorithm{4304, Disposition::reject, "suite.unknown_algorithm"};
inline constexpr ErrorInfo passphrase_needed{4305, Disposition::reject, "suite.passphrase_needed"};
inline constexpr ErrorInfo wrong_passphrase{4306, Disposition::reject, "suite.wrong_passphrase"};
/// The parts of a key file do not belong together.
inline constexpr ErrorInfo key_inconsistent{4307, Disposition::reject, "suite.key_inconsistent"};
/// A passphrase's cost beyond what is sane: 2^24 rounds.
inline constexpr ErrorInfo cost_too_high{4308, Disposition::reject, "suite.cost_too_high"};
inline constexpr ErrorInfo bad_signature_encoding{4309, Disposition::reject,
                                                  "suite.bad_signature_encoding"};
inline constexpr ErrorInfo bad_length{4310, Disposition::reject, "suite.bad_length"};
/// Of the C interface.
inline constexpr ErrorInfo buffer_too_small{4311, Disposition::reject, "suite.buffer_too_small"};
inline constexpr ErrorInfo null_argument{4312, Disposition::reject, "suite.null_argument"};
inline constexpr ErrorInfo bad_ciphertext_encoding{4313, Disposition::reject,
                                                   "suite.bad_ciphertext_encoding"};

}  // namespace wusong::suite::err
