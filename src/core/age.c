#include "core/age.h"

#include "core/age_armor.h"
#include "core/conffile.h"
#include "core/parse.h"
#include "core/process.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NONCE_LEN = 16,
	SALT_LEN = 16,
	WRAPPED_LEN = AGE_FILE_KEY_LEN + AEAD_TAG_LEN,
	LOG_N_MAX = 20, /* what is read: it takes 1 GiB */
	COMMAND_TIMEOUT_MS = 60000,
	KEYS_MAX = 100
};

struct age_keys {
	unsigned char (*recipients)[X25519_LEN];
	size_t recipient_count;
	unsigned char (*identities)[X25519_LEN]; /* secret */
	size_t identity_count;
	struct strbuf passphrase; /* "": none */
};

/* One scrypt at a time: it takes 256 MiB. */
static pthread_mutex_t scrypt_lock = PTHREAD_MUTEX_INITIALIZER;

/* --- bech32 (BIP 173), as age writes keys --- */

static uint32_t bech32_step(uint32_t sum, unsigned value)
{
	static const uint32_t generator[] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	uint32_t top = sum >> 25;
	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (int i = 0; i < 5; i++)
		sum ^= top >> i & 1 ? generator[i] : 0;
	return sum;
}

/* 32 bytes behind a prefix; all letters are of one case. */
static bool bech32_decode(struct strview text, const char *prefix, unsigned char out[X25519_LEN])
{
	static const char digits[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	enum { DATA = 52, CHECK = 6 };
	size_t len = strlen(prefix);
	char lower[128];
	bool has_upper = false, has_lower = false;
	if (text.len != len + 1 + DATA + CHECK || text.len >= sizeof lower)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		has_upper = has_upper || (c >= 'A' && c <= 'Z');
		has_lower = has_lower || (c >= 'a' && c <= 'z');
		lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	if ((has_upper && has_lower) || memcmp(lower, prefix, len) != 0 || lower[len] != '1')
		return false;
	uint32_t sum = 1, bits = 0;
	for (size_t i = 0; i < len; i++)
		sum = bech32_step(sum, (unsigned char)lower[i] >> 5);
	sum = bech32_step(sum, 0);
	for (size_t i = 0; i < len; i++)
		sum = bech32_step(sum, lower[i] & 31);
	unsigned have = 0;
	size_t n = 0;
	for (size_t i = len + 1; i < text.len; i++) {
		const char *at = lower[i] ? strchr(digits, lower[i]) : NULL;
		if (!at)
			return false;
		unsigned value = (unsigned)(at - digits);
		sum = bech32_step(sum, value);
		if (i >= len + 1 + DATA)
			continue;
		bits = (bits << 5 | value) & 0xfff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			out[n++] = (unsigned char)(bits >> have);
		}
	}
	bool is_padded = have < 5 && (bits & ((1U << have) - 1)) == 0;
	return sum == 1 && n == X25519_LEN && is_padded;
}

/* --- keys --- */

static void add_key(
	unsigned char (**list)[X25519_LEN], size_t *count, const unsigned char key[X25519_LEN])
{
	unsigned char(*more)[X25519_LEN] = s3t_alloc((*count + 1) * sizeof *more);
	if (*count)
		memcpy(more, *list, *count * sizeof *more);
	memcpy(more[*count], key, X25519_LEN);
	if (*list)
		explicit_bzero(*list, *count * sizeof *more);
	free(*list);
	*list = more;
	++*count;
}

static enum s3t_rc read_recipients(struct age_keys *k, const char *text, struct s3t_err *err)
{
	for (struct strview rest = sv(text ? text : ""); rest.len;) {
		struct strview word = sv_trim(sv_n(rest.data, sv_find(rest, ',')));
		unsigned char key[X25519_LEN];
		rest = sv_from(rest, sv_find(rest, ',') + 1);
		if (!word.len)
			continue;
		if (!bech32_decode(word, "age", key))
			return s3t_fail(err, S3T_CONFIG,
				"client_recipients: one is no age recipient (age1 and 58 letters "
				"and "
				"digits).");
		if (k->recipient_count == KEYS_MAX)
			return s3t_fail(err, S3T_CONFIG, "client_recipients: at most 100.");
		add_key(&k->recipients, &k->recipient_count, key);
	}
	return S3T_OK;
}

