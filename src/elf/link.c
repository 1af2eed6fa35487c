/* SPDX-License-Identifier: Apache-2.0 */
/* Linking a relocatable object into memory.
 *
 * One mapping holds, each from a page of its own: code and the stubs through
 * which it calls out; constants and a table of pointers, one for each symbol;
 * data.  A stub and a pointer for every symbol cost little, since a module has
 * some dozens.  After relocation the parts lose the rights that they do not
 * need: nothing is ever writable and executable at once. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf/arch.h"
#include "elf/elf.h"

enum { MOST_IMAGE = 256 << 20 };

typedef enum Part { PART_CODE, PART_CONST, PART_DATA, PARTS } Part;

typedef struct Global {
  char *name;
  void *address;
} Global;

struct ElfImage {
  uint8_t *memory;
  size_t size;
  uint64_t part[PARTS + 1]; /* as the linker's */
  int n;
  Global global[];
};

/* The first half of a pair of relocations. */
typedef struct High {
  uint64_t place, distance;
} High;

typedef struct Linker {
  const ElfFile *file;
  const ElfLinkOptions *options;
  const Arch *arch;
  Diag *diag;
  uint64_t *place; /* of each section in the mapping; UINT64_MAX: not in it */
  uint64_t part[PARTS + 1]; /* where each begins; the end */
  uint64_t stubs, got;      /* where they begin */
  uint64_t *address;        /* of each symbol */
  High *high;               /* of the section being relocated, by place */
  size_t n_highs;
  uint8_t *memory;
} Linker;

static vtac_status refuse(const Linker *link, const char *format,
                          const char *name) {
  char what[256];
  snprintf(what, sizeof what, format, name);
  return diag_set(link->diag, D_MODULE_FILE, "'%s': %s", link->file->name,
                  what);
}

/* ---- Sections ----------------------------------------------------------- */

static vtac_status check_section(const Linker *link, const ElfSection *s) {
  bool runs = s->type == SHT_INIT_ARRAY || s->type == SHT_FINI_ARRAY ||
              s->type == SHT_PREINIT_ARRAY || !strncmp(s->name, ".ctors", 6) ||
              !strncmp(s->name, ".dtors", 6) || !strcmp(s->name, ".init");
  if (runs && s->size)
    return refuse(link, "section '%s' would run code while loading", s->name);
  if (s->flags & SHF_TLS)
    return refuse(link, "section '%s' is thread-local", s->name);
  if (s->size > MOST_IMAGE)
    return refuse(link, "section '%s' is too large", s->name);
  if (s->align & (s->align - 1) || s->align > 4096)
    return refuse(link, "section '%s' has an impossible alignment", s->name);
  return VTAC_OK;
}

static Part part_of(const ElfSection *s) {
  if (s->flags & SHF_EXECINSTR) return PART_CODE;
  return s->flags & SHF_WRITE ? PART_DATA : PART_CONST;
}

static uint64_t round_up(uint64_t at, uint64_t align) {
  return align > 1 ? (at + align - 1) & ~(align - 1) : at;
}

static vtac_status place_part(Linker *link, Part part, uint64_t *at) {
  const ElfFile *file = link->file;
  for (int i = 1; i < file->n_sections; i++) {
    const ElfSection *s = &file->section[i];
    if (!(s->flags & SHF_ALLOC) || part_of(s) != part) continue;
    vtac_status status = check_section(link, s);
    if (status) return status;
    link->place[i] = *at = round_up(*at, s->align);
    *at += s->size;
    if (*at > MOST_IMAGE) return refuse(link, "it is too large%s", "");
  }
  return VTAC_OK;
}

/* Stubs follow the code, pointers the constants. */
static vtac_status lay_out(Linker *link) {
  uint64_t at = 0, page = (uint64_t)sysconf(_SC_PAGESIZE);
  uint64_t symbols = (uint64_t)link->file->n_symbols;
  for (int i = 0; i < link->file->n_sections; i++) link->place[i] = UINT64_MAX;
  for (Part part = PART_CODE; part < PARTS; part++) {
    link->part[part] = at = round_up(at, page);
    vtac_status status = place_part(link, part, &at);
    if (status) return status;
    at = round_up(at, 16);
    if (part == PART_CODE) {
      link->stubs = at;
      at += symbols * (uint64_t)link->arch->stub_bytes;
    } else if (part == PART_CONST) {
      link->got = at;
      at += symbols * 8;
    }
  }
  link->part[PARTS] = round_up(at + 16, page); /* room behind the last patch */
  return VTAC_OK;
}

