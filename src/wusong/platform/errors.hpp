// SPDX-License-Identifier: Apache-2.0
// The platform module's error table: 2800–2899.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::platform::err {

inline constexpr ErrorInfo address_in_use{2800, Disposition::reject, "platform.address_in_use"};
inline constexpr ErrorInfo bad_address{2801, Disposition::reject, "platform.bad_address"};
inline constexpr ErrorInfo listen_failed{2802, Disposition::reject, "platform.listen_failed"};
inline constexpr ErrorInfo bad_node_key{2803, Disposition::reject, "platform.bad_node_key"};
inline constexpr ErrorInfo file_not_found{2810, Disposition::reject, "platform.file_not_found"};
inline constexpr ErrorInfo file_unreadable{2811, Disposition::reject, "platform.file_unreadable"};
inline constexpr ErrorInfo file_too_large{2812, Disposition::reject, "platform.file_too_large"};
inline constexpr ErrorInfo file_exists{2817, Disposition::reject, "platform.file_exists"};
inline constexpr ErrorInfo file_write_failed{2813, Disposition::halt, "platform.file_write_failed"};
inline constexpr ErrorInfo permission_denied{2814, Disposition::reject,
                                             "platform.permission_denied"};
inline constexpr ErrorInfo already_locked{2815, Disposition::reject, "platform.already_locked"};
inline constexpr ErrorInfo no_space{2816, Disposition::halt, "platform.no_space"};
inline constexpr ErrorInfo http_failed{2820, Disposition::retry, "platform.http_failed"};
inline constexpr ErrorInfo http_timeout{2821, Disposition::retry, "platform.http_timeout"};
inline constexpr ErrorInfo http_too_large{2822, Disposition::reject, "platform.http_too_large"};
inline constexpr ErrorInfo certificate_refused{2823, Disposition::reject,
                                               "platform.certificate_refused"};
inline constexpr ErrorInfo bad_ca_file{2824, Disposition::reject, "platform.bad_ca_file"};
inline constexpr ErrorInfo private_address{2825, Disposition::reject, "platform.private_address"};

inline constexpr ErrorInfo bad_certificate_file{2860, Disposition::reject,
                                                "platform.bad_certificate_file"};
inline constexpr ErrorInfo bad_tls_key{2861, Disposition::reject, "platform.bad_tls_key"};
inline constexpr ErrorInfo tls_key_mismatch{2862, Disposition::reject, "platform.tls_key_mismatch"};
inline constexpr ErrorInfo certificate_of_another{2863, Disposition::reject,
                                                  "platform.certificate_of_another"};
inline constexpr ErrorInfo bad_crl_file{2864, Disposition::reject, "platform.bad_crl_file"};
inline constexpr ErrorInfo tls_policy{2865, Disposition::reject, "platform.tls_policy"};
inline constexpr ErrorInfo pkcs11_unavailable{2866, Disposition::reject,
                                              "platform.pkcs11_unavailable"};

inline constexpr ErrorInfo not_a_validator{2830, Disposition::reject, "platform.not_a_validator"};

inline constexpr ErrorInfo format_older{2850, Disposition::reject, "platform.format_older"};
inline constexpr ErrorInfo format_newer{2851, Disposition::reject, "platform.format_newer"};
inline constexpr ErrorInfo format_unreadable{2852, Disposition::reject,
                                             "platform.format_unreadable"};
inline constexpr ErrorInfo format_no_way{2853, Disposition::reject, "platform.format_no_way"};
inline constexpr ErrorInfo column_in_use{2854, Disposition::reject, "platform.column_in_use"};

}  // namespace wusong::platform::err
