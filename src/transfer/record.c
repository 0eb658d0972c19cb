#include "transfer/record.h"

#include "core/parse.h"
#include "core/process.h"
#include "core/timeutil.h"
#include "core/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bits of ranges that a file may make us allocate: 8 MiB. */
enum { CHECK_LEN = 8, PARTS_LIMIT = 1 << 26 };

/* --- writing --- */

static void add_check(struct strbuf *out, struct strview line)
{
	unsigned char sum[MD5_LEN];
	md5(line, sum);
	hex_encode(out, sum, CHECK_LEN / 2);
}

struct line {
	struct strbuf *out, text;
};

static void begin(struct line *l, struct strbuf *out, const char *type)
{
	l->out = out;
	strbuf_init(&l->text);
	strbuf_add_str(&l->text, type);
}

static void add(struct line *l, const char *name, struct strview value)
{
	strbuf_addf(&l->text, " %s=", name);
	uri_encode(&l->text, value, true);
}

/* NULL is not written. */
static void add_text(struct line *l, const char *name, const char *value)
{
	if (value)
		add(l, name, sv(value));
}

static void add_u64(struct line *l, const char *name, uint64_t value)
{
	strbuf_addf(&l->text, " %s=%llu", name, (unsigned long long)value);
}

static void add_i64(struct line *l, const char *name, int64_t value)
{
	strbuf_addf(&l->text, " %s=%lld", name, (long long)value);
}

static void end(struct line *l)
{
	add_check(l->out, strbuf_view(&l->text));
	strbuf_add_char(l->out, ' ');
	strbuf_add_sv(l->out, strbuf_view(&l->text));
	strbuf_add_char(l->out, '\n');
	strbuf_deinit(&l->text);
}

void record_file(struct strbuf *out, long pid)
{
	struct line l;
	begin(&l, out, "file");
	add_u64(&l, "version", 1);
	add_i64(&l, "pid", pid);
	end(&l);
}

static void add_place(struct line *l, const char *side, const struct saved_place *p)
{
	const struct profile_request *r = &p->request;
	if (!p->is_s3)
		return;
	/* what is said of a side has its letter in front */
	struct {
		const char *name, *text;
	} const texts[] = {{"address", p->address}, {"profile", r->profile},
		{"endpoint", r->endpoint}, {"region", r->region}, {"ca", r->ca_bundle}};
	char name[32];
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		snprintf(name, sizeof name, "%s.%s", side, texts[i].name);
		add_text(l, name, texts[i].text);
	}
	snprintf(name, sizeof name, "%s.how", side);
	strbuf_addf(&l->text, " %s=%d,%d,%d,%d", name, r->path_style, r->no_sign_request,
		r->no_verify_ssl, r->request_payer);
}

void record_job(struct strbuf *out, const struct saved_job *job)
{
	const struct job_spec *s = &job->spec;
	struct line l;
	begin(&l, out, "job");
	add_text(&l, "uid", job->uid);
	add_text(&l, "kind", job_kind_word(s->kind));
	add_i64(&l, "created", job->created_s);
	add_u64(&l, "order", job->order);
	add_u64(&l, "paused", job->is_paused);
	add_place(&l, "from", &job->from);
	add_place(&l, "to", &job->to);
	if (s->target_root)
		add(&l, "root", sv_n(s->target_root, s->target_root_len));
	add_text(&l, "policy", conflict_policy_word(s->policy));
	add_u64(&l, "recursive", s->recursive);
	add_u64(&l, "follow", s->follow_links);
	add_u64(&l, "latin1", s->name_latin1);
	add_u64(&l, "threshold", s->multipart_threshold);
	add_u64(&l, "part", s->part_size);
	add_u64(&l, "chunk", s->chunk_size);
	add_u64(&l, "parallel", s->max_parallel);
	add_u64(&l, "ranged", s->parallel_download);
	add_u64(&l, "prove_up", s->prove_upload);
	add_u64(&l, "prove_down", s->prove_download);
	add_text(&l, "class", s->storage_class);
	add_text(&l, "compress", s->compress);
	add_u64(&l, "raw", s->raw);
	add_u64(&l, "sseasked", s->asks_encryption);
	if (s->shown_etag[0]) {
		add_text(&l, "shown", s->shown_etag);
		add_i64(&l, "shownat", s->shown_s);
	}
	add_text(&l, "sse", s->encryption);
	add_text(&l, "kms", s->kms_key_id);
	add_text(&l, "type", s->content_type);
	for (size_t i = 0; i < s->changes.count; i++) {
		add_text(&l, "change", s->changes.items[i].name);
		add(&l, "into", sv(s->changes.items[i].value));
	}
	for (size_t i = 0; s->argv && s->argv[i]; i++)
		add(&l, "word", sv(s->argv[i]));
	add_u64(&l, "at_once", s->max_items);
	for (size_t i = 0; i < s->source_count; i++) {
		add(&l, "source", sv_n(s->sources[i].path, s->sources[i].path_len));
		add(&l, "as", sv_n(s->sources[i].target_rel, s->sources[i].target_rel_len));
	}
	end(&l);
}

