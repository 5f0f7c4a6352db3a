// Counts what the calling thread asks from the system's allocator, for tests of code that should ask nothing.
#ifndef WENGERT_ALLOCATION_COUNTER_H
#define WENGERT_ALLOCATION_COUNTER_H

#include <stdbool.h>

/// Whether allocations can be counted here: with the GNU C library and without a sanitizer that replaces malloc.
bool allocation_counting_works(void);

/// Starts counting the calling thread's allocations, from 0.
void allocation_counting_start(void);

/// Ends counting and returns how many there were.
long allocation_counting_stop(void);

#endif
