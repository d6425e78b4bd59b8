// SPDX-License-Identifier: Apache-2.0
// Bytes of messages. Their lengths follow from the session's parameters, so a reader that has
// checked one length reads without further checks.
#pragma once

#include "wusong/base/bytes.hpp"
#include "wusong/threshold/group.hpp"

namespace wusong::threshold::internal {

class Reader {
 public:
  /// The caller has checked that `from` holds what will be read.
  Reader(const Group& group, BytesView from) noexcept : group_{group}, rest_{from} {}
  BytesView bytes(std::size_t count) noexcept {
    WUSONG_ASSERT(count <= rest_.size());
    const BytesView out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }
  std::uint8_t byte() noexcept { return bytes(1)[0]; }
  Hash hash() noexcept { return Hash::from(bytes(Hash::kSize)); }
  /// @errors err::bad_point
  [[nodiscard]] Result<Point> point() noexcept {
    return group_.decode_point(bytes(group_.point_size()));
  }
  /// @errors err::bad_scalar
  [[nodiscard]] Result<Scalar> scalar() noexcept {
    return group_.decode_scalar(bytes(kScalarSize));
  }
  /// @errors err::bad_point
  [[nodiscard]] Result<std::vector<Point>> points(std::size_t count) {
    std::vector<Point> out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      WUSONG_TRY(out.emplace_back(), point());
    }
    return out;
  }
  /// @errors err::bad_point, err::bad_scalar
  [[nodiscard]] Result<KnowledgeProof> proof() noexcept {
    KnowledgeProof out;
    WUSONG_TRY(out.commitment, point());
    WUSONG_TRY(out.response, scalar());
    return out;
  }
  BytesView rest() const noexcept { return rest_; }

 private:
  const Group& group_;
  BytesView rest_;
};

using wusong::append;

inline void append(Bytes& out, const Group& group, const Point& point) {
  wusong::append(out, group.encoded(point));
}
inline void append(Bytes& out, const Scalar& scalar) {
  wusong::append(out, scalar.view());
}
inline void append(Bytes& out, const Group& group, const KnowledgeProof& proof) {
  append(out, group, proof.commitment);
  append(out, proof.response);
}
inline std::size_t proof_size(const Group& group) noexcept {
  return group.point_size() + kScalarSize;
}

}  // namespace wusong::threshold::internal
