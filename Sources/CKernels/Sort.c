// The order of the elements along an axis.
#include <math.h>
#include <stdlib.h>

#include "CKernels.h"
#include "Reduction.h"

#define WG_TEMPLATE "Sort.template.h"
#include "Templates.h"
