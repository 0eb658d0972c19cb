/* A journal's lines: what is written is read back, and what is not as written is passed over. */
#include "core/process.h"
#include "transfer/record.h"

#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A "abcdefgh"
#define B "bcdefghi"

/* Names that a line's own syntax could be mistaken for, and worse. */
static const struct {
	const char *data;
	size_t len;
} names[] = {{"plain", 5}, {"", 0}, {" ", 1}, {"a b  c ", 7}, {"one\ntwo\r\n", 9},
	{"nul\0in it\0", 10}, {"\xff\xfe\x80 latin \xe9", 11}, {"%41%", 4},
	{"a=b uid=zzzzzzzz", 16}, {"/tmp/\xc3\xa9 + &?#\\\"'", 17}, {"\x1b[31m\x7f\x01", 7},
	{"source=x as=y", 13}};
enum { NAMES = sizeof names / sizeof *names };

static struct strview name_of(size_t i)
{
	return sv_n(names[i % NAMES].data, names[i % NAMES].len);
}

static void line(struct strbuf *out, const char *text)
{
	unsigned char sum[MD5_LEN];
	md5(sv(text), sum);
	hex_encode(out, sum, 4);
	strbuf_addf(out, " %s\n", text);
}

static struct saved_file parse(const struct strbuf *text)
{
	struct saved_file f;
	saved_file_parse(strbuf_view(text), &f);
	return f;
}

static struct saved_job job_of(const char *uid)
{
	struct saved_job job = {.created_s = 1700000000, .order = 7};
	snprintf(job.uid, sizeof job.uid, "%s", uid);
	job.spec.policy = CONFLICT_OVERWRITE;
	return job;
}

static void add_job(struct strbuf *out, const char *uid)
{
	struct saved_job job = job_of(uid);
	job_spec_add_source(&job.spec, SV("/src"), SV("dst"));
	record_job(out, &job);
	job_spec_deinit(&job.spec);
}

static struct partial *partial_of(
	uint32_t number, struct strview path, uint64_t size, uint64_t part)
{
	struct partial *p = partial_new(path, SV("target"), (uint32_t)((size - 1) / part + 1));
	p->number = number;
	p->size = size;
	p->part_size = part;
	p->since_s = 1700000001;
	return p;
}

static void add_begin(struct strbuf *out, const char *uid, uint32_t number, uint64_t parts)
{
	struct partial *p = partial_of(number, SV("/src"), parts * 10, 10);
	record_begin(out, uid, p);
	partial_free(p);
}

static void identity(unsigned n, unsigned char out[MD5_LEN])
{
	md5(sv_n((const char *)&n, sizeof n), out);
}

static size_t count_jobs(const struct saved_file *f)
{
	size_t n = 0;
	for (const struct saved_job *job = f->jobs; job; job = job->next)
		n++;
	return n;
}

/* --- round trips --- */

static void assert_same_text(const char *a, const char *b)
{
	if (!a || !b)
		assert_true(a == b);
	else
		assert_string_equal(a, b);
}

static void assert_same_place(const struct saved_place *a, const struct saved_place *b)
{
	assert_int_equal(a->is_s3, b->is_s3);
	assert_same_text(a->address, b->address);
	assert_same_text(a->request.profile, b->request.profile);
	assert_same_text(a->request.endpoint, b->request.endpoint);
	assert_same_text(a->request.region, b->request.region);
	assert_same_text(a->request.ca_bundle, b->request.ca_bundle);
	assert_int_equal(a->request.path_style, b->request.path_style);
	assert_int_equal(a->request.no_sign_request, b->request.no_sign_request);
	assert_int_equal(a->request.no_verify_ssl, b->request.no_verify_ssl);
	assert_int_equal(a->request.request_payer, b->request.request_payer);
}

