// Cross-entropy of logits and labels, on top of log-softmax.
#include "CKernels.h"
#include "Clones.h"

#pragma clang fp contract(off)

#define WG_TEMPLATE "CrossEntropy.template.h"
#include "Templates.h"
