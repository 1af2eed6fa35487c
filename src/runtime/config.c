/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of accelerator configurations. */
#include "vtac/config.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/objects.h"

static vtac_config *new_config(vtac_error *error) {
  vtac_config *config = malloc(sizeof *config);
  Diag diag;
  if (config) return config;
  diag_set(&diag, D_NO_MEMORY, "cannot allocate a configuration");
  report_error(error, &diag);
  return NULL;
}

vtac_config *vtac_config_default(vtac_error *error) {
  vtac_config *config = new_config(error);
  if (config) hw_config_default(&config->hw);
  return config;
}

static vtac_config *config_or_error(vtac_config *config, vtac_status status,
                                    const Diag *diag, vtac_error *error) {
  if (!status) return config;
  report_error(error, diag);
  free(config);
  return NULL;
}

vtac_config *vtac_config_load(const char *path, vtac_error *error) {
  if (is_missing(path, "vtac_config_load", "path", error)) return NULL;
  vtac_config *config = new_config(error);
  Diag diag;
  if (!config) return NULL;
  vtac_status status = hw_config_load(path, &config->hw, &diag);
  return config_or_error(config, status, &diag, error);
}

vtac_config *vtac_config_parse(const char *text, size_t length,
                               const char *name, vtac_error *error) {
  if (is_missing(text, "vtac_config_parse", "text", error)) return NULL;
  if (is_missing(name, "vtac_config_parse", "name", error)) return NULL;
  vtac_config *config = new_config(error);
  Diag diag;
  if (!config) return NULL;
  vtac_status status = hw_config_parse(text, length, name, &config->hw, &diag);
  return config_or_error(config, status, &diag, error);
}

void vtac_config_free(vtac_config *config) { free(config); }

int vtac_config_at(const vtac_config *config, int index,
                   vtac_config_value *ret_value) {
  HwConfigValue value;
  if (!config || !hw_config_value(&config->hw, index, &value)) return 0;
  *ret_value =
      (vtac_config_value){value.name, value.text, value.number, value.meaning};
  return 1;
}

int64_t vtac_config_get(const vtac_config *config, const char *name) {
  vtac_config_value value;
  for (int i = 0; vtac_config_at(config, i, &value); i++)
    if (name && !value.text && !strcmp(value.name, name)) return value.number;
  return -1;
}
