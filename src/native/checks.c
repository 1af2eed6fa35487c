/* SPDX-License-Identifier: Apache-2.0 */
/* Which checks a packed entry point makes, in which order, and their texts.
 *
 * Conditions are worded as TVM 0.9 prints them ("Assert fail: CONDITION,
 * TEXT"), because clients match on these texts: tir.tvm_struct_get(x, 0, k) is
 * field k of the tensor x, where 4 is ndim, 5 to 7 the data type, 8 the byte
 * offset, 9 and 10 the device. */
#include "native/checks.h"

#include "base/strbuf.h"
#include "base/vec.h"

typedef struct CheckList {
  Arena *arena;
  HostPlan *plan;
  VEC(Check) list;
} CheckList;

static void add(CheckList *list, Check check, const char *condition,
                const char *text) {
  check.message =
      arena_printf(list->arena, "Assert fail: %s, %s", condition, text);
  vec_push(list->arena, &list->list, check);
}

/* Most texts repeat the condition. */
static void add_constraint(CheckList *list, Check check, const char *what,
                           const char *condition) {
  add(list, check, condition,
      arena_printf(list->arena, "Argument %s has an unsatisfied constraint: %s",
                   what, condition));
}

static void check_count(CheckList *list) {
  int n = list->plan->n_params;
  add(list, (Check){CHECK_COUNT, -1, 0, n, NULL},
      arena_printf(list->arena, "(num_args == %d)", n),
      arena_printf(list->arena, "%s: num_args should be %d",
                   list->plan->func->name, n));
}

static void check_pointer(CheckList *list, int i) {
  const char *name = list->plan->param[i].name;
  add(list, (Check){CHECK_POINTER, i, 0, 0, NULL},
      arena_printf(list->arena,
                   "((((arg.%s.code == 3) || (arg.%s.code == 13)) || "
                   "(arg.%s.code == 7)) || (arg.%s.code == 4))",
                   name, name, name, name),
      arena_printf(list->arena, "%s: Expect arg[%d] to be pointer",
                   list->plan->func->name, i));
}

static void check_ndim(CheckList *list, int i) {
  const PlanParam *param = &list->plan->param[i];
  add(list, (Check){CHECK_NDIM, i, 0, param->n, NULL},
      arena_printf(list->arena, "(%d == tir.tvm_struct_get(arg.%s, 0, 4))",
                   param->n, param->name),
      arena_printf(list->arena, "arg.%s.ndim is expected to equal %d",
                   param->name, param->n));
}

static void check_dtype(CheckList *list, int i) {
  const PlanParam *param = &list->plan->param[i];
  const char *name = param->name;
  DType type = param->type;
  if (is_packed(type) || (type.code == TYPE_UINT && type.bits == 16)) return;
  add(list, (Check){CHECK_DTYPE, i, 0, 0, NULL},
      arena_printf(list->arena,
                   "(((tir.tvm_struct_get(arg.%s, 0, 5) == (uint8)%d) && "
                   "(tir.tvm_struct_get(arg.%s, 0, 6) == (uint8)%d)) && "
                   "(tir.tvm_struct_get(arg.%s, 0, 7) == (uint16)%d))",
                   name, type.code, name, type.bits, name, type.lanes),
      arena_printf(list->arena, "arg.%s.dtype is expected to be %s", name,
                   dtype_name(list->arena, type)));
}

static void check_shape(CheckList *list, int i) {
  const PlanParam *param = &list->plan->param[i];
  if (is_packed(param->type)) return;
  for (int dim = 0; dim < param->n; dim++) {
    const char *what =
        arena_printf(list->arena, "arg.%s.shape[%d]", param->name, dim);
    add_constraint(list, (Check){CHECK_DIM, i, dim, param->shape[dim], NULL},
                   what,
                   arena_printf(list->arena, "(%lld == int32(%s))",
                                (long long)param->shape[dim], what));
  }
}

static void check_strides(CheckList *list, int i) {
  const PlanParam *param = &list->plan->param[i];
  Strbuf text;
  int64_t stride = 1;
  if (!param->n) return;
  strbuf_init(&text, list->arena);
  for (int dim = 1; dim < param->n; dim++) strbuf_char(&text, '(');
  for (int dim = param->n - 1; dim >= 0; dim--) {
    strbuf_printf(&text, "%s(%lld == int32(arg.%s.strides[%d]))%s",
                  dim == param->n - 1 ? "" : " && ", (long long)stride,
                  param->name, dim, dim == param->n - 1 ? "" : ")");
    stride *= param->shape[dim];
  }
  add(list, (Check){CHECK_STRIDES, i, 0, 0, NULL}, text.text,
      arena_printf(list->arena, "arg.%s.strides: expected to be compact array",
                   param->name));
}

/* A field that holds one expected number. */
static void check_field(CheckList *list, Check check, const char *field,
                        const char *expected, int number) {
  const char *name = list->plan->param[check.param].name;
  add_constraint(
      list, check, arena_printf(list->arena, "arg.%s.%s", name, field),
      arena_printf(list->arena, "(%s == tir.tvm_struct_get(arg.%s, 0, %d))",
                   expected, name, number));
}

static void check_tensor(CheckList *list, int i) {
  int device = list->plan->device_type;
  check_ndim(list, i);
  check_dtype(list, i);
  check_shape(list, i);
  check_strides(list, i);
  check_field(list, (Check){CHECK_BYTE_OFFSET, i, 0, 0, NULL}, "byte_offset",
              "(uint64)0", 8);
  check_field(list, (Check){CHECK_DEVICE_TYPE, i, 0, device, NULL},
              "device_type", arena_printf(list->arena, "%d", device), 10);
  if (i > 0)
    check_field(list, (Check){CHECK_DEVICE_ID, i, 0, 0, NULL}, "device_id",
                "dev_id", 9);
}

void plan_checks(Arena *arena, HostPlan *plan) {
  CheckList list = {.arena = arena, .plan = plan};
  check_count(&list);
  for (int i = 0; i < plan->n_params; i++) check_pointer(&list, i);
  for (int i = 0; i < plan->n_params; i++) check_tensor(&list, i);
  plan->n_checks = list.list.n;
  plan->check = list.list.at;
}
