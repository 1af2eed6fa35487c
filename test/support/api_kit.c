/* SPDX-License-Identifier: Apache-2.0 */
/* The context, errors and graph of the tests of refusals. */
#include "support/api_kit.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

vtac_config *config;
vtac_context *c;
static int mismatches; /* of the running test; all are shown */

int kit_set_up(void **state) {
  (void)state;
  config = vtac_config_default(NULL);
  c = vtac_context_new(config, NULL);
  mismatches = 0;
  return !c;
}

int kit_tear_down(void **state) {
  (void)state;
  vtac_context_free(c);
  vtac_config_free(config);
  return mismatches;
}

void expect(const vtac_error *have, const char *id, const char *message) {
  static const vtac_error none = {VTAC_OK, "no error", "", ""};
  if (!have) have = &none;
  if (!strcmp(have->id, id) && !strcmp(have->message, message)) return;
  print_error("have %s: %s\nwant %s: %s\n", have->id, have->message, id,
              message);
  mismatches++;
}

void refused(const char *id, const char *message) {
  expect(vtac_context_error(c), id, message);
  vtac_context_clear_error(c);
}

void fine(void) {
  const vtac_error *error = vtac_context_error(c);
  if (error) fail_msg("%s", error->message);
}

/* ---- A graph to misuse -------------------------------------------------- */

static vtac_expr product(const Graph *g) {
  vtac_expr d =
      vtac_at(c, g->data_buf, VTAC_ITERS(g->i[0], g->ic, g->i[2], g->ic_tns));
  vtac_expr w =
      vtac_at(c, g->weight_buf, VTAC_ITERS(g->i[1], g->ic, g->i[3], g->ic_tns));
  return vtac_mul(c, vtac_cast(c, "int32", d), vtac_cast(c, "int32", w));
}

vtac_tensor element_wise(const char *name, vtac_tensor from,
                         vtac_expr (*make)(vtac_expr element)) {
  int64_t shape[4];
  vtac_iter i[4];
  for (int k = 0; k < 4; k++) shape[k] = vtac_tensor_dim(from, k);
  vtac_axes(c, 4, shape, NULL, i);
  return vtac_compute(c, name, 4, i, make(vtac_at(c, from, 4, i)));
}

vtac_expr shifted(vtac_expr e) {
  return vtac_shift_right(c, e, vtac_int(c, 8));
}
vtac_expr narrow(vtac_expr e) { return vtac_cast(c, "int8", e); }

void add_schedule(Graph *g) {
  g->schedule = vtac_schedule_new(c, VTAC_TENSORS(g->res));
  g->on_data = vtac_stage_of(c, g->schedule, g->data_buf);
  g->on_weight = vtac_stage_of(c, g->schedule, g->weight_buf);
  g->on_sum = vtac_stage_of(c, g->schedule, g->sum);
  g->on_shr = vtac_stage_of(c, g->schedule, g->shr);
  g->on_res = vtac_stage_of(c, g->schedule, g->res);
}

Graph graph(void) {
  Graph g = {.data = NULL};
  g.data = vtac_placeholder(c, "data", "int8", VTAC_DIMS(1, 4, 1, LANES));
  g.weight =
      vtac_placeholder(c, "weight", "int8", VTAC_DIMS(2, 4, LANES, LANES));
  g.data_buf = vtac_copy(c, g.data, "data_buf");
  g.weight_buf = vtac_copy(c, g.weight, "weight_buf");
  g.ic = vtac_reduce_axis(c, 0, 4, "ic");
  g.ic_tns = vtac_reduce_axis(c, 0, LANES, "ic_tns");
  vtac_axes(c, 4, (const int64_t[]){1, 2, 1, LANES},
            (const char *[]){"bo", "co", "bi", "ci"}, g.i);
  g.sum = vtac_compute(c, "sum", 4, g.i,
                       vtac_sum(c, product(&g), VTAC_ITERS(g.ic, g.ic_tns)));
  g.shr = element_wise("shr", g.sum, shifted);
  g.res = element_wise("res", g.shr, narrow);
  add_schedule(&g);
  fine();
  return g;
}

void map(const Graph *g) {
  vtac_iter ko = g->ic;
  vtac_set_scope(c, g->on_data, "local.inp_buffer");
  vtac_set_scope(c, g->on_weight, "local.wgt_buffer");
  vtac_set_scope(c, g->on_sum, "local.acc_buffer");
  vtac_set_scope(c, g->on_shr, "local.acc_buffer");
  vtac_reorder(c, g->on_sum,
               VTAC_ITERS(ko, g->i[0], g->i[1], g->i[2], g->i[3], g->ic_tns));
  vtac_compute_at(c, g->on_data, g->on_sum, ko);
  vtac_compute_at(c, g->on_weight, g->on_sum, ko);
  vtac_pragma(c, g->on_data, vtac_axis(g->data_buf, 0), "dma_copy");
  vtac_pragma(c, g->on_weight, vtac_axis(g->weight_buf, 0), "dma_copy");
  vtac_pragma(c, g->on_shr, vtac_axis(g->shr, 0), "alu");
  vtac_pragma(c, g->on_res, vtac_axis(g->res, 0), "dma_copy");
  vtac_tensorize_gemm(c, g->on_sum, g->i[2]);
  fine();
}

const char *lower(const Graph *g, int accelerator) {
  const vtac_lower_options options = {.accelerator = accelerator, .verify = 1};
  return vtac_lower_text(c, g->schedule,
                         VTAC_TENSORS(g->data, g->weight, g->res), "main",
                         &options);
}

void lowering_refused(const Graph *g, const char *id, const char *message) {
  assert_null(lower(g, 1));
  refused(id, message);
}
