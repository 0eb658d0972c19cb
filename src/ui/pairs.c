#include "ui/pairs.h"

#include <string.h>

static void add_escaped(struct strbuf *out, struct strview text, const char *special)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] && strchr(special, text.data[i]))
			strbuf_add_char(out, '\\');
		strbuf_add_char(out, text.data[i]);
	}
}

void pairs_add(struct strbuf *out, struct strview name, struct strview value)
{
	if (out->len)
		strbuf_add_str(out, "; ");
	add_escaped(out, name, ";=\\");
	strbuf_add_char(out, '=');
	add_escaped(out, value, ";\\");
}

bool pairs_next(struct strview *rest, struct strbuf *name, struct strbuf *value, bool *has_value)
{
	struct strbuf *to = name;
	strbuf_reset(name);
	strbuf_reset(value);
	*has_value = false;
	*rest = sv_trim(*rest);
	if (!rest->len)
		return false;
	size_t i = 0;
	for (; i < rest->len && rest->data[i] != ';'; i++) {
		if (rest->data[i] == '\\' && i + 1 < rest->len) {
			strbuf_add_char(to, rest->data[++i]);
		} else if (rest->data[i] == '=' && !*has_value) {
			*has_value = true;
			to = value;
		} else {
			strbuf_add_char(to, rest->data[i]);
		}
	}
	*rest = sv_from(*rest, i + 1);
	return true;
}
