// The functions of Transcendental.c, of one scalar type and vector width.
#include "Transcendental.template.h"
#include "LogOnePlus.template.h"
#include "Trigonometric.template.h"
#include "ErrorFunction.template.h"
