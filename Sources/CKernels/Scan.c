// Cumulative sums, products and log-sum-exps, and the linear recurrence that their derivatives are made of.
//
// All run along the middle axis of contiguous (outer, n, inner) arrays, forwards or backwards, a block of columns at a
// time.
#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "Clones.h"

#define WG_TEMPLATE "Scan.template.h"
#include "Templates.h"
