#!/usr/bin/env bash
# Checks README.md, HACKING.md and doc/*.md against the project. All of these have to hold:
#   - Every sh block succeeds. The blocks of a page run one after the other, in a fresh folder with the examples.
#   - Every cpp and toml block is the text of an example, and every c block a part of one. Examples have tests of their
#     own. Python blocks, and lines of sh blocks that begin with python or pip, are for the tests of the Python package.
#   - Every relative link leads to a file of the project, and to a heading of it where the link names one. Every path
#     that HACKING.md names as code is there.
#   - README.md has at most 12288 bytes and shows the command of `./dev demo` with output of the form it has today.
# Usage: documents.sh SOURCE_DIR PROGRAM
set -euo pipefail
source_dir=$(realpath "$1")
program=$(realpath "$2")
most_readme_bytes=12288

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/lanewise"
PATH=$work/bin:$PATH
cd "$source_dir"

failures=0
fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# Splits a page into a folder with its text, `prose`, and its blocks, NUMBER.LANGUAGE.
split_page() { # PAGE FOLDER
    mkdir -p "$2"
    awk -v out="$2" '
        BEGIN { printf "" > (out "/prose") }
        /^ *```/ {
            inside = !inside
            if (inside) {
                sub(/^ *```/, "")
                file = sprintf("%s/%03d.%s", out, ++n, $0 == "" ? "text" : $0)
                printf "" > file
            }
            next
        }
        { print > (inside ? file : out "/prose") }
        END { exit inside }' "$1" || fail "$1: a block is not closed"
}

joined_commands() { awk '/\\$/ {sub(/\\$/, ""); printf "%s", $0; next} {print}' "$@" | tr -s ' ' | sed 's/^ //'; }

run_commands() { # PAGE BLOCKS
    local page=$1 blocks=$2 folder
    folder=$(mktemp -d "$work/run.XXXXXX")
    cp -r examples "$folder"
    sed -E '/^(python|pip) /d' "$blocks"/*.sh >"$blocks/commands"
    (cd "$folder" && exec bash -xeuo pipefail "$blocks/commands") >"$blocks/output" 2>"$blocks/errors" </dev/null ||
        fail "$page: a command does not succeed: $(tail -n 3 "$blocks/errors")"
}

check_example() { # PAGE BLOCK LANGUAGE
    local example
    for example in examples/*."$3" examples/*/*."$3"; do
        if cmp -s "$2" "$example"; then return; fi
    done
    fail "$1: this $3 block is not the text of an example: $(head -n 5 "$2")"
}

check_part() { # PAGE BLOCK
    local example
    for example in examples/*.c; do
        if [[ $(<"$example") == *"$(<"$2")"* ]]; then return; fi
    done
    fail "$1: this c block is no part of an example: $(head -n 5 "$2")"
}

# Headings as links name them.
anchors() { # PAGE
    local folder
    folder=$(mktemp -d "$work/anchors.XXXXXX")
    split_page "$1" "$folder"
    sed -nE 's/^#+ +//p' "$folder/prose" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

check_links() { # PAGE PROSE
    local target path file
    while IFS= read -r target; do
        case $target in *://* | mailto:*) continue ;; esac
        path=${target%%#*}
        file=$(realpath -m "$(dirname "$1")/${path:-$(basename "$1")}")
        if [[ ! -e $file || $file/ != "$source_dir"/* ]]; then
            fail "$1: the link to $target leads nowhere"
        elif [[ $target == *#* && $file == *.md ]] && ! anchors "$file" | grep -qxF -e "${target#*#}"; then
            fail "$1: the link to $target leads to no heading"
        fi
    done < <(sed 's/`[^`]*`//g' "$2" | grep -oE '\]\([^) ]+|^\[[^]]+\]: *[^ ]+|(href|src)="[^"]+' |
        sed -E 's/^\]\(|^\[[^]]+\]: *|^(href|src)="//')
}

check_paths() { # PAGE PROSE
    local path
    while IFS= read -r path; do
        compgen -G "$path" >/dev/null || fail "$1: there is no $path"
    done < <(grep -oE '`(bench|cmake|doc|examples|include|kernels|python|src|tests)/[^` ]*' "$2" | tr -d '`')
}

# What is left of output when numbers, and what depends on the machine, are taken out.
form() {
    sed -E 's/-?[0-9.]+(e[-+]?[0-9]+)?/#/g; s/\[#[^]]*\]/[#]/; s/ +/ /g; s/^time .*/time/; s/^(runs # starts,).*/\1/' "$@"
}

check_demo() { # BLOCKS
    local demo line block
    demo=$(sed -n '/^ *demo)/,/;;/p' dev | joined_commands | sed -n 's|^build/release/lanewise |lanewise |p')
    joined_commands "$1"/*.sh | grep -qxF -e "$demo" || fail "README.md: the command of ./dev demo is missing: $demo"
    block=$(grep -l '^best ' "$1"/*.text | head -n 1) || { fail "README.md: the output of ./dev demo is missing"; return; }
    while IFS= read -r line; do
        form "$1/output" | grep -qxF -e "$line" || fail "README.md: output of ./dev demo has no line like '$line'"
    done < <(grep -v '^ *\.\.\.$' "$block" | form)
}

declare -A seen=()
for page in README.md HACKING.md doc/*.md; do
    blocks=$work/$page
    split_page "$page" "$blocks"
    for block in "$blocks"/*.*; do
        [ -e "$block" ] || continue
        language=${block##*.}
        seen[$language]=yes
        case $language in
            sh | cmake | text | python) ;;
            c) check_part "$page" "$block" ;;
            cpp | toml) check_example "$page" "$block" "$language" ;;
            *) fail "$page: a block in the language '$language', which nothing checks" ;;
        esac
    done
    if compgen -G "$blocks/*.sh" >"$work/found"; then run_commands "$page" "$blocks"; fi
    check_links "$page" "$blocks/prose"
done
check_paths HACKING.md "$work/HACKING.md/prose"
check_demo "$work/README.md"
for language in sh cpp toml; do
    [ -n "${seen[$language]:-}" ] || fail "there is no $language block in any page"
done
bytes=$(wc -c <README.md)
[ "$bytes" -le "$most_readme_bytes" ] || fail "README.md has $bytes bytes, more than $most_readme_bytes"

[ "$failures" -eq 0 ]
