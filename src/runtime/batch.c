/* SPDX-License-Identifier: Apache-2.0 */
/* Many runs of one module on several devices, a thread for each device.
 *
 * Devices share nothing, so threads have nothing to wait for but the number of
 * the next run.  A device keeps its arrays for the whole batch; what lies at
 * the same place as in its run before, such as weights, stays there.  Of runs
 * that fail, the first one counts; none is started after a failure is seen. */
#include <pthread.h>
#include <stdlib.h>

#include "runtime/module.h"
#include "runtime/objects.h"

typedef struct Batch {
  const vtac_module *module;
  size_t count;
  void *const *const *runs;
  atomic_size_t next;
  atomic_bool failed;
} Batch;

typedef struct Worker {
  Batch *batch;
  vtac_device *device;
  vtac_array **array;  /* of each parameter, or NULL */
  const void **loaded; /* what it was filled from, or NULL */
  pthread_t thread;
  size_t failed_run; /* where status is not VTAC_OK */
  vtac_status status;
  vtac_error error;
} Worker;

/* ---- One run ------------------------------------------------------------ */

static vtac_status load_args(Worker *worker, void *const *args) {
  const ModuleInfo *info = &worker->batch->module->info;
  for (int k = 0; k < info->n; k++) {
    const bool written = info->param[k].written;
    if (!written && args[k] == worker->loaded[k]) continue;
    if (vtac_array_write(worker->array[k], args[k], &worker->error))
      return worker->error.status;
    worker->loaded[k] = args[k];
  }
  return VTAC_OK;
}

static vtac_status store_args(Worker *worker, void *const *args) {
  const ModuleInfo *info = &worker->batch->module->info;
  for (int k = 0; k < info->n; k++)
    if (info->param[k].written &&
        vtac_array_read(worker->array[k], args[k], &worker->error))
      return worker->error.status;
  return VTAC_OK;
}

static vtac_status run_one(Worker *worker, void *const *args) {
  const vtac_module *module = worker->batch->module;
  vtac_status status = load_args(worker, args);
  if (!status)
    status = vtac_module_run(module, worker->device, module->info.n,
                             worker->array, &worker->error);
  return status ? status : store_args(worker, args);
}

static void *work(void *self) {
  Worker *worker = self;
  Batch *batch = worker->batch;
  while (!atomic_load(&batch->failed)) {
    const size_t i = atomic_fetch_add(&batch->next, 1);
    if (i >= batch->count) break;
    worker->status = run_one(worker, batch->runs[i]);
    if (!worker->status) continue;
    worker->failed_run = i;
    atomic_store(&batch->failed, true);
  }
  return NULL;
}

/* ---- Arrays ------------------------------------------------------------- */

static vtac_status make_arrays(Worker *worker) {
  const ModuleInfo *info = &worker->batch->module->info;
  Diag diag;
  worker->array = calloc((size_t)info->n + 1, sizeof *worker->array);
  worker->loaded = calloc((size_t)info->n + 1, sizeof *worker->loaded);
  if (!worker->array || !worker->loaded) {
    diag_set(&diag, D_NO_MEMORY, "cannot allocate the arguments of a batch");
    return report_error(&worker->error, &diag);
  }
  for (int k = 0; k < info->n; k++) {
    const ModuleParam *param = &info->param[k];
    worker->array[k] = vtac_array_new(worker->device, param->type_name,
                                      param->n, param->shape, &worker->error);
    if (!worker->array[k]) return worker->error.status;
  }
  return VTAC_OK;
}

static void free_arrays(const Worker *worker) {
  for (int k = 0; worker->array && k < worker->batch->module->info.n; k++)
    vtac_array_free(worker->array[k]);
  free(worker->array);
  free(worker->loaded);
}

/* ---- All workers -------------------------------------------------------- */

/* Where the system gives no more threads, those there are do all the work. */
static void work_together(Worker *worker, int n) {
  int started = 1;
  while (started < n &&
         !pthread_create(&worker[started].thread, NULL, work, &worker[started]))
    started++;
  work(&worker[0]);
  for (int i = 1; i < started; i++) pthread_join(worker[i].thread, NULL);
}

/* The worker whose failure comes first, or NULL. */
static const Worker *first_failure(const Worker *worker, int n) {
  const Worker *first = NULL;
  for (int i = 0; i < n; i++)
    if (worker[i].status &&
        (!first || worker[i].failed_run < first->failed_run))
      first = &worker[i];
  return first;
}

static vtac_status run_batch(Batch *batch, int n, vtac_device *const *devices,
                             vtac_error *error) {
  Diag diag;
  Worker *worker = n > 0 ? calloc((size_t)n, sizeof *worker) : NULL;
  if (!worker) {
    diag_set(&diag, D_NO_MEMORY, "cannot allocate the threads of a batch");
    return report_error(error, &diag);
  }
  bool ready = true;
  for (int i = 0; i < n; i++) {
    worker[i] = (Worker){.batch = batch, .device = devices[i]};
    if (ready) worker[i].status = make_arrays(&worker[i]);
    ready = ready && !worker[i].status;
  }
  if (ready) work_together(worker, n);
  const Worker *failure = first_failure(worker, n);
  const vtac_status status = failure ? failure->status : VTAC_OK;
  if (failure && error) *error = failure->error;
  for (int i = 0; i < n; i++) free_arrays(&worker[i]);
  free(worker);
  return status;
}

/* ---- The call ----------------------------------------------------------- */

static vtac_status check_devices(int n, vtac_device *const *devices,
                                 Diag *diag) {
  if (n < 1)
    return diag_set(diag, D_ARGUMENT, "a batch needs a device, got %d", n);
  for (int i = 0; i < n; i++) {
    if (!devices[i])
      return diag_set(diag, D_ARGUMENT, "devices[%d] is NULL", i);
    for (int k = 0; k < i; k++)
      if (devices[k] == devices[i])
        return diag_set(diag, D_ARGUMENT,
                        "devices[%d] and devices[%d] are the same", k, i);
  }
  return VTAC_OK;
}

static vtac_status check_runs(const Batch *batch, Diag *diag) {
  const ModuleInfo *info = &batch->module->info;
  if (!info->has_params)
    return diag_set(diag, D_ARGUMENT,
                    "module '%s' does not describe its parameters", info->name);
  for (size_t i = 0; i < batch->count; i++) {
    if (!batch->runs[i])
      return diag_set(diag, D_ARGUMENT, "runs[%zu] is NULL", i);
    for (int k = 0; k < info->n; k++)
      if (!batch->runs[i][k])
        return diag_set(diag, D_ARGUMENT, "runs[%zu][%d] (%s) is NULL", i, k,
                        info->param[k].name);
  }
  return VTAC_OK;
}

vtac_status vtac_module_run_batch(const vtac_module *module, int n,
                                  vtac_device *const *devices, size_t count,
                                  void *const *const *runs, vtac_error *error) {
  static const char call[] = "vtac_module_run_batch";
  Batch batch = {.module = module, .count = count, .runs = runs};
  Diag diag;
  if (is_missing(module, call, "module", error) ||
      is_missing(devices, call, "devices", error) ||
      (count > 0 && is_missing(runs, call, "runs", error)))
    return VTAC_INVALID;
  vtac_status status = check_devices(n, devices, &diag);
  if (!status) status = check_runs(&batch, &diag);
  for (int i = 0; i < n && !status; i++)
    status = module_check_config(&module->info, devices[i], &diag);
  if (status) return report_error(error, &diag);
  return run_batch(&batch, n, devices, error);
}
