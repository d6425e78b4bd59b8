// SPDX-License-Identifier: Apache-2.0
// The net module's error table: 2200–2299. Transports report these too: they are what peers did.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::net::err {

inline constexpr ErrorInfo bad_message{2200, Disposition::reject, "net.bad_message"};
inline constexpr ErrorInfo unknown_channel{2201, Disposition::reject, "net.unknown_channel"};
inline constexpr ErrorInfo frame_too_large{2202, Disposition::reject, "net.frame_too_large"};
inline constexpr ErrorInfo unknown_peer{2203, Disposition::reject, "net.unknown_peer"};
inline constexpr ErrorInfo tls_failed{2204, Disposition::reject, "net.tls_failed"};
inline constexpr ErrorInfo genesis_mismatch{2205, Disposition::reject, "net.genesis_mismatch"};
inline constexpr ErrorInfo version_mismatch{2206, Disposition::reject, "net.version_mismatch"};
inline constexpr ErrorInfo hello_expected{2207, Disposition::reject, "net.hello_expected"};
inline constexpr ErrorInfo connected_to_self{2208, Disposition::reject, "net.connected_to_self"};
inline constexpr ErrorInfo connection_lost{2210, Disposition::retry, "net.connection_lost"};
inline constexpr ErrorInfo connect_failed{2211, Disposition::retry, "net.connect_failed"};
inline constexpr ErrorInfo handshake_timeout{2212, Disposition::retry, "net.handshake_timeout"};
inline constexpr ErrorInfo peer_silent{2213, Disposition::retry, "net.peer_silent"};
inline constexpr ErrorInfo slow_reader{2214, Disposition::retry, "net.slow_reader"};
inline constexpr ErrorInfo duplicate_connection{2215, Disposition::retry,
                                                "net.duplicate_connection"};
inline constexpr ErrorInfo peer_removed{2216, Disposition::reject, "net.peer_removed"};
inline constexpr ErrorInfo shutting_down{2217, Disposition::retry, "net.shutting_down"};
inline constexpr ErrorInfo too_many_connections{2218, Disposition::retry,
                                                "net.too_many_connections"};
inline constexpr ErrorInfo refused_by_peer{2219, Disposition::retry, "net.refused_by_peer"};
inline constexpr ErrorInfo misbehaviour{2220, Disposition::reject, "net.misbehaviour"};
inline constexpr ErrorInfo wrong_peer{2221, Disposition::reject, "net.wrong_peer"};
inline constexpr ErrorInfo certificate_untrusted{2222, Disposition::reject,
                                                 "net.certificate_untrusted"};
inline constexpr ErrorInfo certificate_expired{2223, Disposition::reject,
                                               "net.certificate_expired"};
inline constexpr ErrorInfo certificate_not_yet_valid{2224, Disposition::reject,
                                                     "net.certificate_not_yet_valid"};
inline constexpr ErrorInfo certificate_revoked{2225, Disposition::reject,
                                               "net.certificate_revoked"};
inline constexpr ErrorInfo certificate_names_nobody{2226, Disposition::reject,
                                                    "net.certificate_names_nobody"};
inline constexpr ErrorInfo no_revocation_list{2227, Disposition::reject, "net.no_revocation_list"};
inline constexpr ErrorInfo banned{2230, Disposition::reject, "net.banned"};
inline constexpr ErrorInfo rate_exceeded{2231, Disposition::retry, "net.rate_exceeded"};
inline constexpr ErrorInfo bad_address_record{2232, Disposition::reject, "net.bad_address_record"};
inline constexpr ErrorInfo relay_refused{2233, Disposition::retry, "net.relay_refused"};
inline constexpr ErrorInfo relay_credit_exceeded{2234, Disposition::reject,
                                                 "net.relay_credit_exceeded"};
// Of the hybrid key exchange (link_handshake.hpp).
inline constexpr ErrorInfo peer_without_hybrid{2235, Disposition::reject,
                                               "net.peer_without_hybrid"};
inline constexpr ErrorInfo link_suite_mismatch{2236, Disposition::reject,
                                               "net.link_suite_mismatch"};
inline constexpr ErrorInfo bad_link_message{2237, Disposition::reject, "net.bad_link_message"};
inline constexpr ErrorInfo link_not_confirmed{2238, Disposition::reject, "net.link_not_confirmed"};
inline constexpr ErrorInfo bad_link_record{2239, Disposition::reject, "net.bad_link_record"};
// What the other side said of our certificate.
inline constexpr ErrorInfo own_certificate_revoked{2228, Disposition::reject,
                                                   "net.own_certificate_revoked"};
inline constexpr ErrorInfo own_certificate_expired{2229, Disposition::reject,
                                                   "net.own_certificate_expired"};

}  // namespace wusong::net::err