static void assert_same_spec(const struct job_spec *a, const struct job_spec *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->policy, b->policy);
	assert_int_equal(a->recursive, b->recursive);
	assert_int_equal(a->follow_links, b->follow_links);
	assert_int_equal(a->name_latin1, b->name_latin1);
	assert_int_equal(a->multipart_threshold, b->multipart_threshold);
	assert_int_equal(a->part_size, b->part_size);
	assert_int_equal(a->chunk_size, b->chunk_size);
	assert_int_equal(a->max_parallel, b->max_parallel);
	assert_int_equal(a->parallel_download, b->parallel_download);
	assert_int_equal(a->prove_upload, b->prove_upload);
	assert_int_equal(a->prove_download, b->prove_download);
	assert_same_text(a->storage_class, b->storage_class);
	assert_same_text(a->content_type, b->content_type);
	assert_int_equal(a->max_items, b->max_items);
	assert_int_equal(a->argv != NULL, b->argv != NULL);
	for (size_t i = 0; a->argv && (i == 0 || a->argv[i - 1]); i++)
		assert_same_text(a->argv[i], b->argv[i]);
	assert_int_equal(a->target_root != NULL, b->target_root != NULL);
	assert_int_equal(a->target_root_len, b->target_root_len);
	if (a->target_root)
		assert_memory_equal(a->target_root, b->target_root, a->target_root_len + 1);
	assert_int_equal(a->source_count, b->source_count);
	for (size_t i = 0; i < a->source_count; i++) {
		const struct job_source *x = &a->sources[i], *y = &b->sources[i];
		assert_int_equal(x->path_len, y->path_len);
		assert_memory_equal(x->path, y->path, x->path_len + 1);
		assert_int_equal(x->target_rel_len, y->target_rel_len);
		assert_memory_equal(x->target_rel, y->target_rel, x->target_rel_len + 1);
	}
}

static void a_job_of_any_names_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAMES; i++) {
		struct saved_job job = job_of(A);
		struct strbuf text;
		strbuf_init_cap(&text, 1 << 24);
		job.spec.kind = (enum job_kind)(i % JOB_KIND_COUNT);
		job.created_s = (int64_t)i - 3;
		job.order = UINT64_MAX - i;
		job.is_paused = i % 2;
		job.spec.policy = (enum conflict_policy)(i % CONFLICT_POLICY_COUNT);
		job.spec.recursive = i & 1;
		job.spec.follow_links = i & 2;
		job.spec.name_latin1 = i & 4;
		job.spec.multipart_threshold = UINT64_MAX;
		job.spec.part_size = i;
		job.spec.chunk_size = i << 33;
		job.spec.max_parallel = UINT32_MAX;
		job.spec.parallel_download = i & 1;
		job.spec.prove_upload = i & 2;
		job.spec.prove_download = i & 4;
		job.spec.storage_class = i & 1 ? s3t_strdup("GLACIER IR=%") : NULL;
		job.spec.content_type = i & 2 ? s3t_strdup("text/plain; charset=\"x y\"") : NULL;
		job.spec.max_items = (uint32_t)i;
		for (size_t w = 0; job.spec.kind == JOB_PIPE && w < 4; w++)
			process_argv_add(
				&job.spec.argv, (const struct strview[]){SV("sh"), SV("-c"), SV(""),
							SV("a 'b' \"%\n\xff;=")}[w]);
		job.spec.target_root = s3t_strndup(name_of(i).data, name_of(i).len);
		job.spec.target_root_len = name_of(i).len;
		for (size_t s = 0; s < i * 3; s++)
			job_spec_add_source(&job.spec, name_of(s), name_of(s + i));
		if (i & 1)
			job.from = (struct saved_place){.is_s3 = true,
				.address = s3t_strdup("https://h:1/base path"),
				.request = {.profile = "my profile\n",
					.endpoint = "",
					.region = i & 2 ? "eu=1" : NULL,
					.ca_bundle = i & 4 ? "/c a/x.pem" : NULL,
					.path_style = (int)(i % 3) - 1,
					.no_sign_request = i & 2,
					.no_verify_ssl = i & 4,
					.request_payer = i & 8}};
		record_job(&text, &job);
		assert_int_equal(sv_find(strbuf_view(&text), '\n'), text.len - 1);
		struct saved_file f = parse(&text);
		assert_int_equal(f.bad_lines, 0);
		assert_int_equal(count_jobs(&f), 1);
		assert_string_equal(f.jobs->uid, A);
		assert_int_equal(f.jobs->created_s, job.created_s);
		assert_int_equal(f.jobs->order, job.order);
		assert_int_equal(f.jobs->is_paused, job.is_paused);
		assert_same_place(&f.jobs->from, &job.from);
		assert_same_place(&f.jobs->to, &job.to);
		assert_same_spec(&f.jobs->spec, &job.spec);
		saved_file_deinit(&f);
		strbuf_deinit(&text);
		free(job.from.address);
		job_spec_deinit(&job.spec);
	}
}