static enum s3t_rc read_identities(struct age_keys *k, struct strview rest, struct s3t_err *err)
{
	size_t before = k->identity_count;
	while (rest.len) {
		struct strview line = sv_trim(sv_n(rest.data, sv_find(rest, '\n')));
		unsigned char key[X25519_LEN];
		rest = sv_from(rest, sv_find(rest, '\n') + 1);
		if (!line.len || line.data[0] == '#')
			continue;
		if (!bech32_decode(line, "age-secret-key-", key) || k->identity_count == KEYS_MAX)
			return s3t_fail(err, S3T_CONFIG,
				"client_identity_file: a line is no age identity "
				"(AGE-SECRET-KEY-1…).");
		add_key(&k->identities, &k->identity_count, key);
		explicit_bzero(key, sizeof key);
	}
	return k->identity_count > before
		       ? S3T_OK
		       : s3t_fail(err, S3T_CONFIG,
				 "client_identity_file: there is no identity in it.");
}

enum s3t_rc age_keys_new(const char *recipients, struct strview identities,
	struct strview passphrase, struct age_keys **out, struct s3t_err *err)
{
	struct age_keys *k = s3t_alloc(sizeof *k);
	strbuf_init(&k->passphrase);
	strbuf_add_sv(&k->passphrase, passphrase);
	enum s3t_rc rc = read_recipients(k, recipients, err);
	if (rc == S3T_OK && identities.len)
		rc = read_identities(k, identities, err);
	if (rc == S3T_OK && k->recipient_count && passphrase.len)
		rc = s3t_fail(err, S3T_CONFIG,
			"age encrypts for recipients or with a passphrase: set one of "
			"client_recipients and client_passphrase_command.");
	if (rc == S3T_OK) {
		*out = k;
	} else {
		age_keys_free(k);
		*out = NULL;
	}
	return rc;
}

void age_keys_free(struct age_keys *k)
{
	if (!k)
		return;
	if (k->identities)
		explicit_bzero(k->identities, k->identity_count * sizeof *k->identities);
	free(k->identities);
	free(k->recipients);
	strbuf_deinit_wipe(&k->passphrase);
	free(k);
}

bool age_keys_can_encrypt(const struct age_keys *k)
{
	return k && (k->recipient_count || k->passphrase.len);
}

bool age_keys_can_decrypt(const struct age_keys *k)
{
	return k && (k->identity_count || k->passphrase.len);
}

static enum s3t_rc run_command(
	const char *command, struct strbuf *text, struct cancel *cancel, struct s3t_err *err)
{
	char **argv;
	enum s3t_rc rc = process_split(command, &argv, err);
	if (rc != S3T_OK)
		return rc;
	rc = process_run(argv, COMMAND_TIMEOUT_MS, text, cancel, err);
	process_argv_free(argv);
	/* the line's end is the command's, not the passphrase's */
	while (text->len &&
		(text->data[text->len - 1] == '\n' || text->data[text->len - 1] == '\r'))
		strbuf_truncate(text, text->len - 1);
	if (rc == S3T_OK && !text->len)
		rc = s3t_fail(err, S3T_CONFIG, "it printed no passphrase.");
	return rc;
}

static bool is_encrypted(struct strview text)
{
	return sv_starts_with(text, SV("age-encryption.org/")) ||
	       sv_starts_with(sv_trim(text), SV(AGE_ARMOR_BEGIN));
}

static enum s3t_rc open_chunks(
	const struct age_file *f, struct strview sealed, struct strbuf *out, struct s3t_err *err)
{
	unsigned char plain[AGE_CHUNK];
	bool ok = sealed.len > 0;
	for (uint64_t index = 0; sealed.len && ok; index++) {
		size_t n = sealed.len < AGE_SEALED ? sealed.len : AGE_SEALED;
		ok = n >= AEAD_TAG_LEN &&
		     age_open(f, index, n == sealed.len, sealed.data, n, plain);
		if (ok)
			strbuf_add(out, plain, n - AEAD_TAG_LEN);
		sealed = sv_from(sealed, n);
	}
	explicit_bzero(plain, sizeof plain);
	return ok ? S3T_OK : s3t_fail(err, S3T_MISMATCH, "it was damaged or tampered with.");
}

