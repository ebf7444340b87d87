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

/// What to fetch. `headers` are lines (`Name: value`), the last being null.
typedef struct {
    const char *url;
    const char *const *headers;
    /// More bytes than this end the transfer.
    size_t limit;
    long connect_seconds;
    /// Less than a byte a second for so long ends the transfer.
    long stall_seconds;
    long total_seconds;
    /// Not 0: no proxy that the environment names gets to see it.
    int is_direct;
    /// Asked now and then; not 0 ends the transfer.
    int (*is_stopping)(void *context);
    void *context;
} charter_download_request;

/// What was answered. `body` is the caller's to free.
typedef struct {
    long status;
    unsigned char *body;
    size_t length;
    int is_too_large;
    /// Empty where there is none.
    char etag[512];
    char epoch[32];
    /// The address that a redirect names, made whole.
    char redirect[2048];
} charter_download_answer;

/// Fetches `url` by GET. http and https only; redirects are not followed, certificates are checked. Returns 0 with an answer; else `message` (always
/// terminated, truncated to `capacity`) says why, and there is nothing to free.
int charter_download(
    const charter_download_request *request, charter_download_answer *answer, char *message, size_t capacity);

void charter_download_free(charter_download_answer *answer);


/// What to send by POST. `headers` are lines (`Name: value`), the last being null.
typedef struct {
    const char *url;
    const char *const *headers;
    const void *body;
    size_t length;
    long connect_seconds;
    long total_seconds;
} charter_upload_request;

/// What was answered: the status, what `Retry-After` says in seconds (-1 without), and the beginning of the body.
typedef struct {
    long status;
    long retry_after;
    size_t length;
    unsigned char body[4096];
} charter_upload_answer;

/// Sends a body by POST. http and https only; redirects are not followed, certificates are checked, at most 1 MiB of an answer is read. `handle` is kept
/// for the next call, so that the connection can be used again; it begins as null and is ended with `charter_upload_end`. For one thread at a time.
/// Returns 0 with an answer; else `message` (always terminated, truncated to `capacity`) says why.
int charter_upload(
    void **handle, const charter_upload_request *request, charter_upload_answer *answer, char *message, size_t capacity);

void charter_upload_end(void *handle);

#endif
