/* A journal as a process may find it: torn, flipped, or of another making. The lines get their
 * check here, or no input would come far; those that begin with '!' are taken as they are. */
#include "transfer/record.h"

#include "fuzz.h"

#include "core/crypto.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void add_checked(struct strbuf *out, struct strview line)
{
	unsigned char sum[MD5_LEN];
	if (line.len && line.data[0] == '!') {
		strbuf_add_sv(out, sv_from(line, 1));
	} else {
		md5(line, sum);
		hex_encode(out, sum, 4);
		strbuf_add_char(out, ' ');
		strbuf_add_sv(out, line);
	}
	strbuf_add_char(out, '\n');
}

static void check_job(const struct saved_job *job)
{
	CHECK(strlen(job->uid) == JOB_UID_LEN);
	CHECK(job->spec.kind < JOB_KIND_COUNT && job->spec.policy < CONFLICT_POLICY_COUNT);
	CHECK(!job->spec.from && !job->spec.to);
	for (const struct partial *p = job->partials; p; p = p->next) {
		CHECK(p->number > 0 && p->number <= job->last_number);
		CHECK(p->ranges.count == p->part_count && p->ranges.done_count <= p->part_count);
		for (const struct partial *q = p->next; q; q = q->next)
			CHECK(q->number != p->number);
	}
}

/* What was read, written and read again is the same. */
static void check_again(const struct saved_file *f)
{
	struct strbuf once, twice;
	struct saved_file again;
	strbuf_init(&once);
	strbuf_init(&twice);
	for (const struct saved_job *job = f->jobs; job; job = job->next)
		record_saved_job(&once, job);
	saved_file_parse(strbuf_view(&once), &again);
	CHECK(again.bad_lines == 0);
	for (const struct saved_job *job = again.jobs; job; job = job->next)
		record_saved_job(&twice, job);
	saved_file_deinit(&again);
	/* partials come out in reverse, and done items in the order of the table: as many bytes */
	CHECK(once.len == twice.len);
	strbuf_deinit(&once);
	strbuf_deinit(&twice);
}

static void check_heads(struct strview text)
{
	while (text.len) {
		struct record_head head;
		struct strview line = fuzz_take(&text, '\n');
		if (record_head(line, &head))
			CHECK(head.type.data >= line.data &&
				head.type.data + head.type.len <= line.data + line.len);
	}
}

static void check_text(struct strview text)
{
	struct saved_file f;
	saved_file_parse(text, &f);
	for (const struct saved_job *job = f.jobs; job; job = job->next)
		check_job(job);
	check_again(&f);
	saved_file_deinit(&f);
	check_heads(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strview rest = sv_n((const char *)data, size);
	struct strbuf text;
	check_text(rest);
	strbuf_init(&text);
	while (rest.len)
		add_checked(&text, fuzz_take(&rest, '\n'));
	check_text(strbuf_view(&text));
	/* torn in its last line */
	if (text.len > 2)
		check_text(sv_n(text.data, text.len - 2));
	strbuf_deinit(&text);
	return 0;
}
