#include "clibcurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_CAPACITY = 64 << 10 };

static pthread_once_t started = PTHREAD_ONCE_INIT;
static CURLcode start_code = CURLE_OK;

static void start(void) { start_code = curl_global_init(CURL_GLOBAL_DEFAULT); }

typedef struct {
    const charter_download_request *request;
    charter_download_answer *answer;
    CURL *handle;
    size_t capacity;
} transfer;

static int grow(transfer *transfer, size_t needed) {
    size_t capacity = transfer->capacity == 0 ? FIRST_CAPACITY : transfer->capacity;
    if (transfer->capacity == 0) {
        curl_off_t told = -1;
        curl_easy_getinfo(transfer->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &told);
        // What is told is believed as far as it is allowed anyway.
        if (told > 0 && (size_t)told <= transfer->request->limit) capacity = (size_t)told;
    }
    while (capacity < needed) capacity *= 2;
    unsigned char *body = realloc(transfer->answer->body, capacity);
    if (body == NULL) return 0;
    transfer->answer->body = body;
    transfer->capacity = capacity;
    return 1;
}

static size_t keep(char *data, size_t size, size_t count, void *context) {
    transfer *transfer = context;
    charter_download_answer *answer = transfer->answer;
    size_t length = size * count;
    if (length > transfer->request->limit - answer->length) {
        answer->is_too_large = 1;
        return 0;
    }
    size_t needed = answer->length + length;
    if (needed > transfer->capacity && !grow(transfer, needed)) return 0;
    memcpy(answer->body + answer->length, data, length);
    answer->length = needed;
    return length;
}

/// Copies the value of a header line if it has this name; one that does not fit is none.
static void take(const char *line, size_t length, const char *name, char *value, size_t capacity) {
    size_t start = strlen(name);
    if (length <= start || strncasecmp(line, name, start) != 0 || line[start] != ':') return;
    start++;
    while (start < length && (line[start] == ' ' || line[start] == '\t')) start++;
    while (length > start && (unsigned char)line[length - 1] <= ' ') length--;
    value[0] = '\0';
    if (length - start >= capacity) return;
    memcpy(value, line + start, length - start);
    value[length - start] = '\0';
}

static size_t read_header(char *line, size_t size, size_t count, void *context) {
    transfer *transfer = context;
    size_t length = size * count;
    take(line, length, "ETag", transfer->answer->etag, sizeof transfer->answer->etag);
    take(line, length, "Charter-Epoch", transfer->answer->epoch, sizeof transfer->answer->epoch);
    return length;
}

static int look(void *context, curl_off_t total, curl_off_t now, curl_off_t sent_total, curl_off_t sent_now) {
    transfer *transfer = context;
    (void)total, (void)now, (void)sent_total, (void)sent_now;
    return transfer->request->is_stopping(transfer->request->context);
}

static CURLcode perform(transfer *transfer, char *detail) {
    const charter_download_request *request = transfer->request;
    struct curl_slist *list = NULL;
    for (const char *const *line = request->headers; *line != NULL; line++) {
        struct curl_slist *longer = curl_slist_append(list, *line);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return CURLE_OUT_OF_MEMORY;
        }
        list = longer;
    }
    CURL *handle = transfer->handle;
    curl_easy_setopt(handle, CURLOPT_URL, request->url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    if (request->is_direct) curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, request->connect_seconds);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, request->stall_seconds);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, request->total_seconds);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, read_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, look);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    CURLcode code = curl_easy_perform(handle);
    charter_download_answer *answer = transfer->answer;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer->status);
    char *redirect = NULL;
    if (curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &redirect) == CURLE_OK && redirect != NULL
        && strlen(redirect) < sizeof answer->redirect)
        strcpy(answer->redirect, redirect);
    curl_slist_free_all(list);
    return code;
}

int charter_download(
    const charter_download_request *request, charter_download_answer *answer, char *message, size_t capacity) {
    char detail[CURL_ERROR_SIZE] = "";
    memset(answer, 0, sizeof *answer);
    message[0] = '\0';
    pthread_once(&started, start);
    CURLcode code = start_code;
    if (code == CURLE_OK) {
        transfer transfer = {.request = request, .answer = answer, .handle = curl_easy_init(), .capacity = 0};
        code = CURLE_OUT_OF_MEMORY;
        if (transfer.handle != NULL) {
            code = perform(&transfer, detail);
            curl_easy_cleanup(transfer.handle);
        }
    }
    if (answer->is_too_large) code = CURLE_OK;
    if (code != CURLE_OK) {
        snprintf(message, capacity, "%s", detail[0] != '\0' ? detail : curl_easy_strerror(code));
        charter_download_free(answer);
    }
    return code;
}

void charter_download_free(charter_download_answer *answer) {
    free(answer->body);
    answer->body = NULL;
    answer->length = 0;
}
