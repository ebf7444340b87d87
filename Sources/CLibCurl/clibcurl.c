#include "clibcurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MOST_ANSWERED = 64 << 10 };

static pthread_once_t started = PTHREAD_ONCE_INIT;
static CURLcode start_code = CURLE_OK;

static void start(void) { start_code = curl_global_init(CURL_GLOBAL_DEFAULT); }

/// Counts what is answered and keeps none of it; more than is allowed ends the transfer.
static size_t swallow(char *data, size_t size, size_t count, void *context) {
    size_t *answered = context;
    (void)data;
    *answered += size * count;
    return *answered <= MOST_ANSWERED ? size * count : 0;
}

int charter_http_post(
    const char *url, const char *const *headers, const void *body, size_t length, long seconds, long *status, char *message,
    size_t capacity) {
    char detail[CURL_ERROR_SIZE] = "";
    size_t answered = 0;
    *status = 0;
    pthread_once(&started, start);
    if (start_code != CURLE_OK) {
        snprintf(message, capacity, "%s", curl_easy_strerror(start_code));
        return start_code;
    }
    CURL *handle = curl_easy_init();
    if (handle == NULL) {
        snprintf(message, capacity, "no memory");
        return CURLE_OUT_OF_MEMORY;
    }
    struct curl_slist *list = NULL;
    for (const char *const *line = headers; *line != NULL; line++) {
        struct curl_slist *longer = curl_slist_append(list, *line);
        if (longer == NULL) {
            curl_slist_free_all(list);
            curl_easy_cleanup(handle);
            snprintf(message, capacity, "no memory");
            return CURLE_OUT_OF_MEMORY;
        }
        list = longer;
    }
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    // Plain http is for this machine only: no proxy that the environment names gets to see it.
    if (strncmp(url, "http://", 7) == 0) curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, seconds);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, seconds);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answered);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    CURLcode code = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, status);
    // An answer that is too long is an answer all the same.
    if (code == CURLE_WRITE_ERROR && *status != 0) code = CURLE_OK;
    if (code != CURLE_OK) snprintf(message, capacity, "%s", detail[0] != '\0' ? detail : curl_easy_strerror(code));
    curl_slist_free_all(list);
    curl_easy_cleanup(handle);
    return code;
}
