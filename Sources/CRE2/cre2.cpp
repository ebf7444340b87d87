#include "cre2.h"

#include <re2/re2.h>

#include <cstring>
#include <new>
#include <vector>

struct cre2_pattern {
    re2::RE2 expression;
    cre2_pattern(const re2::StringPiece &source, const re2::RE2::Options &options) : expression(source, options) {}
};

static void explain(const char *text, char *message, size_t capacity) {
    if (message == nullptr || capacity == 0) return;
    strncpy(message, text, capacity - 1);
    message[capacity - 1] = 0;
}

// No exception may cross into Swift: every entry point catches all of them.
extern "C" cre2_pattern *cre2_compile(const char *source, size_t length, size_t max_memory, char *message, size_t capacity) {
    try {
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(static_cast<int64_t>(max_memory));
        cre2_pattern *pattern = new cre2_pattern(re2::StringPiece(source, length), options);
        if (!pattern->expression.ok()) {
            explain(pattern->expression.error().c_str(), message, capacity);
            delete pattern;
            return nullptr;
        }
        return pattern;
    } catch (...) {
        explain("out of memory", message, capacity);
        return nullptr;
    }
}

extern "C" void cre2_delete(cre2_pattern *pattern) { delete pattern; }

extern "C" int cre2_groups(const cre2_pattern *pattern) { return pattern->expression.NumberOfCapturingGroups(); }

extern "C" int cre2_search(const cre2_pattern *pattern, const char *text, size_t length, size_t start, ptrdiff_t *spans, int count) {
    try {
        if (start > length) return 0;
        re2::StringPiece subject(text, length);
        if (count <= 0) return pattern->expression.Match(subject, start, length, re2::RE2::UNANCHORED, nullptr, 0) ? 1 : 0;
        std::vector<re2::StringPiece> groups(static_cast<size_t>(count));
        if (!pattern->expression.Match(subject, start, length, re2::RE2::UNANCHORED, groups.data(), count)) return 0;
        for (int i = 0; i < count; i++) {
            const char *begin = groups[static_cast<size_t>(i)].data();
            spans[2 * i] = begin == nullptr ? -1 : begin - text;
            spans[2 * i + 1] = begin == nullptr ? -1 : begin - text + static_cast<ptrdiff_t>(groups[static_cast<size_t>(i)].size());
        }
        return 1;
    } catch (...) {
        return -1;
    }
}

extern "C" int cre2_contains(const void *text, size_t text_length, const void *part, size_t part_length) {
    if (part_length == 0) return 1;
    return memmem(text, text_length, part, part_length) != nullptr ? 1 : 0;
}
