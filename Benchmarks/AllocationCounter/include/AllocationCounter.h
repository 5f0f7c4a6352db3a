// How often a thread asks the C library for memory: Swift's objects and arrays come from there too.
#ifndef WENGERT_ALLOCATION_COUNTER_H
#define WENGERT_ALLOCATION_COUNTER_H

#include <stddef.h>
#include <stdint.h>

/// The number of allocations by the calling thread so far; negative where they cannot be counted.
int64_t wc_allocation_count(void);

/// The bytes that the process has allocated and not freed; negative where that is not known.
int64_t wc_allocated_bytes(void);

/// Has freed memory kept for the next allocation instead of handing it back to the system, which would have to clear
/// it page by page. A design that allocates for every operation would be charged with that for each large array.
void wc_keep_freed_memory(void);

/// Gives memory that is free back to the system, where the C library can.
void wc_return_freed_memory(void);

#endif
