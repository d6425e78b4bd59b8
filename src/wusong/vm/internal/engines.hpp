// SPDX-License-Identifier: Apache-2.0
// The two ways to run a frame. Both start at frame.entry_pc with frame.sp and frame.gas, and stop
// with frame.status set, or with frame.resume set where the other engine shall go on.
#pragma once

#include "wusong/vm/internal/frame.hpp"
#include "wusong/vm/internal/threaded.hpp"

namespace wusong::vm::internal {

/// Byte by byte. Wants threaded code (resume) when frame.loops_left backward jumps are used up.
void run_plain(Frame& f);
/// The same, telling frame.step_tracer of every instruction; never gives up the frame.
void run_traced(Frame& f);

}  // namespace wusong::vm::internal
