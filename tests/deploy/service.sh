# Runs on the machine that machine.sh boots: install.sh, and what an operator does after it. Each line of
# /kept/facts is a name and what was seen. CHECKOUT and WHEELS are put in by the test.
fact() { printf '%s\t%s\n' "$1" "$(tr '\n' ' ')" >>/kept/facts; }
here=http://127.0.0.1:8000

mkdir -p /etc/regression-tracker/credentials /etc/systemd/system/regression-tracker-.service.d
printf '[Service]\nStandardOutput=append:/kept/services\nStandardError=append:/kept/services\n' \
    >/etc/systemd/system/regression-tracker-.service.d/99-log.conf
printf '11aa-secret' >/etc/regression-tracker/credentials/main
chmod 0400 /etc/regression-tracker/credentials/main

"CHECKOUT/deploy/install.sh" --wheels "WHEELS"
echo $? | fact installed
curl -sS --retry 30 --retry-delay 1 --retry-all-errors -f -o /dev/null -w '%{http_code}' $here/health/ready | fact ready
systemctl is-active regression-tracker-{web,worker,publisher}.service regression-tracker-web.socket | fact active

token=$(tracker token create ci)
printf '<testsuite name="s"><testcase classname="s" name="a"/></testsuite>' |
    curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" --data-binary @- \
        "$here/api/v1/ingest?job=nightly&build=1&name=r.xml&complete=true" | fact uploaded

for _ in $(seq 60); do
    [ -f /var/lib/regression-tracker-site/site/jobs/nightly/index.html ] && break
    sleep 1
done
runuser -u nobody -- cat /var/lib/regression-tracker-site/site/jobs/nightly/index.html | grep -c nightly | fact site
runuser -u nobody -- ls /var/lib/regression-tracker 2>&1 | fact closed

# Nobody listens on port 9: what the worker says of it shows that it had the token first.
tracker server add main http://127.0.0.1:9/ --user x --token-file credential:jenkins_main
for _ in $(seq 60); do
    tracker server list | grep -q 'cannot be' && break
    sleep 1
done
tracker server list | tail -1 | fact server
for service in web worker publisher; do
    pid=$(systemctl show -p MainPID --value regression-tracker-$service)
    nsenter -t "$pid" -m cat "/run/credentials/regression-tracker-$service.service/jenkins_main" 2>/dev/null |
        fact "token-of-$service"
    readlink "/proc/$pid/ns/net" | fact "network-of-$service"
done
readlink /proc/self/ns/net | fact network

systemctl start regression-tracker-backup
systemctl show -p Result --value regression-tracker-backup | fact backup
ls /var/lib/regression-tracker/backups/*.db | wc -l | fact backups

# asked_during FACT COMMAND...: a client asks again and again while it runs, and a bit longer; what it was told.
asked_during() {
    local name=$1 client
    shift
    rm -f /enough
    until [ -f /enough ]; do
        curl -sS -m 60 -o /dev/null -w '%{http_code} ' $here/jobs/nightly/ 2>&1
    done >"/kept/asked-$name" &
    client=$!
    "$@"
    echo $? | fact "$name"
    sleep 1
    touch /enough
    wait $client
    tr -s ' ' '\n' <"/kept/asked-$name" | sort -u | fact "answers-$name"
}

for number in 1 2 3; do asked_during "restart-$number" systemctl restart regression-tracker-web; done

# A newer version with a unit more, and back; the publisher is for another machine.
systemctl disable --now regression-tracker-publisher
mkdir /next
(cd CHECKOUT && cp -r --parents tracker plugins site_templates deploy scripts/environment.sh ./*.lock ./*.md \
    setup.cfg pyproject.toml LICENSE /next)
sed -i 's/^__version__ = .*/__version__ = "99.0.0"/' /next/tracker/__init__.py
printf '[Service]\nExecStart=/bin/sleep 600\n[Install]\nWantedBy=multi-user.target\n' \
    >/next/deploy/systemd/regression-tracker-later.service
asked_during upgrade /next/deploy/install.sh --wheels "WHEELS"
tracker version | fact upgraded
systemctl is-active regression-tracker-{web,later}.service | fact later
asked_during rollback /next/deploy/install.sh rollback
systemctl is-enabled regression-tracker-publisher regression-tracker-web | fact enabled
systemctl is-active regression-tracker-publisher | fact publisher
tracker version | fact again
systemctl is-active regression-tracker-{web,later}.service | fact without
curl -sS -o /dev/null -w '%{http_code}' $here/health/ready | fact ready-again
ls /opt/regression-tracker/*/unproven 2>/dev/null | fact unproven
# As where it had not got ready in time: the next run of the script finds that it did.
touch /opt/regression-tracker/current/unproven
"CHECKOUT/deploy/install.sh" --no-start --wheels "WHEELS"
ls /opt/regression-tracker/*/unproven 2>/dev/null | fact still-unproven

# The web socket at an address of the machine, as the guide has it.
ip address add 192.0.2.31/32 dev lo
mkdir /etc/systemd/system/regression-tracker-web.socket.d
sed -n '/^\[Socket\]$/,/^END$/{/^END$/!p}' "CHECKOUT/deploy/linux.md" \
    >/etc/systemd/system/regression-tracker-web.socket.d/10-address.conf
systemctl daemon-reload
systemctl stop regression-tracker-web.service
systemctl restart regression-tracker-web.socket
systemctl start regression-tracker-web.service
curl -sS -o /dev/null -w '%{http_code}' http://192.0.2.31:8000/health/ready | fact elsewhere
curl -sS -o /dev/null -w '%{http_code}' $here/health/ready 2>&1 | fact no-more-here

"CHECKOUT/deploy/install.sh" uninstall
systemctl list-units --no-legend --plain 'regression-tracker*' | fact left
ls /var/lib/regression-tracker/tracker.db | fact kept
