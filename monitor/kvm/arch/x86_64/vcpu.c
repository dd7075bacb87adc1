/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: the vCPU's registers at the start, and what its exits mean. */
#include "abi/arch/x86_64/kernel.h"
#include "abi/kernel.h"
#include "monitor/kvm/arch.h"
#include "monitor/kvm/arch/x86_64/descriptors.h"
#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_ET (1u << 4)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_PG (1u << 31)
#define CR4_PAE (1u << 5)
#define CR4_UMIP (1u << 11)
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_FSGSBASE (1u << 16)
#define CR4_OSXSAVE (1u << 18)
#define EFER_LME (1u << 8)
#define EFER_LMA (1u << 10)
#define EFER_NXE (1u << 11)
#define XCR0_X87_SSE_AVX 7u

static bool fail(char *error, size_t size, const char *what) {
  snprintf(error, size, "cannot set up the virtual CPU: %s: %s", what, strerror(errno));
  return false;
}

/* ---- CPUID ----
 *
 * KVM_GET_SUPPORTED_CPUID takes 0.3 ms here, so the table is made from this CPU's own answers, cut
 * down to what the guest uses: user-mode instructions up to x86-64-v3, long mode, NX, FSGSBASE and
 * XSAVE. KVM offers all of these wherever the CPU has them. */

#define LEAF1_ECX_MASK                                                                             \
  (bit_SSE3 | bit_PCLMUL | bit_SSSE3 | bit_FMA | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 |        \
   bit_MOVBE | bit_POPCNT | bit_AES | bit_XSAVE | bit_OSXSAVE | bit_AVX | bit_F16C | bit_RDRND)
#define LEAF1_EDX_MASK 0x078bfbffu /* what every x86-64 has, up to SSE2 */
#define LEAF7_EBX_MASK                                                                             \
  (bit_FSGSBASE | bit_BMI | bit_AVX2 | bit_BMI2 | bit_ENH_MOVSB | bit_RDSEED | bit_ADX | bit_SHA | \
   LEAF7_EBX_SMEP | LEAF7_EBX_SMAP)
#define LEAF7_EBX_SMEP (1u << 7)
#define LEAF7_EBX_SMAP (1u << 20)
#define LEAF7_ECX_UMIP (1u << 2)
#define LEAF81_ECX_MASK ((1u << 0) | bit_ABM)                  /* LAHF, LZCNT */
#define LEAF81_EDX_MASK ((1u << 11) | (1u << 20) | (1u << 29)) /* SYSCALL, NX, long mode */
#define LEAF88_EAX_MASK 0xffffu                                /* physical, virtual address bits */

#define CPUID_ENTRIES 8

/* Storage for a struct kvm_cpuid2, whose entries have no fixed number. */
union cpuid_storage {
  struct kvm_cpuid2 table;
  uint8_t bytes[sizeof(struct kvm_cpuid2) + CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2)];
};

static struct kvm_cpuid_entry2 *add_leaf(struct kvm_cpuid2 *table, uint32_t leaf, uint32_t subleaf,
                                         uint32_t flags) {
  struct kvm_cpuid_entry2 *entry = &table->entries[table->nent++];
  entry->function = leaf;
  entry->index = subleaf;
  entry->flags = flags;
  __cpuid_count(leaf, subleaf, entry->eax, entry->ebx, entry->ecx, entry->edx);
  return entry;
}

