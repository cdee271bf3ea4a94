#!/usr/bin/env bash
# Runs what the README shows: every `lanewise ...` command of its sh blocks has to succeed, and every cpp block has to
# be the text of an example, which is compiled and run by its own test. So has every toml block, which is run here.
# Usage: readme.sh SOURCE_DIR PROGRAM
set -euo pipefail
source_dir=$1
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$program" "$work/lanewise"
cp -r "$source_dir/examples" "$work"
cd "$work"
PATH=$work:$PATH

awk '/^```sh$/ {inside = 1; next} /^```$/ {inside = 0} inside' "$source_dir/README.md" >commands
awk '/\\$/ {sub(/\\$/, ""); printf "%s", $0; next} {print}' commands | grep '^lanewise ' >joined
count=0
while IFS= read -r command; do
    echo "+ $command"
    bash -c "$command"
    count=$((count + 1))
done <joined
[ "$count" -ge 5 ] || { echo "only $count commands found in the README"; exit 1; }

for language in cpp toml; do
    awk -v fence="\`\`\`$language" -v out="block.$language." \
        '$0 == fence {inside = 1; n++; next} /^```$/ {inside = 0} inside {print > (out n)}' "$source_dir/README.md"
    for block in block."$language".*; do
        found=
        for example in "$source_dir"/examples/{,*/}*."$language"; do
            cmp -s "$block" "$example" && found=$example
        done
        [ -n "$found" ] || { echo "this $language block of the README is not an example's text:"; cat "$block"; exit 1; }
        echo "= $found"
    done
done