static void many_sources_and_keys_of_1024_bytes_are_read_back(void **state)
{
	(void)state;
	enum { SOURCES = 3000, KEY = 1024 };
	struct saved_job job = job_of(A);
	struct strbuf text;
	char key[KEY];
	strbuf_init_cap(&text, SIZE_MAX / 4);
	for (unsigned i = 0; i < SOURCES; i++) {
		memset(key, (int)(i % 256), KEY);
		job_spec_add_source(&job.spec, sv_n(key, KEY), sv_n(key, i % KEY));
	}
	record_job(&text, &job);
	struct saved_file f = parse(&text);
	assert_int_equal(f.bad_lines, 0);
	assert_same_spec(&f.jobs->spec, &job.spec);
	saved_file_deinit(&f);
	strbuf_deinit(&text);
	job_spec_deinit(&job.spec);
}

static void a_partial_with_token_and_ranges_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAMES; i++) {
		struct strbuf text;
		strbuf_init_cap(&text, 1 << 20);
		add_job(&text, A);
		struct partial *p = partial_new(name_of(i), name_of(i + 1), 200);
		p->number = UINT32_MAX - (uint32_t)i;
		p->size = 1991;
		p->part_size = 10;
		p->dev = UINT64_MAX;
		p->ino = i;
		p->mtime_ns = i ? -(int64_t)i : TIME_UNKNOWN;
		p->since_s = (int64_t)i;
		snprintf(p->etag, sizeof p->etag, "\"x y\"-%zu", i);
		p->token = (struct loc_token){
			.text = s3t_strdup("2~id/+ =%\n"), .dev = 1, .ino = UINT64_MAX};
		memcpy(p->token.key, i % 2 ? "a+/b=c" : "", i % 2 ? sizeof p->token.key : 1);
		static const uint32_t done[] = {0, 1, 2, 5, 63, 64, 65, 127, 128, 199};
		for (size_t d = 0; d < sizeof done / sizeof *done; d++)
			parts_set_done(&p->ranges, done[d]);
		record_begin(&text, A, p);
		record_token(&text, A, p->number, &p->token);
		record_ranges(&text, A, p->number, &p->ranges);
		struct saved_file f = parse(&text);
		assert_int_equal(f.bad_lines, 0);
		const struct partial *got = f.jobs->partials;
		assert_non_null(got);
		assert_null(got->next);
		assert_int_equal(f.jobs->last_number, p->number);
		assert_int_equal(got->number, p->number);
		assert_int_equal(got->path_len, p->path_len);
		assert_memory_equal(got->path, p->path, p->path_len + 1);
		assert_int_equal(got->target_len, p->target_len);
		assert_memory_equal(got->target, p->target, p->target_len + 1);
		assert_int_equal(got->size, p->size);
		assert_int_equal(got->dev, p->dev);
		assert_int_equal(got->ino, p->ino);
		assert_int_equal(got->mtime_ns, p->mtime_ns);
		assert_int_equal(got->since_s, p->since_s);
		assert_int_equal(got->part_size, p->part_size);
		assert_int_equal(got->part_count, p->part_count);
		assert_string_equal(got->etag, p->etag);
		assert_string_equal(got->token.text, p->token.text);
		assert_string_equal(got->token.key, p->token.key);
		assert_int_equal(got->token.dev, 1);
		assert_int_equal(got->token.ino, UINT64_MAX);
		assert_int_equal(got->ranges.done_count, p->ranges.done_count);
		for (uint32_t part = 0; part < 200; part++)
			assert_int_equal(
				parts_is_done(&got->ranges, part), parts_is_done(&p->ranges, part));
		partial_free(p);
		saved_file_deinit(&f);
		strbuf_deinit(&text);
	}
}

