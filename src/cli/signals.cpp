#include "signals.hpp"

#include <csignal>
#include <initializer_list>

namespace lanewise::cli {

namespace {

volatile std::sig_atomic_t seen = 0;

void note(int signal) {
    if (seen == 0) {
        seen = signal;
    } else if (signal == SIGINT) {
        std::signal(SIGINT, SIG_DFL);
        std::raise(SIGINT);
    }
}

}  // namespace

void ignore_signals_of_output() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

void watch_for_signals() {
    struct sigaction action {};
    action.sa_handler = note;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        sigaction(signal, nullptr, &before);
        if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
    }
}

int signal_seen() noexcept {
    return seen;
}

int exit_code_of_signal() noexcept {
    constexpr int killed = 128;
    return killed + seen;
}

}  // namespace lanewise::cli
