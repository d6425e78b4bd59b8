// SPDX-License-Identifier: Apache-2.0
// Preloaded: shifts the wall clock by WUSONG_CLOCK_OFFSET seconds, not the monotonic clock.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long offset(void) {
  const char* const text = getenv("WUSONG_CLOCK_OFFSET");
  return text ? strtol(text, 0, 10) : 0;
}

int clock_gettime(clockid_t id, struct timespec* out) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(id, out);
  if (result == 0 && id == CLOCK_REALTIME) out->tv_sec += offset();
  return result;
}