/* What `age -p` made of an identity file, binary or as text: text becomes the file. */
static enum s3t_rc open_identities(
	struct strbuf *text, struct strview passphrase, struct s3t_err *err)
{
	struct age_keys *k = NULL;
	struct age_armor *armor = age_armor_new();
	struct age_file file = {.key = {0}};
	struct strbuf binary;
	size_t need = 0;
	bool is_binary = sv_starts_with(strbuf_view(text), SV(AGE_MAGIC));
	strbuf_init_cap(&binary, AGE_HEADER_MAX);
	enum s3t_rc rc = S3T_OK;
	if (!passphrase.len)
		rc = s3t_fail(err, S3T_CONFIG,
			"it is encrypted: client_passphrase_command has to print its passphrase.");
	if (rc == S3T_OK && is_binary)
		strbuf_add_sv(&binary, strbuf_view(text));
	else if (rc == S3T_OK)
		rc = age_armor_add(armor, text->data, text->len, &binary, err);
	if (rc == S3T_OK && !is_binary)
		rc = age_armor_end(armor, &binary, err);
	if (rc == S3T_OK)
		rc = age_keys_new("", SV(""), passphrase, &k, err);
	if (rc == S3T_OK)
		rc = age_file_open(k, strbuf_view(&binary), &file, &need, err);
	if (rc == S3T_OK && need)
		rc = s3t_fail(err, S3T_MISMATCH, "it ends in its header.");
	else if (rc == S3T_OK) {
		strbuf_reset(text);
		rc = open_chunks(&file, sv_from(strbuf_view(&binary), file.head.len), text, err);
		age_file_deinit(&file);
	}
	age_keys_free(k);
	age_armor_free(armor);
	strbuf_deinit(&binary);
	return rc;
}

enum s3t_rc age_keys_load(
	const struct settings *s, struct cancel *cancel, struct age_keys **out, struct s3t_err *err)
{
	struct strbuf identities, passphrase;
	bool is_shared;
	*out = NULL;
	if (!s->client_recipients[0] && !s->client_identity_file[0] &&
		!s->client_passphrase_command[0])
		return S3T_OK;
	strbuf_init_cap(&identities, AGE_HEADER_MAX);
	strbuf_init_cap(&passphrase, 4096);
	enum s3t_rc rc = S3T_OK;
	if (s->client_identity_file[0]) {
		char *path = conffile_path(s->client_identity_file);
		rc = conffile_read_bytes(path, &identities, &is_shared, err);
		free(path);
		if (rc != S3T_OK)
			s3t_err_prefix(err, "client_identity_file: ");
	}
	if (rc == S3T_OK && s->client_passphrase_command[0]) {
		rc = run_command(s->client_passphrase_command, &passphrase, cancel, err);
		if (rc != S3T_OK)
			s3t_err_prefix(err, "client_passphrase_command: ");
	}
	bool was_encrypted = rc == S3T_OK && is_encrypted(strbuf_view(&identities));
	if (was_encrypted) {
		rc = open_identities(&identities, strbuf_view(&passphrase), err);
		if (rc != S3T_OK)
			s3t_err_prefix(err, "client_identity_file: ");
	}
	if (rc == S3T_OK) /* a passphrase of the file is none of objects */
		rc = age_keys_new(s->client_recipients, strbuf_view(&identities),
			was_encrypted ? SV("") : strbuf_view(&passphrase), out, err);
	else if (rc != S3T_CANCELLED && err)
		err->rc = S3T_CONFIG;
	strbuf_deinit_wipe(&identities);
	strbuf_deinit_wipe(&passphrase);
	return rc == S3T_OK || rc == S3T_CANCELLED ? rc : S3T_CONFIG;
}

/* --- the header --- */

