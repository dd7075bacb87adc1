/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64: the vCPU's registers at the start, and what its exits mean.
 *
 * The vCPU starts in user mode with the MMU on: that takes a dozen registers and no instruction of
 * the guest. There is no interrupt controller: nothing of the guest's is ever interrupted but by
 * leaving it. */
#include "abi/arch/aarch64/kernel.h"
#include "abi/arch/aarch64/registers.h"
#include "abi/kernel.h"
#include "monitor/kvm/arch.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* Names of registers (Linux's Documentation/virt/kvm/api.rst, KVM_SET_ONE_REG); of system registers
 * with op0 = 3 and op1 = 0. */
#define CORE(field)                                                                                \
  (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))
#define SYSTEM(crn, crm, op2) ARM64_SYS_REG(3, 0, crn, crm, op2)

#define REGISTER_MMFR0 SYSTEM(0, 7, 0)

static bool fail(char *error, size_t size, const char *what) {
  snprintf(error, size, "cannot set up the virtual CPU: %s: %s", what, strerror(errno));
  return false;
}

const char *arch_kvm_advice(void) {
  return "the kernel needs CONFIG_KVM, and to be started at EL2 by the firmware or the outer "
         "hypervisor";
}

/* The default is 40 bits of physical addresses; a host that has less must be asked for less. */
unsigned long arch_vm_type(int kvm) {
  int bits = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
  return bits > 0 && bits < 40 ? KVM_VM_TYPE_ARM_IPA_SIZE((unsigned long)bits) : 0;
}

/* ---- Registers ---- */

static bool get_register(const struct vm *vm, uint64_t name, uint64_t *value) {
  struct kvm_one_reg one = {.id = name, .addr = (uintptr_t)value};
  return ioctl(vm->vcpu, KVM_GET_ONE_REG, &one) == 0;
}

static bool set_register(const struct vm *vm, uint64_t name, uint64_t value) {
  struct kvm_one_reg one = {.id = name, .addr = (uintptr_t)&value};
  return ioctl(vm->vcpu, KVM_SET_ONE_REG, &one) == 0;
}

static bool set_registers(const struct vm *vm, uint64_t mmfr0) {
  const struct abi_kernel_header *header =
      (const struct abi_kernel_header *)(vm_origin(vm) + ABI_KERNEL_BASE);
  const struct abi_kernel_state *state =
      (const struct abi_kernel_state *)(vm_origin(vm) + vm->layout.kernel);
  const struct {
    uint64_t name, value;
  } registers[] = {
      {SYSTEM(1, 0, 2), ABI_CPACR},
      {SYSTEM(2, 0, 0), state->root}, /* TTBR0_EL1 */
      {SYSTEM(2, 0, 2), abi_tcr(mmfr0)},
      {SYSTEM(10, 2, 0), ABI_MAIR},
      {SYSTEM(12, 0, 0), header->vectors}, /* VBAR_EL1 */
      {SYSTEM(14, 1, 0), ABI_CNTKCTL},
      {SYSTEM(1, 0, 0), ABI_SCTLR},
      {CORE(sp_el1), ABI_KERNEL_STACK_TOP},
      {CORE(regs.sp), ABI_USER_WINDOW + vm->layout.stack + vm->layout.stack_size},
      {CORE(regs.regs[0]), ABI_USER_WINDOW + vm->layout.boot},
      {CORE(regs.pstate), ABI_PSTATE_USER},
      {CORE(regs.pc), header->user_entry},
  };
  for (size_t i = 0; i < sizeof registers / sizeof *registers; i++)
    if (!set_register(vm, registers[i].name, registers[i].value))
      return false;
  return true;
}

/* Stores to doorbells of a form that the processor does not describe come out to us, too, instead
 * of as an error of KVM_RUN. */
static bool ask_for_odd_exits(const struct vm *vm) {
  struct kvm_enable_cap capability = {.cap = KVM_CAP_ARM_NISV_TO_USER};
  return ioctl(vm->fd, KVM_ENABLE_CAP, &capability) == 0;
}

bool arch_start_vcpu(struct vm *vm, char *error, size_t error_size) {
  struct kvm_vcpu_init init;
  uint64_t mmfr0;
  if (!ask_for_odd_exits(vm))
    return fail(error, error_size, "KVM_CAP_ARM_NISV_TO_USER (needs Linux 5.5)");
  if (ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init) < 0)
    return fail(error, error_size, "KVM_ARM_PREFERRED_TARGET");
  if (ioctl(vm->vcpu, KVM_ARM_VCPU_INIT, &init) < 0)
    return fail(error, error_size, "KVM_ARM_VCPU_INIT");
  if (!get_register(vm, REGISTER_MMFR0, &mmfr0))
    return fail(error, error_size, "KVM_GET_ONE_REG");
  if (!set_registers(vm, mmfr0))
    return fail(error, error_size, "KVM_SET_ONE_REG");
  return true;
}

/* The virtual counter has the rate of the host's. */
uint64_t arch_counter_hz(const struct vm *vm) {
  (void)vm;
  uint64_t hz;
  __asm__("mrs %0, cntfrq_el0" : "=r"(hz));
  return hz;
}

/* ---- Exits ---- */

/* Where the guest stood, for messages. */
static unsigned long long program_counter(const struct vm *vm) {
  uint64_t pc;
  return get_register(vm, CORE(regs.pc), &pc) ? pc : 0;
}

static bool is_in_page(uint64_t address, uint64_t page) {
  return address - page < ABI_PAGE_SIZE;
}

static enum arch_exit classify_access(const struct kvm_run *run, uint32_t *number, uint32_t *value,
                                      char *text) {
  uint64_t address = run->mmio.phys_addr;
  if (run->mmio.is_write && run->mmio.len == 4 && address % 4 == 0) {
    memcpy(value, run->mmio.data, 4);
    if (address == ABI_KERNEL_PANIC_MMIO)
      return ARCH_EXIT_KERNEL_PANIC;
    if (is_in_page(address, ABI_DOORBELL_MMIO)) {
      *number = (uint32_t)(address - ABI_DOORBELL_MMIO) / 4u;
      return ARCH_EXIT_DOORBELL;
    }
  }
  snprintf(text, VM_ERROR_SIZE,
           is_in_page(address, ABI_DOORBELL_MMIO)
               ? "the guest used physical address 0x%llx, a doorbell, but did not ring it"
               : "the guest used physical address 0x%llx, where nothing is",
           (unsigned long long)address);
  return ARCH_EXIT_OTHER;
}

enum arch_exit arch_classify_exit(struct vm *vm, uint32_t *number, uint32_t *value, char *text) {
  const struct kvm_run *run = vm->run;
  switch (run->exit_reason) {
  case KVM_EXIT_MMIO:
    return classify_access(run, number, value, text);
  case KVM_EXIT_ARM_NISV:
    snprintf(text, VM_ERROR_SIZE,
             "the guest at 0x%llx used physical address 0x%llx, where no memory is, in a way that "
             "the processor does not describe",
             program_counter(vm), (unsigned long long)run->arm_nisv.fault_ipa);
    return ARCH_EXIT_OTHER;
  default:
    snprintf(text, VM_ERROR_SIZE, "KVM stopped the guest at 0x%llx for reason %u",
             program_counter(vm), run->exit_reason);
    return ARCH_EXIT_OTHER;
  }
}