static void items_that_are_done_are_added_up(void **state)
{
	(void)state;
	struct strbuf text;
	unsigned char ids[5][MD5_LEN], other[MD5_LEN];
	strbuf_init(&text);
	add_job(&text, A);
	for (unsigned i = 0; i < 5; i++)
		identity(i, ids[i]);
	identity(99, other);
	record_done(&text, A, 30, (const unsigned char(*)[MD5_LEN])ids, 3);
	record_done(&text, A, 12, (const unsigned char(*)[MD5_LEN])(ids + 3), 2);
	struct saved_file f = parse(&text);
	assert_int_equal(f.bad_lines, 0);
	assert_int_equal(f.jobs->done_items, 5);
	assert_int_equal(f.jobs->done_bytes, 42);
	for (unsigned i = 0; i < 5; i++)
		assert_true(done_set_has(&f.jobs->done, ids[i]));
	assert_false(done_set_has(&f.jobs->done, other));
	saved_file_deinit(&f);
	strbuf_deinit(&text);
}

static void order_pause_cancel_and_pid_are_read_back(void **state)
{
	(void)state;
	struct strbuf text;
	strbuf_init(&text);
	record_file(&text, 4194304);
	add_job(&text, A);
	add_job(&text, B);
	record_order(&text, A, 9, true);
	record_order(&text, B, 3, true);
	record_order(&text, B, 2, false);
	record_cancel(&text, B);
	struct saved_file f = parse(&text);
	assert_int_equal(f.pid, 4194304);
	assert_int_equal(f.bad_lines, 0);
	assert_int_equal(f.jobs->order, 9);
	assert_true(f.jobs->is_paused);
	assert_false(f.jobs->is_cancelled);
	assert_string_equal(f.jobs->next->uid, B);
	assert_int_equal(f.jobs->next->order, 2);
	assert_false(f.jobs->next->is_paused);
	assert_true(f.jobs->next->is_cancelled);
	saved_file_deinit(&f);
	strbuf_deinit(&text);
}

static void what_is_gone_or_ended_is_not_there(void **state)
{
	(void)state;
	struct strbuf text;
	strbuf_init(&text);
	add_job(&text, A);
	add_job(&text, B);
	add_begin(&text, A, 1, 2);
	add_begin(&text, A, 2, 2);
	add_begin(&text, B, 1, 2);
	record_gone(&text, A, 1);
	record_end(&text, B);
	add_begin(&text, B, 2, 2); /* of a job that is over */
	struct saved_file f = parse(&text);
	assert_int_equal(f.bad_lines, 0);
	assert_int_equal(count_jobs(&f), 1);
	assert_string_equal(f.jobs->uid, A);
	assert_int_equal(f.jobs->partials->number, 2);
	assert_null(f.jobs->partials->next);
	assert_int_equal(f.jobs->last_number, 2);
	saved_file_deinit(&f);
	strbuf_deinit(&text);
}

/* --- a whole file with something of everything --- */

static void write_all_kinds(struct strbuf *text)
{
	unsigned char ids[3][MD5_LEN];
	for (unsigned i = 0; i < 3; i++)
		identity(i, ids[i]);
	record_file(text, 12345);
	add_job(text, A);
	add_job(text, B);
	add_begin(text, A, 1, 100);
	struct loc_token token = {.text = s3t_strdup("2~upload"), .dev = 1, .ino = 2};
	record_token(text, A, 1, &token);
	struct parts parts;
	parts_init(&parts, 100);
	parts_set_done(&parts, 3);
	parts_set_done(&parts, 4);
	parts_set_done(&parts, 99);
	record_ranges(text, A, 1, &parts);
	add_begin(text, A, 2, 1);
	record_token(text, A, 2, &token);
	record_done(text, A, 30, (const unsigned char(*)[MD5_LEN])ids, 3);
	add_begin(text, A, 3, 2);
	record_order(text, A, 2, true);
	add_begin(text, B, 1, 2);
	record_order(text, B, 1, false);
	record_gone(text, A, 2);
	record_cancel(text, A);
	parts_deinit(&parts);
	loc_token_deinit(&token);
}

