/* SPDX-License-Identifier: Apache-2.0 */
/* A server's accelerator: its configuration, bitstream and counters. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/client.h"
#include "runtime/objects.h"

/* ---- Configuration ------------------------------------------------------ */

/* A server of TVM compares the whole text with what it has, so it gets what
 * TVM's own clients send: the keys and these.  What the timing simulator takes
 * besides is sent where it is not the usual. */
static bool is_sent(const HwConfigValue *value, const HwConfigValue *usual) {
  static const char *const derived[] = {"LOG_BLOCK_IN", "LOG_BLOCK_OUT",
                                        "LOG_OUT_WIDTH", "LOG_OUT_BUFF_SIZE"};
  if (value->timing && value->text) return strcmp(value->text, usual->text);
  if (value->timing) return value->number != usual->number;
  if (*value->meaning) return true;
  for (size_t i = 0; i < sizeof derived / sizeof *derived; i++)
    if (!strcmp(value->name, derived[i])) return true;
  return false;
}

static char *config_text(const HwConfig *config) {
  HwConfig preset;
  HwConfigValue value, usual;
  json_t *json = json_object();
  int failures = !json;
  hw_config_default(&preset);
  for (int i = 0; hw_config_value(config, i, &value); i++) {
    hw_config_value(&preset, i, &usual);
    if (is_sent(&value, &usual))
      failures |= json_object_set_new(
          json, value.name,
          value.text ? json_string(value.text) : json_integer(value.number));
  }
  char *text = failures ? NULL : json_dumps(json, 0);
  json_decref(json);
  return text;
}

vtac_status vtac_rpc_reconfigure(vtac_rpc *session, const vtac_config *config,
                                 vtac_error *error) {
  static const char call[] = "vtac_rpc_reconfigure";
  Diag diag;
  vtac_status status;
  if (is_missing(session, call, "session", error) ||
      is_missing(config, call, "config", error))
    return VTAC_INVALID;
  char *text = config_text(&config->hw);
  if (text)
    status = client_help(session, HELP_RECONFIGURE, RPC_ARGS(rpc_string(text)),
                         NULL, &diag);
  else
    status = diag_set(&diag, D_NO_MEMORY, "cannot allocate a text");
  free(text);
  return status ? report_error(error, &diag) : VTAC_OK;
}

vtac_status vtac_rpc_program(vtac_rpc *session, const char *name,
                             const void *bitstream, size_t size,
                             vtac_error *error) {
  Diag diag;
  vtac_status status = vtac_rpc_upload(session, name, bitstream, size, error);
  if (status) return status;
  status = client_help(session, HELP_PROGRAM, RPC_ARGS(rpc_string(name)), NULL,
                       &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}

/* ---- Counters ----------------------------------------------------------- */

static bool get_count(const json_t *json, const char *name, uint64_t *ret) {
  const json_t *value = json_object_get(json, name);
  if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
  *ret = (uint64_t)json_integer_value(value);
  return true;
}

/* The JSON object that a helper returns; the caller lets it go. */
static vtac_status call_for_json(vtac_rpc *session, Helper helper, json_t **ret,
                                 Diag *diag) {
  RpcValue value;
  vtac_status status = client_help(session, helper, 0, NULL, &value, diag);
  if (status) return status;
  if (value.code != RPC_STRING)
    return client_mistyped(session, "counters", diag);
  *ret = json_loadb(value.text.at, value.text.n, 0, NULL);
  return *ret ? VTAC_OK : client_mistyped(session, "counters", diag);
}

static vtac_status get_counters(vtac_rpc *session, uint64_t *ret, Diag *diag) {
  json_t *json = NULL;
  vtac_status status = call_for_json(session, HELP_COUNTERS, &json, diag);
  for (int i = 0; i < VTAC_COUNTERS && !status; i++)
    if (!get_count(json, vtac_counter_name(i), &ret[i]))
      status = client_mistyped(session, "counters", diag);
  json_decref(json);
  return status;
}

static vtac_status get_cycles(vtac_rpc *session, uint64_t *ret, Diag *diag) {
  json_t *json = NULL;
  *ret = 0;
  vtac_status status = call_for_json(session, HELP_CYCLES, &json, diag);
  if (status) return diag->id == D_RPC_MISSING ? VTAC_OK : status;
  if (!get_count(json, "cycle_count", ret))
    status = client_mistyped(session, "cycles", diag);
  json_decref(json);
  return status;
}

vtac_status vtac_rpc_counters(vtac_rpc *session,
                              uint64_t ret_counters[VTAC_COUNTERS],
                              uint64_t *ret_cycles, vtac_error *error) {
  static const char call[] = "vtac_rpc_counters";
  Diag diag;
  if (is_missing(session, call, "session", error) ||
      is_missing(ret_counters, call, "ret_counters", error))
    return VTAC_INVALID;
  vtac_status status = get_counters(session, ret_counters, &diag);
  if (!status && ret_cycles) status = get_cycles(session, ret_cycles, &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}

vtac_status vtac_rpc_clear_counters(vtac_rpc *session, vtac_error *error) {
  Diag diag;
  if (is_missing(session, "vtac_rpc_clear_counters", "session", error))
    return VTAC_INVALID;
  vtac_status status =
      client_help(session, HELP_CLEAR_COUNTERS, 0, NULL, NULL, &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}