static struct strview view_of(const unsigned char *data, size_t len)
{
	return sv_n((const char *)data, len);
}

/* Base64 without padding. */
static void add_base64(struct strbuf *out, const unsigned char *data, size_t len)
{
	base64_encode(out, data, len);
	while (out->len && out->data[out->len - 1] == '=')
		strbuf_truncate(out, out->len - 1);
}

static bool read_base64(struct strview text, unsigned char *out, size_t len)
{
	struct strbuf padded, raw, again;
	strbuf_init(&padded);
	strbuf_init(&raw);
	strbuf_init(&again);
	strbuf_add_sv(&padded, text);
	while (padded.len % 4)
		strbuf_add_char(&padded, '=');
	bool ok = sv_find(text, '=') == text.len && base64_decode(&raw, strbuf_view(&padded)) &&
		  raw.len == len;
	if (ok) { /* the one way to write it */
		add_base64(&again, (const unsigned char *)raw.data, raw.len);
		ok = sv_eq(strbuf_view(&again), text);
		memcpy(out, raw.data, len);
	}
	strbuf_deinit(&padded);
	strbuf_deinit_wipe(&raw);
	strbuf_deinit(&again);
	return ok;
}

static void wrap_key_of(const unsigned char shared[X25519_LEN],
	const unsigned char share[X25519_LEN], const unsigned char recipient[X25519_LEN],
	unsigned char out[AEAD_KEY_LEN])
{
	unsigned char salt[2 * X25519_LEN];
	memcpy(salt, share, X25519_LEN);
	memcpy(salt + X25519_LEN, recipient, X25519_LEN);
	hkdf_sha256(view_of(shared, X25519_LEN), view_of(salt, sizeof salt),
		SV("age-encryption.org/v1/X25519"), out);
}

static bool passphrase_key(const struct age_keys *k, const unsigned char salt[SALT_LEN],
	unsigned log_n, unsigned char out[AEAD_KEY_LEN])
{
	struct strbuf full;
	strbuf_init(&full);
	strbuf_add_str(&full, "age-encryption.org/v1/scrypt");
	strbuf_add(&full, salt, SALT_LEN);
	pthread_mutex_lock(&scrypt_lock);
	bool ok = scrypt_32(strbuf_view(&k->passphrase), strbuf_view(&full), log_n, out);
	pthread_mutex_unlock(&scrypt_lock);
	strbuf_deinit(&full);
	return ok;
}

static const unsigned char zero_nonce[AEAD_NONCE_LEN];

static void add_body(struct strbuf *head, const unsigned char key[AEAD_KEY_LEN],
	const unsigned char file_key[AGE_FILE_KEY_LEN])
{
	unsigned char wrapped[WRAPPED_LEN];
	aead_seal(key, zero_nonce, file_key, AGE_FILE_KEY_LEN, wrapped);
	strbuf_add_char(head, '\n');
	add_base64(head, wrapped, sizeof wrapped);
	strbuf_add_char(head, '\n');
}

/* Secrets that follow from the seed, each from its own name. */
static void from_seed(
	const unsigned char *seed, const char *name, size_t index, unsigned char out[SHA256_LEN])
{
	char info[64];
	snprintf(info, sizeof info, "s3tui age %s %zu", name, index);
	hkdf_sha256(view_of(seed, SHA256_LEN), SV(""), sv(info), out);
}

static void add_mac(struct strbuf *head, const unsigned char file_key[AGE_FILE_KEY_LEN])
{
	unsigned char key[SHA256_LEN], mac[SHA256_LEN];
	strbuf_add_str(head, "---");
	hkdf_sha256(view_of(file_key, AGE_FILE_KEY_LEN), SV(""), SV("header"), key);
	hmac_sha256(view_of(key, sizeof key), strbuf_view(head), mac);
	strbuf_add_char(head, ' ');
	add_base64(head, mac, sizeof mac);
	strbuf_add_char(head, '\n');
}

