/* SPDX-License-Identifier: Apache-2.0 */
/* Loops that do nothing but multiply, or nothing but read: what a core can do
 * at most.  Included like gemm_groups.h, whose names they use; VEC_REGISTER is
 * the constraint of a vector register.
 *
 * Twelve sums hide the latency of a multiplication.  The weights are
 * hidden before each, so that no product can be reused. */
enum { LIMIT_SUMS = 12, LIMIT_READS = 4 };

/* The compiler does not know the value any more, and takes it for used. */
#define HIDE(vector) __asm__ volatile("" : "+" VEC_REGISTER(vector))
#define PRODUCT(sum) \
  HIDE(weights);     \
  (sum) = add_products(sum, weights, group)

TARGET static uint64_t multiply_only(uint32_t rounds) {
  Vec weights = vec_zero(), group = weights;
  HIDE(group);
  Vec a = vec_zero(), b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a,
      j = a, k = a, l = a;
  for (uint32_t round = 0; round < rounds; round++) {
    PRODUCT(a);
    PRODUCT(b);
    PRODUCT(c);
    PRODUCT(d);
    PRODUCT(e);
    PRODUCT(f);
    PRODUCT(g);
    PRODUCT(h);
    PRODUCT(i);
    PRODUCT(j);
    PRODUCT(k);
    PRODUCT(l);
  }
  HIDE(a);
  HIDE(b);
  HIDE(c);
  HIDE(d);
  HIDE(e);
  HIDE(f);
  HIDE(g);
  HIDE(h);
  HIDE(i);
  HIDE(j);
  HIDE(k);
  HIDE(l);
  return (uint64_t)rounds * LIMIT_SUMS * LANES;
}

TARGET static void read_only(const void *from, size_t size) {
  const Lane *at = from;
  const size_t step = LIMIT_READS * LANES;
  Vec group = vec_zero();
  HIDE(group);
  Vec a = group, b = group, c = group, d = group;
  for (size_t n = size / sizeof *at / step; n; n--, at += step) {
    a = add_products(a, load_weights(at), group);
    b = add_products(b, load_weights(at + LANES), group);
    c = add_products(c, load_weights(at + 2 * LANES), group);
    d = add_products(d, load_weights(at + 3 * LANES), group);
  }
  HIDE(a);
  HIDE(b);
  HIDE(c);
  HIDE(d);
}
#undef PRODUCT
#undef HIDE