static void written_again_it_stays_the_same(void **state)
{
	(void)state;
	struct strbuf text, once, twice;
	strbuf_init(&text);
	strbuf_init(&once);
	strbuf_init(&twice);
	write_all_kinds(&text);
	struct saved_file f = parse(&text), g;
	for (const struct saved_job *job = f.jobs; job; job = job->next)
		record_saved_job(&once, job);
	g = parse(&once);
	assert_int_equal(g.bad_lines, 0);
	for (const struct saved_job *job = g.jobs; job; job = job->next)
		record_saved_job(&twice, job);
	assert_string_equal(once.data, twice.data);
	/* and nothing was lost the first time */
	assert_int_equal(count_jobs(&g), 2);
	assert_true(g.jobs->is_cancelled && g.jobs->is_paused);
	assert_int_equal(g.jobs->order, 2);
	assert_int_equal(g.jobs->done_items, 3);
	assert_int_equal(g.jobs->done_bytes, 30);
	assert_int_equal(g.jobs->last_number, 3);
	const struct partial *p = g.jobs->partials;
	assert_int_equal(p->number, 1);
	assert_string_equal(p->token.text, "2~upload");
	assert_int_equal(p->ranges.done_count, 3);
	assert_true(parts_is_done(&p->ranges, 99));
	assert_int_equal(p->next->number, 3);
	assert_null(p->next->token.text);
	assert_null(p->next->next);
	saved_file_deinit(&f);
	saved_file_deinit(&g);
	strbuf_deinit(&text);
	strbuf_deinit(&once);
	strbuf_deinit(&twice);
}

static void many_done_items_are_written_again_in_groups(void **state)
{
	(void)state;
	enum { ITEMS = 1000 };
	struct saved_job job = job_of(A);
	unsigned char id[MD5_LEN];
	struct strbuf text;
	strbuf_init_cap(&text, 1 << 20);
	for (unsigned i = 0; i < ITEMS; i++) {
		identity(i, id);
		done_set_add(&job.done, id);
	}
	job.done_bytes = 77;
	record_saved_job(&text, &job);
	struct saved_file f = parse(&text);
	assert_int_equal(f.bad_lines, 0);
	assert_int_equal(f.jobs->done_items, ITEMS);
	assert_int_equal(f.jobs->done_bytes, 77);
	for (unsigned i = 0; i < ITEMS; i++) {
		identity(i, id);
		assert_true(done_set_has(&f.jobs->done, id));
	}
	saved_file_deinit(&f);
	done_set_deinit(&job.done);
	strbuf_deinit(&text);
}

/* --- damage --- */

/* Everything that a file says of its jobs, as text. */
static void describe(struct strview text, struct strbuf *out, size_t *bad)
{
	struct saved_file f;
	saved_file_parse(text, &f);
	strbuf_addf(out, "pid %ld\n", f.pid);
	for (const struct saved_job *job = f.jobs; job; job = job->next)
		record_saved_job(out, job);
	*bad = f.bad_lines;
	saved_file_deinit(&f);
}

static void a_file_cut_anywhere_is_what_its_whole_lines_say(void **state)
{
	(void)state;
	struct strbuf text, got, want;
	size_t bad, whole = 0;
	strbuf_init(&text);
	strbuf_init(&got);
	strbuf_init(&want);
	write_all_kinds(&text);
	for (size_t cut = 0; cut <= text.len; cut++) {
		if (cut == 0 || text.data[cut - 1] == '\n') {
			whole = cut;
			strbuf_reset(&want);
			describe(sv_n(text.data, whole), &want, &bad);
			assert_int_equal(bad, 0);
		}
		/* of its own, so that a byte read behind the end is found */
		char *copy = malloc(cut ? cut : 1);
		assert_non_null(copy);
		memcpy(copy, text.data, cut);
		strbuf_reset(&got);
		describe(sv_n(copy, cut), &got, &bad);
		assert_string_equal(got.data, want.data);
		assert_int_equal(bad, cut == whole ? 0 : 1);
		free(copy);
	}
	strbuf_deinit(&text);
	strbuf_deinit(&got);
	strbuf_deinit(&want);
}

/* Text without its line number n. */
static void without_line(const struct strbuf *text, size_t n, struct strbuf *out)
{
	struct strview rest = strbuf_view(text);
	for (size_t i = 0; rest.len; i++) {
		size_t len = sv_find(rest, '\n') + 1;
		if (i != n)
			strbuf_add(out, rest.data, len);
		rest = sv_from(rest, len);
	}
}

