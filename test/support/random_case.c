/* SPDX-License-Identifier: Apache-2.0 */
/* Making and printing random programs. */
#include "support/random_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/accelerators.h"
#include "support/programs.h"

enum { MOST_PRODUCTS = 60000, MOST_VALUES = 20000 };

/* A parameter; its least value is also the simplest. */
typedef struct ParamRange {
  const char *name;
  int least, most;
} ParamRange;

enum {
  M_BATCH,
  M_IN,
  M_OUT,
  M_TILE_B,
  M_TILE_IN,
  M_TILE_OUT,
  M_SHIFT,
  M_THREADS,
  M_CUT,
  M_AUTO
};
static const ParamRange matmul_ranges[] = {
    {"batch", 1, 4},   {"in", 1, 6},       {"out", 1, 6},    {"tile_b", 1, 4},
    {"tile_in", 1, 6}, {"tile_out", 1, 6}, {"shift", 0, 12}, {"threads", 0, 3},
    {"cut", 0, 3},     {"auto", 0, 1},     {NULL, 0, 0}};

enum {
  C_BATCH,
  C_IN,
  C_OUT,
  C_H,
  C_W,
  C_KH,
  C_KW,
  C_PH,
  C_PW,
  C_SH,
  C_SW,
  C_TILE_B,
  C_TILE_OUT,
  C_TILE_IN,
  C_TILE_H,
  C_TILE_W,
  C_THREADS,
  C_SHIFT,
  C_CUT,
  C_AUTO
};
static const ParamRange conv2d_ranges[] = {
    {"batch", 1, 2},    {"in", 1, 3},      {"out", 1, 4},    {"h", 1, 9},
    {"w", 1, 9},        {"kh", 1, 4},      {"kw", 1, 4},     {"ph", 0, 2},
    {"pw", 0, 2},       {"sh", 1, 3},      {"sw", 1, 3},     {"tile_b", 1, 2},
    {"tile_out", 1, 4}, {"tile_in", 1, 3}, {"tile_h", 1, 6}, {"tile_w", 1, 6},
    {"threads", 0, 3},  {"shift", 0, 12},  {"cut", 0, 3},    {"auto", 0, 1},
    {NULL, 0, 0}};

enum { E_M, E_N, E_ADD, E_CHAIN, E_OPS, E_VALUES = E_OPS + CHAIN_MAX };
static const ParamRange eltwise_ranges[] = {
    {"m", 1, 6},     {"n", 1, 6},     {"add", 0, 1},   {"chain", 0, 6},
    {"op0", 0, 3},   {"op1", 0, 3},   {"op2", 0, 3},   {"op3", 0, 3},
    {"op4", 0, 3},   {"op5", 0, 3},   {"op6", 0, 3},   {"op7", 0, 3},
    {"val0", 0, 90}, {"val1", 0, 90}, {"val2", 0, 90}, {"val3", 0, 90},
    {"val4", 0, 90}, {"val5", 0, 90}, {"val6", 0, 90}, {"val7", 0, 90},
    {NULL, 0, 0}};

enum {
  G_M,
  G_N,
  G_O,
  G_ORDER,
  G_A_AT,
  G_B_AT,
  G_TILE_K,
  G_TILE_M,
  G_TILE_O,
  G_SWAP
};
static const ParamRange gemm_free_ranges[] = {
    {"m", 1, 5},      {"n", 1, 5},    {"o", 1, 5},      {"order", 0, 5},
    {"a_at", 0, 3},   {"b_at", 0, 3}, {"tile_k", 1, 5}, {"tile_m", 0, 5},
    {"tile_o", 0, 5}, {"swap", 0, 1}, {NULL, 0, 0}};

static const struct {
  const char *name;
  const ParamRange *ranges;
} families[] = {[FAMILY_MATMUL] = {"matmul", matmul_ranges},
                [FAMILY_CONV2D] = {"conv2d", conv2d_ranges},
                [FAMILY_ELTWISE] = {"eltwise", eltwise_ranges},
                [FAMILY_GEMM_FREE] = {"gemm_free", gemm_free_ranges}};

