/* SPDX-License-Identifier: Apache-2.0 */
/* The presets of the timing simulator. */
#include "hw/timing.h"

#include <stdio.h>
#include <strings.h>

#include "base/trap.h"

typedef struct Preset {
  const char *name;
  TimingConfig config;
} Preset;

static const Preset presets[] = {
#define HW_TIMING_PRESET(NAME, bus, burst, depth, latency, tags, meaning) \
  {#NAME, {bus, burst, depth, latency, tags}},
#include "hw/timing_keys.def"
};
enum { PRESETS = sizeof presets / sizeof *presets };

const char *timing_preset_name(int index) {
  return index >= 0 && index < PRESETS ? presets[index].name : NULL;
}

int timing_preset_find(const char *name) {
  for (int i = 0; i < PRESETS; i++)
    if (!strcasecmp(presets[i].name, name)) return i;
  return -1;
}

TimingConfig timing_preset(int index) {
  CHECK(index >= 0 && index < PRESETS);
  return presets[index].config;
}

void timing_preset_names(char *ret, int size) {
  int used = 0;
  for (int i = 0; i < PRESETS && used < size; i++)
    used += snprintf(ret + used, (size_t)(size - used), "%s%s", i ? ", " : "",
                     presets[i].name);
}
