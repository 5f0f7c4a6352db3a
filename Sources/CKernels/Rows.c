// The softmax family: each row is read into a block that stays in cache, whatever its stride.
#include <math.h>

#include "CKernels.h"
#include "Clones.h"
#include "Views.h"

#define WG_TEMPLATE "Rows.template.h"
#include "Templates.h"
