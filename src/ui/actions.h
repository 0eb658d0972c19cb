/*
 * The one table of what a person can do: help, key remapping and the F-key bar come from it. A row:
 * enum name, name in s3tui.ini, default keys, contexts, label of the F-key bar ("" for none), help.
 * Keys are separated by spaces; "Space" and "Comma" are keys' names.
 */
#ifndef UI_ACTIONS_H
#define UI_ACTIONS_H

enum action_context {
	CTX_BROWSER = 1,
	CTX_TRANSFERS = 2,
	CTX_HELP = 4,
	CTX_DIALOG = 8,
	CTX_VIEWER = 16,
	CTX_SIZES = 32,
	CTX_LOG = 64,
	CTX_METRICS = 128,
};
/* moving in lists of any kind */
#define CTX_SCREENS (CTX_TRANSFERS | CTX_HELP | CTX_VIEWER | CTX_SIZES | CTX_LOG | CTX_METRICS)
#define CTX_LISTS (CTX_BROWSER | CTX_SCREENS)

#define ACTION_TABLE(X)                                                                            \
	X(HELP, "help", "F1 ?", CTX_LISTS & ~CTX_HELP, "Help", "this list of keys")                \
	X(SHARE, "share", "F2 Y", CTX_BROWSER, "Share",                                            \
		"make a link that opens without keys (presigned URL)")                             \
	X(LINKS, "links", "Alt-y", CTX_BROWSER, "",                                                \
		"links made since the start, and when they end")                                   \
	X(VIEW, "view", "F3 v", CTX_BROWSER, "View", "look into the file, of any size")            \
	X(EDIT, "edit", "F4 e", CTX_BROWSER, "Edit", "edit in $EDITOR")                            \
	X(COPY, "copy", "F5", CTX_BROWSER, "Copy", "copy to the other pane")                       \
	X(MOVE, "move", "F6", CTX_BROWSER, "Move", "move or rename")                               \
	X(PIPE, "pipe", "|", CTX_BROWSER, "",                                                      \
		"a command for each: its bytes in, what it prints into the other pane")            \
	X(RENAME, "rename", "r", CTX_BROWSER, "",                                                  \
		"rename, also a prefix with all that is below it")                                 \
	X(MKDIR, "mkdir", "F7", CTX_BROWSER, "New", "new directory or bucket")                     \
	X(DELETE, "delete", "F8 Del d", CTX_BROWSER, "Delete", "delete")                           \
	X(MENU, "menu", "F9", CTX_BROWSER, "Menu", "menus of all that can be done")                \
	X(PALETTE, "palette", ":", CTX_LISTS & ~CTX_HELP, "",                                      \
		"find an action by a part of its name")                                            \
	X(QUIT, "quit", "F10 q Ctrl-C", CTX_BROWSER, "Quit", "leave s3tui")                        \
	X(SWITCH, "switch", "Tab", CTX_BROWSER, "", "switch to the other pane")                    \
	X(UP, "up", "Up k", CTX_LISTS, "", "one row up")                                           \
	X(DOWN, "down", "Down j", CTX_LISTS, "", "one row down")                                   \
	X(PAGE_UP, "page-up", "PgUp Ctrl-B", CTX_LISTS, "", "one page up")                         \
	X(PAGE_DOWN, "page-down", "PgDn Ctrl-D", CTX_LISTS, "", "one page down")                   \
	X(TOP, "top", "Home g", CTX_LISTS, "", "first row")                                        \
	X(BOTTOM, "bottom", "End G", CTX_LISTS, "", "last row")                                    \
	X(ENTER, "enter", "Enter l Right", CTX_BROWSER | CTX_SIZES, "",                            \
		"enter the directory, view the file")                                              \
	X(PARENT, "parent", "Backspace h Left", CTX_BROWSER | CTX_SIZES, "", "one level up")       \
	X(MARK, "mark", "Insert Space", CTX_BROWSER, "", "mark or unmark, cursor down")            \
	X(MARK_UP, "mark-up", "Shift-Up", CTX_BROWSER, "", "mark or unmark, cursor up")            \
	X(MARK_DOWN, "mark-down", "Shift-Down", CTX_BROWSER, "", "mark or unmark, cursor down")    \
	X(MARK_PATTERN, "mark-pattern", "+", CTX_BROWSER, "", "mark by pattern")                   \
	X(UNMARK_PATTERN, "unmark-pattern", "- \\", CTX_BROWSER, "", "unmark by pattern")          \
	X(INVERT, "invert", "*", CTX_BROWSER, "", "invert the marks")                              \
	X(FILTER, "filter", "/", CTX_BROWSER, "", "show only names that contain what you type")    \
	X(JUMP_NAME, "jump-name", "'", CTX_BROWSER, "",                                            \
		"go to the first name that begins with what you type")                             \
	X(FIND, "find", "Ctrl-F Alt-?", CTX_BROWSER, "",                                           \
		"find names below here; what is found is listed as it comes")                      \
	X(MEASURE, "count", "Ctrl-Space", CTX_BROWSER, "",                                         \
		"count what is below directories and prefixes")                                    \
	X(SIZES, "sizes", "u", CTX_BROWSER, "", "what takes the room below here, as a tree")       \
	X(SHOW, "size-show", "o Ctrl-G", CTX_SIZES, "", "show it in the pane")                     \
	X(SORT, "sort", "s", CTX_BROWSER, "",                                                      \
		"sort by name, size, date, class, number; again: reversed")                        \
	X(SORT_REVERSE, "sort-reverse", "S", CTX_BROWSER, "", "reverse the order")                 \
	X(REFRESH, "refresh", "Ctrl-R R", CTX_BROWSER | CTX_VIEWER | CTX_SIZES, "", "list again")  \
	X(VERIFY, "verify", "V", CTX_BROWSER, "", "compare by content with the other pane")        \
	X(TRANSFERS, "transfers", "t", CTX_BROWSER, "", "transfers: bars, cancel, retry")          \
	X(LOG, "log", "L", CTX_BROWSER | CTX_TRANSFERS, "", "every call to S3, also as curl")      \
	X(METRICS, "metrics", "M", CTX_BROWSER | CTX_TRANSFERS, "",                                \
		"counts, rates, latency by operation, errors since the start")                     \
	X(LOG_CURL, "log-curl", "c y", CTX_LOG, "", "copy the call as a curl command")             \
	X(LOG_DETAILS, "log-details", "Enter", CTX_LOG, "", "all that is known of the call")       \
	X(COPY_URI, "copy-uri", "y", CTX_BROWSER, "", "URI or path into the clipboard")            \
	X(GOTO, "goto", "Ctrl-G", CTX_BROWSER, "", "go to a path, bucket or s3:// location")       \
	X(BACK, "back", "Alt-Left [", CTX_BROWSER, "", "back to where the pane was")               \
	X(FORWARD, "forward", "Alt-Right ]", CTX_BROWSER, "", "forward again")                     \
	X(BOOKMARKS, "bookmarks", "b", CTX_BROWSER, "", "bookmarks and places visited")            \
	X(PROFILE, "profile", "Ctrl-P", CTX_BROWSER, "", "another profile in this pane")           \
	X(INFO, "info", "i", CTX_BROWSER, "", "all that is known: metadata, tags, checksum")       \
	X(CHANGE, "change", "c", CTX_BROWSER, "",                                                  \
		"change objects in place: class, type, headers, metadata, tags")                   \
	X(RESTORE, "restore", "Alt-r", CTX_BROWSER, "",                                            \
		"make a version the latest again; restore archived objects")                       \
	X(BUCKET, "bucket", "B", CTX_BROWSER, "",                                                  \
		"how the bucket is configured: versioning, policy, CORS, encryption")              \
	X(LIFECYCLE, "lifecycle", "Alt-l", CTX_BROWSER, "",                                        \
		"lifecycle rules of the bucket: when objects move or go")                          \
	X(VERSIONS, "versions", "Alt-v", CTX_BROWSER, "",                                          \
		"show all versions of objects and delete markers, or the latest")                  \
	X(UNDELETE, "undelete", "Alt-u", CTX_BROWSER, "",                                          \
		"bring back what was deleted: takes delete markers away")                          \
	X(COMPARE, "compare", "=", CTX_BROWSER, "", "mark in both panes what differs")             \
	X(SYNC, "sync", "Alt-s", CTX_BROWSER, "",                                                  \
		"both panes go into directories together, or no more")                             \
	X(SWAP, "swap", "Ctrl-U", CTX_BROWSER, "", "swap the panes")                               \
	X(SAME, "same", "Alt-i", CTX_BROWSER, "", "other pane: go where this one is")              \
	X(MOUSE, "mouse", "Alt-m", CTX_BROWSER, "",                                                \
		"leave the mouse to the terminal (to select text), or take it back")               \
	X(STOP, "stop", "Esc", CTX_BROWSER, "", "stop listing; take the filter away")              \
	X(TAKE_AWAY, "take-away", "x Del", CTX_TRANSFERS, "",                                      \
		"cancel what runs or waits, dismiss what is finished")                             \
	X(RETRY, "retry", "r", CTX_TRANSFERS, "", "try again what failed")                         \
	X(PAUSE, "pause", "p Space", CTX_TRANSFERS, "", "pause the job, or let it go on")          \
	X(PAUSE_ALL, "pause-all", "P", CTX_TRANSFERS, "", "pause all jobs, or let them go on")     \
	X(RETRY_ALL, "retry-all", "R", CTX_TRANSFERS, "", "try again what failed in all jobs")     \
	X(JOB_UP, "job-up", "K", CTX_TRANSFERS, "", "move the job up in the queue")                \
	X(JOB_DOWN, "job-down", "J", CTX_TRANSFERS, "", "move the job down in the queue")          \
	X(LIMIT, "limit", "l", CTX_TRANSFERS, "", "limit rate and connections of all transfers")   \
	X(WRAP, "view-wrap", "F2 w", CTX_VIEWER, "Wrap", "wrap long lines, or cut them")           \
	X(HEX, "view-hex", "F4 H", CTX_VIEWER, "Hex", "bytes in hex, or text")                     \
	X(JUMP, "view-jump", "F5 Ctrl-G", CTX_VIEWER, "Jump",                                      \
		"go to an offset (1234, 0x4d2) or a part (50%)")                                   \
	X(SEARCH, "view-search", "F7 /", CTX_VIEWER, "Find",                                       \
		"search; capital letters count if there are any")                                  \
	X(SEARCH_NEXT, "view-next", "n", CTX_VIEWER, "", "the next one")                           \
	X(SEARCH_BACK, "view-back", "N", CTX_VIEWER, "", "the one before")                         \
	X(CODING, "view-encoding", "F8 E", CTX_VIEWER, "Coding", "another encoding")               \
	X(FOLLOW, "view-follow", "F", CTX_VIEWER, "", "stay at its end while it grows")            \
	X(COLUMN_LEFT, "view-left", "Left h", CTX_VIEWER, "", "to the left in cut lines")          \
	X(COLUMN_RIGHT, "view-right", "Right l", CTX_VIEWER, "", "to the right")                   \
	X(HELP_FIND, "help-find", "/", CTX_HELP, "", "show only lines that contain what you type") \
	X(REDRAW, "redraw", "Ctrl-L", CTX_LISTS | CTX_DIALOG, "", "draw the screen again")         \
	X(CLOSE, "close", "Esc q t F3 F10 Ctrl-C", CTX_SCREENS, "Back", "back")                    \
	X(DISMISS, "dismiss", "Esc Ctrl-C F10", CTX_DIALOG, "", "close the dialog")

enum action {
#define X(name, config, keys, contexts, label, help) ACTION_##name,
	ACTION_TABLE(X)
#undef X
		ACTION_COUNT,
	ACTION_NONE = ACTION_COUNT
};

struct action_info {
	const char *name, *keys;
	unsigned contexts;
	const char *label, *help;
};
const struct action_info *action_info(enum action a);

#endif
