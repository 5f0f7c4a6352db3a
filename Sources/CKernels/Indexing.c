// Elements taken from, and added to, places that a list of indices gives.
#include "CKernels.h"
#include "Clones.h"
#include "Views.h"

#define WG_TEMPLATE "Indexing.template.h"
#include "Templates.h"
