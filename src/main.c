/*
 * Wires the layers: command line, global set-up of the process, then a headless command or the
 * browser, which --demo opens on two places of its own.
 */
#include "cli/browse.h"
#include "cli/cli.h"
#include "core/crypto.h"
#include "core/http.h"
#include "core/mime.h"
#include "core/os_linux.h"
#include "core/xml.h"
#include "ui/ui.h"

#ifdef S3TUI_DEMO
#include "cli/demo.h"
#include "sandbox/sandbox.h"
#endif

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A closed 0, 1 or 2 would become the next file that is opened, and be written to. */
static void open_standard_files(void)
{
	int fd;
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Memory holds secrets: no core dumps, no reading by other processes of this user. */
static void harden(void)
{
	struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a file above the limit is an error of write() */
}

static int run_ui(const struct cli_options *options, struct cli_browser *b, struct ui_options *ui)
{
	struct s3t_err err;
	ui->config = b->config;
	ui->profile = b->profile;
	ui->local = b->local;
	ui->s3 = b->s3;
	ui->left = (struct ui_place){b->left_location, strbuf_view(&b->left)};
	ui->right = (struct ui_place){b->right_location, strbuf_view(&b->right)};
	ui->workers = options->jobs;
	ui->bytes_per_second = options->limit_rate;
	ui->warnings = b->warnings.len ? b->warnings.data : NULL;
	enum s3t_rc rc = ui_run(ui, &err);
	if (rc == S3T_OK)
		return CLI_EXIT_OK;
	if (rc == S3T_CANCELLED) /* by a signal */
		return CLI_EXIT_SIGNAL + (err.sys_errno ? err.sys_errno : SIGTERM);
	cli_complain("%s", err.message);
	return rc == S3T_CONFIG ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
}

static int demo(const struct cli_options *options);
#ifdef S3TUI_DEMO
enum { HAS_DEMO = true };
#else
enum { HAS_DEMO = false };
#endif

static int browse(const struct cli_options *options)
{
	struct cli_browser b;
	bool wants_demo = false;
	struct ui_options ui = {.is_demo = false, .wants_demo = HAS_DEMO ? &wants_demo : NULL};
	int status = cli_browser_open(options, NULL, &b);
	if (status == 0)
		status = run_ui(options, &b, &ui);
	cli_browser_close(&b);
	if (!wants_demo || status)
		return status;
	struct cli_options none = *options;
	none.operand_count = 0;
	none.endpoint = none.profile = none.config = NULL;
	return demo(&none);
}

#ifdef S3TUI_DEMO

#define DEMO_BYTES_PER_SECOND ((uint64_t)60 << 20)

/* Until the browser catches signals itself, and after it: what was made has to be removed. */
static volatile sig_atomic_t demo_signal;

static void on_demo_signal(int number)
{
	demo_signal = number;
}

static void catch_demo_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_demo_signal, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		(void)sigaction(numbers[i], &action, NULL);
}

static enum s3t_rc put_object(void *arg, const char *key, struct strview data, const char *type,
	int64_t mtime_s, const char *storage_class, struct s3t_err *err)
{
	struct sandbox *sb = arg;
	if (demo_signal)
		return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	return sandbox_put_as(
		sb, sandbox_bucket(sb), sv(key), data, type, mtime_s, storage_class, err);
}

static int run_demo(const struct cli_options *options, struct sandbox *sb, const char *dir)
{
	struct cli_browser b;
	struct cli_options own = *options;
	char *url = s3t_asprintf("s3://%s/", sandbox_bucket(sb));
	const char *places[2] = {dir, url};
	char *ini = s3t_asprintf("[default]\nendpoint = %s\nregion = %s\naccess_key_id = %s\n"
				 "secret_access_key = %s\nforce_path_style = true\n",
		sandbox_endpoint(sb), sandbox_region(sb), sandbox_access_key(sb),
		sandbox_secret_key(sb));
	char *text = s3t_asprintf("Endpoint: %s\nRegion: %s\nAccess key: %s\nSecret key: %s\n"
				  "Bucket: %s\nDirectory: %s\n",
		sandbox_endpoint(sb), sandbox_region(sb), sandbox_access_key(sb),
		sandbox_secret_key(sb), sandbox_bucket(sb), dir);
	struct ui_options ui = {.is_demo = true,
		.demo_text = text,
		.demo_left_root = dir,
		.demo_right_root = url + sizeof "s3://" - 1};
	own.operands = places;
	own.operand_count = 2;
	int status = cli_browser_open(&own, ini, &b);
	if (status == 0)
		status = run_ui(&own, &b, &ui);
	cli_browser_close(&b);
	free(url);
	free(ini);
	free(text);
	return status;
}

static int demo(const struct cli_options *options)
{
	struct sandbox *sb = NULL;
	struct strbuf dir;
	struct s3t_err err;
	int status = CLI_EXIT_FAILED;
	const struct sandbox_options how = {.bytes_per_second = DEMO_BYTES_PER_SECOND};
	if (options->operand_count || options->endpoint || options->profile || options->config) {
		cli_complain("--demo opens two places of its own; it takes no others");
		return CLI_EXIT_USAGE;
	}
	strbuf_init(&dir);
	catch_demo_signals();
	enum s3t_rc rc = sandbox_start(&how, &sb, &err);
	if (rc == S3T_OK)
		rc = demo_make_dir(&dir, &demo_signal, &err);
	if (rc == S3T_OK)
		rc = demo_seed(put_object, sb, &err);
	if (rc == S3T_OK && !demo_signal)
		status = run_demo(options, sb, dir.data);
	else if (rc != S3T_OK && rc != S3T_CANCELLED)
		cli_complain("%s", err.message);
	if (demo_signal)
		status = CLI_EXIT_SIGNAL + demo_signal;
	sandbox_stop(sb);
	if (dir.len)
		demo_remove_dir(dir.data);
	strbuf_deinit(&dir);
	return status;
}

#else

static int demo(const struct cli_options *options)
{
	(void)options;
	cli_complain("this s3tui was built without the demo");
	return CLI_EXIT_USAGE;
}

#endif

static int run(const struct cli_options *options)
{
	crypto_global_init();
	os_share_heaps();
	if (!http_global_init()) {
		cli_complain("libcurl cannot be set up");
		return CLI_EXIT_FAILED;
	}
	xml_global_init();
	mime_load("/etc/mime.types");
	int status = options->command != CLI_BROWSE ? cli_run(options)
		     : options->demo                ? demo(options)
						    : browse(options);
	mime_unload();
	xml_global_cleanup();
	http_global_cleanup();
	return status;
}

int main(int argc, char **argv)
{
	struct cli_options options;
	open_standard_files();
	harden();
	int status = cli_parse(argc, argv, &options);
	if (status == 0 && options.help)
		status = cli_help(&options);
	else if (status == 0 && options.version)
		status = cli_version();
	else if (status == 0 && options.reset_terminal)
		status = cli_reset_terminal();
	else if (status == 0)
		status = run(&options);
	cli_options_deinit(&options);
	return status;
}
