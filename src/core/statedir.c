#include "core/statedir.h"

#include "core/strbuf.h"

#include <stdlib.h>
#include <sys/stat.h>

char *state_dir(const char *below)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (state && state[0] != '/') /* the specification wants relative ones ignored */
		state = NULL;
	if (!state && !(home && home[0] == '/'))
		return NULL;
	char *dir = s3t_asprintf("%s%s/s3tui%s%s", state ? state : home,
		state ? "" : "/.local/state", below ? "/" : "", below ? below : "");
	for (char *p = dir + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(dir, 0700);
		*p = '/';
	}
	(void)mkdir(dir, 0700);
	return dir;
}
