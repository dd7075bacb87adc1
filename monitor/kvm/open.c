/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Opens /dev/kvm, or says what is missing and what to do about it. */
#include "monitor/kvm/arch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void explain(int reason, char *problem, size_t size) {
  switch (reason) {
  case ENOENT:
    snprintf(problem, size, "/dev/kvm does not exist: %s", arch_kvm_advice());
    break;
  case EACCES:
  case EPERM:
    snprintf(problem, size,
             "no permission for /dev/kvm: sudo usermod -aG kvm $USER, then log in again");
    break;
  case ENODEV:
  case ENXIO:
    snprintf(problem, size, "/dev/kvm has no driver behind it: %s", arch_kvm_advice());
    break;
  default:
    snprintf(problem, size, "opening /dev/kvm: %s", strerror(reason));
  }
}

int vm_open_kvm(char *problem, size_t size) {
  int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (kvm < 0) {
    explain(errno, problem, size);
    return -1;
  }
  int version = ioctl(kvm, KVM_GET_API_VERSION, 0);
  if (version != KVM_API_VERSION) {
    snprintf(problem, size, "KVM at /dev/kvm speaks version %d of its interface, wanted is %d",
             version, KVM_API_VERSION);
    close(kvm);
    return -1;
  }
  return kvm;
}
