/* SPDX-License-Identifier: Apache-2.0 */
/* The time evaluator: a function that calls another one many times and returns
 * how long a call took, once for each repeat.
 *
 * A repeat that was shorter than the least time is measured again with more
 * calls: as many as would have taken that time, at least 1.618 times as many
 * as before. */
#include <stdlib.h>
#include <time.h>

#include "rpc/session_impl.h"

#define GROWTH 1.618

enum { MOST_REPEATS = 1 << 16, NAME_BYTES = 257 };
static const int64_t most_number = 1000000000;

struct Timer {
  Function *function;
  const Named *prepare; /* called before each repeat, or NULL */
  int64_t number, repeat, least_ms, cooldown_ms, cooldown_repeats;
};

/* ---- Making one --------------------------------------------------------- */

enum { /* the arguments */
       ARG_MODULE,
       ARG_NAME,
       ARG_DEVICE_TYPE,
       ARG_DEVICE_ID,
       ARG_NUMBER,
       ARG_REPEAT,
       ARG_LEAST_MS,
       ARG_COOLDOWN_MS,
       ARG_COOLDOWN_REPEATS,
       ARG_PREPARE
};

static vtac_status find_function(Session *s, const Args *args, Function **ret,
                                 Diag *diag) {
  const RpcValue *handle = &args->value[ARG_MODULE];
  char name[NAME_BYTES];
  vtac_status status = text_arg(args, ARG_NAME, name, sizeof name, diag);
  if (status) return status;
  if (handle->code == RPC_MODULE) {
    Module *module = handles_get(&s->handles, OBJECT_MODULE, handle->handle);
    if (!module)
      return diag_set(diag, D_RPC_HANDLE, "%s: handle %llu is no module",
                      args->what, (unsigned long long)handle->handle);
    *ret = module_function(module, name, true);
  } else {
    const Named *named = named_find(slice_of(name));
    *ret = named ? function_of_named(named) : NULL;
  }
  if (*ret) return VTAC_OK;
  return diag_set(diag, D_ARGUMENT, "there is no function '%.200s'", name);
}

static int64_t number_of(const Args *args, int i) {
  return args->value[i].integer;
}

static vtac_status check_numbers(const Args *args, Diag *diag) {
  const RpcDevice device = {(int32_t)number_of(args, ARG_DEVICE_TYPE),
                            (int32_t)number_of(args, ARG_DEVICE_ID)};
  int64_t number = number_of(args, ARG_NUMBER);
  int64_t repeat = number_of(args, ARG_REPEAT);
  if (number < 1 || number > most_number)
    return diag_set(diag, D_ARGUMENT, "number is %lld; it is 1 to %lld",
                    (long long)number, (long long)most_number);
  if (repeat < 1 || repeat > MOST_REPEATS)
    return diag_set(diag, D_ARGUMENT, "repeat is %lld; it is 1 to %d",
                    (long long)repeat, MOST_REPEATS);
  if (number_of(args, ARG_LEAST_MS) < 0 || number_of(args, ARG_COOLDOWN_MS) < 0)
    return diag_set(diag, D_ARGUMENT, "a time is negative");
  return check_device(device, diag);
}

static vtac_status find_prepare(const Args *args, const Named **ret,
                                Diag *diag) {
  Slice name = args->value[ARG_PREPARE].text;
  *ret = name.n ? named_find(name) : NULL;
  if (*ret || !name.n) return VTAC_OK;
  return diag_set(diag, D_ARGUMENT, "there is no function '%.*s'",
                  (int)(name.n < 200 ? name.n : 200), name.at);
}

/* Takes over the function. */
static vtac_status make_timer(const Args *args, Function *function,
                              const Named *prepare, Function **ret,
                              Diag *diag) {
  Timer *timer = calloc(1, sizeof *timer);
  Function *evaluator = calloc(1, sizeof *evaluator);
  if (!timer || !evaluator) {
    free(timer);
    free(evaluator);
    function_release(function);
    return diag_set(diag, D_NO_MEMORY, "no memory for a time evaluator");
  }
  *timer = (Timer){.function = function,
                   .prepare = prepare,
                   .number = number_of(args, ARG_NUMBER),
                   .repeat = number_of(args, ARG_REPEAT),
                   .least_ms = number_of(args, ARG_LEAST_MS),
                   .cooldown_ms = number_of(args, ARG_COOLDOWN_MS),
                   .cooldown_repeats = number_of(args, ARG_COOLDOWN_REPEATS)};
  *evaluator = (Function){.references = 1, .timer = timer};
  *ret = evaluator;
  return VTAC_OK;
}

