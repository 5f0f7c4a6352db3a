// Largest and smallest elements, their positions and adjoints, and products, over any set of axes.
#include <math.h>
#include <stdatomic.h>

#include "CKernels.h"
#include "Clones.h"
#include "Reduction.h"

#define WG_TEMPLATE "Fold.template.h"
#include "Templates.h"
#undef WG_TEMPLATE
#define WG_TEMPLATE "Extremum.template.h"
#include "Templates.h"
