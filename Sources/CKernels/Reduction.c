// Sums and maxima over any set of axes.
//
// Additions run in a fixed order that depends on the shape alone, in blocks, so that the rounding error of a sum
// over n elements grows like n / 512 rather than n.
#include <math.h>

#include "CKernels.h"
#include "Clones.h"
#include "Views.h"

#define WG_TEMPLATE "Reduction.template.h"
#include "Templates.h"
