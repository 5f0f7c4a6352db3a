// The functions of Functions.c, of one precision and vector width.
#include "Transcendental.template.h"
#include "LogOnePlus.template.h"
#include "Logarithms.template.h"
#include "Hyperbolic.template.h"
#include "InverseTrigonometric.template.h"
#include "Polar.template.h"
#include "Power.template.h"
#include "Remainder.template.h"
