// SPDX-License-Identifier: Apache-2.0
// What the gateway says when it does not do something, in two languages, always with a next step.
#pragma once

#include <string>
#include <string_view>

#include "wusong/base/error.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/gateway/http.hpp"
#include "wusong/portal/access.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::gateway {

struct Problem {
  unsigned status{400};
  std::string code;
  portal::Text message;
  std::string article;  // of the law, where one decides
  portal::Text next;
};

/// Every error that can reach a caller. Unknown ones are "internal": their names stay in the log.
Problem problem_of(Error error);
/// A refusal of access. 401 where signing in would help, else 403.
Problem problem_of(const portal::Decision& decision);
/// {"error": {code, message{zh,en}, article?, next{zh,en}}}
Response to_response(const Problem& problem);
Response to_response(Error error);
std::string to_json(const Problem& problem);

/// {"zh": …, "en": …}, without the one that is empty.
void write_text(codec::JsonWriter& out, const portal::Text& text);
inline void write_text(codec::JsonWriter& out, std::string_view name, const portal::Text& text) {
  out.key(name);
  write_text(out, text);
}

Response json_response(std::string body, unsigned status = 200);
Response text_response(std::string body, std::string content_type);
Response redirect(std::string_view location, unsigned status = 303);

}  // namespace wusong::gateway
