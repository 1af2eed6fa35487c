/* SPDX-License-Identifier: Apache-2.0 */
/* For rewriters that look at statements alone: a table under which no
 * expression is descended into. */
#ifndef PASS_KEEP_EXPRS_H
#define PASS_KEEP_EXPRS_H

#include "ir/traverse.h"

extern const ExprRewrite KEEP_EXPRS[EXPR_KINDS];

#endif
