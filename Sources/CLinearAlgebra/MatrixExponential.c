// The exponential of a matrix: Padé approximants with scaling and squaring.
//
// N. J. Higham, "The scaling and squaring method for the matrix exponential revisited", SIAM J. Matrix Anal. Appl. 26
// (2005) 1179-1193, with the bound 4.25 of A. H. Al-Mohy and N. J. Higham (2009) for the approximant of degree 13.
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "Lapack.h"
#include "Multiply.h"

static const double coefficients3[] = {120, 60, 12, 1};
static const double coefficients5[] = {30240, 15120, 3360, 420, 30, 1};
static const double coefficients7[] = {17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1};
static const double coefficients9[] = {17643225600, 8821612800, 2075673600, 302702400, 30270240,
                                       2162160,     110880,     3960,       90,        1};
static const double coefficients13[] = {64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800,
                                        129060195264000,   10559470521600,    670442572800,     33522128640,
                                        1323241920,        40840800,          960960,           16380,
                                        182,               1};

static double one_norm(ptrdiff_t rows, ptrdiff_t columns, const double *a, ptrdiff_t lda) {
  double most = 0;
  for (ptrdiff_t j = 0; j < columns; j++) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < rows; i++) sum += fabs(a[i * lda + j]);
    if (!(sum <= most)) most = sum;
  }
  return most;
}

static void multiply(ptrdiff_t n, const double *a, const double *b, double *c) {
  wg_multiply_f64(false, false, n, n, n, a, n, b, n, false, c, n);
}

// y = sum of c[i] times the i-th even power of A, from the identity on; `powers` holds A^2, A^4, ...
static void even_polynomial(ptrdiff_t n, const double *c, int count, const double *powers, double *y) {
  const ptrdiff_t size = n * n;
  memset(y, 0, (size_t)size * sizeof *y);
  // The smallest terms first.
  for (int i = count - 1; i > 0; i--) {
    for (ptrdiff_t j = 0; j < size; j++) y[j] += c[2 * i] * powers[(i - 1) * size + j];
  }
  for (ptrdiff_t i = 0; i < n; i++) y[i * n + i] += c[0];
}

// X = (V - U)^-1 (V + U); `v` becomes X, `u` is destroyed.
static void quotient(ptrdiff_t n, double *u, double *v, int32_t *pivots) {
  for (ptrdiff_t i = 0; i < n * n; i++) {
    const double difference = v[i] - u[i];
    v[i] += u[i];
    u[i] = difference;
  }
  wg_lu_f64(n, u, pivots);
  wg_lu_solve_f64(n, n, u, pivots, false, false, v);
}

// y = exp A, in place.
static void exponential(ptrdiff_t n, double *y) {
  const size_t size = (size_t)(n * n);
  double *memory = malloc((size * 7) * sizeof(double) + (size_t)n * sizeof(int32_t));
  if (!memory) {
    fprintf(stderr, "Fatal error: out of memory for the exponential of a matrix\n");
    abort();
  }
  double *a = memory, *powers = a + size, *u = powers + 4 * size, *t = u + size;
  int32_t *pivots = (int32_t *)(t + size);
  memcpy(a, y, size * sizeof(double));
  const double norm = one_norm(n, n, a, n);
  static const struct {
    double bound;
    const double *coefficients;
    int degree;
  } approximants[] = {{1.495585217958292e-2, coefficients3, 3},
                      {2.539398330063230e-1, coefficients5, 5},
                      {9.504178996162932e-1, coefficients7, 7},
                      {2.097847961257068, coefficients9, 9}};
  multiply(n, a, a, powers);
  for (int i = 0; i < 4; i++) {
    if (!(norm <= approximants[i].bound)) continue;
    const double *c = approximants[i].coefficients;
    const int count = (approximants[i].degree + 1) / 2;
    for (int power = 1; power < count - 1; power++) {
      multiply(n, powers, powers + (power - 1) * (ptrdiff_t)size, powers + power * (ptrdiff_t)size);
    }
    even_polynomial(n, c + 1, count, powers, t);
    multiply(n, a, t, u);
    even_polynomial(n, c, count, powers, y);
    quotient(n, u, y, pivots);
    free(memory);
    return;
  }
  int squarings = 0;
  if (norm > 4.25) frexp(norm / 4.25, &squarings);
  for (size_t i = 0; i < size; i++) a[i] = ldexp(a[i], -squarings);
  multiply(n, a, a, powers);
  multiply(n, powers, powers, powers + size);
  multiply(n, powers, powers + size, powers + 2 * size);
  // U = A (A^6 (c13 A^6 + c11 A^4 + c9 A^2) + c7 A^6 + c5 A^4 + c3 A^2 + c1), V likewise.
  const double *c = coefficients13;
  for (int odd = 1; odd >= 0; odd--) {
    double *target = odd ? u : y;
    for (size_t i = 0; i < size; i++) {
      t[i] = c[8 + odd] * powers[i] + c[10 + odd] * powers[size + i] + c[12 + odd] * powers[2 * size + i];
    }
    multiply(n, powers + 2 * size, t, target);
    even_polynomial(n, c + odd, 4, powers, t);
    for (size_t i = 0; i < size; i++) target[i] += t[i];
    if (odd) {
      multiply(n, a, u, t);
      memcpy(u, t, size * sizeof(double));
    }
  }
  quotient(n, u, y, pivots);
  for (int i = 0; i < squarings; i++) {
    multiply(n, y, y, t);
    memcpy(y, t, size * sizeof(double));
  }
  free(memory);
}

