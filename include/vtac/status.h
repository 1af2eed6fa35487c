/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes and symbol visibility shared by every public header. */
#ifndef VTAC_STATUS_H
#define VTAC_STATUS_H

#if defined(_WIN32)
#define VTAC_API
#else
#define VTAC_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* How a call ended.  The value says whose move it is: the caller's
 * (INVALID), the author of the schedule, shape or configuration (REFUSED),
 * or the machine's (the rest). */
typedef enum vtac_status {
  VTAC_OK = 0,
  VTAC_INVALID = 1, /* an argument breaks the contract of the call */
  VTAC_REFUSED = 2, /* a schedule, shape or configuration that is not legal */
  VTAC_NOMEM = 3,   /* the host has no memory left */
  VTAC_IO = 4,      /* a file could not be read or written */
  VTAC_DEVICE = 5   /* the device or simulator could not finish the run */
} vtac_status;

/* A failure told to a person: what, where in the user's program, which limit,
 * and what would help.  A value without pointers to be freed: `id` and `cure`
 * are in static storage. */
typedef struct vtac_error {
  vtac_status status;
  const char *id;     /* stable short name, such as "buffer-overflow" */
  const char *cure;   /* what would help, or "" */
  char message[1024]; /* one line */
} vtac_error;

/* The name of a status, such as "refused"; never NULL.  Static storage. */
VTAC_API const char *vtac_status_name(vtac_status status);

#ifdef __cplusplus
}
#endif
#endif