void record_order(struct strbuf *out, const char *uid, uint64_t order, bool is_paused)
{
	struct line l;
	begin(&l, out, "order");
	add_text(&l, "uid", uid);
	add_u64(&l, "order", order);
	add_u64(&l, "paused", is_paused);
	end(&l);
}

void record_begin(struct strbuf *out, const char *uid, const struct partial *p)
{
	struct line l;
	begin(&l, out, "begin");
	add_text(&l, "uid", uid);
	add_u64(&l, "n", p->number);
	add(&l, "path", sv_n(p->path, p->path_len));
	add(&l, "target", sv_n(p->target, p->target_len));
	add_u64(&l, "size", p->size);
	add_u64(&l, "dev", p->dev);
	add_u64(&l, "ino", p->ino);
	add_i64(&l, "mtime", p->mtime_ns);
	add_text(&l, "etag", p->etag);
	add_i64(&l, "since", p->since_s);
	add_u64(&l, "part", p->part_size);
	add_u64(&l, "parts", p->part_count);
	/* a program from before there were such takes it for one that nobody goes on with */
	bool is_packed = p->seed[0] == PARTIAL_PACKED;
	if (p->seed[0])
		add_text(&l, "seed", is_packed ? PARTIAL_ENDS : p->seed);
	if (is_packed)
		add_text(&l, "pack", p->seed);
	end(&l);
}

void record_token(struct strbuf *out, const char *uid, uint32_t number, const struct loc_token *t)
{
	struct line l;
	begin(&l, out, "token");
	add_text(&l, "uid", uid);
	add_u64(&l, "n", number);
	add_text(&l, "text", t->text);
	add_u64(&l, "dev", t->dev);
	add_u64(&l, "ino", t->ino);
	if (t->key[0])
		add_text(&l, "key", t->key);
	end(&l);
}

void record_ranges(struct strbuf *out, const char *uid, uint32_t number, const struct parts *done)
{
	struct line l;
	begin(&l, out, "range");
	add_text(&l, "uid", uid);
	add_u64(&l, "n", number);
	strbuf_add_str(&l.text, " parts=");
	const char *comma = "";
	for (uint32_t i = 0; i < done->count;) {
		if (!parts_is_done(done, i)) {
			i++;
			continue;
		}
		uint32_t last = parts_first_missing(done, i) - 1;
		strbuf_addf(&l.text, last > i ? "%s%u-%u" : "%s%u", comma, i, last);
		comma = ",";
		i = last + 1;
	}
	end(&l);
}

void record_gone(struct strbuf *out, const char *uid, uint32_t number)
{
	struct line l;
	begin(&l, out, "gone");
	add_text(&l, "uid", uid);
	add_u64(&l, "n", number);
	end(&l);
}

void record_done(struct strbuf *out, const char *uid, uint64_t bytes,
	const unsigned char (*identities)[MD5_LEN], size_t count)
{
	struct line l;
	begin(&l, out, "done");
	add_text(&l, "uid", uid);
	add_u64(&l, "bytes", bytes);
	strbuf_add_str(&l.text, " ids=");
	for (size_t i = 0; i < count; i++)
		hex_encode(&l.text, identities[i], MD5_LEN);
	end(&l);
}

