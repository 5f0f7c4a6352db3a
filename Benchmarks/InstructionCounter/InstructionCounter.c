#include "InstructionCounter.h"

#include <stdint.h>

// Valgrind's client requests (its manual, "The Client Request mechanism"): rotations that come to nothing, and which
// no compiler makes, before an exchange of a register with itself. Written out here so that its headers need not be
// installed.
#if defined(__x86_64__) && defined(__linux__)
static uint64_t request(uint64_t code, uint64_t argument) {
  const volatile uint64_t arguments[6] = {code, argument};
  uint64_t result = 0;
  __asm__ volatile(
      "rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\txchgq %%rbx, %%rbx"
      : "+d"(result)
      : "a"(arguments)
      : "cc", "memory");
  return result;
}
#else
static uint64_t request(uint64_t code, uint64_t argument) {
  (void)code;
  (void)argument;
  return 0;
}
#endif

// valgrind.h and callgrind.h.
enum {
  running_on_valgrind = 0x1001,
  callgrind = 'C' << 24 | 'T' << 16,
  toggle_collect = callgrind + 2,
  dump_stats_at = callgrind + 3,
  start_instrumentation = callgrind + 4,
  stop_instrumentation = callgrind + 5,
};

bool wi_is_counting(void) { return request(running_on_valgrind, 0) != 0; }

void wi_start(void) {
  request(start_instrumentation, 0);
  request(toggle_collect, 0);
}

void wi_stop(const char *name) {
  request(toggle_collect, 0);
  request(dump_stats_at, (uint64_t)(uintptr_t)name);
  request(stop_instrumentation, 0);
}
