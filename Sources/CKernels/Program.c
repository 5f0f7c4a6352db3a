// Straight-line elementwise programs, interpreted over blocks.
//
// An operation's pullback is written once, in Swift, traced into a program, and run here: each instruction is one
// of the element kernels over a block that stays in the first-level cache, so the cost of interpreting is one
// indirect call for hundreds of elements. Inputs that are not contiguous (broadcast, transposed, sliced) are first
// gathered into a block; the kernels never see a stride.
#include "CKernels.h"
#include "Clones.h"
#include "Costs.h"
#include "Views.h"

#define WG_TEMPLATE "Program.template.h"
#include "Templates.h"
