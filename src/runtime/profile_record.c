/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile is of: the streams that a module runs, or one given. */
#include <stdlib.h>
#include <string.h>

#include "runtime/module.h"
#include "runtime/profile.h"
#include "runtime/stream.h"
#include "vtac/module.h"

/* ---- Instructions ------------------------------------------------------- */

static vtac_status no_memory(Diag *diag) {
  return diag_set(diag, D_NO_MEMORY, "no memory for a profile's instructions");
}

/* Room for `more` instructions behind those there are, and for one at least. */
static vtac_status reserve(vtac_profile *profile, size_t more, Diag *diag) {
  const size_t most = UINT32_MAX / HW_INSN_BYTES;
  size_t need = profile->count + (more ? more : 1);
  size_t capacity = 2 * (size_t)profile->capacity;
  if (need <= profile->capacity) return VTAC_OK;
  if (capacity > most) capacity = most;
  if (capacity < need) capacity = need;
  if (need > most)
    return diag_set(diag, D_ARGUMENT, "a profile has at most %zu instructions",
                    most);
  Insn *insns = realloc(profile->insns, capacity * sizeof *insns);
  if (insns) profile->insns = insns;
  uint32_t *site = realloc(profile->site, capacity * sizeof *site);
  if (site) profile->site = site;
  uint8_t *bytes = realloc(profile->bytes, capacity * HW_INSN_BYTES);
  if (bytes) profile->bytes = bytes;
  if (!insns || !site || !bytes) return no_memory(diag);
  profile->capacity = (uint32_t)capacity;
  return VTAC_OK;
}

static vtac_status add_stream(vtac_profile *profile, uint32_t count,
                              Diag *diag) {
  ProfileStream *streams =
      realloc(profile->streams,
              (profile->stream_count + (size_t)1) * sizeof *profile->streams);
  if (!streams) return no_memory(diag);
  profile->streams = streams;
  streams[profile->stream_count++] =
      (ProfileStream){.first = profile->count, .count = count};
  profile->count += count;
  return VTAC_OK;
}

static vtac_status encode(vtac_profile *profile, Diag *diag) {
  vtac_status status = VTAC_OK;
  for (uint32_t i = 0; i < profile->count && !status; i++) {
    uint64_t word[2] = {0, 0};
    status = hw_encode(&profile->config, &profile->insns[i], word, diag);
    hw_insn_write(word, profile->bytes + (size_t)i * HW_INSN_BYTES);
  }
  return status;
}

vtac_status profile_seal(vtac_profile *profile, Diag *diag) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < profile->stream_count; i++) {
    ProfileStream *stream = &profile->streams[i];
    const size_t count = stream->count;
    memmove(profile->insns + at, profile->insns + stream->first,
            count * sizeof *profile->insns);
    memmove(profile->site + at, profile->site + stream->first,
            count * sizeof *profile->site);
    stream->first = at;
    at += stream->count;
  }
  profile->count = at;
  return encode(profile, diag);
}

static vtac_status copy_streams(const vtac_profile *from, vtac_profile *to,
                                Diag *diag) {
  vtac_status status = reserve(to, from->count, diag);
  if (status) return status;
  memcpy(to->insns, from->insns, from->count * sizeof *to->insns);
  memcpy(to->site, from->site, from->count * sizeof *to->site);
  for (uint32_t i = 0; i < from->stream_count && !status; i++)
    status = add_stream(to, from->streams[i].count, diag);
  return status;
}

vtac_status profile_copy(const vtac_profile *profile, vtac_profile **ret,
                         Diag *diag) {
  vtac_profile *copy = calloc(1, sizeof *copy);
  if (!copy) return no_memory(diag);
  copy->config = profile->config;
  copy->sites = sites_retain(profile->sites);
  vtac_status status = copy_streams(profile, copy, diag);
  if (status)
    vtac_profile_free(copy);
  else
    *ret = copy;
  return status;
}

vtac_status profile_record_stream(vtac_profile *profile, const void *stream,
                                  size_t count, Diag *diag) {
  vtac_status status = reserve(profile, count, diag);
  if (!status)
    status = stream_decode(&profile->config, stream, (uint32_t)count,
                           profile->insns, diag);
  if (status) return status;
  memset(profile->site, 0, count * sizeof *profile->site);
  return add_stream(profile, (uint32_t)count, diag);
}

