// Variances and norms over any set of axes: sums of a function of each element, in the order and the blocks of sums.
#include <math.h>
#include <stdlib.h>

#include "CKernels.h"
#include "Clones.h"
#include "Reduction.h"

#define WG_TEMPLATE "Cascade.template.h"
#include "Templates.h"
#undef WG_TEMPLATE
#define WG_TEMPLATE "Moments.template.h"
#include "Templates.h"
