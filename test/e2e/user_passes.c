/* SPDX-License-Identifier: Apache-2.0 */
/* Passes of a user (vtac/pass.h): functions that are taken apart and put
 * together again lower to the same text, other functions run as they were
 * changed, and malformed ones are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/seeds.h"
#include "vtac/vtac.h"

static vtac_context *c;

static int set_up(void **state) {
  (void)state;
  vtac_config *config = vtac_config_default(NULL);
  c = vtac_context_new(config, NULL);
  vtac_config_free(config);
  return c ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  vtac_context_free(c);
  return 0;
}

/* A graph whose function is `main`. */
typedef struct Kernel {
  vtac_schedule schedule;
  int n;
  const vtac_tensor *args;
  int accelerator;
} Kernel;

static Kernel of_op(vtac_op *op) {
  Kernel kernel = {.accelerator = 1};
  vtac_op_schedule_to(c, op, VTAC_OP_VTA);
  kernel.schedule = vtac_op_schedule(op);
  kernel.n = vtac_op_args(op, &kernel.args);
  return kernel;
}

static Kernel convolution(void) {
  vtac_conv2d_params params = seed_conv2d_small(32, 32, 7);
  params.tile_out_channels = 16;
  params.tile_height = 7;
  return of_op(vtac_conv2d(c, &params));
}

/* out[i] = a[i] + 1 on the host. */
static Kernel increment(void) {
  static vtac_tensor args[2];
  vtac_iter i;
  args[0] = vtac_placeholder(c, "a", "int32", VTAC_DIMS(16));
  vtac_axes(c, 1, (int64_t[]){16}, NULL, &i);
  vtac_expr sum = vtac_add(c, vtac_at(c, args[0], 1, &i), vtac_int(c, 1));
  args[1] = vtac_compute(c, "out", 1, &i, sum);
  return (Kernel){vtac_schedule_new(c, 1, &args[1]), 2, args, 0};
}

static const char *lower(const Kernel *kernel, const vtac_user_pass *passes,
                         int n) {
  const vtac_lower_options options = {
      .accelerator = kernel->accelerator, .pass_count = n, .passes = passes};
  return vtac_lower_text(c, kernel->schedule, kernel->n, kernel->args, "main",
                         &options);
}

static void refused(const char *id, const char *part) {
  const vtac_error *error = vtac_context_error(c);
  assert_non_null(error);
  assert_string_equal(error->id, id);
  if (!strstr(error->message, part)) fail_msg("%s", error->message);
  vtac_context_clear_error(c);
}

/* ---- Taking apart ------------------------------------------------------- */

typedef struct Seen {
  int stmts, exprs, runs;
} Seen;

static vtac_expr rebuild_expr(Seen *seen, vtac_expr expr) {
  const vtac_expr *exprs;
  vtac_expr made[32];
  int n = vtac_expr_exprs(c, expr, &exprs);
  assert_in_range(n, 0, 31);
  assert_non_null(vtac_expr_kind(expr));
  assert_non_null(vtac_expr_label(expr));
  for (int i = 0; i < n; i++) made[i] = rebuild_expr(seen, exprs[i]);
  seen->exprs++;
  return vtac_expr_with(c, expr, n, made);
}

static vtac_stmt rebuild_stmt(Seen *seen, vtac_stmt stmt) {
  const vtac_expr *exprs;
  const vtac_stmt *stmts;
  int n = vtac_stmt_exprs(c, stmt, &exprs),
      m = vtac_stmt_stmts(c, stmt, &stmts);
  vtac_expr *made = calloc((size_t)n + 1, sizeof *made);
  vtac_stmt *parts = calloc((size_t)m + 1, sizeof *parts);
  assert_true(made && parts);
  assert_non_null(vtac_stmt_kind(stmt));
  assert_non_null(vtac_stmt_label(stmt));
  for (int i = 0; i < n; i++) made[i] = rebuild_expr(seen, exprs[i]);
  for (int i = 0; i < m; i++) parts[i] = rebuild_stmt(seen, stmts[i]);
  vtac_stmt result = vtac_stmt_with(c, stmt, n, made, m, parts);
  free(made);
  free(parts);
  seen->stmts++;
  return result;
}

