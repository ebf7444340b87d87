#ifndef CRE2_H
#define CRE2_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled RE2 pattern. Immutable once made, so that threads may share it.
typedef struct cre2_pattern cre2_pattern;

/// Compiles UTF-8 `source` within `max_memory` bytes. Null when the pattern is invalid or too large;
/// then `message` (always terminated, truncated to `capacity`) says why.
cre2_pattern *cre2_compile(const char *source, size_t length, size_t max_memory, char *message, size_t capacity);

void cre2_delete(cre2_pattern *pattern);

/// The number of capturing groups.
int cre2_groups(const cre2_pattern *pattern);

/// Searches `text` from byte `start`. 1: found, 0: not found, -1: failed.
/// `spans` receives 2 * `count` byte offsets (start, end) of the whole match and its groups; -1 for a group that took no part.
int cre2_search(const cre2_pattern *pattern, const char *text, size_t length, size_t start, ptrdiff_t *spans, int count);

/// Whether the bytes `part` occur in `text`. An empty part does. Takes time linear in the text.
int cre2_contains(const void *text, size_t text_length, const void *part, size_t part_length);

#ifdef __cplusplus
}
#endif

#endif
