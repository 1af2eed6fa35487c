/* SPDX-License-Identifier: Apache-2.0 */
/* Breaking one primitive of a schedule, or one thing in a computation. */
#ifndef TEST_SUPPORT_SPOILER_H
#define TEST_SUPPORT_SPOILER_H

#include "support/net.h"
#include "support/script.h"

enum { MOST_SEEN = 200 };

/* Spoils call number `at` of a script: what the call is given is replaced by
 * something wrong, or by what other calls were given; or the call is left out,
 * or made twice, or preceded by one that is out of place. */
typedef struct Spoiler {
  Choices *choices;
  int at, calls;
  bool done;
  int axes, stages;
  vtac_iter axis[MOST_SEEN];
  vtac_stage stage[MOST_SEEN];
} Spoiler;

void spoil_script(Spoiler *spoiler, Script *script, Choices *choices);

typedef enum Damage {
  DAMAGE_NONE,
  DAMAGE_SOME, /* it may be legal after all */
  DAMAGE_FATAL /* it has no meaning */
} Damage;

/* Changes a net into one that the accelerator should not be able to do; notes
 * how. */
Damage spoil_net(Net *net, Trial *trial);

#endif
