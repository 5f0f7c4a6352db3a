#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // dladdr, RTLD_DEFAULT
#endif

// Only a check, made here and not in the header so that it is reported once: BLAS is declared by hand below.
// The other two places are those of distributions that keep the header out of the search path.
#if defined(__linux__) && defined(__has_include)
#if !__has_include(<cblas.h>) && !__has_include(<openblas/cblas.h>) && !__has_include(<cblas/cblas.h>)
#error "BLAS and LAPACK are not installed. Install them with: sudo apt-get install libblas-dev liblapack-dev"
#endif
#endif

#include "CLinearAlgebra.h"
#include "Threads.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The enumerations of CBLAS are integers to the calling convention; these are their values.
enum { rowMajor = 101, noTranspose = 111, transpose = 112 };

void cblas_dgemm(int order, int transA, int transB, int m, int n, int k, double alpha, const double *a,
                 int lda, const double *b, int ldb, double beta, double *c, int ldc);
void cblas_sgemm(int order, int transA, int transB, int m, int n, int k, float alpha, const float *a,
                 int lda, const float *b, int ldb, float beta, float *c, int ldc);

// Fortran: every argument is passed by reference. A routine with CHARACTER arguments takes, after all the
// others, one hidden `size_t` length for each of them; ilaver has none.
void ilaver_(int *major, int *minor, int *patch);

// MARK: Which library

static pthread_once_t libraryOnce = PTHREAD_ONCE_INIT;
static char providerPath[PATH_MAX];
static char implementationPath[PATH_MAX];
static char libraryName[PATH_MAX + 32];
static void (*setThreadCount)(int);
static int (*getThreadCount)(void);

// The real file behind the object that contains `address`; false if the dynamic linker does not know it.
static bool object_path(const void *address, char *path) {
  Dl_info info;
  if (!address || !dladdr(address, &info) || !info.dli_fname) return false;
  // An object that is no file any more (removed, or inside a shared cache) keeps the name it was loaded by.
  if (!realpath(info.dli_fname, path)) snprintf(path, PATH_MAX, "%s", info.dli_fname);
  return true;
}

// "OpenBLAS 0.3.21 NO_AFFINITY ..." to "OpenBLAS 0.3.21": the first two words.
static void copy_two_words(const char *text, char *name, size_t size) {
  size_t length = 0;
  int words = 0;
  while (text[length] && length + 1 < size && !(text[length] == ' ' && ++words == 2)) length += 1;
  memcpy(name, text, length);
  name[length] = 0;
}

static void find_library(void) {
  // By name, because the address of a function may be that of a stub inside the executable.
  const void *gemm = dlsym(RTLD_DEFAULT, "cblas_dgemm");
  if (!gemm) gemm = (const void *)(uintptr_t)&cblas_dgemm;
  if (!object_path(gemm, providerPath)) snprintf(providerPath, sizeof providerPath, "(statically linked)");
  memcpy(implementationPath, providerPath, sizeof implementationPath);

  // Vendors are told apart by functions only they have, looked up in the provider and what it depends on.
  // Not in the whole process: another BLAS may be loaded too, for LAPACK for example.
  Dl_info info;
  void *handle = NULL;
  if (dladdr(gemm, &info) && info.dli_fname) handle = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  void *scope = handle ? handle : RTLD_DEFAULT;

  void *found;
  if ((found = dlsym(scope, "openblas_get_config"))) {
    const char *configuration = ((char *(*)(void))found)();
    copy_two_words(configuration ? configuration : "OpenBLAS", libraryName, sizeof libraryName);
    setThreadCount = (void (*)(int))dlsym(scope, "openblas_set_num_threads");
    getThreadCount = (int (*)(void))dlsym(scope, "openblas_get_num_threads");
  } else if ((found = dlsym(scope, "mkl_get_version_string"))) {
    snprintf(libraryName, sizeof libraryName, "MKL");
  } else if ((found = dlsym(scope, "bli_info_get_version_str"))) {
    snprintf(libraryName, sizeof libraryName, "BLIS %s", ((const char *(*)(void))found)());
  } else if ((found = dlsym(scope, "ATL_buildinfo"))) {
    snprintf(libraryName, sizeof libraryName, "ATLAS");
  } else if (strstr(providerPath, "atlas")) {
    snprintf(libraryName, sizeof libraryName, "ATLAS");
  } else if (strstr(providerPath, "Accelerate") || strstr(providerPath, "vecLib")) {
    snprintf(libraryName, sizeof libraryName, "Accelerate");
  } else {
    const char *slash = strrchr(providerPath, '/');
    const char *file = slash ? slash + 1 : providerPath;
    bool plain = !strncmp(file, "libblas.", 8) || !strncmp(file, "libcblas.", 9);
    if (plain) snprintf(libraryName, sizeof libraryName, "reference BLAS");
    else snprintf(libraryName, sizeof libraryName, "unknown BLAS (%s)", providerPath);
  }
  char path[PATH_MAX];
  if (found && object_path(found, path)) memcpy(implementationPath, path, sizeof implementationPath);
  if (handle) dlclose(handle);
}

