/* SPDX-License-Identifier: Apache-2.0 */
/* The two seed programs, built and scheduled by hand, and their golden text. */
#ifndef TEST_SCHED_SEEDS_H
#define TEST_SCHED_SEEDS_H

#include <stdio.h>

#include "sched/sched.h"
#include "te_kit.h"

/* ---- The seeds ---------------------------------------------------------- */

/* Both are a product of copies of data and weight, then four steps. */
typedef struct Seed {
  Kit *kit;
  const Tensor *data, *weight, *data_buf, *weight_buf;
  const Tensor *gemm, *shr, *max, *min, *res;
  const IterVar *reduce[4];
  const IterVar *ic_out; /* of the tiled schedule */
  Schedule *s;
} Seed;

static inline Stage *stage_of(Seed *seed, const Tensor *tensor) {
  return sched_stage(seed->s, tensor);
}

static inline void seed_tail(Seed *seed) {
  Arena *arena = &seed->kit->arena;
  seed->shr = map_tensor(arena, seed->gemm, "res_shr", shr8);
  seed->max = map_tensor(arena, seed->shr, "res_max", max0);
  seed->min = map_tensor(arena, seed->max, "res_min", min127);
  seed->res = map_tensor(arena, seed->min, "res", to_int8);
  seed->s = sched_create(arena, 1, &seed->res);
}

static inline Seed matmul(Kit *kit) {
  Arena *a = &kit->arena;
  Seed seed = {.kit = kit};
  seed.data = input(a, "data", INT8, (Shape){4, {1, 64, 1, BLOCK}});
  seed.weight = input(a, "weight", INT8, (Shape){4, {64, 64, BLOCK, BLOCK}});
  seed.data_buf = map_tensor(a, seed.data, "data_buf", same);
  seed.weight_buf = map_tensor(a, seed.weight, "weight_buf", same);
  const IterVar *ic = te_reduce_axis(a, "ic", 0, 64);
  const IterVar *ic_tns = te_reduce_axis(a, "ic_tns", 0, BLOCK);
  const char *names[] = {"bo", "co", "bi", "ci"};
  const IterVar *x[4];
  te_axes(a, 4, seed.data->shape, names, x);
  const IterVar *in[] = {x[0], ic, x[2], ic_tns};
  const IterVar *wt[] = {x[1], ic, x[3], ic_tns};
  const Expr *body = product32(a, te_read_axes(a, seed.data_buf, 4, in),
                               te_read_axes(a, seed.weight_buf, 4, wt));
  seed.reduce[0] = ic;
  seed.reduce[1] = ic_tns;
  seed.gemm =
      te_compute(a, "res_gem", "", 4, x, te_sum(a, body, 2, seed.reduce));
  seed_tail(&seed);
  return seed;
}

static inline Seed conv2d(Kit *kit) {
  Arena *a = &kit->arena;
  Seed seed = {.kit = kit};
  seed.data = input(a, "data", INT8, (Shape){6, {1, 16, 14, 14, 1, BLOCK}});
  seed.weight =
      input(a, "kernel", INT8, (Shape){6, {16, 16, 3, 3, BLOCK, BLOCK}});
  Padding padding = {.name = "data_buf",
                     .before = (const int64_t[]){0, 0, 1, 1, 0, 0}};
  seed.data_buf = te_pad(a, seed.data, &padding);
  seed.weight_buf = map_tensor(a, seed.weight, "kernel_buf", same);
  const IterVar *dy = te_reduce_axis(a, "dy", 0, 3);
  const IterVar *dx = te_reduce_axis(a, "dx", 0, 3);
  const IterVar *ic = te_reduce_axis(a, "ic", 0, 16);
  const IterVar *ic_tns = te_reduce_axis(a, "ic_tns", 0, BLOCK);
  const char *names[] = {"bo", "co", "i", "j", "bi", "ci"};
  const IterVar *x[6];
  te_axes(a, 6, seed.data->shape, names, x);
  const Expr *in[] = {axis_value(x[0]),
                      axis_value(ic),
                      ex_add(a, axis_value(x[2]), axis_value(dy)),
                      ex_add(a, axis_value(x[3]), axis_value(dx)),
                      axis_value(x[4]),
                      axis_value(ic_tns)};
  const IterVar *wt[] = {x[1], ic, dy, dx, x[5], ic_tns};
  const Expr *body = product32(a, te_read(a, seed.data_buf, 6, in),
                               te_read_axes(a, seed.weight_buf, 6, wt));
  const IterVar *reduce[] = {ic, dy, dx, ic_tns};
  memcpy(seed.reduce, reduce, sizeof reduce);
  seed.gemm =
      te_compute(a, "res_conv", "", 6, x, te_sum(a, body, 4, seed.reduce));
  seed_tail(&seed);
  return seed;
}

