// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/der.hpp"

#include "wusong/crypto/sm2_encryption.hpp"
#include "wusong/suite/errors.hpp"

namespace wusong::suite {

namespace {

using Wide = unsigned __int128;

struct Length {
  std::size_t value;
  std::size_t size;  // of its own encoding
};
Result<Length> length_at(BytesView bytes) noexcept {
  if (bytes.empty()) return fail(err::bad_der);
  if (bytes[0] < 0x80) return Length{bytes[0], 1};
  const std::size_t count = bytes[0] & 0x7f;
  if (count == 0 || count > 4 || bytes.size() < 1 + count) return fail(err::bad_der);
  std::size_t value = 0;
  for (std::size_t i = 1; i <= count; ++i) value = value << 8 | bytes[i];
  if (value < 0x80 || bytes[1] == 0) return fail(err::bad_der);
  return Length{value, 1 + count};
}

void append_length(Bytes& out, std::size_t value) {
  if (value < 0x80) {
    out.push_back(static_cast<std::uint8_t>(value));
    return;
  }
  std::uint8_t count = 0;
  for (std::size_t rest = value; rest != 0; rest >>= 8) ++count;
  out.push_back(0x80 | count);
  while (count-- > 0) out.push_back(static_cast<std::uint8_t>(value >> (8 * count)));
}

BytesView without_zeros(BytesView number) noexcept {
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  return number;
}

void append_base128(Bytes& out, Wide value) {
  int groups = 1;
  for (Wide rest = value >> 7; rest != 0; rest >>= 7) ++groups;
  while (groups-- > 0) {
    const auto low = static_cast<std::uint8_t>(value >> (7 * groups)) & 0x7f;
    out.push_back(static_cast<std::uint8_t>(low | (groups == 0 ? 0 : 0x80)));
  }
}

std::string decimal(Wide value) {
  std::string out;
  do {
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  return out;
}

}  // namespace

Result<BytesView> DerReader::take(std::uint8_t tag) noexcept {
  if (!is_next(tag)) return fail(err::bad_der);
  WUSONG_TRY(const Length length, length_at(rest_.subspan(1)));
  const std::size_t header = 1 + length.size;
  if (rest_.size() - header < length.value) return fail(err::bad_der);
  const BytesView content = rest_.subspan(header, length.value);
  rest_ = rest_.subspan(header + length.value);
  return content;
}

Result<DerReader> DerReader::enter(std::uint8_t tag) noexcept {
  WUSONG_TRY(const BytesView content, take(tag));
  return DerReader{content};
}

Result<BytesView> DerReader::take_integer() noexcept {
  WUSONG_TRY(const BytesView content, take(tag::kInteger));
  if (content.empty() || content[0] >= 0x80) return fail(err::bad_der);
  if (content.size() == 1) return content;
  if (content[0] != 0) return content;
  if (content[1] < 0x80) return fail(err::bad_der);
  return content.subspan(1);
}

Result<BytesView> DerReader::take_bits() noexcept {
  WUSONG_TRY(const BytesView content, take(tag::kBitString));
  if (content.empty() || content[0] != 0) return fail(err::bad_der);
  return content.subspan(1);
}

Result<void> DerReader::finish() const noexcept {
  if (!rest_.empty()) return fail(err::bad_der);
  return {};
}

SecretBytes der(std::uint8_t tag, std::initializer_list<BytesView> parts) {
  std::size_t size = 0;
  for (const BytesView part : parts) size += part.size();
  Bytes out;
  out.reserve(size + 6);  // never moved: no copy stays behind
  out.push_back(tag);
  append_length(out, size);
  for (const BytesView part : parts) append(out, part);
  return SecretBytes{std::move(out)};
}

SecretBytes der_integer(BytesView big_endian) {
  constexpr std::uint8_t kZero[] = {0};
  const BytesView number = without_zeros(big_endian);
  if (number.empty() || number[0] >= 0x80) return der(tag::kInteger, {kZero, number});
  return der(tag::kInteger, {number});
}

SecretBytes der_oid(std::string_view dotted) {
  Bytes content;
  Wide first = 0;
  for (std::size_t place = 0; !dotted.empty(); ++place) {
    const std::size_t end = std::min(dotted.find('.'), dotted.size());
    Wide number = 0;
    for (const char digit : dotted.substr(0, end)) number = number * 10 + Wide(digit - '0');
    dotted.remove_prefix(std::min(end + 1, dotted.size()));
    if (place == 0) {
      first = number;
    } else {
      append_base128(content, place == 1 ? first * 40 + number : number);
    }
  }
  return der(tag::kOid, {content});
}

std::string dotted_oid(BytesView content) {
  std::string out;
  Wide number = 0;
  std::size_t groups = 0;  // of the number that is being read
  for (const std::uint8_t byte : content) {
    if (groups == 0 && byte == 0x80) return {};
    ++groups;
    if (number >> (128 - 7) != 0) return {};  // the largest there are: a UUID's
    number = number << 7 | (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (out.empty()) {
      const Wide first = number < 80 ? number / 40 : 2;
      out = decimal(first);
      number -= first * 40;
    }
    out += "." + decimal(number);
    number = 0;
    groups = 0;
  }
  return groups == 0 ? out : std::string{};
}

Result<RsaNumbers> read_rsa_public_key(BytesView encoded) noexcept {
  DerReader all{encoded};
  WUSONG_TRY(DerReader reader, all.enter(tag::kSequence));
  WUSONG_CHECK(all.finish());
  WUSONG_TRY(const BytesView modulus, reader.take_integer());
  WUSONG_TRY(const BytesView exponent, reader.take_integer());
  WUSONG_CHECK(reader.finish());
  return RsaNumbers{modulus, exponent};
}

Bytes pair_to_der(BytesView signature) {
  WUSONG_ASSERT(signature.size() == 64);
  return to_bytes(der(tag::kSequence, {der_integer(signature.first(32)).view(),
                                       der_integer(signature.last(32)).view()})
                      .view());
}

Result<Bytes> pair_from_der(BytesView encoded) {
  const auto numbers = read_rsa_public_key(encoded);  // the same two integers
  if (!numbers || numbers->modulus.size() > 32 || numbers->exponent.size() > 32)
    return fail(err::bad_signature_encoding);
  Bytes out(64);
  std::ranges::copy(numbers->modulus, out.begin() + 32 - std::ssize(numbers->modulus));
  std::ranges::copy(numbers->exponent, out.begin() + 64 - std::ssize(numbers->exponent));
  return out;
}

Bytes sm2_cipher_to_der(BytesView ciphertext) {
  WUSONG_ASSERT(ciphertext.size() > crypto::kSm2CiphertextAdds && ciphertext[0] == 4);
  return to_bytes(
      der(tag::kSequence,
          {der_integer(ciphertext.subspan(1, 32)).view(),
           der_integer(ciphertext.subspan(33, 32)).view(),
           der(tag::kOctetString, {ciphertext.subspan(65, Hash::kSize)}).view(),
           der(tag::kOctetString, {ciphertext.subspan(crypto::kSm2CiphertextAdds)}).view()})
          .view());
}

Result<Bytes> sm2_cipher_from_der(BytesView encoded) {
  const auto read = [encoded]() -> Result<Bytes> {
    DerReader whole{encoded};
    WUSONG_TRY(auto parts, whole.enter(tag::kSequence));
    WUSONG_CHECK(whole.finish());
    WUSONG_TRY(const BytesView x, parts.take_integer());
    WUSONG_TRY(const BytesView y, parts.take_integer());
    WUSONG_TRY(const BytesView digest, parts.take(tag::kOctetString));
    WUSONG_TRY(const BytesView masked, parts.take(tag::kOctetString));
    WUSONG_CHECK(parts.finish());
    if (x.size() > 32 || y.size() > 32 || digest.size() != Hash::kSize || masked.empty())
      return fail(err::bad_ciphertext_encoding);
    Bytes out(65);
    out[0] = 4;
    std::ranges::copy(x, out.begin() + 33 - std::ssize(x));
    std::ranges::copy(y, out.begin() + 65 - std::ssize(y));
    append(out, digest);
    append(out, masked);
    return out;
  };
  auto out = read();
  if (!out) return fail(err::bad_ciphertext_encoding);
  return out;
}

}  // namespace wusong::suite
