// The dense linear algebra the package takes from the system: CBLAS and LAPACK, reached through a shim.
//
// Swift sees only the functions below, with `ptrdiff_t` sizes and no enumerations. The package declares the
// few BLAS symbols that it calls by itself (in the implementation file), so that vendors' headers, which
// disagree about types and qualifiers, never reach a Swift module.
//
// Two more facilities live here because Swift has no spelling for them: a thread-local pointer that is read
// inline, and the address a function returns to.
#ifndef WENGERT_CLINEARALGEBRA_H
#define WENGERT_CLINEARALGEBRA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Lapack.h"
#include "Multiply.h"

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Which library

/// The path of the shared object that provides `cblas_dgemm` to this process, symbolic links resolved.
/// Never null; the string lives as long as the process. Safe to call from any thread.
const char *wg_blas_library(void);

/// The path of the object that does the work. It differs from `wg_blas_library()` where that one is a thin
/// layer: Debian's `libblas.so.3` of OpenBLAS forwards to `libopenblas`.
const char *wg_blas_implementation_library(void);

/// A short name for people: "OpenBLAS 0.3.21", "reference BLAS", "ATLAS", "BLIS", "MKL", "Accelerate" or
/// "unknown BLAS (path)".
const char *wg_blas_name(void);

/// How many threads OpenBLAS may use; other libraries keep to their own settings. It starts with WENGERT_NUM_THREADS,
/// if that is set.
void wg_set_blas_thread_count(int count);

/// Whether `wg_limit_blas` can do anything: with OpenBLAS.
bool wg_can_limit_blas(void);

/// From a call with `true` to the one with `false`, which may overlap with those of other threads, BLAS uses only the
/// thread that calls it.
void wg_limit_blas(bool limit);

/// The version of the LAPACK that is linked, as 10000 * major + 100 * minor + patch.
int wg_lapack_version(void);

// MARK: Matrix products

/// C = alpha * op(A) * op(B) + beta * C, all row-major; op(A) is m x k, op(B) is k x n.
///
/// C is not read when beta is zero: whatever was there, a NaN included, is overwritten. The leading
/// dimension of a matrix of at most one row is ignored. Returns false, with C untouched, when a size does
/// not fit the 32-bit integers of BLAS or a leading dimension is shorter than its row.
bool wg_gemm_f64(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, double alpha,
                 const double *a, ptrdiff_t lda, const double *b, ptrdiff_t ldb, double beta, double *c,
                 ptrdiff_t ldc);
bool wg_gemm_f32(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha,
                 const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float beta, float *c,
                 ptrdiff_t ldc);

// MARK: Threads

// The initial-exec model makes a read one load instead of a call that clobbers the caller's registers. A
// library opened at run time may use it under glibc, which keeps a surplus of static thread-local storage
// for such libraries (this slot takes one word of it); other C libraries refuse, so they get the default.
#if defined(__linux__) && defined(__GLIBC__)
#define WG_TLS_MODEL __attribute__((tls_model("initial-exec")))
#else
#define WG_TLS_MODEL
#endif

#ifdef __cplusplus
#define WG_THREAD_LOCAL __thread
#else
#define WG_THREAD_LOCAL _Thread_local
#endif

extern WG_THREAD_LOCAL void *wg_thread_slot_storage WG_TLS_MODEL;

/// The calling thread's pointer; null on a thread that has not set it.
static inline __attribute__((always_inline)) void *wg_thread_slot(void) { return wg_thread_slot_storage; }

static inline __attribute__((always_inline)) void wg_set_thread_slot(void *value) {
  wg_thread_slot_storage = value;
}

/// Has `destroy(value)` called when the calling thread exits, after calls registered later. The slot above
/// can still be read then. Returning from `main`, or calling `exit`, does not count as a thread's exit.
void wg_on_thread_exit(void (*destroy)(void *), void *value);

// MARK: Call sites

/// The address that the function this is inlined into returns to.
static inline __attribute__((always_inline)) uintptr_t wg_return_address(void) {
  return (uintptr_t)__builtin_return_address(0);
}

/// Keeps the call before it from being the last thing that a function does.
static inline __attribute__((always_inline)) void wg_keep_frame(void) { __asm__ volatile(""); }

/// A return address further up the stack: of the caller's caller for `frames` = 1, and so on. Builds without
/// optimization use it, where the functions in between are not inlined. Needs frame pointers, which Swift keeps.
uintptr_t wg_outer_return_address(int frames);

#ifdef __cplusplus
}
#endif

#endif
