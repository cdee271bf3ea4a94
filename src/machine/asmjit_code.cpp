#include "asmjit_code.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace lanewise::machine {

void check(asmjit::Error error) {
    if (error != asmjit::kErrorOk)
        throw std::runtime_error("the assembler failed, error " + std::to_string(error));
}

void Errors::handleError(asmjit::Error error, const char* message, asmjit::BaseEmitter* /*origin*/) {
    throw std::runtime_error("the assembler failed, error " + std::to_string(error) + ": " + message);
}

}  // namespace lanewise::machine

// Three functions that AsmJit has for debugging. Debian's archive has them in a form that a shared library
// cannot hold. The linker takes these in their place, since it needs this file for `check`. They are hidden:
// another AsmJit in the process keeps its own.
ASMJIT_BEGIN_NAMESPACE

namespace DebugUtils {

[[gnu::visibility("hidden")]] const char* errorAsString(Error /*error*/) noexcept {
    return "AsmJit failed";
}

[[gnu::visibility("hidden")]] void debugOutput(const char* text) noexcept {
    std::fputs(text, stderr);
}

[[gnu::visibility("hidden")]] void assertionFailed(const char* file, int line, const char* what) noexcept {
    std::fprintf(stderr, "%s:%d: %s\n", file, line, what);
    std::abort();
}

}  // namespace DebugUtils

ASMJIT_END_NAMESPACE