static void copy_sections(const Linker *link) {
  const ElfFile *file = link->file;
  for (int i = 1; i < file->n_sections; i++)
    if (link->place[i] != UINT64_MAX && file->section[i].type != SHT_NOBITS &&
        file->section[i].size)
      memcpy(link->memory + link->place[i],
             file->bytes + file->section[i].offset, file->section[i].size);
}

/* ---- Symbols ------------------------------------------------------------ */

static uint64_t run_address(const Linker *link, uint64_t at) {
  return (uint64_t)(uintptr_t)link->memory + at;
}

static vtac_status resolve_defined(Linker *link, int i) {
  const ElfSymbol *symbol = &link->file->symbol[i];
  if (symbol->section == SHN_ABS) {
    link->address[i] = symbol->value;
    return VTAC_OK;
  }
  if (symbol->section >= link->file->n_sections)
    return refuse(link, "symbol '%s' lies in no section", symbol->name);
  if (link->place[symbol->section] == UINT64_MAX) return VTAC_OK;
  if (symbol->value > link->file->section[symbol->section].size)
    return refuse(link, "symbol '%s' lies outside its section", symbol->name);
  link->address[i] =
      run_address(link, link->place[symbol->section] + symbol->value);
  return VTAC_OK;
}

static vtac_status resolve_symbol(Linker *link, int i) {
  const ElfSymbol *symbol = &link->file->symbol[i];
  if (symbol->type == STT_GNU_IFUNC || symbol->type == STT_TLS)
    return refuse(link, "symbol '%s' is of a kind that is not allowed",
                  symbol->name);
  if (symbol->section != SHN_UNDEF) return resolve_defined(link, i);
  if (!*symbol->name) return VTAC_OK;
  if (!strcmp(symbol->name, "_GLOBAL_OFFSET_TABLE_")) {
    link->address[i] = run_address(link, link->got);
    return VTAC_OK;
  }
  void *found = link->options->lookup(link->options->self, symbol->name);
  if (!found && symbol->binding != STB_WEAK)
    return refuse(link,
                  "it needs the function '%s', which the runtime does not have",
                  symbol->name);
  link->address[i] = (uint64_t)(uintptr_t)found;
  return VTAC_OK;
}

static uint64_t stub_address(const Linker *link, uint32_t i) {
  return link->stubs + i * (uint64_t)link->arch->stub_bytes;
}

static vtac_status resolve_symbols(Linker *link) {
  for (int i = 1; i < link->file->n_symbols; i++) {
    vtac_status status = resolve_symbol(link, i);
    if (status) return status;
    uint64_t stub = stub_address(link, (uint32_t)i);
    uint64_t got = link->got + (uint64_t)i * 8;
    put64(link->memory + got, link->address[i]);
    link->arch->stub(link->memory + stub, run_address(link, stub),
                     link->address[i], run_address(link, got));
  }
  return VTAC_OK;
}

/* ---- Relocations -------------------------------------------------------- */

/* A relocation of section `target`, inside it. */
static vtac_status make_fixup(const Linker *link, int target, uint64_t index,
                              const ElfSection *table, Fixup *ret) {
  const ElfFile *file = link->file;
  uint64_t size = file->section[target].size;
  ElfReloc reloc;
  bool with_addend = elf_reloc(file, table, index, &reloc);
  if (reloc.symbol >= (uint32_t)file->n_symbols)
    return refuse(link, "a relocation of '%s' names no symbol",
                  file->section[target].name);
  if (reloc.offset > size ||
      size - reloc.offset < (uint64_t)link->arch->width(reloc.type))
    return refuse(link, "a relocation lies outside section '%s'",
                  file->section[target].name);
  uint64_t at = link->place[target] + reloc.offset;
  bool outside = file->symbol[reloc.symbol].section == SHN_UNDEF;
  *ret = (Fixup){.at = link->memory + at,
                 .place = run_address(link, at),
                 .symbol = link->address[reloc.symbol],
                 .got = run_address(link, link->got + reloc.symbol * 8ull),
                 .got_base = run_address(link, link->got),
                 .addend = reloc.addend,
                 .type = reloc.type};
  ret->call = outside ? run_address(link, stub_address(link, reloc.symbol))
                      : ret->symbol;
  if (!with_addend && link->arch->addend)
    ret->addend = link->arch->addend(ret->at, reloc.type);
  return VTAC_OK;
}

