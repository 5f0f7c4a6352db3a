// Windows that slide over images: what convolutions and poolings read and write.
#ifndef WENGERT_WINDOWS_H
#define WENGERT_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>

/// Windows along one axis: the window at `o` looks at the positions `o * stride - low + i * dilation`, i < window.
typedef struct {
  ptrdiff_t input;
  ptrdiff_t window;
  ptrdiff_t output;
  ptrdiff_t stride;
  ptrdiff_t dilation;
  /// Padding before the first position and behind the last one.
  ptrdiff_t low, high;
} wg_window_axis;

/// Windows over an image, row-major in all respects.
typedef struct {
  wg_window_axis y, x;
} wg_windows;

// The patches of an image are a matrix: a row for each channel and position in the window, a column for each window.
// Its rows lie `row_stride` apart. `first` and `count` choose columns; what lies outside of the image is 0.

/// patches = the image's elements.
void wg_unfold_f32(const float *image, size_t channels, const wg_windows *windows, size_t first, size_t count,
                   float *patches, size_t row_stride);
void wg_unfold_f64(const double *image, size_t channels, const wg_windows *windows, size_t first, size_t count,
                   double *patches, size_t row_stride);
/// The transpose: image += each patch, where it came from.
void wg_fold_f32(const float *patches, size_t row_stride, size_t channels, const wg_windows *windows, size_t first,
                 size_t count, float *image);
void wg_fold_f64(const double *patches, size_t row_stride, size_t channels, const wg_windows *windows, size_t first,
                 size_t count, double *image);

// Poolings of contiguous (planes, height, width) arrays. Padding is never attained.

/// y = the largest element in each window; NaN if there is one.
void wg_maximum_pool_f32(const float *x, size_t planes, const wg_windows *windows, float *y);
void wg_maximum_pool_f64(const double *x, size_t planes, const wg_windows *windows, double *y);
/// xbar += for each window, ybar split evenly among the elements of x where the maximum is attained.
void wg_maximum_pool_adjoint_f32(const float *x, const float *ybar, size_t planes, const wg_windows *windows,
                                 float *xbar);
void wg_maximum_pool_adjoint_f64(const double *x, const double *ybar, size_t planes, const wg_windows *windows,
                                 double *xbar);
/// ydot = for each window, the mean of xdot over the elements where the maximum of x is attained.
void wg_maximum_pool_tangent_f32(const float *x, const float *xdot, size_t planes, const wg_windows *windows,
                                 float *ydot);
void wg_maximum_pool_tangent_f64(const double *x, const double *xdot, size_t planes, const wg_windows *windows,
                                 double *ydot);
/// y = the sum over each window, divided by its number of positions: those in the image, and in the padding if
/// `counts_padding`.
void wg_average_pool_f32(const float *x, size_t planes, const wg_windows *windows, bool counts_padding, float *y);
void wg_average_pool_f64(const double *x, size_t planes, const wg_windows *windows, bool counts_padding, double *y);
/// xbar += for each window, ybar divided by its number of positions.
void wg_average_pool_adjoint_f32(const float *ybar, size_t planes, const wg_windows *windows, bool counts_padding,
                                 float *xbar);
void wg_average_pool_adjoint_f64(const double *ybar, size_t planes, const wg_windows *windows, bool counts_padding,
                                 double *xbar);

#endif
