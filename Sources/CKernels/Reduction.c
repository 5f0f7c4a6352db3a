// Sums over any set of axes.
//
// Additions run in a fixed order that depends on the shape alone, in blocks whose sums are added in pairs, so that
// the rounding error of a sum over n elements grows like log n rather than n. In columns it grows like n / 512.
#include "CKernels.h"
#include "Clones.h"
#include "Reduction.h"

#define WG_TEMPLATE "Cascade.template.h"
#include "Templates.h"
#undef WG_TEMPLATE
#define WG_TEMPLATE "Reduction.template.h"
#include "Templates.h"