/* ---- Modules ------------------------------------------------------------ */

typedef struct Recorder {
  vtac_profile *profile;
  vtac_status status;
  Diag *diag;
} Recorder;

static void on_stream(void *self, const Insn *insns, const uint32_t *sites,
                      uint32_t count) {
  Recorder *recorder = self;
  vtac_profile *profile = recorder->profile;
  if (!recorder->status)
    recorder->status = reserve(profile, count, recorder->diag);
  if (recorder->status) return;
  memcpy(profile->insns + profile->count, insns, count * sizeof *insns);
  memcpy(profile->site + profile->count, sites, count * sizeof *sites);
  recorder->status = add_stream(profile, count, recorder->diag);
}

static vtac_array **make_arrays(const vtac_module *module, vtac_device *device,
                                vtac_error *error) {
  const ModuleInfo *info = &module->info;
  vtac_array **arrays = calloc((size_t)info->n + 1, sizeof *arrays);
  for (int i = 0; arrays && i < info->n; i++) {
    const ModuleParam *param = &info->param[i];
    arrays[i] =
        vtac_array_new(device, param->type_name, param->n, param->shape, error);
    if (arrays[i]) continue;
    while (i-- > 0) vtac_array_free(arrays[i]);
    free(arrays);
    return NULL;
  }
  if (!arrays) {
    Diag diag;
    no_memory(&diag);
    report_error(error, &diag);
  }
  return arrays;
}

/* Runs the module with nothing computed on the accelerator's side. */
static vtac_status run_recorded(Recorder *recorder, const vtac_module *module,
                                vtac_device *device, vtac_array **arrays) {
  HwPort *port = device->port;
  const SiteTable *sites = recorder->profile->sites;
  Diag *diag = recorder->diag;
  const int n = module->info.n;
  port->ops->skip_execution(port, true);
  queue_set_trace(device->queue,
                  (QueueTrace){.self = recorder, .stream = on_stream});
  vtac_status status =
      module->entry
          ? native_run(module->entry, &module->info, device, n, arrays, diag)
          : module_evaluate(module, device, n, arrays, sites, diag);
  return status ? status : recorder->status;
}

static vtac_status record_on_device(Recorder *recorder,
                                    const vtac_module *module,
                                    vtac_error *error) {
  const vtac_device_options options = {.simulator = VTAC_SIMULATOR_FUNCTIONAL};
  const vtac_config config = {module->info.config};
  vtac_device *device = vtac_device_open(&config, &options, error);
  vtac_array **arrays = device ? make_arrays(module, device, error) : NULL;
  vtac_status status = VTAC_NOMEM; /* or what `error` says */
  if (arrays) {
    status = run_recorded(recorder, module, device, arrays);
    if (status) report_error(error, recorder->diag);
    for (int i = 0; i < module->info.n; i++) vtac_array_free(arrays[i]);
  }
  free(arrays);
  vtac_device_close(device);
  return status;
}

static vtac_status check_module(const vtac_module *module, Diag *diag) {
  const ModuleInfo *info = &module->info;
  if (!module->entry && !module->program)
    return diag_set(diag, D_ARGUMENT, "module '%s' has no code that could run",
                    info->name);
  if (info->accelerator && info->has_config && info->has_params) return VTAC_OK;
  return diag_set(diag, D_ARGUMENT,
                  "module '%s' does not say what it runs on an accelerator",
                  info->name);
}

vtac_status profile_record_module(vtac_profile *profile,
                                  const vtac_module *module,
                                  vtac_error *error) {
  Diag diag;
  Recorder recorder = {profile, VTAC_OK, &diag};
  vtac_status status = check_module(module, &diag);
  if (!status && module->program)
    status = sites_new(module->func, &profile->sites, &diag);
  if (status) return report_error(error, &diag);
  profile->config = module->info.config;
  status = record_on_device(&recorder, module, error);
  if (status || profile->count) return status;
  diag_set(&diag, D_ARGUMENT, "module '%s' runs nothing on the accelerator",
           module->info.name);
  return report_error(error, &diag);
}
