#ifndef CYCLE_COUNTER_H
#define CYCLE_COUNTER_H

#include <stdint.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#else
#include <time.h>
#endif

/// A counter that runs at a constant rate, read when everything before it has been done. What a unit is must be measured.
static inline uint64_t cycle_counter_read(void) {
#if defined(__x86_64__)
    _mm_lfence();
    uint64_t count = __rdtsc();
    _mm_lfence();
    return count;
#elif defined(__aarch64__)
    uint64_t count;
    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(count));
    return count;
#else
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
#endif
}

#endif
