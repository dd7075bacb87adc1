/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's command line, for those who start QEMU by hand:
 *
 *   [OPTION...] -- MODULE [ARGUMENT...]
 *
 * Words are divided by blanks; "double quotes" keep blanks in a word. Options:
 *   env=NAME=VALUE        a variable for the module
 *   invoke=NAME           the export to call instead of _start
 *   dir=TAG::GUEST[:ro]   the name of the share with this tag; else it is /TAG
 *   unknown-imports=trap  as the command's option
 *   inspect               describe the module instead
 *   verbose               notes on stderr
 */
#include "guest/kernel/boot/boot.h"

struct span {
  const char *text;
  size_t length;
};

size_t boot_length(const char *text) {
  size_t length = 0;
  while (text[length])
    length++;
  return length;
}

bool boot_same(const char *a, const char *b, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (a[i] != b[i])
      return false;
  return true;
}

struct abi_span boot_write(struct boot_writer *writer, const char *text, size_t length) {
  struct abi_span span = {.offset = writer->used, .length = (uint32_t)length};
  char *to = (char *)writer->boot + writer->used;
  for (size_t i = 0; i < length; i++)
    to[i] = text[i];
  to[length] = 0;
  writer->used += (uint32_t)length + 1;
  return span;
}

/* ---- Words ---- */

/* Takes the next word, quotes included, off *rest. False: there is none. */
static bool next_word(const char **rest, struct span *word) {
  const char *at = *rest;
  while (*at == ' ' || *at == '\t' || *at == '\n')
    at++;
  word->text = at;
  for (bool quoted = false; *at && (quoted || (*at != ' ' && *at != '\t' && *at != '\n')); at++)
    quoted ^= *at == '"';
  word->length = (size_t)(at - word->text);
  *rest = at;
  return word->length > 0;
}

static bool word_is(struct span word, const char *text) {
  return word.length == boot_length(text) && boot_same(word.text, text, word.length);
}

/* Does the word start so? Then *rest is what follows. */
static bool word_starts(struct span word, const char *text, struct span *rest) {
  size_t length = boot_length(text);
  if (word.length < length || !boot_same(word.text, text, length))
    return false;
  *rest = (struct span){word.text + length, word.length - length};
  return true;
}

/* QEMU's microvm adds where its devices are, behind whatever the user wrote. */
static bool is_qemus(struct span word) {
  struct span rest;
  return word_starts(word, "virtio_mmio.device=", &rest);
}

/* Writes a word without its quotes. */
static struct abi_span write_word(struct boot_writer *writer, struct span word) {
  struct abi_span span = {.offset = writer->used};
  char *to = (char *)writer->boot + writer->used;
  for (size_t i = 0; i < word.length; i++)
    if (word.text[i] != '"')
      to[span.length++] = word.text[i];
  to[span.length] = 0;
  writer->used += span.length + 1;
  return span;
}

/* ---- Options ---- */

static void read_option(struct boot_writer *writer, struct span word) {
  struct abi_boot *boot = writer->boot;
  struct span rest;
  if (word_starts(word, "invoke=", &rest))
    boot->invoke = write_word(writer, rest);
  else if (word_is(word, "unknown-imports=trap"))
    boot->flags |= ABI_FLAG_UNKNOWN_IMPORTS_TRAP;
  else if (word_is(word, "verbose"))
    boot->flags |= ABI_FLAG_VERBOSE;
  else if (word_is(word, "inspect"))
    boot->mode = ABI_MODE_INSPECT;
  else if (!word_starts(word, "env=", &rest) && !word_starts(word, "dir=", &rest) &&
           !is_qemus(word)) {
    boot_print("hermit-wasm: on the kernel's command line: ");
    char text[64];
    size_t length = word.length < sizeof(text) - 1 ? word.length : sizeof(text) - 1;
    for (size_t i = 0; i < length; i++)
      text[i] = word.text[i];
    text[length] = 0;
    boot_fail(text, " is no option; options stand before --, the module and its arguments behind");
  }
}

/* Everything up to "--"; returns what is behind. The variables are written in one piece. */
static const char *read_options(struct boot_writer *writer, const char *words) {
  struct abi_boot *boot = writer->boot;
  struct span word, rest;
  const char *at = words;
  while (next_word(&at, &word) && !word_is(word, "--"))
    read_option(writer, word);
  const char *behind = at;
  boot->env.offset = writer->used;
  at = words;
  while (next_word(&at, &word) && !word_is(word, "--"))
    if (word_starts(word, "env=", &rest)) {
      write_word(writer, rest);
      boot->env_count++;
    }
  boot->env.length = writer->used - boot->env.offset;
  boot_write(writer, "", 0);
  return behind;
}

/* The part behind the last '/', as argv[0]. */
static struct span base_name(struct span path) {
  size_t start = path.length;
  while (start > 0 && path.text[start - 1] != '/')
    start--;
  return (struct span){path.text + start, path.length - start};
}

void boot_read_words(struct boot_writer *writer, const char *words) {
  struct abi_boot *boot = writer->boot;
  const char *at = read_options(writer, words);
  struct span word = {"module.wasm", 11};
  struct span first;
  if (next_word(&at, &first) && !is_qemus(first))
    word = first;
  boot->module_name = write_word(writer, word);
  boot->args.offset = writer->used;
  boot->arg_count = 1;
  write_word(writer, base_name(word));
  while (next_word(&at, &word))
    if (!is_qemus(word)) {
      write_word(writer, word);
      boot->arg_count++;
    }
  boot->args.length = writer->used - boot->args.offset;
  boot_write(writer, "", 0);
}

/* ---- Shares ---- */

void boot_name_share(struct boot_writer *writer, const char *words, const char *tag,
                     struct abi_device *abi) {
  struct span word, rest, name;
  while (next_word(&words, &word) && !word_is(word, "--")) {
    if (!word_starts(word, "dir=", &rest) || !word_starts(rest, tag, &rest) ||
        !word_starts(rest, "::", &name))
      continue;
    if (name.length > 3 && boot_same(name.text + name.length - 3, ":ro", 3)) {
      name.length -= 3;
      abi->flags |= ABI_DEVICE_READ_ONLY;
    }
    abi->name = write_word(writer, name);
    return;
  }
  /* As a path of its own: what is none becomes one. */
  abi->name = (struct abi_span){.offset = writer->used};
  if (tag[0] != '/' && tag[0] != '.') {
    boot_write(writer, "/", 1);
    writer->used--;
  }
  boot_write(writer, tag, boot_length(tag));
  abi->name.length = writer->used - 1 - abi->name.offset;
}
