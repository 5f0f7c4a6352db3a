#define wg_prefers_small_gemm_f64(a,b,m,n,k) ((m)*(n)*(k) <= 64*64*64)
#define wg_prefers_small_gemm_f32(a,b,m,n,k) ((m)*(n)*(k) <= 64*64*64)
