#include "console.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <initializer_list>
#include <stdexcept>

namespace lanewise::cli {

void hold_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(descriptor, F_GETFD) != -1) continue;
        // What is opened takes the lowest number that is free, which is this one. It is opened for the wrong
        // direction, so that reading and writing go on to fail.
        if (open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) != descriptor) _exit(2);
    }
}

void say(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void flush_stdout() {
    std::fflush(stdout);
}

void finish_stdout() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        throw std::runtime_error("cannot write to stdout");
}

void tell(std::string_view text) noexcept {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

}  // namespace lanewise::cli
