# shellcheck shell=bash
# Sourced by the scripts beside it: the Debian packages they need, and how these get installed.

cmake_min=3.25

declare -A package_group=(
	[build]='gcc cmake ninja-build pkg-config ccache libncurses-dev libcurl4-openssl-dev libssl-dev
		libxml2-dev libinih-dev libcmocka-dev libjansson-dev libmicrohttpd-dev libqrencode-dev libvterm-dev
		zlib1g-dev libzstd-dev ca-certificates'
	[test]='clang zstd clang-format clang-tidy libclang-rt-14-dev radosgw ceph-mon ceph-osd ceph-common
		swift-proxy swift-account swift-container swift-object memcached
		age rclone s3cmd awscli faketime python3 python3-boto3 curl openssl tmux xvfb xterm
		imagemagick fonts-dejavu-core iproute2 util-linux valgrind'
)

# ensure_packages [--yes] GROUP...: returns with everything in place, or exits with 2 and a list of
# what is needed on stderr. Installs without asking under --yes or CI=true only.
ensure_packages() {
	local yes=${CI:-} group answer
	local -a wanted=() missing=()
	if [[ ${1:-} == --yes ]]; then
		yes=true
		shift
	fi
	for group; do
		read -rd '' -a words <<<"${package_group[$group]}" || true
		wanted+=("${words[@]}")
	done

	command -v apt-get >/dev/null ||
		packages_die 'this is not Debian or Ubuntu; needed is what they call' "${wanted[@]}"
	packages_check_cmake "${wanted[@]}"
	mapfile -t missing < <(packages_missing "${wanted[@]}")
	((${#missing[@]})) || return 0

	((EUID == 0)) || command -v sudo >/dev/null ||
		packages_die 'neither root nor sudo; an administrator has to install' "${missing[@]}"
	if [[ $yes != true ]]; then
		[[ -t 0 && -t 2 ]] || packages_die 'missing (--yes installs them):' "${missing[@]}"
		packages_list 'these packages are missing:' "${missing[@]}"
		read -rp 'install them now? [y/N] ' answer
		[[ $answer == [yY]* ]] || packages_die 'not installed:' "${missing[@]}"
	fi
	packages_install "${missing[@]}" >&2
	packages_check_cmake "${wanted[@]}"
}

packages_missing() {
	comm -23 <(printf '%s\n' "$@" | sort -u) <(dpkg-query -Wf '${db:Status-Status} ${Package}\n' "$@" \
		2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

packages_check_cmake() {
	local version
	version=$(cmake --version 2>/dev/null | awk 'NR == 1 { print $3 }') || true
	[[ -z $version ]] || dpkg --compare-versions "$version" ge "$cmake_min" ||
		packages_die "cmake is $version, needed is $cmake_min or newer, with" "$@"
}

# In a subshell, for the trap. The cluster packages would start their services: policy-rc.d says no.
packages_install() (
	policy=/usr/sbin/policy-rc.d
	as_root=()
	((EUID == 0)) || as_root=(sudo)
	if [[ ! -e $policy ]]; then
		trap '"${as_root[@]}" rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
		"${as_root[@]}" chmod 755 "$policy"
	fi
	as_root+=(env DEBIAN_FRONTEND=noninteractive)
	"${as_root[@]}" apt-get update
	"${as_root[@]}" apt-get install -y --no-install-recommends "$@"
)

packages_list() {
	printf '%s\n' "$1" >&2
	printf '%s ' "${@:2}" | fmt -w 76 | sed 's/^/    /' >&2
}

packages_die() {
	packages_list "$@"
	exit 2
}