static vtac_stmt rebuild(void *user, vtac_context *context, vtac_stmt body) {
  assert_ptr_equal(context, c);
  ((Seen *)user)->runs++;
  return rebuild_stmt(user, body);
}

static void test_rebuilding(void **state) {
  (void)state;
  Seen seen = {0};
  vtac_user_pass passes[8];
  Kernel kernel = convolution();
  const char *plain = lower(&kernel, NULL, 0);
  assert_non_null(plain);
  for (int i = 0; i < 8; i++)
    passes[i] = (vtac_user_pass){"rebuild", i / 2, i % 2, rebuild, &seen};
  const char *text = lower(&kernel, passes, 8);
  if (!text) fail_msg("%s", vtac_context_error(c)->message);
  assert_string_equal(text, plain);
  assert_int_equal(seen.runs, 8);
  assert_true(seen.stmts > 100 && seen.exprs > 1000);
}

/* ---- Order -------------------------------------------------------------- */

typedef struct Order {
  const char *names[64];
  int n;
} Order;

static void note(void *user, const vtac_pass_event *event) {
  Order *order = user;
  order->names[order->n++] = event->pass;
}

static int place(const Order *order, const char *name) {
  for (int i = 0; i < order->n; i++)
    if (!strcmp(order->names[i], name)) return i;
  fail_msg("%s did not run", name);
  return -1;
}

static vtac_stmt keep(void *user, vtac_context *context, vtac_stmt body) {
  (void)user;
  (void)context;
  return body;
}

static void test_phases(void **state) {
  (void)state;
  Order order = {0};
  Kernel kernel = convolution();
  const vtac_user_pass passes[] = {
      {"last", VTAC_PHASE_LAST, 0, keep, NULL},
      {"before_last", VTAC_PHASE_LAST, 1, keep, NULL},
      {"threads", VTAC_PHASE_THREADS, 0, keep, NULL},
      {"before_threads", VTAC_PHASE_THREADS, 1, keep, NULL},
      {"flat", VTAC_PHASE_FLAT, 0, keep, NULL},
      {"before_flat", VTAC_PHASE_FLAT, 1, keep, NULL},
      {"loops", VTAC_PHASE_LOOPS, 0, keep, NULL}};
  static const char *const expected[] = {
      "loops",           "StorageFlatten", "before_flat",
      "InjectDMAIntrin", "CoProcSync",     "flat",
      "StorageRewrite",  "before_threads", "InjectALUIntrin",
      "threads",         "RemoveNoOp",     "before_last",
      "FoldUopLoop",     "last",           "CommonSubexprElim"};
  const vtac_lower_options options = {.accelerator = 1,
                                      .on_pass = note,
                                      .user = &order,
                                      .pass_count = 7,
                                      .passes = passes};
  assert_non_null(vtac_lower_text(c, kernel.schedule, kernel.n, kernel.args,
                                  "main", &options));
  for (int i = 0; i + 1 < 15; i++)
    assert_true(place(&order, expected[i]) < place(&order, expected[i + 1]));
}

/* ---- Changing ----------------------------------------------------------- */

/* Adds 41 to every value that is stored. */
static vtac_stmt add_more(void *user, vtac_context *context, vtac_stmt stmt) {
  const vtac_expr *exprs;
  const vtac_stmt *stmts;
  vtac_expr made[8];
  vtac_stmt parts[8];
  int n = vtac_stmt_exprs(context, stmt, &exprs);
  int m = vtac_stmt_stmts(context, stmt, &stmts);
  assert_true(n <= 8 && m <= 8);
  memcpy(made, exprs, (size_t)n * sizeof *made);
  for (int i = 0; i < m; i++) parts[i] = add_more(user, context, stmts[i]);
  if (!strcmp(vtac_stmt_kind(stmt), "store")) {
    assert_string_equal(vtac_stmt_label(stmt), "out");
    assert_string_equal(vtac_stmt_dtype(stmt), "int32");
    return vtac_store(context, vtac_stmt_buffer(stmt),
                      vtac_add(context, made[0], vtac_int(context, 41)), n - 1,
                      made + 1);
  }
  return vtac_stmt_with(context, stmt, n, made, m, parts);
}

