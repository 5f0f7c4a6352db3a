// log |Gamma|, its derivative digamma, and the derivatives of that, of single numbers.
#ifndef WENGERT_GAMMA_H
#define WENGERT_GAMMA_H

double wg_log_gamma(double x);
double wg_digamma(double x);
/// The derivative of digamma of a whole-numbered order.
double wg_polygamma(double order, double x);

#endif
