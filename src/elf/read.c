/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ELF files of either class, little-endian.
 *
 * Nothing in the file is believed: every offset, size and index is checked
 * against the file before it is followed, so that a damaged file is refused
 * and never read past its end. */
#include <elf.h>
#include <string.h>

#include "elf/arch.h"
#include "elf/elf.h"

enum { MOST_SECTIONS = 4096, MOST_SYMBOLS = 1 << 16 };

typedef struct Reader {
  Arena *arena;
  ElfFile *file;
  Diag *diag;
} Reader;

static vtac_status refuse(const Reader *r, const char *what) {
  return diag_set(r->diag, D_MODULE_FILE, "'%s': %s", r->file->name, what);
}

static bool inside(const ElfFile *file, uint64_t offset, uint64_t size) {
  return offset <= file->size && size <= file->size - offset;
}

/* ---- The two classes ---------------------------------------------------- */

static ElfSection read_section(const ElfFile *file, uint64_t at) {
  ElfSection s = {0};
  if (file->wide) {
    Elf64_Shdr h;
    memcpy(&h, file->bytes + at, sizeof h);
    s = (ElfSection){.type = h.sh_type,
                     .link = h.sh_link,
                     .info = h.sh_info,
                     .flags = h.sh_flags,
                     .address = h.sh_addr,
                     .offset = h.sh_offset,
                     .size = h.sh_size,
                     .align = h.sh_addralign};
    s.name = (const char *)(uintptr_t)h.sh_name;
  } else {
    Elf32_Shdr h;
    memcpy(&h, file->bytes + at, sizeof h);
    s = (ElfSection){.type = h.sh_type,
                     .link = h.sh_link,
                     .info = h.sh_info,
                     .flags = h.sh_flags,
                     .address = h.sh_addr,
                     .offset = h.sh_offset,
                     .size = h.sh_size,
                     .align = h.sh_addralign};
    s.name = (const char *)(uintptr_t)h.sh_name;
  }
  return s;
}

/* The name is an offset until `name_at` has looked at it. */
static ElfSymbol read_symbol(const ElfFile *file, uint64_t at,
                             uint32_t *ret_name) {
  if (file->wide) {
    Elf64_Sym s;
    memcpy(&s, file->bytes + at, sizeof s);
    *ret_name = s.st_name;
    return (ElfSymbol){NULL,
                       s.st_value,
                       s.st_size,
                       s.st_shndx,
                       ELF64_ST_TYPE(s.st_info),
                       ELF64_ST_BIND(s.st_info)};
  }
  Elf32_Sym s;
  memcpy(&s, file->bytes + at, sizeof s);
  *ret_name = s.st_name;
  return (ElfSymbol){NULL,
                     s.st_value,
                     s.st_size,
                     s.st_shndx,
                     ELF32_ST_TYPE(s.st_info),
                     ELF32_ST_BIND(s.st_info)};
}

/* ---- Headers ------------------------------------------------------------ */

typedef struct SectionTable {
  uint64_t offset;
  uint32_t count, names;
  uint32_t entry;
} SectionTable;

