/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The boot path's common part: plans memory as our monitor does (monitor/kvm/layout.c), writes the
 * boot block, starts the devices, and goes to user mode. */
#include "abi/doorbell.h"
#include "guest/kernel/boot/boot.h"
#include "tables_arch.h"

#define MIB (1ull << 20)
#define STACK_SIZE (8 * MIB)
#define HEAP_SIZE (2 * ABI_BLOCK_SIZE)
#define DATA_AREAS 8
#define CODE_BLOCKS 4
/* Room for what the boot block holds beside the command line or the bundle: names of shares. */
#define NAMES_SIZE (ABI_MAX_DEVICES * 64)
#define TAG_SIZE 36 /* virtio 1.2, section 5.11.4 */

#define BOOT_PLAN_SIZE 0x4000u /* at the end of the boot path's memory */

/* guest.lds */
extern const char guest_kernel_base[], guest_user_base[], guest_rodata_base[], guest_data_base[];
extern const char guest_image_end[], boot_scratch[];

struct boot_plan {
  const struct boot_board *board;
  struct boot_device devices[ABI_MAX_DEVICES];
  uint32_t device_count;
  const struct abi_boot *bundle; /* NULL: there is none, the words count */
  uint64_t module;               /* physical, where it is now; its length may be 0 */
  uint64_t module_length;
  struct abi_layout layout;
};

void boot_print(const char *text) {
  for (; *text; text++)
    arch_boot_put(*text);
}

void boot_fail(const char *what, const char *detail) {
  boot_print("hermit-wasm: cannot start: ");
  boot_print(what);
  boot_print(detail);
  boot_print("\n");
  arch_boot_end(125);
}

static void *at_physical(uint64_t address) {
  return (void *)(uintptr_t)address;
}

/* By words: up to seven bytes more than asked. */
static void copy_words(uint64_t to, uint64_t from, uint64_t size) {
  uint64_t *target = at_physical(to);
  const uint64_t *source = at_physical(from);
  uint64_t count = boot_round_up(size, sizeof(uint64_t)) / sizeof(uint64_t);
  if (to < from)
    for (uint64_t i = 0; i < count; i++)
      target[i] = source[i];
  else
    while (count--)
      target[count] = source[count];
}

static void zero_words(uint64_t from, uint64_t to) {
  for (; from < to; from += sizeof(uint64_t))
    *(uint64_t *)at_physical(from) = 0;
}

/* The boot path works in memory behind the image; the layout starts behind it. */
static uint64_t scratch_end(void) {
  return (uint64_t)boot_scratch + BOOT_SCRATCH_SIZE;
}

/* ---- The RAM disk ---- */

static void read_initrd(struct boot_plan *plan) {
  struct boot_range initrd = plan->board->initrd;
  const struct abi_boot *bundle = at_physical(initrd.base);
  plan->module = initrd.base;
  plan->module_length = initrd.size;
  if (initrd.size < sizeof(*bundle) || bundle->magic != ABI_BOOT_MAGIC)
    return;
  uint64_t size = boot_round_up(bundle->size, ABI_BUNDLE_ALIGN);
  if (bundle->version != ABI_BOOT_VERSION || bundle->size < sizeof(*bundle) || size > initrd.size ||
      bundle->module_length > initrd.size - size || bundle->device_count > ABI_MAX_DEVICES)
    boot_fail("the bundle in the initial RAM disk is damaged, or of another version", "");
  plan->bundle = bundle;
  plan->module += size;
  plan->module_length = bundle->module_length;
}

/* ---- Memory ---- */

static uint64_t boot_block_size(const struct boot_plan *plan) {
  uint64_t said = plan->bundle ? plan->bundle->size
                               : sizeof(struct abi_boot) + 2 * boot_length(plan->board->words) + 64;
  return said + NAMES_SIZE;
}

static uint64_t rings_size(const struct boot_plan *plan) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < plan->device_count; i++)
    size += (uint64_t)boot_queue_count(plan->devices[i].type) * ABI_QUEUE_STRIDE;
  return size;
}

