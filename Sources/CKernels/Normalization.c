// Rows with mean 0 and variance 1: each row is read from memory once and stays in cache for the rest.
#include <math.h>

#include "CKernels.h"
#include "Clones.h"

// Results do not depend on which copy of a loop runs: products and sums are rounded one by one.
#pragma clang fp contract(off)

#define WG_TEMPLATE "Normalization.template.h"
#include "Templates.h"
