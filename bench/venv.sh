#!/usr/bin/env bash
# Makes the virtual environment that compare.py runs in, unless it is there: bench/venv.sh FOLDER
set -euo pipefail
requirements="$(dirname "$0")/requirements.txt"
cmp --quiet "$requirements" "$1/requirements.txt" && exit 0
/usr/bin/python3 -m venv --clear "$1"
"$1/bin/pip" install --quiet --no-deps --no-cache-dir --requirement "$requirements"

# The package index has torch for CUDA only, with gigabytes of libraries that a CPU does not need. torch loads them when it
# is imported, so one library stands in for all: it has the symbols that torch asks them for, and nothing behind them.
cd "$1"/lib/python3*/site-packages/torch/lib
if [ -e libtorch_cuda.so ]; then
    parts='(cu(blas|dnn|fft|sparse|file)|nccl|nvrtc|nvshmem)'
    symbols="$(nm --dynamic --undefined-only ./*.so | grep -oiE "\b$parts\S*" | sort -u)"
    awk -F@ '{ print ".globl " $1 "\n" $1 ":" }' <<<"$symbols" >absent.s
    awk -F@ '$2 { of[$2] = of[$2] $1 ";" } END { for (version in of) print version " { " of[version] " };" }' \
        <<<"$symbols" >absent.map
    g++ -shared -nostdlib -Wl,--version-script=absent.map absent.s -o libabsent.so
    for name in $(readelf --dynamic ./*.so | grep -oE "\blib$parts[^]]*" | sort -u); do
        ln -s libabsent.so "$name"
    done
fi
cd "$OLDPWD"
cp "$requirements" "$1"