const char *wg_blas_library(void) {
  pthread_once(&libraryOnce, find_library);
  return providerPath;
}

const char *wg_blas_implementation_library(void) {
  pthread_once(&libraryOnce, find_library);
  return implementationPath;
}

const char *wg_blas_name(void) {
  pthread_once(&libraryOnce, find_library);
  return libraryName;
}

// While calls of BLAS come from several threads at once, it stays with one thread for each. The last one to need that
// sets the count back.
static pthread_mutex_t limitMutex = PTHREAD_MUTEX_INITIALIZER;
static int limitCount, unlimited;

void wg_set_blas_thread_count(int count) {
  pthread_once(&libraryOnce, find_library);
  if (!setThreadCount) return;
  pthread_mutex_lock(&limitMutex);
  if (limitCount > 0) unlimited = count;
  else setThreadCount(count);
  pthread_mutex_unlock(&limitMutex);
}

bool wg_can_limit_blas(void) {
  pthread_once(&libraryOnce, find_library);
  return setThreadCount && getThreadCount;
}

void wg_limit_blas(bool limit) {
  pthread_mutex_lock(&limitMutex);
  if (limit && limitCount++ == 0) {
    unlimited = getThreadCount();
    if (unlimited > 1) setThreadCount(1);
  } else if (!limit && --limitCount == 0 && unlimited > 1) {
    setThreadCount(unlimited);
  }
  pthread_mutex_unlock(&limitMutex);
}

/// Who asks for a number of threads means all of them.
__attribute__((constructor)) static void follow_environment(void) {
  const int count = wg_requested_thread_count();
  if (count > 0) wg_set_blas_thread_count(count);
}

int wg_lapack_version(void) {
  int major = 0, minor = 0, patch = 0;
  ilaver_(&major, &minor, &patch);
  return major * 10000 + minor * 100 + patch;
}

// MARK: Matrix products

// Makes a leading dimension fit for BLAS, which checks it even where it has no meaning: with one row or
// none, callers may have left anything there. False if BLAS could not take it.
static bool leading_dimension(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t *ld) {
  if (rows <= 1) *ld = columns;
  if (*ld < 1 && columns < 1) *ld = 1;
  return *ld >= columns && *ld <= INT_MAX;
}

// An empty sum is handled here, not by BLAS: C = beta * C, without reading C when beta is zero.
#define WG_DEFINE_GEMM(name, type, cblas)                                                                   \
  bool name(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, type alpha,            \
            const type *a, ptrdiff_t lda, const type *b, ptrdiff_t ldb, type beta, type *c,                 \
            ptrdiff_t ldc) {                                                                                \
    if (m < 0 || n < 0 || k < 0 || m > INT_MAX || n > INT_MAX || k > INT_MAX) return false;                 \
    if (m == 0 || n == 0) return true;                                                                      \
    if (!leading_dimension(m, n, &ldc)) return false;                                                       \
    if (k == 0) {                                                                                           \
      if (beta == 1) return true;                                                                           \
      for (ptrdiff_t i = 0; i < m; ++i)                                                                     \
        for (ptrdiff_t j = 0; j < n; ++j) c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];           \
      return true;                                                                                          \
    }                                                                                                       \
    if (!leading_dimension(transposeA ? k : m, transposeA ? m : k, &lda)) return false;                     \
    if (!leading_dimension(transposeB ? n : k, transposeB ? k : n, &ldb)) return false;                     \
    cblas(rowMajor, transposeA ? transpose : noTranspose, transposeB ? transpose : noTranspose, (int)m,     \
          (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);                              \
    return true;                                                                                            \
  }

WG_DEFINE_GEMM(wg_gemm_f64, double, cblas_dgemm)
WG_DEFINE_GEMM(wg_gemm_f32, float, cblas_sgemm)

// MARK: Threads

WG_THREAD_LOCAL void *wg_thread_slot_storage WG_TLS_MODEL;

typedef struct ExitCall {
  void (*destroy)(void *);
  void *value;
  struct ExitCall *next;
} ExitCall;

static pthread_once_t exitOnce = PTHREAD_ONCE_INIT;
static pthread_key_t exitKey;
static bool exitKeyExists;

static void run_exit_calls(void *first) {
  for (ExitCall *call = first; call;) {
    ExitCall *next = call->next;
    call->destroy(call->value);
    free(call);
    call = next;
  }
}

static void make_exit_key(void) { exitKeyExists = pthread_key_create(&exitKey, run_exit_calls) == 0; }

void wg_on_thread_exit(void (*destroy)(void *), void *value) {
  pthread_once(&exitOnce, make_exit_key);
  if (!exitKeyExists) return;  // Out of keys: the value is leaked at the thread's exit, nothing worse.
  ExitCall *call = malloc(sizeof *call);
  if (!call) return;
  *call = (ExitCall){destroy, value, pthread_getspecific(exitKey)};
  if (pthread_setspecific(exitKey, call)) free(call);
}