static void test_changing(void **state) {
  (void)state;
  vtac_error error;
  int32_t in[16], out[16];
  Kernel kernel = increment();
  const vtac_user_pass pass = {"add_more", VTAC_PHASE_FLAT, 0, add_more, NULL};
  const vtac_lower_options options = {.pass_count = 1, .passes = &pass};
  vtac_module *module =
      vtac_build(c, kernel.schedule, 2, kernel.args, "main", &options);
  if (!module) fail_msg("%s", vtac_context_error(c)->message);
  vtac_config *config = vtac_config_default(NULL);
  vtac_device *device = vtac_device_open(config, NULL, &error);
  vtac_array *a = vtac_array_like(device, kernel.args[0], &error);
  vtac_array *b = vtac_array_like(device, kernel.args[1], &error);
  for (int i = 0; i < 16; i++) in[i] = i;
  vtac_array_write(a, in, &error);
  assert_int_equal(
      vtac_module_run(module, device, 2, (vtac_array *[]){a, b}, &error),
      VTAC_OK);
  vtac_array_read(b, out, &error);
  for (int i = 0; i < 16; i++) assert_int_equal(out[i], i + 42);
  vtac_array_free(a);
  vtac_array_free(b);
  vtac_device_close(device);
  vtac_config_free(config);
  vtac_module_free(module);
}

/* Builds the body anew, with every statement there is a builder for. */
static vtac_stmt build_anew(void *user, vtac_context *context, vtac_stmt body) {
  (void)user;
  vtac_expr zero = vtac_int(context, 0), two = vtac_int(context, 2);
  vtac_expr i = vtac_var(context, "step", "int32");
  vtac_expr x = vtac_var(context, "x", "int32");
  vtac_buffer room = vtac_buffer_declare(
      context, &(vtac_buffer_params){.name = "room",
                                     .dtype = "int32",
                                     .ndim = 1,
                                     .shape = (int64_t[]){2}});
  vtac_expr old = vtac_load(context, room, 1, &i);
  vtac_stmt fill = vtac_store(context, room, vtac_add(context, old, x), 1, &i);
  vtac_stmt some = vtac_if(context, vtac_less(context, i, two), fill,
                           vtac_evaluate(context, zero));
  vtac_stmt loop =
      vtac_for(context, "serial", i, zero, two, vtac_let(context, x, i, some));
  vtac_stmt checked =
      vtac_assert(context, vtac_less(context, zero, two), "two is more", loop);
  vtac_stmt parts[] = {vtac_allocate(context, room, checked), body};
  return vtac_sequence(context, 2, parts);
}

static void test_building(void **state) {
  (void)state;
  Kernel kernel = increment();
  const vtac_user_pass pass = {"anew", VTAC_PHASE_LAST, 0, build_anew, NULL};
  const char *text = lower(&kernel, &pass, 1);
  if (!text) fail_msg("%s", vtac_context_error(c)->message);
  static const char *const parts[] = {"allocate(room: Pointer(global int32)",
                                      "assert(",
                                      "for (step: int32, 0, 2)",
                                      "let x: int32 = step",
                                      "if (step < 2)",
                                      "room_1[step] + x"};
  for (int i = 0; i < 6; i++)
    if (!strstr(text, parts[i])) fail_msg("no '%s' in:\n%s", parts[i], text);
}

static void test_substitution(void **state) {
  (void)state;
  vtac_expr x = vtac_var(c, "x", "int32"), one = vtac_int(c, 1);
  vtac_expr sum = vtac_add(c, x, one);
  vtac_expr other = vtac_expr_substitute(c, sum, 1, &x, &one);
  assert_string_equal(vtac_expr_text(c, sum), "(x + 1)");
  assert_true(vtac_expr_same(sum, vtac_add(c, x, one)));
  assert_false(vtac_expr_same(sum, other));
  vtac_stmt stmt = vtac_stmt_substitute(c, vtac_evaluate(c, sum), 1, &x, &one);
  assert_non_null(stmt);
  vtac_expr real = vtac_const(c, "float32", 1.5);
  double value;
  assert_true(vtac_expr_float(real, &value) && value == 1.5);
  assert_int_equal(vtac_expr_lanes(real), 1);
  assert_null(vtac_expr_substitute(c, sum, 1, &x, &real));
  refused("argument", "variable 'x' has int32");
  assert_null(vtac_expr_substitute(c, sum, 1, &sum, &one));
  refused("argument", "no variable");
}

