// One source, cloned per instruction set and chosen at load time.
//
// The attribute needs no compiler flag, so the package stays usable as a versioned dependency. Other
// platforms (AArch64, musl, macOS) compile the same source once, for their baseline.
#ifndef WENGERT_CLONES_H
#define WENGERT_CLONES_H

// Not under the thread sanitizer: what chooses a clone would call it before it has started.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__) && !__has_feature(thread_sanitizer)
#define WG_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WG_CLONES
#endif

#pragma clang fp contract(fast)

#endif
