/* What S3 allows in the documents that configure a bucket or describe an object. */
#include "core/json.h"
#include "core/parse.h"
#include "core/s3_change.h"
#include "core/s3_document.h"
#include "core/xml.h"

#include <stdio.h>
#include <string.h>

enum { POLICY_MAX = 20 << 10, CORS_RULES_MAX = 100, BUCKET_TAGS_MAX = 50 };

/* "Policies and permissions in Amazon S3": what each statement has to have. */
static enum s3t_rc check_statement(const struct json_doc *json, size_t i, struct s3t_err *err)
{
	static const char *const needed[][2] = {{"Principal", "NotPrincipal"},
		{"Action", "NotAction"}, {"Resource", "NotResource"}};
	const char *effect = json_doc_string_at(json, "Statement", i, "Effect");
	if (!effect || (strcmp(effect, "Allow") != 0 && strcmp(effect, "Deny") != 0))
		return s3t_fail(err, S3T_INVALID,
			"The \"Effect\" of statement %zu is neither \"Allow\" nor \"Deny\".",
			i + 1);
	for (size_t k = 0; k < sizeof needed / sizeof *needed; k++)
		if (!json_doc_has_at(json, "Statement", i, needed[k][0]) &&
			!json_doc_has_at(json, "Statement", i, needed[k][1]))
			return s3t_fail(err, S3T_INVALID, "Statement %zu has no \"%s\".", i + 1,
				needed[k][0]);
	return S3T_OK;
}

static enum s3t_rc check_policy(struct strview text, struct s3t_err *err)
{
	struct json_doc *json = json_doc_parse(text);
	struct strbuf compact;
	strbuf_init(&compact);
	(void)json_compact(text, &compact); /* as it is sent */
	const char *version = json ? json_doc_string(json, "Version") : NULL;
	size_t count = json ? json_doc_count(json, "Statement") : 0;
	enum s3t_rc rc = S3T_OK;
	if (!count)
		rc = s3t_fail(err, S3T_INVALID,
			"A policy is a JSON object with a \"Statement\"; this is none.");
	else if (version && strcmp(version, "2012-10-17") != 0 &&
		 strcmp(version, "2008-10-17") != 0)
		rc = s3t_fail(err, S3T_INVALID,
			"A policy's \"Version\" is \"2012-10-17\" (or \"2008-10-17\").");
	else if (compact.len > POLICY_MAX)
		rc = s3t_fail(err, S3T_INVALID, "A policy has at most 20 KB; this one has %zu.",
			compact.len);
	for (size_t i = 0; i < count && rc == S3T_OK; i++)
		rc = check_statement(json, i, err);
	strbuf_deinit(&compact);
	json_doc_free(json);
	return rc;
}

struct cors_check {
	unsigned rules, origins, methods;
	char problem[160]; /* the first */
};

static void on_cors_leaf(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	static const char *const allowed[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};
	struct cors_check *c = arg;
	struct strview value = sv_trim(text);
	char problem[sizeof c->problem] = "";
	(void)depth;
	if (sv_eq(name, SV("AllowedOrigin"))) {
		size_t star = sv_find(value, '*');
		c->origins++;
		if (star < value.len &&
			sv_find(sv_from(value, star + 1), '*') < value.len - star - 1)
			snprintf(problem, sizeof problem, "An origin has at most one '*'.");
	} else if (sv_eq(name, SV("MaxAgeSeconds"))) {
		uint64_t seconds;
		if (!parse_u64(value, &seconds) || seconds > INT32_MAX)
			snprintf(problem, sizeof problem,
				"<MaxAgeSeconds> is a whole number of seconds.");
	} else if (sv_eq(name, SV("AllowedMethod"))) {
		bool ok = false;
		for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
			ok |= sv_eq(value, sv(allowed[i]));
		if (!ok)
			snprintf(problem, sizeof problem,
				"'%.*s' is none of the methods GET, PUT, POST, DELETE, HEAD.",
				(int)(value.len < 20 ? value.len : 20), value.data);
		c->methods++;
	} else if (sv_eq(name, SV("CORSRule"))) {
		c->rules++;
		if (!c->origins || !c->methods)
			snprintf(problem, sizeof problem, "Rule %u has no <%s>.", c->rules,
				c->origins ? "AllowedMethod" : "AllowedOrigin");
		c->origins = c->methods = 0;
	} else if (sv_eq(parent, SV("CORSRule")) && !sv_eq(name, SV("ID")) &&
		   !sv_eq(name, SV("AllowedHeader")) && !sv_eq(name, SV("ExposeHeader")) &&
		   !sv_eq(name, SV("MaxAgeSeconds"))) {
		snprintf(problem, sizeof problem, "A rule has no <%.*s>.",
			(int)(name.len < 60 ? name.len : 60), name.data);
	}
	if (!c->problem[0])
		memcpy(c->problem, problem, sizeof problem);
}