static void a_flipped_bit_costs_its_line_only(void **state)
{
	(void)state;
	struct strbuf text, rest, got, want;
	strbuf_init(&text);
	strbuf_init(&rest);
	strbuf_init(&got);
	strbuf_init(&want);
	write_all_kinds(&text);
	size_t number = 0, bad, described = SIZE_MAX;
	for (size_t at = 0; at < text.len; at++) {
		if (text.data[at] == '\n') {
			number++;
			continue;
		}
		if (described != number) {
			strbuf_reset(&rest);
			strbuf_reset(&want);
			without_line(&text, number, &rest);
			describe(strbuf_view(&rest), &want, &bad);
			described = number;
		}
		for (int bit = 0; bit < 8; bit += 3) {
			char was = text.data[at];
			text.data[at] = (char)(was ^ 1 << bit);
			if (text.data[at] != '\n') {
				strbuf_reset(&got);
				describe(strbuf_view(&text), &got, &bad);
				assert_string_equal(got.data, want.data);
				assert_int_equal(bad, 1);
			}
			text.data[at] = was;
		}
	}
	strbuf_deinit(&text);
	strbuf_deinit(&rest);
	strbuf_deinit(&got);
	strbuf_deinit(&want);
}

static void a_lost_line_feed_costs_two_lines_only(void **state)
{
	(void)state;
	struct strbuf text;
	strbuf_init(&text);
	record_file(&text, 5);
	size_t feed = text.len - 1;
	add_job(&text, A);
	add_job(&text, B);
	text.data[feed] = ' ';
	struct saved_file f = parse(&text);
	assert_int_equal(f.bad_lines, 1);
	assert_int_equal(f.pid, 0);
	assert_int_equal(count_jobs(&f), 1);
	assert_string_equal(f.jobs->uid, B);
	saved_file_deinit(&f);
	strbuf_deinit(&text);
}

/* --- other programs --- */

static void unknown_types_and_fields_are_ignored(void **state)
{
	(void)state;
	struct strbuf text;
	strbuf_init(&text);
	line(&text, "file version=99 pid=7 colour=red");
	line(&text,
		"job future=1 uid=" A " kind=move policy=skip source=%2Fa as=b shape=round bare "
		"=empty  two");
	line(&text, "mood uid=" A " n=1 happy=1");
	line(&text, "mood");
	line(&text, "begin uid=" A " n=1 x=y path=%2Fa target=b size=5 part=5 parts=1");
	line(&text, "mood uid=" A " n=1 happy=1");
	line(&text, "token uid=" A " n=1 text=t z=1");
	struct saved_file f = parse(&text);
	assert_int_equal(f.bad_lines, 0);
	assert_int_equal(f.pid, 7);
	assert_int_equal(count_jobs(&f), 1);
	assert_int_equal(f.jobs->spec.kind, JOB_MOVE);
	assert_int_equal(f.jobs->spec.policy, CONFLICT_SKIP);
	assert_int_equal(f.jobs->spec.source_count, 1);
	assert_string_equal(f.jobs->spec.sources[0].path, "/a");
	assert_string_equal(f.jobs->spec.sources[0].target_rel, "b");
	assert_string_equal(f.jobs->partials->token.text, "t");
	saved_file_deinit(&f);
	strbuf_deinit(&text);
}

static void a_policy_that_is_not_known_overwrites_nothing(void **state)
{
	(void)state;
	static const char *const lines[] = {"job uid=" A " kind=copy policy=newfangled",
		"job uid=" A " kind=copy", "job uid=" A " kind=copy policy="};
	for (size_t i = 0; i < 3; i++) {
		struct strbuf text;
		strbuf_init(&text);
		line(&text, lines[i]);
		struct saved_file f = parse(&text);
		assert_int_equal(f.jobs->spec.policy, CONFLICT_ASK);
		saved_file_deinit(&f);
		strbuf_deinit(&text);
	}
}

static void jobs_that_are_none_are_passed_over(void **state)
{
	(void)state;
	static const char *const lines[] = {"job", "job uid=", "job uid=short kind=copy",
		"job uid=muchtoolong kind=copy", "job uid=" A, "job uid=" A " kind=explode",
		"job uid=" A " kind=", "job kind=copy", "job uid=%61bcdefgh kind=copy"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct strbuf text;
		strbuf_init(&text);
		line(&text, lines[i]);
		add_job(&text, B);
		struct saved_file f = parse(&text);
		assert_int_equal(f.bad_lines, 1);
		assert_int_equal(count_jobs(&f), 1);
		assert_string_equal(f.jobs->uid, B);
		saved_file_deinit(&f);
		strbuf_deinit(&text);
	}
}

