/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a session share. */
#ifndef RPC_SESSION_IMPL_H
#define RPC_SESSION_IMPL_H

#include "device/queue.h"
#include "rpc/handles.h"
#include "rpc/session.h"
#include "runtime/native.h"
#include "vtac/kernel.h"

typedef struct RpcBuffer {
  RpcDevice device;
  uint64_t size;
  void *host;      /* on the processor: malloc'ed */
  BufferId buffer; /* on the accelerator */
} RpcBuffer;

enum { MOST_IMPORTS = 16 };

/* A loaded file; owned by its handle, by functions of it and by modules that
 * import it. */
typedef struct Module {
  int references;
  vtac_module *code;
  int n_imports;
  struct Module *import[MOST_IMPORTS];
} Module;

typedef struct Named Named;
typedef struct Timer Timer;

/* Something to be called: one of the three. */
typedef struct Function {
  int references;
  const Named *named;         /* a function of the server */
  vtac_kernel_function entry; /* of compiled code … */
  const ModuleInfo *info;     /* which says of itself this, in … */
  Module *module;
  Timer *timer; /* measures another function */
} Function;

struct Session {
  SessionOptions options;
  bool ready; /* InitServer has been answered */
  HandleTable handles;
  vtac_config *config; /* after a reconfiguration; else NULL */
  vtac_device *device; /* NULL until it is needed */
  uint64_t allocated;  /* bytes of all buffers */
  int vta_buffers;     /* that live on the device */
  ByteBuf text;        /* of the answer: a string, bytes, data */
  ByteBuf bounce;      /* raw bytes on their way to the accelerator */
  bool roomless; /* the request's raw bytes were dropped, because of … */
  Diag no_room;
  SessionCounts counts;
};

/* Opens the device if that has not been done. */
vtac_status session_device(Session *s, vtac_device **ret, Diag *diag);
/* The configuration that the device has, or will have. */
const vtac_config *session_config(const Session *s);
/* Copies an error of the library. */
vtac_status session_error(const vtac_error *error, Diag *diag);

/* ---- Arguments ---------------------------------------------------------- */

/* The arguments of a request or call. */
typedef struct Args {
  const char *what; /* who takes them, for messages */
  int n;
  const RpcValue *value;
} Args;

/* Fails unless there are `n` arguments of these types, one letter each:
 * d device, h handle, i integer, t tensor, s string, b bytes or string,
 * m module, . any. */
vtac_status check_args(const Args *args, const char *types, Diag *diag);
/* A string argument as a C text of less than `size` bytes. */
vtac_status text_arg(const Args *args, int i, char *ret, size_t size,
                     Diag *diag);

/* ---- Memory (session_memory.c) ------------------------------------------ */

bool device_exists(RpcDevice device);
vtac_status check_device(RpcDevice device, Diag *diag);
/* Attribute `kind` of a device: whether it exists, or what it is; *ret stays
 * as it is for all others. */
vtac_status device_attr(const Session *s, RpcDevice device, int64_t kind,
                        RpcValue *ret, Diag *diag);
vtac_status memory_alloc(Session *s, RpcDevice device, uint64_t size,
                         uint64_t *ret_handle, Diag *diag);
vtac_status memory_free(Session *s, RpcDevice device, uint64_t handle,
                        Diag *diag);
void buffer_release(Session *s, RpcBuffer *buffer);
/* The buffer of a tensor of which bytes [byte_offset, byte_offset + n) must
 * lie inside it. */
vtac_status memory_find(Session *s, const RpcTensor *tensor, uint64_t n,
                        RpcBuffer **ret, Diag *diag);
vtac_status memory_write(Session *s, const RpcBuffer *to, uint64_t offset,
                         const void *from, uint64_t n, Diag *diag);
/* Where the host finds the bytes: in place, or copied to s->text. */
vtac_status memory_read(Session *s, const RpcBuffer *from, uint64_t offset,
                        uint64_t n, const void **ret, Diag *diag);
vtac_status memory_copy(Session *s, const RpcTensor *from, const RpcTensor *to,
                        Diag *diag);

/* ---- Functions ---------------------------------------------------------- */

/* A function of the server: session_named.c has the table. */
struct Named {
  const char *name;
  const char *types; /* of its arguments, as check_args has them; NULL: any */
  vtac_status (*call)(Session *s, const Args *args, RpcValue *ret, Diag *diag);
};
const Named *named_find(Slice name);
/* Checks the arguments' types, too. */
vtac_status named_call(Session *s, const Named *named, const Args *args,
                       RpcValue *ret, Diag *diag);

Function *function_of_named(const Named *named);
void function_release(Function *function); /* NULL is fine */
void module_release(Module *module);       /* NULL is fine */
/* A handle of an object; on failure the object is released. */
vtac_status give_module(Session *s, Module *module, RpcValue *ret, Diag *diag);
vtac_status give_function(Session *s, Function *function, RpcValue *ret,
                          Diag *diag);
vtac_status function_call(Session *s, const Function *function,
                          const Args *args, RpcValue *ret, Diag *diag);

/* session_module.c */
vtac_status call_load_module(Session *s, const Args *args, RpcValue *ret,
                             Diag *diag);
vtac_status call_get_function(Session *s, const Args *args, RpcValue *ret,
                              Diag *diag);
vtac_status call_import_module(Session *s, const Args *args, RpcValue *ret,
                               Diag *diag);
/* A function of the module or of its imports; NULL if there is none, or when
 * memory is short. */
Function *module_function(Module *module, const char *name, bool imports);
vtac_status native_function_call(Session *s, const Function *function,
                                 const Args *args, RpcValue *ret, Diag *diag);

/* session_time.c */
vtac_status call_time_evaluator(Session *s, const Args *args, RpcValue *ret,
                                Diag *diag);
vtac_status timer_call(Session *s, const Timer *timer, const Args *args,
                       RpcValue *ret, Diag *diag);
void timer_free(Timer *timer); /* NULL is fine */

/* session_vta.c */
vtac_status call_reconfigure(Session *s, const Args *args, RpcValue *ret,
                             Diag *diag);
vtac_status call_vta_init(Session *s, const Args *args, RpcValue *ret,
                          Diag *diag);
vtac_status call_profiler_clear(Session *s, const Args *args, RpcValue *ret,
                                Diag *diag);
vtac_status call_profiler_status(Session *s, const Args *args, RpcValue *ret,
                                 Diag *diag);
vtac_status call_profiler_debug(Session *s, const Args *args, RpcValue *ret,
                                Diag *diag);
vtac_status call_tsim_status(Session *s, const Args *args, RpcValue *ret,
                             Diag *diag);

#endif
