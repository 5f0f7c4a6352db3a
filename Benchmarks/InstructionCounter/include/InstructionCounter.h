// Which instructions Callgrind counts: those between start and stop. Elsewhere than under Valgrind, nothing happens.
#ifndef WENGERT_INSTRUCTION_COUNTER_H
#define WENGERT_INSTRUCTION_COUNTER_H

#include <stdbool.h>

/// Whether the program runs under Valgrind, on a processor whose requests are known here.
bool wi_is_counting(void);

/// Begins to count.
void wi_start(void);

/// Ends counting and has Callgrind write what it counted into a file that mentions `name`.
void wi_stop(const char *name);

#endif