static void payload_key(const unsigned char file_key[AGE_FILE_KEY_LEN],
	const unsigned char nonce[NONCE_LEN], unsigned char out[AEAD_KEY_LEN])
{
	hkdf_sha256(
		view_of(file_key, AGE_FILE_KEY_LEN), view_of(nonce, NONCE_LEN), SV("payload"), out);
}

enum s3t_rc age_file_new(const struct age_keys *k, const unsigned char *seed, struct age_file *out,
	struct s3t_err *err)
{
	unsigned char own_seed[SHA256_LEN], file_key[SHA256_LEN], nonce[SHA256_LEN],
		secret[SHA256_LEN], share[X25519_LEN], shared[X25519_LEN], wrap[AEAD_KEY_LEN];
	if (!seed) {
		random_bytes(own_seed, sizeof own_seed);
		seed = own_seed;
	}
	from_seed(seed, "file key", 0, file_key);
	from_seed(seed, "nonce", 0, nonce);
	strbuf_init_cap(&out->head, AGE_HEADER_MAX);
	strbuf_add_str(&out->head, AGE_MAGIC);
	bool ok = true;
	for (size_t i = 0; i < k->recipient_count && ok; i++) {
		from_seed(seed, "share", i, secret);
		ok = x25519_public(secret, share) &&
		     x25519_shared(secret, k->recipients[i], shared);
		if (!ok)
			break;
		wrap_key_of(shared, share, k->recipients[i], wrap);
		strbuf_add_str(&out->head, "-> X25519 ");
		add_base64(&out->head, share, sizeof share);
		add_body(&out->head, wrap, file_key);
	}
	if (!k->recipient_count) {
		from_seed(seed, "salt", 0, secret);
		ok = passphrase_key(k, secret, AGE_SCRYPT_LOG_N, wrap);
		strbuf_add_str(&out->head, "-> scrypt ");
		add_base64(&out->head, secret, SALT_LEN);
		strbuf_addf(&out->head, " %d", AGE_SCRYPT_LOG_N);
		add_body(&out->head, wrap, file_key);
	}
	add_mac(&out->head, file_key);
	strbuf_add(&out->head, nonce, NONCE_LEN);
	payload_key(file_key, nonce, out->key);
	explicit_bzero(own_seed, sizeof own_seed);
	explicit_bzero(file_key, sizeof file_key);
	explicit_bzero(secret, sizeof secret);
	explicit_bzero(shared, sizeof shared);
	explicit_bzero(wrap, sizeof wrap);
	if (ok)
		return S3T_OK;
	age_file_deinit(out);
	return s3t_fail(err, k->recipient_count ? S3T_CONFIG : S3T_MEMORY,
		k->recipient_count
			? "A recipient in client_recipients is no key that can be encrypted for."
			: "There is no memory for scrypt (256 MiB).");
}

size_t age_head_len(const struct age_keys *k)
{
	enum { BODY = 1 + 43 + 1, MAC = 3 + 1 + 43 + 1 }; /* 32 bytes are 43 of base64 */
	size_t x25519 = strlen("-> X25519 ") + 43 + BODY;
	size_t scrypt = strlen("-> scrypt ") + 22 + strlen(" 18") + BODY;
	return strlen(AGE_MAGIC) + (k->recipient_count ? k->recipient_count * x25519 : scrypt) +
	       MAC + NONCE_LEN;
}

void age_file_deinit(struct age_file *f)
{
	strbuf_deinit(&f->head);
	explicit_bzero(f->key, sizeof f->key);
}

/* --- reading a header --- */

struct stanza {
	struct strview type, args; /* args: what follows the type */
	struct strbuf body;
};

/* Takes a line without its end off rest; false: there is none yet. */
static bool take_line(struct strview *rest, struct strview *line)
{
	size_t end = sv_find(*rest, '\n');
	if (end == rest->len)
		return false;
	*line = sv_n(rest->data, end);
	*rest = sv_from(*rest, end + 1);
	return true;
}

