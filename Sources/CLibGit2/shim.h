#ifndef CHARTER_CLIBGIT2_SHIM_H
#define CHARTER_CLIBGIT2_SHIM_H

#include <git2.h>
#include <zlib.h>

/* git_libgit2_opts is variadic, which Swift does not import: one function for each option in use. */

static inline int charter_git_set_owner_validation(int enabled) {
    return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, enabled);
}

static inline int charter_git_set_strict_hash_verification(int enabled) {
    return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, enabled);
}

static inline int charter_git_set_fsync(int enabled) {
    return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled);
}

/* inflateInit is a macro. */
static inline int charter_inflate_init(z_stream *stream) {
    return inflateInit(stream);
}

#endif
