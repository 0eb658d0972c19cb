# shellcheck shell=bash
# Sourced by the scripts beside it that start servers for the tests on loopback.

# wait_until SECONDS COMMAND...
wait_until() {
	local end=$((SECONDS + $1))
	until "${@:2}"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# free_port: another one in ports, below the ephemeral ones and above those that an OSD takes for itself.
ports=()
free_port() {
	local port
	while :; do
		port=$((RANDOM % 12000 + 20000))
		[[ " ${ports[*]} " == *" $port "* ]] && continue
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	ports+=("$port")
}

# pid_of FILE CONF: of the process with that configuration. A pid file outlives its process and a
# zombie keeps its pid: only the command line is proof.
pid_of() {
	local pid
	pid=$(cat "$1" 2>/dev/null) && [[ -n $pid ]] &&
		tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF "$2" && echo "$pid"
}

is_gone() { ! pid_of "$@" >/dev/null; }

# end_now FILE CONF: at once, since nothing is kept.
end_now() {
	local pid
	pid=$(pid_of "$@") || return 0
	kill -9 "$pid" 2>/dev/null || true
	wait_until 10 is_gone "$@" || { echo "process $pid of $1 does not end" >&2; return 1; }
}