/* Whether the stanza opens for one of ours. */
static bool open_x25519(const struct age_keys *k, struct strview args, struct strview body,
	unsigned char file_key[AGE_FILE_KEY_LEN])
{
	unsigned char share[X25519_LEN], wrapped[WRAPPED_LEN], own[X25519_LEN], shared[X25519_LEN],
		wrap[AEAD_KEY_LEN];
	bool is_open = false;
	if (!read_base64(args, share, sizeof share) || !read_base64(body, wrapped, sizeof wrapped))
		return false;
	for (size_t i = 0; i < k->identity_count && !is_open; i++) {
		if (!x25519_public(k->identities[i], own) ||
			!x25519_shared(k->identities[i], share, shared))
			continue;
		wrap_key_of(shared, share, own, wrap);
		is_open = aead_open(wrap, zero_nonce, wrapped, sizeof wrapped, file_key);
	}
	explicit_bzero(shared, sizeof shared);
	explicit_bzero(wrap, sizeof wrap);
	return is_open;
}

static bool open_scrypt(const struct age_keys *k, struct strview args, struct strview body,
	unsigned char file_key[AGE_FILE_KEY_LEN])
{
	unsigned char salt[SALT_LEN], wrapped[WRAPPED_LEN], wrap[AEAD_KEY_LEN];
	uint64_t log_n;
	size_t space = sv_find(args, ' ');
	if (!k->passphrase.len || !read_base64(sv_n(args.data, space), salt, sizeof salt) ||
		!parse_u64(sv_from(args, space + 1), &log_n) || log_n < 1 || log_n > LOG_N_MAX ||
		!read_base64(body, wrapped, sizeof wrapped) ||
		!passphrase_key(k, salt, (unsigned)log_n, wrap))
		return false;
	bool is_open = aead_open(wrap, zero_nonce, wrapped, sizeof wrapped, file_key);
	explicit_bzero(wrap, sizeof wrap);
	return is_open;
}

static enum s3t_rc fail_header(struct s3t_err *err)
{
	return s3t_fail(err, S3T_MISMATCH,
		"The age header is damaged, or was tampered with; nothing of it is used.");
}

struct header {
	struct strview rest, text; /* text: up to and with "---" */
	struct strview mac;
	size_t stanzas;
	bool has_scrypt, is_open;
	unsigned char file_key[AGE_FILE_KEY_LEN];
};

/* One stanza; false: it is not whole yet. */
static bool read_stanza(
	const struct age_keys *k, struct header *h, struct strview first, bool *is_valid)
{
	struct strview line, type = sv_from(first, 3);
	struct strview args = sv_from(type, sv_find(type, ' ') + 1);
	struct strbuf body;
	type.len = sv_find(type, ' ');
	strbuf_init(&body);
	bool is_whole = false;
	while (!is_whole && take_line(&h->rest, &line)) {
		*is_valid = *is_valid && line.len <= 64;
		strbuf_add_sv(&body, line);
		is_whole = line.len < 64;
	}
	if (is_whole) {
		h->stanzas++;
		bool is_scrypt = sv_eq(type, SV("scrypt"));
		h->has_scrypt = h->has_scrypt || is_scrypt;
		if (!h->is_open && k && sv_eq(type, SV("X25519")))
			h->is_open = open_x25519(k, args, strbuf_view(&body), h->file_key);
		else if (!h->is_open && k && is_scrypt)
			h->is_open = open_scrypt(k, args, strbuf_view(&body), h->file_key);
	}
	strbuf_deinit(&body);
	return is_whole;
}

static enum s3t_rc read_header(const struct age_keys *k, struct strview start, struct header *h,
	size_t *need, struct s3t_err *err)
{
	struct strview line;
	bool is_valid = true;
	*need = 0;
	h->rest = sv_from(start, strlen(AGE_MAGIC));
	for (;;) {
		struct strview before = h->rest;
		if (!take_line(&h->rest, &line))
			break;
		if (sv_starts_with(line, SV("--- "))) {
			h->text = sv_n(start.data, (size_t)(before.data - start.data) + 3);
			h->mac = sv_from(line, 4);
			return is_valid && h->stanzas && !(h->has_scrypt && h->stanzas > 1)
				       ? S3T_OK
				       : fail_header(err);
		}
		if (!sv_starts_with(line, SV("-> ")) || !is_valid)
			return fail_header(err);
		if (!read_stanza(k, h, line, &is_valid))
			break;
	}
	if (start.len >= AGE_HEADER_MAX)
		return fail_header(err);
	*need = start.len * 2 < 1024 ? 1024 : start.len * 2;
	return S3T_OK;
}

