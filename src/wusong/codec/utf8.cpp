// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/utf8.hpp"

#include <cstdint>

namespace wusong::codec {

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    std::uint32_t point = lead;
    std::uint32_t least = 0;
    if (lead >= 0x80) {
      if (lead >= 0xc2 && lead <= 0xdf) {
        more = 1, point = lead & 0x1fu, least = 0x80;
      } else if (lead >= 0xe0 && lead <= 0xef) {
        more = 2, point = lead & 0x0fu, least = 0x800;
      } else if (lead >= 0xf0 && lead <= 0xf4) {
        more = 3, point = lead & 0x07u, least = 0x10000;
      } else {
        return false;
      }
    }
    if (text.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      if ((byte & 0xc0u) != 0x80) return false;
      point = point << 6 | (byte & 0x3fu);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += more + 1;
  }
  return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes) noexcept {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0u) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace wusong::codec
