// Copies between layouts.
#include <stdlib.h>

#include "CKernels.h"
#include "Clones.h"
#include "Views.h"

#define WG_TEMPLATE "Movement.template.h"
#include "Templates.h"
