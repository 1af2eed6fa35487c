/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of refusals share: a context, its errors, and a graph of
 * tensors to misuse. */
#ifndef TEST_SUPPORT_API_KIT_H
#define TEST_SUPPORT_API_KIT_H

#include "vtac/vtac.h"

/* Of the running test; the accelerator is the built-in one. */
extern vtac_config *config;
extern vtac_context *c;

int kit_set_up(void **state);
/* Fails if any error was not as expected. */
int kit_tear_down(void **state);
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

/* Compares an error (NULL: none) and shows both if they differ; the test goes
 * on. */
void expect(const vtac_error *have, const char *id, const char *message);
/* The same of the context's error, which is then cleared. */
void refused(const char *id, const char *message);
/* Fails at once if the context holds an error. */
void fine(void);

/* data and weight, copied, multiplied, shifted: res. */
typedef struct Graph {
  vtac_tensor data, weight, data_buf, weight_buf, sum, shr, res;
  vtac_iter i[4], ic, ic_tns;
  vtac_schedule schedule;
  vtac_stage on_data, on_weight, on_sum, on_shr, on_res;
} Graph;

enum { LANES = 16 };

Graph graph(void);
/* Schedules the whole graph on the accelerator. */
void map(const Graph *graph);
const char *lower(const Graph *graph, int accelerator);
/* Lowers for the accelerator and expects a refusal. */
void lowering_refused(const Graph *graph, const char *id, const char *message);

/* A tensor of the shape of `from`, each element made of that of `from`. */
vtac_tensor element_wise(const char *name, vtac_tensor from,
                         vtac_expr (*make)(vtac_expr element));
vtac_expr shifted(vtac_expr element); /* >> 8 */
vtac_expr narrow(vtac_expr element);  /* as int8 */
void add_schedule(Graph *graph);

#endif
