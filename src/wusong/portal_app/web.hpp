// SPDX-License-Identifier: Apache-2.0
// The portal's questions to other sites, over the network.
#pragma once

#include <string>

#include "wusong/openid/web_fetch.hpp"
#include "wusong/platform/http_client.hpp"
#include "wusong/portal_app/errors.hpp"

namespace wusong::portal_app {

class PortalWeb final : public openid::WebFetch {
 public:
  /// `ca_file`: further authorities in PEM; empty: the system's alone. @errors platform's
  [[nodiscard]] static Outcome<PortalWeb> open(const std::string& ca_file);
  Result<openid::WebReply> fetch(const openid::WebRequest& request) override;

 private:
  explicit PortalWeb(platform::TlsTrust trust) : trust_{std::move(trust)} {}
  platform::TlsTrust trust_;
};

}  // namespace wusong::portal_app