static void plan_memory(struct boot_plan *plan) {
  struct abi_layout *at = &plan->layout;
  const struct boot_board *board = plan->board;
  uint64_t end = (board->memory.base + board->memory.size) & -ABI_BLOCK_SIZE;
  uint64_t second_end = (board->second.base + board->second.size) & -ABI_BLOCK_SIZE;
  at->memory_max = second_end > end ? second_end : end;
  at->end = end;
  at->kernel = boot_round_up(scratch_end(), ABI_BLOCK_SIZE);
  at->kernel_size = abi_kernel_memory(at->memory_max);
  at->stack_size = STACK_SIZE;
  at->stack = at->kernel + at->kernel_size;
  at->shared = at->stack + at->stack_size;
  at->boot = at->shared + boot_round_up(sizeof(struct abi_control), ABI_PAGE_SIZE);
  at->boot_size = boot_block_size(plan);
  at->rings = at->boot + boot_round_up(at->boot_size, ABI_PAGE_SIZE);
  at->shared_size = boot_round_up(at->rings + rings_size(plan) - at->shared, ABI_BLOCK_SIZE);
  at->module = at->shared + at->shared_size;
  at->module_size = boot_round_up(plan->module_length, ABI_BLOCK_SIZE);
  at->free_base = at->module + at->module_size;
  at->heap_end = at->free_base + HEAP_SIZE;
  if (!at->kernel_size)
    boot_fail("this is more memory than the kernel can map", " (-m)");
  if (at->heap_end + 2 * ABI_BLOCK_SIZE > end)
    boot_fail("too little memory for this module", " (-m)");
  if (at->heap_end + (DATA_AREAS + CODE_BLOCKS + 8) * ABI_BLOCK_SIZE <= end) {
    at->data_areas = DATA_AREAS;
    at->code_blocks = CODE_BLOCKS;
  }
  if (board->initrd.size && board->initrd.base < at->module)
    boot_fail("the initial RAM disk lies where the kernel's memory must be", "; use more (-m)");
}

/* Moves the module to its place. All memory is zero when QEMU starts; what was used before and is
 * free memory now becomes zero again. */
static void move_module(const struct boot_plan *plan) {
  const struct abi_layout *at = &plan->layout;
  const struct boot_range used[2] = {plan->board->initrd, plan->board->scratch};
  uint64_t end = at->module + plan->module_length;
  copy_words(at->module, plan->module, plan->module_length);
  for (; end % sizeof(uint64_t); end++)
    *(uint8_t *)at_physical(end) = 0;
  for (uint32_t i = 0; i < 2; i++) {
    uint64_t from = used[i].base & -ABI_PAGE_SIZE;
    uint64_t to = boot_round_up(used[i].base + used[i].size, ABI_PAGE_SIZE);
    if (from < at->free_base)
      from = at->free_base;
    if (used[i].size && from < to)
      zero_words(from, to);
  }
}

/* ---- The boot block ---- */

static void write_block(struct boot_plan *plan, struct boot_writer *writer) {
  const struct abi_layout *at = &plan->layout;
  const struct boot_board *board = plan->board;
  struct abi_boot *boot = writer->boot;
  if (plan->bundle) {
    copy_words(at->boot, (uintptr_t)plan->bundle, plan->bundle->size);
    writer->used = plan->bundle->size;
  } else {
    boot_read_words(writer, board->words);
  }
  boot->magic = ABI_BOOT_MAGIC;
  boot->version = ABI_BOOT_VERSION;
  boot->monitor = ABI_MONITOR_VIRT;
  boot->window = ABI_USER_WINDOW;
  boot->arena_base = ABI_ARENA_BASE;
  boot->arena_end = ABI_ARENA_END;
  boot->free_base = at->free_base;
  boot->memory_end = at->end;
  boot->memory_max = at->end - board->memory.base;
  boot->heap_end = at->heap_end;
  boot->stack_size = at->stack_size;
  boot->data_areas = at->data_areas;
  boot->code_blocks = at->code_blocks;
  boot->module = boot->window + at->module;
  boot->module_length = plan->module_length;
  boot->control = boot->window + at->shared;
  boot->virt.realtime_ns = board->realtime_ns;
  boot->virt.counter = board->counter;
  boot->virt.counter_hz = board->counter_hz;
  if (at->memory_max > at->end) {
    boot->virt.second_base = boot_round_up(board->second.base, ABI_BLOCK_SIZE);
    boot->virt.second_end = at->memory_max;
    boot->memory_max += boot->virt.second_end - boot->virt.second_base;
  }
}

/* ---- Devices ---- */

static void read_tag(const struct boot_device *device, char tag[TAG_SIZE + 1]) {
  const volatile uint8_t *from = at_physical(device->config);
  for (uint32_t i = 0; i < TAG_SIZE; i++)
    tag[i] = (char)from[i];
  tag[TAG_SIZE] = 0;
}

/* The bundle's word on the share with this tag, or NULL. */
static const struct abi_device *bundled_share(const struct boot_plan *plan, const char *tag) {
  size_t length = sizeof(ABI_BUNDLE_TAG) - 1;
  if (!plan->bundle || !boot_same(tag, ABI_BUNDLE_TAG, length))
    return NULL;
  uint32_t index = 0;
  for (const char *at = tag + length; *at >= '0' && *at <= '9'; at++)
    index = index * 10 + (uint32_t)(*at - '0');
  return index < plan->bundle->device_count ? &plan->bundle->devices[index] : NULL;
}

/* Where a device stands among all: other devices come first, then the bundle's shares as it has
 * them. */
static uint32_t device_rank(const struct boot_plan *plan, const struct boot_device *device) {
  char tag[TAG_SIZE + 1];
  if (device->type != ABI_DEVICE_FS)
    return 0;
  read_tag(device, tag);
  const struct abi_device *said = bundled_share(plan, tag);
  return said ? 1 + (uint32_t)(said - plan->bundle->devices) : 0;
}

