// SPDX-License-Identifier: Apache-2.0
// Words for the search index, the same for what is indexed and what is asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wusong::portal {

inline constexpr std::size_t kTokenBytesMax = 64;     // longer words are cut
inline constexpr std::size_t kQueryTokensMax = 32;    // further ones are ignored
inline constexpr std::size_t kIndexTokensMax = 4096;  // of one entry

/// Splits a text into tokens: runs of Latin letters and digits in lower case; of Chinese, Japanese
/// and Korean every character and every pair of neighbours. Full-width ASCII counts as ASCII, Latin
/// letters with marks as the letters without them. Invalid UTF-8 separates.
/// @shape tokens hold letters and digits only, never a quote, a space or an operator
std::vector<std::string> tokens_of(std::string_view text, std::size_t max = kIndexTokensMax);
/// What must all match for a query: as above, but of a Chinese run of two or more characters only
/// the pairs, since each pair implies its characters.
std::vector<std::string> query_tokens_of(std::string_view text);
/// Each different token once, in order of first appearance, separated by spaces.
std::string index_text(std::string_view text);

}  // namespace wusong::portal
