/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of causes, as pictures show them. */
#ifndef REPORT_GROUPS_H
#define REPORT_GROUPS_H

#include "tsim/model.h"

typedef enum Group {
#define REPORT_GROUP(NAME, name, first, last, light, dark) GROUP_##NAME,
#include "report/groups.def"
  GROUPS
} Group;

typedef struct GroupRow {
  const char *id; /* "work": a word for classes and patterns */
  const char *name, *light, *dark;
  TsimCause first, last;
} GroupRow;

extern const GroupRow group_rows[GROUPS];
Group group_of(TsimCause cause);

#endif
