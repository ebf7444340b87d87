#include "allocation_count.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int is_counting;
static atomic_long calls;

void allocation_count_start(void) {
    atomic_store(&calls, 0);
    atomic_store(&is_counting, 1);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CANNOT_COUNT 1
#endif
#endif

#if defined(__GLIBC__) && !defined(CANNOT_COUNT)

// glibc keeps its own allocator under these names for those that define malloc themselves.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static inline void note(void) {
    if (__builtin_expect(atomic_load_explicit(&is_counting, memory_order_relaxed), 0)) atomic_fetch_add(&calls, 1);
}

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note();
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    note();
    return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    note();
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

long allocation_count_stop(void) {
    atomic_store(&is_counting, 0);
    return atomic_load(&calls);
}

#else

long allocation_count_stop(void) {
    atomic_store(&is_counting, 0);
    return -1;
}

#endif
