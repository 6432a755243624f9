# Telling the Regression Tracker of a build from an "Execute shell" step, with curl alone.
#
# Paste the two functions at the top of the step, or source this file there, and then either
#
#     trap tell EXIT        # before the tests: the reports are sent also when the step fails
#
# or, as the last line of the step,
#
#     knock                 # "look at this build soon": nothing is sent but its name
#
# TRACKER_URL and TRACKER_TOKEN come from the job: the token from a credential that is bound to the
# variable. Where the tracker reads several controllers, TRACKER_SERVER names this one as it does.
# TRACKER_FILES are the reports, as the shell's patterns; out/*.xml where it is not set.
#
# The token goes to curl in a here-document: neither "sh -x" nor the list of processes shows it.
# Nothing here changes how the build ends.

knock() {
    curl -fsS --max-time 10 --retry 2 --retry-max-time 20 -o /dev/null -K - \
        --data-urlencode "job=$JOB_NAME" --data-urlencode "number=$BUILD_NUMBER" \
        --data-urlencode "url=${BUILD_URL:-}" --data-urlencode "server=${TRACKER_SERVER:-}" \
        "$TRACKER_URL/api/v1/hooks/jenkins" <<END || true
header = "Authorization: Bearer $TRACKER_TOKEN"
END
}

tell() {
    set --
    quote='"'
    for file in ${TRACKER_FILES:-out/*.xml}; do
        if [ -f "$file" ]; then
            set -- "$@" -F "file=@$quote$file$quote;filename=$quote$file$quote"
        fi
    done
    if [ $# -eq 0 ]; then
        knock
        return
    fi
    # Asks whether the tracker is there, and lets curl encode what the address of the upload holds.
    asked=$(curl -fsS --max-time 10 -o /dev/null -w '%{url_effective}' -G \
        --data-urlencode "job=$JOB_NAME" --data-urlencode "build=$BUILD_NUMBER" \
        --data-urlencode "url=${BUILD_URL:-}" --data-urlencode "server=${TRACKER_SERVER:-}" \
        "$TRACKER_URL/health/live") || return 0
    fail=--fail-with-body # why a report was refused belongs into the log; older than 7.76 has none
    curl $fail --version >/dev/null 2>&1 || fail=--fail
    curl $fail -sS --max-time 60 --retry 2 --retry-max-time 60 -g -H "Accept: text/plain" -K - "$@" \
        "$TRACKER_URL/api/v1/ingest?${asked#*\?}" <<END || true
header = "Authorization: Bearer $TRACKER_TOKEN"
END
}
