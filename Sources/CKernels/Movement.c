// Copies between layouts.
#include "CKernels.h"
#include "Clones.h"
#include "Views.h"

#define WG_TEMPLATE "Movement.template.h"
#include "Templates.h"
