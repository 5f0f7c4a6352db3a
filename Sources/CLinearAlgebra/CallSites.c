#include "CLinearAlgebra.h"

__attribute__((noinline)) uintptr_t wg_outer_return_address(int frames) {
  void **frame = __builtin_frame_address(0);
  for (int i = 0; i < frames; i++) frame = *frame;
  return (uintptr_t)frame[1];
}
