// SPDX-License-Identifier: Apache-2.0
// Preloaded: the wall clock is as many milliseconds off as the file $WUSONG_CLOCK_FILE says, which may change at any
// time; the monotonic clock is not touched.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t* offset_ms;

__attribute__((constructor)) static void map_offset(void) {
  const char* const name = getenv("WUSONG_CLOCK_FILE");
  const int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) abort();
  void* const mapped = mmap(0, sizeof *offset_ms, PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) abort();
  offset_ms = mapped;
  close(file);
}

int clock_gettime(clockid_t id, struct timespec* out) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(id, out);
  if (result != 0 || id != CLOCK_REALTIME || !offset_ms) return result;
  const int64_t ns = (int64_t)out->tv_sec * 1000000000 + out->tv_nsec + *offset_ms * 1000000;
  out->tv_sec = ns / 1000000000;
  out->tv_nsec = ns % 1000000000;
  return result;
}
