/* SPDX-License-Identifier: Apache-2.0 */
/* The table of groups. */
#include "report/groups.h"

const GroupRow group_rows[GROUPS] = {
#define REPORT_GROUP(NAME, name, first, last, light, dark) \
  {#NAME, name, light, dark, first, last},
#include "report/groups.def"
};

Group group_of(TsimCause cause) {
  int group = 0;
  while (group < GROUPS - 1 && cause > group_rows[group].last) group++;
  return (Group)group;
}
