// SPDX-License-Identifier: Apache-2.0
// The cipher module's error table: 3800–3899.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::cipher::err {

inline constexpr ErrorInfo bad_key_length{3800, Disposition::reject, "cipher.bad_key_length"};
inline constexpr ErrorInfo bad_nonce_length{3801, Disposition::reject, "cipher.bad_nonce_length"};
inline constexpr ErrorInfo bad_tag_length{3802, Disposition::reject, "cipher.bad_tag_length"};
inline constexpr ErrorInfo bad_output_length{3803, Disposition::reject, "cipher.bad_output_length"};
inline constexpr ErrorInfo overlapping_buffers{3804, Disposition::reject,
                                               "cipher.overlapping_buffers"};
inline constexpr ErrorInfo message_too_long{3805, Disposition::reject, "cipher.message_too_long"};
inline constexpr ErrorInfo message_too_short{3806, Disposition::reject, "cipher.message_too_short"};
/// Another key, nonce or associated data, or changed bytes.
inline constexpr ErrorInfo wrong_tag{3807, Disposition::reject, "cipher.wrong_tag"};
inline constexpr ErrorInfo equal_keys{3808, Disposition::reject, "cipher.equal_keys"};

}  // namespace wusong::cipher::err
