/* Where a pane has been: back and forward as in a browser. */
#include "ui/pane_private.h"

#include <stdlib.h>
#include <string.h>

static void drop_from(struct pane *p, size_t first)
{
	for (size_t i = first; i < p->stop_count; i++) {
		location_unref(p->stops[i].location);
		free(p->stops[i].path);
	}
	p->stop_count = first < p->stop_count ? first : p->stop_count;
}

void pane_history_note(struct pane *p)
{
	struct stop *here = p->stop_count ? &p->stops[p->stop_at] : NULL;
	if (here && here->location == p->location &&
		sv_eq(sv_n(here->path, here->path_len), pane_path(p)))
		return;
	drop_from(p, here ? p->stop_at + 1 : 0);
	if (p->stop_count == STOPS_MAX) {
		location_unref(p->stops[0].location);
		free(p->stops[0].path);
		memmove(p->stops, p->stops + 1, --p->stop_count * sizeof *p->stops);
	}
	p->stop_at = p->stop_count++;
	p->stops[p->stop_at] = (struct stop){.location = location_ref(p->location),
		.path = s3t_strndup(p->path, p->path_len),
		.path_len = p->path_len};
}

bool pane_travel(struct pane *p, int step)
{
	if (step < 0 ? p->stop_at == 0 : p->stop_at + 1 >= p->stop_count)
		return false;
	p->stop_at += step < 0 ? (size_t)-1 : 1;
	const struct stop *to = &p->stops[p->stop_at];
	/* the same place is not noted twice, so what is ahead stays */
	pane_go(p, to->location, sv_n(to->path, to->path_len), sv_n("", 0));
	return true;
}

void pane_each_stop(const struct pane *p, pane_stop_fn fn, void *arg)
{
	for (size_t i = p->stop_count; i > 0; i--)
		fn(arg, p->stops[i - 1].location,
			sv_n(p->stops[i - 1].path, p->stops[i - 1].path_len));
}

void pane_history_deinit(struct pane *p)
{
	drop_from(p, 0);
}