static int by_place(const void *a, const void *b) {
  uint64_t x = ((const High *)a)->place, y = ((const High *)b)->place;
  return (x > y) - (x < y);
}

/* Finds the first halves of the table's pairs. */
static vtac_status find_highs(Linker *link, int target,
                              const ElfSection *table) {
  uint64_t n = link->arch->high ? elf_reloc_count(link->file, table) : 0;
  link->n_highs = 0;
  for (uint64_t i = 0; i < n; i++) {
    Fixup fixup;
    High *high = &link->high[link->n_highs];
    vtac_status status = make_fixup(link, target, i, table, &fixup);
    if (status) return status;
    high->place = fixup.place;
    if (link->arch->high(&fixup, &high->distance)) link->n_highs++;
  }
  if (link->n_highs) qsort(link->high, link->n_highs, sizeof(High), by_place);
  return VTAC_OK;
}

static const uint64_t *find_high(const Linker *link, uint64_t place) {
  const High key = {.place = place};
  const High *found = link->n_highs ? bsearch(&key, link->high, link->n_highs,
                                              sizeof key, by_place)
                                    : NULL;
  return found ? &found->distance : NULL;
}

static vtac_status apply_fixup(const Linker *link, const Fixup *fixup,
                               const char *section) {
  static const char *const why[] = {
      [FIX_UNKNOWN] = "section '%s' has a relocation of unknown type",
      [FIX_FAR] = "a relocation of section '%s' does not reach its target",
      [FIX_ALONE] = "a relocation of section '%s' lacks its other half"};
  FixResult result = link->arch->apply(fixup);
  return result == FIX_DONE ? VTAC_OK : refuse(link, why[result], section);
}

static vtac_status apply_section(Linker *link, const ElfSection *table) {
  const ElfFile *file = link->file;
  int target = (int)table->info;
  if (table->info >= (uint32_t)file->n_sections)
    return refuse(link, "'%s' relocates no section", table->name);
  if (link->place[target] == UINT64_MAX) return VTAC_OK;
  if (file->section[target].type == SHT_NOBITS)
    return refuse(link, "'%s' relocates a section without contents",
                  table->name);
  uint64_t n = elf_reloc_count(file, table);
  vtac_status status = find_highs(link, target, table);
  for (uint64_t i = 0; i < n && !status; i++) {
    Fixup fixup;
    status = make_fixup(link, target, i, table, &fixup);
    if (status) break;
    fixup.high = find_high(link, fixup.symbol);
    status = apply_fixup(link, &fixup, file->section[target].name);
  }
  return status;
}

static bool is_table(const ElfSection *s) {
  return s->type == SHT_REL || s->type == SHT_RELA;
}

static vtac_status relocate(Linker *link) {
  for (int i = 1; i < link->file->n_sections; i++) {
    const ElfSection *s = &link->file->section[i];
    if (!is_table(s)) continue;
    vtac_status status = apply_section(link, s);
    if (status) return status;
  }
  return VTAC_OK;
}

/* ---- Rights ------------------------------------------------------------- */

static vtac_status protect(const Linker *link) {
  static const int rights[PARTS] = {PROT_READ | PROT_EXEC, PROT_READ,
                                    PROT_READ | PROT_WRITE};
  uint8_t *memory = link->memory;
  for (Part part = PART_CODE; part < PARTS; part++) {
    size_t size = link->part[part + 1] - link->part[part];
    if (size && mprotect(memory + link->part[part], size, rights[part]))
      return refuse(link, "the system does not allow %s pages",
                    part == PART_CODE ? "executable" : "read-only");
  }
  __builtin___clear_cache((char *)memory,
                          (char *)memory + link->part[PART_CONST]);
  return VTAC_OK;
}

/* ---- The image ---------------------------------------------------------- */

static bool is_visible(const Linker *link, int i) {
  const ElfSymbol *symbol = &link->file->symbol[i];
  return symbol->binding != STB_LOCAL && symbol->section != SHN_UNDEF &&
         link->address[i];
}

