// SPDX-License-Identifier: Apache-2.0
// Boost's headers call these where exceptions are off; an allocation failure then ends the process.
#include <exception>

#include <boost/assert/source_location.hpp>
#include <boost/config.hpp>

#include "wusong/base/assert.hpp"

namespace boost {

#ifdef BOOST_NO_EXCEPTIONS
[[noreturn]] void throw_exception(const std::exception& /*error*/) {
  ::wusong::assertion_failed("boost exception", __FILE__, __LINE__);
}
[[noreturn]] void throw_exception(const std::exception& /*error*/,
                                  const boost::source_location& at) {
  ::wusong::assertion_failed("boost exception", at.file_name(), static_cast<int>(at.line()));
}
#endif

}  // namespace boost