void record_cancel(struct strbuf *out, const char *uid)
{
	struct line l;
	begin(&l, out, "cancel");
	add_text(&l, "uid", uid);
	end(&l);
}

void record_end(struct strbuf *out, const char *uid)
{
	struct line l;
	begin(&l, out, "end");
	add_text(&l, "uid", uid);
	end(&l);
}

void record_saved_job(struct strbuf *out, const struct saved_job *job)
{
	enum { GROUP = 256 };
	unsigned char ids[GROUP][MD5_LEN];
	size_t n = 0;
	uint64_t bytes = job->done_bytes;
	record_job(out, job);
	if (job->is_cancelled)
		record_cancel(out, job->uid);
	for (size_t i = 0; i < job->done.capacity; i++) {
		const uint64_t *slot = job->done.slots[i];
		if ((slot[0] | slot[1]) != 0)
			memcpy(ids[n++], slot, MD5_LEN);
		if (n == GROUP || (n && i + 1 == job->done.capacity)) {
			record_done(out, job->uid, bytes, (const unsigned char(*)[MD5_LEN])ids, n);
			n = 0;
			bytes = 0;
		}
	}
	for (const struct partial *p = job->partials; p; p = p->next) {
		record_begin(out, job->uid, p);
		if (p->token.text)
			record_token(out, job->uid, p->number, &p->token);
		if (p->ranges.done_count)
			record_ranges(out, job->uid, p->number, &p->ranges);
	}
}

/* --- reading --- */

/* Splits "CHECK rest" and compares. */
static bool checked(struct strview line, struct strview *rest)
{
	struct strbuf check;
	if (line.len < CHECK_LEN + 2 || line.data[CHECK_LEN] != ' ')
		return false;
	*rest = sv_from(line, CHECK_LEN + 1);
	strbuf_init(&check);
	add_check(&check, *rest);
	bool ok = sv_eq(strbuf_view(&check), sv_n(line.data, CHECK_LEN));
	strbuf_deinit(&check);
	return ok;
}

/* The next name=value; false at the end. */
static bool next_field(struct strview *rest, struct strview *name, struct strview *value)
{
	if (!rest->len)
		return false;
	struct strview word = sv_next_word(rest);
	size_t equals = sv_find(word, '=');
	*name = sv_n(word.data, equals);
	*value = sv_from(word, equals + 1);
	return true;
}

static bool find_field(struct strview fields, const char *wanted, struct strview *value)
{
	struct strview name;
	while (next_field(&fields, &name, value))
		if (sv_eq(name, sv(wanted)))
			return true;
	*value = SV("");
	return false;
}

static uint64_t get_u64(struct strview fields, const char *name)
{
	struct strview value;
	uint64_t n;
	return find_field(fields, name, &value) && parse_u64(value, &n) ? n : 0;
}

static uint32_t get_u32(struct strview fields, const char *name)
{
	uint64_t n = get_u64(fields, name);
	return n > UINT32_MAX ? 0 : (uint32_t)n;
}

static int64_t get_i64(struct strview fields, const char *name, int64_t fallback)
{
	struct strview value;
	int64_t n;
	return find_field(fields, name, &value) && parse_i64(value, &n) ? n : fallback;
}

/* Decoded; len (may be NULL) since it may hold NUL. NULL if it is not there. */
static char *get_bytes(struct strview fields, const char *name, size_t *len)
{
	struct strview value;
	struct strbuf sb;
	if (!find_field(fields, name, &value))
		return NULL;
	strbuf_init(&sb);
	uri_decode(&sb, value, false);
	if (len)
		*len = sb.len;
	return strbuf_take(&sb);
}

static char *get_text(struct strview fields, const char *name)
{
	return get_bytes(fields, name, NULL);
}