/* "CORS configuration": 1 to 100 rules, each with origins and methods. */
static enum s3t_rc check_cors(struct strview text, struct s3t_err *err)
{
	struct cors_check c = {.rules = 0};
	struct xml_handler handler = {.close = on_cors_leaf, .arg = &c};
	enum s3t_rc rc = xml_parse(text, &handler, NULL, err);
	if (rc == S3T_OK && c.problem[0])
		rc = s3t_fail(err, S3T_INVALID, "%s", c.problem);
	else if (rc == S3T_OK && (c.rules == 0 || c.rules > CORS_RULES_MAX))
		rc = s3t_fail(err, S3T_INVALID, "There are 1 to 100 rules; here are %u.", c.rules);
	return rc;
}

/* --- tags --- */

struct tags_check {
	struct s3_changes seen; /* the keys, as names */
	struct strbuf key, value;
	size_t count;
	enum s3t_rc rc;
	struct s3t_err *err;
};

static void on_tag(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct tags_check *c = arg;
	bool is_key = sv_eq(name, SV("Key"));
	(void)depth;
	if (c->rc != S3T_OK)
		return;
	if (sv_eq(parent, SV("Tag")) && (is_key || sv_eq(name, SV("Value")))) {
		strbuf_reset(is_key ? &c->key : &c->value);
		strbuf_add_sv(is_key ? &c->key : &c->value, text);
		return;
	}
	if (!sv_eq(name, SV("Tag")))
		return;
	struct strbuf tag;
	strbuf_init(&tag);
	strbuf_add_str(&tag, "tag.");
	strbuf_add_sv(&tag, strbuf_view(&c->key));
	/* a bucket has those of the service, which it wants back as they are */
	if (sv_starts_with(strbuf_view(&c->key), SV("aws:")))
		c->rc = S3T_OK;
	else if (s3_changes_get(&c->seen, tag.data))
		c->rc = s3t_fail(c->err, S3T_INVALID, "A tag's key is there twice.");
	else
		c->rc = s3_changes_add(&c->seen, strbuf_view(&tag), strbuf_view(&c->value), c->err);
	strbuf_deinit(&tag);
	strbuf_reset(&c->key);
	strbuf_reset(&c->value);
	c->count++;
}

/* "Using cost allocation S3 bucket tags", "Categorizing your storage using tags". */
static enum s3t_rc check_tagging(
	const struct s3_document *d, struct strview text, struct s3t_err *err)
{
	size_t most = d->key.len ? S3_TAGS_MAX : BUCKET_TAGS_MAX;
	struct tags_check c = {.rc = S3T_OK, .err = err};
	struct xml_handler handler = {.close = on_tag, .arg = &c};
	strbuf_init(&c.key);
	strbuf_init(&c.value);
	enum s3t_rc rc = xml_parse(text, &handler, NULL, err);
	if (rc == S3T_OK)
		rc = c.rc;
	if (rc == S3T_OK && c.count > most)
		rc = s3t_fail(err, S3T_INVALID, "%s has at most %zu tags; here are %zu.",
			d->key.len ? "An object" : "A bucket", most, c.count);
	s3_changes_deinit(&c.seen);
	strbuf_deinit(&c.key);
	strbuf_deinit(&c.value);
	return rc;
}

/* --- elements with few values --- */

enum { WORDS_MAX = 6 };