/* ---- Making ------------------------------------------------------------- */

/* Small values are as likely as all others together. */
static int pick(Choices *c, const ParamRange *range) {
  int high = choose(c, 2);
  return choose_from(
      c, range->least,
      high ? range->most : range->least + (range->most - range->least) / 2);
}

RandomCase case_of(Choices *c) {
  static const FamilyKind kinds[] = {
      FAMILY_MATMUL, FAMILY_MATMUL, FAMILY_CONV2D,  FAMILY_CONV2D,
      FAMILY_CONV2D, FAMILY_CONV2D, FAMILY_ELTWISE, FAMILY_GEMM_FREE};
  RandomCase random = {.kind = kinds[choose(c, 8)],
                       .config = choose(c, ACCELERATORS)};
  random.seed = (uint64_t)choose(c, CHOICE_LIMIT);
  const ParamRange *ranges = families[random.kind].ranges;
  for (int i = 0; ranges[i].name; i++) random.param[i] = pick(c, &ranges[i]);
  return random;
}

RandomCase random_case(uint64_t seed) {
  Choices choices = choices_random(seed);
  return case_of(&choices);
}

/* ---- From parameters to programs ---------------------------------------- */

typedef struct Blocks {
  int64_t batch, in, out;
} Blocks;

/* So many blocks, the last of which lacks `cut` of its elements, which only
 * operators that choose their own tiles allow. */
static int64_t cut_blocks(int64_t blocks, int64_t block, int cut) {
  return blocks * block - (cut < block ? cut : block - 1);
}

static bool make_matmul(const int *p, const Blocks *b, FamilyCase *ret) {
  int tiled = !p[M_AUTO], cut = tiled ? 0 : p[M_CUT];
  ret->matmul =
      (vtac_gemm_params){.batch = cut_blocks(p[M_BATCH], b->batch, cut),
                         .in = cut_blocks(p[M_IN], b->in, cut),
                         .out = cut_blocks(p[M_OUT], b->out, cut),
                         .tile_batch = tiled * p[M_TILE_B] * b->batch,
                         .tile_in = tiled * p[M_TILE_IN] * b->in,
                         .tile_out = tiled * p[M_TILE_OUT] * b->out,
                         .shift = p[M_SHIFT],
                         .vthreads = p[M_THREADS]};
  const vtac_gemm_params *m = &ret->matmul;
  return p[M_THREADS] <= (p[M_OUT] - 1) / p[M_TILE_OUT] + 1 &&
         m->batch * m->in * m->out <= MOST_PRODUCTS;
}

static bool make_conv2d(const int *p, const Blocks *b, FamilyCase *ret) {
  int tiled = !p[C_AUTO], cut = tiled ? 0 : p[C_CUT];
  ret->conv2d =
      (vtac_conv2d_params){.batch = cut_blocks(p[C_BATCH], b->batch, cut),
                           .in_channels = cut_blocks(p[C_IN], b->in, cut),
                           .out_channels = cut_blocks(p[C_OUT], b->out, cut),
                           .height = p[C_H],
                           .width = p[C_W],
                           .kernel_height = p[C_KH],
                           .kernel_width = p[C_KW],
                           .pad_height = p[C_PH],
                           .pad_width = p[C_PW],
                           .stride_height = p[C_SH],
                           .stride_width = p[C_SW],
                           .tile_batch = tiled * p[C_TILE_B] * b->batch,
                           .tile_out_channels = tiled * p[C_TILE_OUT] * b->out,
                           .tile_in_channels = tiled * p[C_TILE_IN] * b->in,
                           .tile_height = tiled * p[C_TILE_H],
                           .tile_width = tiled * p[C_TILE_W],
                           .vthreads = p[C_THREADS],
                           .shift = p[C_SHIFT]};
  int64_t h = (p[C_H] + 2 * p[C_PH] - p[C_KH]) / p[C_SH] + 1;
  int64_t w = (p[C_W] + 2 * p[C_PW] - p[C_KW]) / p[C_SW] + 1;
  const vtac_conv2d_params *c = &ret->conv2d;
  int64_t values = c->batch * c->in_channels * p[C_H] * p[C_W];
  return p[C_KH] <= p[C_H] + 2 * p[C_PH] && p[C_KW] <= p[C_W] + 2 * p[C_PW] &&
         p[C_THREADS] <= (p[C_OUT] - 1) / p[C_TILE_OUT] + 1 &&
         values <= MOST_VALUES &&
         c->batch * c->in_channels * c->out_channels * h * w * p[C_KH] *
                 p[C_KW] <=
             MOST_PRODUCTS;
}

