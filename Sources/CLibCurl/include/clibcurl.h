#ifndef CLIBCURL_H
#define CLIBCURL_H

#include <stddef.h>

/// Sends `body` to `url` by POST, with the header lines given (`Name: value`, the last being null).
///
/// http and https only; redirects are not followed, certificates are checked, what is answered is read up to 64 KiB and thrown away. `seconds`
/// limits all of it. Returns 0, and the status of the answer in `status`; else `message` (always terminated, truncated to `capacity`) says why.
int charter_http_post(
    const char *url, const char *const *headers, const void *body, size_t length, long seconds, long *status, char *message,
    size_t capacity);

/// Fetches `url` by GET into `body`, which holds up to `capacity` bytes; `length` says how many it were.
///
/// http and https only; redirects are not followed, certificates are checked, and more than there is room for ends the transfer. `seconds` limits all of
/// it. Returns 0, and the status of the answer in `status`; else `message` (always terminated, truncated to `message_capacity`) says why.
int charter_http_fetch(
    const char *url, void *body, size_t capacity, size_t *length, long seconds, long *status, char *message, size_t message_capacity);

#endif
