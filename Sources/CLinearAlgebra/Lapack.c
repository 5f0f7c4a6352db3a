// Factorisations of dense matrices through LAPACK, for both scalar types.
#include "Lapack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "LapackSymbols.h"
#include "Multiply.h"

static void *scratch(size_t bytes) {
  void *memory = malloc(bytes ? bytes : 1);
  if (!memory) {
    fprintf(stderr, "Fatal error: out of memory for %zu bytes of LAPACK's workspace\n", bytes);
    abort();
  }
  return memory;
}

// The answer to a workspace query. A `float` may have rounded it down.
static int workspace_length(double answer) { return (int)(answer * (1 + 0x1p-22)) + 1; }

#define T double
#define FN(name) name##_f64
#define LAPACK(name) d##name##_
#define TRSM cblas_dtrsm
#include "Triangular.template.h"
#include "Orthogonal.template.h"
#undef T
#undef FN
#undef LAPACK
#undef TRSM

#define T float
#define FN(name) name##_f32
#define LAPACK(name) s##name##_
#define TRSM cblas_strsm
#include "Triangular.template.h"
#include "Orthogonal.template.h"
