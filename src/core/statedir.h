/* Where this program keeps what it has to remember: $XDG_STATE_HOME/s3tui (XDG Base Directory
 * Specification), readable by its user alone. */
#ifndef CORE_STATEDIR_H
#define CORE_STATEDIR_H

/* The directory, or `below` in it (may be NULL), made if missing (0700); caller frees. NULL: there
 * is no home to have it in. Whether it can be written to is for the caller to find out. */
char *state_dir(const char *below);

#endif
