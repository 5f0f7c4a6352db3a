import CKernels
import CLinearAlgebra

extension Tape {
  /// How many threads work on large arrays, the calling one included.
  ///
  /// From some 20 to 40 microseconds of work on, kernels are cut into pieces that the calling thread and those of a pool
  /// claim one by one. The pool serves one thread at a time; another one that finds it busy computes alone. Results are
  /// the same, bit for bit, whatever the count: only what LAPACK computes, and products of large matrices by a BLAS
  /// other than OpenBLAS, may depend on that library's own threads.
  ///
  /// It starts as the environment variable `WENGERT_NUM_THREADS`, or else as the number of processors that the process
  /// may use. With 1 there is no pool. While OpenBLAS multiplies pieces of matrices for the pool, it is limited to the
  /// threads that call it. Its own count, for what else calls it, is given the same number as soon as one was asked for,
  /// by the variable or by setting this; until then it chooses by itself.
  ///
  /// Setting it waits until the pool is idle. More than 256 count as 256; less than 1 stops the program.
  public static var threadCount: Int {
    get { Int(wg_thread_count()) }
    set {
      guard newValue > 0 else { misuse(.threadCount(newValue)) }
      wg_set_thread_count(Int32(clamping: newValue))
      wg_set_blas_thread_count(wg_thread_count())
    }
  }
}