static void a_job_told_twice_is_the_first(void **state)
{
	(void)state;
	struct strbuf text;
	strbuf_init(&text);
	line(&text, "job uid=" A " kind=copy order=1");
	line(&text, "job uid=" A " kind=delete order=2");
	struct saved_file f = parse(&text);
	assert_int_equal(f.bad_lines, 1);
	assert_int_equal(count_jobs(&f), 1);
	assert_int_equal(f.jobs->spec.kind, JOB_COPY);
	assert_int_equal(f.jobs->order, 1);
	saved_file_deinit(&f);
	strbuf_deinit(&text);
}

static void numbers_that_cannot_be_are_refused_or_zero(void **state)
{
	(void)state;
	static const char *const begins[] = {"n=1 path=p target=t size=10 part=1 parts=4294967295",
		"n=1 path=p target=t size=18446744073709551615 part=1 parts=4294967295",
		"n=1 path=p target=t size=18446744073709551615 part=1 parts=67108865",
		"n=1 path=p target=t size=67108865 part=1 parts=67108865",
		"n=1 path=p target=t size=10 part=5 parts=3",
		"n=1 path=p target=t size=10 part=6 parts=1000",
		"n=1 path=p target=t size=10 part=0 parts=2", "n=1 path=p target=t size=10 parts=2",
		"n=1 path=p target=t size=10 part=10 parts=0",
		"n=1 path=p target=t size=10 part=10",
		"n=1 path=p target=t size=10 part=10 parts=-1",
		"n=1 path=p target=t size=10 part=10 parts=18446744073709551617",
		"n=0 path=p target=t size=10 part=10 parts=1", "path=p target=t size=10 parts=1",
		"n=4294967296 path=p target=t size=10 part=10 parts=1",
		"n=1 target=t size=10 part=10 parts=1", "n=1 path=p size=10 part=10 parts=1"};
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		struct strbuf text;
		strbuf_init(&text);
		add_job(&text, A);
		char *begin = s3t_asprintf("begin uid=%s %s", A, begins[i]);
		line(&text, begin);
		free(begin);
		add_begin(&text, A, 9, 2);
		struct saved_file f = parse(&text);
		assert_int_equal(f.bad_lines, 1);
		assert_int_equal(f.jobs->partials->number, 9);
		assert_null(f.jobs->partials->next);
		saved_file_deinit(&f);
		strbuf_deinit(&text);
	}
}

static void an_item_begun_twice_is_the_first(void **state)
{
	(void)state;
	struct strbuf text;
	strbuf_init(&text);
	add_job(&text, A);
	add_begin(&text, A, 1, 2);
	add_begin(&text, A, 1, 3);
	struct saved_file f = parse(&text);
	assert_int_equal(f.bad_lines, 1);
	assert_int_equal(f.jobs->partials->part_count, 2);
	assert_null(f.jobs->partials->next);
	saved_file_deinit(&f);
	strbuf_deinit(&text);
}

static void lines_of_jobs_and_items_that_are_not_there_change_nothing(void **state)
{
	(void)state;
	struct strbuf text;
	strbuf_init(&text);
	add_begin(&text, B, 1, 2);
	record_end(&text, B);
	record_cancel(&text, B);
	add_job(&text, A);
	add_begin(&text, B, 1, 2);
	record_gone(&text, A, 5);
	line(&text, "token uid=" A " n=5 text=x");
	line(&text, "range uid=" A " n=5 parts=0");
	line(&text, "begin n=1 path=p target=t size=1 part=1 parts=1");
	line(&text, "end");
	struct saved_file f = parse(&text);
	assert_int_equal(count_jobs(&f), 1);
	assert_string_equal(f.jobs->uid, A);
	assert_null(f.jobs->partials);
	assert_false(f.jobs->is_cancelled);
	saved_file_deinit(&f);
	strbuf_deinit(&text);
}

