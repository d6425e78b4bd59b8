// SPDX-License-Identifier: Apache-2.0
// Other sites, as a test plays them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "wusong/openid/errors.hpp"
#include "wusong/openid/web_fetch.hpp"

namespace wusong::testkit {

/// Answers as `answer` says; nobody is there while it says nothing.
class FakeWeb final : public openid::WebFetch {
 public:
  Result<openid::WebReply> fetch(const openid::WebRequest& request) override {
    asked.push_back(request.url);
    if (!answer) return fail(openid::err::provider_unreachable);
    return answer(request);
  }

  std::function<Result<openid::WebReply>(const openid::WebRequest&)> answer;
  std::vector<std::string> asked;
};

}  // namespace wusong::testkit
