#!/usr/bin/env bash
# Tests documents.sh: a small project passes, and each fault put into a copy of it is found.
# Usage: documents_test.sh DOCUMENTS_SCRIPT
set -euo pipefail
script=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A program that knows one command and prints what looks like a result.
mkdir -p "$work/good/"{doc,examples/deep}
cat >"$work/program" <<'END'
#!/bin/sh
[ "$1" = minimize ] && printf 'best   f = 1e-3\nminima 12 distinct\ntime   3 s\n'
END
chmod +x "$work/program"
cd "$work/good"
echo 'int main() {}' >examples/main.cpp
echo 'key = 1' >examples/deep/file.toml
printf '    demo)\n        build/release/lanewise minimize x \\\n            --starts 5\n        ;;\n' >dev
cat >README.md <<'END'
# A project
See [the page](doc/page.md#a-page-its-heading), [this](#a-project), [`code`](examples/main.cpp) and [the net](https://example.org/none).
Code like `[x](y)` is no link.
```sh
lanewise minimize x \
    --starts 5
cat examples/main.cpp
```
```
best   f = 7.25
  ...
time   100 ms
```
```cpp
int main() {}
```
```toml
key = 1
```
END
printf '# A `page`: its heading\n[Back](../README.md)\n' >doc/page.md
echo 'The examples are `examples/*.cpp`; `build/release` is not looked for.' >HACKING.md

bash "$script" "$work/good" "$work/program" || { echo "the project without faults does not pass"; exit 1; }

# The fault is a command for a copy of the project.
finds() { # MESSAGE FAULT
    rm -rf "$work/bad"
    cp -r "$work/good" "$work/bad"
    (cd "$work/bad" && bash -euc "$2")
    if output=$(bash "$script" "$work/bad" "$work/program"); then
        echo "not found: $2"
        exit 1
    fi
    grep -qF -e "$1" <<<"$output" || { echo "found for another reason: $2"; echo "$output"; exit 1; }
}

append() { echo "printf '$2' >>$1"; }
finds 'doc/page.md: a command does not succeed' "$(append doc/page.md '```sh\nlanewise evaluate\n```\n')"
finds 'doc/page.md: a command does not succeed' "$(append doc/page.md '```sh\nlanewise evaluate | cat\nlanewise minimize\n```\n')"
finds 'HACKING.md: a command does not succeed' "$(append HACKING.md '```sh\n./dev test\n```\n')"
finds 'HACKING.md: a command does not succeed' 'sed -i "s/^cat/touch left;cat/" README.md; printf "%s\n" "\`\`\`sh" "cat left" "\`\`\`" >>HACKING.md'
finds 'README.md: this cpp block is not' 'sed -i "s/^int main.*/int main() { }/" README.md'
finds 'doc/page.md: this toml block is not' "$(append doc/page.md '```toml\nkey = 2\n```\n')"
finds "doc/page.md: a block in the language 'bash'" "$(append doc/page.md '```bash\nfalse\n```\n')"
finds 'doc/page.md: a block is not closed' "$(append doc/page.md '```sh\n')"
finds 'README.md: the link to doc/page.md#a-page-its-heading leads nowhere' 'rm doc/page.md; touch doc/other.md'
finds 'README.md: the link to doc/page.md#a-page-its-heading leads to no heading' 'sed -i s/its/another/ doc/page.md'
finds 'doc/page.md: the link to README.md leads nowhere' 'sed -i s,../README,README, doc/page.md'
finds 'doc/page.md: the link to ../../program leads nowhere' "$(append doc/page.md '[x](../../program)\n')"
finds 'doc/page.md: the link to no.png leads nowhere' "$(append doc/page.md '[x]\n\n[x]: no.png\n')"
finds 'HACKING.md: the link to no.png leads nowhere' "$(append HACKING.md '<img src="no.png">\n')"
finds 'HACKING.md: there is no src/gone.cpp' "$(append HACKING.md 'It is in `src/gone.cpp`.\n')"
finds 'README.md has 12289 bytes' 'printf "%*s" $((12289 - $(wc -c <README.md))) "" >>README.md'
finds 'README.md: the command of ./dev demo is missing' 'sed -i "s/--starts 5/--starts 6/" dev'
finds 'README.md: the output of ./dev demo is missing' 'sed -i "s/^best/last/" README.md'
finds "README.md: output of ./dev demo has no line like 'best x = #'" 'sed -i "s/^best   f/best   x/" README.md'
finds 'there is no toml block in any page' 'sed -i "s/^.*toml$/\`\`\`/" README.md'