static void ranges_that_cannot_be_are_refused(void **state)
{
	(void)state;
	static const char *const ranges[] = {"10", "3-10", "9-4294967295", "5-4",
		"18446744073709551615", "18446744073709551616", "0-18446744073709551615", "-1",
		"1-", "x", "1-x", ",", "0x1", "4294967296", "1--2"};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		struct strbuf text;
		strbuf_init(&text);
		add_job(&text, A);
		add_begin(&text, A, 1, 10);
		char *range = s3t_asprintf("range uid=%s n=1 parts=%s", A, ranges[i]);
		line(&text, range);
		free(range);
		add_begin(&text, A, 2, 2);
		struct saved_file f = parse(&text);
		assert_int_equal(f.bad_lines, 1);
		assert_int_equal(f.jobs->last_number, 2);
		for (const struct partial *p = f.jobs->partials; p; p = p->next)
			assert_int_equal(p->ranges.done_count, 0);
		saved_file_deinit(&f);
		strbuf_deinit(&text);
	}
}

static void identities_that_are_none_are_refused(void **state)
{
	(void)state;
	static const char *const ids[] = {"0123456789abcdef0123456789abcde",
		"0123456789abcdef0123456789abcdef0", "zz23456789abcdef0123456789abcdef"};
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct strbuf text;
		strbuf_init(&text);
		add_job(&text, A);
		char *done = s3t_asprintf("done uid=%s bytes=5 ids=%s", A, ids[i]);
		line(&text, done);
		free(done);
		add_job(&text, B);
		struct saved_file f = parse(&text);
		assert_int_equal(f.bad_lines, 1);
		assert_int_equal(count_jobs(&f), 2);
		saved_file_deinit(&f);
		strbuf_deinit(&text);
	}
}

static void a_head_tells_type_job_and_item(void **state)
{
	(void)state;
	struct strbuf text;
	struct record_head head;
	strbuf_init(&text);
	add_begin(&text, A, 41, 2);
	assert_true(record_head(sv_n(text.data, text.len - 1), &head));
	assert_true(sv_eq(head.type, SV("begin")));
	assert_true(sv_eq(head.uid, SV(A)));
	assert_int_equal(head.number, 41);
	text.data[text.len - 2] ^= 1;
	assert_false(record_head(sv_n(text.data, text.len - 1), &head));
	assert_false(record_head(SV(""), &head));
	strbuf_reset(&text);
	record_file(&text, 3);
	assert_true(record_head(sv_n(text.data, text.len - 1), &head));
	assert_true(sv_eq(head.type, SV("file")));
	assert_int_equal(head.uid.len, 0);
	assert_int_equal(head.number, 0);
	strbuf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_of_any_names_is_read_back),
		cmocka_unit_test(many_sources_and_keys_of_1024_bytes_are_read_back),
		cmocka_unit_test(a_partial_with_token_and_ranges_is_read_back),
		cmocka_unit_test(items_that_are_done_are_added_up),
		cmocka_unit_test(order_pause_cancel_and_pid_are_read_back),
		cmocka_unit_test(what_is_gone_or_ended_is_not_there),
		cmocka_unit_test(written_again_it_stays_the_same),
		cmocka_unit_test(many_done_items_are_written_again_in_groups),
		cmocka_unit_test(a_file_cut_anywhere_is_what_its_whole_lines_say),
		cmocka_unit_test(a_flipped_bit_costs_its_line_only),
		cmocka_unit_test(a_lost_line_feed_costs_two_lines_only),
		cmocka_unit_test(unknown_types_and_fields_are_ignored),
		cmocka_unit_test(a_policy_that_is_not_known_overwrites_nothing),
		cmocka_unit_test(jobs_that_are_none_are_passed_over),
		cmocka_unit_test(a_job_told_twice_is_the_first),
		cmocka_unit_test(numbers_that_cannot_be_are_refused_or_zero),
		cmocka_unit_test(an_item_begun_twice_is_the_first),
		cmocka_unit_test(lines_of_jobs_and_items_that_are_not_there_change_nothing),
		cmocka_unit_test(ranges_that_cannot_be_are_refused),
		cmocka_unit_test(identities_that_are_none_are_refused),
		cmocka_unit_test(a_head_tells_type_job_and_item),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
