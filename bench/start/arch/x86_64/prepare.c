/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One `hlt` in 64-bit mode at privilege 0: KVM without hardware support starts in no other mode
 * but this, and hardware KVM takes it too. */
#include "bench/start/floor.h"
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#define CR0_PE 0x1u
#define CR0_ET 0x10u
#define CR0_NE 0x20u
#define CR0_WP 0x10000u
#define CR0_PG 0x80000000u
#define CR4_PAE 0x20u
#define EFER_LME 0x100u
#define EFER_LMA 0x400u
#define PAGE_PRESENT 0x1u
#define PAGE_WRITE 0x2u
#define PAGE_LARGE 0x80u

#define PML4 0x1000u
#define PDPT 0x2000u
#define PD 0x3000u
#define CODE 0x4000u

/* The first 2 MiB, mapped where they are: Intel SDM volume 3A, 4.5 "4-level paging". */
static void write_tables(uint8_t *memory) {
  const uint64_t entries[][2] = {{PML4, PDPT | PAGE_PRESENT | PAGE_WRITE},
                                 {PDPT, PD | PAGE_PRESENT | PAGE_WRITE},
                                 {PD, PAGE_PRESENT | PAGE_WRITE | PAGE_LARGE}};
  for (size_t i = 0; i < 3; i++)
    memcpy(memory + entries[i][0], &entries[i][1], sizeof entries[i][1]);
}

int floor_prepare(int vcpu, uint8_t *memory, size_t size) {
  static const uint8_t hlt[] = {0xf4};
  if (size <= CODE)
    return -1;
  write_tables(memory);
  memcpy(memory + CODE, hlt, sizeof hlt);

  struct kvm_sregs sregs;
  if (ioctl(vcpu, KVM_GET_SREGS, &sregs) < 0)
    return -1;
  sregs.cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
  sregs.cr3 = PML4;
  sregs.cr4 = CR4_PAE;
  sregs.efer = EFER_LME | EFER_LMA;
  sregs.cs = (struct kvm_segment){
      .selector = 0x8, .limit = 0xffffffff, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1};
  sregs.ss = (struct kvm_segment){
      .selector = 0x10, .limit = 0xffffffff, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1};
  sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss;
  if (ioctl(vcpu, KVM_SET_SREGS, &sregs) < 0)
    return -1;
  const struct kvm_regs regs = {.rip = CODE, .rflags = 0x2};
  return ioctl(vcpu, KVM_SET_REGS, &regs);
}
