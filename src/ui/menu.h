/* F9: the browser's actions in menus, as mc has them. */
#ifndef UI_MENU_H
#define UI_MENU_H

#include "ui/app.h"

/* over: gets the action, and must stay while the menu is open. */
void menu_open(struct app *app, struct view *over);

/* For a test: the menu that an action stands in, or -1. */
int menu_of(enum action action);

#endif