static bool make_eltwise(const int *p, const Blocks *b, FamilyCase *ret) {
  static const char ops[] = "asxn";
  EltwiseParams *e = &ret->eltwise;
  *e = (EltwiseParams){
      .m = p[E_M], .n = p[E_N], .add = p[E_ADD], .chain = p[E_CHAIN]};
  for (int i = 0; i < e->chain; i++) {
    char op = ops[p[E_OPS + i]];
    int value = p[E_VALUES + i];
    e->at[i] = (ChainOp){op, op == 's' ? value % 9 : value - 45};
  }
  return e->m * e->n * b->batch * b->out <= MOST_VALUES;
}

static bool make_gemm_free(const int *p, const Blocks *b, FamilyCase *ret) {
  static const char *const orders[] = {"omk", "okm", "mok",
                                       "mko", "kom", "kmo"};
  GemmFreeParams *g = &ret->gemm_free;
  bool tiled = p[G_TILE_M] && p[G_TILE_O];
  *g = (GemmFreeParams){.m = p[G_M],
                        .n = p[G_N],
                        .o = p[G_O],
                        .a_at = p[G_A_AT],
                        .b_at = p[G_B_AT],
                        .tile_k = p[G_TILE_K],
                        .tile_m = tiled ? p[G_TILE_M] : 0,
                        .tile_o = tiled ? p[G_TILE_O] : 0,
                        .swap = p[G_SWAP]};
  memcpy(g->order, orders[p[G_ORDER]], sizeof g->order);
  return g->m * g->n * g->o * b->batch * b->in * b->out <= MOST_PRODUCTS;
}

bool case_family(const RandomCase *random, const vtac_config *config,
                 FamilyCase *ret) {
  const Blocks b = {vtac_config_get(config, "BATCH"),
                    vtac_config_get(config, "BLOCK_IN"),
                    vtac_config_get(config, "BLOCK_OUT")};
  bool bytes = vtac_config_get(config, "INP_WIDTH") == 8;
  ret->kind = random->kind;
  switch (random->kind) {
    case FAMILY_MATMUL: return make_matmul(random->param, &b, ret);
    case FAMILY_CONV2D: return make_conv2d(random->param, &b, ret);
    case FAMILY_ELTWISE: return bytes && make_eltwise(random->param, &b, ret);
    case FAMILY_GEMM_FREE:
      return bytes && make_gemm_free(random->param, &b, ret);
  }
  return false;
}

/* ---- Text --------------------------------------------------------------- */

void case_print(const RandomCase *random, char ret[CASE_TEXT]) {
  const ParamRange *ranges = families[random->kind].ranges;
  int n = snprintf(ret, CASE_TEXT, "%s config=%d seed=%llu",
                   families[random->kind].name, random->config,
                   (unsigned long long)random->seed);
  for (int i = 0; ranges[i].name; i++)
    n += snprintf(ret + n, (size_t)(CASE_TEXT - n), " %s=%d", ranges[i].name,
                  random->param[i]);
}
