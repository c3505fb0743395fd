#!/bin/sh
# Exports all feeds, hands each new committed run over and acknowledges it. Called again it goes on where it stopped: what
# was acknowledged is not sent twice, and what was not is sent again.
set -u
connector="${1:?Name the connector whose installation is exported: hand_over.sh mine}"
export_audiences=".venv/bin/python scripts/export_audiences.py"

# replace by what takes a file to your platform: an upload by SFTP, a vendor's command line
send() {
    echo "send $1"
}

$export_audiences export --connector "$connector"
code=$?
case $code in
    0) ;;
    3) echo "A guard stopped a feed: look at its numbers, then export it with --accept. Withdrawals went out." >&2 ;;
    5) echo "Another export is running: the next call goes on." >&2; exit 5 ;;
    *) echo "Nothing is handed over before somebody has looked (exit code $code)." >&2; exit "$code" ;;
esac

# a run without a manifest does not exist; the date and the id are folders, and a feed says what it acknowledged
for manifest in "installations/$connector/exports"/*/*/*/manifest.json; do
    run=$(dirname "$manifest")
    run_id=$(basename "$run")
    feed=$(dirname "$(dirname "$run")")
    if [ -e "$run/purged.json" ] || grep -qs "\"$run_id\"" "$feed/acknowledged.json"; then
        continue
    fi
    $export_audiences verify "$manifest" --connector "$connector" || exit 4
    for file in "$run"/*__full*.* "$run"/*__removed.* "$run"/*__changed.* "$run"/*__added.*; do
        if [ -e "$file" ]; then
            send "$file" || exit 1
        fi
    done
    $export_audiences ack "$run_id" --connector "$connector" || exit 4
done
exit $code
