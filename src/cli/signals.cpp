#include "signals.hpp"

#include <csignal>
#include <initializer_list>

namespace lanewise::cli {

namespace {

volatile std::sig_atomic_t seen = 0;

}  // namespace

void watch_for_signals() {
    struct sigaction note {};
    note.sa_handler = [](int signal) { seen = signal; };
    note.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        sigaction(signal, nullptr, &before);
        if (before.sa_handler != SIG_IGN) sigaction(signal, &note, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

int signal_seen() noexcept {
    return seen;
}

int exit_code_of_signal() noexcept {
    constexpr int killed = 128;
    return killed + seen;
}

}  // namespace lanewise::cli