static inline void attach_steps(Seed *seed, const IterVar *axis) {
  const Tensor *steps[] = {seed->gemm, seed->shr, seed->max, seed->min};
  for (int i = 0; i < 4; i++)
    sched_compute_at(stage_of(seed, steps[i]), stage_of(seed, seed->res), axis);
}

static inline void tile_matmul(Seed *seed) {
  Stage *res = stage_of(seed, seed->res), *gemm = stage_of(seed, seed->gemm);
  const IterVar *b_out, *b_inn, *oc_out, *oc_inn, *ic_inn;
  sched_split(res, seed->res->axis[0], 1, &b_out, &b_inn);
  sched_split(res, seed->res->axis[1], 16, &oc_out, &oc_inn);
  sched_reorder(res, 4, (const IterVar *[]){b_out, oc_out, b_inn, oc_inn});
  attach_steps(seed, oc_out);
  const IterVar *const *x = seed->gemm->axis;
  sched_split(gemm, seed->reduce[0], 16, &seed->ic_out, &ic_inn);
  const IterVar *order[] = {seed->ic_out, x[0], x[1],           ic_inn,
                            x[2],         x[3], seed->reduce[1]};
  sched_reorder(gemm, 7, order);
}

static inline void tile_conv2d(Seed *seed) {
  Stage *res = stage_of(seed, seed->res), *conv = stage_of(seed, seed->gemm);
  const IterVar *const *y = seed->res->axis, *const *x = seed->gemm->axis;
  const IterVar *out[4], *inn[4], *ic_inn, *rest, *tx;
  const int factor[] = {1, 8, 7, 14};
  for (int i = 0; i < 4; i++)
    sched_split(res, y[i], factor[i], &out[i], &inn[i]);
  sched_reorder(res, 10,
                (const IterVar *[]){out[0], out[1], out[2], out[3], inn[0],
                                    inn[1], inn[2], inn[3], y[4], y[5]});
  attach_steps(seed, out[3]);
  const IterVar *const *r = seed->reduce;
  sched_split(conv, r[0], 1, &seed->ic_out, &ic_inn);
  sched_reorder(conv, 11,
                (const IterVar *[]){seed->ic_out, x[0], x[1], x[2], ic_inn,
                                    r[1], r[2], x[3], x[4], x[5], r[3]});
  sched_split(res, out[1], 2, &rest, &tx);
  sched_reorder(res, 2, (const IterVar *[]){tx, out[0]});
  sched_bind(res, tx, te_thread_axis(&seed->kit->arena, "cthread", NULL));
}

/* Scopes, transfers, ALU loops and the GEMM intrinsic at axis b_tns. */
static inline void offload(Seed *seed, int b_tns) {
  const Tensor *steps[] = {seed->gemm, seed->shr, seed->min, seed->max};
  Stage *data = stage_of(seed, seed->data_buf);
  Stage *weight = stage_of(seed, seed->weight_buf);
  Stage *gemm = stage_of(seed, seed->gemm), *res = stage_of(seed, seed->res);
  sched_set_scope(data, "local.inp_buffer");
  sched_set_scope(weight, "local.wgt_buffer");
  for (int i = 0; i < 4; i++)
    sched_set_scope(stage_of(seed, steps[i]), "local.acc_buffer");
  sched_compute_at(data, gemm, seed->ic_out);
  sched_compute_at(weight, gemm, seed->ic_out);
  sched_pragma(data, seed->data_buf->axis[0], "dma_copy", NULL);
  sched_pragma(weight, seed->weight_buf->axis[0], "dma_copy", NULL);
  sched_pragma(res, seed->res->axis[b_tns], "dma_copy", NULL);
  sched_tensorize(gemm, seed->gemm->axis[b_tns],
                  gemm_intrin(&seed->kit->arena));
  for (int i = 1; i < 4; i++)
    sched_pragma(stage_of(seed, steps[i]), steps[i]->axis[0], "alu", NULL);
}

static inline const Func *lower_seed(Seed *seed) {
  const Tensor *args[] = {seed->data, seed->weight, seed->res};
  return sched_lower(&seed->kit->arena, &seed->kit->scratch, seed->s, 3, args,
                     NULL);
}

static inline const char *func_text(Arena *arena, const Func *func) {
  Strbuf out;
  strbuf_init(&out, arena);
  print_func(&out, func);
  return out.text;
}

/* A file of test/unit/data, whole. */
static inline const char *data_file(Arena *arena, const char *name) {
  const char *here = __FILE__, *slash = strrchr(here, '/');
  FILE *file = fopen(
      arena_printf(arena, "%.*s/data/%s", (int)(slash - here), here, name),
      "rb");
  assert_non_null(file);
  Strbuf text;
  strbuf_init(&text, arena);
  char block[4096];
  for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
    strbuf_addn(&text, block, n);
  fclose(file);
  return text.text;
}

#endif