static void fill_cpuid(union cpuid_storage *storage) {
  memset(storage, 0, sizeof(*storage));
  struct kvm_cpuid2 *table = &storage->table;
  struct kvm_cpuid_entry2 *entry = add_leaf(table, 0, 0, 0);
  entry->eax = 0xd;
  entry = add_leaf(table, 1, 0, 0);
  entry->ebx = 0;
  entry->ecx &= LEAF1_ECX_MASK;
  entry->edx &= LEAF1_EDX_MASK;
  entry = add_leaf(table, 7, 0, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
  entry->eax = entry->edx = 0;
  entry->ebx &= LEAF7_EBX_MASK;
  entry->ecx &= LEAF7_ECX_UMIP;
  /* XSAVE state: x87, SSE, AVX (576 + 256 bytes). */
  entry = add_leaf(table, 0xd, 0, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
  entry->eax = XCR0_X87_SSE_AVX;
  entry->ebx = entry->ecx = 0x340;
  entry->edx = 0;
  add_leaf(table, 0xd, 2, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
  entry = add_leaf(table, 0x80000000u, 0, 0);
  entry->eax = 0x80000008u;
  entry = add_leaf(table, 0x80000001u, 0, 0);
  entry->eax = entry->ebx = 0;
  entry->ecx &= LEAF81_ECX_MASK;
  entry->edx &= LEAF81_EDX_MASK;
  entry = add_leaf(table, 0x80000008u, 0, 0);
  entry->eax &= LEAF88_EAX_MASK;
  entry->ebx = entry->ecx = entry->edx = 0;
}

/* NULL, or what this CPU lacks of x86-64-v3 (System V ABI for x86-64, section 3.1.1). */
static const char *missing_feature(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                 __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma") &&
                 __builtin_cpu_supports("popcnt")
             ? NULL
             : "its instruction set is older than x86-64-v3 (AVX2, BMI, FMA). Use a machine with a "
               "newer CPU";
}

/* ---- Registers ---- */

static struct kvm_segment user_segment(uint16_t selector, bool code) {
  return (struct kvm_segment){.selector = selector,
                              .limit = 0xffffffff,
                              .type = code ? 11 : 3,
                              .present = 1,
                              .dpl = 3,
                              .db = !code,
                              .s = 1,
                              .l = code,
                              .g = 1};
}

/* Walls that the CPU may have beside: the kernel neither runs nor touches pages of user mode, and
 * user mode does not see where the descriptor tables are. */
static uint64_t optional_cr4(void) {
  uint32_t eax, ebx, ecx, edx;
  __cpuid_count(7, 0, eax, ebx, ecx, edx);
  return (ebx & LEAF7_EBX_SMEP ? CR4_SMEP : 0) | (ebx & LEAF7_EBX_SMAP ? CR4_SMAP : 0) |
         (ecx & LEAF7_ECX_UMIP ? CR4_UMIP : 0);
}

static void fill_sregs(struct kvm_sregs *sregs, const struct vm *vm) {
  const struct abi_kernel_state *state =
      (const struct abi_kernel_state *)(vm_origin(vm) + vm->layout.kernel);
  sregs->cs = user_segment(ABI_SELECTOR_USER_CODE, true);
  sregs->ss = user_segment(ABI_SELECTOR_USER_DATA, false);
  sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss;
  sregs->tr = (struct kvm_segment){.base = ABI_KERNEL_DESCRIPTORS + TSS_OFFSET,
                                   .limit = TSS_LIMIT,
                                   .selector = ABI_SELECTOR_TSS,
                                   .type = 11, /* busy 64-bit TSS */
                                   .present = 1};
  sregs->ldt = (struct kvm_segment){.unusable = 1};
  sregs->gdt = (struct kvm_dtable){.base = ABI_KERNEL_DESCRIPTORS + GDT_OFFSET, .limit = GDT_LIMIT};
  sregs->idt = (struct kvm_dtable){.base = ABI_KERNEL_DESCRIPTORS + IDT_OFFSET, .limit = IDT_LIMIT};
  sregs->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
  sregs->cr3 = state->root;
  sregs->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE | optional_cr4();
  sregs->efer = EFER_LME | EFER_LMA | EFER_NXE;
}

const char *arch_kvm_advice(void) {
  return "allow virtualisation in the firmware or the outer hypervisor, then: sudo modprobe "
         "kvm_intel (or kvm_amd)";
}

unsigned long arch_vm_type(int kvm) {
  (void)kvm;
  return 0;
}

bool arch_start_vcpu(struct vm *vm, char *error, size_t error_size) {
  const char *missing = missing_feature();
  if (missing) {
    snprintf(error, error_size, "this CPU cannot run the guest: %s", missing);
    return false;
  }
  union cpuid_storage cpuid;
  fill_cpuid(&cpuid);
  if (ioctl(vm->vcpu, KVM_SET_CPUID2, &cpuid) < 0)
    return fail(error, error_size, "KVM_SET_CPUID2");
  struct kvm_sregs sregs;
  if (ioctl(vm->vcpu, KVM_GET_SREGS, &sregs) < 0)
    return fail(error, error_size, "KVM_GET_SREGS");
  fill_sregs(&sregs, vm);
  if (ioctl(vm->vcpu, KVM_SET_SREGS, &sregs) < 0)
    return fail(error, error_size, "KVM_SET_SREGS");
  struct kvm_xcrs xcrs = {.nr_xcrs = 1, .xcrs[0].value = XCR0_X87_SSE_AVX};
  if (ioctl(vm->vcpu, KVM_SET_XCRS, &xcrs) < 0)
    return fail(error, error_size, "KVM_SET_XCRS");
  const struct abi_kernel_header *header =
      (const struct abi_kernel_header *)(vm_origin(vm) + ABI_KERNEL_BASE);
  struct kvm_regs regs = {.rip = header->user_entry,
                          .rsp = ABI_USER_WINDOW + vm->layout.stack + vm->layout.stack_size,
                          .rdi = ABI_USER_WINDOW + vm->layout.boot,
                          .rflags = 2};
  if (ioctl(vm->vcpu, KVM_SET_REGS, &regs) < 0)
    return fail(error, error_size, "KVM_SET_REGS");
  return true;
}

uint64_t arch_counter_hz(const struct vm *vm) {
  int khz = ioctl(vm->vcpu, KVM_GET_TSC_KHZ, 0);
  return khz > 0 ? (uint64_t)khz * 1000 : 0;
}

/* ---- Exits ---- */

/* Where the guest stood, for messages. */
static uint64_t program_counter(const struct vm *vm) {
  struct kvm_regs regs;
  return ioctl(vm->vcpu, KVM_GET_REGS, &regs) == 0 ? regs.rip : 0;
}

enum arch_exit arch_classify_exit(struct vm *vm, uint32_t *number, uint32_t *value, char *text) {
  const struct kvm_run *run = vm->run;
  unsigned long long pc;
  switch (run->exit_reason) {
  case KVM_EXIT_IO: {
    bool write = run->io.direction == KVM_EXIT_IO_OUT && run->io.count == 1;
    if (write && run->io.size == 4 && run->io.port % 4 == 0 &&
        run->io.data_offset <= vm->run_size - 4) {
      memcpy(value, (const uint8_t *)run + run->io.data_offset, 4);
      if (run->io.port == ABI_KERNEL_PANIC_PORT)
        return ARCH_EXIT_KERNEL_PANIC;
      if (run->io.port == ABI_KERNEL_FILL_PORT)
        return arch_fill_table(vm, *value, text) ? ARCH_EXIT_SERVED : ARCH_EXIT_OTHER;
      if (run->io.port >= ABI_DOORBELL_PORT) {
        *number = (run->io.port - ABI_DOORBELL_PORT) / 4u;
        return ARCH_EXIT_DOORBELL;
      }
    }
    snprintf(text, VM_ERROR_SIZE, "the guest used I/O port 0x%x, which is no doorbell",
             run->io.port);
    return ARCH_EXIT_OTHER;
  }
  case KVM_EXIT_MMIO:
    snprintf(text, VM_ERROR_SIZE, "the guest used physical address 0x%llx, where nothing is",
             (unsigned long long)run->mmio.phys_addr);
    return ARCH_EXIT_OTHER;
  case KVM_EXIT_SHUTDOWN:
    snprintf(text, VM_ERROR_SIZE, "the guest's kernel broke down (triple fault)");
    return ARCH_EXIT_OTHER;
  case KVM_EXIT_HLT:
    snprintf(text, VM_ERROR_SIZE, "the guest halted without saying why");
    return ARCH_EXIT_OTHER;
  case KVM_EXIT_INTERNAL_ERROR:
    pc = program_counter(vm);
    snprintf(text, VM_ERROR_SIZE, "KVM cannot go on (internal error %u) with the guest at 0x%llx",
             run->internal.suberror, pc);
    return ARCH_EXIT_OTHER;
  default:
    pc = program_counter(vm);
    snprintf(text, VM_ERROR_SIZE, "KVM stopped the guest at 0x%llx for reason %u", pc,
             run->exit_reason);
    return ARCH_EXIT_OTHER;
  }
}