static vtac_status read_header(Reader *r, SectionTable *ret) {
  ElfFile *file = r->file;
  if (file->size < EI_NIDENT || memcmp(file->bytes, ELFMAG, SELFMAG))
    return refuse(r, "this is no ELF file");
  if (file->bytes[EI_DATA] != ELFDATA2LSB)
    return refuse(r, "the file is not little-endian");
  file->wide = file->bytes[EI_CLASS] == ELFCLASS64;
  if (!file->wide && file->bytes[EI_CLASS] != ELFCLASS32)
    return refuse(r, "the file has no known class");
  if (file->size < (file->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
    return refuse(r, "the file ends inside its header");
  if (file->wide) {
    Elf64_Ehdr h;
    memcpy(&h, file->bytes, sizeof h);
    file->type = h.e_type;
    file->machine = h.e_machine;
    *ret = (SectionTable){h.e_shoff, h.e_shnum, h.e_shstrndx, h.e_shentsize};
  } else {
    Elf32_Ehdr h;
    memcpy(&h, file->bytes, sizeof h);
    file->type = h.e_type;
    file->machine = h.e_machine;
    *ret = (SectionTable){h.e_shoff, h.e_shnum, h.e_shstrndx, h.e_shentsize};
  }
  return VTAC_OK;
}

/* The text at an offset of a string table, or NULL. */
static const char *name_at(const ElfFile *file, const ElfSection *table,
                           uint64_t offset) {
  if (table->type != SHT_STRTAB || offset >= table->size) return NULL;
  const uint8_t *text = file->bytes + table->offset + offset;
  return memchr(text, 0, table->size - offset) ? (const char *)text : NULL;
}

static vtac_status read_sections(Reader *r, const SectionTable *table) {
  ElfFile *file = r->file;
  size_t entry = file->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
  if (table->count == 0 || table->count > MOST_SECTIONS ||
      table->entry != entry || table->names >= table->count ||
      !inside(file, table->offset, (uint64_t)table->count * entry))
    return refuse(r, "the table of sections is damaged or cut off");
  ElfSection *section = ARENA_ARRAY(r->arena, ElfSection, table->count);
  for (uint32_t i = 0; i < table->count; i++) {
    section[i] = read_section(file, table->offset + i * entry);
    if (section[i].type != SHT_NOBITS &&
        !inside(file, section[i].offset, section[i].size))
      return refuse(r, "a section lies outside the file: it is cut off");
  }
  for (uint32_t i = 0; i < table->count; i++) {
    section[i].name =
        name_at(file, &section[table->names], (uintptr_t)section[i].name);
    if (!section[i].name) return refuse(r, "a section has no proper name");
  }
  file->section = section;
  file->n_sections = (int)table->count;
  return VTAC_OK;
}

static vtac_status read_symbols(Reader *r) {
  ElfFile *file = r->file;
  uint32_t wanted = file->type == ET_REL ? SHT_SYMTAB : SHT_DYNSYM;
  size_t entry = file->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
  int at = 1;
  while (at < file->n_sections && file->section[at].type != wanted) at++;
  if (at >= file->n_sections) return refuse(r, "the file has no symbols");
  const ElfSection *table = &file->section[at];
  uint64_t n = table->size / entry;
  if (table->link >= (uint32_t)file->n_sections || n > MOST_SYMBOLS)
    return refuse(r, "the table of symbols is damaged");
  ElfSymbol *symbol = ARENA_ARRAY(r->arena, ElfSymbol, n);
  for (uint64_t i = 0; i < n; i++) {
    uint32_t name;
    symbol[i] = read_symbol(file, table->offset + i * entry, &name);
    symbol[i].name = name_at(file, &file->section[table->link], name);
    if (!symbol[i].name) return refuse(r, "a symbol has no proper name");
    if (symbol[i].section >= file->n_sections &&
        symbol[i].section < SHN_LORESERVE)
      return refuse(r, "a symbol lies in no section");
  }
  file->symbol = symbol;
  file->n_symbols = (int)n;
  return VTAC_OK;
}

vtac_status elf_open(Arena *arena, const void *bytes, size_t size,
                     const char *name, ElfFile *ret, Diag *diag) {
  *ret = (ElfFile){.bytes = bytes, .size = size, .name = name};
  Reader reader = {arena, ret, diag};
  SectionTable table = {0};
  vtac_status status = read_header(&reader, &table);
  if (!status && ret->type != ET_REL && ret->type != ET_DYN)
    status = refuse(&reader, "this is neither an object nor a shared library");
  if (!status) status = read_sections(&reader, &table);
  if (!status) status = read_symbols(&reader);
  return status;
}

/* ---- Questions ---------------------------------------------------------- */

/* The machine that this program runs on. */
#if defined(__x86_64__)
#define NATIVE &arch_x86_64
#elif defined(__aarch64__)
#define NATIVE &arch_aarch64
#elif defined(__arm__)
#define NATIVE &arch_arm
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE &arch_riscv64
#else
#define NATIVE NULL
#endif

bool elf_is_native(const ElfFile *file) {
  const Arch *arch = arch_of(file->machine, file->wide);
  return arch && arch == NATIVE;
}

const char *elf_machine_name(Arena *arena, const ElfFile *file) {
  const Arch *arch = arch_of(file->machine, file->wide);
  return arch ? arch->name
              : arena_printf(arena, "machine %u of %d bits", file->machine,
                             file->wide ? 64 : 32);
}

const ElfSymbol *elf_find(const ElfFile *file, const char *name) {
  for (int i = 1; i < file->n_symbols; i++)
    if (file->symbol[i].section != SHN_UNDEF &&
        file->symbol[i].binding != STB_LOCAL &&
        !strcmp(file->symbol[i].name, name))
      return &file->symbol[i];
  return NULL;
}

const uint8_t *elf_contents(const ElfFile *file, const ElfSymbol *symbol,
                            size_t *ret_size) {
  if (symbol->section >= file->n_sections) return NULL;
  const ElfSection *section = &file->section[symbol->section];
  uint64_t at = symbol->value - section->address;
  if (section->type == SHT_NOBITS || symbol->value < section->address ||
      at > section->size || symbol->size > section->size - at)
    return NULL;
  *ret_size = symbol->size;
  return file->bytes + section->offset + at;
}

static size_t reloc_bytes(const ElfFile *file, bool with_addend) {
  if (file->wide) return with_addend ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel);
  return with_addend ? sizeof(Elf32_Rela) : sizeof(Elf32_Rel);
}

uint64_t elf_reloc_count(const ElfFile *file, const ElfSection *section) {
  return section->size / reloc_bytes(file, section->type == SHT_RELA);
}

bool elf_reloc(const ElfFile *file, const ElfSection *section, uint64_t index,
               ElfReloc *ret) {
  bool with_addend = section->type == SHT_RELA;
  size_t bytes = reloc_bytes(file, with_addend);
  const uint8_t *at = file->bytes + section->offset + index * bytes;
  if (file->wide) {
    Elf64_Rela r = {0};
    memcpy(&r, at, bytes);
    *ret = (ElfReloc){r.r_offset, r.r_addend, (uint32_t)ELF64_R_TYPE(r.r_info),
                      (uint32_t)ELF64_R_SYM(r.r_info)};
  } else {
    Elf32_Rela r = {0};
    memcpy(&r, at, bytes);
    *ret = (ElfReloc){r.r_offset, r.r_addend, ELF32_R_TYPE(r.r_info),
                      ELF32_R_SYM(r.r_info)};
  }
  return with_addend;
}
