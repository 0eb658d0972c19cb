/* System calls that only Linux has, each with a fall back. */
#ifndef CORE_OS_LINUX_H
#define CORE_OS_LINUX_H

#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>

/* Renames inside dirfd; with no_replace it fails with EEXIST where `to` exists. 0 or -1 and errno.
 */
int os_rename(int dirfd, const char *from, const char *to, bool no_replace);
/* Opens a directory below dirfd by one component, following no symlink. fd or -1 and errno. */
int os_open_dir_beneath(int dirfd, const char *name);
/* Copies len bytes between offsets, in the kernel where it can. Bytes copied, 0 at the end of the
 * source, or -1 and errno. */
int64_t os_copy_range(int from, uint64_t from_at, int to, uint64_t to_at, uint64_t len);
/* The process's umask, read without changing it, which other threads would notice. */
unsigned os_umask(void);
/* A child that is spawned with actions gets no descriptor from `first` on. Not every library opens
 * its own with O_CLOEXEC: libcurl's wake-up sockets would be handed on. 0, or an errno. */
int os_spawn_close_from(posix_spawn_file_actions_t *actions, int first);
/* Reserves size bytes so that a full disk is found out early; the file stays as long as it is. 0,
 * or an errno; file systems that cannot reserve are 0. */
int os_reserve(int fd, uint64_t size);
/* Before threads start: has them share a few heaps. One a thread, as glibc likes it, keeps what
 * each has freed: 60 MB for 50 workers instead of 35. */
void os_share_heaps(void);

#endif
