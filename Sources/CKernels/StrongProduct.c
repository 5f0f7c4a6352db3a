// Products of a cotangent and a matrix that is not finite everywhere.
#include <stdatomic.h>

#include "CKernels.h"
#include "Clones.h"

#define WG_TEMPLATE "StrongProduct.template.h"
#include "Templates.h"
