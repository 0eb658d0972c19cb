/*
 * The one table of options of s3tui.ini: section, key, type, field of struct settings, default as
 * it would be written in the file, lower and upper bound (numbers) or the allowed words (WORD),
 * help. Reading, checking, overriding by profile, s3tui.ini.example and its test come from here.
 *
 * DEFAULT options stand in [default] and [profile NAME]; the others in [upload] … and
 * [profile NAME.upload] …; UI ones only in [ui].
 */
#ifndef CORE_CONFIG_SCHEMA_H
#define CORE_CONFIG_SCHEMA_H

#define CONFIG_CLASSES                                                                    \
	"STANDARD|REDUCED_REDUNDANCY|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|GLACIER|" \
	"GLACIER_IR|DEEP_ARCHIVE"

/* X(section, key, type, field, default, min, max, words, help) */
#define CONFIG_SCHEMA(X)                                                                           \
	X("default", "endpoint", STRING, endpoint, "", 0, 0, NULL,                                 \
		"URL of the service; empty: Amazon's, by region")                                  \
	X("default", "region", STRING, region, "us-east-1", 0, 0, NULL, "region to sign for")      \
	X("default", "default_bucket", STRING, default_bucket, "", 0, 0, NULL,                     \
		"opened when no location is given; s3:///key means a key in it")                   \
	X("default", "buckets", STRING, buckets, "", 0, 0, NULL,                                   \
		"names, with commas, for the list of buckets of who may not list them")            \
	X("default", "access_key_id", SECRET, access_key_id, "", 0, 0, NULL, "access key")         \
	X("default", "secret_access_key", SECRET, secret_access_key, "", 0, 0, NULL,               \
		"secret key; better from ${VARIABLE} or credential_process")                       \
	X("default", "session_token", SECRET, session_token, "", 0, 0, NULL,                       \
		"token of temporary credentials")                                                  \
	X("default", "credential_process", STRING, credential_process, "", 0, 0, NULL,             \
		"command that prints credentials as JSON (AWS's credential_process)")              \
	X("default", "force_path_style", WORD, force_path_style, "auto", 0, 0, "auto|true|false",  \
		"true: host/bucket/key; false: bucket.host/key; auto: by service")                 \
	X("default", "storage_class", WORD, storage_class, "STANDARD", 0, 0, CONFIG_CLASSES,       \
		"class of new objects; StandardIA and STANDARD_IA are both understood")            \
	X("default", "versioning", BOOL, versioning, "false", 0, 0, NULL,                          \
		"show versions by default")                                                        \
	X("default", "timeout", DURATION, timeout_ms, "5m", 1, 86400000, NULL,                     \
		"bound of one request without a streamed body, Complete and Copy included")        \
	X("default", "request_payer", BOOL, request_payer, "false", 0, 0, NULL,                    \
		"accept to pay for requests in requester-pays buckets")                            \
	X("default", "readonly", BOOL, readonly, "false", 0, 0, NULL,                              \
		"refuse every request that would change something")                                \
	X("default", "color", WORD, frame_color, "none", 0, 0,                                     \
		"none|red|green|yellow|blue|magenta|cyan",                                         \
		"colour of the frame of panes that show this profile")                             \
	X("default", "dualstack", BOOL, dualstack, "false", 0, 0, NULL, "Amazon's IPv6 endpoints") \
	X("default", "fips", BOOL, fips, "false", 0, 0, NULL, "Amazon's FIPS endpoints")           \
	X("default", "accelerate", BOOL, accelerate, "false", 0, 0, NULL,                          \
		"Amazon's transfer acceleration")                                                  \
	X("upload", "multipart_threshold", SIZE, multipart_threshold, "16MiB", 5242880,            \
		5368709120, NULL, "files of this size and more go in parts")                       \
	X("upload", "part_size", SIZE, part_size, "auto", 5242880, 5368709120, NULL,               \
		"size of a part; raised where 10,000 parts would not suffice")                     \
	X("upload", "max_concurrent_parts", COUNT, max_concurrent_parts, "auto", 1, 256, NULL,     \
		"ceiling of parallel uploads")                                                     \
	X("upload", "compress", WORD, compress, "off", 0, 0, "off|gzip|zstd",                      \
		"compress while uploading")                                                        \
	X("upload", "checksum", BOOL, checksum, "true", 0, 0, NULL,                                \
		"prove that what arrived is what was sent")                                        \
	X("upload", "checksum_algorithm", WORD, checksum_algorithm, "auto", 0, 0,                  \
		"auto|etag|crc64nvme",                                                             \
		"what proves: auto by service; crc64nvme only where check --write says so")        \
	X("download", "parallel", BOOL, parallel, "true", 0, 0, NULL,                              \
		"fetch large objects in several ranges at once")                                   \
	X("download", "chunk_size", SIZE, chunk_size, "auto", 65536, 5368709120, NULL,             \
		"size of a range")                                                                 \
	X("download", "max_concurrent_chunks", COUNT, max_concurrent_chunks, "auto", 1, 256, NULL, \
		"ceiling of parallel downloads")                                                   \
	X("download", "verify_checksum", BOOL, verify_checksum, "true", 0, 0, NULL,                \
		"check what was fetched against the object's checksum or ETag")                    \
	X("retry", "max_attempts", COUNT, max_attempts, "3", 1, 100, NULL,                         \
		"tries in a row without a new byte")                                               \
	X("retry", "initial_delay", DURATION, initial_delay_ms, "100ms", 0, 3600000, NULL,         \
		"upper bound of the first pause; doubled each time, drawn at random")              \
	X("retry", "max_delay", DURATION, max_delay_ms, "10s", 0, 3600000, NULL,                   \
		"upper bound of any pause")                                                        \
	X("network", "connect_timeout", DURATION, connect_timeout_ms, "10s", 1, 3600000, NULL,     \
		"bound of connecting, TLS included")                                               \
	X("network", "low_speed_limit", SIZE, low_speed_limit, "1", 0, 1073741824, NULL,           \
		"bytes a second below which a transfer counts as stalled")                         \
	X("network", "low_speed_time", DURATION, low_speed_time_ms, "30s", 0, 3600000, NULL,       \
		"how long a transfer may stay below low_speed_limit")                              \
	X("network", "give_up_after", DURATION, give_up_after_ms, "2m", 1, 86400000, NULL,         \
		"bound of all tries without progress")                                             \
	X("network", "max_connections", COUNT, max_connections, "auto", 1, 256, NULL,              \
		"ceiling of connections that transfers keep to an endpoint")                       \
	X("network", "ca_bundle", STRING, ca_bundle, "", 0, 0, NULL,                               \
		"file of certificates to trust instead of the system's")                           \
	X("network", "proxy", STRING, proxy, "", 0, 0, NULL,                                       \
		"proxy URL; empty: the environment's; never used for loopback")                    \
	X("encryption", "type", WORD, encryption_type, "none", 0, 0,                               \
		"none|SSE_S3|SSE_KMS|SSE_C|ClientSide", "how new objects are encrypted")           \
	X("encryption", "kms_key_id", STRING, kms_key_id, "", 0, 0, NULL, "key for SSE_KMS")       \
	X("encryption", "kms_context", STRING, kms_context, "", 0, 0, NULL,                        \
		"encryption context for SSE_KMS, as JSON")                                         \
	X("encryption", "sse_c_key_file", STRING, sse_c_key_file, "", 0, 0, NULL,                  \
		"file with the 32 bytes of the SSE_C key, raw or base64")                          \
	X("encryption", "sse_c_key_command", STRING, sse_c_key_command, "", 0, 0, NULL,            \
		"command that prints the SSE_C key")                                               \
	X("encryption", "sse_c_algorithm", WORD, sse_c_algorithm, "AES256", 0, 0, "AES256",        \
		"cipher of SSE_C")                                                                 \
	X("encryption", "client_recipients", STRING, client_recipients, "", 0, 0, NULL,            \
		"age1… recipients, comma-separated")                                               \
	X("encryption", "client_identity_file", STRING, client_identity_file, "", 0, 0, NULL,      \
		"age identity for reading; it may be encrypted itself with a passphrase")          \
	X("encryption", "client_passphrase_command", STRING, client_passphrase_command, "", 0, 0,  \
		NULL,                                                                              \
		"command that prints a passphrase: of an encrypted identity file, else of "        \
		"objects")                                                                         \
	X("ui", "theme", WORD, theme, "auto", 0, 0, "auto|dark|light",                             \
		"colours for a dark or a light ground; auto: by $COLORFGBG, else dark")            \
	X("ui", "ascii", WORD, ascii, "auto", 0, 0, "auto|true|false",                             \
		"draw with ASCII characters only; auto: by locale and terminal")                   \
	X("ui", "mouse", BOOL, mouse, "true", 0, 0, NULL,                                          \
		"clicks, wheel and drag; false: the terminal's own selection")                     \
	X("ui", "bell", BOOL, bell, "true", 0, 0, NULL,                                            \
		"ring when transfers end that took longer than ten seconds")                       \
	X("ui", "health_check", DURATION, health_check_ms, "1m", 0, 86400000, NULL,                \
		"how long a connection that is shown may be idle before it is asked whether it "   \
		"still answers; 0: never")                                                         \
	X("ui", "color", WORD, color, "auto", 0, 0, "auto|off",                                    \
		"auto: as many as the terminal has, none under NO_COLOR")

#endif
