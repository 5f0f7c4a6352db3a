// What a recorded program runs in place of one call per operation: elementwise operations in sequence.
#ifndef WENGERT_CHAINS_H
#define WENGERT_CHAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include "Operations.h"

/// Whether two blocks of memory hold the same bytes.
static inline bool wg_equal_bytes(const void *a, const void *b, size_t count) { return memcmp(a, b, count) == 0; }

// MARK: - Chains over arrays

enum { WG_CHAIN_SLOTS = 240 };

/// Where an operation of a chain finds its elements.
typedef struct {
  /// An array, a number, or NULL for a block that only the chain knows.
  void *data;
  /// Whether `data` is one number, the same for every element.
  bool repeats;
} wg_chain_slot;

/// One operation of a chain. Operands and result are slots.
typedef struct {
  wg_op operation;
  uint8_t a, b, c;
  /// The result; where it is added to what is there, if `accumulates`.
  uint8_t y;
  bool accumulates;
  /// Whether this is the fused pullback of the operation to `operand`: a and b are its operands, c its output, and
  /// `cotangent` the output's cotangent.
  bool is_pullback;
  uint8_t operand;
  uint8_t cotangent;
} wg_chain_step;

/// Operations on arrays of one number of elements, all contiguous, block by block: what lies between the first and the
/// last stays in the first-level cache. Arrays may coincide, but not overlap otherwise.
typedef struct {
  const wg_chain_slot *slots;
  const wg_chain_step *steps;
  size_t count;
  int32_t slot_count;
  int32_t step_count;
} wg_chain;

/// Whether an operation's pullback to an operand is there in one kernel.
bool wg_has_fused_pullback(wg_op operation, int operand);

void wg_run_chain_f32(const wg_chain *chain);
void wg_run_chain_f64(const wg_chain *chain);

// MARK: - Scalars

/// An elementwise operation of numbers.
typedef struct {
  const void *a, *b, *c;
  void *y;
  wg_op operation;
} wg_scalar_step;

/// Runs operations of numbers one after the other.
void wg_run_scalars_f32(const wg_scalar_step *steps, size_t count);
void wg_run_scalars_f64(const wg_scalar_step *steps, size_t count);



/// How the pullback of an operation of numbers is computed.
typedef enum __attribute__((enum_extensibility(closed))) : uint8_t {
  wg_form_sum,
  wg_form_difference,
  wg_form_product,
  wg_form_other
} wg_form;

/// The pullback of an elementwise operation of one or two numbers.
typedef struct {
  /// Operands, output, and the output's cotangent.
  const void *a, *b, *y, *cotangent;
  /// The operands' adjoints; NULL where none is wanted.
  void *abar, *bbar;
  /// For other forms, the programs to either operand; NULL where nothing passes.
  const void *programs[2];
  wg_form form;
  /// Whether the adjoints hold something already.
  bool adds_to_a, adds_to_b;
} wg_scalar_pullback;

void wg_pull_scalars_f32(const wg_scalar_pullback *steps, size_t count);
void wg_pull_scalars_f64(const wg_scalar_pullback *steps, size_t count);

#endif
