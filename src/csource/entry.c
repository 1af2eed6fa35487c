/* SPDX-License-Identifier: Apache-2.0 */
/* The packed entry point as C: checks, the choice of the device, the body. */
#include "csource/writer.h"

static const char *arg_name(Writer *w, int i) {
  return arena_printf(w->arena, "arg%d", i);
}

/* What must hold. */
static const char *condition(Writer *w, const Check *check) {
  const PlanParam *param = &w->plan->param[check->param];
  const char *arg = arg_name(w, check->param);
  switch (check->kind) {
    case CHECK_COUNT:
      return arena_printf(w->arena, "num_args == %lld",
                          (long long)check->value);
    case CHECK_POINTER:
      return arena_printf(w->arena, "%s && is_tensor(type_codes[%d])", arg,
                          check->param);
    case CHECK_NDIM:
      return arena_printf(w->arena, "%s->ndim == %lld", arg,
                          (long long)check->value);
    case CHECK_DTYPE:
      return arena_printf(w->arena,
                          "%s->type_code == %d && %s->type_bits == %d && "
                          "%s->type_lanes == %d",
                          arg, param->type.code, arg, param->type.bits, arg,
                          param->type.lanes);
    case CHECK_DIM:
      return arena_printf(w->arena, "%s->shape[%d] == %lld", arg, check->dim,
                          (long long)check->value);
    case CHECK_STRIDES: return arena_printf(w->arena, "is_compact(%s)", arg);
    case CHECK_BYTE_OFFSET:
      return arena_printf(w->arena, "%s->byte_offset == 0", arg);
    case CHECK_DEVICE_TYPE:
      return arena_printf(w->arena, "%s->device_type == %lld", arg,
                          (long long)check->value);
    case CHECK_DEVICE_ID:
      return arena_printf(w->arena, "%s->device_id == arg0->device_id", arg);
  }
  return "";
}

static void write_helpers(Writer *w) {
  c_open(w, "static int is_tensor(int32_t code)");
  c_line(w,
         "return code == VTAC_KERNEL_HANDLE || code == VTAC_KERNEL_NDARRAY ||");
  c_line(w, "       code == VTAC_KERNEL_TENSOR || code == VTAC_KERNEL_NULL;");
  c_close(w);
  c_line(w, "%s", "");
  c_open(w, "static int is_compact(const vtac_kernel_tensor *tensor)");
  c_line(w, "int64_t stride = 1;");
  c_line(w, "if (!tensor->strides) return 1;");
  c_open(w, "for (int32_t i = tensor->ndim - 1; i >= 0; --i)");
  c_line(w, "if (tensor->strides[i] != stride) return 0;");
  c_line(w, "stride *= tensor->shape[i];");
  c_close(w);
  c_line(w, "return 1;");
  c_close(w);
  c_line(w, "%s", "");
}

static void write_checks(Writer *w) {
  const HostPlan *plan = w->plan;
  for (int i = 0; i < plan->n_checks; i++) {
    const Check *check = &plan->check[i];
    c_line(w, "if (!(%s))", condition(w, check));
    c_line(w, "  return refuse(%s);", c_quoted(w, check->message));
    for (int k = 0; check->kind == CHECK_COUNT && k < plan->n_params; k++)
      c_line(w, "const vtac_kernel_tensor *arg%d = args[%d].v_handle;", k, k);
  }
}

/* Where no loader has set the services there is one device. */
static void write_set_device(Writer *w) {
  c_line(w, "static void *set_device;");
  c_open(w, "if (__TVMBackendGetFuncFromEnv && __TVMFuncCall)");
  c_line(w, "int status = 0;");
  c_line(w, "if (!set_device)");
  c_line(w,
         "  status = __TVMBackendGetFuncFromEnv(__tvm_module_ctx, "
         "\"__tvm_set_device\",");
  c_line(w, "                                      &set_device);");
  c_line(w, "if (status) return status;");
  c_line(w, "vtac_kernel_value value[3] = {{%d}, {0}, {0}};",
         w->plan->device_type);
  c_line(w,
         "int code[3] = {VTAC_KERNEL_INT, VTAC_KERNEL_INT, VTAC_KERNEL_NULL};");
  c_line(w, "value[1].v_int64 = arg0->device_id;");
  c_line(w,
         "status = __TVMFuncCall(set_device, value, code, 2, &value[2], "
         "&code[2]);");
  c_line(w, "if (status) return status;");
  c_close(w);
}

static void write_call(Writer *w) {
  Strbuf text;
  strbuf_init(&text, w->arena);
  for (int i = 0; i < w->plan->n_params; i++)
    strbuf_printf(&text, "%sarg%d->data", i ? ", " : "", i);
  c_line(w, "return %s_run(%s);", w->plan->func->name, text.text);
}

void c_entry(Writer *w) {
  const char *name = w->plan->func->name;
  if (w->plan->n_params) write_helpers(w);
  c_line(w, "int32_t %s(vtac_kernel_value *args, int32_t *type_codes,", name);
  c_line(w, "    int32_t num_args, vtac_kernel_value *ret, int32_t *ret_code,");
  c_line(w, "    void *resource);");
  c_line(w, "%s", "");
  c_line(w, "/* The same by the packed calling convention. */");
  c_line(w, "int32_t %s(vtac_kernel_value *args, int32_t *type_codes,", name);
  c_line(w, "    int32_t num_args, vtac_kernel_value *ret, int32_t *ret_code,");
  c_open(w, "    void *resource)");
  c_line(w, "(void)args, (void)type_codes, (void)ret, (void)ret_code;");
  c_line(w, "(void)resource;");
  write_checks(w);
  if (w->plan->device_type != DEVICE_CPU && w->plan->n_params)
    write_set_device(w);
  write_call(w);
  c_close(w);
}
