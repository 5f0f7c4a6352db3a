// The softmax family: each row is read into a block that stays in cache, whatever its stride and length.
#include <math.h>

#include "CKernels.h"
#include "Clones.h"
#include "Views.h"

// A row's result must not depend on which loop it is in, the vectors' or the one for the rest.
#pragma clang fp contract(off)

#define WG_TEMPLATE "Rows.template.h"
#include "Templates.h"