vtac_status call_time_evaluator(Session *s, const Args *args, RpcValue *ret,
                                Diag *diag) {
  const Named *prepare;
  Function *function, *evaluator = NULL;
  vtac_status status = check_numbers(args, diag);
  if (!status) status = find_prepare(args, &prepare, diag);
  if (!status) status = find_function(s, args, &function, diag);
  if (!status) status = make_timer(args, function, prepare, &evaluator, diag);
  return status ? status : give_function(s, evaluator, ret, diag);
}

void timer_free(Timer *timer) {
  if (!timer) return;
  function_release(timer->function);
  free(timer);
}

/* ---- Measuring ---------------------------------------------------------- */

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static vtac_status run(Session *s, const Timer *timer, const Args *args,
                       int64_t number, double *ret_seconds, Diag *diag) {
  RpcValue ignored = rpc_null();
  vtac_status status = VTAC_OK;
  double began = seconds_now();
  for (int64_t i = 0; i < number && !status; i++)
    status = function_call(s, timer->function, args, &ignored, diag);
  *ret_seconds = seconds_now() - began;
  return status;
}

static int64_t more(int64_t number, double least, double seconds) {
  double by_time = seconds > 0 ? least / (seconds / (double)number) + 1 : 0;
  double by_growth = (double)number * GROWTH;
  double next = by_time > by_growth ? by_time : by_growth;
  return next < (double)most_number ? (int64_t)next : most_number;
}

/* Seconds of one call; `number` is how many were needed last. */
static vtac_status measure(Session *s, const Timer *timer, const Args *args,
                           int64_t *number, double *ret, Diag *diag) {
  const double least = (double)timer->least_ms * 1e-3;
  double seconds = 0;
  for (;;) {
    RpcValue ignored = rpc_null();
    vtac_status status = VTAC_OK;
    if (timer->prepare)
      status = named_call(s, timer->prepare, args, &ignored, diag);
    if (!status) status = run(s, timer, args, *number, &seconds, diag);
    if (status) return status;
    if (seconds >= least || *number == most_number) break;
    *number = more(*number, least, seconds);
  }
  *ret = seconds / (double)*number;
  return VTAC_OK;
}

static void cool_down(const Timer *timer, int64_t repeat) {
  if (!timer->cooldown_ms || timer->cooldown_repeats < 1 ||
      (repeat + 1) % timer->cooldown_repeats)
    return;
  struct timespec pause = {timer->cooldown_ms / 1000,
                           timer->cooldown_ms % 1000 * 1000000};
  nanosleep(&pause, NULL);
}

static vtac_status measure_all(Session *s, const Timer *timer, const Args *args,
                               ByteBuf *times, Diag *diag) {
  double seconds;
  int64_t number = timer->number;
  vtac_status status = run(s, timer, args, 1, &seconds, diag); /* warm-up */
  for (int64_t i = 0; i < timer->repeat && !status; i++) {
    status = measure(s, timer, args, &number, &seconds, diag);
    if (!status) bytebuf_put(times, &seconds, sizeof seconds);
    if (!status) cool_down(timer, i);
  }
  if (!status && times->failed)
    return diag_set(diag, D_NO_MEMORY, "no memory for the times");
  return status;
}

vtac_status timer_call(Session *s, const Timer *timer, const Args *args,
                       RpcValue *ret, Diag *diag) {
  ByteBuf times = {0};
  vtac_status status = measure_all(s, timer, args, &times, diag);
  if (status) {
    bytebuf_free(&times);
    return status;
  }
  bytebuf_free(&s->text);
  s->text = times;
  *ret = rpc_bytes(s->text.bytes, s->text.size);
  return VTAC_OK;
}