static void read_place(struct strview fields, const char *side, struct saved_place *p)
{
	char name[32];
	const char **const texts[] = {(const char **)&p->address, &p->request.profile,
		&p->request.endpoint, &p->request.region, &p->request.ca_bundle};
	static const char *const names[] = {"address", "profile", "endpoint", "region", "ca"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(name, sizeof name, "%s.%s", side, names[i]);
		*texts[i] = get_text(fields, name);
	}
	p->is_s3 = p->address != NULL;
	struct strview how;
	snprintf(name, sizeof name, "%s.how", side);
	if (!find_field(fields, name, &how))
		return;
	int64_t flags[4] = {0};
	for (size_t i = 0; i < 4 && how.len; i++) {
		size_t comma = sv_find(how, ',');
		if (!parse_i64(sv_n(how.data, comma), &flags[i]))
			flags[i] = 0;
		how = sv_from(how, comma + 1);
	}
	p->request.path_style = flags[0] > 0 ? 1 : flags[0] < 0 ? -1 : 0;
	p->request.no_sign_request = flags[1] != 0;
	p->request.no_verify_ssl = flags[2] != 0;
	p->request.request_payer = flags[3] != 0;
}

/* source and as come in pairs. */
static void read_sources(struct strview fields, struct job_spec *spec)
{
	struct strview name, value;
	struct strbuf path, as;
	strbuf_init(&path);
	strbuf_init(&as);
	bool has_path = false;
	while (next_field(&fields, &name, &value)) {
		if (sv_eq(name, SV("source"))) {
			strbuf_reset(&path);
			uri_decode(&path, value, false);
			has_path = true;
		} else if (sv_eq(name, SV("as")) && has_path) {
			strbuf_reset(&as);
			uri_decode(&as, value, false);
			job_spec_add_source(spec, strbuf_view(&path), strbuf_view(&as));
			has_path = false;
		}
	}
	strbuf_deinit(&path);
	strbuf_deinit(&as);
}

static void read_words(struct strview fields, struct job_spec *spec)
{
	struct strview name, value;
	struct strbuf word;
	strbuf_init(&word);
	while (next_field(&fields, &name, &value)) {
		if (!sv_eq(name, SV("word")))
			continue;
		strbuf_reset(&word);
		uri_decode(&word, value, false);
		process_argv_add(&spec->argv, strbuf_view(&word));
	}
	strbuf_deinit(&word);
}

static void read_changes(struct strview fields, struct job_spec *spec)
{
	struct strview name, value;
	struct strbuf what, into;
	strbuf_init(&what);
	strbuf_init(&into);
	while (next_field(&fields, &name, &value)) {
		if (sv_eq(name, SV("change"))) {
			strbuf_reset(&what);
			uri_decode(&what, value, false);
		} else if (sv_eq(name, SV("into"))) {
			strbuf_reset(&into);
			uri_decode(&into, value, false);
			/* one that is not valid any more is none */
			(void)!s3_changes_add(
				&spec->changes, strbuf_view(&what), strbuf_view(&into), NULL);
		}
	}
	strbuf_deinit(&what);
	strbuf_deinit(&into);
}

static struct saved_job *find_job(const struct saved_file *f, struct strview fields)
{
	struct strview uid;
	struct saved_job *job = f->jobs;
	if (!find_field(fields, "uid", &uid))
		return NULL;
	while (job && !sv_eq(uid, sv(job->uid)))
		job = job->next;
	return job;
}

/* As random_name() makes them. */
static bool is_uid(struct strview s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z'))
			return false;
	}
	return s.len == JOB_UID_LEN;
}

