// What the processor and its memory can do at most, measured by loops that do nothing else.
#ifndef WENGERT_LIMITS_H
#define WENGERT_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

enum {
  /// The bytes that are moved at once; arrays must be aligned to that.
  wf_stream_bytes = 64,
  wf_largest_read_count = 3,
  wf_largest_write_count = 2,
};

/// Goes `passes` times over arrays of `count` × 64 bytes: reads the first `reads` of `sources` and writes the first
/// `writes` of `targets`, past the caches if asked for. Returns what keeps the compiler from leaving anything out.
float wf_stream(int reads, int writes, bool past_caches, const void *const sources[3], void *const targets[2],
                size_t count, size_t passes);

/// Does `count` rounds of multiplications with additions that do not wait for each other; returns how many operations
/// (two for each) that were by `*operations`. `is_wide`: with more of them under way at once, as some processors want.
float wf_multiply_add_f32(size_t count, bool is_wide, double *operations);
double wf_multiply_add_f64(size_t count, bool is_wide, double *operations);

#endif