/* QEMU places devices on its boards from either end; the module's directories have the order in
 * which they were given. */
static void sort_devices(struct boot_plan *plan) {
  for (uint32_t i = 1; i < plan->device_count; i++) {
    struct boot_device device = plan->devices[i];
    uint32_t rank = device_rank(plan, &device), at = i;
    for (; at > 0 && device_rank(plan, &plan->devices[at - 1]) > rank; at--)
      plan->devices[at] = plan->devices[at - 1];
    plan->devices[at] = device;
  }
}

static void find_devices(struct boot_plan *plan) {
  plan->device_count = boot_find_mmio(plan->board, plan->devices, ABI_MAX_DEVICES);
  plan->device_count += boot_find_pci(plan->board, plan->devices + plan->device_count,
                                      ABI_MAX_DEVICES - plan->device_count);
  sort_devices(plan);
}

static void describe_device(const struct boot_plan *plan, const struct boot_device *device,
                            struct boot_writer *writer, struct abi_device *abi) {
  char tag[TAG_SIZE + 1];
  abi->queue_count = boot_queue_count(device->type);
  if (device->type == ABI_DEVICE_CONSOLE)
    abi->flags = plan->bundle ? plan->bundle->virt.streams : ABI_VIRT_STREAMS_UNKNOWN;
  if (device->type != ABI_DEVICE_FS)
    return;
  read_tag(device, tag);
  const struct abi_device *said = bundled_share(plan, tag);
  if (said) {
    abi->name = said->name;
    abi->flags = said->flags;
  } else {
    boot_name_share(writer, plan->board->words, tag, abi);
  }
}

/* Starts them, and lets user mode reach the registers that notify. */
static void start_devices(const struct boot_plan *plan, struct boot_writer *writer,
                          struct abi_tables *tables) {
  struct abi_boot *boot = writer->boot;
  uint64_t rings = plan->layout.rings;
  boot->device_count = plan->device_count;
  for (uint32_t i = 0; i < plan->device_count; i++) {
    const struct boot_device *device = &plan->devices[i];
    struct abi_device *abi = &boot->devices[i];
    *abi = (struct abi_device){.rings = rings,
                               .notify = boot->window + device->notify,
                               .notify_stride = device->notify_stride};
    describe_device(plan, device, writer, abi);
    boot_start_device(device, abi);
    uint64_t registers = device->notify & -ABI_PAGE_SIZE;
    uint64_t end = device->notify + abi->queue_count * device->notify_stride + sizeof(uint32_t);
    abi_map(tables, boot->window + registers, registers, end - registers,
            ABI_MAP_USER | ABI_MAP_WRITE | ABI_MAP_DEVICE);
    rings += (uint64_t)abi->queue_count * ABI_QUEUE_STRIDE;
  }
}

/* What lies between two ranges of memory is never mapped: its blocks are bound to an address that
 * user mode does not have. */
static void forbid_hole(const struct boot_plan *plan, const struct abi_boot *boot) {
  uint64_t *types = at_physical(abi_block_types(&plan->layout));
  for (uint64_t at = boot->memory_end; at < boot->virt.second_base; at += ABI_BLOCK_SIZE)
    types[at / ABI_BLOCK_SIZE] = ABI_BLOCK_CODE;
}

#define SEGMENTS 4

static void describe_image(struct abi_segment segments[SEGMENTS]) {
  uint64_t kernel = (uint64_t)guest_kernel_base, user = (uint64_t)guest_user_base;
  uint64_t rodata = (uint64_t)guest_rodata_base, data = (uint64_t)guest_data_base;
  segments[0] = (struct abi_segment){kernel, user - kernel, 0, 1};
  segments[1] = (struct abi_segment){user, rodata - user, 0, 1};
  segments[2] = (struct abi_segment){rodata, data - rodata, 0, 0};
  segments[3] = (struct abi_segment){data, (uint64_t)guest_image_end - data, 1, 0};
}

void boot_start(const struct boot_board *board) {
  struct boot_plan *plan = at_physical(scratch_end() - BOOT_PLAN_SIZE);
  _Static_assert(sizeof(*plan) <= BOOT_PLAN_SIZE, "the plan fits");
  *plan = (struct boot_plan){.board = board};
  read_initrd(plan);
  find_devices(plan);
  plan_memory(plan);

  struct boot_writer writer = {.boot = at_physical(plan->layout.boot),
                               .used = sizeof(struct abi_boot)};
  struct abi_segment segments[SEGMENTS];
  struct abi_tables tables = {0};
  write_block(plan, &writer);
  describe_image(segments);
  abi_prepare_kernel(&tables, &plan->layout, segments, SEGMENTS);
  start_devices(plan, &writer, &tables);
  forbid_hole(plan, writer.boot);
  writer.boot->size = writer.used;
  move_module(plan);
  arch_enter_user(&tables, &plan->layout, writer.boot);
}
