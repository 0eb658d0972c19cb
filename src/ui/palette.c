#include "ui/palette.h"

#include "ui/chooser.h"

#include <stdlib.h>

struct palette {
	struct view *over;
	enum action actions[ACTION_COUNT];
};

static void run(struct app *app, void *arg, size_t row)
{
	const struct palette *p = arg;
	app_run(app, p->over, p->actions[row]);
}

static const struct chooser_ops ops = {
	.title = "What is to be done?", .choose = run, .free_arg = free};

void palette_open(struct app *app, struct view *over)
{
	struct palette *p = s3t_alloc(sizeof *p);
	struct chooser *c = chooser_new(&ops, p);
	size_t n = 0;
	p->over = over;
	for (enum action a = 0; a < ACTION_COUNT; a++) {
		const struct action_info *info = action_info(a);
		struct strbuf keys;
		if (!(info->contexts & over->ops->context) || a == ACTION_PALETTE)
			continue;
		strbuf_init(&keys);
		keymap_keys(app_keymap(app), a, &keys);
		strbuf_add_char(&keys, '\0');
		chooser_add(c, info->help, keys.data, info->name);
		strbuf_deinit(&keys);
		p->actions[n++] = a;
	}
	chooser_open(app, c);
}
