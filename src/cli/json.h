/* SPDX-License-Identifier: Apache-2.0 */
/* JSON on standard output. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

/* A text in quotes, with what needs it escaped. */
void json_text(const char *text);

#endif
