// SPDX-License-Identifier: Apache-2.0
// The crypto module's error table: 1400–1499.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::crypto::err {

inline constexpr ErrorInfo bad_signature{1400, Disposition::reject, "crypto.bad_signature"};
inline constexpr ErrorInfo bad_public_key{1401, Disposition::reject, "crypto.bad_public_key"};
inline constexpr ErrorInfo bad_secret_key{1402, Disposition::reject, "crypto.bad_secret_key"};
inline constexpr ErrorInfo bad_point{1403, Disposition::reject, "crypto.bad_point"};
inline constexpr ErrorInfo bad_scalar{1404, Disposition::reject, "crypto.bad_scalar"};
inline constexpr ErrorInfo bad_length{1405, Disposition::reject, "crypto.bad_length"};
inline constexpr ErrorInfo bad_proof{1406, Disposition::reject, "crypto.bad_proof"};
inline constexpr ErrorInfo bad_keystore{1410, Disposition::reject, "crypto.bad_keystore"};
inline constexpr ErrorInfo unsupported_keystore{1411, Disposition::reject,
                                                "crypto.unsupported_keystore"};
inline constexpr ErrorInfo wrong_password{1412, Disposition::reject, "crypto.wrong_password"};
inline constexpr ErrorInfo unknown_scheme{1413, Disposition::reject, "crypto.unknown_scheme"};
inline constexpr ErrorInfo bad_seal{1414, Disposition::reject, "crypto.bad_seal"};
inline constexpr ErrorInfo out_of_memory{1415, Disposition::retry, "crypto.out_of_memory"};
inline constexpr ErrorInfo miscalculation{1416, Disposition::halt, "crypto.miscalculation"};
inline constexpr ErrorInfo no_agreement{1417, Disposition::reject, "crypto.no_agreement"};
inline constexpr ErrorInfo bad_confirmation{1418, Disposition::reject, "crypto.bad_confirmation"};
inline constexpr ErrorInfo bad_ciphertext{1419, Disposition::reject, "crypto.bad_ciphertext"};

}  // namespace wusong::crypto::err