static void read_job(struct saved_file *f, struct strview fields)
{
	struct strview uid, kind, policy;
	(void)find_field(fields, "uid", &uid);
	(void)find_field(fields, "kind", &kind);
	size_t k = 0;
	while (k < JOB_KIND_COUNT && !sv_eq(kind, sv(job_kind_word((enum job_kind)k))))
		k++;
	struct strview word;
	bool lacks_command = k == JOB_PIPE && !find_field(fields, "word", &word);
	if (!is_uid(uid) || find_job(f, fields) || k == JOB_KIND_COUNT || lacks_command) {
		f->bad_lines++;
		return;
	}
	struct saved_job *job = s3t_alloc(sizeof *job);
	struct job_spec *s = &job->spec;
	memcpy(job->uid, uid.data, JOB_UID_LEN);
	s->kind = (enum job_kind)k;
	job->created_s = get_i64(fields, "created", 0);
	job->order = get_u64(fields, "order");
	job->is_paused = get_u64(fields, "paused");
	read_place(fields, "from", &job->from);
	read_place(fields, "to", &job->to);
	s->target_root = get_bytes(fields, "root", &s->target_root_len);
	s->policy = CONFLICT_ASK;
	if (find_field(fields, "policy", &policy) && !conflict_policy_parse(policy, &s->policy))
		s->policy = CONFLICT_ASK; /* the one that cannot overwrite anything */
	s->recursive = get_u64(fields, "recursive");
	s->follow_links = get_u64(fields, "follow");
	s->name_latin1 = get_u64(fields, "latin1");
	s->multipart_threshold = get_u64(fields, "threshold");
	s->part_size = get_u64(fields, "part");
	s->chunk_size = get_u64(fields, "chunk");
	s->max_parallel = get_u32(fields, "parallel");
	s->parallel_download = get_u64(fields, "ranged");
	s->prove_upload = get_u64(fields, "prove_up");
	s->prove_download = get_u64(fields, "prove_down");
	s->storage_class = get_text(fields, "class");
	s->compress = get_text(fields, "compress");
	s->raw = get_u64(fields, "raw");
	s->asks_encryption = get_u64(fields, "sseasked");
	char *shown = get_text(fields, "shown");
	snprintf(s->shown_etag, sizeof s->shown_etag, "%s", shown ? shown : "");
	s->shown_s = get_i64(fields, "shownat", 0);
	free(shown);
	s->encryption = get_text(fields, "sse");
	s->kms_key_id = get_text(fields, "kms");
	s->content_type = get_text(fields, "type");
	read_sources(fields, s);
	read_changes(fields, s);
	read_words(fields, s);
	s->max_items = get_u32(fields, "at_once");
	struct saved_job **at = &f->jobs;
	while (*at)
		at = &(*at)->next;
	*at = job;
}

