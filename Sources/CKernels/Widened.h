// Includes a template of functions that are computed in double: for arrays of double, and to the precision of floats for
// arrays of these.
//
// Usage: #define WG_TEMPLATE "Functions.template.h", then include this file.
#define T double
#define CONSTANTS _f64
#define BITS 64
#define MANTISSA 52
#define BIAS 1023

#define ELEMENT double
#define SUFFIX _f64
#include "Widths.h"

#define ELEMENT float
#define SUFFIX _widened
#include "Widths.h"
