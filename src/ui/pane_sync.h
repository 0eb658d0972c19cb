/*
 * Synchronised browsing: from where both panes stood when it began, what one of them enters or
 * leaves the other enters or leaves as well. It ends when one of them goes elsewhere. UI thread
 * only.
 */
#ifndef UI_PANE_SYNC_H
#define UI_PANE_SYNC_H

#include "ui/pane.h"

struct pane_sync {
	bool is_on;
	struct {
		struct pane *pane;         /* borrowed */
		struct location *location; /* borrowed from the pane while it is there */
		struct strbuf base, at;    /* where it began, and where it was last seen */
	} sides[2];
};

void pane_sync_start(struct pane_sync *s, struct pane *a, struct pane *b);
/* Of one that was never started, too. */
void pane_sync_stop(struct pane_sync *s);
/* Lets the other one follow the one that has moved. False: that one has gone elsewhere, and it is
 * over. */
bool pane_sync_follow(struct pane_sync *s);

#endif
