// SPDX-License-Identifier: Apache-2.0
// Call data from a signature and arguments as people write them: transfer(address,uint256) 0x… 5.
#pragma once

#include <string>
#include <vector>

#include "wusong/apps/errors.hpp"
#include "wusong/base/bytes.hpp"

namespace wusong::apps {

/// Selector and arguments. Types: address, bool, uint8…256, int8…256, bytes1…32, bytes, string, and
/// one dimension of arrays of the fixed ones, written [a,b].
/// @errors err::bad_argument names the argument and its type
/// @source Solidity ABI specification
[[nodiscard]] Outcome<Bytes> encode_call(const std::string& signature,
                                         const std::vector<std::string>& arguments);
/// Arguments only, as a constructor's follow its code. `types` is "(address,uint256)".
[[nodiscard]] Outcome<Bytes> encode_arguments(const std::string& types,
                                              const std::vector<std::string>& arguments);

/// One line a value. `types` as in encode_arguments.
/// @errors err::bad_argument for a type that is not known here, or data that does not hold it
[[nodiscard]] Outcome<std::vector<std::string>> decode_values(const std::string& types,
                                                              BytesView data);

/// "balanceOf(address)(uint256)" is a call and what it returns; the second part may be missing.
struct Signature {
  std::string call;
  std::string returns;
};
Signature split_signature(const std::string& text);

}  // namespace wusong::apps
