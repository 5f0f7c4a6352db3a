// The derivatives of digamma, of single numbers.
#ifndef WENGERT_POLYGAMMA_H
#define WENGERT_POLYGAMMA_H

/// The derivative of digamma of a whole-numbered order. Of orders 0 and 1, what the kernels for arrays give.
double wg_polygamma(double order, double x);

#endif
