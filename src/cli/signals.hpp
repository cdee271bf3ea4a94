// The signals that end a search before its time: Ctrl-C, SIGTERM and SIGHUP.
#pragma once

namespace lanewise::cli {

/// From here on output to a pipe that nobody reads, and a file that grows too large, are errors like any
/// other.
void ignore_signals_of_output();

/// From here on the first of these signals is noted, for the program to act on. A further Ctrl-C ends the
/// program at once; further signals of the other kinds are ignored. Those that the parent process ignores
/// stay ignored.
void watch_for_signals();

/// The signal that was noted, or 0.
int signal_seen() noexcept;

/// The exit code that tells which signal it was, as shells do: 130, 143 or 129.
int exit_code_of_signal() noexcept;

}  // namespace lanewise::cli
