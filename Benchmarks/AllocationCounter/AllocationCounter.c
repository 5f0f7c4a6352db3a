// Stands in front of glibc's allocator, in the benchmark program only. Each function counts and passes on, which costs
// well below a nanosecond; `free` is not touched.
#include "AllocationCounter.h"

// A sanitizer stands there itself, and calls the allocator before this program is ready.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WC_SANITIZED
#endif
#endif

#ifdef __GLIBC__
#include <malloc.h>
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(WC_SANITIZED)
#include <errno.h>

static __thread int64_t count __attribute__((tls_model("initial-exec")));

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  count++;
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count++;
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count++;
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count++;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  count++;
  void *result = __libc_memalign(alignment, size);
  if (!result) return ENOMEM;
  *memory = result;
  return 0;
}

int64_t wc_allocation_count(void) { return count; }

int64_t wc_allocated_bytes(void) {
#if __GLIBC__ > 2 || __GLIBC_MINOR__ >= 33
  const struct mallinfo2 info = mallinfo2();
  return (int64_t)(info.uordblks + info.hblkhd);
#else
  return -1;
#endif
}

void wc_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 2047 << 20);
}

#else

int64_t wc_allocation_count(void) { return -1; }
int64_t wc_allocated_bytes(void) { return -1; }
void wc_keep_freed_memory(void) {}

#endif

void wc_return_freed_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
