// Threads that share the work on large arrays.
//
// A kernel that pays says in one place how its work can be cut: `wg_split` over a range of elements, rows or outputs.
// Where the cuts are depends on the sizes alone, never on the number of threads, and a piece never reads what another
// one writes: results are the same for any number of threads.
#ifndef WENGERT_THREADS_H
#define WENGERT_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WG_MAXIMUM_THREADS = 256 };

/// How many threads work on large arrays, the calling one included: WENGERT_NUM_THREADS, or one for each processor that
/// this process may use.
int wg_thread_count(void);
/// Waits until the pool is idle, and ends its threads; a count beyond WG_MAXIMUM_THREADS is lowered to that.
void wg_set_thread_count(int count);
/// The count that the environment variable asks for; 0 without one, and, with a message on the standard error, for one
/// that is no positive whole number.
int wg_requested_thread_count(void);

/// Runs body(context, chunk) for each chunk below the count, on the calling thread and on the threads of the pool, in
/// any order. Threads that sleep are woken if `wakes`. If the pool is at work for somebody else, as in a call from a
/// body, the calling thread does all.
void wg_parallel(size_t chunk_count, bool wakes, void (*body)(void *context, size_t chunk), void *context);

/// Part of a kernel's work: from `start` to `end` of what `wg_split` was told to cut.
typedef void wg_piece(const void *context, size_t start, size_t end);

/// Runs a kernel over 0 ..< count in one piece, or, if it is worth it, in pieces on several threads. They start at
/// multiples of `unit`; each of the `count` items takes about `cost` nanoseconds.
void wg_split(size_t count, size_t unit, double cost, wg_piece *piece, const void *context);

/// Whether `wg_split` might cut so much work.
bool wg_is_worth_splitting(double nanoseconds);

/// Whether the calling thread is at a piece of work that was cut, be it on one thread: then others are at theirs, and a
/// library with threads of its own had better not be called.
bool wg_is_in_piece(void);
/// Memory that a thread of the pool keeps for its pieces, aligned for vectors; NULL on any other thread.
void *wg_worker_scratch(size_t byte_count);

/// Nanoseconds of work that `wg_split` leaves in one piece on the calling thread: 16,000, unless a test lowers it to have
/// small arrays cut.
void wg_set_split_minimum(double nanoseconds);

/// How long functions take beside what they take with vectors of 32 bytes.
static inline double wg_function_time(void) {
#if defined(__x86_64__) && defined(__gnu_linux__)
  return __builtin_cpu_supports("avx512f") ? 0.5 : 1;
#else
  return 1;
#endif
}

// What kernels cost, in nanoseconds per byte of an element, on one core of a Zen 4, in its cache.
#define WG_COST_OF_MOVING 0.025
#define WG_COST_OF_FUNCTION (0.25 * wg_function_time())
#define WG_COST_OF_LIBRARY 1.0

/// The same of a product of matrices, for each of its multiplications.
static const double wg_cost_of_product = 0.005;

/// Arrays of so many bytes are not in the cache any more when the next kernel reads them: they are written past it.
#define WG_STREAMED_BYTES ((size_t)16 << 20)

/// Asks for large pages for memory of megabytes: walking it then costs a quarter less.
void wg_prepare_memory(void *memory, size_t byte_count);

#endif
