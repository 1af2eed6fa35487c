/* SPDX-License-Identifier: Apache-2.0 */
/* ELF files, read with suspicion, and a linker for relocatable objects that
 * works inside the process: a runtime loads saved modules with no compiler, no
 * linker and no LLVM on its machine. */
#ifndef ELF_ELF_H
#define ELF_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

typedef struct ElfSection {
  const char *name;
  uint32_t type, link, info;
  uint64_t flags, address, offset, size, align;
} ElfSection;

typedef struct ElfSymbol {
  const char *name;
  uint64_t value, size;
  uint16_t section; /* SHN_ABS and SHN_COMMON as they stand in the file */
  uint8_t type, binding;
} ElfSymbol;

typedef struct ElfReloc {
  uint64_t offset;
  int64_t addend;
  uint32_t type, symbol;
} ElfReloc;

/* A file whose headers, names and tables lie inside it. */
typedef struct ElfFile {
  const uint8_t *bytes;
  size_t size;
  const char *name; /* for messages */
  bool wide;        /* 64 bits */
  uint16_t type, machine;
  int n_sections, n_symbols;
  const ElfSection *section;
  const ElfSymbol *symbol; /* of .symtab, or .dynsym of a shared object */
} ElfFile;

/* Reads the headers; tables go to the arena, names and contents stay in
 * `bytes`.  Fails with D_MODULE_FILE. */
vtac_status elf_open(Arena *arena, const void *bytes, size_t size,
                     const char *name, ElfFile *ret, Diag *diag);
/* Is the file for the machine this program runs on? */
bool elf_is_native(const ElfFile *file);
/* "x86-64", "AArch64", "32-bit ARM", "RISC-V 64"; "machine 7 of 32 bits"
 * otherwise. */
const char *elf_machine_name(Arena *arena, const ElfFile *file);
/* The defined symbol of that name, or NULL. */
const ElfSymbol *elf_find(const ElfFile *file, const char *name);
/* The bytes of a defined symbol in the file, or NULL (bss, bad range). */
const uint8_t *elf_contents(const ElfFile *file, const ElfSymbol *symbol,
                            size_t *ret_size);
/* Relocation number `index` of a REL or RELA section. */
uint64_t elf_reloc_count(const ElfFile *file, const ElfSection *section);
bool elf_reloc(const ElfFile *file, const ElfSection *section, uint64_t index,
               ElfReloc *ret);

/* ---- Linking ------------------------------------------------------------ */

typedef struct ElfImage ElfImage;

/* The address of a symbol that the object does not define, or NULL. */
typedef void *(*ElfLookup)(void *self, const char *name);

typedef struct ElfLinkOptions {
  ElfLookup lookup;
  void *self;
  bool foreign; /* also link for another machine, not to be run */
} ElfLinkOptions;

/* Places the object's sections in memory and relocates them.  Refuses what
 * could run by itself (constructors, indirect functions), thread-local data,
 * and undefined symbols that the lookup does not know. */
vtac_status elf_link(Arena *scratch, const ElfFile *file,
                     const ElfLinkOptions *options, ElfImage **ret, Diag *diag);
void elf_image_free(ElfImage *image); /* NULL is fine */
/* The address of a defined global symbol in code, or NULL. */
void *elf_image_function(const ElfImage *image, const char *name);
/* The address of one in writable data that has room for a pointer, or NULL. */
void **elf_image_pointer(const ElfImage *image, const char *name);

#endif
