// Which kernel multiplies two matrices, and how the work is cut: one rule, for the tape and for the design it is compared
// with.
//
// Up to a few hundred rows our own kernel is the faster one. BLAS multiplies larger matrices, on one thread a piece: its
// own threads would fight for processors with those of the pool, and wait for each other where the pool's caller goes on.
#include <limits.h>
#include <string.h>

#include "CLinearAlgebra.h"
#include "Multiply.h"
#include "SmallGemm.h"
#include "Threads.h"

/// What multiplies.
typedef enum { own_kernel, blas, blas_with_its_threads } wg_multiplier;

/// The BLAS at hand, once it has been asked for: the reference implementation is slower than our kernel at every size.
static wg_multiplier large_multiplier(void) {
  static _Atomic int answer;  // 0: not asked yet
  if (answer == 0) {
    const bool is_slow = strcmp(wg_blas_name(), "reference BLAS") == 0;
    answer = 1 + (is_slow ? own_kernel : wg_can_limit_blas() ? blas : blas_with_its_threads);
  }
  return (wg_multiplier)(answer - 1);
}

/// Where the own kernel's product is cut. It packs what it needs of B unless there are so few rows, so few that pieces of
/// them can do without as long as B stays in the cache.
enum { few_rows = 16, many_rows = 64, many_columns = 64, cached_bytes = 1 << 20 };

/// BLAS packs more, so its pieces are larger.
enum { blas_unit = 256 };

/// The size of the parts that `count` rows or columns are cut into: `unit`, if that makes many, and otherwise one near it
/// that makes a power of two of equal ones. Of three parts one thread would have two.
static size_t even_part(size_t count, size_t unit) {
  enum { many = 8, whole_tiles = 8 };
  if (count >= many * unit) return unit;
  size_t parts = 1;
  while (5 * count > 7 * parts * unit) parts *= 2;
  return (count / parts + whole_tiles - 1) / whole_tiles * whole_tiles;
}

#define T double
#define FN(name) name##_f64
#include "Multiply.template.h"
#undef T
#undef FN

#define T float
#define FN(name) name##_f32
#include "Multiply.template.h"