enum s3t_rc age_file_open(const struct age_keys *k, struct strview start, struct age_file *out,
	size_t *need, struct s3t_err *err)
{
	struct header h = {.stanzas = 0};
	*need = 0;
	if (start.len < strlen(AGE_MAGIC) && sv_starts_with(SV(AGE_MAGIC), start)) {
		*need = strlen(AGE_MAGIC) + 1;
		return S3T_OK;
	}
	if (!sv_starts_with(start, SV(AGE_MAGIC)))
		return fail_header(err);
	/* once it is whole; a passphrase costs a second each time */
	enum s3t_rc rc = read_header(NULL, start, &h, need, err);
	if (rc != S3T_OK || *need)
		return rc;
	if (h.rest.len < NONCE_LEN) {
		*need = start.len + NONCE_LEN;
		return S3T_OK;
	}
	h = (struct header){.stanzas = 0};
	rc = read_header(k, start, &h, need, err);
	if (rc != S3T_OK)
		return rc;
	if (!h.is_open)
		return s3t_fail(err, S3T_DENIED,
			h.has_scrypt
				? "It is encrypted with a passphrase (age) that is not ours."
				: "It is encrypted (age) for recipients among whom we are not.");
	unsigned char key[SHA256_LEN], mac[SHA256_LEN], told[SHA256_LEN];
	hkdf_sha256(view_of(h.file_key, sizeof h.file_key), SV(""), SV("header"), key);
	hmac_sha256(view_of(key, sizeof key), h.text, mac);
	if (!read_base64(h.mac, told, sizeof told) || !crypto_same(mac, told, sizeof mac))
		return fail_header(err);
	size_t head = (size_t)(h.rest.data - start.data) + NONCE_LEN;
	strbuf_init_cap(&out->head, AGE_HEADER_MAX + NONCE_LEN);
	strbuf_add_sv(&out->head, sv_n(start.data, head));
	payload_key(h.file_key, (const unsigned char *)h.rest.data, out->key);
	explicit_bzero(h.file_key, sizeof h.file_key);
	return S3T_OK;
}

/* --- chunks --- */

uint64_t age_sealed_size(uint64_t plain)
{
	uint64_t chunks = plain ? (plain - 1) / AGE_CHUNK + 1 : 1, size;
	return __builtin_add_overflow(plain, chunks * AEAD_TAG_LEN, &size) ? UINT64_MAX : size;
}

uint64_t age_plain_size(uint64_t sealed)
{
	uint64_t whole = sealed / AGE_SEALED, rest = sealed % AGE_SEALED;
	if (sealed < AEAD_TAG_LEN || (rest && rest <= AEAD_TAG_LEN && whole))
		return UINT64_MAX; /* only a whole file may be an empty chunk */
	if (rest && rest < AEAD_TAG_LEN)
		return UINT64_MAX;
	return whole * AGE_CHUNK + (rest ? rest - AEAD_TAG_LEN : 0);
}

static void nonce_of(uint64_t index, bool is_last, unsigned char out[AEAD_NONCE_LEN])
{
	memset(out, 0, AEAD_NONCE_LEN);
	for (int i = 0; i < 8; i++)
		out[10 - i] = (unsigned char)(index >> (8 * i));
	out[11] = is_last;
}

void age_seal(const struct age_file *f, uint64_t index, bool is_last, const void *plain, size_t len,
	void *out)
{
	unsigned char nonce[AEAD_NONCE_LEN];
	nonce_of(index, is_last, nonce);
	aead_seal(f->key, nonce, plain, len, out);
}

bool age_open(const struct age_file *f, uint64_t index, bool is_last, const void *sealed,
	size_t len, void *out)
{
	unsigned char nonce[AEAD_NONCE_LEN];
	nonce_of(index, is_last, nonce);
	return aead_open(f->key, nonce, sealed, len, out);
}
