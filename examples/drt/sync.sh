#!/usr/bin/env bash
# Runs the syncs on a published file: sync.sh <published/activation.duckdb> [options of `drt run`, such as --dry-run].
# drt opens a DuckDB file for writing and looks for profiles in ~/.drt. So it gets a home of its own, which only this user
# reads and which is removed at the end; the published file is never locked and stays as it was.
set -euo pipefail
published="$(realpath "${1:?Name the published file: sync.sh installations/mine/published/activation.duckdb --dry-run}")"
shift
home="$(mktemp -d)"
trap 'rm -rf "$home"' EXIT
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir "$home/.drt"
cp profiles.yml "$home/.drt/"
cp -r drt_project.yml syncs "$home"
install -m 600 "$published" "$home/activation.duckdb"
cd "$home"
HOME="$home" drt run "$@"
