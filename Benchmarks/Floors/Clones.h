#ifndef WENGERT_CLONES_H
#define WENGERT_CLONES_H

// Defines __GLIBC__, where that is the C library.
#include <stdint.h>

// The same ways of compiling that the library's kernels have, so that a ratio to a floor is not one of compilers.
// Not under the thread sanitizer: what chooses a clone would call it before it has started.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__) && !__has_feature(thread_sanitizer)
#define WF_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WF_CLONES
#endif

#endif