/* ---- Mistakes ----------------------------------------------------------- */

static vtac_stmt nothing(void *user, vtac_context *context, vtac_stmt body) {
  (void)user;
  (void)context;
  (void)body;
  return NULL;
}

static vtac_stmt undefined(void *user, vtac_context *context, vtac_stmt body) {
  (void)user;
  vtac_stmt parts[] = {
      body, vtac_evaluate(context, vtac_var(context, "ghost", "int32"))};
  return vtac_sequence(context, 2, parts);
}

static vtac_stmt wrong_call(void *user, vtac_context *context, vtac_stmt body) {
  (void)user;
  return vtac_stmt_with(context, body, 17, NULL, 0, NULL);
}

static vtac_stmt lower_again(void *user, vtac_context *context,
                             vtac_stmt body) {
  const Kernel *kernel = user;
  (void)context;
  assert_null(lower(kernel, NULL, 0));
  return body;
}

static void test_mistakes(void **state) {
  (void)state;
  Kernel kernel = increment();
  const struct {
    vtac_user_pass pass;
    const char *id, *part;
  } mistakes[] = {
      {{"nothing", 1, 0, nothing, NULL}, "user-pass", "returned no statement"},
      {{"ghostly", 1, 0, undefined, NULL},
       "user-pass",
       "pass 'ghostly' made a malformed function: ghost: used but not defined"},
      {{"wrong", 1, 0, wrong_call, NULL}, "argument", "vtac_stmt_with"},
      {{"again", 1, 0, lower_again, &kernel},
       "argument",
       "a pass cannot lower on its own context"},
      {{"late", 4, 0, keep, NULL}, "argument", "a phase of 0 to 3"},
      {{"none", 1, 0, NULL, NULL}, "argument", "must have a function"}};
  for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
    assert_null(lower(&kernel, &mistakes[i].pass, 1));
    refused(mistakes[i].id, mistakes[i].part);
  }
  assert_non_null(lower(&kernel, NULL, 0));
}

static void test_bad_nodes(void **state) {
  (void)state;
  vtac_expr x = vtac_var(c, "x", "int32"), yes = vtac_less(c, x, x);
  vtac_stmt none = vtac_evaluate(c, x);
  vtac_buffer buffer = vtac_buffer_declare(
      c,
      &(vtac_buffer_params){
          .name = "b", .dtype = "int8", .ndim = 2, .shape = (int64_t[]){2, 2}});
  assert_null(vtac_store(c, buffer, x, 1, &x));
  refused("argument", "'value' is of type int32, not int8");
  assert_null(vtac_load(c, buffer, 1, &x));
  refused("argument", "buffer 'b' takes 2 indices, got 1");
  assert_null(vtac_for(c, "sideways", x, x, x, none));
  refused("argument", "no kind of loop 'sideways'");
  assert_null(vtac_for(c, "serial", yes, x, x, none));
  refused("argument", "is no variable");
  assert_null(vtac_if(c, x, none, NULL));
  refused("argument", "'condition' is of type int32, not bool");
  assert_null(vtac_let(c, x, yes, none));
  refused("argument", "'value' is of type bool, not int32");
  assert_null(vtac_allocate(c, buffer, none));
  refused("argument", "has 2 dimensions");
  assert_null(vtac_expr_with(c, yes, 1, &x));
  refused("argument", "a 'lt' has 2 expressions, got 1");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_rebuilding), TEST(test_phases),       TEST(test_changing),
      TEST(test_building),   TEST(test_substitution), TEST(test_mistakes),
      TEST(test_bad_nodes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
