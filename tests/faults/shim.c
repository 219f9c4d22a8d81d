/* File operations of a process, counted below one folder, and made to go wrong at a chosen one.
 *
 * Preloaded before the C library. `arm` says what happens at which operation: the process is killed before it, after it,
 * or in the middle of a write; or it fails, once or from then on; or the clock of the day goes back. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { COUNT, KILL_BEFORE, KILL_AFTER, TEAR, FAIL_ONCE, FAIL_ON, CLOCK_BACK };

static char folder[4096];
static int mode = COUNT, failure = 0, trace = -1;
static long chosen = -1, counter = 0, seconds_back = 0;

void arm(const char *path, int what, long number, int error, int trace_descriptor) {
    strncpy(folder, path, sizeof folder - 1);
    mode = what, chosen = number, failure = error, trace = trace_descriptor, counter = 0, seconds_back = 0;
}

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); }

static int below(const char *path) { return folder[0] && path && strncmp(path, folder, strlen(folder)) == 0; }

static const char *path_of(int descriptor, char *buffer) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, buffer, 4095);
    if (length < 0) return NULL;
    buffer[length] = 0;
    return buffer;
}

static void note(const char *name, const char *path) {
    char line[4200];
    if (trace >= 0 && below(path)) {
        int length = snprintf(line, sizeof line, "%s %s\n", name, path);
        syscall(SYS_write, trace, line, length);
    }
}

/* Counts an operation on a path. Returns 1 when it is the chosen one, -1 when it must fail, else 0. */
static int reached(const char *name, const char *path) {
    if (!below(path)) return 0;
    long number = __atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST);
    note(name, path);
    if (chosen < 0 || number < chosen) return 0;
    if (mode == FAIL_ON || (mode == FAIL_ONCE && number == chosen)) { errno = failure; return -1; }
    if (number != chosen) return 0;
    if (mode == KILL_BEFORE) die();
    if (mode == CLOCK_BACK) seconds_back = 86400;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define AROUND(label, path, call)                       \
    int at = reached(label, path);                      \
    if (at < 0) return -1;                              \
    __typeof__(call) result = call;                     \
    if (at && (mode == KILL_AFTER || mode == TEAR)) die(); \
    return result;

/* Half of a write, then death. */
#define WRITTEN(label, path, call, half)          \
    int at = reached(label, path);                      \
    if (at < 0) return -1;                              \
    if (at && mode == TEAR && half >= 0) die();         \
    ssize_t result = call;                              \
    if (at && mode == KILL_AFTER) die();                \
    return result;

ssize_t write(int fd, const void *data, size_t size) {
    char buffer[4096];
    if (!folder[0]) return REAL(write)(fd, data, size);
    WRITTEN("write", path_of(fd, buffer), REAL(write)(fd, data, size), REAL(write)(fd, data, size / 2))
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at_byte) {
    char buffer[4096];
    if (!folder[0]) return REAL(pwrite64)(fd, data, size, at_byte);
    WRITTEN("pwrite", path_of(fd, buffer), REAL(pwrite64)(fd, data, size, at_byte),
            REAL(pwrite64)(fd, data, size / 2, at_byte))
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at_byte) { return pwrite64(fd, data, size, at_byte); }
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags) {
    char buffer[4096];
    WRITTEN("copy", path_of(to, buffer), REAL(copy_file_range)(from, from_at, to, to_at, size, flags),
            REAL(copy_file_range)(from, from_at, to, to_at, size / 2, flags))
}
int fsync(int fd) {
    char buffer[4096];
    AROUND("fsync", path_of(fd, buffer), REAL(fsync)(fd))
}
int fdatasync(int fd) {
    char buffer[4096];
    AROUND("fsync", path_of(fd, buffer), REAL(fdatasync)(fd))
}
int ftruncate64(int fd, off64_t size) {
    char buffer[4096];
    AROUND("truncate", path_of(fd, buffer), REAL(ftruncate64)(fd, size))
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int rename(const char *old, const char *new) {
    note("from", old);
    AROUND("rename", new, REAL(rename)(old, new))
}
int unlink(const char *path) { AROUND("unlink", path, REAL(unlink)(path)) }
int symlink(const char *target, const char *path) { AROUND("symlink", path, REAL(symlink)(target, path)) }
int link(const char *old, const char *path) { AROUND("link", path, REAL(link)(old, path)) }
int mkdir(const char *path, mode_t bits) { AROUND("mkdir", path, REAL(mkdir)(path, bits)) }

static int creates(int flags) { return (flags & (O_WRONLY | O_RDWR)) != 0; }
static int open_path(const char *path, int flags, mode_t bits) {
    if (!creates(flags)) return syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, bits);
    AROUND("open", path, (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, bits))
}
#define BITS(flags)                 \
    mode_t bits = 0;                \
    if (flags & O_CREAT) {          \
        va_list more;               \
        va_start(more, flags);      \
        bits = va_arg(more, mode_t); \
        va_end(more);               \
    }
int open64(const char *path, int flags, ...) { BITS(flags) return open_path(path, flags, bits); }
int open(const char *path, int flags, ...) { BITS(flags) return open_path(path, flags, bits); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec -= seconds_back;
    return result;
}
