// Pullbacks of elementwise operations in one pass over contiguous arrays.
#include "CKernels.h"
#include "Clones.h"

// The interpreted rule rounds after every step; so must these.
#pragma clang fp contract(off)

#define WG_TEMPLATE "Fused.template.h"
#include "Templates.h"
