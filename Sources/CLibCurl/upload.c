#include "clibcurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MOST_ANSWERED = 1 << 20 };

static pthread_once_t started = PTHREAD_ONCE_INIT;
static CURLcode start_code = CURLE_OK;

static void start(void) { start_code = curl_global_init(CURL_GLOBAL_DEFAULT); }

typedef struct {
    charter_upload_answer *answer;
    size_t answered;
} transfer;

/// Keeps the beginning of what is answered; more than is allowed ends the transfer.
static size_t keep(char *data, size_t size, size_t count, void *context) {
    transfer *transfer = context;
    charter_upload_answer *answer = transfer->answer;
    size_t length = size * count;
    size_t room = sizeof answer->body - answer->length;
    size_t kept = length < room ? length : room;
    memcpy(answer->body + answer->length, data, kept);
    answer->length += kept;
    transfer->answered += length;
    return transfer->answered <= MOST_ANSWERED ? length : 0;
}

int charter_upload(
    void **kept, const charter_upload_request *request, charter_upload_answer *answer, char *message, size_t capacity) {
    char detail[CURL_ERROR_SIZE] = "";
    memset(answer, 0, sizeof *answer);
    answer->retry_after = -1;
    pthread_once(&started, start);
    if (start_code != CURLE_OK) {
        snprintf(message, capacity, "%s", curl_easy_strerror(start_code));
        return start_code;
    }
    CURL *handle = *kept;
    if (handle == NULL) handle = *kept = curl_easy_init();
    struct curl_slist *list = NULL;
    for (const char *const *line = request->headers; handle != NULL && *line != NULL; line++) {
        struct curl_slist *longer = curl_slist_append(list, *line);
        if (longer == NULL) {
            curl_slist_free_all(list);
            list = NULL;
            break;
        }
        list = longer;
    }
    if (list == NULL) {
        snprintf(message, capacity, "no memory");
        return CURLE_OUT_OF_MEMORY;
    }
    transfer transfer = {.answer = answer};
    // What was set for the call before is forgotten, and its connection is not.
    curl_easy_reset(handle);
    curl_easy_setopt(handle, CURLOPT_URL, request->url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    // What goes over plain http stays within the network: no proxy that the environment names gets to see it.
    if (strncmp(request->url, "http://", 7) == 0) curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, request->connect_seconds);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, request->total_seconds);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    CURLcode code = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_off_t wait = 0;
    if (curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
        answer->retry_after = wait < 86400 ? (long)wait : 86400;
    // An answer that is too long is an answer all the same.
    if (code == CURLE_WRITE_ERROR && answer->status != 0) code = CURLE_OK;
    if (code != CURLE_OK) snprintf(message, capacity, "%s", detail[0] != '\0' ? detail : curl_easy_strerror(code));
    // The buffer for errors and the list end with this call.
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(list);
    return code;
}

void charter_upload_end(void *handle) {
    if (handle != NULL) curl_easy_cleanup(handle);
}
