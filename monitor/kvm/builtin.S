/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The guest's image inside this program, page aligned so that it can be mapped from the file. */
        .section .rodata.builtin_image, "a"
        .balign 4096
        .globl builtin_image
        .globl builtin_image_end
builtin_image:
        .incbin BUILTIN_IMAGE
builtin_image_end:
        .byte 0
        .balign 4096
        .section .note.GNU-stack, "", @progbits
