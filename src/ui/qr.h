/* A QR code as text: two rows of modules in one of characters (half blocks). */
#ifndef UI_QR_H
#define UI_QR_H

#include "ui/app.h"

/* Puts a screen with the code of text on top. False: it does not fit, or there are no half blocks;
 * *needs_rows and *needs_cols say what it takes (0: nothing helps). */
bool qr_open(struct app *app, struct strview text, int *needs_rows, int *needs_cols);

#endif