static struct partial **find_partial(struct saved_job *job, uint32_t number)
{
	struct partial **at = &job->partials;
	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

static bool read_begin(struct saved_job *job, struct strview fields)
{
	uint64_t size = get_u64(fields, "size"), part = get_u64(fields, "part");
	uint64_t count = get_u64(fields, "parts"),
		 fits = part ? size / part + (size % part != 0) : 1;
	uint32_t number = get_u32(fields, "n");
	struct strview seed = SV("");
	bool is_coded = find_field(fields, "seed", &seed); /* its size is not the source's */
	struct strview packed;
	if (find_field(fields, "pack", &packed))
		seed = packed;
	struct partial **at = find_partial(job, number);
	if (is_coded && (!seed.len || seed.len > AGE_SEED_LEN))
		return false;
	if (number == 0 || count == 0 || count > PARTS_LIMIT ||
		(count > 1 && count != fits && !is_coded) || *at)
		return false;
	size_t path_len = 0, target_len = 0;
	char *path = get_bytes(fields, "path", &path_len);
	char *target = get_bytes(fields, "target", &target_len), *etag = get_text(fields, "etag");
	bool ok = path && target;
	if (ok) {
		struct partial *p = partial_new(
			sv_n(path, path_len), sv_n(target, target_len), (uint32_t)count);
		p->number = number;
		p->size = size;
		p->part_size = part;
		p->dev = get_u64(fields, "dev");
		p->ino = get_u64(fields, "ino");
		p->mtime_ns = get_i64(fields, "mtime", TIME_UNKNOWN);
		p->since_s = get_i64(fields, "since", 0);
		snprintf(p->etag, sizeof p->etag, "%s", etag ? etag : "");
		snprintf(p->seed, sizeof p->seed, "%.*s", (int)seed.len, seed.data);
		*at = p;
		if (number > job->last_number)
			job->last_number = number;
	}
	free(path);
	free(target);
	free(etag);
	return ok;
}

static bool read_token(struct partial *p, struct strview fields)
{
	char *text = get_text(fields, "text");
	if (!text)
		return false;
	loc_token_deinit(&p->token);
	p->token = (struct loc_token){
		.text = text, .dev = get_u64(fields, "dev"), .ino = get_u64(fields, "ino")};
	char *key = get_text(fields, "key");
	snprintf(p->token.key, sizeof p->token.key, "%s", key ? key : "");
	free(key);
	return true;
}

static bool read_ranges(struct partial *p, struct strview fields)
{
	struct strview list;
	(void)find_field(fields, "parts", &list);
	while (list.len) {
		size_t comma = sv_find(list, ',');
		struct strview item = sv_n(list.data, comma);
		size_t dash = sv_find(item, '-');
		uint64_t first, last;
		if (!parse_u64(sv_n(item.data, dash), &first))
			return false;
		last = first;
		if (dash < item.len && !parse_u64(sv_from(item, dash + 1), &last))
			return false;
		if (last < first || last >= p->ranges.count)
			return false;
		for (uint64_t i = first; i <= last; i++)
			parts_set_done(&p->ranges, (uint32_t)i);
		list = sv_from(list, comma + 1);
	}
	return true;
}

static bool read_done(struct saved_job *job, struct strview fields)
{
	struct strview ids;
	(void)find_field(fields, "ids", &ids);
	unsigned char id[MD5_LEN];
	while (ids.len >= 2 * MD5_LEN) {
		if (!hex_decode(sv_n(ids.data, 2 * MD5_LEN), id, MD5_LEN))
			return false;
		done_set_add(&job->done, id);
		ids = sv_from(ids, 2 * MD5_LEN);
	}
	job->done_items = job->done.count;
	job->done_bytes += get_u64(fields, "bytes");
	return ids.len == 0;
}

static void remove_job(struct saved_file *f, struct saved_job *job)
{
	struct saved_job **at = &f->jobs;
	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	saved_job_free(job);
}

static bool read_of_job(
	struct saved_file *f, struct saved_job *job, struct strview type, struct strview fields)
{
	if (sv_eq(type, SV("end")))
		return remove_job(f, job), true;
	if (sv_eq(type, SV("begin")))
		return read_begin(job, fields);
	if (sv_eq(type, SV("done")))
		return read_done(job, fields);
	if (sv_eq(type, SV("cancel")))
		return job->is_cancelled = true;
	if (sv_eq(type, SV("order"))) {
		job->order = get_u64(fields, "order");
		job->is_paused = get_u64(fields, "paused");
		return true;
	}
	struct partial **at = find_partial(job, get_u32(fields, "n"));
	if (!*at)
		return true; /* of an item whose beginning was passed over */
	if (sv_eq(type, SV("token")))
		return read_token(*at, fields);
	if (sv_eq(type, SV("range")))
		return read_ranges(*at, fields);
	if (sv_eq(type, SV("gone"))) {
		struct partial *p = *at;
		*at = p->next;
		partial_free(p);
	}
	return true;
}

static void read_line(struct saved_file *f, struct strview line)
{
	struct strview rest;
	if (!checked(line, &rest)) {
		f->bad_lines++;
		return;
	}
	struct strview type = sv_next_word(&rest);
	if (sv_eq(type, SV("file"))) {
		f->pid = (long)get_u32(rest, "pid");
		return;
	}
	if (sv_eq(type, SV("job"))) {
		read_job(f, rest);
		return;
	}
	struct saved_job *job = find_job(f, rest);
	if (job && !read_of_job(f, job, type, rest))
		f->bad_lines++;
}

void saved_file_parse(struct strview text, struct saved_file *out)
{
	*out = (struct saved_file){.pid = 0};
	while (text.len) {
		size_t end_at = sv_find(text, '\n');
		if (end_at == text.len) { /* torn: it was being written */
			out->bad_lines++;
			out->torn_len = text.len;
			return;
		}
		read_line(out, sv_n(text.data, end_at));
		text = sv_from(text, end_at + 1);
	}
}

void saved_file_deinit(struct saved_file *f)
{
	while (f->jobs)
		remove_job(f, f->jobs);
}

bool record_head(struct strview line, struct record_head *out)
{
	struct strview rest;
	if (!checked(line, &rest))
		return false;
	out->type = sv_next_word(&rest);
	(void)find_field(rest, "uid", &out->uid);
	out->number = get_u32(rest, "n");
	return true;
}
