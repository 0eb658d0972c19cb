#include "ui/cursor.h"

/* Moves the window so that the cursor is in it and no row is wasted. */
static void settle(struct cursor *c)
{
	if (c->at >= c->rows)
		c->at = c->rows ? c->rows - 1 : 0;
	size_t height = c->height ? c->height : 1;
	if (c->at < c->top)
		c->top = c->at;
	if (c->at >= c->top + height)
		c->top = c->at - height + 1;
	size_t last_top = c->rows > height ? c->rows - height : 0;
	if (c->top > last_top)
		c->top = last_top;
}

void cursor_set_rows(struct cursor *c, size_t rows)
{
	c->rows = rows;
	settle(c);
}

void cursor_set_height(struct cursor *c, size_t height)
{
	c->height = height;
	settle(c);
}

void cursor_to(struct cursor *c, size_t row)
{
	c->at = row;
	settle(c);
}

void cursor_follow(struct cursor *c, size_t row)
{
	size_t above = c->at - c->top;
	c->at = row;
	c->top = row > above ? row - above : 0;
	settle(c);
}

void cursor_move(struct cursor *c, long by)
{
	if (by < 0)
		c->at = c->at > (size_t)-by ? c->at - (size_t)-by : 0;
	else
		c->at += (size_t)by;
	settle(c);
}

void cursor_scroll(struct cursor *c, long by)
{
	size_t height = c->height ? c->height : 1;
	size_t last_top = c->rows > height ? c->rows - height : 0;
	if (by < 0)
		c->top = c->top > (size_t)-by ? c->top - (size_t)-by : 0;
	else
		c->top = last_top - c->top > (size_t)by ? c->top + (size_t)by : last_top;
	if (c->at < c->top)
		c->at = c->top;
	if (c->at >= c->top + height)
		c->at = c->top + height - 1;
	settle(c);
}

void cursor_page(struct cursor *c, int pages)
{
	size_t height = c->height > 1 ? c->height - 1 : 1;
	size_t by = height * (size_t)(pages < 0 ? -pages : pages);
	/* the page moves with the cursor, as in mc */
	if (pages < 0) {
		c->top = c->top > by ? c->top - by : 0;
		c->at = c->at > by ? c->at - by : 0;
	} else {
		c->top += by;
		c->at += by;
	}
	if (c->at >= c->rows)
		c->at = c->rows ? c->rows - 1 : 0;
	settle(c);
}

void cursor_top(struct cursor *c)
{
	cursor_to(c, 0);
}

void cursor_bottom(struct cursor *c)
{
	cursor_to(c, c->rows ? c->rows - 1 : 0);
}

bool cursor_act(struct cursor *c, enum action action)
{
	switch (action) {
	case ACTION_UP:
		cursor_move(c, -1);
		break;
	case ACTION_DOWN:
		cursor_move(c, 1);
		break;
	case ACTION_PAGE_UP:
		cursor_page(c, -1);
		break;
	case ACTION_PAGE_DOWN:
		cursor_page(c, 1);
		break;
	case ACTION_TOP:
		cursor_top(c);
		break;
	case ACTION_BOTTOM:
		cursor_bottom(c);
		break;
	default:
		return false;
	}
	return true;
}