// Brings the off-diagonal blocks to the size of the diagonal ones by powers of 2, or back: D^-1 A D with a diagonal D.
// A block far larger than the rest would cost squarings, and accuracy, though the result is linear in it.
static void scale_blocks(ptrdiff_t n, int levels, const int *exponents, bool back, double *a) {
  for (ptrdiff_t i = 0; i < n; i++) {
    for (ptrdiff_t j = 0; j < n; j++) {
      int shift = 0;
      for (int level = 0; level < levels; level++) {
        const ptrdiff_t half = n >> (level + 1);
        shift += exponents[level] * ((int)(j / half & 1) - (int)(i / half & 1));
      }
      if (shift != 0) a[i * n + j] = ldexp(a[i * n + j], back ? -shift : shift);
    }
  }
}

void wg_matrix_exponential_f64(ptrdiff_t n, int levels, const double *a, double *y) {
  memcpy(y, a, (size_t)(n * n) * sizeof(double));
  if (levels == 0) {
    exponential(n, y);
    return;
  }
  int exponents[32] = {0};
  const double diagonal = one_norm(n >> levels, n >> levels, a, n);
  const double target = diagonal >= 0x1p-10 && diagonal <= DBL_MAX ? diagonal : 0x1p-10;
  const ptrdiff_t half = n / 2;
  bool is_zero = false;
  for (int level = 0; level < levels; level++) {
    const ptrdiff_t size = n >> (level + 1);
    const double norm = one_norm(size, size, a + size, n);
    if (norm > 0 && norm <= DBL_MAX) exponents[level] = ilogb(target) - ilogb(norm);
    if (level == 0) is_zero = norm == 0;
  }
  scale_blocks(n, levels, exponents, false, y);
  exponential(n, y);
  scale_blocks(n, levels, exponents, true, y);
  for (ptrdiff_t i = 0; i < half; i++) {
    if (is_zero) memset(y + i * n + half, 0, (size_t)half * sizeof(double));
    memset(y + (i + half) * n, 0, (size_t)half * sizeof(double));
  }
}

void wg_matrix_exponential_f32(ptrdiff_t n, int levels, const float *a, float *y) {
  const size_t size = (size_t)(n * n);
  double *wide = malloc(2 * size * sizeof(double));
  if (!wide) {
    fprintf(stderr, "Fatal error: out of memory for the exponential of a matrix\n");
    abort();
  }
  for (size_t i = 0; i < size; i++) wide[i] = a[i];
  wg_matrix_exponential_f64(n, levels, wide, wide + size);
  for (size_t i = 0; i < size; i++) y[i] = (float)wide[size + i];
  free(wide);
}
