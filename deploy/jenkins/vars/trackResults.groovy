/**
 * Tells the Regression Tracker of this build: uploads report files, or only knocks.
 *
 *   trackResults(url: 'https://tracker.example', credentialsId: 'tracker')
 *   trackResults(url: 'https://tracker.example', credentialsId: 'tracker', files: 'out/*.xml')
 *
 * url            the tracker's address; the variable TRACKER_URL where it is left out
 * credentialsId  a "secret text" credential with a token of scope `hook`, or `ingest` with files
 * files          patterns of report files as a shell understands them; without any it only knocks
 * server         what the tracker calls this controller, where it reads several
 * seconds        how long all this may take, 60 where it is left out
 *
 * Needs a node with sh and curl. It never fails the build: what goes wrong is in the build's log.
 */
def call(Map args = [:]) {
    try {
        timeout(time: (args.seconds ?: 60) as int, unit: 'SECONDS') {
            def address = args.url ?: env.TRACKER_URL
            withCredentials([string(credentialsId: args.credentialsId, variable: 'TRACKER_TOKEN')]) {
                withEnv([
                    "TRACKER_URL=${address}",
                    "TRACKER_FILES=${args.files ?: ''}",
                    "TRACKER_SERVER=${args.server ?: ''}",
                ]) {
                    send()
                }
            }
        }
    } catch (Throwable error) {
        // Also what a missing plugin or an abort raises: results that are late are no reason to
        // lose a build. The tracker finds it when it looks at the job next.
        echo "The Regression Tracker was not told of this build: ${error}"
    }
}

// In single quotes, so that Groovy puts no secret into the text of the script.
def send() {
    sh(label: 'Tell the Regression Tracker', script: '''set +x
knock() {
    curl -fsS --max-time 10 --retry 2 --retry-max-time 20 -o /dev/null -K - --data-urlencode "job=$JOB_NAME" --data-urlencode "number=$BUILD_NUMBER" --data-urlencode "url=${BUILD_URL:-}" --data-urlencode "server=$TRACKER_SERVER" "$TRACKER_URL/api/v1/hooks/jenkins" <<END
header = "Authorization: Bearer $TRACKER_TOKEN"
END
}
quote='"'
for file in $TRACKER_FILES; do
    if [ -f "$file" ]; then
        set -- "$@" -F "file=@$quote$file$quote;filename=$quote$file$quote"
    fi
done
if [ $# -eq 0 ]; then
    knock
    exit
fi
asked=$(curl -fsS --max-time 10 -o /dev/null -w '%{url_effective}' -G --data-urlencode "job=$JOB_NAME" --data-urlencode "build=$BUILD_NUMBER" --data-urlencode "url=${BUILD_URL:-}" --data-urlencode "server=$TRACKER_SERVER" "$TRACKER_URL/health/live")
fail=--fail-with-body # why a report was refused belongs into the log; older than 7.76 has none
curl $fail --version >/dev/null 2>&1 || fail=--fail
curl $fail -sS --max-time 60 --retry 2 --retry-max-time 60 -g -H "Accept: text/plain" -K - "$@" "$TRACKER_URL/api/v1/ingest?${asked#*[?]}" <<END
header = "Authorization: Bearer $TRACKER_TOKEN"
END
''')
}
