/* SPDX-License-Identifier: Apache-2.0 */
/* The accelerator's own functions: its configuration and its counters. */
#include <stdio.h>
#include <string.h>

#include "rpc/session_impl.h"
#include "runtime/objects.h"

/* ---- The configuration -------------------------------------------------- */

static bool same_machine(const HwConfig *a, const HwConfig *b) {
  HwConfigValue x, y;
  for (int i = 0; hw_config_value(a, i, &x); i++) {
    hw_config_value(b, i, &y);
    if (!x.text && x.number != y.number) return false;
  }
  return true;
}

/* The device that the server was started for stays what it is: its TARGET and
 * its timing are the server's. */
static void keep_target(const HwConfig *own, HwConfig *config) {
  memcpy(config->target, own->target, sizeof config->target);
  memcpy(config->tsim_preset, own->tsim_preset, sizeof config->tsim_preset);
  config->timing = own->timing;
}

/* The device is opened anew when it is next needed. */
static vtac_status change_config(Session *s, vtac_config *config, Diag *diag) {
  if (s->vta_buffers) {
    vtac_config_free(config);
    return diag_set(diag, D_ARGUMENT,
                    "the accelerator cannot be reconfigured while %d arrays "
                    "are in its memory",
                    s->vta_buffers);
  }
  vtac_device_close(s->device);
  s->device = NULL;
  vtac_config_free(s->config);
  s->config = config;
  return VTAC_OK;
}

vtac_status call_reconfigure(Session *s, const Args *args, RpcValue *ret,
                             Diag *diag) {
  static const char name[] = "the configuration";
  Slice text = args->value[0].text;
  const HwConfig *own = &session_config(s)->hw;
  vtac_error error;
  (void)ret;
  vtac_config *config = vtac_config_parse(text.at, text.n, name, &error);
  if (!config) return session_error(&error, diag);
  keep_target(own, &config->hw);
  vtac_status status = hw_config_finish(&config->hw, name, diag);
  if (!status && !same_machine(own, &config->hw))
    return change_config(s, config, diag);
  vtac_config_free(config);
  return status;
}

/* The session's directory is the process's own. */
static vtac_status program_board(Session *s, const char *name, Diag *diag) {
  vtac_error error;
  if (!s->options.may_program)
    return diag_set(diag, D_RPC_UNSAFE,
                    "the server's clients may not program its FPGA");
  if (s->vta_buffers)
    return diag_set(diag, D_ARGUMENT,
                    "the FPGA cannot be programmed while %d arrays are in the "
                    "accelerator's memory",
                    s->vta_buffers);
  vtac_device_close(s->device);
  s->device = NULL;
  if (!vtac_board_program(s->options.board, workdir_name(name), &error))
    return VTAC_OK;
  return session_error(&error, diag);
}

/* A simulator needs no bitstream; but the file must have been uploaded. */
vtac_status call_vta_init(Session *s, const Args *args, RpcValue *ret,
                          Diag *diag) {
  char name[257];
  ByteBuf file = {0};
  (void)ret;
  vtac_status status = text_arg(args, 0, name, sizeof name, diag);
  if (!status) status = workdir_read(&s->options.workdir, name, &file, diag);
  bytebuf_free(&file);
  if (!status && s->options.board) status = program_board(s, name, diag);
  return status;
}

/* ---- Counters ----------------------------------------------------------- */

vtac_status call_profiler_clear(Session *s, const Args *args, RpcValue *ret,
                                Diag *diag) {
  vtac_device *device;
  (void)args, (void)ret;
  vtac_status status = session_device(s, &device, diag);
  if (!status) vtac_device_clear_counters(device);
  return status;
}

static vtac_status give_text(Session *s, RpcValue *ret, Diag *diag) {
  if (s->text.failed)
    return diag_set(diag, D_NO_MEMORY, "no memory for a text");
  *ret = (RpcValue){.code = RPC_STRING,
                    .text = {(const char *)s->text.bytes, s->text.size}};
  return VTAC_OK;
}

static void add_counter(ByteBuf *text, const char *name, uint64_t value) {
  char item[64];
  int n = snprintf(item, sizeof item, "%s\"%s\": %llu", text->size ? ", " : "{",
                   name, (unsigned long long)value);
  bytebuf_put(text, item, (size_t)n);
}

vtac_status call_profiler_status(Session *s, const Args *args, RpcValue *ret,
                                 Diag *diag) {
  vtac_device *device;
  uint64_t counters[VTAC_COUNTERS];
  (void)args;
  vtac_status status = session_device(s, &device, diag);
  if (status) return status;
  vtac_device_counters(device, counters);
  bytebuf_clear(&s->text);
  for (int i = 0; i < VTAC_COUNTERS; i++)
    add_counter(&s->text, vtac_counter_name(i), counters[i]);
  bytebuf_put(&s->text, "}", 1);
  return give_text(s, ret, diag);
}

vtac_status call_tsim_status(Session *s, const Args *args, RpcValue *ret,
                             Diag *diag) {
  vtac_device *device;
  (void)args;
  vtac_status status = session_device(s, &device, diag);
  if (status) return status;
  bytebuf_clear(&s->text);
  add_counter(&s->text, "cycle_count", vtac_device_cycles(device));
  bytebuf_put(&s->text, "}", 1);
  return give_text(s, ret, diag);
}

/* Bit 0: count what runs, but do not compute. */
vtac_status call_profiler_debug(Session *s, const Args *args, RpcValue *ret,
                                Diag *diag) {
  vtac_device *device;
  (void)ret;
  vtac_status status = session_device(s, &device, diag);
  if (status) return status;
  HwPort *port = device->port;
  port->ops->skip_execution(port, args->value[0].integer & 1);
  return VTAC_OK;
}
