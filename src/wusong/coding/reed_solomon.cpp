// SPDX-License-Identifier: Apache-2.0
#include "wusong/coding/reed_solomon.hpp"

#include <numeric>
#include <vector>

#include "wusong/coding/errors.hpp"
#include "wusong/coding/internal/coder.hpp"

namespace wusong::coding {

static_assert(kFragmentBlockBytes == internal::kBlockBytes);

ReedSolomon::ReedSolomon(std::shared_ptr<const internal::Coder> coder) noexcept
    : coder_{std::move(coder)} {}

Result<ReedSolomon> ReedSolomon::create(Shape shape) {
  return create(shape, internal::kernels_for(shape));
}

Result<ReedSolomon> ReedSolomon::create(Shape shape, const internal::Kernels& kernels) {
  const bool is_good =
      shape.needed >= 1 && shape.needed <= shape.total && shape.total <= kFragmentsMax;
  if (!is_good) return fail(err::bad_shape);
  return ReedSolomon{std::make_shared<const internal::Coder>(shape, kernels)};
}

Shape ReedSolomon::shape() const noexcept {
  return coder_->shape();
}

Result<void> ReedSolomon::encode(std::span<std::uint8_t> fragments) const {
  std::vector<std::uint16_t> data(shape().needed);
  std::iota(data.begin(), data.end(), std::uint16_t{0});
  return complete(fragments, data);
}

Result<void> ReedSolomon::complete(std::span<std::uint8_t> fragments,
                                   std::span<const std::uint16_t> known) const {
  const auto [total, needed] = shape();
  const std::size_t bytes = fragments.size() / total;
  if (bytes == 0 || fragments.size() % total != 0 || bytes % kFragmentBlockBytes != 0)
    return fail(err::bad_size);
  if (known.size() != needed) return fail(err::wrong_count);
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i] >= total || (i != 0 && known[i] <= known[i - 1])) return fail(err::bad_index);
  }
  if (needed != total) coder_->complete(fragments.data(), bytes, known);
  return {};
}

}  // namespace wusong::coding
