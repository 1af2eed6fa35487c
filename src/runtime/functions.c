/* SPDX-License-Identifier: Apache-2.0 */
/* Reading which functions a file holds out of its symbols.
 *
 * Files of TVM 0.9 hold packed functions as their global functions, next to at
 * least one variable of its calling convention, and name the main one at
 * __tvm_main__ if there is only one.  Files that hold modules of other kinds,
 * too, list them at __tvm_dev_mblob: u64 size, u64 entries, and for each entry
 * a key, u64 length and text, and what the key asks for. */
#include "runtime/functions.h"

#include <ctype.h>
#include <elf.h>
#include <string.h>

#include "base/trap.h"
#include "base/vec.h"

enum { MOST_NAME = 256, MOST_FUNCTIONS = 256 };
static const char main_symbol[] = "__tvm_main__";

typedef struct Lister {
  Arena *arena;
  const ElfFile *file;
  VEC(ModuleInfo) list;
} Lister;

static bool is_global(const ElfSymbol *symbol) {
  return symbol->section != SHN_UNDEF && symbol->binding != STB_LOCAL;
}

static bool begins(const char *name, const char *prefix) {
  return !strncmp(name, prefix, strlen(prefix));
}

static void add(Lister *lister, ModuleInfo info) {
  if (lister->list.n == MOST_FUNCTIONS)
    fail(lister->arena, D_MODULE_FILE, "'%s' holds too many functions",
         lister->file->name);
  vec_push(lister->arena, &lister->list, info);
}

/* ---- Functions that are described --------------------------------------- */

static void add_described(Lister *lister, const ElfSymbol *symbol) {
  const ElfFile *file = lister->file;
  size_t size;
  const uint8_t *text = elf_contents(file, symbol, &size);
  if (!text)
    fail(lister->arena, D_MODULE_FILE, "'%s': '%s' lies outside the file",
         file->name, symbol->name);
  ModuleInfo info =
      record_parse(lister->arena, (const char *)text, size, file->name);
  const ElfSymbol *function = elf_find(file, info.name);
  if (!function || function->type != STT_FUNC)
    fail(lister->arena, D_MODULE_FILE, "'%s' does not define its function '%s'",
         file->name, info.name);
  add(lister, info);
}

/* ---- Functions of other compilers --------------------------------------- */

/* Does any symbol say that this is code of the packed convention? */
static bool is_packed_code(const ElfFile *file) {
  for (int i = 1; i < file->n_symbols; i++)
    if (is_global(&file->symbol[i]) &&
        (begins(file->symbol[i].name, "__tvm_") ||
         begins(file->symbol[i].name, "__TVM")))
      return true;
  return false;
}

/* Functions of the accelerator fetch the command handle. */
static bool uses_accelerator(const ElfFile *file) {
  for (int i = 1; i < file->n_symbols; i++)
    if (!strcmp(file->symbol[i].name, "VTATLSCommandHandle")) return true;
  return false;
}

/* Names with an underscore in front are the compiler's own. */
static void add_unknown(Lister *lister) {
  const ElfFile *file = lister->file;
  bool accelerator = uses_accelerator(file);
  for (int i = 1; is_packed_code(file) && i < file->n_symbols; i++) {
    const ElfSymbol *symbol = &file->symbol[i];
    if (!is_global(symbol) || symbol->type != STT_FUNC ||
        *symbol->name == '_' || strlen(symbol->name) > MOST_NAME)
      continue;
    add(lister, (ModuleInfo){.name = arena_strdup(lister->arena, symbol->name),
                             .accelerator = accelerator,
                             .origin = ""});
  }
}

/* ---- The main function -------------------------------------------------- */

/* The text at __tvm_main__, if it is data and a name. */
static const char *main_name(const ElfFile *file) {
  size_t size;
  const ElfSymbol *symbol = elf_find(file, main_symbol);
  const char *text = symbol && symbol->type == STT_OBJECT
                         ? (const char *)elf_contents(file, symbol, &size)
                         : NULL;
  size_t length = text ? strnlen(text, size) : 0;
  if (!length || length == size || length > MOST_NAME) return NULL;
  for (size_t i = 0; i < length; i++)
    if (!isalnum((unsigned char)text[i]) && text[i] != '_') return NULL;
  return text;
}

static int find(const FunctionList *list, const char *name) {
  for (int i = 0; i < list->n; i++)
    if (!strcmp(list->at[i].name, name)) return i;
  return -1;
}

/* Where several objects were linked into one, that is the first's. */
static int find_main(const Lister *lister, const FunctionList *list) {
  const char *name = main_name(lister->file);
  int i = name ? find(list, name) : -1;
  if (name && i < 0)
    fail(lister->arena, D_MODULE_FILE, "'%s' does not define its function '%s'",
         lister->file->name, name);
  return list->n == 1 ? 0 : i;
}

/* ---- Modules of other kinds --------------------------------------------- */

static bool take_u64(const uint8_t **at, size_t *left, uint64_t *ret) {
  if (*left < sizeof *ret) return false;
  *ret = 0;
  for (int i = 0; i < 8; i++) *ret |= (uint64_t)(*at)[i] << 8 * i;
  *at += sizeof *ret;
  *left -= sizeof *ret;
  return true;
}

/* Modules in the file besides its own code cannot be run here. */
static void check_imports(Arena *arena, const ElfFile *file) {
  const ElfSymbol *symbol = elf_find(file, "__tvm_dev_mblob");
  size_t left;
  uint64_t ignored, entries = 0, length = 0;
  const uint8_t *at = symbol ? elf_contents(file, symbol, &left) : NULL;
  if (!symbol) return;
  bool good =
      at && take_u64(&at, &left, &ignored) && take_u64(&at, &left, &entries);
  /* the library itself comes without data, and the tree last */
  while (good && entries--) {
    good = take_u64(&at, &left, &length) && length <= left;
    if (!good || (length == 12 && !memcmp(at, "_import_tree", 12))) break;
    if (length != 4 || memcmp(at, "_lib", 4) != 0)
      fail(arena, D_MODULE_FILE,
           "'%s' holds a module of kind '%.*s', which cannot be run here",
           file->name, (int)(length < 64 ? length : 64), (const char *)at);
    at += length;
    left -= length;
  }
  if (!good)
    fail(arena, D_MODULE_FILE, "'%s': the list of its modules is damaged",
         file->name);
}

/* ---- The list ----------------------------------------------------------- */

FunctionList functions_read(Arena *arena, const ElfFile *file) {
  Lister lister = {.arena = arena, .file = file};
  check_imports(arena, file);
  for (int i = 1; i < file->n_symbols; i++)
    if (is_global(&file->symbol[i]) &&
        begins(file->symbol[i].name, RECORD_PREFIX))
      add_described(&lister, &file->symbol[i]);
  if (!lister.list.n) add_unknown(&lister);
  if (!lister.list.n)
    fail(arena, D_MODULE_FILE, "'%s' is no module: it has no packed function",
         file->name);
  FunctionList list = {lister.list.n, lister.list.at, -1};
  list.main = find_main(&lister, &list);
  return list;
}

const ModuleInfo *functions_find(const FunctionList *list, const char *name) {
  int i = strcmp(name, main_symbol) ? find(list, name) : list->main;
  return i < 0 ? NULL : &list->at[i];
}

const char *functions_text(Arena *arena, const FunctionList *list) {
  Strbuf text;
  strbuf_init(&text, arena);
  for (int i = 0; i < list->n; i++)
    strbuf_printf(&text, "%s%s", i ? ", " : "", list->at[i].name);
  return text.text;
}
