#!/usr/bin/env bash
# Compares a stack with the cloud and with this commit, and writes what differs into the summary of the job.
# Usage: drift.sh ORGANIZATION/STACK, with Pulumi's and the providers' keys in the environment.
# Ends with 1 where something differs or could not be compared: Pulumi tells the two apart in its text alone.
set -euo pipefail

stack="$1"
found="$(mktemp)"
trap 'rm -f "$found"' EXIT
result=0

compare() {
  local same="$1" other="$2"
  shift 2
  if pulumi "$@" --expect-no-changes --diff --non-interactive --color never --stack "$stack" > "$found" 2>&1; then
    printf '%s: %s.\n\n' "$stack" "$same" >> "$GITHUB_STEP_SUMMARY"
  else
    result=1
    # A summary holds 1 MiB; what Pulumi concludes stands at the end.
    printf '### %s: %s\n\n```\n%s\n```\n\n' "$stack" "$other" "$(tail -c 200000 "$found")" >> "$GITHUB_STEP_SUMMARY"
  fi
  cat "$found"
}

# To compare a secret's value the provider would have to read it.
compare "nobody changed it but Pulumi" "changed by something else than Pulumi" \
  refresh --preview-only --exclude '**aws:secretsmanager/secretVersion:SecretVersion::**'
compare "it is as this commit says" "not as this commit says" preview --policy-pack policies
exit "$result"
