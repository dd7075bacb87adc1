/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The registers of a signal's context that the engine wants to see and change; arch/<a>/. */
#ifndef TESTS_PLATFORM_CONTEXT_H
#define TESTS_PLATFORM_CONTEXT_H

#include "engine/engine.h"

/* Fills pc, sp and fp. */
void context_get(const void *ucontext, struct wasm_fault *fault);
/* Lets the interrupted thread continue with pc, sp and fp. */
void context_set(void *ucontext, const struct wasm_fault *resume);

#endif
