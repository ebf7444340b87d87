#include "clibcurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_once_t started = PTHREAD_ONCE_INIT;

// More than once is harmless: libcurl counts.
static void start(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

struct room {
    char *start;
    size_t capacity;
    size_t used;
};

static size_t keep(char *data, size_t size, size_t count, void *context) {
    struct room *room = context;
    size_t bytes = size * count;
    if (bytes > room->capacity - room->used) return 0;
    memcpy(room->start + room->used, data, bytes);
    room->used += bytes;
    return bytes;
}

int charter_http_fetch(
    const char *url, void *body, size_t capacity, size_t *length, long seconds, long *status, char *message, size_t message_capacity) {
    char detail[CURL_ERROR_SIZE] = "";
    struct room room = {body, capacity, 0};
    *status = 0;
    *length = 0;
    pthread_once(&started, start);
    CURL *handle = curl_easy_init();
    if (handle == NULL) {
        snprintf(message, message_capacity, "no memory");
        return CURLE_OUT_OF_MEMORY;
    }
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    // Plain http is for this machine only: no proxy that the environment names gets to see it.
    if (strncmp(url, "http://", 7) == 0) curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "charter");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, seconds);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, seconds);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &room);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    CURLcode code = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, status);
    *length = room.used;
    if (code != CURLE_OK) snprintf(message, message_capacity, "%s", detail[0] != '\0' ? detail : curl_easy_strerror(code));
    curl_easy_cleanup(handle);
    return code;
}