static const struct value_rule {
	const char *document, *element;
	const char *words[WORDS_MAX]; /* none: a number */
	uint32_t most;                /* of a number, from 1 */
	bool is_needed;
} value_rules[] = {
	{"versioning", "Status", {"Enabled", "Suspended"}, 0, true},
	{"versioning", "MfaDelete", {"Enabled", "Disabled"}, 0, false},
	{"encryption", "SSEAlgorithm", {"AES256", "aws:kms", "aws:kms:dsse"}, 0, false},
	{"encryption", "BucketKeyEnabled", {"true", "false"}, 0, false},
	{"object-lock", "ObjectLockEnabled", {"Enabled"}, 0, true},
	{"object-lock", "Mode", {"GOVERNANCE", "COMPLIANCE"}, 0, false},
	{"object-lock", "Days", {NULL}, 36500, false},
	{"object-lock", "Years", {NULL}, 100, false},
	{"acl", "Permission", {"FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP"}, 0, false},
	{"logging", "Permission", {"FULL_CONTROL", "READ", "WRITE"}, 0, false},
	{"website", "Protocol", {"http", "https"}, 0, false},
	{"publicAccessBlock", "BlockPublicAcls", {"true", "false"}, 0, false},
	{"publicAccessBlock", "IgnorePublicAcls", {"true", "false"}, 0, false},
	{"publicAccessBlock", "BlockPublicPolicy", {"true", "false"}, 0, false},
	{"publicAccessBlock", "RestrictPublicBuckets", {"true", "false"}, 0, false},
	{"ownershipControls", "ObjectOwnership",
		{"BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced"}, 0, true},
};
enum { VALUE_RULES = sizeof value_rules / sizeof *value_rules };

struct values_check {
	const char *document;
	unsigned seen[VALUE_RULES];
	enum s3t_rc rc;
	struct s3t_err *err;
};

static enum s3t_rc check_value(
	const struct value_rule *rule, struct strview text, struct s3t_err *err)
{
	char list[128] = "";
	uint64_t n;
	if (rule->most)
		return parse_u64(text, &n) && n >= 1 && n <= rule->most
			       ? S3T_OK
			       : s3t_fail(err, S3T_INVALID, "<%s> is a whole number from 1 to %u.",
					 rule->element, rule->most);
	for (size_t i = 0; i < WORDS_MAX && rule->words[i]; i++) {
		size_t used = strlen(list);
		if (sv_eq(text, sv(rule->words[i])))
			return S3T_OK;
		snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", rule->words[i]);
	}
	return s3t_fail(err, S3T_INVALID, "<%s> is one of %s.", rule->element, list);
}

static void on_value(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct values_check *c = arg;
	(void)depth;
	(void)parent;
	for (size_t i = 0; i < VALUE_RULES && c->rc == S3T_OK; i++) {
		const struct value_rule *rule = &value_rules[i];
		if (strcmp(rule->document, c->document) != 0 || !sv_eq(name, sv(rule->element)))
			continue;
		c->seen[i]++;
		c->rc = check_value(rule, sv_trim(text), c->err);
	}
}

static enum s3t_rc check_values(
	const struct s3_document *d, struct strview text, struct s3t_err *err)
{
	struct values_check c = {.document = d->name, .rc = S3T_OK, .err = err};
	struct xml_handler handler = {.close = on_value, .arg = &c};
	unsigned periods = 0;
	enum s3t_rc rc = xml_parse(text, &handler, NULL, err);
	if (rc == S3T_OK)
		rc = c.rc;
	for (size_t i = 0; i < VALUE_RULES && rc == S3T_OK; i++) {
		const struct value_rule *rule = &value_rules[i];
		periods += rule->most ? c.seen[i] : 0;
		if (rule->is_needed && !c.seen[i] && strcmp(rule->document, d->name) == 0)
			rc = s3t_fail(err, S3T_INVALID, "It has no <%s>.", rule->element);
	}
	if (rc == S3T_OK && periods > 1)
		rc = s3t_fail(err, S3T_INVALID, "A retention has <Days> or <Years>, not both.");
	return rc;
}

enum s3t_rc s3_document_check(const struct s3_document *d, struct strview text, struct s3t_err *err)
{
	char root[64];
	if (!d->root)
		return check_policy(text, err);
	if (xml_parse(text, NULL, root, NULL) != S3T_OK)
		return s3t_fail(err, S3T_INVALID, "It is no well-formed XML document.");
	if (strcmp(root, d->root) != 0)
		return s3t_fail(err, S3T_INVALID, "Its root is <%.60s>, not <%s>.", root, d->root);
	if (strcmp(d->name, "cors") == 0)
		return check_cors(text, err);
	return strcmp(d->name, "tagging") == 0 ? check_tagging(d, text, err)
					       : check_values(d, text, err);
}
