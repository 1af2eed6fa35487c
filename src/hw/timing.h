/* SPDX-License-Identifier: Apache-2.0 */
/* TimingConfig: the knobs of the timing simulator, and their presets. */
#ifndef HW_TIMING_H
#define HW_TIMING_H

#include <stdbool.h>

typedef struct TimingConfig {
#define HW_TIMING_KEY(KEY, field, least, most, meaning) int field;
#include "hw/timing_keys.def"
} TimingConfig;

/* The name of preset `index`, or NULL past the last; 0 is the default. */
const char *timing_preset_name(int index);
/* The index of a preset, whatever the case of its name, or -1. */
int timing_preset_find(const char *name);
TimingConfig timing_preset(int index);

/* "De10, Pynq, ...": for messages. */
void timing_preset_names(char *ret, int size);

#endif
