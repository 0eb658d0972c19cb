/* The links made since the program started: which are still good, and any of them once more. */
#include "core/text.h"
#include "core/timeutil.h"
#include "ui/chooser.h"
#include "ui/clipboard.h"
#include "ui/dialogs.h"
#include "ui/links.h"

#include <stdio.h>
#include <stdlib.h>

static void copy_again(struct app *app, void *arg, size_t row)
{
	(void)arg;
	const struct links *links = app_links(app);
	const struct link *link = &links->items[links->count - 1 - row];
	if (link->ends_s <= time_wall_s())
		app_status_error(app, "That link has ended; Y makes another.");
	else
		app_status(app, "%s", clipboard_sentence(clipboard_set(sv(link->url))));
}

static const struct chooser_ops ops = {.title = "Links made since the start",
	.hint = "Enter copies it again",
	.choose = copy_again};

void dialog_links_open(struct app *app)
{
	const struct links *links = app_links(app);
	int64_t now_s = time_wall_s();
	if (!links->count) {
		app_status(app, "No link was made yet.");
		return;
	}
	struct chooser *c = chooser_new(&ops, NULL);
	for (size_t i = links->count; i > 0; i--) {
		const struct link *link = &links->items[i - 1];
		char when[32], left[32] = "", right[96];
		time_format_local(link->ends_s, false, when);
		text_duration(link->ends_s - now_s, left);
		if (link->ends_s > now_s)
			snprintf(right, sizeof right, "until %s, %s left", when, left);
		else
			snprintf(right, sizeof right, "ended %s", when);
		char *text =
			s3t_asprintf("%s s3://%s", link->is_upload ? "PUT" : "GET", link->path);
		chooser_add(c, text, right, "");
		free(text);
	}
	chooser_open(app, c);
}
