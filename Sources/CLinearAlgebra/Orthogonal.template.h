// Orthogonal factorisations. Compiled once for T = float and once for T = double.

int FN(wg_qr)(ptrdiff_t m, ptrdiff_t n, const T *a, T *q, T *r_transposed) {
  const ptrdiff_t k = m < n ? m : n;
  int rows = (int)n, columns = (int)m, rank = (int)k, info = 0, query = -1;
  // To LAPACK this is At = L Q'; read by rows, Q' is Q and L is R. A tall matrix is factored where Q is wanted.
  T *work = k == n ? q : scratch((size_t)(m * n) * sizeof(T));
  memcpy(work, a, (size_t)(m * n) * sizeof(T));
  T *tau = scratch((size_t)k * sizeof(T));
  T sizes[2];
  LAPACK(gelqf)(&rows, &columns, work, &rows, tau, &sizes[0], &query, &info);
  LAPACK(orglq)(&rank, &columns, &rank, work, &rows, tau, &sizes[1], &query, &info);
  int length = (int)(sizes[0] > sizes[1] ? sizes[0] : sizes[1]);
  if (length < 1) length = 1;
  T *workspace = scratch((size_t)length * sizeof(T));
  LAPACK(gelqf)(&rows, &columns, work, &rows, tau, workspace, &length, &info);
  for (ptrdiff_t i = 0; i < n; i++) {
    for (ptrdiff_t j = 0; j < k; j++) r_transposed[i * k + j] = j <= i ? work[j * n + i] : 0;
  }
  if (info == 0) LAPACK(orglq)(&rank, &columns, &rank, work, &rows, tau, workspace, &length, &info);
  if (work != q) {
    for (ptrdiff_t i = 0; i < m; i++) memcpy(q + i * k, work + i * n, (size_t)k * sizeof(T));
    free(work);
  }
  free(tau);
  free(workspace);
  return info;
}

int FN(wg_svd)(ptrdiff_t m, ptrdiff_t n, const T *a, T *u, T *s, T *v) {
  const ptrdiff_t k = m < n ? m : n;
  const size_t bytes = (size_t)(m * n) * sizeof(T);
  int rows = (int)n, columns = (int)m, rank = (int)k, info = 0, length = -1;
  // To LAPACK this is At = V S Ut: its right factor, read by rows, is U; its left one has to be transposed.
  T *work = scratch(bytes), *vt = scratch((size_t)(n * k) * sizeof(T)), size;
  int *integers = scratch((size_t)k * 8 * sizeof(int));
  memcpy(work, a, bytes);
  LAPACK(gesdd)("S", &rows, &columns, work, &rows, s, vt, &rows, u, &rank, &size, &length, integers, &info, 1);
  length = workspace_length((double)size);
  T *workspace = scratch((size_t)length * sizeof(T));
  LAPACK(gesdd)("S", &rows, &columns, work, &rows, s, vt, &rows, u, &rank, workspace, &length, integers, &info, 1);
  if (info > 0) {
    // Divide and conquer fails now and then where the slower iteration does not.
    memcpy(work, a, bytes);
    free(workspace);
    length = -1;
    LAPACK(gesvd)("S", "S", &rows, &columns, work, &rows, s, vt, &rows, u, &rank, &size, &length, &info, 1, 1);
    length = workspace_length((double)size);
    workspace = scratch((size_t)length * sizeof(T));
    LAPACK(gesvd)("S", "S", &rows, &columns, work, &rows, s, vt, &rows, u, &rank, workspace, &length, &info, 1, 1);
  }
  for (ptrdiff_t i = 0; i < n; i++) {
    for (ptrdiff_t j = 0; j < k; j++) v[i * k + j] = vt[j * n + i];
  }
  free(work);
  free(vt);
  free(integers);
  free(workspace);
  return info;
}

int FN(wg_eigh)(ptrdiff_t n, T *a, T *w) {
  int size = (int)n, info = 0, length = -1, integerLength = -1, integers;
  T real;
  FN(symmetrize)(n, a);
  LAPACK(syevd)("V", "L", &size, a, &size, w, &real, &length, &integers, &integerLength, &info, 1, 1);
  length = workspace_length((double)real);
  integerLength = integers;
  T *workspace = scratch((size_t)length * sizeof(T));
  int *integerWorkspace = scratch((size_t)integerLength * sizeof(int));
  LAPACK(syevd)("V", "L", &size, a, &size, w, workspace, &length, integerWorkspace, &integerLength, &info, 1, 1);
  free(workspace);
  free(integerWorkspace);
  return info;
}

int FN(wg_pseudo_inverse)(ptrdiff_t m, ptrdiff_t n, T tolerance, const T *a, T *p) {
  const ptrdiff_t k = m < n ? m : n;
  T *u = scratch((size_t)((m + n + 1) * k) * sizeof(T)), *v = u + m * k, *s = v + n * k;
  const int info = FN(wg_svd)(m, n, a, u, s, v);
  for (ptrdiff_t i = 0; i < n; i++) {
    for (ptrdiff_t j = 0; j < k; j++) v[i * k + j] = s[j] > tolerance * s[0] ? v[i * k + j] / s[j] : 0;
  }
  if (info == 0) FN(wg_multiply)(false, true, n, m, k, v, k, u, k, false, p, m);
  free(u);
  return info;
}