static size_t name_bytes(const Linker *link, int *ret_n) {
  size_t bytes = 0;
  *ret_n = 0;
  for (int i = 1; i < link->file->n_symbols; i++)
    if (is_visible(link, i)) {
      bytes += strlen(link->file->symbol[i].name) + 1;
      (*ret_n)++;
    }
  return bytes;
}

/* One block: the image, its symbols, their names. */
static ElfImage *make_image(const Linker *link) {
  int n;
  size_t bytes = name_bytes(link, &n);
  ElfImage *image =
      malloc(sizeof *image + (size_t)n * sizeof *image->global + bytes);
  if (!image) return NULL;
  *image = (ElfImage){.memory = link->memory, .size = link->part[PARTS]};
  memcpy(image->part, link->part, sizeof image->part);
  char *name = (char *)&image->global[n];
  for (int i = 1; i < link->file->n_symbols; i++) {
    const ElfSymbol *symbol = &link->file->symbol[i];
    if (!is_visible(link, i)) continue;
    image->global[image->n++] = (Global){strcpy(name, symbol->name),
                                         (void *)(uintptr_t)link->address[i]};
    name += strlen(name) + 1;
  }
  return image;
}

static vtac_status fill(Linker *link, ElfImage **ret) {
  copy_sections(link);
  vtac_status status = resolve_symbols(link);
  if (!status) status = relocate(link);
  if (!status) status = protect(link);
  if (status) return status;
  *ret = make_image(link);
  return *ret ? VTAC_OK
              : diag_set(link->diag, D_NO_MEMORY, "cannot allocate a module");
}

/* Room for the pairs of any section. */
static void make_highs(Arena *scratch, Linker *link) {
  uint64_t most = 0;
  for (int i = 1; i < link->file->n_sections; i++) {
    const ElfSection *s = &link->file->section[i];
    uint64_t n = is_table(s) ? elf_reloc_count(link->file, s) : 0;
    if (n > most) most = n;
  }
  if (link->arch->high) link->high = ARENA_ARRAY(scratch, High, most + 1);
}

vtac_status elf_link(Arena *scratch, const ElfFile *file,
                     const ElfLinkOptions *options, ElfImage **ret,
                     Diag *diag) {
  Linker link = {.file = file,
                 .options = options,
                 .arch = arch_of(file->machine, file->wide),
                 .diag = diag,
                 .place = ARENA_ARRAY(scratch, uint64_t, file->n_sections),
                 .address = ARENA_ARRAY(scratch, uint64_t, file->n_symbols)};
  if (file->type != ET_REL)
    return refuse(&link, "this is no relocatable object%s", "");
  if (!link.arch || (!options->foreign && !elf_is_native(file)))
    return refuse(&link, "the code is for %s, not for this machine",
                  elf_machine_name(scratch, file));
  vtac_status status = lay_out(&link);
  if (status) return status;
  make_highs(scratch, &link);
  void *memory = mmap(NULL, link.part[PARTS], PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return diag_set(diag, D_NO_MEMORY, "cannot map %llu bytes for a module",
                    (unsigned long long)link.part[PARTS]);
  link.memory = memory;
  status = fill(&link, ret);
  if (status) munmap(memory, link.part[PARTS]);
  return status;
}

void elf_image_free(ElfImage *image) {
  if (!image) return;
  munmap(image->memory, image->size);
  free(image);
}

/* The address of a symbol that has `size` bytes left in its part, or NULL. */
static void *find(const ElfImage *image, const char *name, Part part,
                  uint64_t size) {
  for (int i = 0; i < image->n; i++) {
    if (strcmp(image->global[i].name, name)) continue;
    uint64_t at = (uint64_t)(uintptr_t)image->global[i].address -
                  (uint64_t)(uintptr_t)image->memory;
    bool inside = at >= image->part[part] && at < image->part[part + 1] &&
                  size <= image->part[part + 1] - at;
    return inside ? image->global[i].address : NULL;
  }
  return NULL;
}

void *elf_image_function(const ElfImage *image, const char *name) {
  return find(image, name, PART_CODE, 1);
}

void **elf_image_pointer(const ElfImage *image, const char *name) {
  void **at = find(image, name, PART_DATA, sizeof *at);
  return (uintptr_t)at % _Alignof(void *) ? NULL : at;
}
