#include "ui/pane_sync.h"

static void note(struct strbuf *out, const struct pane *p)
{
	strbuf_reset(out);
	strbuf_add_sv(out, pane_path(p));
}

void pane_sync_start(struct pane_sync *s, struct pane *a, struct pane *b)
{
	struct pane *panes[] = {a, b};
	pane_sync_stop(s);
	s->is_on = true;
	for (int i = 0; i < 2; i++) {
		s->sides[i].pane = panes[i];
		s->sides[i].location = pane_location(panes[i]);
		strbuf_init(&s->sides[i].base);
		strbuf_init(&s->sides[i].at);
		note(&s->sides[i].base, panes[i]);
		note(&s->sides[i].at, panes[i]);
		pane_set_synced(panes[i], true);
	}
}

void pane_sync_stop(struct pane_sync *s)
{
	for (int i = 0; i < 2 && s->is_on; i++) {
		pane_set_synced(s->sides[i].pane, false);
		strbuf_deinit(&s->sides[i].base);
		strbuf_deinit(&s->sides[i].at);
	}
	s->is_on = false;
}

bool pane_sync_follow(struct pane_sync *s)
{
	for (int i = 0; i < 2; i++) {
		struct pane *moved = s->sides[i].pane, *other = s->sides[!i].pane;
		struct strview rel, path = pane_path(moved);
		bool is_same_place = pane_location(moved) == s->sides[i].location;
		if (is_same_place && sv_eq(path, strbuf_view(&s->sides[i].at)))
			continue;
		if (!is_same_place || !path_below(strbuf_view(&s->sides[i].base), path, &rel))
			return false;
		struct strbuf target;
		strbuf_init(&target);
		strbuf_add_sv(&target, strbuf_view(&s->sides[!i].base));
		if (rel.len && target.len && target.data[target.len - 1] != '/')
			strbuf_add_char(&target, '/');
		strbuf_add_sv(&target, rel);
		pane_go(other, pane_location(other), strbuf_view(&target), SV(""));
		note(&s->sides[0].at, s->sides[0].pane);
		note(&s->sides[1].at, s->sides[1].pane);
		strbuf_deinit(&target);
		return true;
	}
	return true;
}
